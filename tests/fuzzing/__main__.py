"""Bad input at scale: `python -m tests.fuzzing --inputs 1000 --seed 1`.

Exit status 0 if every input came out right, 1 if one did not. Of each kind of fault, the smallest input that Hypothesis finds is written to
a folder, with what is wrong.
"""

import argparse
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import given, seed, settings

from tests.fuzzing.generating import anything, unhurried
from tests.fuzzing.inputs import Input, write
from tests.fuzzing.oracle import faults
from tests.fuzzing.program import Outcome, run


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_000, metavar="N", help="how many (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same inputs (default 1)")
    parser.add_argument("--stack", choices=("dev", "prod"), help="change this shipped stack only")
    parser.add_argument(
        "--failing", type=Path, default=Path("fuzzing-failures"), metavar="FOLDER", help="where inputs go that come out wrong"
    )
    return parser.parse_args(words)


def _kind(outcome: Outcome) -> str:
    if outcome.error is None:
        return "registered"
    return "refused at look-up" if outcome.invokes else "refused by the settings"


@cache
def _fault(kind: str) -> type[AssertionError]:
    """An error of its own for each kind of fault: Hypothesis makes an input smaller as long as it fails with the same one."""
    return type(kind, (AssertionError,), {})


def _store(made: Input, found: Sequence[str], outcome: Outcome, folder: Path) -> None:
    """The input's files and what is wrong with them, in the place of a larger one of the kind."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "project").mkdir(parents=True)
    write(made, folder / "project")
    told = [*made.story, "", *(f"answer: {one}" for one in made.answers), "", *found, "", outcome.trace]
    (folder / "README.txt").write_text("\n".join(told), errors="backslashreplace")


def main(words: Sequence[str] | None = None) -> int:
    """Try the inputs, say what came of them."""
    asked, kinds, wrong, started = _arguments(words), Counter(), {}, time.monotonic()

    @seed(asked.seed)
    @settings(unhurried, max_examples=asked.inputs)
    @given(anything(asked.stack))
    def comes_out_right(made: Input) -> None:
        outcome = run(made)
        found = faults(made, outcome)
        if not wrong:
            kinds[_kind(outcome)] += 1
        if found:
            # What stays the same while everything around it goes: the first words.
            kind = re.sub(r"\W+", "-", " ".join(found[0].split()[:4]))[:60]
            wrong[kind] = found[0]
            _store(made, found, outcome, asked.failing / kind)
            raise _fault(kind)(found[0])

    try:
        comes_out_right()
    except (AssertionError, ExceptionGroup):
        if not wrong:
            raise
    for kind, words_of_it in wrong.items():
        print(f"{words_of_it[:300]}\n  written to {asked.failing / kind}")
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    ended = f"{len(wrong)} kinds of fault" if wrong else "all came out right"
    print(f"{kinds.total():,} inputs (seed {asked.seed}): {told}; {ended}; {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
