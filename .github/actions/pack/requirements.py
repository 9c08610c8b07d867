"""Refuse distributions whose requirements lead elsewhere than to an index. usage: requirements.py FILE...

A direct reference (NAME @ URL) names a file of the machine that built it, or a place that no index stands for; PyPI refuses them too.
https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references
"""

import sys
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "publish"))

from formats.pypi import metadata


def problems(file: str) -> list[str]:
    """What of a wheel's or a source distribution's requirements nobody else can follow. Raises package.Refused for what is neither."""
    found = []
    for text in metadata(file).get_all("Requires-Dist", []):
        try:
            elsewhere = Requirement(text).url is not None
        except InvalidRequirement:
            elsewhere = True
        if elsewhere:
            found.append(f"it requires {text!r}: name a version that an index has")
    return found


def main() -> int:
    found = [f"{file.rsplit('/', 1)[-1]}: {problem}" for file in sys.argv[1:] for problem in problems(file)]
    for problem in found:
        print(f"::error title=Pack::{problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
