"""AWS resource types: the API calls that the AWS provider makes for each, in its order, including the reads that follow a creation.

Input names are those of pulumi_aws on the wire. What a type's `read` does not name is refused, so an option that the rehearsal does not
carry out cannot be set.
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rehearsal.program.clouds import Aws, AwsError
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, Handler, finishing
from rehearsal.program.inputs import Inputs
from rehearsal.program.wire import UNKNOWN

Params = dict[str, Any]

CLOUD_CONTROL_POLLS = 200
CLOUD_CONTROL_PAUSE_SECONDS = 0.05
VERSIONS_OF_A_POLICY = 5  # IAM quota: versions of a managed policy


@contextmanager
def absent_is_fine() -> Iterator[None]:
    """A resource that is already gone counts as deleted, as it does for the provider."""
    try:
        yield
    except AwsError as error:
        if not error.not_found:
            raise


def lower_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def upper_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def kms_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def given(**values: Any) -> Params:
    """The parameters that have a value."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


class AwsHandler(Handler):
    """A type of resource of AWS. `regional` types take `region`, which overrides the provider's."""

    regional = True

    def tags(self, inputs: Inputs, defaults: Defaults) -> dict[str, str]:
        """The resource's tags over the provider's default tags."""
        return {**defaults.tags, **inputs.mapping("tags")}


def tag_changes(existing: Existing, wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Tags to set and keys to remove."""
    before = existing.get("tagsAll") or {}
    return {key: value for key, value in wanted.items() if before.get(key) != value}, [key for key in before if key not in wanted]


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
        made = cloud.call("kms", "create_key", **wanted["create"], Tags=kms_tags(wanted["tags"]) or None)["KeyMetadata"]
        key = made["KeyId"]
        outputs = {"arn": made["Arn"], "keyId": key, "tagsAll": wanted["tags"]}
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
        try:
            return self._described(cloud, id)
        except AwsError as error:
            if error.not_found:
                return None
            raise

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
            return Created(wanted["name"], self._described(cloud, wanted["name"]))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        cloud.call("kms", "update_alias", AliasName=existing.id, TargetKeyId=wanted["target"])
        return self._described(cloud, existing.id)

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("kms", "delete_alias", AliasName=existing.id)

    @staticmethod
    def _described(cloud: Aws, name: str) -> Params:
        marker = None
        while True:
            page = cloud.call("kms", "list_aliases", Marker=marker)
            for alias in page["Aliases"]:
                if alias["AliasName"] == name:
                    key = alias["TargetKeyId"]
                    arn = alias["AliasArn"]
                    return {"name": name, "arn": arn, "targetKeyArn": f"{arn.rpartition(':')[0]}:key/{key}"}
            marker = page.get("NextMarker")
            if not page.get("Truncated"):
                raise CloudError(f"kms ListAliases: {name} was created but is not listed")


class Domain(AwsHandler):
    token = "aws:codeartifact/domain:Domain"
    create_only = frozenset({"domain", "encryptionKey"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(domain=inputs.text("domain", required=True), encryptionKey=inputs.text("encryptionKey")),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        made = cloud.call("codeartifact", "create_domain", **wanted["create"], tags=lower_tags(wanted["tags"]) or None)["domain"]
        outputs = {"arn": made["arn"], "owner": made["owner"], "tagsAll": wanted["tags"]}
        with finishing(made["arn"], outputs):
            outputs |= self._described(cloud, made["name"], made["owner"])
        return Created(made["arn"], outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        _retag_codeartifact(cloud, existing, wanted["tags"])
        return {**self._described(cloud, existing["domain"], existing["owner"]), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("codeartifact", "delete_domain", domain=existing["domain"], domainOwner=existing["owner"])

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        account, _, name = id.partition(":domain/")
        try:
            return {"domain": name, **self._described(cloud, name, account.rpartition(":")[2])}
        except AwsError as error:
            if error.not_found:
                return None
            raise

    @staticmethod
    def _described(cloud: Aws, name: str, owner: str) -> Params:
        found = cloud.call("codeartifact", "describe_domain", domain=name, domainOwner=owner)["domain"]
        known = {name: found.get(name) for name in ("arn", "owner", "encryptionKey", "s3BucketArn")}
        return given(**known) | {
            "assetSizeBytes": str(found.get("assetSizeBytes", 0)),
            "repositoryCount": found.get("repositoryCount", 0),
            "createdTime": _rfc3339(found["createdTime"]),
        }


class DomainPermissions(AwsHandler):
    token = "aws:codeartifact/domainPermissions:DomainPermissions"
    create_only = frozenset({"domain", "domainOwner"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return given(
            domain=inputs.text("domain", required=True),
            domainOwner=inputs.text("domainOwner"),
            policyDocument=inputs.document("policyDocument", required=True),
            policyRevision=inputs.text("policyRevision"),
        )

    def create(self, cloud: Aws, wanted: Params) -> Created:
        policy = cloud.call("codeartifact", "put_domain_permissions_policy", **wanted)["policy"]
        owner, name = policy["resourceArn"].split(":")[4], wanted["domain"]
        return Created(policy["resourceArn"], {"domain": name, "domainOwner": owner, **_policy_outputs(policy)})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("codeartifact", "delete_domain_permissions_policy", domain=existing["domain"], domainOwner=existing["domainOwner"])


class Repository(AwsHandler):
    token = "aws:codeartifact/repository:Repository"
    create_only = frozenset({"domain", "domainOwner", "repository"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        connection = inputs.object("externalConnections")
        upstreams = [{"repositoryName": each.text("repositoryName", required=True)} for each in inputs.objects("upstreams")]
        return {
            "create": given(
                domain=inputs.text("domain", required=True),
                domainOwner=inputs.text("domainOwner"),
                repository=inputs.text("repository", required=True),
                description=inputs.text("description"),
                upstreams=upstreams,
            ),
            "connection": connection.text("externalConnectionName", required=True) if connection else None,
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        tags = lower_tags(wanted["tags"]) or None
        made = cloud.call("codeartifact", "create_repository", **wanted["create"], tags=tags)["repository"]
        outputs = {"arn": made["arn"], "domainOwner": made["domainOwner"], "tagsAll": wanted["tags"]}
        where = {"domain": made["domainName"], "domainOwner": made["domainOwner"], "repository": made["name"]}
        with finishing(made["arn"], outputs):
            if wanted["connection"]:
                cloud.call("codeartifact", "associate_external_connection", **where, externalConnection=wanted["connection"])
            outputs |= self._described(cloud, where)
        return Created(made["arn"], outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        where = {"domain": existing["domain"], "domainOwner": existing["domainOwner"], "repository": existing["repository"]}
        request = wanted["create"]
        before = (existing.inputs.get("externalConnections") or {}).get("externalConnectionName")
        if before and before != wanted["connection"]:
            cloud.call("codeartifact", "disassociate_external_connection", **where, externalConnection=before)
        upstreams, description = request.get("upstreams", []), request.get("description", "")
        cloud.call("codeartifact", "update_repository", **where, upstreams=upstreams, description=description)
        if wanted["connection"] and before != wanted["connection"]:
            cloud.call("codeartifact", "associate_external_connection", **where, externalConnection=wanted["connection"])
        _retag_codeartifact(cloud, existing, wanted["tags"])
        return {**self._described(cloud, where), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        where = {"domain": existing["domain"], "domainOwner": existing["domainOwner"], "repository": existing["repository"]}
        with absent_is_fine():
            cloud.call("codeartifact", "delete_repository", **where)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        account, _, path = id.partition(":repository/")
        domain, _, name = path.partition("/")
        where = {"domain": domain, "domainOwner": account.rpartition(":")[2], "repository": name}
        try:
            return {"domain": domain, "repository": name, **self._described(cloud, where)}
        except AwsError as error:
            if error.not_found:
                return None
            raise

    @staticmethod
    def _described(cloud: Aws, where: Params) -> Params:
        found = cloud.call("codeartifact", "describe_repository", **where)["repository"]
        connections = found.get("externalConnections") or []
        return {
            "arn": found["arn"],
            "administratorAccount": found["administratorAccount"],
            "domainOwner": found["domainOwner"],
            "upstreams": [{"repositoryName": each["repositoryName"]} for each in found.get("upstreams") or []],
            **({"externalConnections": _connection(connections[0])} if connections else {}),
        }


class RepositoryPermissionsPolicy(AwsHandler):
    token = "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy"
    create_only = frozenset({"domain", "domainOwner", "repository"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return given(
            domain=inputs.text("domain", required=True),
            domainOwner=inputs.text("domainOwner"),
            repository=inputs.text("repository", required=True),
            policyDocument=inputs.document("policyDocument", required=True),
            policyRevision=inputs.text("policyRevision"),
        )

    def create(self, cloud: Aws, wanted: Params) -> Created:
        policy = cloud.call("codeartifact", "put_repository_permissions_policy", **wanted)["policy"]
        return Created(policy["resourceArn"], {"domainOwner": policy["resourceArn"].split(":")[4], **_policy_outputs(policy)})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        where = {"domain": existing["domain"], "domainOwner": existing["domainOwner"], "repository": existing["repository"]}
        with absent_is_fine():
            cloud.call("codeartifact", "delete_repository_permissions_policy", **where)


class OpenIdConnectProvider(AwsHandler):
    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    regional = False
    create_only = frozenset({"url"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "url": inputs.text("url", required=True),
            "clients": inputs.texts("clientIdLists", required=True),
            "thumbprints": inputs.texts("thumbprintLists"),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        made = cloud.call(
            "iam",
            "create_open_id_connect_provider",
            Url=wanted["url"],
            ClientIDList=wanted["clients"],
            ThumbprintList=wanted["thumbprints"] or None,
            Tags=upper_tags(wanted["tags"]) or None,
        )
        arn = made["OpenIDConnectProviderArn"]
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
        try:
            return self._described(cloud, id)
        except AwsError as error:
            if error.not_found:
                return None
            raise

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
        made = cloud.call("iam", "create_role", **wanted["create"], Tags=upper_tags(wanted["tags"]) or None)["Role"]
        outputs = {"arn": made["Arn"], "name": made["RoleName"], "tagsAll": wanted["tags"]}
        with finishing(made["RoleName"], outputs):
            outputs |= self._described(cloud, made["RoleName"])
        return Created(made["RoleName"], outputs)

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
        try:
            return self._described(cloud, id)
        except AwsError as error:
            if error.not_found:
                return None
            raise

    @staticmethod
    def _strip(cloud: Aws, role: str) -> None:
        for policy in cloud.call("iam", "list_attached_role_policies", RoleName=role)["AttachedPolicies"]:
            cloud.call("iam", "detach_role_policy", RoleName=role, PolicyArn=policy["PolicyArn"])
        for name in cloud.call("iam", "list_role_policies", RoleName=role)["PolicyNames"]:
            cloud.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)

    @staticmethod
    def _described(cloud: Aws, name: str) -> Params:
        found = cloud.call("iam", "get_role", RoleName=name)["Role"]
        boundary = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return given(
            arn=found["Arn"],
            name=found["RoleName"],
            path=found["Path"],
            uniqueId=found["RoleId"],
            createDate=_rfc3339(found["CreateDate"]),
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
        made = cloud.call("iam", "create_policy", **wanted["create"], Tags=upper_tags(wanted["tags"]) or None)["Policy"]
        outputs = {"arn": made["Arn"], "tagsAll": wanted["tags"]}
        with finishing(made["Arn"], outputs):
            outputs |= self._described(cloud, made["Arn"])
        return Created(made["Arn"], outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        arn, document = existing.id, wanted["create"]["PolicyDocument"]
        if document != existing.inputs.get("policy"):
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
        try:
            return self._described(cloud, id)
        except AwsError as error:
            if error.not_found:
                return None
            raise

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
        }


class RolePolicyAttachment(AwsHandler):
    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    regional = False
    create_only = frozenset({"role", "policyArn"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {"RoleName": inputs.text("role", required=True), "PolicyArn": inputs.text("policyArn", required=True)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call("iam", "attach_role_policy", **wanted)
        return Created(f"{wanted['RoleName']}/{wanted['PolicyArn']}", {})

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("iam", "detach_role_policy", RoleName=existing["role"], PolicyArn=existing["policyArn"])


class CloudControlResource(AwsHandler):
    """The provider also fetches the type's schema (cloudformation:DescribeType) to tell apart what needs a replacement; that call is not made."""

    token = "aws:cloudcontrol/resource:Resource"
    create_only = frozenset({"typeName", "roleArn", "typeVersionId"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return given(
            TypeName=inputs.text("typeName", required=True),
            DesiredState=inputs.document("desiredState", required=True),
            RoleArn=inputs.text("roleArn"),
            TypeVersionId=inputs.text("typeVersionId"),
        )

    def create(self, cloud: Aws, wanted: Params) -> Created:
        progress = self._finished(cloud, cloud.call("cloudcontrol", "create_resource", **wanted)["ProgressEvent"])
        identifier = progress["Identifier"]
        with finishing(identifier, {}):
            return Created(identifier, self._described(cloud, wanted["TypeName"], identifier))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        before, after = json.loads(existing["desiredState"]), json.loads(wanted["DesiredState"])
        patch = json.dumps(json_patch(before, after))
        answer = cloud.call("cloudcontrol", "update_resource", TypeName=wanted["TypeName"], Identifier=existing.id, PatchDocument=patch)
        self._finished(cloud, answer["ProgressEvent"])
        return self._described(cloud, wanted["TypeName"], existing.id)

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            answer = cloud.call("cloudcontrol", "delete_resource", TypeName=existing["typeName"], Identifier=existing.id)
            self._finished(cloud, answer["ProgressEvent"])

    @staticmethod
    def _described(cloud: Aws, type_name: str, identifier: str) -> Params:
        found = cloud.call("cloudcontrol", "get_resource", TypeName=type_name, Identifier=identifier)
        return {"properties": found["ResourceDescription"]["Properties"]}

    @staticmethod
    def _finished(cloud: Aws, progress: Params) -> Params:
        for _ in range(CLOUD_CONTROL_POLLS):
            status = progress["OperationStatus"]
            if status == "SUCCESS":
                return progress
            if status in ("FAILED", "CANCEL_COMPLETE"):
                raise CloudError(f"cloudcontrol {progress['TypeName']}: {progress.get('ErrorCode')}: {progress.get('StatusMessage')}")
            time.sleep(CLOUD_CONTROL_PAUSE_SECONDS)
            answer = cloud.call("cloudcontrol", "get_resource_request_status", RequestToken=progress["RequestToken"])
            progress = answer["ProgressEvent"]
        raise CloudError(f"cloudcontrol {progress['TypeName']}: still {progress['OperationStatus']}")


def json_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The RFC 6902 operations that turn the members of one object into those of another."""
    gone = [{"op": "remove", "path": f"/{_pointer(key)}"} for key in before if key not in after]
    changed = [
        {"op": "replace" if key in before else "add", "path": f"/{_pointer(key)}", "value": value}
        for key, value in after.items()
        if before.get(key) != value
    ]
    return gone + changed


class Topic(AwsHandler):
    token = "aws:sns/topic:Topic"
    create_only = frozenset({"name"})
    attributes = (("displayName", "DisplayName"), ("kmsMasterKeyId", "KmsMasterKeyId"), ("tracingConfig", "TracingConfig"))

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        attributes = given(**{theirs: inputs.text(ours) for ours, theirs in self.attributes})
        documents = given(Policy=inputs.document("policy"), DeliveryPolicy=inputs.document("deliveryPolicy"))
        return {"Name": inputs.name(), "Attributes": attributes | documents, "tags": self.tags(inputs, defaults)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        tags = upper_tags(wanted["tags"]) or None
        arn = cloud.call("sns", "create_topic", Name=wanted["Name"], Attributes=wanted["Attributes"], Tags=tags)["TopicArn"]
        with finishing(arn, {"arn": arn}):
            return Created(arn, {**self._described(cloud, arn), "tagsAll": wanted["tags"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        for name, value in wanted["Attributes"].items():
            cloud.call("sns", "set_topic_attributes", TopicArn=existing.id, AttributeName=name, AttributeValue=value)
        for ours, theirs in self.attributes:
            if existing.inputs.get(ours) and theirs not in wanted["Attributes"]:
                cloud.call("sns", "set_topic_attributes", TopicArn=existing.id, AttributeName=theirs, AttributeValue="")
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("sns", "untag_resource", ResourceArn=existing.id, TagKeys=remove)
        if add:
            cloud.call("sns", "tag_resource", ResourceArn=existing.id, Tags=upper_tags(add))
        return {**self._described(cloud, existing.id), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sns", "delete_topic", TopicArn=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        try:
            return self._described(cloud, id)
        except AwsError as error:
            if error.not_found:
                return None
            raise

    def _described(self, cloud: Aws, arn: str) -> Params:
        found = cloud.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
        return given(
            arn=arn,
            name=arn.rpartition(":")[2],
            owner=found.get("Owner"),
            policy=found.get("Policy"),
            **{ours: found.get(theirs) for ours, theirs in self.attributes},
        )


class TopicPolicy(AwsHandler):
    token = "aws:sns/topicPolicy:TopicPolicy"
    create_only = frozenset({"arn"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {"arn": inputs.text("arn", required=True), "policy": inputs.document("policy", required=True)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        arn = wanted["arn"]
        cloud.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=wanted["policy"])
        with finishing(arn, {}):
            owner = cloud.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"].get("Owner")
        return Created(arn, given(owner=owner))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        """The provider cannot remove a topic's policy: it puts back the one that a new topic has."""
        arn = existing["arn"]
        account = arn.split(":")[4]
        actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe")
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in (*actions, "ListSubscriptionsByTopic", "Publish")],
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
        }
        policy = json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
        with absent_is_fine():
            cloud.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(AwsHandler):
    token = "aws:sns/topicSubscription:TopicSubscription"
    create_only = frozenset({"endpoint", "protocol", "topic"})
    documents = (
        ("deliveryPolicy", "DeliveryPolicy"),
        ("filterPolicy", "FilterPolicy"),
        ("redrivePolicy", "RedrivePolicy"),
        ("replayPolicy", "ReplayPolicy"),
    )
    texts = (("filterPolicyScope", "FilterPolicyScope"), ("subscriptionRoleArn", "SubscriptionRoleArn"))

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        attributes = given(
            **{theirs: inputs.document(ours) for ours, theirs in self.documents},
            **{theirs: inputs.text(ours) for ours, theirs in self.texts},
            RawMessageDelivery="true" if inputs.flag("rawMessageDelivery") else None,
        )
        if inputs.flag("endpointAutoConfirms"):
            inputs.refuse("endpointAutoConfirms", "is not supported by the rehearsal: it would have to wait for the endpoint")
        return {
            "TopicArn": inputs.text("topic", required=True),
            "Protocol": inputs.text("protocol", required=True),
            "Endpoint": inputs.text("endpoint", required=True),
            "Attributes": attributes,
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        arn = cloud.call("sns", "subscribe", **wanted, ReturnSubscriptionArn=True)["SubscriptionArn"]
        with finishing(arn, {"arn": arn}):
            return Created(arn, self._described(cloud, arn))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        for ours, theirs in (*self.documents, *self.texts, ("rawMessageDelivery", "RawMessageDelivery")):
            value = wanted["Attributes"].get(theirs)
            if value is None and existing.inputs.get(ours):
                value = "false" if theirs == "RawMessageDelivery" else ""
            if value is not None:
                cloud.call("sns", "set_subscription_attributes", SubscriptionArn=existing.id, AttributeName=theirs, AttributeValue=value)
        return self._described(cloud, existing.id)

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sns", "unsubscribe", SubscriptionArn=existing.id)

    @staticmethod
    def _described(cloud: Aws, arn: str) -> Params:
        found = cloud.call("sns", "get_subscription_attributes", SubscriptionArn=arn)["Attributes"]
        return given(arn=arn, ownerId=found.get("Owner")) | {
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated") == "true",
        }


class Queue(AwsHandler):
    token = "aws:sqs/queue:Queue"
    create_only = frozenset({"name"})
    numbers = (
        ("delaySeconds", "DelaySeconds"),
        ("kmsDataKeyReusePeriodSeconds", "KmsDataKeyReusePeriodSeconds"),
        ("maxMessageSize", "MaximumMessageSize"),
        ("messageRetentionSeconds", "MessageRetentionPeriod"),
        ("receiveWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds"),
        ("visibilityTimeoutSeconds", "VisibilityTimeout"),
    )
    documents = (("policy", "Policy"), ("redrivePolicy", "RedrivePolicy"), ("redriveAllowPolicy", "RedriveAllowPolicy"))

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        managed = inputs.flag("sqsManagedSseEnabled")
        attributes = given(
            **{theirs: _digits(inputs.integer(ours)) for ours, theirs in self.numbers},
            **{theirs: inputs.document(ours) for ours, theirs in self.documents},
            KmsMasterKeyId=inputs.text("kmsMasterKeyId"),
            SqsManagedSseEnabled=None if managed is None else str(managed).lower(),
        )
        return {"QueueName": inputs.name(), "Attributes": attributes, "tags": self.tags(inputs, defaults)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        name, attributes, tags = wanted["QueueName"], wanted["Attributes"], wanted["tags"]
        url = cloud.call("sqs", "create_queue", QueueName=name, Attributes=attributes, tags=tags or None)["QueueUrl"]
        with finishing(url, {"url": url, "name": name}):
            return Created(url, {**self._described(cloud, url, name), "tagsAll": tags})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        cloud.call("sqs", "set_queue_attributes", QueueUrl=existing.id, Attributes=wanted["Attributes"])
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("sqs", "untag_queue", QueueUrl=existing.id, TagKeys=remove)
        if add:
            cloud.call("sqs", "tag_queue", QueueUrl=existing.id, Tags=add)
        return {**self._described(cloud, existing.id, existing["name"]), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sqs", "delete_queue", QueueUrl=existing.id)

    @staticmethod
    def _described(cloud: Aws, url: str, name: str) -> Params:
        found = cloud.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return given(url=url, name=name, arn=found["QueueArn"], kmsMasterKeyId=found.get("KmsMasterKeyId"))


class QueuePolicy(AwsHandler):
    token = "aws:sqs/queuePolicy:QueuePolicy"
    create_only = frozenset({"queueUrl"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {"url": inputs.text("queueUrl", required=True), "policy": inputs.document("policy", required=True)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        cloud.call("sqs", "set_queue_attributes", QueueUrl=wanted["url"], Attributes={"Policy": wanted["policy"]})
        return Created(wanted["url"], {})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sqs", "set_queue_attributes", QueueUrl=existing.id, Attributes={"Policy": ""})


class EventRule(AwsHandler):
    token = "aws:cloudwatch/eventRule:EventRule"
    create_only = frozenset({"name", "eventBusName"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        enabled, state = inputs.flag("isEnabled"), inputs.text("state", choices=("ENABLED", "DISABLED"))
        pattern, schedule = inputs.document("eventPattern"), inputs.text("scheduleExpression")
        if not (pattern or schedule):
            inputs.refuse("eventPattern", "or scheduleExpression is required")
        return {
            "put": given(
                Name=inputs.name(),
                EventBusName=inputs.text("eventBusName"),
                EventPattern=pattern,
                ScheduleExpression=schedule,
                Description=inputs.text("description"),
                RoleArn=inputs.text("roleArn"),
                State=state or ("DISABLED" if enabled is False else "ENABLED"),
            ),
            "force": inputs.flag("forceDestroy") or False,
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        request = wanted["put"]
        cloud.call("events", "put_rule", **request, Tags=upper_tags(wanted["tags"]) or None)
        name, bus = request["Name"], request.get("EventBusName", "default")
        id = name if bus == "default" else f"{bus}/{name}"
        with finishing(id, {"name": name, "eventBusName": bus}):
            return Created(id, {**self._described(cloud, name, bus), "tagsAll": wanted["tags"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        cloud.call("events", "put_rule", **wanted["put"])
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("events", "untag_resource", ResourceARN=existing["arn"], TagKeys=remove)
        if add:
            cloud.call("events", "tag_resource", ResourceARN=existing["arn"], Tags=upper_tags(add))
        return {**self._described(cloud, existing["name"], existing["eventBusName"]), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        force = True if existing.inputs.get("forceDestroy") else None
        with absent_is_fine():
            cloud.call("events", "delete_rule", Name=existing["name"], EventBusName=existing["eventBusName"], Force=force)

    @staticmethod
    def _described(cloud: Aws, name: str, bus: str) -> Params:
        found = cloud.call("events", "describe_rule", Name=name, EventBusName=bus)
        return {"name": name, "eventBusName": bus, "arn": found["Arn"], "state": found["State"], "isEnabled": found["State"] == "ENABLED"}


class EventTarget(AwsHandler):
    token = "aws:cloudwatch/eventTarget:EventTarget"
    create_only = frozenset({"rule", "eventBusName", "targetId"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        transformer, retry = inputs.object("inputTransformer"), inputs.object("retryPolicy")
        dead_letter, queue = inputs.object("deadLetterConfig"), inputs.object("sqsTarget")
        chosen = [key for key in ("input", "inputPath", "inputTransformer") if inputs.has(key)]
        if len(chosen) > 1:
            inputs.refuse(chosen[1], f"conflicts with {chosen[0]}")
        target = given(
            Id=inputs.text("targetId"),
            Arn=inputs.text("arn", required=True),
            RoleArn=inputs.text("roleArn"),
            Input=inputs.text("input"),
            InputPath=inputs.text("inputPath"),
            InputTransformer=transformer and _transformer(transformer),
            DeadLetterConfig=dead_letter and given(Arn=dead_letter.text("arn")),
            SqsParameters=queue and given(MessageGroupId=queue.text("messageGroupId")),
        )
        if retry:
            target["RetryPolicy"] = {
                key: value
                for key, value in (
                    ("MaximumEventAgeInSeconds", retry.integer("maximumEventAgeInSeconds")),
                    ("MaximumRetryAttempts", retry.integer("maximumRetryAttempts")),
                )
                if value is not None
            }
        return {"rule": inputs.text("rule", required=True), "bus": inputs.text("eventBusName") or "default", "target": target}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        target = {"Id": f"terraform-{secrets.token_hex(13)}", **wanted["target"]}
        self._put(cloud, wanted["rule"], wanted["bus"], target)
        return Created(f"{wanted['rule']}-{target['Id']}", {"targetId": target["Id"], "eventBusName": wanted["bus"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        self._put(cloud, wanted["rule"], wanted["bus"], {"Id": existing["targetId"], **wanted["target"]})
        return {}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        rule, bus, target = existing["rule"], existing["eventBusName"], existing["targetId"]
        with absent_is_fine():
            _check_entries(cloud.call("events", "remove_targets", Rule=rule, EventBusName=bus, Ids=[target]))

    @staticmethod
    def _put(cloud: Aws, rule: str, bus: str, target: Params) -> None:
        _check_entries(cloud.call("events", "put_targets", Rule=rule, EventBusName=bus, Targets=[target]))


def _transformer(inputs: Inputs) -> Params:
    return given(InputPathsMap=inputs.mapping("inputPaths"), InputTemplate=inputs.text("inputTemplate", required=True))


def _check_entries(answer: Params) -> None:
    """PutTargets and RemoveTargets answer 200 and say inside what failed."""
    if answer.get("FailedEntryCount"):
        failed = answer["FailedEntries"][0]
        raise CloudError(f"events: {failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")


def _retag_codeartifact(cloud: Aws, existing: Existing, wanted: Mapping[str, str]) -> None:
    add, remove = tag_changes(existing, wanted)
    if remove:
        cloud.call("codeartifact", "untag_resource", resourceArn=existing["arn"], tagKeys=remove)
    if add:
        cloud.call("codeartifact", "tag_resource", resourceArn=existing["arn"], tags=lower_tags(add))


def _connection(found: Params) -> Params:
    return given(
        externalConnectionName=found.get("externalConnectionName"), packageFormat=found.get("packageFormat"), status=found.get("status")
    )


def _policy_outputs(policy: Params) -> Params:
    return {"resourceArn": policy["resourceArn"], "policyRevision": policy["revision"]}


def _digits(value: int | None) -> str | None:
    return None if value is None else str(value)


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _rfc3339(moment: Any) -> str:
    return moment.isoformat().replace("+00:00", "Z") if hasattr(moment, "isoformat") else str(moment)


HANDLERS: dict[str, AwsHandler] = {
    kind.token: kind()
    for kind in (
        Key,
        Alias,
        Domain,
        DomainPermissions,
        Repository,
        RepositoryPermissionsPolicy,
        OpenIdConnectProvider,
        Role,
        RolePolicy,
        Policy,
        RolePolicyAttachment,
        CloudControlResource,
        Topic,
        TopicPolicy,
        TopicSubscription,
        Queue,
        QueuePolicy,
        EventRule,
        EventTarget,
    )
}
