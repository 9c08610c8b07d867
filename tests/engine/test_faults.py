"""Calls to AWS and GitHub fail in every way while the engine makes a stack, changes it and takes it away."""

from pathlib import Path

from rehearsal.cloud.faults import Kind
from rehearsal.engine.life import living
from rehearsal.faults import SMALL
from rehearsal.faults.disturbing import CONNECTION, Figures, disturbed, undisturbed
from tests.engine.life import FOUND, needs_engine

pytestmark = needs_engine
# One life meets all kinds, which take turns; `python -m rehearsal.faults` has a life for each kind and each first call.
FIRST, EVERY = 3, 7


def folder(of: Path, name: str) -> Path:
    made = of / name
    made.mkdir()
    return made


def test_a_life_with_every_kind_of_fault_ends_as_one_without(tmp_path: Path) -> None:
    assert FOUND is not None
    ends = undisturbed(FOUND.path, folder(tmp_path, "undisturbed"), ("up", "destroy"))
    figures = Figures()
    with living(FOUND.path, SMALL, folder(tmp_path, "disturbed"), CONNECTION) as life:
        disturbed(life, list(Kind), FIRST, EVERY, ends, figures)
    print(figures.words())
    assert set(Kind) <= set(figures.hits)
    assert figures.hits.total() > 10
