"""One process with everything it starts, which ends with it."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Seconds between asking a group to end and ending it.
GRACE = 2


@dataclass(frozen=True)
class Ended:
    """How a process ended. `timed_out` means that it was ended."""

    exit_code: int
    timed_out: bool = False


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float | None, line: Callable[[str], None]) -> Ended:
    """Run a command to its end, giving each line of its output (both streams) to `line`.

    Whatever it started in its process group ends with it, also when this is interrupted. A caller that receives SIGTERM must turn it into
    an exception (sys.exit in a handler) for that to hold.
    """
    started: list[subprocess.Popen[str]] = []
    failed: list[OSError] = []
    starting, tried, abandoned = threading.Lock(), threading.Event(), threading.Event()

    def start() -> None:
        with starting:
            try:
                if not abandoned.is_set():
                    started.append(_start(command, cwd, env))
            except OSError as error:
                failed.append(error)
        tried.set()

    # An interruption reaches the main thread, wherever it is. A process that another thread starts can't be lost between its start and the
    # line that takes note of it. (Not `join`: interrupted, it takes the thread for ended, https://github.com/python/cpython/issues/90882.)
    timed_out = False
    try:
        threading.Thread(target=start).start()
        tried.wait()
        for error in failed:
            raise error
        process = started[0]
        reader = threading.Thread(target=_read, args=(process, line), daemon=True)
        reader.start()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
    finally:
        with starting:
            abandoned.set()
        for one in started:
            _end_group(one)
    reader.join()
    assert process.stdout is not None
    process.stdout.close()
    return Ended(process.returncode, timed_out)


def _start(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _read(process: subprocess.Popen[str], line: Callable[[str], None]) -> None:
    assert process.stdout is not None
    for one in process.stdout:
        line(one.removesuffix("\n"))


def _end_group(process: subprocess.Popen[str]) -> None:
    """The group's id is the process's, and lives as long as one of its members does."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
