"""One command of the engine in a process of its own, measured. It imports as little as it can: the program brings its own modules."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

from rehearsal.engine.stack import EngineStack, Source

COMMANDS = ("preview", "up", "second up")


@dataclass(frozen=True)
class Measured:
    """Seconds of a command by the clock, of the program's processor and of the engine's; the program's megabytes at most (None: the system
    does not say), resources and changed resources, and why it failed ("" = it did not)."""

    seconds: float = 0.0
    program: float = 0.0
    engine: float = 0.0
    megabytes: int | None = None
    resources: int = 0
    changed: int = 0
    failed: str = ""


def run(command: Path, folder: Path, source: Source, which: str) -> Measured:
    """Run a command of COMMANDS. The plugins of the folder's `home` are served by another process."""
    stack = EngineStack(command, folder, source)
    act = stack.preview if which == "preview" else stack.up
    before, started = _processors(), time.monotonic()
    done = act()
    seconds, after = time.monotonic() - started, _processors()
    said = "; ".join(one.text for one in done.errors)
    program, engine = (now - then for now, then in zip(after, before, strict=True))
    return Measured(seconds, program, engine, peak("self"), len({step.urn for step in done.steps}), len(done.changes), said)


def _processors() -> tuple[float, float]:
    """Seconds of this process, and of those that it has started and that have ended."""
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return each[0].ru_utime + each[0].ru_stime, each[1].ru_utime + each[1].ru_stime


def peak(process: int | str) -> int | None:
    """The megabytes that a process had at most. (getrusage() would have those of the process that it was forked from.)"""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) // 1024 if found else None
