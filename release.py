"""Cut a release of the program: `make release VERSION=1.2.0`.

Writes the version (VERSION), the changelog's heading and what the stacks register under it (tests/program/snapshots/released), commits that
and tags it, with the changelog's section as the tag's message. Nothing is pushed. A release with breaking changes is a new major version
(before 1.0.0 a new minor one).

Exit status: 0 if it is cut, 1 with every reason why not; then nothing was changed.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent
BREAKING = "### Breaking changes"
_UNRELEASED = "## [Unreleased]"
_NEXT = f"{_UNRELEASED}\n\n{BREAKING}\n\nNone.\n\n"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Version(NamedTuple):
    """A version of three numbers (https://semver.org)."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def tag(self) -> str:
        return f"v{self}"


def parse(text: str) -> Version | None:
    """A version as people write it. None if it is none."""
    found = _VERSION.fullmatch(text.strip())
    return Version(*map(int, found.groups())) if found else None


def unreleased(changelog: str) -> str:
    """What the changelog has for the next release, without the heading and without lists that are empty."""
    section = changelog.partition(_UNRELEASED)[2].partition("\n## [")[0]
    lists = re.split(r"(?m)^(?=### )", section.strip())
    return "\n\n".join(one.strip() for one in lists if one.partition("\n")[2].strip())


def breaks(section: str) -> bool:
    """Whether a section names a breaking change."""
    return "\n- " in section.partition(BREAKING)[2].partition("\n### ")[0]


def released(changelog: str, version: Version, day: str) -> str:
    """The changelog with the section under the version's heading, and a new one for the next release."""
    before, _, rest = changelog.partition(_UNRELEASED)
    earlier = rest.partition("\n## [")
    return f"{before}{_NEXT}## [{version}] - {day}\n\n{unreleased(changelog)}\n" + (f"{earlier[1]}{earlier[2]}" if earlier[1] else "")


def problems(root: Path, version: Version) -> Iterator[str]:
    """Why this version can't be cut here."""
    last, section = parse((root / "VERSION").read_text()), unreleased((root / "CHANGELOG.md").read_text())
    if last is None:
        yield f"VERSION: got {(root / 'VERSION').read_text()!r}; expected x.y.z; put the last release's version there"
        return
    if version <= last:
        yield f"VERSION={version}: got a version that is not above {last}; expected a later one; name it"
    elif breaks(section) and version[: 1 + (last.major == 0)] <= last[: 1 + (last.major == 0)]:
        least = Version(0, last.minor + 1, 0) if last.major == 0 else Version(last.major + 1, 0, 0)
        yield f"VERSION={version}: got a version that breaks nothing; expected {least} or above; see {BREAKING[4:]} in CHANGELOG.md"
    if "\n- " not in section:
        yield f"CHANGELOG.md: got nothing under {_UNRELEASED[3:]}; expected what this release changes; write it"
    if dirty := _git(root, "status", "--porcelain").splitlines():
        yield f"the working tree: got {len(dirty)} uncommitted changes ({dirty[0].strip()}, ...); expected none; commit or remove them"
    if _git(root, "tag", "--list", version.tag):
        yield f"the tag {version.tag}: got one that is there; expected none; name a later version"


def cut(root: Path, version: Version, day: str) -> None:
    """Write, commit and tag. Raises CalledProcessError if git does not."""
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    section = unreleased(text)
    changelog.write_text(released(text, version, day), encoding="utf-8")
    (root / "VERSION").write_text(f"{version}\n", encoding="utf-8")
    snapshots = root / "tests" / "program" / "snapshots"
    for file in snapshots.glob("*.txt"):
        if not file.stem.endswith("-documents"):
            shutil.copyfile(file, snapshots / "released" / file.name)
    _git(root, "add", "CHANGELOG.md", "VERSION", "tests/program/snapshots/released")
    _git(root, "commit", "--quiet", "--message", f"Release {version}")
    # Verbatim: lines that begin with # are headings here, not comments.
    _git(root, "tag", "--annotate", version.tag, "--cleanup=verbatim", "--message", f"package-flow {version}\n\n{section}\n")


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m release", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("version", help="x.y.z")
    parser.add_argument("--root", type=Path, default=PROJECT, help=argparse.SUPPRESS)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Cut the release, and return the exit status."""
    options = parser().parse_args(arguments)
    version = parse(options.version)
    found = list(problems(options.root, version)) if version else [f"VERSION={options.version}: got no version; expected x.y.z; name one"]
    if found or version is None:
        print(*found, "nothing was changed", sep="\n", file=sys.stderr)
        return 1
    cut(options.root, version, datetime.now(UTC).date().isoformat())
    print(f"cut {version}; to publish it: git push origin HEAD {version.tag}")
    return 0


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
