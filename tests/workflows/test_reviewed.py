"""reviewed.py of the action release-tag: which merges count, by whoever has the rulesets."""

import importlib.util
from typing import Any

import pytest

from tests.docs.pages import ROOT

SPEC = importlib.util.spec_from_file_location("reviewed", ROOT / ".github/actions/release-tag/reviewed.py")
assert SPEC and SPEC.loader
REVIEWED = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(REVIEWED)
REPOSITORY, COMMIT = "acme/ui-kit", "0a" * 20


def get(*inherited: str, own: tuple[str, ...] = ()) -> Any:
    """GitHub with rulesets of main, of the organisation (`inherited`) or the repository's own, and a merge into it."""
    listed = [{"id": number, "name": name, "target": "branch", "enforcement": "active"} for number, name in enumerate((*own, *inherited))]

    def answer(path: str) -> tuple[Any, str]:
        below = path.removeprefix(f"/repos/{REPOSITORY}")
        if below.startswith("/rulesets?"):
            return (listed[: len(own)] if "includes_parents=false" in below else listed), ""
        if below.startswith("/rulesets/"):
            return {"conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}}}, ""
        if below.startswith("/activity"):
            return [{"ref": "refs/heads/main", "after": COMMIT}], ""
        return ([{"ref": "refs/heads/main"}] if below.startswith("/git/") else {"default_branch": "main"}), ""

    return answer


@pytest.mark.parametrize("rulesets", [get(own=("package-flow-release-0a1b2c3d",)), get("package-flow-release-0a1b2c3d")])
def test_a_merge_into_a_guarded_branch_counts_whoever_has_the_ruleset(rulesets: Any) -> None:
    assert REVIEWED.reviewed(rulesets, REPOSITORY, COMMIT) == ("refs/heads/main", ["refs/heads/main"])


def test_a_merge_into_a_branch_that_only_others_guard_does_not() -> None:
    assert REVIEWED.reviewed(get("company"), REPOSITORY, COMMIT) == (None, [])
