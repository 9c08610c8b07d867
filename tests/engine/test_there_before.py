"""What was there before the program, branches, environments and settings of a company, under Pulumi's engine."""

from pathlib import Path
from typing import Any

import pytest

from rehearsal.cast import WRITER
from rehearsal.github import GitHub
from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

pytestmark = [needs_engine, pytest.mark.slow("tests/program shows what is refused and what is kept, without the engine")]

API = "payments-api"
PERMISSIONS = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
PROTECTED = {
    "wait_timer": 30,
    "prevent_self_review": True,
    "reviewers": [{"type": "User", "id": 10}],
    "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
}


def rest(life: Life, method: str, *path: str, body: Any = None) -> Any:
    return life.github.call(method, "repos", "acme", API, *path, body=body)


def push(life: Life, branch: str) -> None:
    GitHub(life.cloud.control, "acme", []).push(API, branch, WRITER)


def configured(life: Life, **values: Any) -> None:
    """Give the repository other values in its team's file; None takes one away."""
    team = life.team("payments")
    own = {**team["repositories"][API], **values}
    team["repositories"][API] = {key: value for key, value in own.items() if value is not None}
    life.configure({"payments": team})


def refused(life: Life) -> str:
    """An up that changes nothing; why."""
    before = life.cloud.control.get("github/requests")["github_writes"]
    run = life.stack.up()
    assert changes(run) == [] and life.cloud.control.get("github/requests")["github_writes"] == before
    assert "found at AWS and GitHub; nothing was changed" in run.errors[0].text
    return run.errors[0].text


def test_what_was_there_before_is_neither_trusted_nor_overwritten_nor_removed(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        push(life, "release/evil")
        push(life, "feature/x")
        rest(life, "PUT", "environments", "packages", body=PROTECTED)
        rest(life, "POST", "environments", "packages", "deployment-branch-policies", body={"name": "main"})
        rest(life, "PUT", "actions", "permissions", "workflow", body=PERMISSIONS)
        configured(life, release_branches=["main", "release/*"])
        why = refused(life)
        assert "release_branches would let the branch 'release/evil' publish" in why and "feature/x" not in why
        assert (
            "has the environment packages already, which is not in this stack's state, with a wait timer of 30 minutes, required reviewers "
            "(1), no self-review, deployment branches" in why
        )
        # The two ways on: it is named, and the environment has another name.
        configured(life, environment="package-flow", accepted_branches=["release/evil"])
        run = life.stack.up()
        assert run.failed == ""
        (note,) = [one.text for one in run.messages if "default permission" in one.text]
        assert "(now: write, true)" in note and "-f default_workflow_permissions=write -F can_approve_pull_request_reviews=true" in note
        stricter = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
        assert rest(life, "GET", "actions", "permissions", "workflow") == stricter
        # Both are this stack's now: another run asks for nothing.
        assert changes(done(life.stack.up())) == []
        life.stack.unprotect()
        done(life.stack.destroy())
        assert rest(life, "GET", "actions", "permissions", "workflow") == stricter
        (left,) = rest(life, "GET", "environments")["environments"]
        assert left["name"] == "packages"
        assert {one["type"] for one in left["protection_rules"]} == {"wait_timer", "required_reviewers", "branch_policy"}


def test_a_pattern_that_is_added_later_is_new_and_what_published_before_is_not(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        push(life, "release/evil")
        configured(life, release_branches=["main", "release/*"])
        why = refused(life)
        assert why.count("release_branches would let the branch") == 1 and "'release/evil'" in why
        configured(life, accepted_branches=["release/evil"])
        done(life.stack.up())
        # What is guarded needs no acceptance any more.
        configured(life, accepted_branches=None)
        done(life.stack.up())
