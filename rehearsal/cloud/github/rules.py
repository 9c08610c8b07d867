"""May this change of a ref happen? Pure functions over a repository's rulesets, as GitHub's documentation of rules words them.

A ruleset counts if it is active, targets the kind of ref, and its conditions match the ref's full name. It is left out as a whole for
an actor on its bypass list. Every rule of every ruleset that counts has to hold. Source: GitHub's "Available rules for rulesets",
"Creating rulesets for a repository", the OpenAPI description of `repository-rule`. What GitHub documents nowhere is read strictly:
a bypass by repository role is for exactly that role, and a push is never taken for a merge of an approved pull request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.github.patterns import matches
from rehearsal.cloud.github.state import Check, Ruleset

# Ids of the base roles in bypass lists, as the REST API and the provider's documentation have them.
ROLE_IDS = {2: "maintain", 4: "write", 5: "admin"}
REF_PREFIXES = {"branch": "refs/heads/", "tag": "refs/tags/"}


@dataclass(frozen=True)
class Actor:
    """Who makes the change, with what a bypass list can name."""

    login: str
    id: int
    role: str
    team_ids: frozenset[int] = frozenset()
    organization_owner: bool = False
    app_id: int | None = None


@dataclass(frozen=True)
class Approval:
    """The last word of one reviewer who may write to the repository. `current` says that it was given to the present head."""

    reviewer: str
    state: str
    current: bool


@dataclass(frozen=True)
class Merge:
    """A pull request about to be merged, by a merge commit."""

    last_pusher: str
    approvals: tuple[Approval, ...]
    up_to_date: bool  # the head contains the tip of the base branch


@dataclass(frozen=True)
class Change:
    """One change of one ref. `checks` are those of the commit that arrives (of the head, in a merge)."""

    ref: str
    kind: str  # creation, update, deletion
    fast_forward: bool = True
    checks: tuple[Check, ...] = ()
    merge: Merge | None = None


@dataclass(frozen=True)
class Violation:
    """One rule that forbids a change; `message` in the words of GitHub's answer to a push."""

    ruleset: str
    rule: str
    message: str


def violations(rulesets: Iterable[Ruleset], default_branch: str, change: Change, actor: Actor) -> list[Violation]:
    """Every rule that forbids `actor` to make `change`; an empty list means that it may happen."""
    return [
        Violation(ruleset.name, rule["type"], message)
        for ruleset in applicable(rulesets, change.ref, default_branch)
        if not _bypasses(ruleset, actor, change)
        for rule in ruleset.rules
        for message in RULES[rule["type"]](rule.get("parameters", {}), change)
    ]


def applicable(rulesets: Iterable[Ruleset], ref: str, default_branch: str) -> list[Ruleset]:
    """The active rulesets whose target and conditions take `ref` in."""
    return [ruleset for ruleset in rulesets if ruleset.enforcement == "active" and applies_to(ruleset, ref, default_branch)]


def applies_to(ruleset: Ruleset, ref: str, default_branch: str) -> bool:
    """Whether a ruleset's target and ref name conditions take in `ref`. Without an `include` nothing is taken in."""
    if not ref.startswith(REF_PREFIXES[ruleset.target]):
        return False
    names = ruleset.conditions.get("ref_name", {})
    included = any(_names(pattern, ref, default_branch) for pattern in names.get("include", []))
    return included and not any(_names(pattern, ref, default_branch) for pattern in names.get("exclude", []))


def dismisses_stale_approvals(rulesets: Iterable[Ruleset], base: str, default_branch: str) -> bool:
    """Whether a push to a pull request's head takes back the approvals that it has."""
    return any(
        rule["type"] == "pull_request" and rule["parameters"]["dismiss_stale_reviews_on_push"]
        for ruleset in applicable(rulesets, base, default_branch)
        for rule in ruleset.rules
    )


def _names(pattern: str, ref: str, default_branch: str) -> bool:
    if pattern == "~ALL":
        return True
    if pattern == "~DEFAULT_BRANCH":
        return ref == f"refs/heads/{default_branch}"
    return matches(pattern, ref)


def _bypasses(ruleset: Ruleset, actor: Actor, change: Change) -> bool:
    modes = {entry.get("bypass_mode", "always") for entry in ruleset.bypass_actors if _is(entry, actor)}
    return bool(modes & {"always", "exempt"}) or ("pull_request" in modes and change.merge is not None)


def _is(entry: dict[str, Any], actor: Actor) -> bool:
    actor_id = entry.get("actor_id")
    match entry["actor_type"]:
        case "Team":
            return actor_id in actor.team_ids
        case "RepositoryRole":
            return actor_id is not None and ROLE_IDS.get(actor_id) == actor.role
        case "OrganizationAdmin":
            return actor.organization_owner
        case "Integration":
            return actor_id == actor.app_id
        case "User":
            return actor_id == actor.id
        case _:  # DeployKey: nobody here acts by a deploy key
            return False


def _creation(_: dict[str, Any], change: Change) -> list[str]:
    return ["Cannot create ref due to creations being restricted."] if change.kind == "creation" else []


def _update(_: dict[str, Any], change: Change) -> list[str]:
    return ["Cannot update this protected ref."] if change.kind == "update" else []


def _deletion(_: dict[str, Any], change: Change) -> list[str]:
    return ["Cannot delete this protected ref."] if change.kind == "deletion" else []


def _non_fast_forward(_: dict[str, Any], change: Change) -> list[str]:
    return ["Cannot force-push to this branch"] if change.kind == "update" and not change.fast_forward else []


def _required_status_checks(parameters: dict[str, Any], change: Change) -> list[str]:
    if change.kind == "deletion" or (change.kind == "creation" and parameters.get("do_not_enforce_on_create", False)):
        return []
    missing = [check["context"] for check in parameters["required_status_checks"] if not _passed(check, change.checks)]
    messages = [f'Required status check "{context}" is expected.' for context in missing]
    if parameters["strict_required_status_checks_policy"] and change.merge is not None and not change.merge.up_to_date:
        messages.append("The head branch is not up to date with the base branch.")
    return messages


def _passed(required: dict[str, Any], checks: tuple[Check, ...]) -> bool:
    """Whether the newest report of that context, by the App that is asked for if one is, was a success."""
    app_id = required.get("integration_id")
    reports = [check for check in checks if check.context == required["context"] and app_id in (None, check.app_id)]
    return bool(reports) and reports[-1].state == "success"


def _pull_request(parameters: dict[str, Any], change: Change) -> list[str]:
    # The push that creates a branch is not an update of it: this rule does not see it, whatever it brings.
    if change.kind != "update":
        return []
    if change.merge is None:
        return ["Changes must be made through a pull request."]
    return _merge_messages(parameters, change.merge)


def _merge_messages(parameters: dict[str, Any], merge: Merge) -> list[str]:
    approvals = [approval for approval in merge.approvals if approval.state == "APPROVED"]
    last_push = parameters["require_last_push_approval"]
    if last_push:
        approvals = [approval for approval in approvals if approval.reviewer != merge.last_pusher]
    missing = parameters["required_approving_review_count"] - len(approvals)
    messages = []
    if missing > 0:
        messages.append(f"At least {missing} approving review{'s' if missing > 1 else ''} required by reviewers with write access.")
    # This GitHub has no files, so whoever may review owns them all.
    if parameters["require_code_owner_review"] and not approvals:
        messages.append("Waiting on code owner review.")
    if last_push and not any(approval.current for approval in approvals):
        messages.append("New changes require approval from someone other than the last pusher.")
    if any(approval.state == "CHANGES_REQUESTED" for approval in merge.approvals):
        messages.append("Changes were requested by a reviewer with write access.")
    return messages


# The rules that this model decides. REST refuses every other rule, so that none is stored and then not enforced.
RULES: dict[str, Callable[[dict[str, Any], Change], list[str]]] = {
    "creation": _creation,
    "update": _update,
    "deletion": _deletion,
    "non_fast_forward": _non_fast_forward,
    "required_status_checks": _required_status_checks,
    "pull_request": _pull_request,
}
