"""Policies of resources: the domain, its repositories, its key.

A Deny here binds everybody, administrators of the account too; lifting one means changing the policy (break-glass, see the documentation).
`Resource: "*"` in a CodeArtifact resource policy is the resource it is attached to and everything below it.
https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html
"""

from collections.abc import Iterable, Sequence

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


def _share(sid: str, actions: Iterable[str], registry: Registry, organization_id: str, accounts: Sequence[str]) -> list[Statement]:
    """Let other accounts in: an organisation (by id, which holds however many accounts it has) and single accounts.

    The organisation's statement leaves out the registry's own account: `*` would let every principal of it in, also one without any policy.
    """
    shared = []
    if organization_id:
        members = {"StringEquals": {"aws:PrincipalOrgID": organization_id}, "StringNotEquals": {"aws:PrincipalAccount": registry.account}}
        shared.append(statement(f"{sid}Organization", actions, "*", principal="*", conditions=members))
    if accounts:
        roots = [f"arn:{registry.partition}:iam::{account}:root" for account in accounts]
        shared.append(statement(f"{sid}Accounts", actions, "*", principal={"AWS": roots if len(roots) > 1 else roots[0]}))
    return shared


def domain(registry: Registry, program_roles: str, organization_id: str = "", accounts: Sequence[str] = ()) -> list[Statement]:
    """The domain: the program's own roles (`program_roles`, an ARN pattern) can never delete, dispose or unlist a version, whatever is
    attached to them later; those shared with may fetch a token. Reading is decided by each repository."""
    return [
        deny("ProgramRolesNeverDelete", DESTRUCTIVE, "*", conditions={"ArnLike": {"aws:PrincipalArn": program_roles}}),
        *_share("Token", ("codeartifact:DescribeDomain", "codeartifact:GetAuthorizationToken"), registry, organization_id, accounts),
    ]


def shared_repository(registry: Registry, promote_roles: str, organization_id: str = "", accounts: Sequence[str] = ()) -> list[Statement]:
    """Shared: nobody publishes into it, only promotion (`promote_roles`, an ARN pattern) copies into it, nothing else writes."""
    return [
        deny("NobodyPublishes", PUBLISH, "*"),
        deny("NobodyDeletes", DESTRUCTIVE, "*"),
        deny("OnlyPromotionCopies", COPY, "*", conditions={"ArnNotLike": {"aws:PrincipalArn": promote_roles}}),
        *_share("Read", (*REPOSITORY_READ, *PACKAGE_READ), registry, organization_id, accounts),
    ]


def public_source() -> list[Statement]:
    """A public source holds what its registry holds: a version put there by hand would reach everybody through shared, past promotion."""
    return [deny("NobodyWrites", (*PUBLISH, COPY), "*")]


def team_repository(registry: Registry, readers: Sequence[str], organization_id: str = "", accounts: Sequence[str] = ()) -> list[Statement]:
    """A team repository: `readers` (ARN patterns of roles; none for `readers: team`) may read it, and those it is shared with.

    Matching `aws:PrincipalArn` instead of naming principals survives a role that is made again, and needs no order of creation.
    """
    opened = (
        [
            statement(
                "ReadByRole",
                (*REPOSITORY_READ, *PACKAGE_READ),
                "*",
                principal="*",
                conditions={"ArnLike": {"aws:PrincipalArn": list(readers)}},
            )
        ]
        if readers
        else []
    )
    return [*opened, *_share("Read", (*REPOSITORY_READ, *PACKAGE_READ), registry, organization_id, accounts)]


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
