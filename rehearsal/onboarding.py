"""The repositories of examples/onboarding: what a team adds to publish its first package of a format."""

import shutil
from pathlib import Path
from typing import Any

from policies.owned_names import Format
from rehearsal import callers
from rehearsal.callers import EXAMPLES
from rehearsal.packages import Package

ONBOARDING = EXAMPLES / "onboarding"
RELEASE = Path(".github", "workflows", "release.yml")
BY_TAG = EXAMPLES / "release-by-tag"
# The manifest of each format, and where the example's package is named in it.
_NAMED = {
    Format.NPM: (("package.json", '"name": "{}"'), ("package-lock.json", '"name": "{}"')),
    Format.PYPI: (("pyproject.toml", 'name = "{}"\nversion'),),
    Format.CARGO: (("Cargo.toml", 'name = "{}"'),),
    Format.NUGET: (("Money.csproj", "<PackageId>{}</PackageId>"),),
    Format.GENERIC: ((str(RELEASE), "package: {}"),),
    Format.MAVEN: (("pom.xml", "<groupId>{}</groupId>"), ("pom.xml", "<artifactId>{}</artifactId>")),
}
PACKAGES = {
    Format.NPM: Package(Format.NPM, "@acme-payments/money"),
    Format.PYPI: Package(Format.PYPI, "acme-payments-money"),
    Format.MAVEN: Package(Format.MAVEN, "com.acme.payments:parent"),
    Format.CARGO: Package(Format.CARGO, "acme-payments-money"),
    Format.NUGET: Package(Format.NUGET, "Acme.Payments.Money"),
    Format.GENERIC: Package(Format.GENERIC, "acme-payments/rates"),
}


def source(folder: Path, package: Package) -> Path:
    """The example's repository for that format, in a new folder, with its package under another name and at another version."""
    shutil.copytree(ONBOARDING / package.format.value, folder)
    example = PACKAGES[package.format]
    names = _parts(example), _parts(package)
    for (file, named), old, new in zip(_NAMED[package.format], *names, strict=True):
        _replace(folder / file, named.format(old), named.format(new))
    manifest = folder / _NAMED[package.format][0][0]
    if package.version != example.version:
        _replace(manifest, example.version, package.version)
    return folder


def inputs(folder: Path) -> dict[str, Any]:
    """What the repository's own workflow passes to publish-package.yml."""
    return callers.call(folder / RELEASE, "publish")


def _parts(package: Package) -> tuple[str, ...]:
    """The package's name as often as its manifests want it: group and artifact, name and name, name."""
    if package.format is Format.MAVEN:
        group, artifact = package.name.split(":")
        return group, artifact
    return (package.name,) * len(_NAMED[package.format])


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    if old not in text:
        raise ValueError(f"{file}: got no {old!r}; expected it there to replace")
    file.write_text(text.replace(old, new))
