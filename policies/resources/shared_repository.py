"""The shared repository, which everybody reads and only promotion writes to."""

from policies.actions import COPY, DESTRUCTIVE, PUBLISH_VERSION, PUT_METADATA
from policies.arns import Registry
from policies.document import Statement, deny
from policies.resources.sharing import NOBODY, Sharing, readable


def shared_repository_policy(
    registry: Registry, promote_roles: str, sharing: Sharing = NOBODY, downstream: bool = False
) -> list[Statement]:
    """Shared: nobody publishes into it, only promotion (`promote_roles`, an ARN pattern) copies and tags there, nothing else writes.

    `downstream`: those shared with may have it as an upstream of repositories of theirs.
    """
    return [
        deny("NobodyPublishes", PUBLISH_VERSION, "*"),
        deny("NobodyDeletes", DESTRUCTIVE, "*"),
        deny("OnlyPromotionCopies", (COPY, PUT_METADATA), "*", conditions={"ArnNotLike": {"aws:PrincipalArn": promote_roles}}),
        *readable(registry, sharing, downstream),
    ]
