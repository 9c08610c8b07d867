"""CodeArtifact's actions.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
"""

# The resource type of every action; None: the action has none and is decided on `*`.
RESOURCE_TYPES: dict[str, str | None] = {
    "AssociateExternalConnection": "repository",
    "AssociateWithDownstreamRepository": "repository",
    "CopyPackageVersions": "package",  # and the destination repository
    "CreateDomain": None,
    "CreatePackageGroup": None,
    "CreateRepository": None,
    "DeleteDomain": "domain",
    "DeleteDomainPermissionsPolicy": "domain",
    "DeletePackage": "package",
    "DeletePackageGroup": "package-group",
    "DeletePackageVersions": "package",
    "DeleteRepository": "repository",
    "DeleteRepositoryPermissionsPolicy": "repository",
    "DescribeDomain": "domain",
    "DescribePackage": "package",
    "DescribePackageGroup": "package-group",
    "DescribePackageVersion": "package",
    "DescribeRepository": "repository",
    "DisassociateExternalConnection": "repository",
    "DisposePackageVersions": "package",
    "GetAssociatedPackageGroup": "package-group",
    "GetAuthorizationToken": "domain",
    "GetDomainPermissionsPolicy": "domain",
    "GetPackageVersionAsset": "package",
    "GetPackageVersionReadme": "package",
    "GetRepositoryEndpoint": "repository",
    "GetRepositoryPermissionsPolicy": "repository",
    "ListAllowedRepositoriesForGroup": "package-group",
    "ListAssociatedPackages": "package-group",
    "ListDomains": None,
    "ListPackageGroups": "domain",
    "ListPackageVersionAssets": "package",
    "ListPackageVersionDependencies": "package",
    "ListPackageVersions": "package",
    "ListPackages": "repository",
    "ListRepositories": None,
    "ListRepositoriesInDomain": "domain",
    "ListSubPackageGroups": "package-group",
    "ListTagsForResource": "domain",  # or the repository or package group that carries the tags
    "PublishPackageVersion": "package",
    "PutDomainPermissionsPolicy": "domain",
    "PutPackageMetadata": "package",
    "PutPackageOriginConfiguration": "package",
    "PutRepositoryPermissionsPolicy": "repository",
    "ReadFromRepository": "repository",
    "TagResource": "domain",  # likewise
    "UntagResource": "domain",  # likewise
    "UpdatePackageGroup": "package-group",
    "UpdatePackageGroupOriginConfiguration": "package-group",
    "UpdatePackageVersionsStatus": "package",
    "UpdateRepository": "repository",
}
