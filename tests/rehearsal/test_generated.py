"""The generator of legitimate stacks draws whatever stack files and catalogs can say: a new key has to be drawn, too."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from pydantic import BaseModel

from rehearsal.program.stack_files import APPLIED_KEYS
from settings.shapes import ProviderShape, StackShape, TeamShape
from tests.fuzzing.inputs import Tree
from tests.rehearsal.generated import drawn
from tests.settings.builders import PROJECT

TREES = 300
_OTHER_STACKS = "takes the file of another stack besides: tests/engine/test_team_stacks.py"
# What is not drawn, and why.
NOT_DRAWN = {f"{PROJECT}:registryStack": _OTHER_STACKS, "stack": _OTHER_STACKS}
NAMED = ("repositories",)  # below it people give names
FORMS = {"array": "a list", "object": "a mapping", "string": "a text", "null": "nothing"}


def declared(schema: Mapping[str, Any], types: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every key of a shape, dotted, with each word and each form that its value can have."""
    if "$ref" in schema:
        yield from declared(types[schema["$ref"].rpartition("/")[2]], types, path)
        return
    for one in schema.get("anyOf", ()):
        form = types[one["$ref"].rpartition("/")[2]]["type"] if "$ref" in one else one["type"]
        yield f"{path} as {FORMS[form]}"
        yield from declared(one, types, path)
    words = (True, False) if schema.get("type") == "boolean" else schema.get("enum") or ()
    yield from (f"{path} = {word}" for word in words)
    below = {**{key: {} for key in schema.get("propertyNames", {}).get("enum", ())}, **schema.get("properties", {})}
    if path in NAMED:
        (below["*"],) = schema["patternProperties"].values()
    for key, one in below.items():
        place = f"{path}.{key}" if path else key
        yield place
        yield from declared(one, types, place)
    yield from declared(schema["items"], types, path) if "items" in schema else ()


def said(data: Any, path: str = "") -> Iterator[str]:
    """The same of what a file says."""
    form = {list: "a list", dict: "a mapping", str: "a text", type(None): "nothing"}.get(type(data), "")
    yield from (path, f"{path} as {form}", f"{path} = {data}")
    if isinstance(data, dict):
        for key, one in data.items():
            name = "*" if path in NAMED else key
            yield from said(one, f"{path}.{name}" if path else name)
    elif isinstance(data, list):
        for one in data:
            yield from said(one, path)


def _of(shape: type[BaseModel], prefix: str = "") -> set[str]:
    schema = shape.model_json_schema()
    return {f"{prefix}{one}" for one in declared(schema, schema.get("$defs", {}))}


def everything() -> set[str]:
    providers = {f"{space}:{key}" for space, keys in APPLIED_KEYS.items() for key in keys}
    return _of(StackShape, f"{PROJECT}:") | _of(ProviderShape) | _of(TeamShape) | providers


def _said_by(tree: Tree) -> set[str]:
    return {one for data in (tree.config, *tree.teams.values()) for one in said(data)}


def test_every_key_is_drawn_in_every_form() -> None:
    seen = set().union(*(_said_by(drawn(Random(number))) for number in range(TREES)))
    assert sorted(everything() - seen - set(NOT_DRAWN)) == []
    assert sorted(set(NOT_DRAWN) - everything()) == []
