"""What real clients publish and install, and where: the AWS CLI, with npm, twine, pip and cargo."""

from collections.abc import Sequence

from policies.names import SHARED_REPOSITORY
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.cast import Publisher, first, package_name, publishers
from rehearsal.clients import Credentials
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import World

# The commands that publish and install, as the scenarios' actions give them; names have their programs.
_CLIENTS = {
    Format.NPM: ("npm publish", "npm install"),
    Format.PYPI: ("twine upload", "pip install"),
    Format.CARGO: ("cargo publish", "cargo run"),
    Format.GENERIC: ("aws codeartifact publish-package-version", "aws codeartifact get-package-version-asset"),
}
_FOREIGN = {Format.NPM: "@not-owned/client", Format.GENERIC: "not-owned/client"}


def scenarios(world: World) -> list[Scenario]:
    """For each format that has a client here: publish and install, through upstreams too, and what must not be published."""
    found = publishers(world.settings, world.facts)
    listed: list[Scenario] = []
    for format in _CLIENTS:
        if publisher := by_client(world, format):
            listed += _format(world, publisher, format)
    return [*listed, *_shared(world, found)]


def by_client(world: World, format: Format) -> Publisher | None:
    """Whose packages of a format a client publishes: an open team's, with names left for it where the workflow publishes too."""
    found = publishers(world.settings, world.facts)
    roomy = {"roomy": True} if world.settings.publishing.workflow else {}
    return first(found, format, open=True, literal=True, **roomy) or first(found, format, open=True, **roomy)


def _program(command: str) -> str:
    """The program of a command: `npm` of `npm publish`."""
    return command.partition(" ")[0]


def published(publisher: Publisher, format: Format) -> str:
    """Name of the scenario in which a package of its team is published by a client."""
    return f"{publisher.name}: publish an owned name with {_program(_CLIENTS[format][0])}"


def package(publisher: Publisher, format: Format, word: str = "client", version: str = packages.VERSION) -> Package:
    """A package that the publisher's team owns."""
    return Package(format, package_name(publisher.team.owns[format], word), version)


def named(world: World, what: Package) -> str:
    """A package in a scenario's name, with its format where a team owns the same name in another format."""
    owned = (one for team in world.settings.teams for format in team.owns if format is not what.format for one in team.owns[format])
    alike = any(what.name.startswith(one.text.removesuffix("*")) if one.open_ended else what.name == one.text for one in owned)
    return f"{what.name} ({what.format})" if alike else what.name


def publish(world: World, publisher: Publisher, what: Package, *, role: str = "", repository: str = "", content: str = "") -> str:
    """As the publishing workflow's job: log in with the publish role to the team's repository, but for what is said otherwise."""
    shell = world.job_shell(f"publish-{publisher.name}", world.publishing_job(publisher), role or world.publish_role(publisher.name))
    return packages.PUBLISH[what.format](
        shell, lambda tool: world.login(shell, tool, repository or publisher.team.own_repository), what, content
    )


def install(world: World, repository: str, what: Package) -> str:
    """As a pull request's build of a repository: log in with its read role to the repository that its variables name."""
    shell = world.job_shell(f"install-{repository}", world.build_job(repository), world.read_role(repository))
    source = world.consumer(repository)["repository"]
    return packages.INSTALL[what.format](shell, lambda tool: world.login(shell, tool, source), what)


def _format(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    publishes, installs = _CLIENTS[format]
    owned = package(publisher, format)
    name = published(publisher, format)
    job = f"publish-package.yml on {publisher.branch} of {publisher.name}"
    # The workflow publishes as npm in any case, and what it publishes is installed: a client by hand shows little more.
    slow = format is not Format.NPM or world.settings.publishing.workflow is not None
    return [
        Scenario(
            name, job, f"{publishes} {owned.name}", publisher.team.own_repository, lambda: publish(world, publisher, owned), slow=slow
        ),
        *installed(world, publisher, owned, name),
        *_public(world, publisher, format, installs),
        Scenario(
            f"{publisher.name}: publish a name not owned by its team with {_program(publishes)}",
            job,
            f"{publishes} {_foreign(owned).name}",
            publisher.team.own_repository,
            lambda: publish(world, publisher, _foreign(owned)),
            DENY,
            name,
        ),
        Scenario(
            f"{publisher.name}: publish with {_program(publishes)} and the read role",
            f"{job}, read role",
            f"{publishes} {package(publisher, format, 'reader').name}",
            publisher.team.own_repository,
            lambda: publish(world, publisher, package(publisher, format, "reader"), role=world.read_role(publisher.name)),
            DENY,
            name,
        ),
        Scenario(
            f"{publisher.name}: publish to shared with {_program(publishes)}",
            job,
            f"{publishes} {owned.name}",
            world.settings.shared,
            lambda: publish(world, publisher, owned, repository=world.settings.shared),
            DENY,
            name,
            slow=True,
        ),
    ]


def _foreign(owned: Package) -> Package:
    """A name beside the owned one."""
    return Package(owned.format, _FOREIGN.get(owned.format, "not-owned-client"))


def installed(world: World, publisher: Publisher, owned: Package, name: str) -> list[Scenario]:
    """What the scenario `name` publishes is installed by the team's own builds, and by a team that has this one as an upstream."""
    installs = _CLIENTS[owned.format][1]
    siblings = [other.name for other in publisher.team.repositories if other.name != publisher.name] or [publisher.name]
    listed = [
        Scenario(
            f"{siblings[0]}: install {owned.name} with {_program(installs)}",
            f"a pull request of {siblings[0]}",
            f"{installs} {owned.name}",
            publisher.team.own_repository,
            lambda: install(world, siblings[0], owned),
            after=(name,),
        )
    ]
    for team in world.settings.teams:
        # Files are read from the repository that they were published to, never through an upstream.
        # https://docs.aws.amazon.com/codeartifact/latest/ug/generic-packages-overview.html
        if owned.format is not Format.GENERIC and publisher.team.name in team.upstreams and team.repositories:
            other = team.repositories[0].name
            listed.append(
                Scenario(
                    f"{other}: install {owned.name} with {_program(installs)} through an upstream",
                    f"a pull request of {other}",
                    f"{installs} {owned.name}",
                    team.own_repository,
                    lambda other=other: install(world, other, owned),
                    after=(name,),
                )
            )
    return listed


def _public(world: World, publisher: Publisher, format: Format, installs: str) -> list[Scenario]:
    public = world.public_package(format)
    if public is None:
        return []
    installer = next(
        iter([team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]), publisher.name
    )
    return [
        Scenario(
            f"{installer}: install public package {public.name} with {_program(installs)}",
            f"a pull request of {installer}",
            f"{installs} {public.name}",
            f"{world.settings.shared} -> {world.settings.called(str(world.public_source(format)))}",
            lambda: install(world, installer, public),
            slow=True,
        )
    ]


# --- shared -------------------------------------------------------------------------------------------------------------------------


def _shared(world: World, found: Sequence[Publisher]) -> list[Scenario]:
    """Nobody publishes into shared or a public source, not even an administrator of the account."""
    team = next((each for each in world.settings.teams if each.has_repository), None)
    if team is None:
        return []
    allowed = f"administrator: publish to the repository of team {team.name}"
    who = "an administrator of the account"

    def publish(repository: str) -> str:
        return _publish_generic(world, administrator(world), repository)

    listed = [Scenario(allowed, who, "publish a package", team.own_repository, lambda: publish(team.own_repository))]
    for repository in (SHARED_REPOSITORY, *world.settings.public_sources):
        listed.append(
            Scenario(
                f"administrator: publish to {repository}",
                who,
                "publish a package",
                world.settings.called(repository),
                lambda repository=repository: publish(world.settings.called(repository)),
                DENY,
                allowed,
            )
        )
    return listed


def _publish_generic(world: World, who: Credentials, repository: str) -> str:
    asset = world.asset(repository, "by-hand", "file.txt", b"by hand")
    answer = clients.call(world.client("codeartifact", who).publish_package_version, **asset)
    return f"{answer['package']} {answer['version']} is {answer['status']}"
