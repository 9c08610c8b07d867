"""A team repository: who reads it, by `readers` in the catalog, and which roles of other accounts publish to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from policies.actions import PUBLISH, READ
from policies.arns import Registry
from policies.document import Statement, deny, statement
from policies.names import dependabot_roles, further_read_roles, read_role_name
from policies.resources.sharing import NOBODY, Sharing, readable
from policies.roles import developer
from policies.roles.build import build_role_arn


@dataclass(frozen=True)
class Publishers:
    """Roles of other accounts (ARN patterns) that publish a team's owned names (ARN patterns of packages) to its repository."""

    repository: str
    roles: Sequence[str]
    packages: Sequence[str]


def open_readers(
    registry: Registry, stack: str, path: str, developers: bool, build_roles: Sequence[str], dependabot: bool = False, several: bool = False
) -> list[str]:
    """`readers: organization`: the builds' read role (or `several` of them), the Dependabot roles and the developers of the stack if it has
    any, and its AWS build roles.
    """
    further = [registry.role_arn(path, further_read_roles(stack))] if several else []
    bots = [registry.role_arn(path, dependabot_roles(stack))] if dependabot else []
    people = developer.every_role(registry, stack) if developers else []
    builds = [build_role_arn(registry, one) for one in build_roles]
    return [registry.role_arn(path, read_role_name(stack)), *further, *bots, *people, *builds]


def own_readers(registry: Registry, stack: str, team: str, developers: bool, build_roles: Sequence[str]) -> list[str]:
    """`readers: team`: the team's developers if it names groups, and the AWS build roles that it names.

    Its own builds have roles that say so.
    """
    people = developer.team_roles(registry, stack, team) if developers else []
    return [*people, *(build_role_arn(registry, one) for one in build_roles)]


def team_repository_policy(
    registry: Registry,
    readers: Sequence[str],
    sharing: Sharing = NOBODY,
    downstream: bool = False,
    publishers: Publishers | None = None,
) -> list[Statement]:
    """A team repository: `readers` (ARN patterns of roles) may read it, and those it is shared with; `publishers` may publish there.

    Matching `aws:PrincipalArn` instead of naming principals survives a role that is created again, and needs no order of creation.
    """
    opened = (
        [
            statement(
                "ReadByRole",
                READ,
                "*",
                principal="*",
                conditions={"ArnLike": {"aws:PrincipalArn": list(readers)}},
            )
        ]
        if readers
        else []
    )
    return [*opened, *readable(registry, sharing, downstream), *(_publish(registry, publishers) if publishers else [])]


def closed_policy(registry: Registry) -> list[Statement]:
    """A team repository whose policy lets nobody in: what the account's own roles may do, their policies say."""
    elsewhere = {"StringNotEquals": {"aws:PrincipalAccount": registry.account}}
    return [deny("OtherAccounts", (*READ, *PUBLISH), "*", conditions=elsewhere)]


def _publish(registry: Registry, publishers: Publishers) -> list[Statement]:
    """What their own account lets them, too: from another account, both policies must allow. Package managers read before they publish."""
    accounts = dict.fromkeys(role.split(":")[4] for role in publishers.roles)
    principal = {"AWS": [f"arn:{registry.partition}:iam::{account}:root" for account in accounts]}
    roles = {"ArnLike": {"aws:PrincipalArn": list(publishers.roles)}}
    packages = [registry.package_arn(publishers.repository, one) for one in publishers.packages]
    return [
        statement("PublishFromElsewhere", PUBLISH, packages, principal=principal, conditions=roles),
        statement("ReadByPublishers", READ, "*", principal=principal, conditions=roles),
    ]
