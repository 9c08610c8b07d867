"""`python -m settings check` says what `pulumi preview` says, and needs nothing else. A commit hook runs it."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from company import places
from settings import __main__ as command
from settings import load
from settings.parsing import SettingsError, of_stack
from tests.settings.builders import ROOT

CONFIG = ROOT / ".pre-commit-config.yaml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that are checked."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    return tmp_path


def run(root: Path, *words: str) -> int:
    return command.main(["check", "--root", str(root), *words])


def test_good_files_have_no_problems(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(checkout) == 0
    assert capsys.readouterr().out == "dev, prod: no problems\n"


def test_the_problems_are_those_of_preview_of_every_stack_at_once(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for stack in ("dev", "prod"):
        file = checkout / "catalog" / stack / "payments.yaml"
        file.write_text(file.read_text().replace("release_managers:", "release_manager:"))
    said = []
    for stack in ("dev", "prod"):
        with pytest.raises(SettingsError) as refused:
            of_stack(checkout, stack)
        said += [str(one) for one in refused.value.problems]
    assert run(checkout) == 1
    written = capsys.readouterr()
    first, *lines = written.err.splitlines()
    assert written.out == ""
    assert lines == [f"  {one}" for one in said]
    assert first == f"{len(said)} problems in the configuration; nothing was changed:"
    assert len({line.split("/")[1] for line in lines}) == 2
    assert load.__module__ == of_stack.__module__ == "settings.parsing"


def test_one_stack_can_be_checked(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "catalog" / "dev" / "payments.yaml").write_text("team: payment\n")
    assert run(checkout, "--stack", "prod") == 0
    assert run(checkout, "--stack", "dev") == 1
    assert "catalog/dev/payments.yaml: team: got 'payment'" in capsys.readouterr().err


def test_no_stack_file_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 2
    assert "expected Pulumi.STACK.yaml" in capsys.readouterr().err


def test_it_starts_without_the_sdk() -> None:
    """Which takes seconds to import."""
    script = "import sys, settings.__main__ as command; command.main(['check']); sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={}, stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_the_commit_hook_runs_it_for_every_file_that_it_reads() -> None:
    (hook,) = yaml.safe_load(CONFIG.read_text())["repos"][0]["hooks"]
    program, *arguments = shlex.split(hook["entry"])
    assert (program, arguments) == ("venv/bin/python", ["-m", "settings", "check"])
    assert not hook["pass_filenames"]
    read = [name for name in places.data(ROOT) if name.startswith(("Pulumi.", "catalog/"))]
    assert len(read) > 5
    assert all(re.search(hook["files"], name) for name in [*read, "Pulumi.yaml", "adopted/prod.json"])
    assert not re.search(hook["files"], "settings/shapes.py")
