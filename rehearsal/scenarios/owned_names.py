"""Owned names: a public package of an owned name does not come in, and another repository can't hold one (dependency confusion)."""

from policies.owned_names import Format
from rehearsal import packages
from rehearsal.cast import Publisher, first, package_name, publishers
from rehearsal.clients import CommandFailed
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Denied, Scenario
from rehearsal.scenarios.publishing import by_client, install, named, published
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import World

_NOT_FOUND = 404
# How each client says that there is no such package.
_ABSENT = {Format.NPM: "E404", Format.PYPI: "No matching distribution found"}


def scenarios(world: World) -> list[Scenario]:
    """For each format that has a client here and a public source, on the first open publisher whose team owns a pattern."""
    if world.upstream != "fixture":
        return []  # nothing is put into the real public registries
    listed: list[Scenario] = []
    for format in _ABSENT:
        publisher = by_client(world, format)
        if publisher and world.public_source(format) and publisher.roomy(format):
            listed += _confusion(world, publisher, format)
    found = publishers(world.settings, world.facts)
    publishing = (first(found, format, open=True, literal=True, roomy=True) for format in (Format.NPM, Format.PYPI))
    publisher = next(filter(None, publishing), None)
    return [*listed, *(_elsewhere(world, publisher) if publisher else [])]


def _put_public(world: World, what: Package) -> None:
    world.control.post("codeartifact/public-packages", format=what.format.value, name=what.name, version=what.version)


def _install_public(world: World, publisher: Publisher, what: Package) -> str:
    """Put a package into the public registry, then install it as a build of the team. Absent counts as refused here."""
    _put_public(world, what)
    before = world.control.position()
    try:
        return install(world, publisher.name, what)
    except CommandFailed as failure:
        absent = [refusal for refusal in world.control.refusals(before) if refusal.status == _NOT_FOUND and what.name in refusal.path]
        if absent and _ABSENT[what.format] in failure.output:
            raise Denied(f"{what.name} is in the public registry and not served here: 404 {absent[0].words}") from None
        raise


def _confusion(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    other = Package(format, "anybodys-package" if format is Format.PYPI else "@anybody/package", "9.9.9")
    owned = Package(format, package_name(publisher.team.owns[format], "internal"), "9.9.9")
    public = world.public_source(format)
    place = f"{publisher.team.own_repository} -> {world.settings.source(str(public))}"
    allowed = f"{publisher.name}: install unowned {other.name} published by a stranger on {public}"
    return [
        Scenario(
            allowed,
            f"a pull request of {publisher.name}",
            f"install {other.name} {other.version}",
            place,
            lambda: _install_public(world, publisher, other),
            slow=True,
        ),
        Scenario(
            f"{publisher.name}: install owned {owned.name} published by a stranger on {public}",
            f"a pull request of {publisher.name}",
            f"install {owned.name} {owned.version}",
            place,
            lambda: _install_public(world, publisher, owned),
            DENY,
            allowed,
        ),
        *_newer(world, publisher, format),
    ]


def _newer(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    """A newer version on the public registry does not win over the team's own."""
    own = Package(format, package_name(publisher.team.owns[format], "client"))

    def newest() -> str:
        _put_public(world, Package(format, own.name, "99.0.0"))
        installed = install(world, publisher.name, own)
        if own.version not in installed:
            raise RuntimeError(f"{own.name}: got {installed}; expected version {own.version}")
        return installed

    return [
        Scenario(
            f"{publisher.name}: install {named(world, own)} despite a stranger's newer version",
            f"a pull request of {publisher.name}",
            f"install {own.name}",
            publisher.team.own_repository,
            newest,
            after=(published(publisher, format),),
            slow=True,
        )
    ]


def _elsewhere(world: World, publisher: Publisher) -> list[Scenario]:
    """Somebody whom IAM lets publish anywhere: the package group says where an owned name may be."""
    format = next(format for format in packages.PUBLISH if format in publisher.repository.publishes and publisher.roomy(format))
    what = Package(format, package_name(publisher.team.owns[format], "by-administrator"))
    # A team that has this one as an upstream could refuse the version because it is there already, which would prove nothing.
    strangers = [team for team in world.settings.teams if team.has_repository and publisher.team.name not in (team.name, *team.upstreams)]
    other = strangers[0] if strangers else None
    if other is None:
        return []
    allowed = f"administrator: publish {what.name} to the repository of team {publisher.team.name}"

    def by_administrator(repository: str) -> str:
        shell = world.shell("administrator", administrator(world))
        return packages.PUBLISH[format](shell, lambda tool: world.login(shell, tool, repository), what)

    who = "an administrator of the account"
    return [
        Scenario(
            allowed,
            who,
            f"publish {what.name}",
            publisher.team.own_repository,
            lambda: by_administrator(publisher.team.own_repository),
            slow=True,
        ),
        Scenario(
            f"administrator: publish {what.name} to the repository of team {other.name}",
            who,
            f"publish {what.name}",
            other.own_repository,
            lambda: by_administrator(other.own_repository),
            DENY,
            allowed,
        ),
    ]
