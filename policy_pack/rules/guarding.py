"""What may write comes from guarded refs: never from a pull request, and only from branches and tags that rulesets guard."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import github, trust
from .documents import Statement, excluded, has_wildcard, many, name, restrictions
from .model import Level, Options, Resource, Rule
from .roles import Role, of_github, wait_for

_RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
_OF_ORGANIZATION = "github:index/organizationRuleset:OrganizationRuleset"
_ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
_PROTECTIVE = frozenset({"deletion", "nonFastForward", "pullRequest"})
_FIXED = frozenset({"update", "deletion"})
_HEADS, _TAGS = "refs/heads/", "refs/tags/"


def _some(actions: Sequence[str]) -> str:
    return ", ".join(actions[:3]) + (f" and {len(actions) - 3} more" if len(actions) > 3 else "")


def _by_repository(resources: Sequence[Resource], kind: str) -> Mapping[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for one in resources:
        if one.type == kind:
            found[str(one.get("repository"))].append(one)
    return found


def held_by(ruleset: Resource) -> set[str]:
    """Ids of the repositories that an organisation's ruleset names. One that goes by names or properties is not counted: others can change
    those."""
    # A number of the wire may be 9003.0.
    return {str(int(one) if isinstance(one, float) else one) for one in many(ruleset.get("conditions", "repositoryIds"))}


# --- patterns of refs -----------------------------------------------------------------------------------------------------------------


def _pattern(text: str) -> re.Pattern[str]:
    """GitHub's pattern: `*` does not cross a slash, `**/` stands for any folders; the rest is taken as it is written."""
    words = {"**/": r"(?:[^/]+/)*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*+|\?)", text)
    return re.compile("".join(words.get(part, "[^/]*" if part.startswith("*") else re.escape(part)) for part in parts))


def covers(ruleset: Resource, ref: str) -> bool:
    """Whether a ruleset is in force for every ref that a trusted pattern fits, read as GitHub reads patterns.

    `~DEFAULT_BRANCH` does not count (which branch that is may change), and neither does a ruleset that leaves refs out.
    """
    includes = [str(one) for one in many(ruleset.get("conditions", "refName", "includes"))]
    target = "tag" if ref.startswith(_TAGS) else "branch"
    if ruleset.get("enforcement") != "active" or ruleset.get("target") != target or ruleset.get("conditions", "refName", "excludes"):
        return False
    return "~ALL" in includes or ref in includes or (not has_wildcard(ref) and any(_pattern(one).fullmatch(ref) for one in includes))


def crosses_slashes(ref: str, exclusions: Sequence[str]) -> bool:
    """Whether a pattern fits refs that GitHub's reading of it does not: IAM's `*` crosses slashes, and no exclusion takes that back."""
    ends_in_one = ref.endswith("*") and not has_wildcard(ref[:-1])
    return has_wildcard(ref) and not (ends_in_one and f"{ref}/*" in exclusions)


def _approvals(rules: Mapping[str, Any]) -> float:
    given = rules.get("pullRequest")
    settings = given[0] if isinstance(given, list) else given
    return (settings or {}).get("requiredApprovingReviewCount") or 0


def guards_changes(ruleset: Resource) -> bool:
    """Whether changes come by a pull request with an approval, and nothing is deleted or rewritten."""
    rules = github.rules_of(ruleset)
    return set(rules) >= _PROTECTIVE and _approvals(rules) >= 1


def guards_creation(ruleset: Resource) -> bool:
    """Whether it says who creates branches, or tags."""
    return "creation" in github.rules_of(ruleset)


def fixes(ruleset: Resource) -> bool:
    """Whether a tag stays what and where it is, for everybody."""
    return set(github.rules_of(ruleset)) >= _FIXED and not many(ruleset.get("bypassActors"))


def trusted_refs(way: Statement) -> list[str]:
    """The patterns of `ref` that a way in admits; empty = any."""
    found = restrictions(way, trust.claim("ref"))
    return list(found[0].values) if found else []


# --- rules ----------------------------------------------------------------------------------------------------------------------------


def _pull_requests(resources: Sequence[Resource], options: Options) -> Iterator[tuple[str, str]]:
    judged = of_github(resources)
    for role in judged:
        for way in role.ways_in:
            subjects = trust.admits_pull_requests(way)
            if role.writes and subjects:
                wrong = f"{name(way)} of role {role.name} lets pull requests in ({', '.join(subjects)})"
                yield f"{wrong}, and the role may do {_some(role.writes)}", role.resource.urn
    wait_for(judged)


def _unguarded(resources: Sequence[Resource], options: Options) -> Iterator[tuple[str, str]]:
    judged, rulesets = of_github(resources), _by_repository(resources, _RULESET)
    shared = [one for one in resources if one.type == _OF_ORGANIZATION]
    for role in judged:
        for way in role.ways_in:
            if role.writes and not trust.shuts_everybody_out(way):
                ids = trust.repository_ids(way)
                holding = [one for one in shared if ids and ids <= held_by(one)]
                yield from ((wrong, role.resource.urn) for wrong in _refs_of(role, way, rulesets, holding))
    wait_for(judged)


def _refs_of(role: Role, way: Statement, own: Mapping[str, Sequence[Resource]], shared: Sequence[Resource]) -> Iterator[str]:
    """`own` are rulesets by repository, `shared` those of the organisation that hold for every repository of this way in."""
    refs = trusted_refs(way)
    if not refs:
        yield f"{name(way)} of role {role.name} does not restrict `ref`: any branch and tag may do {_some(role.writes)}"
    for repository in trust.repositories(way):
        if repository == "*":
            yield f"{name(way)} of role {role.name} names no repository, and the role may do {_some(role.writes)}"
            continue
        for ref in refs:
            gaps = _gaps(ref, way, [*own.get(repository, ()), *shared])
            yield from (f"role {role.name} trusts {ref} of {repository}, {gap}" for gap in gaps)


def _gaps(ref: str, way: Statement, rulesets: Sequence[Resource]) -> Iterator[str]:
    if not ref.startswith((_HEADS, _TAGS)):
        yield "which is neither a branch nor a tag: no ruleset guards it"
        return
    if crosses_slashes(ref, excluded(way, trust.claim("ref"))):
        yield f"which also fits deeper names that GitHub's {ref} does not: add `StringNotLike` {ref}/*"
    covering = [one for one in rulesets if covers(one, ref)]
    yield from _gaps_of_tag(way, covering) if ref.startswith(_TAGS) else _gaps_of_branch(covering)


def _gaps_of_tag(way: Statement, covering: Sequence[Resource]) -> Iterator[str]:
    if not any(fixes(one) for one in covering):
        yield "which no ruleset keeps from being moved or deleted (update, deletion, nobody bypasses it)"
    if not any(guards_creation(one) for one in covering):
        yield "whose creation no ruleset guards: whoever may write could put such a tag on any commit"
    if not restrictions(way, trust.claim("job_workflow_ref")):
        yield "and any workflow: a tag may be on a commit that nobody reviewed, so name a workflow that looks at it (`job_workflow_ref`)"


def _gaps_of_branch(covering: Sequence[Resource]) -> Iterator[str]:
    if not any(guards_changes(one) for one in covering):
        yield "whose changes no ruleset guards (pull request with an approval, no deletion, no rewriting)"
    if not any(guards_creation(one) for one in covering):
        yield "whose creation no ruleset guards: the push that creates a branch needs no review"


def lists_its_branches(environment: Resource) -> bool:
    """Whether an environment takes jobs of the branches that it lists, and does not leave that to GitHub's "protected branches"."""
    policy = "deploymentBranchPolicy"
    return bool(environment.get(policy, "customBranchPolicies")) and not environment.get(policy, "protectedBranches")


def _open_environments(resources: Sequence[Resource], options: Options) -> Iterator[tuple[str, str]]:
    judged, environments = of_github(resources), _by_repository(resources, _ENVIRONMENT)
    for role in judged:
        if role.writes:
            for repository, environment in _trusted_environments(role):
                trusts = f"role {role.name} trusts the environment {environment} of {repository}"
                found = [one for one in environments.get(repository, ()) if one.get("environment") == environment]
                if not found:
                    yield (
                        f"{trusts}, which the stack does not create: the first job that names it creates it, unprotected",
                        role.resource.urn,
                    )
                yield from ((f"{trusts}, which does not list its branches", one.urn) for one in found if not lists_its_branches(one))
    wait_for(judged)


def _trusted_environments(role: Role) -> list[tuple[str, str]]:
    return sorted({(each, one) for way in role.ways_in for each in trust.repositories(way) for one in trust.environments(way)})


RULES = (
    Rule(
        "pull-requests-only-read",
        "A pull request's job gets no role that may write.",
        "Name the contexts that may write in `sub` (`:ref:refs/heads/BRANCH` or `:environment:NAME`), not `*` and not `pull_request`",
        Level.MANDATORY,
        of_stack=_pull_requests,
    ),
    Rule(
        "trusted-refs-are-guarded",
        "Every ref that may write is a branch or tag, and rulesets guard its creation and its changes.",
        "Name it in both rulesets of the repository, or of the organisation for its id, as `release_branches` and `release_tags` in the "
        "catalog do",
        Level.MANDATORY,
        of_stack=_unguarded,
    ),
    Rule(
        "environments-list-branches",
        'An environment that a writing role trusts lists its branches; GitHub does not say whether "protected branches" includes rulesets.',
        "Make the environment with `protectedBranches: false`, `customBranchPolicies: true` and a policy for each release branch",
        Level.MANDATORY,
        of_stack=_open_environments,
    ),
)
