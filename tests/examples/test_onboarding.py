"""Onboarding, private dependencies and promotion: the workflows of the examples, run as they stand against the local cloud."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from policies.owned_names import Format
from rehearsal import callers
from rehearsal.actions import Conclusion, RunResult
from rehearsal.callers import EXAMPLES
from rehearsal.stage import PROJECT, Stack
from tests.rehearsal.actions.conftest import cloud  # noqa: F401  (a fixture)
from tests.rehearsal.actions.registry import LocalCloud

ONBOARDING, PRIVATE, PROMOTION = EXAMPLES / "onboarding", EXAMPLES / "private-dependencies", EXAMPLES / "promotion"
RELEASE = Path(".github", "workflows", "release.yml")


def publish(cloud: LocalCloud, folder: Path, tmp_path: Path) -> RunResult:  # noqa: F811
    """Run the workflow of an example's folder on what is in it."""
    source = shutil.copytree(folder, tmp_path / folder.name)
    # Maven's plugins are fetched into a folder of the test.
    environment = {"MAVEN_OPTS": f"-Dmaven.repo.local={tmp_path}/maven"}
    return cloud.run("publish-package.yml", callers.call(source / RELEASE, "publish"), source=source, environment=environment)


def published(result: RunResult) -> dict[str, Any]:
    """The one version that a run published."""
    if result.conclusion is Conclusion.UNAVAILABLE:
        pytest.skip(result.reason)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    (one,) = json.loads(result.outputs["packages"])
    return one


@pytest.mark.parametrize("format", Format)
def test_a_repository_is_onboarded_in_ten_lines(format: Format, cloud: LocalCloud, tmp_path: Path) -> None:  # noqa: F811
    folder = ONBOARDING / format.value
    assert len((folder / RELEASE).read_text().splitlines()) <= 10
    assert published(publish(cloud, folder, tmp_path))["version"] == "1.0.0"


def test_its_entry_in_the_catalog_is_ten_lines(tmp_path: Path) -> None:
    catalog = ONBOARDING / "catalog"
    assert len((catalog / "payments.yaml").read_text().splitlines()) <= 10
    settings = Stack("prod", PROJECT / "Pulumi.prod.yaml", catalog).settings()
    (team,) = settings.teams
    assert {one.publishes for one in team.repositories} == {(format,) for format in Format}
    packages = {"npm": "@acme-payments/money", "pypi": "acme-payments-money", "maven": "com.acme.payments:parent"}
    for format, names in team.owns.items():
        assert packages[format.value].startswith(names[0].removesuffix("*"))


def test_a_package_is_built_with_a_private_one(cloud: LocalCloud, tmp_path: Path) -> None:  # noqa: F811
    published(publish(cloud, ONBOARDING / "npm", tmp_path))
    result = publish(cloud, PRIVATE, tmp_path)
    assert published(result)["package"] == "invoice"
    assert result.jobs["dependencies"].conclusion is Conclusion.SUCCESS


def test_a_reviewed_version_is_promoted(cloud: LocalCloud, tmp_path: Path) -> None:  # noqa: F811
    reviewed = published(publish(cloud, ONBOARDING / "npm", tmp_path))
    asked = {"package": "@acme-payments/money", "version": reviewed["version"], "revision": reviewed["revision"]}
    inputs = callers.call(PROMOTION / ".github" / "workflows" / "promote.yml", "promote", inputs=asked)
    result = cloud.run("promote-package.yml", inputs, event="workflow_dispatch", approve_by=["ada"])
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert cloud.versions("shared", "npm", "money", "acme-payments") == {"1.0.0": "Published"}
