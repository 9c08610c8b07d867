"""promote-package.yml against the local cloud: bob asks, ada approves."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from policies.document import statement, text
from rehearsal.actions import Conclusion, RunResult, machine
from rehearsal.actions.concurrency import Groups
from tests.workflows import sources
from tests.workflows.calling import WHOLE_RUNS
from tests.workflows.registry import DOMAIN, PLACE, PROJECT, LocalCloud, workflow_ref

PROMOTE = "promote-package.yml"


def publish(
    cloud: LocalCloud,
    folder: Path,
    name: str,
    content: str = "module.exports = 1\n",
    version: str = "1.0.0",
    dependencies: dict[str, str] | None = None,
    **inputs: str,
) -> str:
    """Publish a version and return its revision."""
    source = sources.npm(folder, f"@acme-payments/{name}", version, content=content, dependencies=dependencies)
    result = cloud.run("publish-package.yml", {"format": "npm", **inputs}, source=source)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    return json.loads(result.outputs["packages"])[0]["revision"]


def promote(cloud: LocalCloud, name: str, revision: str, *, approved: bool = True, called_as: str = "", **inputs: Any) -> RunResult:
    asked = {"format": "npm", "package": f"@acme-payments/{name}", "version": "1.0.0", "revision": revision, **inputs}
    approvers = ["ada"] if approved else []
    return cloud.run(PROMOTE, asked, event="workflow_dispatch", approve_by=approvers, called_as=called_as)


def shared(cloud: LocalCloud, name: str) -> dict[str, str]:
    return cloud.versions("shared", "npm", name, "acme-payments")


@pytest.fixture(scope="module")
def revision(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The revision of a published version, @acme-payments/reviewed 1.0.0."""
    return publish(cloud, tmp_path_factory.mktemp("reviewed"), "reviewed")


@WHOLE_RUNS
def test_nothing_is_copied_before_it_is_approved(cloud: LocalCloud, revision: str) -> None:
    waiting = promote(cloud, "reviewed", revision, approved=False)
    assert waiting.conclusion is Conclusion.WAITING
    assert revision in waiting.summary
    assert waiting.jobs["promote"].name == f"Promote @acme-payments/reviewed 1.0.0, revision {revision}"
    assert shared(cloud, "reviewed") == {}


@WHOLE_RUNS
def test_a_version_that_changed_since_its_review_is_not_copied(cloud: LocalCloud, revision: str) -> None:
    result = promote(cloud, "reviewed", "0" + revision[1:])
    assert result.conclusion is Conclusion.FAILURE
    assert "has changed since it was reviewed" in result.reason
    assert shared(cloud, "reviewed") == {}


@WHOLE_RUNS
def test_no_other_workflow_may_promote(cloud: LocalCloud, revision: str) -> None:
    result = promote(cloud, "reviewed", revision, called_as=workflow_ref("publish-package.yml"))
    assert "AssumeRoleWithWebIdentity" in result.output
    assert result.conclusion is Conclusion.FAILURE
    assert shared(cloud, "reviewed") == {}


@WHOLE_RUNS
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


def by_hand(cloud: LocalCloud, folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands of docs/operations.md as an administrator of the account, a role with every right."""
    iam, name = cloud.aws("iam"), "administrator"
    if name not in {one["RoleName"] for one in iam.list_roles()["Roles"]}:
        anybody = text([statement("Anybody", "sts:AssumeRole", None, principal={"AWS": PLACE.account_root_arn})])
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=anybody)
        iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=text([statement("Everything", "*", "*")]))
    session = cloud.aws("sts").assume_role(RoleArn=PLACE.role_arn("/", name), RoleSessionName="by-hand")["Credentials"]
    environment = {
        "PATH": machine.default_path(),
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_DEFAULT_REGION": PLACE.region,
        "AWS_PAGER": "",
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    return subprocess.run(["bash", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


@WHOLE_RUNS
def test_an_administrator_promotes_by_hand_as_the_page_says_and_not_without(cloud: LocalCloud, tmp_path: Path) -> None:
    revision = publish(cloud, tmp_path / "source", "by-hand")
    section = (PROJECT / "docs" / "operations.md").read_text().partition("\n## Promoting by hand\n")[2].partition("\n## ")[0]
    commands = (
        section.partition("```bash\n")[2].partition("```")[0].replace("--package sdk", "--package by-hand").replace("REVISION", revision)
    )
    copy = "aws codeartifact copy-package-versions" + commands.partition("aws codeartifact copy-package-versions")[2].partition("\n\n")[0]
    before = cloud.aws("codeartifact").get_repository_permissions_policy(domain=DOMAIN, repository="shared")["policy"]["document"]

    denied = by_hand(cloud, tmp_path, copy)
    assert "AccessDenied" in denied.stderr and shared(cloud, "by-hand") == {}
    done = by_hand(cloud, tmp_path, f"set -euo pipefail\n{commands}")
    assert done.returncode == 0, done.stderr
    assert shared(cloud, "by-hand") == {"1.0.0": "Published"}
    # Open for one principal alone, and closed again.
    opened = json.loads((tmp_path / "open.json").read_text())
    (copying,) = [one for one in opened["Statement"] if one["Sid"] == "OnlyPromotionCopies"]
    assert copying["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": [PLACE.role_arn("/", "promote"), PLACE.role_arn("/", "administrator")]}
    }
    after = cloud.aws("codeartifact").get_repository_permissions_policy(domain=DOMAIN, repository="shared")["policy"]["document"]
    assert json.loads(after) == json.loads(before)


def test_a_bad_version_is_archived_wherever_it_is_as_the_page_says(cloud: LocalCloud, tmp_path: Path) -> None:
    revision = publish(cloud, tmp_path / "source", "bad")
    assert promote(cloud, "bad", revision).conclusion is Conclusion.SUCCESS
    section = (PROJECT / "docs" / "operations.md").read_text().partition("\n## A bad version was published\n")[2].partition("\n## ")[0]
    commands = section.partition("```bash\n")[2].partition("```")[0]
    done = by_hand(cloud, tmp_path, commands.replace("--package sdk", "--package bad"))
    assert cloud.versions("payments", "npm", "bad", "acme-payments") == {"1.0.0": "Archived"}
    # Of shared only break-glass takes it; what has no such package says so.
    assert shared(cloud, "bad") == {"1.0.0": "Published"}
    refused = [line for line in done.stderr.splitlines() if "UpdatePackageVersionsStatus" in line]
    assert any("AccessDenied" in line for line in refused)
    assert all("AccessDenied" in line or "ResourceNotFoundException" in line for line in refused)


@WHOLE_RUNS
def test_a_newer_request_takes_no_pending_one_away(cloud: LocalCloud, tmp_path: Path) -> None:
    groups, asked = Groups(), {"format": "npm", "package": "@acme-payments/queued"}
    revisions = {version: publish(cloud, tmp_path / version, "queued", version=version) for version in ("1.0.0", "1.0.1", "1.0.2")}
    for version, revision in revisions.items():
        request = {**asked, "version": version, "revision": revision}
        waiting = cloud.run(PROMOTE, request, event="workflow_dispatch", groups=groups)
        assert waiting.conclusion is Conclusion.WAITING
    assert groups.cancelled == []
    # Nor does one that nobody answers hold up another.
    request = {**asked, "version": "1.0.0", "revision": revisions["1.0.0"]}
    approved = cloud.run(PROMOTE, request, event="workflow_dispatch", groups=groups, approve_by=["ada"])
    assert approved.jobs["promote"].started


@pytest.mark.parametrize(
    "changed",
    [{"package": "@acme-payments/x | y"}, {"version": "1.0.0; id"}, {"revision": "`id`"}, {"format": "swift"}],
)
def test_what_a_reviewer_reads_is_nothing_but_names(cloud: LocalCloud, changed: dict[str, str]) -> None:
    asked = {"format": "npm", "package": "@acme-payments/named", "version": "1.0.0", "revision": "abc", **changed}
    result = cloud.run(PROMOTE, asked, event="workflow_dispatch")
    assert result.conclusion is Conclusion.FAILURE
    assert result.jobs["promote"].conclusion is Conclusion.SKIPPED
    assert not result.summary


def latest(cloud: LocalCloud, name: str) -> str:
    return cloud.http("GET", "npm", f"-/package/@acme-payments/{name}/dist-tags", "shared").json().get("latest", "")


@WHOLE_RUNS
def test_a_hotfix_of_what_shared_has_is_what_is_installed(cloud: LocalCloud, tmp_path: Path) -> None:
    """2.0.0 is latest for the team, and not promoted: none of the others is latest there by now, so no tag comes along."""
    revisions = {one: publish(cloud, tmp_path / one, "lag", version=one) for one in ("1.0.0", "2.0.0", "1.0.5", "1.0.6-rc.1")}
    for version, expected in (("1.0.0", "1.0.0"), ("1.0.5", "1.0.5"), ("1.0.6-rc.1", "1.0.5"), ("1.0.0", "1.0.5")):
        result = promote(cloud, "lag", revisions[version], version=version)
        assert result.conclusion is Conclusion.SUCCESS, result.output
        assert latest(cloud, "lag") == expected
    # latest goes back where that is asked for, and a promotion of something else leaves it there.
    assert promote(cloud, "lag", revisions["1.0.0"], **{"lower-latest": True}).outputs == {"result": "unchanged"}
    assert latest(cloud, "lag") == "1.0.0"
    candidate = promote(cloud, "lag", revisions["1.0.6-rc.1"], version="1.0.6-rc.1")
    assert latest(cloud, "lag") == "1.0.0"
    assert "is 1.0.0, although 1.0.5 is there" in candidate.output


@WHOLE_RUNS
@pytest.mark.parametrize(("other", "expected"), [("1.1.0", "1.1.0"), ("1.0.1", "1.0.5")])
def test_of_two_promotions_at_once_the_higher_one_is_latest(cloud: LocalCloud, tmp_path: Path, other: str, expected: str) -> None:
    """The other one copies and sets its tag when this one has read latest, and is about to set it."""
    name = f"race-{other.replace('.', '-')}"
    revisions = {one: publish(cloud, tmp_path / one, name, version=one) for one in ("1.0.0", other, "2.0.0", "1.0.5")}
    assert promote(cloud, name, revisions["1.0.0"]).outputs == {"result": "promoted"}
    tools = tmp_path / "tools"
    tools.mkdir()
    copy = (
        f"aws codeartifact copy-package-versions --domain {DOMAIN} --region {PLACE.region} --source-repository payments "
        f"--destination-repository shared --format npm --namespace acme-payments --package {name} --versions {other} >&2"
    )
    curl = shutil.which("curl", path=machine.default_path())
    (tools / "curl").write_text(
        "#!/bin/bash\nset -e\n"
        f"if [[ $* == *dist-tags/latest* && ! -e {tools}/raced ]]; then\n"
        f"  touch {tools}/raced; {copy}; config=$(cat)\n"
        f"""  {curl} --config - "${{@//1.0.5/{other}}}" <<< "$config" >&2; exec {curl} "$@" <<< "$config"\n"""
        f'fi\nexec {curl} "$@"\n'
    )
    (tools / "curl").chmod(0o755)
    path = f"{tools}:{machine.default_path()}"
    asked = {"format": "npm", "package": f"@acme-payments/{name}", "version": "1.0.5", "revision": revisions["1.0.5"]}
    result = cloud.run(PROMOTE, asked, event="workflow_dispatch", approve_by=["ada"], path=path)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert (tools / "raced").exists()
    assert set(shared(cloud, name)) == {"1.0.0", "1.0.5", other}
    assert latest(cloud, name) == expected


@WHOLE_RUNS
def test_latest_of_shared_never_goes_back(cloud: LocalCloud, tmp_path: Path) -> None:
    revisions = {version: publish(cloud, tmp_path / version, "lines", version=version) for version in ("2.0.0", "1.0.5")}
    for version, revision in revisions.items():
        assert promote(cloud, "lines", revision, version=version).outputs == {"result": "promoted"}
        assert latest(cloud, "lines") == "2.0.0"
    # The team takes 2.0.0 back from those who install from its own repository. That is its affair, shared is everybody's.
    tagged = publish(cloud, tmp_path / "1.0.6", "lines", version="1.0.6", **{"npm-tag": "latest"})
    refused = promote(cloud, "lines", tagged, version="1.0.6")
    assert refused.conclusion is Conclusion.FAILURE
    assert "1.0.6 is latest in payments, and would be in shared, where that is 2.0.0" in refused.reason
    assert "1.0.6" not in shared(cloud, "lines")
    assert promote(cloud, "lines", tagged, version="1.0.6", **{"lower-latest": True}).outputs == {"result": "promoted"}
    assert latest(cloud, "lines") == "1.0.6"


@WHOLE_RUNS
def test_a_reviewer_sees_what_shared_lacks(cloud: LocalCloud, tmp_path: Path) -> None:
    base = publish(cloud, tmp_path / "base", "base", version="1.1.0")
    needs = {"@acme-payments/base": "^1.0.0", "public-greeting": "^1.0.0", "also-greeting": "npm:public-greeting@1.1.0"}
    needing = publish(cloud, tmp_path / "needing", "needing", dependencies=needs)
    refused = promote(cloud, "needing", needing)
    assert refused.conclusion is Conclusion.FAILURE
    assert refused.jobs["promote"].conclusion is Conclusion.SKIPPED
    assert "@acme-payments/base ^1.0.0 (not there)" in refused.reason
    assert "greeting" not in refused.reason
    assert "@acme-payments/base ^1.0.0 (not there)" in refused.summary
    waiting = promote(cloud, "needing", needing, approved=False, **{"allow-missing-dependencies": True})
    assert waiting.conclusion is Conclusion.WAITING
    assert "@acme-payments/base ^1.0.0 (not there)" in waiting.summary
    assert promote(cloud, "base", base, version="1.1.0").outputs == {"result": "promoted"}
    assert promote(cloud, "needing", needing).outputs == {"result": "promoted"}
    other = publish(cloud, tmp_path / "other", "other", dependencies={"@acme-payments/base": "^2.0.0"})
    assert "@acme-payments/base ^2.0.0 (no such version)" in promote(cloud, "other", other).reason


def test_generic_files_are_promoted(cloud: LocalCloud) -> None:
    cloud.generic("payments", "acme-payments/promoted", "1.0.0", "image.bin", b"1")
    named = {"domain": DOMAIN, "format": "generic", "namespace": "acme-payments", "package": "promoted", "packageVersion": "1.0.0"}
    described = cloud.aws("codeartifact").describe_package_version(**named, repository="payments")["packageVersion"]
    asked = {"format": "generic", "package": "acme-payments/promoted", "version": "1.0.0", "revision": described["revision"]}
    result = cloud.run(PROMOTE, asked, event="workflow_dispatch", approve_by=["ada"])
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert cloud.versions("shared", "generic", "promoted", "acme-payments") == {"1.0.0": "Published"}
