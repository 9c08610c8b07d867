"""What the role that runs `pulumi up` may do: what this program makes, under the stack's names, and nothing that would make it more.

It can make roles only under the stack's path and name, and, where a permissions boundary is set, only with that boundary: otherwise whoever
deploys could make a role with every right and assume it.
"""

from policies.arns import GITHUB_OIDC_HOST, Registry
from policies.document import Statement, statement

# Pulumi's AWS provider reads a resource back after each change; CodeArtifact has no narrower way to say "this domain".
_DOMAIN = (
    "codeartifact:DeleteDomain",
    "codeartifact:DeleteDomainPermissionsPolicy",
    "codeartifact:DescribeDomain",
    "codeartifact:GetDomainPermissionsPolicy",
    "codeartifact:ListPackageGroups",
    "codeartifact:ListTagsForResource",
    "codeartifact:PutDomainPermissionsPolicy",
    "codeartifact:TagResource",
    "codeartifact:UntagResource",
)
_REPOSITORY = (
    "codeartifact:AssociateExternalConnection",
    "codeartifact:AssociateWithDownstreamRepository",
    "codeartifact:DeleteRepository",
    "codeartifact:DeleteRepositoryPermissionsPolicy",
    "codeartifact:DescribeRepository",
    "codeartifact:DisassociateExternalConnection",
    "codeartifact:GetRepositoryEndpoint",
    "codeartifact:GetRepositoryPermissionsPolicy",
    "codeartifact:ListTagsForResource",
    "codeartifact:PutRepositoryPermissionsPolicy",
    "codeartifact:TagResource",
    "codeartifact:UntagResource",
    "codeartifact:UpdateRepository",
)
_PACKAGE_GROUP = (
    "codeartifact:DeletePackageGroup",
    "codeartifact:DescribePackageGroup",
    "codeartifact:ListAllowedRepositoriesForGroup",
    "codeartifact:ListTagsForResource",
    "codeartifact:TagResource",
    "codeartifact:UntagResource",
    "codeartifact:UpdatePackageGroup",
    "codeartifact:UpdatePackageGroupOriginConfiguration",
)
# These have no resource type, so they can't be narrowed.
_CREATE = (
    "codeartifact:CreateDomain",
    "codeartifact:CreatePackageGroup",
    "codeartifact:CreateRepository",
    "codeartifact:ListDomains",
    "codeartifact:ListRepositories",
)
_CLOUD_CONTROL = (
    "cloudformation:CreateResource",
    "cloudformation:DeleteResource",
    "cloudformation:DescribeType",
    "cloudformation:GetResource",
    "cloudformation:GetResourceRequestStatus",
    "cloudformation:ListResources",
    "cloudformation:UpdateResource",
)
_KEY = (
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_ROLE = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
# What could widen a role's rights: only on roles that carry the boundary.
_ROLE_BOUNDED = ("iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
_OIDC_PROVIDER = (
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:GetOpenIDConnectProvider",
    "iam:TagOpenIDConnectProvider",
    "iam:UntagOpenIDConnectProvider",
)


def deployer(registry: Registry, stack: str, path: str, permissions_boundary: str = "") -> list[Statement]:
    """Rights of the deploying role of one stack. `path` is the stack's IAM path, `permissions_boundary` an ARN or ""."""
    account = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": permissions_boundary}} if permissions_boundary else None
    roles = registry.role_arn(path, f"{stack}-*")
    provider = f"arn:{registry.partition}:iam::{registry.account}:oidc-provider/{GITHUB_OIDC_HOST}"
    groups = registry.domain_arn.replace(":domain/", ":package-group/")
    return [
        statement("Create", (*_CREATE, "kms:CreateKey", "kms:ListAliases"), "*"),
        statement("Domain", _DOMAIN, registry.domain_arn),
        statement("Repositories", _REPOSITORY, registry.repository_arn("*")),
        statement("PackageGroups", _PACKAGE_GROUP, f"{groups}/*"),
        statement("PackageGroupsByCloudControl", _CLOUD_CONTROL, "*"),
        statement("Key", _KEY, [f"{account}:key/*", f"{account}:alias/codeartifact/{registry.domain}"]),
        statement("Roles", _ROLE, roles),
        statement("BoundedRoles", _ROLE_BOUNDED, roles, conditions=bounded),
        statement("GitHubProvider", _OIDC_PROVIDER, provider),
    ]
