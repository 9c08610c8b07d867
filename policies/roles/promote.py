"""The promote role: a reviewed promotion job, copying reviewed versions of owned names from the team's repository to the shared one.

Copying is a call of the AWS API, so a promotion job needs no token and gets none.
https://docs.aws.amazon.com/codeartifact/latest/ug/copy-package.html#copy-package-iam
"""

from collections.abc import Iterable

from policies import github_tokens
from policies.arns import Registry
from policies.branches import ReleaseBranches
from policies.document import Statement, statement
from policies.github_tokens import GitHubRepository, Subjects
from policies.names import PROMOTE_ENVIRONMENT, SHARED_REPOSITORY
from policies.owned_names import OwnedName

# Overwriting has no condition key: what keeps a promoted version as it is, is the call (no --allow-overwrite) and the pinned revision.
_DESCRIBE = (
    "codeartifact:DescribePackageVersion",
    "codeartifact:ListPackageVersionAssets",
    "codeartifact:ListPackageVersions",
)


def promote_trust(
    registry: Registry, repository: GitHubRepository, branches: ReleaseBranches, workflow: str | None, forms: Subjects
) -> list[Statement]:
    """The promotion workflow on a release branch, in the environment `promote`, whose reviewers have approved the job."""
    return github_tokens.release("Promotion", registry, repository, branches, PROMOTE_ENVIRONMENT, workflow, forms)


def promote_permissions(registry: Registry, team_repository: str, owned: Iterable[OwnedName]) -> list[Statement]:
    """What a promotion job may do: describe `owned` in both repositories, read the team's, copy into shared."""
    patterns = [name.arn_pattern for name in owned]
    described = [registry.package_arn(repository, one) for repository in (team_repository, SHARED_REPOSITORY) for one in patterns]
    return [
        statement("ReadSource", "codeartifact:ReadFromRepository", registry.repository_arn(team_repository)),
        statement("Describe", _DESCRIBE, described),
        statement(
            "CopyToShared",
            "codeartifact:CopyPackageVersions",
            [registry.repository_arn(SHARED_REPOSITORY), *(registry.package_arn(SHARED_REPOSITORY, one) for one in patterns)],
        ),
    ]
