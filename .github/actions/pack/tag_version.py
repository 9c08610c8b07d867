"""The version that a release tag says. usage: tag_version.py FORMAT PREFIX TAG...

A tag is the version alone, or after the package's name: v1.2.3, 1.2.3, @acme/ui@1.2.3, ui@1.2.3, ui-v1.2.3, ui-1.2.3, ui/v1.2.3. PREFIX
stands in place of the name ("" = none). Tags that say no version of this package are left out. Prints the one version.
"""

import json
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

_VERSION = re.compile(r"v?([0-9]+(\.[0-9A-Za-z]+)*([-+._][0-9A-Za-z.+_-]+)?)")


def names(format: str, folder: Path) -> list[str]:
    """How tags may call the package in a folder. Raises OSError, ValueError or KeyError if its manifest says no name."""
    if format == "npm":
        name = json.loads((folder / "package.json").read_text(encoding="utf-8"))["name"]
        return [name, name.rpartition("/")[2]]
    if format == "pypi":
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        name = project.get("project", {}).get("name") or project["tool"]["poetry"]["name"]
        return [name, re.sub(r"[-_.]+", "-", name).lower()]
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
    format, prefix, *tags = sys.argv[1:]
    try:
        called = names(format, Path())
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as problem:
        print(f"the manifest does not say the package's name: {problem}", file=sys.stderr)
        return 1
    found = sorted({version for tag in tags if (version := version_of(tag, called, prefix))})
    if len(found) != 1:
        got = f"several versions: {', '.join(found)}" if found else f"no version of {called[0]}"
        said = f"the {'tag' if len(tags) == 1 else 'tags'} {', '.join(tags)}" if tags else "this commit has no tag, so"
        expected = f"{prefix}1.2.3" if prefix else f"v1.2.3 or {called[-1]}-v1.2.3"
        print(f"{said} {'says' if len(tags) == 1 else 'say'} {got}; expected one such as {expected}", file=sys.stderr)
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
