"""From the plan to the engine: every component with what it waits for, and the outputs. Nothing is decided here."""

import pulumi

import outputs
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
from settings import Settings


def register(settings: Settings, planned: parts.Plan, directory: pulumi.ProviderResource | None) -> None:
    """Register every component and export the outputs. `directory` is the provider for IAM Identity Center (None: the default)."""
    registry = PackageRegistry(planned.registry.name, planned.registry)
    oidc = GitHubOidc("github", planned.oidc)

    teams: dict[str, Team] = {}
    for team in planned.teams:
        upstreams = [teams[name].repository for name in team.upstreams]
        teams[team.name] = Team(team.name, team, registry.domain_name, upstreams, registry.shared_repository)

    organization = None
    if planned.organization:
        organization = GitHubOrganization("organization", planned.organization, registry.shared_repository, oidc.read_role_arns[0])

    consumers: dict[str, ConsumingRepository] = {}
    for consumer in planned.consumers:
        own = teams.get(consumer.team_repository)
        consumers[consumer.name] = ConsumingRepository(
            consumer.name,
            consumer,
            own.repository if own else registry.shared_repository,
            oidc.read_role_arns[consumer.read_role],
            # Under the former name of a renamed repository its children are known too: the engine puts the alias in front of their names.
            opts=pulumi.ResourceOptions(
                depends_on=[registry, oidc, *([own] if own else [])],
                aliases=[pulumi.Alias(name=consumer.renamed_from)] if consumer.renamed_from else None,
            ),
            organization_guards=organization.guards(consumer.organization_rulesets) if organization else (),
        )

    builds = BuildAccess("builds", planned.builds)
    developers = None
    if planned.developers and planned.developers.creates:
        providers = pulumi.ResourceOptions(providers=[directory] if directory else None)
        developers = DeveloperAccess("developers", planned.developers, opts=providers)
    events = PackageEvents("package-versions", planned.events) if planned.events else None
    sandbox = Sandbox(planned.sandbox.name, planned.sandbox) if planned.sandbox else None

    for name, value in outputs.build(settings, planned, registry, oidc, teams, consumers, builds, developers, events, sandbox).items():
        pulumi.export(name, value)
