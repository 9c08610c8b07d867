"""The reusable workflows as they stand: their steps run, against the local cloud, as a consuming repository's jobs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.owned_names import Format
from rehearsal import clients, onboarding, packages
from rehearsal.actions.standins import Artifacts
from rehearsal.cast import WRITER, Publisher, first, publishers
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios import generated_clients
from rehearsal.scenarios.publishing import installed, package
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import PUBLISH, World

# What the runner has, and no step of the workflow sets up.
_BUILT_BY = {Format.CARGO: ("cargo",), Format.NUGET: ("dotnet",)}


def scenarios(world: World) -> list[Scenario]:
    """Publishing by workflow in each format, what the workflow refuses, and running it again."""
    if world.settings.publishing.workflow is None:
        return []
    found = publishers(world.settings, world.facts)
    listed: list[Scenario] = []
    # A Python package's build takes long: where the generated client is one, another would show nothing more.
    for format in [each for each in Format if each is not Format.PYPI or each not in generated_clients.formats(world)]:
        publisher = first(found, format, open=True, literal=True) or first(found, format, literal=True)
        if publisher:
            listed += _format(world, publisher, format)
    publisher = first(found, Format.NPM, open=True, literal=True)
    if publisher:
        listed += [
            *installed(world, publisher, by_workflow(publisher, Format.NPM), published(publisher, Format.NPM)),
            *_refusals(world, publisher),
        ]
        listed += [_older_line(world, publisher)] if publisher.roomy(Format.NPM) else []
    python = first(found, Format.PYPI, literal=True, roomy=True)
    return [*listed, *(_two_wheels(world, python) if python else [])]


def published(publisher: Publisher, format: Format) -> str:
    """Name of the scenario in which the workflow publishes a package of that format."""
    return f"{publisher.name}: run {PUBLISH} for format {format}"


def by_workflow(publisher: Publisher, format: Format, version: str = packages.VERSION) -> Package:
    """The package that the workflow publishes."""
    return package(publisher, format, "by-workflow", version)


def run(
    world: World,
    publisher: Publisher,
    what: Package,
    variables: Mapping[str, str] = {},
    *,
    source: Path | None = None,
    inputs: Mapping[str, Any] | None = None,
    artifacts: Artifacts | None = None,
    **trigger: Any,
) -> str:
    """Run the publishing workflow for a package. `variables` change the repository's, `source` is its tree (default: the example's),
    `inputs` are what its workflow passes (default: as the example's), `artifacts` what its other jobs uploaded before, `trigger` says what
    starts it (default: a push).
    """
    for tool in _BUILT_BY.get(what.format, ()):
        clients.needs(tool)
    inputs = inputs or (packages.inputs(what) if source else None)
    source = source or onboarding.source(world.folder("source"), what)
    started = trigger or {"event": "push", "ref": f"refs/heads/{publisher.branch}"}
    request = {"workflow": ".github/workflows/release.yml", "job_workflow_ref": str(world.settings.publishing.workflow), **started}
    inputs = {**(inputs or onboarding.inputs(source)), "environment": publisher.repository.environment, **clients.tool_version(what.format)}
    given: dict[str, Any] = {"inputs": inputs, "source": source, "variables": variables, "artifacts": artifacts}
    return world.run_workflow(PUBLISH, publisher.name, WRITER, request, **given)


def _older_line(world: World, publisher: Publisher) -> Scenario:
    """A fix of an older line is published after a newer version: `latest` stays."""
    newer, older = by_workflow(publisher, Format.NPM), by_workflow(publisher, Format.NPM, "0.9.5")

    def attempt() -> str:
        done = run(world, publisher, older)
        latest = world.client("codeartifact", administrator(world)).list_package_versions(
            domain=world.settings.domain.name,
            domainOwner=world.place.account,
            repository=publisher.team.own_repository,
            **older.coordinates,
        )["defaultDisplayVersion"]
        if latest != newer.version:
            raise RuntimeError(f"latest of {older.name}: got {latest}; expected {newer.version}")
        return done

    return Scenario(
        f"{publisher.name}: run {PUBLISH} for an older line",
        f"{PUBLISH}, a push to {publisher.branch} of {publisher.name}",
        f"publish {older.name} {older.version} after {newer.version}",
        publisher.team.own_repository,
        attempt,
        after=(published(publisher, Format.NPM), f"{publisher.name}: run {PUBLISH} again"),
        slow=True,
    )


def _two_wheels(world: World, publisher: Publisher) -> list[Scenario]:
    """A version with two wheels is published at once, and gets no third one later."""
    what = package(publisher, Format.PYPI, "two-wheels")
    who, two = (
        f"{PUBLISH}, a push to {publisher.branch} of {publisher.name}",
        f"{publisher.name}: run {PUBLISH} for a version with two wheels",
    )

    def publish(*platforms: str) -> str:
        source = packages.python_project(world.folder("source"), what)
        backend = source / "backend.py"
        more = (
            "    built = pathlib.Path(directory, file)\n"
            "    for other in {!r}:\n        built.with_name(file.replace('any', other)).write_bytes(built.read_bytes())\n"
        )
        backend.write_text(backend.read_text().replace("    return file\n", f"{more.format(platforms)}    return file\n", 1))
        return run(world, publisher, what, source=source)

    return [
        Scenario(two, who, f"publish {what.name} as two wheels", publisher.team.own_repository, lambda: publish("win_amd64"), slow=True),
        Scenario(
            f"{publisher.name}: run {PUBLISH} to add a wheel to a published version",
            who,
            f"publish {what.name} as three wheels",
            publisher.team.own_repository,
            lambda: publish("win_amd64", "win_arm64"),
            DENY,
            two,
            (two,),
            slow=True,
        ),
    ]


def _format(world: World, publisher: Publisher, format: Format) -> list[Scenario]:
    what = by_workflow(publisher, format)
    who = f"{PUBLISH}, a push to {publisher.branch} of {publisher.name}"
    return [
        Scenario(
            published(publisher, format),
            who,
            f"publish {what.name}",
            publisher.team.own_repository,
            lambda: run(world, publisher, what),
            slow=format is not Format.NPM,
        )
    ]


def _refusals(world: World, publisher: Publisher) -> list[Scenario]:
    allowed = published(publisher, Format.NPM)
    again = f"{publisher.name}: run {PUBLISH} again"
    what = by_workflow(publisher, Format.NPM)
    other = package(publisher, Format.NPM, "by-event")

    def on_pull_request_target() -> str:
        number = world.github.pull_request(publisher.name, WRITER)["number"]
        return run(world, publisher, other, event="pull_request_target", pull_request=number)

    return [
        Scenario(
            again,
            f"{PUBLISH}, the same commit of {publisher.name}",
            f"publish {what.name} again",
            publisher.team.own_repository,
            lambda: run(world, publisher, what),
            after=(allowed,),
            slow=True,
        ),
        Scenario(
            f"{publisher.name}: run {PUBLISH} on pull_request_target",
            f"{PUBLISH}, a pull_request_target of {publisher.name}",
            f"publish {other.name}",
            publisher.team.own_repository,
            on_pull_request_target,
            DENY,
            allowed,
        ),
        Scenario(
            f"{publisher.name}: run {PUBLISH} on workflow_run",
            f"{PUBLISH}, a workflow_run of {publisher.name}",
            f"publish {other.name}",
            publisher.team.own_repository,
            lambda: run(world, publisher, other, event="workflow_run"),
            DENY,
            allowed,
        ),
        Scenario(
            f"{publisher.name}: run {PUBLISH} with a variable for another account",
            f"{PUBLISH}, a push to {publisher.branch} of {publisher.name}, CODEARTIFACT_DOMAIN_OWNER changed",
            f"publish {other.name}",
            publisher.team.own_repository,
            lambda: run(world, publisher, other, {"CODEARTIFACT_DOMAIN_OWNER": "999999999999"}),
            DENY,
            allowed,
        ),
    ]
