"""Reading requests and sending answers in plain ASGI."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from xml.sax.saxutils import escape

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def read_body(receive: Receive) -> bytes:
    """The whole request body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


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
    wanted = name.lower().encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted), "")


async def send_answer(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """A complete answer."""
    named = {"content-length": str(len(body)), **{name.lower(): value for name, value in headers.items()}}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, value: Any) -> None:
    """A JSON answer."""
    await send_answer(send, status, {"content-type": "application/json"}, json.dumps(value).encode())


def query_error(namespace: str, code: str, message: str) -> bytes:
    """An error in the XML of AWS's query protocol."""
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    ).encode()
