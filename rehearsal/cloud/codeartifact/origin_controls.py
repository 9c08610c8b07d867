"""How package versions may come into a repository: a package's own origin controls and its package groups'. A BLOCK always wins.

Sources: User Guide, "Editing package origin controls" and "Package group origin controls".
"""

from evaluator.package_groups import Coordinates, admits
from rehearsal.cloud.codeartifact.errors import denied
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Domain, PackageVersion, Repository

UNRESTRICTED = {"publish": "ALLOW", "upstream": "ALLOW"}
FIRST_PUBLISHED = {"publish": "ALLOW", "upstream": "BLOCK"}
FIRST_INGESTED = {"publish": "BLOCK", "upstream": "ALLOW"}


def restrictions(repository: Repository, package: Coordinates) -> dict[str, str]:
    """The package's own controls in this repository; a package that is not there yet has none."""
    known = repository.packages.get(package)
    return known.restrictions if known else UNRESTRICTED


def require_publishing(service: Service, domain: Domain, repository: Repository, package: Coordinates) -> None:
    """Refuse a direct publication that origin controls block. The status is not documented; 403 is this emulator's choice."""
    if restrictions(repository, package)["publish"] == "BLOCK":
        raise denied(
            f"Publishing {package.path} to repository {repository.name} is blocked by the package's origin controls (publish: BLOCK)."
        )
    if not may_enter(service, domain, repository, package):
        raise denied(
            f"Publishing {package.path} to repository {repository.name} is blocked by the package group's origin controls (PUBLISH)."
        )


def may_enter(service: Service, domain: Domain, repository: Repository, package: Coordinates) -> bool:
    """Whether package groups admit versions that are published to, or copied to, the repository.

    AWS words PUBLISH as publishing with package managers and knows a copy's error NOT_ALLOWED; that copies obey it is the stricter reading.
    """
    return admits(service.groups(domain), package, "PUBLISH", [repository.name])


def may_retain(
    service: Service, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, sources: list[str]
) -> bool:
    """Whether a version of an upstream repository may be kept in (so also: is visible through) `repository`.

    A version that once came from a public registry has to satisfy EXTERNAL_UPSTREAM as well (the stricter reading); `sources` are the
    repositories through which it may have come in.
    """
    groups = service.groups(domain)
    if restrictions(repository, package)["upstream"] == "BLOCK" or not admits(groups, package, "INTERNAL_UPSTREAM", [repository.name]):
        return False
    return version.origin_type != "EXTERNAL" or admits(groups, package, "EXTERNAL_UPSTREAM", [repository.name, *sources])


def may_ingest(service: Service, domain: Domain, asked: Repository, connected: Repository, package: Coordinates) -> bool:
    """Whether versions may come from `connected`'s public registry into it and on into the repository that was asked."""
    groups = service.groups(domain)
    if "BLOCK" in (restrictions(asked, package)["upstream"], restrictions(connected, package)["upstream"]):
        return False
    if asked is not connected and not admits(groups, package, "INTERNAL_UPSTREAM", [asked.name]):
        return False
    return admits(groups, package, "EXTERNAL_UPSTREAM", [connected.name])
