"""Whole commands, as people run them: seconds by the clock and of processors, those of all processes together."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rehearsal import large_stack
from rehearsal.processes import PROJECT

REVIEWED = (180, 1_000)
REHEARSE = ("-m", "rehearsal", "--stack", "dev", "--quick", "--engine", "sdk")
# The same repositories in one stack and in a stack for each team; of the scenarios some, because the stacks are what is compared.
SPLIT, SOME = 100, ("-m", "rehearsal", "--quick", "--engine", "sdk", "--only", "assume the read role")


@dataclass(frozen=True)
class Command:
    """What a command took."""

    name: str
    seconds: float
    processor: float

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def run(name: str, arguments: Sequence[str], **environment: str) -> Command:
    """Run Python in the project. Raises RuntimeError with the end of what it said if it fails (2: something was left out)."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command, given = [sys.executable, *arguments], {**os.environ, **environment}
    done = subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, check=False)
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 2):
        raise RuntimeError(f"{name}: status {done.returncode}: {(done.stdout + done.stderr)[-2_000:]}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Command(name, seconds, processor)


def measure(folder: Path) -> Iterator[Command]:
    """The rehearsal of dev by the SDK alone, without compiled modules (cold) and with them, and of a large stack beside team stacks; the
    access review of large stacks."""
    for state in ("cold", "warm"):
        yield run(f"rehearse {state}", REHEARSE, PYTHONPYCACHEPREFIX=str(folder / "compiled"))
    for name, team_stacks in (("one stack", False), ("team stacks", True)):
        file, catalog = large_stack.write(folder / name, SPLIT, team_stacks=team_stacks)
        yield run(f"rehearse {SPLIT}, {name}", (*SOME, "--config", str(file), "--catalog", str(catalog)))
    for repositories in REVIEWED:
        file, catalog = large_stack.write(folder / str(repositories), repositories)
        given = ("--config", str(file), "--catalog", str(catalog), "--output", str(folder / "review"))
        yield run(f"access review of {repositories:,}", ("-m", "access", *given))


def lines(commands: Sequence[Command]) -> Iterator[str]:
    """A table."""
    yield f"{'command':<28}{'seconds':<10}CPU s"
    yield from (f"{one.name:<28}{one.seconds:<10.1f}{one.processor:.1f}" for one in commands)
