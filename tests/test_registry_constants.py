"""The command that holds registry.json to the stacks, and the file itself."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

import registry_constants
from registry_constants import CONSTANTS, PROJECT, UnreadableError, constants, differences, read, text, updated

STACKS = sorted(file.name.split(".")[1] for file in PROJECT.glob("Pulumi.*.yaml"))
DOMAIN = {"name": "acme", "owner": "111122223333", "region": "eu-west-1", "arn": "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme"}
PROD = {"stack": "prod", "domain": "acme", "domainOwner": "111122223333", "region": "eu-west-1", "tokenDuration": 3600}
DEV = {**PROD, "stack": "dev", "domain": "acme-dev"}


def ran(stack: str, outputs: Any, tmp_path: Path, *options: str, listed: list[dict[str, Any]] | None = None) -> tuple[int, str]:
    """Exit status and what the command left in the file."""
    file, given = tmp_path / "registry.json", tmp_path / "outputs.json"
    file.write_text(text([PROD, DEV] if listed is None else listed))
    given.write_text(json.dumps(outputs))
    status = registry_constants.main(["--stack", stack, "--outputs", str(given), "--file", str(file), *options])
    return status, file.read_text()


def test_every_stack_and_no_other_is_listed() -> None:
    assert sorted(one["stack"] for one in read(CONSTANTS)) == STACKS
    assert CONSTANTS.read_text() == text(read(CONSTANTS))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, ""),
        ({"name": "other"}, "prod: domain: registry.json says 'acme', the stack 'other'"),
        ({"owner": "999999999999"}, "prod: domainOwner: registry.json says '111122223333', the stack '999999999999'"),
        ({"region": "eu-central-1"}, "prod: region: registry.json says 'eu-west-1', the stack 'eu-central-1'"),
    ],
)
def test_a_difference_is_named(changed: dict[str, str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = ran("prod", {"domain": {**DOMAIN, **changed}}, tmp_path)
    told = capsys.readouterr().err
    assert status == (1 if message else 0)
    assert told.splitlines()[:1] == ([message] if message else [])
    assert ("--write" in told) is bool(message)


def test_the_token_duration_is_held_to_the_stacks_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("prod", {"domain": DOMAIN}, tmp_path, listed=[PROD])[0] == 0
    assert ran("prod", {"domain": DOMAIN}, tmp_path, listed=[{**PROD, "tokenDuration": 900}])[0] == 1
    assert "tokenDuration: registry.json says 900, the stack 3600" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ([DEV], "prod: listed 0 times"),
        ([PROD, PROD], "prod: listed 2 times"),
        ([PROD, {**PROD, "stack": "dev"}], "prod: dev is listed with the same domain, account and region"),
        ([{**PROD, "acount": "1"}], "prod: acount: registry.json says '1', the stack None"),
        ([{key: value for key, value in PROD.items() if key != "region"}], "prod: region: registry.json says None"),
        ([PROD, DEV], ""),
    ],
)
def test_a_list_in_which_the_workflows_would_not_find_the_stack(listed: list[dict[str, Any]], message: str) -> None:
    found = differences(listed, constants("prod", {"domain": DOMAIN}, 3600))
    assert bool(found) is bool(message)
    assert message in "".join(found)


def test_writing_changes_the_stacks_line_alone(tmp_path: Path) -> None:
    status, written = ran("prod", {"domain": {**DOMAIN, "name": "other"}}, tmp_path, "--write")
    assert status == 0
    before, after = text([PROD, DEV]).splitlines(), written.splitlines()
    assert [line for line in after if line not in before] == [f"  {json.dumps({**PROD, 'domain': 'other'})},"]
    assert len(after) == len(before)


def test_writing_adds_a_stack_and_removes_its_doubles() -> None:
    assert updated([DEV], PROD) == [DEV, PROD]
    assert updated([PROD, DEV, {**PROD, "region": "x"}], PROD) == [PROD, DEV]


def test_writing_does_not_hide_a_stack_with_the_same_registry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("prod", {"domain": DOMAIN}, tmp_path, "--write", listed=[PROD, {**PROD, "stack": "dev"}])[0] == 1
    assert "dev is listed with the same" in capsys.readouterr().err


@pytest.mark.parametrize("outputs", [{}, {"domain": None}, {"domain": {"name": "acme"}}, [], "text"])
def test_what_is_no_stacks_output_is_said_and_nothing_is_written(outputs: Any, tmp_path: Path) -> None:
    status, written = ran("prod", outputs, tmp_path, "--write")
    assert (status, written) == (2, text([PROD, DEV]))


def test_a_stack_without_a_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("staging", {"domain": DOMAIN}, tmp_path)[0] == 2
    assert "Pulumi.staging.yaml" in capsys.readouterr().err


def test_outputs_that_are_no_json_are_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("error: no stack selected"))
    assert registry_constants.main(["--stack", "prod"]) == 2
    assert "the outputs are not JSON" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_a_file_that_is_no_list_of_constants_is_said(content: str, tmp_path: Path) -> None:
    file = tmp_path / "registry.json"
    file.write_text(content)
    with pytest.raises(UnreadableError):
        read(file)
