"""What a bridged provider decides about one resource, as pure functions of plain values: its inputs, what differs, what a look shows.

Source: pulumi-terraform-bridge, pkg/tfbridge (schema.go for defaults, provider.go for Check, Diff and Read, names.go for automatic names).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.program import wire
from rehearsal.program.handlers import Defaults, Handler
from rehearsal.program.inputs import Inputs
from rehearsal.program.provisioning import RANDOM_NAME_DIGITS

Values = dict[str, Any]
# Where the bridge notes which inputs have a value that the provider chose.
DEFAULTS = "__defaults"
# What the providers' SDK takes for a value that was not given.
BLANK: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Checked:
    """Inputs as the state keeps them, and a sentence for each thing that is wrong with them."""

    inputs: Values
    problems: list[str]


@dataclass(frozen=True)
class Difference:
    """The inputs that differ, those of them that need a new resource, and whether the old one has to go first."""

    changed: list[str]
    replaces: list[str]
    delete_first: bool


def reader(handler: Handler, inputs: Mapping[str, Any], automatic_name: str) -> Inputs:
    """A reader of these inputs; `region` is every regional resource's."""
    read = Inputs(wire.plain(dict(inputs)), auto_name=lambda: automatic_name)
    if getattr(handler, "regional", False):
        read.text("region")
    return read


def check(handler: Handler, name: str, seed: bytes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Checked:
    """The inputs, with an automatic name where there is none: the state's, or one from the seed (the same in preview and up)."""
    automatic = f"{name}-{hashlib.sha256(seed).hexdigest()[:RANDOM_NAME_DIGITS]}"
    given = reader(handler, news, automatic)
    handler.read(given, Defaults(tags={}))
    inputs, defaults = wire.plain(dict(news)), []
    for key in given.names:
        if not inputs.get(key):
            kept = olds.get(key) if key in olds.get(DEFAULTS, []) else None
            inputs[key] = kept or automatic
            defaults.append(key)
    return Checked({**inputs, DEFAULTS: defaults}, given.problems())


def difference(
    handler: Handler, olds: Mapping[str, Any], news: Mapping[str, Any], cloud: Any = None, outputs: Mapping[str, Any] | None = None
) -> Difference:
    """Compares old and new inputs. A value that is not known yet counts as changed. Some handlers ask the cloud whether it is the same.

    Two resources of one name can't be there at the same time: with a name that the program gives, the old one goes first.
    """
    changed = sorted(
        key
        for key in {*olds, *news}
        if not (
            key.startswith("__")
            or same(olds.get(key), news.get(key))
            or handler.alike(key, olds.get(key), news.get(key))
            or (key in handler.computed and key not in news)
        )
    )
    replaces = sorted(handler.replacing(cloud, outputs or {}, news, set(changed)))
    names = reader(handler, news, "automatic")
    handler.read(names, Defaults(tags={}))
    named = any(key in news and key not in news.get(DEFAULTS, []) for key in names.names)
    return Difference(changed, replaces, bool(replaces) and (named or handler.delete_before_replace))


def seen(handler: Handler, inputs: Mapping[str, Any], olds: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Values, Values]:
    """Inputs and outputs of a resource of the state after a look at it. None in `found` says that there is no such value.

    What somebody else added to the resource becomes an input, so that the next comparison with the program takes it away.
    """
    drifted = {key: value for key, value in found.items() if not same(olds.get(key), value) and not _both_blank(olds.get(key), value)}
    own = _input_names(handler, {**inputs, **found}) - (handler.computed - {*inputs})
    return known({**inputs, **{key: value for key, value in drifted.items() if key in own}}), known({**olds, **drifted})


def imported(handler: Handler, found: Mapping[str, Any]) -> Values:
    """The inputs of a resource that is imported, from a look at it."""
    own = _input_names(handler, found)
    return known({key: value for key, value in found.items() if key in own})


def _input_names(handler: Handler, values: Mapping[str, Any]) -> set[str]:
    names = reader(handler, values, "automatic")
    handler.read(names, Defaults(tags={}))
    return names.read


def _both_blank(one: Any, other: Any) -> bool:
    """AWS and GitHub answer with an empty text, list or map where nothing was given, and so do their providers."""
    return one in BLANK and other in BLANK


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a look found not to be there."""
    return {key: value for key, value in values.items() if value is not None}


def same(one: Any, other: Any) -> bool:
    """Whether two values of an input say the same: documents by content, lists in order, and inside objects what is absent is blank."""
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, str):
        documents = _document(one), _document(other)
        return None not in documents and documents[0] == documents[1]
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_alike(one.get(key), other.get(key)) for key in {*one, *other})
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(same(*each) for each in zip(one, other, strict=True))
    return False


def _alike(one: Any, other: Any) -> bool:
    blank = (*BLANK, False, 0)
    return (one in blank and other in blank) or same(one, other)


def _document(text: str) -> Any:
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict | list) else None
