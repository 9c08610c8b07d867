"""Whether a project's page of an index (standard input) has a version that a requirement allows. usage: satisfied.py NAME REQUIREMENT

Exits with 0 if it has. REQUIREMENT: what follows a name in Requires-Dist (extras, versions, markers).
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser

from packaging.requirements import Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version


class _Files(HTMLParser):
    """Collects the texts of a page's links, which are the names of files (PEP 503)."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_data(self, data: str) -> None:
        self.names.append(data.strip())


def versions(page: str) -> Iterator[Version]:
    """The versions of a page's files."""
    files = _Files()
    files.feed(page)
    for name in files.names:
        try:
            yield parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
        except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
            continue


def main() -> int:
    name, requirement = sys.argv[1], re.sub(r"^\((.*?)\)", r"\1", sys.argv[2].strip())
    wanted = Requirement(f"{name}{requirement}").specifier
    # As pip: pre-releases only where there is nothing else.
    return 0 if any(wanted.filter(versions(sys.stdin.read()))) else 1


if __name__ == "__main__":
    sys.exit(main())
