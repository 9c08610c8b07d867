"""The bench: the bare program is the program's equal in what it registers, and a figure of something that did not happen is none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal import large_stack, team_stacks
from rehearsal.bench import __main__ as bench
from rehearsal.bench import measuring, recording, requests, whole
from rehearsal.bench.commands import COMMANDS, Measured
from rehearsal.bench.measuring import Row
from rehearsal.bench.requests import Requests
from rehearsal.engine import runner
from rehearsal.engine.stack import Source
from rehearsal.processes import PROJECT
from rehearsal.program.runner import Options
from rehearsal.program.stack_files import load
from rehearsal.stage import Stack
from tests.engine.life import FOUND, needs_engine

PLACE = "urn:pulumi:a::package-flow::"
STACK = {"urn": f"{PLACE}pulumi:pulumi:Stack::a", "type": "pulumi:pulumi:Stack", "custom": False, "outputs": {"domain": "acme"}}
KEY: dict[str, Any] = {
    "urn": f"{PLACE}aws:kms/key:Key::k",
    "type": "aws:kms/key:Key",
    "custom": True,
    "id": "1234",
    "inputs": {"description": "d", "__defaults": []},
    "outputs": {"arn": "arn:aws:kms:::key/1234", "keyId": "1234"},
    "provider": f"{PLACE}pulumi:providers:aws::default_7::5678",
}
ROLE: dict[str, Any] = {
    **KEY,
    "urn": f"{PLACE}aws:iam/role:Role::r",
    "type": "aws:iam/role:Role",
    "id": "r-1",
    "inputs": {"name": "r-1", "assumeRolePolicy": '{"Resource": "arn:aws:kms:::key/1234"}', "__defaults": ["name"]},
    "outputs": {},
    "dependencies": [KEY["urn"], STACK["urn"]],
    "propertyDependencies": {"assumeRolePolicy": [KEY["urn"]]},
}
DEFAULT = {"urn": f"{PLACE}pulumi:providers:aws::default_7", "type": "pulumi:providers:aws", "custom": True}


def recorded(folder: Path, *state: dict[str, Any]) -> dict[str, Any]:
    return json.loads((recording.write(state, folder / "recorded") / "recorded.json").read_text())


def test_a_bare_program_has_the_inputs_and_takes_what_is_known_late_from_where_it_comes(tmp_path: Path) -> None:
    found = recorded(tmp_path, STACK, DEFAULT, KEY, ROLE)
    assert found["outputs"] == {"domain": "acme"}
    key, role = found["resources"]
    assert key["inputs"] == {"description": "d"}
    # A name that the provider chose is none of its inputs; the longest text that comes from the other is taken from there.
    assert role["inputs"] == {"assumeRolePolicy": ROLE["inputs"]["assumeRolePolicy"]}
    assert role["references"] == {"assumeRolePolicy": [[KEY["urn"], "arn", "arn:aws:kms:::key/1234"]]}
    assert role["dependencies"] == [STACK["urn"]]


def test_a_secret_is_refused(tmp_path: Path) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    with pytest.raises(ValueError, match="a secret"):
        recorded(tmp_path, STACK, {**KEY, "inputs": {"description": secret}})


@pytest.mark.parametrize(("command", "changed", "failed"), [("up", 0, ""), ("second up", 1, ""), ("up", 1, "refused"), ("preview", 0, "")])
def test_no_figure_of_what_did_not_happen(command: str, changed: int, failed: str) -> None:
    row = Row("dev", 1, "bare", command, Measured(changed=changed, failed=failed))
    with pytest.raises(RuntimeError, match=f"dev, bare, {command}: "):
        measuring.checked(row)
    good = replace(row, measured=Measured(changed=int(command != "second up")))
    assert measuring.checked(good) is good


def test_ratios_are_of_the_bare_program() -> None:
    rows = [Row("40", 40, "package-flow", "up", Measured(3.0, 1.0, 1.0)), Row("40", 40, "bare", "up", Measured(2.0, 0.5, 0.5))]
    assert list(bench.ratios(rows)) == ["40 up: 1.50 of the bare program's seconds, 2.00 of its CPU seconds"]


@pytest.mark.parametrize("name", ["0", "nothing", "-1"])
def test_what_is_no_stack_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--", name])
    assert f"got {name!r}; expected a stack of the project" in capsys.readouterr().err


@needs_engine
@pytest.mark.slow("make bench runs it")
def test_both_programs_come_to_the_same(tmp_path: Path) -> None:
    assert FOUND is not None
    rows = list(measuring.measure(FOUND.path, "4", tmp_path))
    assert [(row.program, row.command) for row in rows] == [(one, command) for one in ("package-flow", "bare") for command in COMMANDS]
    assert len({row.measured.resources for row in rows if row.command != "preview"}) == 1
    assert all(row.measured.program > 0 and row.measured.engine > 0 for row in rows)


# --- what fits in some minutes, requests, whole commands --------------------------------------------------------------------------------


def test_larger_stacks_are_measured_in_part() -> None:
    assert [measuring.commands_of(one) for one in (10, 100, 300, 1_000)] == [COMMANDS, COMMANDS, COMMANDS[:2], COMMANDS[:1]]
    assert [*bench.STACKS] == ["10", "100", "300", "1000"]


def asked(*methods: str, path: str = "/repos/acme/a/x") -> list[dict[str, Any]]:
    return [{"method": method, "path": path} for method in methods]


def test_requests_before_the_first_write_are_the_look_ups() -> None:
    made = [*asked("GET", path="/rate_limit"), *asked("GET", "GET", "GET", "POST", "GET", "PUT")]
    # The last read before it is the provider's, of the repository that it writes to; what asks for the limit is not counted.
    assert requests.split("repository", 2, made, 3) == Requests("repository", 2, look_ups=2, reads=2, writes=2, unchanged=3)
    of_organization = asked("GET", "POST", path="/orgs/acme/rulesets")
    assert requests.split("organization", 2, of_organization, 3) == Requests("organization", 2, 1, 0, 1, 3)
    assert requests.split("repository", 1, asked("GET"), 1) == Requests("repository", 1, 1, 0, 0, 1)


def test_hours_are_of_githubs_published_limits() -> None:
    hours = Requests("repository", 10, look_ups=40, reads=170, writes=90, unchanged=10).hours(10_000)
    assert hours == {
        "all requests, token": 60.0,
        "all requests, App": 24.0,
        "writes, 80 a minute": 18.8,
        "writes, 500 an hour": 180.0,
        "unchanged preview, token": 2.0,
        "unchanged preview, App": 0.8,
    }


def test_requests_are_counted_in_both_scopes(tmp_path: Path) -> None:
    one, other = (requests.count(tmp_path / scope, scope, 4) for scope in requests.SCOPES)
    assert one.writes > other.writes > 0 and one.look_ups > one.unchanged
    assert "organization" in list(requests.lines([one, other]))[-1]


def test_a_command_that_fails_has_no_figure() -> None:
    assert whole.run("x", ("-c", "raise SystemExit(2)")).name == "x"
    with pytest.raises(RuntimeError, match="x: status 1: why"):
        whole.run("x", ("-c", "raise SystemExit('why')"))


@pytest.mark.parametrize("more", [{"scope": "organization"}, {"team_stacks": True}, {}])
def test_every_kind_of_large_stack_is_one_that_settings_accept(tmp_path: Path, more: dict[str, Any]) -> None:
    file, catalog = large_stack.write(tmp_path, 45, **more)
    configured = Stack(large_stack.STACK, file, catalog).settings()
    assert len(configured.repositories) == 45
    stacks = team_stacks.names(configured)
    assert sorted(stacks) == ([f"large-team-{number}" for number in range(3)] if more.get("team_stacks") else [])
    own = [team_stacks.settings_of(Stack(large_stack.STACK, file, catalog), name) for name in stacks]
    assert all(one.team_stack for one in own)


def test_a_state_that_nobody_keeps_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lives, in which stops are tried, have theirs written at each step."""
    options = Options(
        directory=PROJECT,
        stack_file=PROJECT / "Pulumi.dev.yaml",
        stack="dev",
        cloud_url="http://127.0.0.1:9",
        github_url="http://127.0.0.1:9",
        overrides={},
        environment={},
    )
    assert runner.source(options, load(PROJECT, options.stack_file, "dev")).environment == {}

    def stopped(command: Path, folder: Path, source: Source) -> None:
        raise RuntimeError(json.dumps(dict(source.environment)))

    monkeypatch.setattr(runner, "EngineStack", stopped)
    with pytest.raises(RuntimeError, match=r'\{"PULUMI_SKIP_CHECKPOINTS": "true"\}'):
        runner.run(tmp_path / "pulumi", tmp_path, options, lambda event: None)
