"""publish-package.yml on tags: what a tag is on, and what it says, decide whether it publishes."""

from pathlib import Path

from rehearsal.actions import Conclusion, RunResult
from tests.workflows import sources
from tests.workflows.registry import LocalCloud
from tests.workflows.test_publishing import PUBLISH, published

REPOSITORY = "acme/payments-api"


def push(cloud: LocalCloud, ref: str, **what: str) -> str:
    return str(cloud.github("push", {"repository": REPOSITORY, "actor": "bob", "ref": ref, **what})["sha"])


def run(
    cloud: LocalCloud, folder: Path, ref: str, name: str, version: str = "1.0.0", event: str = "push", asked: str = "", **inputs: str
) -> RunResult:
    source = sources.npm(folder, f"@acme-payments/{name}", version)
    return cloud.run(PUBLISH, {"format": "npm", "version": asked, **inputs}, source=source, ref=ref, event=event)


def test_a_tag_of_a_merged_commit_publishes_the_version_that_it_says(cloud: LocalCloud, tmp_path: Path) -> None:
    merged = push(cloud, "refs/heads/main", content="a release")
    # Also after main has gone on.
    push(cloud, "refs/heads/main", content="the next feature")
    push(cloud, "refs/tags/v1.0.0", sha=merged)
    ref = "refs/tags/v1.0.0"
    first = published(run(cloud, tmp_path / "push", ref, "tagged"))
    assert (first["version"], first["result"]) == ("1.0.0", "published")
    # GitHub starts the workflow once more for the release of that tag.
    assert published(run(cloud, tmp_path / "release", ref, "tagged", event="release"))["result"] == "unchanged"


def test_a_tag_of_a_commit_that_nobody_reviewed_publishes_nothing(cloud: LocalCloud, tmp_path: Path) -> None:
    push(cloud, "refs/tags/v1.0.1", content="on no branch at all")
    push(cloud, "refs/tags/v1.0.2", sha=push(cloud, "refs/heads/feature/x", content="not merged"))
    # A branch that anybody could create under the name of a tag, and a tag with the name of the default branch.
    push(cloud, "refs/heads/v1.0.2", content="x")
    for version in ("1.0.1", "1.0.2"):
        result = run(cloud, tmp_path / version, f"refs/tags/v{version}", "unreviewed", version)
        assert result.conclusion is Conclusion.FAILURE
        assert "which is on none of main: merge it there first" in result.reason
    assert cloud.versions("payments", "npm", "unreviewed", "acme-payments") == {}


def test_a_tag_named_as_the_default_branch_reviews_nothing(cloud: LocalCloud, tmp_path: Path) -> None:
    commit = push(cloud, "refs/heads/feature/y", content="not merged")
    push(cloud, "refs/tags/main", sha=commit)
    push(cloud, "refs/tags/v1.0.3", sha=commit)
    result = run(cloud, tmp_path, "refs/tags/v1.0.3", "unreviewed", "1.0.3")
    cloud.github("push", {"repository": REPOSITORY, "actor": "bob", "ref": "refs/tags/main", "delete": True})
    assert result.conclusion is Conclusion.FAILURE
    assert "on none of main" in result.reason


def test_a_tag_on_a_release_branch_publishes_and_on_another_guarded_branch_it_does_not(cloud: LocalCloud, tmp_path: Path) -> None:
    for branch, version in (("release/1", "1.1.0"), ("release/1/x", "1.1.1"), ("other/1", "1.1.2")):
        push(cloud, f"refs/tags/v{version}", sha=push(cloud, f"refs/heads/{branch}", content=branch))
    rules = {"target": "branch", "enforcement": "active", "rules": [{"type": "creation"}]}
    for name, pattern in (("package-flow-create-0a1b2c3d", "refs/heads/release/*"), ("company", "refs/heads/other/*")):
        cloud.rest("POST", "rulesets", {"name": name, **rules, "conditions": {"ref_name": {"include": [pattern], "exclude": []}}})
    assert published(run(cloud, tmp_path / "on", "refs/tags/v1.1.0", "hotfix", "1.1.0"))["version"] == "1.1.0"
    for version in ("1.1.1", "1.1.2"):
        result = run(cloud, tmp_path / version, f"refs/tags/v{version}", "hotfix", version)
        assert "on none of main, release/*" in result.reason


def test_another_tag_is_not_trusted(cloud: LocalCloud, tmp_path: Path) -> None:
    commit = push(cloud, "refs/heads/main", content="nightly")
    for name in ("1.2.0", "v1/1.2.0"):
        push(cloud, f"refs/tags/{name}", sha=commit)
        result = run(cloud, tmp_path / name.replace("/", "-"), f"refs/tags/{name}", "nightly", "1.2.0", **{"tag-prefix": name[:-5]})
        assert result.conclusion is Conclusion.FAILURE
        assert "AssumeRoleWithWebIdentity" in result.reason
    push(cloud, "refs/tags/v1.2.0", sha=commit)
    assert published(run(cloud, tmp_path / "twin", "refs/tags/v1.2.0", "nightly", "1.2.0"))["result"] == "published"


def test_a_tag_that_says_another_version_publishes_nothing_unless_it_decides(cloud: LocalCloud, tmp_path: Path) -> None:
    push(cloud, "refs/tags/v1.3.1", sha=push(cloud, "refs/heads/main", content="mistaken"))
    result = run(cloud, tmp_path / "no", "refs/tags/v1.3.1", "mistaken", "1.3.0")
    assert "although the tag v1.3.1 says 1.3.1" in result.reason
    decided = run(cloud, tmp_path / "yes", "refs/tags/v1.3.1", "mistaken", "1.3.0", asked="tag")
    assert published(decided)["version"] == "1.3.1"
