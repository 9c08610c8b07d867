"""Publishing what the build packed, and several packages in one run: a monorepo, a matrix of wheels, a repository laid out as Maven's."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from policies.owned_names import Format
from rehearsal import packages
from rehearsal.actions.standins import Artifacts
from rehearsal.cast import Publisher, first, publishers
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios import workflows
from rehearsal.scenarios.publishing import package
from rehearsal.world import PUBLISH, World

_NOT_OWNED = "@not-owned/client"


def scenarios(world: World) -> list[Scenario]:
    """For the first repository of each format, if stacks name the workflow."""
    if world.settings.publishing.workflow is None:
        return []
    found = publishers(world.settings, world.facts)
    parts: Mapping[Format, Callable[[World, Publisher], list[Scenario]]] = {
        Format.NPM: _npm,
        Format.PYPI: _matrix,
        Format.MAVEN: _repository,
    }
    listed: list[Scenario] = []
    for format, part in parts.items():
        publisher = first(found, format, open=True, literal=True, roomy=True) or first(found, format, literal=True, roomy=True)
        listed += part(world, publisher) if publisher else []
    return listed


def _run(publisher: Publisher, what: str, attempt: Callable[[], str], twin: str = "", after: tuple[str, ...] = ()) -> Scenario:
    """The workflow for `what`; denied if there is a twin."""
    return Scenario(
        f"{publisher.name}: run {PUBLISH} for {what}",
        f"{PUBLISH}, a push to {publisher.branch} of {publisher.name}",
        f"publish {what}",
        publisher.team.name,
        attempt,
        DENY if twin else "allow",
        f"{publisher.name}: run {PUBLISH} for {twin}" if twin else None,
        tuple(f"{publisher.name}: run {PUBLISH} for {one}" for one in after),
        slow=True,
    )


def _npm(world: World, publisher: Publisher) -> list[Scenario]:
    base, user = (package(publisher, Format.NPM, f"monorepo-{word}") for word in ("zz-base", "user"))
    tarball = package(publisher, Format.NPM, "tarball")

    def monorepo(*projects: Package, **fields: Any) -> str:
        """Each in a folder of its own; the last one gets more fields in its manifest."""
        source = world.folder("source")
        for number, one in enumerate(projects):
            _change(packages.npm_project(source / "packages" / str(number), one), **(fields if one is projects[-1] else {}))
        return workflows.run(world, publisher, base, source=source, inputs={"format": "npm", "packages": "packages/*"})

    def both() -> str:
        summary = monorepo(replace(user, needs=(base.name,)), base)
        named = [name for name in summary.replace("|", " ").split() if name.startswith("monorepo-")]
        if named != ["monorepo-zz-base", "monorepo-user"]:
            raise RuntimeError(f"got {', '.join(named)} in this order; expected monorepo-zz-base before monorepo-user")
        return summary

    def packed(version: str = "", **fields: Any) -> str:
        source = world.folder("source")
        _change(packages.npm_project(source / "package", tarball), **fields)
        command = {"build-command": "mkdir dist && npm pack ./package --pack-destination dist", "packed": "dist/*.tgz"}
        return workflows.run(world, publisher, tarball, source=source, inputs={"format": "npm", "version": version, **command})

    two, one = "two packages of a monorepo", "a tarball that the build packed"
    newer = replace(user, version="1.1.0")
    return [
        _run(publisher, two, both),
        _run(publisher, f"{two}, of which one is new", lambda: monorepo(base, newer), after=(two,)),
        _run(publisher, f"{two}, of which one is published with other content", lambda: monorepo(newer, base, license="MIT"), two, (two,)),
        _run(publisher, f"{two}, of which its team owns one", lambda: monorepo(base, Package(Format.NPM, _NOT_OWNED)), two, (two,)),
        _run(publisher, one, packed),
        _run(publisher, f"{one} with a dependency of the workspace", lambda: packed(dependencies={base.name: "workspace:^"}), one),
        _run(publisher, f"{one} of a private package", lambda: packed(private=True), one),
        _run(publisher, f"{one} at another version than asked for", lambda: packed("9.9.9"), one),
    ]


def _change(project: Path, **fields: Any) -> None:
    manifest = project / "package.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **fields}))


def _matrix(world: World, publisher: Publisher) -> list[Scenario]:
    what, mixed = (package(publisher, Format.PYPI, word) for word in ("matrix", "mixed-matrix"))

    def publish(*wheels: tuple[str, Package], artifact: str = "wheels-*") -> str:
        """A job of the caller for each platform has uploaded its wheel."""
        artifacts = Artifacts(world.folder("artifacts"))
        for platform, one in wheels:
            _, folder = artifacts.make(f"wheels-{platform}", overwrite=False)
            made = packages.wheel(folder, one)
            made.rename(made.with_name(made.name.replace("py3-none-any", f"cp313-cp313-{platform}")))
        inputs = {"format": "pypi", "packed-artifact": artifact}
        source = packages.python_project(world.folder("source"), what)
        return workflows.run(world, publisher, what, source=source, inputs=inputs, artifacts=artifacts)

    all_of_it = "a matrix of wheels"
    later = replace(mixed, version="1.0.1")
    return [
        _run(publisher, all_of_it, lambda: publish(("manylinux_2_28_x86_64", what), ("macosx_11_0_arm64", what), ("win_amd64", what))),
        _run(publisher, f"{all_of_it} of two versions", lambda: publish(("manylinux_2_28_x86_64", mixed), ("win_amd64", later)), all_of_it),
        _run(publisher, f"{all_of_it} that no job uploaded", lambda: publish(("win_amd64", mixed), artifact="wheel-*"), all_of_it),
    ]


def _repository(world: World, publisher: Publisher) -> list[Scenario]:
    what = package(publisher, Format.MAVEN, "packed")

    def publish(version: str, said: str = "") -> str:
        """What a build tool leaves in a repository of its own: a POM that says its version, checksums, metadata."""
        source, (group, artifact) = world.folder("source"), what.name.split(":")
        home = source.joinpath("build", "packed", *group.split("."), artifact, version)
        pom = packages.maven_project(source / "pom", replace(what, version=said or version)) / "pom.xml"
        home.mkdir(parents=True)
        file = home / f"{artifact}-{version}.pom"
        file.write_text(pom.read_text())
        file.with_name(f"{file.name}.sha1").write_text("0" * 40)
        (home.parent / "maven-metadata.xml").write_text("<metadata/>")
        return workflows.run(world, publisher, what, source=source, inputs={"format": "maven", "packed": "build/packed"})

    whole = "a Maven repository that the build wrote"
    return [
        _run(publisher, whole, lambda: publish("1.0.0")),
        _run(publisher, f"{whole} with a snapshot", lambda: publish("1.1.0-SNAPSHOT"), whole),
        _run(publisher, f"{whole} with ${{revision}} in a POM", lambda: publish("1.1.0", "${revision}"), whole),
    ]
