"""Everything that the local cloud holds, in a form in which two ways to the same end are equal.

What differs from run to run is left out or named by what it belongs to: moments, and ids that a service draws. Lists stay lists, and maps
become lists of pairs, so that something that is there twice is there twice here.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from rehearsal.cloud import chatbot
from rehearsal.cloud.codeartifact import app as codeartifact
from rehearsal.cloud.github import app as github
from rehearsal.cloud.identity_center import app as identity_center

# The account's services, whose sessions and whose organization are no part of what was provisioned.
SERVICES = "ministack.services."
NOT_PROVISIONED = {"sts", "organizations"}
# Members of records that say when something was, or number it.
MOMENTS = re.compile(r"(?i)(last_?)?(creat|updat|modif|deletion|used|timestamp|published).*|effective_(from|until)|date")
MATERIAL = re.compile(r"_.*|signing_key|token")  # what a service keeps for itself, such as a key's bits
LEFT_OUT = {"deleted_groups", "sequences", "statuses", "sign_ins", "commits", "refs", "checks", "pull_requests"}
DRAWN = (
    re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    re.compile(r"\bA[A-Z]{3}[A-Z0-9]{16,17}\b"),  # unique ids of IAM
    re.compile(r"\bps-[0-9a-f]{16}\b"),
    re.compile(r"\bssoins-[0-9a-f]{16}\b"),
    re.compile(r"\bd-[0-9a-f]{10}\b"),  # an identity store
    re.compile(r"(?<=127\.0\.0\.1:)\d+"),
    re.compile(r"\bterraform-[0-9a-f]{26}\b"),  # of a target without an id of its own
    re.compile(r"(?<=_)[0-9a-f]{16}\b"),  # the end of a reserved role's name
)
GITHUB_NUMBER = re.compile(r"\b10000\d\d\b")  # the stand-in counts up from a million
DEPTH = 3
GITHUB_NUMBERED = {"Ruleset", "Environment", "BranchPolicy"}


def end_state() -> list[str]:
    """What there is, a line each. Keys that are to be deleted are gone."""
    keys = {key: (f"KEY({about})", gone) for key, about, gone in _keys()}
    names = {key: name for key, (name, _) in keys.items()}
    lines = []
    for where, content in _parts():
        for path, value in _leaves(where, _plain(content)):
            if not any(gone and key in path for key, (_, gone) in keys.items()):
                lines.append(_named(f"{path} = {value}", names))
    return sorted(lines)


def _parts() -> Iterator[tuple[str, Any]]:
    for name, module in sorted(sys.modules.items()):
        service = name.removeprefix(SERVICES)
        if name.startswith(SERVICES) and service not in NOT_PROVISIONED and hasattr(module, "get_state"):
            yield from ((f"{service}.{store}", content) for store, content in module.get_state().items())
    yield "codeartifact", codeartifact.configured().store
    stand_in = github._server.github
    yield "github", {one.full_name: one for one in stand_in.repositories.values()}
    yield "identity-center", identity_center._store.instances
    yield "chatbot", chatbot.configurations


def _keys() -> Iterator[tuple[str, str, bool]]:
    """Keys of KMS by what they are (two of a kind have one name, and their lines are two), and whether they are to be deleted."""
    for (account, _, key), record in sys.modules[f"{SERVICES}kms"]._keys.to_dict().items():
        yield key, f"{account} {record.get('Description', '')}", record.get("KeyState") == "PendingDeletion"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        numbered = type(value).__name__ in GITHUB_NUMBERED
        members = {each.name: getattr(value, each.name) for each in fields(value)}
        if "owner" in members and "full_name" in dir(value):
            members["owner"] = value.owner.login
        return _plain({name: each for name, each in members.items() if not (numbered and name == "id")})
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, Mapping):
        kept = {key: each for key, each in value.items() if not (isinstance(key, str) and _varies(key))}
        return {json.dumps(key) if isinstance(key, tuple) else str(key): _plain(each) for key, each in kept.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(type(value))


def _varies(member: str) -> bool:
    return bool(MOMENTS.fullmatch(member) or MATERIAL.fullmatch(member)) or member in LEFT_OUT


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A line for each member of each record."""
    if isinstance(value, dict) and value and path.count(" / ") < DEPTH:
        for key, each in value.items():
            yield from _leaves(f"{path} / {key}", each)
    else:
        yield path, json.dumps(value, sort_keys=True)


def _named(text: str, keys: Mapping[str, str]) -> str:
    for key, name in keys.items():
        text = text.replace(key, name)
    for pattern in DRAWN:
        text = pattern.sub("DRAWN", text)
    return GITHUB_NUMBER.sub("DRAWN", text) if text.startswith("github") else text
