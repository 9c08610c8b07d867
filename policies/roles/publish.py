"""The publish role: who assumes it (the publishing workflow on a release branch or tag) and what it may do.

It publishes the names that a team owns, in the formats that a repository declares, to the team's repository and nowhere else.
"""

from collections.abc import Iterable

from policies import github_tokens
from policies.actions import PUBLISH, SEE_OWNER
from policies.arns import Registry
from policies.branches import NO_TAGS, ReleaseBranches, ReleaseTags
from policies.document import Statement, statement
from policies.github_tokens import GitHubRepository, Subjects
from policies.owned_names import OwnedName
from policies.roles.read import read_permissions


def publish_trust(
    registry: Registry,
    repository: GitHubRepository,
    branches: ReleaseBranches,
    environment: str,
    workflow: str | None,
    forms: Subjects,
    tags: ReleaseTags = NO_TAGS,
) -> list[Statement]:
    """The publishing workflow (`job_workflow_ref`; None = any workflow) on a release branch or tag, in `environment` unless that is "".

    Who creates a release tag may put it on any commit: that the commit was reviewed, the publishing workflow alone looks at. Raises
    ValueError for tags without one.
    """
    if tags.names and workflow is None:
        raise ValueError(
            f"got release tags {', '.join(tags.names)} and any workflow; name the publishing workflow: it looks at their commits"
        )
    return [
        *github_tokens.release("Release", registry, repository, branches, environment, workflow, forms),
        *github_tokens.release("ReleaseTag", registry, repository, tags, environment, workflow, forms),
    ]


def publish_permissions(
    registry: Registry, token_duration: int, team_repository: str, owned: Iterable[OwnedName], readable: Iterable[str]
) -> list[Statement]:
    """What a publishing job may do: publish `owned` to `team_repository`; read `readable`; a capped token; see whose a refused name is."""
    return [
        statement("Publish", PUBLISH, [registry.package_arn(team_repository, name.arn_pattern) for name in owned]),
        statement("SeeOwner", SEE_OWNER, f"{registry.domain_arn.replace(':domain/', ':package-group/')}/*"),
        *read_permissions(registry, token_duration, readable),
    ]
