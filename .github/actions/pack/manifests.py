"""Names of packages in their sources' manifests, by format."""

import json
import os
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from pathlib import Path


class Refused(ValueError):
    """The sources can't be packed as they are asked for; the message says why."""


def _npm(text: str) -> list[str]:
    name = json.loads(text)["name"]
    return [name, name.rpartition("/")[2]]


def _pypi(text: str) -> list[str]:
    project = tomllib.loads(text)
    name = project.get("project", {}).get("name") or project["tool"]["poetry"]["name"]
    return [name, re.sub(r"[-_.]+", "-", name).lower()]


def _maven(text: str) -> list[str]:
    artifact = ElementTree.fromstring(text).find("{*}artifactId")
    if artifact is None or not artifact.text:
        raise KeyError("artifactId")
    return [artifact.text.strip()]


def _cargo(text: str) -> list[str]:
    return [tomllib.loads(text)["package"]["name"]]


# The manifest's file, and how it says the names.
MANIFESTS: Mapping[str, tuple[str, Callable[[str], list[str]]]] = {
    "npm": ("package.json", _npm),
    "pypi": ("pyproject.toml", _pypi),
    "maven": ("pom.xml", _maven),
    "cargo": ("Cargo.toml", _cargo),
}


def manifest(format: str) -> str:
    """The manifest's file; of a format that has none, the folder itself."""
    return MANIFESTS[format][0] if format in MANIFESTS else "."


def names(format: str, folder: Path) -> list[str]:
    """How tags may call the package in a folder, the full name first. Raises Refused."""
    if format not in MANIFESTS:
        name = os.environ.get("PACKAGE", "")
        return [name, name.rpartition("/")[2]] if name else [folder.resolve().name]
    file, read = MANIFESTS[format]
    try:
        return read((folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, ElementTree.ParseError) as problem:
        raise Refused(f"the manifest does not say the package's name: {folder / file}: {problem}") from problem


def is_private(format: str, folder: Path) -> bool:
    """Whether a manifest says that the package is for its own repository alone: npm's `private`, PyPI's classifier, cargo's `publish`.

    https://docs.npmjs.com/cli/v11/configuring-npm/package-json#private, https://pypi.org/classifiers
    https://doc.rust-lang.org/cargo/reference/manifest.html#the-publish-field
    """
    if format not in MANIFESTS:
        return False
    text = (folder / MANIFESTS[format][0]).read_text(encoding="utf-8")
    try:
        if format == "npm":
            return json.loads(text).get("private") not in (None, False)
        if format == "pypi":
            return any(one.startswith("Private ::") for one in tomllib.loads(text).get("project", {}).get("classifiers", []))
        if format == "cargo":
            return tomllib.loads(text).get("package", {}).get("publish") in (False, [])
    except (ValueError, AttributeError):
        return False
    return False
