"""What the fixture registries hold: a few packages with neutral names, and what a rehearsal adds.

A rehearsal adds, for example, a public package whose name somebody owns: dependency confusion.
"""

import re
from dataclasses import dataclass

NAMES = {
    "npm": re.compile(r"(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*"),
    "pypi": re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),
    "maven": re.compile(r"[A-Za-z0-9._-]+:[A-Za-z0-9._-]+"),
    "cargo": re.compile(r"[A-Za-z][A-Za-z0-9_-]*"),
}
VERSION = re.compile(r"[0-9]+(\.[0-9]+)*([.+-]?[0-9A-Za-z]+)*")
DEFAULTS = (
    ("npm", "public-punctuation", "2.0.0"),
    ("npm", "public-greeting", "1.0.0"),
    ("npm", "public-greeting", "1.1.0"),
    ("pypi", "public-punctuation", "2.0.0"),
    ("pypi", "public-greeting", "1.0.0"),
    ("pypi", "public-greeting", "1.1.0"),
    ("maven", "org.example.open:punctuation", "2.0.0"),
    ("maven", "org.example.open:greeting", "1.0.0"),
    ("maven", "org.example.open:greeting", "1.1.0"),
    ("cargo", "public-punctuation", "2.0.0"),
    ("cargo", "public-greeting", "1.0.0"),
    ("cargo", "public-greeting", "1.1.0"),
)
DEPENDENCIES = {  # of the default packages: each greeting needs a punctuation
    ("npm", "public-greeting"): {"public-punctuation": "^2.0.0"},
    ("pypi", "public-greeting"): {"public-punctuation": ">=2.0.0"},
    ("cargo", "public-greeting"): {"public-punctuation": "^2.0.0"},
    ("maven", "org.example.open:greeting"): {"org.example.open:punctuation": "2.0.0"},
}


@dataclass(frozen=True)
class PublicPackage:
    format: str
    name: str
    version: str

    @property
    def dependencies(self) -> dict[str, str]:
        return DEPENDENCIES.get((self.format, self.name), {})


_packages: list[PublicPackage] = []


def reset() -> None:
    """Back to the default packages."""
    _packages[:] = [PublicPackage(*each) for each in DEFAULTS]


def add(format: str, name: str, version: str) -> None:
    """Add a version; one that is there stays. ValueError for an unknown format or a name or version that the format does not have.

    PyPI names are normalised (PEP 503), Maven's are `group:artifact`.
    """
    if format not in NAMES:
        raise ValueError(f"format is {format!r}; the fixture registries are {', '.join(NAMES)}")
    if not isinstance(name, str) or not NAMES[format].fullmatch(name):
        raise ValueError(f"{name!r} is not a name of format {format}")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise ValueError(f"{version!r} is not a version")
    if PublicPackage(format, name, version) not in _packages:
        _packages.append(PublicPackage(format, name, version))


def packages() -> list[dict[str, str]]:
    """Everything there is, in the order in which it was added."""
    return [vars(package) for package in _packages]


def versions(format: str, name: str) -> list[PublicPackage]:
    """A package's versions, oldest first."""
    return [package for package in _packages if (package.format, package.name) == (format, name)]


def names(format: str) -> list[str]:
    return sorted({package.name for package in _packages if package.format == format})


reset()
