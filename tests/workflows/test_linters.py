"""Linters of others, where they are installed (actionlint is a Go program: CONTRIBUTING says how to get it)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.calling import PROJECT

GITHUB = PROJECT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCRIPTS = sorted((GITHUB / "actions").rglob("*.sh"))


def lint(*command: str) -> None:
    beside = Path(sys.executable).parent / command[0]
    found = str(beside) if beside.is_file() else shutil.which(command[0])
    if found is None:
        pytest.skip(f"{command[0]} is not installed")
    ended = subprocess.run([found, *command[1:]], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_actionlint() -> None:
    lint("actionlint", *map(str, WORKFLOWS))


def test_zizmor() -> None:
    lint("zizmor", "--offline", "--no-progress", "--config", "tests/workflows/zizmor.yml", str(GITHUB))


def test_shellcheck() -> None:
    lint("shellcheck", "-x", "-P", "SCRIPTDIR", *map(str, SCRIPTS))
