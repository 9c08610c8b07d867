"""The version that a release tag says. usage: tag_version.py FORMAT PREFIX TAG

A tag is the version alone, or after the package's name: v1.2.3, 1.2.3, @acme/ui@1.2.3, ui@1.2.3, ui-v1.2.3, ui-1.2.3, ui/v1.2.3. PREFIX
stands in place of the name ("" = none). A version has a dot: v1, which moves with every release, is none. Prints the version.
"""

import json
import os
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

_VERSION = re.compile(r"v?([0-9]+(\.[0-9A-Za-z]+)+([-+._][0-9A-Za-z.+_-]+)?)")


def names(format: str, folder: Path) -> list[str]:
    """How tags may call the package in a folder. Raises OSError, ValueError or KeyError if its manifest says no name."""
    if format == "npm":
        name = json.loads((folder / "package.json").read_text(encoding="utf-8"))["name"]
        return [name, name.rpartition("/")[2]]
    if format == "pypi":
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        name = project.get("project", {}).get("name") or project["tool"]["poetry"]["name"]
        return [name, re.sub(r"[-_.]+", "-", name).lower()]
    if format == "cargo":
        return [tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))["package"]["name"]]
    if format in ("nuget", "generic"):
        name = os.environ.get("PACKAGE", "")
        return [name, name.rpartition("/")[2]] if name else [folder.resolve().name]
    artifact = ElementTree.parse(folder / "pom.xml").getroot().find("{*}artifactId")
    if artifact is None or not artifact.text:
        raise KeyError("artifactId")
    return [artifact.text.strip()]


def version_of(tag: str, called: Iterable[str], prefix: str = "") -> str | None:
    """The version in a tag of a package that is called so, or None."""
    starts = [prefix] if prefix else ["", *(f"{name}{mark}" for name in called for mark in ("@", "-", "/", "_"))]
    for start in starts:
        found = _VERSION.fullmatch(tag.removeprefix(start)) if tag.startswith(start) else None
        if found:
            return found[1]
    return None


def main() -> int:
    format, prefix, tag = sys.argv[1:]
    try:
        called = names(format, Path())
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as problem:
        print(f"the manifest does not say the package's name: {problem}", file=sys.stderr)
        return 1
    version = version_of(tag, called, prefix)
    if version is None:
        expected = f"{prefix}1.2.3" if prefix else f"v1.2.3 or {called[-1]}-v1.2.3"
        print(f"the tag {tag} says no version of {called[0]}; expected one such as {expected}", file=sys.stderr)
        return 1
    print(version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
