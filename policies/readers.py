"""Who reads a team repository: ARN patterns of roles, for the repository's own policy."""

from collections.abc import Sequence

from policies import developing
from policies.arns import Registry
from policies.names import RoleKind, role_name


def build_role(registry: Registry, role: str) -> str:
    """ARN of a role that is named after its path: PATH/NAME, or NAME."""
    path, slash, name = role.rpartition("/")
    return registry.role_arn(f"/{path}{slash}", name)


def of_everybody(registry: Registry, stack: str, path: str, developers: bool, build_roles: Sequence[str]) -> list[str]:
    """`readers: organization`: the builds' read role, the developers of the stack if it has any, and its AWS build roles."""
    people = developing.every_role(registry, stack) if developers else []
    return [registry.role_arn(path, role_name(stack, RoleKind.READ)), *people, *(build_role(registry, one) for one in build_roles)]


def of_team(registry: Registry, stack: str, team: str, developers: bool, build_roles: Sequence[str]) -> list[str]:
    """`readers: team`: the team's developers if it names groups, and the AWS build roles that it names.

    Its own builds have roles that say so.
    """
    people = developing.team_roles(registry, stack, team) if developers else []
    return [*people, *(build_role(registry, one) for one in build_roles)]
