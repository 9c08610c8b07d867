"""From settings and facts to the arguments of each component: plain data, no Pulumi resource is made here."""

from dataclasses import replace
from graphlib import TopologicalSorter

from components.builds import BuildAccessArgs
from components.consumer import ConsumingRepositoryArgs, PromotionArgs, PublishingArgs
from components.developers import DeveloperAccessArgs, PermissionSetArgs
from components.events import PackageEventsArgs
from components.github_oidc import GitHubOidcArgs, ProviderOrigin, ReadersOfShared, SubjectForms
from components.place import GitHubRepositoryArgs, PlaceArgs, RoleArgs, SharingArgs
from components.registry import KeyOwner, PackageRegistryArgs
from components.sandbox import SandboxArgs
from components.team import OwnedNameArgs, TeamArgs
from lookups import Facts
from policies import developing, guards, readers
from policies.arns import principal_patterns
from policies.developing import permission_set
from policies.names import promote_roles
from policies.owned_names import Format
from settings import AnnouncedPackages, DeveloperMode, Events, Publisher, Readers, Repository, Sandbox, Settings, Team


def place(facts: Facts) -> PlaceArgs:
    """Where the domain is."""
    one = facts.registry
    return {"partition": one.partition, "account": one.account, "region": one.region, "domain": one.domain}


def _role(settings: Settings) -> RoleArgs:
    return {"stack": settings.stack, "path": settings.iam.path, "permissions_boundary": settings.iam.permissions_boundary}


_NOBODY: SharingArgs = {"organization_id": "", "organization_paths": [], "accounts": [], "downstream": []}


def _sharing(settings: Settings) -> SharingArgs:
    one = settings.sharing
    if one is None:
        return _NOBODY
    return {
        "organization_id": one.organization_id,
        "organization_paths": list(one.organization_paths),
        "accounts": list(one.accounts),
        "downstream": list(one.downstream),
    }


def _repository(facts: Facts, name: str) -> GitHubRepositoryArgs:
    seen = facts.repositories[name]
    return {"owner": facts.owner.login, "owner_id": facts.owner.id, "name": seen.name, "id": seen.id}


def _owns(team: Team, formats: tuple[Format, ...]) -> list[OwnedNameArgs]:
    return [{"format": format.value, "name": name} for format in formats for name in team.owns.get(format, ())]


def upstreams_first(settings: Settings) -> list[Team]:
    """The teams that have a repository, each after the teams that it installs from (settings have no cycle)."""
    owning = {team.name: team for team in settings.teams if team.has_repository}
    return [owning[name] for name in TopologicalSorter({name: team.upstreams for name, team in owning.items()}).static_order()]


def _deployers(settings: Settings, facts: Facts) -> list[str]:
    """Who makes repositories in the domain: the roles that the stack names, or, with a sandbox for everybody else's, whoever deploys."""
    named = [facts.registry.role_arn("/", role) for role in settings.iam.deployers]
    return named or (principal_patterns(facts.caller) if settings.sandbox else [])


def package_registry(settings: Settings, facts: Facts) -> PackageRegistryArgs:
    """Arguments of the registry."""
    path = settings.iam.path
    return {
        "place": place(facts),
        "stack": settings.stack,
        "encryption": KeyOwner(settings.domain.encryption.value),
        "protect": settings.domain.protect,
        "public_sources": list(settings.public_sources),
        "promote_roles": facts.registry.role_arn(path, promote_roles(settings.stack)),
        "program_roles": facts.registry.role_arn(path, f"{settings.stack}-*"),
        "sharing": _sharing(settings),
        "deployers": _deployers(settings, facts),
    }


def github_oidc(settings: Settings, facts: Facts) -> GitHubOidcArgs:
    """Arguments of the OIDC provider and the read role."""
    return {
        "place": place(facts),
        "role": _role(settings),
        "owner": facts.owner.login,
        "owner_id": facts.owner.id,
        "repositories": [_repository(facts, one.name) for one in settings.repositories],
        "provider": ProviderOrigin(settings.oidc_provider.value),
        "readers": ReadersOfShared(settings.read_role.value),
        "subjects": SubjectForms(settings.subjects.value),
        "token_duration": settings.token_duration,
        "public_sources": list(settings.public_sources),
    }


def _readers(settings: Settings, facts: Facts, team: Team) -> list[str]:
    if team.readers is Readers.TEAM:
        return readers.of_team(facts.registry, settings.stack, team.name, bool(team.developer_groups), team.build_roles)
    return readers.of_everybody(facts.registry, settings.stack, settings.iam.path, bool(settings.developers), settings.build_roles)


def _publisher(facts: Facts, one: Publisher) -> str:
    return replace(facts.registry, account=one.account).role_arn("/", one.role)


def team(settings: Settings, facts: Facts, one: Team, domain, upstreams: list, shared) -> TeamArgs:
    """Arguments of a team that owns names. `domain`, `upstreams` (its upstream teams' repositories) and `shared` are inputs."""
    open_to_organization = one.readers is Readers.ORGANIZATION
    return {
        "place": place(facts),
        "domain": domain,
        "upstreams": [*upstreams, shared],
        "shared": shared,
        "readers": _readers(settings, facts, one),
        "sharing": _sharing(settings) if open_to_organization else _NOBODY,
        "publishers": [_publisher(facts, publisher) for publisher in one.publishers],
        "owns": _owns(one, tuple(one.owns)),
        "protect": settings.domain.protect,
    }


def build_access(settings: Settings, facts: Facts) -> BuildAccessArgs:
    """Arguments of the builds on AWS."""
    return {
        "place": place(facts),
        "role": _role(settings),
        "token_duration": settings.token_duration,
        "public_sources": list(settings.public_sources),
        "roles": [role.rpartition("/")[2] for role in settings.build_roles],
    }


def _permission_set(settings: Settings, facts: Facts, groups: tuple[str, ...], team: str = "") -> PermissionSetArgs:
    ids = facts.identity_center.groups
    return {
        "name": permission_set(settings.stack, team),
        "description": f"Packages of {settings.domain.name}, read only" + (f", also team {team}'s" if team else ""),
        "groups": [{"name": group, "id": ids[group] or ""} for group in groups],
    }


def makes_permission_sets(settings: Settings) -> bool:
    """Whether the stack makes something in IAM Identity Center."""
    return settings.developers is not None and settings.developers.mode is DeveloperMode.IDENTITY_CENTER


def identity_center(settings: Settings) -> dict[str, str]:
    """Region of IAM Identity Center, and the role with which it is reached in another account ("" = not in another)."""
    developers = settings.developers
    return {"region": developers.region, "role_arn": developers.role_arn} if developers else {"region": "", "role_arn": ""}


def developer_access(settings: Settings, facts: Facts) -> DeveloperAccessArgs:
    """Arguments of the developers: the permission set of everybody, and one for each team that keeps its packages to its own.

    Raises ValueError in a stack without developers.
    """
    developers = settings.developers
    if developers is None:
        raise ValueError(f"stack {settings.stack} has no developers")
    teams = [team for team in settings.teams if team.developer_groups]
    return {
        "place": place(facts),
        "stack": settings.stack,
        "instance_arn": facts.identity_center.instance_arn,
        "region": developers.region,
        "token_duration": settings.token_duration,
        "session_duration": developers.session,
        "public_sources": list(settings.public_sources),
        "permission_sets": [
            _permission_set(settings, facts, developers.groups),
            *(_permission_set(settings, facts, team.developer_groups, team.name) for team in teams),
        ],
    }


def package_events(settings: Settings, facts: Facts, told: Events) -> PackageEventsArgs:
    """Arguments of the package events."""
    owned = told.packages is AnnouncedPackages.OWNED
    return {
        "place": place(facts),
        "role": _role(settings),
        "repositories": list(told.repositories),
        "states": list(told.states),
        "owned": [name for team in settings.teams for name in _owns(team, tuple(team.owns))] if owned else [],
        "email": list(told.email),
        "https": list(told.https),
        "sqs": list(told.sqs),
        "slack": [{"workspace": told.slack.workspace, "channel": told.slack.channel}] if told.slack else [],
        "pipelines": list(told.pipelines),
    }


def sandbox(settings: Settings, facts: Facts, one: Sandbox) -> SandboxArgs:
    """Arguments of the sandbox. Developers' roles are let in by pattern, whether or not this stack makes their permission set."""
    developers = developing.every_role(facts.registry, settings.stack) if settings.developers else []
    return {
        "place": {**place(facts), "domain": one.name},
        "developers": [*developers, *(facts.registry.role_arn("/", role) for role in one.roles)],
        "program_roles": facts.registry.role_arn(settings.iam.path, f"{settings.stack}-*"),
    }


def _promotion(settings: Settings, facts: Facts, reviewers: tuple[str, ...]) -> PromotionArgs:
    return {"reviewer_teams": [facts.teams[slug] for slug in reviewers], "workflow": settings.publishing.promotion_workflow or ""}


def _publishing(settings: Settings, facts: Facts, team: Team, one: Repository) -> PublishingArgs:
    args: PublishingArgs = {
        "owns": _owns(team, one.publishes),
        "release_branches": list(one.release_branches),
        "accepted_branches": list(one.accepted_branches),
        "create_teams": [facts.teams[slug] for slug in team.release_managers],
        "environment": one.environment,
        "admins_cannot_bypass": guards.can_require_reviewers(facts.plan, facts.repositories[one.name].visibility),
        "workflow": settings.publishing.workflow or "",
    }
    if one.promotes:
        args["promotion"] = _promotion(settings, facts, one.promotes.reviewers)
    return args


def consumer(settings: Settings, facts: Facts, team: Team, one: Repository, codeartifact_repository, read_role) -> ConsumingRepositoryArgs:
    """Arguments of one consuming repository. `codeartifact_repository` (the team's or shared) and `read_role` (ARN) are inputs."""
    args: ConsumingRepositoryArgs = {
        "place": place(facts),
        "role": _role(settings),
        "repository": _repository(facts, one.name),
        "default_branch": facts.repositories[one.name].default_branch,
        "subjects": SubjectForms(settings.subjects.value),
        "token_duration": settings.token_duration,
        "codeartifact_repository": codeartifact_repository,
        "team_repository": team.name if team.has_repository else "",
        "public_sources": list(settings.public_sources),
        "read_role_arn": read_role,
        "own_read_role": team.readers is Readers.TEAM,
        "approvals": one.approvals,
        "required_checks": list(one.required_checks),
    }
    if one.publishes:
        args["publishing"] = _publishing(settings, facts, team, one)
    return args
