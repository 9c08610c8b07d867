"""The action pack: which version is packed, and that packing twice gives the same."""

import hashlib
import importlib.util
import subprocess
from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from tests.rehearsal.actions import sources
from tests.workflows.calling import PROJECT, call_action


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bob", "-c", "user.email=bob@acme.example", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An npm package under version control."""
    folder = sources.npm(tmp_path / "package", "@acme-payments/packed", "0.1.0")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def pack(folder: Path, source: Path, version: str = "", format: str = "npm", name: str = "packed") -> RunResult:
    inputs = {"format": format, "version": version, "destination": str(folder / name)}
    return call_action(folder, "pack", inputs, source=source)


@pytest.mark.parametrize(
    ("tags", "asked", "version"),
    [
        ([], "", "0.1.0"),
        ([], "2.1.0", "2.1.0"),
        (["v3.2.1", "note"], "tag", "3.2.1"),
        (["3.2.1-rc.1"], "tag", "3.2.1-rc.1"),
        (["note"], "tag", None),
        (["v4.0.0", "4.0.1"], "tag", None),
        ([], "$(id)", None),
        ([], "-1", None),
    ],
)
def test_the_version_is_the_manifests_an_input_or_the_tags(
    package: Path, tmp_path: Path, tags: list[str], asked: str, version: str | None
) -> None:
    for tag in tags:
        git(package, "tag", tag)
    result = pack(tmp_path, package, asked)
    packed = [one.name for one in (tmp_path / "packed").glob("*")]
    if version is None:
        assert result.conclusion is Conclusion.FAILURE
        assert "version" in result.reason
        assert not packed
    else:
        assert result.conclusion is Conclusion.SUCCESS, result.output
        assert packed == [f"acme-payments-packed-{version}.tgz"]


def test_packing_twice_gives_the_same(package: Path, tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        assert pack(tmp_path, package, name=name).conclusion is Conclusion.SUCCESS
        (file,) = (tmp_path / name).iterdir()
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("format", ["npm", "pypi", "maven"])
def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path, format: str) -> None:
    (tmp_path / "empty").mkdir()
    result = pack(tmp_path, tmp_path / "empty", format=format)
    assert result.conclusion is Conclusion.FAILURE
    assert "there is no p" in result.reason


spec = importlib.util.spec_from_file_location("set_version", PROJECT / ".github" / "actions" / "pack" / "set_version.py")
assert spec is not None
assert spec.loader is not None
set_version = importlib.util.module_from_spec(spec)
spec.loader.exec_module(set_version)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[project]\nname = "a"\nversion = "1"\n', '[project]\nname = "a"\nversion = "2.0"\n'),
        (
            '[tool.x]\nversion = "9"\n[project]\nversion="1"\n[tool.y]\nversion = "8"\n',
            '[tool.x]\nversion = "9"\n[project]\nversion="2.0"\n[tool.y]\nversion = "8"\n',
        ),
        ("[project]\nversion = '1' # now\n", '[project]\nversion = "2.0" # now\n'),
        ('[project]\nname = "a"\ndynamic = ["version"]\n', '[project]\nname = "a"\ndynamic = ["version"]\n'),
    ],
)
def test_a_pyproject_gets_its_version(before: str, after: str) -> None:
    assert set_version.set_version(before, "2.0") == after


@pytest.mark.parametrize(
    "text", ['[project]\nname = "a"\n', '[tool.x]\nversion = "1"\n', 'project = {version = "1"}\n', '[project]\nversion = """1"""\n']
)
def test_a_pyproject_without_a_version_to_replace_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="version"):
        set_version.set_version(text, "2.0")
