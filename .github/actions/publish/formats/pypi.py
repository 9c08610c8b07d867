"""PyPI: wheels and source distributions, whose metadata has to name the package and version that their file names do.

twine sends the name and version of the metadata, and the registry stores and authorizes what it is sent.
https://packaging.python.org/en/latest/specifications/core-metadata/
"""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from package import Package, Refused, sha256
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

# NAME-VERSION-... of a wheel, NAME-VERSION.tar.gz of a source distribution; names hold no hyphen there.
_FILE = re.compile(r"([A-Za-z0-9._]+)-([0-9][A-Za-z0-9.!+_]*)(-[A-Za-z0-9._-]+\.whl|\.tar\.gz)")


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


def _needed(found: Message) -> tuple[frozenset[str], frozenset[str]]:
    """Names of what the metadata requires, and of what it requires for an extra alone."""
    needs: set[str] = set()
    wants: set[str] = set()
    for text in found.get_all("Requires-Dist", []):
        try:
            one = Requirement(text)
        except InvalidRequirement:
            continue
        (wants if one.marker and "extra" in str(one.marker) else needs).add(canonicalize_name(one.name))
    return frozenset(needs), frozenset(wants - needs)


def packages(folder: Path) -> Iterator[Package]:
    """The wheels and the source distribution of each version together. Raises Refused."""
    files: dict[tuple[str, str], list[Path]] = {}
    for file in sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")]):
        named = _FILE.fullmatch(file.name)
        if named is None:
            raise Refused(f"not the name of a distribution: {file.name}")
        try:
            check(str(file))
        except Refused as problem:
            raise Refused(f"not what the file is named: {file.name}: {problem}") from problem
        files.setdefault((canonicalize_name(named[1]), named[2]), []).append(file)
    for (name, version), those in files.items():
        both = [_needed(metadata(str(file))) for file in those]
        yield Package(
            namespace="",
            name=name,
            version=version,
            key=name,
            title=f"{name} {version}",
            called=(name, those[0].name.partition("-")[0]),
            folder="",
            assets={file.name: sha256(file) for file in those},
            files=tuple(file.name for file in those),
            needs=frozenset().union(*(needs for needs, _ in both)),
            wants=frozenset().union(*(wants for _, wants in both)),
        )
