"""Reading: a token with a cap, and what a principal reads by its own policy.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
"""

from collections.abc import Iterable

from policies.arns import Registry
from policies.document import Statement, statement

# ReadFromRepository is what package managers need; the others let people and tools look around.
REPOSITORY_READ = (
    "codeartifact:DescribeRepository",
    "codeartifact:GetRepositoryEndpoint",
    "codeartifact:ListPackages",
    "codeartifact:ReadFromRepository",
)
PACKAGE_READ = (
    "codeartifact:DescribePackage",
    "codeartifact:DescribePackageVersion",
    "codeartifact:GetPackageVersionAsset",
    "codeartifact:GetPackageVersionReadme",
    "codeartifact:ListPackageVersionAssets",
    "codeartifact:ListPackageVersionDependencies",
    "codeartifact:ListPackageVersions",
)
SERVICE_NAME = "codeartifact.amazonaws.com"


def token(registry: Registry, token_duration: int) -> list[Statement]:
    """Fetch an authorization token of the domain that lasts at most `token_duration` seconds.

    A caller that asks for no duration asks for 12 hours, and is refused by the cap. A duration of 0 means "as long as the role's
    credentials" to CodeArtifact; it passes the cap because such a token can't outlive the session.
    https://docs.aws.amazon.com/codeartifact/latest/ug/tokens-authentication.html
    """
    return [
        statement("Token", "codeartifact:GetAuthorizationToken", registry.domain_arn),
        statement(
            "TokenCap",
            "sts:GetServiceBearerToken",
            "*",
            conditions={
                "StringEquals": {"sts:AWSServiceName": SERVICE_NAME},
                "NumericLessThanEquals": {"sts:DurationSeconds": str(token_duration)},
            },
        ),
    ]


def read(registry: Registry, repositories: Iterable[str]) -> list[Statement]:
    """Read these repositories and nothing else: each is named on both kinds of ARN, because an asset can be read past its repository."""
    named = list(repositories)
    return [
        statement("ReadRepositories", REPOSITORY_READ, [registry.repository_arn(one) for one in named]),
        statement("ReadPackages", PACKAGE_READ, [registry.package_arn(one) for one in named]),
    ]


def read_role(registry: Registry, token_duration: int, repositories: Iterable[str]) -> list[Statement]:
    """What a build may do: a token, and read `repositories` (shared and the public sources; team repositories let builds in themselves)."""
    return [*token(registry, token_duration), *read(registry, repositories)]
