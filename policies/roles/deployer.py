"""What the role that runs `pulumi up` may do: what this program creates, under the stack's names, and nothing that would widen that.

It can make roles only under the stack's path and name, and, where a permissions boundary is set, only with that boundary: otherwise whoever
deploys could make a role with every right and assume it.
"""

from collections.abc import Sequence
from dataclasses import replace

from policies import deployment_tokens, github_tokens
from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.branches import HEADS
from policies.document import Statement, statement
from policies.events import Names
from policies.names import STACK_TAG, read_policy_name
from policies.roles import previewer
from policies.roles.build import build_role_arn
from policies.roles.developer import at_identity_center


def _also(reads: Sequence[str], *changes: str) -> tuple[str, ...]:
    """What a preview reads of a kind of thing, and what else the deployer does there."""
    return tuple(sorted((*reads, *changes)))


# Pulumi's AWS provider reads a resource back after each change; CodeArtifact has no narrower way to say "this domain".
_DOMAIN = _also(
    previewer.READ_DOMAIN,
    "codeartifact:DeleteDomain",
    "codeartifact:DeleteDomainPermissionsPolicy",
    "codeartifact:PutDomainPermissionsPolicy",
    "codeartifact:TagResource",
    "codeartifact:UntagResource",
)
REPOSITORY = _also(
    previewer.READ_REPOSITORY,
    "codeartifact:AssociateExternalConnection",
    "codeartifact:AssociateWithDownstreamRepository",
    "codeartifact:DeleteRepository",
    "codeartifact:DeleteRepositoryPermissionsPolicy",
    "codeartifact:DisassociateExternalConnection",
    "codeartifact:PutRepositoryPermissionsPolicy",
    "codeartifact:TagResource",
    "codeartifact:UntagResource",
    "codeartifact:UpdateRepository",
)
PACKAGE_GROUP = _also(
    previewer.READ_PACKAGE_GROUP,
    "codeartifact:DeletePackageGroup",
    "codeartifact:TagResource",
    "codeartifact:UntagResource",
    "codeartifact:UpdatePackageGroup",
    "codeartifact:UpdatePackageGroupOriginConfiguration",
)
# These have no resource type, so they can't be narrowed.
CREATE = (
    "codeartifact:CreateDomain",
    "codeartifact:CreatePackageGroup",
    "codeartifact:CreateRepository",
)
CLOUD_CONTROL = _also(
    previewer.READ_CLOUD_CONTROL,
    "cloudformation:CreateResource",
    "cloudformation:DeleteResource",
    "cloudformation:UpdateResource",
)
# Reading keys, and names for them: the aliases are the stack's own.
_KEY = _also(
    previewer.READ_KEY,
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:EnableKeyRotation",
    "kms:UpdateAlias",
)
_NEW_KEY = ("kms:CreateKey", "kms:TagResource")
# What a key, and every package that it encrypts, can be lost by: only on keys that carry the stack's tag.
_OWN_KEY = (
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
ROLE = _also(
    previewer.READ_ROLE,
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:ListInstanceProfilesForRole",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
# What could widen a role's rights: only on roles that carry the boundary.
ROLE_BOUNDED = ("iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
_OIDC_PROVIDER = (
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:GetOpenIDConnectProvider",
    "iam:TagOpenIDConnectProvider",
    "iam:UntagOpenIDConnectProvider",
)
_POLICY = _also(
    previewer.READ_POLICY,
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
)
_PERMISSION_SET = _also(
    previewer.READ_PERMISSION_SET,
    "sso:CreateAccountAssignment",
    "sso:DeleteAccountAssignment",
    "sso:DeleteInlinePolicyFromPermissionSet",
    "sso:DeletePermissionSet",
    "sso:ProvisionPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:TagResource",
    "sso:UntagResource",
    "sso:UpdatePermissionSet",
)
# What becomes of a request, which is the instance's.
_PERMISSION_SET_REQUEST = (
    "sso:DescribeAccountAssignmentCreationStatus",
    "sso:DescribeAccountAssignmentDeletionStatus",
    "sso:DescribePermissionSetProvisioningStatus",
)
_RULE = _also(
    previewer.READ_RULE,
    "events:DeleteRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
    "events:UntagResource",
)
_TOPIC = _also(
    previewer.READ_TOPIC,
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
    "sns:UntagResource",
)
# Subscriptions have no resource type, and neither has a channel that is not there yet.
_SUBSCRIPTIONS = (
    "chatbot:CreateSlackChannelConfiguration",
    "chatbot:DescribeSlackChannelConfigurations",
    "chatbot:ListTagsForResource",
    "sns:GetSubscriptionAttributes",
    "sns:ListTopics",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
)
_CHANNEL = (
    "chatbot:DeleteSlackChannelConfiguration",
    "chatbot:TagResource",
    "chatbot:UntagResource",
    "chatbot:UpdateSlackChannelConfiguration",
)
_QUEUE = _also(
    previewer.READ_QUEUE,
    "sqs:CreateQueue",
    "sqs:DeleteQueue",
    "sqs:SetQueueAttributes",
    "sqs:TagQueue",
    "sqs:UntagQueue",
)


def _events(names: Names) -> list[Statement]:
    """Rule, topic and queue by their names; EventBridge and the chat are given their roles and no others."""
    given = {"StringEquals": {"iam:PassedToService": ["chatbot.amazonaws.com", "events.amazonaws.com"]}}
    return [
        statement("EventRule", _RULE, names.rule_arn),
        statement("EventTopic", _TOPIC, names.topic_arn),
        statement("EventSubscriptions", _SUBSCRIPTIONS, "*"),
        statement("EventChannel", _CHANNEL, names.chat_configuration_arn),
        statement("EventDeadLetters", _QUEUE, names.dead_letters_arn),
        statement("EventRoles", "iam:PassRole", [names.role_arn, names.chat_role_arn], conditions=given),
    ]


def _read_policy(registry: Registry, stack: str, path: str, build_roles: Sequence[str]) -> list[Statement]:
    """The read policy of builds on AWS, and attaching that one, and no other, to the build roles."""
    policy = registry.policy_arn(path, read_policy_name(stack))
    statements = [statement("ReadPolicy", _POLICY, policy)]
    if build_roles:
        roles = [build_role_arn(registry, one) for one in build_roles]
        only = {"ArnEquals": {"iam:PolicyARN": policy}}
        statements.append(statement("LookAtBuildRoles", ("iam:GetRole", "iam:ListAttachedRolePolicies"), roles))
        statements.append(statement("AttachReadPolicy", ("iam:AttachRolePolicy", "iam:DetachRolePolicy"), roles, conditions=only))
    return statements


def permission_sets(registry: Registry, stack: str) -> list[Statement]:
    """Rights in the account that administers IAM Identity Center: this stack's permission sets, by their tag, and their assignment to
    the registry's account. Without the tag's conditions the role could put any policy into an administrator's permission set.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetdelegation.html
    """
    sso, store = f"arn:{registry.partition}:sso:::", f"arn:{registry.partition}:identitystore:"
    sets = f"{sso}permissionSet/*"
    there = [f"{sso}instance/*", f"{sso}account/{registry.account}"]
    tag = {"StringEquals": {f"aws:RequestTag/{STACK_TAG}": stack}}, {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": stack}}
    return [
        statement("Find", "sso:ListInstances", "*"),
        statement("FindPermissionSets", previewer.FIND_PERMISSION_SETS, [f"{sso}instance/*", sets]),
        statement("FindGroups", previewer.READ_GROUPS, [f"{store}:*:identitystore/*", f"{store}::group/*"]),
        statement("IdentityCenter", ("sso:CreatePermissionSet", *_PERMISSION_SET, *_PERMISSION_SET_REQUEST), there),
        statement("NewPermissionSets", "sso:CreatePermissionSet", sets, conditions=tag[0]),
        statement("PermissionSets", _PERMISSION_SET, sets, conditions=tag[1]),
    ]


def _keys(registry: Registry, stack: str, keys: str, aliases: Sequence[str]) -> list[Statement]:
    """Keys of the stack, which its tag distinguishes from all others of the account, those of other stacks among them.

    A new key has no ARN and no tag yet. Its tags need a right that no key restricts, and so does an untagged key of others;
    a tagged one is not to be had. https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
    """
    requested, has = f"aws:RequestTag/{STACK_TAG}", f"aws:ResourceTag/{STACK_TAG}"
    through = {"StringEquals": {"kms:ViaService": f"codeartifact.{registry.region}.amazonaws.com"}}
    return [
        statement("NewKey", _NEW_KEY, "*", conditions={"StringEquals": {requested: stack}, "Null": {has: "true"}}),
        statement("OwnKey", _OWN_KEY, keys, conditions={"StringEquals": {has: stack}}),
        statement("GrantKeyToCodeArtifact", "kms:CreateGrant", keys, conditions=through),
        statement("Key", _KEY, [keys, *aliases]),
    ]


def deployer_permissions(
    registry: Registry,
    stack: str,
    path: str,
    permissions_boundary: str = "",
    sandbox: str = "",
    build_roles: Sequence[str] = (),
    identity_center: str | None = None,
) -> list[Statement]:
    """Rights of the deploying role of one stack.

    `path` is the stack's IAM path, `permissions_boundary` an ARN or "", `sandbox` the name of its second domain or "". `build_roles` are
    named after their path. `identity_center` is the role with which IAM Identity Center is reached, "" if it is in this account, None if
    the stack creates no permission sets.
    """
    account = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": permissions_boundary}} if permissions_boundary else None
    roles = registry.role_arn(path, f"{stack}-*")
    provider = f"arn:{registry.partition}:iam::{registry.account}:oidc-provider/{GITHUB_OIDC_HOST}"
    groups = registry.domain_arn.replace(":domain/", ":package-group/")
    names = Names(registry, stack, path)
    domains = [registry, *([replace(registry, domain=sandbox)] if sandbox else [])]
    aliases = [f"{account}:alias/codeartifact/{registry.domain}", f"{account}:{names.key_alias}"]
    return [
        statement("Create", (*CREATE, "kms:ListAliases"), "*"),
        statement("Domain", _DOMAIN, [one.domain_arn for one in domains]),
        statement("Repositories", REPOSITORY, registry.repository_arn("*")),
        statement("PackageGroups", PACKAGE_GROUP, f"{groups}/*"),
        statement("PackageGroupsByCloudControl", CLOUD_CONTROL, "*"),
        *_keys(registry, stack, f"{account}:key/*", aliases),
        statement("Roles", ROLE, roles),
        statement("BoundedRoles", ROLE_BOUNDED, roles, conditions=bounded),
        statement("GitHubProvider", _OIDC_PROVIDER, provider),
        *_events(names),
        *_read_policy(registry, stack, path, build_roles),
        *at_identity_center(identity_center, permission_sets(registry, stack)),
    ]


def deploying_workflow(
    registry: Registry, repository: github_tokens.GitHubRepository, branch: str, environment: str, forms: github_tokens.Subjects
) -> list[Statement]:
    """A workflow on one branch of the program's repository, in one environment."""
    claims = {"ref": f"{HEADS}{branch}", "environment": environment}
    return [deployment_tokens.workflow("DeployingWorkflow", registry, repository, f"environment:{environment}", forms, claims)]
