"""Sandbox: a second domain, in which developers make repositories and publish.

Only the domain and its policy are this program's. What developers make in it is theirs, and it holds the domain until it is gone.
"""

import pulumi
import pulumi_aws as aws

from plan import parts


class Sandbox(pulumi.ComponentResource):
    """The domain and its policy."""

    domain_name: pulumi.Output[str]
    """Name of the domain."""

    def __init__(self, name: str, planned: parts.Sandbox, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:Sandbox", name, {}, opts)
        # The AWS managed key, and no protection: the sandbox is there to be thrown away.
        domain = aws.codeartifact.Domain(name, domain=planned.name, opts=pulumi.ResourceOptions(parent=self))
        aws.codeartifact.DomainPermissions(
            name, domain=domain.domain, policy_document=planned.policy, opts=pulumi.ResourceOptions(parent=self)
        )
        self.domain_name = domain.domain
        self.register_outputs({"domainName": self.domain_name})
