"""Faults on purpose: the n-th call to AWS or GitHub fails as they fail, in their own words and protocols.

Only calls of the two are counted (AWS's signed calls and GitHub's REST API), in the order in which they come. /_rehearsal/faults, for the
holder of the start's key:

- PUT     {"kind", "at": n, "times": 1, "every": 0, "then": [...], "writes": false, "service", "operation", "credentials": [...]}: fail the
          n-th call from now on that fits, and the next `times` - 1 that ask the same, and so on with every `every`-th after it (0 = no
          other), which fail by `kind` and the kinds of `then` in turn; `writes`: only calls that change something; `service` is AWS's
          signing name or `github`, `operation` AWS's name or GitHub's method, `credentials` access key ids and GitHub tokens; what is left
          out fits every call
- GET     {"calls": how many were counted since the last PUT or DELETE, "hits": the calls that were hit}
- DELETE  no more faults; the count begins again

Kinds: `throttle`, `server-error` and `conflict` are answers, and nothing is carried out; `timeout` holds the connection until the client
gives up, and nothing is carried out; `lost-response` carries the call out and closes the connection without an answer. Codes and statuses
come from botocore's service models, as far as an operation declares them; a conflict that it does not declare is not invented: the call is
carried out and the hit says `not-applicable`.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import botocore.session
from botocore.model import OperationModel, ServiceModel
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rehearsal.cloud import asgi, chatbot
from rehearsal.cloud.codeartifact import errors, model

GITHUB = "github"
GITHUB_PREFIX = "/_github"
# Signing names that are not the names of botocore's models.
MODELS = {"cloudcontrolapi": "cloudcontrol", "sso": "sso-admin"}
SIGNED = re.compile(r"Credential=([^/,]+)/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/")
# Operations that change nothing begin so.
READING = ("Get", "List", "Describe", "Assume")
# What services call the three, most particular first; an operation's model says which of them it has.
THROTTLED = ("ThrottlingException", "TooManyRequestsException", "ThrottledException", "RequestThrottled")
FAILED = (
    "InternalServerException",
    "InternalException",
    "ServiceInternalErrorException",
    "KMSInternalException",
    "ServiceFailureException",
)
FAILED_TOO = ("InternalErrorException", "InternalServiceError")
IN_CONFLICT = ("ConcurrentModificationException", "ConflictException", "ConcurrentOperationException", "ConcurrentAccessException")
# GitHub's "Rate limits for the REST API": a secondary limit answers 403 or 429, with the seconds to wait.
SECONDARY_LIMIT = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
RETRY_AFTER = 60


class Kind(StrEnum):
    THROTTLE = "throttle"
    SERVER_ERROR = "server-error"
    CONFLICT = "conflict"
    TIMEOUT = "timeout"
    LOST_RESPONSE = "lost-response"


@dataclass(frozen=True)
class Seen:
    """One call as it is counted. `write` is whether it may change something, by its method or its operation's name."""

    service: str
    operation: str
    credential: str
    write: bool
    path: str = ""


@dataclass(frozen=True)
class Fault:
    """Which call fails, and how."""

    kind: Kind
    at: int
    times: int = 1
    every: int = 0
    then: tuple[Kind, ...] = ()
    writes: bool = False
    service: str = ""
    operation: str = ""
    credentials: tuple[str, ...] = ()

    def fits(self, call: Seen) -> bool:
        wanted = ((self.service, call.service), (self.operation, call.operation))
        allowed = not self.credentials or call.credential in self.credentials
        return all(asked in ("", given) for asked, given in wanted) and allowed and (call.write or not self.writes)

    def begins(self, fitting: int) -> bool:
        """Whether it begins with this call, the `fitting`-th that fits."""
        return fitting == self.at or (self.every > 0 and fitting > self.at and (fitting - self.at) % self.every == 0)


@dataclass(frozen=True)
class Answer:
    """What a failing service sends."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Faults:
    """Counts calls and lets one of them fail. One of these belongs to one running cloud."""

    def __init__(self) -> None:
        self.disarm()

    def arm(self, fault: Fault) -> None:
        """Fail one call from now on. The count begins again."""
        self.disarm()
        self.fault = fault

    def disarm(self) -> None:
        """Fail nothing. The count begins again."""
        self.fault: Fault | None = None
        self.calls = 0
        self.hits: list[dict[str, Any]] = []
        self._fitting, self._struck, self._left, self._strikes = 0, None, 0, 0

    def strikes(self, call: Seen) -> Kind | None:
        """Count a call; how it fails, or None."""
        self.calls += 1
        fault = self.fault
        if fault is None or not fault.fits(call):
            return None
        self._fitting += 1
        if fault.begins(self._fitting):
            self._struck, self._left, self._strikes = call, fault.times, self._strikes + 1
        if call != self._struck or not self._left:
            return None
        self._left -= 1
        kinds = (fault.kind, *fault.then)
        kind = kinds[(self._strikes - 1) % len(kinds)]
        applies = kind is not Kind.CONFLICT or conflicts(call)
        self.hits.append({"number": self.calls, "kind": kind if applies else "not-applicable", **asdict(call)})
        return kind if applies else None

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, which the application serves unless it is to fail."""
        if not _counts(scope):
            await app(scope, receive, send)
            return
        body = await asgi.read_body(scope, receive)
        call = seen(scope, body)
        kind = self.strikes(call) if call else None
        if call is None or kind is None:
            await app(scope, asgi.replay(body, receive), send)
        elif kind is Kind.TIMEOUT:
            await _until_the_client_gives_up(receive)
        elif kind is Kind.LOST_RESPONSE:
            await app(scope, asgi.replay(body, receive), _into_nothing)
            hang_up(send)
        else:
            answer = error(call, kind)
            await Response(answer.body, answer.status, answer.headers)(scope, receive, send)

    async def control(self, scope: Scope, receive: Receive, send: Send) -> None:
        """/_rehearsal/faults."""
        if scope["method"] == "PUT":
            try:
                self.arm(fault_of(json.loads(await asgi.read_body(scope, receive))))
            except (TypeError, ValueError, AttributeError) as problem:
                await JSONResponse({"message": f"that is no fault: {problem}"}, 400)(scope, receive, send)
                return
        elif scope["method"] == "DELETE":
            self.disarm()
        elif scope["method"] != "GET":
            await JSONResponse({"message": f"there is no {scope['method']} /_rehearsal/faults"}, 405)(scope, receive, send)
            return
        await JSONResponse({"calls": self.calls, "hits": self.hits}, 200)(scope, receive, send)


def fault_of(given: Mapping[str, Any]) -> Fault:
    """A fault as the control API takes it. Raises ValueError or TypeError for what it does not know."""
    known: dict[str, Any] = {
        **given,
        "kind": Kind(given.get("kind", "")),
        "credentials": tuple(given.get("credentials", ())),
        "then": tuple(map(Kind, given.get("then", ()))),
    }
    fault = Fault(**known)
    if not (isinstance(fault.at, int) and isinstance(fault.times, int) and fault.at > 0 and fault.times > 0):
        raise ValueError("at and times are numbers from 1 on")
    if not isinstance(fault.every, int) or fault.every < 0:
        raise ValueError("every is a number from 0 on")
    return fault


# --- what is called ---------------------------------------------------------------------------------------------------------------------


def _counts(scope: Scope) -> bool:
    """Whether a request can be a call that counts, without a look at its body, which may be a package."""
    path = f"{scope['path']}/"
    return path.startswith(f"{GITHUB_PREFIX}/") or not path.startswith("/_")


def seen(scope: Scope, body: bytes) -> Seen | None:
    """The call of AWS's or GitHub's API that a request is; None for everything else that the local cloud serves."""
    path, method = scope["path"], scope["method"]
    authorization = asgi.header(scope, "authorization")
    if f"{path}/".startswith(f"{GITHUB_PREFIX}/"):
        return Seen(GITHUB, method, authorization.rpartition(" ")[2], method != "GET", path.removeprefix(GITHUB_PREFIX))
    signed = SIGNED.search(authorization)
    if signed is None or path.startswith("/_"):
        return None
    credential, service = signed.groups()
    operation = _operation(service, scope, body)
    return Seen(service, operation, credential, not operation.startswith(READING))


def _operation(service: str, scope: Scope, body: bytes) -> str:
    target = asgi.header(scope, "x-amz-target")
    if target:
        return target.rpartition(".")[2]
    if service == "codeartifact":
        try:
            return model.route(scope["method"], scope["path"]).name
        except errors.ApiError:
            return ""
    if service == "chatbot":
        return chatbot.operation_of(scope["path"])
    asked = {**parse_qs(scope["query_string"].decode("latin-1")), **parse_qs(body.decode("utf-8", "replace"))}
    return asked.get("Action", [""])[0]


@cache
def _service(signing_name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(MODELS.get(signing_name, signing_name))


def _declared(call: Seen) -> dict[str, tuple[str, int]]:
    """The errors that botocore's model has for an operation: by name, the code on the wire and the status."""
    known = _service(call.service)
    if call.operation not in known.operation_names:
        return {}
    operation: OperationModel = known.operation_model(call.operation)
    errors = {shape.name: shape.metadata.get("error") or {} for shape in operation.error_shapes}
    usual = {name: 500 if name in (*FAILED, *FAILED_TOO) else 400 for name in errors}
    return {name: (each.get("code", name), each.get("httpStatusCode", usual[name])) for name, each in errors.items()}


def conflicts(call: Seen) -> bool:
    """Whether a call can meet a conflict: what changes something at GitHub, and what AWS's model says so of."""
    return call.write if call.service == GITHUB else any(name in _declared(call) for name in IN_CONFLICT)


# --- what is answered -------------------------------------------------------------------------------------------------------------------


def error(call: Seen, kind: Kind) -> Answer:
    """How the called service words a failure of this kind."""
    if call.service == GITHUB:
        return _github_error(kind)
    code, status = _code(call, kind)
    return _aws_error(call, code, status, MESSAGES[kind])


MESSAGES = {
    Kind.THROTTLE: "Rate exceeded",
    Kind.SERVER_ERROR: "We encountered an internal error. Please try again.",
    Kind.CONFLICT: "The resource is being changed by another request. Please try again.",
}


def _code(call: Seen, kind: Kind) -> tuple[str, int]:
    """The operation's own error, or the one that the protocol has for all ("Common Errors" in each API reference)."""
    query = _service(call.service).metadata["protocol"] == "query"
    names, common = {
        Kind.THROTTLE: (THROTTLED, ("Throttling" if query else "ThrottlingException", 400)),
        Kind.SERVER_ERROR: ((*FAILED, *FAILED_TOO), ("InternalFailure", 500)),
        Kind.CONFLICT: (IN_CONFLICT, ("ConflictException", HTTPStatus.CONFLICT)),
    }[kind]
    declared = _declared(call)
    return next((declared[name] for name in names if name in declared), common)


def _aws_error(call: Seen, code: str, status: int, message: str) -> Answer:
    metadata = _service(call.service).metadata
    request_id = {"x-amzn-requestid": str(uuid.uuid4())}
    if metadata["protocol"] == "query":
        return Answer(status, {"content-type": "text/xml", **request_id}, asgi.query_error(metadata.get("xmlNamespace", ""), code, message))
    if metadata["protocol"] == "rest-json":
        headers = {"content-type": "application/json", "x-amzn-errortype": code, **request_id}
        return Answer(status, headers, json.dumps({"message": message}).encode())
    headers = {"content-type": f"application/x-amz-json-{metadata.get('jsonVersion', '1.1')}", **request_id}
    return Answer(status, headers, json.dumps({"__type": code, "message": message}).encode())


def _github_error(kind: Kind) -> Answer:
    fields: dict[str, str] = {"documentation_url": "https://docs.github.com/rest"}
    status, headers = HTTPStatus.CONFLICT, {}
    if kind is Kind.THROTTLE:
        status, headers = HTTPStatus.FORBIDDEN, {"retry-after": str(RETRY_AFTER)}
        fields = {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": SECONDARY_LIMIT,
        }
    elif kind is Kind.SERVER_ERROR:
        status, fields = HTTPStatus.BAD_GATEWAY, {"message": "Server Error"}
    else:
        fields["message"] = "Conflict: the resource is being changed by another request."
    body = json.dumps({**fields, "status": str(status.value)}).encode()
    return Answer(status, {"content-type": "application/json; charset=utf-8", **headers}, body)


# --- no answer --------------------------------------------------------------------------------------------------------------------------


async def _until_the_client_gives_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _into_nothing(message: Mapping[str, Any]) -> None:
    """An answer that nobody gets."""


def hang_up(send: Send) -> None:
    """Close the connection. ASGI has no word for it: the server's own transport is behind `send`."""
    getattr(send, "__self__").transport.abort()  # noqa: B009  # the attribute is the server's, not the callable type's
