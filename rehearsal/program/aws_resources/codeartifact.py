"""CodeArtifact: domains, repositories and their policies."""

from collections.abc import Mapping

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, lower_tags, rfc3339, tag_changes
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import Created, Defaults, Existing, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs


class Domain(AwsHandler):
    token = "aws:codeartifact/domain:Domain"
    create_only = frozenset({"domain", "encryptionKey"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        return {
            "create": given(domain=inputs.text("domain", required=True), encryptionKey=inputs.text("encryptionKey")),
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        created = cloud.call("codeartifact", "create_domain", **wanted["create"], tags=lower_tags(wanted["tags"]) or None)["domain"]
        outputs = {"arn": created["arn"], "owner": created["owner"], "tagsAll": wanted["tags"]}
        with finishing(created["arn"], outputs):
            outputs |= self._described(cloud, created["name"], created["owner"])
        return Created(created["arn"], outputs)

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        _retag_codeartifact(cloud, existing, wanted["tags"])
        return {**self._described(cloud, existing["domain"], existing["owner"]), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("codeartifact", "delete_domain", domain=existing["domain"], domainOwner=existing["owner"])

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        account, _, name = id.partition(":domain/")
        with absent_is_fine():
            return {"domain": name, **self._described(cloud, name, account.rpartition(":")[2])}
        return None

    @staticmethod
    def _described(cloud: Aws, name: str, owner: str) -> Params:
        found = cloud.call("codeartifact", "describe_domain", domain=name, domainOwner=owner)["domain"]
        known = {name: found.get(name) for name in ("arn", "owner", "encryptionKey", "s3BucketArn")}
        return given(**known) | {
            "assetSizeBytes": str(found.get("assetSizeBytes", 0)),
            "repositoryCount": found.get("repositoryCount", 0),
            "createdTime": rfc3339(found["createdTime"]),
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

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        account, _, name = id.partition(":domain/")
        where = {"domain": name, "domainOwner": account.rpartition(":")[2]}
        with absent_is_fine():
            policy = cloud.call("codeartifact", "get_domain_permissions_policy", **where)["policy"]
            return {**where, "policyDocument": policy["document"], **_policy_outputs(policy)}
        return None


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
        created = cloud.call("codeartifact", "create_repository", **wanted["create"], tags=tags)["repository"]
        outputs = {"arn": created["arn"], "domainOwner": created["domainOwner"], "tagsAll": wanted["tags"]}
        where = {"domain": created["domainName"], "domainOwner": created["domainOwner"], "repository": created["name"]}
        with finishing(created["arn"], outputs):
            if wanted["connection"]:
                cloud.call("codeartifact", "associate_external_connection", **where, externalConnection=wanted["connection"])
            outputs |= self._described(cloud, where)
        return Created(created["arn"], outputs)

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
        where = _repository_of(id)
        with absent_is_fine():
            return {"externalConnections": None, **where, **self._described(cloud, where)}
        return None

    @staticmethod
    def _described(cloud: Aws, where: Params) -> Params:
        found = cloud.call("codeartifact", "describe_repository", **where)["repository"]
        connections = found.get("externalConnections") or []
        return {
            "arn": found["arn"],
            "administratorAccount": found["administratorAccount"],
            "domainOwner": found["domainOwner"],
            **given(description=found.get("description")),
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

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        where = _repository_of(id)
        with absent_is_fine():
            policy = cloud.call("codeartifact", "get_repository_permissions_policy", **where)["policy"]
            return {**where, "policyDocument": policy["document"], **_policy_outputs(policy)}
        return None


def _retag_codeartifact(cloud: Aws, existing: Existing, wanted: Mapping[str, str]) -> None:
    add, remove = tag_changes(existing, wanted)
    if remove:
        cloud.call("codeartifact", "untag_resource", resourceArn=existing["arn"], tagKeys=remove)
    if add:
        cloud.call("codeartifact", "tag_resource", resourceArn=existing["arn"], tags=lower_tags(add))


def _repository_of(arn: str) -> Params:
    account, _, path = arn.partition(":repository/")
    domain, _, name = path.partition("/")
    return {"domain": domain, "domainOwner": account.rpartition(":")[2], "repository": name}


def _connection(found: Params) -> Params:
    return given(
        externalConnectionName=found.get("externalConnectionName"), packageFormat=found.get("packageFormat"), status=found.get("status")
    )


def _policy_outputs(policy: Params) -> Params:
    return {"resourceArn": policy["resourceArn"], "policyRevision": policy["revision"]}
