"""What only AWS and GitHub know, and what stands in for it where nobody has asked them yet."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plan.declared import Settings
from policies.arns import Registry
from policies.github_tokens import Owner
from policies.names import ROLE_NAME_MAX

# AWS's own example account, for a stack that does not say which account it is allowed in.
_EXAMPLE_ACCOUNT = "111122223333"
_WIDEST_ACCOUNT = "9" * 12
_WIDEST_PARTITION = "aws-us-gov"
# Ids of GitHub are 10 digits long today; those that stand in for them have 12.
_ID_FLOOR, _ID_RANGE = 100_000_000_000, 900_000_000_000


@dataclass(frozen=True)
class WorkflowPermissions:
    """What a repository's workflows may do by default: GITHUB_TOKEN's permission, and whether it may make and approve pull requests."""

    default: str
    can_approve: bool


@dataclass(frozen=True)
class SeenRepository:
    """A GitHub repository as this credential sees it. `full_name` is "" if it sees none.

    Looked up only where this stack has not created or judged them before: `branches` (None = this credential may not list them), the
    `environments` that it would make and that are there already (each as GitHub describes it) and the `workflow_permissions` that it sets.
    """

    full_name: str
    name: str = ""
    id: int = 0
    default_branch: str = ""
    visibility: str = ""
    archived: bool = False
    default_subject: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    branches: tuple[str, ...] | None = ()
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    workflow_permissions: WorkflowPermissions | None = None


@dataclass(frozen=True)
class IdentityCenter:
    """IAM Identity Center: its instance ("" = there is none) and the ids of groups by display name, None = there is no such group."""

    instance_arn: str
    groups: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What the program builds on. `repositories` by their name in the catalog, `teams` (ids) by slug, `caller` the ARN of who deploys.

    `trusted_before` are the release branches that may publish already, by the repository's name in the catalog. `adopted` are import ids of
    what an interrupted run left (see leftovers.py).
    """

    registry: Registry
    owner: Owner
    plan: str
    repositories: Mapping[str, SeenRepository]
    teams: Mapping[str, int]
    identity_center: IdentityCenter = IdentityCenter("")
    caller: str = ""
    trusted_before: Mapping[str, list[str]] = field(default_factory=dict)
    adopted: Mapping[str, str] = field(default_factory=dict)


def stable_id(kind: str, name: str) -> int:
    """A number of 12 digits that follows from the name alone, so that it stays the same when something is added."""
    return _ID_FLOOR + int(hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:12], 16) % _ID_RANGE


def _slugs(settings: Settings) -> list[str]:
    reviewers = [slug for one in settings.repositories if one.promotes for slug in one.promotes.reviewers]
    return [*(slug for team in settings.teams for slug in team.release_managers), *reviewers]


def assumed(settings: Settings) -> Facts:
    """Facts of an account and an organisation where everything is as the settings say, on an Enterprise plan. Ids follow from names."""
    account, owner = (*settings.allowed_account_ids, _EXAMPLE_ACCOUNT)[0], settings.github_owner
    developers = settings.developers.groups if settings.developers else ()
    groups = [*developers, *(group for team in settings.teams for group in team.developer_groups)]
    return Facts(
        registry=Registry("aws", account, settings.region, settings.domain.name),
        owner=Owner(owner, stable_id("organization", owner)),
        plan="enterprise",
        repositories={
            one.name: SeenRepository(
                full_name=f"{owner}/{one.name}",
                name=one.name,
                id=stable_id("repository", f"{owner}/{one.name}"),
                default_branch="main",
                visibility="private",
            )
            for one in settings.repositories
        },
        teams={slug: stable_id("team", slug) for slug in _slugs(settings)},
        identity_center=IdentityCenter(
            "arn:aws:sso:::instance/ssoins-0123456789abcdef",
            {group: str(uuid.uuid5(uuid.NAMESPACE_URL, f"group:{group}")) for group in groups},
        ),
        caller=f"arn:aws:iam::{account}:role/deployer",
        trusted_before={one.name: [] for one in settings.repositories},
    )


def widest(settings: Settings) -> Facts:
    """The same with the longest that can come of everything that documents are written with: a document that fits then fits in AWS."""
    caller = f"arn:{_WIDEST_PARTITION}:sts::{_WIDEST_ACCOUNT}:assumed-role/{'r' * ROLE_NAME_MAX}/session"
    registry = Registry(_WIDEST_PARTITION, _WIDEST_ACCOUNT, settings.region, settings.domain.name)
    return replace(assumed(settings), registry=registry, caller=caller)
