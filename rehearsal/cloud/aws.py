"""The adapter to ministack: the only file that knows its internals. Contract tests hold every one that is used here.

ministack keeps the state (roles, users, keys, topics, queues, rules) and serves the APIs. Who may call what is decided here, with
evaluator.iam, before a call reaches it: its own checks then only ask whether that happened.
"""

import hashlib
import json
import os
import secrets
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.sax.saxutils import escape

# ministack reads these when it is imported.
os.environ.update(AUTH="true", BIND_HOST="127.0.0.1", IOT_MTLS_ENABLED="0", SFTP_ENABLED="0", LOG_LEVEL="ERROR")

from ministack.core import iam_evaluator, router
from ministack.core.responses import get_account_id, request_scope
from ministack.services import iam as iam_service
from ministack.services import kms as kms_service
from ministack.services import sts
from starlette.types import ASGIApp, Scope

from evaluator import iam
from rehearsal.cloud import policy_rules
from rehearsal.cloud.authorization import Check

ALWAYS_ALLOWED = {"sts:GetCallerIdentity", "sts:GetSessionToken"}  # no policy can take these away (IAM User Guide)
DELIVERY_ACTIONS = {"codepipeline": "codepipeline:StartPipelineExecution", "sns": "sns:Publish", "sqs": "sqs:SendMessage"}
# One of AWS's own that ministack does not hold. https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSDenyAll.html
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
POLICY_LOOKUPS = {
    "kms": "key_policy_for_arn",
    "secretsmanager": "secret_policy_for_arn",
    "sns": "topic_policy_for_arn",
    "sqs": "queue_policy_for_arn",
}


class AuthError(Exception):
    """A request whose sender is not established; code and message as AWS answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ServiceError(Exception):
    """A call that a service refuses for a reason other than rights."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class AccessDeniedError(Exception):
    """A call that policies do not allow."""

    def __init__(self, principal: "Principal", check: Check, decision: iam.Decision) -> None:
        super().__init__(f"User: {principal.arn} is not authorized to perform: {check.action} on resource: {check.resource}")
        self.principal = principal
        self.check = check
        self.decision = decision


@dataclass(frozen=True)
class Principal:
    """An authenticated caller.

    arn: as AWS prints it (a session's ARN for a role). role_arn: aws:PrincipalArn, which is the role's ARN with its path, or the user's.
    Its policies are looked up at each decision, so a principal that is kept (for a bearer token) always has its present rights.
    """

    arn: str
    role_arn: str
    account: str
    access_key_id: str
    org_id: str | None
    kind: str  # User, AssumedRole, Root
    name: str
    user_id: str
    tags: tuple[tuple[str, str], ...] = ()
    issued_at: float | None = None
    expiration: float | None = None
    federated_provider: str | None = None

    @property
    def caller(self) -> iam.Caller:
        return iam.Caller(self.kind, self.arn, self.account, self.role_arn if self.kind == "AssumedRole" else None)


@dataclass(frozen=True)
class Credentials:
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expiration: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Without the parts that long-lived keys do not have."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Organization:
    id: str
    paths: tuple[str, ...] = ()


decisions: list[dict[str, Any]] = []
_organizations: dict[str, Organization] = {}
_trust_quotas: dict[str, int] = {}
_region = "us-east-1"
_decided: ContextVar[bool] = ContextVar("authorised", default=False)


# --- start ----------------------------------------------------------------------------------------------------------------------


def start(account: str, region: str, port: int) -> tuple[ASGIApp, Credentials]:
    """ministack's ASGI application with nothing in it, and credentials of the account's root user."""
    global _region
    _region = region
    os.environ.update(MINISTACK_ACCOUNT_ID=account, MINISTACK_REGION=region, MINISTACK_HOST="127.0.0.1", GATEWAY_PORT=str(port))
    # ministack removes containers that it takes for leftovers of its own; none here are.
    os.environ["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
    application = import_module("ministack.app")
    _take_over_decisions()
    _refuse_what_iam_refuses()
    reset()
    return application.app, root_credentials(account)


def reset() -> None:
    """Forget everything that this adapter keeps and everything in ministack."""
    import_module("ministack.app")._reset_all_state()
    decisions.clear()
    _organizations.clear()
    _trust_quotas.clear()


def _take_over_decisions() -> None:
    """ministack's own checks pass once authorise() has allowed a call, and refuse any call that did not come through it."""
    _replace(iam_evaluator, enforce=_undecided, check_credentials=_undecided, evaluate_resource_policy=_sns_delivery)
    _replace(iam_evaluator, evaluate_trust_policy=_was_decided, resource_policy_allows=_was_decided)
    eventbridge = import_module("ministack.services.eventbridge")
    if not hasattr(eventbridge._invoke_target, "__wrapped__"):
        _replace(eventbridge, _invoke_target=_guarded_delivery(eventbridge._invoke_target))
    sns = import_module("ministack.services.sns")
    if not hasattr(sns._http_post_sync, "__wrapped__"):
        _replace(sns, _http_post_sync=_loopback_only(sns._http_post_sync), _subscribe=_named_subscription(sns))
    # A bearer token outlives the session that fetched it: expired sessions stay known, and are refused for being expired.
    _replace(sts, _evict_expired_sessions=lambda: None)


def _replace(module: Any, **functions: Callable[..., Any]) -> None:
    """Put functions in the place of ministack's, which must exist: another version of ministack fails here and not silently."""
    for name, function in functions.items():
        getattr(module, name)
        setattr(module, name, function)


def _was_decided(*_: Any, **__: Any) -> bool:
    return _decided.get()


def _undecided(*_: Any, **__: Any) -> iam_evaluator.AuthError | None:
    return None if _decided.get() else iam_evaluator.AuthError("AccessDenied", "the call was not authorised")


@contextmanager
def decided() -> Generator[None]:
    """Marks the calls inside as authorised."""
    token = _decided.set(True)
    try:
        yield
    finally:
        _decided.reset(token)


# --- callers --------------------------------------------------------------------------------------------------------------------


def authenticate(scope: Scope, body: bytes) -> Principal:
    """The sender of a request with a SigV4 Authorization header. Raises AuthError."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        raise AuthError("MissingAuthenticationToken", "Missing Authentication Token")
    payload_hash = headers.get("x-amz-content-sha256")
    if payload_hash and payload_hash != hashlib.sha256(body).hexdigest():
        raise AuthError("SignatureDoesNotMatch", "The provided x-amz-content-sha256 header does not match what was computed.")
    key = router.extract_access_key_id(headers)
    account = _account_of_key(key)
    if account is None:
        raise AuthError("UnrecognizedClientException", "The security token included in the request is invalid.")
    checked = _check_signature(scope, body, key, account)
    if not isinstance(checked, iam_evaluator.ResolvedCredential):
        code, message = (checked.code, checked.message) if checked else ("IncompleteSignature", "The request is not signed.")
        raise AuthError(code, message)
    return _principal(checked)


def _check_signature(scope: Scope, body: bytes, key: str, account: str) -> Any:
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    with request_scope(account, _region):
        iam_evaluator.pin_signed_request(scope["method"], raw_path.decode("latin-1"), query, list(scope["headers"]))
        iam_evaluator.pin_signed_body(body)
        return iam_evaluator.authenticate(key, account)


def _account_of_key(key: str) -> str | None:
    """None for unknown keys and for the keys that ministack takes for root without checking a signature."""
    if not key or iam_evaluator.is_root_access_key(key):
        return None
    session = sts._sessions.get(key)
    return session["AccountId"] if session else iam_evaluator.find_iam_access_key_account(key)


def principal_for_key(access_key_id: str) -> Principal | None:
    """The principal of an access key, also of one whose session has expired (a bearer token outlives it); None if unknown."""
    account = _account_of_key(access_key_id)
    if account is None:
        return None
    session = sts._sessions.get(access_key_id)
    if session:
        return _session_principal(access_key_id, session)
    credential = iam_evaluator.resolve_credential(access_key_id, account)
    return _principal(credential) if isinstance(credential, iam_evaluator.ResolvedCredential) else None


def _principal(credential: iam_evaluator.ResolvedCredential) -> Principal:
    session = sts._sessions.get(credential.access_key_id)
    if session:
        return _session_principal(credential.access_key_id, session)
    return Principal(
        arn=credential.principal_arn,
        role_arn=credential.principal_arn,
        account=credential.account_id,
        access_key_id=credential.access_key_id,
        org_id=organization_id(credential.account_id),
        kind="User",
        name=credential.principal_name,
        user_id=credential.principal_id,
        tags=_tags(_entity(credential.account_id, "user", credential.principal_name)),
    )


def _session_principal(key: str, session: Mapping[str, Any]) -> Principal:
    account, arn, kind = session["AccountId"], session["Arn"], session["PrincipalType"]
    name = arn.split("/")[1] if kind == "AssumedRole" else session.get("PrincipalName", "")
    entity = _entity(account, "role" if kind == "AssumedRole" else "user", name)
    role_arn = (entity or {}).get("Arn", f"arn:aws:iam::{account}:role/{name}") if kind == "AssumedRole" else arn
    return Principal(
        arn=arn,
        role_arn=role_arn,
        account=account,
        access_key_id=key,
        org_id=organization_id(account),
        kind=kind,
        name=name,
        user_id=session["UserId"],
        tags=_tags(entity) + tuple((tag["Key"], tag["Value"]) for tag in session.get("SessionTags") or []),
        issued_at=session.get("IssuedAt"),
        expiration=session.get("Expiration"),
        federated_provider=session.get("FederatedProvider"),
    )


def _tags(entity: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((tag["Key"], tag["Value"]) for tag in (entity or {}).get("Tags") or [])


def root_credentials(account: str) -> Credentials:
    """A new long-lived key of an account's root user.

    It is kept as a session without token or end: ministack would not check the signature of a key that it takes for root's.
    """
    credentials = Credentials(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
    root = {"Arn": f"arn:aws:iam::{account}:root", "UserId": account, "AccountId": account, "PrincipalType": "Root"}
    sts.register_session(credentials.access_key_id, {**root, "SecretAccessKey": credentials.secret_access_key})
    return credentials


# --- decisions ------------------------------------------------------------------------------------------------------------------


def decide(
    principal: Principal,
    action: str,
    resource: str,
    *,
    resource_policies: Sequence[iam.Document] = (),
    owner: str | None = None,
    context: Mapping[str, iam.Values] | None = None,
    resource_required: bool = False,
) -> iam.Decision:
    """Full IAM evaluation, written to the decision log.

    resource_policies: the documents of all resources concerned (a CodeArtifact domain's and repository's). owner: the account that owns
    the resource (default: the ARN's, else the caller's). context: the request's own condition keys.
    """
    owner = owner or _arn_account(resource) or principal.account
    identity, limits = _policies(principal)
    keys = {**_context(principal, resource, owner), **(context or {})}
    request = iam.Request(principal.caller, action, resource, keys)
    policies = iam.Policies(identity, limits, [each for each in resource_policies if each], owner, resource_required)
    decision = iam.evaluate(request, policies)
    record(principal.arn, action, resource, decision)
    return decision


def record(principal: str, action: str, resource: str, decision: iam.Decision, **details: Any) -> None:
    """Append a decision to the log that /_rehearsal/decisions returns."""
    entry = {"principal": principal, "action": action, "resource": resource, "allowed": decision.allowed}
    decisions.append({**entry, "reason": decision.reason, "statement": decision.statement, **details})


def authorise(principal: Principal, checks: Iterable[Check]) -> None:
    """Every check of a call must be allowed, with the resource's own policy where it has one. Raises AccessDeniedError."""
    for check in checks:
        if check.action in ALWAYS_ALLOWED:
            record(principal.arn, check.action, check.resource, iam.Decision(True, "always allowed"))
            continue
        documents, required = resource_policy(check.action, check.resource)
        tags = {f"aws:ResourceTag/{key}": value for key, value in resource_tags(check.resource).items()}
        decision = decide(
            principal,
            check.action,
            check.resource,
            resource_policies=documents,
            context={**tags, **check.context},
            resource_required=required,
        )
        if not decision.allowed:
            raise AccessDeniedError(principal, check, decision)


def resource_policy(action: str, arn: str) -> tuple[list[str], bool]:
    """The documents of the resource itself, and whether one of them must allow (KMS keys, roles that are assumed)."""
    account, service = _arn_account(arn), arn.split(":")[2] if arn.count(":") >= 5 else ""
    if service == "iam" and action.startswith("sts:"):
        assumed = role(arn)
        return ([assumed["AssumeRolePolicyDocument"]] if assumed else []), True
    if service not in POLICY_LOOKUPS or not account:
        return [], False
    with request_scope(account, arn.split(":")[3]):
        found = getattr(import_module(f"ministack.services.{service}"), POLICY_LOOKUPS[service])(arn)
    return ([found[0]] if found and found[0] else []), service == "kms" and found is not None


def resource_tags(arn: str) -> dict[str, str]:
    """The tags of a resource in ministack; empty where it has none or is unknown."""
    account = _arn_account(arn)
    if not account:
        return {}
    with request_scope(account, arn.split(":")[3] or _region):
        return import_module("ministack.services.tagging").resource_tags(arn) or {}


def _context(principal: Principal, resource: str, owner: str) -> dict[str, iam.Values]:
    now = datetime.now(UTC)
    keys: dict[str, iam.Values | None] = {
        "aws:userid": principal.user_id,
        "aws:username": principal.name if principal.kind == "User" else None,
        "aws:PrincipalOrgID": principal.org_id,
        "aws:PrincipalOrgPaths": organization_paths(principal.account),
        "aws:ResourceAccount": owner,
        "aws:ResourceOrgID": organization_id(owner),
        "aws:RequestedRegion": (resource.split(":")[3] if resource.count(":") >= 5 else "") or _region,
        "aws:SourceIp": "127.0.0.1",
        "aws:SecureTransport": "true",  # the loopback port stands for AWS's TLS endpoints
        "aws:ViaAWSService": "false",
        "aws:CurrentTime": now.isoformat(),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:FederatedProvider": principal.federated_provider,
        **{f"aws:PrincipalTag/{key}": value for key, value in principal.tags},
    }
    if principal.expiration is not None:
        keys["aws:MultiFactorAuthPresent"] = "false"
    if principal.issued_at is not None:
        keys["aws:TokenIssueTime"] = datetime.fromtimestamp(principal.issued_at, UTC).isoformat()
    return {key: value for key, value in keys.items() if value}


def _policies(principal: Principal) -> tuple[list[str] | None, list[list[str]]]:
    """Identity documents (None for root), and the limits that the boundary sets."""
    if principal.kind == "Root":
        return None, []
    kind = "role" if principal.kind == "AssumedRole" else "user"
    entity = _entity(principal.account, kind, principal.name)
    # A session of a role that was deleted, and perhaps created again under the same name, has no rights.
    if not entity or (kind == "role" and entity["RoleId"] != principal.user_id.split(":")[0]):
        return [], []
    boundary = entity.get("PermissionsBoundary")
    limits = [_managed_documents([boundary], principal.account)] if boundary else []
    return _identity_documents(principal.account, kind, entity), limits


def _identity_documents(account: str, kind: str, entity: Mapping[str, Any]) -> list[str]:
    managed = _managed_documents(entity.get("AttachedPolicies", []), account)
    if kind == "role":
        return [*entity.get("InlinePolicies", {}).values(), *managed]
    name = entity["UserName"]
    inline = iam_service._user_inline_policies.get_scoped(account, None, name) or {}
    return [*inline.values(), *managed]


def _managed_documents(arns: Iterable[str], account: str) -> list[str]:
    found = (iam_evaluator._resolve_managed_policy_document(arn, account) for arn in arns)
    return [document if isinstance(document, str) else json.dumps(document) for document in found if document]


def _arn_account(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else None


# --- state ----------------------------------------------------------------------------------------------------------------------


def _entity(account: str, kind: str, name: str) -> dict[str, Any] | None:
    stores = {"role": iam_service._roles, "user": iam_service._users}
    return stores[kind].get_scoped(account, None, name)


def role(arn: str) -> dict[str, Any] | None:
    """A role by its exact ARN, path included: RoleName, Arn, RoleId, AssumeRolePolicyDocument, MaxSessionDuration, ..."""
    found = _entity(_arn_account(arn) or "", "role", arn.rpartition("/")[2])
    return found if found and found["Arn"] == arn else None


def oidc_provider(arn: str) -> dict[str, Any] | None:
    """An OIDC provider: Url, ClientIDList, ..."""
    return iam_service._oidc_providers.get_scoped(_arn_account(arn) or "", None, arn)


def kms_key(arn: str) -> dict[str, Any] | None:
    """A KMS key by its ARN: whether it is enabled, its spec and its usage; None if there is none."""
    account, region = arn.split(":")[4], arn.split(":")[3]
    found = kms_service._keys.get_scoped(account, region, arn.rpartition("/")[2])
    return found and {"enabled": found["KeyState"] == "Enabled", "spec": found["KeySpec"], "usage": found["KeyUsage"]}


def policy_exists(account: str, arn: str) -> bool:
    """Whether there is such a managed policy, of AWS or of the account."""
    with request_scope(account, _region):
        return arn == DENY_ALL or iam_service._policy_exists(arn)


def topic_exists(arn: str) -> bool:
    """Whether there is such a topic."""
    with request_scope(arn.split(":")[4], arn.split(":")[3]):
        return import_module("ministack.services.sns")._topic_by_arn_any_scope(arn) is not None


def create_key(arn: str, users: Sequence[str]) -> None:
    """A symmetric key by its ARN, which others made and whose IAM these accounts may give rights to."""
    account, region, id = arn.split(":")[4], arn.split(":")[3], arn.rpartition("/")[2]
    everybody = {"Effect": "Allow", "Principal": {"AWS": list(users)}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    with request_scope(account, region):
        _, _, body = kms_service._create_key({"Description": "made by others", "Policy": policy})
        drawn = json.loads(body)["KeyMetadata"]["KeyId"]
        kms_service._keys[id] = {**kms_service._keys[drawn], "KeyId": id, "Arn": arn}
        del kms_service._keys[drawn]


class Directory:
    """What authorization.checks() asks about the accounts' state."""

    def iam_arn(self, account: str, kind: str, name: str) -> str | None:
        return (_entity(account, kind, name) or {}).get("Arn")

    def boundary(self, account: str, kind: str, name: str) -> str | None:
        return (_entity(account, kind, name) or {}).get("PermissionsBoundary") or None

    def key_arn(self, account: str, region: str, key_id: str) -> str | None:
        with request_scope(_arn_account(key_id) or account, region):
            found = import_module("ministack.services.kms")._resolve_key(key_id)
        return found["Arn"] if found else None

    def secret_arn(self, account: str, region: str, secret_id: str) -> str | None:
        with request_scope(_arn_account(secret_id) or account, region):
            _, found = import_module("ministack.services.secretsmanager")._resolve(secret_id)
        return found["ARN"] if found else None


def create_account(account: str, organization: str | None = None, paths: Sequence[str] = ()) -> None:
    """Put an account into an organisation (id `o-...`, optionally with its organisation paths), or into none."""
    _organizations.pop(account, None)
    if organization:
        _organizations[account] = Organization(organization, tuple(paths))


def raise_trust_quota(account: str, characters: int) -> None:
    """What Service Quotas has granted an account: characters of a trust policy."""
    _trust_quotas[account] = characters


def organization_id(account: str) -> str | None:
    """aws:PrincipalOrgID of an account's principals; None outside organisations."""
    found = _organizations.get(account)
    return found.id if found else None


def organization_paths(account: str) -> list[str]:
    """aws:PrincipalOrgPaths (one value, but a multivalued key)."""
    found = _organizations.get(account)
    return list(found.paths) if found else []


def start_session(
    role_arn: str,
    session_name: str,
    seconds: int,
    *,
    federated_provider: str | None = None,
) -> tuple[Credentials, dict[str, str]]:
    """Credentials of a role's session, and AssumedRoleUser (Arn, AssumedRoleId). The caller has decided that it may start."""
    assumed = role(role_arn)
    if assumed is None:
        raise LookupError(f"there is no role {role_arn}")
    now = time.time()
    credentials = Credentials(
        iam_service._gen_session_access_key(), iam_service._gen_secret(), iam_service._gen_session_token(), now + seconds
    )
    account = _arn_account(role_arn) or ""
    user = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{assumed['RoleName']}/{session_name}",
        "AssumedRoleId": f"{assumed['RoleId']}:{session_name}",
    }
    session = {
        "Arn": user["Arn"],
        "UserId": user["AssumedRoleId"],
        "AccountId": account,
        "PrincipalType": "AssumedRole",
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": credentials.expiration,
        "IssuedAt": now,
        "FederatedProvider": federated_provider,
    }
    sts.register_session(credentials.access_key_id, session)
    return credentials, user


def create_role(account: str, name: str, path: str, policy: Mapping[str, Any] | None, trust: Mapping[str, Any] | None = None) -> str:
    """A role with one inline policy, or none; its ARN. By default its own account is trusted."""
    default = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps(trust or {"Version": "2012-10-17", "Statement": [default]})
    _iam(account, "CreateRole", RoleName=name, Path=path, AssumeRolePolicyDocument=document)
    if policy is not None:
        _iam(account, "PutRolePolicy", RoleName=name, PolicyName="rehearsal", PolicyDocument=json.dumps(policy))
    return iam_service._roles.get_scoped(account, None, name)["Arn"]


def put_role_policy(account: str, role: str, name: str, document: str) -> None:
    """Set an inline policy of a role; an empty document takes it away. Raises PolicyRefusedError."""
    if document:
        _iam(account, "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=document)
    elif name in iam_service._roles.get_scoped(account, None, role).get("InlinePolicies", {}):
        _iam(account, "DeleteRolePolicy", RoleName=role, PolicyName=name)


def delete_role(account: str, name: str) -> None:
    """Remove a role with its inline policies. Raises PolicyRefusedError with IAM's refusal."""
    for policy in list(iam_service._roles.get_scoped(account, None, name).get("InlinePolicies", {})):
        _iam(account, "DeleteRolePolicy", RoleName=name, PolicyName=policy)
    _iam(account, "DeleteRole", RoleName=name)


def create_user(account: str, name: str, path: str, policy: Mapping[str, Any] | None) -> tuple[str, Credentials]:
    """A user with one inline policy, or none; its ARN and an access key."""
    _iam(account, "CreateUser", UserName=name, Path=path)
    if policy is not None:
        _iam(account, "PutUserPolicy", UserName=name, PolicyName="rehearsal", PolicyDocument=json.dumps(policy))
    _iam(account, "CreateAccessKey", UserName=name)
    with request_scope(account, _region):
        key = next(each for each in iam_service._access_keys.values() if each["UserName"] == name)
    return iam_service._users.get_scoped(account, None, name)["Arn"], Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _iam(account: str, operation: str, **parameters: str) -> None:
    """An IAM operation without a caller. Raises PolicyRefusedError with IAM's refusal."""
    with request_scope(account, _region):
        status, _, body = iam_service._IAM_HANDLERS[operation]({name: [value] for name, value in parameters.items()})
    if status >= 400:
        raise policy_rules.PolicyRefusedError("InvalidInput", body.decode())


def emit_event(account: str, region: str, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
    """Put an AWS service's own event on the account's default bus (PutEvents refuses `aws.` sources from callers)."""
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "EventBusName": "default",
        "Time": datetime.now(UTC).isoformat(),
        "Resources": [],
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        import_module("ministack.services.eventbridge")._dispatch_event(event)


# --- deliveries by services -----------------------------------------------------------------------------------------------------


def _sns_delivery(document: Any, context: Any, service: str | None = None, **_: Any) -> iam_evaluator.EvalResult:
    """Whether a queue lets SNS deliver, in place of ministack's evaluation of the queue's policy."""
    allowed = service_may(service or "", context.action, context.resource_arn, context.service_context)
    return iam_evaluator.EvalResult("Allow" if allowed else "ImplicitDeny")


def _guarded_delivery(invoke: Callable[..., None]) -> Callable[..., None]:
    """EventBridge delivers with the target's role, or if it has none to who lets that rule in, else to the target's dead-letter queue."""

    @wraps(invoke)
    def guarded(target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, Any], view: Any = None) -> None:
        source = {"aws:SourceArn": rule["Arn"], "aws:SourceAccount": _arn_account(rule["Arn"]) or ""}
        if _may_deliver(target, source):
            invoke(target, event, rule, view)
            return
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        if dead_letters and service_may("events.amazonaws.com", "sqs:SendMessage", dead_letters, source):
            invoke({"Id": target["Id"], "Arn": dead_letters}, event, rule, view)

    return guarded


def _may_deliver(target: Mapping[str, Any], source: Mapping[str, iam.Values]) -> bool:
    arn, role_arn = target["Arn"], target.get("RoleArn")
    service = arn.split(":")[2]
    action = DELIVERY_ACTIONS.get(service)
    if action is None:
        return True
    if role_arn:
        return role_may("events.amazonaws.com", role_arn, action, arn, source)
    # To the policies of a topic and of its key EventBridge gives no source (EventBridge User Guide, "Amazon SNS permissions"; SNS Developer
    # Guide, "Enable compatibility between event sources from AWS services and encrypted topics").
    return service_may("events.amazonaws.com", action, arn, {} if service == "sns" else source)


def role_may(service: str, role_arn: str, action: str, arn: str, source: Mapping[str, iam.Values]) -> bool:
    """Whether a service may assume a role for this source and, with it, act on a topic, queue or pipeline. Written to the decision log."""
    assumed = role(role_arn)
    if assumed is None or not _service_decision(service, "sts:AssumeRole", role_arn, source):
        return False
    credentials, _ = start_session(role_arn, "events", 3600)
    principal = principal_for_key(credentials.access_key_id)
    key = _encryption_key(arn)
    checks = [Check(action, arn), *(Check(needed, key) for needed in ("kms:GenerateDataKey", "kms:Decrypt") if key)]
    if principal is None:
        return False
    try:
        authorise(principal, checks)
    except AccessDeniedError:
        return False
    return True


def _loopback_only(post: Callable[..., int]) -> Callable[..., int]:
    """SNS posts to HTTP subscribers on this machine; the local cloud calls no other."""

    @wraps(post)
    def guarded(endpoint: str, payload: str, kind: str) -> int:
        if urlsplit(endpoint).hostname not in ("127.0.0.1", "localhost"):
            raise ConnectionRefusedError(f"the local cloud does not call {endpoint}")
        return post(endpoint, payload, kind)

    return guarded


def _named_subscription(sns: Any) -> Callable[[Mapping[str, Any]], Any]:
    """With ReturnSubscriptionArn a subscription has its ARN before it is confirmed; ministack names none.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    subscribe = sns._subscribe

    def subscribed(parameters: Mapping[str, Any]) -> Any:
        status, headers, body = subscribe(parameters)
        if sns._p(parameters, "ReturnSubscriptionArn") == "true" and b"pending confirmation" in body:
            topic, _ = sns._get_topic(sns._p(parameters, "TopicArn"))
            body = body.replace(b"pending confirmation", topic["subscriptions"][-1]["arn"].encode())
        return status, headers, body

    return subscribed


def service_may(service: str, action: str, arn: str, context: Mapping[str, iam.Values]) -> bool:
    """Whether the policy of a topic or queue, and of the key that encrypts it, let an AWS service act. Written to the decision log."""
    key = _encryption_key(arn)
    checks = [(action, arn)] + [(needed, key) for needed in ("kms:GenerateDataKey", "kms:Decrypt") if key]
    return all(_service_decision(service, action, arn, context) for action, arn in checks)


def _service_decision(service: str, action: str, arn: str, context: Mapping[str, iam.Values]) -> bool:
    documents, _ = resource_policy(action, arn)
    request = iam.Request(iam.Caller("Service", service, ""), action, arn, context)
    decision = iam.evaluate(request, iam.Policies(resource=documents, resource_required=True))
    record(service, action, arn, decision)
    return decision.allowed


def _encryption_key(arn: str) -> str | None:
    """The ARN of the key that encrypts a topic or queue. An AWS managed key, whose policy lets no service in, stays an alias."""
    _, _, service, region, account, _ = arn.split(":", 5)
    with request_scope(account, region):
        found = import_module("ministack.services.sns")._topic_by_arn_any_scope(arn) if service == "sns" else None
        found = import_module("ministack.services.sqs")._queue_by_arn(arn) if service == "sqs" else found
    key_id = (found or {}).get("attributes", {}).get("KmsMasterKeyId")
    if not key_id:
        return None
    return Directory().key_arn(account, region, key_id) or f"arn:aws:kms:{region}:{account}:{key_id}"


# --- what IAM refuses to store --------------------------------------------------------------------------------------------------

Handler = Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]]


def _refuse_what_iam_refuses() -> None:
    rules: dict[str, Callable[[Mapping[str, str]], None]] = {
        "CreateRole": lambda p: _check_trust(p["AssumeRolePolicyDocument"]),
        "UpdateAssumeRolePolicy": lambda p: _check_trust(p["PolicyDocument"]),
        "CreatePolicy": lambda p: policy_rules.check_managed_policy(p["PolicyDocument"]),
        "CreatePolicyVersion": lambda p: policy_rules.check_managed_policy(p["PolicyDocument"]),
        "PutRolePolicy": _check_role_policy,
        "PutUserPolicy": _check_user_policy,
        **dict.fromkeys(("AttachRolePolicy", "AttachUserPolicy"), _check_attachment),
    }
    handlers: dict[str, Any] = iam_service._IAM_HANDLERS
    for operation, rule in rules.items():
        handler = handlers[operation]
        if not hasattr(handler, "__wrapped__"):
            handlers[operation] = _guarded(handler, rule)


def _guarded(handler: Handler, rule: Callable[[Mapping[str, str]], None]) -> Handler:
    @wraps(handler)
    def guarded(parameters: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        flat = {name: value[0] if isinstance(value, list) else value for name, value in parameters.items()}
        try:
            rule(flat)
        except policy_rules.PolicyRefusedError as refusal:
            return iam_service._error(refusal.status, refusal.code, escape(refusal.message))
        except KeyError as missing:
            return iam_service._error(400, "ValidationError", f"{missing.args[0]} is required")
        return handler(parameters)

    return guarded


def _check_trust(document: str) -> None:
    policy_rules.check_trust_policy(document, _trust_quotas.get(get_account_id(), policy_rules.TRUST_POLICY_SIZE))
    known_accounts = {account for account, _ in iam_service._roles.to_dict()} | {account for account, _ in iam_service._users.to_dict()}
    for arn in policy_rules.role_principals(document):
        account, kind = _arn_account(arn) or "", arn.split(":")[5].split("/")[0]
        if account in known_accounts and kind in ("role", "user"):
            entity = _entity(account, kind, arn.rpartition("/")[2])
            if not entity or entity["Arn"] != arn:
                raise policy_rules.PolicyRefusedError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def _check_role_policy(parameters: Mapping[str, str]) -> None:
    inline = (iam_service._roles.get(parameters["RoleName"]) or {}).get("InlinePolicies", {})
    _check_inline(parameters, inline, policy_rules.ROLE_INLINE_SIZE, f"role {parameters['RoleName']}")


def _check_user_policy(parameters: Mapping[str, str]) -> None:
    inline = iam_service._user_inline_policies.get(parameters["UserName"]) or {}
    _check_inline(parameters, inline, policy_rules.USER_INLINE_SIZE, f"user {parameters['UserName']}")


def _check_inline(parameters: Mapping[str, str], inline: Mapping[str, str], limit: int, owner: str) -> None:
    others = [document for name, document in inline.items() if name != parameters["PolicyName"]]
    policy_rules.check_inline_policies(parameters["PolicyDocument"], others, limit, owner)


def _check_attachment(parameters: Mapping[str, str]) -> None:
    if not iam_service._policy_exists(parameters["PolicyArn"]):
        raise policy_rules.PolicyRefusedError("NoSuchEntity", f"Policy {parameters['PolicyArn']} does not exist or is not attachable.")


# --- answers --------------------------------------------------------------------------------------------------------------------


def refusal(service: str, action: str, code: str, message: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """A refused authentication in the protocol of a service."""
    from ministack.core.iam_actions import access_denied_response

    return access_denied_response(service, action, "", str(uuid.uuid4()), error_code=code, message=message, headers=dict(headers))


def denial(service: str, error: AccessDeniedError, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """AccessDenied in the protocol of a service."""
    from ministack.core.iam_actions import access_denied_response

    return access_denied_response(
        service,
        error.check.action,
        error.principal.arn,
        str(uuid.uuid4()),
        message=f"{error} because {error.decision.reason}",
        headers=dict(headers),
        resource_arn=error.check.resource,
    )


def region_and_service(authorization: str) -> tuple[str, str]:
    """Region and service of a SigV4 header's credential scope. Raises AuthError."""
    if not authorization:
        raise AuthError("MissingAuthenticationToken", "Request is missing Authentication Token")
    fields = dict(part.strip().partition("=")[::2] for part in authorization.partition(" ")[2].split(","))
    scope = fields.get("Credential", "").split("/")
    if len(scope) != 5:
        raise AuthError("IncompleteSignature", "Credential must have five elements: key/date/region/service/aws4_request")
    return scope[2], scope[3]
