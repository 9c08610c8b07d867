"""Check the versions of what is packed, and leave out what a tag is not about. usage: check.py FORMAT FOLDER

environment: VERSION (asked for: "tag" for the tag's, nothing for the manifest's), TAG (that the run is about; nothing = none), TAG_PREFIX,
TAGGED (the version that the tag says of what was packed here; nothing = the build packed, also what the tag is not about). Prints what is
packed.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "publish"))

import manifests
import package
from package import Package
from packages import read
from tag_version import chosen


def same(format: str, one: str, other: str) -> bool:
    """Whether two versions are one to the format's clients."""
    if format != "pypi":
        return one == other
    # PEP 440: 1.0.0-rc.1 is 1.0.0rc1. packaging came with build.
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


def leave_out(folder: Path, packages: list[Package], keys: list[str]) -> list[Package]:
    """Those of the packages with these keys; the files of the others are deleted."""
    for one in packages:
        for file in one.files if one.key not in keys else ():
            (folder / one.folder / file).unlink()
    return [one for one in packages if one.key in keys]


def check(format: str, folder: Path, version: str, tag: str, prefix: str, tagged: str = "") -> list[Package]:
    """What is packed. Raises manifests.Refused or package.Refused."""
    found = read(format, folder)
    if tag and not tagged:
        keys, tagged = chosen(tag, {one.key: one.called for one in found}, prefix)
        found = leave_out(folder, found, keys)
    asked = tagged if version == "tag" else version
    for one in found:
        if tagged and not same(format, tagged, one.version):
            raise manifests.Refused(
                f"packed {one.title}, although the tag {tag} says {tagged}: tag the commit whose manifest has that version, or publish "
                "with version: tag, which writes the tag's version into the manifest"
            )
        if asked and not same(format, asked, one.version):
            raise manifests.Refused(
                f"packed {one.title}, although the version asked for is {asked}: the build takes its version from elsewhere. Let it read "
                "the manifest, or leave the input version out"
            )
    return found


def main() -> int:
    format, folder = sys.argv[1:]
    asked = (os.environ[name] for name in ("VERSION", "TAG", "TAG_PREFIX", "TAGGED"))
    try:
        found = check(format, Path(folder), *asked)
    except (manifests.Refused, package.Refused) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(*(f"packed {one.title}" for one in found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
