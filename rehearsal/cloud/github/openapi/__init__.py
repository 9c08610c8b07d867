"""GitHub's published OpenAPI description, cut down to the operations of this stand-in, as JSON Schema validators.

`operations.json` is written by `extract.py`, which names source, version and licence.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

EXTRACT = Path(__file__).parent / "operations.json"
WEB = "https://github.com"
LONG_AGO = "2020-01-01T00:00:00Z"

# Properties of request bodies that GitHub accepts and its description does not have; anything else is refused.
UNDOCUMENTED = {
    # Sent by every GitHub client that is built on go-github; GitHub's web form has the same switch.
    ("PUT", "/repos/{owner}/{repo}/environments/{environment_name}"): {"can_admins_bypass": {"type": "boolean"}},
    # The provider echoes what identifies the ruleset's place; the path decides.
    ("POST", "/repos/{owner}/{repo}/rulesets"): {"source": {"type": "string"}, "source_type": {"type": "string"}},
    ("PUT", "/repos/{owner}/{repo}/rulesets/{ruleset_id}"): {"source": {"type": "string"}, "source_type": {"type": "string"}},
    ("POST", "/orgs/{org}/rulesets"): {"source": {"type": "string"}, "source_type": {"type": "string"}},
    ("PUT", "/orgs/{org}/rulesets/{ruleset_id}"): {"source": {"type": "string"}, "source_type": {"type": "string"}},
}


@cache
def _extract() -> dict[str, Any]:
    return json.loads(EXTRACT.read_text())


def operations() -> list[tuple[str, str]]:
    """Every (method, path template) that the extract describes."""
    return [(method.upper(), path) for path, methods in _extract()["paths"].items() for method in methods]


def request_errors(method: str, template: str, body: Any) -> list[str]:
    """What is wrong with a request body, in GitHub's words; empty if it is valid or if the operation takes none."""
    validator = _request_validator(method, template)
    if validator is None:
        return []
    return [_in_words(error) for error in validator.iter_errors(body)]


def response_errors(method: str, template: str, status: int, body: Any) -> list[str]:
    """What a response lacks of GitHub's description. A status that the description does not list counts as an error."""
    responses = _extract()["paths"][template][method.lower()]["responses"]
    if str(status) not in responses:
        return [f"{method} {template} is not described as answering {status}"]
    schema = responses[str(status)]
    if schema is None:
        return [] if body is None else [f"{method} {template} is described as answering {status} without a body"]
    return [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(body)]


def completed(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """An object of the description's schema `name`: what is known of it, and for whatever else the schema requires an empty value."""
    return {**_blank_of(name), **known}


def cut(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """What an object of the description's schema `name` shows of a larger one."""
    properties = _extract()["components"]["schemas"][name]["properties"]
    return {key: value for key, value in known.items() if key in properties}


@cache
def _blank_of(name: str) -> Any:
    return _blank(_extract()["components"]["schemas"][name])


def _blank(schema: dict[str, Any]) -> Any:
    """A value of a schema that says nothing."""
    if "$ref" in schema:
        return _blank_of(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return None if {"type": "null"} in schema["anyOf"] else _blank(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {name: _blank(schema["properties"][name]) for name in schema.get("required", [])}
    if schema["type"] == "string":
        return {"uri": WEB, "date-time": LONG_AGO}.get(schema.get("format", ""), "")
    return {"array": [], "boolean": False}.get(schema["type"], 0)


def permissions() -> dict[str, list[str]]:
    """The permissions that an App installation can have, and their levels."""
    properties = _extract()["components"]["schemas"]["app-permissions"]["properties"]
    return {name: schema["enum"] for name, schema in properties.items()}


@cache
def _request_validator(method: str, template: str) -> Validator | None:
    schema = _extract()["paths"][template][method.lower()]["request"]
    if schema is None:
        return None
    # GitHub's description leaves objects open; here a misspelt key must not pass.
    components = _closed(_extract()["components"])
    schema = _closed(schema)
    _properties(schema).update(UNDOCUMENTED.get((method, template), {}))
    return Draft202012Validator({**schema, "components": components})


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of an object schema, also where a null alternative wraps it."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    return schema.get("properties", {})


def _validator(schema: dict[str, Any]) -> Validator:
    return Draft202012Validator({**schema, "components": _extract()["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # Each of them is about some of the properties, so only all together can be closed.
    if isinstance(schema.get("allOf"), list):
        schema = _joined(schema)
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def _joined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of objects with what its `allOf` says among its own words."""
    schemas, properties, required = _extract()["components"]["schemas"], {}, []
    for one in schema["allOf"]:
        said = schemas[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        properties |= said.get("properties", {})
        required += said.get("required", [])
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    return {**rest, "type": "object", "properties": properties, "required": required}


def _in_words(error: ValidationError) -> str:
    """GitHub's sentence for a schema violation; within alternatives, of the alternative that was meant."""
    while error.context:
        meant = _meant_alternative(error)
        if meant is None:
            break
        error = meant
    path = "/".join(str(part) for part in error.absolute_path)
    return f"Invalid property /{path}: {'data matches no possible input' if error.context else error.message}"


def _meant_alternative(error: ValidationError) -> ValidationError | None:
    """The first complaint of the alternative whose kind fits the data, as its type and its constants tell."""
    alternatives: dict[Any, list[ValidationError]] = {}
    for one in error.context or []:
        alternatives.setdefault(one.relative_schema_path[0], []).append(one)
    fitting = [
        errors for errors in alternatives.values() if not any(one.validator in ("enum", "type") and len(one.path) < 2 for one in errors)
    ]
    return fitting[0][0] if fitting else None
