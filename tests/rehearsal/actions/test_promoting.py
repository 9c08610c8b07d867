"""promote-package.yml against the local cloud: bob asks, ada approves."""

import json
import subprocess
from pathlib import Path

import pytest

from policies.document import statement, text
from rehearsal.actions import Conclusion, RunResult, machine
from tests.rehearsal.actions import sources
from tests.rehearsal.actions.registry import DOMAIN, PLACE, PROJECT, LocalCloud, workflow_ref

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
