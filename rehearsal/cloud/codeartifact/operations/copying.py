"""CopyPackageVersions. Source: User Guide, "Copy packages between repositories"."""

from dataclasses import dataclass
from typing import Any

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.errors import invalid, not_implemented
from rehearsal.cloud.codeartifact.lookup import existing_package
from rehearsal.cloud.codeartifact.operations.call import Call, operation
from rehearsal.cloud.codeartifact.operations.package_versions import Problem, failures
from rehearsal.cloud.codeartifact.origin_controls import may_enter
from rehearsal.cloud.codeartifact.store import Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.versions import add_version, copy_of

MOST_VERSIONS = 100


@dataclass(frozen=True)
class Copy:
    """What is copied from where to where."""

    domain: Domain
    source: Repository
    destination: Repository
    package: Coordinates
    available: dict[str, PackageVersion]


@operation
def copy_package_versions(call: Call) -> dict[str, Any]:
    """All versions or none. Those that are in the destination with the same assets and metadata are left out of the answer."""
    wanted = _wanted(call)
    copy = _authorized(call)
    existing = {name for name in wanted if name in copy.available and _is_there(copy, name)}
    failed = {name: problem for name in wanted if name not in existing and (problem := _problem(call, copy, name))}
    failed |= {name: problem for name in existing if (problem := _revision_problem(call, copy, name))}
    if failed:
        return {"successfulVersions": {}, "failedVersions": failures(wanted, failed)}
    copied = {name: _copy(call, copy, name) for name in wanted if name not in existing}
    return {"successfulVersions": {n: {"revision": v.revision, "status": v.status} for n, v in copied.items()}, "failedVersions": {}}


def _wanted(call: Call) -> list[str]:
    for option in ("allowOverwrite", "includeFromUpstream"):
        if call.get(option, False):
            raise not_implemented(f"{option} of CopyPackageVersions")
    versions, revisions = call.get("versions"), call.get("versionRevisions")
    if bool(versions) == bool(revisions):
        raise invalid("Either versions or versionRevisions must be specified, and not both.")
    wanted = list(versions or revisions)
    if len(wanted) > MOST_VERSIONS:
        raise invalid(f"A call copies at most {MOST_VERSIONS} versions.")
    if len(set(wanted)) < len(wanted):
        raise invalid("A version is named more than once.")
    if call.params["sourceRepository"] == call.params["destinationRepository"]:
        raise invalid("The source repository is the destination repository.")
    return wanted


def _authorized(call: Call) -> Copy:
    """Copying is authorized on the destination's package and on the destination, reading on the source."""
    package, destination = call.coordinates(), call.params["destinationRepository"]
    call.allow("CopyPackageVersions", call.targets.package(call.owner, call.domain_name, destination, package))
    call.allow("CopyPackageVersions", call.targets.repository(call.owner, call.domain_name, destination))
    domain, source = call.repository("ReadFromRepository", "sourceRepository")
    _, target = call.existing_repository("destinationRepository")
    return Copy(domain, source, target, package, existing_package(source, package).versions)


def _is_there(copy: Copy, name: str) -> bool:
    present = copy.destination.version(copy.package, name)
    return present is not None and present.revision == copy.available[name].revision


def _problem(call: Call, copy: Copy, name: str) -> Problem | None:
    found = copy.available.get(name)
    if found is None:
        return "NOT_FOUND", f"Could not find version {name}"
    if problem := _revision_problem(call, copy, name):
        return problem
    if found.status in ("Unfinished", "Disposed"):
        return "NOT_ALLOWED", f"Version {name} is {found.status}"
    if not may_enter(call.service, copy.domain, copy.destination, copy.package):
        return "NOT_ALLOWED", f"Version {name} may not enter repository {copy.destination.name}: package group origin controls"
    if copy.destination.version(copy.package, name):
        return "ALREADY_EXISTS", f"Version {name} already exists"
    return None


def _revision_problem(call: Call, copy: Copy, name: str) -> Problem | None:
    wanted, actual = call.get("versionRevisions", {}).get(name), copy.available[name].revision
    return ("MISMATCHED_REVISION", f"current revision: {actual}, expected revision: {wanted}") if wanted not in (None, actual) else None


def _copy(call: Call, copy: Copy, name: str) -> PackageVersion:
    fresh = copy_of(copy.available[name])
    add_version(call.service, copy.domain, copy.destination, copy.package, fresh)
    if copy.package.format == "npm":
        _copy_tags(copy.source, copy.destination, copy.package, name)
    return fresh


def _copy_tags(source: Repository, destination: Repository, package: Coordinates, version: str) -> None:
    """A copied version takes its tags along (User Guide, "npm tags and the CopyPackageVersions API")."""
    known = source.packages.get(package)
    tags = {tag: version for tag, tagged in known.dist_tags.items() if tagged == version} if known else {}
    destination.packages[package].dist_tags.update(tags)
