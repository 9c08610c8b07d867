"""Settings of one stack: stack config and catalog in, typed and frozen values out, or every problem in one error.

Nothing is registered before everything here is valid. This file holds what components take and the way there (`parse`, and `load` in the
program); the package `configuration` reads the files and knows the rules. Pulumi is imported in `load` alone, so that tests and tools read
settings without the SDK.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from configuration import across, rules_of_the_pack
from configuration import catalog as catalog_files
from configuration import stack as stack_files
from configuration.catalog import Catalog, TeamFile
from configuration.problems import FINDINGS_MAX, Problem, SettingsError, Words
from configuration.shapes import (
    ANY_WORKFLOW,
    PROMOTION_WORKFLOW_FILE,
    PUBLISHING_WORKFLOW_FILE,
    AnnouncedPackages,
    DeveloperMode,
    DevelopersShape,
    Encryption,
    EventsShape,
    OidcProvider,
    Readers,
    ReadRole,
    RepositoryShape,
    SharingShape,
)
from configuration.stack import PROJECT_FILE, StackFile, announces, declared_namespaces
from configuration.yaml_files import read_mapping
from policies import sizes
from policies.names import SHARED_REPOSITORY
from policies.namespaces import Namespace
from policies.owned_names import Format
from policies.trust import Subjects

__all__ = [
    "AnnouncedPackages",
    "DeveloperMode",
    "Developers",
    "DomainSettings",
    "Encryption",
    "Events",
    "Format",
    "IamSettings",
    "OidcProvider",
    "Problem",
    "Promotes",
    "Publisher",
    "PublishingSettings",
    "ReadRole",
    "Readers",
    "Repository",
    "Sandbox",
    "Settings",
    "SettingsError",
    "Sharing",
    "Slack",
    "Subjects",
    "Team",
    "load",
    "parse",
    "read_project_file",
    "read_stack_file",
]


@dataclass(frozen=True)
class DomainSettings:
    """The CodeArtifact domain. `protect` covers key, domain and every repository."""

    name: str
    encryption: Encryption
    protect: bool


@dataclass(frozen=True)
class IamSettings:
    """Path of every role, starting and ending with a slash, and the ARN of the policy that bounds them ("" = none).

    `deployers` are the roles that run `pulumi up`, each after its path; if any are named, nobody else makes repositories in the domain.
    """

    path: str
    permissions_boundary: str
    deployers: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishingSettings:
    """The only workflow that may publish, as the claim `job_workflow_ref` spells it. None = any."""

    workflow: str | None

    @property
    def promotion_workflow(self) -> str | None:
        """The only workflow that may promote: beside the publishing one, at the same ref. None = any."""
        if self.workflow is None:
            return None
        path, ref = self.workflow.split("@", 1)
        return f"{path.rpartition('/')[0]}/{PROMOTION_WORKFLOW_FILE}@{ref}"


@dataclass(frozen=True)
class Sharing:
    """Who outside the account reads what is open to the organisation. `organization_id` "" = no organisation.

    `organization_paths` are parts of one, `downstream` the repositories that they may have as upstreams.
    """

    organization_id: str
    accounts: tuple[str, ...]
    organization_paths: tuple[str, ...] = ()
    downstream: tuple[str, ...] = ()


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
    """Which package versions are told of, and to whom. `repositories` are all that are told of, also where the stack names none."""

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
class Repository:
    """A consuming repository: a GitHub repository that installs, and may publish, packages. `environment` "" = none.

    `accepted_branches` are branches that were there before they became release branches and that may publish as they stand. `renamed_from`
    is the name that this stack knew it by ("" = it was not renamed).
    """

    name: str
    team: str
    publishes: tuple[Format, ...]
    release_branches: tuple[str, ...]
    required_checks: tuple[str, ...]
    approvals: int
    environment: str
    promotes: Promotes | None
    accepted_branches: tuple[str, ...] = ()
    renamed_from: str = ""

    @property
    def installs_only(self) -> bool:
        return not self.publishes


@dataclass(frozen=True)
class Team:
    """One file of the catalog. `upstreams` are teams, in order of priority; `owns` holds only formats with names in them."""

    name: str
    file: str
    readers: Readers
    upstreams: tuple[str, ...]
    owns: Mapping[Format, tuple[str, ...]] = field(hash=False)
    release_managers: tuple[str, ...]
    repositories: tuple[Repository, ...]
    developer_groups: tuple[str, ...] = ()
    build_roles: tuple[str, ...] = ()
    publishers: tuple[Publisher, ...] = ()

    @property
    def has_repository(self) -> bool:
        return bool(self.owns)

    @property
    def codeartifact_repository(self) -> str:
        """The CodeArtifact repository that the team's builds use."""
        return self.name if self.has_repository else SHARED_REPOSITORY


@dataclass(frozen=True)
class Settings:
    """Everything that a stack is configured with. `catalog` is the folder as the stack file names it.

    `build_roles` are AWS roles of the stack's account that read, each after its path. `namespaces` hold all that teams own.
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


def _workflow(stack: StackFile) -> str | None:
    """The stack's workflow. By default the one of this project's repository, so that leaving the key out never means `any`."""
    default = f"{stack.providers.github_owner}/{stack.project}/.github/workflows/{PUBLISHING_WORKFLOW_FILE}@refs/heads/main"
    workflow = stack.shape.publishing.workflow or default
    return None if workflow == ANY_WORKFLOW else workflow


def _repository(team: TeamFile, name: str, shape: RepositoryShape) -> Repository:
    # An installing repository gets no review unless it asks for one: nothing stops a bot's push there.
    approvals = shape.approvals if shape.publishes or "approvals" in shape.model_fields_set else 0
    return Repository(
        name=name,
        team=team.name,
        publishes=tuple(shape.publishes),
        release_branches=tuple(shape.release_branches),
        required_checks=tuple(shape.required_checks),
        approvals=approvals,
        environment=shape.environment,
        promotes=Promotes(tuple(shape.promotes.reviewers)) if shape.promotes.reviewers else None,
        accepted_branches=tuple(shape.accepted_branches),
        renamed_from=shape.renamed_from,
    )


def _team(team: TeamFile) -> Team:
    return Team(
        name=team.name,
        file=team.file,
        readers=team.shape.readers,
        upstreams=tuple(team.shape.upstreams),
        owns=MappingProxyType({format: tuple(names) for format, names in team.shape.owns.items()}),
        release_managers=tuple(team.shape.release_managers),
        developer_groups=tuple(team.shape.developer_groups),
        build_roles=tuple(team.shape.build_roles),
        publishers=tuple(Publisher(one.account, one.role) for one in team.shape.publishers),
        repositories=tuple(_repository(team, name, one) for name, one in team.shape.repositories.items()),
    )


def _sharing(shape: SharingShape) -> Sharing | None:
    if not (shape.organization_id or shape.organization_paths or shape.accounts):
        return None
    return Sharing(shape.organization_id, tuple(shape.accounts), tuple(shape.organization_paths), tuple(shape.downstream))


def _developers(shape: DevelopersShape, region: str) -> Developers | None:
    """Without groups nobody; Identity Center is in the stack's region unless it says another."""
    if not shape.groups:
        return None
    return Developers(tuple(shape.groups), shape.mode, shape.region or region, shape.role_arn, shape.session_duration)


def _events(shape: EventsShape, teams: Sequence[TeamFile]) -> Events | None:
    """By default shared and every team repository that is open to the organisation: the names in the others are the team's own affair."""
    if not announces(shape):
        return None
    opened = [team.name for team in teams if team.shape.readers is Readers.ORGANIZATION and not team.owns_nothing]
    return Events(
        repositories=tuple(shape.repositories) or (SHARED_REPOSITORY, *opened),
        packages=shape.packages,
        states=tuple(shape.states),
        email=tuple(shape.email),
        https=tuple(shape.https),
        sqs=tuple(shape.sqs),
        slack=Slack(shape.slack.workspace, shape.slack.channel) if shape.slack.channel else None,
        pipelines=tuple(shape.pipelines),
    )


def _settings(stack: StackFile, teams: Iterable[TeamFile]) -> Settings:
    shape, providers, listed = stack.shape, stack.providers, list(teams)
    return Settings(
        project=stack.project,
        stack=stack.stack,
        region=providers.region,
        github_owner=providers.github_owner,
        domain=DomainSettings(shape.domain.name, shape.domain.encryption, shape.domain.protect),
        public_sources=tuple(shape.public_sources),
        token_duration=shape.token_duration,
        oidc_provider=shape.github_oidc_provider,
        read_role=shape.read_role,
        subjects=shape.subjects,
        iam=IamSettings(shape.iam.path, shape.iam.permissions_boundary, tuple(shape.iam.deployers)),
        publishing=PublishingSettings(_workflow(stack)),
        sharing=_sharing(shape.sharing),
        teams=tuple(_team(one) for one in listed),
        catalog=shape.catalog,
        allowed_account_ids=tuple(providers.allowed_account_ids),
        developers=_developers(shape.developers, providers.region),
        build_roles=tuple(shape.builds.roles),
        events=_events(shape.events, listed),
        sandbox=Sandbox(shape.sandbox.name, tuple(shape.sandbox.roles)) if shape.sandbox.name else None,
        namespaces=tuple(one for declared in declared_namespaces(stack)[0].values() for one in declared),
    )


def _broken_rules(stack: StackFile | None, catalog: Catalog, known: Sequence[Problem]) -> list[Problem]:
    """What the rules find, apart from what follows from a value that was taken out as wrong (it is not missing as well)."""

    wrong: dict[str, list[str]] = {}
    for one in known:
        wrong.setdefault(one.file, []).append(f"{one.key}.")

    def follows(problem: Problem) -> bool:
        return any(f"{problem.key}.".startswith(key) for key in wrong.get(problem.file, ()))

    found = [problem for rule in catalog_files.RULES for problem in islice(rule(catalog), FINDINGS_MAX)]
    found += [problem for rule in stack_files.RULES for problem in islice(rule(stack), FINDINGS_MAX)] if stack else []
    found += [problem for rule in across.RULES for problem in islice(rule(stack, catalog), FINDINGS_MAX)] if stack else []
    return [problem for problem in found if not follows(problem)]


def _consequences(stack: StackFile, catalog: Catalog, known: Sequence[Problem]) -> list[Problem]:
    """What is wrong with what would be registered: documents over their size, and rules of the policy pack that are broken.

    Of the teams without a problem: with the others the documents would be no smaller.
    """
    wrong = {problem.file for problem in known}
    if stack.file in wrong:
        return []
    sound = _settings(stack, (team for team in catalog.teams if team.file not in wrong))
    oversize = [Problem(one.file, one.key, Words(one.got), one.allowed) for one in sizes.check(sound)]
    return [*oversize, *rules_of_the_pack.broken(sound)]


def parse(project_file: Mapping[str, Any], config: Mapping[str, object], root: Path, project: str, stack: str) -> Settings:
    """Settings of a stack. Pure apart from reading the catalog. Raises SettingsError with every problem, and nothing else.

    project_file  Pulumi.yaml (`read_project_file`); its defaults are the only ones of the project's keys
    config        full keys (`package-flow:domain`, `aws:region`) to values, as YAML has them or as the engine hands them over (JSON text)
    root          the project's folder, which the catalog's path is relative to
    """
    read, folder, problems = stack_files.read(project_file, config, project, stack)
    catalog = Catalog((), frozenset(), ())
    if folder:
        catalog = catalog_files.read(root, folder, (f"Pulumi.{stack}.yaml", f"{project}:catalog"))
    problems += catalog.problems
    problems += _broken_rules(read, catalog, tuple(problems))
    if read:
        problems += _consequences(read, catalog, problems)
    if problems or read is None:
        raise SettingsError(problems)
    return _settings(read, catalog.teams)


def read_project_file(root: Path) -> dict[str, Any]:
    """Pulumi.yaml of the project in `root`. Raises SettingsError."""
    return read_mapping(root / PROJECT_FILE, PROJECT_FILE)


def read_stack_file(path: Path) -> dict[str, Any]:
    """`config:` of a stack file, with full keys (`aws:region`). Raises SettingsError."""
    return read_mapping(path, path.name, "config")


def load() -> Settings:
    """Settings of the running program, from the engine's configuration.

    Raises pulumi.RunError with the text of SettingsError: the engine then prints the problems and no stack trace.
    """
    import pulumi
    from pulumi.runtime import config as runtime_config

    root = Path(__file__).resolve().parent
    # The whole map, where pulumi.Config answers only for keys that one asks for: an unknown key is a problem, not silence.
    config = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    try:
        return parse(read_project_file(root), config, root, pulumi.get_project(), pulumi.get_stack())
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from error
