"""One run of the program in this process: settings, look-ups, plan, registrations, as the engine would start them.

`__main__.py` is run as it stands; what it registers is recorded whole, also where it ends in an error.
"""

import json
import runpy
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import settings
from settings import parsing
from tests.components.recording import Monitor, Registration, run_with
from tests.fuzzing import inputs
from tests.fuzzing.cloud import HostileCloud
from tests.settings.builders import PROJECT, ROOT

# Seconds of CPU and on the clock. A stack of the size that inputs have takes less than one; the rest is room for a busy machine.
CPU_MAX, CLOCK_MAX = 20.0, 120.0

Program = Callable[[], Any]


class Hang(BaseException):
    """An input that took too long. No Exception, so that no handler on the way takes it for a file that can't be read."""


@dataclass(frozen=True)
class Outcome:
    """What came of an input: the error that ended the program, if one did, and all that was asked for before."""

    error: BaseException | None
    trace: str
    registrations: tuple[Registration, ...]
    invokes: tuple[tuple[str, Mapping[str, Any]], ...]
    seconds: float
    outputs: Mapping[str, Any] = field(default_factory=dict)


def the_program() -> Any:
    """The shipped program."""
    return runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


@contextmanager
def _limits() -> Generator[None]:
    def over(signum: int, frame: Any) -> None:
        raise Hang(f"more than {CPU_MAX if signum == signal.SIGPROF else CLOCK_MAX} seconds")

    before = {number: signal.signal(number, over) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, CPU_MAX)
    signal.setitimer(signal.ITIMER_REAL, CLOCK_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _project(made: inputs.Input) -> Generator[Path]:
    """The input's files, where the settings look for the project."""
    root = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    before = parsing.ROOT
    try:
        inputs.write(made, root)
        parsing.ROOT = root
        yield root
    finally:
        parsing.ROOT = before
        shutil.rmtree(root)


def _as_text(value: Any) -> str:
    """A configuration value as the engine hands it over: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def engine_config(config: Mapping[Any, Any]) -> dict[str, str]:
    """A stack file's values as the engine hands them over."""
    full = {str(key) if ":" in str(key) else f"{PROJECT}:{key}": value for key, value in config.items()}
    return {key: _as_text(value) for key, value in full.items()}


def run(made: inputs.Input, program: Program = the_program) -> Outcome:
    """Run the program on an input. Never raises what the program raises."""
    cloud = HostileCloud(made.answers)
    monitor = Monitor(cloud, preview=False)
    started, error, trace = time.process_time(), None, ""
    with _project(made) as root:
        try:
            with _limits():
                config = settings.read_stack_file(root / made.stack_file)
                _parse(made, root, config, cloud)
                run_with(program, monitor, config=engine_config(config), project=PROJECT, stack=made.stack)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error, trace = raised, "".join(traceback.format_exception(raised))
    recording = monitor.recording
    return Outcome(error, trace, tuple(recording.registrations), tuple(recording.invokes), time.process_time() - started, recording.outputs)


def _parse(made: inputs.Input, root: Path, config: Mapping[str, Any], cloud: HostileCloud) -> None:
    """The values as YAML has them, which is how tools read them that start no engine. Raises whatever is not the settings' own error."""
    try:
        cloud.suit(settings.parse(settings.read_project_file(root), config, root, PROJECT, made.stack))
    except settings.SettingsError as error:
        str(error)
