"""What guards a ref: rules and plans."""

import pytest

from policies import guards
from policies.branches import HEADS, declare


def test_release_rules():
    rules = guards.release_rules(2, ["test"])
    assert rules["deletion"] is rules["non_fast_forward"] is True
    assert rules["pull_request"] == {
        "required_approving_review_count": 2,
        "dismiss_stale_reviews_on_push": True,
        "require_last_push_approval": True,
    }
    # An id that is not GitHub Actions' would let anybody with write access set the status.
    assert rules["required_status_checks"] == {
        "required_checks": [{"context": "test", "integration_id": 15368}],
        "do_not_enforce_on_create": True,
    }
    assert not {"update", "creation"} & set(rules), "update would also stop merges, creation has a ruleset of its own"


def test_no_check_is_required_by_default():
    assert "required_status_checks" not in guards.release_rules(1, [])
    assert "required_status_checks" not in guards.default_rules(0, [])


def test_rules_of_an_installing_repository_stop_no_bot():
    assert guards.default_rules(0, []) == {"deletion": True, "non_fast_forward": True}
    assert "pull_request" not in guards.default_rules(0, ["test"])
    assert guards.default_rules(0, ["test"])["required_status_checks"]["required_checks"][0]["integration_id"] == guards.GITHUB_ACTIONS_APP


def test_an_edition_changes_with_anything_that_a_ruleset_says_and_with_no_order():
    rules = guards.release_rules(1, ["test"])
    edition = guards.edition("release", ["refs/heads/main", "refs/heads/release/*"], rules, [1, 2])
    assert edition == guards.edition("release", ["refs/heads/release/*", "refs/heads/main"], dict(reversed(rules.items())), [2, 1])
    others = {
        guards.edition("release", ["refs/heads/main"], rules, [1, 2]),
        guards.edition("release", ["refs/heads/main", "refs/heads/release/*"], guards.release_rules(2, ["test"]), [1, 2]),
        guards.edition("release", ["refs/heads/main", "refs/heads/release/*"], rules, [1]),
    }
    assert len({edition, *others}) == 4
    assert all(one.startswith("release-") and len(one) == len("release-12345678") for one in {edition, *others})


def test_creation_is_guarded_by_a_ruleset_of_its_own():
    """A bypass covers a whole ruleset: release managers may create a branch and nothing else."""
    assert guards.create_rules() == {"creation": True}
    assert guards.create_refs(declare(("main", "release/*"))) == [f"{HEADS}main", f"{HEADS}release/*"]


def test_the_default_branch_is_covered_once_and_creation_leaves_it_out():
    assert guards.release_refs("main", declare(("main", "release/*"))) == [f"{HEADS}main", f"{HEADS}release/*"]
    assert guards.release_refs("trunk", declare(("main",))) == [f"{HEADS}trunk", f"{HEADS}main"]
    assert guards.create_refs(declare(("main",))) == [f"{HEADS}main"]


def test_a_guarded_tag_is_neither_made_nor_moved_nor_deleted():
    assert guards.tag_rules() == {"creation": True, "update": True, "deletion": True}
    wanted = [f"{HEADS}main", f"{HEADS}release/*", "refs/tags/v1", "refs/tags/main"]
    assert guards.tag_refs(wanted) == ["refs/tags/main", "refs/tags/release/*", "refs/tags/v1"]


# https://docs.github.com/en/get-started/learning-about-github/githubs-plans
@pytest.mark.parametrize(
    ("plan", "visibility", "rulesets", "reviewers"),
    [
        ("free", "public", True, True),
        ("free", "private", False, False),
        ("free", "internal", False, False),
        ("team", "public", True, True),
        ("team", "private", True, False),
        ("enterprise", "private", True, True),
        ("enterprise", "internal", True, True),
    ],
)
def test_plans(plan, visibility, rulesets, reviewers):
    assert guards.can_have_rulesets(plan, visibility) is rulesets
    assert guards.can_require_reviewers(plan, visibility) is reviewers


def test_an_installing_repository_may_ask_for_reviews() -> None:
    assert guards.default_rules(2, [])["pull_request"] == guards.release_rules(2, [])["pull_request"]
