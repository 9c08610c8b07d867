"""Values as the Pulumi SDK puts them on the wire: signature envelopes around secrets, a sentinel for unknowns, integers as floats.

The signatures are part of Pulumi's wire protocol (sdk/python/lib/pulumi/runtime/rpc.py).
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

MASKED_SECRET = "[secret]"
SHOWN_UNKNOWN = "[unknown]"


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The message as Python values, envelopes kept; whole numbers are integers again, null members are dropped."""
    return _normalised(json_format.MessageToDict(struct))


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The opposite of `from_struct`."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def secret(value: Any) -> dict[str, Any]:
    """`value` in the envelope that makes it a secret for the SDK."""
    return {SIGNATURE: SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Whether `value` is an envelope around a secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def has_secret(value: Any) -> bool:
    """Whether a secret is anywhere in `value`."""
    if is_secret(value):
        return True
    return any(has_secret(each) for each in _members(value))


def has_unknown(value: Any) -> bool:
    """Whether an unknown is anywhere in `value`."""
    return value == UNKNOWN or any(has_unknown(each) for each in _members(value))


def plain(value: Any) -> Any:
    """`value` as a provider gets it: secrets bare, a resource as its id, SDK-internal members (`__...`) left out.

    The engine replaces a resource reference by the resource's id for providers that do not ask for references, which no bridged one does.
    """
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return plain(value.get("value"))
        if value.get(SIGNATURE) == RESOURCE:
            return (value.get("id") or UNKNOWN) if "id" in value else value["urn"]
        if SIGNATURE in value:
            raise ValueError("assets, archives and output values are not supported as resource inputs by the rehearsal")
        return {key: plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def shown(value: Any) -> Any:
    """`value` fit for a report: secrets masked, unknowns named."""
    if is_secret(value):
        return MASKED_SECRET
    if value == UNKNOWN:
        return SHOWN_UNKNOWN
    if isinstance(value, dict):
        if value.get(SIGNATURE) == RESOURCE:
            return shown(plain(value))
        return {key: shown(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [shown(each) for each in value]
    return value


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _normalised(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _normalised(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_normalised(each) for each in value]
    return value
