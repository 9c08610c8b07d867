"""package-flow: settings -> lookups -> components -> exports. What each part decides stands in `policies`, how it is wired in `components`."""

import pulumi

import lookups
import outputs
import wiring
from components.consumer import ConsumingRepository
from components.github_oidc import GitHubOidc
from components.registry import PackageRegistry
from components.team import Team
from settings import load

settings = load()
facts = lookups.look_up(settings)

registry = PackageRegistry(settings.domain.name, wiring.package_registry(settings, facts))
oidc = GitHubOidc("github", wiring.github_oidc(settings, facts))

teams: dict[str, Team] = {}
for team in wiring.upstreams_first(settings):
    upstreams = [teams[name].repository for name in team.upstreams]
    args = wiring.team(settings, facts, team, registry.domain_name, upstreams, registry.shared_repository)
    teams[team.name] = Team(team.name, args)

consumers: dict[str, ConsumingRepository] = {}
for team in settings.teams:
    made = teams.get(team.name)
    for repository in team.repositories:
        asked = made.repository if made else registry.shared_repository
        consumers[repository.name] = ConsumingRepository(
            repository.name,
            wiring.consumer(settings, facts, team, repository, asked, oidc.read_role_arn),
            opts=pulumi.ResourceOptions(depends_on=[registry, oidc, *([made] if made else [])]),
        )

for name, value in outputs.build(settings, facts, registry, oidc, teams, consumers).items():
    pulumi.export(name, value)
