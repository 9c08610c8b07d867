"""Some inputs of the fuzzer in every test run. `python -m tests.fuzzing` tries as many as one likes."""

from pathlib import Path

import pytest
from hypothesis import given, seed, settings

from tests.fuzzing import mutations
from tests.fuzzing.__main__ import main
from tests.fuzzing.generating import anything, hostile_answers, unhurried, valid_by_construction
from tests.fuzzing.inputs import Input, written
from tests.fuzzing.oracle import faults
from tests.fuzzing.program import Outcome, run

# How many are tried, and how many with --all.
SEED, INPUTS, MORE = 20_261, 20, 100
quickly = settings(unhurried, max_examples=4)


def right(made: Input) -> Outcome:
    outcome = run(made)
    assert faults(made, outcome) == [], made.story
    return outcome


def test_inputs_of_a_fixed_seed(pytestconfig: pytest.Config):
    kinds = set()

    @seed(SEED)
    @settings(unhurried, max_examples=MORE if pytestconfig.getoption("--all") else INPUTS)
    @given(anything())
    def comes_out_right(made: Input) -> None:
        outcome = right(made)
        kinds.add((type(outcome.error).__name__, bool(outcome.registrations)))

    comes_out_right()
    assert len(kinds) >= 3, "refused as files, refused by settings or look-ups, and registered"


@quickly
@given(valid_by_construction())
def test_what_is_valid_by_construction_is_accepted(made: Input):
    assert right(made).error is None


@quickly
@given(hostile_answers())
def test_hostile_answers(made: Input):
    right(made)


@quickly
@given(anything())
def test_anything_else(made: Input):
    right(made)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_shipped_stacks_are_accepted(stack):
    assert right(written(mutations.shipped(stack), must_be_accepted=True)).error is None


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--inputs", "3", "--seed", "1", "--stack", "dev", "--failing", str(tmp_path / "failing")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("3 inputs (seed 1): ") and "all came out right" in told
    assert not (tmp_path / "failing").exists()
