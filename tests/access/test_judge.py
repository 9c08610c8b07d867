"""The evaluator that the local cloud enforces with, against a second one that others wrote: npm @cloud-copilot/iam-simulate.

Every question of the matrix of both stacks, each put by itself, and generated policies. Where the two differ, the difference must be known
(tests/access/differences.py). `python -m tests.access.agreement` prints the figures.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.access import generated
from tests.access.agreement import questions_of
from tests.access.differences import DIFFERENCES, explained
from tests.access.second_opinion import Question, ask, differ
from tests.access.stacks import provisioned_stack

pytestmark = pytest.mark.usefixtures("judge")

GENERATED, SEED = 3_000, 1


@pytest.mark.parametrize("stack", ["prod", pytest.param("dev", marks=pytest.mark.slow("prod has the same roles"))])
def test_both_decide_every_cell_alike(stack: str, tmp_path: Path) -> None:
    questions = questions_of(provisioned_stack(stack))
    answers = ask(questions, tmp_path)
    assert {"Allowed", "ImplicitlyDenied", "ExplicitlyDenied"} == set(answers), (
        "an invalid document, or a matrix without allowed and denied"
    )
    assert not [(one, answer) for one, answer in zip(questions, answers, strict=True) if differ(one, answer)]


# --- generated policies -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def differences(judge: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Question], dict[int, str]]:
    questions = generated.questions(GENERATED, SEED)
    return questions, explained(questions, tmp_path_factory.mktemp("judge"))


def test_generated_policies_are_decided_alike_or_differ_for_a_known_reason(differences) -> None:
    questions, reasons = differences
    unexplained = [questions[number] for number, reason in reasons.items() if not reason]
    assert not unexplained, unexplained[:3]


def test_the_generated_questions_are_worth_asking(differences) -> None:
    """Enough of each outcome, few differences, and each known difference met: otherwise its explanation would excuse nothing."""
    questions, reasons = differences
    outcomes = Counter(one.allowed for one in questions)
    assert min(outcomes.values()) > GENERATED // 20
    assert len(reasons) < GENERATED // 50
    assert {one.__name__ for one in DIFFERENCES} <= set(reasons.values())


def test_where_the_boundary_is_silent_the_first_is_the_stricter(differences) -> None:
    questions, reasons = differences
    assert not any(
        questions[number].allowed for number, reason in reasons.items() if reason in ("without_boundary", "with_the_whole_chain")
    )


def test_a_wrong_decision_is_found(tmp_path: Path) -> None:
    """The comparison can fail: a decision turned round is reported."""
    questions = generated.questions(50, 1)
    wrong = [replace(one, allowed=not one.allowed) for one in questions]
    assert sum(differ(one, answer) for one, answer in zip(wrong, ask(wrong, tmp_path), strict=True)) >= 49
