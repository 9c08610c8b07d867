"""`python -m rehearsal.faults`: makes calls to AWS and GitHub fail while Pulumi's engine makes, changes and removes a small stack.

Every command of the engine is run again until it succeeds, with the commands that docs/faults.md names. Exit status: 0 if each life came to
the end of the undisturbed one and no role was ever without its guards, 1 otherwise.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from rehearsal.cloud.faults import Kind
from rehearsal.engine import command
from rehearsal.engine.life import Life, changes, living
from rehearsal.engine.stack import Run
from rehearsal.faults import CHANGED, SMALL, lives, steps
from rehearsal.program.clouds import Connection

# The real providers' attempts are 25 (AWS) and 4 (GitHub). That they end is what matters, and that one fault is fewer.
CONNECTION = Connection(attempts=2, timeout=2, pause=lambda seconds: None)
MOST_RUNS = 120
PHASES = ("up", "change", "destroy")


@dataclass
class Figures:
    """What was met in all lives: calls that failed by kind, runs of the engine, commands by hand, and seconds (a life's, added up)."""

    hits: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: "Figures") -> None:
        """Take another life's figures in."""
        self.hits.update(other.hits)
        self.runs += other.runs
        self.commands.update(other.commands)
        self.seconds += other.seconds

    def words(self) -> str:
        """For people."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.hits.items()))
        by_hand = ", ".join(f"{count} {one}" for one, count in sorted(self.commands.items())) or "none"
        return f"{self.hits.total()} faults ({kinds}) in {self.runs} runs of the engine; commands by hand: {by_hand}; {self.seconds:.0f} s"


@dataclass(frozen=True)
class Disturbance:
    """One life: this kind of fault at every `every`-th writing call, from the `at`-th on."""

    kind: str
    at: int
    every: int


@dataclass(frozen=True)
class Outcome:
    """What became of a life; `broken` is what went wrong ("" = nothing)."""

    life: Disturbance
    figures: Figures
    broken: str = ""

    def words(self) -> str:
        """For people."""
        about = f"{self.life.kind} from call {self.life.at} on"
        return f"BROKEN {about}: {self.broken}" if self.broken else f"{about}: the same end ({self.figures.seconds:.0f} s)"


def undisturbed(engine: Path, folder: Path, names: Sequence[str] = PHASES) -> dict[str, list[str]]:
    """What there is after each of these phases of a life without faults."""
    with living(engine, SMALL, folder) as life:
        return {name: _end_of(life, act) for name, act in phases(life) if name in names}


def _end_of(life: Life, act: Callable[[], Run]) -> list[str]:
    run = act()
    if run.failed:
        raise lives.Broken(f"the undisturbed run fails: {run.errors}")
    return lives.end(life)


def phases(life: Life) -> list[tuple[str, Callable[[], Run]]]:
    """What happens to the stack, one after the other."""

    def change() -> Run:
        life.configure({file.stem: yaml.safe_load(file.read_text()) for file in CHANGED.glob("*.yaml")})
        return life.stack.up(refresh=True)

    def destroy() -> Run:
        life.stack.unprotect()
        return life.stack.destroy(refresh=True)

    return list(zip(PHASES, (life.stack.up, change, destroy), strict=True))


def disturbed(life: Life, kinds: Sequence[Kind], at: int, every: int, ends: dict[str, list[str]], figures: Figures) -> None:
    """The phases that `ends` has, in which every `every`-th writing call fails, from the `at`-th on; `kinds` take turns. Raises Broken."""
    for name, act in ((name, act) for name, act in phases(life) if name in ends):
        _phase(life, kinds, at, every, act, figures)
        figures.commands.update(steps.dispose(life))
        if found := lives.difference(ends[name], lives.end(life)):
            raise lives.Broken(f"{name}: another end than without faults:\n  " + "\n  ".join(found[:20]))
        again = act()
        if again.failed or changes(again):
            raise lives.Broken(f"{name}: another run changes {changes(again)} {again.errors}")


def _phase(life: Life, kinds: Sequence[Kind], at: int, every: int, act: Callable[[], Run], figures: Figures) -> None:
    for number in range(MOST_RUNS):
        first = 3 * number % len(kinds)
        turn = [*kinds[first:], *kinds[:first]]
        # Another first call in each run: with the same, what is left in the end would fail again and again.
        life.cloud.control.put("faults", kind=turn[0], then=turn[1:], at=1 + (at - 1 + number) % every, every=every, writes=True)
        run = act()
        hits = life.cloud.control.get("faults")["hits"]
        life.cloud.control.delete("faults")
        figures.runs += 1
        figures.hits.update(one["kind"] for one in hits)
        lives.guarded(life)
        if not run.failed:
            return
        if by_hand := steps.next_step(life, run):
            figures.commands[" ".join(by_hand.split(" ")[:3])] += 1
    raise lives.Broken(f"no end after {MOST_RUNS} runs: {run.errors}")


def live(engine: Path, one: Disturbance, ends: dict[str, list[str]]) -> Outcome:
    """One disturbed life, in a cloud of its own."""
    figures, started, broken = Figures(), time.monotonic(), ""
    with tempfile.TemporaryDirectory(prefix="package-flow-faults-") as folder:
        try:
            with living(engine, SMALL, Path(folder), CONNECTION) as life:
                disturbed(life, [Kind(one.kind)], one.at, one.every, ends, figures)
        except lives.Broken as error:
            broken = str(error)
    figures.seconds = time.monotonic() - started
    return Outcome(one, figures, broken)


def _all(engine: Path, todo: Sequence[Disturbance], jobs: int) -> Iterator[Outcome]:
    """The lives' outcomes as they come. A program that the engine runs has its process to itself."""
    if not todo:
        return
    with tempfile.TemporaryDirectory(prefix="package-flow-faults-") as folder:
        ends = undisturbed(engine, Path(folder))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for done in as_completed([pool.submit(live, engine, one, ends) for one in todo]):
            yield done.result()


def _kept(file: Path | None) -> list[Outcome]:
    """Outcomes of an earlier run; those that were broken are tried again."""
    lines = file.read_text().splitlines() if file and file.exists() else []
    found = (json.loads(line) for line in lines)
    return [
        Outcome(Disturbance(**one["life"]), Figures(Counter(one["hits"]), one["runs"], Counter(one["commands"]), one["seconds"]))
        for one in found
        if not one["broken"]
    ]


def _line(outcome: Outcome) -> str:
    figures = outcome.figures
    written: dict[str, Any] = {"life": vars(outcome.life), "broken": outcome.broken, "hits": figures.hits, "runs": figures.runs}
    return json.dumps({**written, "commands": figures.commands, "seconds": figures.seconds})


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, live, and return the exit status."""
    options = _options(arguments)
    found = command.find()
    if found is None:
        print("there is no engine here: make engine", file=sys.stderr)
        return 1
    wanted = [Disturbance(kind, at, options.every) for at in range(1, options.every + 1, options.step) for kind in options.kinds]
    kept = {one.life: one for one in _kept(options.resume) if one.life in wanted}
    figures, broken = Figures(), 0
    for outcome in kept.values():
        figures.add(outcome.figures)
        print(f"{outcome.words()}, kept", flush=True)
    for outcome in _all(found.path, [one for one in wanted if one not in kept], options.jobs):
        figures.add(outcome.figures)
        broken += bool(outcome.broken)
        print(outcome.words(), flush=True)
        if options.resume:
            with options.resume.open("a") as file:
                print(_line(outcome), file=file)
    print(f"{len(wanted)} lives, {broken} of them broken: {figures.words()}")
    return 1 if broken else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kinds", type=Kind, nargs="+", default=list(Kind), metavar="KIND", help=", ".join(Kind))
    parser.add_argument("--every", type=int, default=5, metavar="N", help="every N-th writing call fails (default: 5)")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="one life for each N-th first call (default: 1: every call fails)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="lives at the same time (default: 1)")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep outcomes here, and leave out the lives that it has as unbroken")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
