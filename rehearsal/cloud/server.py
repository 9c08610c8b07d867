"""The front of the local cloud: one loopback port, routed by path and, for AWS, by what a request is signed for.

/_github/, /_codeartifact/, /_public/ and /_rehearsal/ are the parts' own, which see the whole path; everything else is AWS. What goes on
to ministack is authenticated and authorised here; CodeArtifact's parts ask aws.py themselves.

GET /_rehearsal/refusals?since=N is the record of the answers that refused (403, 404), whichever part gave them: {"refusals": [{"status",
"method", "path", "code", "body"}], "next": N}; `code` is the header in which some of AWS's services name the error.
"""

import hmac
import json
import socket
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rehearsal.cloud import asgi, authorization, aws, control, sts
from rehearsal.cloud.codeartifact.operations.encryption import managed_key
from rehearsal.cloud.faults import Faults
from rehearsal.cloud.identity_center import roles

QUERY_SERVICES = {"iam", "sns", "sts"}  # form-encoded parameters
JSON_SERVICES = {
    "events": "AWSEvents.",
    "kms": "TrentService.",
    "secretsmanager": "secretsmanager.",
    "sqs": "AmazonSQS.",
}  # prefix of X-Amz-Target
PARTS = ("codeartifact", "github", "identity_center", "public_registries", "pulumi_cloud")
CODEARTIFACT, GITHUB, IDENTITY_CENTER, PUBLIC, PULUMI = (f"rehearsal.cloud.{part}.app" for part in PARTS)
CHATBOT = "rehearsal.cloud.chatbot"
EMULATED = {  # service: module and its callable
    "chatbot": (CHATBOT, "services"),
    "codeartifact": (CODEARTIFACT, "control"),
    "cloudcontrolapi": (CODEARTIFACT, "cloudcontrol"),
    "sso": (IDENTITY_CENTER, "services"),
    "identitystore": (IDENTITY_CENTER, "services"),
}
PORTAL = "/federation/credentials"
MOUNTS = {  # longest first
    "/_rehearsal/identity-center": (IDENTITY_CENTER, "rehearsal"),
    "/_rehearsal/codeartifact": (CODEARTIFACT, "rehearsal"),
    "/_rehearsal/chatbot": (CHATBOT, "rehearsal"),
    "/_rehearsal/github": (GITHUB, "rehearsal"),
    "/_rehearsal/pulumi": (PULUMI, "rehearsal"),
    "/_codeartifact": (CODEARTIFACT, "endpoints"),
    "/_github": (GITHUB, "rest"),
    "/_pulumi": (PULUMI, "rest"),
    "/_public": (PUBLIC, "app"),
}
FAULTS = "/_rehearsal/faults"
REFUSALS = "/_rehearsal/refusals"
REFUSED = (403, 404)
# Characters of an answer that the record keeps: a message fits.
RECORDED_BODY = 4_000
KEY_HEADER = "x-rehearsal-key"


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback interface; port 0 takes a free one."""
    # asyncio turns off Nagle's delay (40 ms an answer) only on sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(100)
    return listener


class MalformedRequestError(Exception):
    """A request that AWS's protocols do not allow."""


@dataclass(frozen=True)
class Settings:
    """What one start of the cloud is given. An empty key closes /_rehearsal/."""

    account: str
    region: str
    base_url: str
    upstream: str
    key: str


def configure(settings: Settings) -> None:
    """Tell every part where it is reached."""
    control.configure(settings.account)
    import_module(CODEARTIFACT).configure(settings.base_url, settings.account, settings.region, settings.upstream)
    import_module(GITHUB).configure(settings.base_url)


class Front:
    """The ASGI application. `ministack` serves the AWS services that are not emulated here."""

    def __init__(self, settings: Settings, ministack: ASGIApp) -> None:
        self.settings = settings
        self.ministack = ministack
        self.faults = Faults()
        self.refusals: list[dict[str, Any]] = []
        self.hosts = {settings.base_url.split("//")[1], settings.base_url.split("//")[1].replace("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"the local cloud does not speak {scope['type']}")
        # A foreign Host would be a page in a browser that points at this port, or one of ministack's host-based routes.
        if asgi.header(scope, "host") not in self.hosts:
            await JSONResponse({"message": f"this is {self.settings.base_url}"}, 421)(scope, receive, send)
        else:
            await self.faults.serve(self._serve, scope, receive, send)

    def _recorded(self, scope: Scope, send: Send) -> Send:
        """Sends, and keeps what refuses. The rehearsal's own requests are no part of the record."""
        if scope["path"].startswith("/_rehearsal/"):
            return send
        refusal: dict[str, Any] = {}

        async def recording(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] in REFUSED:
                code = dict(message.get("headers", ())).get(b"x-amzn-errortype", b"").decode("latin-1")
                refusal.update(status=message["status"], method=scope["method"], path=scope["path"], code=code, body="")
                self.refusals.append(refusal)
            elif refusal:
                refusal["body"] = (refusal["body"] + message.get("body", b"").decode("utf-8", "replace"))[:RECORDED_BODY]
            await send(message)

        return recording

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = self._recorded(scope, send)
        if scope["path"].startswith("/_"):
            await self._mounted(scope, receive, send)
        else:
            await self._aws(scope, receive, send)

    async def _mounted(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if f"{path}/".startswith("/_rehearsal/") and not self._holds_key(scope):
            await JSONResponse({"message": f"{KEY_HEADER} is missing or wrong"}, 403)(scope, receive, send)
            return
        if path == REFUSALS:
            since = int(parse_qs(scope["query_string"].decode("latin-1")).get("since", ["0"])[0])
            await JSONResponse({"refusals": self.refusals[since:], "next": len(self.refusals)})(scope, receive, send)
            return
        if path == FAULTS:
            await self.faults.control(scope, receive, send)
            return
        for prefix, (module, name) in MOUNTS.items():
            if f"{path}/".startswith(f"{prefix}/"):
                await self._part(module, name, scope, receive, send)
                return
        if path.startswith("/_rehearsal/"):
            await control.app({**scope, "path": path.removeprefix("/_rehearsal")}, receive, send)
        else:
            await JSONResponse({"message": f"there is nothing at {path}"}, 404)(scope, receive, send)

    def _holds_key(self, scope: Scope) -> bool:
        given = asgi.header(scope, KEY_HEADER)
        return bool(self.settings.key) and hmac.compare_digest(given.encode(), self.settings.key.encode())

    async def _part(self, module: str, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        await getattr(import_module(module), name)(scope, receive, send)

    async def _aws(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await asgi.read_body(scope, receive)
        try:
            parameters = query_parameters(scope, body)
        except MalformedRequestError as error:
            await JSONResponse({"__type": "MalformedQueryString", "message": str(error)}, 400)(scope, receive, send)
            return
        # AWS takes this call with or without a signature, and so does not look at one.
        if parameters.get("Action") == "AssumeRoleWithWebIdentity":
            await _response(sts.answer(parameters))(scope, receive, send)
            return
        # The link in a subscription message; its token is what is checked.
        if scope["method"] == "GET" and parameters.get("Action") == "ConfirmSubscription" and "Token" in parameters:
            with aws.decided():
                await self.ministack(scope, asgi.replay(body, receive), send)
            return
        # A signed-in user's own token proves who calls.
        if scope["method"] == "GET" and scope["path"] == PORTAL:
            await self._part(IDENTITY_CENTER, "portal", scope, receive, send)
            return
        try:
            region, service = aws.region_and_service(asgi.header(scope, "authorization"))
        except aws.AuthError as error:
            await _response(unsigned(parameters, error))(scope, receive, send)
            return
        replayed = asgi.replay(body, receive)
        if service in EMULATED:
            await self._part(*EMULATED[service], scope, replayed, send)
        elif service in QUERY_SERVICES or service in JSON_SERVICES:
            await self._ministack(scope, body, region, service, parameters, send)
        else:
            await JSONResponse({"__type": "NotImplemented", "message": f"{service} is not part of this local cloud"}, 501)(
                scope, receive, send
            )

    async def _ministack(self, scope: Scope, body: bytes, region: str, service: str, parameters: Mapping[str, str], send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        operation = ""
        try:
            principal = aws.authenticate(scope, body)
            operation, values = parse(scope, headers, body, service, parameters)
            call = authorization.Call(service, operation, values, principal.account, region)
            aws.authorise(principal, authorization.checks(call, aws.Directory()))
            if service == "iam":
                roles.refuse_changes(principal.account, operation, values)
            if (service, operation) == ("sts", "AssumeRole"):
                sts.check_assume_role(principal, values)
        except aws.AuthError as error:
            answer = aws.refusal(service, f"{service}:{operation}", error.code, error.message, headers)
        except aws.AccessDeniedError as error:
            answer = aws.denial(service, error, headers)
        except sts.StsError as error:
            answer = (error.status, {"content-type": "text/xml"}, asgi.query_error(sts.NAMESPACE, error.code, error.message))
        except (MalformedRequestError, authorization.MalformedCallError) as error:
            answer = service_error(service, 400, "ValidationError", str(error))
        except aws.ServiceError as error:
            answer = service_error(service, 400, error.code, error.message)
        except authorization.NotCoveredError as error:
            answer = service_error(service, 501, "NotImplemented", str(error))
        else:
            found = managed_key_described(call) if (service, operation) == ("kms", "DescribeKey") else None
            if found is None:
                with aws.decided():
                    await self.ministack(scope, asgi.replay(body, _nothing_more), send)
                return
            answer = found
        await _response(answer)(scope, _nothing_more, send)


def _response(answer: tuple[int, Mapping[str, str], bytes]) -> Response:
    status, headers, body = answer
    return Response(body, status, headers)


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def query_parameters(scope: Scope, body: bytes) -> dict[str, str]:
    """The parameters of AWS's query protocol. A call that names its action twice could be checked on one and served as the other."""
    in_path = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    form = asgi.header(scope, "content-type").startswith("application/x-www-form-urlencoded")
    in_body = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True) if form else {}
    names = [*in_path, *in_body]
    if len(names) != len(set(names)) or any(len(values) > 1 for values in (*in_path.values(), *in_body.values())):
        raise MalformedRequestError("a parameter is given twice")
    return {name: values[0] for name, values in {**in_path, **in_body}.items()}


def parse(
    scope: Scope, headers: Mapping[str, str], body: bytes, service: str, parameters: Mapping[str, str]
) -> tuple[str, Mapping[str, Any]]:
    """Operation and parameters of a call to one of ministack's services. Raises MalformedRequestError."""
    if scope["method"] != "POST" or scope["path"] != "/":
        raise MalformedRequestError(f"{service} takes POST /")
    target, encoding = headers.get("x-amz-target", ""), headers.get("content-encoding", "")
    if encoding and encoding != "identity":
        raise MalformedRequestError("compressed requests are not part of this local cloud")
    if service in QUERY_SERVICES:
        if target or not parameters.get("Action"):
            raise MalformedRequestError(f"{service} takes the query protocol")
        return parameters["Action"], parameters
    prefix = JSON_SERVICES[service]
    if not target.startswith(prefix) or parameters:
        raise MalformedRequestError(f"{service} takes the JSON protocol")
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise MalformedRequestError("the body is not a JSON object")
    return target.removeprefix(prefix), values


def managed_key_described(call: authorization.Call) -> tuple[int, dict[str, str], bytes] | None:
    """The answer for CodeArtifact's AWS managed key, which ministack knows nothing of; None for any other key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html: KeyManager
    """
    arn = managed_key(call.region, call.account)
    if call.parameters.get("KeyId") not in (arn, arn.rpartition("/")[2]):
        return None
    shown = {"KeyId": arn.rpartition("/")[2], "Arn": arn, "AWSAccountId": call.account, "KeyManager": "AWS", "CreationDate": 0}
    usable = {"Enabled": True, "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS"}
    body = json.dumps({"KeyMetadata": {**shown, **usable, "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": False}})
    return 200, {"content-type": "application/x-amz-json-1.1"}, body.encode()


def unsigned(parameters: Mapping[str, str], error: aws.AuthError) -> tuple[int, dict[str, str], bytes]:
    """The refusal of a request that does not say which service it is for, in the protocol it seems to speak."""
    if "Action" in parameters:
        return 403, {"content-type": "text/xml"}, asgi.query_error("", error.code, error.message)
    return json_error(403, error.code, error.message)


def service_error(service: str, status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    """An error in the service's protocol."""
    if service in QUERY_SERVICES:
        return status, {"content-type": "text/xml"}, asgi.query_error("", code, message)
    return json_error(status, code, message)


def json_error(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    """An error of AWS's JSON protocol."""
    return status, {"content-type": "application/x-amz-json-1.1"}, json.dumps({"__type": code, "message": message}).encode()
