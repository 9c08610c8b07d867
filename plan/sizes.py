"""Whether every document of a plan fits its limit, before anything is registered.

Ids and accounts are not known yet, so the plan is built with the widest that can come (`plan.facts.widest`): what fits here fits in AWS.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from plan.parts import ConsumingRepository, Plan, Role, TeamRepository
from policies.events import PATTERN_MAX

# Characters. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_MAX = 10_240
MANAGED_MAX = 6_144
# https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_PutDomainPermissionsPolicy.html (policyDocument: 7,168)
RESOURCE_MAX = 7_168


class Oversize(NamedTuple):
    """A document over its limit: the file and key to change, what it measures and what is allowed."""

    file: str
    key: str
    got: str
    allowed: str


class Kind(StrEnum):
    """What a document is attached to."""

    TRUST = "trust"
    INLINE = "inline"
    MANAGED = "managed"
    DOMAIN = "domain"
    REPOSITORY = "repository"


_LIMITS = {
    Kind.INLINE: INLINE_MAX,
    Kind.MANAGED: MANAGED_MAX,
    Kind.DOMAIN: RESOURCE_MAX,
    Kind.REPOSITORY: RESOURCE_MAX,
}
_FEWER_ACCOUNTS = "name the organisation (organizationId) instead of its accounts"


class Document(NamedTuple):
    """A document of a plan: the file and key that it grows with, what it is, its text, and what makes it smaller.

    `role`: the name of the role whose trust policy or permissions it is.
    """

    file: str
    key: str
    kind: Kind
    what: str
    text: str
    shorten: str
    role: str = ""

    def oversize(self, trust_policy_length: int) -> Oversize | None:
        """What is too large about it, None if nothing. Of limits, that of trust policies alone is a quota that the stack can declare."""
        size, limit = len(self.text), trust_policy_length if self.kind is Kind.TRUST else _LIMITS[self.kind]
        if size <= limit:
            return None
        return Oversize(self.file, self.key, f"{self.what} of {size:,} characters", f"at most {limit:,}: {self.shorten}")


def _stack_file(plan: Plan) -> str:
    return f"Pulumi.{plan.stack}.yaml"


def _role(role: Role, who: str, trust: tuple[str, str, str], permissions: tuple[str, str, str]) -> Iterator[Document]:
    """The two documents of a role, each with file, key and what makes it smaller."""
    (file, key, shorten), (other_file, other_key, other) = trust, permissions
    yield Document(file, key, Kind.TRUST, f"the {who} role's trust policy", role.trust, shorten, role.name)
    if role.permissions:
        yield Document(other_file, other_key, Kind.INLINE, f"the {who} role's policy", role.permissions, other, role.name)


def _consumer(plan: Plan, one: ConsumingRepository) -> Iterator[Document]:
    key = f"repositories.{one.name}"
    fewer_sources = (_stack_file(plan), "package-flow:publicSources", "list fewer public sources")
    refs = "release_branches" if not one.publishing or one.publishing.branches.names else "release_tags"
    branches = (one.file, f"{key}.{refs}", "list fewer or shorter release branches and tags, or one pattern")
    names = (one.file, "owns", "own fewer names, or one pattern for many")
    if one.own_read_role:
        yield from _role(one.own_read_role, "read", (one.file, key, "a shorter name for the repository"), fewer_sources)
    if one.dependabot_role:
        yield from _role(one.dependabot_role, "Dependabot", (one.file, key, "a shorter name for the repository"), fewer_sources)
    if one.publishing:
        yield from _role(one.publishing.role, "publish", branches, names)
    if one.promotion:
        yield from _role(one.promotion.role, "promote", branches, names)


def _domain_wide(plan: Plan) -> Iterator[Document]:
    file, registry = _stack_file(plan), plan.registry
    quota = (file, "package-flow:iam.trustPolicyLength", "raise the quota in AWS and declare it here")
    sources = (file, "package-flow:publicSources", "list fewer public sources")
    accounts = (file, "package-flow:sharing.accounts")
    for role in plan.oidc.read_roles:
        yield from _role(role, "read", quota, sources)
    yield Document(*sources[:2], Kind.MANAGED, "the read policy", plan.builds.policy.policy, sources[2])
    yield Document(*accounts, Kind.DOMAIN, "the domain policy", registry.policy, _FEWER_ACCOUNTS)
    yield Document(*accounts, Kind.REPOSITORY, "the policy of shared", registry.shared.policy, _FEWER_ACCOUNTS)
    for one in registry.public_sources:
        yield Document(*sources[:2], Kind.REPOSITORY, f"the policy of {one.name}", one.policy, sources[2])
    if plan.sandbox:
        yield Document(file, "package-flow:sandbox.roles", Kind.DOMAIN, "the sandbox's policy", plan.sandbox.policy, "list fewer roles")
    if plan.events:
        pipelines = (file, "package-flow:events.pipelines", "list fewer pipelines")
        yield from _role(plan.events.role, "events", (file, "", "a shorter name for the stack"), pipelines)
        if plan.events.chat_role:
            yield from _role(plan.events.chat_role, "chat", (file, "", "a shorter name for the stack"), pipelines)


def _team(plan: Plan, team: TeamRepository) -> Iterator[Document]:
    """A team's repository: what makes its policy grow is what the team names, or what the stack names for all that are open."""
    if not team.repository.policy:
        return
    if team.publishers:
        key, what = (team.file, "publishers"), "the team repository's policy"
        shorten = "let fewer roles of other accounts publish (one pattern for many), or own fewer names"
    elif not team.open_to_organization:
        key, what, shorten = (team.file, "build_roles"), "the team repository's policy", "list fewer roles"
    else:
        more_accounts = len(plan.registry.sharing.accounts) > len(plan.builds.roles)
        key = (_stack_file(plan), "package-flow:sharing.accounts" if more_accounts else "package-flow:builds.roles")
        what, shorten = "the policy of a repository that is open to the organisation", f"{_FEWER_ACCOUNTS}, or fewer roles"
    yield Document(*key, Kind.REPOSITORY, what, team.repository.policy, shorten)


def documents(plan: Plan) -> Iterator[Document]:
    """The documents of a plan that are held to a limit or to the policy pack's rules."""
    yield from _domain_wide(plan)
    for team in plan.teams:
        yield from _team(plan, team)
    for consumer in plan.consumers:
        yield from _consumer(plan, consumer)


def _pattern(plan: Plan) -> Iterator[Oversize]:
    """The event pattern. Its limit is a quota that AWS raises on request; the message says what helps without that."""
    if plan.events is None or len(plan.events.pattern) <= PATTERN_MAX:
        return
    everything = ", or say packages: all (events of public packages come too, where a repository keeps them)"
    shorten = f"list fewer repositories{everything if plan.events.owned_only else ''}"
    got = f"an event pattern of {len(plan.events.pattern):,} characters"
    yield Oversize(_stack_file(plan), "package-flow:events", got, f"at most {PATTERN_MAX:,}: {shorten}")


def check(plan: Plan) -> list[Oversize]:
    """Everything of a plan that is over its limit, each once."""
    return list(dict.fromkeys([*(found for one in documents(plan) if (found := one.oversize(plan.trust_policy_length))), *_pattern(plan)]))
