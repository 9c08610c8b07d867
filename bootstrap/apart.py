"""Whether the rights of one stack reach what another stack creates, or what the bootstrap creates for either.

Stacks beside each other in an account differ by names alone, and rights name them by patterns. In a pattern `*` crosses `/`: the
role `dev-*` at `/package-flow/` is also every role below `/package-flow/dev-prod/`. So the patterns of the documents themselves are
compared with everything that belongs to others, in both directions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations
from typing import NamedTuple

from bootstrap import rights
from policies.arns import Registry
from policies.deployments import BOOTSTRAP_PATH, STATE_FOLDERS, Access, Deployed, state_files
from policies.document import Statement
from policies.events import Names
from policies.names import RoleKind, read_policy_name, role_name
from policies.roles.build import build_role_arn
from policy_pack.rules.documents import meet
from settings import Settings

# The bootstrap's own project, whose state may be in the stacks' bucket.
PROJECT = "package-flow-bootstrap"
# Actions that have no resource type; what narrows them is no name.
_ANYTHING = "*"


@dataclass(frozen=True)
class Account:
    """Where stacks are beside each other: partition, account, region, and the bucket of their state (None = Pulumi Cloud)."""

    registry: Registry
    backend: rights.Backend | None


class Beside(NamedTuple):
    """A stack of an account, where it is, and the role (ARN or "") with which its previews read another account's Identity Center.

    `bootstrap` is the file of the bootstrap that it belongs to.
    """

    settings: Settings
    account: Account
    preview_role: str = ""
    bootstrap: str = ""


class Thing(NamedTuple):
    """Something that belongs to somebody: what it is, its ARNs (patterns, where names are not yet known), and the key that names it."""

    what: str
    arns: tuple[str, ...]
    key: str


class Reach(NamedTuple):
    """A stack whose rights, by this pattern, reach something that is not its own. `key` is what to change in its stack file."""

    stack: str
    pattern: str
    thing: Thing
    key: str


def _registry(account: Account, settings: Settings) -> Registry:
    return replace(account.registry, domain=settings.domain.name)


def of_stack(settings: Settings, account: Account) -> list[Thing]:
    """What a stack creates, now or with its next change."""
    registry, stack, path = _registry(account, settings), settings.stack, settings.iam.path
    names, of = Names(registry, stack, path), f"of {stack}"
    # Behind its kind a role has the name of a repository.
    roles = [ending for kind in RoleKind for ending in (role_name(stack, kind), f"{role_name(stack, kind)}-*")]
    sandbox = replace(registry, domain=settings.sandbox.name).domain_arn if settings.sandbox else ""
    alias = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}:{names.key_alias}"
    return [
        Thing(f"roles {of}", tuple(registry.role_arn(path, one) for one in (*roles, names.role, names.chat_role)), "iam.path"),
        Thing(f"the read policy {of}", (registry.policy_arn(path, read_policy_name(stack)),), "iam.path"),
        Thing(f"the domain {of}", (registry.domain_arn,), "domain.name"),
        *([Thing(f"the sandbox {of}", (sandbox,), "sandbox.name")] if sandbox else []),
        Thing(f"events {of}", (names.topic_arn, names.rule_arn, names.dead_letters_arn, names.chat_configuration_arn, alias), ""),
    ]


def kept_for(settings: Settings, account: Account) -> list[Thing]:
    """What one stack's two roles have for themselves: the keys of the GitHub Apps, and its state."""
    stack = Deployed(_registry(account, settings), settings.running)
    files = state_files(account.backend.bucket, stack, settings.project) if account.backend else []
    return [
        Thing(f"the GitHub Apps' keys of {stack.stack}", tuple(stack.app_secret_arn(access) for access in Access), ""),
        Thing(f"the state of {stack.stack}", tuple(files), ""),
    ]


def of_bootstrap(account: Account) -> list[Thing]:
    """What nobody reaches whose rights the bootstrap gives: roles, boundaries and its own state."""
    one = account.registry
    folder = f"arn:{one.partition}:s3:::{account.backend.bucket}/.pulumi" if account.backend else ""
    return [
        Thing("the bootstrap's roles", (one.role_arn(BOOTSTRAP_PATH, "*"),), "iam.path"),
        Thing("the bootstrap's boundaries", (one.policy_arn(BOOTSTRAP_PATH, "*"),), "iam.path"),
        Thing("the bootstrap's state", tuple(f"{folder}/{kind}/{PROJECT}/*" for kind in STATE_FOLDERS if folder), ""),
    ]


def _named(settings: Settings, registry: Registry) -> dict[str, str]:
    """Roles that the stack file names one by one, by ARN, with the key that names them."""
    there = {settings.developers.role_arn: "developers.roleArn"} if settings.developers else {}
    return there | {build_role_arn(registry, one): "builds.roles" for one in settings.build_roles}


def _patterns(documents: Iterable[Sequence[Statement]]) -> dict[str, str]:
    """The resources that documents allow something on, each once. No key names them by itself."""
    allowed = [one["Resource"] for document in documents for one in document if one["Effect"] == "Allow"]
    every = (arn for resources in allowed for arn in ([resources] if isinstance(resources, str) else resources))
    return {arn: "" for arn in every if arn != _ANYTHING}


def _documents(settings: Settings, registry: Registry, account: Account, preview_role: str) -> Iterator[Sequence[Statement]]:
    yield rights.boundary(settings, registry)
    for access in Access:
        yield from rights.documents(settings, registry, access, account.backend, preview_role).values()


def reached(stacks: Sequence[Beside]) -> Iterator[Reach]:
    """Everything that a stack of an account reaches and that is not its own, each thing once. The stacks may be several bootstraps'."""
    patterns: list[dict[str, str]] = []
    for settings, account, preview_role, _ in stacks:
        registry = _registry(account, settings)
        patterns.append(_patterns(_documents(settings, registry, account, preview_role)) | _named(settings, registry))
    bootstraps = {one.bootstrap: of_bootstrap(one.account) for one in stacks}
    for one, own in zip(stacks, patterns, strict=True):
        for things in bootstraps.values():
            yield from _met(one.settings.running, own, things)
    for (one, own), (other, _) in permutations(zip(stacks, patterns, strict=True), 2):
        yield from _met(one.settings.running, own, _others(one.settings, other))


def _others(settings: Settings, other: Beside) -> list[Thing]:
    """What belongs to another stack. A registry stack and its team stacks share a domain and the names of roles, on purpose."""
    if settings.stack != other.settings.stack:
        return [*of_stack(other.settings, other.account), *kept_for(other.settings, other.account)]
    # A team stack reads the outputs of its registry stack from its state.
    reads = settings.team_stack and not other.settings.team_stack
    return kept_for(other.settings, replace(other.account, backend=None) if reads else other.account)


def _met(stack: str, patterns: Mapping[str, str], things: Sequence[Thing]) -> Iterator[Reach]:
    for thing in things:
        met = (
            Reach(stack, pattern, thing, key or thing.key)
            for pattern, key in patterns.items()
            if any(meet(pattern, arn) for arn in thing.arns)
        )
        yield from islice(met, 1)
