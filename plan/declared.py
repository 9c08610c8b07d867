"""What a stack declares: its settings and its catalog, typed and frozen.

Every value is parsed once, by the package `settings`, and keeps its type on the way to the resource.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policies.branches import ReleaseBranches, ReleaseTags
from policies.github_tokens import Subjects
from policies.names import SHARED_REPOSITORY
from policies.namespaces import Namespace
from policies.owned_names import Format, OwnedName
from policies.resources.sharing import Sharing

PROMOTION_WORKFLOW_FILE = "promote-package.yml"


class Encryption(StrEnum):
    """Whose key encrypts the domain: one of this stack, the AWS managed one, or one that is there and is somebody else's."""

    CUSTOMER = "customer"
    AWS = "aws"
    KEY = "key"


class OidcProvider(StrEnum):
    """Whether this stack creates GitHub's OIDC provider or adopts the account's (an account holds one for each URL)."""

    CREATE = "create"
    EXISTING = "existing"


class ReadRole(StrEnum):
    """Whose builds may assume the read role."""

    ORGANIZATION = "organization"
    CATALOG = "catalog"


class GithubScope(StrEnum):
    """Where variables and rulesets are: in every repository, or once in the organisation for what several have in common."""

    REPOSITORY = "repository"
    ORGANIZATION = "organization"


class Readers(StrEnum):
    """Who reads a team repository: every build of the organisation, or the team's own repositories."""

    ORGANIZATION = "organization"
    TEAM = "team"


class DeveloperMode(StrEnum):
    """Whether this stack creates the developers' permission sets, or outputs what those who create them need."""

    IDENTITY_CENTER = "identityCenter"
    POLICY = "policy"


class AnnouncedPackages(StrEnum):
    """Which packages have events: those with a name that a team owns, or every one that a repository holds."""

    OWNED = "owned"
    ALL = "all"


@dataclass(frozen=True)
class DomainSettings:
    """The CodeArtifact domain. `protect` covers key, domain and every repository; `key`: the ARN of a key that is there ("" = none)."""

    name: str
    encryption: Encryption
    protect: bool
    key: str = ""


# Characters of a trust policy: the default, and what AWS raises it to.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
TRUST_MAX, TRUST_MAX_RAISED = 2_048, 4_096


@dataclass(frozen=True)
class IamSettings:
    """Path of every role, starting and ending with a slash, and the ARN of the policy that bounds them ("" = none).

    `trust_policy_length` is the account's quota: characters of a trust policy.
    `deployers` are the roles that run `pulumi up`, each after its path; if any are named, nobody else creates repositories in the domain.
    """

    path: str
    permissions_boundary: str
    deployers: tuple[str, ...] = ()
    trust_policy_length: int = TRUST_MAX


@dataclass(frozen=True)
class PublishingSettings:
    """The only workflow that may publish, as the claim `job_workflow_ref` spells it (None = any); its repository's id (0 = not said)."""

    workflow: str | None
    repository_id: int = 0

    @property
    def repository(self) -> str | None:
        """OWNER/NAME of the repository that has the workflow. None = any workflow."""
        return self.workflow and "/".join(self.workflow.split("/")[:2])

    @property
    def promotion_workflow(self) -> str | None:
        """The only workflow that may promote: beside the publishing one, at the same ref. None = any."""
        if self.workflow is None:
            return None
        path, ref = self.workflow.split("@", 1)
        return f"{path.rpartition('/')[0]}/{PROMOTION_WORKFLOW_FILE}@{ref}"


@dataclass(frozen=True)
class Developers:
    """Developers who sign in through IAM Identity Center, by groups.

    Where it is: `region`, and the role with which another account's is reached ("" = the stack's own account). `session` is in seconds.
    """

    groups: tuple[str, ...]
    mode: DeveloperMode
    region: str
    role_arn: str
    session: int


@dataclass(frozen=True)
class Slack:
    """A Slack channel, by the ids of workspace and channel."""

    workspace: str
    channel: str


@dataclass(frozen=True)
class Events:
    """Which package versions have events, and who gets them. `repositories` are all that have events, also where the stack names none."""

    repositories: tuple[str, ...]
    packages: AnnouncedPackages
    states: tuple[str, ...]
    email: tuple[str, ...]
    https: tuple[str, ...]
    sqs: tuple[str, ...]
    slack: Slack | None
    pipelines: tuple[str, ...]


@dataclass(frozen=True)
class Sandbox:
    """A second domain for developers. `roles` are roles (each after its path, with wildcards) that may use it besides them."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Publisher:
    """Roles of another account that publish to a team's repository: names, after their path, `*` at the end for all that begin so."""

    account: str
    role: str


@dataclass(frozen=True)
class Promotes:
    """Who approves a promotion: GitHub team slugs."""

    reviewers: tuple[str, ...]


@dataclass(frozen=True)
class Protection:
    """What protects the environment of a publish job besides its branches: minutes to wait, GitHub team slugs, no self-review."""

    wait_timer: int = 0
    reviewers: tuple[str, ...] = ()
    prevent_self_review: bool = False


@dataclass(frozen=True)
class Repository:
    """A consuming repository: a GitHub repository that installs, and may publish, packages. `environment` "" = none.

    `accepted_branches` are branches that were there before they became release branches and that may publish as they stand. `renamed_from`
    is the name that this stack knew it by ("" = it was not renamed). `dependabot`: Dependabot reads for it. `subjects`: None = those
    of the stack.
    """

    name: str
    team: str
    publishes: tuple[Format, ...]
    release_branches: ReleaseBranches
    required_checks: tuple[str, ...]
    approvals: int
    environment: str
    promotes: Promotes | None
    accepted_branches: tuple[str, ...] = ()
    renamed_from: str = ""
    release_tags: ReleaseTags = field(default_factory=ReleaseTags)
    protection: Protection = Protection()
    dependabot: bool = False
    subjects: Subjects | None = None

    @property
    def installs_only(self) -> bool:
        return not self.publishes


@dataclass(frozen=True)
class Team:
    """One file of the catalog. `upstreams` are teams, in order of priority; `owns` holds only formats with names in them.

    `release_managers` (GitHub team slugs) may create release branches and tags, `release_apps` (ids of GitHub Apps) tags alone: a tag's
    commit has to be reviewed, a new branch's has not.
    `repository` is what its CodeArtifact repository is called, "" = as the team is; `shared` is the shared one. `stack` is the team stack
    that registers it, "" = the registry stack.
    """

    name: str
    file: str
    readers: Readers
    upstreams: tuple[str, ...]
    owns: Mapping[Format, tuple[OwnedName, ...]] = field(hash=False)
    release_managers: tuple[str, ...]
    repositories: tuple[Repository, ...]
    developer_groups: tuple[str, ...] = ()
    build_roles: tuple[str, ...] = ()
    publishers: tuple[Publisher, ...] = ()
    release_apps: tuple[int, ...] = ()
    repository: str = ""
    shared: str = SHARED_REPOSITORY
    stack: str = ""

    @property
    def has_repository(self) -> bool:
        return bool(self.owns)

    @property
    def codeartifact_repository(self) -> str:
        """The CodeArtifact repository that the team's builds use."""
        return self.own_repository if self.has_repository else self.shared

    @property
    def own_repository(self) -> str:
        """What the team's CodeArtifact repository is called."""
        return self.repository or self.name


@dataclass(frozen=True)
class Settings:
    """Everything that a stack is configured with. `catalog` is the folder as the stack file names it.

    `build_roles` are AWS roles of the stack's account that read, each after its path. `namespaces` hold all that teams own. `adopted` are
    the resources, as leftovers.py names them, that stand for what was there before the stack. `shared` is what the shared repository is
    called, `named_sources` what those of public sources are.

    `stack` is the registry stack, whose name roles begin with whichever stack registers them. `team_stack` is the team stack that runs,
    "" = the registry stack runs.
    """

    project: str
    stack: str
    region: str
    github_owner: str
    domain: DomainSettings
    public_sources: tuple[str, ...]
    token_duration: int
    oidc_provider: OidcProvider
    read_role: ReadRole
    subjects: Subjects
    iam: IamSettings
    publishing: PublishingSettings
    sharing: Sharing | None
    teams: tuple[Team, ...]
    catalog: str
    allowed_account_ids: tuple[str, ...]
    developers: Developers | None = None
    build_roles: tuple[str, ...] = ()
    events: Events | None = None
    sandbox: Sandbox | None = None
    namespaces: tuple[Namespace, ...] = ()
    adopted: frozenset[str] = frozenset()
    shared: str = SHARED_REPOSITORY
    named_sources: Mapping[str, str] = field(default_factory=dict, hash=False)
    github_scope: GithubScope = GithubScope.REPOSITORY
    team_stack: str = ""

    @property
    def running(self) -> str:
        """The stack that runs."""
        return self.team_stack or self.stack

    @property
    def own_teams(self) -> tuple[Team, ...]:
        """The teams that the running stack registers."""
        return tuple(one for one in self.teams if one.stack == self.team_stack)

    @property
    def own_repositories(self) -> tuple[Repository, ...]:
        """The consuming repositories that the running stack registers."""
        return tuple(repository for team in self.own_teams for repository in team.repositories)

    @property
    def looked_up_teams(self) -> tuple[Team, ...]:
        """The teams whose repositories are looked up: a registry stack's read roles trust those of its team stacks too."""
        return self.own_teams if self.team_stack else self.teams

    def source(self, public_source: str) -> str:
        """What the repository of a public source is called in the domain."""
        return self.named_sources.get(public_source, public_source)

    def called(self, name: str) -> str:
        """What a repository is called in the domain, by its name in the configuration: shared, a public source or a team."""
        if name == SHARED_REPOSITORY:
            return self.shared
        return next((one.own_repository for one in self.teams if one.name == name), self.source(name))

    @property
    def program_repository(self) -> str:
        """OWNER/NAME of the repository whose workflows publish: the one that is trusted, or the program's where any workflow is."""
        return self.publishing.repository or f"{self.github_owner}/{self.project}"

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """All consuming repositories, in the catalog's order."""
        return tuple(repository for team in self.teams for repository in team.repositories)

    def team(self, name: str) -> Team:
        """The team of this name. Raises KeyError if the catalog has none."""
        for team in self.teams:
            if team.name == name:
                return team
        raise KeyError(name)
