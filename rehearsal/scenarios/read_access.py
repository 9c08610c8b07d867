"""Who may assume a read role, what tokens they get, and what they read."""

from collections.abc import Callable
from typing import Any

from policies.roles.read import read_permissions, token_permissions
from rehearsal import clients
from rehearsal.cast import STRANGER_ORGANIZATION, first, installers, publishers
from rehearsal.clients import Credentials, Shell
from rehearsal.github import Job
from rehearsal.scenario import DENY, Denied, Scenario, required
from rehearsal.seeding import outside_by_name, outside_immutable
from rehearsal.world import World
from settings import Readers, ReadRole, Subjects, Team

_ASSUME = "assume the read role"
LONGEST_TOKEN = 43_200
_FORBIDDEN, _NOT_FOUND = 403, 404
_STATEMENTS = {"Version": "2012-10-17"}


def scenarios(world: World) -> list[Scenario]:
    """Roles, tokens, private teams, and a principal that has no policy."""
    return [*_roles(world), *_tokens(world), *_dependabot(world), *_private(world), *_without_policy(world)]


def _shared_reader(world: World) -> str | None:
    """A repository whose builds use the shared read role: one that only installs, if there is any."""
    only = installers(world.settings, readers=Readers.ORGANIZATION)
    every = [(team, one) for team in world.settings.teams if team.readers is Readers.ORGANIZATION for one in team.repositories]
    return next((one.name for _, one in [*only, *every]), None)


def _reader(world: World) -> str | None:
    """The same; where only teams read their own, one of theirs. None: no repository is in the catalog."""
    return _shared_reader(world) or next((one.name for one in world.settings.repositories), None)


def _allowed(name: str) -> str:
    """Name of the scenario in which a repository's build is let in."""
    return f"{name}: {_ASSUME} from a pull request"


def session(world: World, repository: str) -> Credentials:
    """The session of a pull request's build."""
    return world.session(world.read_role(repository), world.build_job(repository).token("sts.amazonaws.com"))


def _roles(world: World) -> list[Scenario]:
    name = _reader(world)
    if name is None:
        return []
    role = world.read_role(name)

    def build(repository: str, owner: str = "") -> str:
        return world.assume(role, world.build_job(repository, owner=owner).token("sts.amazonaws.com"))

    stranger = next((publisher.name for publisher in publishers(world.settings, world.facts)), name)
    return [
        Scenario(_allowed(name), f"a pull request of {name}", _ASSUME, name, lambda: build(name)),
        Scenario(
            f"{STRANGER_ORGANIZATION}/{stranger}: {_ASSUME} from another organisation",
            f"a build of {STRANGER_ORGANIZATION}/{stranger}",
            _ASSUME,
            name,
            lambda: build(stranger, STRANGER_ORGANIZATION),
            DENY,
            _allowed(name),
        ),
        *_outside(world, name, build),
    ]


def _outside(world: World, name: str, build: Callable[[str], str]) -> list[Scenario]:
    """Repositories of the organisation that no catalog names, with the role of one that it does."""
    organization = world.settings.read_role is ReadRole.ORGANIZATION and _shared_reader(world) is not None
    new, old = outside_immutable(world.settings), outside_by_name(world.settings)
    immutable = Scenario(
        f"{new}: {_ASSUME} from outside the catalog with an immutable subject",
        f"a pull request of {new}",
        _ASSUME,
        new,
        lambda: build(new),
        "allow" if organization else DENY,
        None if organization else _allowed(name),
    )
    # A name alone can be taken by others, so a name-only subject counts for repositories of the catalog, by their ids.
    by_name = Scenario(
        f"{old}: {_ASSUME} from outside the catalog with a name-only subject",
        f"a pull request of {old}",
        _ASSUME,
        old,
        lambda: build(old),
        DENY,
        immutable.name if organization else _allowed(name),
    )
    return [immutable, by_name] if world.settings.subjects is Subjects.BOTH else [immutable]


def fetch_token(world: World, who: Credentials, seconds: int | None) -> str:
    """A token of so many seconds, or of as many as CodeArtifact grants by default. Raises Denied."""
    duration: dict[str, Any] = {} if seconds is None else {"durationSeconds": seconds}
    answer = clients.call(
        world.client("codeartifact", who).get_authorization_token,
        domain=world.settings.domain.name,
        domainOwner=world.place.account,
        **duration,
    )
    return answer["authorizationToken"]


def _tokens(world: World) -> list[Scenario]:
    """Each kind of role that fetches a token has the cap in a policy of its own."""
    name = _shared_reader(world)
    listed = _capped(world, name, f"a pull request of {name}", lambda: session(world, name)) if name else []
    found = publishers(world.settings, world.facts)
    if publisher := first(found, literal=True) or first(found):
        who = f"publish-package.yml on {publisher.branch} of {publisher.name}"
        listed += _capped(
            world,
            f"{publisher.name} publish role",
            who,
            lambda: world.session(world.publish_role(publisher.name), world.publishing_token(publisher)),
        )
    if own := next(
        (repository.name for team in world.settings.teams if team.readers is Readers.TEAM for repository in team.repositories), None
    ):
        listed += _capped(world, f"{own} read role", f"a pull request of {own}", lambda: session(world, own))
    return [*listed, *(_logins(world, name) if name and world.settings.token_duration < LONGEST_TOKEN else [])]


def _capped(world: World, subject: str, who: str, signed_in: Callable[[], Credentials]) -> list[Scenario]:
    """A token that lasts as long as the stack allows, and one that lasts a second longer."""
    cap, domain = world.settings.token_duration, world.settings.domain.name

    def of(seconds: int, twin: str | None = None) -> Scenario:
        def request() -> str:
            return f"a token of {len(fetch_token(world, signed_in(), seconds))} characters"

        name = f"{subject}: request a token of {seconds} seconds"
        return Scenario(name, who, f"fetch a token of {seconds} s", domain, request, DENY if twin else "allow", twin)

    at_cap = of(cap)
    return [at_cap, *([of(cap + 1, at_cap.name)] if cap < LONGEST_TOKEN else [])]


def _logins(world: World, name: str) -> list[Scenario]:
    """`aws codeartifact login` requests 12 hours unless it gets a duration."""
    with_duration = f"{name}: run aws codeartifact login with a duration"
    repository = world.consumer(name)["repository"]

    def job() -> Shell:
        return world.job_shell(f"login-{name}", world.build_job(name), world.read_role(name))

    def login() -> str:
        shell = job()
        world.login(shell, "npm", repository)
        return next(line for line in (shell.home / ".npmrc").read_text().splitlines() if line.startswith("registry="))

    def without_duration() -> str:
        return job().run(*world.login_command("npm", repository))

    who = f"a pull request of {name}"
    return [
        Scenario(with_duration, who, "aws codeartifact login --duration-seconds", repository, login),
        Scenario(
            f"{name}: run aws codeartifact login without a duration",
            who,
            "aws codeartifact login",
            repository,
            without_duration,
            DENY,
            with_duration,
        ),
    ]


# --- Dependabot, which requests tokens without a duration ------------------------------------------------------------------------------


def _dependabot(world: World) -> list[Scenario]:
    name = next((one.name for team in world.settings.teams for one in team.repositories if one.dependabot), None)
    if name is None:
        return []
    listed = _dependabot_alone(world, name)
    open_team = next((team for team in world.settings.teams if team.has_repository and team.readers is Readers.ORGANIZATION), None)
    return [*listed, *(_dependabot_reads(world, name, world.settings.called(open_team.name)) if open_team else [])]


def _update_job(world: World, name: str) -> Credentials:
    return world.session(world.dependabot_role(name), world.dependabot_job(name).token("sts.amazonaws.com"))


def _dependabot_alone(world: World, name: str) -> list[Scenario]:
    """Who assumes the role, and who gets a token that nobody names a duration for."""
    assume, request = "assume the Dependabot role", "request a token without a duration"
    role, updates, build = world.dependabot_role(name), f"Dependabot's update job of {name}", f"a pull request of {name}"

    def token(who: Callable[[World, str], Credentials]) -> str:
        return f"a token of {len(fetch_token(world, who(world, name), None))} characters"

    def assumed(job: Job) -> str:
        return world.assume(role, job.token("sts.amazonaws.com"))

    by_dependabot, by_build = f"dependabot of {name}: {assume}", f"{name}: {assume} from a pull request"
    long_lived = f"dependabot of {name}: {request}"
    return [
        Scenario(by_dependabot, updates, assume, name, lambda: assumed(world.dependabot_job(name))),
        Scenario(by_build, build, assume, name, lambda: assumed(world.build_job(name)), DENY, by_dependabot),
        Scenario(long_lived, updates, request, name, lambda: token(_update_job)),
        *(
            [Scenario(f"{name}: {request}", build, request, name, lambda: token(session), DENY, long_lived)]
            if world.settings.token_duration < LONGEST_TOKEN
            else []
        ),
    ]


def _dependabot_reads(world: World, name: str, repository: str) -> list[Scenario]:
    """It reads like a build, and does not write."""
    updates, reads = f"Dependabot's update job of {name}", f"dependabot of {name}: read the repository {repository}"
    writes = f"dependabot of {name}: upload an asset to the repository {repository}"

    def upload() -> str:
        asset = world.asset(repository, "dependabot", "dependabot.txt", b"not from a release branch")
        clients.call(world.client("codeartifact", _update_job(world, name)).publish_package_version, **asset)
        return "published"

    return [
        Scenario(reads, updates, "read by repository", repository, lambda: read_by_repository(world, _update_job(world, name), repository)),
        Scenario(writes, updates, "publish a package", repository, upload, DENY, reads),
    ]


# --- a team whose packages only its own builds read -------------------------------------------------------------------------------


def read_by_repository(world: World, who: Credentials, repository: str) -> str:
    """What a package manager does first: request a package from the repository with a token, which must be had. Raises Denied (403)."""
    with required("a token"):
        token = fetch_token(world, who, world.settings.token_duration)
    return _read_with(world, token, repository)


def fetch_token_and_read(world: World, who: Credentials, repository: str) -> str:
    """The same, where the token may be refused as well. Raises Denied."""
    return _read_with(world, fetch_token(world, who, world.settings.token_duration), repository)


def _read_with(world: World, token: str, repository: str) -> str:
    # Outputs have the endpoints of the stack's formats; CodeArtifact has those of all.
    endpoint = world.outputs["repositories"][repository]["endpoints"].get("pypi") or _endpoint(world, repository)
    answer = clients.http().get(f"{endpoint}simple/no-such-package/", auth=("aws", token))
    if answer.status_code == _FORBIDDEN:
        raise Denied(f"{answer.status_code} {answer.text[:200]}")
    if answer.status_code != _NOT_FOUND:
        raise RuntimeError(f"{repository}: got {answer.status_code} {answer.text[:200]}; expected {_NOT_FOUND}")
    return f"{repository} answered: no such package"


def _endpoint(world: World, repository: str) -> str:
    where = {"domain": world.settings.domain.name, "domainOwner": world.place.account, "repository": repository}
    return world.client("codeartifact", administrator(world)).get_repository_endpoint(**where, format="pypi")["repositoryEndpoint"]


def _asset(world: World, who: Credentials, repository: str) -> str:
    answer = clients.call(
        world.client("codeartifact", who).get_package_version_asset,
        domain=world.settings.domain.name,
        domainOwner=world.place.account,
        repository=repository,
        format="generic",
        namespace="rehearsal",
        package="secret",
        packageVersion="1.0.0",
        asset="secret.txt",
    )
    return f"{len(answer['asset'].read())} bytes"


def seed_asset(world: World, repository: str) -> None:
    """Put a package into a repository, as an administrator of the account."""
    asset = world.asset(repository, "secret", "secret.txt", b"for the team alone")
    world.client("codeartifact", administrator(world)).publish_package_version(**asset)


def administrator(world: World) -> Credentials:
    """A principal with full access by its identity policy."""
    return world.principal("administrator", {**_STATEMENTS, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def _private(world: World) -> list[Scenario]:
    team = next((each for each in world.settings.teams if each.readers is Readers.TEAM and each.has_repository and each.repositories), None)
    outsider = _shared_reader(world)
    return _private_team(world, team, outsider) if team and outsider else []


def _private_team(world: World, team: Team, outsider: str) -> list[Scenario]:
    own = team.repositories[0].name
    seeded = f"administrator: upload an asset to the repository of team {team.name}"
    by_repository, by_asset = f"{own}: read the repository of its own team", f"{own}: read a single asset of its own team"

    def read(who: str, how) -> str:
        return how(world, session(world, who), team.own_repository)

    def seed() -> str:
        seed_asset(world, team.own_repository)
        return "published"

    listed = [Scenario(seeded, "an administrator of the account", "publish a package", team.own_repository, seed)]
    for allowed_name, how, what, target in (
        (by_repository, read_by_repository, "read by repository", "the repository"),
        (by_asset, _asset, "read a single asset", "a single asset"),
    ):
        listed += [
            Scenario(allowed_name, f"a pull request of {own}", what, team.own_repository, lambda how=how: read(own, how), after=(seeded,)),
            Scenario(
                f"{outsider}: read {target} of team {team.name}",
                f"a pull request of {outsider}",
                what,
                team.own_repository,
                lambda how=how: read(outsider, how),
                DENY,
                allowed_name,
                (seeded,),
            ),
        ]
    return listed


# --- a principal without any policy -----------------------------------------------------------------------------------------------


def _without_policy(world: World) -> list[Scenario]:
    domain = world.settings.domain.name
    policy = {**_STATEMENTS, "Statement": read_permissions(world.registry, world.settings.token_duration, [world.settings.shared])}
    only_token = {**_STATEMENTS, "Statement": token_permissions(world.registry, world.settings.token_duration)}
    names = {"token": "role with the read policy: request a token", "read": "role with the read policy: read shared"}

    def fetch(allowed_by) -> str:
        who = world.principal("reader" if allowed_by else "no-policy", allowed_by)
        return f"{len(fetch_token(world, who, world.settings.token_duration))} characters"

    def describe(allowed_by) -> str:
        who = world.principal("reader" if allowed_by else "no-policy", allowed_by)
        answer = clients.call(
            world.client("codeartifact", who).list_packages,
            domain=domain,
            domainOwner=world.place.account,
            repository=world.settings.shared,
        )
        return f"{len(answer['packages'])} packages"

    with_policy, without = "a role with the read policy", "a role without any policy"
    return [
        Scenario(names["token"], with_policy, "fetch a token", domain, lambda: fetch(policy)),
        Scenario("role without any policy: request a token", without, "fetch a token", domain, lambda: fetch(None), DENY, names["token"]),
        Scenario(names["read"], with_policy, "list packages", world.settings.shared, lambda: describe(policy)),
        Scenario(
            "role without any policy: read shared",
            without,
            "list packages",
            world.settings.shared,
            lambda: describe(None),
            DENY,
            names["read"],
        ),
        *_without_reading(world, only_token),
    ]


def _without_reading(world: World, only_token: dict) -> list[Scenario]:
    """Every team repository that is open to the organisation stays shut to a principal that has no more than a token."""
    open_teams = [team for team in world.settings.teams if team.has_repository and team.readers is Readers.ORGANIZATION]
    name = _shared_reader(world)
    if not open_teams or name is None:
        return []
    team, repository = open_teams[0].name, open_teams[0].own_repository
    allowed_name = f"{name}: read the repository of team {team}"
    return [
        Scenario(
            allowed_name,
            f"a pull request of {name}",
            "read by repository",
            repository,
            lambda: read_by_repository(world, session(world, name), repository),
        ),
        Scenario(
            f"role with only a token: read the repository of team {team}",
            "a role with only a token",
            "read by repository",
            repository,
            lambda: read_by_repository(world, world.principal("token-only", only_token), repository),
            DENY,
            allowed_name,
        ),
    ]
