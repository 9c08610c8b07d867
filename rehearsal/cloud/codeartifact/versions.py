"""Changes to package versions, each with its event; whoever calls has authorized it and checked origin controls."""

from dataclasses import replace

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.events import Changes
from rehearsal.cloud.codeartifact.origin_controls import FIRST_INGESTED, FIRST_PUBLISHED
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Asset, Domain, Package, PackageVersion, Repository


def copy_of(version: PackageVersion) -> PackageVersion:
    """The same version for another repository; revision, status and origin stay."""
    return replace(version, assets=dict(version.assets), metadata=dict(version.metadata), checksums=dict(version.checksums))


def add_version(
    service: Service, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, retained: bool = False
) -> PackageVersion:
    """Put a new version into a repository.

    The first version of a package sets its origin controls: published ones block upstreams, those from a public registry block
    publishing. For one retained from an upstream repository AWS documents no default; like an external one it blocks publishing.
    """
    known = repository.packages.get(package)
    if known is None:
        first = FIRST_INGESTED if retained or version.origin_type == "EXTERNAL" else FIRST_PUBLISHED
        known = repository.packages[package] = Package(package, dict(first))
    known.versions[version.version] = version
    changes = Changes(assets_added=len(version.assets), metadata_updated=True, status_changed=True)
    service.emit(domain, repository, package, version, "Created", changes)
    return version


def add_asset(
    service: Service, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, asset: Asset
) -> None:
    """Add a file that the version does not have yet."""
    version.assets[asset.name] = asset
    version.revision = version.content_revision()
    service.emit(domain, repository, package, version, "Updated", Changes(assets_added=1))


def set_status(
    service: Service, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, status: str
) -> None:
    """Move a version to another status; disposing of it deletes its assets for good."""
    if version.status == status:
        return
    version.status = status
    removed = len(version.assets) if status == "Disposed" else 0
    if removed:
        version.assets.clear()
    service.emit(domain, repository, package, version, "Updated", Changes(assets_removed=removed, status_changed=True))


def delete_version(service: Service, domain: Domain, repository: Repository, package: Coordinates, version: str) -> PackageVersion:
    """Remove a version and the tags that name it; the package's own record stays, as AWS keeps it."""
    known = repository.packages[package]
    gone = known.versions.pop(version)
    known.dist_tags = {tag: v for tag, v in known.dist_tags.items() if v != version}
    changes = Changes(assets_removed=len(gone.assets), status_changed=True)
    service.emit(domain, repository, package, gone, "Deleted", changes)
    return gone
