"""GitHubOidc: GitHub's OIDC provider in the account, and the role with which builds read.

The read role's size is constant: a repository that only installs needs no AWS resource of its own.
"""

from collections.abc import Callable
from enum import Enum
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import GitHubRepositoryArgs, PlaceArgs, RoleArgs, registry
from policies import reading, trust
from policies.arns import GITHUB_OIDC_HOST
from policies.document import text
from policies.names import SHARED_REPOSITORY, RoleKind, role_name

# Seconds. One hour is STS's default and all that a job needs to fetch a token.
SESSION_DURATION = 3600


class ProviderOrigin(str, Enum):
    """An account has one provider per URL: make it, or use the one that is there."""

    CREATE = "create"
    EXISTING = "existing"


class ReadersOfShared(str, Enum):
    """Which builds may assume the read role."""

    ORGANIZATION = "organization"
    CATALOG = "catalog"


class SubjectForms(str, Enum):
    """Which forms of `sub` are trusted."""

    BOTH = "both"
    IMMUTABLE = "immutable"


class GitHubOidcArgs(TypedDict):
    """Arguments of GitHubOidc."""

    place: PlaceArgs
    """Where the domain is."""
    role: RoleArgs
    """Name, path and boundary of the role."""
    owner: str
    """Login of the GitHub organisation, as GitHub returns it."""
    owner_id: int
    """Numeric id of the organisation."""
    repositories: list[GitHubRepositoryArgs]
    """Every consuming repository of the catalog."""
    provider: ProviderOrigin
    """Whether this stack makes the provider."""
    readers: ReadersOfShared
    """Which builds may read."""
    subjects: SubjectForms
    """Which forms of `sub` are trusted."""
    token_duration: int
    """Longest life of a token, in seconds."""
    public_sources: list[str]
    """Public sources that builds read, besides shared."""


class GitHubOidc(pulumi.ComponentResource):
    """The provider and the read role."""

    provider_arn: pulumi.Output[str]
    """ARN of the OIDC provider."""
    read_role_arn: pulumi.Output[str]
    """ARN of the role that builds assume to read."""

    def __init__(self, name: str, args: GitHubOidcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:GitHubOidc", name, dict(args), opts)
        provider = self._create_provider(name) if args["provider"] == ProviderOrigin.CREATE else None
        self.provider_arn = provider.arn if provider else pulumi.Output.from_input(registry(args["place"]).github_oidc_provider_arn)
        self.read_role_arn = self._read_role(name, args, [provider] if provider else [])
        self.register_outputs({"providerArn": self.provider_arn, "readRoleArn": self.read_role_arn})

    def _create_provider(self, name: str) -> aws.iam.OpenIdConnectProvider:
        return aws.iam.OpenIdConnectProvider(
            name,
            url=f"https://{GITHUB_OIDC_HOST}",
            client_id_lists=[trust.AUDIENCE],
            # Other stacks and other programs of the account may rely on it: it stays when this stack goes.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _read_role(self, name: str, args: GitHubOidcArgs, after: list[pulumi.Resource]) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{name}-read",
            name=role_name(args["role"]["stack"], RoleKind.READ),
            path=args["role"]["path"],
            description="Builds read packages",
            assume_role_policy=text(_trusted(args)),
            permissions_boundary=args["role"]["permissions_boundary"] or None,
            max_session_duration=SESSION_DURATION,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        readable = [SHARED_REPOSITORY, *args["public_sources"]]
        aws.iam.RolePolicy(
            f"{name}-read",
            name=RoleKind.READ,
            role=role.name,
            policy=text(reading.read_role(registry(args["place"]), args["token_duration"], readable)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role.arn


def _trusted(args: GitHubOidcArgs) -> list:
    owner = trust.Owner(args["owner"], args["owner_id"])
    repositories = [trust.GitHubRepository(owner, one["name"], one["id"]) for one in args["repositories"]]
    ways: Callable = trust.organization_read if args["readers"] == ReadersOfShared.ORGANIZATION else trust.catalog_read
    return ways(registry(args["place"]), owner, repositories, trust.Subjects(args["subjects"].value))
