"""Whether every document fits its limit, before anything is made.

Ids and accounts are not known yet, so the widest that can come is taken (12-digit account and repository ids): a document that fits here
fits in AWS.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
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


def _oversize(file: str, key: str, what: str, statements: Sequence[Statement], limit: int, mend: str) -> Iterator[Oversize]:
    size = len(text(statements))
    if size > limit:
        yield Oversize(file, key, f"{what} of {size:,} characters", f"at most {limit:,}: {mend}")


def _owned(team: _Team, formats: Sequence[Format]) -> list[owned_names.OwnedName]:
    return [owned_names.parse(format, name) for format in formats for name in team.owns.get(format, ())]


def _repository(settings, team: _Team, repository: _Repository, registry: Registry) -> Iterator[Oversize]:
    key = f"repositories.{repository.name}"
    github = trust.GitHubRepository(trust.Owner(settings.github_owner, _WIDEST_ID), repository.name, _WIDEST_ID)
    workflow, promotion = settings.publishing.workflow, settings.publishing.promotion_workflow
    branches, forms = repository.release_branches, settings.subjects
    fewer_branches = "name fewer or shorter release branches, or one pattern"
    fewer_names = "own fewer names, or one pattern for many"
    if not repository.publishes:
        return
    trusted = trust.publish(registry, github, branches, repository.environment, workflow, forms)
    yield from _oversize(team.file, f"{key}.release_branches", "the publish role's trust policy", trusted, TRUST_MAX, fewer_branches)
    owned = _owned(team, repository.publishes)
    readable = [team.name, SHARED_REPOSITORY, *settings.public_sources]
    allowed = publishing.publish_role(registry, settings.token_duration, team.name, owned, readable)
    yield from _oversize(team.file, "owns", "the publish role's policy", allowed, INLINE_MAX, fewer_names)
    if repository.promotes:
        trusted = trust.promote(registry, github, branches, promotion, forms)
        yield from _oversize(team.file, f"{key}.release_branches", "the promote role's trust policy", trusted, TRUST_MAX, fewer_branches)
        allowed = promoting.promote_role(registry, team.name, owned)
        yield from _oversize(team.file, "owns", "the promote role's policy", allowed, INLINE_MAX, fewer_names)


def _domain_wide(settings, registry: Registry) -> Iterator[Oversize]:
    stack_file = f"Pulumi.{settings.stack}.yaml"
    owner = trust.Owner(settings.github_owner, _WIDEST_ID)
    repositories = [trust.GitHubRepository(owner, one.name, _WIDEST_ID) for one in settings.repositories]
    readers = trust.organization_read if settings.read_role == "organization" else trust.catalog_read
    trusted = readers(registry, owner, repositories, settings.subjects)
    mend = "set package-flow:subjects to immutable (and opt the organisation in to immutable subjects on GitHub)"
    yield from _oversize(stack_file, "package-flow:subjects", "the read role's trust policy", trusted, TRUST_MAX, mend)
    allowed = read_only(registry, settings.token_duration, [SHARED_REPOSITORY, *settings.public_sources])
    yield from _oversize(stack_file, "package-flow:publicSources", "the read policy", allowed, MANAGED_MAX, "name fewer public sources")
    roles = registry.role_arn(settings.iam.path, promote_roles(settings.stack))
    sharing = _sharing(settings)
    deployers = [registry.role_arn("/", one) for one in settings.iam.deployers]
    fewer_accounts = "name the organisation (organizationId) instead of its accounts"
    for what, document in (
        ("the domain policy", resource.domain(registry, roles, sharing, deployers)),
        ("the policy of shared", resource.shared_repository(registry, roles, sharing, downstream=True)),
    ):
        yield from _oversize(stack_file, "package-flow:sharing.accounts", what, document, RESOURCE_MAX, fewer_accounts)
    readers = of_everybody(registry, settings.stack, settings.iam.path, bool(settings.developers), settings.build_roles)
    opened = resource.team_repository(registry, readers, sharing, downstream=True)
    key = "package-flow:sharing.accounts" if len(sharing.accounts) > len(settings.build_roles) else "package-flow:builds.roles"
    fewer = f"{fewer_accounts}, or fewer roles"
    yield from _oversize(stack_file, key, "the policy of a repository that is open to the organisation", opened, RESOURCE_MAX, fewer)


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


def _team(settings, team: _Team, registry: Registry) -> Iterator[Oversize]:
    """What a team adds to its repository's policy: who publishes from other accounts, and who reads besides its builds."""
    if team.publishers:
        roles = [registry.role_arn("/", one.role) for one in team.publishers]
        packages = [one.arn_pattern for one in _owned(team, tuple(team.owns))]
        publishers = resource.Publishers(team.name, roles, packages)
        readers = of_everybody(registry, settings.stack, settings.iam.path, bool(settings.developers), settings.build_roles)
        document = resource.team_repository(registry, readers, _sharing(settings), downstream=True, publishers=publishers)
        mend = "let fewer roles of other accounts publish (one pattern for many), or own fewer names"
        yield from _oversize(team.file, "publishers", "the team repository's policy", document, RESOURCE_MAX, mend)
    if team.build_roles:
        readers = of_team(registry, settings.stack, team.name, bool(team.developer_groups), team.build_roles)
        document = resource.team_repository(registry, readers)
        yield from _oversize(team.file, "build_roles", "the team repository's policy", document, RESOURCE_MAX, "name fewer roles")


def check(settings) -> list[Oversize]:
    """Every document of valid `settings` (settings.Settings) that is over its limit."""
    registry = Registry(_WIDEST_PARTITION, _WIDEST_ACCOUNT, settings.region, settings.domain.name)
    found = [*_domain_wide(settings, registry), *_events(settings)]
    for team in settings.teams:
        found += _team(settings, team, registry)
        for repository in team.repositories:
            found += _repository(settings, team, repository, registry)
    return found
