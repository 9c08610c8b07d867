"""The Markdown: stable line by line, so that a pull request shows what changes and no more."""

import difflib
from dataclasses import replace

import pytest

from access import markdown, matrix
from access.provisioned import Provisioned
from tests.access.stacks import STACKS, provisioned_stack


def text(stack: Provisioned) -> str:
    return markdown.render(matrix.build(stack))


@pytest.mark.parametrize("stack", STACKS)
def test_it_is_the_same_every_time(stack: str) -> None:
    assert text(provisioned_stack(stack)) == text(provisioned_stack(stack))


def test_it_does_not_depend_on_ids() -> None:
    """Ids follow from names where nothing is provisioned: they are in no line."""
    stack = provisioned_stack("dev")
    assert not [one for one in stack.consumers if str(one.id) in text(stack) or str(one.owner_id) in text(stack)]


def test_a_new_repository_adds_its_own_lines_alone() -> None:
    stack = provisioned_stack("prod")
    added = replace(stack.consumers[0], name="zz-new", id=77_000_000_000)
    before, after = text(stack).splitlines(), text(replace(stack, consumers=(*stack.consumers, added))).splitlines()
    changed = [line for line in difflib.ndiff(before, after) if line.startswith(("+ ", "- "))]
    assert "+ ### zz-new" in changed
    assert not [line for line in changed if line.startswith("- ")]


@pytest.mark.parametrize("stack", STACKS)
def test_it_has_every_row_and_says_who_writes(stack: str) -> None:
    built = matrix.build(provisioned_stack(stack))
    lines = markdown.render(built).splitlines()
    for row in built.rows:
        assert any(line.startswith((f"| {row.label} (", f"| {row.label} |")) for line in lines), row
    writers = "\n".join(lines).partition("## Who changes packages")[2].partition("\n## ")[0]
    assert "pull request" not in writers
    assert "release branch main: publish | publish | payments" in writers


@pytest.mark.parametrize("stack", STACKS)
def test_a_forks_pull_request_has_no_token_by_default(stack: str) -> None:
    """A private repository can choose to send write tokens to forks; what comes from the fork itself is another row."""
    row = next(one for one in markdown.render(matrix.build(provisioned_stack(stack))).splitlines() if "fork's pull request" in one)
    assert "(GitHub gives it no token, unless the repository sends write tokens to forks, as private ones can) | nothing |" in row


def test_a_bar_in_a_cell_stays_in_it() -> None:
    assert markdown.table(("one", "two"), [("a|b", "c")])[-1] == "| a\\|b | c |"
