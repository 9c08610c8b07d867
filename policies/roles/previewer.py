"""What the role that runs `pulumi preview` may do: read what the deployer may change, and nothing else.

A pull request's preview runs that pull request's code with this role, so it holds no right that changes anything or that reads a package,
a message or a secret. `pulumi preview --refresh` works with it.
"""

from collections.abc import Sequence
from dataclasses import replace

from policies import deployment_tokens, github_tokens
from policies.arns import Registry
from policies.document import Statement, statement
from policies.events import Names
from policies.names import STACK_TAG
from policies.roles.deployer import FIND_PERMISSION_SETS
from policies.roles.developer import at_identity_center

# Nothing of the account is told beyond names: these have no resource type.
_LISTS = (
    "cloudformation:DescribeType",
    "cloudformation:GetResource",
    "cloudformation:GetResourceRequestStatus",
    "iam:ListOpenIDConnectProviders",
    "kms:ListAliases",
    "sns:GetSubscriptionAttributes",
    "sns:ListTopics",
)
_DOMAIN = (
    "codeartifact:DescribeDomain",
    "codeartifact:GetDomainPermissionsPolicy",
    "codeartifact:ListTagsForResource",
)
_REPOSITORY = (
    "codeartifact:DescribeRepository",
    "codeartifact:GetRepositoryEndpoint",
    "codeartifact:GetRepositoryPermissionsPolicy",
    "codeartifact:ListTagsForResource",
)
_PACKAGE_GROUP = ("codeartifact:DescribePackageGroup", "codeartifact:ListAllowedRepositoriesForGroup", "codeartifact:ListTagsForResource")
_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
_ROLE = ("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")
_POLICY = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")
_RULE = ("events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule")
_TOPIC = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource")
_GROUPS = ("identitystore:DescribeGroup", "identitystore:GetGroupId")
_PERMISSION_SET = (
    "sso:DescribePermissionSet",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:ListAccountAssignments",
    "sso:ListTagsForResource",
)
_QUEUE = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags")


def preview_permission_sets(registry: Registry, stack: str) -> list[Statement]:
    """What a preview reads in the account that administers IAM Identity Center: groups, and this stack's permission sets by their tag."""
    sso, store = f"arn:{registry.partition}:sso:::", f"arn:{registry.partition}:identitystore:"
    own = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": stack}}
    return [
        statement("FindInstance", "sso:ListInstances", "*"),
        statement("FindPermissionSets", FIND_PERMISSION_SETS, [f"{sso}instance/*", f"{sso}permissionSet/*"]),
        statement("FindGroups", _GROUPS, [f"{store}:*:identitystore/*", f"{store}::group/*"]),
        statement("IdentityCenter", _PERMISSION_SET, [f"{sso}instance/*", f"{sso}account/{registry.account}"]),
        statement("PermissionSets", _PERMISSION_SET, f"{sso}permissionSet/*", conditions=own),
    ]


def previewer_permissions(
    registry: Registry,
    stack: str,
    path: str,
    sandbox: str = "",
    build_roles: Sequence[str] = (),
    identity_center: str | None = None,
) -> list[Statement]:
    """Rights of the previewing role of one stack; the arguments are the deployer's.

    But `identity_center` is a role that only reads there (`preview_permission_sets`), never the one with which the stack creates them.
    """
    names = Names(registry, stack, path)
    keys = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}:key/*"
    domains = [registry, *([replace(registry, domain=sandbox)] if sandbox else [])]
    policies = f"arn:{registry.partition}:iam::{registry.account}:policy{path}{stack}-*"
    roles = [registry.role_arn(path, f"{stack}-*"), *(registry.role_arn("/", one) for one in build_roles)]
    return [
        statement("Lists", _LISTS, "*"),
        statement("Domain", _DOMAIN, [one.domain_arn for one in domains]),
        statement("Repositories", _REPOSITORY, registry.repository_arn("*")),
        statement("PackageGroups", _PACKAGE_GROUP, f"{registry.domain_arn.replace(':domain/', ':package-group/')}/*"),
        statement("Keys", _KEY, keys),
        statement("Roles", _ROLE, roles),
        statement("Policies", _POLICY, policies),
        statement("GitHubProvider", "iam:GetOpenIDConnectProvider", registry.github_oidc_provider_arn),
        statement("EventRule", _RULE, names.rule_arn),
        statement("EventTopic", _TOPIC, names.topic_arn),
        statement("EventDeadLetters", _QUEUE, names.dead_letters_arn),
        *at_identity_center(identity_center, preview_permission_sets(registry, stack)),
    ]


def pull_requests(registry: Registry, repository: github_tokens.GitHubRepository, forms: github_tokens.Subjects) -> list[Statement]:
    """A workflow on a pull request of the program's repository. A fork's gets no token from GitHub."""
    return [deployment_tokens.workflow("PullRequests", registry, repository, "pull_request", forms, {})]
