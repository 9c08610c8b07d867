"""The rehearsal's own control of the local cloud, below /_rehearsal/: decision log, principals, accounts, issuers.

All bodies are JSON. Only the holder of the start's key comes here (see server.py).

- GET  decisions?since=N      {"decisions": [...], "next": N}: authorisation decisions from number N on
- GET  end-state             {"lines": [...]}: everything that there is, in a form in which two ways to the same end are equal
- POST principals             {"kind": "role"|"user"|"root", "name", "path", "policy": document|null, "account", "seconds"}: a principal
                              created for a test, with credentials
- POST sessions               {"role_arn", "session_name", "service": "codebuild.amazonaws.com", "seconds"}: a session of an existing role,
                              as an AWS service starts it if the trust policy lets that service; without `service`, as its owner would
- POST accounts               {"account", "organization": "o-..."|null, "paths": [...]}: which organisation an account is in
- POST quotas                 {"account", "trust_policy": characters}: what Service Quotas has granted an account
- POST keys                   {"arn", "accounts": [...]}: a KMS key that somebody else made, usable in these accounts
- POST issuers                {"issuer", "jwks": {"keys": [...]}}: an OIDC issuer other than GitHub
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import jwt
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from evaluator import iam
from rehearsal.cloud import asgi, aws, policy_rules, sts

SESSION_SECONDS = 3_600

_account = ""


class BadRequestError(Exception):
    """A control request that can't be carried out."""


def configure(account: str) -> None:
    """The account that principals belong to unless a request names another."""
    global _account
    _account = account


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The control API; the path is what follows /_rehearsal/."""
    name = scope["path"].strip("/")
    handler = HANDLERS.get((scope["method"], name))
    if handler is None:
        await JSONResponse({"message": f"there is no {scope['method']} /_rehearsal/{name}"}, 404)(scope, receive, send)
        return
    try:
        body = json.loads(await asgi.read_body(scope, receive) or b"{}")
        query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
        await JSONResponse(handler({**query, **body}), 200)(scope, receive, send)
    except (BadRequestError, LookupError, ValueError, TypeError, jwt.PyJWTError, policy_rules.PolicyRefusedError) as error:
        await JSONResponse({"message": f"{type(error).__name__}: {error}"}, 400)(scope, receive, send)


def _decisions(request: Mapping[str, Any]) -> dict[str, Any]:
    since = int(request.get("since", 0))
    return {"decisions": aws.decisions[since:], "next": len(aws.decisions)}


def _end_state(request: Mapping[str, Any]) -> dict[str, Any]:
    # It imports every part of the cloud, which start one after the other.
    from rehearsal.cloud import end_state

    return {"lines": end_state.end_state()}


def _principal(request: Mapping[str, Any]) -> dict[str, Any]:
    account, kind = request.get("account") or _account, request["kind"]
    if kind == "root":
        return {"arn": f"arn:aws:iam::{account}:root", "account": account, **aws.root_credentials(account).as_json()}
    name, path, policy = request["name"], request.get("path", "/"), request.get("policy")
    if kind == "user":
        arn, credentials = aws.create_user(account, name, path, policy)
    elif kind == "role":
        arn = aws.create_role(account, name, path, policy, request.get("trust"))
        credentials, _ = aws.start_session(arn, request.get("session_name", "rehearsal"), int(request.get("seconds", SESSION_SECONDS)))
    else:
        raise BadRequestError(f"kind {kind!r} is none of role, user, root")
    return {"arn": arn, "account": account, **credentials.as_json()}


def _session(request: Mapping[str, Any]) -> dict[str, Any]:
    role_arn, service = request["role_arn"], request.get("service")
    role = aws.role(role_arn)
    if role is None:
        raise BadRequestError(f"there is no role {role_arn}")
    if service:
        caller = iam.Caller("Service", service, "")
        policies = iam.Policies(resource=[role["AssumeRolePolicyDocument"]], resource_required=True)
        decision = iam.evaluate(iam.Request(caller, "sts:AssumeRole", role_arn), policies)
        aws.record(service, "sts:AssumeRole", role_arn, decision)
        if not decision.allowed:
            raise BadRequestError(f"{service} may not assume {role_arn}: {decision.reason}")
    seconds = int(request.get("seconds", SESSION_SECONDS))
    credentials, user = aws.start_session(role_arn, request.get("session_name", "rehearsal"), seconds)
    return {"arn": user["Arn"], "account": role_arn.split(":")[4], **credentials.as_json()}


def _organization(request: Mapping[str, Any]) -> dict[str, Any]:
    aws.create_account(request["account"], request.get("organization"), request.get("paths", ()))
    return {"account": request["account"], "organization": aws.organization_id(request["account"])}


def _key(request: Mapping[str, Any]) -> dict[str, Any]:
    aws.create_key(request["arn"], request["accounts"])
    return {"arn": request["arn"]}


def _quota(request: Mapping[str, Any]) -> dict[str, Any]:
    aws.raise_trust_quota(request["account"], int(request["trust_policy"]))
    return {"account": request["account"]}


def _issuer(request: Mapping[str, Any]) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(request["jwks"]).keys
    sts.register_issuer(request["issuer"], {key.key_id or "": key.key for key in keys})
    return {"issuer": request["issuer"], "keys": len(keys)}


HANDLERS: dict[tuple[str, str], Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    ("GET", "decisions"): _decisions,
    ("GET", "end-state"): _end_state,
    ("POST", "principals"): _principal,
    ("POST", "sessions"): _session,
    ("POST", "accounts"): _organization,
    ("POST", "keys"): _key,
    ("POST", "quotas"): _quota,
    ("POST", "issuers"): _issuer,
}
