"""The Dependabot roles: Dependabot's update jobs of one repository read what that repository's builds read.

Dependabot requests its CodeArtifact token with a domain and its owner alone, which makes it a token of 12 hours. So this role has a cap of
its own, and Dependabot is the only one that may assume it: GitHub puts the id of whoever caused a run into the token.
https://docs.github.com/en/code-security/how-tos/secure-your-supply-chain/manage-your-dependency-security/configure-access-to-private-registries
https://github.com/dependabot/proxy/blob/main/internal/oidc/actions_oidc.go
"""

from collections.abc import Iterable

from policies import github_tokens
from policies.arns import Registry
from policies.document import Statement
from policies.github_tokens import GitHubRepository, Subjects, subjects
from policies.roles.read import read_permissions

# dependabot[bot], at https://api.github.com/users/dependabot[bot]
DEPENDABOT_ID = 49699333
# Seconds. What GetAuthorizationToken takes if a caller names no duration, and its maximum.
# https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_GetAuthorizationToken.html
TOKEN_DURATION = 43_200


def dependabot_trust(registry: Registry, repository: GitHubRepository, forms: Subjects) -> list[Statement]:
    """A job of this repository that Dependabot started. GitHub documents no other claim that sets its update jobs apart."""
    equals = {"repository_id": str(repository.id), "actor_id": str(DEPENDABOT_ID)}
    return [github_tokens.way_in("Dependabot", registry, equals, {"sub": subjects(repository, ["*"], forms)})]


def dependabot_permissions(registry: Registry, repositories: Iterable[str]) -> list[Statement]:
    """A token of 12 hours, and reading: `repositories` (shared, the public sources, the own team's); open team repositories let it in."""
    return read_permissions(registry, TOKEN_DURATION, repositories)
