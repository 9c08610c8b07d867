"""Faults in the life of the small stack: what is absorbed and mended, and that a defect shows."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rehearsal.processes import scrubbed
from tests.rehearsal.faults.lives import SAMPLE

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def lives() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.rehearsal.faults.lives"]
    done = subprocess.run(command, cwd=PROJECT, env=scrubbed(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def only_case(lives: dict[str, Any], name: str) -> dict[str, Any]:
    (case,) = lives[name]
    return case


def test_a_sample_of_faults_is_absorbed_or_mended(lives: dict[str, Any]) -> None:
    assert all(count > 50 for count in lives["calls"].values()), lives["calls"]
    endings = Counter(case["ending"] for case in lives["sample"])
    assert sum(endings.values()) == SAMPLE
    assert not [case for case in lives["sample"] if case["ending"] == "broken"]
    assert endings["absorbed"] and endings["mended"]


def test_what_a_lost_response_leaves_is_dealt_with_by_a_step_that_is_told(lives: dict[str, Any]) -> None:
    case = only_case(lives, "none")
    assert (case["ending"], case["problems"]) == ("by-hand", [])
    (step,) = case["steps"]
    assert step.startswith("removed after a lost response: the key ") and "schedule-key-deletion" in step


def test_something_doubled_shows(lives: dict[str, Any]) -> None:
    case = only_case(lives, "nobody looks for keys")
    assert case["ending"] == "broken" and case["steps"] == []
    assert any(line.startswith("in the cloud: + kms.keys") for line in case["problems"])


def test_an_outage_is_mended_by_running_again(lives: dict[str, Any]) -> None:
    case = only_case(lives, "nothing is lost")
    assert (case["ending"], case["steps"], case["problems"]) == ("mended", [], [])
    assert "InternalServerException" in case["error"]


def test_a_lost_record_shows(lives: dict[str, Any]) -> None:
    case = only_case(lives, "a record is lost")
    assert case["ending"] == "broken"
    assert "a step by hand, although the call was not carried out" in case["problems"]


def test_an_error_that_does_not_say_where_it_is_shows(lives: dict[str, Any]) -> None:
    case = only_case(lives, "no line")
    assert case["ending"] == "broken" and any(line.startswith("an error without a line") for line in case["problems"])
