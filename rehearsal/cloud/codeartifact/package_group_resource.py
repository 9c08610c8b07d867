"""The CloudFormation resource type AWS::CodeArtifact::PackageGroup: schema, validation, and handlers on top of the API's operations.

Source: the type's published schema and handlers (github.com/aws-cloudformation/aws-cloudformation-resource-providers-codeartifact).
The handlers act with the caller's own rights, so a caller needs the permissions that the schema lists for each of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft7Validator

from evaluator.arns import parse
from evaluator.package_groups import ROOT
from rehearsal.cloud.codeartifact.authorization import Principal
from rehearsal.cloud.codeartifact.errors import ApiError, invalid
from rehearsal.cloud.codeartifact.model import SERVICE, violations
from rehearsal.cloud.codeartifact.operations import OPERATIONS, Call
from rehearsal.cloud.codeartifact.service import Service

TYPE_NAME = "AWS::CodeArtifact::PackageGroup"
CREATE_ONLY = ("DomainName", "Pattern")
READ_ONLY = ("Arn",)
RESTRICTIONS = {"Publish": "PUBLISH", "ExternalUpstream": "EXTERNAL_UPSTREAM", "InternalUpstream": "INTERNAL_UPSTREAM"}
SPECIFIC = "ALLOW_SPECIFIC_REPOSITORIES"
Schema = Mapping[str, Any]


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


RESTRICTION: Schema = _object(
    {
        "RestrictionMode": {"type": "string", "enum": ["ALLOW", "BLOCK", SPECIFIC, "INHERIT"]},
        "Repositories": {"type": "array", "items": {"type": "string"}},
    },
    "RestrictionMode",
)
TAG: Schema = _object(
    {"Key": {"type": "string", "minLength": 1, "maxLength": 128}, "Value": {"type": "string", "minLength": 1, "maxLength": 256}},
    "Value",
    "Key",
)
SCHEMA: Schema = _object(
    {
        "DomainName": {"type": "string", "pattern": r"^([a-z][a-z0-9\-]{0,48}[a-z0-9])$", "minLength": 2, "maxLength": 50},
        "DomainOwner": {"type": "string", "pattern": r"^[0-9]{12}$"},
        "Pattern": {"type": "string", "minLength": 2, "maxLength": 520},
        "ContactInfo": {"type": "string", "maxLength": 1000},
        "Description": {"type": "string", "maxLength": 1000},
        "OriginConfiguration": _object({"Restrictions": _object(dict.fromkeys(RESTRICTIONS, RESTRICTION))}, "Restrictions"),
        "Tags": {"type": "array", "items": TAG},
        "Arn": {"type": "string", "minLength": 1, "maxLength": 2048},
    },
    "Pattern",
    "DomainName",
)


def problems(model: Any) -> Iterator[str]:
    """Everything about a resource model that the schema forbids."""
    for error in Draft7Validator(SCHEMA).iter_errors(model):
        yield f"{error.json_path}: {error.message}"


@dataclass(frozen=True)
class Handlers:
    """The type's create, read, update and delete, for one caller. Each raises the API's errors."""

    service: Service
    principal: Principal

    def create(self, desired: Mapping[str, Any]) -> dict[str, Any]:
        """The created resource's model. The root group exists already and is updated."""
        group = self._named(desired)
        if desired["Pattern"] == ROOT:
            return self.update(self.read(self._arn(group)), desired)
        tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in desired.get("Tags", [])]
        self._call("CreatePackageGroup", **group, **_described(desired), **({"tags": tags} if tags else {}))
        if _says_more_than_inherit(desired):
            self._update_origin_configuration({}, desired)
        return self.read(self._arn(group))

    def read(self, arn: str) -> dict[str, Any]:
        group = self._identified(arn)
        found = self._call("DescribePackageGroup", **group)["packageGroup"]
        restrictions = {
            key: self._read_restriction(group, kind, found["originConfiguration"]["restrictions"][kind]["mode"])
            for key, kind in RESTRICTIONS.items()
        }
        tags = self._call("ListTagsForResource", resourceArn=found["arn"])["tags"]
        model = {
            "DomainName": found["domainName"], "DomainOwner": found["domainOwner"], "Pattern": found["pattern"], "Arn": found["arn"],
            "ContactInfo": found["contactInfo"], "Description": found["description"],
            "OriginConfiguration": {"Restrictions": restrictions},
            "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags] or None,
        }  # fmt: skip
        return {key: value for key, value in model.items() if value is not None}

    def update(self, current: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
        """Bring a resource from one model to another; what the new model leaves out keeps its description and contact."""
        group = self._identified(current["Arn"])
        if any(current.get(key) != desired.get(key) for key in ("Description", "ContactInfo")):
            self._call("UpdatePackageGroup", **group, **_described(desired))
        if current.get("OriginConfiguration") != desired.get("OriginConfiguration"):
            self._update_origin_configuration(current, desired)
        self._update_tags(current, desired)
        return self.read(current["Arn"])

    def delete(self, arn: str) -> None:
        """The root group is kept, as AWS's handler does."""
        group = self._identified(arn)
        if group["packageGroup"] != ROOT:
            self._call("DescribePackageGroup", **group)
            self._call("DeletePackageGroup", **group)

    def _read_restriction(self, group: Mapping[str, str], kind: str, mode: str) -> dict[str, Any]:
        if mode != SPECIFIC:
            return {"RestrictionMode": mode}
        allowed = self._call("ListAllowedRepositoriesForGroup", **group, originRestrictionType=kind)["allowedRepositories"]
        return {"RestrictionMode": mode, "Repositories": allowed}

    def _update_origin_configuration(self, current: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
        wanted, before = _restrictions(desired), _restrictions(current)
        fallback = "ALLOW" if desired["Pattern"] == ROOT else "INHERIT"
        modes = {kind: wanted.get(key, {}).get("RestrictionMode", fallback) for key, kind in RESTRICTIONS.items()}
        added, removed = [], []
        for key, kind in RESTRICTIONS.items():
            new, old = (restrictions.get(key, {}).get("Repositories", []) for restrictions in (wanted, before))
            added += [_allowed(name, kind) for name in new if name not in old]
            removed += [_allowed(name, kind) for name in old if name not in new and modes[kind] == SPECIFIC]
        lists = {"addAllowedRepositories": added, "removeAllowedRepositories": removed}
        group = self._named(desired)
        self._call("UpdatePackageGroupOriginConfiguration", **group, restrictions=modes, **{k: v for k, v in lists.items() if v})

    def _update_tags(self, current: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
        before, after = ({tag["Key"]: tag["Value"] for tag in model.get("Tags", [])} for model in (current, desired))
        if gone := [key for key in before if key not in after]:
            self._call("UntagResource", resourceArn=current["Arn"], tagKeys=gone)
        if changed := [{"key": key, "value": value} for key, value in after.items() if before.get(key) != value]:
            self._call("TagResource", resourceArn=current["Arn"], tags=changed)

    def _named(self, model: Mapping[str, Any]) -> dict[str, str]:
        owner = model.get("DomainOwner") or self.principal.account
        return {"domain": model["DomainName"], "domainOwner": owner, "packageGroup": model["Pattern"]}

    def _identified(self, arn: str) -> dict[str, str]:
        named = parse(arn)
        if named is None or named.kind != "package-group" or named.region != self.service.region:
            raise invalid(f"'{arn}' is not the ARN of a package group in {self.service.region}.")
        return {"domain": named.domain, "domainOwner": named.owner, "packageGroup": named.name}

    def _arn(self, group: Mapping[str, str]) -> str:
        return self.service.arns.package_group(group["domainOwner"], group["domain"], group["packageGroup"])

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        shape = SERVICE.operation_model(operation).input_shape
        found = list(violations(shape, params, ""))
        if found:
            raise invalid("; ".join(found))
        return OPERATIONS[operation](Call(self.service, self.principal, params))


def _described(model: Mapping[str, Any]) -> dict[str, str]:
    return {member: model[key] for key, member in (("Description", "description"), ("ContactInfo", "contactInfo")) if key in model}


def _restrictions(model: Mapping[str, Any]) -> Mapping[str, Any]:
    return model.get("OriginConfiguration", {}).get("Restrictions", {})


def _says_more_than_inherit(model: Mapping[str, Any]) -> bool:
    """A new group inherits everything; only a model that says something else needs a second call."""
    return any(each["RestrictionMode"] != "INHERIT" or "Repositories" in each for each in _restrictions(model).values())


def _allowed(repository: str, kind: str) -> dict[str, str]:
    return {"repositoryName": repository, "originRestrictionType": kind}


HANDLER_ERRORS = {
    "AccessDeniedException": "AccessDenied",
    "ConflictException": "AlreadyExists",
    "ResourceNotFoundException": "NotFound",
    "ServiceQuotaExceededException": "ServiceLimitExceeded",
    "ValidationException": "InvalidRequest",
    "NotUpdatableException": "NotUpdatable",
}


def handler_error(error: ApiError) -> str:
    """The handler error code that AWS's handler makes of an error of the API."""
    return HANDLER_ERRORS.get(error.code, "GeneralServiceException")
