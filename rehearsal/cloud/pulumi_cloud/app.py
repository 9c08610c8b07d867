"""ASGI applications: the REST API, and the rehearsal's control.

- PUT, GET, DELETE /_pulumi/api/stacks/ORGANIZATION/PROJECT/STACK/deployments/settings, with `authorization: token KEY`
- POST .../deployments/drift/schedules, POST .../deployments/drift/schedules/ID, GET, DELETE .../deployments/schedules/ID
- POST /_rehearsal/pulumi/members  {"organization", "token"}: somebody who may configure an organisation's deployments
- POST /_rehearsal/pulumi/push  {"repository", "branch", "changed": [path]}: the deployments that a push starts
- POST /_rehearsal/pulumi/pull-request  {"repository", "base", "changed": [path]}: those that a pull request starts
- POST /_rehearsal/pulumi/drift  {"repository"}: those that the drift schedules start when their time has come
- POST /_rehearsal/pulumi/token  {"organization", "project", "stack", "operation", "audience"?}: the token of such a deployment

A deployment is {"organization", "project", "stack", "operation", "version", "token", "settings"}.
"""

import itertools
import json
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from rehearsal.cloud import asgi, sts
from rehearsal.cloud.pulumi_cloud.settings import DriftSchedule, Settings, started_by_pull_request, started_by_push

ISSUER = "https://api.pulumi.com/oidc"
OPERATIONS = ("preview", "update", "refresh", "destroy", "detect-drift", "remediate-drift")
_ALGORITHM, _KEY_ID, _LIFETIME = "ES256", "rehearsal", 3_600
_PREFIX = "/_pulumi/api/stacks/"

_Act = Callable[[tuple[str, str, str], bytes], tuple[int, Any]]
_NO_SCHEDULE = 404, {"code": 404, "message": "Not Found: Scheduled action not found"}
_settings: dict[tuple[str, str, str], Settings] = {}
_schedules: dict[tuple[str, str, str], dict[str, DriftSchedule]] = {}
_members: dict[str, str] = {}
_versions = itertools.count(1)


def reset() -> None:
    """Forget everything."""
    _settings.clear()
    _schedules.clear()
    _members.clear()


async def rest(scope: Scope, receive: Receive, send: Send) -> None:
    """Pulumi's REST API."""
    parts = scope["path"].removeprefix(_PREFIX).split("/")
    body = await asgi.read_body(scope, receive)
    organization = _members.get(asgi.header(scope, "authorization").removeprefix("token "))
    method = scope["method"]
    if not scope["path"].startswith(_PREFIX) or (act := _act(method, parts[3:])) is None:
        await JSONResponse({"code": 501, "message": f"the rehearsal's Pulumi Cloud has no {method} {scope['path']}"}, 501)(
            scope, receive, send
        )
    elif organization is None:
        await JSONResponse({"code": 401, "message": "Unauthorized: No credentials provided or are invalid."}, 401)(scope, receive, send)
    elif organization != parts[0]:
        await JSONResponse({"code": 404, "message": "Not Found: Stack not found"}, 404)(scope, receive, send)
    else:
        status, content = act((parts[0], parts[1], parts[2]), body)
        await JSONResponse(content, status)(scope, receive, send)


def _act(method: str, path: list[str]) -> _Act | None:
    """What a request does, by its path below the stack's."""
    match path:
        case ["deployments", "settings"]:
            return _METHODS.get(method)
        case ["deployments", "drift", "schedules"] if method == "POST":
            return lambda stack, body: _put_schedule(stack, str(uuid.uuid4()), body)
        case ["deployments", "drift", "schedules", id] if method == "POST":
            return lambda stack, body: _put_schedule(stack, id, body) if id in _schedules.get(stack, {}) else _NO_SCHEDULE
        case ["deployments", "schedules", id] if method == "GET":
            return lambda stack, body: _schedule(stack, id)
        case ["deployments", "schedules", id] if method == "DELETE":
            return lambda stack, body: (200, {}) if _schedules.get(stack, {}).pop(id, None) else _NO_SCHEDULE
    return None


def _put_schedule(stack: tuple[str, str, str], id: str, body: bytes) -> tuple[int, Any]:
    if stack not in _settings:
        # https://www.pulumi.com/docs/deployments/concepts/drift/: "you must first configure the deployment settings for your stack"
        return 400, {"code": 400, "message": "Bad Request: the stack has no deployment settings"}
    try:
        _schedules.setdefault(stack, {})[id] = DriftSchedule.model_validate_json(body)
    except ValidationError as error:
        return _refused(error)
    return _schedule(stack, id)


def _schedule(stack: tuple[str, str, str], id: str) -> tuple[int, Any]:
    found = _schedules.get(stack, {}).get(id)
    if found is None:
        return _NO_SCHEDULE
    context = {"operation": "detect-drift", "options": {"remediateIfDriftDetected": found.auto_remediate}}
    return 200, {"id": id, "scheduleCron": found.schedule_cron, "definition": {"request": {"operationContext": context}}}


def _refused(error: ValidationError) -> tuple[int, Any]:
    problems = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    return 400, {"code": 400, "message": f"Bad Request: {'; '.join(problems)}"}


def _put(stack: tuple[str, str, str], body: bytes) -> tuple[int, Any]:
    try:
        _settings[stack] = Settings.model_validate_json(body)
    except ValidationError as error:
        return _refused(error)
    return _get(stack, b"")


def _get(stack: tuple[str, str, str], body: bytes) -> tuple[int, Any]:
    found = _settings.get(stack)
    return (200, found.model_dump(by_alias=True)) if found else (404, {"code": 404, "message": "Not Found: Deployment settings not found"})


def _delete(stack: tuple[str, str, str], body: bytes) -> tuple[int, Any]:
    return (200, {}) if _settings.pop(stack, None) else _get(stack, body)


_METHODS: dict[str, _Act] = {"PUT": _put, "GET": _get, "DELETE": _delete}


# --- the rehearsal's control ----------------------------------------------------------------------------------------------------


async def rehearsal(scope: Scope, receive: Receive, send: Send) -> None:
    """The control; the path is what follows /_rehearsal/pulumi/."""
    name = scope["path"].rpartition("/")[2]
    act = _ACTS.get(name)
    if act is None or scope["method"] != "POST":
        await JSONResponse({"message": f"there is no {scope['method']} {scope['path']}"}, 404)(scope, receive, send)
        return
    try:
        await JSONResponse(act(json.loads(await asgi.read_body(scope, receive) or b"{}")), 200)(scope, receive, send)
    except (KeyError, TypeError, ValueError) as error:
        await JSONResponse({"message": f"{type(error).__name__}: {error}"}, 400)(scope, receive, send)


def _member(request: Mapping[str, Any]) -> dict[str, Any]:
    _members[request["token"]] = request["organization"]
    _know_issuer()
    return {"organization": request["organization"]}


def _push(request: Mapping[str, Any]) -> dict[str, Any]:
    return _started("update", lambda one: started_by_push(one, request["repository"], request["branch"], request["changed"]))


def _pull_request(request: Mapping[str, Any]) -> dict[str, Any]:
    return _started("preview", lambda one: started_by_pull_request(one, request["repository"], request["base"], request["changed"]))


def _drift(request: Mapping[str, Any]) -> dict[str, Any]:
    scheduled = [stack for stack, schedules in _schedules.items() if schedules and _settings[stack].vcs.repository == request["repository"]]
    return {"deployments": [_deployment(stack, "detect-drift", _settings[stack]) for stack in scheduled]}


def _started(operation: str, starts: Callable[[Settings], bool]) -> dict[str, Any]:
    return {"deployments": [_deployment(stack, operation, one) for stack, one in _settings.items() if starts(one)]}


def _deployment(stack: tuple[str, str, str], operation: str, settings: Settings) -> dict[str, Any]:
    organization, project, name = stack
    token = _token(organization, project, name, operation, organization)
    place = {"organization": organization, "project": project, "stack": name, "operation": operation}
    return {**place, "version": next(_versions), "token": token, "settings": settings.model_dump(by_alias=True)}


def _any_token(request: Mapping[str, Any]) -> dict[str, Any]:
    place = [request[name] for name in ("organization", "project", "stack", "operation")]
    if place[3] not in OPERATIONS:
        raise ValueError(f"operation {place[3]!r} is none of {', '.join(OPERATIONS)}")
    return {"token": _token(*place, request.get("audience") or place[0])}


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _know_issuer() -> None:
    sts.register_issuer(ISSUER, {_KEY_ID: _key().public_key()})


def _token(organization: str, project: str, stack: str, operation: str, audience: str) -> str:
    """https://www.pulumi.com/docs/deployments/guides/oidc/#token-claims"""
    now = int(time.time())
    place = {"org": organization, "project": project, "stack": stack, "operation": operation, "scope": "write"}
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": "pulumi:deploy:" + ":".join(f"{name}:{value}" for name, value in place.items()),
        "iat": now,
        "exp": now + _LIFETIME,
        "jti": str(uuid.uuid4()),
        **place,
    }
    return jwt.encode(claims, _key(), algorithm=_ALGORITHM, headers={"kid": _KEY_ID})


_ACTS = {"members": _member, "push": _push, "pull-request": _pull_request, "drift": _drift, "token": _any_token}
