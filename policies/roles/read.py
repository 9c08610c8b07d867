"""The read roles: which builds may assume them, and what they may do: a token with a cap, and reading.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
"""

from collections.abc import Container, Iterable, Sequence

from policies import github_tokens
from policies.actions import PACKAGE_READ, REPOSITORY_READ, SERVICE_NAME
from policies.arns import Registry
from policies.document import Statement, statement
from policies.github_tokens import GitHubRepository, Owner, Subjects, subjects

# --- who ---------------------------------------------------------------------------------------------------------------------------------


def organization_read_trust(
    registry: Registry, owner: Owner, repositories: Sequence[GitHubRepository], immutable: Container[int] = ()
) -> list[Statement]:
    """Any build of the organisation: its immutable subjects, and the name-only ones of these repositories by id.

    `immutable` are the ids of repositories whose name-only subjects are not trusted.
    """
    ways = [github_tokens.way_in("Organization", registry, {}, {"sub": [f"repo:{owner.login}@{owner.id}/*"]})]
    by_name = [str(one.id) for one in repositories if one.id not in immutable]
    if by_name:
        ways.append(github_tokens.way_in("CatalogByName", registry, {"repository_id": by_name}, {"sub": [f"repo:{owner.login}/*"]}))
    return ways


def catalog_read_trust(
    registry: Registry, owner: Owner, repositories: Sequence[GitHubRepository], immutable: Container[int] = ()
) -> list[Statement]:
    """Any build of these repositories and no other. Without repositories nobody can assume the role (see `nobody_trust`).

    `immutable` as for the organisation.
    """
    if not repositories:
        return nobody_trust(registry)
    strict = [one for one in repositories if one.id in immutable]
    mixed = len(strict) < len(repositories)
    by_id, by_name = f"repo:{owner.login}@{owner.id}/*", f"repo:{owner.login}/*"
    ways = [("Catalog", [one for one in repositories if one not in strict], [by_id, by_name])]
    ways += [("CatalogById" if mixed else "Catalog", strict, [by_id])]

    def ids(listed: Sequence[GitHubRepository]) -> dict[str, str | Sequence[str]]:
        return {"repository_id": [str(one.id) for one in listed]}

    return [github_tokens.way_in(sid, registry, ids(listed), {"sub": subs}) for sid, listed, subs in ways if listed]


def nobody_trust(registry: Registry) -> list[Statement]:
    """A role that exists (its ARN is an output) and that no token can assume: no subject has this value."""
    return [github_tokens.way_in("Nobody", registry, {"sub": "repo:none"}, {})]


def repository_read_trust(registry: Registry, repository: GitHubRepository, forms: Subjects) -> list[Statement]:
    """Any build of one repository, also a pull request's."""
    return [
        github_tokens.way_in("Repository", registry, {"repository_id": str(repository.id)}, {"sub": subjects(repository, ["*"], forms)})
    ]


# --- what --------------------------------------------------------------------------------------------------------------------------------


def token_permissions(registry: Registry, token_duration: int) -> list[Statement]:
    """Fetch an authorization token of the domain that lasts at most `token_duration` seconds.

    A caller that names no duration requests 12 hours, and is refused by the cap. A duration of 0 means "as long as the role's
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


def package_permissions(registry: Registry, repositories: Iterable[str]) -> list[Statement]:
    """Read these repositories and nothing else: each is named on both kinds of ARN, because an asset can be read past its repository."""
    named = list(repositories)
    return [
        statement("ReadRepositories", REPOSITORY_READ, [registry.repository_arn(one) for one in named]),
        statement("ReadPackages", PACKAGE_READ, [registry.package_arn(one) for one in named]),
    ]


def read_permissions(registry: Registry, token_duration: int, repositories: Iterable[str]) -> list[Statement]:
    """What a build may do: a token, and read `repositories` (shared and the public sources; team repositories let builds in themselves)."""
    return [*token_permissions(registry, token_duration), *package_permissions(registry, repositories)]
