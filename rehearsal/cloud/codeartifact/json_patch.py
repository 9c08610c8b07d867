"""JSON Patch (RFC 6902) as CloudControl takes it: add, replace, remove and test."""

import copy
import json
from typing import Any

from rehearsal.cloud.codeartifact.errors import ApiError, invalid, not_implemented


def apply(document: Any, patch_text: str) -> Any:
    """A patched copy. ValidationException for a patch that can't be read or does not fit the document."""
    try:
        patch = json.loads(patch_text)
    except ValueError:
        raise invalid("The patch document is not JSON.") from None
    if not isinstance(patch, list) or not all(isinstance(step, dict) and isinstance(step.get("path"), str) for step in patch):
        raise invalid("The patch document is not a list of operations with a path.")
    patched = copy.deepcopy(document)
    for step in patch:
        patched = _apply_step(patched, step)
    return patched


def _apply_step(document: Any, step: dict[str, Any]) -> Any:
    operation = step.get("op")
    if operation in ("move", "copy"):
        raise not_implemented(f"the JSON Patch operation {operation}")
    if operation not in ("add", "replace", "remove", "test") or (operation != "remove" and "value" not in step):
        raise invalid(f"{step} is not a JSON Patch operation.")
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in step["path"].split("/")]
    if tokens[0] or len(tokens) < 2:
        raise invalid(f"The path '{step['path']}' does not name a member.")
    parent = document
    for token in tokens[1:-1]:
        parent = _member(parent, token, step)
    _change(parent, tokens[-1], operation, step)
    return document


def _change(parent: Any, token: str, operation: str, step: dict[str, Any]) -> None:
    if operation == "add":
        _add(parent, token, step)
        return
    existing = _member(parent, token, step)
    if operation == "test":
        if existing != step["value"]:
            raise invalid(f"The test of '{step['path']}' fails.")
    elif operation == "replace":
        parent[_key(parent, token)] = step["value"]
    else:
        del parent[_key(parent, token)]


def _add(parent: Any, token: str, step: dict[str, Any]) -> None:
    if isinstance(parent, dict):
        parent[token] = step["value"]
    elif isinstance(parent, list) and (token == "-" or (token.isdigit() and int(token) <= len(parent))):
        parent.insert(len(parent) if token == "-" else int(token), step["value"])
    else:
        raise _missing(step)


def _member(parent: Any, token: str, step: dict[str, Any]) -> Any:
    try:
        return parent[_key(parent, token)]
    except (KeyError, IndexError, TypeError, ValueError):
        raise _missing(step) from None


def _key(parent: Any, token: str) -> str | int:
    return int(token) if isinstance(parent, list) and token.isdigit() else token


def _missing(step: dict[str, Any]) -> ApiError:
    return invalid(f"There is nothing at '{step['path']}'.")
