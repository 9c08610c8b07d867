"""Refuse POMs that nobody else can read to the end. usage: poms.py FOLDER, laid out as a Maven repository

Maven publishes a POM as it is written. Who installs it reads its own and its parent's coordinates letter by letter, and fills in those of
dependencies from the properties of the POM and its parents: -Drevision=... of the build is not there. A snapshot is gone with the next one.
https://maven.apache.org/guides/mini/guide-maven-ci-friendly.html
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

COORDINATES = ("groupId", "artifactId", "version")
# What they are resolved to reaches nobody who installs the package.
# https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html#dependency-scope
NOT_INSTALLED = ("test", "provided", "system")
_PROPERTY = re.compile(r"\$\{([^{}]*)\}")
# Of the model itself, or of whoever reads it.
_BUILT_IN = re.compile(r"(project|pom|parent|java|os|user)\..+|basedir")
_SNAPSHOT = re.compile(r"(^|-)SNAPSHOT\b")
_REVISION = "give the input version, which writes it into every POM, or let flatten-maven-plugin do so"
Name = tuple[str, ...]


def _text(element: Element | None, name: str) -> str:
    return "" if element is None else (element.findtext(f"{{*}}{name}") or "").strip()


def coordinates(pom: Element) -> Name:
    """Group, artifact and version, where the POM leaves them to its parent, the parent's."""
    parent = pom.find("{*}parent")
    return tuple(_text(pom, one) or _text(parent, one) for one in COORDINATES)


def _lineage(pom: Element, poms: dict[Name, Element]) -> tuple[list[Element], bool]:
    """A POM and its parents, as far as they are packed, and whether that is all of them."""
    found: list[Element] = []
    current: Element | None = pom
    while current is not None and current not in found:
        found.append(current)
        parent = current.find("{*}parent")
        if parent is None:
            return found, True
        current = poms.get(tuple(_text(parent, one) for one in COORDINATES))
    return found, False


def _read_by_others(pom: Element) -> Iterator[Element]:
    """The POM and those of its profiles that may be active for whoever installs it: a build's own options (-P, -D) are not there.

    https://maven.apache.org/guides/introduction/introduction-to-profiles.html
    """
    yield pom
    for profile in pom.iterfind("{*}profiles/{*}profile"):
        activation = profile.find("{*}activation")
        by_default = _text(activation, "activeByDefault") == "true" or _text(activation, "property/{*}name").startswith("!")
        if activation is not None and (by_default or any(activation.find(f"{{*}}{one}") is not None for one in ("jdk", "os"))):
            yield profile


def _properties(lineage: list[Element]) -> dict[str, str]:
    """Properties by name, a child's before its parent's; among them the coordinates, which have several names."""
    found: dict[str, str] = {}
    for pom in reversed(lineage):
        for part in _read_by_others(pom):
            found |= {one.tag.rpartition("}")[2]: (one.text or "").strip() for one in part.iterfind("{*}properties/*")}
    own, parent = lineage[0], lineage[0].find("{*}parent")
    for one, value in zip(COORDINATES, coordinates(own), strict=True):
        found |= {f"{prefix}{one}": value for prefix in ("project.", "pom.", "")}
        if parent is not None:
            found |= {f"{prefix}parent.{one}": _text(parent, one) for prefix in ("project.", "pom.", "")}
    return found


def _filled(text: str, properties: dict[str, str], inside: tuple[str, ...] = ()) -> str:
    """A text with its properties filled in, and theirs; one that is not defined, or leads back to itself, stays as it is."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name in inside or name not in properties else _filled(properties[name], properties, (*inside, name))

    return _PROPERTY.sub(value, text)


def _needed(lineage: list[Element]) -> Iterator[Element]:
    """Dependencies that who installs the package gets or reads: its own and its parents', managed ones, and where it moved to."""
    parts = [part for pom in lineage for part in _read_by_others(pom)]
    managed = [one for part in parts for one in part.iterfind("{*}dependencyManagement/{*}dependencies/{*}dependency")]
    scopes = {tuple(_text(one, field) for field in COORDINATES[:2]): _text(one, "scope") for one in reversed(managed)}
    for one in [*(one for part in parts for one in part.iterfind("{*}dependencies/{*}dependency")), *managed]:
        scope = _text(one, "scope") or scopes.get(tuple(_text(one, field) for field in COORDINATES[:2]), "")
        if scope not in NOT_INSTALLED and _text(one, "optional") != "true":
            yield one
    yield from lineage[0].iterfind("{*}distributionManagement/{*}relocation")


def needs(pom: Element, poms: dict[Name, Element]) -> tuple[frozenset[str], frozenset[str]]:
    """GROUP:ARTIFACT of what whoever installs a POM needs, and of what it has versions for alone. `poms`: as `problems`."""
    lineage, _ = _lineage(pom, poms)
    properties = _properties(lineage)
    managed = {id(one) for part in lineage for one in part.iterfind(".//{*}dependencyManagement//{*}dependency")}
    parent = pom.find("{*}parent")

    def named(elements: Iterable[Element]) -> frozenset[str]:
        return frozenset(":".join(_filled(_text(one, field), properties) for field in COORDINATES[:2]) for one in elements)

    elements = [*_needed(lineage), *([] if parent is None else [parent])]
    return named(one for one in elements if id(one) not in managed), named(one for one in elements if id(one) in managed)


def problems(pom: Element, poms: dict[Name, Element]) -> Iterator[str]:
    """What nobody else can resolve in a POM. `poms`: those that are packed with it, by group, artifact and version."""
    parent = pom.find("{*}parent")
    for what, element in (("", pom), ("parent's ", parent)):
        for one in COORDINATES:
            value = _text(element, one)
            if "${" in value:
                yield f"its {what}{one} is {value}, which only this build knows: {_REVISION}"
    lineage, complete = _lineage(pom, poms)
    properties = _properties(lineage)
    for element in [*_needed(lineage), *([] if parent is None else [parent])]:
        filled = {one: _filled(_text(element, one), properties) for one in COORDINATES}
        name = f"{filled['groupId']}:{filled['artifactId']}"
        if _SNAPSHOT.search(filled["version"]):
            yield f"it needs {name} {filled['version']}, which changes with every build: name a release version"
        if element is not parent and complete:
            unknown = {one for value in filled.values() for one in _PROPERTY.findall(value) if not _BUILT_IN.fullmatch(one)}
            for one in sorted(unknown):
                yield f"no POM defines ${{{one}}} of its dependency {name}: {_REVISION}"


def main() -> int:
    files = sorted(Path(sys.argv[1]).rglob("*.pom"))
    read = {file: ElementTree.parse(file).getroot() for file in files}
    poms = {coordinates(pom): pom for pom in read.values()}
    found = [f"{file.name}: {problem}" for file, pom in read.items() for problem in dict.fromkeys(problems(pom, poms))]
    for problem in found:
        print(f"::error title=Pack::{problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
