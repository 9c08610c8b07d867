"""Processes that the rehearsal starts, and nothing left behind: each has its own environment and group, and is ended by its id.

A child that waits for its standard input to end stops by itself when the rehearsal dies, however it dies.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

# What a child needs of this process's environment: where programs are, the language, and how TLS is trusted. Never a credential, a proxy
# or a package manager's configuration.
_PASSED_ON = ("LANG", "LC_ALL", "PATH", "PYTHONPYCACHEPREFIX", "RUSTUP_TOOLCHAIN", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR")
_GRACE = 5.0


class ProcessFailed(RuntimeError):
    """A child ended before it was of use; the message holds the end of what it printed."""


def scrubbed(extra: Mapping[str, str] = {}) -> dict[str, str]:
    """An environment for a child: the few harmless variables of this one, this interpreter's programs first on PATH, and `extra`."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), passed.get("PATH", os.defpath)])
    return {**passed, "PATH": path, **toolchains(), **extra}


def toolchains() -> dict[str, str]:
    """Where rustup's cargo has its compilers: below the HOME of whoever installed it, beside .cargo, which a child does not have."""
    cargo = shutil.which("cargo")
    beside = [Path(cargo).parents[2] / ".rustup"] if cargo and len(Path(cargo).parents) > 2 else []
    folders = [Path(os.environ.get("RUSTUP_HOME") or Path.home() / ".rustup"), *beside]
    return next(({"RUSTUP_HOME": str(folder)} for folder in folders if any(folder.glob("toolchains/*"))), {})


@cache
def has_cargo() -> bool:
    """Whether cargo runs in a child's environment. rustup's needs a toolchain, which another HOME may not have."""
    if shutil.which("cargo") is None:
        return False
    return subprocess.run(["cargo", "--version"], env=scrubbed(), capture_output=True, check=False).returncode == 0


class Child:
    """One running process, started in a group of its own. Its standard error goes to `log`."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> None:
        self.log = log
        self._errors = log.open("ab")
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            text=True,
        )

    def send(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Send the arguments that a waiting process reads (see `received`). Raises ProcessFailed if it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([list(arguments), dict(environment)]) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise ProcessFailed(f"it ended with status {self._process.wait()}:\n{self.tail()}") from None

    def lines(self) -> Iterator[dict]:
        """What it prints, one JSON object a line, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)

    def first_line(self) -> dict:
        """Its first line. Raises ProcessFailed if it ends without one."""
        for line in self.lines():
            return line
        raise ProcessFailed(f"it ended with status {self._process.wait()}:\n{self.tail()}")

    def wait(self) -> int:
        """Its exit status, when it has ended."""
        return self._process.wait()

    def tail(self, lines: int = 15) -> str:
        """The end of what it wrote to standard error."""
        self._errors.flush()
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        """End it and whatever it started: close its input, then SIGTERM, then SIGKILL."""
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        for signal_number in (None, signal.SIGTERM, signal.SIGKILL):
            if signal_number is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
                break
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()


def received() -> list[str]:
    """In a waiting process: the arguments that `Child.send` sends; sets the variables. SystemExit if standard input ends instead."""
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(0)
    arguments, environment = json.loads(line)
    os.environ.update(environment)
    return arguments


def program_process(folder: Path) -> Child:
    """A process for the program, which loads the SDKs and waits. It has no credentials until they are sent."""
    home = folder / "program"
    home.mkdir(exist_ok=True)
    return Child(
        [sys.executable, "-m", "rehearsal.program", "--wait"], env=scrubbed({"HOME": str(home)}), cwd=PROJECT, log=folder / "program.log"
    )


def cloud_process(folder: Path) -> Child:
    """A process for the cloud, which loads and waits."""
    return Child([sys.executable, "-m", "rehearsal.cloud", "--wait"], env=scrubbed(), cwd=PROJECT, log=folder / "cloud.log")


class Waiting:
    """Both, from the start: what they load takes as long as what the rehearsal loads itself."""

    def __init__(self, folder: Path) -> None:
        self.program, self.cloud = program_process(folder), cloud_process(folder)

    def close(self) -> None:
        """End both."""
        self.program.close()
        self.cloud.close()
