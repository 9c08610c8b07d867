"""What a drift check says of the engine's event log."""

import json

import pytest

from bootstrap import drift

SUMMARY = {"summaryEvent": {"resourceChanges": {}}}


def event(operation: str, type: str, name: str, *keys: str) -> dict:
    urn = f"urn:pulumi:prod::package-flow::package-flow:index:Repository${type}::{name}"
    return {"resOutputsEvent": {"metadata": {"op": operation, "urn": urn, "diffs": list(keys) or None}}}


def checked(tmp_path, capsys, *events: dict) -> tuple[int, str]:
    log = tmp_path / "events.jsonl"
    log.write_text("".join(f"{json.dumps(one)}\n" for one in events))
    return drift.main("prod", log), capsys.readouterr().out


RULESET, VARIABLE = "github:index/repositoryRuleset:RepositoryRuleset", "github:index/actionsVariable:ActionsVariable"


@pytest.mark.parametrize(
    "seen",
    [
        event("same", VARIABLE, "x"),
        event("refresh", VARIABLE, "x"),
        event("update", "package-flow:index:Team", "x"),
        event("update", "pulumi:providers:aws", "identity-center", "assumeRoles"),
        event("update", RULESET, "x-create-1", "bypassActors"),
    ],
)
def test_what_a_reader_always_sees_changed_is_left_out(tmp_path, capsys, seen):
    assert checked(tmp_path, capsys, seen, SUMMARY) == (0, "### prod\n\nAWS and GitHub have what was deployed.\n\n")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (event("update", VARIABLE, "x", "value"), "| `ActionsVariable` | `x` | changed | value |"),
        (event("delete", VARIABLE, "x"), "| `ActionsVariable` | `x` | is gone |  |"),
        (
            event("update", RULESET, "x", "bypassActors", "rules"),
            "| `RepositoryRuleset` | `x` | changed | bypassActors, rules |",
        ),
        (event("delete", RULESET, "x"), "| `RepositoryRuleset` | `x` | is gone |  |"),
        (event("update", VARIABLE, "x", "bypassActors"), "| `ActionsVariable` | `x` | changed | bypassActors |"),
    ],
)
def test_what_somebody_changed_is_named(tmp_path, capsys, found, line):
    status, said = checked(tmp_path, capsys, found, SUMMARY)
    assert status == 1 and line in said.splitlines()


def test_a_comparison_that_broke_off_found_nothing_and_is_no_success(tmp_path, capsys):
    assert checked(tmp_path, capsys, event("same", VARIABLE, "x"))[0] == 2
    assert drift.main("prod", tmp_path / "none.jsonl") == 2
