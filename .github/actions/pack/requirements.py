"""Refuse wheels whose requirements lead elsewhere than to an index. usage: requirements.py WHEEL...

A direct reference (NAME @ URL) names a file of the machine that built it, or a place that no index stands for; PyPI refuses them too.
https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references
"""

import sys
import zipfile
from email.parser import BytesHeaderParser

from packaging.requirements import InvalidRequirement, Requirement


def problems(wheel: str) -> list[str]:
    """What of the wheel's requirements nobody else can follow. Raises StopIteration or BadZipFile for what is no wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.count("/") == 1 and one.endswith(".dist-info/METADATA"))
        metadata = BytesHeaderParser().parsebytes(archive.read(name))
    found = []
    for text in metadata.get_all("Requires-Dist", []):
        try:
            elsewhere = Requirement(text).url is not None
        except InvalidRequirement:
            elsewhere = True
        if elsewhere:
            found.append(f"it requires {text!r}: name a version that an index has")
    return found


def main() -> int:
    found = [f"{wheel.rsplit('/', 1)[-1]}: {problem}" for wheel in sys.argv[1:] for problem in problems(wheel)]
    for problem in found:
        print(f"::error title=Pack::{problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
