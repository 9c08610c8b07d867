"""Which rule forbids what: each refusal beside the change that differs in one thing and is allowed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.github.patterns import matches
from rehearsal.cloud.github.rules import RULES, Actor, Approval, Change, Merge, Violation, applies_to, dismisses_stale_approvals, violations
from rehearsal.cloud.github.state import Check, Ruleset
from tests.rehearsal.cloud.github.conftest import PULL_REQUEST

WRITER = Actor("wes", 1002, "write")
MAIN = "refs/heads/main"
CHECKS = {"strict_required_status_checks_policy": False, "required_status_checks": [{"context": "test", "integration_id": 15368}]}


def ruleset(*rules: dict[str, Any], include: tuple[str, ...] = (MAIN,), exclude: tuple[str, ...] = (), **more: Any) -> Ruleset:
    conditions = {"ref_name": {"include": list(include), "exclude": list(exclude)}}
    settings = {"target": "branch", "enforcement": "active", "bypass_actors": [], "conditions": conditions, **more}
    return Ruleset(id=1, name="guard", rules=list(rules), created_at="", updated_at="", **settings)


def rule(kind: str, **parameters: Any) -> dict[str, Any]:
    return {"type": kind, "parameters": parameters} if parameters else {"type": kind}


def broken(change: Change, *rules: dict[str, Any], actor: Actor = WRITER, **more: Any) -> list[str]:
    return [violation.message for violation in violations([ruleset(*rules, **more)], "main", change, actor)]


UPDATE = Change(MAIN, "update")
GOOD_CHECK = Check("test", "success", 15368)
APPROVED = Approval("lea", "APPROVED", True)
SECOND = Approval("wim", "APPROVED", True)
MERGE = Change(MAIN, "update", merge=Merge("wes", (APPROVED,), True))


@pytest.mark.parametrize(
    ("rules", "forbidden", "allowed"),
    [
        ([rule("creation")], Change(MAIN, "creation"), UPDATE),
        ([rule("update")], UPDATE, Change(MAIN, "creation")),
        ([rule("update")], MERGE, Change(MAIN, "deletion")),
        ([rule("deletion")], Change(MAIN, "deletion"), UPDATE),
        ([rule("non_fast_forward")], replace(UPDATE, fast_forward=False), UPDATE),
        ([rule("pull_request", **PULL_REQUEST)], UPDATE, MERGE),
        # The push that creates a branch is no update of it, whatever it brings.
        ([rule("pull_request", **PULL_REQUEST)], UPDATE, Change(MAIN, "creation")),
        ([rule("required_status_checks", **CHECKS)], UPDATE, replace(UPDATE, checks=(GOOD_CHECK,))),
        (
            [rule("required_status_checks", **CHECKS)],
            replace(UPDATE, checks=(Check("test", "success", None),)),
            replace(UPDATE, checks=(GOOD_CHECK,)),
        ),
        (
            [rule("required_status_checks", **CHECKS)],
            replace(UPDATE, checks=(GOOD_CHECK, Check("test", "failure", 15368))),
            replace(UPDATE, checks=(Check("test", "failure", 15368), GOOD_CHECK)),
        ),
        (
            [rule("required_status_checks", **{**CHECKS, "strict_required_status_checks_policy": True})],
            replace(MERGE, checks=(GOOD_CHECK,), merge=Merge("wes", (), False)),
            replace(MERGE, checks=(GOOD_CHECK,), merge=Merge("wes", (), True)),
        ),
    ],
)
def test_each_rule_forbids_its_change_only(rules: list[dict[str, Any]], forbidden: Change, allowed: Change) -> None:
    assert len(broken(forbidden, *rules)) == 1
    assert broken(allowed, *rules) == []


def test_a_required_check_stops_creation_unless_told_not_to() -> None:
    creation = Change(MAIN, "creation")
    assert broken(creation, rule("required_status_checks", **CHECKS)) == ['Required status check "test" is expected.']
    assert broken(creation, rule("required_status_checks", **CHECKS, do_not_enforce_on_create=True)) == []
    assert broken(UPDATE, rule("required_status_checks", **CHECKS, do_not_enforce_on_create=True)) != []


def test_a_check_without_integration_takes_any_source() -> None:
    anyone = rule("required_status_checks", strict_required_status_checks_policy=False, required_status_checks=[{"context": "test"}])
    assert broken(replace(UPDATE, checks=(Check("test", "success", None),)), anyone) == []
    assert broken(replace(UPDATE, checks=(Check("lint", "success", None),)), anyone) != []


def merging(approvals: tuple[Approval, ...], last_pusher: str = "wes", **parameters: Any) -> list[str]:
    change = Change(MAIN, "update", merge=Merge(last_pusher, approvals, True))
    return broken(change, rule("pull_request", **{**PULL_REQUEST, **parameters}))


@pytest.mark.parametrize(
    ("refused", "allowed"),
    [
        (merging(()), merging((APPROVED,))),
        (merging(()), merging((), required_approving_review_count=0, require_last_push_approval=False)),
        (
            merging((APPROVED,), required_approving_review_count=2),
            merging((APPROVED, replace(APPROVED, reviewer="wim")), required_approving_review_count=2),
        ),
        (merging((replace(APPROVED, state="DISMISSED"),)), merging((APPROVED,))),
        (merging((APPROVED,), last_pusher="lea"), merging((APPROVED,), last_pusher="lea", require_last_push_approval=False)),
        (merging((replace(APPROVED, current=False),)), merging((replace(APPROVED, current=False),), require_last_push_approval=False)),
        (
            merging((), required_approving_review_count=0, require_last_push_approval=False, require_code_owner_review=True),
            merging((), required_approving_review_count=0, require_last_push_approval=False),
        ),
        (merging((APPROVED, Approval("wim", "CHANGES_REQUESTED", True))), merging((APPROVED, Approval("wim", "DISMISSED", True)))),
        (merging((), required_approving_review_count=0), merging((APPROVED,), required_approving_review_count=0)),
    ],
)
def test_approvals(refused: list[str], allowed: list[str]) -> None:
    assert refused != []
    assert allowed == []


@pytest.mark.parametrize(
    ("entry", "bypassing", "other"),
    [
        ({"actor_type": "Team", "actor_id": 301}, replace(WRITER, team_ids=frozenset({301})), replace(WRITER, team_ids=frozenset({302}))),
        ({"actor_type": "RepositoryRole", "actor_id": 5}, replace(WRITER, role="admin"), WRITER),
        ({"actor_type": "RepositoryRole", "actor_id": 4}, WRITER, replace(WRITER, role="maintain")),
        ({"actor_type": "OrganizationAdmin"}, replace(WRITER, organization_owner=True), replace(WRITER, role="admin")),
        ({"actor_type": "Integration", "actor_id": 501}, replace(WRITER, app_id=501), replace(WRITER, app_id=502)),
        ({"actor_type": "User", "actor_id": 1002}, WRITER, replace(WRITER, id=1003)),
    ],
)
def test_a_bypass_is_for_exactly_its_actor(entry: dict[str, Any], bypassing: Actor, other: Actor) -> None:
    creation = Change(MAIN, "creation")
    assert broken(creation, rule("creation"), actor=bypassing, bypass_actors=[entry]) == []
    assert broken(creation, rule("creation"), actor=other, bypass_actors=[entry]) != []


def test_nobody_bypasses_as_a_deploy_key() -> None:
    assert broken(UPDATE, rule("update"), bypass_actors=[{"actor_type": "DeployKey", "actor_id": None}]) != []


def test_a_bypass_on_pull_requests_lets_merge_and_not_push() -> None:
    entry = {"actor_type": "User", "actor_id": WRITER.id, "bypass_mode": "pull_request"}
    unapproved = replace(MERGE, merge=Merge("wes", (), True))
    assert broken(unapproved, rule("pull_request", **PULL_REQUEST), bypass_actors=[entry]) == []
    assert broken(UPDATE, rule("pull_request", **PULL_REQUEST), bypass_actors=[entry]) != []
    assert broken(UPDATE, rule("pull_request", **PULL_REQUEST), bypass_actors=[{**entry, "bypass_mode": "always"}]) == []


def test_a_bypass_counts_in_its_own_ruleset_only() -> None:
    creation = Change("refs/heads/release/1", "creation")
    lead = replace(WRITER, team_ids=frozenset({301}))
    names = ("refs/heads/release/*",)
    opened = ruleset(rule("creation"), include=names, bypass_actors=[{"actor_type": "Team", "actor_id": 301}])
    closed = replace(ruleset(rule("creation"), include=names), name="closed")
    assert violations([opened], "main", creation, lead) == []
    message = "Cannot create ref due to creations being restricted."
    assert violations([opened, closed], "main", creation, lead) == [Violation("closed", "creation", message)]


@pytest.mark.parametrize("enforcement", ["disabled", "evaluate"])
def test_only_active_rulesets_are_enforced(enforcement: str) -> None:
    assert broken(UPDATE, rule("update"), enforcement=enforcement) == []
    assert broken(UPDATE, rule("update"), enforcement="active") != []


@pytest.mark.parametrize(
    ("ref", "include", "exclude", "target", "expected"),
    [
        (MAIN, ["~DEFAULT_BRANCH"], [], "branch", True),
        ("refs/heads/other", ["~DEFAULT_BRANCH"], [], "branch", False),
        ("refs/heads/other", ["~ALL"], [], "branch", True),
        ("refs/tags/v1", ["~ALL"], [], "branch", False),
        ("refs/tags/v1", ["~ALL"], [], "tag", True),
        (MAIN, ["~ALL"], ["refs/heads/main"], "branch", False),
        (MAIN, [], [], "branch", False),
        ("refs/heads/release/1", ["refs/heads/release/*"], [], "branch", True),
        ("refs/heads/release/a/b", ["refs/heads/release/*"], [], "branch", False),
    ],
)
def test_conditions(ref: str, include: list[str], exclude: list[str], target: str, expected: bool) -> None:
    conditions = {"ref_name": {"include": include, "exclude": exclude}}
    assert applies_to(ruleset(target=target, conditions=conditions), ref, "main") is expected


def test_without_conditions_a_ruleset_covers_nothing() -> None:
    assert not applies_to(ruleset(conditions={}), MAIN, "main")


@given(st.text("ab/*", min_size=1, max_size=6).filter(lambda text: "**" not in text), st.text("ab/", min_size=1, max_size=6))
def test_conditions_mean_what_the_patterns_mean(pattern: str, name: str) -> None:
    guard = ruleset(include=(f"refs/heads/{pattern}",))
    assert applies_to(guard, f"refs/heads/{name}", "main") == matches(f"refs/heads/{pattern}", f"refs/heads/{name}")


def test_stale_approvals_are_dismissed_where_a_rule_for_the_base_says_so() -> None:
    says = ruleset(rule("pull_request", **PULL_REQUEST))
    says_not = ruleset(rule("pull_request", **{**PULL_REQUEST, "dismiss_stale_reviews_on_push": False}))
    assert dismisses_stale_approvals([says_not, says], MAIN, "main")
    assert not dismisses_stale_approvals([says_not], MAIN, "main")
    assert not dismisses_stale_approvals([says], "refs/heads/other", "main")


@given(st.sampled_from(sorted(RULES)))
def test_a_deletion_is_stopped_by_the_rule_for_deletions_only(kind: str) -> None:
    parameters = {"pull_request": PULL_REQUEST, "required_status_checks": CHECKS}.get(kind, {})
    assert (broken(Change(MAIN, "deletion"), rule(kind, **parameters)) != []) == (kind == "deletion")
