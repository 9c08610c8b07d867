"""What is there in a GitHub repository and no obstacle, but should be known: rules of others, variables of the organisation, tags."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from existing import github_organization
from existing.answers import Answers
from existing.github import all_rulesets, names_in_state, of_organization, where
from existing.spent import ASKED_EACH
from leftovers import ORGANIZATION_RULESET_TYPE, RULESET_TYPE, VARIABLE_TYPE, Known, key
from plan import parts
from policies import branches
from policies.branches import HEADS, TAGS

# GitHub's largest page of variables.
_PAGE, _PAGES_MAX, _SHOWN_MAX = 30, 40, 10
# What a rule keeps from happening that this stack relies on. Others (deletion, force pushes, reviews) are at most stricter.
# https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
_FORBIDS = {
    "branch_name_pattern": "refuses branches of other names",
    "code_scanning": "refuses merges without the results of code scanning",
    "commit_author_email_pattern": "refuses commits of other authors",
    "commit_message_pattern": "refuses commits with other messages",
    "committer_email_pattern": "refuses commits of other committers",
    "creation": "lets its own bypass list alone create the branch, whoever the release managers are",
    "required_deployments": "refuses merges before a deployment",
    "required_linear_history": "refuses merge commits: squash or rebase",
    "required_signatures": "refuses commits without a verified signature",
    "required_status_checks": "refuses merges without its checks",
    "update": "lets its own bypass list alone merge",
    "workflows": "refuses merges before its workflows have passed",
}


def notes(planned: parts.Plan, known: Known, answers: Answers, visibilities: Mapping[str, str] | None = None) -> Iterator[str]:
    """A line for each thing, with the catalog's file and key. Repositories that an earlier run came to have had theirs, but for tags.

    `visibilities` are those of the repositories, by name in the catalog.
    """
    yield from github_organization.unseen(planned, answers)
    new = [one for one in planned.consumers if _new(one, known)]
    shadowed = dict(_all_shadowed(new, visibilities or {}, answers))
    fresh = {one.name for one in new}
    rules: dict[Hashable, Any] = {}
    for one in planned.consumers:
        found = list(_tags(one, known, answers))
        if one.name in fresh:
            found += [*_rules(one, rules, answers), *shadowed.get(one.name, ())]
        yield from (f"{where(one)}: {note}" for note in found)


def _new(one: parts.ConsumingRepository, known: Known) -> bool:
    names = names_in_state(one)
    made = any(key(VARIABLE_TYPE, name, variable) in known.made for name in names for variable in one.effective_variables)
    return not made and not known.begun("ConsumingRepository", *names)


def _path(one: parts.ConsumingRepository) -> str:
    return f"repos/{one.repository.owner.login}/{one.repository.name}"


def _rules(one: parts.ConsumingRepository, known: dict[Hashable, Any], answers: Answers) -> Iterator[str]:
    """Rules of others for the branches of a repository that publishes: they hold besides its own.

    GitHub lists those of a branch, also before it is there, and none of a tag. Where no ruleset holds there are none, and where the same
    ones of the organisation hold, they are the same: `known` has those.
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    rulesets = all_rulesets(one, answers) if one.publishing else ()
    guarded = dict.fromkeys(ref for each in one.guards if one.publishing and each.target == "branch" for ref in each.refs)
    for ref in guarded if rulesets else ():
        # Of a pattern, a branch that it takes in.
        branch = ref.removeprefix(HEADS)
        same = (branch, one.default_branch, *(each.get("id") if of_organization(each) else one.name for each in rulesets))
        if same not in known:
            known[same] = answers.rest(f"{_path(one)}/rules/branches/{quote(branch.replace('*', 'x'), safe='')}?per_page=100") or ()
        listed = known[same]
        by_ruleset: dict[tuple[str, str], list[str]] = {}
        for rule in listed:
            source = "the organisation's" if rule.get("ruleset_source_type") == "Organization" else "the repository's"
            by_ruleset.setdefault((source, str(rule.get("ruleset_id"))), []).append(str(rule.get("type")))
        for (source, id), kinds in by_ruleset.items():
            yield f"{source} ruleset {id} holds for {branch} besides this stack's: {'; '.join(map(_kind, dict.fromkeys(kinds)))}"


def _kind(kind: str) -> str:
    why = _FORBIDS.get(kind)
    return f"{kind}, which {why}" if why else kind


def _all_shadowed(
    new: Sequence[parts.ConsumingRepository], visibilities: Mapping[str, str], answers: Answers
) -> Iterator[tuple[str, list[str]]]:
    """Of more than some, the first of each visibility is asked for the others, unless it has something to say.

    What the organisation shares with a few of them alone may then go unsaid, which a request for each of hundreds is too much for.
    """
    spoke: dict[str, bool] = {}
    for number, one in enumerate(new):
        visibility = visibilities.get(one.name, "")
        if number >= ASKED_EACH and spoke.get(visibility) is False:
            continue
        found = list(_shadowed(one, answers))
        spoke[visibility] = spoke.get(visibility, False) or bool(found)
        yield one.name, found


def _shadowed(one: parts.ConsumingRepository, answers: Answers) -> Iterator[str]:
    # This stack's own are meant to be.
    own = {name for name in one.variables if name not in one.organization_variables}
    there = {name: value for name, value in (_organization_variables(one, answers) if own else ()) if name in own}
    if there:
        named = ", ".join(f"{name} ({value} there, {one.variables[name]} here)" for name, value in there.items())
        yield f"its own Actions variables shadow the organisation's of the same names: {named}; workflows that read those get these"


def _organization_variables(one: parts.ConsumingRepository, answers: Answers) -> Iterator[tuple[str, str]]:
    """Those that the organisation shares with the repository.

    https://docs.github.com/en/rest/actions/variables#list-repository-organization-variables
    """
    for page in range(1, _PAGES_MAX):
        answer: Any = answers.rest(f"{_path(one)}/actions/organization-variables?per_page={_PAGE}&page={page}") or {}
        listed = answer.get("variables") or ()
        yield from ((str(each.get("name")), str(each.get("value"))) for each in listed)
        if len(listed) < _PAGE:
            return


def _tags(one: parts.ConsumingRepository, known: Known, answers: Answers) -> Iterator[str]:
    """Tags that were pushed before they could publish. What publishes is an event, and theirs is over."""
    guards = next((each for each in one.guards if each.kind == "release-tags"), None)
    if guards is None or key(ORGANIZATION_RULESET_TYPE, guards.name) in known.made:
        return
    if any(key(RULESET_TYPE, name, guards.name) in known.made for name in names_in_state(one)):
        return
    patterns = [ref.removeprefix(TAGS) for ref in guards.refs]
    there: dict[str, None] = {}
    for pattern in patterns:
        listed = answers.rest(f"{_path(one)}/git/matching-refs/tags/{quote(pattern.partition('*')[0], safe='/@')}")
        if listed is None:
            yield "release_tags: this credential can't list its tags; those that are there already are not published by this"
            return
        names = [str(each.get("ref")).removeprefix(TAGS) for each in listed]
        there |= dict.fromkeys(name for name in names if branches.matches_tag(name, [pattern]))
    if there:
        shown = ", ".join(list(there)[:_SHOWN_MAX]) + (f" and {len(there) - _SHOWN_MAX} more" if len(there) > _SHOWN_MAX else "")
        yield (
            f"release_tags: {shown} {'is' if len(there) == 1 else 'are'} there already, and not published by this: a tag publishes when it "
            "is pushed. To publish one, make a GitHub release of it; a tag of a commit that no merged pull request made is refused"
        )
