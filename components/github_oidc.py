"""GitHubOidc: GitHub's OIDC provider in the account, and the roles with which builds read.

One role serves many repositories: a repository that only installs needs no AWS resource of its own.
"""

import pulumi
import pulumi_aws as aws

from plan import parts
from policies.names import numbered

# Seconds. One hour is STS's default and all that a job needs to fetch a token.
SESSION_DURATION = 3600


class GitHubOidc(pulumi.ComponentResource):
    """The provider and the read roles."""

    provider_arn: pulumi.Output[str]
    """ARN of the OIDC provider."""
    read_role_arns: list[pulumi.Output[str]]
    """ARNs of the roles that builds assume to read, in the plan's order."""

    def __init__(self, name: str, planned: parts.GitHubOidc, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:GitHubOidc", name, {}, opts)
        provider = self._create_provider(name, planned) if planned.creates_provider else None
        self.provider_arn = provider.arn if provider else pulumi.Output.from_input(planned.provider_arn)
        after: list[pulumi.Resource] = [provider] if provider else []
        self.read_role_arns = [
            self._read_role(numbered(f"{name}-read", number), role, after) for number, role in enumerate(planned.read_roles, 1)
        ]
        # The roles have ids alone. The next run compares: a name may be another repository's by then.
        others = {"repositories": dict(planned.repositories)} if planned.repositories else {}
        self.register_outputs({"providerArn": self.provider_arn, "readRoleArn": self.read_role_arns[0], **others})

    def _create_provider(self, name: str, planned: parts.GitHubOidc) -> aws.iam.OpenIdConnectProvider:
        return aws.iam.OpenIdConnectProvider(
            name,
            url=planned.url,
            client_id_lists=[planned.audience],
            # Other stacks and other programs of the account may rely on it: it stays when this stack goes.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _read_role(self, name: str, planned: parts.Role, after: list[pulumi.Resource]) -> pulumi.Output[str]:
        role = aws.iam.Role(
            name,
            name=planned.name,
            path=planned.path,
            description=planned.description,
            assume_role_policy=planned.trust,
            permissions_boundary=planned.boundary or None,
            max_session_duration=SESSION_DURATION,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        aws.iam.RolePolicy(
            name,
            name=planned.policy_name,
            role=role.name,
            policy=planned.permissions,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role.arn
