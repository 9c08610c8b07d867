"""The bare program of a stack: what its state has, in the form that `bare/__main__.py` reads."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rehearsal.engine.differences import DEFAULTS
from rehearsal.program import wire
from rehearsal.program.state import STACK_TYPE

_BARE = Path(__file__).parent / "bare"
# The engine registers those by itself.
_DEFAULT_PROVIDER = "::default_"
# What is shorter than this is in other values by chance.
_TELLING = 4


def write(state: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Writes the program into a new folder. Raises ValueError for a secret, which the state has encrypted."""
    shutil.copytree(_BARE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    by_urn = {one["urn"]: one for one in state}
    root = next(one for one in state if one["type"] == STACK_TYPE)
    resources = [_resource(one, by_urn) for one in state if one is not root and _DEFAULT_PROVIDER not in one["urn"]]
    recorded = {"resources": resources, "outputs": root.get("outputs") or {}}
    if wire.has_secret(recorded):
        raise ValueError("a stack with a secret can't be recorded: leave it out of the stack file")
    (folder / "recorded.json").write_text(json.dumps(recorded))
    return folder


def _resource(one: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    given = one.get("inputs") or {}
    # What a provider chose, and what the engine adds to a provider's own inputs, is not the program's.
    chosen = {DEFAULTS, *given.get(DEFAULTS, []), *(("version",) if one["type"].startswith("pulumi:providers:") else ())}
    inputs = {key: value for key, value in given.items() if key not in chosen}
    late = one.get("propertyDependencies") or {}
    references = {key: _references(value, [by_urn[urn] for urn in late.get(key) or []]) for key, value in inputs.items()}
    implied = {urn for each in references.values() for urn, _, _ in each}
    return {
        "urn": one["urn"],
        "type": one["type"],
        "name": one["urn"].split("::", 3)[3],
        "custom": one["custom"],
        "parent": one.get("parent", ""),
        "provider": one.get("provider", "").rpartition("::")[0],
        "protect": one.get("protect"),
        "retained": one.get("retainOnDelete"),
        "dependencies": [urn for urn in one.get("dependencies") or [] if urn not in implied],
        "inputs": inputs,
        "references": references,
    }


def _references(value: Any, others: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """URN, output and text of what a value has from other resources: of each the longest text that occurs in it."""
    text, found = json.dumps(value), []
    for one in others:
        outputs = {"id": one.get("id"), **(one.get("outputs") or {})} if one["custom"] else {}
        texts = [(each, name) for name, each in outputs.items() if isinstance(each, str) and len(each) >= _TELLING and each in text]
        if texts:
            longest, name = max(texts, key=lambda each: len(each[0]))
            found.append((one["urn"], name, longest))
    return found
