"""Write a version into a Cargo.toml, and leave the rest as it is. usage: cargo_version.py FILE VERSION"""

import re
import sys
import tomllib
from pathlib import Path

# The line of the version in the table [package], which ends where the next one begins.
_VERSION = re.compile(
    r"(?P<before>^\[package\][^\n]*\n(?:(?!\[)[^\n]*\n)*?)(?P<key>version\s*=\s*)(?P<old>\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE
)


class Refused(ValueError):
    """The file does not say its version in a way that can be changed; the message says what to do."""


def changed(text: str, version: str) -> str:
    """The file with another version. Raises Refused."""
    package = tomllib.loads(text).get("package", {})
    said = package.get("version")
    if isinstance(said, dict):
        raise Refused("got a version of the workspace; expected one of the package; write it there, or leave the input version out")
    if not isinstance(said, str):
        raise Refused('got no version in [package]; expected one to replace; write version = "0.0.0" there')
    text = _VERSION.sub(lambda match: f'{match["before"]}{match["key"]}"{version}"', text, count=1)
    if tomllib.loads(text).get("package", {}) != {**package, "version": version}:
        raise Refused('got a [package] that is written unusually; expected a line version = "..." below it; write it so')
    return text


def main() -> int:
    file, version = Path(sys.argv[1]), sys.argv[2]
    try:
        file.write_text(changed(file.read_text(encoding="utf-8"), version), encoding="utf-8")
    except (OSError, ValueError) as problem:
        print(f"{file}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
