"""Print which folders are packed, one a line, after a line with the version of the tag. usage: folders.py FORMAT

environment: PACKAGES (lines: folders, or patterns of folders; nothing = this folder), TAG (nothing = no tag), TAG_PREFIX
"""

import glob
import os
import sys
from pathlib import Path

from manifests import Refused, is_private, names
from manifests import manifest as manifest_of
from tag_version import chosen


def folders(format: str, lines: list[str]) -> list[str]:
    """The folders, each once, in the lines' order. Of a pattern, those with a manifest that is not private. Raises Refused."""
    manifest = manifest_of(format)
    found: list[str] = []
    for line in lines:
        pattern = glob.has_magic(line)
        # As in a shell, a pattern leaves hidden folders out; Path.glob does not.
        matched = sorted(glob.glob(line, recursive=True)) if pattern else [line]  # noqa: PTH207
        those = [one for one in matched if not pattern or Path(one, manifest).exists()]
        if pattern:
            left_out = [one for one in those if is_private(format, Path(one))]
            print(*(f"{one} is private, and left out" for one in left_out), sep="\n", file=sys.stderr)
            those = [one for one in those if one not in left_out]
        if not those:
            raise Refused(f"packages: got {line}, which no folder with a {manifest} matches; expected folders of packages")
        if not Path(those[0], manifest).exists():
            raise Refused(f"there is no {manifest} in {those[0]}")
        found += [os.path.normpath(one) for one in those]
    return list(dict.fromkeys(found))


def main() -> int:
    format, tag = sys.argv[1], os.environ["TAG"]
    lines = [line.strip() for line in os.environ["PACKAGES"].splitlines() if line.strip()] or ["."]
    try:
        found, version = folders(format, lines), ""
        if tag:
            found, version = chosen(tag, {one: names(format, Path(one)) for one in found}, os.environ["TAG_PREFIX"])
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    print(version, *found, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
