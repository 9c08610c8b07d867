"""Who may assume the roles that preview and deploy: tokens of Pulumi Deployments and of GitHub Actions.

The rules are those of `policies.github_tokens`. Pulumi's token says in its signed subject which operation of which stack runs, so a
preview, which runs a pull request's code, can't come as an update. It has no ids: organisation, project and stack are compared whole,
without wildcards.

https://www.pulumi.com/docs/deployments/guides/oidc/ and https://www.pulumi.com/docs/deployments/guides/oidc/aws/
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from policies import github_tokens
from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.deployments import Access
from policies.document import Statement, statement

PULUMI_OIDC_URL = "https://api.pulumi.com/oidc"
PULUMI_OIDC_HOST = PULUMI_OIDC_URL.removeprefix("https://")
_ASSUME = "sts:AssumeRoleWithWebIdentity"


class Operation(StrEnum):
    """What a deployment does, as its subject says it."""

    PREVIEW = "preview"
    UPDATE = "update"
    REFRESH = "refresh"
    DESTROY = "destroy"
    # Compares and changes nothing. What repairs at once (remediate-drift) is no operation of any role.
    DETECT_DRIFT = "detect-drift"


@dataclass(frozen=True)
class PulumiStack:
    """A stack in Pulumi Cloud."""

    organization: str
    project: str
    stack: str

    def subject(self, operation: Operation) -> str:
        """`sub` of the token that a deployment gets."""
        place = f"org:{self.organization}:project:{self.project}:stack:{self.stack}"
        return f"pulumi:deploy:{place}:operation:{operation}:scope:write"


def pulumi_provider_arn(registry: Registry) -> str:
    """ARN of the account's provider for Pulumi Cloud: an account has one, Deployments and ESC share it."""
    return f"arn:{registry.partition}:iam::{registry.account}:oidc-provider/{PULUMI_OIDC_HOST}"


def pulumi_audiences(organization: str, environments: bool) -> list[str]:
    """`aud` of Deployments is the organisation, in lower case as in the address of its page; of ESC environments it has `aws:` in front."""
    return [organization, *([f"aws:{organization}"] if environments else [])]


def operations(access: Access) -> tuple[Operation, ...]:
    """Which operations come with which rights.

    Every deployment first gets the previewing role, since a stack's settings name one role for all operations; what changes something then
    takes the deployer. Refresh writes the state alone, but removes from it what it can't read, so it comes with the deployer's reading.
    """
    return tuple(Operation) if access is Access.PREVIEW else (Operation.UPDATE, Operation.REFRESH, Operation.DESTROY)


def pulumi_deployments(registry: Registry, stack: PulumiStack, access: Access) -> list[Statement]:
    """Deployments of one stack in Pulumi Cloud."""
    claims = {"aud": stack.organization, "sub": [stack.subject(one) for one in operations(access)]}
    return [
        statement(
            "PulumiDeployments",
            _ASSUME,
            None,
            principal={"Federated": pulumi_provider_arn(registry)},
            conditions={"StringEquals": {f"{PULUMI_OIDC_HOST}:{name}": value for name, value in claims.items()}},
        )
    ]


def workflow(
    sid: str,
    registry: Registry,
    repository: github_tokens.GitHubRepository,
    context: str,
    forms: github_tokens.Subjects,
    claims: dict[str, str],
) -> Statement:
    subjects = github_tokens.subjects(repository, [context], forms)
    equals = {"aud": github_tokens.AUDIENCE, "repository_id": str(repository.id), "sub": subjects, **claims}
    return statement(
        sid,
        _ASSUME,
        None,
        principal={"Federated": registry.github_oidc_provider_arn},
        conditions={"StringEquals": {f"{GITHUB_OIDC_HOST}:{name}": value for name, value in equals.items()}},
    )


def any_of(ways: Iterable[list[Statement]]) -> list[Statement]:
    """A trust policy with several ways in."""
    return [one for way in ways for one in way]
