"""Other accounts: an organisation, parts of one, single accounts; what they read, and who of them publishes.

Each foreign principal has every right that its own account can give: what stands between it and the registry are the registry's policies.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from policies.names import SHARED_REPOSITORY
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.cast import package_name, roomy
from rehearsal.clients import Credentials
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Denied, Scenario, required
from rehearsal.scenarios.read_access import fetch_token, fetch_token_and_read, read_by_repository
from rehearsal.world import World, credentials
from settings import Publisher, Readers, Sharing, Team

_FULL_ACCESS: Mapping[str, Any] = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_FOREIGN_ORGANIZATION = "o-f0r31gn000"
_READ = "read by repository"
_FORBIDDEN = 403
_numbers = itertools.count(1)


def scenarios(world: World) -> list[Scenario]:
    """Reading from accounts that the stack shares with and from others; publishing from another account."""
    sharing = world.settings.sharing
    if sharing is None:
        return []
    return [
        *_organization(world, sharing),
        *_paths(world, sharing),
        *_accounts(world, sharing),
        # A role that publishes to several teams' repositories tries shared once.
        *{one.name: one for team in world.settings.teams if team.publishers for one in _publishers(world, team)}.values(),
    ]


def _account(world: World, number: int, organization: str | None, *paths: str) -> str:
    """An account that no configuration names, in an organisation or in none."""
    known = {world.place.account, *(world.settings.sharing.accounts if world.settings.sharing else ())}
    account = next(candidate for candidate in (f"{number:04}{pad}" for pad in ("00001111", "00002222")) if candidate not in known)
    world.control.post("accounts", account=account, organization=organization, paths=list(paths))
    return account


def _role(world: World, account: str, name: str = "reader") -> Credentials:
    return world.principal(name, _FULL_ACCESS, account=account)


def _reading(world: World, name: str, who: str, account: str, repository: str, twin: str | None = None) -> Scenario:
    repository = world.settings.called(repository)

    def read() -> str:
        return read_by_repository(world, _role(world, account), repository)

    return Scenario(name, who, _READ, repository, read, DENY if twin else "allow", twin)


def _stranger(world: World, name: str, who: str, account: str, repository: str, twin: str) -> Scenario:
    """Reading from an account that the domain's policy does not let in: there is no token for it."""
    repository = world.settings.called(repository)

    def read() -> str:
        return fetch_token_and_read(world, _role(world, account), repository)

    return Scenario(name, who, _READ, repository, read, DENY, twin)


def _open_and_closed(world: World) -> tuple[str, str]:
    """A repository that is open to the organisation, and one that is not ("" = none), as the configuration calls them."""
    opened = [team.name for team in world.settings.teams if team.has_repository and team.readers is Readers.ORGANIZATION]
    closed = [team.name for team in world.settings.teams if team.readers is Readers.TEAM]
    return next(iter(opened), SHARED_REPOSITORY), next(iter(closed), "")


def _organization(world: World, sharing: Sharing) -> list[Scenario]:
    if not sharing.organization_id:
        return []
    opened, closed = _open_and_closed(world)
    member = _account(world, 5555, sharing.organization_id)
    stranger = _account(world, 6666, _FOREIGN_ORGANIZATION)
    alone = _account(world, 7777, None)
    reads = f"account of the organisation: read {opened}"
    listed = [
        _reading(world, reads, "a role of an account of the organisation", member, opened),
        _stranger(world, f"account of another organisation: read {opened}", "a role of another organisation", stranger, opened, reads),
        _stranger(world, f"account of no organisation: read {opened}", "a role of a standalone account", alone, opened, reads),
    ]
    if closed:
        who = "a role of an account of the organisation"
        listed.append(_reading(world, f"account of the organisation: read {closed}", who, member, closed, reads))
    return listed


def _paths(world: World, sharing: Sharing) -> list[Scenario]:
    if not sharing.organization_paths:
        return []
    opened, _ = _open_and_closed(world)
    path = sharing.organization_paths[0]
    organization, root = path.split("/")[:2]
    below = path.removesuffix("*") + ("ou-below-11111111/" if path.endswith("*") else "")
    member = _account(world, 5556, organization, below)
    elsewhere = _account(world, 5557, organization, f"{organization}/{root}/ou-else-22222222/")
    reads = f"account in a shared organisational unit: read {opened}"
    return [
        _reading(world, reads, f"a role of an account in {below}", member, opened),
        _stranger(
            world,
            f"account in another organisational unit: read {opened}",
            "a role of an account in another organisational unit",
            elsewhere,
            opened,
            reads,
        ),
    ]


def _accounts(world: World, sharing: Sharing) -> list[Scenario]:
    if not sharing.accounts:
        return []
    opened, _ = _open_and_closed(world)
    other = _account(world, 8888, None)
    reads = f"account {sharing.accounts[0]}: read {opened}"
    return [
        _reading(world, reads, "a role of an account that the stack shares with", sharing.accounts[0], opened),
        _stranger(world, f"account outside the sharing list: read {opened}", "a role of another account", other, opened, reads),
    ]


# --- publishing from another account ----------------------------------------------------------------------------------------------------


def _publishers(world: World, team: Team) -> list[Scenario]:
    publisher = team.publishers[0]
    format = next((one for one in (Format.MAVEN, *packages.PUBLISH) if roomy(team.owns.get(one, ()))), None)
    if format is None:
        return []  # no format that has a client here, or no name for it
    account, role = publisher.account, publisher.role
    publishes = f"role {role} of account {account}: publish to {team.name}"
    own, foreign = _package(team, format), _foreign(format)
    who = f"a role {role} of account {account}"
    elsewhere = _account(world, 9999, world.settings.sharing.organization_id or None if world.settings.sharing else None)
    sessions: dict[str, Credentials] = {}

    def as_publisher() -> Credentials:
        if "publisher" not in sessions:
            sessions["publisher"] = _named(world, publisher.account, publisher)
        return sessions["publisher"]

    def attempt(name: str, by: str, what: Package, get_role, twin: str | None = None) -> Scenario:
        def publish() -> str:
            return _publish(world, get_role(), team.own_repository, what)

        return Scenario(
            name, by, f"publish {what.name}", team.own_repository, publish, DENY if twin else "allow", twin, (publishes,) if twin else ()
        )

    return [
        attempt(publishes, who, own, as_publisher),
        attempt(
            f"another role of account {account}: publish to {team.name}",
            f"another role of account {account}",
            own,
            lambda: _role(world, account, "not-named"),
            publishes,
        ),
        attempt(
            f"role {role} of another account: publish to {team.name}",
            f"a role {role} of account {elsewhere}",
            own,
            lambda: _named(world, elsewhere, publisher),
            publishes,
        ),
        attempt(f"role {role} of account {account}: publish a name not owned by {team.name}", who, foreign, as_publisher, publishes),
        Scenario(
            f"role {role} of account {account}: publish to {SHARED_REPOSITORY}",
            who,
            f"publish {own.name}",
            world.settings.shared,
            lambda: _publish(world, as_publisher(), world.settings.shared, own),
            DENY,
            publishes,
            (publishes,),
        ),
    ]


def _named(world: World, account: str, publisher: Publisher) -> Credentials:
    """A role whose name, and path if it has one, fit the pattern."""
    path, slash, name = publisher.role.rpartition("/")
    if name.endswith("*"):
        name = f"{name.removesuffix('*')}{next(_numbers)}"
    role = world.control.post("principals", kind="role", account=account, name=name, path=f"/{path}{slash}", policy=_FULL_ACCESS)
    return credentials(role)


def _package(team: Team, format: Format) -> Package:
    return Package(format, package_name(team.owns[format], "from-another-account"), "7.0.0")


def _foreign(format: Format) -> Package:
    names = {Format.NPM: "@not-owned/elsewhere", Format.MAVEN: "org.example.notowned:elsewhere", Format.GENERIC: "not-owned/elsewhere"}
    return Package(format, names.get(format, "not-owned-elsewhere"), "7.0.0")


def _publish(world: World, who: Credentials, repository: str, what: Package) -> str:
    if what.format is Format.MAVEN:
        return _put_pom(world, who, repository, what)
    shell = world.shell("publisher-elsewhere", who)
    return packages.PUBLISH[what.format](shell, lambda tool: world.login(shell, tool, repository), what)


def _put_pom(world: World, who: Credentials, repository: str, what: Package) -> str:
    """What Maven's deploy does first, without Maven's start-up. Raises Denied."""
    group, artifact = what.name.split(":")
    file = f"{group.replace('.', '/')}/{artifact}/{what.version}/{artifact}-{what.version}.pom"
    pom = (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{what.version}</version><packaging>pom</packaging></project>"
    )
    endpoint = world.outputs["repositories"][repository]["endpoints"]["maven"]
    with required("a token"):
        token = fetch_token(world, who, world.settings.token_duration)
    answer = clients.http().put(f"{endpoint}{file}", content=pom, auth=("aws", token))
    if answer.status_code == _FORBIDDEN:
        raise Denied(f"{answer.status_code} {answer.text[:300]}")
    answer.raise_for_status()
    return f"{what.name} {what.version}"
