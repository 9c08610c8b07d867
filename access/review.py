"""One review from end to end: read a stack, compute its matrix, compare it with another revision's, write page and Markdown."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from access import compare, markdown, matrix, page, provisioned
from access.compare import Comparison
from access.matrix import Matrix
from access.provisioned import Provisioned
from access.words import WRITES
from evaluator.iam import UnreadablePolicyError
from evaluator.package_groups import InvalidPatternError

PROJECT = Path(__file__).resolve().parent.parent
OUTPUT = PROJECT / "access-review"


class Stopped(RuntimeError):
    """The review can't be computed; the message says why."""


@dataclass(frozen=True)
class Review:
    """A stack's matrix, what changed in it if it was compared, and what was reviewed and when ("" = not said)."""

    matrix: Matrix
    compared: Comparison | None = None
    origin: str = ""

    @property
    def stack(self) -> str:
        return self.matrix.stack.stack


def compute(stack: Provisioned, base: str = "", origin: str = "") -> Review:
    """The review of a stack, with what changes since a git revision if one is named. Raises Stopped."""
    reviewed = _matrix(stack)
    return Review(reviewed, compare.compare(base, _at(base, reviewed.stack.stack), reviewed) if base else None, origin)


def write(recorded: Mapping[str, Any], folder: Path) -> list[Path]:
    """Compute the review of a stack's resources and save it. Returns the files. Raises Stopped, OSError."""
    return save(compute(provisioned_by(recorded)), folder)


def save(review: Review, folder: Path) -> list[Path]:
    """Write a review to a folder. Returns the files. Raises OSError."""
    reviewed, compared, name = review.matrix, review.compared, review.stack
    written = {
        f"{name}.html": page.render(reviewed, compared, review.origin),
        f"{name}.md": markdown.render(reviewed),
        f"{name}.csv": _csv(markdown.values(reviewed)),
    }
    if compared:
        written[f"{name}-changes.md"] = compare.render(compared, name)
    _ready(folder)
    for file, content in written.items():
        (folder / file).write_text(content, encoding="utf-8")
    return [folder / file for file in written]


def _csv(lines: Iterable[Sequence[str]]) -> str:
    """RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it: names of branches are other people's."""
    text = io.StringIO(newline="")
    formula = ("=", "+", "-", "@", "\t", "\r")
    csv.writer(text).writerows([f"'{cell}" if cell.startswith(formula) else cell for cell in line] for line in lines)
    return text.getvalue()


def origin(resources: Path | None, now: datetime) -> str:
    """What is reviewed, in words for the page: the plan of this checkout's commit, or what a file says is deployed; and the time in UTC."""
    at = f"{now:%Y-%m-%d %H:%M} UTC"
    if resources:
        return f"deployed, as {resources.name} has it; reviewed {at}"
    git = ["git", "-C", str(PROJECT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    if commit.returncode:
        return f"planned, without a commit; reviewed {at}"
    changed = subprocess.run([*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True, check=False).stdout
    return f"planned at commit {commit.stdout.strip()}{' with changes that are not committed' if changed else ''}; reviewed {at}"


def summary(review: Review) -> list[str]:
    """The review in a line, and the comparison in another."""
    rows, places = review.matrix.rows, review.matrix.columns
    writers = sum(
        any(kind in WRITES for _, rights in review.matrix.rights_of(row) for kind in markdown.kinds_of(rights))
        for row in rows
        if not row.assumed
    )
    lines = [f"{review.stack}: {len(rows):,} jobs and principals, {len(places)} places; {writers} change packages"]
    if review.compared:
        compared = review.compared
        counted = [(len(compared.of(how)), f"cells {how.value}") for how in compare.How] + [(len(compared.wordings), "statements changed")]
        changes = ", ".join(f"{count:,} {what}" for count, what in counted if count)
        lines.append(f"since {compared.base}: {changes or 'nothing changes'}")
    return lines


def read(file: Path) -> Provisioned:
    """A stack by a file of its resources. Raises Stopped, OSError."""
    try:
        return provisioned_by(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise Stopped(f"{file} is not JSON: {error}") from error


def planned(project: Path, stack: str, config: Path | None = None, catalog: Path | None = None) -> Provisioned:
    """What a project plans for a stack, by its own code in a process of its own. Raises Stopped with the settings' own words."""
    file = (config or project / f"Pulumi.{stack}.yaml").resolve()
    if not file.is_file():
        raise Stopped(f"there is no {file.name}")
    command = [sys.executable, "-m", "access.planned", "--stack", stack, "--config", str(file)]
    command += ["--catalog", str(catalog.resolve())] if catalog else []
    # Modules come from the project's folder and from nowhere else.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise Stopped(_why(ended.stderr, project) or f"planning ended with status {ended.returncode}")
    return _described(lambda: provisioned.load(json.loads(ended.stdout)), "its plan is not described as this review reads it")


def _why(said: str, project: Path) -> str:
    """What a process said when it failed. Of a traceback: where in the project, and the error."""
    if "Traceback (most recent call last)" not in said:
        return said.strip()
    places = re.findall(rf'File "{re.escape(str(project.resolve()))}/(.+)", line (\d+)', said)
    where = f" in {places[-1][0]}, line {places[-1][1]}" if places else ""
    return f"the program fails{where}: {said.strip().splitlines()[-1]}"


def provisioned_by(recorded: Mapping[str, Any]) -> Provisioned:
    """A stack by its resources (see provisioned.read). Raises Stopped."""
    return _described(lambda: provisioned.read(recorded), "its resources are not described as this review reads them")


def _described(read: Callable[[], Provisioned], otherwise: str) -> Provisioned:
    try:
        return read()
    except provisioned.Unreadable as error:
        raise Stopped(str(error)) from error
    except (LookupError, TypeError, AttributeError, ValueError) as error:  # another program's, or another version's
        raise Stopped(f"{otherwise} ({type(error).__name__}: {error})") from error


def _matrix(stack: Provisioned) -> Matrix:
    try:
        return matrix.build(stack)
    except (InvalidPatternError, UnreadablePolicyError) as error:
        raise Stopped(f"its policies or package groups are not what AWS takes: {error}") from error


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
            return _matrix(planned(Path(folder), stack))
        except Stopped as error:
            raise Stopped(f"at {revision}: {error}") from error


def _ready(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() == OUTPUT:  # what is computed anew at any time is not committed by accident
        (folder / ".gitignore").write_text("*\n")
