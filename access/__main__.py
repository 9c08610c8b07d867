"""`python -m access`: who can do what, from the policies as a stack provisions them, as a page and as Markdown."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from access import compare, markdown, matrix, page, provisioned

PROJECT = Path(__file__).resolve().parent.parent
OUTPUT = PROJECT / "access-review"


class Stopped(RuntimeError):
    """The review can't be computed; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, compute, write. Exit status 1 with the reason if that fails."""
    options = _options(arguments)
    try:
        _review(options)
    except (Stopped, provisioned.Unreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m access", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--stack", default="prod", help="stack to review (default: prod)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another stack file, Pulumi.NAME.yaml")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalog than the stack file's")
    parser.add_argument(
        "--resources", type=Path, metavar="FILE", help="resources instead of the program: pulumi stack export, or the rehearsal's --json"
    )
    parser.add_argument("--base", metavar="REV", help="also show what changes since this git revision")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR", help="where to write (default: access-review/)")
    options = parser.parse_args(arguments)
    if options.config:
        options.stack = options.config.name.split(".")[1]
    if options.base and (options.resources or options.config or options.catalog):
        parser.error("--base compares the program and its own stack files; it goes with --stack alone")
    return options


def _review(options: argparse.Namespace) -> None:
    recorded = _read(options.resources) if options.resources else record(PROJECT, options.stack, options.config, options.catalog)
    reviewed = matrix.build(provisioned.read(recorded))
    compared = compare.compare(options.base, _at(options.base, options.stack), reviewed) if options.base else None
    _ready(options.output)
    name = reviewed.stack.stack
    written = {f"{name}.html": page.render(reviewed, compared), f"{name}.md": markdown.render(reviewed)}
    if compared:
        written[f"{name}-changes.md"] = compare.render(compared, name)
    for file, content in written.items():
        (options.output / file).write_text(content, encoding="utf-8")
        print(options.output / file)


def _ready(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder == OUTPUT:  # what is computed anew at any time is not committed by accident
        (folder / ".gitignore").write_text("*\n")


def _read(file: Path) -> dict:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Stopped(f"{file} is not JSON: {error}") from error


def record(project: Path, stack: str, config: Path | None = None, catalog: Path | None = None) -> dict:
    """What the program of a project registers for a stack. Raises Stopped with the program's own words."""
    file = (config or project / f"Pulumi.{stack}.yaml").resolve()
    if not file.is_file():
        raise Stopped(f"there is no {file}")
    with tempfile.TemporaryDirectory(prefix="access-") as folder:
        result = Path(folder) / "resources.json"
        command = [sys.executable, "-I", str(PROJECT / "access" / "recorder.py"), "--project", str(project.resolve()), "--stack", stack]
        command += ["--config", str(file), "--result", str(result), *(["--catalog", str(catalog.resolve())] if catalog else [])]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode or not result.exists():
            raise Stopped(ended.stderr.strip() or f"the program ended with status {ended.returncode}")
        return json.loads(result.read_text())


def _at(revision: str, stack: str) -> matrix.Matrix:
    """The matrix at a git revision: its files, without touching the checkout or the repository."""
    with tempfile.TemporaryDirectory(prefix="access-base-") as folder:
        packed = subprocess.run(["git", "-C", str(PROJECT), "archive", revision], capture_output=True, check=False)
        if packed.returncode:
            raise Stopped(f"--base {revision}: {packed.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        try:
            return matrix.build(provisioned.read(record(Path(folder), stack)))
        except (Stopped, provisioned.Unreadable) as error:
            raise Stopped(f"at {revision}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
