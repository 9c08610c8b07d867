"""Package versions: descriptions, assets, dependencies, status, disposal, deletion. Upstream repositories do not count."""

from collections.abc import Callable
from typing import Any

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found
from rehearsal.cloud.codeartifact.formats import dependencies
from rehearsal.cloud.codeartifact.lookup import existing_package
from rehearsal.cloud.codeartifact.operations.call import Call, described_coordinates, operation
from rehearsal.cloud.codeartifact.operations.pagination import page
from rehearsal.cloud.codeartifact.store import Asset, Package, PackageVersion
from rehearsal.cloud.codeartifact.versions import delete_version, set_status

SETTABLE = ("Published", "Unlisted", "Archived")
Problem = tuple[str, str]  # error code and message of one version


@operation
def list_package_versions(call: Call) -> dict[str, Any]:
    _, repository, coordinates = call.package("ListPackageVersions")
    package = existing_package(repository, coordinates)
    status, origin = call.get("status"), call.get("originType")
    matching = [v for v in package.versions.values() if status in (None, v.status) and origin in (None, v.origin_type)]
    newest_first = call.get("sortBy") == "PUBLISHED_TIME"
    chosen, more = page(call, matching, lambda v: [-v.published, v.version] if newest_first else [v.version])
    listed = [{"version": v.version, "revision": v.revision, "status": v.status, "origin": _origin(v)} for v in chosen]
    return described_coordinates(coordinates) | {"defaultDisplayVersion": _default_version(package), "versions": listed, **more}


@operation
def describe_package_version(call: Call) -> dict[str, Any]:
    _, _, coordinates, version = call.package_version("DescribePackageVersion")
    """Without what the package says of itself (summary, homepage, licences): nothing here reads that."""
    named = {key if key != "package" else "packageName": value for key, value in described_coordinates(coordinates).items()}
    return {"packageVersion": named | {
        "displayName": coordinates.name, "version": version.version, "publishedTime": version.published, "revision": version.revision,
        "status": version.status, "origin": _origin(version),
    }}  # fmt: skip


@operation
def list_package_version_assets(call: Call) -> dict[str, Any]:
    _, _, coordinates, version = call.package_version("ListPackageVersionAssets")
    chosen, more = page(call, version.assets.values(), lambda asset: asset.name)
    return _of_version(coordinates, version) | {"assets": [asset_summary(asset) for asset in chosen], **more}


@operation
def get_package_version_asset(call: Call) -> dict[str, Any]:
    _, repository, _, version = call.package_version("GetPackageVersionAsset")
    name, revision = call.params["asset"], call.get("packageVersionRevision")
    asset = version.assets.get(name)
    if revision not in (None, version.revision):
        raise conflict(
            f"Version {version.version} has the revision {version.revision}, not {revision}.", "package-version", version.version
        )
    if asset is None:
        raise not_found(f"Asset '{name}' of version {version.version} not found in repository '{repository.name}'.", "asset", name)
    if not version.readable:
        raise conflict(
            f"Version {version.version} is {version.status}; its assets can't be downloaded.", "package-version", version.version
        )
    return {"asset": asset.content, "assetName": name, "packageVersion": version.version, "packageVersionRevision": version.revision}


@operation
def list_package_version_dependencies(call: Call) -> dict[str, Any]:
    _, _, coordinates, version = call.package_version("ListPackageVersionDependencies")
    chosen, more = page(
        call, dependencies(coordinates, version), lambda d: [d[k] or "" for k in ("dependencyType", "namespace", "package")]
    )
    listed = [{key: value for key, value in each.items() if value} for each in chosen]
    return _of_version(coordinates, version) | {"dependencies": listed, **more}


@operation
def update_package_versions_status(call: Call) -> dict[str, Any]:
    target = call.params["targetStatus"]
    if target not in SETTABLE:
        raise invalid(f"targetStatus is {target}; it can be {', '.join(SETTABLE)}.")

    def change(context: Any, version: PackageVersion) -> str:
        set_status(call.service, *context, version, target)
        return target

    return _change_versions(call, "UpdatePackageVersionsStatus", change)


@operation
def dispose_package_versions(call: Call) -> dict[str, Any]:
    def change(context: Any, version: PackageVersion) -> str:
        set_status(call.service, *context, version, "Disposed")
        return "Disposed"

    return _change_versions(call, "DisposePackageVersions", change)


@operation
def delete_package_versions(call: Call) -> dict[str, Any]:
    def change(context: Any, version: PackageVersion) -> str:
        delete_version(call.service, *context, version.version)
        return "Deleted"

    return _change_versions(call, "DeletePackageVersions", change)


def _change_versions(call: Call, action: str, change: Callable[[Any, PackageVersion], str]) -> dict[str, Any]:
    """Change all the versions that the request names, or none: one that can't be changed makes the others SKIPPED (User Guide)."""
    domain, repository, coordinates = call.package(action)
    package = existing_package(repository, coordinates)
    wanted = call.params["versions"]
    if len(set(wanted)) < len(wanted):
        raise invalid("A version is named more than once.")
    revisions = call.get("versionRevisions")
    if revisions and set(revisions) != set(wanted):
        raise invalid("versionRevisions names other versions than versions does.")
    problems = {name: _problem(call, action, package, name) for name in wanted}
    failed = {name: problem for name, problem in problems.items() if problem}
    if failed:
        return {"successfulVersions": {}, "failedVersions": failures(wanted, failed)}
    done = {name: package.versions[name] for name in wanted}
    statuses = {name: change((domain, repository, coordinates), version) for name, version in done.items()}
    return {"successfulVersions": {n: {"revision": v.revision, "status": statuses[n]} for n, v in done.items()}, "failedVersions": {}}


def _problem(call: Call, action: str, package: Package, name: str) -> Problem | None:
    version, expected = package.versions.get(name), call.get("expectedStatus")
    if version is None:
        return "NOT_FOUND", f"Could not find version {name}"
    revision = call.get("versionRevisions", {}).get(name)
    if revision not in (None, version.revision):
        return "MISMATCHED_REVISION", f"current revision: {version.revision}, expected revision: {revision}"
    if expected not in (None, version.status):
        return "MISMATCHED_STATUS", f"current status: {version.status}, expected status: {expected}"
    if version.status == "Disposed" and action == "UpdatePackageVersionsStatus":
        return "NOT_ALLOWED", f"version {name} was disposed"
    return None


def failures(wanted: list[str], failed: dict[str, Problem]) -> dict[str, dict[str, str]]:
    """The failedVersions of an all-or-nothing operation: what failed with its reason, everything else skipped."""
    reasons = {name: failed.get(name, ("SKIPPED", f"Version {name} was skipped")) for name in wanted}
    return {name: {"errorCode": code, "errorMessage": message} for name, (code, message) in reasons.items()}


def asset_summary(asset: Asset) -> dict[str, Any]:
    return {"name": asset.name, "size": asset.size, "hashes": dict(asset.hashes)}


def _of_version(coordinates: Coordinates, version: PackageVersion) -> dict[str, Any]:
    return described_coordinates(coordinates) | {"version": version.version, "versionRevision": version.revision}


def _origin(version: PackageVersion) -> dict[str, Any]:
    entry = {"repositoryName": version.entry_repository, "externalConnectionName": version.entry_connection}
    known = {key: value for key, value in entry.items() if value}
    return {"originType": version.origin_type, **({"domainEntryPoint": known} if known else {})}


def _default_version(package: Package) -> str | None:
    """npm: what `latest` names; otherwise the most recently published one (API reference)."""
    latest = package.dist_tags.get("latest") if package.coordinates.format == "npm" else None
    published = [version for version in package.versions.values() if version.status == "Published"]
    newest = max(published, key=lambda version: version.published, default=None)
    return latest or (newest.version if newest else None)
