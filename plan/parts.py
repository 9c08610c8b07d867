"""What a plan consists of. One class for each component, which registers it and decides nothing.

Documents are text, as AWS gets them. What a component needs of other resources (names and ARNs as outputs, so that things are created and
removed in the right order) is not here: `__main__` passes it beside the part.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plan.declared import Slack
from policies import guards
from policies.arns import Registry
from policies.branches import ReleaseBranches, ReleaseTags
from policies.events import Names
from policies.github_tokens import GitHubRepository
from policies.guards import Rules
from policies.names import SHARED_REPOSITORY, RoleKind
from policies.owned_names import OwnedName
from policies.resources.sharing import Sharing


@dataclass(frozen=True)
class Key:
    """A KMS key with an alias."""

    description: str
    alias: str
    policy: str


@dataclass(frozen=True)
class Repository:
    """A CodeArtifact repository. `policy` is "" where only identity policies let anybody in; `external_connection` "" = none;
    `key` is its name in the configuration, "" = the same."""

    name: str
    arn: str
    description: str
    policy: str
    upstreams: tuple[str, ...] = ()
    external_connection: str = ""
    key: str = ""

    @property
    def logical_name(self) -> str:
        """What it is called in the stack, whatever the domain calls it."""
        return self.key or self.name


@dataclass(frozen=True)
class PackageGroup:
    """Who may publish packages of one owned name, in CodeArtifact itself: `publishers` are repositories."""

    domain: str
    owned: OwnedName
    publishers: tuple[str, ...]
    shared: str = SHARED_REPOSITORY

    @property
    def name(self) -> str:
        """What it is called in the stack."""
        return f"{self.owned.format.value}:{self.owned.text}"

    @property
    def desired_state(self) -> str:
        """The group as AWS Cloud Control takes it: a name published in `publishers` only, never fetched from a public registry.

        Shared is among the publishers because it is not documented whether copying a version obeys these modes; publishing there directly
        is denied by its policy. Raises ValueError without it.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codeartifact-packagegroup.html
        """
        if self.shared not in self.publishers:
            got = f"got publishers {list(self.publishers)} of {self.owned.group_pattern}"
            raise ValueError(f"{got}; without {self.shared} nothing could be promoted")
        restrictions = {
            "Publish": {"RestrictionMode": "ALLOW_SPECIFIC_REPOSITORIES", "Repositories": list(self.publishers)},
            "ExternalUpstream": {"RestrictionMode": "BLOCK"},
            "InternalUpstream": {"RestrictionMode": "ALLOW"},
        }
        state = {
            "DomainName": self.domain,
            "Pattern": self.owned.group_pattern,
            "OriginConfiguration": {"Restrictions": restrictions},
        }
        return json.dumps(state, separators=(",", ":"))


@dataclass(frozen=True)
class Role:
    """An IAM role: who may assume it (`trust`), and its one inline policy (`permissions`; "" = it may do nothing)."""

    name: str
    arn: str
    path: str
    description: str
    boundary: str
    trust: str
    policy_name: str
    permissions: str


@dataclass(frozen=True)
class PackageRegistry:
    """Everything that exists once in a domain. Without a `key` the domain is encrypted by `encryption_key` (an ARN; "" = the key that AWS
    manages). `sharing`: with whom what is open to the organisation is shared."""

    stack: str
    place: Registry
    sharing: Sharing
    policy: str
    key: Key | None
    protect: bool
    public_sources: tuple[Repository, ...]
    shared: Repository
    encryption_key: str = ""

    @property
    def name(self) -> str:
        return self.place.domain

    @property
    def inputs(self) -> dict[str, Any]:
        """What the component says of itself in the state."""
        sources = [one.name for one in self.public_sources]
        return {"place": _place(self.place), "stack": self.stack, "protect": self.protect, "public_sources": sources}


@dataclass(frozen=True)
class GitHubOidc:
    """GitHub's OIDC provider in the account, and the roles with which builds read: one, or as many as a large catalog needs.

    `repositories` are ids, by name, of those that the roles trust and that team stacks register.
    """

    provider_arn: str
    creates_provider: bool
    audience: str
    url: str
    read_roles: tuple[Role, ...]
    repositories: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class TeamRepository:
    """The repository that a team publishes to, and the package groups of the names that it owns.

    `file` is the team's; `publishers` and `build_roles` are what its policy names besides everybody's readers, who are let in where it is
    `open_to_organization`.
    """

    name: str
    file: str
    upstreams: tuple[str, ...]
    repository: Repository
    package_groups: tuple[PackageGroup, ...]
    protect: bool
    open_to_organization: bool
    publishers: tuple[str, ...]
    build_roles: tuple[str, ...]

    @property
    def owns(self) -> tuple[OwnedName, ...]:
        return tuple(one.owned for one in self.package_groups)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the component says of itself in the state."""
        return {"owns": [{"format": one.format.value, "name": one.text} for one in self.owns], "protect": self.protect}


@dataclass(frozen=True)
class Ruleset:
    """A ruleset; `target` is branch or tag. It does not hold for the teams and GitHub Apps of the ids `bypass_teams`, `bypass_apps`.

    An organisation's holds for the repositories of the ids `repositories`, none = it is one repository's own.
    """

    kind: str
    refs: tuple[str, ...]
    rules: Rules = field(hash=False)
    bypass_teams: tuple[int, ...] = ()
    bypass_apps: tuple[int, ...] = ()
    target: str = "branch"
    repositories: tuple[int, ...] = ()

    @property
    def edition(self) -> str:
        """Its kind and a digest of what it says: a ruleset that says something else is another one."""
        return guards.edition(self.kind, self.refs, self.rules, self.bypass_teams, self.bypass_apps, self.repositories)

    @property
    def name(self) -> str:
        """Its name on GitHub."""
        return f"package-flow-{self.edition}"


@dataclass(frozen=True)
class Environment:
    """A GitHub environment whose jobs come from `branches` and `tags`. `admins_cannot_bypass` where the plan has that switch;
    `wait_timer` in minutes."""

    name: str
    branches: tuple[str, ...]
    admins_cannot_bypass: bool
    reviewer_teams: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    wait_timer: int = 0
    prevents_self_review: bool = False


@dataclass(frozen=True)
class Publishing:
    """How a repository publishes. `workflow` is the only one that may, None = any; `environment` None = the job needs none.

    `accepted_branches` may publish from now on as they stand, though nobody had to review them. `trusted_before` may publish already.
    """

    owned: tuple[OwnedName, ...]
    branches: ReleaseBranches
    accepted_branches: tuple[str, ...]
    trusted_before: tuple[str, ...]
    workflow: str | None
    environment: Environment | None
    role: Role
    tags: ReleaseTags = field(default_factory=ReleaseTags)


@dataclass(frozen=True)
class Promotion:
    """How a repository promotes; `workflow` as for publishing."""

    workflow: str | None
    environment: Environment
    role: Role


@dataclass(frozen=True)
class ConsumingRepository:
    """Everything that one GitHub repository gets. `name` is the catalog's, `file` its team's; `team_repository` "" = the team has none.
    `renamed_from` is the name under which the stack has it, "" = it was not renamed.

    The repository's guards are `guards` and environments: `rulesets` of its own, and those of the organisation that hold for it.
    `variables` are its own Actions variables with their values; its jobs see `effective_variables`. `teams` are the ids of the GitHub teams
    in its guards by the slugs that the catalog has. `read_role` is the place of its builds' role among the shared ones.
    """

    name: str
    file: str
    renamed_from: str
    place: Registry
    repository: GitHubRepository
    default_branch: str
    team_repository: str
    codeartifact_repository: str
    rulesets: tuple[Ruleset, ...]
    read_role: int
    own_read_role: Role | None
    dependabot_role: Role | None
    publishing: Publishing | None
    promotion: Promotion | None
    variables: Mapping[str, str] = field(hash=False)
    teams: Mapping[str, int] = field(hash=False)
    organization_rulesets: tuple[Ruleset, ...] = ()
    organization_variables: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def guards(self) -> tuple[Ruleset, ...]:
        """Every ruleset of this stack that holds for it."""
        return (*self.rulesets, *self.organization_rulesets)

    @property
    def effective_variables(self) -> dict[str, str]:
        """What its jobs see: a repository's variable shadows the organisation's of that name."""
        return {**self.organization_variables, **self.variables}

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(self.roles_by_kind.values())

    @property
    def roles_by_kind(self) -> dict[RoleKind, Role]:
        every = {
            RoleKind.READ: self.own_read_role,
            RoleKind.DEPENDABOT: self.dependabot_role,
            RoleKind.PUBLISH: self.publishing.role if self.publishing else None,
            RoleKind.PROMOTE: self.promotion.role if self.promotion else None,
        }
        return {kind: role for kind, role in every.items() if role}

    @property
    def environments(self) -> tuple[Environment, ...]:
        every = (self.publishing.environment if self.publishing else None, self.promotion.environment if self.promotion else None)
        return tuple(one for one in every if one)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the component says of itself in the state."""
        one = self.repository
        return {
            "repository": {"owner": one.owner.login, "owner_id": one.owner.id, "name": one.name, "id": one.id},
            "default_branch": self.default_branch,
            "team_repository": self.team_repository,
            **({"publishing": _publishing(self.publishing, self.promotion)} if self.publishing else {}),
            **({"dependabot": True} if self.dependabot_role else {}),
        }


def _publishing(one: Publishing, promotion: Promotion | None) -> dict[str, Any]:
    return {
        "release_branches": list(one.branches.names),
        **({"release_tags": list(one.tags.names)} if one.tags.names else {}),
        "environment": one.environment.name if one.environment else "",
        "workflow": one.workflow or "",
        **({"promotion": {"workflow": promotion.workflow or ""}} if promotion else {}),
    }


@dataclass(frozen=True)
class GitHubOrganization:
    """What is written once in the GitHub organisation `login` for all repositories of the catalog (ids): Actions variables, which no other
    repository sees, and rulesets, each for the repositories that it says the same of."""

    login: str
    repositories: tuple[int, ...]
    variables: Mapping[str, str] = field(hash=False)
    rulesets: tuple[Ruleset, ...]

    @property
    def inputs(self) -> dict[str, Any]:
        """What the component says of itself in the state."""
        return {"login": self.login}


@dataclass(frozen=True)
class ReadPolicy:
    """The managed policy of builds on AWS."""

    name: str
    arn: str
    path: str
    policy: str


@dataclass(frozen=True)
class BuildAccess:
    """The read policy, and the roles (each after its path) that get it."""

    policy: ReadPolicy
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A group of IAM Identity Center."""

    name: str
    id: str


@dataclass(frozen=True)
class PermissionSet:
    """A permission set and whom it is assigned to. `team` "" = it is everybody's."""

    name: str
    team: str
    description: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class DeveloperAccess:
    """Permission sets with which developers read; one policy for all. `creates` = False: others create them, by the stack's outputs.

    `session_duration` is in ISO 8601, `region` that of IAM Identity Center, `account` the one that developers sign in to.
    """

    creates: bool
    stack: str
    account: str
    instance_arn: str
    region: str
    session_duration: str
    policy: str
    permission_sets: tuple[PermissionSet, ...]


@dataclass(frozen=True)
class PackageEvents:
    """Who learns of package versions: topic, rule, targets, subscriptions. `chat_role` is there where a channel is.

    The topic's key has no ARN before it is created: the role's permissions have `topic_key` in its place.
    """

    names: Names
    role: Role
    topic_key: str
    key: Key
    topic_policy: str
    dead_letters_policy: str
    pattern: str
    owned_only: bool
    email: tuple[str, ...]
    https: tuple[str, ...]
    sqs: tuple[str, ...]
    slack: Slack | None
    chat_role: Role | None
    pipelines: tuple[str, ...]


@dataclass(frozen=True)
class Sandbox:
    """A second domain for developers."""

    name: str
    policy: str


@dataclass(frozen=True)
class Plan:
    """All of a registry stack and its team stacks, or the part that one of them registers (plan.split).

    `teams` each after those that it installs from, `consumers` in the catalog's order. Of the part of a `team_stack` those two are
    registered; the others are what they build on, which the registry stack has.
    """

    stack: str
    place: Registry
    registry: PackageRegistry
    oidc: GitHubOidc
    teams: tuple[TeamRepository, ...]
    consumers: tuple[ConsumingRepository, ...]
    builds: BuildAccess
    developers: DeveloperAccess | None
    events: PackageEvents | None
    sandbox: Sandbox | None
    trust_policy_length: int
    organization: GitHubOrganization | None = None
    team_stack: str = ""

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Every CodeArtifact repository."""
        return (self.registry.shared, *self.registry.public_sources, *(one.repository for one in self.teams))

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every IAM role."""
        events = (self.events.role, self.events.chat_role) if self.events else ()
        return (*self.oidc.read_roles, *(role for one in self.consumers for role in one.roles), *(one for one in events if one))


def _place(one: Registry) -> dict[str, str]:
    return {"partition": one.partition, "account": one.account, "region": one.region, "domain": one.domain}
