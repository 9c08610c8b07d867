"""Recorded values: what a test compares with a file of the checkout, and writes there if UPDATE_SNAPSHOTS=1 is set."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def lines_of(documents: Mapping[str, Iterable[Any]]) -> list[str]:
    """Documents by name as text that a diff shows well: the name, then a line of JSON for each statement."""
    return [line for name in sorted(documents) for line in (f"# {name}", *(_line(one) for one in documents[name]))]


def _line(one: Any) -> str:
    # A statement as it is written, its Sid first; a resource's inputs come in no order of their own.
    return json.dumps(one, sort_keys=isinstance(one, Mapping) and "Sid" not in one)


def recorded(path: Path, lines: list[str]) -> list[str]:
    """The lines of a recording, which are these ones now if recordings are to be updated."""
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text("\n".join(lines) + "\n")
    return path.read_text().splitlines()
