"""npm: tarballs as npm pack writes them, and the pack commands of pnpm and yarn."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tarball
from package import Package, Refused, sha256

_NAME = re.compile(r"(?:@([a-z0-9][a-z0-9._-]*)/)?([a-z0-9][a-z0-9._-]*)")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?")
_ALIAS = re.compile(r"npm:((?:@[^@/]+/)?[^@/]+)")


def _refusals(manifest: dict[str, Any]) -> Iterator[str]:
    """What npm would take for a setting of its own, or not publish."""
    settings = manifest.get("publishConfig") or {}
    if not isinstance(settings, dict):
        yield "publishConfig is no mapping"
        return
    if settings.get("registry"):
        where = settings["registry"]
        yield f"package.json sends the package to {where} (publishConfig.registry): leave that out, the workflow knows where to"
    # npm takes every key of publishConfig for a setting of its own: proxy, TLS, registries, tokens. These two can't send the token
    # elsewhere; --tag wins over the one, and CodeArtifact does not know the other.
    if extra := sorted(settings.keys() - {"access", "tag", "registry"}):
        yield f"package.json sets {', '.join(extra)} in publishConfig, where npm takes it for a setting of its own: leave that out"
    # https://github.com/npm/cli/blob/latest/workspaces/libnpmpublish/lib/publish.js: it wins over --tag.
    if "tag" in manifest:
        yield "package.json has a tag: leave that out, the input npm-tag is for that"
    # https://docs.npmjs.com/cli/v11/configuring-npm/package-json#private
    if manifest.get("private") not in (None, False):
        yield 'package.json says "private": true, and npm publishes no such package: leave that out'


def _names(manifest: dict[str, Any], *kinds: str) -> frozenset[str]:
    """Packages that a manifest names, by their names in a registry."""
    found: set[str] = set()
    for kind in kinds:
        named = manifest.get(kind) or {}
        if not isinstance(named, dict):
            raise Refused(f"{kind} is no mapping")
        for name, specifier in named.items():
            alias = _ALIAS.match(specifier) if isinstance(specifier, str) else None
            found.add(alias[1] if alias else name)
    return frozenset(found)


def _package(file: Path) -> Package:
    try:
        manifest = tarball.manifest(file.read_bytes())
    except tarball.Refused as problem:
        raise Refused(f"the tarball is not as npm pack writes it: {problem}") from problem
    full, version = manifest.get("name"), manifest.get("version")
    named = _NAME.fullmatch(full) if isinstance(full, str) else None
    if named is None:
        raise Refused(f"not a package name: {full}" if full else "package.json has no name")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise Refused(f"not a version: {version}" if version else "package.json has no version")
    for problem in _refusals(manifest):
        raise Refused(problem)
    return Package(
        namespace=named[1] or "",
        name=named[2],
        version=version,
        key=named[0],
        title=f"{named[0]}@{version}",
        called=(named[0], named[2]),
        folder="",
        assets={"tarball": sha256(file)},
        files=(file.name,),
        needs=_names(manifest, "dependencies", "optionalDependencies"),
        wants=_names(manifest, "peerDependencies"),
    )


def packages(folder: Path) -> Iterator[Package]:
    """One of each tarball. Raises Refused."""
    for file in sorted(folder.glob("*.tgz")):
        try:
            yield _package(file)
        except Refused as problem:
            raise Refused(f"{file.name}: {problem}") from problem
