"""What a repository sees through its upstreams, and what it keeps of it.

Source: User Guide, "Requesting a package version with upstream repositories", "Upstream repository priority order": depth first, in
order, at most 25 repositories; a version that was fetched is retained in the repository asked and in the one with the external connection.
"""

from dataclasses import dataclass

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.errors import not_found
from rehearsal.cloud.codeartifact.external import CONNECTIONS
from rehearsal.cloud.codeartifact.origin_controls import may_ingest, may_retain, restrictions
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.versions import add_version, copy_of

MOST_REPOSITORIES = 25


@dataclass(frozen=True)
class Found:
    """A stored version and the repository that holds it."""

    repository: Repository
    version: PackageVersion


def search_order(domain: Domain, repository: Repository, package: Coordinates) -> list[Repository]:
    """The repositories that are asked for a package, nearest first. Below one whose package blocks upstream nothing is asked.

    An upstream that was deleted is an error as soon as the search comes to it.
    """
    order: list[Repository] = []

    def visit(current: Repository) -> None:
        if any(current is seen for seen in order) or len(order) == MOST_REPOSITORIES:
            return
        order.append(current)
        if restrictions(current, package)["upstream"] == "BLOCK":
            return
        for name in current.upstreams:
            upstream = domain.repositories.get(name)
            if upstream is None:
                raise not_found(f"Repository not found. '{name}', an upstream of '{current.name}', does not exist.", "repository", name)
            visit(upstream)

    visit(repository)
    return order


def connections(service: Service, domain: Domain, repository: Repository, package: Coordinates) -> list[Repository]:
    """The reachable repositories with an external connection for the package's format that origin controls do not close."""
    connected = _connected(domain, repository, package)
    return [candidate for candidate in connected if may_ingest(service, domain, repository, candidate, package)]


def _connected(domain: Domain, repository: Repository, package: Coordinates) -> list[Repository]:
    return [r for r in search_order(domain, repository, package) if CONNECTIONS.get(r.external_connection or "") == package.format]


def visible_versions(service: Service, domain: Domain, repository: Repository, package: Coordinates) -> dict[str, Found]:
    """Every stored version that the repository has or may retain, of whatever status; the nearest repository's counts."""
    found: dict[str, Found] = {}
    sources = [candidate.name for candidate in _connected(domain, repository, package)]
    for holder in search_order(domain, repository, package):
        known = holder.packages.get(package)
        for version in known.versions.values() if known else ():
            own = holder is repository
            if version.version not in found and (own or may_retain(service, domain, repository, package, version, [holder.name, *sources])):
                found[version.version] = Found(holder, version)
    return found


def retain(service: Service, domain: Domain, repository: Repository, package: Coordinates, found: Found) -> PackageVersion:
    """Keep a version that was fetched through an upstream; what the repository already has stays as it is."""
    if found.repository is repository:
        return found.version
    kept = repository.version(package, found.version.version)
    return kept or add_version(service, domain, repository, package, copy_of(found.version), retained=True)
