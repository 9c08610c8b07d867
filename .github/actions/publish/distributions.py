"""Refuse Python distributions whose metadata names another package or version than their file names do. usage: distributions.py FILE...

twine sends the name and version of the metadata, and the registry stores and authorizes what it is sent.
https://packaging.python.org/en/latest/specifications/core-metadata/
"""

import re
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import BytesHeaderParser

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version


class Refused(ValueError):
    """The distribution is not of what its name says; the message says why."""


def _only(names: list[str], pattern: str) -> str:
    found = [one for one in names if re.fullmatch(pattern, one, re.IGNORECASE)]
    if len(found) != 1:
        raise Refused(f"got {len(found)} files {pattern.rpartition('/')[2]}; expected one")
    return found[0]


def metadata(file: str) -> Message:
    """The one METADATA of a wheel, the one PKG-INFO of a source distribution. Raises Refused."""
    try:
        if file.endswith(".whl"):
            with zipfile.ZipFile(file) as wheel:
                content = wheel.read(_only(wheel.namelist(), r"[^/]+[.]dist-info/METADATA"))
        else:
            with tarfile.open(file, "r:gz") as source:
                extracted = source.extractfile(_only(source.getnames(), r"[^/]+/PKG-INFO"))
                if extracted is None:
                    raise Refused("its PKG-INFO is no file")
                content = extracted.read()
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as wrong:
        raise Refused(f"it can't be read: {wrong}") from wrong
    return BytesHeaderParser().parsebytes(content)


def check(file: str) -> None:
    """Raises Refused unless name and version are those of the file's name, however both are spelled (PEP 503, PEP 440)."""
    base = file.rpartition("/")[2]
    try:
        name, version = parse_wheel_filename(base)[:2] if base.endswith(".whl") else parse_sdist_filename(base)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion) as wrong:
        raise Refused(str(wrong)) from wrong
    found = metadata(file)
    names, versions = found.get_all("Name", []), found.get_all("Version", [])
    try:
        same = [canonicalize_name(one) for one in names] == [name] and [Version(one) for one in versions] == [version]
    except InvalidVersion:
        same = False
    if not same:
        raise Refused(f"got metadata of {' and '.join(names)} {' and '.join(versions)}; expected {name} {version}, as the file is named")


def main() -> int:
    refused = False
    for file in sys.argv[1:]:
        try:
            check(file)
        except Refused as problem:
            print(f"{file.rpartition('/')[2]}: {problem}", file=sys.stderr)
            refused = True
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
