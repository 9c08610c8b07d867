"""`python -m plan [--stack prod]`: everything that a stack registers, with its policies, for people. Nothing is asked of a cloud."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from plan import parts
from plan.facts import assumed
from plan.planning import plan
from plan.split import part
from settings import SettingsError
from settings.parsing import of_stack

PROJECT = Path(__file__).resolve().parent.parent


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m plan", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--stack", default="prod", help="the stack to plan (default: prod)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another stack file")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalog than the stack file's")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the plan of a stack. Exit status 1 with every problem if its configuration has any."""
    options = parser().parse_args(arguments)
    try:
        settings = of_stack(PROJECT, options.stack, options.config, options.catalog)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    print(*lines(part(plan(settings, assumed(settings)), settings)), sep="\n")
    return 0


def lines(planned: parts.Plan) -> Iterator[str]:
    """A plan as text: a heading for each part, what it consists of below."""
    place = planned.place
    yield f"# Stack {planned.team_stack or planned.stack}: domain {place.domain} in {place.region}, account {place.account}"
    yield "Ids of GitHub, groups and keys follow from names: nobody knows them before they are looked up."
    yield from () if planned.team_stack else _once(planned)
    for team in planned.teams:
        yield from _team(team)
    if planned.organization:
        yield from _organization(planned.organization)
    for consumer in planned.consumers:
        yield from _consumer(consumer)
    yield from () if planned.team_stack else _others(planned)


def _once(planned: parts.Plan) -> Iterator[str]:
    """What a domain has once."""
    yield from _registry(planned.registry)
    yield from _section("GitHub OIDC", ["creates the provider" if planned.oidc.creates_provider else "uses the account's provider"])
    for role in planned.oidc.read_roles:
        yield from _role(role)


def _others(planned: parts.Plan) -> Iterator[str]:
    yield from _readers(planned)
    if planned.events:
        yield from _events(planned.events)
    if planned.sandbox:
        yield from _section(f"Sandbox {planned.sandbox.name}", [])
        yield from _document("domain policy", planned.sandbox.policy)


def _section(title: str, facts: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {title}")
    yield from (f"- {fact}" for fact in facts)


def _document(what: str, text: str) -> Iterator[str]:
    """One statement a line."""
    if text:
        yield f"- {what} ({len(text):,} characters)"
        yield from (f"    {json.dumps(one)}" for one in json.loads(text)["Statement"])


def _role(role: parts.Role) -> Iterator[str]:
    yield f"- role {role.arn}{f', bounded by {role.boundary}' if role.boundary else ''}"
    yield from _document("trust", role.trust)
    yield from _document("permissions", role.permissions)


def _registry(registry: parts.PackageRegistry) -> Iterator[str]:
    yield from _section(f"Domain {registry.name}", ["protected" if registry.protect else "not protected"])
    yield from _document("domain policy", registry.policy)
    if registry.key:
        yield from _document(f"key {registry.key.alias}", registry.key.policy)
    for one in (registry.shared, *registry.public_sources):
        upstreams = f", upstreams {', '.join(one.upstreams)}" if one.upstreams else ""
        yield f"- repository {one.name}{upstreams}"
        yield from _document("policy", one.policy)


def _team(team: parts.TeamRepository) -> Iterator[str]:
    groups = [f"package group {one.owned.group_pattern}, published in {', '.join(one.publishers)}" for one in team.package_groups]
    yield from _section(f"Team {team.name} ({team.file})", [f"upstreams {', '.join(team.repository.upstreams)}", *groups])
    yield from _document("repository policy", team.repository.policy)


def _organization(one: parts.GitHubOrganization) -> Iterator[str]:
    yield from _section(f"GitHub organisation {one.login}", [f"for {len(one.repositories)} repositories"])
    for ruleset in one.rulesets:
        yield f"{_ruleset(ruleset)}, in {len(ruleset.repositories)} repositories"
    yield from (f"- variable {name} = {value}" for name, value in one.variables.items())


def _ruleset(ruleset: parts.Ruleset) -> str:
    bypass = f", bypassed by teams {', '.join(map(str, ruleset.bypass_teams))}" if ruleset.bypass_teams else ""
    return f"- ruleset {ruleset.name} on {', '.join(ruleset.refs)}: {', '.join(ruleset.rules)}{bypass}"


def _consumer(one: parts.ConsumingRepository) -> Iterator[str]:
    yield from _section(f"Repository {one.repository.owner.login}/{one.name} ({one.file})", [])
    yield from map(_ruleset, one.rulesets)
    yield from (f"{_ruleset(each)}, of the organisation" for each in one.organization_rulesets)
    guarded = (one.publishing.environment if one.publishing else None, one.promotion.environment if one.promotion else None)
    yield from (f"- environment {each.name} for {', '.join(each.branches)}" for each in guarded if each)
    for role in one.roles:
        yield from _role(role)
    yield from (f"- variable {name} = {value}" for name, value in one.variables.items())


def _readers(planned: parts.Plan) -> Iterator[str]:
    yield from _section("Builds on AWS", [f"attached to {role}" for role in planned.builds.roles])
    yield from _document(f"policy {planned.builds.policy.arn}", planned.builds.policy.policy)
    if planned.developers:
        creates = "creates" if planned.developers.creates else "outputs what others create"
        sets = [f"{one.name} for {', '.join(group.name for group in one.groups)}" for one in planned.developers.permission_sets]
        yield from _section(f"Developers ({creates})", sets)


def _events(events: parts.PackageEvents) -> Iterator[str]:
    to = (*events.email, *events.https, *events.sqs, *events.pipelines, *([events.slack.channel] if events.slack else []))
    yield from _section(f"Events on {events.names.topic_arn}", [f"pattern {events.pattern}", *(f"to {one}" for one in to)])
    yield from _document("topic policy", events.topic_policy)
    yield from _document("key policy", events.key.policy)
    yield from _document("queue policy", events.dead_letters_policy)
    for role in (events.role, events.chat_role):
        if role:
            yield from _role(role)


if __name__ == "__main__":
    sys.exit(main())
