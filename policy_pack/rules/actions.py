"""What CodeArtifact's actions do and on which resources they are granted.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
"""

PUBLISH_VERSION = "codeartifact:PublishPackageVersion"
PUT_METADATA = "codeartifact:PutPackageMetadata"
PUBLISH = (PUBLISH_VERSION, PUT_METADATA)
COPY = "codeartifact:CopyPackageVersions"
TOKEN = "codeartifact:GetAuthorizationToken"
BEARER_TOKEN = "sts:GetServiceBearerToken"

# Granted on package ARNs, which are not below the repository's ARN.
ON_PACKAGES = frozenset(
    f"codeartifact:{name}"
    for name in (
        "CopyPackageVersions",
        "DeletePackage",
        "DeletePackageVersions",
        "DescribePackage",
        "DescribePackageVersion",
        "DisposePackageVersions",
        "GetPackageVersionAsset",
        "GetPackageVersionReadme",
        "ListPackageVersionAssets",
        "ListPackageVersionDependencies",
        "ListPackageVersions",
        "PublishPackageVersion",
        "PutPackageMetadata",
        "PutPackageOriginConfiguration",
        "UpdatePackageVersionsStatus",
    )
)
# Change packages or what they are in.
WRITES = frozenset(
    f"codeartifact:{name}"
    for name in (
        "AssociateExternalConnection",
        "AssociateWithDownstreamRepository",
        "CopyPackageVersions",
        "CreateDomain",
        "CreatePackageGroup",
        "CreateRepository",
        "DeleteDomain",
        "DeleteDomainPermissionsPolicy",
        "DeletePackage",
        "DeletePackageGroup",
        "DeletePackageVersions",
        "DeleteRepository",
        "DeleteRepositoryPermissionsPolicy",
        "DisassociateExternalConnection",
        "DisposePackageVersions",
        "PublishPackageVersion",
        "PutDomainPermissionsPolicy",
        "PutPackageMetadata",
        "PutPackageOriginConfiguration",
        "PutRepositoryPermissionsPolicy",
        "TagResource",
        "UntagResource",
        "UpdatePackageGroup",
        "UpdatePackageGroupOriginConfiguration",
        "UpdatePackageVersionsStatus",
        "UpdateRepository",
    )
)
# Change nothing. Whatever is neither here nor in WRITES is taken for writing.
READS = frozenset(
    f"codeartifact:{name}"
    for name in (
        "DescribeDomain",
        "DescribePackage",
        "DescribePackageGroup",
        "DescribePackageVersion",
        "DescribeRepository",
        "GetAssociatedPackageGroup",
        "GetAuthorizationToken",
        "GetDomainPermissionsPolicy",
        "GetPackageVersionAsset",
        "GetPackageVersionReadme",
        "GetRepositoryEndpoint",
        "GetRepositoryPermissionsPolicy",
        "ListAllowedRepositoriesForGroup",
        "ListAssociatedPackages",
        "ListDomains",
        "ListPackageGroups",
        "ListPackageVersionAssets",
        "ListPackageVersionDependencies",
        "ListPackageVersions",
        "ListPackages",
        "ListRepositories",
        "ListRepositoriesInDomain",
        "ListSubPackageGroups",
        "ListTagsForResource",
        "ReadFromRepository",
    )
)
