"""From the plan to the engine: every component with what it waits for, and the outputs. Nothing is decided here."""

from collections.abc import Sequence

import pulumi

import outputs
import registry_stack
from components.builds import BuildAccess
from components.consumer import ConsumingRepository
from components.developers import DeveloperAccess
from components.events import PackageEvents
from components.github_oidc import GitHubOidc
from components.github_organization import GitHubOrganization
from components.registry import PackageRegistry
from components.sandbox import Sandbox
from components.team import Team
from plan import parts
from registry_stack import RegistryStack
from settings import Settings


def register(settings: Settings, planned: parts.Plan, directory: pulumi.ProviderResource | None) -> None:
    """Register every component and export the outputs. `directory` is the provider for IAM Identity Center (None: the default)."""
    exported = _team_stack(settings, planned) if planned.team_stack else _registry_stack(settings, planned, directory)
    for name, value in exported.items():
        pulumi.export(name, value)


def _registry_stack(settings: Settings, planned: parts.Plan, directory: pulumi.ProviderResource | None) -> dict:
    """All that exists once, and the teams without a stack of their own; the outputs."""
    registry = PackageRegistry(planned.registry.name, planned.registry)
    oidc = GitHubOidc("github", planned.oidc)
    organization = None
    if planned.organization:
        organization = GitHubOrganization("organization", planned.organization, registry.shared_repository, oidc.read_role_arns[0])
    place = RegistryStack(registry.domain_name, registry.shared_repository, oidc.read_role_arns)
    teams = _teams(planned, place)
    consumers = _consumers(planned, place, teams, [registry, oidc], organization)

    builds = BuildAccess("builds", planned.builds)
    developers = None
    if planned.developers and planned.developers.creates:
        providers = pulumi.ResourceOptions(providers=[directory] if directory else None)
        developers = DeveloperAccess("developers", planned.developers, opts=providers)
    events = PackageEvents("package-versions", planned.events) if planned.events else None
    sandbox = Sandbox(planned.sandbox.name, planned.sandbox) if planned.sandbox else None
    return outputs.build(settings, planned, registry, oidc, teams, consumers, builds, developers, events, sandbox)


def _team_stack(settings: Settings, planned: parts.Plan) -> dict:
    """The teams of a team stack; the outputs."""
    place = registry_stack.refer(settings, planned)
    teams = _teams(planned, place)
    return outputs.of_team_stack(settings, teams, _consumers(planned, place, teams, []), place.domain_name)


def _teams(planned: parts.Plan, place: RegistryStack) -> dict[str, Team]:
    teams: dict[str, Team] = {}
    for team in planned.teams:
        # Of an upstream in another stack the name alone is known; the look-ups found it.
        named = zip(team.upstreams, team.repository.upstreams, strict=False)
        upstreams = [teams[key].repository if key in teams else name for key, name in named]
        teams[team.name] = Team(team.name, team, place.domain_name, upstreams, place.shared_repository)
    return teams


def _consumers(
    planned: parts.Plan,
    place: RegistryStack,
    teams: dict[str, Team],
    after: Sequence[pulumi.Resource],
    organization: GitHubOrganization | None = None,
) -> dict[str, ConsumingRepository]:
    consumers: dict[str, ConsumingRepository] = {}
    for consumer in planned.consumers:
        own = teams.get(consumer.team_repository)
        consumers[consumer.name] = ConsumingRepository(
            consumer.name,
            consumer,
            own.repository if own else place.shared_repository,
            place.read_role_arns[consumer.read_role],
            organization_guards=organization.guards(consumer.organization_rulesets) if organization else (),
            # Under the former name of a renamed repository its children are known too: the engine puts the alias in front of their names.
            opts=pulumi.ResourceOptions(
                depends_on=[*after, *([own] if own else [])],
                aliases=[pulumi.Alias(name=consumer.renamed_from)] if consumer.renamed_from else None,
            ),
        )
    return consumers
