"""What the control plane says about a version's content, per package format.

Source: API reference, PackageVersionDescription and PackageDependency.
"""

from collections.abc import Iterator
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from rehearsal.cloud.codeartifact.store import Coordinates, PackageVersion

NPM_DEPENDENCIES = {"dependencies": "regular", "devDependencies": "dev", "peerDependencies": "peer", "optionalDependencies": "optional"}
Dependency = dict[str, str | None]


def description(package: Coordinates, version: PackageVersion) -> dict[str, Any]:
    """displayName, summary, homePage, sourceCodeRepository and licenses, as far as the version's metadata has them."""
    metadata = version.metadata
    found: dict[str, Any] = {"displayName": package.name}
    if package.format == "npm":
        repository = metadata.get("repository")
        found |= {
            "summary": metadata.get("description"), "homePage": metadata.get("homepage"),
            "sourceCodeRepository": repository.get("url") if isinstance(repository, dict) else repository,
            "licenses": _licenses(metadata.get("license")),
        }  # fmt: skip
    elif package.format == "pypi":
        license = metadata.get("license_expression") or metadata.get("license")
        found |= {"summary": metadata.get("summary"), "homePage": metadata.get("home_page"), "licenses": _licenses(license)}
    elif package.format == "maven":
        found |= {
            "displayName": metadata.get("name") or package.name,
            "summary": metadata.get("description"),
            "homePage": metadata.get("url"),
        }
    return {key: value for key, value in found.items() if value}


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


def _licenses(license: Any) -> list[dict[str, str]]:
    return [{"name": license}] if isinstance(license, str) and license else []
