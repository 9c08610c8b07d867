"""What is generated from the code: JSON Schemas of the files that people write, for editors, and the tables of the reference.

A schema knows single values. What the program refuses between keys or files, `python -m settings check` says.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from bootstrap import declaration
from settings import read_project_file
from settings.provider_keys import CREDENTIAL_KEYS, PROVIDER_KEYS
from settings.shapes import ProviderShape, StackShape, TeamShape
from settings.team_stacks import KEY as TEAM_STACK_KEY

ROOT = Path(__file__).resolve().parent.parent
# Editors support this draft best: https://github.com/redhat-developer/yaml-language-server#language-server-settings
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ANY_TEXT = r"^(?:[\s\S]*)$"


class Key(NamedTuple):
    """A row of a table of keys. `required` is "", "always", or the optional object in which the key is required."""

    name: str
    types: tuple[str, ...]
    required: str
    default: str
    description: str


def texts() -> dict[str, str]:
    """The content of each file of this folder, by its name."""
    stack = _stack_file("Pulumi.STACK.yaml", str(read_project_file(ROOT)["name"]), stack_file())
    bootstrap = _stack_file("bootstrap/Pulumi.NAME.yaml", declaration.PROJECT, bootstrap_file(), "aws:allowedAccountIds")
    schemas = {
        "stack.json": stack,
        "catalog.json": _document("catalog/STACK/TEAM.yaml", _finished(catalog_file())),
        "bootstrap.json": bootstrap,
    }
    return {name: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for name, one in schemas.items()}


def stack_file() -> dict[str, Any]:
    """The project's keys of a stack file, as `keys` reads them."""
    return _of(StackShape, {name: one["default"] for name, one in read_project_file(ROOT)["config"].items() if "default" in one})


def provider_keys() -> dict[str, Any]:
    """The keys of the providers that the program reads."""
    return _of(ProviderShape, {})


def catalog_file() -> dict[str, Any]:
    """A team's file."""
    return _of(TeamShape, {})


def bootstrap_file() -> dict[str, Any]:
    """The bootstrap's keys of its stack file."""
    defaults = declaration.defaults(ROOT / "bootstrap")
    return _of(declaration.Declared, {name.partition(":")[2]: one for name, one in defaults.items()})


def keys(schema: Mapping[str, Any], path: str = "", holder: str = "") -> Iterator[Key]:
    """Every key inside; NAME in a path stands for a name of the file's choice, N for a place in a list. `holder`: an optional object."""
    for one in schema.get("anyOf", ()):
        yield from keys(one, path, holder)
    for one in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        if isinstance(one, dict):
            yield from keys(one, f"{path}NAME.")
    if "items" in schema:
        yield from keys(schema["items"], f"{path}N.")
    for name, one in schema.get("properties", {}).items():
        types = [each.get("type", []) for each in one.get("anyOf", [one])]
        flat = [word for each in types for word in (each if isinstance(each, list) else [each]) if word != "null"]
        required = (holder or "always") if one["needed"] else ""
        yield Key(f"{path}{name}", tuple(flat), required, one["default"], one["description"])
        yield from keys(one, f"{path}{name}.", "" if one["needed"] else name)


def plain(markdown: str) -> str:
    """Markdown as text, without what surrounds links and code."""
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", markdown).replace("`", "")


def _document(title: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": _DRAFT, "title": title, **schema}


def _stack_file(title: str, project: str, keys: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """A file of Pulumi: `config`, whose keys have their project's name in front, and what the engine writes beside it."""
    own, providers = _finished(keys), _finished(provider_keys())
    others = [f"{namespace}:{name}" for namespace, names in PROVIDER_KEYS.items() for name in sorted(names)]
    config = {
        "type": "object",
        "properties": {
            **{f"{project}:{key}": one for key, one in own["properties"].items()},
            **providers["properties"],
            **{key: {} for key in others if key not in CREDENTIAL_KEYS and key not in providers["properties"]},
        },
        "patternProperties": {"^pulumi:": {}},
        "additionalProperties": False,
        **_required(project, own, [*providers["required"], *required]),
    }
    return _document(title, {"type": "object", "properties": {"config": config}, "required": ["config"]})


def _required(project: str, own: Mapping[str, Any], always: list[str]) -> dict[str, Any]:
    """The required keys of a file. A team stack's has the providers' keys and none of its own but the one that names its registry stack."""
    needed = [f"{project}:{key}" for key in own.get("required", ())]
    if TEAM_STACK_KEY not in own["properties"]:
        return {"required": [*always, *needed]}
    names_one = {"required": [f"{project}:{TEAM_STACK_KEY}"]}
    nothing_else = {"propertyNames": {"not": {"pattern": f"^{project}:(?!{TEAM_STACK_KEY}$)"}}}
    return {"required": always, "if": names_one, "then": nothing_else, "else": {"required": needed}}


def _of(shape: type[BaseModel], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A shape's schema, each key with `description` (Markdown), `default` (as the reference writes it) and `needed`."""
    schema = shape.model_json_schema()
    for name, default in defaults.items():
        schema["properties"][name]["default"] = default
    inlined = _inlined(schema, schema.pop("$defs", {}))
    inlined.pop("description", None)
    return inlined


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Without references, as this draft ignores what stands beside one."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        referred = definitions[schema["$ref"].rpartition("/")[2]]
        schema = {**{key: one for key, one in referred.items() if key != "description"}, **schema}
    inlined: dict[str, Any] = {}
    for key, one in schema.items():
        if key == "properties":
            inlined[key] = {name: {**_inlined(each, definitions), **_said(each)} for name, each in one.items()}
        elif key not in ("title", "$ref", "default", "needed", "shown", "required"):
            inlined[key] = _inlined(one, definitions)
    if inlined.get("pattern") == _ANY_TEXT:
        del inlined["pattern"], inlined["patternErrorMessage"]
    if "patternProperties" in inlined:
        inlined["additionalProperties"] = False
    if {"type": "null"} in inlined.get("anyOf", ()):
        # Of alternatives an editor can't say which was meant.
        (other,) = (one for one in inlined.pop("anyOf") if one != {"type": "null"})
        inlined |= {**other, "type": [other["type"], "null"]}
    return inlined


def _said(key: Mapping[str, Any]) -> dict[str, Any]:
    needed = key["needed"] or "default" not in key
    return {"description": key["description"], "needed": needed, "default": key["shown"] or _written(key.get("default"))}


def _written(value: Any) -> str:
    """A default as the reference writes it."""
    if value is None or isinstance(value, dict):
        return "`{}`"
    if isinstance(value, list):
        return f"`[{', '.join(value)}]`"
    return f"`{json.dumps(value) if value == '' or not isinstance(value, str) else value}`"


def _finished(schema: Mapping[str, Any], optional: bool = False) -> dict[str, Any]:
    """For editors: descriptions as text, and the keys that an object requires. Of an optional object {} is as good as none."""
    finished = dict(schema)
    if "anyOf" in finished:
        finished["anyOf"] = [_finished(one, optional) for one in finished["anyOf"]]
    if "items" in finished:
        finished["items"] = _finished(finished["items"])
    for key in ("patternProperties", "additionalProperties"):
        if isinstance(finished.get(key), dict):
            inner = finished[key]
            finished[key] = {name: _finished(one) for name, one in inner.items()} if key == "patternProperties" else _finished(inner)
    if "properties" in finished:
        properties = finished["properties"]
        finished["properties"] = {name: _key(one) for name, one in properties.items()}
        if required := [name for name, one in properties.items() if one["needed"]]:
            finished |= {"if": {"minProperties": 1}, "then": {"required": required}} if optional else {"required": required}
    return finished


def _key(key: Mapping[str, Any]) -> dict[str, Any]:
    default = "" if key["needed"] else f" Default: {plain(key['default'])}."
    schema = {name: one for name, one in key.items() if name not in ("needed", "default")}
    return {"description": f"{plain(schema.pop('description'))}.{default}", **_finished(schema, optional=not key["needed"])}
