"""The tables of what the two design sources state: parts, scenarios and commands in them exist."""

import re

import pytest

from policy_pack.rules import registry
from tests.docs.pages import ROOT, codes, page, table
from tests.docs.test_reference import CATALOG_KEYS, STACK_KEYS
from tests.rehearsal.offline import scenarios

SOURCES = page("docs/design-sources.md")
TEXTS = SOURCES.text.split("\n## ")[1:]
ROWS = [row for text in TEXTS for row in table(text)]
PROGRAMS = {"aws", "gh", "git", "make", "npm", "package-login", "pip", "pulumi", "python"}
_SCENARIO = re.compile(r"`([^`]+)`( \(dev\))?")
_NO_SCENARIO = re.compile(r"not rehearsed: (.+)")


def scenarios_of(cell: str) -> list[tuple[str, str]]:
    """The scenarios that a cell names, each with its stack. Raises AssertionError for anything else in it."""
    named = []
    for part in cell.split("<br>"):
        found = _SCENARIO.fullmatch(part)
        assert found, part
        named.append(("dev" if found[2] else "prod", found[1]))
    return named


def test_both_texts_are_there_and_their_statements_are_counted():
    counted = [int(number) for number in re.findall(r"^(\d+) statements\.$", SOURCES.text, re.MULTILINE)]
    assert counted == [len(table(text)) for text in TEXTS]
    assert len(counted) == 2
    assert min(counted) > 10
    statements = [row[0] for row in ROWS]
    assert len(set(statements)) == len(statements)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_statement_has_a_scenario_or_the_reason_why_there_is_none(row: list[str]):
    cell = row[2]
    if reason := _NO_SCENARIO.fullmatch(cell):
        assert len(reason[1].split()) >= 4
        return
    for stack, name in scenarios_of(cell):
        assert name in scenarios(stack), f"{stack}: {name}"


def test_few_statements_have_no_scenario():
    assert sum(bool(_NO_SCENARIO.fullmatch(row[2])) for row in ROWS) <= len(ROWS) / 4


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_statement_has_a_part_that_exists(row: list[str]):
    keys = {*STACK_KEYS, *CATALOG_KEYS}
    rules = {one.name for one in registry.RULES}
    named = codes(row[1])
    assert named or re.search(r"\[.+\]\(.+\)", row[1])
    assert [one for one in named if not ((ROOT / one).exists() or one.partition(":")[0] in keys or one in rules)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_statement_has_a_command_of_a_known_program(row: list[str]):
    cell = row[3]
    if cell == "-":
        assert _NO_SCENARIO.fullmatch(row[2]), "only what is no behaviour has no command"
        return
    (command,) = codes(cell)
    assert cell == f"`{command}`"
    assert command.split()[0] in PROGRAMS


def test_another_name_is_not_taken_for_a_scenario():
    assert scenarios_of("`a` (dev)<br>`b`") == [("dev", "a"), ("prod", "b")]
    with pytest.raises(AssertionError):
        scenarios_of("`a` and `b`")
    assert "a name that no scenario has" not in scenarios("prod")
