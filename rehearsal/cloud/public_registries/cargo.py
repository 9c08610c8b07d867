"""Crates and index of the fixture crates.io. Source: The Cargo Book, "Registry index"."""

import gzip
import hashlib
import io
import json
import tarfile


def index_path(name: str) -> str:
    """Where a sparse index has a crate: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcd`; in lower case."""
    name = name.lower()
    if len(name) <= 2:
        return f"{len(name)}/{name}"
    return f"3/{name[0]}/{name}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}/{name}"


def crate(name: str, version: str, dependencies: dict[str, str]) -> bytes:
    """A library without code but `VERSION` and `ORIGIN = "public"`."""
    needs = "".join(f"{needed} = {json.dumps(requirement)}\n" for needed, requirement in dependencies.items())
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n\n[dependencies]\n{needs}'
    library = f'pub const VERSION: &str = "{version}";\npub const ORIGIN: &str = "public";\n'
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed, tarfile.open(fileobj=compressed, mode="w") as archive:
        for path, text in {"Cargo.toml": manifest, "src/lib.rs": library}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def index(versions: dict[str, dict[str, str]], name: str) -> str:
    """A crate's file in the index: version to dependencies."""
    lines = []
    for version, dependencies in versions.items():
        deps = [
            {
                "name": needed,
                "req": requirement,
                "features": [],
                "optional": False,
                "default_features": True,
                "target": None,
                "kind": "normal",
            }
            for needed, requirement in dependencies.items()
        ]
        digest = hashlib.sha256(crate(name, version, dependencies)).hexdigest()
        lines.append(json.dumps({"name": name, "vers": version, "deps": deps, "cksum": digest, "features": {}, "yanked": False}))
    return "\n".join(lines)
