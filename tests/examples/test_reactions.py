"""Reactions to a new version: the scripts of the example, run with a stand-in for the GitHub CLI."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rehearsal import callers
from rehearsal.actions import definitions
from rehearsal.actions.expressions import Declared, Scope, evaluate
from rehearsal.callers import EXAMPLES
from rehearsal.stage import PROJECT

PUBLISHER, DEPENDENT = (EXAMPLES / "reactions" / name / ".github" / "workflows" for name in ("publisher", "dependent"))
# Answers `gh pr list` from a file, and writes down how it was called, a JSON list a line, with its standard input last.
GH = """#!/usr/bin/env python3
import json, os, sys
arguments = sys.argv[1:]
given = sys.stdin.read() if "--input" in arguments else ""
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([*arguments, given]) + "\\n")
if arguments[:2] == ["pr", "list"]:
    print(os.environ["OPEN"])
"""


def job(file: Path, name: str) -> dict[str, Any]:
    return definitions.read(file)["jobs"][name]


def script(file: Path, name: str, step: str) -> str:
    """What a step runs."""
    return next(one["run"] for one in job(file, name)["steps"] if one["name"] == step)


class Machine:
    """Where a step's script runs: a folder, and a `gh` that writes its calls down."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._calls = folder / "workspace", folder / "calls"
        self.folder.mkdir()
        self._calls.write_text("")
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        self._environment = {"PATH": path, "HOME": str(folder), "CALLS": str(self._calls), "OPEN": "0"}

    def run(self, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
        merged = {**self._environment, **environment}
        return subprocess.run(command, cwd=self.folder, env=merged, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self._calls.read_text().splitlines()]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- the publisher ------------------------------------------------------------------------------------------------------------------------


def test_each_dependent_is_told_once(machine: Machine) -> None:
    text = script(PUBLISHER / "announce.yml", "announce", "Send repository_dispatch")
    ended = machine.run(text, OWNER="acme", DEPENDENTS="storefront-web, storefront-e2e", PACKAGE="@acme-payments/money", VERSION='1.1.0"}')
    assert ended.returncode == 0, ended.stderr
    told = {call[3]: json.loads(call[-1]) for call in machine.calls}
    # A quote in a version does not change what is sent.
    sent = {"event_type": "package-published", "client_payload": {"package": "@acme-payments/money", "version": '1.1.0"}'}}
    assert told == {f"repos/acme/{name}/dispatches": sent for name in ("storefront-web", "storefront-e2e")}


@pytest.mark.parametrize(("result", "announced"), [("published", True), ("unchanged", False)])
def test_a_publication_is_announced_if_it_is_news(result: str, announced: bool) -> None:
    packages = json.dumps([{"namespace": "acme-payments", "package": "money", "version": "1.1.0", "revision": "r", "result": result}])
    needs = {"publish": {"outputs": {"packages": packages}}}
    release = PUBLISHER / "release.yml"
    assert evaluate_condition(release, needs) is announced
    given = job(release, "announce")["with"]
    assert given["package"] == "@acme-payments/money"
    version = evaluate("fromJSON(needs.publish.outputs.packages)[0].version", Scope({"needs": needs}))
    assert (given["version"], version) == ("${{ fromJSON(needs.publish.outputs.packages)[0].version }}", "1.1.0")


@pytest.mark.parametrize(("result", "announced"), [("promoted", True), ("unchanged", False)])
def test_a_promotion_is_announced_if_it_is_news(result: str, announced: bool) -> None:
    assert evaluate_condition(PUBLISHER / "promote.yml", {"promote": {"outputs": {"result": result}}}) is announced


def evaluate_condition(file: Path, needs: dict[str, Any]) -> bool:
    return bool(evaluate(job(file, "announce")["if"], Scope({"needs": Declared("needs", needs)})))


@pytest.mark.parametrize(("file", "called"), [("release.yml", "publish"), ("promote.yml", "promote")])
def test_the_callers_pass_what_the_workflows_take(file: str, called: str) -> None:
    asked = {"version": "1.1.0", "revision": "abc="}
    given = callers.call(PUBLISHER / file, called, inputs=asked)
    workflow = definitions.workflow(PROJECT / ".github" / "workflows" / f"{called}-package.yml")
    assert definitions.workflow_inputs(workflow, given)["format"] == "npm"
    announce = definitions.workflow(PUBLISHER / "announce.yml")
    assert set(job(PUBLISHER / file, "announce")["with"]) == set(announce["on"]["workflow_call"]["inputs"])


# --- the dependent ------------------------------------------------------------------------------------------------------------------------


def test_it_listens_for_what_is_sent() -> None:
    assert definitions.read(DEPENDENT / "update.yml")["on"]["repository_dispatch"] == {"types": ["package-published"]}


@pytest.mark.parametrize(
    ("package", "version", "accepted"),
    [
        ("@acme-payments/money", "1.1.0", True),
        ("@acme-payments/money", "latest", True),
        ("@acme-payments/other", "1.1.0", False),
        ("@acme-payments/money", "1.1.0 --registry=https://registry.example", False),
        ("@acme-payments/money", "npm:other@1.0.0", False),
        ("--registry=https://registry.example", "1.1.0", False),
    ],
)
def test_only_a_version_of_a_dependency_is_taken(machine: Machine, package: str, version: str, accepted: bool) -> None:
    (machine.folder / "package.json").write_text(json.dumps({"dependencies": {"@acme-payments/money": "1.0.0"}}))
    ended = machine.run(script(DEPENDENT / "update.yml", "update", "Check what is announced"), PACKAGE=package, VERSION=version)
    assert (ended.returncode == 0) is accepted, ended.stdout


@pytest.fixture
def repository(machine: Machine, tmp_path: Path) -> Path:
    """A checkout of a dependent, with a remote; the remote."""
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(machine.folder, "init", "--quiet", "--initial-branch", "main")
    write(machine, "1.0.0")
    git(machine.folder, "add", ".")
    git(machine.folder, "-c", "user.name=a", "-c", "user.email=a@acme.example", "commit", "--quiet", "--message", "first")
    git(machine.folder, "remote", "add", "origin", str(remote))
    return remote


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def write(machine: Machine, version: str) -> None:
    """What npm install leaves."""
    for file in ("package.json", "package-lock.json"):
        (machine.folder / file).write_text(json.dumps({"dependencies": {"@acme-payments/money": version}}))


def propose(machine: Machine, opened: str) -> list[list[str]]:
    text = script(DEPENDENT / "update.yml", "update", "Propose it")
    ended = machine.run(text, PACKAGE="@acme-payments/money", VERSION="latest", APP="updater", OPEN=opened)
    assert ended.returncode == 0, ended.stderr
    return machine.calls


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
@pytest.mark.parametrize(("opened", "verb"), [("0", "create"), ("1", "edit")])
def test_an_update_becomes_one_pull_request(machine: Machine, repository: Path, opened: str, verb: str) -> None:
    write(machine, "1.1.0")
    (machine.folder / "left-over.txt").write_text("not part of the update")
    calls = propose(machine, opened)
    assert [call[:2] for call in calls] == [["auth", "setup-git"], ["pr", "list"], ["pr", verb]]
    assert "Update @acme-payments/money to 1.1.0" in calls[-1]
    branch = "update/acme-payments/money"
    assert json.loads(git(repository, "show", f"{branch}:package.json"))["dependencies"] == {"@acme-payments/money": "1.1.0"}
    assert git(repository, "ls-tree", "--name-only", branch).split() == ["package-lock.json", "package.json"]
    assert git(repository, "log", "--format=%an", "-1", branch).strip() == "updater[bot]"


def test_without_a_change_nothing_is_proposed(machine: Machine, repository: Path) -> None:
    assert propose(machine, "0") == []
    assert git(repository, "branch", "--list") == ""
