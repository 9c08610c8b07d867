"""The running emulator: configuration, state and collaborators, handed to every operation."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evaluator.arns import Arns
from evaluator.package_groups import Coordinates, PackageGroup
from rehearsal.cloud.codeartifact.authorization import Adapter, Authorizer
from rehearsal.cloud.codeartifact.events import DETAIL_TYPE, SOURCE, Changes, detail
from rehearsal.cloud.codeartifact.external import PublicRegistries
from rehearsal.cloud.codeartifact.store import Domain, PackageVersion, Repository, Store, effective_groups
from rehearsal.cloud.codeartifact.tokens import Tokens


@dataclass
class Service:
    """State and collaborators of one emulated region.

    account: whose the AWS managed key of a domain without a key of its own is. group_delay: seconds until a package group that was
    created or deleted counts, or no longer counts.
    """

    base_url: str
    account: str
    region: str
    adapter: Adapter
    public: PublicRegistries
    group_delay: float = 0.3
    clock: Callable[[], float] = time.time
    store: Store = field(default_factory=Store)
    tokens: Tokens = field(default_factory=Tokens)
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    cloudcontrol: dict[str, Any] = field(default_factory=dict)

    @property
    def arns(self) -> Arns:
        return Arns(self.region)

    @property
    def authorizer(self) -> Authorizer:
        return Authorizer(self.adapter, self.store, self.arns)

    def endpoint(self, domain: Domain, format: str, repository: Repository) -> str:
        """The URL that package managers use, with its final slash."""
        return f"{self.base_url}/_codeartifact/{domain.name}-{domain.owner}/{format}/{repository.name}/"

    def groups(self, domain: Domain) -> list[PackageGroup]:
        """The package groups whose restrictions count now."""
        return effective_groups(domain, self.clock())

    def emit(
        self, domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, operation: str, changes: Changes
    ) -> None:
        """Tell EventBridge, and keep the event for the rehearsal."""
        content = detail(domain, repository, package, version, operation, changes)
        resource = self.arns.package(domain.owner, domain.name, repository.name, *package)
        event = {"source": SOURCE, "detail-type": DETAIL_TYPE, "account": domain.owner, "region": self.region}
        self.events.append(event | {"resources": [resource], "detail": content})
        self.adapter.emit_event(domain.owner, self.region, SOURCE, DETAIL_TYPE, content)
