"""Artifacts of the fixture Maven repository."""

import hashlib
import io
import zipfile
from xml.sax.saxutils import escape

EPOCH = (1980, 1, 1, 0, 0, 0)
CHECKSUMS = ("md5", "sha1", "sha256", "sha512")


def directory(name: str) -> str:
    """The path of `group:artifact`."""
    group, artifact = name.split(":")
    return f"{group.replace('.', '/')}/{artifact}"


def artifacts(name: str, version: str, requires: dict[str, str]) -> dict[str, bytes]:
    """POM and JAR of one version, by path, without checksums."""
    base = f"{directory(name)}/{version}/{name.split(':')[1]}-{version}"
    return {f"{base}.pom": _pom(name, version, requires).encode(), f"{base}.jar": _jar(name, version)}


def metadata(name: str, versions: list[str]) -> dict[str, bytes]:
    """The artifact's maven-metadata.xml, by path."""
    group, artifact = name.split(":")
    listed = "".join(f"<version>{escape(version)}</version>" for version in versions)
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<metadata><groupId>{group}</groupId><artifactId>{artifact}</artifactId><versioning>'
        f"<latest>{versions[-1]}</latest><release>{versions[-1]}</release><versions>{listed}</versions>"
        "<lastUpdated>20240101000000</lastUpdated></versioning></metadata>\n"
    )
    return {f"{directory(name)}/maven-metadata.xml": document.encode()}


def with_checksums(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files and their checksum files."""
    sums = {
        f"{path}.{algorithm}": hashlib.new(algorithm, content, usedforsecurity=False).hexdigest().encode()
        for path, content in files.items() for algorithm in CHECKSUMS
    }  # fmt: skip
    return files | sums


def _pom(name: str, version: str, requires: dict[str, str]) -> str:
    def coordinates(which: str, at: str) -> str:
        group, artifact = which.split(":")
        return f"<groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId><version>{escape(at)}</version>"

    dependencies = "".join(f"<dependency>{coordinates(which, at)}</dependency>" for which, at in requires.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"{coordinates(name, version)}<description>Fixture package</description><dependencies>{dependencies}</dependencies></project>\n"
    )


def _jar(name: str, version: str) -> bytes:
    packed = io.BytesIO()
    files = {
        "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\n\r\n",
        "fixture.properties": f"name={name}\nversion={version}\norigin=public\n",
    }
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), text)
    return packed.getvalue()
