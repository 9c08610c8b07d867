"""`python -m settings check`: what `pulumi preview` refuses of stack files and catalogs, without engine, credentials and network."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from settings.parsing import of_stack
from settings.problems import SettingsError

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every problem, in preview's words, or that there is none. Exit status 1 with problems, 2 without a stack file."""
    options = parser().parse_args(arguments)
    stacks = options.stack or sorted(file.name.split(".")[1] for file in options.root.glob("Pulumi.*.yaml"))
    if not stacks:
        print(f"got no stack file in {options.root}; expected Pulumi.STACK.yaml; run make company, or write one", file=sys.stderr)
        return 2
    problems = []
    for stack in stacks:
        try:
            of_stack(options.root, stack)
        except SettingsError as error:
            problems += error.problems
    if problems:
        print(SettingsError(problems), file=sys.stderr)
        return 1
    print(f"{', '.join(stacks)}: no problems")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m settings", description=(__doc__ or "").partition(": ")[2])
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("check", help="print every problem of the configuration")
    check.add_argument("--stack", action="append", help="the stack to check; may be repeated (default: every stack that has a file)")
    check.add_argument("--root", type=Path, default=PROJECT, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
