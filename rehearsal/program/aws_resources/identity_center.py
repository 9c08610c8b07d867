"""IAM Identity Center: permission sets, their inline policies and assignments.

As the provider does, a change of a permission set is provisioned to the accounts that have it, and every request that AWS carries out later
is asked about until it is done.
"""

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, rfc3339, tag_changes, tags_seen, upper_tags
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs

_SERVICE = "sso-admin"
_ASKED_AT_MOST = 20


def _finished(cloud: Aws, instance: str, operation: str, parameter: str, answer: str, started: Params) -> None:
    """Ask until a request has succeeded. Raises CloudError if it failed or does not end."""
    status = started
    for _ in range(_ASKED_AT_MOST):
        if status["Status"] == "SUCCEEDED":
            return
        if status["Status"] == "FAILED":
            raise CloudError(f"{operation}: {status.get('FailureReason')}")
        status = cloud.call(_SERVICE, operation, InstanceArn=instance, **{parameter: started["RequestId"]})[answer]
    raise CloudError(f"{operation}: still {status['Status']}")


def _provision(cloud: Aws, instance: str, permission_set: str) -> None:
    answer = "PermissionSetProvisioningStatus"
    started = cloud.call(
        _SERVICE,
        "provision_permission_set",
        InstanceArn=instance,
        PermissionSetArn=permission_set,
        TargetType="ALL_PROVISIONED_ACCOUNTS",
    )
    operation, parameter = "describe_permission_set_provisioning_status", "ProvisionPermissionSetRequestId"
    _finished(cloud, instance, operation, parameter, answer, started[answer])


class PermissionSet(AwsHandler):
    token = "aws:ssoadmin/permissionSet:PermissionSet"
    create_only = frozenset({"instanceArn", "name"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(
                InstanceArn=inputs.text("instanceArn", required=True),
                Name=inputs.name(),
                Description=inputs.text("description"),
                SessionDuration=inputs.text("sessionDuration"),
                RelayState=inputs.text("relayState"),
            ),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        request = wanted["create"]
        created = cloud.call(_SERVICE, "create_permission_set", **request, Tags=upper_tags(wanted["tags"]) or None)["PermissionSet"]
        id = f"{created['PermissionSetArn']},{request['InstanceArn']}"
        with finishing(id, {"arn": created["PermissionSetArn"]}):
            return Created(id, {**self._described(cloud, id), "tagsAll": wanted["tags"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        arn, _, instance = existing.id.partition(",")
        request = {key: value for key, value in wanted["create"].items() if key != "Name"}
        cloud.call(_SERVICE, "update_permission_set", PermissionSetArn=arn, **request)
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call(_SERVICE, "untag_resource", InstanceArn=instance, ResourceArn=arn, TagKeys=remove)
        if add:
            cloud.call(_SERVICE, "tag_resource", InstanceArn=instance, ResourceArn=arn, Tags=upper_tags(add))
        _provision(cloud, instance, arn)
        return {**self._described(cloud, existing.id), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        arn, _, instance = existing.id.partition(",")
        with absent_is_fine():
            cloud.call(_SERVICE, "delete_permission_set", InstanceArn=instance, PermissionSetArn=arn)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            arn, _, instance = id.partition(",")
            tags = cloud.call(_SERVICE, "list_tags_for_resource", InstanceArn=instance, ResourceArn=arn)["Tags"]
            return {**self._described(cloud, id), **tags_seen(cloud, tags)}
        return None

    @staticmethod
    def _described(cloud: Aws, id: str) -> Params:
        arn, _, instance = id.partition(",")
        found = cloud.call(_SERVICE, "describe_permission_set", InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        return given(
            arn=arn,
            name=found["Name"],
            description=found.get("Description"),
            sessionDuration=found.get("SessionDuration"),
            relayState=found.get("RelayState"),
            createdDate=rfc3339(found["CreatedDate"]),
        )


class PermissionSetInlinePolicy(AwsHandler):
    token = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
    create_only = frozenset({"instanceArn", "permissionSetArn"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "InstanceArn": inputs.text("instanceArn", required=True),
            "PermissionSetArn": inputs.text("permissionSetArn", required=True),
            "InlinePolicy": inputs.document("inlinePolicy", required=True),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call(_SERVICE, "put_inline_policy_to_permission_set", **wanted)
        instance, arn = wanted["InstanceArn"], wanted["PermissionSetArn"]
        with finishing(f"{arn},{instance}", {}):
            _provision(cloud, instance, arn)
            cloud.call(_SERVICE, "get_inline_policy_for_permission_set", InstanceArn=instance, PermissionSetArn=arn)
        return Created(f"{arn},{instance}", {})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        arn, _, instance = existing.id.partition(",")
        with absent_is_fine():
            cloud.call(_SERVICE, "delete_inline_policy_from_permission_set", InstanceArn=instance, PermissionSetArn=arn)
            _provision(cloud, instance, arn)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        arn, _, instance = id.partition(",")
        where = {"InstanceArn": instance, "PermissionSetArn": arn}
        with absent_is_fine():
            policy = cloud.call(_SERVICE, "get_inline_policy_for_permission_set", **where).get("InlinePolicy")
            return {"instanceArn": instance, "permissionSetArn": arn, "inlinePolicy": policy} if policy else None
        return None


_TARGET = {
    "instanceArn": "InstanceArn",
    "permissionSetArn": "PermissionSetArn",
    "principalId": "PrincipalId",
    "principalType": "PrincipalType",
    "targetId": "TargetId",
    "targetType": "TargetType",
}


class AccountAssignment(AwsHandler):
    token = "aws:ssoadmin/accountAssignment:AccountAssignment"
    create_only = frozenset(_TARGET)

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {theirs: inputs.text(ours, required=True) for ours, theirs in _TARGET.items()}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        if self._there(cloud, wanted):
            raise CloudError(f"creating SSO Account Assignment for {wanted['PrincipalType']} ({wanted['PrincipalId']}): already exists")
        self._carry_out(cloud, "creation", "create", wanted)
        id = ",".join(wanted[key] for key in ("PrincipalId", "PrincipalType", "TargetId", "TargetType", "PermissionSetArn", "InstanceArn"))
        with finishing(id, {}):
            if not self._there(cloud, wanted):
                raise CloudError("reading SSO Account Assignment: couldn't find resource")
        return Created(id, {})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        """An assignment has nothing that could change."""
        return {}

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        keys = ("PrincipalId", "PrincipalType", "TargetId", "TargetType", "PermissionSetArn", "InstanceArn")
        target = dict(zip(keys, id.split(","), strict=True))
        return {ours: target[theirs] for ours, theirs in _TARGET.items()} if self._there(cloud, target) else None

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            self._carry_out(cloud, "deletion", "delete", {theirs: existing[ours] for ours, theirs in _TARGET.items()})

    @staticmethod
    def _carry_out(cloud: Aws, noun: str, verb: str, target: Params) -> None:
        answer = f"AccountAssignment{noun.capitalize()}Status"
        started = cloud.call(_SERVICE, f"{verb}_account_assignment", **target)[answer]
        operation, parameter = f"describe_account_assignment_{noun}_status", f"AccountAssignment{noun.capitalize()}RequestId"
        _finished(cloud, target["InstanceArn"], operation, parameter, answer, started)

    @staticmethod
    def _there(cloud: Aws, target: Params) -> bool:
        where = {"InstanceArn": target["InstanceArn"], "PermissionSetArn": target["PermissionSetArn"], "AccountId": target["TargetId"]}
        found = cloud.call(_SERVICE, "list_account_assignments", **where)["AccountAssignments"]
        return any((one["PrincipalType"], one["PrincipalId"]) == (target["PrincipalType"], target["PrincipalId"]) for one in found)
