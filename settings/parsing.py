"""Settings of one stack: stack config and catalog in, typed and frozen values out, or every problem in one error.

Nothing is registered before everything here is valid. Pulumi is imported in `load` alone, so that tests and tools read settings without the
SDK.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from plan import sizes
from plan.declared import (
    Developers,
    DomainSettings,
    Encryption,
    Events,
    IamSettings,
    Promotes,
    Protection,
    Publisher,
    PublishingSettings,
    Readers,
    Repository,
    Sandbox,
    Settings,
    Slack,
    Team,
)
from plan.facts import widest
from plan.planning import plan
from policies.branches import declare, declare_tags
from policies.names import SHARED_REPOSITORY
from policies.resources.sharing import Sharing
from settings import across, rules_of_the_pack, team_stacks
from settings import catalog as catalog_files
from settings import stack as stack_files
from settings.adopted import read as read_adopted
from settings.catalog import Catalog, TeamFile
from settings.problems import FINDINGS_MAX, Problem, SettingsError, Words
from settings.shapes import (
    ANY_WORKFLOW,
    PUBLISHING_WORKFLOW_FILE,
    DevelopersShape,
    DomainShape,
    EventsShape,
    RepositoryShape,
    SharingShape,
)
from settings.stack import PROJECT_FILE, StackFile, announces, declared_namespaces
from settings.yaml_files import read_mapping

ROOT = Path(__file__).resolve().parent.parent


def _workflow(stack: StackFile) -> str | None:
    """The stack's workflow. By default the one of this project's repository, so that leaving the key out never means `any`."""
    default = f"{stack.providers.github_owner}/{stack.project}/.github/workflows/{PUBLISHING_WORKFLOW_FILE}@refs/heads/main"
    workflow = stack.shape.publishing.workflow or default
    return None if workflow == ANY_WORKFLOW else workflow


def _repository(team: TeamFile, name: str, shape: RepositoryShape) -> Repository:
    # An installing repository gets no review unless it declares one: nothing stops a bot's push there.
    approvals = shape.approvals if shape.publishes or "approvals" in shape.model_fields_set else 0
    return Repository(
        name=name,
        team=team.name,
        publishes=tuple(shape.publishes),
        release_branches=declare(tuple(shape.release_branches)),
        required_checks=tuple(shape.required_checks),
        approvals=approvals,
        environment=shape.environment.name,
        protection=Protection(shape.environment.wait_timer, tuple(shape.environment.reviewers), shape.environment.prevent_self_review),
        promotes=Promotes(tuple(shape.promotes.reviewers)) if shape.promotes.reviewers else None,
        accepted_branches=tuple(shape.accepted_branches),
        renamed_from=shape.renamed_from,
        release_tags=declare_tags(tuple(shape.release_tags)),
        dependabot=shape.dependabot,
        subjects=shape.subjects,
    )


def _team(team: TeamFile, shared: str = SHARED_REPOSITORY) -> Team:
    return Team(
        repository=team.shape.repository,
        shared=shared,
        name=team.name,
        file=team.file,
        readers=team.shape.readers,
        upstreams=tuple(team.shape.upstreams),
        owns=MappingProxyType(team.owned),
        release_managers=tuple(team.shape.release_managers),
        developer_groups=tuple(team.shape.developer_groups),
        build_roles=tuple(team.shape.build_roles),
        publishers=tuple(Publisher(one.account, one.role) for one in team.shape.publishers),
        release_apps=tuple(team.shape.release_apps),
        stack=team.shape.stack,
        repositories=tuple(_repository(team, name, one) for name, one in team.shape.repositories.items()),
    )


def _domain(shape: DomainShape) -> DomainSettings:
    if isinstance(shape.encryption, Encryption):
        return DomainSettings(shape.name, shape.encryption, shape.protect)
    return DomainSettings(shape.name, Encryption.KEY, shape.protect, shape.encryption)


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


def _settings(stack: StackFile, teams: Iterable[TeamFile], adopted: frozenset[str]) -> Settings:
    shape, providers, listed = stack.shape, stack.providers, list(teams)
    return Settings(
        project=stack.project,
        stack=stack.stack,
        region=providers.region,
        github_owner=providers.github_owner,
        domain=_domain(shape.domain),
        public_sources=tuple(shape.public_sources),
        token_duration=shape.token_duration,
        oidc_provider=shape.github_oidc_provider,
        read_role=shape.read_role,
        subjects=shape.subjects,
        iam=IamSettings(shape.iam.path, shape.iam.permissions_boundary, tuple(shape.iam.deployers), shape.iam.trust_policy_length),
        publishing=PublishingSettings(_workflow(stack), stack.shape.publishing.repository_id),
        sharing=_sharing(shape.sharing),
        teams=tuple(_team(one, shape.shared) for one in listed),
        catalog=shape.catalog,
        allowed_account_ids=tuple(providers.allowed_account_ids),
        developers=_developers(shape.developers, providers.region),
        build_roles=tuple(shape.builds.roles),
        events=_events(shape.events, listed),
        sandbox=Sandbox(shape.sandbox.name, tuple(shape.sandbox.roles)) if shape.sandbox.name else None,
        adopted=adopted,
        shared=shape.shared,
        github_scope=shape.github_scope,
        named_sources=MappingProxyType({source: name for source, name in shape.public_sources.items() if source != name}),
        namespaces=tuple(one for declared in declared_namespaces(stack)[0].values() for one in declared),
    )


def _broken_rules(stack: StackFile | None, catalog: Catalog, known: Sequence[Problem], folder: Path) -> list[Problem]:
    """What the rules find, apart from what follows from a value that was taken out as wrong (it is not missing as well)."""

    wrong: dict[str, list[str]] = {}
    for one in known:
        wrong.setdefault(one.file, []).append(f"{one.key}.")

    def follows(problem: Problem) -> bool:
        return any(f"{problem.key}.".startswith(key) for key in wrong.get(problem.file, ()))

    found = [problem for rule in catalog_files.RULES for problem in islice(rule(catalog), FINDINGS_MAX)]
    found += [problem for rule in stack_files.RULES for problem in islice(rule(stack), FINDINGS_MAX)] if stack else []
    found += [problem for rule in across.RULES for problem in islice(rule(stack, catalog), FINDINGS_MAX)] if stack else []
    found += islice(team_stacks.problems(stack, catalog, folder), FINDINGS_MAX) if stack else []
    return [problem for problem in found if not follows(problem)]


def _consequences(sound: Settings) -> list[Problem]:
    """What is wrong with what would be registered: documents over their size, and rules of the policy pack that are broken."""
    planned = plan(sound, widest(sound))
    oversize = [Problem(one.file, one.key, Words(one.got), one.allowed) for one in sizes.check(planned)]
    return [*oversize, *rules_of_the_pack.broken(sound, planned)]


def parse(
    project_file: Mapping[str, Any],
    config: Mapping[str, object],
    root: Path,
    project: str,
    stack: str,
    files: Path | None = None,
    catalog: Path | None = None,
) -> Settings:
    """Settings of a stack. Pure apart from reading the catalog and other stacks' files.

    Raises SettingsError with every problem, and nothing else.

    project_file  Pulumi.yaml (`read_project_file`); its defaults are the only ones of the project's keys
    config        full keys (`package-flow:domain`, `aws:region`) to values, as YAML has them or as the engine hands them over (JSON text)
    root          the project's folder, which the catalog's path is relative to
    files         the folder of the other stacks' files, None = root
    catalog       another catalog than the registry stack's file names
    """
    files, other = files or root, {f"{project}:catalog": str(catalog.resolve())} if catalog else {}
    if not team_stacks.names_registry(config, project):
        return _parse(project_file, {**config, **other}, root, project, stack, files)
    registry = team_stacks.read(files, config, project, stack)
    try:
        settings = _parse(project_file, {**registry.config, **other}, root, project, registry.stack, files)
    except SettingsError as error:
        raise SettingsError([*registry.problems, *error.problems]) from error
    own, problems = read_adopted(root, str(registry.config.get(f"{project}:adopted") or "adopted"), stack)
    settings = replace(settings, team_stack=stack, adopted=settings.adopted | own)
    nobody = [] if settings.own_teams else [team_stacks.nobody(stack, settings.catalog)]
    if found := [*registry.problems, *problems, *nobody]:
        raise SettingsError(found)
    return settings


def _parse(project_file: Mapping[str, Any], config: Mapping[str, object], root: Path, project: str, stack: str, files: Path) -> Settings:
    """Settings of a registry stack."""
    read, folder, problems = stack_files.read(project_file, config, project, stack)
    catalog = Catalog((), frozenset(), ())
    if folder:
        catalog = catalog_files.read(root, folder, (f"Pulumi.{stack}.yaml", f"{project}:catalog"))
    problems += catalog.problems
    problems += _broken_rules(read, catalog, tuple(problems), files)
    wrong = {problem.file for problem in problems}
    if read is None or read.file in wrong:
        raise SettingsError(problems)
    # Without the teams that have a problem: with them the documents would be no smaller.
    adopted, found = read_adopted(root, read.shape.adopted, stack)
    problems += found
    settings = _settings(read, (team for team in catalog.teams if team.file not in wrong), adopted)
    problems += _consequences(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def read_project_file(root: Path) -> dict[str, Any]:
    """Pulumi.yaml of the project in `root`. Raises SettingsError."""
    return read_mapping(root / PROJECT_FILE, PROJECT_FILE)


def read_stack_file(path: Path) -> dict[str, Any]:
    """`config:` of a stack file, with full keys (`aws:region`). Raises SettingsError."""
    return read_mapping(path, path.name, "config")


def of_stack(root: Path, stack: str, config: Path | None = None, catalog: Path | None = None) -> Settings:
    """Settings of a stack of the project in `root`, for tools that start no engine. Raises SettingsError.

    config   another stack file than the project's own
    catalog  another catalog than the stack file's
    """
    project_file = read_project_file(root)
    project = str(project_file.get("name"))
    file = config or root / f"Pulumi.{stack}.yaml"
    return parse(project_file, read_stack_file(file), root, project, stack, file.resolve().parent, catalog)


def _given(project_file: Mapping[str, Any], config: Mapping[str, Any], file: Path, project: str) -> dict[str, Any]:
    """A team stack's configuration without the defaults that the engine fills in: what its file has, and whatever differs from them."""
    written = read_stack_file(file) if file.is_file() else {}
    defaults = stack_files.defaults(project_file, project)
    filled_in = {key for key in defaults if key not in written and team_stacks.plain(config.get(key)) == defaults[key]}
    return {key: value for key, value in config.items() if key not in filled_in}


def load() -> Settings:
    """Settings of the running program, from the engine's configuration.

    Raises pulumi.RunError with the text of SettingsError: the engine then prints the problems and no stack trace.
    """
    import pulumi
    from pulumi.runtime import config as runtime_config

    # The whole map, where pulumi.Config answers only for keys that are asked for by name: an unknown key is a problem, not silence.
    config = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    project, stack = pulumi.get_project(), pulumi.get_stack()
    try:
        project_file = read_project_file(ROOT)
        if team_stacks.names_registry(config, project):
            config = _given(project_file, config, ROOT / f"Pulumi.{stack}.yaml", project)
        return parse(project_file, config, ROOT, project, stack)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from error
