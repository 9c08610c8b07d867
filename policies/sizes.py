"""The documents that settings lead to, and whether every one fits its limit, before anything is made.

Ids and accounts are not known yet, so the widest that can come is taken (12-digit account and repository ids): a document that fits here
fits in AWS.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from policies import events, owned_names, promoting, publishing, resource, trust
from policies.arns import Registry
from policies.document import Statement, text
from policies.names import SHARED_REPOSITORY, promote_roles
from policies.owned_names import Format
from policies.read_only import read_only
from policies.readers import of_everybody, of_team

# Characters. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (trust: the default, it can be raised to 4,096)
TRUST_MAX = 2_048
INLINE_MAX = 10_240
MANAGED_MAX = 6_144
# https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_PutDomainPermissionsPolicy.html (policyDocument: 7,168)
RESOURCE_MAX = 7_168

_WIDEST_ID = 999_999_999_999
_WIDEST_ACCOUNT = "9" * 12
_WIDEST_PARTITION = "aws-us-gov"


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
    Kind.TRUST: TRUST_MAX,
    Kind.INLINE: INLINE_MAX,
    Kind.MANAGED: MANAGED_MAX,
    Kind.DOMAIN: RESOURCE_MAX,
    Kind.REPOSITORY: RESOURCE_MAX,
}


class Document(NamedTuple):
    """A document that settings lead to: the file and key that it grows with, what it is, and what makes it smaller.

    `role`: a name that a role's trust policy and its permissions have in common.
    """

    file: str
    key: str
    kind: Kind
    what: str
    statements: Sequence[Statement]
    mend: str
    role: str = ""

    @property
    def oversize(self) -> Oversize | None:
        size, limit = len(text(self.statements)), _LIMITS[self.kind]
        if size <= limit:
            return None
        return Oversize(self.file, self.key, f"{self.what} of {size:,} characters", f"at most {limit:,}: {self.mend}")


class _Repository(Protocol):
    name: str
    publishes: Sequence[Format]
    release_branches: tuple[str, ...]
    environment: str
    promotes: object | None


class _Team(Protocol):
    name: str
    file: str
    owns: Mapping[Format, Sequence[str]]
    repositories: Sequence[_Repository]
    developer_groups: Sequence[str]
    build_roles: Sequence[str]
    publishers: Sequence[Any]


def _owned(team: _Team, formats: Sequence[Format]) -> list[owned_names.OwnedName]:
    return [owned_names.parse(format, name) for format in formats for name in team.owns.get(format, ())]


def _repository(settings, team: _Team, repository: _Repository, registry: Registry) -> Iterator[Document]:
    key = f"repositories.{repository.name}"
    github = trust.GitHubRepository(trust.Owner(settings.github_owner, _WIDEST_ID), repository.name, _WIDEST_ID)
    workflow, promotion = settings.publishing.workflow, settings.publishing.promotion_workflow
    branches, forms = repository.release_branches, settings.subjects
    fewer_branches = "name fewer or shorter release branches, or one pattern"
    fewer_names = "own fewer names, or one pattern for many"
    if not repository.publishes:
        return

    def trusted(who: str, statements: Sequence[Statement]) -> Document:
        what = f"the {who} role's trust policy"
        return Document(team.file, f"{key}.release_branches", Kind.TRUST, what, statements, fewer_branches, f"{repository.name}-{who}")

    def allowed(who: str, statements: Sequence[Statement]) -> Document:
        what = f"the {who} role's policy"
        return Document(team.file, "owns", Kind.INLINE, what, statements, fewer_names, f"{repository.name}-{who}")

    owned = _owned(team, repository.publishes)
    readable = [team.name, SHARED_REPOSITORY, *settings.public_sources]
    yield trusted("publish", trust.publish(registry, github, branches, repository.environment, workflow, forms))
    yield allowed("publish", publishing.publish_role(registry, settings.token_duration, team.name, owned, readable))
    if repository.promotes:
        yield trusted("promote", trust.promote(registry, github, branches, promotion, forms))
        yield allowed("promote", promoting.promote_role(registry, team.name, owned))


def _domain_wide(settings, registry: Registry) -> Iterator[Document]:
    stack_file = f"Pulumi.{settings.stack}.yaml"
    owner = trust.Owner(settings.github_owner, _WIDEST_ID)
    repositories = [trust.GitHubRepository(owner, one.name, _WIDEST_ID) for one in settings.repositories]
    readers = trust.organization_read if settings.read_role == "organization" else trust.catalog_read
    trusted = readers(registry, owner, repositories, settings.subjects)
    mend = "set package-flow:subjects to immutable (and opt the organisation in to immutable subjects on GitHub)"
    yield Document(stack_file, "package-flow:subjects", Kind.TRUST, "the read role's trust policy", trusted, mend, "read")
    allowed = read_only(registry, settings.token_duration, [SHARED_REPOSITORY, *settings.public_sources])
    yield Document(stack_file, "package-flow:publicSources", Kind.MANAGED, "the read policy", allowed, "name fewer public sources", "read")
    roles = registry.role_arn(settings.iam.path, promote_roles(settings.stack))
    sharing = _sharing(settings)
    deployers = [registry.role_arn("/", one) for one in settings.iam.deployers]
    fewer_accounts = "name the organisation (organizationId) instead of its accounts"
    for kind, what, document in (
        (Kind.DOMAIN, "the domain policy", resource.domain(registry, roles, sharing, deployers)),
        (Kind.REPOSITORY, "the policy of shared", resource.shared_repository(registry, roles, sharing, downstream=True)),
    ):
        yield Document(stack_file, "package-flow:sharing.accounts", kind, what, document, fewer_accounts)
    readers = of_everybody(registry, settings.stack, settings.iam.path, bool(settings.developers), settings.build_roles)
    opened = resource.team_repository(registry, readers, sharing, downstream=True)
    key = "package-flow:sharing.accounts" if len(sharing.accounts) > len(settings.build_roles) else "package-flow:builds.roles"
    what, fewer = "the policy of a repository that is open to the organisation", f"{fewer_accounts}, or fewer roles"
    yield Document(stack_file, key, Kind.REPOSITORY, what, opened, fewer)


def _events(settings) -> Iterator[Oversize]:
    """The event pattern. Its limit is a quota that AWS raises on request; the message says what helps without that."""
    if settings.events is None:
        return
    told = settings.events
    owned = [name for team in settings.teams for name in _owned(team, tuple(team.owns))] if told.packages == "owned" else []
    size = len(json.dumps(events.pattern(settings.domain.name, told.repositories, told.states, owned), separators=(",", ":")))
    if size > events.PATTERN_MAX:
        mend = "name fewer repositories" + (
            ", or say packages: all (public packages are told of, too, where a repository keeps them)" if owned else ""
        )
        yield Oversize(
            f"Pulumi.{settings.stack}.yaml",
            "package-flow:events",
            f"an event pattern of {size:,} characters",
            f"at most {events.PATTERN_MAX:,}: {mend}",
        )


def _sharing(settings) -> resource.Sharing:
    one = settings.sharing
    return resource.Sharing(one.organization_id, one.organization_paths, one.accounts) if one else resource.NOBODY


def _team(settings, team: _Team, registry: Registry) -> Iterator[Document]:
    """What a team adds to its repository's policy: who publishes from other accounts, and who reads besides its builds."""
    what = "the team repository's policy"
    if team.publishers:
        roles = [registry.role_arn("/", one.role) for one in team.publishers]
        packages = [one.arn_pattern for one in _owned(team, tuple(team.owns))]
        publishers = resource.Publishers(team.name, roles, packages)
        readers = of_everybody(registry, settings.stack, settings.iam.path, bool(settings.developers), settings.build_roles)
        document = resource.team_repository(registry, readers, _sharing(settings), downstream=True, publishers=publishers)
        mend = "let fewer roles of other accounts publish (one pattern for many), or own fewer names"
        yield Document(team.file, "publishers", Kind.REPOSITORY, what, document, mend)
    if team.build_roles:
        readers = of_team(registry, settings.stack, team.name, bool(team.developer_groups), team.build_roles)
        document = resource.team_repository(registry, readers)
        yield Document(team.file, "build_roles", Kind.REPOSITORY, what, document, "name fewer roles")


def documents(settings) -> Iterator[Document]:
    """Every document that valid `settings` (settings.Settings) lead to, with the widest ids that can come."""
    registry = Registry(_WIDEST_PARTITION, _WIDEST_ACCOUNT, settings.region, settings.domain.name)
    yield from _domain_wide(settings, registry)
    for team in settings.teams:
        yield from _team(settings, team, registry)
        for repository in team.repositories:
            yield from _repository(settings, team, repository, registry)


def check(settings) -> list[Oversize]:
    """Every document of valid `settings` (settings.Settings) that is over its limit."""
    return [*(found for one in documents(settings) if (found := one.oversize)), *_events(settings)]
