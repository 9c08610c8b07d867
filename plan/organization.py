"""What of the repositories' rulesets and variables is written once in the GitHub organisation (`githubScope: organization`). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from plan import parts
from policies import guards
from policies.guards import ORGANIZATION_RULESETS_MAX


def once(login: str, consumers: Sequence[parts.ConsumingRepository], variables: Mapping[str, str]) -> parts.GitHubOrganization:
    """The organisation's part of consumers that were planned as if each had everything of its own. `variables` are those of all."""
    ids = tuple(sorted(one.repository.id for one in consumers))
    return parts.GitHubOrganization(login, ids, variables, folded(consumers))


def folded(consumers: Iterable[parts.ConsumingRepository]) -> tuple[parts.Ruleset, ...]:
    """One ruleset for all that say the same, with the ids of the repositories that it holds for."""
    found: dict[str, tuple[parts.Ruleset, list[int]]] = {}
    for consumer in consumers:
        for ruleset in consumer.rulesets:
            # An edition is a digest of all that a ruleset says; the target follows from its kind.
            found.setdefault(ruleset.edition, (ruleset, []))[1].append(consumer.repository.id)
    return tuple(replace(ruleset, repositories=tuple(sorted(ids))) for ruleset, ids in found.values())


def without(organization: parts.GitHubOrganization, consumer: parts.ConsumingRepository) -> parts.ConsumingRepository:
    """A consumer with what the organisation does not have for it: no ruleset, and the variables whose value differs."""
    there = organization.variables
    return replace(
        consumer,
        rulesets=(),
        variables={name: value for name, value in consumer.variables.items() if there.get(name) != value},
        organization_rulesets=tuple(one for one in organization.rulesets if consumer.repository.id in one.repositories),
        organization_variables=there,
    )


def too_many(rulesets: Sequence[parts.Ruleset], there: Iterable[str]) -> str | None:
    """Why these rulesets don't find room in their organisation, None if they do. `there` are the names of those that it has.

    New ones come before former ones go, so for a while both are there.
    """
    listed = set(there)
    count = len(listed | {one.name for one in rulesets})
    if count <= ORGANIZATION_RULESETS_MAX:
        return None
    others = len(listed - {one.name for one in rulesets})
    kinds = ", ".join(f"{number} {kind}" for kind, number in Counter(one.kind for one in rulesets).items())
    return (
        f"got {len(rulesets)} organisation rulesets ({kinds}), and {others} others are there; expected at most "
        f"{ORGANIZATION_RULESETS_MAX} in all, which is GitHub's limit. {_differing(rulesets)} Give repositories the same, or write "
        "githubScope: repository, which has no such limit"
    )


def _differing(rulesets: Sequence[parts.Ruleset]) -> str:
    """What keeps rulesets of one kind from being one, by the keys of the catalog."""
    by_kind: dict[str, list[parts.Ruleset]] = {}
    for one in rulesets:
        by_kind.setdefault(one.kind, []).append(one)
    found = []
    for kind, each in by_kind.items():
        counted = {
            "branches or tags (release_branches, release_tags, the default branch)": {one.refs for one in each},
            "rules (approvals, required_checks)": {guards.edition("", (), one.rules) for one in each},
            "who may create them (release_managers, release_apps)": {(one.bypass_teams, one.bypass_apps) for one in each},
        }
        differ = [f"{len(values)} {what}" for what, values in counted.items() if len(values) > 1]
        found += [f"Those of {kind} have {' and '.join(differ)}."] if differ else []
    return " ".join(found)
