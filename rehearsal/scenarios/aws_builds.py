"""Builds on AWS: roles of the account, with the read policy and nothing else from this program."""

import itertools
from collections.abc import Mapping
from typing import Any

from policies.roles.build import build_role_arn
from rehearsal import clients
from rehearsal.clients import Credentials
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.read_access import LONGEST_TOKEN, administrator, fetch_token, fetch_token_and_read, read_by_repository
from rehearsal.seeding import BUILD_SERVICE
from rehearsal.world import World, credentials
from settings import Readers, Team

_FULL_ACCESS_POLICY: Mapping[str, Any] = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_numbers = itertools.count(1)


def scenarios(world: World) -> list[Scenario]:
    """The roles that the stack names, roles that it does not, and what none of them does."""
    team = next((each for each in world.settings.teams if each.has_repository and each.readers is Readers.ORGANIZATION), None)
    if not world.settings.build_roles or team is None:
        return _attached_elsewhere(world, team, None) if team else []
    role = world.settings.build_roles[0]
    return [*_named(world, role, team), *_attached_elsewhere(world, team, role), *_private(world)]


def _reads(role: str, team: Team) -> str:
    return f"AWS role {role}: read the repository of team {team.name}"


def build(world: World, role: str) -> Credentials:
    """The session that a build on AWS has."""
    return credentials(world.control.post("sessions", role_arn=build_role_arn(world.registry, role), service=BUILD_SERVICE))


def _named(world: World, role: str, team: Team) -> list[Scenario]:
    who, cap, domain = f"a build with role {role}", world.settings.token_duration, world.settings.domain.name
    shared, at_cap = f"AWS role {role}: read shared", f"AWS role {role}: request a token of {cap} seconds"

    def request(seconds: int) -> str:
        return f"a token of {len(fetch_token(world, build(world, role), seconds))} characters"

    listed = [
        Scenario(
            shared,
            who,
            "read by repository",
            world.settings.shared,
            lambda: read_by_repository(world, build(world, role), world.settings.shared),
        ),
        Scenario(
            _reads(role, team),
            who,
            "read by repository",
            team.own_repository,
            lambda: read_by_repository(world, build(world, role), team.own_repository),
        ),
        Scenario(at_cap, who, f"fetch a token of {cap} s", domain, lambda: request(cap)),
    ]
    if cap == LONGEST_TOKEN:
        return listed
    longer = f"AWS role {role}: request a token of {cap + 1} seconds"
    return [*listed, Scenario(longer, who, f"fetch a token of {cap + 1} s", domain, lambda: request(cap + 1), DENY, at_cap)]


def _attached_elsewhere(world: World, team: Team, named: str | None) -> list[Scenario]:
    """The read policy attached by others: shared by its own right, and no team repository unless the stack names the role."""
    policy = world.outputs["policies"]["read"]
    with_policy, without = "AWS role with the read policy attached: read shared", "AWS role without the read policy: read shared"
    publishes = "AWS role with full access: publish a package"
    listed = [
        Scenario(
            with_policy,
            "a role with the read policy",
            "read by repository",
            world.settings.shared,
            lambda: _read(world, policy, world.settings.shared),
        ),
        Scenario(
            without,
            "a role without the read policy",
            "read by repository",
            world.settings.shared,
            lambda: fetch_token_and_read(world, _role(world, None, ""), world.settings.shared),
            DENY,
            with_policy,
        ),
        Scenario(
            publishes,
            "a role with full access",
            "publish a package",
            team.own_repository,
            lambda: _publish(world, team.own_repository, _full_access(world)),
        ),
        Scenario(
            "AWS role with full access and the read policy: publish a package",
            "a role with full access and the read policy",
            "publish a package",
            team.own_repository,
            lambda: _publish(world, team.own_repository, _full_access(world, policy)),
            DENY,
            publishes,
        ),
    ]
    if named:
        listed.append(
            Scenario(
                f"AWS role with the read policy attached: read the repository of team {team.name}",
                "a role with the read policy that the stack does not name",
                "read by repository",
                team.own_repository,
                lambda: _read(world, policy, team.own_repository),
                DENY,
                _reads(named, team),
            )
        )
        listed.append(
            Scenario(
                f"AWS role {named}: publish a package",
                f"a build with role {named}",
                "publish a package",
                team.own_repository,
                lambda: _publish(world, team.own_repository, build(world, named)),
                DENY,
                publishes,
            )
        )
    return listed


def _role(world: World, policy: Mapping[str, Any] | None, attached: str) -> Credentials:
    """A new role of the account with an inline policy and a managed one, as the account's administrators would create it."""
    name = f"build-{next(_numbers)}"
    role = world.control.post("principals", kind="role", name=name, policy=policy)
    if attached:
        world.client("iam", administrator(world)).attach_role_policy(RoleName=name, PolicyArn=attached)
    return credentials(role)


def _read(world: World, attached: str, repository: str) -> str:
    return read_by_repository(world, _role(world, None, attached), repository)


def _full_access(world: World, attached: str = "") -> Credentials:
    return _role(world, _FULL_ACCESS_POLICY, attached)


def _publish(world: World, repository: str, who: Credentials) -> str:
    asset = world.asset(repository, "build", "build.txt", b"from a build", f"1.0.{next(_numbers)}")
    answer = clients.call(world.client("codeartifact", who).publish_package_version, **asset)
    return f"{answer['package']} {answer['version']} {answer['status']}"


def _private(world: World) -> list[Scenario]:
    """A team that keeps its packages to itself lets in the roles that it names."""
    team = next((each for each in world.settings.teams if each.build_roles), None)
    other = next((role for role in world.settings.build_roles if team and role not in team.build_roles), None)
    if team is None or other is None:
        return []
    own = _reads(team.build_roles[0], team)

    def read(role: str) -> str:
        return read_by_repository(world, build(world, role), team.own_repository)

    return [
        Scenario(
            own, f"a build with role {team.build_roles[0]}", "read by repository", team.own_repository, lambda: read(team.build_roles[0])
        ),
        Scenario(
            _reads(other, team), f"a build with role {other}", "read by repository", team.own_repository, lambda: read(other), DENY, own
        ),
    ]
