"""What a registry is sent about a packed crate. usage: crate.py CRATE, crate.py --body CRATE

Prints the publish request's metadata as JSON, or with --body the whole request: metadata and crate, each behind its length.
https://doc.rust-lang.org/cargo/reference/registry-web-api.html#publish

It all comes from the Cargo.toml that `cargo package` wrote into the crate: there, workspaces are resolved, and dependencies on folders and
on Git are dependencies on a registry. A crate that nobody could install, or that says it is not for publishing, is refused.
"""

import json
import re
import struct
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

# How an index names crates.io, whatever registry the index is of.
CRATES_IO = "https://github.com/rust-lang/crates.io-index"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_VERSION = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z.-]+)?")
_KINDS = {"dependencies": "normal", "dev-dependencies": "dev", "build-dependencies": "build"}
_DESCRIBED = ("description", "documentation", "homepage", "license", "repository", "links")


class Refused(ValueError):
    """The crate can't be published; the message says why, and what to do."""


def manifest(crate: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The crate's Cargo.toml and its files by path. Raises Refused for an archive that is not as cargo writes it."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=BytesIO(crate), mode="r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or member.name in files or ".." in member.name.split("/"):
                    raise Refused(f"got {member.name} in the crate; expected plain files, each once; have cargo package write it")
                files[member.name] = content.read()
    except (tarfile.TarError, EOFError, OSError) as problem:
        raise Refused(f"got no crate ({problem}); expected the archive that cargo package writes") from problem
    tops = {name.partition("/")[0] for name in files}
    (top,) = tops if len(tops) == 1 else ("",)
    try:
        said = tomllib.loads(files[f"{top}/Cargo.toml"].decode())
        package = said["package"]
        name, version = str(package["name"]), str(package["version"])
    except (KeyError, TypeError, ValueError) as problem:
        raise Refused(f"got no readable Cargo.toml in the crate ({problem}); expected one with a name and a version") from problem
    if not _NAME.fullmatch(name):
        raise Refused(f"got the name {name!r}; expected a letter, then letters, digits, - and _, at most 64")
    if not _VERSION.fullmatch(version):
        raise Refused(f"got the version {version}; expected three numbers, such as 1.2.3 or 1.2.3-rc.1, without build metadata")
    if top != f"{name}-{version}":
        raise Refused(f"got a crate that unpacks to {top or 'several folders'}; expected {name}-{version}")
    return said, {path.partition("/")[2]: content for path, content in files.items()}


def check(said: dict[str, Any]) -> None:
    """Raises Refused for a crate that is not for publishing or needs what builds would not get."""
    publish = said["package"].get("publish", True)
    if publish is False or publish == []:
        raise Refused("Cargo.toml says publish = false, and cargo publishes no such crate: leave that out")
    if isinstance(publish, list) and "crates-io" in publish:
        raise Refused("Cargo.toml lets crates-io have the crate (publish): name your own registry alone, or leave that out")
    for _, name, dependency in _dependencies(said):
        if place := next((key for key in ("git", "path") if key in dependency), None):
            raise Refused(f"nobody could install this: {name} comes from {place} {dependency[place]}; give it a version")
        if "registry-index" in dependency:
            raise Refused(
                f"others could not install this: {name} names the registry {dependency['registry-index']}; leave `registry` out: builds "
                "read all crates, private ones too, from the repository that takes the place of crates.io"
            )


def metadata(said: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    """As cargo publish sends it to a registry that is not crates.io."""
    package = said["package"]
    readme = package.get("readme")
    return {
        "name": package["name"],
        "vers": package["version"],
        "deps": [_sent(*one) for one in _dependencies(said)],
        "features": said.get("features", {}),
        "authors": package.get("authors", []),
        **{field: package.get(field) for field in _DESCRIBED},
        "readme": files[readme].decode(errors="replace") if isinstance(readme, str) and readme in files else None,
        "readme_file": readme if isinstance(readme, str) else None,
        "keywords": package.get("keywords", []),
        "categories": package.get("categories", []),
        "license_file": package.get("license-file"),
        "badges": said.get("badges", {}),
        "rust_version": package.get("rust-version"),
    }


def body(crate: bytes) -> bytes:
    """The publish request of a crate that is as it should be. Raises Refused."""
    said, files = manifest(crate)
    check(said)
    described = json.dumps(metadata(said, files)).encode()
    return struct.pack("<I", len(described)) + described + struct.pack("<I", len(crate)) + crate


def _dependencies(said: dict[str, Any]) -> Iterator[tuple[tuple[str, str | None], str, dict[str, Any]]]:
    """Kind and target, name in Cargo.toml, and what it says, of each dependency."""
    places = [(None, said), *said.get("target", {}).items()]
    for target, tables in places:
        for table, kind in _KINDS.items():
            for name, needed in tables.get(table, {}).items():
                yield (kind, target), name, needed if isinstance(needed, dict) else {"version": needed}


def _sent(place: tuple[str, str | None], name: str, needed: dict[str, Any]) -> dict[str, Any]:
    kind, target = place
    package = needed.get("package", name)
    return {
        "optional": needed.get("optional", False),
        "default_features": needed.get("default-features", True),
        "name": package,
        "features": needed.get("features", []),
        "version_req": requirement(needed.get("version", "*")),
        "target": target,
        "kind": kind,
        "registry": CRATES_IO,
        **({"explicit_name_in_toml": name} if package != name else {}),
    }


def requirement(text: str) -> str:
    """A requirement as cargo writes it: 1.2 is ^1.2."""
    parts = [re.sub(r"\s+", "", part) for part in text.split(",")]
    return ", ".join(f"^{part}" if part[:1].isdigit() and "*" not in part else part for part in parts)


def main() -> int:
    *options, file = sys.argv[1:]
    try:
        crate = Path(file).read_bytes()
        if options == ["--body"]:
            sys.stdout.buffer.write(body(crate))
            return 0
        said, files = manifest(crate)
        check(said)
        print(json.dumps(metadata(said, files)))
    except (OSError, Refused) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
