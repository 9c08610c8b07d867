"""BuildAccess: the read policy of builds that run on AWS, and its attachment to the roles that the stack names.

Owns no role: build roles belong to whoever runs the builds. Team repositories let the named roles in by their own policies.
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import PlaceArgs, RoleArgs, registry
from policies.document import text
from policies.names import SHARED_REPOSITORY, read_policy_name
from policies.read_only import read_only


class BuildAccessArgs(TypedDict):
    """Arguments of BuildAccess."""

    place: PlaceArgs
    """Where the domain is."""
    role: RoleArgs
    """Stack and path that the policy is named with."""
    token_duration: int
    """Longest life of a token, in seconds."""
    public_sources: list[str]
    """Public sources that builds read, besides shared."""
    roles: list[str]
    """Names of the roles that get the policy, without their path."""


class BuildAccess(pulumi.ComponentResource):
    """The read policy and its attachments."""

    policy_arn: pulumi.Output[str]
    """ARN of the policy, for any build role of the account."""

    def __init__(self, name: str, args: BuildAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:BuildAccess", name, dict(args), opts)
        self._child = pulumi.ResourceOptions(parent=self)
        readable = [SHARED_REPOSITORY, *args["public_sources"]]
        policy = aws.iam.Policy(
            name,
            name=read_policy_name(args["role"]["stack"]),
            path=args["role"]["path"],
            description="Builds on AWS read packages and change none",
            policy=text(read_only(registry(args["place"]), args["token_duration"], readable)),
            opts=self._child,
        )
        for role in args["roles"]:
            aws.iam.RolePolicyAttachment(role, role=role, policy_arn=policy.arn, opts=self._child)
        self.policy_arn = policy.arn
        self.register_outputs({"policyArn": self.policy_arn})
