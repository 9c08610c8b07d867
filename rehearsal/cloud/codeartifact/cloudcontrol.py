"""AWS CloudControl API (JSON 1.0) for the one resource type that has no provider of its own, AWS::CodeArtifact::PackageGroup, and to read
domains and repositories, which no function of the provider does.

Writing operations answer IN_PROGRESS; how they ended is asked with GetResourceRequestStatus. Every operation needs its
`cloudformation:` action on `*`, and the caller's own rights to what the type's handlers call.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import jsonpatch
from botocore.loaders import Loader
from botocore.model import ServiceModel

from rehearsal.cloud.codeartifact.asgi import Request
from rehearsal.cloud.codeartifact.authorization import Principal
from rehearsal.cloud.codeartifact.errors import ApiError, invalid, not_implemented
from rehearsal.cloud.codeartifact.model import Reply, violations
from rehearsal.cloud.codeartifact.package_group_resource import CREATE_ONLY, READ_ONLY, TYPE_NAME, Handlers, handler_error, problems
from rehearsal.cloud.codeartifact.readable_resources import READERS
from rehearsal.cloud.codeartifact.service import Service

MODEL = ServiceModel(Loader().load_service_model("cloudcontrol", "service-2"), "cloudcontrol")
TARGET = "CloudApiService."
UNREAD = ("TypeVersionId", "RoleArn")  # members that would change what a call does, and that nothing here heeds


def answer(service: Service, principal: Principal, request: Request) -> Reply:
    """Answer one request. Raises ApiError for what is refused at once, such as a desired state that the schema does not admit."""
    operation = request.headers.get("x-amz-target", "").removeprefix(TARGET)
    if operation not in HANDLERS:
        raise not_implemented(f"the CloudControl operation '{operation}'")
    params = _params(operation, request.body)
    service.authorizer.require(principal, f"cloudformation:{operation}", service.authorizer.anything(principal.account))
    if params.get("TypeName", TYPE_NAME) != TYPE_NAME and not (operation == "GetResource" and params["TypeName"] in READERS):
        raise not_implemented(f"the resource type {params['TypeName']}; CloudControl has {TYPE_NAME} here")
    document = HANDLERS[operation](service, principal, params)
    return Reply(200, json.dumps(document).encode(), {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": str(uuid.uuid4())})


def _params(operation: str, body: bytes) -> dict[str, Any]:
    params = _json_object(body or b"{}", "The request's body")
    found = list(violations(MODEL.operation_model(operation).input_shape, params, ""))
    if found:
        raise invalid("; ".join(found))
    for member in UNREAD:
        if member in params:
            raise not_implemented(f"{member} of {operation}")
    return params


def _create(service: Service, principal: Principal, params: dict[str, Any]) -> dict[str, Any]:
    desired = _checked_model(_json_object(params["DesiredState"], "DesiredState"), READ_ONLY)
    return _progress(service, principal, "CREATE", params, lambda: Handlers(service, principal).create(desired)["Arn"])


def _update(service: Service, principal: Principal, params: dict[str, Any]) -> dict[str, Any]:
    current = Handlers(service, principal).read(params["Identifier"])
    desired = _checked_model(_patched(current, params["PatchDocument"]), ())

    def change() -> str:
        if any(current.get(key) != desired.get(key) for key in (*CREATE_ONLY, *READ_ONLY)):
            raise ApiError("NotUpdatableException", f"{', '.join(CREATE_ONLY)} can't be changed.", 400)
        return Handlers(service, principal).update(current, desired)["Arn"]

    return _progress(service, principal, "UPDATE", params, change)


def _patched(model: dict[str, Any], patch: str) -> Any:
    """The model after a JSON Patch (RFC 6902). Raises ValidationException for a patch that can't be read or does not fit."""
    try:
        return jsonpatch.apply_patch(model, patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, ValueError, TypeError) as error:
        raise invalid(f"The patch document does not fit: {error}") from None


def _delete(service: Service, principal: Principal, params: dict[str, Any]) -> dict[str, Any]:
    def change() -> str:
        Handlers(service, principal).delete(params["Identifier"])
        return params["Identifier"]

    return _progress(service, principal, "DELETE", params, change)


def _get(service: Service, principal: Principal, params: dict[str, Any]) -> dict[str, Any]:
    read, name = READERS.get(params["TypeName"]), params["TypeName"]
    model = read(service, principal, params["Identifier"]) if read else Handlers(service, principal).read(params["Identifier"])
    return {"TypeName": name, "ResourceDescription": _resource(model)}


def _status(service: Service, principal: Principal, params: dict[str, Any]) -> dict[str, Any]:
    account, event, _ = service.cloudcontrol.get(params["RequestToken"], ("", {}, None))
    if account != principal.account:
        raise ApiError("RequestTokenNotFoundException", f"There is no request with the token {params['RequestToken']}.", 400)
    return {"ProgressEvent": event}


HANDLERS: dict[str, Callable[[Service, Principal, dict[str, Any]], dict[str, Any]]] = {
    "CreateResource": _create,
    "UpdateResource": _update,
    "DeleteResource": _delete,
    "GetResource": _get,
    "GetResourceRequestStatus": _status,
}


def _progress(service: Service, principal: Principal, operation: str, params: dict[str, Any], change: Callable[[], str]) -> dict[str, Any]:
    """Carry out a change and keep how it ended; a repeated ClientToken repeats the first answer."""
    token = params.get("ClientToken")
    for account, event, asked in service.cloudcontrol.values():
        if token and account == principal.account and asked.get("ClientToken") == token:
            if asked != params:
                raise ApiError("ClientTokenConflictException", "The client token was used for another request.", 400)
            return {"ProgressEvent": _started(event)}
    request_token = str(uuid.uuid4())
    event = {"TypeName": TYPE_NAME, "RequestToken": request_token, "Operation": operation, "EventTime": service.clock()}
    if "Identifier" in params:
        event["Identifier"] = params["Identifier"]
    try:
        event |= {"Identifier": change(), "OperationStatus": "SUCCESS"}
    except ApiError as error:
        if error.status == 501:
            raise
        event |= {"OperationStatus": "FAILED", "ErrorCode": handler_error(error), "StatusMessage": error.message}
    service.cloudcontrol[request_token] = (principal.account, event, params)
    return {"ProgressEvent": _started(event)}


def _started(event: dict[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in event.items() if key not in ("ErrorCode", "StatusMessage")}
    return known | {"OperationStatus": "IN_PROGRESS"}


def _checked_model(model: dict[str, Any], read_only: tuple[str, ...]) -> dict[str, Any]:
    found = list(problems(model)) + [f"#: the property {key} is read-only" for key in read_only if key in model]
    if found:
        raise invalid(f"Model validation failed ({'; '.join(found)})")
    return model


def _resource(model: dict[str, Any]) -> dict[str, str]:
    return {"Identifier": model["Arn"], "Properties": json.dumps(model)}


def _json_object(text: str | bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise invalid(f"{what} is not JSON.") from None
    if not isinstance(value, dict):
        raise invalid(f"{what} is not a JSON object.")
    return value
