"""The names of the tests are the same in every process: pytest-xdist runs nothing where two workers collect different ones."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def _collected(seed: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    answer = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    return [line for line in answer.stdout.splitlines() if "::" in line]


def test_every_process_collects_the_same_names() -> None:
    """Two processes, one after the other, so at two times of day, and with two orders of what has none."""
    first, second = _collected("1"), _collected("2")
    assert len(first) > 1_000
    assert first == second
