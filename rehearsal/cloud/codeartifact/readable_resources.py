"""The CloudFormation resource types AWS::CodeArtifact::Domain and Repository, as CloudControl reads them.

Source: the types' published schemas and read handlers (github.com/aws-cloudformation/aws-cloudformation-resource-providers-codeartifact).
The handlers act with the caller's own rights. Nothing here creates, changes or deletes one: providers have types of their own for that.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from evaluator.arns import parse
from rehearsal.cloud.codeartifact.authorization import Principal
from rehearsal.cloud.codeartifact.errors import ApiError, invalid
from rehearsal.cloud.codeartifact.operations import OPERATIONS, Call
from rehearsal.cloud.codeartifact.service import Service

Model = dict[str, Any]


def _domain(service: Service, principal: Principal, arn: str) -> Model:
    where = _identified(service, arn, "domain")
    found = _call(service, principal, "DescribeDomain", where)["domain"]
    return _known(
        DomainName=found["name"],
        Name=found["name"],
        Owner=found["owner"],
        Arn=found["arn"],
        EncryptionKey=found.get("encryptionKey"),
        PermissionsPolicyDocument=_policy(service, principal, "GetDomainPermissionsPolicy", where),
        Tags=_tags(service, principal, found["arn"]),
    )


def _repository(service: Service, principal: Principal, arn: str) -> Model:
    where = _identified(service, arn, "repository")
    found = _call(service, principal, "DescribeRepository", where)["repository"]
    return _known(
        RepositoryName=found["name"],
        Name=found["name"],
        DomainName=found["domainName"],
        DomainOwner=found["domainOwner"],
        Arn=found["arn"],
        Description=found.get("description"),
        Upstreams=[one["repositoryName"] for one in found.get("upstreams") or []],
        ExternalConnections=[one["externalConnectionName"] for one in found.get("externalConnections") or []],
        PermissionsPolicyDocument=_policy(service, principal, "GetRepositoryPermissionsPolicy", where),
        Tags=_tags(service, principal, found["arn"]),
    )


READERS: Mapping[str, Callable[[Service, Principal, str], Model]] = {
    "AWS::CodeArtifact::Domain": _domain,
    "AWS::CodeArtifact::Repository": _repository,
}


def _identified(service: Service, arn: str, kind: str) -> dict[str, str]:
    named = parse(arn)
    if named is None or named.kind != kind or named.region != service.region:
        raise invalid(f"'{arn}' is not the ARN of a {kind} in {service.region}.")
    where = {"domain": named.domain, "domainOwner": named.owner}
    return {**where, "repository": named.name} if kind == "repository" else where


def _policy(service: Service, principal: Principal, operation: str, where: Mapping[str, str]) -> Any:
    try:
        return json.loads(_call(service, principal, operation, where)["policy"]["document"])
    except ApiError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return None


def _tags(service: Service, principal: Principal, arn: str) -> list[dict[str, str]]:
    found = _call(service, principal, "ListTagsForResource", {"resourceArn": arn})["tags"]
    return [{"Key": tag["key"], "Value": tag["value"]} for tag in found]


def _call(service: Service, principal: Principal, operation: str, params: Mapping[str, str]) -> dict[str, Any]:
    return OPERATIONS[operation](Call(service, principal, dict(params)))


def _known(**values: Any) -> Model:
    return {key: value for key, value in values.items() if value not in (None, [])}
