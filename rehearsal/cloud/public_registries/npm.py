"""npm packages and documents of the fixture registry."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
from typing import Any

PUBLISHED = "2024-01-01T00:00:00.000Z"


def manifest(name: str, version: str, dependencies: dict[str, str]) -> dict[str, Any]:
    """The package.json of a fixture package."""
    described = {"name": name, "version": version, "description": f"Fixture package {name}", "license": "MIT", "main": "index.js"}
    return described | ({"dependencies": dependencies} if dependencies else {})


def tarball(package: dict[str, Any]) -> bytes:
    """A package's tarball; requiring it gives `{name, version, origin: "public"}`."""
    exported = json.dumps({"name": package["name"], "version": package["version"], "origin": "public"})
    files = {"package/package.json": json.dumps(package, indent=2), "package/index.js": f"module.exports = {exported};\n"}
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(unpacked.getvalue(), mtime=0)


def packument(url: str, versions: dict[str, tuple[dict[str, Any], bytes]]) -> dict[str, Any]:
    """The registry's document about a package. url: the package's own URL; versions in the order in which they were added."""
    latest = list(versions)[-1]
    return {
        "name": versions[latest][0]["name"],
        "dist-tags": {"latest": latest},
        "versions": {version: package | {"dist": _dist(url, package, content)} for version, (package, content) in versions.items()},
        "time": dict.fromkeys(versions, PUBLISHED),
    }


def tarball_name(name: str, version: str) -> str:
    return f"{name.rpartition('/')[2]}-{version}.tgz"


def _dist(url: str, package: dict[str, Any], content: bytes) -> dict[str, str]:
    return {
        "tarball": f"{url}/-/{tarball_name(package['name'], package['version'])}",
        "shasum": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(),
    }
