"""The public registries behind external connections: the fixture registries of the rehearsal, or the machine's own.

With upstream "real" the npm and PyPI URLs are those that npm and pip on this machine are configured with, looked up when first
needed. Certificates and proxies are httpx's defaults (`SSL_CERT_FILE`, `HTTPS_PROXY`).
"""

import asyncio
import json
import re
import shutil
import ssl
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urldefrag, urljoin

import httpx

from rehearsal.cloud.codeartifact.errors import ApiError, not_implemented
from rehearsal.cloud.public_registries.cargo import index_path

# Source: User Guide, "Supported external connection repositories".
CONNECTIONS = {
    "public:npmjs": "npm",
    "public:pypi": "pypi",
    "public:maven-central": "maven",
    "public:maven-googleandroid": "maven",
    "public:maven-gradleplugins": "maven",
    "public:maven-commonsware": "maven",
    "public:maven-clojars": "maven",
    "public:nuget-org": "nuget",
    "public:ruby-gems-org": "ruby",
    "public:crates-io": "cargo",
}
FIXTURES = {
    "public:npmjs": "/_public/npm/",
    "public:pypi": "/_public/pypi/simple/",
    "public:maven-central": "/_public/maven/",
    "public:crates-io": "/_public/cargo/",
}
# Prints what the client on this machine is configured with: npm always says, pip only lists what differs from its own default.
NPM_REGISTRY = ("npm", "config", "get", "registry")
PIP_CONFIGURATION = (sys.executable, "-m", "pip", "config", "list")
PIP_DEFAULT = (sys.executable, "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)")
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"


class UnavailableError(ApiError):
    """The public registry did not give an answer."""

    def __init__(self, connection: str, why: str) -> None:
        super().__init__("ServiceUnavailableException", f"The public registry of {connection} is not available: {why}", 503)


@dataclass(frozen=True)
class PublicFile:
    """A file of a project in a PyPI simple index."""

    name: str
    url: str
    sha256: str
    requires_python: str
    yanked: bool


@dataclass
class PublicRegistries:
    """Reads public registries. upstream: "fixture" (below `base_url`) or "real"."""

    base_url: str
    upstream: str
    _urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.upstream not in ("fixture", "real"):
            raise ValueError(f"upstream is {self.upstream!r}; it can be 'fixture' or 'real'")

    async def npm_packument(self, connection: str, name: str) -> dict[str, Any] | None:
        """Everything the registry says about a package, None if it has none of that name."""
        response = await self._get(connection, await self.url(connection) + quote(name, safe="@"), {"accept": "application/json"})
        return response.json() if response is not None else None

    async def pypi_files(self, connection: str, project: str) -> list[PublicFile] | None:
        """The files of a project (PEP 503 name), None if the index has none of that name. PEP 691 where offered, else PEP 503."""
        accept = f"{SIMPLE_JSON}, text/html;q=0.5"
        response = await self._get(connection, f"{await self.url(connection)}{quote(project)}/", {"accept": accept})
        if response is None:
            return None
        if response.headers.get("content-type", "").startswith(SIMPLE_JSON):
            return [_from_json(str(response.url), entry) for entry in response.json()["files"]]
        return _from_html(str(response.url), response.text)

    async def maven_file(self, connection: str, path: str) -> bytes | None:
        """A file of a Maven repository by its path, None if there is none."""
        return await self.download(connection, await self.url(connection) + quote(path))

    async def cargo_entries(self, connection: str, name: str) -> list[dict[str, Any]] | None:
        """A crate's lines in the sparse index, None if it has none of that name."""
        content = await self.download(connection, await self.url(connection) + index_path(name))
        return [json.loads(line) for line in content.decode().splitlines() if line] if content is not None else None

    async def cargo_crate(self, connection: str, name: str, version: str) -> bytes | None:
        """A crate's archive, None if there is none. The fixture's downloads have the shape that The Cargo Book gives by default."""
        content = await self.download(connection, f"{await self.url(connection)}config.json")
        base = json.loads(content or b"{}").get("dl", "")
        return await self.download(connection, f"{base}/{quote(name)}/{quote(version)}/download")

    async def download(self, connection: str, url: str) -> bytes | None:
        """A file's content, None if there is none."""
        response = await self._get(connection, url, {})
        return response.content if response is not None else None

    async def url(self, connection: str) -> str:
        """The registry's URL with its final slash; 501 for a connection that there is no registry for."""
        if connection not in self._urls:
            self._urls[connection] = (await self._look_up(connection)).rstrip("/") + "/"
        return self._urls[connection]

    async def _look_up(self, connection: str) -> str:
        if self.upstream == "fixture":
            if connection not in FIXTURES:
                raise not_implemented(f"a fixture registry for the external connection {connection}")
            return self.base_url + FIXTURES[connection]
        if connection == "public:npmjs":
            return _checked_url(connection, (await _output_of(connection, NPM_REGISTRY)).strip())
        if connection == "public:pypi":
            return _checked_url(connection, await _pip_index(connection))
        raise not_implemented(f"reading the real registry of the external connection {connection}")

    async def _get(self, connection: str, url: str, headers: dict[str, str]) -> httpx.Response | None:
        try:
            async with httpx.AsyncClient(follow_redirects=True, timeout=60, verify=_certificates()) as client:
                response = await client.get(url, headers=headers)
        except httpx.HTTPError as problem:
            raise UnavailableError(connection, str(problem) or type(problem).__name__) from None
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise UnavailableError(connection, f"HTTP {response.status_code}")
        return response


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Reading the certificates takes longer than most requests."""
    return httpx.create_ssl_context()


async def _pip_index(connection: str) -> str:
    """pip's index: its environment and configuration files, as pip itself merges them, else its default."""
    listed = await _output_of(connection, PIP_CONFIGURATION)
    for key in (":env:.index-url", "global.index-url"):
        if match := re.search(rf"^{re.escape(key)}='([^']*)'$", listed, re.MULTILINE):
            return match[1]
    return (await _output_of(connection, PIP_DEFAULT)).strip()


async def _output_of(connection: str, command: tuple[str, ...]) -> str:
    if shutil.which(command[0]) is None:
        raise UnavailableError(connection, f"{command[0]} is not installed, so its configured registry is not known")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    output, _ = await process.communicate()
    if process.returncode:
        raise UnavailableError(connection, f"`{' '.join(command)}` failed")
    return output.decode()


def _checked_url(connection: str, url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UnavailableError(connection, "the client that is configured for it names no URL")
    return url


def _from_json(base: str, entry: dict[str, Any]) -> PublicFile:
    return PublicFile(
        name=entry["filename"],
        url=urljoin(base, entry["url"]),
        sha256=entry.get("hashes", {}).get("sha256", ""),
        requires_python=entry.get("requires-python") or "",
        yanked=bool(entry.get("yanked")),
    )


def _from_html(base: str, page: str) -> list[PublicFile]:
    parser = _Anchors()
    parser.feed(page)
    return [_from_anchor(base, attributes, text) for attributes, text in parser.anchors if attributes.get("href")]


def _from_anchor(base: str, attributes: dict[str, str], text: str) -> PublicFile:
    url, fragment = urldefrag(urljoin(base, attributes["href"]))
    return PublicFile(
        name=text.strip(),
        url=url,
        sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
        requires_python=attributes.get("data-requires-python", ""),
        yanked="data-yanked" in attributes,
    )


class _Anchors(HTMLParser):
    """Collects the anchors of a page: attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[tuple[dict[str, str], str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.anchors.append(({name: value or "" for name, value in attrs}, ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._inside:
            attributes, text = self.anchors[-1]
            self.anchors[-1] = (attributes, text + data)
