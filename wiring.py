"""From settings and facts to the arguments of each component: plain data, no Pulumi resource is made here."""

from graphlib import TopologicalSorter

from components.consumer import ConsumingRepositoryArgs, PromotionArgs, PublishingArgs
from components.github_oidc import GitHubOidcArgs, ProviderOrigin, ReadersOfShared, SubjectForms
from components.place import GitHubRepositoryArgs, PlaceArgs, RoleArgs, SharingArgs
from components.registry import KeyOwner, PackageRegistryArgs
from components.team import OwnedNameArgs, TeamArgs
from lookups import Facts
from policies import guards
from policies.names import RoleKind, promote_roles, role_name
from policies.owned_names import Format
from settings import Readers, Repository, Settings, Team


def place(facts: Facts) -> PlaceArgs:
    """Where the domain is."""
    one = facts.registry
    return {"partition": one.partition, "account": one.account, "region": one.region, "domain": one.domain}


def _role(settings: Settings) -> RoleArgs:
    return {"stack": settings.stack, "path": settings.iam.path, "permissions_boundary": settings.iam.permissions_boundary}


def _sharing(settings: Settings) -> SharingArgs:
    if settings.sharing is None:
        return {"organization_id": "", "accounts": []}
    return {"organization_id": settings.sharing.organization_id, "accounts": list(settings.sharing.accounts)}


def _repository(facts: Facts, name: str) -> GitHubRepositoryArgs:
    seen = facts.repositories[name]
    return {"owner": facts.owner.login, "owner_id": facts.owner.id, "name": seen.name, "id": seen.id}


def _owns(team: Team, formats: tuple[Format, ...]) -> list[OwnedNameArgs]:
    return [{"format": format.value, "name": name} for format in formats for name in team.owns.get(format, ())]


def upstreams_first(settings: Settings) -> list[Team]:
    """The teams that have a repository, each after the teams that it installs from (settings have no cycle)."""
    owning = {team.name: team for team in settings.teams if team.has_repository}
    return [owning[name] for name in TopologicalSorter({name: team.upstreams for name, team in owning.items()}).static_order()]


def package_registry(settings: Settings, facts: Facts) -> PackageRegistryArgs:
    """Arguments of the registry."""
    path = settings.iam.path
    return {
        "place": place(facts),
        "encryption": KeyOwner(settings.domain.encryption.value),
        "protect": settings.domain.protect,
        "public_sources": list(settings.public_sources),
        "promote_roles": facts.registry.role_arn(path, promote_roles(settings.stack)),
        "program_roles": facts.registry.role_arn(path, f"{settings.stack}-*"),
        "sharing": _sharing(settings),
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
        return []
    return [facts.registry.role_arn(settings.iam.path, role_name(settings.stack, RoleKind.READ))]


def team(settings: Settings, facts: Facts, one: Team, domain, upstreams: list, shared) -> TeamArgs:
    """Arguments of a team that owns names. `domain`, `upstreams` (its upstream teams' repositories) and `shared` are inputs."""
    open_to_organization = one.readers is Readers.ORGANIZATION
    return {
        "place": place(facts),
        "domain": domain,
        "upstreams": [*upstreams, shared],
        "shared": shared,
        "readers": _readers(settings, facts, one),
        "sharing": _sharing(settings) if open_to_organization else {"organization_id": "", "accounts": []},
        "owns": _owns(one, tuple(one.owns)),
        "protect": settings.domain.protect,
    }


def _promotion(settings: Settings, facts: Facts, reviewers: tuple[str, ...]) -> PromotionArgs:
    return {"reviewer_teams": [facts.teams[slug] for slug in reviewers], "workflow": settings.publishing.promotion_workflow or ""}


def _publishing(settings: Settings, facts: Facts, team: Team, one: Repository) -> PublishingArgs:
    args: PublishingArgs = {
        "owns": _owns(team, one.publishes),
        "release_branches": list(one.release_branches),
        "create_teams": [facts.teams[slug] for slug in team.release_managers],
        "approvals": one.approvals,
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
        "required_checks": list(one.required_checks),
    }
    if one.publishes:
        args["publishing"] = _publishing(settings, facts, team, one)
    return args
