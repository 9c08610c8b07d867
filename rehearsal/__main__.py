"""`python -m rehearsal`: the whole job on one machine, with no account, no Pulumi CLI and no network beyond the package registries.

Exit status: 0 if every scenario came out as expected and no mandatory rule of the policy pack is broken, 2 if some scenarios were skipped,
1 otherwise.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rehearsal.processes import PROJECT, Waiting


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, rehearse, and return the exit status."""
    started = time.monotonic()
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with (
        tempfile.TemporaryDirectory(prefix="package-flow-", ignore_cleanup_errors=True) as folder,
        closing(Waiting(Path(folder))) as waiting,
    ):
        # Side by side with those processes, which have as much to load.
        from rehearsal import rehearsing

        return rehearsing.run(options, Path(folder), waiting, started)


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stack", help="the stack to rehearse (default: prod, or the NAME of --config)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another stack file, Pulumi.NAME.yaml")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalog than the stack file's")
    parser.add_argument(
        "--github", type=Path, metavar="FILE", help="what GitHub has already (see below; default: what the catalog implies)"
    )
    parser.add_argument(
        "--upstream", choices=("fixture", "real"), default="fixture", help="public packages: small fixtures (default), or the real ones"
    )
    parser.add_argument(
        "--only",
        metavar="TEXT",
        action="append",
        default=[],
        help="run only scenarios with this text in their name, and what they need; may be repeated",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="run the main job alone, without clients by hand, public packages, PyPI, Maven, promotion and the organisation's side",
    )
    parser.add_argument(
        "--engine",
        choices=("auto", "sdk"),
        default="auto",
        help="what runs the program: Pulumi's engine if there is one (auto, the default), or the SDK alone (sdk)",
    )
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON (- for standard output)")
    parser.add_argument("--access", type=Path, metavar="DIR", help="write the access review of what was provisioned to this folder")
    parser.add_argument("--serve", action="store_true", help="keep the local cloud up afterwards, until Ctrl-C")
    parser.add_argument("--destroy", action="store_true", help="remove everything afterwards, in the order of pulumi destroy")
    return parser


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = (command := parser()).parse_args(arguments)
    _check(command, options)
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Set stack and config, each from the other."""
    options.config = options.config or PROJECT / f"Pulumi.{options.stack or 'prod'}.yaml"
    parts = options.config.name.split(".")
    if len(parts) != 3 or parts[0] != "Pulumi" or parts[2] != "yaml":
        parser.error(f"--config: got {options.config}; expected a file named Pulumi.NAME.yaml")
    if not options.config.is_file():
        parser.error(f"--config: got {options.config}, which is not a file; expected a stack file")
    if options.stack and options.stack != parts[1]:
        parser.error(f"--stack: got {options.stack}; expected {parts[1]}, the stack of --config {options.config}; leave one of the two out")
    if options.catalog and not options.catalog.is_dir():
        parser.error(f"--catalog: got {options.catalog}, which is not a folder; expected a catalog")
    if options.github and not options.github.is_file():
        parser.error(f"--github: got {options.github}, which is not a file; expected a YAML file of facts")
    options.stack = parts[1]


if __name__ == "__main__":
    sys.exit(main())
