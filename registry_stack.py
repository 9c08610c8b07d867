"""What a team stack has of its registry stack: the outputs, whether they are those that this commit's plan builds on, and their values.

A team stack reads them twice: with a plain call before anything is registered, so that a stale registry stack stops the run, and through a
StackReference, whose values are what its resources are created with. Judging is pure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import runtime

import outputs
from existing.answers import member
from existing.aws import PACKAGE_GROUP_TYPE
from leftovers import Known, key
from plan import parts
from plan.declared import Settings, Team
from policies.arns import Registry
from settings.problems import bounded

_SHOWN_MAX = 200


def full_name(stack: str) -> str:
    """The name of another stack of this project, as every backend takes it."""
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"


def read_outputs(stack: str) -> Mapping[str, Any]:
    """The outputs of another stack of this project, {} = there is no such stack. Raises what the engine says otherwise.

    The engine's own function, which is what a StackReference reads. Source: pkg/resource/deploy/builtins.go.
    """
    name = full_name(stack)
    try:
        answer = runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
    except Exception as error:  # the SDK raises no narrower type
        if f'unknown stack "{name}"' in str(error):
            return {}
        raise
    return (answer.get("outputs") or {}) if isinstance(answer, dict) else {}


# --- what is wrong (pure) -------------------------------------------------------------------------------------------------------------


def stale(settings: Settings, planned: parts.Plan, found: Mapping[str, Any]) -> list[str]:
    """Why a team stack may not build on what its registry stack has, and what to do."""
    where = f"package-flow:registryStack: stack {settings.stack}"
    how = f"run pulumi up --stack {settings.stack} of this commit first"
    if not found:
        return [f"{where} has no outputs, or there is no such stack; {how}"]
    version = found.get("schemaVersion")
    if version != outputs.SCHEMA_VERSION:
        shown = bounded(str(int(version) if isinstance(version, float) and version.is_integer() else version), _SHOWN_MAX)
        return [f"{where} has outputs of schemaVersion {shown}; expected {outputs.SCHEMA_VERSION}; {how}"]
    differing = [
        f"{where} has {what} {bounded(str(got), _SHOWN_MAX)}; expected {bounded(str(wanted), _SHOWN_MAX)}; {how}"
        for what, got, wanted in _compared(settings, planned, found)
        if got != wanted
    ]
    return [*differing, *_still_there(settings, found, how)]


def _compared(settings: Settings, planned: parts.Plan, found: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    place, domain = planned.place, member(found, "domain")
    yield "domain", {key: domain.get(key) for key in ("name", "owner", "region")}, _domain(planned)
    for name in (settings.shared, *_upstreams(settings)):
        yield "repository", member(member(found, "repositories"), name).get("arn"), place.repository_arn(name)
    yield "read roles", _read_roles(found), [role.arn for role in planned.oidc.read_roles]


def _upstreams(settings: Settings) -> list[str]:
    """Repositories of the registry stack's teams that this stack's teams install from."""
    teams = {team.name: team for team in settings.teams}
    wanted = [teams[one] for team in settings.own_teams for one in team.upstreams]
    return list(dict.fromkeys(team.own_repository for team in wanted if not team.stack))


def _domain(planned: parts.Plan) -> dict[str, str]:
    return {"name": planned.place.domain, "owner": planned.place.account, "region": planned.place.region}


def _read_roles(found: Mapping[str, Any]) -> list[Any]:
    roles = member(found, "roles")
    return list(roles.get("reads") or [roles.get("read")])


def _still_there(settings: Settings, found: Mapping[str, Any], how: str) -> Iterator[str]:
    """Repositories that the registry stack had when it last ran: they were not moved, or it has not run since."""
    theirs = member(found, "consumers")
    for team in settings.own_teams:
        names = [name for one in team.repositories for name in (one.name, one.renamed_from) if name]
        had = [name for name in names if f"{settings.github_owner}/{name}" in theirs]
        if had:
            yield (
                f"{team.file}: stack: {settings.team_stack}: stack {settings.stack} still has {', '.join(had)}; move what it has of team "
                f"{team.name} (docs/operations.md, Giving a team a stack of its own), then {how}"
            )


def another_stack(settings: Settings, known: Known, place: Registry, repositories: Mapping[str, str]) -> list[str]:
    """Why the stack that runs was not this team stack before: its run would delete a registry, or replace repositories of another domain.

    `repositories` are the ARNs of the CodeArtifact repositories in its state, by name; `place` is where they belong.
    """
    where = f"package-flow:registryStack: got {settings.stack}"
    if known.begun("PackageRegistry"):
        return [
            f"{where}, and stack {settings.running} has a registry of its own, which this run would delete; expected no registryStack in "
            "its file. Take the key out, or give the team stack another name"
        ]
    return [
        f"{where}, whose domain is {place.domain_arn}, and stack {settings.running} has {arn}, which this run would replace, and its "
        "packages would be lost; expected the registry stack of that domain. Name it again, or give the team another stack"
        for name, arn in repositories.items()
        if arn != place.repository_arn(name)
    ]


def elsewhere(settings: Settings, known: Known) -> list[str]:
    """What this stack has and the catalog gives to a team of another one: this run would delete it."""
    return [*_teams_elsewhere(settings, known), *_names_elsewhere(settings, known)]


def _teams_elsewhere(settings: Settings, known: Known) -> list[str]:
    return [
        f"{team.file}: stack: team {team.name} is in stack {team.stack or settings.stack}, and stack {settings.running} has "
        f"{', '.join(had)} of it, which this run would delete; move them first (docs/operations.md, Giving a team a stack of its own)"
        for team in settings.teams
        if team.stack != settings.team_stack and (had := _had(team, known))
    ]


def _had(team: Team, known: Known) -> list[str]:
    named = [("Team", team.name), *(("ConsumingRepository", name) for one in team.repositories for name in (one.name, one.renamed_from))]
    had = [name for type, name in named if name and (type, name) in known.components]
    # A team that is renamed, too, keeps its repository in the domain.
    repository = team.own_repository if team.has_repository and team.own_repository in known.repositories else ""
    return [*had, *([f"the repository {repository}"] if repository and team.name not in had else [])]


def _names_elsewhere(settings: Settings, known: Known) -> list[str]:
    """Package groups of names that become another team's: without its group a name is as open as its parent, until the other stack runs.

    In one stack the group stays, whichever team has the name.
    """
    return [
        f"{team.file}: owns.{format}: {one.text} becomes the name of team {team.name}, which is in stack {team.stack or settings.stack}, "
        f"and stack {settings.running} has its package group, which this run would delete: nothing would guard the name until the other "
        "stack runs. Leave it with its team, bring both teams into one stack (docs/operations.md, Giving a team a stack of its own), then "
        "move the name"
        for team in settings.teams
        if team.stack != settings.team_stack and ("Team", team.name) not in known.components
        for format, names in team.owns.items()
        for one in names
        if key(PACKAGE_GROUP_TYPE, parts.PackageGroup(settings.domain.name, one, ()).name) in known.made
    ]


def missing_upstreams(settings: Settings, there: Callable[[str], bool]) -> Iterator[str]:
    """Upstreams that another team stack has not created yet. `there` says whether the domain has a repository of this name."""
    teams = {team.name: team for team in settings.teams}
    for team in settings.own_teams:
        for upstream in team.upstreams:
            other = teams[upstream]
            if other.stack not in ("", settings.team_stack) and not there(other.own_repository):
                yield (
                    f"{team.file}: upstreams: {upstream}: the domain has no repository {other.own_repository} yet; run pulumi up --stack "
                    f"{other.stack} first"
                )


# --- the values -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegistryStack:
    """What resources of a team stack are created with: names and ARNs of the registry stack, as outputs."""

    domain_name: pulumi.Output[str]
    shared_repository: pulumi.Output[str]
    read_role_arns: list[pulumi.Output[str]]


def refer(settings: Settings, planned: parts.Plan) -> RegistryStack:
    """The registry stack's values by a StackReference. An output that is missing fails the run."""
    reference = pulumi.StackReference(full_name(settings.stack))
    repositories, roles = reference.require_output("repositories"), reference.require_output("roles")

    def shared(known: Mapping[str, Any]) -> str:
        if settings.shared not in known:
            raise pulumi.RunError(f"stack {settings.stack} has no repository {settings.shared}; run pulumi up there first")
        return settings.shared

    return RegistryStack(
        domain_name=reference.require_output("domain").apply(lambda domain: domain["name"]),
        shared_repository=repositories.apply(shared),
        read_role_arns=[roles.apply(lambda known, at=at: _read_roles({"roles": known})[at]) for at in range(len(planned.oidc.read_roles))],
    )
