"""StackRoles: what lets one stack be previewed and deployed: the boundary of its roles, the two roles, the secrets of two GitHub Apps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from policies.deployments import BOOTSTRAP_PATH, Access, Deployed, app_secret
from policies.document import Statement, text

# Seconds. A run gets its credentials once: what takes longer is continued by the next one.
SESSION_DURATION = 3600
_DESCRIPTIONS = {Access.PREVIEW: "Previews {} and changes nothing", Access.DEPLOY: "Deploys {}"}
_APPS = {Access.PREVIEW: "reads", Access.DEPLOY: "changes"}


@dataclass(frozen=True)
class RoleDocuments:
    """One role: who may assume it, and its inline policies by name."""

    trust: Sequence[Statement]
    policies: Mapping[str, Sequence[Statement]]


@dataclass(frozen=True)
class RolesOfStack:
    """A stack's two roles, and `boundary`, which bounds every role that the stack creates (None: the registry stack's does)."""

    stack: Deployed
    boundary: Sequence[Statement] | None
    preview: RoleDocuments
    deploy: RoleDocuments


class StackRoles(pulumi.ComponentResource):
    """Boundary, roles and secrets of one stack."""

    def __init__(
        self, name: str, planned: RolesOfStack, guards: Sequence[pulumi.Resource], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`guards` are created before the roles, and removed after them: what their trust policies name."""
        super().__init__("package-flow-bootstrap:index:StackRoles", name, {}, opts)
        self._name, self._stack, self._child = name, planned.stack, pulumi.ResourceOptions(parent=self)
        self._guards = list(guards)
        self.boundary_arn = self._boundary(planned.boundary) if planned.boundary is not None else None
        self.preview_role_arn = self._role(Access.PREVIEW, planned.preview)
        self.deploy_role_arn = self._role(Access.DEPLOY, planned.deploy)
        self.register_outputs(
            {
                **({"boundaryArn": self.boundary_arn} if self.boundary_arn else {}),
                "previewRoleArn": self.preview_role_arn,
                "deployRoleArn": self.deploy_role_arn,
            }
        )

    def _boundary(self, statements: Sequence[Statement]) -> pulumi.Output[str]:
        return aws.iam.Policy(
            f"{self._name}-boundary",
            name=self._stack.boundary_name,
            path=BOOTSTRAP_PATH,
            description=f"The most that a role of {self._name} can do",
            policy=text(statements),
            opts=self._child,
        ).arn

    def _role(self, access: Access, documents: RoleDocuments) -> pulumi.Output[str]:
        role = aws.iam.Role(
            f"{self._name}-{access}",
            name=self._stack.role_name(access),
            path=BOOTSTRAP_PATH,
            description=_DESCRIPTIONS[access].format(self._name),
            assume_role_policy=text(documents.trust),
            max_session_duration=SESSION_DURATION,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._guards),
        )
        for policy, statements in documents.policies.items():
            aws.iam.RolePolicy(f"{self._name}-{access}-{policy}", name=policy, role=role.name, policy=text(statements), opts=self._child)
        self._secret(access, role)
        return role.arn

    def _secret(self, access: Access, role: aws.iam.Role) -> None:
        """Created empty: an administrator puts the App's key there, so that it is in no state and in no configuration."""
        secret = aws.secretsmanager.Secret(
            f"{self._name}-{access}",
            name=self._stack.app_secret_name(access),
            description=f"Key of the GitHub App that {_APPS[access]} repositories for {self._name}",
            opts=self._child,
        )
        aws.secretsmanager.SecretPolicy(
            f"{self._name}-{access}",
            secret_arn=secret.arn,
            policy=text(app_secret(self._stack, access)),
            block_public_policy=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
