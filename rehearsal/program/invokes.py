"""The provider functions that the program calls, answered by the local cloud.

Results have the names that pulumi_aws and pulumi_github expect on the wire.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from rehearsal.program.aws_resources.common import rfc3339
from rehearsal.program.clouds import Aws, Github
from rehearsal.program.github_resources import go_time
from rehearsal.program.handlers import CloudError, absent_is_fine
from rehearsal.program.inputs import Inputs

Answer = dict[str, Any]

DNS_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}


def _caller_identity(aws: Aws, inputs: Inputs) -> Answer:
    inputs.check()
    found = aws.call("sts", "get_caller_identity")
    return {"accountId": found["Account"], "arn": found["Arn"], "userId": found["UserId"], "id": found["Account"]}


def _partition(aws: Aws, inputs: Inputs) -> Answer:
    inputs.check()
    partition = aws.partition()
    if partition not in DNS_SUFFIXES:
        raise CloudError(f"the rehearsal does not know the DNS suffix of partition {partition}")
    suffix = DNS_SUFFIXES[partition]
    return {"partition": partition, "id": partition, "dnsSuffix": suffix, "reverseDnsPrefix": ".".join(reversed(suffix.split(".")))}


def _open_id_connect_provider(aws: Aws, inputs: Inputs) -> Answer:
    arn, url = inputs.text("arn"), inputs.text("url")
    if bool(arn) == bool(url):
        inputs.refuse("arn", "or url: exactly one of them is required")
    inputs.check()
    if url:
        arn = _provider_arn(aws, url)
    found = aws.call("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    return {
        "arn": arn,
        "id": arn,
        "url": found["Url"].removeprefix("https://"),
        "clientIdLists": found.get("ClientIDList", []),
        "thumbprintLists": found.get("ThumbprintList", []),
        "tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
    }


def _provider_arn(aws: Aws, url: str) -> str:
    """The provider lists all and compares the URL's host and path, which is what an ARN ends with."""
    wanted = url.removeprefix("https://")
    for each in aws.call("iam", "list_open_id_connect_providers")["OpenIDConnectProviderList"]:
        if each["Arn"].partition("/")[2] == wanted:
            return each["Arn"]
    raise CloudError(f"finding IAM OIDC Provider by url ({url}): couldn't find resource")


def _role(aws: Aws, inputs: Inputs) -> Answer:
    name = inputs.text("name", required=True)
    inputs.mapping("tags")
    inputs.check()
    found = aws.call("iam", "get_role", RoleName=name)["Role"]
    return {
        "id": found["RoleName"],
        "name": found["RoleName"],
        "arn": found["Arn"],
        "path": found["Path"],
        "uniqueId": found["RoleId"],
        "description": found.get("Description", ""),
        "assumeRolePolicy": json.dumps(found["AssumeRolePolicyDocument"], separators=(",", ":")),
        "createDate": rfc3339(found["CreateDate"]),
        "maxSessionDuration": found.get("MaxSessionDuration", 3600),
        "permissionsBoundary": (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""),
        "roleLastUseds": [],
        "tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
    }


def _role_policies(aws: Aws, inputs: Inputs) -> Answer:
    name = inputs.text("roleName", required=True)
    inputs.check()
    return {"id": name, "roleName": name, "policyNames": aws.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]}


def _role_policy_attachments(aws: Aws, inputs: Inputs) -> Answer:
    name, prefix = inputs.text("roleName", required=True), inputs.text("pathPrefix")
    inputs.check()
    found = aws.call("iam", "list_attached_role_policies", RoleName=name, PathPrefix=prefix)["AttachedPolicies"]
    listed = [{"policyArn": one["PolicyArn"], "policyName": one["PolicyName"]} for one in found]
    return {"id": name, "roleName": name, "pathPrefix": prefix, "attachedPolicies": listed}


def _policy(aws: Aws, inputs: Inputs) -> Answer:
    """By ARN; to find one by name is not the rehearsal's."""
    arn = inputs.text("arn", required=True)
    inputs.mapping("tags")
    inputs.check()
    found = aws.call("iam", "get_policy", PolicyArn=arn)["Policy"]
    version = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    return {
        "id": arn,
        "arn": arn,
        "name": found["PolicyName"],
        "path": found["Path"],
        "policyId": found["PolicyId"],
        "description": found.get("Description", ""),
        "attachmentCount": found["AttachmentCount"],
        "policy": _text(version["Document"]),
        "tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
    }


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))


def _identity_center_instances(aws: Aws, inputs: Inputs) -> Answer:
    aws = aws.in_region(inputs.text("region"))
    inputs.check()
    found = aws.call("sso-admin", "list_instances")["Instances"]
    return {
        "id": aws.region,
        "arns": [each["InstanceArn"] for each in found],
        "identityStoreIds": [each["IdentityStoreId"] for each in found],
        "region": aws.region,
    }


def _identity_store_group(aws: Aws, inputs: Inputs) -> Answer:
    """By id, or by display name; other ways to name a group are not the rehearsal's."""
    aws = aws.in_region(inputs.text("region"))
    store, group = inputs.text("identityStoreId", required=True), inputs.text("groupId")
    alternate = inputs.object("alternateIdentifier")
    unique = alternate.object("uniqueAttribute") if alternate else None
    attribute = {
        "AttributePath": unique.text("attributePath", required=True, choices=["DisplayName"]) if unique else None,
        "AttributeValue": unique.text("attributeValue", required=True) if unique else None,
    }
    if bool(group) == bool(unique):
        inputs.refuse("groupId", "or alternateIdentifier.uniqueAttribute: exactly one of them is required")
    inputs.check()
    if unique:
        found = aws.call("identitystore", "get_group_id", IdentityStoreId=store, AlternateIdentifier={"UniqueAttribute": attribute})
        group = found["GroupId"]
    described = aws.call("identitystore", "describe_group", IdentityStoreId=store, GroupId=group)
    return {
        "id": group,
        "groupId": group,
        "identityStoreId": store,
        "displayName": described["DisplayName"],
        "description": described.get("Description", ""),
        "externalIds": [],
        "region": aws.region,
    }


def _repository_endpoint(aws: Aws, inputs: Inputs) -> Answer:
    aws = aws.in_region(inputs.text("region"))
    domain, repository = inputs.text("domain", required=True), inputs.text("repository", required=True)
    format_, owner = inputs.text("format", required=True), inputs.text("domainOwner")
    inputs.check()
    owner = owner or aws.account()
    found = aws.call("codeartifact", "get_repository_endpoint", domain=domain, domainOwner=owner, repository=repository, format=format_)
    id = f"arn:{aws.partition()}:codeartifact:{aws.region}:{owner}:repository/{domain}/{repository}"
    answer = {"domain": domain, "domainOwner": owner, "repository": repository, "format": format_, "region": aws.region}
    return {**answer, "repositoryEndpoint": found["repositoryEndpoint"], "id": f"{id}:{format_}"}


def _kms_key(aws: Aws, inputs: Inputs) -> Answer:
    aws = aws.in_region(inputs.text("region"))
    key, grants = inputs.text("keyId", required=True), inputs.texts("grantTokens")
    inputs.check()
    found = aws.call("kms", "describe_key", KeyId=key, GrantTokens=grants or None)["KeyMetadata"]
    return {
        "id": found["KeyId"],
        "keyId": key,
        "arn": found["Arn"],
        "awsAccountId": found.get("AWSAccountId"),
        "description": found.get("Description", ""),
        "enabled": found["Enabled"],
        "keyManager": found.get("KeyManager"),
        "keySpec": found.get("KeySpec"),
        "keyState": found["KeyState"],
        "keyUsage": found.get("KeyUsage"),
        "multiRegion": found.get("MultiRegion", False),
        "origin": found.get("Origin"),
        "customerMasterKeySpec": found.get("CustomerMasterKeySpec"),
        "region": aws.region,
    }


def _kms_alias(aws: Aws, inputs: Inputs) -> Answer:
    aws = aws.in_region(inputs.text("region"))
    name = inputs.text("name", required=True)
    inputs.check()
    marker = None
    while True:
        page = aws.call("kms", "list_aliases", Marker=marker)
        for alias in page["Aliases"]:
            if alias["AliasName"] == name:
                key = aws.call("kms", "describe_key", KeyId=alias["TargetKeyId"])["KeyMetadata"]
                arn = alias["AliasArn"]
                return {"id": arn, "arn": arn, "name": name, "targetKeyId": key["KeyId"], "targetKeyArn": key["Arn"], "region": aws.region}
        marker = page.get("NextMarker")
        if not page.get("Truncated"):
            raise CloudError(f"reading KMS Alias ({name}): couldn't find resource")


def _cloudcontrol_resource(aws: Aws, inputs: Inputs) -> Answer:
    """A resource of any type, which CloudControl's handler reads with the caller's rights."""
    aws = aws.in_region(inputs.text("region"))
    type_name, identifier = inputs.text("typeName", required=True), inputs.text("identifier", required=True) or ""
    inputs.check()
    found = None
    with absent_is_fine():
        if type_name == "AWS::IAM::RolePolicy":
            name, _, role = identifier.partition("|")
            policy = aws.call("iam", "get_role_policy", RoleName=role, PolicyName=name)
            found = json.dumps({"PolicyName": name, "RoleName": role, "PolicyDocument": policy["PolicyDocument"]})
        else:
            described = aws.call("cloudcontrol", "get_resource", TypeName=type_name, Identifier=identifier)["ResourceDescription"]
            found = described["Properties"]
    if found is None:
        raise CloudError(f"reading Cloud Control API ({type_name}) Resource ({identifier}): couldn't find resource")
    return {"id": identifier, "identifier": identifier, "typeName": type_name, "properties": found, "region": aws.region}


def _sns_topic(aws: Aws, inputs: Inputs) -> Answer:
    """The provider lists all and compares names."""
    aws = aws.in_region(inputs.text("region"))
    name = inputs.text("name", required=True)
    inputs.mapping("tags")
    inputs.check()
    token = None
    while True:
        page = aws.call("sns", "list_topics", NextToken=token)
        for topic in page["Topics"]:
            if topic["TopicArn"].rpartition(":")[2] == name:
                return {"id": topic["TopicArn"], "arn": topic["TopicArn"], "name": name, "tags": {}, "region": aws.region}
        token = page.get("NextToken")
        if not token:
            raise CloudError(f"reading SNS Topic ({name}): couldn't find resource")


def _sqs_queue(aws: Aws, inputs: Inputs) -> Answer:
    aws = aws.in_region(inputs.text("region"))
    name = inputs.text("name", required=True)
    inputs.mapping("tags")
    inputs.check()
    url = None
    with absent_is_fine():
        url = aws.call("sqs", "get_queue_url", QueueName=name)["QueueUrl"]
    if url is None:
        raise CloudError(f"reading SQS Queue ({name}) URL: couldn't find resource")
    arn = f"arn:{aws.partition()}:sqs:{aws.region}:{aws.account()}:{name}"
    return {"id": url, "url": url, "arn": arn, "name": name, "tags": {}, "region": aws.region}


def _permission_set(aws: Aws, inputs: Inputs) -> Answer:
    """By name: the provider lists all of the instance and describes one after the other until it has that name."""
    aws = aws.in_region(inputs.text("region"))
    instance, name = inputs.text("instanceArn", required=True), inputs.text("name", required=True)
    inputs.mapping("tags")
    inputs.check()
    token = None
    while True:
        page = aws.call("sso-admin", "list_permission_sets", InstanceArn=instance, NextToken=token)
        for arn in page["PermissionSets"]:
            found = aws.call("sso-admin", "describe_permission_set", InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
            if found["Name"] == name:
                shown = {"id": arn, "arn": arn, "instanceArn": instance, "name": name, "region": aws.region, "tags": {}}
                return {**shown, "description": found.get("Description", ""), "createdDate": rfc3339(found["CreatedDate"])}
        token = page.get("NextToken")
        if not token:
            raise CloudError(f"reading SSO Permission Set ({name}): couldn't find resource")


def _organization(github: Github, inputs: Inputs) -> Answer:
    name, summary = inputs.text("name", required=True), inputs.flag("summaryOnly")
    inputs.flag("ignoreArchivedRepos")
    if not summary:
        inputs.refuse("summaryOnly", "must be true: without it every member and repository is paged, which the rehearsal does not do")
    inputs.check()
    found = github.call("GET", "orgs", str(name))
    return {
        "id": str(found["id"]),
        "login": found["login"],
        "name": found.get("name") or "",
        "orgname": name,
        "nodeId": found.get("node_id", ""),
        "description": found.get("description") or "",
        "plan": (found.get("plan") or {}).get("name", ""),
        "summaryOnly": True,
    }


REPOSITORY_FIELDS = {
    "name": "name",
    "description": "description",
    "homepageUrl": "homepage",
    "private": "private",
    "visibility": "visibility",
    "hasIssues": "has_issues",
    "hasDiscussions": "has_discussions",
    "hasWiki": "has_wiki",
    "hasProjects": "has_projects",
    "hasDownloads": "has_downloads",
    "isTemplate": "is_template",
    "fork": "fork",
    "allowMergeCommit": "allow_merge_commit",
    "allowSquashMerge": "allow_squash_merge",
    "allowRebaseMerge": "allow_rebase_merge",
    "allowAutoMerge": "allow_auto_merge",
    "allowForking": "allow_forking",
    "allowUpdateBranch": "allow_update_branch",
    "squashMergeCommitTitle": "squash_merge_commit_title",
    "squashMergeCommitMessage": "squash_merge_commit_message",
    "mergeCommitTitle": "merge_commit_title",
    "mergeCommitMessage": "merge_commit_message",
    "fullName": "full_name",
    "defaultBranch": "default_branch",
    "primaryLanguage": "language",
    "htmlUrl": "html_url",
    "sshCloneUrl": "ssh_url",
    "svnUrl": "svn_url",
    "gitCloneUrl": "git_url",
    "httpCloneUrl": "clone_url",
    "archived": "archived",
    "nodeId": "node_id",
    "repoId": "id",
    "deleteBranchOnMerge": "delete_branch_on_merge",
    "topics": "topics",
}
REPOSITORY_FLAGS = {name for name in REPOSITORY_FIELDS if name.startswith(("has", "allow", "is"))} | {
    "private",
    "fork",
    "archived",
    "deleteBranchOnMerge",
}


def _repository(github: Github, inputs: Inputs) -> Answer:
    """A repository that is missing or not visible gives an answer without any field and no error, as the provider does."""
    owner, name = _owner_and_name(github, inputs)
    for unused in ("description", "homepageUrl"):
        inputs.text(unused)
    inputs.check()
    found = None
    with absent_is_fine():
        found = github.call("GET", "repos", owner, name)
    if found is None:
        return {}
    answer = {ours: found.get(theirs) for ours, theirs in REPOSITORY_FIELDS.items()}
    for ours, value in answer.items():
        if value is None:
            answer[ours] = False if ours in REPOSITORY_FLAGS else [] if ours == "topics" else ""
    return {**answer, "id": name, "pages": [], "repositoryLicenses": [], "templates": []}


def _team(github: Github, inputs: Inputs) -> Answer:
    slug, summary = inputs.text("slug", required=True), inputs.flag("summaryOnly")
    inputs.text("membershipType")
    inputs.integer("resultsPerPage")
    if not summary:
        inputs.refuse("summaryOnly", "must be true: without it every member and repository is paged, which the rehearsal does not do")
    inputs.check()
    found = github.call("GET", "orgs", github.owner, "teams", str(slug))
    return {
        "id": str(found["id"]),
        "slug": found["slug"],
        "name": found["name"],
        "nodeId": found.get("node_id", ""),
        "description": found.get("description") or "",
        "privacy": found.get("privacy", ""),
        "permission": found.get("permission", ""),
        "notificationSetting": found.get("notification_setting", ""),
        "members": [],
        "repositories": [],
        "repositoriesDetaileds": [],
        "summaryOnly": True,
    }


def _actions_variables(github: Github, inputs: Inputs) -> Answer:
    owner, name = _owner_and_name(github, inputs)
    inputs.check()
    found = github.pages("repos", owner, name, "actions", "variables", member="variables")
    variables = [
        {
            "name": each["name"],
            "value": each["value"],
            "createdAt": go_time(each.get("created_at")),
            "updatedAt": go_time(each.get("updated_at")),
        }
        for each in found
    ]
    return {"id": name, "name": name, "fullName": f"{owner}/{name}", "variables": variables}


def _subject_template(github: Github, inputs: Inputs) -> Answer:
    name = inputs.text("name", required=True) or ""
    inputs.check()
    found = github.call("GET", "repos", github.owner, name, "actions", "oidc", "customization", "sub")
    return {"id": name, "name": name, "useDefault": found["use_default"], "includeClaimKeys": found.get("include_claim_keys") or []}


def _repository_branches(github: Github, inputs: Inputs) -> Answer:
    repository = inputs.text("repository", required=True) or ""
    only = [inputs.flag(flag) for flag in ("onlyProtectedBranches", "onlyNonProtectedBranches")]
    if any(only):
        inputs.refuse("onlyProtectedBranches", "and onlyNonProtectedBranches must be left out: the rehearsal lists every branch")
    inputs.check()
    found = github.pages("repos", github.owner, repository, "branches")
    branches = [{"name": each["name"], "protected": each["protected"]} for each in found]
    return {"id": f"{github.owner}/{repository}", "repository": repository, "branches": branches}


def _rest_api(github: Github, inputs: Inputs) -> Answer:
    """One GET; what is not there is an answer with that status, every other refusal an error, as in the provider."""
    endpoint = inputs.text("endpoint", required=True) or ""
    inputs.check()
    answer: Answer = {"endpoint": endpoint, "id": endpoint, "code": 404, "status": "404 Not Found", "headers": "{}", "body": "{}"}
    with absent_is_fine():
        path, _, query = endpoint.partition("?")
        found = github.response("GET", *path.split("/"), query=dict(parse_qsl(query)) or None)
        # Go's form: canonical names, each with every value it has.
        headers = json.dumps({name.title(): [value] for name, value in found.headers.items()})
        return {**answer, "code": 200, "status": "200 OK", "headers": headers, "body": json.dumps(found.json_or_none)}
    return answer


def _ref(github: Github, inputs: Inputs) -> Answer:
    """A ref that is not there gives an answer without a commit and no error, as the provider does.

    Without an owner the provider asks for `repos//NAME`, which is never there.
    https://github.com/integrations/terraform-provider-github/blob/main/github/data_source_github_ref.go
    """
    owner, name = inputs.text("owner") or "", inputs.text("repository", required=True) or ""
    ref = inputs.text("ref", required=True) or ""
    if not owner:
        inputs.refuse("owner", "is needed: without it the provider finds no ref at all")
    inputs.check()
    found = None
    with absent_is_fine():
        found = github.response("GET", "repos", owner, name, "git", "ref", *ref.split("/"))
    if found is None:
        return {"owner": owner, "repository": name, "ref": ref}
    sha = found.json_or_none["object"]["sha"]
    return {"id": f"{name}:{ref}", "owner": owner, "repository": name, "ref": ref, "etag": found.etag, "sha": sha}


def _owner_and_name(github: Github, inputs: Inputs) -> tuple[str, str]:
    full, name = inputs.text("fullName"), inputs.text("name")
    if name:
        return github.owner, name
    if not full or full.count("/") != 1:
        inputs.refuse("fullName", 'or name is required; a full name has the form "owner/name"')
        return github.owner, ""
    owner, _, name = full.partition("/")
    return owner, name


AWS_FUNCTIONS: dict[str, Callable[[Aws, Inputs], Answer]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": _open_id_connect_provider,
    "aws:iam/getRole:getRole": _role,
    "aws:iam/getRolePolicies:getRolePolicies": _role_policies,
    "aws:iam/getRolePolicyAttachments:getRolePolicyAttachments": _role_policy_attachments,
    "aws:iam/getPolicy:getPolicy": _policy,
    "aws:ssoadmin/getInstances:getInstances": _identity_center_instances,
    "aws:identitystore/getGroup:getGroup": _identity_store_group,
    "aws:codeartifact/getRepositoryEndpoint:getRepositoryEndpoint": _repository_endpoint,
    "aws:kms/getKey:getKey": _kms_key,
    "aws:cloudcontrol/getResource:getResource": _cloudcontrol_resource,
    "aws:sns/getTopic:getTopic": _sns_topic,
    "aws:sqs/getQueue:getQueue": _sqs_queue,
    "aws:ssoadmin/getPermissionSet:getPermissionSet": _permission_set,
    "aws:kms/getAlias:getAlias": _kms_alias,
}
GITHUB_FUNCTIONS: dict[str, Callable[[Github, Inputs], Answer]] = {
    "github:index/getOrganization:getOrganization": _organization,
    "github:index/getRepository:getRepository": _repository,
    "github:index/getTeam:getTeam": _team,
    "github:index/getActionsVariables:getActionsVariables": _actions_variables,
    "github:index/getActionsRepositoryOidcSubjectClaimCustomizationTemplate:getActionsRepositoryOidcSubjectClaimCustomizationTemplate": (
        _subject_template
    ),
    "github:index/getRef:getRef": _ref,
    "github:index/getRepositoryBranches:getRepositoryBranches": _repository_branches,
    "github:index/getRestApi:getRestApi": _rest_api,
}
