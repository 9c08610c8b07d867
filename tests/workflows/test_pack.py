"""The action pack: which version is packed, and that packing twice gives the same."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def change(source: Path, **fields: Any) -> None:
    file = source / "package.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dependencies": {"a": "^1", "b": "npm:@acme/c@1.0.0", "d": "latest", "e": ""}}, ""),
        ({"devDependencies": {"a": "workspace:^"}}, ""),
        ({"dependencies": {"a": "workspace:^"}}, "dependencies.a is workspace:^"),
        ({"dependencies": {"a": "catalog:"}}, "dependencies.a is catalog:"),
        ({"optionalDependencies": {"a": "file:../a"}}, "optionalDependencies.a is file:../a"),
        ({"peerDependencies": {"a": "link:../a"}}, "peerDependencies.a is link:../a"),
        ({"dependencies": {"a": "portal:../a", "b": "../b"}}, "dependencies.a is portal:../a, dependencies.b is ../b"),
        ({"dependencies": {"a": "git+ssh://git@github.example/a/b.git"}}, "dependencies.a is git+ssh://"),
        ({"dependencies": {"a": "acme/a"}}, "dependencies.a is acme/a"),
        ({"private": True}, '"private": true'),
        ({"private": False}, ""),
        ({"publishConfig": {"registry": "https://registry.example"}}, "publishConfig.registry"),
        ({"version": "1.0.0+build"}, "not a version: 1.0.0+build"),
    ],
)
def test_what_nobody_could_install_is_not_packed(package: Path, tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    change(package, **fields)
    result = pack(tmp_path, package)
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.reason


@pytest.mark.parametrize(
    ("asked", "project", "needs", "message"),
    [
        ("2.0.0", "", (), ""),
        ("", "", ("other>=1 ; python_version > '3'",), ""),
        ("", "", ("other @ file:///home/runner/other",), "it requires 'other @ file:///home/runner/other'"),
        ("3.0.0", 'dynamic = ["version"]', (), "packed acme-payments-packed 0.0.9, although the version asked for is 3.0.0"),
        ("0.0.9.0", 'dynamic = ["version"]', (), ""),
        ("", 'dynamic = ["version"]', (), ""),
    ],
)
def test_a_wheel_has_the_version_asked_for(tmp_path: Path, asked: str, project: str, needs: tuple[str, ...], message: str) -> None:
    source = sources.pypi(tmp_path / "package", "acme-payments-packed", "0.0.9", dependencies=needs)
    if project:
        # The version is the back end's own.
        manifest = source / "pyproject.toml"
        manifest.write_text(manifest.read_text().replace('version = "0.0.9"', project))
        backend = source / "backend.py"
        backend.write_text(backend.read_text().replace('project["version"]', '"0.0.9"', 1).replace("project['version']", "'0.0.9'"))
    result = pack(tmp_path, source, asked, "pypi")
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.output


MODEL = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>{}</project>'
ROOT = "<groupId>a</groupId><artifactId>root</artifactId><version>1</version><packaging>pom</packaging>"
PARENT = "<parent><groupId>a</groupId><artifactId>{}</artifactId><version>{}</version></parent><artifactId>b</artifactId>"


def needing(version: str) -> str:
    return (
        f"<dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>{version}</version></dependency></dependencies>"
    )


@pytest.mark.parametrize(
    ("root", "module", "message"),
    [
        ("", PARENT.format("root", "1"), ""),
        (
            "",
            PARENT.format("root", "${revision}"),
            "its parent's version is ${revision}, which only this build knows: give the input version",
        ),
        ("<name>x</name>", "<groupId>a</groupId><artifactId>b</artifactId><version>${revision}</version>", "its version is ${revision}"),
        ("", PARENT.format("root", "1") + needing("${project.version}"), ""),
        ("<properties><y>2</y></properties>", PARENT.format("root", "1") + needing("${y}"), ""),
        ("", PARENT.format("root", "1") + needing("${y}"), "no POM defines ${y} of its dependency x:y"),
        ("", PARENT.format("elsewhere", "1") + needing("${y}"), ""),
        ("", PARENT.format("root", "1") + needing("1-SNAPSHOT"), "it needs x:y 1-SNAPSHOT, which changes"),
        ("", PARENT.format("elsewhere", "1-SNAPSHOT"), "it needs a:elsewhere 1-SNAPSHOT"),
        (f"<dependencyManagement>{needing('${y}')}</dependencyManagement>", PARENT.format("root", "1"), "no POM defines ${y}"),
    ],
)
def test_a_pom_that_nobody_else_can_read_is_refused(tmp_path: Path, root: str, module: str, message: str) -> None:
    (tmp_path / "root.pom").write_text(MODEL.format(ROOT + root))
    (tmp_path / "b.pom").write_text(MODEL.format(module))
    script = PROJECT / ".github" / "actions" / "pack" / "poms.py"
    ended = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False)
    assert ended.returncode == bool(message), ended.stderr
    assert message in ended.stderr


def test_a_snapshot_is_refused_before_its_layout(tmp_path: Path) -> None:
    """As Maven deploys one: the file has the time of the build in its name."""
    folder = tmp_path / "packed" / "com" / "acme" / "a" / "1.0.0-SNAPSHOT"
    folder.mkdir(parents=True)
    (folder / "a-1.0.0-20260101.120000-1.pom").write_text(MODEL.format(ROOT))
    where = {"domain": "acme", "domain-owner": "111122223333", "region": "eu-west-1", "repository": "payments", "token-duration": "3600"}
    result = call_action(tmp_path, "publish", {"format": "maven", "directory": str(tmp_path / "packed"), **where})
    assert result.conclusion is Conclusion.FAILURE
    assert "1.0.0-SNAPSHOT changes with every build: publish a release version" in result.reason


@pytest.mark.slow("what it refuses is tested without Maven")
@pytest.mark.parametrize(
    ("version", "asked", "message"),
    [("${revision}", "", "its version is ${revision}"), ("${revision}", "2.0.0", ""), ("1.0.0-SNAPSHOT", "", "changes with every build")],
)
def test_maven_packs_what_others_can_read(tmp_path: Path, version: str, asked: str, message: str) -> None:
    (tmp_path / "package").mkdir()
    pom = ROOT.replace("<version>1<", f"<version>{version}<") + "<properties><revision>1.0.0</revision></properties>"
    (tmp_path / "package" / "pom.xml").write_text(MODEL.format(pom))
    result = pack(tmp_path, tmp_path / "package", asked, "maven")
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.output


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
        ('[tool.poetry]\nname = "a"\nversion = "1"\n', '[tool.poetry]\nname = "a"\nversion = "2.0"\n'),
        (
            '[project]\ndynamic = ["version"]\n[tool.poetry]\nversion = "1"\n',
            '[project]\ndynamic = ["version"]\n[tool.poetry]\nversion = "2.0"\n',
        ),
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
