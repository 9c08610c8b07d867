"""Print a NuGet package's id and version, as CodeArtifact stores them. usage: nupkg.py FILE

https://docs.aws.amazon.com/codeartifact/latest/ug/nuget-name-normalization.html
"""

import re
import sys
import zipfile
from xml.etree import ElementTree

_ID = re.compile(r"\w+([.-]\w+)*", re.ASCII)
_VERSION = re.compile(r"(?P<numbers>\d+(\.\d+){0,3})(?P<label>-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


class Refused(ValueError):
    """The file can't be published; the message says why."""


def coordinates(file: str) -> tuple[str, str]:
    """Id in lower case and normalised version. Raises Refused."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if "/" not in name and name.lower().endswith(".nuspec")]
            if len(names) != 1:
                raise Refused(f"got {len(names)} .nuspec files in {file}; expected one; have dotnet pack write it")
            document = ElementTree.fromstring(archive.read(names[0]))
    except (OSError, zipfile.BadZipFile, ElementTree.ParseError) as problem:
        raise Refused(f"got no NuGet package ({problem}); expected what dotnet pack writes") from problem
    id, version = ((document.findtext(f"./{{*}}metadata/{{*}}{name}") or "").strip() for name in ("id", "version"))
    if not _ID.fullmatch(id) or len(id) > 100:
        raise Refused(f"got the id {id!r}; expected letters, digits and _, with single . and - between them, at most 100")
    return id.lower(), normalised(version)


def normalised(version: str) -> str:
    """Without leading zeroes, a fourth part of zero and build metadata. Raises Refused."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise Refused(f"got the version {version!r}; expected one such as 1.2.3 or 1.2.3-rc.1")
    parts = [int(one) for one in match["numbers"].split(".")]
    parts += [0] * (3 - len(parts))
    return ".".join(map(str, parts[:3] if parts[3:] == [0] else parts)) + (match["label"] or "")


def main() -> int:
    try:
        print(*coordinates(sys.argv[1]))
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
