"""DeveloperAccess: permission sets of IAM Identity Center with which developers read, and their assignment to groups.

Owns no group and no user. The permission set for everybody reads what is open to the organisation; a team whose packages only the team
reads has one of its own, which its repository's policy lets in. Identity Center may live in another account: the caller passes a provider
for it.
"""

import pulumi
import pulumi_aws as aws

from plan import parts
from plan.declared import Developers
from policies.names import STACK_TAG


def identity_center(developers: Developers | None) -> aws.Provider | None:
    """The provider with which Identity Center is reached in another account; None = the default one.

    An explicit provider knows nothing of `aws:allowedAccountIds`, so it has a guard of its own.
    """
    if developers is None or not developers.role_arn:
        return None
    role_arn = developers.role_arn
    # A dict would reach the provider with its Python keys.
    there = aws.ProviderAssumeRoleArgs(role_arn=role_arn)
    return aws.Provider("identity-center", region=developers.region, allowed_account_ids=[role_arn.split(":")[4]], assume_roles=[there])


class DeveloperAccess(pulumi.ComponentResource):
    """Permission sets and assignments."""

    permission_set_arns: dict[str, pulumi.Output[str]]
    """ARN of each permission set, by its name."""

    def __init__(self, name: str, planned: parts.DeveloperAccess, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:DeveloperAccess", name, {}, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._place = {"instance_arn": planned.instance_arn, "region": planned.region}
        self.permission_set_arns = {one.name: self._permission_set(planned, one) for one in planned.permission_sets}
        self.register_outputs({"permissionSetArns": self.permission_set_arns})

    def _permission_set(self, planned: parts.DeveloperAccess, one: parts.PermissionSet) -> pulumi.Output[str]:
        permission_set = aws.ssoadmin.PermissionSet(
            one.name,
            name=one.name,
            description=one.description,
            session_duration=planned.session_duration,
            # The deployer may change only what carries this tag in Identity Center.
            tags={STACK_TAG: planned.stack},
            opts=self._child,
            **self._place,
        )
        policy = aws.ssoadmin.PermissionSetInlinePolicy(
            one.name,
            permission_set_arn=permission_set.arn,
            inline_policy=planned.policy,
            opts=self._child,
            **self._place,
        )
        for group in one.groups:
            aws.ssoadmin.AccountAssignment(
                f"{one.name}-{group.name}",
                permission_set_arn=permission_set.arn,
                principal_id=group.id,
                principal_type="GROUP",
                target_id=planned.account,
                target_type="AWS_ACCOUNT",
                # A role is created with the first assignment; with the policy in place before, it is never without.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
                **self._place,
            )
        return permission_set.arn
