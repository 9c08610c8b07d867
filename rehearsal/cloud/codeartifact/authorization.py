"""Which action on which resource a request needs, and the question put to the IAM adapter.

Sources: the service authorization reference of CodeArtifact (action, resource type), User Guide "Repository policies", "Domain
policies", "Packages overview". A domain's policy speaks for everything in it, so package and repository requests are decided with
both documents. Requests are authorized before anything is said about what exists.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evaluator.arns import Arns
from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.errors import denied
from rehearsal.cloud.codeartifact.store import Store


class Principal(Protocol):
    """What this package reads of the adapter's principal."""

    @property
    def arn(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def access_key_id(self) -> str: ...

    @property
    def expiration(self) -> float | None: ...


class Adapter(Protocol):
    """What this package needs of `rehearsal.cloud.aws`."""

    @property
    def AuthError(self) -> type[Exception]: ...

    def authenticate(self, scope: MutableMapping[str, Any], body: bytes) -> Principal: ...

    def principal_for_key(self, access_key_id: str) -> Principal | None: ...

    def decide(
        self, principal: Principal, action: str, resource: str, *,
        resource_policies: Sequence[str] = (), owner: str | None = None, context: Mapping[str, Any] | None = None,
        resource_required: bool = False,
    ) -> Any: ...  # fmt: skip

    def resource_policy(self, action: str, arn: str) -> tuple[list[str], bool]: ...

    def role(self, arn: str) -> Mapping[str, Any] | None: ...

    def kms_key(self, arn: str) -> Mapping[str, Any] | None: ...

    @property
    def Directory(self) -> type[Any]: ...

    def emit_event(self, account: str, region: str, source: str, detail_type: str, detail: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Target:
    """A resource as IAM sees it: ARN, owning account, policies that speak about it, and its tags."""

    arn: str
    owner: str
    policies: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    policy_required: bool = False  # KMS keys: one of the policies has to allow it, or leave it to the account


@dataclass(frozen=True)
class Authorizer:
    """Asks the adapter. Targets may name what does not exist: then nothing but the ARN speaks for them."""

    adapter: Adapter
    store: Store
    arns: Arns

    def domain(self, owner: str, name: str) -> Target:
        domain = self.store.domain(owner, name)
        tags = domain.tags if domain else {}
        return Target(self.arns.domain(owner, name), owner, self._policies(owner, name), tags)

    def repository(self, owner: str, domain: str, name: str) -> Target:
        repository = self.store.repository(owner, domain, name)
        tags = repository.tags if repository else {}
        return Target(self.arns.repository(owner, domain, name), owner, self._policies(owner, domain, name), tags)

    def package(self, owner: str, domain: str, repository: str, package: Coordinates) -> Target:
        return Target(self.arns.package(owner, domain, repository, *package), owner, self._policies(owner, domain, repository))

    def package_group(self, owner: str, domain: str, pattern: str) -> Target:
        found = self.store.domain(owner, domain)
        group = found.groups.get(pattern) if found else None
        return Target(self.arns.package_group(owner, domain, pattern), owner, self._policies(owner, domain), group.tags if group else {})

    def anything(self, owner: str, domain: str | None = None) -> Target:
        """For actions without a resource type: `*`, with the domain's policy where the request is about a domain."""
        return Target("*", owner, self._policies(owner, domain) if domain else ())

    def require(self, principal: Principal, action: str, target: Target, context: Mapping[str, Any] | None = None) -> None:
        """AccessDeniedException unless the principal may do `action` (with its service prefix) on the target."""
        keys = {f"aws:ResourceTag/{key}": value for key, value in target.tags.items()} | dict(context or {})
        decision = self.adapter.decide(
            principal, action, target.arn, resource_policies=target.policies, owner=target.owner, context=keys,
            resource_required=target.policy_required,
        )  # fmt: skip
        if not decision.allowed:
            because = f" because {decision.reason}" if decision.reason else ""
            raise denied(f"User: {principal.arn} is not authorized to perform: {action} on resource: {target.arn}{because}")

    def _policies(self, owner: str, domain: str, repository: str | None = None) -> tuple[str, ...]:
        found = self.store.domain(owner, domain)
        documents = [found.policy if found else None]
        if repository:
            inside = self.store.repository(owner, domain, repository)
            documents.append(inside.policy if inside else None)
        return tuple(document for document in documents if document)


def tags_context(tags: Mapping[str, str]) -> dict[str, Any]:
    """The condition keys of a request that sets tags."""
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | ({"aws:TagKeys": sorted(tags)} if tags else {})
