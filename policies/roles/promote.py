"""The promote role: a reviewed promotion job, copying reviewed versions of owned names from the team's repository to the shared one.

Copying is a call of the AWS API and needs no token. npm's dist-tags have no such call: to set `latest` of what it copied, a job gets a
token, which is good for no more than the role is. Without an owned name in npm it gets none.
https://docs.aws.amazon.com/codeartifact/latest/ug/copy-package.html#copy-package-iam
https://docs.aws.amazon.com/codeartifact/latest/ug/npm-tags.html
"""

from collections.abc import Iterable

from policies import github_tokens
from policies.actions import COPY, PUT_METADATA
from policies.arns import Registry
from policies.branches import ReleaseBranches
from policies.document import Statement, statement
from policies.github_tokens import GitHubRepository, Subjects
from policies.names import PROMOTE_ENVIRONMENT, SHARED_REPOSITORY
from policies.owned_names import Format, OwnedName
from policies.roles.read import token_permissions

# Overwriting has no condition key: what keeps a promoted version as it is, is the call (no --allow-overwrite) and the pinned revision.
_DESCRIBE = (
    "codeartifact:DescribePackageVersion",
    "codeartifact:ListPackageVersionAssets",
    "codeartifact:ListPackageVersions",
)
_READ_TAGS = ("codeartifact:GetRepositoryEndpoint", "codeartifact:ReadFromRepository")


def promote_trust(
    registry: Registry, repository: GitHubRepository, branches: ReleaseBranches, workflow: str | None, forms: Subjects
) -> list[Statement]:
    """The promotion workflow on a release branch, in the environment `promote`, whose reviewers have approved the job."""
    return github_tokens.release("Promotion", registry, repository, branches, PROMOTE_ENVIRONMENT, workflow, forms)


def promote_permissions(
    registry: Registry, token_duration: int, team_repository: str, owned: Iterable[OwnedName], shared: str = SHARED_REPOSITORY
) -> list[Statement]:
    """What a promotion job may do: describe `owned` in both repositories, read the team's, copy into shared; set npm's tags there."""
    names = list(owned)
    patterns = [name.arn_pattern for name in names]
    described = [registry.package_arn(repository, one) for repository in (team_repository, shared) for one in patterns]
    return [
        statement("ReadSource", "codeartifact:ReadFromRepository", registry.repository_arn(team_repository)),
        statement("Describe", _DESCRIBE, described),
        statement(
            "CopyToShared",
            COPY,
            [registry.repository_arn(shared), *(registry.package_arn(shared, one) for one in patterns)],
        ),
        *_tags(registry, token_duration, [name.arn_pattern for name in names if name.format is Format.NPM], shared),
    ]


def _tags(registry: Registry, token_duration: int, patterns: list[str], shared: str) -> list[Statement]:
    """Read and set dist-tags in shared. npm's names alone: for Maven the same action writes which versions there are."""
    if not patterns:
        return []
    return [
        *token_permissions(registry, token_duration),
        statement("ReadTags", _READ_TAGS, registry.repository_arn(shared)),
        statement("TagInShared", PUT_METADATA, [registry.package_arn(shared, one) for one in patterns]),
    ]
