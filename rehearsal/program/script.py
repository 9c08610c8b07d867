"""Runs a project's `__main__.py` as Pulumi's language host does."""

import contextlib
import os
import runpy
import sys
from collections.abc import Generator
from pathlib import Path

_OWN_ROOT = Path(__file__).resolve().parents[2]


def run(directory: Path) -> None:
    """Run it; what it raises is raised."""
    with _as_program(directory):
        runpy.run_path(str(directory / "__main__.py"), run_name="__main__")


@contextlib.contextmanager
def _as_program(directory: Path) -> Generator[None, None, None]:
    """Working directory, arguments and import path as the host sets them; the rehearsal's own root is not importable."""
    here, arguments, path = Path.cwd(), sys.argv, list(sys.path)
    try:
        os.chdir(directory)
        sys.argv = [str(directory / "__main__.py")]
        sys.path[:] = [str(directory), *(entry for entry in path if entry and Path(entry).resolve() not in (_OWN_ROOT, here))]
        yield
    finally:
        os.chdir(here)
        sys.argv, sys.path[:] = arguments, path
