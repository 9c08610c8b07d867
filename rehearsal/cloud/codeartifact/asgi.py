"""Requests read whole, and replies."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette import requests
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rehearsal.cloud.codeartifact.model import Reply


@dataclass(frozen=True)
class Request:
    """An HTTP request. `raw_path` still has its percent escapes; header names are in lower case."""

    method: str
    path: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


async def read(scope: Scope, receive: Receive) -> Request:
    """The request behind an ASGI scope."""
    request = requests.Request(scope, receive)
    return Request(
        method=request.method,
        path=scope["path"],
        raw_path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0],
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers=dict(request.headers),
        body=await request.body(),
    )


async def write(scope: Scope, receive: Receive, send: Send, reply: Reply) -> None:
    """Send a reply."""
    await Response(reply.body, reply.status, reply.headers)(scope, receive, send)


def json_reply(document: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON reply; keyword arguments are further headers, with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"content-type": "application/json", **named})
