"""The stack that shows how the review does with many repositories."""

from pathlib import Path

import pytest

from access import matrix, review
from rehearsal import large_stack
from tests.access.stacks import ROOT


def test_it_is_a_stack_like_others_with_as_many_repositories(tmp_path: Path) -> None:
    stack_file, catalog = large_stack.write(tmp_path, 45)
    reviewed = matrix.build(review.planned(ROOT, large_stack.STACK, stack_file, catalog))
    consumers = reviewed.stack.consumers
    assert len(consumers) == 45
    assert {one.publishes for one in consumers} == {one.promotes for one in consumers} == {True, False}
    assert {one.environment for one in consumers} == {"", "packages"}
    assert {branch for one in consumers for branch in one.release_branches} == {"main", "release/*"}
    thorough = matrix.build(reviewed.stack, thorough=True)
    assert [rights for row in thorough.rows for _, rights in thorough.rights_of(row)] == [
        rights for row in reviewed.rows for _, rights in reviewed.rights_of(row)
    ]


def test_it_says_how_it_is_reviewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert large_stack.main([str(tmp_path), "--repositories", "1"]) == 0
    command = capsys.readouterr().out.split()
    assert command[:3] == ["python", "-m", "access"]
    assert Path(command[command.index("--config") + 1]).is_file() and Path(command[command.index("--catalog") + 1]).is_dir()
