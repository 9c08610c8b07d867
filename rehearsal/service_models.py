"""What AWS's service models forbid, checked in full: botocore's own validator stops at types, required members and minimum lengths, and
leaves patterns, enumerations and maxima to the service.

A pattern is matched against the whole value and with Java's meaning of `\\w` and `\\s` (ASCII), as the services do.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import regex
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "character": (str,), "integer": (int,), "long": (int,), "float": (int, float), "double": (int, float),
    "boolean": (bool,), "list": (list, tuple), "map": (dict,), "structure": (dict,), "blob": (bytes, bytearray),
    "timestamp": (int, float, datetime),
}  # fmt: skip
_NUMBERS = ("integer", "long", "float", "double")


def problems(operation: OperationModel, parameters: Mapping[str, Any]) -> list[str]:
    """Everything that an operation's model forbids about its parameters, in the services' words; an operation without input takes none."""
    if operation.input_shape is None:
        return [f"{operation.name} takes no parameters"] if parameters else []
    return list(violations(operation.input_shape, dict(parameters)))


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Everything about a value that its shape forbids. Raises NotImplementedError for a pattern that Python can't be taught."""
    expected = _TYPES[shape.type_name]
    if getattr(shape, "is_document_type", False):
        return
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        yield f"Value at '{path}' failed to satisfy constraint: Member must be of type {shape.type_name}"
    elif isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _size(shape, value, path, "length")
        for position, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{path}.{position}.member")
    elif isinstance(shape, MapShape):
        yield from _size(shape, value, path, "size")
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.{key}.key")
            yield from violations(shape.value, item, f"{path}.{key}.value")
    elif isinstance(shape, StringShape):
        yield from _text(shape, value, path)
    elif shape.type_name in _NUMBERS:
        yield from _range(shape, value, path)
    elif shape.type_name == "blob":
        yield from _size(shape, value, path, "length")


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        # botocore invents a token that is missing.
        if value.get(name) is None and not shape.members[name].metadata.get("idempotencyToken"):
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    if shape.is_tagged_union and len(value) != 1:
        yield f"Value at '{path}' failed to satisfy constraint: Exactly one member must be set"
    for name, item in value.items():
        if name not in shape.members:
            yield f"Value at '{_join(path, name)}' failed to satisfy constraint: Member is not known"
        elif item is not None:
            yield from violations(shape.members[name], item, _join(path, name))


def _text(shape: StringShape, value: str, path: str) -> Iterator[str]:
    yield from _size(shape, value, path, "length")
    if shape.enum and value not in shape.enum:
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"


def _size(shape: Shape, value: Any, path: str, what: str) -> Iterator[str]:
    if len(value) < shape.metadata.get("min", 0):
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} greater than or equal to {shape.metadata['min']}"
    if "max" in shape.metadata and len(value) > shape.metadata["max"]:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} less than or equal to {shape.metadata['max']}"


def _range(shape: Shape, value: float, path: str) -> Iterator[str]:
    failed = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value"
    if "min" in shape.metadata and value < shape.metadata["min"]:
        yield f"{failed} greater than or equal to {shape.metadata['min']}"
    if "max" in shape.metadata and value > shape.metadata["max"]:
        yield f"{failed} less than or equal to {shape.metadata['max']}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# --- patterns -------------------------------------------------------------------------------------------------------------------------

# What these mean to Java, as the inside of brackets: ASCII. Unicode categories beside them (`\p{L}`) are of all Unicode, so that a flag for
# the whole pattern would not do.
_ASCII = {
    "w": "a-zA-Z0-9_", "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "d": "0-9", "D": r"\x00-/:-\U0010ffff",
    "s": r" \t\n\x0b\f\r", "S": r"\x00-\x08\x0e-\x1f!-\U0010ffff",
}  # fmt: skip
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    """A pattern of a service model. Raises NotImplementedError for what is not translated."""
    parts, depth, last = [], 0, 0
    for found in _ESCAPE.finditer(pattern):
        before = pattern[last : found.start()]
        depth += before.count("[") - before.count("]")
        members = _ASCII.get(found[1])
        parts += [before, found[0] if members is None else members if depth else f"[{members}]"]
        last = found.end()
    try:
        return regex.compile("".join([*parts, pattern[last:]]))
    except regex.error as error:
        raise NotImplementedError(f"a pattern of a service model that this does not translate: {pattern}: {error}") from error
