"""The program under Pulumi's own engine, where there is one: `pulumi` on PATH, and providers for aws and github attached to it.

Providers are attached by PULUMI_DEBUG_PROVIDERS (`aws:PORT,github:PORT`): real ones would change a real account. They must know the
catalogs' repositories and teams. The state is kept in a folder of the test's own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
_LEFT_OUT = shutil.ignore_patterns(".git", "venv", "__pycache__", ".*_cache", ".hypothesis", "tests", "docs", "rehearsal", "examples")
_ATTACHED = os.environ.get("PULUMI_DEBUG_PROVIDERS", "")
_PASSED_ON = ("PATH", "HOME", "LANG", "PULUMI_HOME")

pytestmark = [
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="pulumi is not on PATH"),
    pytest.mark.skipif(not _ATTACHED, reason="no provider is attached (PULUMI_DEBUG_PROVIDERS)"),
]
Pulumi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pulumi(tmp_path: Path) -> Pulumi:
    program = tmp_path / "program"
    shutil.copytree(PROJECT, program, ignore=_LEFT_OUT)
    (program / "venv").symlink_to(Path(sys.prefix))
    (tmp_path / "state").mkdir()
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {
        "PULUMI_DEBUG_PROVIDERS": _ATTACHED,
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "GITHUB_TOKEN": "test",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"], cwd=program, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_preview_runs_without_warnings(pulumi: Pulumi, stack: str) -> None:
    pulumi("stack", "init", stack)
    done = pulumi("preview", "--stack", stack)
    assert "warning" not in (done.stdout + done.stderr).lower()


def test_a_second_up_changes_nothing_and_destroy_leaves_nothing(pulumi: Pulumi) -> None:
    pulumi("stack", "init", "dev")
    up = ("up", "--stack", "dev", "--yes", "--skip-preview")
    pulumi(*up)
    pulumi(*up, "--expect-no-changes")
    pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    exported = json.loads(pulumi("stack", "export", "--stack", "dev").stdout)
    assert [one for one in exported["deployment"].get("resources", []) if not one["type"].startswith("pulumi:")] == []
