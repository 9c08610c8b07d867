"""One review from end to end: record a stack, compute its matrix, compare it with another revision's, write page and Markdown."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from access import compare, markdown, matrix, page, provisioned
from access.compare import Comparison
from access.matrix import Matrix
from access.words import WRITES
from rehearsal.cloud.codeartifact.errors import ApiError
from rehearsal.cloud.iam import UnreadablePolicyError

PROJECT = Path(__file__).resolve().parent.parent
OUTPUT = PROJECT / "access-review"


class Stopped(RuntimeError):
    """The review can't be computed; the message says why."""


@dataclass(frozen=True)
class Review:
    """A stack's matrix, and what changed in it if it was compared."""

    matrix: Matrix
    compared: Comparison | None = None

    @property
    def stack(self) -> str:
        return self.matrix.stack.stack


def compute(recorded: Mapping[str, Any], base: str = "") -> Review:
    """The review of a stack's resources (see provisioned.read), with what changes since a git revision if one is named. Raises Stopped."""
    reviewed = _matrix(recorded)
    return Review(reviewed, compare.compare(base, _at(base, reviewed.stack.stack), reviewed) if base else None)


def write(recorded: Mapping[str, Any], folder: Path) -> list[Path]:
    """Compute a review and save it. Returns the files. Raises Stopped, OSError."""
    return save(compute(recorded), folder)


def save(review: Review, folder: Path) -> list[Path]:
    """Write a review to a folder. Returns the files. Raises OSError."""
    reviewed, compared, name = review.matrix, review.compared, review.stack
    written = {f"{name}.html": page.render(reviewed, compared), f"{name}.md": markdown.render(reviewed)}
    if compared:
        written[f"{name}-changes.md"] = compare.render(compared, name)
    _ready(folder)
    for file, content in written.items():
        (folder / file).write_text(content, encoding="utf-8")
    return [folder / file for file in written]


def summary(review: Review) -> list[str]:
    """The review in a line, and the comparison in another."""
    rows, places = review.matrix.rows, review.matrix.columns
    writers = sum(any(kind in WRITES for _, rights in review.matrix.rights_of(row) for kind in markdown.kinds_of(rights)) for row in rows)
    lines = [f"{review.stack}: {len(rows):,} jobs and principals, {len(places)} places; {writers} change packages"]
    if review.compared:
        compared = review.compared
        counted = [(len(compared.of(how)), f"cells {how.value}") for how in compare.How] + [(len(compared.wordings), "statements changed")]
        told = ", ".join(f"{count:,} {what}" for count, what in counted if count)
        lines.append(f"since {compared.base}: {told or 'nothing changes'}")
    return lines


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


def _matrix(recorded: Mapping[str, Any]) -> Matrix:
    stack = _provisioned(recorded)
    try:
        return matrix.build(stack)
    except (ApiError, UnreadablePolicyError) as error:
        raise Stopped(f"its policies or package groups are not what AWS takes: {error}") from error


def _provisioned(recorded: Mapping[str, Any]) -> provisioned.Provisioned:
    try:
        return provisioned.read(recorded)
    except provisioned.Unreadable as error:
        raise Stopped(str(error)) from error
    except (LookupError, TypeError, AttributeError, ValueError) as error:  # another program's, or another version's
        said = f"{type(error).__name__}: {error}"
        raise Stopped(f"its resources are not described as this review reads them ({said})") from error


def _at(revision: str, stack: str) -> Matrix:
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
