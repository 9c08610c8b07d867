"""Every type of resource that the program registers: how to look for it, or why there is nothing to look for.

`LOOKED_FOR` has the types that AWS or GitHub refuse to create twice, or that somebody else's would be lost by; a test holds that every
type that a stack registers is there or in `NOT_LOOKED_FOR`.
"""

from collections.abc import Callable, Iterator

from existing import aws, github, github_organization
from existing.answers import Answers
from existing.there import There
from leftovers import Known
from plan import parts
from plan.facts import SeenRepository

Looking = Callable[[parts.Plan, Known, Answers], Iterator[There]]

LOOKED_FOR: dict[str, str] = {
    "aws:codeartifact/domain:Domain": "Cloud Control, by its ARN",
    "aws:codeartifact/domainPermissions:DomainPermissions": "with its domain",
    "aws:codeartifact/repository:Repository": "Cloud Control, by its ARN, where the domain is there",
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": "with its repository",
    "aws:cloudcontrol/resource:Resource": "Cloud Control, by the group's ARN, where the domain is there",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "lookups.py, with githubOidcProvider",
    "aws:iam/policy:Policy": "by its ARN",
    "aws:iam/role:Role": "by its name",
    "aws:iam/rolePolicy:RolePolicy": "with its role",
    "aws:kms/alias:Alias": "by its name",
    "aws:sns/topic:Topic": "by its name",
    "aws:sqs/queue:Queue": "by its name",
    "aws:ssoadmin/permissionSet:PermissionSet": "by its name",
    "github:index/actionsVariable:ActionsVariable": "lookups.py, with the repository",
    "github:index/actionsOrganizationVariable:ActionsOrganizationVariable": "by its name",
    "github:index/organizationRuleset:OrganizationRuleset": "the organisation's list, by its name",
    "github:index/repositoryEnvironment:RepositoryEnvironment": "lookups.py, with the repository",
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": "with its environment",
    "github:index/repositoryRuleset:RepositoryRuleset": "the repository's list, by its name",
    "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions": "lookups.py, with the repository; a note says what changes",
}
NOT_LOOKED_FOR: dict[str, str] = {
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": (
        "no function of the provider reads one; AWS refuses a second of the name, and nothing relies on the channel"
    ),
    "aws:cloudwatch/eventRule:EventRule": "put, under a name that begins with the stack's; no function of the provider reads one",
    "aws:cloudwatch/eventTarget:EventTarget": "put, by an id of this program's own in its own rule",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "attaching what is attached changes nothing",
    "aws:kms/key:Key": "has no name: what tells one is its alias",
    "aws:sns/topicSubscription:TopicSubscription": "subscribing what is subscribed changes nothing",
    "aws:ssoadmin/accountAssignment:AccountAssignment": "of a permission set of this stack, which is looked for",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "of a permission set of this stack, which is looked for",
}
_OF_TEAMS: tuple[Looking, ...] = (aws.domains, aws.roles, github.rulesets)
_OF_REGISTRY: tuple[Looking, ...] = (
    aws.read_policy,
    aws.aliases,
    aws.events,
    aws.permission_sets,
    github_organization.rulesets,
    github_organization.variables,
)


def look(planned: parts.Plan, known: Known, seen: dict[str, SeenRepository], answers: Answers) -> list[There]:
    """Everything that is there and that the state does not have. `seen` are the repositories by their name in the catalog."""
    looks = (*_OF_TEAMS, *(() if planned.team_stack else _OF_REGISTRY))
    found = [one for looking in looks for one in looking(planned, known, answers)]
    found += github.environments(planned, known, seen, answers)
    found += github.variables(planned, known, seen)
    return found
