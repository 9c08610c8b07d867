"""CodeArtifact's wire protocol, driven by botocore's service model: route, parse, validate, serialise.

All URIs of the API are static, so method and path name the operation. Input is checked in full, as the service does.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape

from rehearsal.cloud.codeartifact.errors import ApiError, invalid, not_implemented
from rehearsal.service_models import violations

SERVICE = ServiceModel(Loader().load_service_model("codeartifact", "service-2"), "codeartifact")
OPERATIONS = {
    (operation.http["method"], operation.http["requestUri"].rstrip("/")): operation
    for operation in map(SERVICE.operation_model, SERVICE.operation_names)
}
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "long": (int,), "boolean": (bool,), "list": (list,), "map": (dict,), "structure": (dict,),
    "blob": (bytes,), "timestamp": (int, float),
}  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """A response as it goes out."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def route(method: str, path: str) -> OperationModel:
    """The operation behind a request; 501 if this version of the service model has none there."""
    operation = OPERATIONS.get((method, path.rstrip("/")))
    if operation is None:
        raise not_implemented(f"{method} {path}")
    return operation


def parse(operation: OperationModel, query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The operation's input, by member name; ValidationException lists everything that is wrong with it.

    Members that this version of the service model does not know are refused instead of dropped.
    """
    shape = operation.input_shape
    assert isinstance(shape, StructureShape)
    payload = shape.serialization.get("payload")
    document = {} if payload else _json(body)
    _refuse_unknown(operation, shape, query, document)
    params: dict[str, Any] = {}
    for name, member in shape.members.items():
        where, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if name == payload:
            params[name] = body
        elif where == "querystring" and wire in query:
            params[name] = (
                [_scalar(member.member, v) for v in query[wire]] if isinstance(member, ListShape) else _single(member, query[wire])
            )
        elif where == "header" and wire.lower() in headers:
            params[name] = headers[wire.lower()]
        elif where is None and document.get(wire) is not None:
            params[name] = _decoded(member, document[wire])
    problems = list(violations(shape, params, ""))
    if problems:
        plural = "" if len(problems) == 1 else "s"
        raise invalid(f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}")
    return params


def serialise(operation: OperationModel, result: Mapping[str, Any]) -> Reply:
    """The operation's output on the wire. A member that the model does not know, or of a wrong type, is a bug here and raises."""
    shape = operation.output_shape
    if shape is None or not shape.members:
        return Reply(200, b"{}")
    unknown = set(result) - set(shape.members)
    if unknown:
        raise TypeError(f"{operation.name} has no output members {sorted(unknown)}")
    headers, document, payload = {}, {}, shape.serialization.get("payload")
    for name, value in result.items():
        member = shape.members[name]
        if value is None or name == payload:
            continue
        if member.serialization.get("location") == "header":
            headers[member.serialization["name"].lower()] = str(value)
        else:
            document[member.serialization.get("name", name)] = _encoded(member, value, name)
    if payload:
        return Reply(200, result[payload], {"content-type": "application/octet-stream", **headers})
    return Reply(200, json.dumps(document).encode(), {"content-type": "application/json", **headers})


def serialise_error(error: ApiError, request_id: str) -> Reply:
    """An error in the form of the restJson protocol."""
    document = {"message": error.message, **{k: v for k, v in error.fields.items() if v is not None}}
    headers = {"content-type": "application/json", "x-amzn-errortype": error.code, "x-amzn-requestid": request_id}
    return Reply(error.status, json.dumps(document).encode(), headers)


def _json(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except ValueError as problem:
        raise invalid(f"The request's body is not JSON: {problem}", "CANNOT_PARSE") from None
    if not isinstance(document, dict):
        raise invalid("The request's body is not a JSON object", "CANNOT_PARSE")
    return document


def _refuse_unknown(operation: OperationModel, shape: StructureShape, query: Mapping[str, list[str]], document: Mapping[str, Any]) -> None:
    in_query = {m.serialization.get("name", n) for n, m in shape.members.items() if m.serialization.get("location") == "querystring"}
    in_body = {m.serialization.get("name", n) for n, m in shape.members.items() if m.serialization.get("location") is None}
    unknown = [q for q in query if q not in in_query and not q.lower().startswith("x-amz-")] + [k for k in document if k not in in_body]
    if unknown:
        raise not_implemented(f"the parameters {', '.join(sorted(unknown))} of {operation.name}")


def _single(shape: Shape, values: list[str]) -> Any:
    if len(values) != 1:
        raise invalid(f"A parameter occurs {len(values)} times in the request's query string", "CANNOT_PARSE")
    return _scalar(shape, values[0])


def _scalar(shape: Shape, text: str) -> Any:
    if shape.type_name in ("integer", "long"):
        if not re.fullmatch(r"-?\d{1,19}", text):
            raise invalid(f"'{text}' is not a number", "CANNOT_PARSE")
        return int(text)
    if shape.type_name == "boolean":
        if text not in ("true", "false"):
            raise invalid(f"'{text}' is not a boolean", "CANNOT_PARSE")
        return text == "true"
    return text


def _decoded(shape: Shape, value: Any) -> Any:
    if shape.type_name != "blob":
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise invalid("A binary member is not base64", "CANNOT_PARSE") from None


def _encoded(shape: Shape, value: Any, path: str) -> Any:
    if shape.type_name == "timestamp":
        return round(value.timestamp() if isinstance(value, datetime) else value, 3)
    if isinstance(shape, StructureShape):
        unknown = set(value) - set(shape.members)
        if unknown:
            raise TypeError(f"{path} has no members {sorted(unknown)}")
        return {
            shape.members[n].serialization.get("name", n): _encoded(shape.members[n], v, f"{path}.{n}")
            for n, v in value.items() if v is not None
        }  # fmt: skip
    if isinstance(shape, ListShape):
        return [_encoded(shape.member, item, path) for item in value]
    if isinstance(shape, MapShape):
        return {key: _encoded(shape.value, item, path) for key, item in value.items()}
    if not isinstance(value, JSON_TYPES[shape.type_name]) or (isinstance(shape, StringShape) and shape.enum and value not in shape.enum):
        raise TypeError(f"{path} is {value!r}, which {shape.name} does not admit")
    return value
