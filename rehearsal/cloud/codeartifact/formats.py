"""The dependencies of a version, per package format. Source: API reference, PackageDependency."""

from collections.abc import Iterator
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.store import PackageVersion

NPM_DEPENDENCIES = {"dependencies": "regular", "devDependencies": "dev", "peerDependencies": "peer", "optionalDependencies": "optional"}
Dependency = dict[str, str | None]


def dependencies(package: Coordinates, version: PackageVersion) -> list[Dependency]:
    """The version's dependencies: namespace, package, dependencyType, versionRequirement."""
    readers = {"npm": _npm_dependencies, "pypi": _pypi_dependencies, "maven": _maven_dependencies}
    reader = readers.get(package.format)
    return list(reader(version.metadata)) if reader else []


def _npm_dependencies(manifest: dict[str, Any]) -> Iterator[Dependency]:
    for field, kind in NPM_DEPENDENCIES.items():
        for name, requirement in (manifest.get(field) or {}).items():
            scope, _, bare = name.rpartition("/")
            yield _dependency(scope.removeprefix("@"), bare, kind, requirement)


def _pypi_dependencies(metadata: dict[str, Any]) -> Iterator[Dependency]:
    for text in metadata.get("requires_dist", []):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        yield _dependency("", canonicalize_name(requirement.name), "Requires-Dist", text[len(requirement.name) :].strip())


def _maven_dependencies(metadata: dict[str, Any]) -> Iterator[Dependency]:
    for entry in metadata.get("dependencies", []):
        yield _dependency(entry["group"], entry["artifact"], entry["type"], entry["version"])


def _dependency(namespace: str, package: str, kind: str, requirement: str) -> Dependency:
    return {"namespace": namespace or None, "package": package, "dependencyType": kind, "versionRequirement": requirement or None}
