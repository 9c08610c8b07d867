"""The Cargo endpoint: a sparse index, downloads and publishing.

Sources: User Guide, "Configure and use Cargo" (sparse index, the bare token as Authorization header) and "Cargo command support" (build,
check, fetch, publish; not owner and search); The Cargo Book, "Registry index" and "Registry web API". Publishing needs
PublishPackageVersion on the package, reading ReadFromRepository. `cargo yank` is in neither of AWS's lists: it is not served.
Whether CodeArtifact takes two crates that differ in case, or in - and _, is not documented: here the later one is refused.
"""

import hashlib
import io
import json
import re
import struct
import tarfile
import tomllib
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.asgi import json_reply
from rehearsal.cloud.codeartifact.endpoints import EndpointCall, unsupported
from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found
from rehearsal.cloud.codeartifact.external import UnavailableError
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.npm import SEMVER
from rehearsal.cloud.codeartifact.origin_controls import require_publishing
from rehearsal.cloud.codeartifact.store import Asset, Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.upstream import Found, connections, retain, search_order, visible_versions
from rehearsal.cloud.codeartifact.versions import add_version
from rehearsal.cloud.public_registries.cargo import index_path

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
INDEX = re.compile(r"(?:1|2|3/[^/]|[^/]{2}/[^/]{2})/(?P<name>[^/]+)")
DOWNLOAD = re.compile(r"api/v1/crates/(?P<name>[^/]+)/(?P<version>[^/]+)/download")
PUBLISH = "api/v1/crates/new"
# What an index entry has of a dependency, and what a publish request calls it.
INDEX_FIELDS = ("features", "optional", "default_features", "target", "kind", "registry")


async def handle(call: EndpointCall) -> Reply:
    """Answer one request of cargo."""
    path, method = unquote(call.rest), call.request.method
    if path == "config.json" and method == "GET":
        call.require_read()
        return json_reply({"dl": f"{call.base}api/v1/crates", "api": call.base.rstrip("/"), "auth-required": True})
    if (match := INDEX.fullmatch(path)) and method == "GET" and path == index_path(match["name"]):
        return await _index(call, match["name"])
    if (match := DOWNLOAD.fullmatch(path)) and method == "GET":
        return await _download(call, coordinates(match["name"]), match["version"])
    if path == PUBLISH and method == "PUT":
        return await _publish(call)
    raise unsupported(call)


def coordinates(name: str) -> Coordinates:
    """A crate by its name, as Cargo.toml has it."""
    if not NAME.fullmatch(name):
        raise invalid(f"'{name}' is not a crate's name.")
    return Coordinates("cargo", "", name)


def asset_name(package: Coordinates, version: str) -> str:
    return f"{package.name}-{version}.crate"


def folded(name: str) -> str:
    """The form in which names of crates that Rust takes for one are equal."""
    return name.lower().replace("_", "-")


# ------------------------------------------------------------------------------------------------------------------ reading


async def _index(call: EndpointCall, lowered: str) -> Reply:
    domain, repository = call.require_read()
    lines: dict[str, dict[str, Any]] = {}
    for package in _spelled(domain, repository, lowered):
        stored = visible_versions(call.service, domain, repository, package)
        entries = {version: found.version.metadata for version, found in stored.items() if found.version.status == "Published"}
        public = await _public_entries(call, domain, repository, package, required=not stored)
        lines |= {version: entry for version, entry in public.items() if version not in stored} | entries
    if not lines:
        raise not_found(f"Crate '{lowered}' not found in repository '{repository.name}'.", "package", lowered)
    return Reply(200, "\n".join(json.dumps(entry) for entry in lines.values()).encode(), {"content-type": "text/plain"})


def _spelled(domain: Domain, repository: Repository, lowered: str) -> list[Coordinates]:
    """The crate of an index path, which is in lower case: as it is stored somewhere here, else as it is."""
    anywhere = [package for one in _closed_search(domain, repository) for package in one.packages if package.format == "cargo"]
    return sorted({package for package in anywhere if package.name.lower() == lowered} or {coordinates(lowered)})


def _closed_search(domain: Domain, repository: Repository) -> list[Repository]:
    return search_order(domain, repository, Coordinates("cargo", "", ""))


async def _public_entries(
    call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, required: bool
) -> dict[str, dict[str, Any]]:
    """Versions of the first reachable public index that has the crate. When it is down, what is stored stays available."""
    for connected in connections(call.service, domain, repository, package):
        try:
            entries = await call.service.public.cargo_entries(connected.external_connection or "", package.name)
        except UnavailableError:
            if required:
                raise
            entries = None
        if entries is not None:
            return {entry["vers"]: entry for entry in entries if not entry.get("yanked")}
    return {}


async def _download(call: EndpointCall, package: Coordinates, version: str) -> Reply:
    domain, repository = call.require_read()
    found = visible_versions(call.service, domain, repository, package).get(version)
    if found is None:
        kept = await _ingest(call, domain, repository, package, version)
    elif not found.version.readable:
        raise not_found(f"Version {version} of '{package.name}' is {found.version.status}.", "asset", version)
    else:
        kept = retain(call.service, domain, repository, package, found)
    return Reply(200, kept.assets[asset_name(package, version)].content, {"content-type": "application/octet-stream"})


async def _ingest(call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, version: str) -> PackageVersion:
    """Fetch a version from a public registry; it is kept in the repository with the connection and in the one asked."""
    for connected in connections(call.service, domain, repository, package):
        connection = connected.external_connection or ""
        entries = await call.service.public.cargo_entries(connection, package.name) or []
        entry = next((one for one in entries if one["vers"] == version), None)
        content = await call.service.public.cargo_crate(connection, package.name, version) if entry else None
        if entry is None or content is None:
            continue
        if hashlib.sha256(content).hexdigest() != entry["cksum"]:
            raise UnavailableError(connection, f"{package.name} {version} does not have its hash")
        asset = Asset(asset_name(package, version), content)
        fresh = PackageVersion(version, {asset.name: asset}, entry, origin_type="EXTERNAL", entry_connection=connection)
        ingested = connected.version(package, version) or add_version(call.service, domain, connected, package, fresh)
        return retain(call.service, domain, repository, package, Found(connected, ingested))
    raise not_found(f"Version {version} of '{package.name}' not found in repository '{repository.name}'.", "package-version", version)


# ------------------------------------------------------------------------------------------------------------------ publishing


@dataclass(frozen=True)
class Publication:
    """What a publish request carries; `entry` is its line in the index."""

    package: Coordinates
    version: str
    crate: bytes
    entry: dict[str, Any]


async def _publish(call: EndpointCall) -> Reply:
    publication = _publication(call.request.body)
    package, version = publication.package, publication.version
    domain, repository = call.require_package(package, "PublishPackageVersion")
    require_publishing(call.service, domain, repository, package)
    await _refuse_existing(call, domain, repository, package, version)
    asset = Asset(asset_name(package, version), publication.crate)
    fresh = PackageVersion(version, {asset.name: asset}, publication.entry, entry_repository=repository.name)
    add_version(call.service, domain, repository, package, fresh)
    return json_reply({"warnings": {"invalid_categories": [], "invalid_badges": [], "other": []}})


async def _refuse_existing(call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, version: str) -> None:
    """409 for a version that is here or reachable upstream (build metadata does not count), and for another crate of the same name."""
    others = [one for one in repository.packages if one.format == "cargo" and one != package and folded(one.name) == folded(package.name)]
    if others:
        raise conflict(f"'{others[0].name}' is in repository '{repository.name}', and is the same name.", "package", package.name)
    stored = visible_versions(call.service, domain, repository, package)
    public = await _public_entries(call, domain, repository, package, required=True)
    if any(one.partition("+")[0] == version.partition("+")[0] for one in (*stored, *public)):
        where = f"repository '{repository.name}', or what it can reach"
        raise conflict(f"Version {version} of '{package.name}' already exists in {where}.", "package-version", version)


def _publication(body: bytes) -> Publication:
    """The metadata and the crate of a publish request, checked against each other."""
    metadata, crate = _parts(body)
    name, version = str(metadata.get("name")), str(metadata.get("vers"))
    package = coordinates(name)
    if not SEMVER.fullmatch(version):
        raise invalid(f"'{version}' is not a semantic version.")
    packed = _packed(crate, f"{name}-{version}/Cargo.toml")
    if (packed.get("name"), packed.get("version")) != (name, version):
        raise invalid(f"The crate's Cargo.toml is of {packed.get('name')} {packed.get('version')}.")
    return Publication(package, version, crate, _entry(metadata, crate))


def _parts(body: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        (length,) = struct.unpack_from("<I", body)
        metadata = json.loads(body[4 : 4 + length])
        (size,) = struct.unpack_from("<I", body, 4 + length)
    except (struct.error, ValueError):
        raise invalid("The request is no publication of a crate.") from None
    crate = body[8 + length :]
    if not isinstance(metadata, dict) or len(crate) != size:
        raise invalid("The request is no publication of a crate.")
    return metadata, crate


def _packed(crate: bytes, member: str) -> dict[str, Any]:
    try:
        with tarfile.open(fileobj=io.BytesIO(crate), mode="r:gz") as archive:
            file = archive.extractfile(member)
            return tomllib.loads(file.read().decode() if file else "")["package"]
    except (tarfile.TarError, KeyError, OSError, ValueError):
        raise invalid(f"The crate has no readable {member}.") from None


def _entry(metadata: dict[str, Any], crate: bytes) -> dict[str, Any]:
    """The version's line in the index (The Cargo Book, "Index format"): a renamed dependency has the name in Cargo.toml in front."""
    dependencies = []
    for one in metadata.get("deps", []):
        renamed = one.get("explicit_name_in_toml")
        names = {"name": renamed or one["name"], "req": one["version_req"], "package": one["name"] if renamed else None}
        dependencies.append(names | {field: one.get(field) for field in INDEX_FIELDS})
    return {
        "name": metadata["name"], "vers": metadata["vers"], "deps": dependencies, "cksum": hashlib.sha256(crate).hexdigest(),
        "features": {}, "features2": metadata.get("features", {}), "yanked": False, "links": metadata.get("links"), "v": 2,
        "rust_version": metadata.get("rust_version"),
    }  # fmt: skip
