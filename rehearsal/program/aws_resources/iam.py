"""IAM: identity providers, roles and policies."""

import json
from typing import Any

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, rfc3339, tag_changes, tags_seen, upper_tags
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import Created, Defaults, Existing, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs

VERSIONS_OF_A_POLICY = 5  # IAM quota: versions of a managed policy


class OpenIdConnectProvider(AwsHandler):
    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    regional = False
    create_only = frozenset({"url"})

    def alike(self, key: str, one: Any, other: Any) -> bool:
        # suppressOpenIDURL of terraform-provider-aws, internal/service/iam: AWS has the URL without its scheme.
        return key == "url" and str(one).removeprefix("https://") == str(other).removeprefix("https://")

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "url": inputs.text("url", required=True),
            "clients": inputs.texts("clientIdLists", required=True),
            "thumbprints": inputs.texts("thumbprintLists"),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        created = cloud.call(
            "iam",
            "create_open_id_connect_provider",
            Url=wanted["url"],
            ClientIDList=wanted["clients"],
            ThumbprintList=wanted["thumbprints"] or None,
            Tags=upper_tags(wanted["tags"]) or None,
        )
        arn = created["OpenIDConnectProviderArn"]
        with finishing(arn, {"arn": arn}):
            return Created(arn, {**self._described(cloud, arn), "tagsAll": wanted["tags"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        arn, before = existing.id, existing.get("clientIdLists") or []
        if wanted["thumbprints"] and wanted["thumbprints"] != existing.get("thumbprintLists"):
            thumbprints = wanted["thumbprints"]
            cloud.call("iam", "update_open_id_connect_provider_thumbprint", OpenIDConnectProviderArn=arn, ThumbprintList=thumbprints)
        for client in [each for each in wanted["clients"] if each not in before]:
            cloud.call("iam", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client)
        for client in [each for each in before if each not in wanted["clients"]]:
            cloud.call("iam", "remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID=client)
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("iam", "untag_open_id_connect_provider", OpenIDConnectProviderArn=arn, TagKeys=remove)
        if add:
            cloud.call("iam", "tag_open_id_connect_provider", OpenIDConnectProviderArn=arn, Tags=upper_tags(add))
        return {**self._described(cloud, arn), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            return self._described(cloud, id)
        return None

    @staticmethod
    def _described(cloud: Aws, arn: str) -> Params:
        found = cloud.call("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        return {
            "arn": arn,
            "url": found["Url"].removeprefix("https://"),
            "clientIdLists": found.get("ClientIDList", []),
            "thumbprintLists": found.get("ThumbprintList", []),
        }


class Role(AwsHandler):
    token = "aws:iam/role:Role"
    regional = False
    create_only = frozenset({"name", "path"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(
                RoleName=inputs.name(),
                Path=inputs.text("path"),
                AssumeRolePolicyDocument=inputs.document("assumeRolePolicy", required=True),
                Description=inputs.text("description"),
                MaxSessionDuration=inputs.integer("maxSessionDuration") or 3600,
                PermissionsBoundary=inputs.text("permissionsBoundary"),
            ),
            "force": inputs.flag("forceDetachPolicies"),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        created = cloud.call("iam", "create_role", **wanted["create"], Tags=upper_tags(wanted["tags"]) or None)["Role"]
        outputs = {"arn": created["Arn"], "name": created["RoleName"], "tagsAll": wanted["tags"]}
        with finishing(created["RoleName"], outputs):
            outputs |= self._described(cloud, created["RoleName"])
        return Created(created["RoleName"], outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        role, request = existing.id, wanted["create"]
        if request["AssumeRolePolicyDocument"] != existing.inputs.get("assumeRolePolicy"):
            cloud.call("iam", "update_assume_role_policy", RoleName=role, PolicyDocument=request["AssumeRolePolicyDocument"])
        description = request.get("Description", "")
        if description != (existing.get("description") or ""):
            cloud.call("iam", "update_role_description", RoleName=role, Description=description)
        if request["MaxSessionDuration"] != existing.get("maxSessionDuration"):
            cloud.call("iam", "update_role", RoleName=role, MaxSessionDuration=request["MaxSessionDuration"])
        boundary = request.get("PermissionsBoundary")
        if boundary and boundary != existing.get("permissionsBoundary"):
            cloud.call("iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=boundary)
        elif not boundary and existing.get("permissionsBoundary"):
            cloud.call("iam", "delete_role_permissions_boundary", RoleName=role)
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("iam", "untag_role", RoleName=role, TagKeys=remove)
        if add:
            cloud.call("iam", "tag_role", RoleName=role, Tags=upper_tags(add))
        return {**self._described(cloud, role), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            if existing.inputs.get("forceDetachPolicies"):
                self._strip(cloud, existing.id)
            cloud.call("iam", "delete_role", RoleName=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            found = cloud.call("iam", "get_role", RoleName=id)["Role"]
            document = json.dumps(found["AssumeRolePolicyDocument"])
            tags = tags_seen(cloud, found.get("Tags", []))
            return {"description": None, "permissionsBoundary": None, "assumeRolePolicy": document, **tags, **self._outputs(found)}
        return None

    @staticmethod
    def _strip(cloud: Aws, role: str) -> None:
        for policy in cloud.call("iam", "list_attached_role_policies", RoleName=role)["AttachedPolicies"]:
            cloud.call("iam", "detach_role_policy", RoleName=role, PolicyArn=policy["PolicyArn"])
        for name in cloud.call("iam", "list_role_policies", RoleName=role)["PolicyNames"]:
            cloud.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)

    def _described(self, cloud: Aws, name: str) -> Params:
        return self._outputs(cloud.call("iam", "get_role", RoleName=name)["Role"])

    @staticmethod
    def _outputs(found: Params) -> Params:
        boundary = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return given(
            arn=found["Arn"],
            name=found["RoleName"],
            path=found["Path"],
            uniqueId=found["RoleId"],
            createDate=rfc3339(found["CreateDate"]),
            description=found.get("Description"),
            maxSessionDuration=found.get("MaxSessionDuration", 3600),
            permissionsBoundary=boundary,
        )


class RolePolicy(AwsHandler):
    token = "aws:iam/rolePolicy:RolePolicy"
    regional = False
    create_only = frozenset({"name", "role"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "RoleName": inputs.text("role", required=True),
            "PolicyName": inputs.name(),
            "PolicyDocument": inputs.document("policy", required=True),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call("iam", "put_role_policy", **wanted)
        role, name = wanted["RoleName"], wanted["PolicyName"]
        with finishing(f"{role}:{name}", {"name": name}):
            cloud.call("iam", "get_role_policy", RoleName=role, PolicyName=name)
        return Created(f"{role}:{name}", {"name": name})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        role, _, name = existing.id.partition(":")
        with absent_is_fine():
            cloud.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        role, _, name = id.partition(":")
        with absent_is_fine():
            found = cloud.call("iam", "get_role_policy", RoleName=role, PolicyName=name)
            return {"role": role, "name": name, "policy": json.dumps(found["PolicyDocument"])}
        return None


class Policy(AwsHandler):
    token = "aws:iam/policy:Policy"
    regional = False
    create_only = frozenset({"name", "path", "description"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(
                PolicyName=inputs.name(),
                Path=inputs.text("path"),
                Description=inputs.text("description"),
                PolicyDocument=inputs.document("policy", required=True),
            ),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        created = cloud.call("iam", "create_policy", **wanted["create"], Tags=upper_tags(wanted["tags"]) or None)["Policy"]
        outputs = {"arn": created["Arn"], "tagsAll": wanted["tags"]}
        with finishing(created["Arn"], outputs):
            outputs |= self._described(cloud, created["Arn"])
        return Created(created["Arn"], outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        arn, document = existing.id, wanted["create"]["PolicyDocument"]
        if not _same_document(document, existing.inputs.get("policy")):
            self._drop_oldest_version(cloud, arn)
            cloud.call("iam", "create_policy_version", PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("iam", "untag_policy", PolicyArn=arn, TagKeys=remove)
        if add:
            cloud.call("iam", "tag_policy", PolicyArn=arn, Tags=upper_tags(add))
        return {**self._described(cloud, arn), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            for version in self._versions(cloud, existing.id):
                if not version["IsDefaultVersion"]:
                    cloud.call("iam", "delete_policy_version", PolicyArn=existing.id, VersionId=version["VersionId"])
            cloud.call("iam", "delete_policy", PolicyArn=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            return {**self._described(cloud, id), "policy": self._document(cloud, id)}
        return None

    @staticmethod
    def _document(cloud: Aws, arn: str) -> str:
        """The document that counts."""
        version = cloud.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return json.dumps(cloud.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])

    @staticmethod
    def _versions(cloud: Aws, arn: str) -> list[Params]:
        return cloud.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]

    def _drop_oldest_version(self, cloud: Aws, arn: str) -> None:
        versions = self._versions(cloud, arn)
        if len(versions) < VERSIONS_OF_A_POLICY:
            return
        oldest = min((each for each in versions if not each["IsDefaultVersion"]), key=lambda each: each["CreateDate"])
        cloud.call("iam", "delete_policy_version", PolicyArn=arn, VersionId=oldest["VersionId"])

    @staticmethod
    def _described(cloud: Aws, arn: str) -> Params:
        found = cloud.call("iam", "get_policy", PolicyArn=arn)["Policy"]
        cloud.call("iam", "get_policy_version", PolicyArn=arn, VersionId=found["DefaultVersionId"])
        return {
            "arn": arn,
            "name": found["PolicyName"],
            "path": found["Path"],
            "policyId": found["PolicyId"],
            "attachmentCount": found.get("AttachmentCount", 0),
            **given(description=found.get("Description")),
        }


def _same_document(one: str, other: str | None) -> bool:
    """The provider compares what documents say, not how they are written."""
    return other is not None and json.loads(one) == json.loads(other)


class RolePolicyAttachment(AwsHandler):
    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    regional = False
    create_only = frozenset({"role", "policyArn"})
    # A new attachment is the same as the old one, which would be deleted last (pulumi-aws, provider/resources.go).
    delete_before_replace = True

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {"RoleName": inputs.text("role", required=True), "PolicyArn": inputs.text("policyArn", required=True)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call("iam", "attach_role_policy", **wanted)
        return Created(f"{wanted['RoleName']}/{wanted['PolicyArn']}", {})

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("iam", "detach_role_policy", RoleName=existing["role"], PolicyArn=existing["policyArn"])

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        role, _, policy = id.partition("/")
        with absent_is_fine():
            attached = cloud.call("iam", "list_attached_role_policies", RoleName=role)["AttachedPolicies"]
            return {"role": role, "policyArn": policy} if policy in {one["PolicyArn"] for one in attached} else None
        return None
