"""`python -m access`, as a person starts it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from access import review
from access.__main__ import main
from tests.access.stacks import ROOT, recorded


def test_page_and_markdown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--output", str(tmp_path)]) == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["dev.html", "dev.md"]
    assert capsys.readouterr().out.split() == [str(tmp_path / "dev.html"), str(tmp_path / "dev.md")]


def test_resources_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "resources.json"
    file.write_text(json.dumps(recorded("prod")))
    assert main(["--resources", str(file), "--output", str(tmp_path)]) == 0
    assert "# Access review: prod" in (tmp_path / "prod.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stack", "nowhere"], "there is no Pulumi.nowhere.yaml"),
        (["--stack", "dev", "--base", "no-such-revision"], "--base no-such-revision: "),
        (["--resources", "/nonexistent.json"], "/nonexistent.json"),
    ],
)
def test_what_stops_it_is_said(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--output", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert said in captured.err and "Traceback" not in captured.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["--base", "main", "--catalog", "x"], ["--resources", "x", "--stack", "dev"], ["--config", "dev.yaml"]]
)
def test_options_that_exclude_each_other(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "error" in capsys.readouterr().err


def test_what_it_writes_by_itself_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default folder ignores itself; another one is left as it is."""
    assert review.OUTPUT.parent == ROOT
    monkeypatch.setattr(review, "OUTPUT", tmp_path / "default")
    for folder in (tmp_path / "default", tmp_path / "other"):
        review.write(recorded("dev"), folder)
        assert (folder / ".gitignore").exists() is (folder.name == "default")
        assert (folder / "dev.html").exists()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own with the program as it is here, committed; the review's project."""
    project = tmp_path / "project"
    kept = (
        "__main__.py",
        "Pulumi.yaml",
        "Pulumi.dev.yaml",
        "lookups.py",
        "outputs.py",
        "settings.py",
        "wiring.py",
        "catalog",
        "components",
    )
    for name in (*kept, "configuration", "policies"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            project.mkdir(exist_ok=True)
            shutil.copy(source, project / name)
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@acme.example"]
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "Base"]):
        subprocess.run(["git", "-C", str(project), *command], check=True, capture_output=True)
    recorder = project / "access" / "recorder.py"
    recorder.parent.mkdir()
    shutil.copy(ROOT / "access" / "recorder.py", recorder)
    monkeypatch.setattr(review, "PROJECT", project)
    return project


def test_one_word_of_a_trust_policy_since_a_revision(checkout: Path, tmp_path: Path) -> None:
    """Policies of both sides are computed anew; the change is in the working copy, as in a pull request before it is committed."""
    trust = checkout / "policies" / "trust.py"
    trust.write_text(trust.read_text().replace('equals["job_workflow_ref"] = workflow', 'equals["job_workflow_ref"] = f"{workflow}x"'))
    assert main(["--stack", "dev", "--base", "HEAD", "--output", str(tmp_path / "out")]) == 0
    changes = (tmp_path / "out" / "dev-changes.md").read_text()
    assert "## Takes away" in changes and "## Grants" not in changes
    assert "payments-api-pilot: release branch main: publish, release branch release/*: publish: publish payments" in changes
    assert "trust policy of role dev-publish-payments-api-pilot: Release (other words)" in changes
    assert '"base":"HEAD"' in (tmp_path / "out" / "dev.html").read_text()
    status = subprocess.run(["git", "-C", str(checkout), "worktree", "list"], capture_output=True, text=True, check=True)
    assert len(status.stdout.splitlines()) == 1, "nothing is left in the repository"


def test_nothing_since_a_revision(checkout: Path, tmp_path: Path) -> None:
    assert main(["--stack", "dev", "--base", "HEAD", "--output", str(tmp_path / "out")]) == 0
    assert "Nothing." in (tmp_path / "out" / "dev-changes.md").read_text()
