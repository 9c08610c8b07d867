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
# PutPackageMetadata: npm's dist-tags and Maven's metadata need it besides PublishPackageVersion.
PUBLISH = ("codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata")
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
