"""The Maven endpoint: assets, checksums and maven-metadata.xml by their paths.

Sources: User Guide, "Using Maven checksums", "Publishing with curl", "Package version status". Uploading an asset needs
PublishPackageVersion on the package, maven-metadata.xml PutPackageMetadata, reading ReadFromRepository. A version is Unfinished, and
can't be downloaded, until a maven-metadata.xml that lists it is uploaded. Checksums are computed, not stored. Snapshots answer 501.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.endpoints import EndpointCall, unsupported
from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found, not_implemented
from rehearsal.cloud.codeartifact.external import UnavailableError
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.origin_controls import require_publishing
from rehearsal.cloud.codeartifact.store import Asset, Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.upstream import Found, connections, retain, visible_versions
from rehearsal.cloud.codeartifact.versions import add_asset, add_version, set_status

CHECKSUMS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
METADATA = "maven-metadata.xml"
CHECKSUM_FILE = re.compile(rf"(?P<file>.+)\.(?P<algorithm>{'|'.join(CHECKSUMS)})")
ARTIFACT_METADATA = re.compile(rf"(?P<group>.+)/(?P<artifact>[^/]+)/{re.escape(METADATA)}")
ASSET = re.compile(r"(?P<group>.+)/(?P<artifact>[^/]+)/(?P<version>[^/]+)/(?P<file>[^/]+)")
CREATED = Reply(201, b"", {"content-type": "text/plain"})


@dataclass(frozen=True)
class Location:
    """What a path names: an asset of a version, or (version and file empty) a package's maven-metadata.xml; perhaps a checksum of it."""

    package: Coordinates
    version: str
    file: str
    checksum: str | None

    @property
    def path(self) -> str:
        """The path without a checksum's extension."""
        directory = f"{self.package.namespace.replace('.', '/')}/{self.package.name}"
        return f"{directory}/{self.version}/{self.file}" if self.version else f"{directory}/{METADATA}"


def locate(path: str) -> Location | None:
    """Where a path of a Maven repository leads; None if it is neither an asset nor metadata."""
    checksum = CHECKSUM_FILE.fullmatch(path)
    base, algorithm = (checksum["file"], checksum["algorithm"]) if checksum else (path, None)
    if match := ARTIFACT_METADATA.fullmatch(base):
        return Location(_coordinates(match), "", "", algorithm)
    match = ASSET.fullmatch(base)
    if match and match["file"].startswith(f"{match['artifact']}-{match['version']}"):
        return Location(_coordinates(match), match["version"], match["file"], algorithm)
    return None


def _coordinates(match: re.Match[str]) -> Coordinates:
    return Coordinates("maven", match["group"].replace("/", "."), match["artifact"])


async def handle(call: EndpointCall) -> Reply:
    """Answer one request of a Maven client."""
    location = locate(unquote(call.rest))
    if "-SNAPSHOT" in call.rest:
        raise not_implemented("Maven snapshots")
    if call.request.method in ("GET", "HEAD"):
        reply = await _get(call, location)
        return reply if call.request.method == "GET" else Reply(reply.status, b"", reply.headers)
    if call.request.method != "PUT" or location is None:
        raise unsupported(call)
    if not location.version:
        return _put_metadata(call, location)
    return _put_checksum(call, location) if location.checksum else await _put_asset(call, location)


# ------------------------------------------------------------------------------------------------------------------ reading


async def _get(call: EndpointCall, location: Location | None) -> Reply:
    domain, repository = call.require_read()
    if location is None:
        raise not_found(f"'{unquote(call.rest)}' not found in repository '{repository.name}'.", "asset", unquote(call.rest))
    if location.version:
        content = (await _asset(call, domain, repository, location)).content
    else:
        content = await _metadata(call, domain, repository, location)
    if location.checksum:
        content = hashlib.new(location.checksum, content, usedforsecurity=False).hexdigest().encode()
    return Reply(200, content, {"content-type": "application/octet-stream"})


async def _asset(call: EndpointCall, domain: Domain, repository: Repository, location: Location) -> Asset:
    found = visible_versions(call.service, domain, repository, location.package).get(location.version)
    if found and found.version.readable and location.file in found.version.assets:
        return retain(call.service, domain, repository, location.package, found).assets[location.file]
    if found and not (found.version.readable and found.version.origin_type == "EXTERNAL"):
        raise not_found(
            f"'{location.path}' is not available in repository '{repository.name}' ({found.version.status}).", "asset", location.file
        )
    return await _ingest(call, domain, repository, location)


async def _ingest(call: EndpointCall, domain: Domain, repository: Repository, location: Location) -> Asset:
    """Fetch a file from a public repository; it is kept in the repository with the connection and in the one asked."""
    for connected in connections(call.service, domain, repository, location.package):
        connection = connected.external_connection or ""
        content = await call.service.public.maven_file(connection, location.path)
        if content is None:
            continue
        asset = Asset(location.file, content)
        fresh = PackageVersion(
            location.version, {asset.name: asset}, _pom_metadata(asset), origin_type="EXTERNAL", entry_connection=connection
        )
        ingested = connected.version(location.package, location.version)
        ingested = ingested or add_version(call.service, domain, connected, location.package, fresh)
        _with_asset(call, domain, connected, location.package, ingested, asset)
        kept = retain(call.service, domain, repository, location.package, Found(connected, ingested))
        _with_asset(call, domain, repository, location.package, kept, asset)
        return asset
    raise not_found(f"'{location.path}' not found in repository '{repository.name}'.", "asset", location.file)


def _with_asset(
    call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, asset: Asset
) -> None:
    if asset.name not in version.assets:
        version.metadata = version.metadata | _pom_metadata(asset)
        add_asset(call.service, domain, repository, package, version, asset)


async def _metadata(call: EndpointCall, domain: Domain, repository: Repository, location: Location) -> bytes:
    """maven-metadata.xml of what the repository sees; only Published versions are listed."""
    stored = visible_versions(call.service, domain, repository, location.package)
    listed = {version: found.version.published for version, found in stored.items() if found.version.status == "Published"}
    public = await _public_versions(call, domain, repository, location, required=not stored)
    ordered = [version for version in public if version not in stored] + sorted(listed, key=lambda version: listed[version])
    if not ordered:
        raise not_found(f"'{location.path}' not found in repository '{repository.name}'.", "asset", METADATA)
    updated = datetime.fromtimestamp(max(listed.values(), default=0), UTC).strftime("%Y%m%d%H%M%S")
    versions = "".join(f"<version>{escape(version)}</version>" for version in ordered)
    latest, release = (escape(_uploaded(repository, location.package, one, ordered)) for one in ("latest", "release"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<metadata modelVersion="1.1.0">'
        f"<groupId>{escape(location.package.namespace)}</groupId><artifactId>{escape(location.package.name)}</artifactId>"
        f"<versioning><latest>{latest}</latest><release>{release}</release><versions>{versions}</versions>"
        f"<lastUpdated>{updated}</lastUpdated></versioning></metadata>\n"
    ).encode()


def _uploaded(repository: Repository, package: Coordinates, name: str, listed: list[str]) -> str:
    """`latest` or `release` as the document that was uploaded last has it, if that is listed; else what was published last.

    Which of the two AWS serves is not documented: here a publisher who says something wrong is believed.
    """
    known = repository.packages.get(package)
    named = _xml(known.document, METADATA).findtext(f"./{{*}}versioning/{{*}}{name}") if known and known.document else None
    return named if named in listed else listed[-1]


async def _public_versions(call: EndpointCall, domain: Domain, repository: Repository, location: Location, required: bool) -> list[str]:
    """The versions that reachable public repositories list. When one is down, what is stored stays available."""
    versions: list[str] = []
    for connected in connections(call.service, domain, repository, location.package):
        try:
            content = await call.service.public.maven_file(
                connected.external_connection or "", Location(location.package, "", "", None).path
            )
        except UnavailableError:
            if required:
                raise
            continue
        listed = _listed_versions(_xml(content, METADATA)) if content else []
        versions += [version for version in listed if version not in versions and not version.endswith("-SNAPSHOT")]
    return versions


# ------------------------------------------------------------------------------------------------------------------ publishing


async def _put_asset(call: EndpointCall, location: Location) -> Reply:
    domain, repository = call.require_package(location.package, "PublishPackageVersion")
    require_publishing(call.service, domain, repository, location.package)
    asset = Asset(location.file, call.request.body)
    metadata = _pom_metadata(asset)
    found = visible_versions(call.service, domain, repository, location.package).get(location.version)
    if found is None:
        await _refuse_public(call, domain, repository, location)
        fresh = PackageVersion(location.version, {asset.name: asset}, metadata, status="Unfinished", entry_repository=repository.name)
        add_version(call.service, domain, repository, location.package, fresh)
        return CREATED
    closed = found.version.status in ("Archived", "Disposed") or found.version.origin_type == "EXTERNAL"
    if found.repository is not repository or closed:
        where = f"repository '{found.repository.name}' ({found.version.status})"
        raise conflict(f"Version {location.version} of {location.package.path} exists in {where}.", "package-version", location.version)
    known = found.version.assets.get(asset.name)
    if known and known.content != asset.content:
        raise conflict(f"'{asset.name}' already exists with other content.", "asset", asset.name)
    _with_asset(call, domain, repository, location.package, found.version, asset)
    return CREATED


async def _refuse_public(call: EndpointCall, domain: Domain, repository: Repository, location: Location) -> None:
    """409 for a version that a reachable public repository lists."""
    if location.version in await _public_versions(call, domain, repository, location, required=True):
        message = f"Version {location.version} of {location.package.path} exists in a public repository that '{repository.name}' can reach."
        raise conflict(message, "package-version", location.version)


def _put_checksum(call: EndpointCall, location: Location) -> Reply:
    """Compared with the asset's, letter by letter; a wrong one also keeps the version from being published."""
    _, repository = call.require_package(location.package, "PublishPackageVersion")
    version = repository.version(location.package, location.version)
    asset = version.assets.get(location.file) if version else None
    if version is None or asset is None:
        raise not_found(f"'{location.path}', whose checksum this is, not found in repository '{repository.name}'.", "asset", location.file)
    given, key = call.request.body.decode("latin-1").strip(), f"{location.file}.{location.checksum}"
    if given != asset.hashes[CHECKSUMS[location.checksum or ""]]:
        version.checksums[key] = given
        raise invalid(f"The {location.checksum} checksum of '{location.file}' does not match.")
    version.checksums.pop(key, None)
    return CREATED


def _put_metadata(call: EndpointCall, location: Location) -> Reply:
    """maven-metadata.xml publishes the unfinished versions that it lists. Its own checksums are compared with what was uploaded."""
    domain, repository = call.require_package(location.package, "PutPackageMetadata")
    known = repository.packages.get(location.package)
    if known is None:
        raise not_found(f"Package {location.package.path} not found in repository '{repository.name}'.", "package", location.package.name)
    if location.checksum:
        if call.request.body.decode("latin-1").strip() != hashlib.new(location.checksum, known.document, usedforsecurity=False).hexdigest():
            raise invalid(f"The {location.checksum} checksum of '{METADATA}' does not match.")
        return CREATED
    document = _xml(call.request.body, METADATA)
    if (_text(document, "groupId"), _text(document, "artifactId")) != (location.package.namespace, location.package.name):
        raise invalid(f"The {METADATA} is of another artifact.")
    unfinished = [known.versions[v] for v in _listed_versions(document) if v in known.versions and known.versions[v].status == "Unfinished"]
    for version in unfinished:
        if version.checksums:
            raise invalid(f"Version {version.version} has assets whose checksums did not match: {', '.join(sorted(version.checksums))}.")
    known.document = call.request.body
    for version in unfinished:
        set_status(call.service, domain, repository, location.package, version, "Published")
    return CREATED


# ------------------------------------------------------------------------------------------------------------------ documents


def _xml(content: bytes, what: str) -> ElementTree.Element:
    """A parsed document; ValidationException if it is none, or declares a document type (entities could be anything)."""
    if b"<!DOCTYPE" in content:
        raise invalid(f"{what} declares a document type.")
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as problem:
        raise invalid(f"{what} is not XML: {problem}") from None


def _listed_versions(metadata: ElementTree.Element) -> list[str]:
    return [(element.text or "").strip() for element in metadata.iterfind("./{*}versioning/{*}versions/{*}version")]


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(f"./{{*}}{name}") or "").strip()


def _pom_metadata(asset: Asset) -> dict[str, Any]:
    """The dependencies that a POM declares; nothing for other assets."""
    if not asset.name.endswith(".pom"):
        return {}
    pom = _xml(asset.content, asset.name)
    parents = [_pom_dependency(parent, "parent") for parent in pom.iterfind("./{*}parent")]
    declared = [_pom_dependency(each, _scope(each)) for each in pom.iterfind("./{*}dependencies/{*}dependency")]
    return {"dependencies": parents + declared}


def _scope(dependency: ElementTree.Element) -> str:
    return "optional" if _text(dependency, "optional") == "true" else _text(dependency, "scope") or "compile"


def _pom_dependency(element: ElementTree.Element, kind: str) -> dict[str, str]:
    return {
        "group": _text(element, "groupId"),
        "artifact": _text(element, "artifactId"),
        "version": _text(element, "version"),
        "type": kind,
    }
