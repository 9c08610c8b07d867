"""The record of what a stack adopted, which `python -m adopt` writes: adopted/STACK.json, reviewed and kept with the configuration."""

import json
from pathlib import Path
from typing import Any

from settings.problems import Problem, Words

_FORM = "what python -m adopt writes: {resources: [{key, ...}], workflowPermissions: {...}}"


def read(root: Path, folder: str, stack: str) -> tuple[frozenset[str], list[Problem]]:
    """The keys of the adopted resources. No record is an empty one; one that can't be read is a problem."""
    file = root / folder / f"{stack}.json"
    if not file.exists():
        return frozenset(), []
    try:
        return frozenset(one["key"] for one in _members(file)), []
    except (OSError, ValueError, KeyError, TypeError) as error:
        return frozenset(), [Problem(f"{folder}/{stack}.json", "resources", Words(f"{type(error).__name__}: {error}"), _FORM)]


def _members(file: Path) -> list[dict[str, Any]]:
    listed = json.loads(file.read_text())["resources"]
    if not all(isinstance(one["key"], str) for one in listed):
        raise TypeError("a key is no text")
    return listed
