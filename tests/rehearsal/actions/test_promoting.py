"""promote-package.yml against the local cloud: bob asks, ada approves."""

import json
from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from tests.rehearsal.actions import sources
from tests.rehearsal.actions.registry import DOMAIN, LocalCloud, workflow_ref

PROMOTE = "promote-package.yml"


def publish(cloud: LocalCloud, folder: Path, name: str, content: str = "module.exports = 1\n") -> str:
    """Publish version 1.0.0 and return its revision."""
    source = sources.npm(folder, f"@acme-payments/{name}", "1.0.0", content=content)
    result = cloud.run("publish-package.yml", {"format": "npm"}, source=source)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    return json.loads(result.outputs["packages"])[0]["revision"]


def promote(cloud: LocalCloud, name: str, revision: str, *, approved: bool = True, called_as: str = "", **inputs: str) -> RunResult:
    asked = {"format": "npm", "package": f"@acme-payments/{name}", "version": "1.0.0", "revision": revision, **inputs}
    approvers = ["ada"] if approved else []
    return cloud.run(PROMOTE, asked, event="workflow_dispatch", approve_by=approvers, called_as=called_as)


def shared(cloud: LocalCloud, name: str) -> dict[str, str]:
    return cloud.versions("shared", "npm", name, "acme-payments")


def test_an_approved_revision_is_copied_once(cloud: LocalCloud, tmp_path: Path) -> None:
    revision = publish(cloud, tmp_path, "promoted")
    waiting = promote(cloud, "promoted", revision, approved=False)
    assert waiting.conclusion is Conclusion.WAITING
    assert revision in waiting.summary
    assert waiting.jobs["promote"].name == f"Promote @acme-payments/promoted 1.0.0, revision {revision}"
    assert shared(cloud, "promoted") == {}
    result = promote(cloud, "promoted", revision)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert result.outputs == {"result": "promoted"}
    assert "### Promoted to shared" in result.summary
    assert shared(cloud, "promoted") == {"1.0.0": "Published"}
    again = promote(cloud, "promoted", revision)
    assert again.outputs == {"result": "unchanged"}, again.output


def test_a_version_that_changed_since_its_review_is_not_copied(cloud: LocalCloud, tmp_path: Path) -> None:
    revision = publish(cloud, tmp_path, "changed")
    result = promote(cloud, "changed", "0" + revision[1:])
    assert result.conclusion is Conclusion.FAILURE
    assert "has changed since it was reviewed" in result.reason
    assert shared(cloud, "changed") == {}


def test_a_version_in_shared_is_never_overwritten(cloud: LocalCloud, tmp_path: Path) -> None:
    name = {"domain": DOMAIN, "format": "npm", "namespace": "acme-payments", "package": "kept", "versions": ["1.0.0"]}
    first = publish(cloud, tmp_path / "1", "kept")
    assert promote(cloud, "kept", first).conclusion is Conclusion.SUCCESS
    cloud.aws("codeartifact").delete_package_versions(repository="payments", **name)
    second = publish(cloud, tmp_path / "2", "kept", content="module.exports = 2\n")
    result = promote(cloud, "kept", second)
    assert result.conclusion is Conclusion.FAILURE
    assert "ALREADY_EXISTS" in result.reason


@pytest.mark.parametrize(("file", "allowed"), [(PROMOTE, True), ("publish-package.yml", False)])
def test_only_this_workflow_may_promote(cloud: LocalCloud, tmp_path: Path, file: str, allowed: bool) -> None:
    name = "other-workflow-" + file.split("-")[0]
    revision = publish(cloud, tmp_path, name)
    result = promote(cloud, name, revision, called_as=workflow_ref(file))
    assert (result.conclusion is Conclusion.SUCCESS) is allowed, result.output
    assert bool(shared(cloud, name)) is allowed


@pytest.mark.parametrize(
    "changed",
    [{"package": "@acme-payments/x | y"}, {"version": "1.0.0; id"}, {"revision": "`id`"}, {"format": "nuget"}],
)
def test_what_a_reviewer_reads_is_nothing_but_names(cloud: LocalCloud, changed: dict[str, str]) -> None:
    result = promote(cloud, "named", "abc", **changed)
    assert result.conclusion is Conclusion.FAILURE
    assert result.jobs["promote"].conclusion is Conclusion.SKIPPED
    assert not result.summary
