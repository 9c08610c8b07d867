"""PublishPackageVersion: packages of format generic, of one asset. Source: User Guide, "Publishing and consuming generic packages"."""

import hashlib
from typing import Any

from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_implemented
from rehearsal.cloud.codeartifact.operations.call import Call, described_coordinates, operation
from rehearsal.cloud.codeartifact.operations.package_versions import asset_summary
from rehearsal.cloud.codeartifact.origin_controls import require_publishing
from rehearsal.cloud.codeartifact.store import Asset, PackageVersion
from rehearsal.cloud.codeartifact.upstream import visible_versions
from rehearsal.cloud.codeartifact.versions import add_version


@operation
def publish_package_version(call: Call) -> dict[str, Any]:
    domain, repository, coordinates = call.package("PublishPackageVersion")
    if coordinates.format != "generic":
        raise invalid(f"PublishPackageVersion is for packages of format generic, not {coordinates.format}.")
    if call.get("unfinished", False):
        raise not_implemented("unfinished of PublishPackageVersion")
    asset = Asset(call.params["assetName"], call.params["assetContent"])
    if hashlib.sha256(asset.content).hexdigest() != call.params["assetSHA256"]:
        raise invalid("assetSHA256 is not the hash of assetContent.")
    require_publishing(call.service, domain, repository, coordinates)
    name = call.params["packageVersion"]
    if found := visible_versions(call.service, domain, repository, coordinates).get(name):
        raise conflict(
            f"Version {name} of {coordinates.path} already exists in repository '{found.repository.name}'.", "package-version", name
        )
    fresh = PackageVersion(name, {asset.name: asset}, status="Published", entry_repository=repository.name)
    version = add_version(call.service, domain, repository, coordinates, fresh)
    return described_coordinates(coordinates) | {
        "version": version.version, "versionRevision": version.revision, "status": version.status, "asset": asset_summary(asset),
    }  # fmt: skip
