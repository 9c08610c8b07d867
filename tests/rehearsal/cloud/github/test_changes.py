"""What people can and can't do to refs and pull requests, by the acting API over rulesets that were made by REST."""

from typing import Any

import pytest

from tests.rehearsal.cloud.github.conftest import PULL_REQUEST, Client

MAIN = "refs/heads/main"
TOPIC = "refs/heads/topic"
RELEASE = "refs/heads/release/1"
BY_PULL_REQUEST = "Changes must be made through a pull request."
REVIEWED = {"type": "pull_request", "parameters": PULL_REQUEST}
LEADS = [{"actor_type": "Team", "actor_id": 301, "bypass_mode": "always"}]


def push(github: Client, actor: str, ref: str, expect: int = 200, **body: Any) -> dict[str, Any]:
    what = {} if body.keys() & {"content", "sha", "delete"} else {"content": f"by {actor}"}
    wanted: dict[str, Any] = {"repository": "acme/api", "actor": actor, "ref": ref, **what, **body}
    return github.act("push", expect, **wanted)


def open_pull(github: Client, actor: str = "wes", **body: Any) -> int:
    wanted: dict[str, Any] = {"repository": "acme/api", "actor": actor, "head": TOPIC, "content": "work", **body}
    return github.act("pull-requests/open", 200, **wanted)["number"]


def review(github: Client, actor: str, number: int, expect: int = 200, state: str = "APPROVED") -> dict[str, Any]:
    return github.act("pull-requests/review", expect, repository="acme/api", actor=actor, number=number, state=state)


def merge(github: Client, number: int, expect: int = 200, actor: str = "wes", **body: Any) -> dict[str, Any]:
    return github.act("pull-requests/merge", expect, repository="acme/api", actor=actor, number=number, **body)


@pytest.fixture
def guarded(github: Client) -> Client:
    """Main and the release branches as a publishing repository has them."""
    rules = [{"type": "deletion"}, {"type": "non_fast_forward"}, REVIEWED]
    github.ruleset("release", rules, include=[MAIN, "refs/heads/release/*"])
    github.ruleset("create", [{"type": "creation"}], include=["refs/heads/release/*"], bypass_actors=LEADS)
    return github


# --- pushes -------------------------------------------------------------------------------------------------------------------


def test_a_refused_push_speaks_as_git_does(guarded: Client) -> None:
    answer = push(guarded, "wes", MAIN, 422)
    assert answer["message"].splitlines() == [
        "remote: error: GH013: Repository rule violations found for refs/heads/main.",
        "remote: Review all repository rules at https://github.com/acme/api/rules?ref=refs%2Fheads%2Fmain",
        "remote: ",
        "remote: - Changes must be made through a pull request.",
        "remote: ",
        " ! [remote rejected] main -> main (push declined due to repository rule violations)",
    ]
    assert answer["violations"] == [
        {"ruleset": "release", "rule": "pull_request", "message": "Changes must be made through a pull request."}
    ]
    push(guarded, "wes", TOPIC)


@pytest.mark.parametrize("actor", ["wes", "max", "ada"])
def test_nobody_pushes_to_a_release_branch_directly(guarded: Client, actor: str) -> None:
    before = guarded.show("repositories/acme/api")["refs"]
    push(guarded, actor, MAIN, 422)
    push(guarded, actor, RELEASE, 422)
    assert guarded.show("repositories/acme/api")["refs"] == before
    push(guarded, actor, "refs/heads/release-1")
    push(guarded, actor, "refs/heads/release/a/b")


def test_a_release_manager_creates_a_release_branch_and_does_not_push_to_it(guarded: Client) -> None:
    push(guarded, "wes", RELEASE, 422)
    push(guarded, "lea", RELEASE)
    push(guarded, "lea", RELEASE, 422)


def test_without_the_creation_ruleset_anyone_creates_a_release_branch_with_any_content(github: Client) -> None:
    github.ruleset("release", [REVIEWED], include=[MAIN, "refs/heads/release/*"])
    push(github, "wes", RELEASE, content="unreviewed")
    push(github, "wes", RELEASE, 422, content="more")


def test_deletion_and_force_pushes(guarded: Client, github: Client) -> None:
    first = push(github, "lea", RELEASE)["sha"]
    push(github, "lea", RELEASE, 422, delete=True)
    rules = {violation["rule"] for violation in push(github, "lea", RELEASE, 422, content="x", parent=MAIN, force=True)["violations"]}
    assert rules == {"pull_request", "non_fast_forward"}
    push(github, "lea", TOPIC, sha=first)
    push(github, "lea", TOPIC, 422, content="x", parent=MAIN)
    push(github, "lea", TOPIC, content="x", parent=MAIN, force=True)
    push(github, "lea", TOPIC, delete=True)
    assert TOPIC not in github.show("repositories/acme/api")["refs"]
    push(github, "lea", TOPIC, 422, delete=True)


def test_the_default_branch_is_never_deleted(github: Client) -> None:
    push(github, "max", MAIN, 422, delete=True)
    push(github, "max", TOPIC)
    push(github, "max", TOPIC, delete=True)


def test_only_who_may_write_pushes(github: Client) -> None:
    assert push(github, "rita", TOPIC, 403)["message"] == "Permission to acme/api.git denied to rita."
    push(github, "eve", TOPIC, 403)
    push(github, "wes", TOPIC)


def test_a_team_may_write(github: Client) -> None:
    team = {"owner": "acme", "name": "tools", "id": 9100, "teams": {"payments-leads": "write"}}
    github.act("seed", repositories=[team, {**team, "name": "tools2", "id": 9101, "teams": {"payments-leads": "read"}}])
    push(github, "lea", TOPIC, repository="acme/tools")
    push(github, "lea", TOPIC, 403, repository="acme/tools2")


def test_archived_repositories_take_no_push(github: Client) -> None:
    github.act("seed", repositories=[{"owner": "acme", "name": "old", "id": 9100, "archived": True, "writers": ["wes"]}])
    push(github, "wes", TOPIC, 403, repository="acme/old")
    push(github, "wes", TOPIC, repository="acme/api")


@pytest.mark.parametrize(
    "ref", ["main", "refs/heads/a b", "refs/heads/a..b", "refs/heads/.a", "refs/heads/a/", "refs/heads/a*", "refs/pull/1/merge"]
)
def test_refs_that_git_would_not_take(github: Client, ref: str) -> None:
    push(github, "wes", ref, 422)
    push(github, "wes", "refs/heads/a-b")


def test_a_push_is_one_thing(github: Client) -> None:
    push(github, "wes", TOPIC, 422, content="x", delete=True)
    github.act("push", 422, repository="acme/api", actor="wes", ref=TOPIC)
    push(github, "wes", TOPIC, 404, sha="0" * 40)
    push(github, "wes", TOPIC, content="x")


def test_tags_have_rulesets_of_their_own(github: Client) -> None:
    github.ruleset("tags", [{"type": "creation"}], include=["refs/tags/v*"], target="tag")
    push(github, "wes", "refs/tags/v1", 422)
    push(github, "wes", "refs/tags/w1")
    push(github, "wes", "refs/heads/v1")


@pytest.mark.parametrize("pattern", ["refs/tags/v1", "refs/tags/release/*"])
def test_a_guarded_tag_is_neither_made_nor_moved_nor_deleted(github: Client, pattern: str) -> None:
    guarded, free = pattern.replace("*", "1"), pattern.replace("*", "a/b") if "*" in pattern else "refs/tags/v2"
    for tag in (guarded, free):
        push(github, "wes", tag)
    rules = [{"type": "creation"}, {"type": "update", "parameters": {"update_allows_fetch_and_merge": False}}, {"type": "deletion"}]
    github.ruleset("tags", rules, include=[pattern], target="tag")
    push(github, "wes", free, content="moved", force=True)
    push(github, "wes", free, delete=True)
    push(github, "wes", free)
    for actor in ("wes", "max", "ada"):
        push(github, actor, guarded, 422, content="moved", force=True)
        push(github, actor, guarded, 422, delete=True)
    push(github, "wes", guarded.replace("refs/tags/", "refs/heads/"))


@pytest.mark.parametrize("kind", ["heads", "tags"])
def test_names_that_would_pass_for_a_full_ref_or_a_commit(github: Client, kind: str) -> None:
    for name in ("refs/heads/main", "refs/x", "0f" * 20):
        assert "GH002" in push(github, "wes", f"refs/{kind}/{name}", 422)["message"]
    for name in ("xrefs/heads/main", "0f" * 19, "0f" * 20 + "0"):
        push(github, "wes", f"refs/{kind}/{name}")


def test_a_moved_tag_needs_force(github: Client) -> None:
    push(github, "wes", "refs/tags/v1")
    push(github, "wes", "refs/tags/v1", 422, content="x")
    push(github, "wes", "refs/tags/v1", content="x", force=True)


def test_a_refused_push_leaves_nothing_behind(guarded: Client) -> None:
    head = guarded.act("repositories/fork", repository="acme/api", actor="wes")["repository"]
    sha = push(guarded, "wes", MAIN, repository=head, content="the same")["sha"]
    push(guarded, "wes", MAIN, 422, content="the same")
    push(guarded, "wes", TOPIC, 404, sha=sha)
    push(guarded, "wes", TOPIC, content="the same")
    push(guarded, "wes", "refs/heads/other", sha=sha)


# --- required checks ----------------------------------------------------------------------------------------------------------


def check(github: Client, actor: str, sha: str, expect: int = 200, state: str = "success") -> dict[str, Any]:
    return github.act("checks", expect, repository="acme/api", actor=actor, sha=sha, context="test", state=state)


def required_check(**parameters: Any) -> dict[str, Any]:
    checks = [{"context": "test", "integration_id": 15368}]
    return {
        "type": "required_status_checks",
        "parameters": {"strict_required_status_checks_policy": False, "required_status_checks": checks, **parameters},
    }


def test_a_check_has_to_come_from_the_app_that_is_named(github: Client) -> None:
    github.ruleset("checks", [required_check()], include=[MAIN])
    number = open_pull(github)
    assert merge(github, number, 405)["violations"][0]["message"] == 'Required status check "test" is expected.'
    assert check(github, "wes", TOPIC)["app_id"] is None
    merge(github, number, 405)
    assert check(github, "github-actions[bot]", TOPIC)["app_id"] == 15368
    merge(github, number)


def test_a_check_is_of_a_commit(github: Client) -> None:
    github.ruleset("checks", [required_check()], include=[MAIN])
    number = open_pull(github)
    check(github, "github-actions[bot]", TOPIC)
    push(github, "wes", TOPIC, content="more")
    merge(github, number, 405)
    check(github, "github-actions[bot]", TOPIC, state="failure")
    merge(github, number, 405)
    check(github, "github-actions[bot]", TOPIC)
    merge(github, number)


def test_only_who_may_write_reports_a_check(github: Client) -> None:
    check(github, "rita", MAIN, 403)
    check(github, "wes", MAIN)


@pytest.mark.parametrize(("parameters", "status"), [({}, 422), ({"do_not_enforce_on_create": True}, 200)])
def test_a_required_check_and_the_creation_of_a_branch(github: Client, parameters: dict[str, Any], status: int) -> None:
    github.ruleset("checks", [required_check(**parameters)], include=["refs/heads/release/*"])
    push(github, "wes", RELEASE, status)


# --- pull requests ------------------------------------------------------------------------------------------------------------


def test_a_reviewed_pull_request_is_merged(guarded: Client) -> None:
    number = open_pull(guarded)
    refused = merge(guarded, number, 405)
    assert refused["message"].startswith("Repository rule violations found")
    review(guarded, "wim", number)
    sha = merge(guarded, number)["sha"]
    assert guarded.show("repositories/acme/api")["refs"][MAIN] == sha
    merge(guarded, number, 422)


def test_ones_own_approval_is_refused(guarded: Client) -> None:
    number = open_pull(guarded)
    assert review(guarded, "wes", number, 422)["message"] == "Can not approve your own pull request"
    merge(guarded, number, 405)
    review(guarded, "wim", number)
    merge(guarded, number)


def test_only_approvals_by_writers_count(guarded: Client) -> None:
    number = open_pull(guarded)
    review(guarded, "rita", number)
    merge(guarded, number, 405)
    review(guarded, "wim", number)
    merge(guarded, number)


def test_strangers_do_not_see_a_pull_request(guarded: Client) -> None:
    number = open_pull(guarded)
    review(guarded, "eve", number, 404)
    review(guarded, "rita", number)


@pytest.mark.parametrize(("dismiss", "status"), [(True, 405), (False, 200)])
def test_a_push_dismisses_approvals_where_a_rule_says_so(github: Client, dismiss: bool, status: int) -> None:
    parameters = {**PULL_REQUEST, "dismiss_stale_reviews_on_push": dismiss, "require_last_push_approval": False}
    github.ruleset("release", [{"type": "pull_request", "parameters": parameters}], include=[MAIN])
    number = open_pull(github)
    review(github, "wim", number)
    push(github, "wes", TOPIC, content="something else")
    merge(github, number, status)


def test_a_dismissed_approval_can_be_given_again(guarded: Client) -> None:
    number = open_pull(guarded)
    review(guarded, "wim", number)
    push(guarded, "wes", TOPIC, content="something else")
    merge(guarded, number, 405)
    review(guarded, "wim", number)
    merge(guarded, number)


def test_who_pushed_last_does_not_approve(guarded: Client) -> None:
    number = open_pull(guarded)
    push(guarded, "wim", TOPIC, content="smuggled in")
    review(guarded, "wim", number)
    merge(guarded, number, 405, actor="wim")
    review(guarded, "lea", number)
    merge(guarded, number, actor="wim")


def test_requested_changes_block(guarded: Client) -> None:
    number = open_pull(guarded)
    review(guarded, "wim", number)
    review(guarded, "lea", number, state="CHANGES_REQUESTED")
    merge(guarded, number, 405)
    review(guarded, "lea", number, state="COMMENTED")
    merge(guarded, number, 405)
    review(guarded, "lea", number)
    merge(guarded, number)


def test_readers_do_not_merge(guarded: Client) -> None:
    number = open_pull(guarded)
    review(guarded, "wim", number)
    merge(guarded, number, 403, actor="rita")
    merge(guarded, number)


def test_workflows_approve_only_where_they_may(guarded: Client) -> None:
    number = open_pull(guarded)
    bot = "github-actions[bot]"
    assert review(guarded, bot, number, 422)["message"] == "GitHub Actions is not permitted to create or approve pull requests."
    merge(guarded, number, 405)
    permissions = "/repos/acme/api/actions/permissions/workflow"
    guarded.rest("PUT", permissions, {"can_approve_pull_request_reviews": True}, expect=204)
    review(guarded, bot, number)
    merge(guarded, number)


def test_a_merged_branch_is_deleted_whatever_the_rulesets_say(github: Client) -> None:
    tidy = {"owner": "acme", "name": "tidy", "id": 9100, "writers": ["wes"], "delete_branch_on_merge": True}
    github.act("seed", repositories=[tidy])
    github.ruleset("keep", [{"type": "deletion"}], include=["~ALL"], repository="acme/tidy")
    number = open_pull(github, repository="acme/tidy")
    push(github, "wes", TOPIC, 422, repository="acme/tidy", delete=True)
    github.act("pull-requests/merge", repository="acme/tidy", actor="wes", number=number)
    assert TOPIC not in github.show("repositories/acme/tidy")["refs"]


def test_a_deleted_head_closes_the_pull_request(github: Client) -> None:
    number = open_pull(github)
    push(github, "wes", TOPIC, delete=True)
    merge(github, number, 422)


def test_forks(guarded: Client) -> None:
    fork = guarded.act("repositories/fork", repository="acme/api", actor="rita")["repository"]
    assert fork == "rita/api"
    push(guarded, "rita", MAIN, repository=fork, content="from a fork")
    number = guarded.act("pull-requests/open", repository="acme/api", actor="rita", head=MAIN, head_repository=fork)["number"]
    merge(guarded, number, 405)
    review(guarded, "wim", number)
    merge(guarded, number)
    guarded.act("repositories/fork", 404, repository="acme/api", actor="eve")
    guarded.act("pull-requests/open", 422, repository="acme/web", actor="rita", head=MAIN, head_repository=fork)


def test_nothing_to_merge(github: Client) -> None:
    push(github, "wes", TOPIC, sha=github.show("repositories/acme/api")["refs"][MAIN])
    body: dict[str, Any] = {"repository": "acme/api", "actor": "wes", "head": TOPIC}
    github.act("pull-requests/open", 422, **body)
    github.act("pull-requests/open", **body, content="something")


# --- the acting API -----------------------------------------------------------------------------------------------------------


def test_what_is_not_understood_is_refused(github: Client) -> None:
    body: dict[str, Any] = {"repository": "acme/api", "actor": "wes", "ref": TOPIC, "content": "x"}
    assert "reviewed" in github.act("push", 422, **body, reviewed=True)["message"]
    github.act("push", 404, **{**body, "actor": "nobody"})
    github.act("push", 404, **{**body, "repository": "acme/none"})
    github.act("pushes", 501, **body)
    github.act("push", **body)


INSTALLATION = {"token": "t", "organization": "acme", "app_id": 1, "permissions": {}}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"users": [{"login": "WES", "id": 1}]}, "login 'wes' is given twice"),
        ({"users": [{"login": "new", "id": 1002}]}, "account id 1002 is given twice"),
        ({"organizations": [{"login": "new", "id": 1, "owners": ["none"]}]}, "there is no user 'none'"),
        ({"organizations": [{"login": "new", "id": 1, "teams": [{"slug": "a", "id": 301}]}]}, "team id 301 is given twice"),
        ({"repositories": [{"owner": "none", "name": "a", "id": 1}]}, "there is no account 'none'"),
        ({"repositories": [{"owner": "acme", "name": "API", "id": 1}]}, "repository 'acme/api' is given twice"),
        ({"repositories": [{"owner": "acme", "name": "a", "id": 9001}]}, "repository id 9001 is given twice"),
        ({"repositories": [{"owner": "acme", "name": "a", "id": 1, "writers": ["none"]}]}, "there is no user 'none'"),
        ({"repositories": [{"owner": "acme", "name": "a", "id": 1, "teams": {"none": "read"}}]}, "there is no team 'none'"),
        (
            {"tokens": [{"token": "t", "organization": "acme", "app_id": 1, "permissions": {"admin": "write"}}]},
            "no permission 'admin: write'",
        ),
        (
            {"tokens": [{"token": "t", "organization": "acme", "app_id": 1, "permissions": {}, "repositories": ["no"]}]},
            "no repository 'no'",
        ),
        ({"tokens": [{"token": "t", "organization": "none", "app_id": 1, "permissions": {}}]}, "there is no account 'none'"),
        ({"repositories": [{"owner": "acme", "name": "a", "id": 1, "vsibility": "public"}]}, "vsibility"),
    ],
)
def test_a_wrong_seed_changes_nothing(github: Client, more: dict[str, Any], problem: str) -> None:
    good: dict[str, Any] = {"users": [{"login": "new-user", "id": 5}]}
    assert problem in github.act("seed", 422, **{**good, **more, "users": [*good["users"], *more.get("users", [])]})["message"]
    github.act("seed", **good)
