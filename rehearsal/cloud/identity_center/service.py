"""Operations of sso-admin and identitystore: requests checked against AWS's own service models, authorised, carried out.

Sources: the API references of both services, and their service authorization reference for actions and resources.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from rehearsal.cloud import aws, policy_rules
from rehearsal.cloud.authorization import Check
from rehearsal.cloud.identity_center import roles
from rehearsal.cloud.identity_center.store import Assignment, Instance, PermissionSet, Store, seconds
from rehearsal.service_models import problems

# Service as requests are signed for it -> its model, and the prefix of X-Amz-Target.
_NAMES = {"sso": "sso-admin", "identitystore": "identitystore"}
MODELS = {signed: ServiceModel(Loader().load_service_model(name, "service-2"), name) for signed, name in _NAMES.items()}
_SHORTEST = "PT1H"

Values = Mapping[str, Any]


class ApiError(Exception):
    """A refusal; code and message as AWS answers."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def answer(store: Store, service: str, target: str, values: Values, principal: aws.Principal, region: str) -> dict[str, Any]:
    """Carry out one call. Raises ApiError and aws.AccessDeniedError."""
    operation = target.removeprefix(f"{MODELS[service].metadata['targetPrefix']}.")
    found = OPERATIONS.get((service, operation))
    if found is None or operation == target:
        raise ApiError("NotImplemented", f"{service}:{operation} is not part of this local cloud", 501)
    resources, carry_out = found
    _check(service, operation, values)
    instance = store.instances.get((principal.account, region))
    aws.authorise(principal, _checks(f"{service}:{operation}", resources, values, instance))
    if operation == "ListInstances":
        return _list_instances(instance, principal)
    return carry_out(_instance(instance, values), values)


def _check(service: str, operation: str, values: Values) -> None:
    if found := problems(MODELS[service].operation_model(operation), values):
        raise ApiError("ValidationException", "; ".join(found))


def _checks(action: str, resources: tuple[str, ...], values: Values, instance: Instance | None) -> list[Check]:
    """One check a resource: all of them must be allowed. A permission set comes with its tags."""
    nothing = PermissionSet("", "", None, "", None, {}, 0)
    asked = {tag["Key"]: tag["Value"] for tag in values.get("Tags", [])}
    requested: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in asked.items()}
    if asked or values.get("TagKeys"):
        requested["aws:TagKeys"] = [*asked, *values.get("TagKeys", [])]
    arns = {
        "instance": [values.get("InstanceArn", instance.arn if instance else "*")],
        "account": [f"arn:aws:sso:::account/{values.get('TargetId') or values.get('AccountId')}"],
        "accounts that have it": [f"arn:aws:sso:::account/{account}" for account in _accounts(instance, values)],
        "permission set": [values.get("PermissionSetArn") or values.get("ResourceArn", "")],
        "new permission set": [f"{values.get('InstanceArn', '').replace(':::instance/', ':::permissionSet/')}/ps-{'0' * 16}"],
        "identity store": [f"arn:aws:identitystore::{instance.account if instance else ''}:identitystore/{values.get('IdentityStoreId')}"],
        "group": [f"arn:aws:identitystore:::group/{values.get('GroupId', '*')}"],
        "*": ["*"],
    }
    checks = []
    for kind in resources:
        for arn in arns[kind]:
            tags = (instance.permission_sets.get(arn, nothing) if instance else nothing).tags
            checks.append(Check(action, arn, {**{f"aws:ResourceTag/{key}": value for key, value in tags.items()}, **requested}))
    return checks


def _accounts(instance: Instance | None, values: Values) -> list[str]:
    found = instance.permission_sets.get(values.get("PermissionSetArn", "")) if instance else None
    return list(found.roles) if found else []


def _instance(instance: Instance | None, values: Values) -> Instance:
    named = values.get("InstanceArn"), values.get("IdentityStoreId")
    if instance is None or named not in ((instance.arn, None), (None, instance.identity_store)):
        raise ApiError("ResourceNotFoundException", "There is no such instance in this account and region.")
    return instance


def _list_instances(instance: Instance | None, principal: aws.Principal) -> dict[str, Any]:
    if instance is None:
        return {"Instances": []}
    shown = {
        "InstanceArn": instance.arn,
        "IdentityStoreId": instance.identity_store,
        "OwnerAccountId": principal.account,
        "Status": "ACTIVE",
    }
    return {"Instances": [shown]}


# --- permission sets ------------------------------------------------------------------------------------------------------------------


def _permission_set(instance: Instance, arn: str) -> PermissionSet:
    found = instance.permission_sets.get(arn)
    if found is None:
        raise ApiError("ResourceNotFoundException", "PermissionSet not found")
    return found


def _duration(values: Values, otherwise: str) -> str:
    duration = values.get("SessionDuration", otherwise)
    if seconds(duration) is None:
        raise ApiError("ValidationException", f"SessionDuration {duration} is not between 1 and 12 hours")
    return duration


def _create_permission_set(instance: Instance, values: Values) -> dict[str, Any]:
    if any(one.name == values["Name"] for one in instance.permission_sets.values()):
        raise ApiError("ConflictException", f"PermissionSet with name {values['Name']} already exists.")
    arn = f"arn:aws:sso:::permissionSet/{instance.id}/ps-{uuid.uuid4().hex[:16]}"
    tags = {tag["Key"]: tag["Value"] for tag in values.get("Tags", [])}
    permission_set = PermissionSet(
        arn, values["Name"], values.get("Description"), _duration(values, _SHORTEST), values.get("RelayState"), tags, time.time()
    )
    instance.permission_sets[arn] = permission_set
    return {"PermissionSet": _shown(permission_set)}


def _shown(permission_set: PermissionSet) -> dict[str, Any]:
    shown = {
        "Name": permission_set.name,
        "PermissionSetArn": permission_set.arn,
        "Description": permission_set.description,
        "CreatedDate": permission_set.created,
        "SessionDuration": permission_set.session_duration,
        "RelayState": permission_set.relay_state,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _describe_permission_set(instance: Instance, values: Values) -> dict[str, Any]:
    return {"PermissionSet": _shown(_permission_set(instance, values["PermissionSetArn"]))}


def _list_permission_sets(instance: Instance, values: Values) -> dict[str, Any]:
    return {"PermissionSets": list(instance.permission_sets)}


def _update_permission_set(instance: Instance, values: Values) -> dict[str, Any]:
    one = _permission_set(instance, values["PermissionSetArn"])
    one.session_duration = _duration(values, one.session_duration)
    one.description = values.get("Description", one.description)
    one.relay_state = values.get("RelayState", one.relay_state)
    return {}


def _delete_permission_set(instance: Instance, values: Values) -> dict[str, Any]:
    one = _permission_set(instance, values["PermissionSetArn"])
    if any(assignment.permission_set == one.arn for assignment in instance.assignments):
        raise ApiError("ConflictException", "PermissionSet is in use by account assignments.")
    del instance.permission_sets[one.arn]
    return {}


def _put_inline_policy(instance: Instance, values: Values) -> dict[str, Any]:
    one = _permission_set(instance, values["PermissionSetArn"])
    try:
        policy_rules.check_inline_policies(values["InlinePolicy"], [], policy_rules.ROLE_INLINE_SIZE, f"permission set {one.name}")
    except policy_rules.PolicyRefusedError as refusal:
        raise ApiError("ValidationException", refusal.message) from None
    one.inline_policy = values["InlinePolicy"]
    return {}


def _get_inline_policy(instance: Instance, values: Values) -> dict[str, Any]:
    return {"InlinePolicy": _permission_set(instance, values["PermissionSetArn"]).inline_policy}


def _delete_inline_policy(instance: Instance, values: Values) -> dict[str, Any]:
    one = _permission_set(instance, values["PermissionSetArn"])
    if not one.inline_policy:
        raise ApiError("ResourceNotFoundException", "Inline policy not found")
    one.inline_policy = ""
    return {}


def _tags_of(instance: Instance, values: Values) -> dict[str, str]:
    return _permission_set(instance, values["ResourceArn"]).tags


def _list_tags(instance: Instance, values: Values) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tags_of(instance, values).items()]}


def _tag(instance: Instance, values: Values) -> dict[str, Any]:
    _tags_of(instance, values).update({tag["Key"]: tag["Value"] for tag in values["Tags"]})
    return {}


def _untag(instance: Instance, values: Values) -> dict[str, Any]:
    tags = _tags_of(instance, values)
    for key in values["TagKeys"]:
        tags.pop(key, None)
    return {}


# --- assignments and provisioning -------------------------------------------------------------------------------------------------------


def _started(instance: Instance, details: Mapping[str, Any]) -> dict[str, Any]:
    """A request's status. It is carried out at once here, but callers have to ask again, as with AWS."""
    request = str(uuid.uuid4())
    instance.statuses[request] = {"Status": "SUCCEEDED", "RequestId": request, **details}
    return {"Status": "IN_PROGRESS", "RequestId": request, **details}


def _status(instance: Instance, request: str) -> dict[str, Any]:
    if request not in instance.statuses:
        raise ApiError("ResourceNotFoundException", "Request not found")
    return instance.statuses[request]


def _provision(instance: Instance, values: Values) -> dict[str, Any]:
    one = _permission_set(instance, values["PermissionSetArn"])
    single = values["TargetType"] == "AWS_ACCOUNT"
    if single != ("TargetId" in values):
        raise ApiError("ValidationException", "TargetId is for TargetType AWS_ACCOUNT")
    if single and values["TargetId"] not in one.roles:
        raise ApiError("ResourceNotFoundException", "PermissionSet is not provisioned in the account")
    for account in [values["TargetId"]] if single else list(one.roles):
        roles.provision(instance, one, account)
    return {"PermissionSetProvisioningStatus": _started(instance, {"PermissionSetArn": one.arn})}


def _provisioning_status(instance: Instance, values: Values) -> dict[str, Any]:
    return {"PermissionSetProvisioningStatus": _status(instance, values["ProvisionPermissionSetRequestId"])}


def _assignment(instance: Instance, values: Values) -> Assignment:
    if values["PrincipalType"] != "GROUP":
        raise ApiError("NotImplemented", "this local cloud assigns groups alone", 501)
    if values["PrincipalId"] not in instance.groups:
        raise ApiError("ResourceNotFoundException", "Principal not found")
    return Assignment(_permission_set(instance, values["PermissionSetArn"]).arn, values["TargetId"], values["PrincipalId"])


def _create_assignment(instance: Instance, values: Values) -> dict[str, Any]:
    wanted = _assignment(instance, values)
    if wanted in instance.assignments:
        raise ApiError("ConflictException", "Account assignment already exists.")
    roles.provision(instance, instance.permission_sets[wanted.permission_set], wanted.account)
    instance.assignments.append(wanted)
    return {"AccountAssignmentCreationStatus": _started(instance, _target(values))}


def _delete_assignment(instance: Instance, values: Values) -> dict[str, Any]:
    wanted = _assignment(instance, values)
    if wanted not in instance.assignments:
        raise ApiError("ResourceNotFoundException", "Account assignment not found")
    instance.assignments.remove(wanted)
    if not any((one.permission_set, one.account) == (wanted.permission_set, wanted.account) for one in instance.assignments):
        roles.remove(instance.permission_sets[wanted.permission_set], wanted.account)
    return {"AccountAssignmentDeletionStatus": _started(instance, _target(values))}


def _target(values: Values) -> dict[str, Any]:
    return {key: values[key] for key in ("PermissionSetArn", "PrincipalId", "PrincipalType", "TargetId", "TargetType")}


def _creation_status(instance: Instance, values: Values) -> dict[str, Any]:
    return {"AccountAssignmentCreationStatus": _status(instance, values["AccountAssignmentCreationRequestId"])}


def _deletion_status(instance: Instance, values: Values) -> dict[str, Any]:
    return {"AccountAssignmentDeletionStatus": _status(instance, values["AccountAssignmentDeletionRequestId"])}


def _list_assignments(instance: Instance, values: Values) -> dict[str, Any]:
    one = _permission_set(instance, values["PermissionSetArn"])
    found = [each for each in instance.assignments if (each.permission_set, each.account) == (one.arn, values["AccountId"])]
    shown = [
        {"AccountId": each.account, "PermissionSetArn": one.arn, "PrincipalType": "GROUP", "PrincipalId": each.group} for each in found
    ]
    return {"AccountAssignments": shown}


# --- identity store -------------------------------------------------------------------------------------------------------------------


def _group_id(instance: Instance, values: Values) -> dict[str, Any]:
    unique = values["AlternateIdentifier"].get("UniqueAttribute")
    if unique is None or unique["AttributePath"].lower() != "displayname":
        raise ApiError("NotImplemented", "this local cloud finds groups by DisplayName alone", 501)
    found = instance.group_named(unique["AttributeValue"])
    if found is None:
        raise ApiError("ResourceNotFoundException", "GROUP not found.")
    return {"IdentityStoreId": instance.identity_store, "GroupId": found.id}


def _describe_group(instance: Instance, values: Values) -> dict[str, Any]:
    found = instance.groups.get(values["GroupId"])
    if found is None:
        raise ApiError("ResourceNotFoundException", "GROUP not found.")
    return {"IdentityStoreId": instance.identity_store, "GroupId": found.id, "DisplayName": found.name}


_SET = ("instance", "permission set")
_ASSIGNMENT = ("account", "instance", "permission set")
Carry = Callable[[Instance, Values], dict[str, Any]]
OPERATIONS: dict[tuple[str, str], tuple[tuple[str, ...], Carry]] = {
    ("sso", "ListInstances"): (("*",), lambda instance, values: {}),
    ("sso", "CreatePermissionSet"): (("instance", "new permission set"), _create_permission_set),
    ("sso", "DescribePermissionSet"): (_SET, _describe_permission_set),
    ("sso", "ListPermissionSets"): (("instance",), _list_permission_sets),
    ("sso", "UpdatePermissionSet"): (_SET, _update_permission_set),
    ("sso", "DeletePermissionSet"): (_SET, _delete_permission_set),
    ("sso", "PutInlinePolicyToPermissionSet"): (_SET, _put_inline_policy),
    ("sso", "GetInlinePolicyForPermissionSet"): (_SET, _get_inline_policy),
    ("sso", "DeleteInlinePolicyFromPermissionSet"): (_SET, _delete_inline_policy),
    ("sso", "ListTagsForResource"): (_SET, _list_tags),
    ("sso", "TagResource"): (_SET, _tag),
    ("sso", "UntagResource"): (_SET, _untag),
    ("sso", "ProvisionPermissionSet"): ((*_SET, "accounts that have it"), _provision),
    ("sso", "DescribePermissionSetProvisioningStatus"): (("instance",), _provisioning_status),
    ("sso", "CreateAccountAssignment"): (_ASSIGNMENT, _create_assignment),
    ("sso", "DeleteAccountAssignment"): (_ASSIGNMENT, _delete_assignment),
    ("sso", "DescribeAccountAssignmentCreationStatus"): (("instance",), _creation_status),
    ("sso", "DescribeAccountAssignmentDeletionStatus"): (("instance",), _deletion_status),
    ("sso", "ListAccountAssignments"): (_ASSIGNMENT, _list_assignments),
    ("identitystore", "GetGroupId"): (("identity store", "group"), _group_id),
    ("identitystore", "DescribeGroup"): (("identity store", "group"), _describe_group),
}
