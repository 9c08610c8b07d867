"""Secrets Manager: secrets without a value, and who may read them."""

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, upper_tags
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import Created, Defaults, Existing, absent_is_fine
from rehearsal.program.inputs import Inputs

RECOVERY_DAYS = 30  # the provider's default


class Secret(AwsHandler):
    token = "aws:secretsmanager/secret:Secret"
    create_only = frozenset({"name"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(Name=inputs.name(), Description=inputs.text("description")),
            "days": inputs.integer("recoveryWindowInDays"),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        created = cloud.call("secretsmanager", "create_secret", **wanted["create"], Tags=upper_tags(wanted["tags"]) or None)
        cloud.call("secretsmanager", "describe_secret", SecretId=created["ARN"])
        cloud.call("secretsmanager", "get_resource_policy", SecretId=created["ARN"])
        return Created(created["ARN"], {"arn": created["ARN"], "name": created["Name"], "tagsAll": wanted["tags"]})

    def delete(self, cloud: Aws, existing: Existing) -> None:
        days = existing.get("recoveryWindowInDays")
        window = {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": days or RECOVERY_DAYS}
        with absent_is_fine():
            cloud.call("secretsmanager", "delete_secret", SecretId=existing.id, **window)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            found = cloud.call("secretsmanager", "describe_secret", SecretId=id)
            return None if "DeletedDate" in found else {"arn": id, "name": found["Name"], "description": found.get("Description")}
        return None


class SecretPolicy(AwsHandler):
    token = "aws:secretsmanager/secretPolicy:SecretPolicy"
    create_only = frozenset({"secretArn"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "SecretId": inputs.text("secretArn", required=True),
            "ResourcePolicy": inputs.document("policy", required=True),
            "BlockPublicPolicy": inputs.flag("blockPublicPolicy"),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call("secretsmanager", "put_resource_policy", **given(**wanted))
        cloud.call("secretsmanager", "get_resource_policy", SecretId=wanted["SecretId"])
        return Created(wanted["SecretId"], {})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("secretsmanager", "delete_resource_policy", SecretId=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            policy = cloud.call("secretsmanager", "get_resource_policy", SecretId=id).get("ResourcePolicy")
            return {"secretArn": id, "policy": policy} if policy else None
        return None
