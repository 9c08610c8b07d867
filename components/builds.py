"""BuildAccess: the read policy of builds that run on AWS, and its attachment to the roles that the stack names.

Owns no role: build roles belong to whoever runs the builds. Team repositories let the named roles in by their own policies.
"""

import pulumi
import pulumi_aws as aws

from plan import parts


class BuildAccess(pulumi.ComponentResource):
    """The read policy and its attachments."""

    policy_arn: pulumi.Output[str]
    """ARN of the policy, for any build role of the account."""

    def __init__(self, name: str, planned: parts.BuildAccess, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:BuildAccess", name, {}, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        policy = aws.iam.Policy(
            name,
            name=planned.policy.name,
            path=planned.policy.path,
            description="Builds on AWS read packages and change none",
            policy=planned.policy.policy,
            opts=self._child,
        )
        for role in planned.roles:
            # IAM knows a role by its name, without its path.
            attached = role.rpartition("/")[2]
            aws.iam.RolePolicyAttachment(attached, role=attached, policy_arn=policy.arn, opts=self._child)
        self.policy_arn = policy.arn
        self.register_outputs({"policyArn": self.policy_arn})
