"""What GitHub, Dependabot, editors and `pulumi new` read of this repository names what is there."""

import json
import re
from pathlib import Path

import pytest
import yaml

from bootstrap.declaration import CODE_OWNERS
from settings import read_project_file
from settings.shapes import ProviderShape, keys_of
from tests.docs.pages import ROOT

GITHUB = ROOT / ".github"
DEPENDABOT = yaml.safe_load((GITHUB / "dependabot.yml").read_text())
MANIFESTS = {"pip": "requirements.txt", "gomod": "go.mod", "npm": "package-lock.json", "github-actions": "action.yml"}
# Examples that tests run with a registry of their own.
OTHERS = re.compile(r"^(venv|\.engine|\.clients|\.site|examples/(?!consumer)|.*node_modules)")


@pytest.mark.parametrize("ecosystem", MANIFESTS)
def test_dependabot_looks_at_every_pin(ecosystem: str) -> None:
    (update,) = [one for one in DEPENDABOT["updates"] if one["package-ecosystem"] == ecosystem]
    found = {
        file.parent for pattern in update["directories"] for file in ROOT.glob(f"{pattern.strip('/')}/{MANIFESTS[ecosystem]}".strip("/"))
    }
    every = {file.parent for file in ROOT.rglob(MANIFESTS[ecosystem]) if not OTHERS.match(file.relative_to(ROOT).as_posix())}
    assert found == every
    assert all((ROOT / one.strip("/")).is_dir() for one in update["directories"] if "*" not in one)


def test_the_code_owners_sample_names_every_team_of_the_catalog() -> None:
    lines = [line.split() for line in (GITHUB / "CODEOWNERS.example").read_text().splitlines() if line and not line.startswith("#")]
    assert CODE_OWNERS[0] == ".github/CODEOWNERS"
    assert lines[0] == ["*", "@acme/platform"]
    assert {path for path, *_ in lines[1:]} == {f"/catalog/*/{file.name}" for file in ROOT.glob("catalog/*/*.yaml")}
    assert all("@acme/platform" in owners for _, *owners in lines)


@pytest.mark.parametrize("file", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda file: file.stem)
def test_an_issue_template_is_one(file: Path) -> None:
    """https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms"""
    template = yaml.safe_load(file.read_text())
    if file.stem == "config":
        assert template["contact_links"]
        return
    assert template["name"] and template["description"]
    asked = [one for one in template["body"] if one["type"] != "markdown"]
    assert len({one["id"] for one in asked}) == len(asked) > 0
    assert all(one["attributes"]["label"] for one in asked)


def test_the_dev_container_has_what_make_needs() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    makefile = (ROOT / "Makefile").read_text()
    python = re.search(r"^PYTHON \?= python([\d.]+)$", makefile, re.MULTILINE)
    go = re.search(r"^go (\d+\.\d+)", (ROOT / "rehearsal" / "engine" / "cli" / "go.mod").read_text(), re.MULTILINE)
    node = re.search(r'node-version: "(\d+)"', (GITHUB / "workflows" / "checks.yml").read_text())
    assert python and go and node
    assert container["image"].endswith(f":{python[1]}")
    assert [one["version"] for one in container["features"].values()] == [node[1], go[1]]
    assert container["postCreateCommand"] == "make venv/.installed"
    assert "INSTALLED := $(VENV)/.installed" in makefile


def test_pulumi_new_asks_for_keys_that_there_are() -> None:
    template = read_project_file(ROOT)["template"]
    assert set(template["config"]) <= set(keys_of(ProviderShape))
    assert all(one["description"] for one in template["config"].values())
    assert "docs/first-deployment.md" in template["quickstart"]
