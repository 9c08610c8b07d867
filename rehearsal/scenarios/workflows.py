"""The reusable workflows as they stand: their steps run, against the local cloud, as a consuming repository's jobs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.owned_names import Format
from rehearsal import clients, onboarding, packages
from rehearsal.cast import WRITER, Publisher, first, publishers
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios import generated
from rehearsal.scenarios.publishing import installed, package
from rehearsal.scenarios.reading import administrator
from rehearsal.world import PUBLISH, World


def scenarios(world: World) -> list[Scenario]:
    """Publishing by workflow in each format, what the workflow refuses, and running it again."""
    if world.settings.publishing.workflow is None:
        return []
    found = publishers(world.settings)
    made: list[Scenario] = []
    # A Python package's build takes long: where the generated client is one, another would show nothing more.
    for format in [one for one in Format if one is not Format.PYPI or one not in generated.formats(world)]:
        one = first(found, format, open=True, literal=True) or first(found, format, literal=True)
        if one:
            made += _format(world, one, format)
    one = first(found, Format.NPM, open=True, literal=True)
    if one:
        made += [*installed(world, one, by_workflow(one, Format.NPM), published(one, Format.NPM)), *_refusals(world, one)]
        made.append(_older_line(world, one))
    python = first(found, Format.PYPI, literal=True)
    return [*made, *(_growing(world, python) if python else [])]


def published(one: Publisher, format: Format) -> str:
    """Name of the scenario in which the workflow publishes a package of that format."""
    return f"{one.name}: run {PUBLISH} for format {format}"


def by_workflow(one: Publisher, format: Format, version: str = packages.VERSION) -> Package:
    """The package that the workflow publishes."""
    return package(one, format, "by-workflow", version)


def run(
    world: World, one: Publisher, what: Package, variables: Mapping[str, str] = {}, *, source: Path | None = None, **trigger: Any
) -> str:
    """Run the publishing workflow for a package. `variables` change the repository's, `source` is its tree (default: the example's),
    `trigger` says what starts it (default: a push).
    """
    inputs = {"format": what.format.value} if source else {}
    source = source or onboarding.source(world.folder("source"), what)
    started = trigger or {"event": "push", "ref": f"refs/heads/{one.branch}"}
    request = {"workflow": ".github/workflows/release.yml", "job_workflow_ref": str(world.settings.publishing.workflow), **started}
    inputs = {**(inputs or onboarding.inputs(source)), "environment": one.repository.environment, **clients.tool_version(what.format)}
    return world.run_workflow(PUBLISH, one.name, WRITER, request, inputs=inputs, source=source, variables=variables)


def _older_line(world: World, one: Publisher) -> Scenario:
    """A fix of an older line is published after a newer version: `latest` stays."""
    newer, older = by_workflow(one, Format.NPM), by_workflow(one, Format.NPM, "0.9.5")

    def attempt() -> str:
        done = run(world, one, older)
        latest = world.client("codeartifact", administrator(world)).list_package_versions(
            domain=world.settings.domain.name, domainOwner=world.place.account, repository=one.team.name, **older.coordinates
        )["defaultDisplayVersion"]
        if latest != newer.version:
            raise RuntimeError(f"latest of {older.name} is {latest}, not {newer.version}")
        return done

    return Scenario(
        f"{one.name}: run {PUBLISH} for an older line",
        f"{PUBLISH}, a push to {one.branch} of {one.name}",
        f"publish {older.name} {older.version} after {newer.version}",
        one.team.name,
        attempt,
        after=(published(one, Format.NPM), f"{one.name}: run {PUBLISH} again"),
        slow=True,
    )


def _growing(world: World, one: Publisher) -> list[Scenario]:
    """A version with two wheels is published at once, and gets no third one later."""
    what = package(one, Format.PYPI, "two-wheels")
    who, two = f"{PUBLISH}, a push to {one.branch} of {one.name}", f"{one.name}: run {PUBLISH} for a version with two wheels"

    def publish(*platforms: str) -> str:
        source = packages.python_project(world.folder("source"), what)
        backend = source / "backend.py"
        more = (
            "    built = pathlib.Path(directory, file)\n"
            "    for other in {!r}:\n        built.with_name(file.replace('any', other)).write_bytes(built.read_bytes())\n"
        )
        backend.write_text(backend.read_text().replace("    return file\n", f"{more.format(platforms)}    return file\n", 1))
        return run(world, one, what, source=source)

    return [
        Scenario(two, who, f"publish {what.name} as two wheels", one.team.name, lambda: publish("win_amd64"), slow=True),
        Scenario(
            f"{one.name}: run {PUBLISH} to add a wheel to a published version",
            who,
            f"publish {what.name} as three wheels",
            one.team.name,
            lambda: publish("win_amd64", "win_arm64"),
            DENY,
            two,
            (two,),
            slow=True,
        ),
    ]


def _format(world: World, one: Publisher, format: Format) -> list[Scenario]:
    what = by_workflow(one, format)
    who = f"{PUBLISH}, a push to {one.branch} of {one.name}"
    return [
        Scenario(
            published(one, format), who, f"publish {what.name}", one.team.name, lambda: run(world, one, what), slow=format is not Format.NPM
        )
    ]


def _refusals(world: World, one: Publisher) -> list[Scenario]:
    allowed = published(one, Format.NPM)
    again = f"{one.name}: run {PUBLISH} again"
    what = by_workflow(one, Format.NPM)
    other = package(one, Format.NPM, "by-event")

    def on_pull_request_target() -> str:
        number = world.github.pull_request(one.name, WRITER)["number"]
        return run(world, one, other, event="pull_request_target", pull_request=number)

    return [
        Scenario(
            again,
            f"{PUBLISH}, the same commit of {one.name}",
            f"publish {what.name} again",
            one.team.name,
            lambda: run(world, one, what),
            after=(allowed,),
            slow=True,
        ),
        Scenario(
            f"{one.name}: run {PUBLISH} on pull_request_target",
            f"{PUBLISH}, a pull_request_target of {one.name}",
            f"publish {other.name}",
            one.team.name,
            on_pull_request_target,
            DENY,
            allowed,
        ),
        Scenario(
            f"{one.name}: run {PUBLISH} on workflow_run",
            f"{PUBLISH}, a workflow_run of {one.name}",
            f"publish {other.name}",
            one.team.name,
            lambda: run(world, one, other, event="workflow_run"),
            DENY,
            allowed,
        ),
        Scenario(
            f"{one.name}: run {PUBLISH} with a variable for another account",
            f"{PUBLISH}, a push to {one.branch} of {one.name}, CODEARTIFACT_DOMAIN_OWNER changed",
            f"publish {other.name}",
            one.team.name,
            lambda: run(world, one, other, {"CODEARTIFACT_DOMAIN_OWNER": "999999999999"}),
            DENY,
            allowed,
        ),
    ]
