"""Generic: the files of one version, and beside them which one it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from package import Package, Refused, sha256

_NAME, _VERSION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"), re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]*")


def packages(folder: Path) -> Iterator[Package]:
    """The one version. Raises Refused."""
    try:
        said = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        namespace, name, version = (str(said[one]) for one in ("namespace", "package", "version"))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Refused("what was packed does not say which package it is") from problem
    if not _NAME.fullmatch(namespace) or not _NAME.fullmatch(name):
        raise Refused(f"got the package {namespace}/{name}; expected NAMESPACE/NAME of letters, digits and . _ -; set the input package")
    if not _VERSION.fullmatch(version):
        raise Refused(f"not a version: {version}")
    files = sorted((folder / "assets").glob("*"))
    if not files:
        raise Refused("there is no file")
    yield Package(
        namespace=namespace,
        name=name,
        version=version,
        key=f"{namespace}/{name}",
        title=f"{namespace}/{name} {version}",
        called=(f"{namespace}/{name}", name),
        folder="assets",
        assets={one.name: sha256(one) for one in files},
        files=tuple(one.name for one in files),
    )
