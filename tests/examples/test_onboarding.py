"""Onboarding, private dependencies and promotion: the workflows of the examples, run as they stand against the local cloud."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from policies.owned_names import Format
from rehearsal import callers, onboarding
from rehearsal.actions import Conclusion, RunResult
from rehearsal.callers import EXAMPLES
from rehearsal.onboarding import ONBOARDING, RELEASE
from rehearsal.packages import Package
from rehearsal.processes import has_cargo
from rehearsal.stage import PROJECT, Stack
from tests.rehearsal.cloud.codeartifact.test_nuget import nupkg
from tests.workflows.registry import LocalCloud

PRIVATE, PROMOTION = EXAMPLES / "private-dependencies", EXAMPLES / "promotion"


def publish(cloud: LocalCloud, folder: Path, tmp_path: Path) -> RunResult:
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


REHEARSED = pytest.mark.slow("the rehearsal publishes these files, and promotes")


@pytest.fixture(scope="module")
def money(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The npm package of the example, published."""
    return published(publish(cloud, ONBOARDING / "npm", tmp_path_factory.mktemp("money")))


@REHEARSED
def test_an_npm_package_is_published(money: dict[str, Any]) -> None:
    assert (money["namespace"], money["package"], money["version"]) == ("acme-payments", "money", "1.0.0")


def test_a_release_by_tag_is_ten_lines_and_differs_in_its_trigger() -> None:
    by_tag = (onboarding.BY_TAG / RELEASE).read_text()
    assert len(by_tag.splitlines()) <= 10
    assert by_tag.splitlines()[0] == "on:"
    assert by_tag.splitlines()[2:] == (ONBOARDING / "npm" / RELEASE).read_text().splitlines()[2:]
    assert callers.call(onboarding.BY_TAG / RELEASE, "publish") == onboarding.inputs(ONBOARDING / "npm")


@REHEARSED
@pytest.mark.parametrize(("format", "package"), [("pypi", "acme-payments-money"), ("maven", "parent")])
def test_the_others_are_published(format: str, package: str, cloud: LocalCloud, tmp_path: Path) -> None:
    one = published(publish(cloud, ONBOARDING / format, tmp_path))
    assert (one["package"], one["version"], one["result"]) == (package, "1.0.0", "published")


@pytest.mark.parametrize(
    ("format", "package"),
    [("generic", "rates"), pytest.param("cargo", "acme-payments-money", marks=pytest.mark.slow("the rehearsal publishes these files"))],
)
def test_more_formats_are_published(format: str, package: str, cloud: LocalCloud, tmp_path: Path) -> None:
    if format == "cargo" and not has_cargo():
        pytest.skip("there is no cargo that runs")
    one = published(publish(cloud, ONBOARDING / format, tmp_path))
    assert (one["package"], one["version"], one["result"]) == (package, "1.0.0", "published")


def test_a_nuget_package_is_published(cloud: LocalCloud, tmp_path: Path) -> None:
    """With what dotnet pack would have made in its place: there is no dotnet on every machine."""
    source = shutil.copytree(ONBOARDING / "nuget", tmp_path / "nuget")
    (source / "made.nupkg").write_bytes(nupkg("Acme.Payments.Money", "1.0.0"))
    inputs = callers.call(source / RELEASE, "publish")
    assert inputs["build-command"] == "dotnet pack --output out"
    inputs["build-command"] = "mkdir out && cp made.nupkg out/Acme.Payments.Money.1.0.0.nupkg"
    one = published(cloud.run("publish-package.yml", inputs, source=source))
    assert (one["package"], one["version"], one["result"]) == ("acme.payments.money", "1.0.0", "published")


@pytest.mark.parametrize("format", Format)
def test_a_workflow_is_ten_lines(format: Format) -> None:
    assert len((ONBOARDING / format.value / RELEASE).read_text().splitlines()) <= 10


@pytest.mark.parametrize(
    ("package", "manifest", "written"),
    [
        (Package(Format.NPM, "@acme-identity/other", "2.0.0"), "package.json", ['"name": "@acme-identity/other"', '"version": "2.0.0"']),
        (Package(Format.CARGO, "acme-identity-other", "2.0.0"), "Cargo.toml", ['name = "acme-identity-other"', 'version = "2.0.0"']),
        (Package(Format.GENERIC, "acme-identity/other", "2.0.0"), str(RELEASE), ["package: acme-identity/other", "version: 2.0.0"]),
        (Package(Format.PYPI, "acme-identity-other", "2.0.0"), "pyproject.toml", ['name = "acme-identity-other"', 'version = "2.0.0"']),
        (
            Package(Format.MAVEN, "com.acme.platform:other", "2.0.0"),
            "pom.xml",
            ["<groupId>com.acme.platform</groupId>", "<artifactId>other</artifactId>", "<version>2.0.0</version>"],
        ),
    ],
    ids=["npm", "cargo", "generic", "pypi", "maven"],
)
def test_the_rehearsal_publishes_it_under_names_of_its_catalog(package: Package, manifest: str, written: list[str], tmp_path: Path) -> None:
    folder = onboarding.source(tmp_path / "source", package)
    text = (folder / manifest).read_text()
    assert all(one in text for one in written), text
    example = onboarding.PACKAGES[package.format]
    assert not any(part in text for part in example.name.split(":"))
    said = {"package": package.name, "version": package.version} if package.format is Format.GENERIC else {}
    assert onboarding.inputs(folder) == {**onboarding.inputs(ONBOARDING / package.format.value), **said}


@pytest.mark.parametrize(
    ("folder", "formats"),
    [("catalog", [Format.NPM, Format.PYPI, Format.MAVEN]), ("catalog-more", [Format.CARGO, Format.NUGET, Format.GENERIC])],
)
def test_an_entry_in_the_catalog_is_ten_lines(folder: str, formats: list[Format]) -> None:
    catalog = ONBOARDING / folder
    assert len((catalog / "payments.yaml").read_text().splitlines()) <= 10
    settings = Stack("prod", PROJECT / "Pulumi.prod.yaml", catalog).settings()
    (team,) = settings.teams
    assert [one.publishes for one in team.repositories] == [(format,) for format in formats]
    for format, names in team.owns.items():
        assert onboarding.PACKAGES[format].name.lower().startswith(names[0].text.removesuffix("*"))


@REHEARSED
def test_a_package_is_built_with_a_private_one(money: dict[str, Any], cloud: LocalCloud, tmp_path: Path) -> None:
    result = publish(cloud, PRIVATE, tmp_path)
    assert published(result)["package"] == "invoice"
    assert result.jobs["dependencies"].conclusion is Conclusion.SUCCESS


@REHEARSED
def test_a_reviewed_version_is_promoted(money: dict[str, Any], cloud: LocalCloud) -> None:
    asked = {"package": "@acme-payments/money", "version": money["version"], "revision": money["revision"]}
    inputs = callers.call(PROMOTION / ".github" / "workflows" / "promote.yml", "promote", inputs=asked)
    result = cloud.run("promote-package.yml", inputs, event="workflow_dispatch", approve_by=["ada"])
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert cloud.versions("shared", "npm", "money", "acme-payments") == {"1.0.0": "Published"}
