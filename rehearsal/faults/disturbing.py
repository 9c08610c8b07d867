"""One life of the small stack in which calls to AWS and GitHub fail, and what it is compared with: a life without faults."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from rehearsal.cloud.faults import Kind
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
        return {name: _end_of(life, act) for name, act, _ in phases(life) if name in names}


def _end_of(life: Life, act: Callable[[], Run]) -> list[str]:
    run = act()
    if run.failed:
        raise lives.Broken(f"the undisturbed run fails: {run.errors}")
    return lives.end(life)


def phases(life: Life) -> list[tuple[str, Callable[[], Run], Callable[[], Run]]]:
    """What happens to the stack, one after the other: its name, the command, and the command that docs/faults.md has for another try."""

    def up_again() -> Run:
        return life.stack.up(refresh=True)

    def change() -> Run:
        life.configure({file.stem: yaml.safe_load(file.read_text()) for file in CHANGED.glob("*.yaml")})
        return life.stack.up(refresh=True)

    def destroy() -> Run:
        life.stack.unprotect()
        return life.stack.destroy(refresh=True)

    return list(zip(PHASES, (life.stack.up, change, destroy), (up_again, change, destroy), strict=True))


def disturbed(life: Life, kinds: Sequence[Kind], at: int, every: int, ends: dict[str, list[str]], figures: Figures) -> None:
    """The phases that `ends` has, in which every `every`-th writing call fails, from the `at`-th on; `kinds` take turns. Raises Broken."""
    for name, act, again in (each for each in phases(life) if each[0] in ends):
        _phase(life, kinds, at, every, act, again, figures)
        figures.commands.update(steps.dispose(life))
        if found := lives.difference(ends[name], lives.end(life)):
            raise lives.Broken(f"{name}: another end than without faults:\n  " + "\n  ".join(found[:20]))
        last = act()
        if last.failed or changes(last):
            raise lives.Broken(f"{name}: another run changes {changes(last)} {last.errors}")


def _phase(
    life: Life, kinds: Sequence[Kind], at: int, every: int, act: Callable[[], Run], again: Callable[[], Run], figures: Figures
) -> None:
    for number in range(MOST_RUNS):
        first = 3 * number % len(kinds)
        turn = [*kinds[first:], *kinds[:first]]
        # Another first call in each run: with the same, what is left in the end would fail again and again.
        life.cloud.control.put("faults", kind=turn[0], then=turn[1:], at=1 + (at - 1 + number) % every, every=every, writes=True)
        run = again() if number else act()
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
