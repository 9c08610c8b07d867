"""publish-package.yml on tags: what a tag is on, and what it says, decide whether it publishes."""

from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from tests.workflows import sources
from tests.workflows.calling import WHOLE_RUNS
from tests.workflows.registry import LocalCloud
from tests.workflows.test_publishing import PUBLISH, published

REPOSITORY = "acme/payments-api"


def push(cloud: LocalCloud, ref: str, **what: str) -> str:
    return str(cloud.github("push", {"repository": REPOSITORY, "actor": "bob", "ref": ref, **what})["sha"])


pytestmark = WHOLE_RUNS


# As long as the cloud: a worker that is given some of these tests, then others, then more of these sets up a module twice.
@pytest.fixture(scope="session", autouse=True)
def guarded(cloud: LocalCloud) -> None:
    """Rulesets of the program's names. What they forbid is no matter here: it is the merges that count."""
    guard(cloud, "package-flow-release-0a1b2c3d", "refs/heads/main", "refs/heads/release/*", "refs/heads/unfinished/*")
    guard(cloud, "package-flow-create-0a1b2c3d", "refs/heads/release/*", "refs/heads/created/*")
    guard(cloud, "company", "refs/heads/company/*")


def guard(cloud: LocalCloud, name: str, *refs: str) -> None:
    conditions = {"ref_name": {"include": list(refs), "exclude": []}}
    cloud.rest("POST", "rulesets", {"name": name, "target": "branch", "enforcement": "active", "rules": [], "conditions": conditions})


def merge(cloud: LocalCloud, head: str, base: str = "refs/heads/main") -> str:
    """A pull request that is merged; the commit that this makes."""
    opened = cloud.github("pull-requests/open", {"repository": REPOSITORY, "actor": "bob", "head": head, "base": base})
    return str(cloud.github("pull-requests/merge", {"repository": REPOSITORY, "actor": "bob", "number": opened["number"]})["sha"])


def change(cloud: LocalCloud, branch: str, base: str = "refs/heads/main") -> str:
    """A commit on a branch of its own, on top of `base`; the branch."""
    push(cloud, f"refs/heads/{branch}", content=branch, parent=base)
    return f"refs/heads/{branch}"


def run(
    cloud: LocalCloud, folder: Path, ref: str, name: str, version: str = "1.0.0", event: str = "push", asked: str = "", **inputs: str
) -> RunResult:
    source = sources.npm(folder, f"@acme-payments/{name}", version)
    return cloud.run(PUBLISH, {"format": "npm", "version": asked, **inputs}, source=source, ref=ref, event=event)


def refused(result: RunResult, why: str = "as which no pull request was merged into main, release/*") -> None:
    assert result.conclusion is Conclusion.FAILURE
    assert why in result.reason


def test_a_tag_of_what_a_merge_made_publishes_the_version_that_it_says(cloud: LocalCloud, tmp_path: Path) -> None:
    merged = merge(cloud, change(cloud, "topic/release"))
    # Also after main has gone on.
    merge(cloud, change(cloud, "topic/next"))
    push(cloud, "refs/tags/v1.0.0", sha=merged)
    ref = "refs/tags/v1.0.0"
    first = published(run(cloud, tmp_path / "push", ref, "tagged"))
    assert (first["version"], first["result"]) == ("1.0.0", "published")
    # GitHub starts the workflow once more for the release of that tag.
    assert published(run(cloud, tmp_path / "release", ref, "tagged", event="release"))["result"] == "unchanged"
    refused(
        run(cloud, tmp_path / "dispatch", ref, "tagged", event="workflow_dispatch"),
        "tags publish on push and release, not on workflow_dispatch",
    )


def test_a_tag_of_a_commit_that_was_not_reviewed_publishes_nothing(cloud: LocalCloud, tmp_path: Path) -> None:
    reviewed_as_a_whole = change(cloud, "topic/evil-and-reverted")
    evil = push(cloud, reviewed_as_a_whole, content="evil")
    push(cloud, reviewed_as_a_whole, content="and taken back")
    merge(cloud, reviewed_as_a_whole)
    commits = {
        "1.0.1": push(cloud, "refs/tags/nowhere", content="on no branch at all"),
        "1.0.2": push(cloud, "refs/heads/feature/x", content="not merged"),
        "1.0.3": evil,
        "1.0.4": push(cloud, "refs/heads/main", content="pushed, before main was guarded"),
    }
    for version, commit in commits.items():
        push(cloud, f"refs/tags/v{version}", sha=commit)
        refused(run(cloud, tmp_path / version, f"refs/tags/v{version}", "unreviewed", version))
    assert cloud.versions("payments", "npm", "unreviewed", "acme-payments") == {}


def test_merges_into_guarded_branches_count_and_no_others(cloud: LocalCloud, tmp_path: Path) -> None:
    cases = {
        "release/1": "1.1.0",
        "release/1/x": "1.1.1",
        "unfinished/1": "1.1.2",
        "created/1": "1.1.3",
        "company/1": "1.1.4",
        "release/2": "1.1.5",
    }
    for branch, version in cases.items():
        push(cloud, f"refs/heads/{branch}", content=branch)
        merged = merge(cloud, change(cloud, f"topic/{version}", f"refs/heads/{branch}"), f"refs/heads/{branch}")
        push(cloud, f"refs/tags/v{version}", sha=merged)
    # What was merged into a branch that is gone may be older than the rulesets.
    cloud.github("push", {"repository": REPOSITORY, "actor": "bob", "ref": "refs/heads/release/2", "delete": True})
    assert published(run(cloud, tmp_path / "on", "refs/tags/v1.1.0", "hotfix", "1.1.0"))["version"] == "1.1.0"
    for version in list(cases.values())[1:]:
        refused(run(cloud, tmp_path / version, f"refs/tags/v{version}", "hotfix", version))


def test_another_tag_is_not_trusted(cloud: LocalCloud, tmp_path: Path) -> None:
    merged = merge(cloud, change(cloud, "topic/nightly"))
    for name in ("1.2.0", "v1/1.2.0"):
        push(cloud, f"refs/tags/{name}", sha=merged)
        result = run(cloud, tmp_path / name.replace("/", "-"), f"refs/tags/{name}", "nightly", "1.2.0", **{"tag-prefix": name[:-5]})
        refused(result, "AssumeRoleWithWebIdentity")
    push(cloud, "refs/tags/v1.2.0", sha=merged)
    assert published(run(cloud, tmp_path / "twin", "refs/tags/v1.2.0", "nightly", "1.2.0"))["result"] == "published"


def test_a_tag_that_says_another_version_publishes_nothing_unless_it_decides(cloud: LocalCloud, tmp_path: Path) -> None:
    push(cloud, "refs/tags/v1.3.1", sha=merge(cloud, change(cloud, "topic/mistaken")))
    for number, asked in enumerate(("", "1.3.0")):
        result = run(cloud, tmp_path / str(number), "refs/tags/v1.3.1", "mistaken", "1.3.0", asked=asked)
        assert "although the tag v1.3.1 says 1.3.1" in result.reason
    decided = run(cloud, tmp_path / "yes", "refs/tags/v1.3.1", "mistaken", "1.3.0", asked="tag")
    assert published(decided)["version"] == "1.3.1"
