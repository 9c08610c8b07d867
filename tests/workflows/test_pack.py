"""The action pack: which version is packed, and that packing twice gives the same."""

import hashlib
import importlib.util
import json
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


def lock(folder: Path, **entry: object) -> Path:
    source = sources.npm(folder / "source", "@acme-payments/user", "1.0.0", dependencies={"b": "1.0.0"})
    sources.npm_lock(source, **entry)
    return source


def fetch(folder: Path, source: Path, format: str, **inputs: str) -> RunResult:
    return call_action(folder, "dependencies", {"format": format, "destination": str(folder / "archive.tar"), **inputs}, source=source)


@pytest.mark.parametrize("entry", [{"resolved": "git+ssh://git@github.example/a/b.git#0123"}, {"resolved": "file:../b"}, {"link": True}])
def test_npm_dependencies_from_elsewhere_are_not_fetched(tmp_path: Path, entry: dict[str, object]) -> None:
    result = fetch(tmp_path, lock(tmp_path, **entry), "npm")
    assert "do not come from the registry: node_modules/b" in result.reason


def test_npm_workspaces_are_not_fetched(tmp_path: Path) -> None:
    source = lock(tmp_path)
    manifest = json.loads((source / "package.json").read_text())
    (source / "package.json").write_text(json.dumps({**manifest, "workspaces": ["a"]}))
    assert "workspaces" in fetch(tmp_path, source, "npm").reason


@pytest.mark.parametrize(
    "requirement",
    [
        "--index-url https://registry.example/simple/",
        "-e .",
        "./local",
        "a @ https://registry.example/a.whl",
        "git+https://registry.example/a.git",
        "a==1 --config-settings=x=y",
        "a==1 \\\n  --global-option=x",
    ],
)
def test_requirements_that_could_run_code_are_not_fetched(tmp_path: Path, requirement: str) -> None:
    source = sources.pypi(tmp_path / "source", "acme-payments-user", "1.0.0")
    (source / "requirements.txt").write_text(f"a==1\n{requirement}\n")
    assert "not a plain requirement" in fetch(tmp_path, source, "pypi").reason


@pytest.mark.parametrize("artifact", ["a:b", "a:b:1 -Dx=y", "a:b:1:jar", "-Dx:y:1;id"])
def test_maven_artifacts_are_coordinates(tmp_path: Path, artifact: str) -> None:
    (tmp_path / "source").mkdir()
    result = fetch(tmp_path, tmp_path / "source", "maven", **{"maven-dependencies": artifact})
    assert "not GROUP:ARTIFACT:VERSION" in result.reason
