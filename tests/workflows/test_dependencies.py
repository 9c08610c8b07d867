"""The action dependencies: lists of names and versions are fetched, and nothing that could run code beside the job's token."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions import Conclusion, RunResult, machine
from tests.workflows import sources
from tests.workflows.calling import PROJECT, call_action

ACTION = PROJECT / ".github" / "actions" / "dependencies"
GIT = "git+ssh://git@github.example/a/b.git#0123"
# Says that it was called, and with what: what comes this far was let through.
FETCHING = '#!/bin/sh\n[ "$1 $2" = \'config get\' ] && exec echo https://registry.example/npm/payments/\necho "fetches: $*"\n'


def lock(folder: Path, **entry: object) -> Path:
    source = sources.npm(folder / "source", "@acme-payments/user", "1.0.0", dependencies={"b": "1.0.0"})
    sources.npm_lock(source, **entry)
    return source


def change(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def fetch(folder: Path, source: Path, format: str, **inputs: str) -> RunResult:
    """Call the action where npm and Python are programs that only say so."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("npm", "python"):
        tool = tools / name
        tool.write_text(FETCHING)
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    asked = {"format": format, "destination": str(folder / "archive.tar"), **inputs}
    return call_action(folder, "dependencies", asked, source=source, path=os.pathsep.join([str(tools), machine.default_path()]))


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ({}, True),
        ({"resolved": "https://registry.example/npm/payments/b/-/b-1.0.0.tgz"}, True),
        ({"resolved": "https://registry.npmjs.org/b/-/b-1.0.0.tgz"}, True),
        ({"resolved": "https://registry.example/npm/paymentsb/-/b-1.0.0.tgz"}, False),
        ({"resolved": "https://registry.npmjs.org/../b.git#0123"}, False),
        ({"resolved": "https://github.com/a/b.git"}, False),
        ({"resolved": GIT}, False),
        ({"resolved": "file:../b"}, False),
        ({"link": True}, False),
        ({"_resolved": GIT}, False),
        ({"version": GIT}, False),
        ({"name": "@acme/b"}, True),
        ({"name": "b@git+https:", "version": "1"}, False),
        ({"dependencies": {"c": "^1.0.0 || 2.x", "d": "npm:@acme/e@^1"}}, True),
        ({"dependencies": {"c": GIT}}, False),
        ({"optionalDependencies": {"c": "a/b"}}, False),
        ({"peerDependencies": {"c": "https://github.com/a/b"}}, False),
        ({"dependencies": {"d": "npm:e@file:x"}}, False),
    ],
)
def test_npm_dependencies_from_elsewhere_are_not_fetched(tmp_path: Path, entry: dict[str, object], allowed: bool) -> None:
    result = fetch(tmp_path, lock(tmp_path, **entry), "npm")
    assert ("fetches: ci --ignore-scripts --git=/bin/false" in result.output) is allowed, result.output
    assert result.conclusion is (Conclusion.SUCCESS if allowed else Conclusion.FAILURE)
    assert allowed or "do not come from the registry" in result.reason


@pytest.mark.parametrize(
    ("file", "fields", "message"),
    [
        ("package.json", {"workspaces": ["a"]}, "workspaces"),
        ("package.json", {"dependencies": {"b": "1.0.0", "c": GIT}}, "registry: " + GIT),
        ("package.json", {"devDependencies": {"c": "file:../c"}}, "registry: file:../c"),
        ("package.json", {"devDependencies": {"c": "^1.0.0"}}, ""),
        ("package.json", {"overrides": {"b": {"c": GIT}}}, "registry: " + GIT),
        ("package.json", {"overrides": {"b": {"c": "$b"}}}, ""),
        ("package-lock.json", {"lockfileVersion": 1}, "older than npm 7"),
        ("package-lock.json", {"packages": None}, "older than npm 7"),
        ("package-lock.json", {"lockfileVersion": 2, "dependencies": {"b": {"version": "1.0.0"}}}, ""),
    ],
)
def test_npm_files_that_are_not_fetched(tmp_path: Path, file: str, fields: dict[str, Any], message: str) -> None:
    source = lock(tmp_path)
    change(source / file, **fields)
    result = fetch(tmp_path, source, "npm")
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.reason


@pytest.mark.parametrize("call", ["spawn('true')", "spawnSync('true')", "execFile('true')", "execSync('true')", "fork('x.js')"])
def test_npm_starts_no_program(call: str) -> None:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        program = f"const {{ {call.partition('(')[0]} }} = require('child_process'); {call}"
        return subprocess.run(["node", *options, "-e", program], capture_output=True, text=True, check=False)

    assert "no program is started" not in run().stderr
    refused = run("--require", str(ACTION / "no-programs.cjs"))
    assert refused.returncode
    assert "no program is started while dependencies are fetched" in refused.stderr


HASH = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("requirement", "allowed"),
    [
        ("b", True),
        ("b[c, d] >=1.0, <2", True),
        (f"b==1.0 ; python_version >= \"3.8\" and sys_platform == 'linux' {HASH}", True),
        (f"b==1.0 \\\n    {HASH} \\\n    {HASH}  # why", True),
        ("b==1.0\r", True),
        ("--index-url https://registry.example/simple/", False),
        ("-e .", False),
        ("./local", False),
        ("b @ https://registry.example/b.whl", False),
        ("git+https://registry.example/b.git", False),
        ("b==1 --config-settings=x=y", False),
        ("b==1 \\\n  --global-option=x", False),
        ("b>=--no-binary=b", False),
        ("b== --no-binary b", False),
        ("b[c --no-binary b]", False),
        *((f"b==1; python_version>'3'{blank}--no-binary=:all:", False) for blank in (" ", "\t", "\f", "\v", "\u2028", "\r", "\x85")),
    ],
)
def test_requirements_that_could_run_code_are_not_fetched(tmp_path: Path, requirement: str, allowed: bool) -> None:
    source = sources.pypi(tmp_path / "source", "acme-payments-user", "1.0.0")
    (source / "requirements.txt").write_bytes(f"a\n{requirement}\n".encode())
    result = fetch(tmp_path, source, "pypi")
    assert (" download --quiet --disable-pip-version-check --only-binary :all: " in result.output) is allowed, result.output
    assert allowed or "not a plain requirement" in result.reason


@pytest.mark.parametrize("way", ["subprocess.run(['true'])", "os.system('true')", "os.posix_spawn('/bin/true', ['true'], {})", "os.fork()"])
def test_pip_starts_no_program(tmp_path: Path, way: str) -> None:
    """With a pip that does nothing else."""
    (tmp_path / "pip.py").write_text(f"import os, subprocess\n{way}\n")

    def run(*program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *program], cwd=tmp_path, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False
        )

    assert run("-m", "pip").returncode == 0
    assert "no program is started while dependencies are fetched" in run(str(ACTION / "pip_download.py")).stderr


def test_a_wheel_can_not_have_pip_build_something(tmp_path: Path) -> None:
    """A wheel's metadata names a source archive, whose build back end says that it ran."""
    evil, wheels, ran = sources.pypi(tmp_path / "evil", "evil", "1.0"), tmp_path / "wheels", tmp_path / "ran"
    backend = evil / "backend.py"
    backend.write_text(f"open({str(ran)!r}, 'w').close()\n{backend.read_text()}")
    with tarfile.open(tmp_path / "evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(evil, "evil-1.0")
    wheels.mkdir()
    for name, needs in (("named", (f"evil @ file://{tmp_path}/evil-1.0.tar.gz",)), ("plain", ())):
        project = sources.pypi(tmp_path / name, name, "1.0", dependencies=needs)
        build = [sys.executable, "-c", f"import backend; backend.build_wheel({str(wheels)!r})"]
        subprocess.run(build, cwd=project, check=True, capture_output=True)

    def download(name: str, *pip: str) -> subprocess.CompletedProcess[str]:
        options = ("download", "--no-index", "--find-links", str(wheels), "--only-binary", ":all:", "--dest", str(tmp_path / "to"), name)
        return subprocess.run([sys.executable, *pip, *options], cwd=tmp_path, capture_output=True, text=True, check=False)

    plain = download("plain", str(ACTION / "pip_download.py"))
    assert plain.returncode == 0, plain.stderr
    refused = download("named", str(ACTION / "pip_download.py"))
    assert "no program is started while dependencies are fetched" in refused.stderr
    assert not ran.exists()
    download("named", "-m", "pip")
    assert ran.exists()


def test_a_lock_file_can_not_have_npm_prepare_a_git_dependency(tmp_path: Path) -> None:
    """npm prepares a git dependency by a second npm, which reads the dependency's own settings: which git to run for one of its own."""
    inner, outer, ran = tmp_path / "inner", tmp_path / "outer", tmp_path / "ran"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
    evil.chmod(evil.stat().st_mode | stat.S_IXUSR)
    for folder, more in ((inner, {}), (outer, {"scripts": {"prepare": "true"}, "devDependencies": {"y": f"git+file://{inner}"}})):
        folder.mkdir()
        (folder / "package.json").write_text(json.dumps({"name": folder.name, "version": "1.0.0", **more}))
    (outer / ".npmrc").write_text(f"git={evil}\n")
    commit = _commit(outer)
    source = sources.npm(tmp_path / "source", "@acme-payments/user", "1.0.0", dependencies={"outer": f"git+file://{outer}#{commit}"})
    sources.npm_lock(source, resolved=f"git+file://{outer}#{commit}", version="1.0.0")

    def ci(**environment: str) -> None:
        home = {"HOME": str(tmp_path / "home"), "PATH": machine.default_path(), "npm_config_registry": "http://127.0.0.1:9/"}
        # The setting git is another than fetch.sh's here: what holds npm back is that it starts no program.
        command = ["npm", "ci", "--ignore-scripts", "--fetch-retries=0", "--no-audit", "--no-fund"]
        ended = subprocess.run(command, cwd=source, env={**home, **environment}, capture_output=True, text=True, check=False)
        assert ended.returncode

    ci(NODE_OPTIONS=f"--require={ACTION / 'no-programs.cjs'}")
    assert not ran.exists()
    ci()
    assert ran.exists()


def _commit(folder: Path) -> str:
    git = ["git", "-c", "user.name=bob", "-c", "user.email=bob@acme.example"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True, capture_output=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("artifact", ["a:b", "a:b:1 -Dx=y", "a:b:1:jar", "-Dx:y:1;id"])
def test_maven_artifacts_are_coordinates(tmp_path: Path, artifact: str) -> None:
    (tmp_path / "source").mkdir()
    result = fetch(tmp_path, tmp_path / "source", "maven", **{"maven-dependencies": artifact})
    assert "not GROUP:ARTIFACT:VERSION" in result.reason


@pytest.mark.parametrize(
    ("format", "file", "command"),
    [
        ("npm", "pnpm-lock.yaml", "npm install --package-lock-only"),
        ("npm", "yarn.lock", "npm install --package-lock-only"),
        ("npm", "bun.lock", "npm install --package-lock-only"),
        ("pypi", "uv.lock", "uv export --no-emit-project --output-file requirements.txt"),
        ("pypi", "poetry.lock", "poetry export --output requirements.txt"),
        ("pypi", "pdm.lock", "pdm export --no-markers --output requirements.txt"),
    ],
)
def test_another_tools_lock_file_is_refused_with_what_makes_the_one_that_is_read(
    tmp_path: Path, format: str, file: str, command: str
) -> None:
    source = lock(tmp_path)
    (source / "requirements.txt").write_text("a\n")
    (source / file).write_text("")
    assert fetch(tmp_path, source, format).conclusion is Conclusion.SUCCESS, "beside the one that is read it does no harm"
    for name in ("package-lock.json", "requirements.txt"):
        (source / name).unlink()
    refused = fetch(tmp_path, source, format)
    assert f"{file} is not read here: run '{command}'" in refused.reason


def test_what_uv_exports_is_read(tmp_path: Path) -> None:
    """Against a folder in the place of an index, so that the lock file has hashes."""
    uv = shutil.which("uv", path=machine.default_path())
    if uv is None:
        pytest.skip("uv is not on PATH")
    wheels, source = tmp_path / "wheels", tmp_path / "app"
    wheels.mkdir()
    project = sources.pypi(tmp_path / "plain", "plain", "1.0")
    subprocess.run([sys.executable, "-c", f"import backend; backend.build_wheel({str(wheels)!r})"], cwd=project, check=True)
    source.mkdir()
    text = '[project]\nname = "app"\nversion = "1.0.0"\nrequires-python = ">=3.11"\ndependencies = ["plain"]\n'
    (source / "pyproject.toml").write_text(f"{text}[tool.uv]\nno-index = true\nfind-links = [{json.dumps(str(wheels))}]\n")
    for command in (["lock"], ["export", "--no-emit-project", "--output-file", "requirements.txt"]):
        subprocess.run(
            [uv, *command], cwd=source, env={"PATH": machine.default_path(), "HOME": str(tmp_path)}, check=True, capture_output=True
        )
    assert "plain==1.0" in (source / "requirements.txt").read_text()
    result = fetch(tmp_path, source, "pypi")
    assert result.conclusion is Conclusion.SUCCESS, result.output


def test_a_workspaces_member_gets_a_lock_file_of_its_own(tmp_path: Path) -> None:
    """By the command that the refusal names."""
    member = tmp_path / "packages" / "ui"
    member.mkdir(parents=True)
    (tmp_path / "package.json").write_text('{"name": "root", "private": true, "workspaces": ["packages/*"]}')
    (member / "package.json").write_text('{"name": "ui", "version": "1.0.0"}')
    environment = {"HOME": str(tmp_path), "PATH": machine.default_path()}
    command = ["npm", "install", "--package-lock-only", "--workspaces=false"]
    subprocess.run(command, cwd=member, env=environment, check=True, capture_output=True)
    assert json.loads((member / "package-lock.json").read_text())["packages"].keys() == {""}
    result = fetch(tmp_path, member, "npm")
    assert result.conclusion is Conclusion.SUCCESS, result.output
