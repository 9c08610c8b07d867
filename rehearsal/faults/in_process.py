"""The local cloud and the program in one process and one thread, so that both can be forked in the middle of a call.

Requests do not go through a socket: AWS's clients and GitHub's hand them to the cloud's ASGI application, and a connection that breaks or
does not answer in time is raised as those libraries raise it. Nobody waits: pauses between attempts take no time.
"""

import asyncio
import selectors
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import botocore.endpoint
import httpx
import uvicorn
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from starlette.types import Scope

from rehearsal.cloud import server
from rehearsal.cloud.faults import Seen, seen
from rehearsal.program.clouds import Connection

# The real providers' are 25 and 4. That they end is what matters, and that one fault is fewer.
ATTEMPTS = 3

Headers = list[tuple[str, str]]


class TimedOut(Exception):
    """The cloud does not answer."""


class Broken(Exception):
    """The cloud has closed the connection."""


class Interrupted(BaseException):
    """The program's process ends here, as by a signal that it can't catch. Nothing in the program handles it."""


class Inline(ThreadPoolExecutor):
    """Runs everything at once and in the thread that asks, so that a fork has all of it."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        done: Future = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        except BaseException as error:
            # The end of the process. The SDK would wait for an answer; nothing of it is to run any more.
            done.set_exception(error)
            if loop := asyncio._get_running_loop():
                loop.stop()
        return done


class _Transport:
    """As far as a cloud can reach into its server's: it closes the connection."""

    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class _Exchange:
    """One request and what comes back."""

    def __init__(self, body: bytes) -> None:
        self.transport = _Transport()
        self.messages: list[Mapping[str, Any]] = []
        self._requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive(self) -> dict[str, Any]:
        return self._requests.pop() if self._requests else {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        self.messages.append(message)

    def answer(self) -> tuple[int, Headers, bytes]:
        """Raises Broken or TimedOut if there is none."""
        if self.transport.aborted:
            raise Broken
        if not self.messages:
            raise TimedOut
        start, *rest = self.messages
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return start["status"], headers, b"".join(message.get("body", b"") for message in rest)


class Carrier:
    """Carries requests to the cloud.

    before: told of each call that counts, before the cloud is. calls: those that counted. end_at: the number of the call after whose
    execution the program is interrupted.
    """

    def __init__(self, front: server.Front) -> None:
        self.front = front
        self.calls: list[Seen] = []
        self.before: Callable[[int, Seen], None] = lambda number, call: None
        self.end_at = 0
        self._host = front.settings.base_url.split("//")[1]
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self._loop.set_default_executor(Inline())

    def connection(self) -> Connection:
        """For the program's clients."""
        return Connection(ATTEMPTS, pause=lambda seconds: None, attach=self._attach, transport=_GithubTransport(self))

    def request(self, method: str, url: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        """One request. Raises Broken, TimedOut, Interrupted."""
        address = urlsplit(url)
        named = [(name.lower(), value) for name, value in headers if name.lower() != "host"]
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": unquote(address.path) or "/",
            "raw_path": (address.path or "/").encode(),
            "query_string": address.query.encode(),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [("host", self._host), *named]],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", address.port or 80),
        }
        if call := seen(scope, body):
            self._count(call)
        exchange = _Exchange(body)
        self._run(self.front(scope, exchange.receive, exchange.send))
        if call and self.end_at and len(self.calls) >= self.end_at:
            raise Interrupted
        return exchange.answer()

    def _count(self, call: Seen) -> None:
        if self.end_at and len(self.calls) >= self.end_at:
            raise Interrupted
        self.before(len(self.calls) + 1, call)
        self.calls.append(call)

    def _run(self, coroutine: Any) -> None:
        """On a loop of the cloud's own, inside the program's: both are in this thread."""
        programs = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            self._loop.run_until_complete(coroutine)
        finally:
            asyncio._set_running_loop(programs)

    def _attach(self, client: Any) -> None:
        client.meta.events.register("before-send", self._carry_for_aws)

    def _carry_for_aws(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body = request.body or b""
        headers = [(name, value.decode("latin-1") if isinstance(value, bytes) else value) for name, value in request.headers.items()]
        try:
            status, answered, content = self.request(
                request.method, request.url, headers, body.encode() if isinstance(body, str) else bytes(body)
            )
        except Broken:
            raise ConnectionClosedError(endpoint_url=request.url) from None
        except TimedOut:
            raise ReadTimeoutError(endpoint_url=request.url) from None
        return AWSResponse(request.url, status, HeadersDict(answered), _Raw(content))


class _Raw:
    """A response's body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


class _GithubTransport(httpx.BaseTransport):
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        try:
            status, answered, content = self._carrier.request(request.method, str(request.url), headers, request.read())
        except Broken:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request) from None
        except TimedOut:
            raise httpx.ReadTimeout("The read operation timed out", request=request) from None
        return httpx.Response(status, headers=answered, content=content, request=request)


class _Pauses:
    """The module `time` for botocore's endpoint, which waits between attempts."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        """No time passes."""


def without_pauses() -> None:
    """AWS's clients of this process do not wait between attempts."""
    setattr(botocore.endpoint, "time", _Pauses())  # noqa: B010  # a stand-in for a module


@contextmanager
def listening(front: server.Front, port_of: Any) -> Generator[None]:
    """Meanwhile the cloud listens on its port as well, for those who come through a socket. No fork meanwhile: this takes a thread."""
    running = uvicorn.Server(uvicorn.Config(front, lifespan="off", proxy_headers=False, log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [port_of]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.005)
    try:
        yield
    finally:
        running.should_exit = True
        thread.join()
