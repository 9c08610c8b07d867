"""ASGI applications: the two signed services, the portal, and the rehearsal's control.

- POST /_rehearsal/identity-center/instances  {"account", "region", "groups": {name: [user, ...]}}: a new Identity Center
- POST /_rehearsal/identity-center/sign-ins   {"account", "region", "user", "seconds"}: what `aws sso login` leaves on a laptop
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from rehearsal.cloud import asgi, aws
from rehearsal.cloud.identity_center import roles
from rehearsal.cloud.identity_center.service import ApiError, answer
from rehearsal.cloud.identity_center.store import Store

_SIGN_IN_SECONDS = 28_800

_store = Store()


def reset() -> None:
    """Forget everything."""
    _store.instances.clear()
    _store.sign_ins.clear()


async def services(scope: Scope, receive: Receive, send: Send) -> None:
    """sso-admin and identitystore, signed with SigV4."""
    body = await asgi.read_body(scope, receive)
    try:
        region, service = aws.region_and_service(asgi.header(scope, "authorization"))
        principal = aws.authenticate(scope, body)
        values = json.loads(body or b"{}")
        if not isinstance(values, dict):
            raise ValueError("the body is not a JSON object")
        status, content = 200, answer(_store, service, asgi.header(scope, "x-amz-target"), values, principal, region)
    except aws.AuthError as error:
        status, content = 403, {"__type": error.code, "message": error.message}
    except aws.AccessDeniedError as error:
        status, content = 400, {"__type": "AccessDeniedException", "message": f"{error} because {error.decision.reason}"}
    except ApiError as error:
        status, content = error.status, {"__type": error.code, "message": error.message}
    except ValueError as error:
        status, content = 400, {"__type": "SerializationException", "message": str(error)}
    await JSONResponse(content, status, media_type="application/x-amz-json-1.1")(scope, receive, send)


async def portal(scope: Scope, receive: Receive, send: Send) -> None:
    """GetRoleCredentials: a signed-in user's credentials for a role. https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/"""
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    try:
        content = _role_credentials(asgi.header(scope, "x-amz-sso_bearer_token"), query)
    except ApiError as error:
        headers = {"content-type": "application/json", "x-amzn-errortype": error.code}
        await JSONResponse({"message": error.message}, error.status, headers)(scope, receive, send)
    else:
        await JSONResponse(content, 200)(scope, receive, send)


def _role_credentials(token: str, query: Mapping[str, str]) -> dict[str, Any]:
    signed_in = _store.sign_ins.get(token)
    if signed_in is None or signed_in.expires < time.time():
        raise ApiError("UnauthorizedException", "Session token not found or invalid", 401)
    account, name = query.get("account_id", ""), query.get("role_name", "")
    permission_set = signed_in.instance.assigned(signed_in.user, account, name)
    if permission_set is None:
        raise ApiError("ForbiddenException", "No access", 403)
    credentials = roles.credentials(signed_in.instance, permission_set, account, signed_in.user)
    return {
        "roleCredentials": {
            "accessKeyId": credentials.access_key_id,
            "secretAccessKey": credentials.secret_access_key,
            "sessionToken": credentials.session_token,
            "expiration": int((credentials.expiration or 0) * 1000),
        }
    }


async def rehearsal(scope: Scope, receive: Receive, send: Send) -> None:
    """The rehearsal's control."""
    name = scope["path"].removeprefix("/_rehearsal/identity-center").strip("/")
    handler = _HANDLERS.get((scope["method"], name))
    if handler is None:
        await JSONResponse({"message": f"there is no {scope['method']} {scope['path']}"}, 404)(scope, receive, send)
        return
    try:
        await JSONResponse(handler(json.loads(await asgi.read_body(scope, receive) or b"{}")), 200)(scope, receive, send)
    except (LookupError, TypeError, ValueError) as error:
        await JSONResponse({"message": f"{type(error).__name__}: {error}"}, 400)(scope, receive, send)


def _seed(request: Mapping[str, Any]) -> dict[str, Any]:
    instance = _store.seed(request["account"], request["region"], request["groups"])
    return {"instance_arn": instance.arn, "identity_store": instance.identity_store, "start_url": instance.start_url}


def _sign_in(request: Mapping[str, Any]) -> dict[str, Any]:
    instance = _store.instances[request["account"], request["region"]]
    user, lasting = request["user"], int(request.get("seconds", _SIGN_IN_SECONDS))
    if not any(user in group.users for group in instance.groups.values()):
        raise LookupError(f"there is no user {user}")
    token = _store.sign_in(instance, user, lasting)
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + lasting))
    return {"access_token": token, "start_url": instance.start_url, "region": instance.region, "expires_at": expires}


_HANDLERS: dict[tuple[str, str], Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    ("POST", "instances"): _seed,
    ("POST", "sign-ins"): _sign_in,
}
