"""The npm endpoint. Sources: User Guide, "npm command support", "npm tag handling"; npm's registry API.

Publishing needs PublishPackageVersion on the package, changing tags PutPackageMetadata, reading ReadFromRepository. `npm deprecate` is not
served, nor the removal of tags.
"""

import base64
import binascii
import hashlib
import io
import json
import re
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.asgi import json_reply
from rehearsal.cloud.codeartifact.endpoints import EndpointCall, unsupported
from rehearsal.cloud.codeartifact.errors import ApiError, conflict, invalid, not_found
from rehearsal.cloud.codeartifact.external import UnavailableError
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.origin_controls import require_publishing, restrictions
from rehearsal.cloud.codeartifact.store import Asset, Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.upstream import Found, connections, retain, visible_versions
from rehearsal.cloud.codeartifact.versions import add_version

ABBREVIATED = "application/vnd.npm.install-v1+json"
ABBREVIATED_FIELDS = (
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies", "peerDependencies",
    "peerDependenciesMeta", "acceptDependencies", "bin", "directories", "dist", "engines", "cpu", "os", "libc", "funding",
    "hasInstallScript", "_hasShrinkwrap",
)  # fmt: skip
NAME = re.compile(r"(?:@(?P<scope>[a-z0-9~-][a-z0-9._~-]*)/)?(?P<name>[A-Za-z0-9~][A-Za-z0-9._~-]*)")
SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)
TAG = re.compile(r"[^\s/@%]{1,214}")
TARBALL = re.compile(r"(?P<name>(?:@[^/]+/)?[^/@-][^/]*)/-/(?P<file>(?:@[^/]+/)?[^/]+\.tgz)")
DIST_TAGS = re.compile(r"-/package/(?P<name>(?:@[^/]+/)?[^/]+)/dist-tags(?:/(?P<tag>[^/]+))?")


async def handle(call: EndpointCall) -> Reply:
    """Answer one request of an npm client."""
    path, method = unquote(call.rest), call.request.method
    if path == "-/ping" and method == "GET":
        return json_reply({})
    if path.startswith("-/npm/v1/security/") or path == "-/whoami":
        raise ApiError("UnsupportedException", f"CodeArtifact does not support {path}.", 404)
    if match := DIST_TAGS.fullmatch(path):
        return await _dist_tags(call, coordinates(match["name"]), match["tag"])
    if (match := TARBALL.fullmatch(path)) and method == "GET":
        return await _tarball(call, coordinates(match["name"]), match["file"].rsplit("/", 1)[-1])
    if NAME.fullmatch(path) and method == "GET":
        return await _packument(call, coordinates(path))
    if NAME.fullmatch(path) and method == "PUT":
        return await _publish(call, coordinates(path))
    raise unsupported(call)


def coordinates(name: str) -> Coordinates:
    """`@scope/name` or `name` as coordinates; the namespace is the scope without `@`."""
    match = NAME.fullmatch(name)
    if match is None:
        raise invalid(f"'{name}' is not an npm package name.")
    return Coordinates("npm", match["scope"] or "", match["name"])


def full_name(package: Coordinates) -> str:
    return f"@{package.namespace}/{package.name}" if package.namespace else package.name


def asset_name(package: Coordinates, version: str) -> str:
    """The tarball's name, which names the version."""
    return f"{package.name}-{version}.tgz"


# ------------------------------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True)
class View:
    """What a repository shows of a package: stored versions, manifests of public ones by version, tags."""

    stored: dict[str, Found]
    public: dict[str, dict[str, Any]]
    tags: dict[str, str]
    times: dict[str, str]

    @property
    def listed(self) -> dict[str, dict[str, Any]]:
        stored = {version: found.version.metadata for version, found in self.stored.items() if found.version.status == "Published"}
        return {version: manifest for version, manifest in self.public.items() if version not in self.stored} | stored


async def _view(call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates) -> View:
    stored = visible_versions(call.service, domain, repository, package)
    public: dict[str, dict[str, Any]] = {}
    public_tags: dict[str, str] = {}
    times = {version: _iso(found.version.published) for version, found in stored.items()}
    for connected in connections(call.service, domain, repository, package):
        packument = await _public_packument(call, connected, package, required=not stored)
        for version, manifest in packument.get("versions", {}).items():
            public.setdefault(version, manifest)
            if version in packument.get("time", {}):
                times.setdefault(version, packument["time"][version])
        public_tags = packument.get("dist-tags", {}) | public_tags
    listed = set(View(stored, public, {}, times).listed)
    return View(stored, public, merged_tags(domain, repository, package, public_tags, listed), times)


def merged_tags(
    domain: Domain, repository: Repository, package: Coordinates, public_tags: dict[str, str], listed: set[str]
) -> dict[str, str]:
    """Tags as CodeArtifact merges them: the upstream's wins over the downstream's, among upstreams the first one's.

    A tag of a version that is not listed (it is blocked, or archived) takes no other's place.
    """

    def tags(current: Repository, seen: tuple[str, ...]) -> dict[str, str]:
        known = current.packages.get(package)
        own = _naming(known.dist_tags if known else {}, listed)
        if restrictions(current, package)["upstream"] == "BLOCK":
            return own
        above = _naming(public_tags if current.external_connection == "public:npmjs" else {}, listed)
        for name in reversed(current.upstreams):
            if name not in seen and name in domain.repositories:
                above |= tags(domain.repositories[name], (*seen, current.name))
        return own | above

    return tags(repository, (repository.name,))


def _naming(tags: dict[str, str], versions: set[str]) -> dict[str, str]:
    return {tag: version for tag, version in tags.items() if version in versions}


async def _public_packument(call: EndpointCall, connected: Repository, package: Coordinates, required: bool) -> dict[str, Any]:
    """The public registry's document. When the registry is down, what is stored stays available (User Guide)."""
    try:
        return await call.service.public.npm_packument(connected.external_connection or "", full_name(package)) or {}
    except UnavailableError:
        if required:
            raise
        return {}


async def _packument(call: EndpointCall, package: Coordinates) -> Reply:
    domain, repository = call.require_read()
    view = await _view(call, domain, repository, package)
    if not view.listed:
        raise not_found(f"Package '{full_name(package)}' not found in repository '{repository.name}'.", "package", package.name)
    short = ABBREVIATED in call.request.headers.get("accept", "")
    versions = {version: _served_manifest(call, package, manifest, short) for version, manifest in view.listed.items()}
    times = {version: view.times[version] for version in versions if version in view.times}
    modified = max(times.values(), default=_iso(0))
    document: dict[str, Any] = {"name": full_name(package), "dist-tags": view.tags, "versions": versions}
    if short:
        return json_reply(document | {"modified": modified}, content_type=ABBREVIATED)
    latest = versions.get(view.tags.get("latest", ""), {})
    described = {
        key: latest[key] for key in ("description", "homepage", "keywords", "license", "repository", "author", "bugs") if key in latest
    }
    return json_reply(document | described | {"_id": full_name(package), "time": {**times, "modified": modified}})


def _served_manifest(call: EndpointCall, package: Coordinates, manifest: dict[str, Any], short: bool) -> dict[str, Any]:
    """A manifest whose tarball is downloaded from this repository."""
    url = f"{call.base}{quote(full_name(package), safe='@/')}/-/{quote(asset_name(package, manifest['version']))}"
    fields = {key: value for key, value in manifest.items() if not short or key in ABBREVIATED_FIELDS}
    return fields | {"dist": {**manifest.get("dist", {}), "tarball": url}}


async def _tarball(call: EndpointCall, package: Coordinates, file: str) -> Reply:
    domain, repository = call.require_read()
    stored = visible_versions(call.service, domain, repository, package)
    holder = next((found for version, found in stored.items() if asset_name(package, version) == file), None)
    if holder is None:
        version = await _ingest(call, domain, repository, package, file)
    elif not holder.version.readable:
        raise not_found(f"Version {holder.version.version} of '{full_name(package)}' is {holder.version.status}.", "asset", file)
    else:
        version = retain(call.service, domain, repository, package, holder)
    return Reply(200, version.assets[file].content, {"content-type": "application/octet-stream"})


async def _ingest(call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, file: str) -> PackageVersion:
    """Fetch a version from a public registry; it is kept in the repository with the connection and in the one asked."""
    for connected in connections(call.service, domain, repository, package):
        connection = connected.external_connection or ""
        packument = await call.service.public.npm_packument(connection, full_name(package)) or {}
        manifest = next((m for v, m in packument.get("versions", {}).items() if asset_name(package, v) == file), None)
        content = await call.service.public.download(connection, manifest["dist"]["tarball"]) if manifest else None
        if manifest is None or content is None:
            continue
        _check_digests(manifest.get("dist", {}), content)
        assets = {file: Asset(file, content)}
        fresh = PackageVersion(manifest["version"], assets, manifest, origin_type="EXTERNAL", entry_connection=connection)
        ingested = connected.version(package, fresh.version) or add_version(call.service, domain, connected, package, fresh)
        return retain(call.service, domain, repository, package, Found(connected, ingested))
    raise not_found(f"'{file}' of '{full_name(package)}' not found in repository '{repository.name}'.", "asset", file)


# ------------------------------------------------------------------------------------------------------------------ writing


@dataclass(frozen=True)
class Publication:
    """What a publish request carries."""

    version: str
    manifest: dict[str, Any]
    tarball: bytes
    tags: dict[str, str]


async def _publish(call: EndpointCall, package: Coordinates) -> Reply:
    document = _json_object(call)
    if not document.get("_attachments"):  # npm deprecate
        raise unsupported(call)
    domain, repository = call.require_package(package, "PublishPackageVersion")
    publication = _publication(package, document)
    require_publishing(call.service, domain, repository, package)
    await _refuse_existing(call, domain, repository, package, publication.version)
    asset = Asset(asset_name(package, publication.version), publication.tarball)
    version = PackageVersion(publication.version, {asset.name: asset}, publication.manifest, entry_repository=repository.name)
    add_version(call.service, domain, repository, package, version)
    repository.packages[package].dist_tags.update(publication.tags)
    return json_reply({"ok": True, "success": True}, 200)


async def _refuse_existing(call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, version: str) -> None:
    """409 for a version that is here, of whatever status, or that is reachable upstream."""
    stored = visible_versions(call.service, domain, repository, package)
    if version in stored:
        where = "" if stored[version].repository is repository else f" (in its upstream '{stored[version].repository.name}')"
        raise conflict(
            f"Version {version} of '{full_name(package)}' already exists in repository '{repository.name}'{where}.",
            "package-version",
            version,
        )
    for connected in connections(call.service, domain, repository, package):
        packument = await call.service.public.npm_packument(connected.external_connection or "", full_name(package)) or {}
        if version in packument.get("versions", {}):
            where = f"{connected.external_connection}, which repository '{repository.name}' can reach"
            raise conflict(f"Version {version} of '{full_name(package)}' already exists in {where}.", "package-version", version)


def _publication(package: Coordinates, document: dict[str, Any]) -> Publication:
    """The one version and the one tarball of a publish request, checked against each other and the URL."""
    versions, attachments = document.get("versions"), document["_attachments"]
    if document.get("name") != full_name(package):
        raise invalid(f"The request publishes '{document.get('name')}' at the URL of '{full_name(package)}'.")
    if not isinstance(versions, dict) or len(versions) != 1 or not isinstance(attachments, dict) or len(attachments) != 1:
        raise invalid("A publish request has one version and one attachment.")
    ((version, manifest),), ((_, attachment),) = versions.items(), attachments.items()
    if (
        not SEMVER.fullmatch(version)
        or not isinstance(manifest, dict)
        or (manifest.get("name"), manifest.get("version")) != (full_name(package), version)
    ):
        raise invalid(f"'{version}' is not a semantic version, or its manifest names another package or version.")
    tarball = _attached(attachment)
    _check_digests(manifest.get("dist", {}), tarball)
    packed = packed_manifest(tarball)
    if (packed.get("name"), packed.get("version")) != (full_name(package), version):
        raise invalid(f"The tarball's package.json is of {packed.get('name')} {packed.get('version')}.")
    tags = document.get("dist-tags", {})
    if not isinstance(tags, dict) or any(value != version or not TAG.fullmatch(tag) for tag, value in tags.items()):
        raise invalid("The tags of a publish request name the version that it publishes.")
    return Publication(version, manifest, tarball, tags)


def _attached(attachment: Any) -> bytes:
    try:
        content = base64.b64decode(attachment["data"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise invalid("The attachment is not base64.") from None
    if "length" in attachment and attachment["length"] != len(content):
        raise invalid("The attachment's length does not match its content.")
    return content


def _check_digests(dist: dict[str, Any], tarball: bytes) -> None:
    """ValidationException where `shasum` or `integrity` do not match; one of them has to be there."""
    shasum, integrity = dist.get("shasum"), dist.get("integrity") or ""
    if not shasum and not integrity:
        raise invalid("The manifest has neither a shasum nor an integrity of its tarball.")
    if shasum and shasum != hashlib.sha1(tarball, usedforsecurity=False).hexdigest():
        raise invalid("The tarball does not have the shasum that its manifest says.")
    for digest in integrity.split():
        algorithm, _, value = digest.partition("-")
        if algorithm in ("sha256", "sha384", "sha512") and base64.b64encode(hashlib.new(algorithm, tarball).digest()).decode() != value:
            raise invalid("The tarball does not have the integrity that its manifest says.")


def packed_manifest(tarball: bytes) -> dict[str, Any]:
    """The package.json of a package's tarball; ValidationException if there is none."""
    try:
        with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
            member = next(m for m in archive.getmembers() if m.isfile() and re.fullmatch(r"[^/]+/package\.json", m.name))
            content = archive.extractfile(member)
            manifest = json.loads(content.read()) if content else None
    except (tarfile.TarError, OSError, EOFError, StopIteration, ValueError) as problem:
        raise invalid(f"The tarball can't be read or has no package.json: {type(problem).__name__}") from None
    if not isinstance(manifest, dict):
        raise invalid("The tarball's package.json is not an object.")
    return manifest


async def _dist_tags(call: EndpointCall, package: Coordinates, tag: str | None) -> Reply:
    method = call.request.method
    if method == "GET" and tag is None:
        domain, repository = call.require_read()
        view = await _view(call, domain, repository, package)
        if not view.listed:
            raise not_found(f"Package '{full_name(package)}' not found in repository '{repository.name}'.", "package", package.name)
        return json_reply(view.tags)
    if tag is None or method not in ("PUT", "POST"):
        raise unsupported(call)
    _, repository = call.require_package(package, "PutPackageMetadata")
    known = repository.packages.get(package)
    if known is None:
        raise not_found(f"Package '{full_name(package)}' not found in repository '{repository.name}'.", "package", package.name)
    version = _json_value(call)
    if not isinstance(version, str) or version not in known.versions or not TAG.fullmatch(tag) or SEMVER.fullmatch(tag):
        raise invalid(
            f"The tag '{tag}' can't be set to {version!r}: it names a version that is in the repository, and is no version itself."
        )
    known.dist_tags[tag] = version
    return json_reply({"ok": True})


def _json_value(call: EndpointCall) -> Any:
    try:
        return json.loads(call.request.body)
    except ValueError as problem:
        raise invalid(f"The request's body is not JSON: {problem}", "CANNOT_PARSE") from None


def _json_object(call: EndpointCall) -> dict[str, Any]:
    value = _json_value(call)
    if not isinstance(value, dict):
        raise invalid("The request's body is not a JSON object.", "CANNOT_PARSE")
    return value


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
