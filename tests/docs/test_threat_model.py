"""The threat model says what is there: scenarios and rules."""

import re

import pytest

from policy_pack.rules import registry
from rehearsal.scenario import DENY
from tests.docs.pages import ROOT
from tests.rehearsal.offline import of_team_stack, scenarios

TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
# What has to be spoken of, whatever else is: an attack with its scenarios, or a section that says why there are none.
MUST = (
    "Dependency confusion",
    "Recycled names",
    "Pattern confusion",
    "A tag on an unmerged commit",
    "pull_request_target",
    "A poisoned workflow file on an unprotected branch",
    "A stolen token of CodeArtifact",
    "A confused deputy by an event",
    "A team that edits another team's catalog file",
    "A compromised build",
    "A changed repository variable",
    "workflow_run and other events",
    "A repository admin who edits a ruleset",
    "A pull request's preview with the deployer's credentials",
    "An organisation that is renamed, and its name taken by others",
)


def sections(title: str) -> dict[str, str]:
    """The sections of a chapter by their titles."""
    chapter = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    (found,) = [one for one in chapter if one.startswith(f"{title}\n")]
    return dict(part.split("\n", 1) for part in re.split(r"^### ", found, flags=re.MULTILINE)[1:])


ATTACKS, OPEN = sections("Attacks"), sections("Not covered")


def shown_by(section: str) -> list[str]:
    """The scenarios that a section names."""
    return re.findall(r"^- `(.+)`$", section.partition("Shown by:")[2], re.MULTILINE)


def test_every_attack_is_spoken_of_once():
    assert set(MUST) <= {*ATTACKS, *OPEN}
    assert not set(ATTACKS) & set(OPEN)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_shown_by_scenarios_that_are_refused(attack: str):
    known = {**scenarios("prod"), **of_team_stack()}
    named = shown_by(ATTACKS[attack])
    assert [name for name in named if name not in known] == []
    assert any(known[name].expected == DENY for name in named)


@pytest.mark.parametrize("section", OPEN)
def test_what_is_not_covered_names_no_scenario_and_gives_a_reason(section: str):
    assert shown_by(OPEN[section]) == []
    assert len(OPEN[section].split()) >= 10


def test_rules_that_are_named_exist():
    named = {name for line in re.findall(r"Rules?: (.+?)\.(?: |$)", TEXT, re.MULTILINE) for name in re.findall(r"`([a-z-]+)`", line)}
    assert named <= {one.name for one in registry.RULES}
    assert len(named) >= 10
