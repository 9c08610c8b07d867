"""What the role that runs `pulumi preview` may do: read what the deployer may change, and nothing else.

A pull request's preview runs that pull request's code with this role, so it holds no right that changes anything or that reads a package,
a message or a secret. `pulumi preview --refresh` works with it. The deployer reads the same (`READ_...`), and changes more.
"""

from collections.abc import Sequence
from dataclasses import replace

from policies import deployment_tokens, github_tokens
from policies.arns import Registry
from policies.branches import HEADS
from policies.document import Statement, statement
from policies.events import Names
from policies.names import STACK_TAG
from policies.roles.developer import at_identity_center

READ_CLOUD_CONTROL = ("cloudformation:DescribeType", "cloudformation:GetResource", "cloudformation:GetResourceRequestStatus")
# Nothing of the account is shown beyond names: these have no resource type.
_LISTS = (
    *READ_CLOUD_CONTROL,
    "chatbot:DescribeSlackChannelConfigurations",
    "chatbot:ListTagsForResource",
    "iam:ListOpenIDConnectProviders",
    "kms:ListAliases",
    "sns:GetSubscriptionAttributes",
    "sns:ListTopics",
)
READ_DOMAIN = (
    "codeartifact:DescribeDomain",
    "codeartifact:GetDomainPermissionsPolicy",
    "codeartifact:ListTagsForResource",
)
READ_REPOSITORY = (
    "codeartifact:DescribeRepository",
    "codeartifact:GetRepositoryEndpoint",
    "codeartifact:GetRepositoryPermissionsPolicy",
    "codeartifact:ListTagsForResource",
)
READ_PACKAGE_GROUP = (
    "codeartifact:DescribePackageGroup",
    "codeartifact:ListAllowedRepositoriesForGroup",
    "codeartifact:ListTagsForResource",
)
READ_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
READ_ROLE = ("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")
READ_POLICY = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")
READ_RULE = ("events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule")
READ_TOPIC = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource")
READ_GROUPS = ("identitystore:DescribeGroup", "identitystore:GetGroupId")
READ_PERMISSION_SET = (
    "sso:DescribePermissionSet",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:ListAccountAssignments",
    "sso:ListTagsForResource",
)
# By name, among all of the instance: somebody else's of that name carries no tag of this stack.
FIND_PERMISSION_SETS = ("sso:DescribePermissionSet", "sso:ListPermissionSets")
READ_QUEUE = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags")


def preview_permission_sets(registry: Registry, stack: str) -> list[Statement]:
    """What a preview reads in the account that administers IAM Identity Center: groups, and this stack's permission sets by their tag."""
    sso, store = f"arn:{registry.partition}:sso:::", f"arn:{registry.partition}:identitystore:"
    own = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": stack}}
    return [
        statement("FindInstance", "sso:ListInstances", "*"),
        statement("FindPermissionSets", FIND_PERMISSION_SETS, [f"{sso}instance/*", f"{sso}permissionSet/*"]),
        statement("FindGroups", READ_GROUPS, [f"{store}:*:identitystore/*", f"{store}::group/*"]),
        statement("IdentityCenter", READ_PERMISSION_SET, [f"{sso}instance/*", f"{sso}account/{registry.account}"]),
        statement("PermissionSets", READ_PERMISSION_SET, f"{sso}permissionSet/*", conditions=own),
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
        statement("Domain", READ_DOMAIN, [one.domain_arn for one in domains]),
        statement("Repositories", READ_REPOSITORY, registry.repository_arn("*")),
        statement("PackageGroups", READ_PACKAGE_GROUP, f"{registry.domain_arn.replace(':domain/', ':package-group/')}/*"),
        statement("Keys", READ_KEY, keys),
        statement("Roles", READ_ROLE, roles),
        statement("Policies", READ_POLICY, policies),
        statement("GitHubProvider", "iam:GetOpenIDConnectProvider", registry.github_oidc_provider_arn),
        statement("EventRule", READ_RULE, names.rule_arn),
        statement("EventTopic", READ_TOPIC, names.topic_arn),
        statement("EventDeadLetters", READ_QUEUE, names.dead_letters_arn),
        *at_identity_center(identity_center, preview_permission_sets(registry, stack)),
    ]


def pull_requests(registry: Registry, repository: github_tokens.GitHubRepository, forms: github_tokens.Subjects) -> list[Statement]:
    """A workflow on a pull request of the program's repository. A fork's gets no token from GitHub."""
    return [deployment_tokens.workflow("PullRequests", registry, repository, "pull_request", forms, {})]


DRIFT_WORKFLOW = ".github/workflows/drift.yml"


def drift_checks(
    registry: Registry, repository: github_tokens.GitHubRepository, default_branch: str, forms: github_tokens.Subjects
) -> list[Statement]:
    """The workflow that compares the stack with AWS and GitHub, as it stands on the default branch, outside environments.

    Schedules run there alone. AWS has no condition key for the event, so the workflow is named by its file: no other one gets the role.
    """
    ref = f"{HEADS}{default_branch}"
    claims = {"ref": ref, "job_workflow_ref": f"{repository.owner.login}/{repository.name}/{DRIFT_WORKFLOW}@{ref}"}
    return [deployment_tokens.workflow("DriftChecks", registry, repository, f"ref:{ref}", forms, claims)]
