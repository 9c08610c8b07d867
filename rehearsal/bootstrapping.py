"""The bootstrap of the rehearsed account: the program in `bootstrap/`, run once by an administrator before any stack is deployed.

Afterwards the stack is deployed as it will be: by a deployment that a push starts at Pulumi or, without Pulumi Deployments, by a workflow.
AWS exchanges its token for the deployer's credentials.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrap import declaration, refs
from bootstrap.declaration import Declaration, Stack
from policies.arns import Registry
from policies.branches import HEADS
from policies.deployments import Access, Deployed
from policies.github_tokens import AUDIENCE
from policies.guards import TAGS
from rehearsal import clients
from rehearsal.cast import ADMIN, MANAGER, WRITER
from rehearsal.clients import Credentials
from rehearsal.control import Control
from rehearsal.github import GitHub
from rehearsal.processes import Child, ProcessFailed, scrubbed
from settings import read_stack_file

# Who configures Pulumi Deployments, and the credential with which the organisation's owner guards the program's repository.
PULUMI_TOKEN, OWNER_TOKEN = "rehearsal-pulumi-administrator", "rehearsal-organization-owner"
OWNER_PERMISSIONS = {
    "actions": "read",
    "actions_variables": "write",
    "administration": "write",
    "contents": "read",
    "members": "read",
    "organization_plan": "read",
}


@dataclass(frozen=True)
class Administrator:
    """Who bootstraps: the account's root user, in the local cloud at `endpoint`; `app` is the GitHub App of the owner's token."""

    control: Control
    root: Credentials
    endpoint: str
    app: int


@dataclass(frozen=True)
class Bootstrap:
    """A bootstrap of the project: the name of its stack, and what its file declares."""

    name: str
    declared: Declaration


def of_stack(project: Path, stack: str) -> Bootstrap | None:
    """The project's bootstrap of a stack. None if there is none. Raises SettingsError."""
    folder = project / "bootstrap"
    for file in sorted(folder.glob("Pulumi.*.yaml")):
        config = {**declaration.defaults(folder), **read_stack_file(file)}
        if stack in (config.get(f"{declaration.PROJECT}:stacks") or {}):
            declared = declaration.parse(config, project, f"bootstrap/{file.name}")
            return Bootstrap(file.name.split(".")[1], declared)
    return None


def credentials(who: Administrator) -> dict[str, str]:
    """What the bootstrap runs with, as variables of its environment."""
    return {**who.root.environment(), "GITHUB_TOKEN": OWNER_TOKEN, "PULUMI_ACCESS_TOKEN": PULUMI_TOKEN}


def run(who: Administrator, bootstrap: Bootstrap, project: Path, folder: Path) -> None:
    """Bootstrap the account. Raises RuntimeError with the program's words if it fails."""
    prepare(who, bootstrap.declared)
    endpoint, result = who.endpoint, folder / "bootstrap.json"
    (folder / "administrator").mkdir()
    environment = {**credentials(who), "HOME": str(folder / "administrator")}
    command = [sys.executable, "-m", "rehearsal.program", "--directory", str(project / "bootstrap"), "--stack", bootstrap.name]
    command += ["--cloud", endpoint, "--github", f"{endpoint}/_github", "--result", str(result)]
    child = Child(command, env=scrubbed(environment), cwd=project, log=folder / "bootstrap.log")
    try:
        for _ in child.lines():
            pass
        child.wait()
        if not result.exists():
            raise ProcessFailed(f"the bootstrap ended without a result:\n{child.tail()}")
    finally:
        child.close()
    error = json.loads(result.read_text())["error"]
    if error:
        raise RuntimeError(f"the bootstrap failed at {error.get('name') or error.get('where')}: {error['message']}")
    _put_keys(who, bootstrap.declared)


def prepare(who: Administrator, bootstrap: Declaration) -> None:
    """What is there before: the organisation in Pulumi Cloud, the refs that deploy or are trusted, the owner's credential."""
    if bootstrap.pulumi_cloud:
        who.control.post("pulumi/members", organization=bootstrap.pulumi_cloud.organization, token=PULUMI_TOKEN)
    token = {"token": OWNER_TOKEN, "organization": bootstrap.github_owner, "app_id": who.app, "permissions": OWNER_PERMISSIONS}
    who.control.post("github/seed", tokens=[token])
    repository = f"{bootstrap.github_owner}/{bootstrap.repository}"
    there = who.control.get(f"github/repositories/{repository}")["refs"]
    for ref in (*(f"{HEADS}{branch}" for branch in bootstrap.branches), *(f"{TAGS}{tag}" for tag in refs.guarded_tags(bootstrap))):
        if ref not in there:
            who.control.act("github/push", repository=repository, actor=ADMIN, ref=ref, content="the first release")


def _put_keys(who: Administrator, bootstrap: Declaration) -> None:
    """The keys of the GitHub Apps, which the administrator puts into the secrets of the bootstrap."""
    secrets = clients.aws(who.endpoint, bootstrap.region, "secretsmanager", who.root)
    for declared in bootstrap.stacks:
        stack = Deployed(Registry("aws", bootstrap.account, bootstrap.region, declared.settings.domain.name), declared.name)
        for access in Access:
            key = {"appId": who.app, "installationId": 1, "privateKey": f"the key of the App that may {access}"}
            secrets.put_secret_value(SecretId=stack.app_secret_name(access), SecretString=json.dumps(key))


def deployment(control: Control, bootstrap: Declaration, stack: str) -> Mapping[str, Any]:
    """The deployment of a stack that Pulumi starts on a push to its branch which changes its file. Raises RuntimeError if there is none."""
    declared = next(each for each in bootstrap.stacks if each.name == stack)
    repository = f"{bootstrap.github_owner}/{bootstrap.repository}"
    started = control.post("pulumi/push", repository=repository, branch=declared.branch, changed=[f"Pulumi.{stack}.yaml"])["deployments"]
    for each in started:
        if each["stack"] == stack:
            return each
    raise RuntimeError(f"a push of Pulumi.{stack}.yaml to {declared.branch} of {repository}: got no deployment; expected one of {stack}")


def assume(endpoint: str, region: str, role_arn: str, token: str) -> Credentials:
    """Exchange a deployment's token for a role's credentials. Raises Denied."""
    sts = clients.aws(endpoint, region, "sts", None)
    answer = clients.call(
        sts.assume_role_with_web_identity,
        refusals=clients.UNACCEPTABLE_TOKEN,
        RoleArn=role_arn,
        RoleSessionName="deployment",
        WebIdentityToken=token,
    )
    issued = answer["Credentials"]
    return Credentials(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])


def deployer(endpoint: str, region: str, started: Mapping[str, Any]) -> Credentials:
    """The credentials of a deployment that changes something: those that its settings give to every operation, then the deployer's."""
    context = started["settings"]["operationContext"]
    assume(endpoint, region, context["oidc"]["aws"]["roleARN"], started["token"])
    return assume(endpoint, region, context["environmentVariables"]["PACKAGE_FLOW_DEPLOYER"], started["token"])


def workflow_token(github: GitHub, bootstrap: Declaration, stack: Stack, access: Access) -> str:
    """The OIDC token of a job of deploy.yml that deploys a stack from its branch, or previews a pull request. Raises Denied."""
    if access is Access.PREVIEW:
        number = github.pull_request(bootstrap.repository, WRITER)["number"]
        return github.run(bootstrap.repository, WRITER, event="pull_request", pull_request=number).token(AUDIENCE)
    ref = f"{HEADS}{stack.branch}"
    return github.run(bootstrap.repository, WRITER, ref=ref, environment=stack.name, approve_by=[MANAGER]).token(AUDIENCE)


def deployer_by_workflow(endpoint: str, github: GitHub, bootstrap: Declaration, name: str) -> tuple[str, Credentials]:
    """The deployer's ARN, and the credentials of a workflow that deploys a stack."""
    stack = next(each for each in bootstrap.stacks if each.name == name)
    registry = Registry("aws", bootstrap.account, bootstrap.region, stack.settings.domain.name)
    arn = Deployed(registry, name).role_arn(Access.DEPLOY)
    return arn, assume(endpoint, bootstrap.region, arn, workflow_token(github, bootstrap, stack, Access.DEPLOY))
