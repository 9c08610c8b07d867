"""Some inputs of the fuzzer in every test run. `python -m tests.fuzzing` tries as many as one likes."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.fuzzing import mutations, valid
from tests.fuzzing.generating import generate, generated
from tests.fuzzing.inputs import Input, written
from tests.fuzzing.oracle import faults
from tests.fuzzing.program import run
from tests.settings.builders import ROOT

SEED, INPUTS = 20_261, 60
quickly = hypothesis_settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def right(made: Input) -> None:
    assert faults(made, run(made)) == [], made.story


def test_inputs_of_a_fixed_seed():
    kinds = set()
    for number in range(INPUTS):
        made = generate(SEED, number)
        outcome = run(made)
        assert faults(made, outcome) == [], (number, made.story)
        kinds.add((type(outcome.error).__name__, bool(outcome.registrations)))
    assert len(kinds) >= 3, "refused as files, refused by settings or look-ups, and registered"


@quickly
@given(st.randoms(use_true_random=False))
def test_what_is_valid_by_construction_is_accepted(random: Random):
    right(written(valid.stack(random), must_be_accepted=True))


@quickly
@given(st.randoms(use_true_random=False))
def test_hostile_answers(random: Random):
    right(mutations.hostile(random, written(mutations.small())))


@quickly
@given(st.randoms(use_true_random=False))
def test_anything_else(random: Random):
    right(generated(random))


def test_the_same_seed_gives_the_same_inputs():
    assert [generate(7, number) for number in range(30)] == [generate(7, number) for number in range(30)]
    assert [generate(7, number) for number in range(5)] != [generate(8, number) for number in range(5)]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_shipped_stacks_are_accepted(stack):
    made = written(mutations.shipped(stack), must_be_accepted=True)
    outcome = run(made)
    assert outcome.error is None
    assert faults(made, outcome) == []


# --- the command ------------------------------------------------------------------------------------------------------------------------


def _fuzzing(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tests.fuzzing", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command(tmp_path: Path):
    done = _fuzzing("--inputs", "3", "--seed", "1", "--failing", str(tmp_path / "failing"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("3 inputs (seed 1): ")
    assert not (tmp_path / "failing").exists()


def test_a_stack_that_is_asked_for_is_what_is_changed():
    assert {made.stack_file for made in (generate(1, number, "dev") for number in range(4))} >= {"Pulumi.dev.yaml"}
    assert any(json.dumps(made.story) != "[]" for made in (generate(1, number, "prod") for number in range(4)))
