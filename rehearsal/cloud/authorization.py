"""What an AWS API call is checked on: IAM actions, resource ARNs and condition keys, as a pure function of the call.

Covers the operations of the services that ministack answers here and that the program, its people and its tests may call. An
operation that is not covered is refused as not implemented instead of being checked on too little.

Source: Service Authorization Reference (IAM, STS, KMS, SNS, SQS, EventBridge). ministack's own table is not used: it
leaves paths out of role ARNs and takes `*` for OIDC providers and new policies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

ANY = "*"


class NotCoveredError(Exception):
    """An operation that the local cloud does not authorise, and therefore does not serve."""


class MalformedCallError(Exception):
    """Parameters that do not have the types of the service's model."""


@dataclass(frozen=True)
class Call:
    """A parsed request: parameters are flat strings (query protocol) or the JSON body."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    account: str
    region: str


@dataclass(frozen=True)
class Check:
    """One action on one resource that must be allowed, with the condition keys that the call brings along."""

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


class Directory(Protocol):
    """What only the account's state knows."""

    def iam_arn(self, account: str, kind: str, name: str) -> str | None: ...
    def boundary(self, account: str, kind: str, name: str) -> str | None: ...
    def key_arn(self, account: str, region: str, key_id: str) -> str | None: ...
    def secret_arn(self, account: str, region: str, secret_id: str) -> str | None: ...


def checks(call: Call, directory: Directory) -> list[Check]:
    """All checks that a call must pass, the main one first. Raises NotCoveredError and MalformedCallError."""
    rule = RULES.get(call.service)
    try:
        found = rule(call, directory) if rule else []
    except (AttributeError, TypeError, ValueError) as error:  # clients validate types, but need not
        raise MalformedCallError(f"a parameter of {call.service}:{call.operation} is malformed ({error})") from None
    if not found:
        raise NotCoveredError(f"{call.service}:{call.operation} is not part of the local cloud")
    return found


# --- IAM ------------------------------------------------------------------------------------------------------------------------

IAM_WITHOUT_RESOURCE = {
    "GetAccountAuthorizationDetails", "GetAccountSummary", "ListAccountAliases", "ListOpenIDConnectProviders", "ListPolicies",
    "ListRoles", "ListUsers",
}  # fmt: skip
IAM_ENTITIES = (("RoleName", "role"), ("UserName", "user"))
IAM_PARAMETERS_NOT_COVERED = {"GroupName", "InstanceProfileName"}
IAM_NOT_COVERED = {"AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile", "EnableMFADevice", "DeactivateMFADevice", "ResyncMFADevice"}
BOUNDARY_FROM_REQUEST = {"CreateRole", "CreateUser", "PutRolePermissionsBoundary", "PutUserPermissionsBoundary"}


def _iam(call: Call, directory: Directory) -> list[Check]:
    action, parameters = f"iam:{call.operation}", call.parameters
    if call.operation in IAM_WITHOUT_RESOURCE:
        return [Check(action, ANY)]
    if call.operation in IAM_NOT_COVERED or IAM_PARAMETERS_NOT_COVERED & set(parameters):
        return []
    if call.operation == "CreateServiceLinkedRole":
        service = parameters.get("AWSServiceName", "")
        resource = f"arn:aws:iam::{call.account}:role/aws-service-role/{service}/AWSServiceRole"
        return [Check(action, resource, {"iam:AWSServiceName": service})]
    for parameter, kind in IAM_ENTITIES:
        if parameter in parameters:
            return _with_tagging(call, _iam_entity(call, kind, parameters[parameter], directory))
    resource = _iam_policy_or_provider(call)
    return _with_tagging(call, Check(action, resource, _tag_context(call))) if resource else []


def _iam_entity(call: Call, kind: str, name: str, directory: Directory) -> Check:
    parameters = call.parameters
    if call.operation == f"Create{kind.capitalize()}":
        arn = f"arn:aws:iam::{call.account}:{kind}{parameters.get('Path') or '/'}{name}"
    else:
        arn = directory.iam_arn(call.account, kind, name) or f"arn:aws:iam::{call.account}:{kind}/{name}"
    if call.operation in BOUNDARY_FROM_REQUEST:
        boundary = parameters.get("PermissionsBoundary")
    else:
        boundary = directory.boundary(call.account, kind, name)
    context = _tag_context(call) | _present({"iam:PermissionsBoundary": boundary})
    if call.operation.startswith(("Attach", "Detach")):
        context |= _present({"iam:PolicyARN": parameters.get("PolicyArn")})
    return Check(f"iam:{call.operation}", arn, context)


def _iam_policy_or_provider(call: Call) -> str | None:
    parameters = call.parameters
    if call.operation == "CreatePolicy":
        return f"arn:aws:iam::{call.account}:policy{parameters.get('Path') or '/'}{parameters.get('PolicyName', '')}"
    if call.operation == "CreateOpenIDConnectProvider":
        return f"arn:aws:iam::{call.account}:oidc-provider/{parameters.get('Url', '').split('://')[-1].rstrip('/')}"
    return parameters.get("OpenIDConnectProviderArn") or parameters.get("PolicyArn")


# --- STS ------------------------------------------------------------------------------------------------------------------------

STS_WITHOUT_RESOURCE = {"GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo"}


def session_policies(parameters: Mapping[str, str]) -> list[str]:
    """The parameters that would narrow a session: the local cloud has no such sessions."""
    return [name for name in parameters if name == "Policy" or name.startswith("PolicyArns.")]


def _sts(call: Call, directory: Directory) -> list[Check]:
    action, parameters = f"sts:{call.operation}", call.parameters
    if call.operation in STS_WITHOUT_RESOURCE:
        return [Check(action, ANY)]
    if call.operation != "AssumeRole" or session_policies(parameters):
        return []
    role = parameters.get("RoleArn", ANY)
    tags = _tag_context(call)
    named = {"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName", "sts:SourceIdentity": "SourceIdentity"}
    context = tags | _present({key: parameters.get(parameter) for key, parameter in named.items()})
    extra = ["sts:TagSession"] if tags else []
    extra += ["sts:SetSourceIdentity"] if "sts:SourceIdentity" in context else []
    return [Check(each, role, context) for each in (action, *extra)]


# --- KMS ------------------------------------------------------------------------------------------------------------------------

KMS_WITHOUT_RESOURCE = {"CreateKey", "GenerateRandom", "ListAliases", "ListKeys"}
KMS_ALIAS = {"CreateAlias", "UpdateAlias", "DeleteAlias"}
KMS_NOT_COVERED = {"ReEncrypt", "RetireGrant", "ReplicateKey", "UpdatePrimaryRegion"}


def _kms(call: Call, directory: Directory) -> list[Check]:
    action, context = f"kms:{call.operation}", _kms_context(call)
    if call.operation in KMS_NOT_COVERED:
        return []
    if call.operation in KMS_WITHOUT_RESOURCE:
        return _with_tagging(call, Check(action, ANY, context))
    if call.operation in KMS_ALIAS:
        return [Check(action, resource, context) for resource in _alias_and_keys(call, directory)]
    key = _kms_key(call, directory)
    return [Check(action, key, context)] if key else []


def _kms_context(call: Call) -> dict[str, str | Sequence[str]]:
    parameters = call.parameters
    context: dict[str, Any] = {"kms:CallerAccount": call.account, **_tag_context(call)}
    if call.operation == "CreateKey":
        context["kms:KeySpec"] = parameters.get("KeySpec", "SYMMETRIC_DEFAULT")
        context["kms:KeyUsage"] = parameters.get("KeyUsage", "ENCRYPT_DECRYPT")
    if call.operation == "CreateGrant":
        context["kms:GrantIsForAWSResource"] = "false"  # a service's calls do not come in here
        context["kms:GrantOperations"] = parameters.get("Operations", [])
        context |= _present({"kms:GranteePrincipal": parameters.get("GranteePrincipal")})
    for name, value in (parameters.get("EncryptionContext") or {}).items():
        context[f"kms:EncryptionContext:{name}"] = str(value)
    return context


def _kms_key(call: Call, directory: Directory) -> str | None:
    key_id = call.parameters.get("KeyId")
    return _key_arn(call, key_id, directory) if key_id else None


def _key_arn(call: Call, key_id: str, directory: Directory) -> str:
    """A key that does not exist is checked by the ARN it would have, so that only who may ask learns that it is missing."""
    known = directory.key_arn(call.account, call.region, key_id)
    return known or (key_id if key_id.startswith("arn:") else f"arn:aws:kms:{call.region}:{call.account}:key/{key_id}")


def _alias_and_keys(call: Call, directory: Directory) -> list[str]:
    alias = call.parameters.get("AliasName", "")
    current = directory.key_arn(call.account, call.region, alias) if call.operation != "CreateAlias" else None
    target = call.parameters.get("TargetKeyId")
    keys = [current, _key_arn(call, target, directory) if target else None]
    return [f"arn:aws:kms:{call.region}:{call.account}:{alias}", *(key for key in keys if key)]


# --- SNS, SQS -------------------------------------------------------------------------------------------------------------------

SNS_WITHOUT_RESOURCE = {"GetSubscriptionAttributes", "ListSubscriptions", "ListTopics", "SetSubscriptionAttributes", "Unsubscribe"}
SNS_TOPIC = {
    "AddPermission", "ConfirmSubscription", "CreateTopic", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic",
    "ListTagsForResource", "Publish", "PublishBatch", "RemovePermission", "SetTopicAttributes", "Subscribe", "TagResource", "UntagResource",
}  # fmt: skip
SNS_ACTION = {"PublishBatch": "Publish"}  # the operation has no action of its own
SQS_ACTION = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "SendMessageBatch": "SendMessage",
}


def _sns(call: Call, directory: Directory) -> list[Check]:
    parameters = call.parameters
    action = f"sns:{SNS_ACTION.get(call.operation, call.operation)}"
    if call.operation in SNS_WITHOUT_RESOURCE:
        return [Check(action, ANY)]
    if call.operation not in SNS_TOPIC:
        return []
    topic = parameters.get("TopicArn") or parameters.get("TargetArn") or parameters.get("ResourceArn")
    if call.operation == "CreateTopic":
        topic = f"arn:aws:sns:{call.region}:{call.account}:{parameters.get('Name', '')}"
    named = {"sns:Protocol": parameters.get("Protocol"), "sns:Endpoint": parameters.get("Endpoint")}
    if not topic:
        return []
    return _with_tagging(call, Check(action, topic, _tag_context(call) | _present(named)))


def _sqs(call: Call, directory: Directory) -> list[Check]:
    action = f"sqs:{SQS_ACTION.get(call.operation, call.operation)}"
    if call.operation == "ListQueues":
        return [Check(action, ANY)]
    queue = _queue_arn(call)
    return _with_tagging(call, Check(action, queue, _tag_context(call))) if queue else []


def _queue_arn(call: Call) -> str | None:
    url, name = call.parameters.get("QueueUrl"), call.parameters.get("QueueName")
    if url:
        owner, name = (["", "", *url.rstrip("/").split("/")])[-2:]
        return f"arn:aws:sqs:{call.region}:{owner}:{name}"
    owner = call.parameters.get("QueueOwnerAWSAccountId") or call.account
    return f"arn:aws:sqs:{call.region}:{owner}:{name}" if name else None


# --- Secrets Manager ------------------------------------------------------------------------------------------------------------

SECRETS_WITHOUT_RESOURCE = {"GetRandomPassword", "ListSecrets"}
SECRETS = {
    "CreateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "GetResourcePolicy", "GetSecretValue", "PutResourcePolicy",
    "PutSecretValue", "TagResource", "UntagResource", "UpdateSecret",
}  # fmt: skip


def _secretsmanager(call: Call, directory: Directory) -> list[Check]:
    action, parameters = f"secretsmanager:{call.operation}", call.parameters
    if call.operation in SECRETS_WITHOUT_RESOURCE:
        return [Check(action, ANY)]
    if call.operation not in SECRETS:
        return []
    context: dict[str, Any] = _tag_context(call)
    if call.operation == "CreateSecret":
        # The ARN's six last characters are chosen when the secret is created.
        name = parameters.get("Name", "")
        arn = f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:{name}-AAAAAA"
        return _with_tagging(call, Check(action, arn, context | _present({"secretsmanager:Name": name})))
    secret = directory.secret_arn(call.account, call.region, parameters.get("SecretId", ""))
    context |= _present({"secretsmanager:SecretId": secret, "secretsmanager:VersionId": parameters.get("VersionId")})
    missing = f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:{parameters.get('SecretId', '')}"
    return [Check(action, secret or missing, context)]


# --- EventBridge ----------------------------------------------------------------------------------------------------------------

EVENTS_WITHOUT_RESOURCE = {"ListEventBuses", "ListRuleNamesByTarget", "ListRules", "PutPermission", "RemovePermission", "TestEventPattern"}
EVENTS_RULE_PARAMETER = {
    "DeleteRule": "Name", "DescribeRule": "Name", "DisableRule": "Name", "EnableRule": "Name", "PutRule": "Name",
    "ListTargetsByRule": "Rule", "PutTargets": "Rule", "RemoveTargets": "Rule",
}  # fmt: skip
EVENTS_TAGS = {"ListTagsForResource", "TagResource", "UntagResource"}


def _events(call: Call, directory: Directory) -> list[Check]:
    action, parameters = f"events:{call.operation}", call.parameters
    if call.operation in EVENTS_WITHOUT_RESOURCE:
        return [Check(action, ANY)]
    if call.operation in EVENTS_TAGS:
        return [Check(action, parameters.get("ResourceARN", ""), _tag_context(call))]
    if call.operation == "PutEvents":
        return [_put_event(call, entry) for entry in parameters.get("Entries", [])]
    if call.operation not in EVENTS_RULE_PARAMETER:
        return []
    rule = _rule_arn(call, parameters.get(EVENTS_RULE_PARAMETER[call.operation], ""))
    targets = parameters.get("Targets", [])
    context = _tag_context(call) | ({"events:TargetArn": [target.get("Arn", "") for target in targets]} if targets else {})
    passed = sorted({each["RoleArn"] for each in [parameters, *targets] if each.get("RoleArn")})
    return [*_with_tagging(call, Check(action, rule, context)), *(_pass_role(role, "events.amazonaws.com", rule) for role in passed)]


def _put_event(call: Call, entry: Mapping[str, Any]) -> Check:
    context = _present({"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")})
    return Check("events:PutEvents", _bus_arn(call, entry.get("EventBusName")), context)


def _bus_arn(call: Call, bus: str | None) -> str:
    return bus if bus and bus.startswith("arn:") else f"arn:aws:events:{call.region}:{call.account}:event-bus/{bus or 'default'}"


def _rule_arn(call: Call, name: str) -> str:
    bus = _bus_arn(call, call.parameters.get("EventBusName")).rpartition("/")[2]
    return f"arn:aws:events:{call.region}:{call.account}:rule/{name if bus == 'default' else f'{bus}/{name}'}"


def _pass_role(role: str, service: str, resource: str) -> Check:
    return Check("iam:PassRole", role, {"iam:PassedToService": service, "iam:AssociatedResourceArn": resource})


RULES = {
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "sts": _sts,
}


# --- tags and parameters -----------------------------------------------------------------------------------------------------------------


CREATES_WITH_TAGS = {
    "CreateKey": "kms:TagResource",
    "CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "CreatePolicy": "iam:TagPolicy",
    "CreateQueue": "sqs:TagQueue",
    "CreateRole": "iam:TagRole",
    "CreateSecret": "secretsmanager:TagResource",
    "CreateTopic": "sns:TagResource",
    "CreateUser": "iam:TagUser",
    "PutRule": "events:TagResource",
}


def _with_tagging(call: Call, check: Check) -> list[Check]:
    """Making something with tags needs the right to tag it, too."""
    tagging = CREATES_WITH_TAGS.get(call.operation)
    return [check, Check(tagging, check.resource, check.context)] if tagging and _tag_context(call) else [check]


def _tag_context(call: Call) -> dict[str, str | Sequence[str]]:
    """aws:RequestTag/KEY for every tag that a call sets, aws:TagKeys for every key that it sets or removes."""
    tags = dict(_tags(call.parameters))
    keys = [*tags, *_tag_keys(call.parameters)]
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | ({"aws:TagKeys": keys} if keys else {})


def _tags(parameters: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    given = parameters.get("Tags", parameters.get("tags"))
    if isinstance(given, Mapping):
        yield from given.items()
    for tag in given if isinstance(given, list) else []:
        yield tag.get("Key", tag.get("TagKey", "")), tag.get("Value", tag.get("TagValue", ""))
    number = 1
    while (key := parameters.get(f"Tags.member.{number}.Key")) is not None:
        yield key, parameters.get(f"Tags.member.{number}.Value", "")
        number += 1


def _tag_keys(parameters: Mapping[str, Any]) -> list[str]:
    given = parameters.get("TagKeys")
    flat = [value for name, value in parameters.items() if name.startswith("TagKeys.member.")]
    return [*(given if isinstance(given, list) else []), *flat]


def _present(context: Mapping[str, str | None]) -> dict[str, str | Sequence[str]]:
    return {key: value for key, value in context.items() if value}
