"""`python -m access`: who can do what, from the policies as a stack provisions them, as a page and as Markdown."""

import argparse
import gc
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from access import review


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, compute, write. Exit status 1 with the reason if that fails."""
    options = _options(arguments)
    try:
        stack = review.read(options.resources) if options.resources else review.planned(review.PROJECT, *_stack(options))
        reviewed = review.compute(stack, options.base or "", review.origin(options.resources, datetime.now(UTC)))
        print(*review.summary(reviewed), *review.save(reviewed, options.output), sep="\n")
    except (review.Stopped, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m access", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--stack", help="the stack to review (default: prod)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another stack file, Pulumi.NAME.yaml")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalog than the stack file's")
    parser.add_argument(
        "--resources",
        type=Path,
        metavar="FILE",
        help="review what exists, from the file of pulumi stack export or of the rehearsal's --json",
    )
    parser.add_argument("--base", metavar="REV", help="also show what changes since this git revision")
    parser.add_argument(
        "--output", type=Path, default=review.OUTPUT, metavar="DIR", help="the folder to write to (default: access-review/)"
    )
    return parser


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = (command := parser()).parse_args(arguments)
    if options.base and (options.resources or options.config or options.catalog):
        command.error("--base compares the program and its own stack files; it goes with --stack alone")
    if options.resources and (options.stack or options.config or options.catalog):
        command.error("--resources are those of one stack; it goes alone")
    if options.config and (options.stack or not _named(options.config)):
        command.error("--config names a file Pulumi.NAME.yaml, and with it the stack")
    return options


def _named(file: Path) -> str:
    """NAME of Pulumi.NAME.yaml, "" if a file is called otherwise."""
    parts = file.name.split(".")
    return parts[1] if len(parts) == 3 and (parts[0], parts[2]) == ("Pulumi", "yaml") else ""


def _stack(options: argparse.Namespace) -> tuple[str, Path | None, Path | None]:
    return (_named(options.config) if options.config else options.stack or "prod"), options.config, options.catalog


if __name__ == "__main__":
    gc.disable()  # a large matrix is many objects and no garbage: looking for some is a fifth of the time
    sys.exit(main())
