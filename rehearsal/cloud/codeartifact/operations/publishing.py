"""PublishPackageVersion: packages of format generic, an asset a call. Source: User Guide, "Publishing and consuming generic packages"."""

import hashlib
from typing import Any

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.errors import conflict, invalid
from rehearsal.cloud.codeartifact.operations.call import Call, described_coordinates, operation
from rehearsal.cloud.codeartifact.operations.package_versions import asset_summary
from rehearsal.cloud.codeartifact.origin_controls import require_publishing
from rehearsal.cloud.codeartifact.store import Asset, Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.upstream import visible_versions
from rehearsal.cloud.codeartifact.versions import add_asset, add_version, set_status


@operation
def publish_package_version(call: Call) -> dict[str, Any]:
    domain, repository, coordinates = call.package("PublishPackageVersion")
    if coordinates.format != "generic":
        raise invalid(f"PublishPackageVersion is for packages of format generic, not {coordinates.format}.")
    asset = Asset(call.params["assetName"], call.params["assetContent"])
    if hashlib.sha256(asset.content).hexdigest() != call.params["assetSHA256"]:
        raise invalid("assetSHA256 is not the hash of assetContent.")
    require_publishing(call.service, domain, repository, coordinates)
    version = _version(call, domain, repository, coordinates, asset)
    if not call.get("unfinished", False):
        set_status(call.service, domain, repository, coordinates, version, "Published")
    return described_coordinates(coordinates) | {
        "version": version.version, "versionRevision": version.revision, "status": version.status, "asset": asset_summary(asset),
    }  # fmt: skip


def _version(call: Call, domain: Domain, repository: Repository, coordinates: Coordinates, asset: Asset) -> PackageVersion:
    """The version with the asset: a new one, or one that is Unfinished here and has no other asset of that name.

    A version that is Published takes no more assets here: AWS documents that for PyPI and Maven alone (the stricter reading).
    """
    name = call.params["packageVersion"]
    found = visible_versions(call.service, domain, repository, coordinates).get(name)
    if found is None:
        status = "Unfinished" if call.get("unfinished", False) else "Published"
        fresh = PackageVersion(name, {asset.name: asset}, status=status, entry_repository=repository.name)
        return add_version(call.service, domain, repository, coordinates, fresh)
    known = found.version.assets.get(asset.name)
    if found.repository is not repository or found.version.status != "Unfinished" or (known and known.content != asset.content):
        where = f"repository '{found.repository.name}' ({found.version.status})"
        raise conflict(f"Version {name} of {coordinates.path}, or its asset, already exists in {where}.", "package-version", name)
    if known is None:
        add_asset(call.service, domain, repository, coordinates, found.version, asset)
    return found.version
