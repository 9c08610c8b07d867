"""Builds on AWS: roles of the account, with the read policy and nothing else from this program."""

import hashlib
import itertools
from collections.abc import Mapping
from typing import Any

from policies.roles.build import build_role_arn
from rehearsal import clients
from rehearsal.clients import Credentials
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.reading import administrator, fetch_token, fetch_token_and_read, read_by_repository
from rehearsal.seeding import BUILD_SERVICE
from rehearsal.world import World, credentials
from settings import Readers, Team

_EVERYTHING: Mapping[str, Any] = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_numbers = itertools.count(1)


def scenarios(world: World) -> list[Scenario]:
    """The roles that the stack names, roles that it does not, and what none of them does."""
    team = next((one for one in world.settings.teams if one.has_repository and one.readers is Readers.ORGANIZATION), None)
    if not world.settings.build_roles or team is None:
        return _attached_elsewhere(world, team, None) if team else []
    role = world.settings.build_roles[0]
    return [*_named(world, role, team), *_attached_elsewhere(world, team, role), *_private(world)]


def _reads(role: str, team: Team) -> str:
    return f"AWS role {role}: reads the repository of team {team.name}"


def build(world: World, role: str) -> Credentials:
    """The session that a build on AWS has."""
    return credentials(world.control.post("sessions", role_arn=build_role_arn(world.registry, role), service=BUILD_SERVICE))


def _named(world: World, role: str, team: Team) -> list[Scenario]:
    who, cap, domain = f"a build with role {role}", world.settings.token_duration, world.settings.domain.name
    shared, at_cap = f"AWS role {role}: reads shared", f"AWS role {role}: a token of {cap} seconds"

    def ask(seconds: int) -> str:
        return f"a token of {len(fetch_token(world, build(world, role), seconds))} characters"

    return [
        Scenario(shared, who, "read by repository", "shared", lambda: read_by_repository(world, build(world, role), "shared")),
        Scenario(
            _reads(role, team), who, "read by repository", team.name, lambda: read_by_repository(world, build(world, role), team.name)
        ),
        Scenario(at_cap, who, f"fetch a token of {cap} s", domain, lambda: ask(cap)),
        Scenario(
            f"AWS role {role}: a token of {cap + 1} seconds",
            who,
            f"fetch a token of {cap + 1} s",
            domain,
            lambda: ask(cap + 1),
            DENY,
            at_cap,
        ),
    ]


def _attached_elsewhere(world: World, team: Team, named: str | None) -> list[Scenario]:
    """The read policy attached by others: shared by its own right, and no team repository unless the stack names the role."""
    policy = world.outputs["policies"]["read"]
    with_policy, without = "a role that others attached the read policy to: reads shared", "a role without the read policy: reads shared"
    publishes = "an AWS role with every right: publishes a package"
    made = [
        Scenario(with_policy, "a role with the read policy", "read by repository", "shared", lambda: _read(world, policy, "shared")),
        Scenario(
            without,
            "a role without it",
            "read by repository",
            "shared",
            lambda: fetch_token_and_read(world, _role(world, None, ""), "shared"),
            DENY,
            with_policy,
        ),
        Scenario(
            publishes, "a role with every right", "publish a package", team.name, lambda: _publish(world, team.name, _everything(world))
        ),
        Scenario(
            "an AWS role with every right and the read policy: publishes a package",
            "a role with every right and the read policy",
            "publish a package",
            team.name,
            lambda: _publish(world, team.name, _everything(world, policy)),
            DENY,
            publishes,
        ),
    ]
    if named:
        made.append(
            Scenario(
                f"a role that others attached the read policy to: reads the repository of team {team.name}",
                "a role with the read policy that the stack does not name",
                "read by repository",
                team.name,
                lambda: _read(world, policy, team.name),
                DENY,
                _reads(named, team),
            )
        )
        made.append(
            Scenario(
                f"AWS role {named}: publishes a package",
                f"a build with role {named}",
                "publish a package",
                team.name,
                lambda: _publish(world, team.name, build(world, named)),
                DENY,
                publishes,
            )
        )
    return made


def _role(world: World, policy: Mapping[str, Any] | None, attached: str) -> Credentials:
    """A new role of the account with an inline policy and a managed one, as the account's administrators would make it."""
    name = f"build-of-others-{next(_numbers)}"
    made = world.control.post("principals", kind="role", name=name, policy=policy)
    if attached:
        world.client("iam", administrator(world)).attach_role_policy(RoleName=name, PolicyArn=attached)
    return credentials(made)


def _read(world: World, attached: str, repository: str) -> str:
    return read_by_repository(world, _role(world, None, attached), repository)


def _everything(world: World, attached: str = "") -> Credentials:
    return _role(world, _EVERYTHING, attached)


def _publish(world: World, repository: str, who: Credentials) -> str:
    content = b"from a build"
    answer = clients.call(
        world.client("codeartifact", who).publish_package_version,
        domain=world.settings.domain.name,
        domainOwner=world.place.account,
        repository=repository,
        format="generic",
        namespace="rehearsal",
        package="build",
        packageVersion=f"1.0.{next(_numbers)}",
        assetName="build.txt",
        assetContent=content,
        assetSHA256=hashlib.sha256(content).hexdigest(),
    )
    return f"{answer['package']} {answer['version']} {answer['status']}"


def _private(world: World) -> list[Scenario]:
    """A team that keeps its packages to itself lets in the roles that it names."""
    team = next((one for one in world.settings.teams if one.build_roles), None)
    other = next((role for role in world.settings.build_roles if team and role not in team.build_roles), None)
    if team is None or other is None:
        return []
    own = _reads(team.build_roles[0], team)

    def read(role: str) -> str:
        return read_by_repository(world, build(world, role), team.name)

    return [
        Scenario(own, f"a build with role {team.build_roles[0]}", "read by repository", team.name, lambda: read(team.build_roles[0])),
        Scenario(_reads(other, team), f"a build with role {other}", "read by repository", team.name, lambda: read(other), DENY, own),
    ]
