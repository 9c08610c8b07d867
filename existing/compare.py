"""What changes for those who use a thing: its policy statement by statement, and everything else field by field. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

# Of those that put packages, or new versions of them, into a repository.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
_PUBLISHING = ("codeartifact:PublishPackageVersion", "codeartifact:CopyPackageVersions", "codeartifact:PutPackageMetadata")


def statements(document: Any) -> list[dict[str, Any]]:
    """The statements of a policy document, as text or read already. No document has none."""
    read = json.loads(document) if isinstance(document, str) and document else document or {}
    found = read.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def policies(found: Any, planned: Any, what: str = "policy") -> list[str]:
    """A line for each statement that goes and each that comes; who can no longer publish is said."""
    before, after = statements(found), statements(planned)
    gone = [one for one in before if not any(_same(one, other) for other in after)]
    come = [one for one in after if not any(_same(one, other) for other in before)]
    return [*(f"{what}: removes {_shown(one)}{_stops(one)}" for one in gone), *(f"{what}: adds {_shown(one)}" for one in come)]


def fields(found: Mapping[str, Any], planned: Mapping[str, Any]) -> list[str]:
    """A line for each planned value that differs from what is there."""
    return [
        f"{name}: {_value(found.get(name))} becomes {_value(value)}"
        for name, value in planned.items()
        if (found.get(name) or None) != (value or None)
    ]


def publishers(found: Any) -> list[str]:
    """Principals that a policy lets publish, as it names them."""
    letting = [one for one in statements(found) if one.get("Effect") == "Allow" and _publishes(one)]
    return list(dict.fromkeys(name for one in letting for name in _principals(one)))


def _stops(one: Mapping[str, Any]) -> str:
    names = _principals(one) if one.get("Effect") == "Allow" and _publishes(one) else []
    return f" ({', '.join(names)} publishes by it, and no longer can)" if names else ""


def _publishes(one: Mapping[str, Any]) -> bool:
    return any(_matches(pattern, action) for pattern in _listed(one.get("Action")) for action in _PUBLISHING)


def _matches(pattern: str, action: str) -> bool:
    start, star, _ = pattern.lower().partition("*")
    return action.lower().startswith(start) if star else action.lower() == start


def _principals(one: Mapping[str, Any]) -> list[str]:
    principal = one.get("Principal", one.get("NotPrincipal"))
    named = principal.values() if isinstance(principal, dict) else [principal]
    return [str(name) for each in named for name in _listed(each)]


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two statements say the same; the Sid is a name, and lists of one are that one."""
    return _plain(one) == _plain(other)


def _plain(one: Mapping[str, Any]) -> Any:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return sorted(map(str, value)) if isinstance(value, list) else [str(value)]

    return {key: plain(value) for key, value in one.items() if key != "Sid"}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _shown(one: Mapping[str, Any]) -> str:
    return json.dumps(one, sort_keys=True)


def _value(value: Any) -> str:
    if value in (None, "", [], ()):
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str | dict) else str(value)
