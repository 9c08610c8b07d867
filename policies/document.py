"""Policy documents as plain data: a statement, a document, its text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]

VERSION = "2012-10-17"


def _one_or_many(values: str | Iterable[str]) -> str | list[str]:
    if isinstance(values, str):
        return values
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def statement(
    sid: str,
    actions: str | Iterable[str],
    resources: str | Iterable[str] | None,
    *,
    effect: str = "Allow",
    principal: str | Mapping[str, str | list[str]] | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """One statement. `sid` is letters and digits; `resources` is None in a trust policy, `principal` None in an identity policy.

    A value list of one is written as the value itself, which is how AWS returns it: no difference shows up at the next preview.
    """
    built: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        built["Principal"] = dict(principal) if isinstance(principal, Mapping) else principal
    built["Action"] = _one_or_many(actions)
    if resources is not None:
        built["Resource"] = _one_or_many(resources)
    if conditions:
        built["Condition"] = {
            operator: {key: _one_or_many(values) for key, values in keys.items()} for operator, keys in conditions.items() if keys
        }
    return built


def deny(sid: str, actions: str | Iterable[str], resources: str | Iterable[str], *, conditions: Conditions | None = None) -> Statement:
    """An explicit Deny for every principal, in a resource policy. It wins over every Allow, an administrator's too."""
    return statement(sid, actions, resources, effect="Deny", principal="*", conditions=conditions)


def text(statements: Iterable[Statement]) -> str:
    """The JSON of a document with these statements, without white space: sizes are counted on what is sent."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, separators=(",", ":"))
