"""The examples' workflows pass the linters that this project's own pass."""

import shutil
from pathlib import Path

import pytest

from rehearsal.callers import EXAMPLES
from tests.workflows.test_linters import lint

REPOSITORIES = sorted(folder.parent for folder in EXAMPLES.rglob(".github"))


def test_every_workflow_of_the_examples_belongs_to_a_repository() -> None:
    workflows = {file for folder in REPOSITORIES for file in (folder / ".github" / "workflows").glob("*.yml")}
    assert len(REPOSITORIES) >= 9
    assert workflows == {file for file in EXAMPLES.rglob("*.yml") if file.parent.name == "workflows"}


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda folder: str(folder.relative_to(EXAMPLES)))
def test_actionlint(repository: Path, tmp_path: Path) -> None:
    # As a repository of its own, in which ./.github is its own.
    copy = shutil.copytree(repository / ".github", tmp_path / ".github")
    (tmp_path / ".git").mkdir()
    lint("actionlint", *map(str, sorted((copy / "workflows").glob("*.yml"))))


def test_zizmor() -> None:
    lint("zizmor", "--offline", "--no-progress", "--config", "tests/workflows/zizmor.yml", *(str(one / ".github") for one in REPOSITORIES))
