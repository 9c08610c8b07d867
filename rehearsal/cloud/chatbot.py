"""AWS Chatbot (Amazon Q Developer in chat applications): configurations of Slack channels, checked as AWS checks them.

There is no Slack behind it: nothing subscribes to a topic, and no message goes anywhere.

- POST /_rehearsal/chatbot/workspaces  {"account", "workspace"}: what a person authorises in the console

Where AWS does not say what it looks at, this takes the stricter reading: role, guardrails and topics exist, the service may assume the
role, and its service-linked role may subscribe to the topics.
https://docs.aws.amazon.com/chatbot/latest/APIReference/, https://docs.aws.amazon.com/service-authorization/latest/reference/list_chatbot.html
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from evaluator import iam
from rehearsal.cloud import asgi, aws
from rehearsal.cloud.authorization import Check
from rehearsal.service_models import problems

MODEL = ServiceModel(Loader().load_service_model("chatbot", "service-2"), "chatbot")
SERVICE = "chatbot.amazonaws.com"
ANYWHERE = "*"
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSChatbotServiceLinkedRolePolicy.html
LINKED_ROLE = "role/aws-service-role/management.chatbot.amazonaws.com/AWSServiceRoleForAWSChatbot"
SUBSCRIBES = {"Effect": "Allow", "Action": ["sns:Subscribe", "sns:Unsubscribe"], "Resource": ANYWHERE}
# AWS's own default, which lets a channel do everything.
NO_GUARDRAIL = ["arn:aws:iam::aws:policy/AdministratorAccess"]
CHANGEABLE = ("SlackChannelId", "SlackChannelName", "SnsTopicArns", "IamRoleArn", "LoggingLevel", "GuardrailPolicyArns")

Values = Mapping[str, Any]

configurations: dict[str, dict[str, Any]] = {}
_workspaces: set[tuple[str, str]] = set()


class ApiError(Exception):
    """A refusal; code and message as AWS answers, status by the service's model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.status = int(MODEL.shape_for(code).metadata["error"]["httpStatusCode"])


def reset() -> None:
    """Forget everything."""
    configurations.clear()
    _workspaces.clear()


def operation_of(path: str) -> str:
    """The operation that is called at a path; "" if there is none."""
    return next((name for name in MODEL.operation_names if MODEL.operation_model(name).http["requestUri"] == path), "")


async def services(scope: Scope, receive: Receive, send: Send) -> None:
    """The service, signed with SigV4. What is not covered here is refused as not implemented."""
    body, operation = await asgi.read_body(scope, receive), operation_of(scope["path"])
    try:
        content = _answer(aws.authenticate(scope, body), operation, json.loads(body or b"{}"))
    except aws.AuthError as error:
        response = _refused(403, error.code, error.message)
    except aws.AccessDeniedError as error:
        response = _refused(403, "AccessDeniedException", f"{error} because {error.decision.reason}")
    except ApiError as error:
        response = _refused(error.status, error.code, error.message)
    except NotImplementedError as error:
        response = _refused(501, "NotImplemented", str(error))
    except ValueError as error:
        response = _refused(400, "SerializationException", str(error))
    else:
        status = MODEL.operation_model(operation).http["responseCode"]
        response = Response(status_code=status) if content is None else JSONResponse(content, status)
    await response(scope, receive, send)


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"message": message}, status, {"x-amzn-errortype": code})


def _answer(principal: aws.Principal, operation: str, values: Values) -> dict[str, Any] | None:
    if operation not in OPERATIONS:
        raise NotImplementedError(f"chatbot:{operation or 'this path'} is not part of this local cloud")
    if found := problems(MODEL.operation_model(operation), values):
        raise ApiError("InvalidParameterException", "; ".join(found))
    aws.authorise(principal, _checks(principal.account, operation, values))
    return OPERATIONS[operation](principal.account, values)


def _arn(account: str, name: str) -> str:
    return f"arn:aws:chatbot::{account}:chat-configuration/slack-channel/{name}"


def _checks(account: str, operation: str, values: Values) -> Iterable[Check]:
    """Actions and resources of the service authorization reference: a configuration that is not there yet is no resource."""
    tags = {tag["TagKey"]: tag["TagValue"] for tag in values.get("Tags", [])}
    context: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if keys := [*tags, *values.get("TagKeys", [])]:
        context["aws:TagKeys"] = keys
    creates = operation == "CreateSlackChannelConfiguration"
    arn = values.get("ChatConfigurationArn") or values.get("ResourceARN") or ANYWHERE
    without = creates or operation.startswith(("Describe", "List"))
    yield Check(f"chatbot:{operation}", ANYWHERE if without else arn, context)
    if creates and tags:
        yield Check("chatbot:TagResource", _arn(account, values["ConfigurationName"]), context)
    if role := values.get("IamRoleArn"):
        yield Check("iam:PassRole", role, {"iam:PassedToService": SERVICE})


# --- operations -----------------------------------------------------------------------------------------------------------------------


def _found(values: Values) -> dict[str, Any]:
    arn = values.get("ChatConfigurationArn") or values["ResourceARN"]
    if arn not in configurations:
        raise ApiError("ResourceNotFoundException", f"There is no configuration {arn}")
    return configurations[arn]


def _sound(account: str, one: Values) -> None:
    """Raise ApiError for a configuration that could not work."""
    workspace, role, others = one["SlackTeamId"], one["IamRoleArn"], configurations.items()
    if (account, workspace) not in _workspaces:
        raise ApiError("InvalidRequestException", f"Slack workspace {workspace} is not authorized with AWS account {account}")
    place = (account, workspace, one["SlackChannelId"])
    if any(_place(arn, other) == place for arn, other in others if arn != one["ChatConfigurationArn"]):
        raise ApiError("ConflictException", f"Slack channel {one['SlackChannelId']} already has a configuration")
    source = {"aws:SourceAccount": account, "aws:SourceArn": one["ChatConfigurationArn"]}
    if not aws.service_may(SERVICE, "sts:AssumeRole", role, source):
        raise ApiError("InvalidRequestException", f"{SERVICE} may not assume {role}")
    for policy in one["GuardrailPolicyArns"]:
        if not aws.policy_exists(account, policy):
            raise ApiError("InvalidRequestException", f"there is no policy {policy}")
    for topic in one["SnsTopicArns"]:
        if not (aws.topic_exists(topic) and _may_subscribe(account, topic)):
            raise ApiError("InvalidRequestException", f"there is no topic {topic} that {LINKED_ROLE} may subscribe to")


def _place(arn: str, one: Values) -> tuple[str, str, str]:
    return arn.split(":")[4], one["SlackTeamId"], one["SlackChannelId"]


def _may_subscribe(account: str, topic: str) -> bool:
    session = f"arn:aws:sts::{account}:assumed-role/{LINKED_ROLE.rpartition('/')[2]}/chatbot"
    caller = iam.Caller("AssumedRole", session, account, f"arn:aws:iam::{account}:{LINKED_ROLE}")
    documents, _ = aws.resource_policy("sns:Subscribe", topic)
    own = json.dumps({"Version": "2012-10-17", "Statement": [SUBSCRIBES]})
    request = iam.Request(caller, "sns:Subscribe", topic, {"sns:Protocol": "https", "aws:PrincipalArn": caller.role_arn or ""})
    return iam.evaluate(request, iam.Policies([own], resource=documents, owner=topic.split(":")[4])).allowed


def _create(account: str, values: Values) -> dict[str, Any]:
    arn, named = _arn(account, values["ConfigurationName"]), {"SlackChannelName": values["SlackChannelId"]}
    if arn in configurations:
        raise ApiError("ConflictException", f"{arn} already exists")
    usual = {"SnsTopicArns": [], "LoggingLevel": "NONE", "GuardrailPolicyArns": NO_GUARDRAIL, "UserAuthorizationRequired": False}
    fixed = {"ChatConfigurationArn": arn, "SlackTeamName": values["SlackTeamId"], "State": "ENABLED"}
    one = {**usual, **named, "Tags": [], **values, **fixed}
    _sound(account, one)
    configurations[arn] = one
    return {"ChannelConfiguration": one}


def _update(account: str, values: Values) -> dict[str, Any]:
    one = {**_found(values), **{key: values[key] for key in (*CHANGEABLE, "UserAuthorizationRequired") if key in values}}
    _sound(account, one)
    configurations[one["ChatConfigurationArn"]] = one
    return {"ChannelConfiguration": one}


def _describe(account: str, values: Values) -> dict[str, Any]:
    """Those of the account, or the one that is named; nothing where there is none."""
    named = values.get("ChatConfigurationArn")
    own = [one for arn, one in configurations.items() if arn.split(":")[4] == account and named in (None, arn)]
    return {"SlackChannelConfigurations": own}


def _delete(account: str, values: Values) -> None:
    del configurations[_found(values)["ChatConfigurationArn"]]


def _list_tags(account: str, values: Values) -> dict[str, Any]:
    return {"Tags": _found(values)["Tags"]}


def _tag(account: str, values: Values) -> dict[str, Any]:
    one, added = _found(values), {tag["TagKey"] for tag in values["Tags"]}
    one["Tags"] = [*(tag for tag in one["Tags"] if tag["TagKey"] not in added), *values["Tags"]]
    return {}


def _untag(account: str, values: Values) -> dict[str, Any]:
    one = _found(values)
    one["Tags"] = [tag for tag in one["Tags"] if tag["TagKey"] not in values["TagKeys"]]
    return {}


OPERATIONS: dict[str, Callable[[str, Values], dict[str, Any] | None]] = {
    "CreateSlackChannelConfiguration": _create,
    "DeleteSlackChannelConfiguration": _delete,
    "DescribeSlackChannelConfigurations": _describe,
    "ListTagsForResource": _list_tags,
    "TagResource": _tag,
    "UntagResource": _untag,
    "UpdateSlackChannelConfiguration": _update,
}


# --- the rehearsal's control ----------------------------------------------------------------------------------------------------------


async def rehearsal(scope: Scope, receive: Receive, send: Send) -> None:
    """The rehearsal's control."""
    if (scope["method"], scope["path"]) != ("POST", "/_rehearsal/chatbot/workspaces"):
        await JSONResponse({"message": f"there is no {scope['method']} {scope['path']}"}, 404)(scope, receive, send)
        return
    request = json.loads(await asgi.read_body(scope, receive))
    _workspaces.add((request["account"], request["workspace"]))
    await JSONResponse({}, 200)(scope, receive, send)
