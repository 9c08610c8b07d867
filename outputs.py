"""Stack outputs: the contract with other projects. Changing one is a breaking change.

Values that a stack does not have are absent, not null. Keys come from configuration, never from an Output. No output is a credential.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from components.builds import BuildAccess
from components.consumer import ConsumingRepository
from components.developers import DeveloperAccess
from components.events import PackageEvents
from components.github_oidc import GitHubOidc
from components.registry import PackageRegistry
from components.sandbox import Sandbox
from components.team import Team as TeamRepository
from plan import parts
from policies.names import PUBLIC_SOURCES
from settings import Readers, Settings

SCHEMA_VERSION = 1

# Every output with its type and what it is, for the reference. NAME, FORMAT, REPOSITORY and TEAM stand for keys of a stack's own.
DESCRIBED = {
    "schemaVersion": ("integer", f"The version of this contract: {SCHEMA_VERSION}"),
    "domain.name": ("string", "The name of the CodeArtifact domain"),
    "domain.owner": ("string", "The id of the account that owns it"),
    "domain.arn": ("string", "Its ARN"),
    "domain.region": ("string", "Its region"),
    "repositories.NAME.arn": ("string", "The ARN of a repository: `shared`, and each public source's and team's"),
    "repositories.NAME.readers": ("string", "`organization` or `team`"),
    "repositories.NAME.endpoints.FORMAT": ("string", "The URL for package managers, for each format that the repository holds"),
    "roles.read": (
        "string",
        "The ARN of the role that builds assume to read. If there are several, the first, which repositories outside the catalog assume",
    ),
    "roles.reads": (
        "list",
        "With [several read roles](../reference.md#names-and-limits): the ARNs of all. `consumers.REPOSITORY.readRole` is one of them",
    ),
    "policies.read": ("string", "The ARN of the managed policy that lets a role of the account read. Attach it to any build role"),
    "githubOidcProviderArn": ("string", "The ARN of GitHub's OIDC provider"),
    "consumers.REPOSITORY.team": ("string", "The team of a repository of the catalog. REPOSITORY is `OWNER/NAME`"),
    "consumers.REPOSITORY.repository": ("string", "The CodeArtifact repository that its builds use"),
    "consumers.REPOSITORY.readRole": ("string", "The ARN of the role that its builds assume"),
    "consumers.REPOSITORY.dependabotRole": (
        "string",
        "The ARN of the role that Dependabot assumes, if the catalog sets `dependabot: true`",
    ),
    "consumers.REPOSITORY.publishRole": ("string", "The ARN of its publish role, if it publishes"),
    "consumers.REPOSITORY.promoteRole": ("string", "The ARN of its promote role, if it promotes"),
    "developers.permissionSetName": ("string", "With `developers`: the name of the developers' permission set"),
    "developers.permissionSetArn": ("string", "Its ARN, if the stack creates it"),
    "developers.groups": ("list", "With `mode: policy`: the groups to assign it to"),
    "developers.policy": ("string", "With `mode: policy`: its inline policy"),
    "developers.sessionDuration": ("string", "With `mode: policy`: its session duration"),
    "developers.teams.TEAM": ("object", "For a team with `developer_groups`: the name of its permission set, and the ARN or the groups"),
    "events.topicArn": ("string", "With `events`: the ARN of the SNS topic"),
    "events.ruleArn": ("string", "With `events`: the ARN of the EventBridge rule"),
    "sandbox.domain": ("string", "With `sandbox`: the name of the second domain"),
}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def endpoint_formats(settings: Settings) -> dict[str, list[str]]:
    """The package formats of each repository: a public source has its registry's, shared has all of theirs, a team adds what it owns."""
    sources = {settings.source(source): [PUBLIC_SOURCES[source][1]] for source in settings.public_sources}
    everything = sorted({format for formats in sources.values() for format in formats})
    owned = {team.own_repository: [format.value for format in team.owns] for team in settings.teams if team.has_repository}
    promoted = sorted({*everything, *(format for formats in owned.values() for format in formats)})
    return {settings.shared: promoted, **sources, **{name: sorted({*everything, *formats}) for name, formats in owned.items()}}


def _endpoints(
    domain: pulumi.Output[str], parent: pulumi.Resource | None, repository: pulumi.Output[str], formats: list[str]
) -> dict[str, pulumi.Output[str]]:
    return {
        format: aws.codeartifact.get_repository_endpoint_output(
            domain=domain,
            repository=repository,
            format=format,
            opts=pulumi.InvokeOutputOptions(parent=parent),
        ).repository_endpoint
        for format in formats
    }


def _repositories(
    settings: Settings, registry: PackageRegistry | None, teams: Mapping[str, TeamRepository], domain: pulumi.Output[str]
) -> dict[str, Any]:
    formats = endpoint_formats(settings)
    readers = {team.own_repository: team.readers for team in settings.teams}
    repositories = {name: (one.repository, one.arn) for name, one in registry.repositories.items()} if registry else {}
    repositories.update({settings.called(name): (team.repository, team.repository_arn) for name, team in teams.items()})
    return {
        name: {
            "arn": arn,
            "readers": readers.get(name, Readers.ORGANIZATION).value,
            "endpoints": _endpoints(domain, registry, repository, formats[name]),
        }
        for name, (repository, arn) in repositories.items()
    }


def _consumers(settings: Settings, consumers: Mapping[str, ConsumingRepository]) -> dict[str, Any]:
    return {
        f"{settings.github_owner}/{one.name}": _present(
            {
                "team": team.name,
                "repository": team.codeartifact_repository,
                "readRole": consumers[one.name].read_role_arn,
                "dependabotRole": consumers[one.name].dependabot_role_arn,
                "publishRole": consumers[one.name].publish_role_arn,
                "promoteRole": consumers[one.name].promote_role_arn,
            }
        )
        for team in settings.own_teams
        for one in team.repositories
    }


def of_team_stack(
    settings: Settings,
    teams: Mapping[str, TeamRepository],
    consumers: Mapping[str, ConsumingRepository],
    domain: pulumi.Output[str],
) -> dict[str, Any]:
    """All outputs of a team stack: what it has of the same contract. `teams` by team, `consumers` by repository name."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "repositories": _repositories(settings, None, teams, domain),
        "consumers": _consumers(settings, consumers),
    }


def _developers(planned: parts.DeveloperAccess, registered: DeveloperAccess | None) -> dict[str, Any]:
    """Where others create the permission sets: what they need for it. The policy is the same for every one of them."""

    def one(permission_set: parts.PermissionSet) -> dict[str, Any]:
        groups = {"groups": [group.name for group in permission_set.groups]}
        assigned = groups if registered is None else {"permissionSetArn": registered.permission_set_arns[permission_set.name]}
        return {"permissionSetName": permission_set.name, **assigned}

    everybody, *teams = planned.permission_sets
    own = {permission_set.team: one(permission_set) for permission_set in teams}
    ordered = {"policy": planned.policy, "sessionDuration": planned.session_duration}
    return {**one(everybody), **({"teams": own} if own else {}), **(ordered if registered is None else {})}


def build(
    settings: Settings,
    planned: parts.Plan,
    registry: PackageRegistry,
    oidc: GitHubOidc,
    teams: Mapping[str, TeamRepository],
    consumers: Mapping[str, ConsumingRepository],
    builds: BuildAccess,
    developers: DeveloperAccess | None = None,
    events: PackageEvents | None = None,
    sandbox: Sandbox | None = None,
) -> dict[str, Any]:
    """All outputs of the stack. `teams` by team, `consumers` by repository name; `developers` where the stack creates permission sets."""
    place = planned.place
    return {
        "schemaVersion": SCHEMA_VERSION,
        "domain": {"name": registry.domain_name, "owner": place.account, "arn": registry.domain_arn, "region": place.region},
        "repositories": _repositories(settings, registry, teams, registry.domain_name),
        "roles": {"read": oidc.read_role_arns[0], **({"reads": oidc.read_role_arns} if len(oidc.read_role_arns) > 1 else {})},
        "githubOidcProviderArn": oidc.provider_arn,
        "consumers": _consumers(settings, consumers),
        "policies": {"read": builds.policy_arn},
        **({"developers": _developers(planned.developers, developers)} if planned.developers else {}),
        **({"events": {"topicArn": events.topic_arn, "ruleArn": events.rule_arn}} if events else {}),
        **({"sandbox": {"domain": sandbox.domain_name}} if sandbox else {}),
    }
