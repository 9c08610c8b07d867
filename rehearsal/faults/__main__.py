"""`python -m rehearsal.faults`: makes calls to AWS and GitHub fail while Pulumi's engine creates, changes and removes a small stack.

Every command of the engine is run again until it succeeds, with the commands that docs/faults.md names. Exit status: 0 if each life came to
the end of the undisturbed one and no role was ever without its guards, 1 otherwise.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rehearsal.cloud.faults import Kind
from rehearsal.engine import command
from rehearsal.faults.disturbing import Disturbance, Figures, Outcome, live, undisturbed


def _all(engine: Path, todo: Sequence[Disturbance], jobs: int) -> Iterator[Outcome]:
    """The lives' outcomes as they come. A program that the engine runs has its process to itself."""
    if not todo:
        return
    with tempfile.TemporaryDirectory(prefix="package-flow-faults-") as folder:
        ends = undisturbed(engine, Path(folder))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for done in as_completed([pool.submit(live, engine, one, ends) for one in todo]):
            yield done.result()


def kept(file: Path | None) -> list[Outcome]:
    """Outcomes of an earlier run; those that were broken are tried again."""
    lines = file.read_text().splitlines() if file and file.exists() else []
    found = (json.loads(line) for line in lines)
    return [
        Outcome(Disturbance(**one["life"]), Figures(Counter(one["hits"]), one["runs"], Counter(one["commands"]), one["seconds"]))
        for one in found
        if not one["broken"]
    ]


def line(outcome: Outcome) -> str:
    """An outcome as the file has it."""
    figures = outcome.figures
    written: dict[str, Any] = {"life": vars(outcome.life), "broken": outcome.broken, "hits": figures.hits, "runs": figures.runs}
    return json.dumps({**written, "commands": figures.commands, "seconds": figures.seconds})


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, live, and return the exit status."""
    options = parser().parse_args(arguments)
    found = command.find()
    if found is None:
        print("there is no engine here: make engine", file=sys.stderr)
        return 1
    wanted = [Disturbance(kind, at, options.every) for at in range(1, options.every + 1, options.step) for kind in options.kinds]
    earlier = {one.life: one for one in kept(options.resume) if one.life in wanted}
    figures, broken = Figures(), 0
    for outcome in earlier.values():
        figures.add(outcome.figures)
        print(f"{outcome.words()}, kept", flush=True)
    for outcome in _all(found.path, [one for one in wanted if one not in earlier], options.jobs):
        figures.add(outcome.figures)
        broken += bool(outcome.broken)
        print(outcome.words(), flush=True)
        if options.resume:
            with options.resume.open("a") as file:
                print(line(outcome), file=file)
    print(f"{len(wanted)} lives, {broken} of them broken: {figures.words()}")
    return 1 if broken else 0


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--kinds", type=Kind, nargs="+", default=list(Kind), metavar="KIND", help=f"kinds of failure (default: all): {', '.join(Kind)}"
    )
    parser.add_argument("--every", type=int, default=5, metavar="N", help="fail every N-th writing call (default: 5)")
    parser.add_argument(
        "--step", type=int, default=1, metavar="N", help="run a life for each N-th first call (default: 1, so that every call fails once)"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="run so many lives at the same time (default: 1)")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="keep outcomes in this file, and skip lives that it already has as unbroken"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
