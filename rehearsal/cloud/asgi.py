"""What Starlette leaves open: a request that is read whole and handed on, and errors of AWS's query protocol."""

import uuid
from collections.abc import MutableMapping
from typing import Any
from xml.sax.saxutils import escape

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole request body."""
    return await Request(scope, receive).body()


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive callable that hands out a body that was already read."""
    sent = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def header(scope: Scope, name: str) -> str:
    """A request header's value, or ""."""
    return Headers(scope=scope).get(name, "")


def query_error(namespace: str, code: str, message: str) -> bytes:
    """An error in the XML of AWS's query protocol."""
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    ).encode()
