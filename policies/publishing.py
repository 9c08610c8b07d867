"""Publishing: the names a team owns, in the formats that a repository declares, to the team's repository and nowhere else."""

from collections.abc import Iterable

from policies.arns import Registry
from policies.document import Statement, statement
from policies.owned_names import OwnedName
from policies.reading import read_role

# PutPackageMetadata: npm's dist-tags and Maven's metadata need it besides PublishPackageVersion.
PUBLISH = ("codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata")


def publish_role(
    registry: Registry, token_duration: int, team_repository: str, owned: Iterable[OwnedName], readable: Iterable[str]
) -> list[Statement]:
    """What a publishing job may do: publish `owned` to `team_repository`; read `readable`; a capped token."""
    return [
        statement("Publish", PUBLISH, [registry.package_arn(team_repository, name.arn_pattern) for name in owned]),
        *read_role(registry, token_duration, readable),
    ]
