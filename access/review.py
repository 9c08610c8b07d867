"""One review from end to end: record a stack, compute its matrix, compare it with another revision's, write page and Markdown."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from access import compare, markdown, matrix, page, provisioned

PROJECT = Path(__file__).resolve().parent.parent
OUTPUT = PROJECT / "access-review"


class Stopped(RuntimeError):
    """The review can't be computed; the message says why."""


def write(recorded: Mapping[str, Any], folder: Path, base: str = "") -> list[Path]:
    """Write the review of a stack's resources (see provisioned.read) to a folder, with what changes since a git revision if one is named.

    Returns the files. Raises Stopped, OSError.
    """
    reviewed = _matrix(recorded)
    name = reviewed.stack.stack
    compared = compare.compare(base, _at(base, name), reviewed) if base else None
    written = {f"{name}.html": page.render(reviewed, compared), f"{name}.md": markdown.render(reviewed)}
    if compared:
        written[f"{name}-changes.md"] = compare.render(compared, name)
    _ready(folder)
    for file, content in written.items():
        (folder / file).write_text(content, encoding="utf-8")
    return [folder / file for file in written]


def read(file: Path) -> dict[str, Any]:
    """Resources from a file. Raises Stopped, OSError."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Stopped(f"{file} is not JSON: {error}") from error


def record(project: Path, stack: str, config: Path | None = None, catalog: Path | None = None) -> dict[str, Any]:
    """What the program of a project registers for a stack. Raises Stopped with the program's own words."""
    file = (config or project / f"Pulumi.{stack}.yaml").resolve()
    if not file.is_file():
        raise Stopped(f"there is no {file.name}")
    with tempfile.TemporaryDirectory(prefix="access-") as folder:
        result = Path(folder) / "resources.json"
        command = [sys.executable, "-I", str(PROJECT / "access" / "recorder.py"), "--project", str(project.resolve()), "--stack", stack]
        command += ["--config", str(file), "--result", str(result), *(["--catalog", str(catalog.resolve())] if catalog else [])]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode or not result.exists():
            raise Stopped(ended.stderr.strip() or f"the program ended with status {ended.returncode}")
        return json.loads(result.read_text())


def _matrix(recorded: Mapping[str, Any]) -> matrix.Matrix:
    try:
        return matrix.build(provisioned.read(recorded))
    except provisioned.Unreadable as error:
        raise Stopped(str(error)) from error


def _at(revision: str, stack: str) -> matrix.Matrix:
    """The matrix at a git revision: its files in a temporary folder, so neither checkout nor repository are touched."""
    with tempfile.TemporaryDirectory(prefix="access-base-") as folder:
        # Without `--end-of-options` a revision that starts with a hyphen would be an option.
        packed = subprocess.run(
            ["git", "-C", str(PROJECT), "archive", "--format=tar", "--end-of-options", revision], capture_output=True, check=False
        )
        if packed.returncode:
            raise Stopped(f"--base {revision}: {packed.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        try:
            return _matrix(record(Path(folder), stack))
        except Stopped as error:
            raise Stopped(f"at {revision}: {error}") from error


def _ready(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() == OUTPUT:  # what is computed anew at any time is not committed by accident
        (folder / ".gitignore").write_text("*\n")
