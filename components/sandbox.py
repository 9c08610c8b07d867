"""Sandbox: a second domain, in which developers make repositories and publish.

Only the domain and its policy are this program's. What developers make in it is theirs, and it holds the domain until it is gone.
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import PlaceArgs, registry
from policies import sandbox
from policies.document import text


class SandboxArgs(TypedDict):
    """Arguments of Sandbox."""

    place: PlaceArgs
    """Where the sandbox's domain is made; `domain` is its name."""
    developers: list[str]
    """ARN patterns of the roles that may do as they like in it."""
    program_roles: str
    """ARN pattern of every role of this program, none of which gets in."""


class Sandbox(pulumi.ComponentResource):
    """The domain and its policy."""

    domain_name: pulumi.Output[str]
    """Name of the domain."""

    def __init__(self, name: str, args: SandboxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:Sandbox", name, dict(args), opts)
        # The AWS managed key, and no protection: the sandbox is there to be thrown away.
        domain = aws.codeartifact.Domain(name, domain=registry(args["place"]).domain, opts=pulumi.ResourceOptions(parent=self))
        aws.codeartifact.DomainPermissions(
            name,
            domain=domain.domain,
            policy_document=text(sandbox.domain(args["program_roles"], args["developers"])),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.domain_name = domain.domain
        self.register_outputs({"domainName": self.domain_name})
