"""JSON Schemas of the files that people write, for editors: types and words from the shapes, defaults and descriptions from the reference.

A schema knows single values. What the program refuses between keys or files, `python -m settings check` says.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from bootstrap.declaration import PROJECT, Declared
from settings import read_project_file
from settings.provider_keys import CREDENTIAL_KEYS, PROVIDER_KEYS
from settings.shapes import ProviderShape, StackShape, TeamShape
from settings.team_stacks import KEY as TEAM_STACK_KEY

ROOT = Path(__file__).resolve().parent.parent
# Editors support this draft best: https://github.com/redhat-developer/yaml-language-server#language-server-settings
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ANY_TEXT = r"^(?:[\s\S]*)$"


class _Row(NamedTuple):
    """A key's row in a table of keys."""

    default: str
    description: str


def texts() -> dict[str, str]:
    """The content of each file of this folder, by its name."""
    project = str(read_project_file(ROOT)["name"])
    stack = _stack_file("Pulumi.STACK.yaml", StackShape, project, _rows("docs/reference.md", "Stack file"))
    team = _document("catalog/STACK/TEAM.yaml", _schema(TeamShape, _rows("docs/reference.md", "Catalog")))
    bootstrap = _stack_file("bootstrap/Pulumi.NAME.yaml", Declared, PROJECT, _rows("bootstrap/README.md", "Keys"))
    schemas = {"stack.json": stack, "catalog.json": team, "bootstrap.json": bootstrap}
    return {name: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for name, one in schemas.items()}


def _document(title: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": _DRAFT, "title": title, **schema}


def _stack_file(title: str, shape: type[BaseModel], project: str, rows: Mapping[str, _Row]) -> dict[str, Any]:
    """A file of Pulumi: `config`, whose keys have their project's name in front, and what the engine writes beside it."""
    own, providers = _schema(shape, rows), _schema(ProviderShape, rows)
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
        **_required_in(project, [f"{project}:{key}" for key in own.get("required", ())], providers["required"], own["properties"]),
    }
    return _document(title, {"type": "object", "properties": {"config": config}, "required": ["config"]})


def _required_in(project: str, own: list[str], providers: list[str], keys: Mapping[str, Any]) -> dict[str, Any]:
    """The required keys of a file. A team stack's has the providers' keys and none of its own but the one that names its registry stack."""
    if TEAM_STACK_KEY not in keys:
        return {"required": [*providers, *own]}
    names_one = {"required": [f"{project}:{TEAM_STACK_KEY}"]}
    nothing_else = {"propertyNames": {"not": {"pattern": f"^{project}:(?!{TEAM_STACK_KEY}$)"}}}
    return {"required": providers, "if": names_one, "then": nothing_else, "else": {"required": own}}


def _schema(shape: type[BaseModel], rows: Mapping[str, _Row]) -> dict[str, Any]:
    schema = shape.model_json_schema()
    described = _described(_inlined(schema, schema.pop("$defs", {})), rows, "")
    described.pop("description", None)
    return described


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Without references, as this draft ignores what stands beside one, and without what the reference says better."""
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
            inlined[key] = {name: _inlined(each, definitions) for name, each in one.items()}
        elif key not in ("title", "$ref", "default", "required"):
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


def _described(schema: Mapping[str, Any], rows: Mapping[str, _Row], path: str) -> dict[str, Any]:
    """With the reference's description and default of each key, and the keys that it calls required."""
    described = dict(schema)
    if "anyOf" in described:
        described["anyOf"] = [_described(one, rows, path) for one in described["anyOf"]]
    if "items" in described:
        described["items"] = _described(described["items"], rows, f"{path}N.")
    if "patternProperties" in described:
        described["patternProperties"] = {
            name: _described(one, rows, f"{path}NAME.") for name, one in described["patternProperties"].items()
        }
    if isinstance(described.get("additionalProperties"), dict):
        described["additionalProperties"] = _described(described["additionalProperties"], rows, f"{path}NAME.")
    if "properties" in described:
        described["properties"] = {
            name: {**_words(rows.get(f"{path}{name}")), **_described(one, rows, f"{path}{name}.")}
            for name, one in described["properties"].items()
        }
        described |= _requirements([(name, rows[f"{path}{name}"]) for name in described["properties"] if f"{path}{name}" in rows])
    return described


def _required(row: _Row) -> bool:
    return row.default.startswith("required")


def _requirements(rows: Sequence[tuple[str, _Row]]) -> dict[str, Any]:
    """Required keys of an object; where the reference says `required in`, {} stands for leaving the object out."""
    always = [name for name, row in rows if row.default == "required"]
    inside = [name for name, row in rows if _required(row) and name not in always]
    required: dict[str, Any] = {"required": always} if always else {}
    return required | ({"if": {"minProperties": 1}, "then": {"required": inside}} if inside else {})


def _words(row: _Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    default = "" if _required(row) else f" Default: {_plain(row.default)}."
    return {"description": f"{_plain(row.description)}.{default}"}


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", markdown).replace("`", "").replace(r"\|", "|").removesuffix(".")


def _rows(page: str, heading: str) -> dict[str, _Row]:
    """The keys' rows of a page's first table below a heading: the key first, default and description last."""
    text = (ROOT / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(_keyed(section))


def _keyed(section: str) -> Iterator[tuple[str, _Row]]:
    for line in re.findall(r"^\| `.*\|$", section, re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        default, description = cells[-2:]
        for key in re.findall(r"`([^`]+)`", cells[0]):
            yield key, _Row(default, description)
