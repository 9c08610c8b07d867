"""Read only: what developers and AWS builds get, and that whatever else is attached to their role changes no version of the domain."""

from collections.abc import Iterable

from policies.arns import Registry
from policies.document import Statement, statement
from policies.publishing import PUBLISH
from policies.reading import read_role
from policies.resource import COPY, DESTRUCTIVE


def read_only(registry: Registry, token_duration: int, repositories: Iterable[str]) -> list[Statement]:
    """A capped token, and reading `repositories` (shared and the public sources; team repositories let readers in themselves).

    Its size does not depend on the catalog. The Deny makes "read only" hold for a role that has more rights from elsewhere.
    """
    everything = [registry.repository_arn("*"), registry.package_arn("*")]
    return [
        *read_role(registry, token_duration, repositories),
        statement("ReadOnly", (*PUBLISH, COPY, *DESTRUCTIVE), everything, effect="Deny"),
    ]
