"""promote-package.yml against the local cloud: bob asks, ada approves."""

import json
from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from rehearsal.actions.concurrency import Groups
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


@pytest.fixture(scope="module")
def revision(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The revision of a published version, @acme-payments/reviewed 1.0.0."""
    return publish(cloud, tmp_path_factory.mktemp("reviewed"), "reviewed")


def test_nothing_is_copied_before_it_is_approved(cloud: LocalCloud, revision: str) -> None:
    waiting = promote(cloud, "reviewed", revision, approved=False)
    assert waiting.conclusion is Conclusion.WAITING
    assert revision in waiting.summary
    assert waiting.jobs["promote"].name == f"Promote @acme-payments/reviewed 1.0.0, revision {revision}"
    assert shared(cloud, "reviewed") == {}


def test_a_version_that_changed_since_its_review_is_not_copied(cloud: LocalCloud, revision: str) -> None:
    result = promote(cloud, "reviewed", "0" + revision[1:])
    assert result.conclusion is Conclusion.FAILURE
    assert "has changed since it was reviewed" in result.reason
    assert shared(cloud, "reviewed") == {}


def test_no_other_workflow_may_promote(cloud: LocalCloud, revision: str) -> None:
    result = promote(cloud, "reviewed", revision, called_as=workflow_ref("publish-package.yml"))
    assert "AssumeRoleWithWebIdentity" in result.output
    assert result.conclusion is Conclusion.FAILURE
    assert shared(cloud, "reviewed") == {}


def test_an_approved_revision_is_copied_and_never_overwritten(cloud: LocalCloud, revision: str, tmp_path: Path) -> None:
    result = promote(cloud, "reviewed", revision)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert result.outputs == {"result": "promoted"}
    assert "### Promoted to shared" in result.summary
    assert shared(cloud, "reviewed") == {"1.0.0": "Published"}
    again = promote(cloud, "reviewed", revision)
    assert again.outputs == {"result": "unchanged"}, again.output

    where = {"domain": DOMAIN, "repository": "payments", "format": "npm", "namespace": "acme-payments", "package": "reviewed"}
    cloud.aws("codeartifact").delete_package_versions(**where, versions=["1.0.0"])
    other = publish(cloud, tmp_path, "reviewed", content="module.exports = 2\n")
    overwriting = promote(cloud, "reviewed", other)
    assert overwriting.conclusion is Conclusion.FAILURE
    assert "ALREADY_EXISTS" in overwriting.reason


def test_a_newer_request_takes_no_pending_one_away(cloud: LocalCloud, revision: str) -> None:
    groups = Groups()
    asked = {"format": "npm", "package": "@acme-payments/reviewed", "revision": revision}
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        waiting = cloud.run(PROMOTE, {**asked, "version": version}, event="workflow_dispatch", groups=groups)
        assert waiting.conclusion is Conclusion.WAITING
    assert groups.cancelled == []
    # Nor does one that nobody answers hold up another.
    approved = cloud.run(PROMOTE, {**asked, "version": "1.0.0"}, event="workflow_dispatch", groups=groups, approve_by=["ada"])
    assert approved.jobs["promote"].started


@pytest.mark.parametrize(
    "changed",
    [{"package": "@acme-payments/x | y"}, {"version": "1.0.0; id"}, {"revision": "`id`"}, {"format": "nuget"}],
)
def test_what_a_reviewer_reads_is_nothing_but_names(cloud: LocalCloud, changed: dict[str, str]) -> None:
    asked = {"format": "npm", "package": "@acme-payments/named", "version": "1.0.0", "revision": "abc", **changed}
    result = cloud.run(PROMOTE, asked, event="workflow_dispatch")
    assert result.conclusion is Conclusion.FAILURE
    assert result.jobs["promote"].conclusion is Conclusion.SKIPPED
    assert not result.summary
