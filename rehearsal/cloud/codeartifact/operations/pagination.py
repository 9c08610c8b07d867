"""Pages of a list, by key: a page starts after the key that its token names, so changes in between neither repeat nor skip others."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from rehearsal.cloud.codeartifact.errors import invalid
from rehearsal.cloud.codeartifact.operations.call import Call

MOST = 1000  # the API's largest page, also taken where a request sets none
Item = TypeVar("Item")


def page(call: Call, items: Iterable[Item], key: Callable[[Item], Any], limit: int | None = None) -> tuple[list[Item], dict[str, str]]:
    """The page that the call requests, in the order of `key` (a JSON-serialisable value), and `{"nextToken": ...}` if there is more.

    A token that was not issued here is a ValidationException.
    """
    ordered = sorted(items, key=key)
    token = call.get("nextToken")
    if token is not None:
        after = _read(token)
        try:
            ordered = [item for item in ordered if json.loads(json.dumps(key(item))) > after]
        except TypeError:
            raise _unreadable() from None
    size = call.get("maxResults") or limit or MOST
    chosen, rest = ordered[:size], ordered[size:]
    return chosen, ({"nextToken": _token(key(chosen[-1]))} if rest else {})


def _token(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": key}).encode()).decode()


def _read(token: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(token.encode()))["after"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise _unreadable() from None


def _unreadable() -> Exception:
    return invalid("The nextToken is not one that this operation returned.")
