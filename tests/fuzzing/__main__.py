"""Bad input at scale: `python -m tests.fuzzing --inputs 1000 --seed 1`.

Exit status 0 if every input came out right, 1 if one did not; those are written to a folder, made smaller, with what is wrong.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzzing.generating import generate
from tests.fuzzing.oracle import faults
from tests.fuzzing.program import Outcome, run
from tests.fuzzing.smaller import smaller, store


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_000, metavar="N", help="how many (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same inputs (default 1)")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="number of the first one, to go on or to repeat one")
    parser.add_argument("--stack", choices=("dev", "prod"), help="change this shipped stack only")
    parser.add_argument(
        "--failing", type=Path, default=Path("fuzzing-failures"), metavar="FOLDER", help="where inputs go that come out wrong"
    )
    parser.add_argument("--faults-max", type=int, default=20, metavar="N", help="stop after so many (default 20)")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="N", help="stop after so many (default: when all are done)")
    return parser.parse_args()


def _kind(outcome: Outcome) -> str:
    if outcome.error is None:
        return "registered"
    return "refused at look-up" if outcome.invokes else "refused by the settings"


def main() -> int:
    """Try the inputs, say what came of them."""
    asked, kinds, wrong, started, slowest = _arguments(), Counter(), 0, time.monotonic(), 0.0
    for number in range(asked.start, asked.start + asked.inputs):
        if time.monotonic() - started > asked.seconds:
            break
        made = generate(asked.seed, number, asked.stack)
        outcome = run(made)
        found = faults(made, outcome)
        kinds[_kind(outcome)] += 1
        slowest = max(slowest, outcome.seconds)
        if found:
            wrong += 1
            folder = asked.failing / f"seed-{asked.seed}-input-{number}"
            small = smaller(made, found[0])
            store(small, faults(small, run(small)), f"python -m tests.fuzzing --seed {asked.seed} --start {number} --inputs 1", folder)
            print(f"input {number}: {found[0][:300]}\n  {'; '.join(made.story)[:300]}\n  written to {folder}", flush=True)
            if wrong >= asked.faults_max:
                break
        tried = number - asked.start + 1
        if tried % 1_000 == 0:
            print(f"{tried:,} inputs in {time.monotonic() - started:.0f} s, {wrong} wrong", flush=True)
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{kinds.total():,} inputs (seed {asked.seed}): {told}; {wrong} came out wrong; the slowest took {slowest:.1f} s of CPU")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
