"""The bench: the bare program is the program's equal in what it registers, and a figure of something that did not happen is none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal.bench import __main__ as bench
from rehearsal.bench import measuring, recording
from rehearsal.bench.commands import COMMANDS, Measured
from rehearsal.bench.measuring import Row
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
