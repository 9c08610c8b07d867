"""What the documentation names exists: links, files, make targets, commands and their options."""

import importlib.util
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, codes, pages, table

ALL = pages()
# Files that people make, or that stand for one of many.
OTHERS_FILES = {
    "STACK.json",
    "package.json",
    "pnpm-workspace.yaml",
    "uv.toml",
    "dependabot.yml",
    "adopted/",
    "prod.import.json",
    "prod.json",
    "prod.md",
    "deployer.json",
    "shared.json",
    "open.json",
    "app.pem",
    ".github/workflows/publish.yml",
    ".github/workflows/test.yml",
    "venv/",
    "access-review/",
    ".engine/",
    "TEAM.yaml",
    "FILE.yml",
    "Pulumi.STACK.yaml",
    "Pulumi.NAME.yaml",
    "Pulumi.prod-payments.yaml",
    "OWNER/REPOSITORY/.github/workflows/FILE.yml",
}
# Places on github.com and paths of the local cloud's port.
NO_FILES = re.compile(r"^(actions/create-github-app-token|/_\w+/|/package-flow/|acme/.*|organization/.*|o-[a-z0-9]+/.*|ORGANISATION/.*)$")
_FILE = re.compile(r"^\.?[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|yaml|yml|json|md|svg|txt|toml|sh|pem))$")


def names(page: Page) -> list[str]:
    """Inline code that reads as a file or a folder."""
    return [code for code in page.inline_code if _FILE.match(code) and not NO_FILES.match(code)]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_links_resolve(page: Page) -> None:
    for link in page.links:
        if link.startswith("https://"):
            continue
        target, _, fragment = link.partition("#")
        file = (page.path.parent / target).resolve() if target else page.path
        assert file.exists(), f"{page.name}: {link}"
        assert file.is_relative_to(ROOT), f"{page.name}: {link}"
        if fragment:
            assert fragment in Page(file).anchors, f"{page.name}: {link}"


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Page) -> None:
    for name in names(page):
        here = [folder / name for folder in (ROOT, page.path.parent)]
        # A workflow or an action of ours may be called by its name alone.
        here += [ROOT / ".github" / "workflows" / name]
        assert name in OTHERS_FILES or any(path.exists() for path in here), f"{page.name}: {name}"


def test_file_names_are_found_at_all() -> None:
    found = {name for page in ALL for name in names(page)}
    assert {"policies/roles/deployer.py", "rehearsal/scenarios/", "publish-package.yml", "Pulumi.yaml"} <= found
    assert not any((ROOT / name).exists() for name in OTHERS_FILES - {"venv/", "access-review/", ".engine/"})


# Folders that commands make.
MADE_FOLDERS = {"venv", "__pycache__", "access-review"}


def test_the_layout_has_every_folder_and_every_module_of_the_root() -> None:
    named = {code.split("/")[0] for row in table(Page(ROOT / "CONTRIBUTING.md").section("Layout")) for code in codes(row[0])}
    there = {one.name for one in ROOT.iterdir() if not one.name.startswith(".") and (one.is_dir() or one.suffix == ".py")}
    assert there - MADE_FOLDERS - named == set()


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_make_targets_that_are_named_exist() -> None:
    named = {target for page in ALL for command in page.commands for target in re.findall(r"\bmake ([a-z]+)", command)}
    assert named <= _targets(), named - _targets()
    assert {"rehearse", "test", "check", "format", "clean", "help"} <= named


@cache
def _help(module: str) -> str:
    return subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_python_modules_and_their_options_exist() -> None:
    found = set()
    for page in ALL:
        for command in page.commands:
            for module, rest in re.findall(r"python -m ([\w.]+)([^`]*)", command):
                assert importlib.util.find_spec(module), f"{page.name}: {command}"
                words = shlex.split(rest)
                if module == "rehearsal":
                    options = {word for word in words if word.startswith("--")}
                    assert all(option in _help(module) for option in options), f"{page.name}: {command}"
                    found |= options
                if module == "pytest":
                    assert all((ROOT / path).exists() for path in words if path != "--all"), f"{page.name}: {command}"
    assert {"--config", "--catalog", "--json", "--destroy"} <= found


def test_pulumi_commands_name_stacks_that_exist() -> None:
    stacks = {path.name.split(".")[1] for folder in (ROOT, ROOT / "bootstrap") for path in folder.glob("Pulumi.*.yaml")}
    named = {
        stack
        for page in ALL
        for command in page.commands
        for stack in re.findall(r"pulumi .*(?:--stack|stack init) (?:acme/)?(\w+)", command)
    }
    assert named
    assert named <= stacks


def test_contributing_sends_people_to_code_that_is_there() -> None:
    """Names of functions and constants beside a file are in that file."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    found = 0
    for name, file in re.findall(r"`(\w+)`(?: and its grammar)? in `([\w/.]+\.py)`", text):
        assert re.search(rf"^(?:def |class )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), f"{name} in {file}"
        found += 1
    assert found >= 2


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_is_one_and_speaks(picture: Path) -> None:
    root = ElementTree.parse(picture).getroot()
    space = "{http://www.w3.org/2000/svg}"
    labels = root.attrib["aria-labelledby"].split()
    texts = {one.attrib["id"]: one.text for kind in ("title", "desc") for one in root.iter(space + kind)}
    assert root.tag == f"{space}svg"
    assert all((texts[label] or "").strip() for label in labels)
    assert "prefers-color-scheme: dark" in "".join(one.text or "" for one in root.iter(f"{space}style"))


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_record_has_its_parts(record: Path) -> None:
    number = int(record.stem[:4])
    text = record.read_text()
    assert re.match(rf"# {number}\. .+\n\nStatus: (proposed|accepted|superseded)", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(path.stem[:4]) for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_breaking_changes_come_first() -> None:
    releases = re.split(r"^## \[", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert releases
    for release in releases:
        assert re.findall(r"^### (.+)$", release, re.MULTILINE)[0] == "Breaking changes", release.splitlines()[0]
