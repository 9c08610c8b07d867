"""Calls to AWS and GitHub fail in every way while the engine makes a stack, changes it and takes it away."""

from collections import Counter
from pathlib import Path

import pytest

from rehearsal.cloud.faults import Kind
from rehearsal.engine.life import living
from rehearsal.faults import SMALL
from rehearsal.faults import __main__ as command
from rehearsal.faults.disturbing import CONNECTION, Disturbance, Figures, Outcome, disturbed, undisturbed
from tests.engine.life import FOUND, needs_engine

pytestmark = needs_engine
# One life meets all kinds, which take turns; `python -m rehearsal.faults` has a life for each kind and each first call.
FIRST, EVERY = 3, 7


def folder(of: Path, name: str) -> Path:
    made = of / name
    made.mkdir()
    return made


@pytest.mark.slow("make faults has a life for each kind of fault; tests/rehearsal/cloud shows each kind")
def test_a_life_with_every_kind_of_fault_ends_as_one_without(tmp_path: Path) -> None:
    assert FOUND is not None
    ends = undisturbed(FOUND.path, folder(tmp_path, "undisturbed"), ("up", "destroy"))
    figures = Figures()
    with living(FOUND.path, SMALL, folder(tmp_path, "disturbed"), CONNECTION) as life:
        disturbed(life, list(Kind), FIRST, EVERY, ends, figures)
    print(figures.words())
    assert set(Kind) <= set(figures.hits)
    assert figures.hits.total() > 10


def test_lives_that_are_done_are_kept_and_broken_ones_are_tried_again(tmp_path: Path) -> None:
    figures = Figures(Counter({"timeout": 2}), 3, Counter({"pulumi state delete": 1}), 4.5)
    done = Outcome(Disturbance("timeout", 1, 5), figures)
    broken = Outcome(Disturbance("conflict", 1, 5), Figures(), "another end")
    file = tmp_path / "outcomes.jsonl"
    assert command.kept(file) == command.kept(None) == []
    file.write_text("".join(f"{command.line(one)}\n" for one in (done, broken)))
    assert command.kept(file) == [done]
    assert broken.words() == "BROKEN conflict from call 1 on: another end"
