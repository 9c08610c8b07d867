"""Actions of CodeArtifact, by what they do.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
"""

# ReadFromRepository is what package managers need; the others let people and tools look around.
REPOSITORY_READ = (
    "codeartifact:DescribeRepository",
    "codeartifact:GetRepositoryEndpoint",
    "codeartifact:ListPackages",
    "codeartifact:ReadFromRepository",
)
PACKAGE_READ = (
    "codeartifact:DescribePackage",
    "codeartifact:DescribePackageVersion",
    "codeartifact:GetPackageVersionAsset",
    "codeartifact:GetPackageVersionReadme",
    "codeartifact:ListPackageVersionAssets",
    "codeartifact:ListPackageVersionDependencies",
    "codeartifact:ListPackageVersions",
)
SERVICE_NAME = "codeartifact.amazonaws.com"
PUBLISH_VERSION = "codeartifact:PublishPackageVersion"
# npm's dist-tags and Maven's metadata: "package-level metadata such as npm tags".
# https://docs.aws.amazon.com/codeartifact/latest/ug/packages-overview.html
PUT_METADATA = "codeartifact:PutPackageMetadata"
PUBLISH = (PUBLISH_VERSION, PUT_METADATA)
DESTRUCTIVE = (
    "codeartifact:DeletePackage",
    "codeartifact:DeletePackageVersions",
    "codeartifact:DisposePackageVersions",
    "codeartifact:PutPackageOriginConfiguration",
    "codeartifact:UpdatePackageVersionsStatus",
)
COPY = "codeartifact:CopyPackageVersions"
CREATE_REPOSITORY = "codeartifact:CreateRepository"
READ = (*REPOSITORY_READ, *PACKAGE_READ)
# Which team's repository may publish a name.
SEE_OWNER = ("codeartifact:GetAssociatedPackageGroup", "codeartifact:ListAllowedRepositoriesForGroup")
