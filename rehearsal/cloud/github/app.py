"""The stand-in as two ASGI applications over one state: GitHub's own interface (`rest`) and the rehearsal's (`rehearsal`).

Both accept the full path, so that a front only has to look at its beginning. Who may reach `rehearsal` is the front's business.
"""

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from rehearsal.cloud.github import rest as rest_api
from rehearsal.cloud.github.people import TOKEN_PATH, People, serve_token
from rehearsal.cloud.github.state import GitHub

REST_PREFIX = "/_github"
REHEARSAL_PREFIX = "/_rehearsal/github"
# Clients that use another host than github.com put this before every path.
ENTERPRISE_PREFIX = "/api/v3"


class _Server:
    """The process's one GitHub."""

    def __init__(self) -> None:
        self.base_url = "http://127.0.0.1"
        self.reset()

    def reset(self) -> None:
        self.github = GitHub()
        self.people = People(self.github, f"{self.base_url}{REST_PREFIX}", self.reset)


_server = _Server()


def configure(base_url: str) -> None:
    """Start with an empty state. `base_url` is the cloud's own address, such as `http://127.0.0.1:4599`: what answers refer to."""
    _server.base_url = base_url.rstrip("/")
    _server.reset()


async def rest(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI application for `/_github/...`."""
    request = Request(scope, receive)
    path = _below(scope, REST_PREFIX)
    if path == TOKEN_PATH and request.method == "GET":
        response = await serve_token(_server.github, request)
    else:
        response = await rest_api.serve(_server.github, f"{_server.base_url}{REST_PREFIX}", path.removeprefix(ENTERPRISE_PREFIX), request)
    await response(scope, receive, send)


async def rehearsal(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI application for `/_rehearsal/github/...`."""
    response = await _server.people.serve(_below(scope, REHEARSAL_PREFIX).strip("/"), Request(scope, receive))
    await response(scope, receive, send)


def _below(scope: Scope, prefix: str) -> str:
    """The undecoded path below `prefix`: a decoded one could not tell `/` from `%2F` in an environment's name."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0].removeprefix(prefix)
