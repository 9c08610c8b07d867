"""Whether every document fits its limit, before anything is made.

Ids and accounts are not known yet, so the widest that can come is taken (12-digit account and repository ids): a document that fits here fits
in AWS.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from policies import owned_names, promoting, publishing, reading, resource, trust
from policies.arns import Registry
from policies.document import Statement, text
from policies.names import SHARED_REPOSITORY, promote_roles
from policies.owned_names import Format

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
    allowed = reading.read_role(registry, settings.token_duration, [SHARED_REPOSITORY, *settings.public_sources])
    yield from _oversize(stack_file, "package-flow:publicSources", "the read policy", allowed, MANAGED_MAX, "name fewer public sources")
    roles = registry.role_arn(settings.iam.path, promote_roles(settings.stack))
    organization = settings.sharing.organization_id if settings.sharing else ""
    accounts = settings.sharing.accounts if settings.sharing else ()
    fewer_accounts = "name the organisation (organizationId) instead of its accounts"
    for what, document in (
        ("the domain policy", resource.domain(registry, roles, organization, accounts)),
        ("the policy of shared", resource.shared_repository(registry, roles, organization, accounts)),
        ("a team repository's policy", resource.team_repository(registry, [roles], organization, accounts)),
    ):
        yield from _oversize(stack_file, "package-flow:sharing.accounts", what, document, RESOURCE_MAX, fewer_accounts)


def check(settings) -> list[Oversize]:
    """Every document of valid `settings` (settings.Settings) that is over its limit."""
    registry = Registry(_WIDEST_PARTITION, _WIDEST_ACCOUNT, settings.region, settings.domain.name)
    found = list(_domain_wide(settings, registry))
    for team in settings.teams:
        for repository in team.repositories:
            found += _repository(settings, team, repository, registry)
    return found
