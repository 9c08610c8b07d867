"""The company that the tests stand on: the fictional acme, whose files are in acme/, whatever the checkout's own files say.

A checkout whose files are acme's is tested where it is. Any other one, a company's own copy, is tested in a temporary copy of it that has
acme's files and acme's name in the workflows: the product's tests then read one company, and a company's files are its own.

    python -m tests.companies COMMAND...    runs a command there, such as `python -m tests.fuzzing`
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from company import checking, places, workflows

PROJECT = Path(__file__).resolve().parents[2]
# Made by tools, large, or nobody's business.
_LEFT_OUT = shutil.ignore_patterns(
    ".git",
    "venv",
    ".engine",
    ".clients",
    ".site",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "node_modules",
    "access-review",
    "fuzzing-failures",
)
_LINKED = ("venv", ".engine")


def is_ours(root: Path = PROJECT) -> bool:
    """Whether this checkout has acme's files."""
    return places.is_the_example(root)


@contextmanager
def checkout(root: Path = PROJECT) -> Generator[Path]:
    """A checkout with acme's files: this one, or a temporary copy."""
    if is_ours(root):
        yield root
        return
    with tempfile.TemporaryDirectory(prefix="package-flow-acme-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder).resolve() / root.name
        copied(copy, root)
        put(copy)
        yield copy


def copied(folder: Path, root: Path = PROJECT) -> Path:
    """A copy of a checkout in a new folder, with its virtual environment and engine."""
    shutil.copytree(root, folder, ignore=_LEFT_OUT, symlinks=True)
    for linked in _LINKED:
        if (root / linked).exists():
            (folder / linked).symlink_to((root / linked).resolve())
    return folder


def put(root: Path) -> None:
    """Put acme's files in the place of a checkout's own."""
    for path in places.data(root):
        (root / path).unlink()
    for path, content in places.data(root / places.EXAMPLE).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    repository = checking.program_repository(root, checking.settings_of(root))
    for path, text in workflows.rewritten(root, repository).items():
        (root / path).write_text(text, encoding="utf-8")


def run(command: Sequence[str], folder: Path = PROJECT) -> int:
    """Run a command in that checkout, in the folder that corresponds to `folder`, with this checkout's paths led there: its exit status."""
    with checkout() as there:
        led = [one.replace(f"{PROJECT}/", f"{there}/") for one in command]
        below = folder.relative_to(PROJECT) if folder.is_relative_to(PROJECT) else Path()
        return subprocess.run(led, cwd=there / below, check=False).returncode


def main() -> int:
    """Run the command that is given."""
    command = sys.argv[1:]
    if command[:1] == ["python"]:
        command[0] = sys.executable
    return run(command)
