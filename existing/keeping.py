"""What a company had before this stack stays when the stack goes, or when a repository leaves the catalog."""

from collections.abc import Set

import pulumi
from pulumi import runtime

from existing.aws import DOMAIN_POLICY_TYPE, REPOSITORY_POLICY_TYPE
from leftovers import BRANCH_POLICY_TYPE, DOMAIN_TYPE, ENVIRONMENT_TYPE, REPOSITORY_TYPE, VARIABLE_TYPE, key_of

# Packages, secrets, and what keeps others from them. A policy stays as this stack made it: without it, what it denies would be allowed.
# Roles, policies of identities and rulesets go: a role that stayed would trust branches that nothing guards any more.
KEPT = (
    DOMAIN_TYPE,
    DOMAIN_POLICY_TYPE,
    REPOSITORY_TYPE,
    REPOSITORY_POLICY_TYPE,
    ENVIRONMENT_TYPE,
    BRANCH_POLICY_TYPE,
    VARIABLE_TYPE,
)


def keep(adopted: Set[str]) -> None:
    """Have the engine forget these resources (see leftovers.key) instead of deleting them. Components know nothing of it."""

    def kept(resource: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if resource.type_ not in KEPT or key_of(resource) not in adopted:
            return None
        options = pulumi.ResourceOptions.merge(resource.opts, pulumi.ResourceOptions(retain_on_delete=True))
        return pulumi.ResourceTransformationResult(resource.props, options)

    if adopted:
        runtime.register_stack_transformation(kept)
