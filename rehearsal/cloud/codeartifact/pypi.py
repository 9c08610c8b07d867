"""The PyPI endpoint: PyPI's legacy upload API and project pages (PEP 503).

Sources: User Guide, "Python compatibility" (no XML-RPC, no JSON, no list of all projects), "Python package name normalization".
Uploading needs PublishPackageVersion on the package, reading ReadFromRepository. Project pages are HTML only: whether CodeArtifact
offers PEP 691 or PEP 658 is not documented.
"""

import hashlib
import html
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import compat32
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote
from zipfile import BadZipFile, ZipFile

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.asgi import Request
from rehearsal.cloud.codeartifact.endpoints import EndpointCall, unsupported
from rehearsal.cloud.codeartifact.errors import ApiError, conflict, invalid, not_found
from rehearsal.cloud.codeartifact.external import PublicFile, UnavailableError
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.origin_controls import require_publishing
from rehearsal.cloud.codeartifact.store import Asset, Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.upstream import Found, connections, retain, visible_versions
from rehearsal.cloud.codeartifact.versions import add_asset, add_version

PROJECT_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")  # PEP 508
PAGE = re.compile(r"simple/(?P<project>[^/]+)/?")
FILE = re.compile(r"simple/(?P<project>[^/]+)/(?P<version>[^/]+)/(?P<file>[^/]+)")
DIGESTS = {"md5_digest": "md5", "sha256_digest": "sha256"}
LISTS = ("classifiers", "requires_dist", "provides_extra", "project_urls", "dynamic", "license_file")  # fields that occur more than once


async def handle(call: EndpointCall) -> Reply:
    """Answer one request of pip, twine or a like client."""
    # uv looks at a wheel's headers first. A HEAD is answered as a GET, whose body the server leaves out (RFC 9110, 9.3.2).
    path, method = unquote(call.rest), call.request.method.replace("HEAD", "GET")
    if path == "" and method == "POST":
        return await _upload(call)
    if (match := PAGE.fullmatch(path)) and method == "GET":
        return await _page(call, coordinates(match["project"]))
    if (match := FILE.fullmatch(path)) and method == "GET":
        return await _file(call, coordinates(match["project"]), match["version"], match["file"])
    if path in ("simple", "simple/") and method == "GET":
        raise ApiError("UnsupportedException", "CodeArtifact does not support the list of all projects.", 404)
    raise unsupported(call)


def coordinates(project: str) -> Coordinates:
    """A project by its normalised name (PEP 503)."""
    if not PROJECT_NAME.fullmatch(project):
        raise invalid(f"'{project}' is not a name of a Python project.")
    return Coordinates("pypi", "", canonicalize_name(project))


# ------------------------------------------------------------------------------------------------------------------ reading


async def _page(call: EndpointCall, package: Coordinates) -> Reply:
    domain, repository = call.require_read()
    stored = visible_versions(call.service, domain, repository, package)
    anchors: dict[str, str] = {}
    for version, found in stored.items():
        if found.version.status == "Published":
            required = found.version.metadata.get("requires_python") or ""
            anchors |= {
                a.name: _anchor(call, package, version, a.name, a.hashes["SHA-256"], required) for a in found.version.assets.values()
            }
    taken = {_parsed(version) for version in stored}
    for file in await _public_files(call, domain, repository, package, required=not stored):
        version = version_of_file(package, file.name)
        if version and _parsed(version) not in taken and not file.yanked:
            anchors.setdefault(file.name, _anchor(call, package, version, file.name, file.sha256, file.requires_python))
    if not anchors:
        raise not_found(f"Project '{package.name}' not found in repository '{repository.name}'.", "package", package.name)
    page = f"<!DOCTYPE html><html><head><title>Links for {package.name}</title></head><body>{''.join(anchors.values())}</body></html>"
    return Reply(200, page.encode(), {"content-type": "text/html; charset=utf-8"})


def _anchor(call: EndpointCall, package: Coordinates, version: str, name: str, sha256: str, requires_python: str) -> str:
    """A link to a file of this repository."""
    required = f' data-requires-python="{html.escape(requires_python)}"' if requires_python else ""
    fragment = f"#sha256={sha256}" if sha256 else ""
    url = f"{call.base}simple/{package.name}/{quote(version)}/{quote(name)}{fragment}"
    return f'<a href="{url}"{required}>{html.escape(name)}</a><br>'


async def _public_files(
    call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, required: bool
) -> list[PublicFile]:
    """The public files of the first reachable index that has the project. When it is down, what is stored stays available."""
    for connected in connections(call.service, domain, repository, package):
        try:
            files = await call.service.public.pypi_files(connected.external_connection or "", package.name)
        except UnavailableError:
            if required:
                raise
            files = None
        if files is not None:
            return files
    return []


def version_of_file(package: Coordinates, name: str) -> str | None:
    """The version that a wheel or source archive of the project is of; None for other files."""
    try:
        if name.endswith(".whl"):
            project, version, *_ = parse_wheel_filename(name)
        else:
            project, version = parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return str(version) if project == package.name else None


async def _file(call: EndpointCall, package: Coordinates, version: str, name: str) -> Reply:
    domain, repository = call.require_read()
    found = visible_versions(call.service, domain, repository, package).get(version)
    if found is None:
        kept = await _ingest(call, domain, repository, package, version, name)
    elif not found.version.readable or name not in found.version.assets:
        kept = await _ingest_another_file(call, domain, repository, package, found, name)
    else:
        kept = retain(call.service, domain, repository, package, found)
    return Reply(200, kept.assets[name].content, {"content-type": "application/octet-stream"})


async def _ingest(
    call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, version: str, name: str
) -> PackageVersion:
    """Fetch one file of a version from a public index; it is kept in the repository with the connection and in the one asked."""
    for connected in connections(call.service, domain, repository, package):
        connection = connected.external_connection or ""
        files = await call.service.public.pypi_files(connection, package.name) or []
        file = next((file for file in files if file.name == name and version_of_file(package, name) == version), None)
        if file is None:
            continue
        asset = Asset(name, await _downloaded(call, connection, file))
        metadata = _metadata_of(asset, package) | {"requires_python": file.requires_python}
        fresh = PackageVersion(version, {name: asset}, metadata, origin_type="EXTERNAL", entry_connection=connection)
        ingested = connected.version(package, version) or add_version(call.service, domain, connected, package, fresh)
        _with_file(call, domain, connected, package, ingested, asset)
        kept = retain(call.service, domain, repository, package, Found(connected, ingested))
        return _with_file(call, domain, repository, package, kept, asset)
    raise not_found(f"'{name}' of '{package.name}' not found in repository '{repository.name}'.", "asset", name)


async def _ingest_another_file(
    call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, found: Found, name: str
) -> PackageVersion:
    """A further file of a version that came from a public index (another platform's wheel); others have what they have."""
    version = found.version
    if not version.readable or version.origin_type != "EXTERNAL":
        raise not_found(f"'{name}' of '{package.name}' {version.version} is not available ({version.status}).", "asset", name)
    return await _ingest(call, domain, repository, package, version.version, name)


def _with_file(
    call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, asset: Asset
) -> PackageVersion:
    if asset.name not in version.assets:
        add_asset(call.service, domain, repository, package, version, asset)
    return version


async def _downloaded(call: EndpointCall, connection: str, file: PublicFile) -> bytes:
    content = await call.service.public.download(connection, file.url)
    if content is None or (file.sha256 and hashlib.sha256(content).hexdigest() != file.sha256):
        raise UnavailableError(connection, f"{file.name} is missing or does not have its hash")
    return content


def _metadata_of(asset: Asset, package: Coordinates) -> dict[str, Any]:
    """A wheel's dependencies, in the name of the upload API; a source archive gives its name alone."""
    try:
        with ZipFile(BytesIO(asset.content)) as archive:
            member = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
            message = BytesParser(policy=compat32).parsebytes(archive.read(member))
    except (BadZipFile, StopIteration):
        return {"name": package.name}
    return {"name": package.name, "requires_dist": message.get_all("Requires-Dist", [])}


# ------------------------------------------------------------------------------------------------------------------ uploading


@dataclass(frozen=True)
class Upload:
    """What an upload carries."""

    package: Coordinates
    version: str
    asset: Asset
    metadata: dict[str, Any]


async def _upload(call: EndpointCall) -> Reply:
    upload = _checked_upload(await form(call.request))
    domain, repository = call.require_package(upload.package, "PublishPackageVersion")
    require_publishing(call.service, domain, repository, upload.package)
    existing = await _existing_version(call, domain, repository, upload)
    if existing is None:
        version = PackageVersion(upload.version, {upload.asset.name: upload.asset}, upload.metadata, entry_repository=repository.name)
        add_version(call.service, domain, repository, upload.package, version)
    else:
        add_asset(call.service, domain, repository, upload.package, existing, upload.asset)
    return Reply(200, b"", {"content-type": "text/plain"})


async def _existing_version(call: EndpointCall, domain: Domain, repository: Repository, upload: Upload) -> PackageVersion | None:
    """The version that the file is added to. 409 for a file that is here, a version that is not open, or one that is reachable upstream.

    The User Guide calls an identical file a success; clients report 409 (the stricter reading).
    """
    stored = visible_versions(call.service, domain, repository, upload.package)
    found = next((f for v, f in stored.items() if _parsed(v) == _parsed(upload.version)), None)
    if found and not _is_open(found, repository, upload):
        where = f"repository '{found.repository.name}' ({found.version.status})"
        raise conflict(f"'{upload.asset.name}' or its version already exists in {where}.", "package-version", upload.version)
    if found:
        return found.version
    for connected in connections(call.service, domain, repository, upload.package):
        files = await call.service.public.pypi_files(connected.external_connection or "", upload.package.name) or []
        public = {_parsed(version) for file in files if (version := version_of_file(upload.package, file.name))}
        if _parsed(upload.version) in public:
            where = f"{connected.external_connection}, which repository '{repository.name}' can reach"
            raise conflict(f"Version {upload.version} of '{upload.package.name}' exists in {where}.", "package-version", upload.version)
    return None


def _is_open(found: Found, repository: Repository, upload: Upload) -> bool:
    """Whether an existing version takes the file: published here, written the same way, and without the file so far."""
    same = found.repository is repository and found.version.version == upload.version and found.version.origin_type == "INTERNAL"
    return same and found.version.readable and upload.asset.name not in found.version.assets


async def form(request: Request) -> FormData:
    """The fields of multipart/form-data. Raises ValidationException."""

    async def body() -> AsyncGenerator[bytes, None]:
        yield request.body

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise invalid("The request is not multipart/form-data.")
    try:
        # A description is a field, and may be long.
        return await MultiPartParser(Headers(request.headers), body(), max_part_size=len(request.body)).parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise invalid(f"The request is no readable multipart/form-data: {error}") from None


def _checked_upload(fields: FormData) -> Upload:
    files = [
        (value.filename, value.file.read()) for name, value in fields.multi_items() if name == "content" and isinstance(value, UploadFile)
    ]
    texts: dict[str, list[str]] = {}
    for name, value in fields.multi_items():
        if isinstance(value, str):
            texts.setdefault(name, []).append(value)
    action, name, version = (_one(texts, key) for key in (":action", "name", "version"))
    if action != "file_upload" or len(files) != 1:
        raise invalid("An upload has the :action file_upload and one file named content.")
    package, asset = coordinates(name), Asset(files[0][0] or "", files[0][1])
    _check_file(package, version, asset, texts)
    kept = {
        key: values if key in LISTS else values[0] for key, values in texts.items() if key not in (":action", "protocol_version", *DIGESTS)
    }
    return Upload(package, version, asset, {key: value for key, value in kept.items() if not key.endswith("_digest")})


def _check_file(package: Coordinates, version: str, asset: Asset, texts: dict[str, list[str]]) -> None:
    try:
        expected = str(_parsed(version))
    except InvalidVersion:
        raise invalid(f"'{version}' is not a version (PEP 440).") from None
    if version_of_file(package, asset.name) != expected:
        raise invalid(f"The file '{asset.name}' is not one of {package.name} {version}.")
    given = {field: texts[field][0] for field in DIGESTS if texts.get(field)}
    if not given:
        raise invalid("An upload needs a digest of its file.")
    for field, value in given.items():
        if hashlib.new(DIGESTS[field], asset.content, usedforsecurity=False).hexdigest() != value:
            raise invalid(f"The file does not have the {field} that the upload says.")


def _parsed(version: str) -> Version:
    """Versions are equal as PEP 440 says: 1.0 is 1.0.0."""
    return Version(version)


def _one(texts: dict[str, list[str]], key: str) -> str:
    if len(texts.get(key, [])) != 1:
        raise invalid(f"An upload has one field '{key}'.")
    return texts[key][0]
