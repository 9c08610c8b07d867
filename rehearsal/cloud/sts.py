"""AssumeRoleWithWebIdentity as AWS decides it: the token, the provider, the role's whole trust policy, the duration.

ministack checks neither signature nor times nor provider of a token and knows three of its claims, so this call never reaches it; the
session that is started is ministack's. Also the limits on AssumeRole's duration, which ministack does not check.

Sources: STS API reference (AssumeRoleWithWebIdentity and its errors), IAM User Guide "AWS STS condition keys for OIDC providers".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import jwt

from evaluator import iam
from rehearsal.cloud import asgi, aws
from rehearsal.cloud.authorization import session_policies

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
ACTION = "sts:AssumeRoleWithWebIdentity"
GITHUB = "https://token.actions.githubusercontent.com"
# Condition keys of GitHub's provider since 2026-01; other claims are in no context key.
GITHUB_CLAIMS = (
    "sub", "aud", "repository_id", "repository", "ref", "environment", "job_workflow_ref", "workflow", "actor", "actor_id", "enterprise_id",
)  # fmt: skip
OIDC_CLAIMS = ("sub", "aud", "amr")  # of any other provider
SESSION_TAGS_CLAIM = "https://aws.amazon.com/tags"
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
SHORTEST, LONGEST, CHAINED = 900, 43_200, 3_600  # seconds; a session of a role that assumes another role lasts an hour at most
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)

_issuers: dict[str, Mapping[str, Any]] = {}


class StsError(Exception):
    """A refusal with STS's code and HTTP status."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = {"AccessDenied": 403, "NotImplemented": 501}.get(code, 400)


@dataclass(frozen=True)
class Identity:
    """A verified token: its claims, and the audiences AWS compares (azp where a token has one)."""

    issuer: str
    claims: Mapping[str, Any]

    @property
    def host(self) -> str:
        return self.issuer.split("://")[-1].rstrip("/")

    @property
    def audiences(self) -> list[str]:
        return iam.as_list(self.claims.get("azp") or self.claims["aud"])


def register_issuer(issuer: str, keys: Mapping[str, Any]) -> None:
    """Make the public keys (by key id) of an OIDC issuer other than GitHub known."""
    _issuers[issuer.rstrip("/")] = keys


def forget_issuers() -> None:
    """Leave GitHub as the only issuer."""
    _issuers.clear()


def answer(parameters: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """The HTTP answer to AssumeRoleWithWebIdentity."""
    try:
        status, body = 200, assume_role_with_web_identity(parameters)
    except StsError as error:
        status, body = error.status, asgi.query_error(NAMESPACE, error.code, error.message)
    return status, {"content-type": "text/xml"}, body


def assume_role_with_web_identity(parameters: Mapping[str, str]) -> bytes:
    """Start a session for the bearer of a token. Raises StsError."""
    role_arn = _required(parameters, "RoleArn")
    session_name = _required(parameters, "RoleSessionName")
    if not SESSION_NAME.fullmatch(session_name):
        raise StsError("ValidationError", f"Value '{session_name}' at 'roleSessionName' must match [\\w+=,.@-]{{2,64}}")
    seconds = duration(parameters)
    identity = verify(_required(parameters, "WebIdentityToken"))
    provider = _provider(identity, role_arn)
    role = _trusted_role(identity, provider, role_arn, session_name)
    _within_maximum(seconds, role)
    if narrowed := session_policies(parameters):
        raise StsError("NotImplemented", f"{', '.join(narrowed)} of {ACTION} is not part of the local cloud")
    credentials, user = aws.start_session(role_arn, session_name, seconds, federated_provider=provider)
    return _result(credentials, user, identity, provider)


def check_assume_role(principal: aws.Principal, parameters: Mapping[str, str]) -> None:
    """The durations that AssumeRole refuses. Raises StsError."""
    seconds = duration(parameters)
    role = aws.role(parameters.get("RoleArn", ""))
    if principal.kind == "AssumedRole" and seconds > CHAINED:
        raise StsError("ValidationError", "DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
    if role:
        _within_maximum(seconds, role)


def duration(parameters: Mapping[str, str]) -> int:
    """DurationSeconds of a request, an hour by default. Raises StsError."""
    value = parameters.get("DurationSeconds") or "3600"
    if not value.isdigit() or not SHORTEST <= int(value) <= LONGEST:
        raise StsError("ValidationError", f"Value '{value}' at 'durationSeconds' must be between {SHORTEST} and {LONGEST}")
    return int(value)


def verify(token: str) -> Identity:
    """The identity in a token whose signature, issuer and times are right. Raises StsError."""
    try:
        header = jwt.get_unverified_header(token)
        issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss", "")).rstrip("/")
        key = verification_keys(issuer).get(header.get("kid"))
        if key is None:
            raise StsError("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
        required = ["exp", "iat", "iss", "sub", "aud"]
        claims = jwt.decode(token, key, algorithms=ALGORITHMS, options={"verify_aud": False, "require": required})
    except jwt.ExpiredSignatureError:
        raise StsError("ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time") from None
    except jwt.PyJWTError as error:
        raise StsError("InvalidIdentityToken", f"The ID Token provided is not a valid JWT ({error})") from None
    if SESSION_TAGS_CLAIM in claims:
        raise StsError("InvalidIdentityToken", "session tags in a token are not part of the local cloud")
    return Identity(issuer, claims)


def verification_keys(issuer: str) -> Mapping[str, Any]:
    """The public keys of an issuer by key id; empty for an unknown issuer."""
    if issuer == GITHUB and issuer not in _issuers:
        from rehearsal.cloud.github import oidc

        return oidc.public_keys()
    return _issuers.get(issuer, {})


def trust_context(identity: Identity, provider: str, session_name: str) -> dict[str, iam.Values]:
    """The condition keys that a token brings: the claims AWS knows of its provider, and no others."""
    known = GITHUB_CLAIMS if identity.issuer == GITHUB else OIDC_CLAIMS
    claims = {**identity.claims, "aud": identity.audiences}
    context: dict[str, iam.Values] = {f"{identity.host}:{name}": _values(claims[name]) for name in known if claims.get(name) is not None}
    now = datetime.now(UTC)
    return context | {
        "aws:FederatedProvider": provider,
        "sts:RoleSessionName": session_name,
        "aws:SourceIp": "127.0.0.1",
        "aws:SecureTransport": "true",
        "aws:CurrentTime": now.isoformat(),
        "aws:EpochTime": str(int(now.timestamp())),
    }


def _values(claim: Any) -> iam.Values:
    """A claim as condition values; a list of one is the one."""
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in iam.as_list(claim)]
    return values[0] if len(values) == 1 else values


def _required(parameters: Mapping[str, str], name: str) -> str:
    if not parameters.get(name):
        raise StsError("ValidationError", f"Value null at '{name[0].lower()}{name[1:]}' must not be null")
    return parameters[name]


def _provider(identity: Identity, role_arn: str) -> str:
    """The ARN of the account's provider for the issuer, which must list one of the token's audiences."""
    account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    arn = f"arn:aws:iam::{account}:oidc-provider/{identity.host}"
    provider = aws.oidc_provider(arn)
    if provider is None:
        raise StsError("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {identity.issuer}")
    if not set(identity.audiences) & set(provider["ClientIDList"]):
        raise StsError("InvalidIdentityToken", "Incorrect token audience")
    return arn


def _trusted_role(identity: Identity, provider: str, role_arn: str, session_name: str) -> Mapping[str, Any]:
    """The role, if its trust policy lets the token's bearer in. A role that does not exist is answered in the same way."""
    role = aws.role(role_arn)
    context = trust_context(identity, provider, session_name)
    caller = iam.Caller("WebIdentity", provider, role_arn.split(":")[4])
    documents = [role["AssumeRolePolicyDocument"]] if role else []
    policies = iam.Policies(resource=documents, resource_required=True)
    decision = iam.evaluate(iam.Request(caller, ACTION, role_arn, context), policies)
    if role is None:
        decision = iam.Decision(False, "there is no such role")
    claims = {key.rpartition(":")[2]: value for key, value in context.items() if key.startswith(f"{identity.host}:")}
    aws.record(f"{provider}:{identity.claims['sub']}", ACTION, role_arn, decision, claims=claims)
    if role is None or not decision.allowed:
        raise StsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    return role


def _within_maximum(seconds: int, role: Mapping[str, Any]) -> None:
    if seconds > int(role["MaxSessionDuration"]):
        raise StsError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _result(credentials: aws.Credentials, user: Mapping[str, str], identity: Identity, provider: str) -> bytes:
    expiration = datetime.fromtimestamp(credentials.expiration or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": expiration,
        },
        "AssumedRoleUser": dict(user),
        "SubjectFromWebIdentityToken": identity.claims["sub"],
        "Audience": identity.audiences[0],
        "Provider": provider,
        "PackedPolicySize": 0,
    }
    name = "AssumeRoleWithWebIdentity"
    result = _xml({f"{name}Result": fields, "ResponseMetadata": {"RequestId": "rehearsal"}})
    return f'<{name}Response xmlns="{NAMESPACE}">{result}</{name}Response>'.encode()


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    return escape(str(value))
