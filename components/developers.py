"""DeveloperAccess: permission sets of IAM Identity Center with which developers read, and their assignment to groups.

Owns no group and no user. The permission set for everybody reads what is open to the organisation; a team whose packages only the team
reads has one of its own, which its repository's policy lets in. Identity Center may live in another account: the caller passes a provider
for it.
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import PlaceArgs, registry
from policies.developing import session_duration
from policies.document import text
from policies.names import SHARED_REPOSITORY, STACK_TAG
from policies.read_only import read_only


class GroupArgs(TypedDict):
    """A group of IAM Identity Center."""

    name: str
    """Its display name, which names its assignments."""
    id: str
    """Its id."""


class PermissionSetArgs(TypedDict):
    """One permission set."""

    name: str
    """Its name."""
    description: str
    """What it is for, in a line."""
    groups: list[GroupArgs]
    """The groups that it is assigned to."""


class DeveloperAccessArgs(TypedDict):
    """Arguments of DeveloperAccess."""

    place: PlaceArgs
    """Where the domain is: the account that developers sign in to."""
    stack: str
    """Name of the stack, a tag of the permission sets."""
    instance_arn: str
    """ARN of the Identity Center instance."""
    region: str
    """Its region."""
    token_duration: int
    """Longest life of a token, in seconds."""
    session_duration: int
    """Longest session, in seconds."""
    public_sources: list[str]
    """Public sources that developers read, besides shared."""
    permission_sets: list[PermissionSetArgs]
    """The permission set of everybody, and those of teams."""


def identity_center(region: str, role_arn: str) -> aws.Provider | None:
    """The provider with which Identity Center is reached in the account of `role_arn`; None ("" = this account): the default one.

    An explicit provider knows nothing of `aws:allowedAccountIds`, so it has a guard of its own.
    """
    if not role_arn:
        return None
    # A dict would reach the provider with its Python keys.
    there = aws.ProviderAssumeRoleArgs(role_arn=role_arn)
    return aws.Provider("identity-center", region=region, allowed_account_ids=[role_arn.split(":")[4]], assume_roles=[there])


class DeveloperAccess(pulumi.ComponentResource):
    """Permission sets and assignments."""

    permission_set_arns: dict[str, pulumi.Output[str]]
    """ARN of each permission set, by its name."""

    def __init__(self, name: str, args: DeveloperAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:DeveloperAccess", name, dict(args), opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._place = {"instance_arn": args["instance_arn"], "region": args["region"]}
        self.permission_set_arns = {one["name"]: self._permission_set(args, one) for one in args["permission_sets"]}
        self.register_outputs({"permissionSetArns": self.permission_set_arns})

    def _permission_set(self, args: DeveloperAccessArgs, one: PermissionSetArgs) -> pulumi.Output[str]:
        made = aws.ssoadmin.PermissionSet(
            one["name"],
            name=one["name"],
            description=one["description"],
            session_duration=session_duration(args["session_duration"]),
            # What the deployer may change in Identity Center is told by this tag.
            tags={STACK_TAG: args["stack"]},
            opts=self._child,
            **self._place,
        )
        readable = [SHARED_REPOSITORY, *args["public_sources"]]
        policy = aws.ssoadmin.PermissionSetInlinePolicy(
            one["name"],
            permission_set_arn=made.arn,
            inline_policy=text(read_only(registry(args["place"]), args["token_duration"], readable)),
            opts=self._child,
            **self._place,
        )
        for group in one["groups"]:
            aws.ssoadmin.AccountAssignment(
                f"{one['name']}-{group['name']}",
                permission_set_arn=made.arn,
                principal_id=group["id"],
                principal_type="GROUP",
                target_id=args["place"]["account"],
                target_type="AWS_ACCOUNT",
                # A role is made with the first assignment; with the policy in place before, it is never without.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
                **self._place,
            )
        return made.arn
