"""Refuse POMs that nobody else can read to the end. usage: poms.py FOLDER, laid out as a Maven repository

Maven publishes a POM as it is written. Who installs it reads its own and its parent's coordinates letter by letter, and fills in those of
dependencies from the properties of the POM and its parents: -Drevision=... of the build is not there. A snapshot is gone with the next one.
https://maven.apache.org/guides/mini/guide-maven-ci-friendly.html
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

COORDINATES = ("groupId", "artifactId", "version")
_PROPERTY = re.compile(r"\$\{([^}]*)\}")
# Of the model itself, or of whoever reads it.
_BUILT_IN = re.compile(r"(project|pom|java|os|user)\..+|version|groupId|artifactId|basedir")
_REVISION = "give the input version, which writes it into every POM, or let flatten-maven-plugin do so"


def _text(element: Element | None, name: str) -> str:
    return "" if element is None else (element.findtext(f"{{*}}{name}") or "").strip()


def _name(pom: Element) -> tuple[str, ...]:
    """Group, artifact and version, where the POM leaves them to its parent, the parent's."""
    parent = pom.find("{*}parent")
    return tuple(_text(pom, one) or _text(parent, one) for one in COORDINATES)


def _defined(pom: Element | None, poms: dict[tuple[str, ...], Element]) -> set[str] | None:
    """Names of properties of a POM and its parents; None if a parent is elsewhere and may define others."""
    names: set[str] = set()
    seen: list[Element] = []
    while pom is not None and pom not in seen:
        seen.append(pom)
        found = [*pom.iterfind("{*}properties/*"), *pom.iterfind("{*}profiles/{*}profile/{*}properties/*")]
        names |= {one.tag.rpartition("}")[2] for one in found}
        parent = pom.find("{*}parent")
        if parent is None:
            return names
        pom = poms.get(tuple(_text(parent, one) for one in COORDINATES))
    return None


def problems(pom: Element, poms: dict[tuple[str, ...], Element]) -> Iterator[str]:
    """What nobody else can resolve in a POM. `poms`: those that are packed with it, by group, artifact and version."""
    parent = pom.find("{*}parent")
    for what, element in (("", pom), ("parent's ", parent)):
        for one in COORDINATES:
            value = _text(element, one)
            if "${" in value:
                yield f"its {what}{one} is {value}, which only this build knows: {_REVISION}"
    defined = _defined(pom, poms)
    dependencies = [*pom.iterfind("{*}dependencies/{*}dependency"), *pom.iterfind("{*}dependencyManagement/{*}dependencies/{*}dependency")]
    for element in [*dependencies, *([] if parent is None else [parent])]:
        name = f"{_text(element, 'groupId')}:{_text(element, 'artifactId')}"
        if _text(element, "version").endswith("-SNAPSHOT"):
            yield f"it needs {name} {_text(element, 'version')}, which changes with every build: name a release version"
        used = {one for field in COORDINATES for one in _PROPERTY.findall(_text(element, field))}
        if element is not parent and defined is not None:
            for one in sorted(used - defined):
                if not _BUILT_IN.fullmatch(one):
                    yield f"no POM defines ${{{one}}} of its dependency {name}: {_REVISION}"


def main() -> int:
    files = sorted(Path(sys.argv[1]).rglob("*.pom"))
    read = {file: ElementTree.parse(file).getroot() for file in files}
    poms = {_name(pom): pom for pom in read.values()}
    found = [f"{file.name}: {problem}" for file, pom in read.items() for problem in problems(pom, poms)]
    for problem in found:
        print(f"::error title=Pack::{problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
