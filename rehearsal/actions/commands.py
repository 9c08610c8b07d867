"""What a step says to the runner: workflow commands in its output, and the files for environment, path, outputs and summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

_COMMAND = re.compile(r"^::(?P<name>[a-z-]+)(?: (?P<properties>[^:]*(?::(?!:)[^:]*)*))?::(?P<message>.*)$")
ANNOTATIONS = ("error", "warning", "notice")
PRINTED = ("debug", "group", "endgroup", "echo")
MASK = "***"

# GITHUB_ENV can't set these. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
_FIXED = re.compile(r"^(GITHUB_|RUNNER_|CI$|NODE_OPTIONS$)")


class CommandError(Exception):
    """A command that GitHub would refuse, or that this runner does not know."""


@dataclass
class Log:
    """A job's masks and what its steps print; `errors` are the messages of error commands."""

    masks: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """One line of a step's output."""
        match = _COMMAND.match(line)
        if match is None:
            self.lines.append(self.masked(line))
        elif match["name"] == "add-mask":
            self._mask(_unescaped(match["message"]))
        elif match["name"] in ANNOTATIONS:
            self._annotation(match["name"], _unescaped(match["message"]))
        elif match["name"] in PRINTED:
            self.lines.append(self.masked(line))
        else:
            self.problems.append(f"the workflow command {match['name']!r} is not supported")

    def masked(self, text: str) -> str:
        """`text` without what was masked."""
        for mask in sorted(self.masks, key=len, reverse=True):
            text = text.replace(mask, MASK)
        return text

    def _mask(self, value: str) -> None:
        # Each line of a value on its own: output is masked line by line.
        self.masks.update(part for part in (value, *value.splitlines()) if part.strip())

    def _annotation(self, kind: str, message: str) -> None:
        shown = self.masked(message)
        self.lines.append(f"{kind}: {shown}")
        if kind == "error":
            self.errors.append(shown)

    def drain(self) -> str:
        """What was printed since the last call."""
        printed = "".join(f"{line}\n" for line in self.lines)
        self.lines.clear()
        return printed


def _unescaped(message: str) -> str:
    return message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@dataclass(frozen=True)
class StepFiles:
    """The files of one step."""

    environment: Path
    path: Path
    output: Path
    summary: Path

    @classmethod
    def create(cls, folder: Path) -> "StepFiles":
        """Empty files in `folder`, which is created."""
        folder.mkdir(parents=True)
        files = cls(*(folder / name for name in ("env", "path", "output", "summary")))
        for file in (files.environment, files.path, files.output, files.summary):
            file.touch()
        return files

    def variables(self) -> dict[str, str]:
        """The variables that tell a step where the files are."""
        return {
            "GITHUB_ENV": str(self.environment),
            "GITHUB_PATH": str(self.path),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }


def read_values(file: Path) -> dict[str, str]:
    """NAME=VALUE lines and NAME<<END blocks. Raises CommandError for anything else."""
    values: dict[str, str] = {}
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if not line:
            continue
        block = re.match(r"^([^=<]+)<<(.+)$", line)
        if block:
            values[block[1]] = "\n".join(_until(block[2], lines, file.name))
        elif "=" in line and not line.startswith("="):
            name, value = line.split("=", 1)
            values[name] = value
        else:
            raise CommandError(f"invalid format in the {file.name} file: {line!r}")
    return values


def _until(end: str, lines, name: str) -> list[str]:
    collected = []
    for line in lines:
        if line == end:
            return collected
        collected.append(line)
    raise CommandError(f"no closing {end!r} in the {name} file")


def read_environment(file: Path) -> dict[str, str]:
    """Variables for the following steps. Raises CommandError for one that GitHub does not let a step set."""
    values = read_values(file)
    if fixed := sorted(name for name in values if _FIXED.match(name)):
        raise CommandError(f"a step can't set {', '.join(fixed)}")
    return values
