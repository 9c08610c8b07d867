"""One version of a package, as it lies in a folder and is to be published."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


class Refused(ValueError):
    """What lies there can't be published; the message says why."""


@dataclass(frozen=True)
class Package:
    """One version.

    namespace, name, version  as CodeArtifact has them ("" = no namespace)
    key      how others name the package in what they need
    title    name and version as people write them
    called   names that a tag may have in front of the version, the full one first
    folder   where its files are, relative to the folder that was read ("" = in it)
    assets   SHA-256 by name of its files, as CodeArtifact stores them (npm: "tarball")
    files    their names in `folder`
    needs    keys of packages that have to be there for whoever installs it
    wants    keys of packages that it goes after, if they don't need it themselves (peers, extras)
    """

    namespace: str
    name: str
    version: str
    key: str
    title: str
    called: tuple[str, ...]
    folder: str
    assets: Mapping[str, str]
    files: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()


def sha256(file: Path) -> str:
    """Of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def ordered(packages: Iterable[Package]) -> list[Package]:
    """The packages, each after those that it needs, otherwise by name. Raises Refused if some need each other in a ring."""
    waiting = sorted(packages, key=lambda one: one.key)
    found: list[Package] = []
    while waiting:
        keys = {one.key for one in waiting}
        ready = [one for one in waiting if not (one.needs | one.wants) & keys - {one.key}]
        ready = ready or [one for one in waiting if not one.needs & keys - {one.key}]
        if not ready:
            raise Refused(f"{' needs '.join(_ring(waiting))}: none can come first; let one name another as a peer or for an extra")
        found.append(ready[0])
        waiting.remove(ready[0])
    return found


def _ring(waiting: list[Package]) -> list[str]:
    """Keys that lead from one back to itself; each of the packages needs another one of them."""
    needs = {one.key: sorted(one.needs - {one.key}) for one in waiting}
    path = [waiting[0].key]
    while path.count(path[-1]) == 1:
        path.append(next(one for one in needs[path[-1]] if one in needs))
    return path[path.index(path[-1]) :]
