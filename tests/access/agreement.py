"""`python -m tests.access.agreement`: asks the second evaluator about every cell of both stacks and about generated policies."""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from access import matrix
from access.provisioned import Provisioned
from tests.access import generated
from tests.access.differences import explained
from tests.access.second_opinion import Question, ask, differ, install, of_admission, of_evaluation
from tests.access.stacks import STACKS, provisioned_stack


def questions_of(stack: Provisioned) -> list[Question]:
    """Every question behind every cell of a stack's matrix, each put by itself."""
    thorough = matrix.build(stack, thorough=True)
    return [*map(of_evaluation, thorough.evaluations), *map(of_admission, thorough.admissions)]


def _of_stack(name: str, folder: Path) -> int:
    stack = provisioned_stack(name)
    questions = questions_of(stack)
    wrong = sum(differ(one, answer) for one, answer in zip(questions, ask(questions, folder), strict=True))
    cells, trust = matrix.build(stack).cells, sum(one.policies.resource_required for one in questions)
    asked = f"{len(questions):,} questions, {trust:,} of them to trust policies, {sum(one.allowed for one in questions):,} allowed"
    print(f"{name}: {cells:,} cells; {asked}; {wrong} answered differently")
    return wrong


def _of_generated(count: int, seed: int, folder: Path) -> int:
    questions = generated.questions(count, seed)
    reasons = explained(questions, folder)
    known = Counter(reason for reason in reasons.values() if reason)
    told = ", ".join(f"{reason} {number}" for reason, number in sorted(known.items()))
    allowed = sum(one.allowed for one in questions)
    print(f"generated: {count:,} questions, {allowed:,} allowed; {len(reasons)} answered differently, {known.total()} explained ({told})")
    return len(reasons) - known.total()


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the figures. Exit status 1 if the two evaluators differ for no known reason."""
    parser = argparse.ArgumentParser(prog="python -m tests.access.agreement", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument(
        "--generated", type=int, default=10_000, metavar="COUNT", help="questions on generated policies (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    install()
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        wrong = sum(_of_stack(name, Path(folder)) for name in STACKS)
        wrong += _of_generated(options.generated, options.seed, Path(folder))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
