"""package-flow: settings -> lookups -> components -> exports.

What each part decides stands in `policies`, how it is wired in `components`.
"""

import pulumi

import lookups
import outputs
import wiring
from components.builds import BuildAccess
from components.consumer import ConsumingRepository
from components.developers import DeveloperAccess, identity_center
from components.events import PackageEvents
from components.github_oidc import GitHubOidc
from components.registry import PackageRegistry
from components.sandbox import Sandbox
from components.team import Team
from settings import load

settings = load()
directory = identity_center(**wiring.identity_center(settings))
facts = lookups.look_up(settings, directory)

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
            # Under the former name of a renamed repository its children are known too: the engine puts the alias in front of their names.
            opts=pulumi.ResourceOptions(
                depends_on=[registry, oidc, *([made] if made else [])],
                aliases=[pulumi.Alias(name=repository.renamed_from)] if repository.renamed_from else None,
            ),
            trusted_before=facts.trusted_before[repository.name],
        )

builds = BuildAccess("builds", wiring.build_access(settings, facts))
developers = None
if wiring.makes_permission_sets(settings):
    args = wiring.developer_access(settings, facts)
    developers = DeveloperAccess("developers", args, opts=pulumi.ResourceOptions(providers=[directory] if directory else None))
events = PackageEvents("package-versions", wiring.package_events(settings, facts, settings.events)) if settings.events else None
sandbox = Sandbox(settings.sandbox.name, wiring.sandbox(settings, facts, settings.sandbox)) if settings.sandbox else None

for name, value in outputs.build(settings, facts, registry, oidc, teams, consumers, builds, developers, events, sandbox).items():
    pulumi.export(name, value)
