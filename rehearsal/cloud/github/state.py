"""What the stand-in knows: accounts, teams, repositories with their refs, commits, pull requests, rulesets and environments.

Plain dataclasses and look-ups; no rule of GitHub's is decided here. Names of accounts, repositories, environments and variables
are found without regard to case, as on GitHub, and returned as they were created.
"""

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

GITHUB_ACTIONS_APP = 15368  # the App id of GitHub Actions on github.com
DEPENDABOT, DEPENDABOT_APP = "dependabot[bot]", 29110  # likewise
GITHUB_ACTIONS_BOT = "github-actions[bot]"
HOURLY = 5_000  # requests of a token: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
ROLES = ("none", "read", "triage", "write", "maintain", "admin")


Key = TypeVar("Key")
Value = TypeVar("Value")


class NotFound(LookupError):
    """Nothing of that name; the message says what was looked for."""


@dataclass
class User:
    """A person, or an App's bot (`app_id` set)."""

    login: str
    id: int
    app_id: int | None = None


@dataclass
class Team:
    slug: str
    id: int
    members: set[str] = field(default_factory=set)


@dataclass
class Variable:
    """A repository's, or an organisation's: `visibility` (all, private, selected) and the repositories that are `selected` are of those."""

    name: str
    value: str
    created_at: str
    updated_at: str
    visibility: str = "all"
    selected: frozenset[int] = frozenset()


@dataclass
class Organization:
    """An account that owns repositories: an organisation, or the personal account of somebody who forks (`personal`)."""

    login: str
    id: int
    plan: str = "free"  # free, team, enterprise
    personal: bool = False
    owners: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    teams: dict[str, Team] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    rulesets: dict[int, "Ruleset"] = field(default_factory=dict)
    apps: set[int] = field(default_factory=set)  # ids of the Apps that are installed
    enterprise: tuple[str, int] | None = None  # slug and id
    immutable_subject: bool = False


@dataclass
class BranchPolicy:
    id: int
    name: str
    type: str = "branch"  # branch, tag


@dataclass(frozen=True)
class Secret:
    """A secret of an environment; its value is not kept, because nothing here reads one."""

    name: str
    created_at: str
    updated_at: str


@dataclass
class Environment:
    name: str
    id: int
    created_at: str
    updated_at: str
    wait_timer: int = 0
    prevent_self_review: bool = False
    can_admins_bypass: bool = True
    reviewers: list[tuple[str, int]] = field(default_factory=list)  # ("User" or "Team", id)
    branches: str = "all"  # all, protected, custom
    policies: dict[int, BranchPolicy] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)


@dataclass
class Ruleset:
    """A repository's or an organisation's; actors, conditions and rules are kept in the form of the REST API."""

    id: int
    name: str
    target: str
    enforcement: str
    bypass_actors: list[dict[str, Any]]
    conditions: dict[str, Any]
    rules: list[dict[str, Any]]
    created_at: str
    updated_at: str

    @property
    def repositories(self) -> list[int]:
        """The repositories that an organisation's ruleset names."""
        return self.conditions.get("repository_id", {}).get("repository_ids", [])


@dataclass(frozen=True)
class Commit:
    sha: str
    parents: tuple[str, ...]
    author: str
    content: str


@dataclass(frozen=True)
class Check:
    """A commit status or check run. `app_id` is the App that reported it, None where a person did."""

    context: str
    state: str  # success, failure, pending
    app_id: int | None


@dataclass
class Review:
    reviewer: str
    sha: str  # the head commit that was reviewed
    state: str  # APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED


@dataclass
class PullRequest:
    number: int
    author: str
    base: str  # a branch's full ref
    head_repository: int
    head: str  # a branch's full ref
    head_sha: str
    last_pusher: str
    reviews: list[Review] = field(default_factory=list)
    state: str = "open"  # open, merged, closed


@dataclass(frozen=True)
class Activity:
    """What happened to a branch: push, branch_creation, pr_merge... `before` and `after` are commits."""

    id: int
    kind: str
    ref: str
    before: str
    after: str
    timestamp: str


@dataclass
class Repository:
    id: int
    owner: Organization
    name: str
    visibility: str = "private"  # public, private, internal
    default_branch: str = "main"
    archived: bool = False
    fork_of: int | None = None
    immutable_subject: bool | None = None  # None: as the organisation has it
    actions_access: str = "none"  # of a private repository, who may call its workflows: none, organization
    default_workflow_permissions: str = "read"
    can_approve_pull_request_reviews: bool = False
    delete_branch_on_merge: bool = False
    roles: dict[str, str] = field(default_factory=dict)  # login -> role
    team_roles: dict[str, str] = field(default_factory=dict)  # team slug -> role
    variables: dict[str, Variable] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    rulesets: dict[int, Ruleset] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)  # full ref -> commit
    commits: dict[str, Commit] = field(default_factory=dict)
    checks: dict[str, list[Check]] = field(default_factory=dict)  # commit -> checks, the newest last
    pull_requests: dict[int, PullRequest] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)  # of branches, the newest last
    created_at: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def default_ref(self) -> str:
        return f"refs/heads/{self.default_branch}"

    @property
    def inherited(self) -> list[Ruleset]:
        """The organisation's rulesets that name it."""
        return [one for one in self.owner.rulesets.values() if self.id in one.repositories]

    @property
    def every_ruleset(self) -> list[Ruleset]:
        """Whatever may hold for its refs: its own and the organisation's."""
        return [*self.rulesets.values(), *self.inherited]

    @property
    def shared_variables(self) -> dict[str, Variable]:
        """The organisation's variables that it sees. A private repository on the free plan sees none.

        https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-variables
        """
        private = self.visibility != "public"
        if private and self.owner.plan == "free":
            return {}
        return {
            name: one
            for name, one in self.owner.variables.items()
            if one.visibility == "all" or (private and one.visibility == "private") or self.id in one.selected
        }

    def store(self, commit: Commit) -> Commit:
        return self.commits.setdefault(commit.sha, commit)

    def history(self, *tips: str) -> set[str]:
        """The commits `tips` and every commit that they descend from."""
        seen: set[str] = set()
        waiting = list(tips)
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += self.commits[current].parents
        return seen

    def environment(self, name: str) -> Environment:
        return _found(self.environments, name.lower(), f"environment {name!r} in {self.full_name}")


@dataclass
class Run:
    """A workflow run with its one job."""

    id: int
    number: int
    repository: Repository
    event: str
    ref: str
    sha: str
    actor: User
    workflow: str  # name
    workflow_path: str
    job_workflow_ref: str  # the called file with its ref; the workflow itself where none is called
    job_workflow_sha: str
    environment: str | None
    permissions: dict[str, str]
    inputs: dict[str, str]
    pull_request: PullRequest | None = None
    head_full_name: str = ""  # of a pull request: the repository that it comes from
    approvals: list[str] = field(default_factory=list)
    state: str = "waiting"  # waiting, running, failed, completed
    message: str = ""
    token: str = ""  # asks for OIDC tokens while the job is running; empty if it may not
    job_token: str = ""  # GITHUB_TOKEN, while the job is running

    @property
    def workflow_ref(self) -> str:
        return f"{self.repository.full_name}/{self.workflow_path}@{self.ref}"


@dataclass(frozen=True)
class Installation:
    """What a REST token stands for: an App's installation in one organisation (or on `repositories` of it only).

    `requests_left` is what it says of itself for this hour.
    """

    app_id: int
    organization: str
    permissions: dict[str, str]
    repositories: frozenset[int] | None = None
    requests_left: int = HOURLY

    def allows(self, permission: str, level: str) -> bool:
        """Whether the installation has `permission` at `level` (read or write) or above."""
        granted = self.permissions.get(permission)
        return granted is not None and (granted == level or level == "read")


class GitHub:
    """Everything there is. Ids that are not given are counted up from a million, so that they never meet given ones by chance."""

    def __init__(self) -> None:
        self.organizations: dict[str, Organization] = {}
        self.users: dict[str, User] = {}
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}  # lower-case owner/name -> repository id, also of names that were given up by renaming
        self.tokens: dict[str, Installation] = {}
        self.runs: dict[int, Run] = {}
        self.requests: list[dict[str, Any]] = []
        self._ids = itertools.count(1_000_001)
        self.add_user(User(GITHUB_ACTIONS_BOT, 41898282, GITHUB_ACTIONS_APP))
        self.add_user(User(DEPENDABOT, 49699333, DEPENDABOT_APP))

    def new_id(self) -> int:
        return next(self._ids)

    def add_user(self, user: User) -> None:
        self.users[user.login.lower()] = user

    def user(self, login: str) -> User:
        return _found(self.users, login.lower(), f"user {login!r}")

    def user_by_id(self, user_id: int) -> User | None:
        return next((user for user in self.users.values() if user.id == user_id), None)

    def organization(self, login: str) -> Organization:
        return _found(self.organizations, login.lower(), f"account {login!r}")

    def repository(self, full_name: str) -> Repository:
        """The repository that `owner/name` leads to, also by a name it had before."""
        return self.repositories[_found(self.names, full_name.lower(), f"repository {full_name!r}")]

    def add_repository(self, repository: Repository) -> None:
        """Take a repository in under its name; whoever held that name before can no longer be reached by it."""
        self.repositories[repository.id] = repository
        self.names[repository.full_name.lower()] = repository.id

    def remove_repository(self, repository: Repository) -> None:
        """Delete a repository; its jobs end with it."""
        for run in self.runs.values():
            if run.repository is repository:
                run.state, run.token = "failed", ""
        del self.repositories[repository.id]
        self.names = {name: repository_id for name, repository_id in self.names.items() if repository_id != repository.id}


def new_commit(parents: tuple[str, ...], author: str, content: str) -> Commit:
    """A commit that no repository has yet. Equal arguments give the same id, as in git."""
    text = "\0".join((*parents, author, content))
    return Commit(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), parents, author, content)


def team_by_id(organization: Organization, team_id: int) -> Team | None:
    """The organisation's team with that id, or None."""
    return next((team for team in organization.teams.values() if team.id == team_id), None)


def role_of(repository: Repository, login: str) -> str:
    """The highest role that somebody has in a repository: by themselves, by their teams, or as an owner of the organisation.

    GitHub Actions counts as writing: a workflow may give its token `contents: write` and `pull-requests: write` whatever the default.
    So does Dependabot, which pushes its branches.
    """
    if login in (GITHUB_ACTIONS_BOT, DEPENDABOT):
        return "write"
    if login in repository.owner.owners:
        return "admin"
    by_team = [role for slug, role in repository.team_roles.items() if login in repository.owner.teams[slug].members]
    everyone = "read" if repository.visibility == "public" or login in repository.owner.members else "none"
    return max((repository.roles.get(login, "none"), everyone, *by_team), key=ROLES.index)


def has_role(repository: Repository, login: str, least: str) -> bool:
    return ROLES.index(role_of(repository, login)) >= ROLES.index(least)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _found(box: dict[Key, Value], key: Key, what: str) -> Value:
    if key not in box:
        raise NotFound(f"there is no {what}")
    return box[key]
