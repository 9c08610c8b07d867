"""Builds on AWS: how their roles are named, and the read policy, which developers have too.

Whatever else is attached to a role with this policy changes no version of the domain.
"""

from collections.abc import Iterable

from policies.actions import COPY, DESTRUCTIVE, PUBLISH
from policies.arns import Registry
from policies.document import Statement, statement
from policies.roles.read import read_permissions


def read_only_permissions(registry: Registry, token_duration: int, repositories: Iterable[str]) -> list[Statement]:
    """A capped token, and reading `repositories` (shared and the public sources; team repositories let readers in themselves).

    Its size does not depend on the catalog. The Deny makes "read only" hold for a role that has more rights from elsewhere.
    """
    everything = [registry.repository_arn("*"), registry.package_arn("*")]
    return [
        *read_permissions(registry, token_duration, repositories),
        statement("ReadOnly", (*PUBLISH, COPY, *DESTRUCTIVE), everything, effect="Deny"),
    ]


def build_role_arn(registry: Registry, role: str) -> str:
    """ARN of a role that is named after its path: PATH/NAME, or NAME."""
    path, slash, name = role.rpartition("/")
    return registry.role_arn(f"/{path}{slash}", name)
