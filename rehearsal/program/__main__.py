"""`python -m rehearsal.program`: runs or destroys one stack against the local cloud.

`python -m rehearsal.program --wait` takes these arguments, and variables of its environment, from standard input (see readiness.wait).
Standard output carries one JSON object a line: for each step `{"event", "urn", "type", "name", "parent", "where"}`, for each message of the
program `{"event": "log", "severity", "message", "urn"}` and, last, the error if there is one (`{"event": "error", ...}`, as in the result).
What the program itself prints goes to standard error. The result file is written in every case, also after an interruption.
Exit status: 0 if the result has no error, 1 if it has, 2 for wrong arguments.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from rehearsal.program import readiness, runner
from rehearsal.program.clouds import Connection
from rehearsal.program.provisioning import HANDLERS
from rehearsal.program.stack_files import StackFileError, project_name


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser(prog="python -m rehearsal.program", description=__doc__.splitlines()[0])
    arguments.add_argument("--directory", type=Path, required=True, help="project root: holds Pulumi.yaml and __main__.py")
    arguments.add_argument("--config", type=Path, help="stack file (default: Pulumi.STACK.yaml in the project root)")
    arguments.add_argument("--stack", required=True, help="name of the stack")
    arguments.add_argument("--catalog", type=Path, help="another catalog than the stack file's")
    arguments.add_argument("--cloud", required=True, metavar="URL", help="endpoint of every AWS API")
    arguments.add_argument("--github", required=True, metavar="URL", help="base of GitHub's REST API")
    arguments.add_argument("--state", type=Path, help="with --destroy: result file of the run that made the stack")
    arguments.add_argument("--stacks", type=Path, help="directory of result files STACK.json, for references to other stacks")
    arguments.add_argument("--preview", action="store_true", help="with --engine: make nothing, show what would change")
    arguments.add_argument("--drift", action="store_true", help="with --engine: make nothing, tell what differs from the state")
    arguments.add_argument("--destroy", action="store_true", help="delete what the state lists")
    arguments.add_argument("--unprotect", action="store_true", help="with --destroy: delete protected resources too")
    arguments.add_argument("--attempts", type=int, default=1, help="attempts at a call that fails for a moment")
    arguments.add_argument("--timeout", type=float, default=60, help="seconds to wait for an answer")
    arguments.add_argument("--engine", type=Path, metavar="PULUMI", help="run it by this engine, not by the SDK alone")
    arguments.add_argument("--engine-folder", type=Path, metavar="DIR", help="with --engine: where its state and its PULUMI_HOME are")
    arguments.add_argument("--result", type=Path, required=True, help="file for the result")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; the exit status."""
    given = sys.argv[1:] if argv is None else argv
    arguments = parser().parse_args(readiness.wait(HANDLERS) if list(given) == ["--wait"] else given)
    if arguments.engine is not None and arguments.engine_folder is None:
        parser().error("--engine needs --engine-folder")
    if arguments.destroy and arguments.state is None and arguments.engine is None:
        parser().error("--destroy needs --state")
    events = _claim_standard_output()
    signal.signal(signal.SIGTERM, _interrupt)

    def emit(event: dict[str, Any]) -> None:
        print(json.dumps(event), file=events, flush=True)

    result = _act(arguments)(_options(arguments), emit)
    if result["error"]:
        emit({"event": "error", **result["error"]})
    arguments.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 1 if result["error"] else 0


def _act(arguments: argparse.Namespace) -> Callable[..., dict[str, Any]]:
    if arguments.engine is None:
        return runner.destroy if arguments.destroy else runner.run
    # Loads the Automation API, which nobody needs who runs the SDK alone.
    from rehearsal.engine import runner as by_engine

    act = by_engine.destroy if arguments.destroy else by_engine.run
    return partial(act, arguments.engine.resolve(), arguments.engine_folder.resolve())


def _options(arguments: argparse.Namespace) -> runner.Options:
    directory = arguments.directory.resolve()
    overrides = {}
    if arguments.catalog is not None:
        try:
            overrides[f"{project_name(directory)}:catalog"] = str(arguments.catalog.resolve())
        except StackFileError as error:
            parser().error(str(error))
    return runner.Options(
        directory=directory,
        stack_file=(arguments.config or directory / f"Pulumi.{arguments.stack}.yaml").resolve(),
        stack=arguments.stack,
        cloud_url=arguments.cloud,
        github_url=arguments.github,
        overrides=overrides,
        state_file=arguments.state,
        stacks_directory=arguments.stacks,
        preview=arguments.preview,
        drift=arguments.drift,
        unprotect=arguments.unprotect,
        connection=Connection(attempts=arguments.attempts, timeout=arguments.timeout),
    )


def _claim_standard_output() -> TextIO:
    """Keeps standard output for events: whatever else writes to it, the program included, writes to standard error."""
    sys.stdout.flush()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return events


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
