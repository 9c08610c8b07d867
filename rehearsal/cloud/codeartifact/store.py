"""What the emulated service holds: domains, repositories, packages, versions, package groups. Data and look-ups, no rules."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evaluator.package_groups import Coordinates, PackageGroup, root_group

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}


@dataclass(frozen=True)
class Asset:
    """One file of a package version."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @cached_property
    def hashes(self) -> dict[str, str]:
        return {name: hashlib.new(algorithm, self.content, usedforsecurity=False).hexdigest() for name, algorithm in HASHES.items()}


@dataclass
class PackageVersion:
    """One version in one repository. `metadata` is the format's own (an npm manifest, a PyPI upload's fields), JSON-serialisable."""

    version: str
    assets: dict[str, Asset]
    metadata: dict[str, Any] = field(default_factory=dict)
    status: str = "Published"
    origin_type: str = "INTERNAL"
    entry_repository: str | None = None
    entry_connection: str | None = None
    published: float = field(default_factory=time.time)
    checksums: dict[str, str] = field(default_factory=dict)  # Maven: the mismatched checksums that a client uploaded, by asset
    revision: str = ""

    def __post_init__(self) -> None:
        self.revision = self.revision or self.content_revision()

    def content_revision(self) -> str:
        """Identifies exactly these assets and this metadata. A copy has its source's revision, a change of status keeps it."""
        content = {"assets": {n: a.hashes["SHA-256"] for n, a in sorted(self.assets.items())}, "metadata": self.metadata}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
        return base64.b64encode(digest).decode()

    @property
    def readable(self) -> bool:
        """Whether the assets can be downloaded (User Guide, "Package version status")."""
        return self.status in ("Published", "Unlisted")


@dataclass
class Package:
    """A package in one repository. `restrictions` are its own origin controls: `publish` and `upstream`, ALLOW or BLOCK."""

    coordinates: Coordinates
    restrictions: dict[str, str]
    versions: dict[str, PackageVersion] = field(default_factory=dict)
    dist_tags: dict[str, str] = field(default_factory=dict)
    document: bytes = b""  # Maven: the maven-metadata.xml that a client uploaded last


@dataclass
class Repository:
    name: str
    administrator: str
    description: str = ""
    upstreams: list[str] = field(default_factory=list)
    external_connection: str | None = None
    policy: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    packages: dict[Coordinates, Package] = field(default_factory=dict)

    def version(self, coordinates: Coordinates, version: str) -> PackageVersion | None:
        package = self.packages.get(coordinates)
        return package.versions.get(version) if package else None


@dataclass
class Domain:
    name: str
    owner: str
    encryption_key: str
    policy: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    repositories: dict[str, Repository] = field(default_factory=dict)
    groups: dict[str, PackageGroup] = field(default_factory=lambda: {"/*": root_group()})
    deleted_groups: list[PackageGroup] = field(default_factory=list)
    sequences: dict[tuple[str, Coordinates], int] = field(default_factory=dict)  # events of a package, also after it was deleted

    @property
    def asset_size(self) -> int:
        """Bytes of all assets; content that several repositories hold is stored once (Concepts, "Domain")."""
        return sum({a.hashes["SHA-256"]: a.size for a in self.assets()}.values())

    def assets(self) -> Iterator[Asset]:
        for repository in self.repositories.values():
            for package in repository.packages.values():
                for version in package.versions.values():
                    yield from version.assets.values()

    def next_sequence(self, repository: str, coordinates: Coordinates) -> int:
        key = (repository, coordinates)
        self.sequences[key] = self.sequences.get(key, 0) + 1
        return self.sequences[key]


def effective_groups(domain: Domain, now: float) -> list[PackageGroup]:
    """The groups that count at `now`: created long enough ago, or deleted only a moment ago."""
    current = [group for group in domain.groups.values() if group.effective_from <= now]
    lingering = [g for g in domain.deleted_groups if g.effective_from <= now < (g.effective_until or 0) and g.pattern not in domain.groups]
    return current + lingering


@dataclass
class Store:
    """All domains of all accounts in one region."""

    domains: dict[tuple[str, str], Domain] = field(default_factory=dict)

    def domain(self, owner: str, name: str) -> Domain | None:
        return self.domains.get((owner, name))

    def repository(self, owner: str, domain: str, name: str) -> Repository | None:
        found = self.domain(owner, domain)
        return found.repositories.get(name) if found else None
