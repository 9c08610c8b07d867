"""AWS resource types: the API calls that the AWS provider makes for each, in its order, including the reads that follow a creation.

Input names are those of pulumi_aws on the wire. What a type's `read` does not name is refused, so an option that the rehearsal does not
carry out cannot be set.
"""

from rehearsal.program.aws_resources.chatbot import SlackChannelConfiguration
from rehearsal.program.aws_resources.cloudcontrol import CloudControlResource
from rehearsal.program.aws_resources.codeartifact import Domain, DomainPermissions, Repository, RepositoryPermissionsPolicy
from rehearsal.program.aws_resources.common import AwsHandler
from rehearsal.program.aws_resources.iam import OpenIdConnectProvider, Policy, Role, RolePolicy, RolePolicyAttachment
from rehearsal.program.aws_resources.identity_center import AccountAssignment, PermissionSet, PermissionSetInlinePolicy
from rehearsal.program.aws_resources.kms import Alias, Key
from rehearsal.program.aws_resources.messaging import EventRule, EventTarget, Queue, Topic, TopicSubscription
from rehearsal.program.aws_resources.secretsmanager import Secret, SecretPolicy

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
        PermissionSet,
        PermissionSetInlinePolicy,
        AccountAssignment,
        CloudControlResource,
        Topic,
        TopicSubscription,
        Queue,
        EventRule,
        EventTarget,
        Secret,
        SecretPolicy,
        SlackChannelConfiguration,
    )
}
