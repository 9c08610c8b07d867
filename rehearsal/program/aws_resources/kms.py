"""KMS: keys and aliases."""

from collections.abc import Mapping

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, tag_changes, tags_seen
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs
from rehearsal.program.wire import UNKNOWN


def kms_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


class Key(AwsHandler):
    token = "aws:kms/key:Key"
    create_only = frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(
                Description=inputs.text("description"),
                KeySpec=inputs.text("customerMasterKeySpec"),
                KeyUsage=inputs.text("keyUsage"),
                MultiRegion=inputs.flag("multiRegion"),
                Policy=inputs.document("policy"),
                BypassPolicyLockoutSafetyCheck=inputs.flag("bypassPolicyLockoutSafetyCheck"),
            ),
            "rotate": inputs.flag("enableKeyRotation") or False,
            "period": inputs.integer("rotationPeriodInDays"),
            "enabled": inputs.flag("isEnabled"),
            "window": inputs.integer("deletionWindowInDays"),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        created = cloud.call("kms", "create_key", **wanted["create"], Tags=kms_tags(wanted["tags"]) or None)["KeyMetadata"]
        key = created["KeyId"]
        outputs = {"arn": created["Arn"], "keyId": key, "tagsAll": wanted["tags"]}
        with finishing(key, outputs):
            if wanted["rotate"]:
                cloud.call("kms", "enable_key_rotation", KeyId=key, RotationPeriodInDays=wanted["period"])
            if wanted["enabled"] is False:
                cloud.call("kms", "disable_key", KeyId=key)
            outputs |= self._described(cloud, key)
        return Created(key, outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        key, request = existing.id, wanted["create"]
        if request.get("Description", "") != (existing.get("description") or ""):
            cloud.call("kms", "update_key_description", KeyId=key, Description=request.get("Description", ""))
        if request.get("Policy") and request["Policy"] != existing.inputs.get("policy"):
            cloud.call("kms", "put_key_policy", KeyId=key, PolicyName="default", Policy=request["Policy"])
        if wanted["rotate"]:
            cloud.call("kms", "enable_key_rotation", KeyId=key, RotationPeriodInDays=wanted["period"])
        elif existing.get("enableKeyRotation"):
            cloud.call("kms", "disable_key_rotation", KeyId=key)
        if wanted["enabled"] is False:
            cloud.call("kms", "disable_key", KeyId=key)
        elif existing.get("isEnabled") is False:
            cloud.call("kms", "enable_key", KeyId=key)
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("kms", "untag_resource", KeyId=key, TagKeys=remove)
        if add:
            cloud.call("kms", "tag_resource", KeyId=key, Tags=kms_tags(add))
        return {**self._described(cloud, key), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("kms", "schedule_key_deletion", KeyId=existing.id, PendingWindowInDays=existing.inputs.get("deletionWindowInDays"))

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            tags = cloud.call("kms", "list_resource_tags", KeyId=id).get("Tags", [])
            return {**self._described(cloud, id), **tags_seen(cloud, tags, "TagKey", "TagValue")}
        return None

    @staticmethod
    def _described(cloud: Aws, key: str) -> Params:
        found = cloud.call("kms", "describe_key", KeyId=key)["KeyMetadata"]
        policy = cloud.call("kms", "get_key_policy", KeyId=key, PolicyName="default")["Policy"]
        rotation = cloud.call("kms", "get_key_rotation_status", KeyId=key)
        return given(
            arn=found["Arn"],
            keyId=found["KeyId"],
            description=found.get("Description"),
            customerMasterKeySpec=found.get("KeySpec") or found.get("CustomerMasterKeySpec"),
            keyUsage=found.get("KeyUsage"),
            policy=policy,
            rotationPeriodInDays=rotation.get("RotationPeriodInDays"),
        ) | {
            "isEnabled": found["Enabled"],
            "multiRegion": found.get("MultiRegion", False),
            "enableKeyRotation": rotation["KeyRotationEnabled"],
        }


class Alias(AwsHandler):
    token = "aws:kms/alias:Alias"
    create_only = frozenset({"name"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        name = inputs.text("name")
        if name not in (None, UNKNOWN) and not name.startswith("alias/"):
            inputs.refuse("name", f"must begin with 'alias/', got {name!r}")
        return {"name": name or f"alias/{inputs.name().removeprefix('alias/')}", "target": inputs.text("targetKeyId", required=True)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call("kms", "create_alias", AliasName=wanted["name"], TargetKeyId=wanted["target"])
        with finishing(wanted["name"], {"name": wanted["name"]}):
            return Created(wanted["name"], {**self._described(cloud, wanted["name"]), "targetKeyId": wanted["target"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        cloud.call("kms", "update_alias", AliasName=existing.id, TargetKeyId=wanted["target"])
        return {**self._described(cloud, existing.id), "targetKeyId": wanted["target"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("kms", "delete_alias", AliasName=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        return self._listed(cloud, id)

    def _described(self, cloud: Aws, name: str) -> Params:
        found = self._listed(cloud, name)
        if found is None:
            raise CloudError(f"kms ListAliases: {name} was created but is not listed")
        return found

    @staticmethod
    def _listed(cloud: Aws, name: str) -> Params | None:
        marker = None
        while True:
            page = cloud.call("kms", "list_aliases", Marker=marker)
            for alias in page["Aliases"]:
                if alias["AliasName"] == name:
                    key = alias["TargetKeyId"]
                    arn = alias["AliasArn"]
                    return {"name": name, "arn": arn, "targetKeyId": key, "targetKeyArn": f"{arn.rpartition(':')[0]}:key/{key}"}
            marker = page.get("NextMarker")
            if not page.get("Truncated"):
                return None
