"""DeployedByPulumi: how Pulumi Deployments runs one stack, as settings in Pulumi Cloud.

A stack's settings name one AWS role for all operations. That is the previewing one; what may change something takes the deployer by the
token whose subject says so, in credentials.sh. So neither credentials nor rights come with a preview that it does not need.
https://www.pulumi.com/docs/deployments/concepts/settings/
"""

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_pulumiservice as pulumiservice

from policies.deployment_tokens import PulumiStack

# The engine that the rehearsal runs, and deploy.yml too.
ENGINE_VERSION = (Path(__file__).parents[1] / ".pulumi.version").read_text(encoding="utf-8").strip()
EXECUTOR_IMAGE = f"pulumi/pulumi:{ENGINE_VERSION}"
# Deployments' own installation, as `pulumi install`, first upgrades pip, setuptools and wheel to what is newest, without hashes. So it is
# left out, and the lock is installed before the run has more than the previewing role. Each command runs in a shell of its own.
# https://github.com/pulumi/pulumi/blob/master/sdk/python/toolchain/pip.go
# https://www.pulumi.com/docs/deployments/concepts/settings/skip-dependency-installation/
PRE_RUN = (
    "python3 -m venv venv",
    "venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt",
    "bash bootstrap/credentials.sh",
)
# Files and folders of the program. Nothing is excluded: an exclusion wins over every inclusion.
# https://www.pulumi.com/docs/deployments/concepts/settings/path-filtering/
_PROGRAM = (
    "Pulumi.yaml",
    "requirements.txt",
    # Whatever stands in the project's folder itself, so that a new module is not forgotten here.
    "*.py",
    "components/**",
    "existing/**",
    "plan/**",
    "policies/**",
    "policy_pack/rules/**",
    "settings/**",
)


def paths(stack: str, catalog: str, registry_stack: str = "") -> tuple[str, ...]:
    """What a push has to change to deploy a stack: the program, its stack file, its record of what was adopted, its catalog (a folder).

    A team stack reads its registry stack's files, too.
    """
    stacks = dict.fromkeys((stack, registry_stack or stack))
    files = (file for one in stacks for file in (f"Pulumi.{one}.yaml", f"adopted/{one}.json"))
    return (*_PROGRAM, *files, f"{catalog.strip('/')}/**")


@dataclass(frozen=True)
class Deployments:
    """How a stack is deployed: pushes to `branch` of `repository` (OWNER/NAME) that change one of `paths`.

    previews: whether pull requests are previewed. region: of the roles' secrets. identity_center_preview_role: ARN of the role with which a
    preview reads another account's Identity Center, or "". drift_detection: when the stack is compared with AWS and GitHub (cron), or "".
    """

    stack: PulumiStack
    repository: str
    branch: str
    paths: tuple[str, ...]
    previews: bool
    region: str
    identity_center_preview_role: str
    drift_detection: str


class DeployedByPulumi(pulumi.ComponentResource):
    """The deployment settings of one stack, and when its drift is looked for."""

    def __init__(
        self,
        name: str,
        planned: Deployments,
        preview_role_arn: pulumi.Input[str],
        deploy_role_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Every operation begins with the previewing role; an update, refresh or destroy takes the deploying one then."""
        super().__init__("package-flow-bootstrap:index:DeployedByPulumi", name, {}, opts)
        stack = planned.stack
        settings = pulumiservice.DeploymentSettings(
            name,
            organization=stack.organization,
            project=stack.project,
            stack=stack.stack,
            executor_context={"executor_image": EXECUTOR_IMAGE},
            source_context={"git": {"branch": planned.branch}},
            vcs={
                "provider": "github",
                "repository": planned.repository,
                "deploy_commits": True,
                "preview_pull_requests": planned.previews,
                "pull_request_template": False,
                "paths": list(planned.paths),
            },
            operation_context={
                "oidc": {
                    "aws": {
                        "role_arn": preview_role_arn,
                        "session_name": "${stack.name}-${deployment.operation}-${deployment.version}",
                        "duration": "1h",
                    }
                },
                "environment_variables": {
                    "AWS_REGION": planned.region,
                    # What is set here keeps out Pulumi's own token, which reaches every repository that its GitHub App is installed on.
                    "GITHUB_TOKEN": "set-by-credentials.sh",
                    "PACKAGE_FLOW_STACK": stack.stack,
                    "PACKAGE_FLOW_DEPLOYER": deploy_role_arn,
                    **({"PACKAGE_FLOW_IDENTITY_CENTER": reader} if (reader := planned.identity_center_preview_role) else {}),
                },
                "pre_run_commands": list(PRE_RUN),
                "options": {"skip_install_dependencies": True, "skip_intermediate_deployments": True},
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        if planned.drift_detection:
            pulumiservice.DriftSchedule(
                f"{stack.stack}-drift",
                organization=stack.organization,
                project=stack.project,
                stack=stack.stack,
                schedule_cron=planned.drift_detection,
                # Somebody looks first: what was changed by hand may be the break-glass that still holds.
                auto_remediate=False,
                # Pulumi Cloud takes a schedule only of a stack that has settings.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[settings]),
            )
        self.register_outputs({})
