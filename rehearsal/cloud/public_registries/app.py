"""ASGI application below `/_public/`: `npm/`, `pypi/simple/`, `maven/` and `cargo/`, read-only and open to everybody."""

import html
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from rehearsal.cloud.public_registries import cargo, catalog, maven, npm, pypi

Answer = tuple[int, str, bytes]
NOT_FOUND: Answer = (404, "application/json", b'{"error": "not found"}')
MOUNT = "/_public/"


async def app(
    scope: Mapping[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """Answer one request."""
    raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    host = next((value.decode() for name, value in scope["headers"] if name == b"host"), "127.0.0.1")
    status, content_type, body = _answer(scope["method"], unquote(raw).removeprefix(MOUNT), f"{scope['scheme']}://{host}{MOUNT}")
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _answer(method: str, path: str, base: str) -> Answer:
    if method not in ("GET", "HEAD"):
        return 405, "application/json", b'{"error": "the fixture registries are read-only"}'
    registry, _, rest = path.partition("/")
    if registry == "npm":
        return _npm(rest, f"{base}npm/")
    if registry == "pypi" and rest.startswith("simple/"):
        return _pypi(rest.removeprefix("simple/"))
    if registry == "cargo":
        return _cargo(rest, f"{base}cargo")
    return _maven(rest) if registry == "maven" else NOT_FOUND


def _npm(path: str, base: str) -> Answer:
    name, separator, file = path.partition("/-/")
    built = {}
    for package in catalog.versions("npm", name):
        manifest = npm.manifest(package.name, package.version, package.dependencies)
        built[package.version] = (manifest, npm.tarball(manifest))
    if not built:
        return NOT_FOUND
    if not separator:
        document = npm.packument(base + quote(name, safe="@/"), built)
        return 200, "application/json", json.dumps(document).encode()
    found = next((content for version, (_, content) in built.items() if npm.tarball_name(name, version) == file), None)
    return (200, "application/octet-stream", found) if found is not None else NOT_FOUND


def _pypi(path: str) -> Answer:
    if not path:
        links = "".join(f'<a href="{html.escape(name)}/">{html.escape(name)}</a><br>' for name in catalog.names("pypi"))
        return 200, "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
    name, _, file = path.partition("/")
    files = {
        pypi.wheel_name(name, package.version): pypi.wheel(name, package.version, [f"{n}{v}" for n, v in package.dependencies.items()])
        for package in catalog.versions("pypi", name)
    }
    if not files or (file and file not in files):
        return NOT_FOUND
    return (200, "application/octet-stream", files[file]) if file else (200, "text/html", pypi.page(files).encode())


def _cargo(path: str, base: str) -> Answer:
    if path == "config.json":
        return 200, "application/json", json.dumps({"dl": f"{base}/crates"}).encode()
    for name in catalog.names("cargo"):
        versions = {package.version: package.dependencies for package in catalog.versions("cargo", name)}
        if path == cargo.index_path(name):
            return 200, "text/plain", cargo.index(versions, name).encode()
        for version, dependencies in versions.items():
            if path == f"crates/{name}/{version}/download":
                return 200, "application/octet-stream", cargo.crate(name, version, dependencies)
    return NOT_FOUND


def _maven(path: str) -> Answer:
    for name in catalog.names("maven"):
        if path.startswith(f"{maven.directory(name)}/"):
            versions = catalog.versions("maven", name)
            files = maven.metadata(name, [package.version for package in versions])
            for package in versions:
                files |= maven.artifacts(name, package.version, package.dependencies)
            found = maven.with_checksums(files).get(path)
            if found is not None:
                return 200, "application/octet-stream", found
    return NOT_FOUND
