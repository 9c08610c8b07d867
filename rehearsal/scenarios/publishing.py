"""What real clients publish and install, and where: the AWS CLI with npm, twine and pip."""

import hashlib
from collections.abc import Sequence

from policies.names import SHARED_REPOSITORY
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.cast import Publisher, first, package_name, publishers
from rehearsal.clients import Credentials
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.reading import administrator
from rehearsal.world import World

_CLIENTS = {Format.NPM: ("npm publish", "npm install"), Format.PYPI: ("twine upload", "pip install")}


def scenarios(world: World) -> list[Scenario]:
    """For each format that has a client here: publish and install, through upstreams too, and what must not be published."""
    found = publishers(world.settings)
    made: list[Scenario] = []
    for format in _CLIENTS:
        one = first(found, format, open=True, literal=True) or first(found, format, open=True)
        if one:
            made += _format(world, one, format)
    return [*made, *_shared(world, found)]


def published(one: Publisher, format: Format) -> str:
    """Name of the scenario in which a package of its team is published by a client."""
    return f"{one.name}: {_CLIENTS[format][0]} of an owned name"


def package(one: Publisher, format: Format, word: str = "client", version: str = packages.VERSION) -> Package:
    """A package that the publisher's team owns."""
    return Package(format, package_name(one.team.owns[format][0], word), version)


def publish(world: World, one: Publisher, what: Package, *, role: str = "", repository: str = "", content: str = "") -> str:
    """As the publishing workflow's job: log in with the publish role to the team's repository, but for what is said otherwise."""
    shell = world.job_shell(f"publish-{one.name}", world.publishing_job(one), role or world.publish_role(one.name))
    return packages.PUBLISH[what.format](shell, lambda tool: world.login(shell, tool, repository or one.team.name), what, content)


def install(world: World, repository: str, what: Package, *, ask: str = "") -> str:
    """As a pull request's build of a repository: log in with its read role to the repository that its variables name."""
    shell = world.job_shell(f"install-{repository}", world.build_job(repository), world.read_role(repository))
    asked = ask or world.consumer(repository)["repository"]
    return packages.INSTALL[what.format](shell, lambda tool: world.login(shell, tool, asked), what)


def _format(world: World, one: Publisher, format: Format) -> list[Scenario]:
    publishes, installs = _CLIENTS[format]
    owned = package(one, format)
    name = published(one, format)
    job = f"publish-package.yml on {one.branch} of {one.name}"
    # The workflow publishes as npm in any case, and what it publishes is installed: a client by hand shows little more.
    slow = format is not Format.NPM or world.settings.publishing.workflow is not None
    return [
        Scenario(name, job, f"{publishes} {owned.name}", one.team.name, lambda: publish(world, one, owned), slow=slow),
        *installed(world, one, owned, name),
        *_public(world, one, format, installs),
        Scenario(
            f"{one.name}: {publishes} of a name that the team does not own",
            job,
            f"{publishes} {_foreign(owned).name}",
            one.team.name,
            lambda: publish(world, one, _foreign(owned)),
            DENY,
            name,
        ),
        Scenario(
            f"{one.name}: {publishes} with the read role",
            f"{job}, read role",
            f"{publishes} {package(one, format, 'reader').name}",
            one.team.name,
            lambda: publish(world, one, package(one, format, "reader"), role=world.read_role(one.name)),
            DENY,
            name,
        ),
        Scenario(
            f"{one.name}: {publishes} to shared",
            job,
            f"{publishes} {owned.name}",
            SHARED_REPOSITORY,
            lambda: publish(world, one, owned, repository=SHARED_REPOSITORY),
            DENY,
            name,
            slow=True,
        ),
    ]


def _foreign(owned: Package) -> Package:
    """A name beside the owned one."""
    if owned.format is Format.NPM:
        return Package(owned.format, "@not-owned/client")
    return Package(owned.format, "not-owned-client")


def installed(world: World, one: Publisher, owned: Package, name: str) -> list[Scenario]:
    """What the scenario `name` publishes is installed by the team's own builds, and by a team that has this one as an upstream."""
    installs = _CLIENTS[owned.format][1]
    siblings = [other.name for other in one.team.repositories if other.name != one.name] or [one.name]
    made = [
        Scenario(
            f"{siblings[0]}: {installs} of {owned.name}",
            f"a pull request of {siblings[0]}",
            f"{installs} {owned.name}",
            one.team.name,
            lambda: install(world, siblings[0], owned),
            after=(name,),
        )
    ]
    for team in world.settings.teams:
        if one.team.name in team.upstreams and team.repositories:
            other = team.repositories[0].name
            made.append(
                Scenario(
                    f"{other}: {installs} of {owned.name} through its upstream",
                    f"a pull request of {other}",
                    f"{installs} {owned.name}",
                    team.name,
                    lambda other=other: install(world, other, owned),
                    after=(name,),
                )
            )
    return made


def _public(world: World, one: Publisher, format: Format, installs: str) -> list[Scenario]:
    public = world.public_package(format)
    if public is None:
        return []
    installer = next(
        iter([team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]), one.name
    )
    return [
        Scenario(
            f"{installer}: {installs} of the public package {public.name}",
            f"a pull request of {installer}",
            f"{installs} {public.name}",
            f"{SHARED_REPOSITORY} -> {world.public_source(format)}",
            lambda: install(world, installer, public),
            slow=True,
        )
    ]


# --- shared -------------------------------------------------------------------------------------------------------------------------


def _shared(world: World, found: Sequence[Publisher]) -> list[Scenario]:
    """Nobody publishes into shared or a public source, not even an administrator of the account."""
    team = next((one for one in world.settings.teams if one.has_repository), None)
    if team is None:
        return []
    allowed = f"an administrator publishes to the repository of team {team.name}"
    who = "an administrator of the account"

    def publish(repository: str) -> str:
        return _publish_generic(world, administrator(world), repository)

    made = [Scenario(allowed, who, "publish a package", team.name, lambda: publish(team.name))]
    for repository in (SHARED_REPOSITORY, *world.settings.public_sources):
        made.append(
            Scenario(
                f"an administrator publishes to {repository}",
                who,
                "publish a package",
                repository,
                lambda repository=repository: publish(repository),
                DENY,
                allowed,
            )
        )
    return made


def _publish_generic(world: World, who: Credentials, repository: str) -> str:
    content = b"by hand"
    answer = clients.call(
        world.client("codeartifact", who).publish_package_version,
        domain=world.settings.domain.name,
        domainOwner=world.place.account,
        repository=repository,
        format="generic",
        namespace="rehearsal",
        package="by-hand",
        packageVersion="1.0.0",
        assetName="file.txt",
        assetContent=content,
        assetSHA256=hashlib.sha256(content).hexdigest(),
    )
    return f"{answer['package']} {answer['version']} is {answer['status']}"
