"""What the services would say to registered resources: by botocore's models, and by the documentation where these are silent."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from plan import sizes
from plan.declared import TRUST_MAX
from policies import events
from rehearsal.service_models import violations
from tests.components.recording import Registration

# By resource type: service, operation, and the member of its input that each property becomes.
_OPERATIONS: dict[str, tuple[str, str, dict[str, str]]] = {
    "aws:iam/role:Role": (
        "iam",
        "CreateRole",
        {
            "name": "RoleName",
            "path": "Path",
            "description": "Description",
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            "permissionsBoundary": "PermissionsBoundary",
            "maxSessionDuration": "MaxSessionDuration",
        },
    ),
    "aws:iam/rolePolicy:RolePolicy": ("iam", "PutRolePolicy", {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"}),
    "aws:iam/policy:Policy": (
        "iam",
        "CreatePolicy",
        {"name": "PolicyName", "path": "Path", "description": "Description", "policy": "PolicyDocument"},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("iam", "AttachRolePolicy", {"role": "RoleName", "policyArn": "PolicyArn"}),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": (
        "iam",
        "CreateOpenIDConnectProvider",
        {"url": "Url", "clientIdLists": "ClientIDList"},
    ),
    "aws:kms/key:Key": ("kms", "CreateKey", {"description": "Description", "policy": "Policy"}),
    "aws:kms/alias:Alias": ("kms", "CreateAlias", {"name": "AliasName", "targetKeyId": "TargetKeyId"}),
    "aws:codeartifact/domain:Domain": ("codeartifact", "CreateDomain", {"domain": "domain", "encryptionKey": "encryptionKey"}),
    "aws:codeartifact/domainPermissions:DomainPermissions": (
        "codeartifact",
        "PutDomainPermissionsPolicy",
        {"domain": "domain", "policyDocument": "policyDocument"},
    ),
    "aws:codeartifact/repository:Repository": (
        "codeartifact",
        "CreateRepository",
        {"domain": "domain", "repository": "repository", "description": "description", "upstreams": "upstreams"},
    ),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": (
        "codeartifact",
        "PutRepositoryPermissionsPolicy",
        {"domain": "domain", "repository": "repository", "policyDocument": "policyDocument"},
    ),
    "aws:cloudcontrol/resource:Resource": ("cloudcontrol", "CreateResource", {"typeName": "TypeName", "desiredState": "DesiredState"}),
    "aws:sns/topic:Topic": ("sns", "CreateTopic", {"name": "Name"}),
    "aws:sns/topicSubscription:TopicSubscription": (
        "sns",
        "Subscribe",
        {"topic": "TopicArn", "protocol": "Protocol", "endpoint": "Endpoint"},
    ),
    "aws:sqs/queue:Queue": ("sqs", "CreateQueue", {"name": "QueueName"}),
    "aws:cloudwatch/eventRule:EventRule": (
        "events",
        "PutRule",
        {"name": "Name", "eventPattern": "EventPattern", "description": "Description"},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": ("events", "PutTargets", {"rule": "Rule"}),
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": (
        "chatbot",
        "CreateSlackChannelConfiguration",
        {
            "configurationName": "ConfigurationName",
            "slackTeamId": "SlackTeamId",
            "slackChannelId": "SlackChannelId",
            "iamRoleArn": "IamRoleArn",
            "snsTopicArns": "SnsTopicArns",
            "guardrailPolicyArns": "GuardrailPolicyArns",
        },
    ),
    "aws:ssoadmin/permissionSet:PermissionSet": (
        "sso-admin",
        "CreatePermissionSet",
        {"name": "Name", "description": "Description", "sessionDuration": "SessionDuration", "instanceArn": "InstanceArn"},
    ),
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": (
        "sso-admin",
        "PutInlinePolicyToPermissionSet",
        {"inlinePolicy": "InlinePolicy"},
    ),
    "aws:ssoadmin/accountAssignment:AccountAssignment": (
        "sso-admin",
        "CreateAccountAssignment",
        {"principalId": "PrincipalId", "principalType": "PrincipalType", "targetId": "TargetId", "targetType": "TargetType"},
    ),
}
# The models of SNS and SQS have no patterns.
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
# https://docs.github.com/en/actions/reference/workflows-and-actions/variables#naming-conventions-for-configuration-variables
_PATTERNS: dict[tuple[str, str], re.Pattern[str]] = {
    ("aws:sns/topic:Topic", "name"): re.compile(r"[A-Za-z0-9_-]{1,256}"),
    ("aws:sqs/queue:Queue", "name"): re.compile(r"[A-Za-z0-9_-]{1,80}"),
    ("github:index/actionsVariable:ActionsVariable", "variableName"): re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*"),
    ("github:index/actionsVariable:ActionsVariable", "value"): re.compile(r".{1,48000}"),
    ("github:index/repositoryEnvironment:RepositoryEnvironment", "environment"): re.compile(r"[^\s/]{1,255}"),
    ("github:index/repositoryRuleset:RepositoryRuleset", "name"): re.compile(r"[a-z-]{1,80}-[0-9a-f]{8}"),
    ("github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy", "branchPattern"): re.compile(r"\S{1,255}"),
    ("github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", "repository"): re.compile(r"[A-Za-z0-9._-]{1,100}"),
}
# What tells a resource from others of its type in AWS and GitHub, and whether case counts.
_IDENTITIES: dict[str, tuple[tuple[str, ...], bool]] = {
    "aws:iam/role:Role": (("name",), False),
    "aws:iam/policy:Policy": (("name",), False),
    "aws:iam/rolePolicy:RolePolicy": (("role", "name"), False),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (("role", "policyArn"), False),
    "aws:kms/alias:Alias": (("name",), True),
    "aws:codeartifact/domain:Domain": (("domain",), True),
    "aws:codeartifact/repository:Repository": (("domain", "repository"), False),
    "aws:cloudcontrol/resource:Resource": (("desiredState",), True),
    "aws:sns/topic:Topic": (("name",), True),
    "aws:sns/topicSubscription:TopicSubscription": (("protocol", "endpoint"), True),
    "aws:sqs/queue:Queue": (("name",), True),
    "aws:cloudwatch/eventRule:EventRule": (("name",), True),
    "aws:ssoadmin/permissionSet:PermissionSet": (("name",), False),
    "aws:ssoadmin/accountAssignment:AccountAssignment": (("permissionSetArn", "principalId", "targetId"), True),
    "github:index/actionsVariable:ActionsVariable": (("repository", "variableName"), False),
    "github:index/repositoryRuleset:RepositoryRuleset": (("repository", "name"), False),
    "github:index/repositoryEnvironment:RepositoryEnvironment": (("repository", "environment"), False),
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": (
        ("repository", "environment", "branchPattern"),
        True,
    ),
    "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions": (("repository",), False),
}
# Characters of a document. Where no page of AWS's says one, the model of the service does.
_SIZES: dict[tuple[str, str], int] = {
    ("aws:iam/role:Role", "assumeRolePolicy"): TRUST_MAX,
    ("aws:iam/policy:Policy", "policy"): sizes.MANAGED_MAX,
    ("aws:codeartifact/domainPermissions:DomainPermissions", "policyDocument"): sizes.RESOURCE_MAX,
    ("aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy", "policyDocument"): sizes.RESOURCE_MAX,
    ("aws:cloudwatch/eventRule:EventRule", "eventPattern"): events.PATTERN_MAX,
}
_OWN = "package-flow:"
_GROUP = "AWS::CodeArtifact::PackageGroup"


@cache
def _member(service: str, operation: str, name: str) -> Any:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return shape.members[name]


def _said(service: str, operation: str, members: Mapping[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        yield from (f"{operation}: {wrong}"[:400] for wrong in violations(_member(service, operation, name), value, name))


def _by_model(one: Registration) -> Iterator[str]:
    service, operation, members = _OPERATIONS[one.type]
    yield from _said(service, operation, {member: one.inputs[key] for key, member in members.items() if key in one.inputs})
    if one.inputs.get("typeName") == _GROUP:
        state = json.loads(one.inputs["desiredState"])
        yield from _said("codeartifact", "CreatePackageGroup", {"domain": state["DomainName"], "packageGroup": state["Pattern"]})


def refused(registrations: Sequence[Registration]) -> Iterator[str]:
    """What the services would refuse about names, sizes and numbers. A type that is not known here is told too."""
    for one in registrations:
        if not one.custom or one.type.startswith("pulumi:"):
            continue
        if one.type in _OPERATIONS:
            yield from (f"{one.urn}: {wrong}" for wrong in _by_model(one))
        elif not any(type == one.type for type, _ in _PATTERNS):
            yield f"{one.urn}: a type of resource that the fuzzer does not know"
        yield from _by_documentation(one)
    yield from _together(registrations)
    yield from _twice(registrations)


def _by_documentation(one: Registration) -> Iterator[str]:
    for key, value in one.inputs.items():
        pattern, size = _PATTERNS.get((one.type, key)), _SIZES.get((one.type, key))
        if pattern and not pattern.fullmatch(str(value)):
            yield f"{one.urn}: {key} is {str(value)[:100]!r}"
        if size and len(value) > size:
            yield f"{one.urn}: {key} has {len(value)} of {size} characters"
    for actor in one.inputs.get("bypassActors", []):
        if not (isinstance(actor["actorId"], int) and actor["actorId"] > 0):
            yield f"{one.urn}: {actor['actorId']} is no id of a team"


def _together(registrations: Iterable[Registration]) -> Iterator[str]:
    """The inline policies of a role share one limit."""
    inline: dict[str, int] = defaultdict(int)
    for one in registrations:
        if one.type == "aws:iam/rolePolicy:RolePolicy":
            inline[one.inputs["role"]] += len(one.inputs["policy"])
    yield from (f"role {role}: inline policies of {size} characters" for role, size in inline.items() if size > sizes.INLINE_MAX)


def _twice(registrations: Iterable[Registration]) -> Iterator[str]:
    identities = Counter(_identity(one) for one in registrations if one.type in _IDENTITIES)
    yield from (f"{count} resources are {identity}" for identity, count in identities.items() if count > 1)
    urns = Counter(one.urn for one in registrations)
    yield from (f"{count} resources have the URN {urn}" for urn, count in urns.items() if count > 1)


def _identity(one: Registration) -> tuple[str, ...]:
    keys, case = _IDENTITIES[one.type]
    values = [str(one.inputs.get(key)) for key in keys]
    return (one.type, *(value if case else value.casefold() for value in values))
