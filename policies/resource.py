"""Policies of resources: the domain, its repositories, its key.

A Deny here binds everybody, administrators of the account too; lifting one means changing the policy (break-glass, see the documentation).
`Resource: "*"` in a CodeArtifact resource policy is the resource it is attached to and everything below it.
https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.arns import Registry
from policies.document import Statement, deny, statement
from policies.publishing import PUBLISH
from policies.reading import PACKAGE_READ, REPOSITORY_READ, SERVICE_NAME

DESTRUCTIVE = (
    "codeartifact:DeletePackage",
    "codeartifact:DeletePackageVersions",
    "codeartifact:DisposePackageVersions",
    "codeartifact:PutPackageOriginConfiguration",
    "codeartifact:UpdatePackageVersionsStatus",
)
COPY = "codeartifact:CopyPackageVersions"
CREATE_REPOSITORY = "codeartifact:CreateRepository"
_READ = (*REPOSITORY_READ, *PACKAGE_READ)
# Having a repository as an upstream: asked of whoever makes or changes the repository below it.
_DOWNSTREAM = "codeartifact:AssociateWithDownstreamRepository"


@dataclass(frozen=True)
class Sharing:
    """Who outside the account reads what is open to the organisation: an AWS organisation by its id ("" = none), single accounts, and parts
    of organisations by their paths. `downstream` are the repositories that they may have as upstreams of theirs."""

    organization_id: str = ""
    accounts: Sequence[str] = ()
    organization_paths: Sequence[str] = ()
    downstream: Sequence[str] = ()


NOBODY = Sharing()


@dataclass(frozen=True)
class Publishers:
    """Roles of other accounts (ARN patterns) that publish a team's owned names (ARN patterns of packages) to its repository."""

    repository: str
    roles: Sequence[str]
    packages: Sequence[str]


def _share(sid: str, actions: Iterable[str], registry: Registry, sharing: Sharing) -> list[Statement]:
    """Let other accounts in. An organisation's id or path holds however many accounts it has.

    These two leave out the registry's own account: `*` would let every principal of it in, also one without any policy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths
    """
    shared, actions, accounts = [], list(actions), sharing.accounts
    others = {"StringNotEquals": {"aws:PrincipalAccount": registry.account}}
    if sharing.organization_id:
        members = {"StringEquals": {"aws:PrincipalOrgID": sharing.organization_id}, **others}
        shared.append(statement(f"{sid}Organization", actions, "*", principal="*", conditions=members))
    if sharing.organization_paths:
        # The key has several values, hence the set operator; a principal outside organisations has none and matches nothing.
        members = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": sharing.organization_paths}, **others}
        shared.append(statement(f"{sid}OrganizationPaths", actions, "*", principal="*", conditions=members))
    if accounts:
        roots = [f"arn:{registry.partition}:iam::{account}:root" for account in accounts]
        shared.append(statement(f"{sid}Accounts", actions, "*", principal={"AWS": roots if len(roots) > 1 else roots[0]}))
    return shared


def domain(registry: Registry, program_roles: str, sharing: Sharing = NOBODY, deployers: Sequence[str] = ()) -> list[Statement]:
    """The domain: the program's own roles (`program_roles`, an ARN pattern) can never delete, dispose or unlist a version, whatever is
    attached to them later; nobody but `deployers` (ARN patterns; none = whoever IAM allows) makes repositories; those shared with may
    fetch a token. Reading is decided by each repository.

    CreateRepository has no resource type, but AWS evaluates it on the domain's policy and names it there:
    https://docs.aws.amazon.com/codeartifact/latest/ug/domain-policies.html
    """
    others = {"ArnNotLike": {"aws:PrincipalArn": list(deployers)}}
    return [
        deny("ProgramRolesNeverDelete", DESTRUCTIVE, "*", conditions={"ArnLike": {"aws:PrincipalArn": program_roles}}),
        *([deny("OnlyDeployersCreateRepositories", CREATE_REPOSITORY, "*", conditions=others)] if deployers else []),
        *_share("Token", ("codeartifact:DescribeDomain", "codeartifact:GetAuthorizationToken"), registry, sharing),
    ]


def _readable(registry: Registry, sharing: Sharing, downstream: bool) -> list[Statement]:
    return _share("Read", (*_READ, _DOWNSTREAM) if downstream else _READ, registry, sharing)


def shared_repository(registry: Registry, promote_roles: str, sharing: Sharing = NOBODY, downstream: bool = False) -> list[Statement]:
    """Shared: nobody publishes into it, only promotion (`promote_roles`, an ARN pattern) copies into it, nothing else writes.

    `downstream`: those shared with may have it as an upstream of repositories of theirs.
    """
    return [
        deny("NobodyPublishes", PUBLISH, "*"),
        deny("NobodyDeletes", DESTRUCTIVE, "*"),
        deny("OnlyPromotionCopies", COPY, "*", conditions={"ArnNotLike": {"aws:PrincipalArn": promote_roles}}),
        *_readable(registry, sharing, downstream),
    ]


def public_source() -> list[Statement]:
    """A public source holds what its registry holds: a version put there by hand would reach everybody through shared, past promotion."""
    return [deny("NobodyWrites", (*PUBLISH, COPY), "*")]


def team_repository(
    registry: Registry,
    readers: Sequence[str],
    sharing: Sharing = NOBODY,
    downstream: bool = False,
    publishers: Publishers | None = None,
) -> list[Statement]:
    """A team repository: `readers` (ARN patterns of roles) may read it, and those it is shared with; `publishers` may publish there.

    Matching `aws:PrincipalArn` instead of naming principals survives a role that is made again, and needs no order of creation.
    """
    opened = (
        [
            statement(
                "ReadByRole",
                _READ,
                "*",
                principal="*",
                conditions={"ArnLike": {"aws:PrincipalArn": list(readers)}},
            )
        ]
        if readers
        else []
    )
    return [*opened, *_readable(registry, sharing, downstream), *(_publish(registry, publishers) if publishers else [])]


def _publish(registry: Registry, publishers: Publishers) -> list[Statement]:
    """What their own account lets them, too: from another account, both policies must allow. Package managers read before they publish."""
    accounts = dict.fromkeys(role.split(":")[4] for role in publishers.roles)
    principal = {"AWS": [f"arn:{registry.partition}:iam::{account}:root" for account in accounts]}
    roles = {"ArnLike": {"aws:PrincipalArn": list(publishers.roles)}}
    packages = [registry.package_arn(publishers.repository, one) for one in publishers.packages]
    return [
        statement("PublishFromElsewhere", PUBLISH, packages, principal=principal, conditions=roles),
        statement("ReadByPublishers", _READ, "*", principal=principal, conditions=roles),
    ]


def domain_key(registry: Registry) -> list[Statement]:
    """The KMS key of the domain: managed by the account's IAM, used through CodeArtifact by principals of the account.

    https://docs.aws.amazon.com/codeartifact/latest/ug/domain-create.html#create-domain-kms-key-policy-example
    """
    account = {"AWS": registry.account_root_arn}
    service = SERVICE_NAME.replace("codeartifact", f"codeartifact.{registry.region}")
    return [
        statement("AccountAdministers", "kms:*", "*", principal=account),
        statement(
            "UsedThroughCodeArtifact",
            ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
            "*",
            principal=account,
            conditions={"StringEquals": {"kms:CallerAccount": registry.account, "kms:ViaService": service}},
        ),
    ]
