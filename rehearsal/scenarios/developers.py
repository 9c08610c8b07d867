"""Developers on their laptops: signed in through IAM Identity Center, reading what is open to the organisation and nothing more."""

from policies.document import text
from policies.owned_names import Format
from policies.roles.build import read_only_permissions
from rehearsal import packages
from rehearsal.cast import Publisher
from rehearsal.clients import Credentials, Shell
from rehearsal.identity_center import DEVELOPER, OUTSIDER, Manager, team_developer
from rehearsal.laptop import laptop, package_login, session
from rehearsal.scenario import DENY, Scenario, required
from rehearsal.scenarios.publishing import by_client, package, published
from rehearsal.scenarios.read_access import LONGEST_TOKEN, fetch_token, read_by_repository
from rehearsal.world import World
from settings import DeveloperMode, Readers, Team

_PERMISSION_SETS = "Identity Center administrator: create the permission sets of the stack"
_SIGNED_IN = "developer: sign in"
_READS = "developer: read the repository of team {}"


def scenarios(world: World) -> list[Scenario]:
    """Signing in, tokens, reading, the tools of a laptop, and teams that keep their packages to themselves."""
    if world.settings.developers is None:
        return []
    return [*_policy_mode(world), *_signing_in(world), *_tokens(world), *_reading(world), *_tools(world), *_teams(world)]


def later(world: World) -> list[Scenario]:
    """What takes the developers' roles away from under the others: permission sets that are provisioned anew."""
    team = _open_team(world)
    return _reprovisioned(world, team) if world.settings.developers and team else []


def _after(world: World, *names: str) -> tuple[str, ...]:
    policy = world.settings.developers is not None and world.settings.developers.mode is DeveloperMode.POLICY
    return (*([_PERMISSION_SETS] if policy else []), *names)


def _permission_set(world: World, team: str = "") -> str:
    output = world.outputs["developers"]
    return (output["teams"][team] if team else output)["permissionSetName"]


def _open_team(world: World) -> Team | None:
    return next((team for team in world.settings.teams if team.has_repository and team.readers is Readers.ORGANIZATION), None)


def _session(world: World, user: str, permission_set: str) -> Credentials:
    """The session of a user who is expected to sign in."""
    with required(f"signing in with {permission_set}"):
        return session(world, user, permission_set)


def _developer(world: World) -> Credentials:
    return _session(world, DEVELOPER, _permission_set(world))


def _groups(world: World) -> list[str]:
    return list(world.settings.developers.groups) if world.settings.developers else []


def _policy_mode(world: World) -> list[Scenario]:
    """With `mode: policy` the stack outputs what an Identity Center administrator creates."""
    if not _after(world):
        return []

    def create() -> str:
        output = world.outputs["developers"]
        expected = [output, *output.get("teams", {}).values()]
        manager = Manager(world)
        for permission_set in expected:
            manager.create(permission_set["permissionSetName"], output["policy"], output["sessionDuration"], permission_set["groups"])
        return ", ".join(permission_set["permissionSetName"] for permission_set in expected)

    return [Scenario(_PERMISSION_SETS, "an Identity Center administrator", "create permission sets", "IAM Identity Center", create)]


def _signing_in(world: World) -> list[Scenario]:
    name = _permission_set(world)

    def sign_in(user: str) -> str:
        return str(world.client("sts", session(world, user, name)).get_caller_identity()["Arn"])

    return [
        Scenario(_SIGNED_IN, "a developer", "fetch credentials", name, lambda: sign_in(DEVELOPER), after=_after(world)),
        Scenario(
            "user outside the developers' groups: sign in",
            "a user of another group",
            "fetch credentials",
            name,
            lambda: sign_in(OUTSIDER),
            DENY,
            _SIGNED_IN,
            _after(world),
        ),
    ]


def _tokens(world: World) -> list[Scenario]:
    cap, domain = world.settings.token_duration, world.settings.domain.name
    at_cap = f"developer: request a token of {cap} seconds"

    def request(seconds: int) -> str:
        return f"a token of {len(fetch_token(world, _developer(world), seconds))} characters"

    listed = [Scenario(at_cap, "a developer", f"fetch a token of {cap} s", domain, lambda: request(cap), after=_after(world))]
    if cap == LONGEST_TOKEN:
        return listed
    return [
        *listed,
        Scenario(
            f"developer: request a token of {cap + 1} seconds",
            "a developer",
            f"fetch a token of {cap + 1} s",
            domain,
            lambda: request(cap + 1),
            DENY,
            at_cap,
            _after(world),
        ),
    ]


def _reading(world: World) -> list[Scenario]:
    """An open team repository lets in the stack's permission sets, not users of another permission set with the same rights."""
    team = _open_team(world)
    if team is None:
        return []
    name = _READS.format(team.name)
    other = f"{world.settings.stack}-Developer"

    def with_another() -> str:
        readable = [world.settings.shared, *map(world.settings.source, world.settings.public_sources)]
        document = text(read_only_permissions(world.registry, world.settings.token_duration, readable))
        Manager(world).create(other, document, "PT1H", _groups(world))
        return read_by_repository(world, _session(world, DEVELOPER, other), team.own_repository)

    return [
        Scenario(
            name,
            "a developer",
            "read by repository",
            team.own_repository,
            lambda: read_by_repository(world, _developer(world), team.own_repository),
            after=_after(world),
        ),
        Scenario(
            f"developer with another permission set of the same policy: read the repository of team {team.name}",
            f"a developer with permission set {other}",
            "read by repository",
            team.own_repository,
            with_another,
            DENY,
            name,
            _after(world),
        ),
    ]


# --- the tools of a laptop --------------------------------------------------------------------------------------------------------------


def _tools(world: World) -> list[Scenario]:
    """One command, then npm as ever: it installs, and is refused to publish."""
    publisher, python = by_client(world, Format.NPM), by_client(world, Format.PYPI)
    return [
        *(_npm(world, publisher) if publisher else []),
        *_pip(world),
        *(_others(world, publisher, Format.NPM) if publisher else []),
        *(_others(world, python, Format.PYPI) if python else []),
    ]


def _others(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    """Clients that the rehearsal does not bring along install with what one command wrote for each."""
    owned = package(publisher, format)

    def install(tool: str) -> str:
        shell = laptop(world, DEVELOPER, _permission_set(world), publisher.team.name)
        printed = package_login(shell, "--default", tool)
        packages.install_with(shell, tool, owned, f"{world.place.endpoint}/_codeartifact/{world.registry.domain}-{world.place.account}")
        return printed.splitlines()[-1]

    return [
        Scenario(
            f"developer: install {owned.name} with {tool} after package-login",
            "a developer",
            f"{tool} install {owned.name}",
            publisher.team.name,
            lambda tool=tool: install(tool),
            after=_after(world, published(publisher, format)),
            slow=True,
        )
        for tool in {Format.NPM: ("pnpm", "yarn-berry"), Format.PYPI: ("uv", "poetry")}[format]
    ]


def _already(tool: str) -> str:
    """package-login has logged the tool in."""
    return tool


def _pip(world: World) -> list[Scenario]:
    """pip finds the token where package-login put it, and its own configuration holds none."""
    what = world.public_package(Format.PYPI)
    if what is None:
        return []

    def install() -> str:
        shell = laptop(world, DEVELOPER, _permission_set(world), world.settings.shared)
        package_login(shell, "--default", "pip")
        return packages.install_pypi(shell, _already, what)

    name = f"developer: install {what.name} with pip after package-login"
    return [Scenario(name, "a developer", f"pip install {what.name}", world.settings.shared, install, after=_after(world), slow=True)]


def _npm(world: World, publisher: Publisher) -> list[Scenario]:
    shells: list[Shell] = []
    owned, own = package(publisher, Format.NPM), package(publisher, Format.NPM, "from-a-laptop")
    logged_in = "developer: run package-login for npm"

    def log_in() -> str:
        shell = laptop(world, DEVELOPER, _permission_set(world), publisher.team.own_repository)
        printed = package_login(shell, "npm")
        shells.append(shell)
        return printed

    listed = [Scenario(logged_in, "a developer", "package-login npm", publisher.team.own_repository, log_in, after=_after(world))]
    listed.append(
        Scenario(
            f"developer: install {owned.name} with npm",
            "a developer",
            f"npm install {owned.name}",
            publisher.team.own_repository,
            lambda: packages.install_npm(shells[0], _already, owned),
            after=(logged_in, published(publisher, Format.NPM)),
        )
    )
    listed.append(
        Scenario(
            f"developer: publish {own.name} with npm",
            "a developer",
            f"npm publish {own.name}",
            publisher.team.own_repository,
            lambda: packages.publish_npm(shells[0], _already, own),
            DENY,
            published(publisher, Format.NPM),
            (logged_in,),
        )
    )
    return listed


# --- teams whose packages only the team reads -----------------------------------------------------------------------------------------


def _teams(world: World) -> list[Scenario]:
    private = [team for team in world.settings.teams if team.readers is Readers.TEAM]
    named = next((team for team in private if team.developer_groups), None)
    if named is None:
        return []
    own = f"developer of team {named.name}: read the repository of team {named.name}"
    return [
        Scenario(
            own,
            f"a developer of team {named.name}",
            "read by repository",
            named.own_repository,
            lambda: read_by_repository(
                world, _session(world, team_developer(named.name), _permission_set(world, named.name)), named.own_repository
            ),
            after=_after(world),
        ),
        Scenario(
            f"developer of another team: read the repository of team {named.name}",
            "a developer",
            "read by repository",
            named.own_repository,
            lambda: read_by_repository(world, _developer(world), named.own_repository),
            DENY,
            own,
            _after(world),
        ),
    ]


# --- reprovisioned ------------------------------------------------------------------------------------------------------------------


def _reprovisioned(world: World, team: Team) -> list[Scenario]:
    """The role that Identity Center creates has another name then, and policies still know it."""

    def again() -> str:
        before = str(world.client("sts", _developer(world)).get_caller_identity()["Arn"])
        Manager(world).assign_again(_permission_set(world), _groups(world))
        who = _developer(world)
        after = str(world.client("sts", who).get_caller_identity()["Arn"])
        if before == after:
            raise RuntimeError(f"the role: got {before} again; expected another name")
        return read_by_repository(world, who, team.own_repository)

    return [
        Scenario(
            f"developer with a reprovisioned permission set: read the repository of team {team.name}",
            "a developer",
            "read by repository",
            team.own_repository,
            again,
        )
    ]
