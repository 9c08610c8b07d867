"""Small ASGI helpers: requests in, replies out."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from rehearsal.cloud.codeartifact.model import Reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """An HTTP request, read whole. `raw_path` still has its percent escapes; header names are in lower case."""

    method: str
    path: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


async def read(scope: Scope, receive: Receive) -> Request:
    """The request behind an ASGI scope."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0],
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
    )


async def write(send: Send, reply: Reply) -> None:
    """Send a reply."""
    headers = {**reply.headers, "content-length": str(len(reply.body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body})


def json_reply(document: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON reply; keyword arguments are further headers, with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"content-type": "application/json", **named})
