"""Print what a folder has to publish, one JSON object a line, in the order of publishing. usage: packages.py FORMAT FOLDER

Each object is a package.Package. Nothing of what is read is run.
"""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from package import Package, Refused, ordered


def read(format: str, folder: Path) -> list[Package]:
    """The packages in a folder, each after those that it needs. Raises Refused."""
    found: dict[str, Package] = {}
    for one in import_module(f"formats.{format}").packages(folder):
        other = found.setdefault(one.key, one)
        if other is not one:
            raise Refused(f"got {other.title} and {one.title}; expected one version of a package in a run: build or pass one of them")
    if not found:
        raise Refused(f"there is no package of format {format} to publish")
    return ordered(found.values())


def main() -> int:
    format, folder = sys.argv[1:]
    try:
        found = read(format, Path(folder))
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    for one in found:
        print(json.dumps({**asdict(one), "called": None, "needs": sorted(one.needs), "wants": sorted(one.wants)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
