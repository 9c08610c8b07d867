"""ASGI entry points of the emulator: control plane, package endpoints, CloudControl, and the rehearsal's own look inside.

`configure` comes first; the functions then answer for the one configured service.
"""

import re
import time
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any

from starlette.types import Receive, Scope, Send

from rehearsal.cloud.codeartifact import cargo, inspection, maven, model, npm, nuget, pypi
from rehearsal.cloud.codeartifact.asgi import Request, json_reply, read, write
from rehearsal.cloud.codeartifact.cloudcontrol import answer as cloudcontrol_answer
from rehearsal.cloud.codeartifact.endpoints import authenticated, error_reply, unsupported
from rehearsal.cloud.codeartifact.errors import ApiError, not_implemented
from rehearsal.cloud.codeartifact.external import PublicRegistries
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.operations import OPERATIONS, Call
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.public_registries import catalog

FORMATS = {"npm": npm.handle, "pypi": pypi.handle, "maven": maven.handle, "cargo": cargo.handle, "nuget": nuget.handle}
SIGNED_REGION = re.compile(r"Credential=[^/,]+/\d{8}/([a-z0-9-]+)/")
_services: list[Service] = []


def configure(
    base_url: str, account: str, region: str, upstream: str, *, adapter: Any = None, group_delay: float = 0.3,
    clock: Callable[[], float] = time.time,
) -> Service:  # fmt: skip
    """Start afresh with an empty service and the fixture registries' default packages.

    base_url: where this process is reached, without a final slash. upstream: "fixture" or "real" (see `external`). adapter: what
    answers authentication and authorization, `rehearsal.cloud.aws` unless a test brings its own. group_delay: seconds until a created
    or deleted package group counts.
    """
    chosen: Any = adapter or import_module("rehearsal.cloud.aws")
    catalog.reset()
    service = Service(base_url.rstrip("/"), account, region, chosen, PublicRegistries(base_url.rstrip("/"), upstream), group_delay, clock)
    _services[:] = [service]
    return service


def configured() -> Service:
    """The service; an error before `configure`."""
    if not _services:
        raise RuntimeError("the CodeArtifact emulator is not configured")
    return _services[0]


async def control(scope: Scope, receive: Receive, send: Send) -> None:
    """The API of CodeArtifact (restJson, SigV4)."""
    service, request = configured(), await read(scope, receive)
    operation, principal = "", None
    try:
        principal = _principal(service, scope, request)
        shape = model.route(request.method, request.path)
        operation = shape.name
        if operation not in OPERATIONS:
            raise not_implemented(f"the operation {operation}")
        params = model.parse(shape, request.query, request.headers, request.body)
        reply = model.serialise(shape, OPERATIONS[operation](Call(service, principal, params)))
    except ApiError as error:
        reply = model.serialise_error(error, str(uuid.uuid4()))
    _record(service, "control", request, reply, principal, operation)
    await write(scope, receive, send, reply)


async def endpoints(scope: Scope, receive: Receive, send: Send) -> None:
    """The package managers' endpoints."""
    service, request = configured(), await read(scope, receive)
    principal = None
    try:
        call = authenticated(service, request)
        principal = call.principal
        if call.format not in FORMATS:
            raise unsupported(call)
        reply = await FORMATS[call.format](call)
    except ApiError as error:
        reply = error_reply(error)
    _record(service, "endpoint", request, reply, principal, "")
    await write(scope, receive, send, reply)


async def cloudcontrol(scope: Scope, receive: Receive, send: Send) -> None:
    """CloudControl API (JSON 1.0, SigV4), for AWS::CodeArtifact::PackageGroup alone."""
    service, request = configured(), await read(scope, receive)
    principal = None
    try:
        principal = _principal(service, scope, request)
        reply = cloudcontrol_answer(service, principal, request)
    except ApiError as error:
        status = error.status if error.status == 501 else 400  # the protocol's only status for refusals
        reply = json_reply({"__type": error.code, "Message": error.message, "message": error.message}, status)
    _record(service, "cloudcontrol", request, reply, principal, request.headers.get("x-amz-target", "").rpartition(".")[2])
    await write(scope, receive, send, reply)


async def rehearsal(scope: Scope, receive: Receive, send: Send) -> None:
    """`/_rehearsal/codeartifact/...`: state, events, request log, packages of the fixture registries. The front guards it."""
    request = await read(scope, receive)
    await write(scope, receive, send, inspection.answer(configured(), request))


def _principal(service: Service, scope: Scope, request: Request) -> Any:
    signed_for = SIGNED_REGION.search(request.headers.get("authorization", ""))
    if signed_for and signed_for[1] != service.region:
        raise not_implemented(f"the region {signed_for[1]}; it is in {service.region}")
    try:
        return service.adapter.authenticate(scope, request.body)
    except service.adapter.AuthError as problem:
        raise ApiError(getattr(problem, "code", "AccessDeniedException"), getattr(problem, "message", str(problem)), 403) from None


def _record(service: Service, kind: str, request: Request, reply: Reply, principal: Any, operation: str) -> None:
    service.requests.append({
        "time": service.clock(), "kind": kind, "method": request.method, "path": request.path, "operation": operation,
        "principal": principal.arn if principal else None, "status": reply.status,
    })  # fmt: skip
