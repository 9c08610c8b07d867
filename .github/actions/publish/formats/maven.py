"""Maven: every version in a folder laid out as a Maven repository, GROUP/AS/FOLDERS/ARTIFACT/VERSION/ARTIFACT-VERSION.pom."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import poms
from package import Package, Refused, sha256

_NAME, _VERSION, _FILE = re.compile(r"[A-Za-z0-9_.-]+"), re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*"), re.compile(r"[A-Za-z0-9._+-]+")
# Of the repository that the build wrote to. CodeArtifact makes its own.
_NOT_OURS = (".md5", ".sha1", ".sha256", ".sha512")


def assets(folder: Path) -> list[Path]:
    """The files of one version, without a repository's own. Raises Refused."""
    found = [one for one in sorted(folder.iterdir()) if one.suffix not in _NOT_OURS and not one.name.startswith("maven-metadata")]
    for one in found:
        if not _FILE.fullmatch(one.name):
            raise Refused(f"not the name of an artifact's file: {one.name}")
    return found


def read(file: Path) -> Element:
    """A POM. Raises Refused."""
    try:
        return ElementTree.parse(file).getroot()
    except ElementTree.ParseError as problem:
        raise Refused(f"{file.name} is no XML: {problem}") from problem


def place(pom: Path, root: Path) -> poms.Name:
    """Group, artifact and version that the place of a POM says. Raises Refused."""
    where = pom.relative_to(root)
    *groups, artifact, version, _ = ("", "", *where.parts)
    group = ".".join(filter(None, groups))
    # A snapshot's files have the time of the build in their names.
    if version.endswith("-SNAPSHOT"):
        raise Refused(f"{version} changes with every build: publish a release version (the input version gives it one)")
    if where.name != f"{artifact}-{version}.pom":
        raise Refused(f"not laid out as a Maven repository: {where}")
    if not _NAME.fullmatch(group) or not _NAME.fullmatch(artifact):
        raise Refused(f"not a group and an artifact: {group}:{artifact}")
    if not _VERSION.fullmatch(version):
        raise Refused(f"not a version: {version}")
    return group, artifact, version


def packages(folder: Path) -> Iterator[Package]:
    """One of each POM. Raises Refused."""
    files = sorted(folder.rglob("*.pom"))
    places = [place(file, folder) for file in files]
    read_ = [read(file) for file in files]
    known = {poms.coordinates(pom): pom for pom in read_}
    for file, (group, artifact, version), pom in zip(files, places, read_, strict=True):
        said = poms.coordinates(pom)
        # What only the build knows is refused where it is packed, in words of its own.
        if said != (group, artifact, version) and "${" not in "".join(said):
            raise Refused(f"{file.name}: got the POM of {':'.join(said)}; expected {group}:{artifact}:{version}, as its folder says")
        needs, wants = poms.needs(pom, known)
        yield Package(
            namespace=group,
            name=artifact,
            version=version,
            key=f"{group}:{artifact}",
            title=f"{group}:{artifact}:{version}",
            called=(artifact,),
            folder=str(file.parent.relative_to(folder)),
            assets={one.name: sha256(one) for one in assets(file.parent)},
            files=tuple(one.name for one in assets(file.parent)),
            needs=needs,
            wants=wants,
        )
