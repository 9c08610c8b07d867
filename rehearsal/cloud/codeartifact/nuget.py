"""The NuGet endpoint: service index, push and flat container of protocol V3.

Sources: User Guide, "Use CodeArtifact with the nuget or dotnet CLI", "NuGet package name, version, and asset name normalization"; NuGet's
documentation, "Service index", "Push and delete", "Package content". Pushing needs PublishPackageVersion on the package and
ReadFromRepository. Tested with plain HTTP requests, not with a NuGet client. Search, registrations and nuget.org are not served.
"""

import re
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from starlette.datastructures import UploadFile

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.asgi import json_reply
from rehearsal.cloud.codeartifact.endpoints import EndpointCall, unsupported
from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found, not_implemented
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.origin_controls import require_publishing
from rehearsal.cloud.codeartifact.pypi import form
from rehearsal.cloud.codeartifact.store import Asset, Domain, PackageVersion, Repository
from rehearsal.cloud.codeartifact.upstream import Found, connections, retain, visible_versions
from rehearsal.cloud.codeartifact.versions import add_version

ID = re.compile(r"\w+([.-]\w+)*", re.ASCII)
VERSION = re.compile(r"\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
INDEX = "v3/index.json"
PUSH = "v3/package"
CONTENT = "v3/flatcontainer/"
VERSIONS = re.compile(rf"{re.escape(CONTENT)}(?P<id>[^/]+)/index\.json")
FILE = re.compile(rf"{re.escape(CONTENT)}(?P<id>[^/]+)/(?P<version>[^/]+)/(?P<file>[^/]+)")


async def handle(call: EndpointCall) -> Reply:
    """Answer one request of a NuGet client."""
    path, method = unquote(call.rest), call.request.method
    if path == INDEX and method == "GET":
        call.require_read()
        resources = {"PackagePublish/2.0.0": PUSH, "PackageBaseAddress/3.0.0": CONTENT}
        listed = [{"@id": call.base + address, "@type": kind} for kind, address in resources.items()]
        return json_reply({"version": "3.0.0", "resources": listed})
    if path.rstrip("/") == PUSH and method == "PUT":
        return await _push(call)
    if (match := VERSIONS.fullmatch(path)) and method == "GET":
        return _versions(call, coordinates(match["id"]))
    if (match := FILE.fullmatch(path)) and method == "GET":
        return _file(call, coordinates(match["id"]), match["version"], match["file"])
    raise unsupported(call)


def coordinates(id: str) -> Coordinates:
    """A package by its id in lower case, as it is stored."""
    if not ID.fullmatch(id) or len(id) > 100:
        raise invalid(f"'{id}' is not a NuGet package's id.")
    return Coordinates("nuget", "", id.lower())


def normalised(version: str) -> str:
    """A version as NuGet and CodeArtifact store it: no leading zeroes, no fourth part of zero, no build metadata."""
    if not VERSION.fullmatch(version):
        raise invalid(f"'{version}' is not a NuGet version.")
    numbers, dash, label = version.partition("+")[0].partition("-")
    parts = [int(one) for one in numbers.split(".")]
    parts += [0] * (3 - len(parts))
    return ".".join(str(one) for one in (parts[:3] if parts[3:] == [0] else parts)) + dash + label


# ------------------------------------------------------------------------------------------------------------------ reading


def _stored(call: EndpointCall, domain: Domain, repository: Repository, package: Coordinates) -> Mapping[str, Found]:
    if connections(call.service, domain, repository, package):
        raise not_implemented("reading nuget.org")
    return visible_versions(call.service, domain, repository, package)


def _versions(call: EndpointCall, package: Coordinates) -> Reply:
    domain, repository = call.require_read()
    listed = [name for name, found in _stored(call, domain, repository, package).items() if found.version.status == "Published"]
    if not listed:
        raise not_found(f"Package '{package.name}' not found in repository '{repository.name}'.", "package", package.name)
    return json_reply({"versions": sorted(one.lower() for one in listed)})


def _file(call: EndpointCall, package: Coordinates, version: str, file: str) -> Reply:
    domain, repository = call.require_read()
    found = next((one for name, one in _stored(call, domain, repository, package).items() if name.lower() == version), None)
    if found is None or not found.version.readable:
        raise not_found(f"Version {version} of '{package.name}' not found in repository '{repository.name}'.", "package-version", version)
    (asset,) = retain(call.service, domain, repository, package, found).assets.values()
    if file == asset.name:
        return Reply(200, asset.content, {"content-type": "application/octet-stream"})
    if file == f"{package.name}.nuspec":
        return Reply(200, _nuspec(asset.content), {"content-type": "application/xml"})
    raise not_found(f"'{file}' of '{package.name}' {version} not found in repository '{repository.name}'.", "asset", file)


# ------------------------------------------------------------------------------------------------------------------ pushing


async def _push(call: EndpointCall) -> Reply:
    fields = await form(call.request)
    files = [value for _, value in fields.multi_items() if isinstance(value, UploadFile)]
    if len(files) != 1:
        raise invalid("A push has one file.")
    content = files[0].file.read()
    metadata = _metadata(content)
    package, version = coordinates(metadata["id"]), normalised(metadata["version"])
    domain, repository = call.require_package(package, "PublishPackageVersion")
    call.require_read()
    require_publishing(call.service, domain, repository, package)
    stored = _stored(call, domain, repository, package)
    if any(one.lower() == version.lower() for one in stored):
        raise conflict(f"Version {version} of '{package.name}' already exists in '{repository.name}'.", "package-version", version)
    asset = Asset(f"{package.name}.{version.lower()}.nupkg", content)
    fresh = PackageVersion(version, {asset.name: asset}, metadata, entry_repository=repository.name)
    add_version(call.service, domain, repository, package, fresh)
    return Reply(201, b"", {"content-type": "text/plain"})


def _nuspec(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            (member,) = (name for name in archive.namelist() if "/" not in name and name.lower().endswith(".nuspec"))
            return archive.read(member)
    except (zipfile.BadZipFile, ValueError):
        raise invalid("The file is no NuGet package with one .nuspec.") from None


def _metadata(content: bytes) -> dict[str, Any]:
    try:
        document = ElementTree.fromstring(_nuspec(content))
    except ElementTree.ParseError:
        raise invalid("The package's .nuspec can't be read.") from None
    return {name: (document.findtext(f"./{{*}}metadata/{{*}}{name}") or "").strip() for name in ("id", "version")}
