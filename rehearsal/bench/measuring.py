"""Measures a stack: the program, then a bare program of the same resources, each in a local cloud of its own."""

import os
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rehearsal import large_stack
from rehearsal.bench import recording
from rehearsal.bench.commands import COMMANDS, Measured, peak, run
from rehearsal.engine.life import Life, living
from rehearsal.engine.stack import WRITTEN_ONCE, EngineStack, Source
from rehearsal.processes import PROJECT
from rehearsal.program import script
from rehearsal.stage import Stack

_ALL_UP_TO, _UP_UP_TO = 100, 300
_NONE = Measured()
_EVERY = 0.1  # seconds between two looks at the engine's memory


@dataclass(frozen=True)
class Row:
    """What a command took of one of the two programs; `engine_megabytes` at most (None: unknown), `load` of the machine before it."""

    stack: str
    repositories: int
    program: str
    command: str = ""
    measured: Measured = _NONE
    engine_megabytes: int | None = None
    load: float = 0.0

    @property
    def processor(self) -> float:
        """Seconds of a processor: the program's and the engine's."""
        return self.measured.program + self.measured.engine

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "processor": self.processor}


def stack_of(name: str, folder: Path) -> Stack:
    """A stack of the project, or one with so many repositories if the name is a number."""
    if not name.isdecimal():
        return Stack(name, PROJECT / f"Pulumi.{name}.yaml", None)
    file, catalog = large_stack.write(folder / "given", int(name))
    return Stack(large_stack.STACK, file, catalog)


def commands_of(repositories: int) -> tuple[str, ...]:
    """What is measured of a stack of that size, so that all sizes fit in some minutes. Without an up there is no bare program."""
    return COMMANDS if repositories <= _ALL_UP_TO else COMMANDS[:2] if repositories <= _UP_UP_TO else COMMANDS[:1]


def measure(command: Path, name: str, folder: Path, *, repeat: int = 1, checkpoints: bool = False) -> Iterator[Row]:
    """The rows of a stack, as they come; of a command that changes nothing the quickest of `repeat` runs. `checkpoints`: the state is
    written at each step, as it is on a disk. Raises RuntimeError if a command fails or does not do what it has to.

    The bare program comes second, in the same cloud: what the first looked up there is in the inputs of both.
    """
    wanted = stack_of(name, folder)
    repositories = len(wanted.settings().repositories)
    which = commands_of(repositories)
    with living(command, wanted, folder) as life:
        own = replace(life.stack.source, environment={} if checkpoints else WRITTEN_ONCE)
        yield from _rows(command, life, folder, Row(name, repositories, "package-flow"), own, repeat, which)
        if "up" not in which:
            return
        stack = EngineStack(command, folder / "engine", own)
        bare = recording.write(stack.state(), folder / "recorded")
        _take_away(life, stack)
        source = replace(own, project_file=bare / "Pulumi.yaml", program=partial(script.run, bare))
        yield from _rows(command, life, folder, Row(name, repositories, "bare"), source, repeat, which)


def _rows(command: Path, life: Life, folder: Path, row: Row, source: Source, repeat: int, commands: Sequence[str]) -> Iterator[Row]:
    for which in commands:
        runs = [
            _measured(command, life, folder / "engine", source, replace(row, command=which)) for _ in range(1 if which == "up" else repeat)
        ]
        yield min(runs, key=lambda one: one.processor)


def _take_away(life: Life, stack: EngineStack) -> None:
    stack.unprotect()
    stack.pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress")
    # This one stays when a stack goes: others may rely on it.
    iam = life.aws("iam")
    for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=one["Arn"])


def _measured(command: Path, life: Life, folder: Path, source: Source, row: Row) -> Row:
    load = os.getloadavg()[0]
    most: int | None = None
    with _process() as pool:
        running = pool.submit(run, command, folder, source, row.command)
        while not wait([running], timeout=_EVERY).done:
            if life.plugins.engine and (seen := peak(life.plugins.engine)):
                most = max(seen, most or 0)
    return checked(replace(row, measured=running.result(), engine_megabytes=most, load=load))


@contextmanager
def _process() -> Generator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def checked(row: Row) -> Row:
    """The row. A figure of something that did not happen is worse than none."""
    about, measured = f"{row.stack}, {row.program}, {row.command}", row.measured
    if measured.failed:
        raise RuntimeError(f"{about}: {measured.failed}")
    if bool(measured.changed) != (row.command != "second up"):
        raise RuntimeError(f"{about}: got {measured.changed} changes of {measured.resources} resources")
    return row
