"""`python -m rehearsal.bench`: measures preview, up and second up of the program under Pulumi's engine, beside a bare program.

The bare program registers the same resources with the same inputs, and does nothing else. Both run against the local cloud. Exit status: 0
if everything ran, 1 if something failed.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rehearsal.bench import requests, whole
from rehearsal.bench.measuring import Row, measure
from rehearsal.engine import command
from rehearsal.processes import PROJECT

STACKS = ("10", "100", "300", "1000")
PARTS = ("engine", "requests", "commands")
COUNTED = 40  # repositories, whose requests are counted
_HEAD = (
    "stack",
    "repositories",
    "program",
    "command",
    "resources",
    "seconds",
    "program CPU s",
    "engine CPU s",
    "program MB",
    "engine MB",
    "load",
)
_WIDTH = 13


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, measure, and return the exit status."""
    options = _options(arguments)
    found: dict[str, Any] = {}
    parts = {"engine": _engine, "requests": _requests, "commands": _commands}
    try:
        for name in options.parts:
            found |= parts[name](options)
            print()
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _engine(options: argparse.Namespace) -> dict[str, Any]:
    """Preview and ups of the program and of the bare one. Raises RuntimeError."""
    found = command.find()
    if found is None:
        raise RuntimeError("there is no engine here: make engine")
    kept = "the state is written at each step" if options.checkpoints else "the state is written once"
    print(f"pulumi {found.version}, {os.cpu_count()} processors, {kept}")
    rows: list[Row] = []
    print(_line(_HEAD), flush=True)
    for name in options.stacks:
        with tempfile.TemporaryDirectory(prefix="package-flow-bench-") as folder:
            for row in measure(found.path, name, Path(folder), repeat=options.repeat, checkpoints=options.checkpoints):
                rows.append(row)
                print(_line(_cells(row)), flush=True)
    print("\n" + "\n".join(ratios(rows)))
    return {"engine": found.as_json(), "rows": [row.as_json() for row in rows]}


def _requests(options: argparse.Namespace) -> dict[str, Any]:
    counted = []
    for scope in requests.SCOPES:
        with tempfile.TemporaryDirectory(prefix="package-flow-bench-") as folder:
            counted.append(requests.count(Path(folder), scope, options.counted))
    print("\n".join(requests.lines(counted)), flush=True)
    return {"requests": [one.as_json() for one in counted]}


def _commands(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="package-flow-bench-") as folder:
        commands = list(whole.measure(Path(folder)))
    print("\n".join(whole.lines(commands)), flush=True)
    return {"commands": [one.as_json() for one in commands]}


def _line(cells: Sequence[object]) -> str:
    return "".join(f"{cell!s:<{_WIDTH}}" for cell in cells).rstrip()


def _cells(row: Row) -> list[object]:
    one = row.measured
    numbers = [f"{seconds:.1f}" for seconds in (one.seconds, one.program, one.engine)]
    megabytes = ["-" if each is None else each for each in (one.megabytes, row.engine_megabytes)]
    return [row.stack, row.repositories, row.program, row.command, one.resources, *numbers, *megabytes, f"{row.load:.1f}"]


def ratios(rows: Sequence[Row]) -> Iterator[str]:
    """What the program takes of what the bare one takes."""
    bare = {(row.stack, row.command): row for row in rows if row.program == "bare"}
    for row in rows:
        other = bare.get((row.stack, row.command))
        if other and row is not other:
            by_clock, by_processor = row.measured.seconds / other.measured.seconds, row.processor / other.processor
            yield f"{row.stack} {row.command}: {by_clock:.2f} of the bare program's seconds, {by_processor:.2f} of its CPU seconds"


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "stacks",
        nargs="*",
        default=list(STACKS),
        metavar="STACK",
        help=f"stacks of the project, or numbers of repositories (default: {' '.join(STACKS)})",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help=f"what to measure (default: {' '.join(PARTS)})")
    parser.add_argument(
        "--counted", type=int, default=COUNTED, metavar="N", help=f"repositories whose requests are counted (default: {COUNTED})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="take the quickest of N previews and second ups (default: 1)")
    parser.add_argument("--checkpoints", action="store_true", help="write the state at every step, as on a disk or in a bucket")
    return parser


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = (command := parser()).parse_args(arguments)
    for name in options.stacks:
        if not (int(name) if name.isdecimal() else (PROJECT / f"Pulumi.{name}.yaml").is_file()):
            command.error(f"got {name!r}; expected a stack of the project (Pulumi.{name}.yaml) or a number of repositories, at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
