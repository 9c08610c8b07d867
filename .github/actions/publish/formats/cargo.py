"""Cargo: crates as cargo package writes them."""

from collections.abc import Iterator
from pathlib import Path

import crate
from package import Package, Refused, sha256


def packages(folder: Path) -> Iterator[Package]:
    """One of each crate. Raises Refused."""
    for file in sorted(folder.glob("*.crate")):
        try:
            said, files = crate.manifest(file.read_bytes())
            crate.check(said)
        except crate.Refused as problem:
            raise Refused(str(problem)) from problem
        sent = crate.metadata(said, files)
        needed = [one for one in sent["deps"] if one["kind"] != "dev"]
        yield Package(
            namespace="",
            name=sent["name"],
            version=sent["vers"],
            key=sent["name"],
            title=f"{sent['name']} {sent['vers']}",
            called=(sent["name"],),
            folder="",
            assets={"crate": sha256(file)},
            files=(file.name,),
            needs=frozenset(one["name"] for one in needed if not one["optional"]),
            wants=frozenset(one["name"] for one in needed if one["optional"]),
        )
