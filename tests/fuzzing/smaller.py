"""A failing input made smaller, as far as a few runs take it, and written down."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.fuzzing.inputs import PROJECT_FILE, Input, write
from tests.fuzzing.oracle import faults
from tests.fuzzing.program import run

_RUNS_MAX, _SECONDS_MAX = 120, 20.0


def _kind(fault: str) -> str:
    """What stays the same while everything around it goes: the first words."""
    return " ".join(fault.split()[:4])[:60]


def _candidates(made: Input) -> Iterator[Input]:
    """The input without a file, without an answer, without some lines."""
    for name in made.files:
        if name not in (PROJECT_FILE, made.stack_file):
            yield replace(made, files={one: content for one, content in made.files.items() if one != name})
    for answer in made.answers:
        yield replace(made, answers=tuple(one for one in made.answers if one != answer))
    for name, content in made.files.items():
        if isinstance(content, bytes) and name != PROJECT_FILE:
            lines = content.split(b"\n")
            size = len(lines) // 2
            while size:
                for start in range(0, len(lines), size):
                    yield replace(made, files={**made.files, name: b"\n".join([*lines[:start], *lines[start + size :]])})
                size //= 2


def smaller(made: Input, fault: str) -> Input:
    """An input that is as wrong in the same way, and of which nothing more could be taken away in a few runs."""
    left, changed, until = 0 if fault.startswith("hang") else _RUNS_MAX, True, time.process_time() + _SECONDS_MAX
    while changed and left > 0 and time.process_time() < until:
        changed = False
        for candidate in _candidates(made):
            left -= 1
            if left < 0 or time.process_time() > until:
                break
            if any(_kind(one) == _kind(fault) for one in faults(candidate, run(candidate))):
                made, changed = candidate, True
                break
    return made


def store(made: Input, found: list[str], command: str, folder: Path) -> None:
    """The input's files and what is wrong with them."""
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "project").mkdir(parents=True)
    write(made, folder / "project")
    told = [command, "", *made.story, "", *(f"answer: {one}" for one in made.answers), "", *found, "", run(made).trace]
    (folder / "README.txt").write_text("\n".join(told), errors="backslashreplace")
