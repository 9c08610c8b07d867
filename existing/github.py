"""What may be there in a GitHub repository: rulesets of the names to be used, environments with their branch policies, variables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from existing.answers import Answers
from existing.there import There
from leftovers import BRANCH_POLICY_TYPE, ENVIRONMENT_TYPE, RULESET_TYPE, VARIABLE_TYPE, Known, key, same_ruleset
from plan import parts
from plan.facts import SeenRepository
from policies.names import PROMOTE_ENVIRONMENT

Seen = Mapping[str, SeenRepository]


def names_in_state(one: parts.ConsumingRepository) -> list[str]:
    """The names that a repository may have in the state."""
    return [name for name in (one.name, one.renamed_from) if name]


def where(one: parts.ConsumingRepository) -> str:
    """File and key of the catalog that lead to a repository."""
    return f"{one.file}: repositories.{one.name}"


def rulesets(planned: parts.Plan, known: Known, answers: Answers) -> Iterator[There]:
    """Rulesets of exactly the planned names, which GitHub has once in a repository. All others stay and are added to.

    A name has a digest of what the ruleset says: one that says it is this stack's in all but its state, and adopted.
    """
    for one in planned.consumers:
        # Those of a component that an earlier run came to, leftovers.py judges.
        made = all(any(key(RULESET_TYPE, name, each.name) in known.made for name in names_in_state(one)) for each in one.rulesets)
        if made or known.begun("ConsumingRepository", *names_in_state(one)):
            continue
        wanted = {each.name: each for each in one.rulesets}
        for there in [each for each in all_rulesets(one, answers) if not of_organization(each) and each.get("name") in wanted]:
            yield _ruleset(one, wanted[str(there["name"])], there, answers)


def all_rulesets(one: parts.ConsumingRepository, answers: Answers) -> Sequence[Mapping[str, Any]]:
    """A repository's rulesets, and those of its organisation and enterprise that hold there: one list says both.

    https://docs.github.com/en/rest/repos/rules#get-all-repository-rulesets
    """
    return answers.rest(f"repos/{one.repository.owner.login}/{one.name}/rulesets?per_page=100") or ()


def of_organization(ruleset: Mapping[str, Any]) -> bool:
    """Whether a listed ruleset is not the repository's own."""
    return ruleset.get("source_type", "Repository") != "Repository"


def _ruleset(one: parts.ConsumingRepository, wanted: parts.Ruleset, there: Mapping[str, Any], answers: Answers) -> There:
    found = answers.rest(f"repos/{one.repository.owner.login}/{one.name}/rulesets/{there.get('id')}")
    # Without the bypass list, which some credentials are not shown, nobody knows whom it lets past.
    same = found is not None and same_ruleset(wanted, found, bypass_shown=True)
    blocked = "" if same else "it says something else than its name stands for: delete or rename it on GitHub"
    return There(
        RULESET_TYPE, (one.name, wanted.name), f"the ruleset {wanted.name}", where(one), f"{one.name}:{there.get('id')}", (), blocked
    )


def environments(planned: parts.Plan, known: Known, seen: Seen, answers: Answers) -> Iterator[There]:
    """Environments that keep what protects them, or are in the way."""
    for one in planned.consumers:
        for environment in one.environments:
            found = seen[one.name].environments.get(environment.name) if one.name in seen else None
            if found is None:
                continue
            path = f"repos/{one.repository.owner.login}/{one.name}/environments/{environment.name}"
            listed = (answers.rest(f"{path}/deployment-branch-policies?per_page=100") or {}).get("branch_policies") or ()
            yield _environment(one, environment, found, listed)
            yield from _branch_policies(one, environment, known, listed)


def _environment(one: parts.ConsumingRepository, environment: parts.Environment, found: Mapping[str, Any], listed: Any) -> There:
    promotes = environment.name == PROMOTE_ENVIRONMENT
    return There(
        ENVIRONMENT_TYPE,
        (one.name, environment.name),
        f"the environment {environment.name}",
        where(one),
        f"{one.name}:{environment.name}",
        tuple(_stricter(environment, found)),
        "; ".join(weakened(environment, found, listed)),
        "" if promotes else "environment, in that file",
    )


def weakened(wanted: parts.Environment, found: Mapping[str, Any], listed: Any) -> list[str]:
    """What protects an environment and this stack would not keep, each with what to do.

    PUT replaces reviewers, wait timer and self-review rule. Of several reviewers one suffices: fewer are stricter.
    https://docs.github.com/en/rest/deployments/environments#create-or-update-an-environment
    """
    rules = {str(rule.get("type")): rule for rule in found.get("protection_rules") or () if isinstance(rule, Mapping)}
    lost, policy = [], found.get("deployment_branch_policy") or {}
    timer = int((rules.get("wait_timer") or {}).get("wait_timer") or 0)
    if timer > wanted.wait_timer:
        lost.append(f"it has a wait timer of {timer} minutes; write wait_timer: {timer}")
    if reviewed := rules.get("required_reviewers"):
        lost += _reviewers_lost(wanted, reviewed)
    if found.get("can_admins_bypass") is False and not wanted.admins_cannot_bypass:
        lost.append("administrators can't bypass it, which this stack does not keep on this plan; use another environment")
    if policy.get("protected_branches"):
        lost.append("it is for protected branches, which this stack would replace; choose selected branches on GitHub first")
    patterns = {(str(each.get("type", "branch")), str(each.get("name"))) for each in listed}
    deploying = [*(("branch", each) for each in wanted.branches), *(("tag", each) for each in wanted.tags)]
    if policy.get("custom_branch_policies") and (more := [each for kind, each in deploying if (kind, each) not in patterns]):
        lost.append(f"it is not for {', '.join(more)}, which this stack would let deploy too; add it on GitHub first")
    return lost


def _reviewers_lost(wanted: parts.Environment, rule: Mapping[str, Any]) -> list[str]:
    lost, listed = [], [each for each in rule.get("reviewers") or () if isinstance(each, Mapping)]
    teams = {
        (each.get("reviewer") or {}).get("id"): (each.get("reviewer") or {}).get("slug") for each in listed if each.get("type") == "Team"
    }
    if not wanted.reviewer_teams or not {*wanted.reviewer_teams} <= {*teams}:
        slugs = ", ".join(str(slug or id) for id, slug in teams.items())
        how = f"write reviewers: [{slugs}]" if teams else "people can't be kept: make a team the reviewer on GitHub first"
        lost.append(f"it has required reviewers ({len(listed)}); {how}")
    if rule.get("prevent_self_review") and not wanted.prevents_self_review:
        lost.append("it has no self-review; write prevent_self_review: true")
    return lost


def _stricter(wanted: parts.Environment, found: Mapping[str, Any]) -> list[str]:
    """What this stack asks for beyond what is there."""
    rules = {str(rule.get("type")): rule for rule in found.get("protection_rules") or () if isinstance(rule, Mapping)}
    timer, changes = int((rules.get("wait_timer") or {}).get("wait_timer") or 0), []
    if wanted.wait_timer > timer:
        changes.append(f"wait timer: {timer} becomes {wanted.wait_timer} minutes")
    if wanted.reviewer_teams and "required_reviewers" not in rules:
        changes.append("it gets required reviewers")
    if wanted.admins_cannot_bypass and found.get("can_admins_bypass") is not False:
        changes.append("administrators can no longer bypass it")
    if not found.get("deployment_branch_policy"):
        changes.append(f"only {', '.join(wanted.branches)} may deploy")
    return changes


def _branch_policies(one: parts.ConsumingRepository, environment: parts.Environment, known: Known, listed: Any) -> Iterator[There]:
    """Policies of the planned patterns. Others stay: they let a branch deploy there, and none of them publish."""
    for there in listed:
        pattern = str(there.get("name"))
        name = f"{one.name}/{environment.name}/{pattern}"
        if there.get("type", "branch") == "branch" and pattern in environment.branches and key(BRANCH_POLICY_TYPE, name) not in known.made:
            id = f"{one.name}:{environment.name.replace(':', '??')}:{there.get('id')}"
            yield There(BRANCH_POLICY_TYPE, (name,), f"the branch policy {pattern} of {environment.name}", where(one), id)


def variables(planned: parts.Plan, known: Known, seen: Seen) -> Iterator[There]:
    """Actions variables of the names that this stack writes."""
    for one in planned.consumers:
        there = seen[one.name].variables if one.name in seen else {}
        for name, value in one.variables.items():
            if name in there and not any(key(VARIABLE_TYPE, each, name) in known.made for each in names_in_state(one)):
                changes = () if there[name] == value else (f"value: {there[name]} becomes {value}",)
                yield There(VARIABLE_TYPE, (one.name, name), f"the Actions variable {name}", where(one), f"{one.name}:{name}", changes)
