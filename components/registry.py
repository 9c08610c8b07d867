"""PackageRegistry: the domain with its key, one repository per public source, and the shared repository.

Owns everything that exists once in a domain. Team repositories are Team's, roles are GitHubOidc's and ConsumingRepository's.
"""

from enum import Enum
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import PlaceArgs, SharingArgs, registry, sharing
from policies import resource
from policies.document import text
from policies.names import PUBLIC_SOURCES, SHARED_REPOSITORY, STACK_TAG

# Days between the deletion of a key and its loss, and with it every package's; the longest that KMS allows.
# https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
KEY_DELETION_WINDOW = 30


class KeyOwner(str, Enum):
    """Whose KMS key encrypts the domain. It can't be changed without replacing the domain, which loses every package."""

    CUSTOMER = "customer"
    AWS = "aws"


class PackageRegistryArgs(TypedDict):
    """Arguments of PackageRegistry."""

    place: PlaceArgs
    """Where the domain is made."""
    stack: str
    """Name of the stack, with which its key is tagged."""
    encryption: KeyOwner
    """A key of the customer's with yearly rotation, or the one that AWS manages."""
    protect: bool
    """Whether key, domain and repositories refuse to be deleted."""
    public_sources: list[str]
    """Names of public sources (policies.names.PUBLIC_SOURCES), first = first asked."""
    promote_roles: str
    """ARN pattern of the roles that may copy into shared."""
    program_roles: str
    """ARN pattern of every role of this program, none of which may ever delete a version."""
    sharing: SharingArgs
    """Other accounts that fetch tokens and read shared."""
    deployers: list[str]
    """ARNs of the roles that alone make repositories in the domain; if there are none, whoever IAM allows."""


class PackageRegistry(pulumi.ComponentResource):
    """Key, domain, public sources, shared repository and their policies."""

    domain_name: pulumi.Output[str]
    """Name of the domain; whoever takes it as an input is made after the domain and removed before it."""
    domain_arn: pulumi.Output[str]
    """ARN of the domain."""
    shared_repository: pulumi.Output[str]
    """Name of the shared repository."""
    repositories: dict[str, aws.codeartifact.Repository]
    """Shared and each public source, by name."""

    def __init__(self, name: str, args: PackageRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:PackageRegistry", name, dict(args), opts)
        # Protected one by one: with only the domain protected, `pulumi destroy` deletes the repositories before it fails on the domain.
        self._kept = pulumi.ResourceOptions(parent=self, protect=args["protect"])
        self._child = pulumi.ResourceOptions(parent=self)
        domain = self._domain(name, args)
        sources = [self._public_source(source, domain.domain) for source in args["public_sources"]]
        shared = self._shared(args, domain.domain, sources)
        self.domain_name = domain.domain
        self.domain_arn = domain.arn
        self.shared_repository = shared.repository
        self.repositories = {SHARED_REPOSITORY: shared, **dict(zip(args["public_sources"], sources, strict=True))}
        self.register_outputs({"domainName": self.domain_name, "domainArn": self.domain_arn, "sharedRepository": self.shared_repository})

    def _key(self, name: str, args: PackageRegistryArgs) -> aws.kms.Key:
        place = registry(args["place"])
        key = aws.kms.Key(
            name,
            description=f"Packages of the CodeArtifact domain {place.domain}",
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_WINDOW,
            policy=text(resource.domain_key(place)),
            tags={STACK_TAG: args["stack"]},
            opts=self._kept,
        )
        aws.kms.Alias(name, name=f"alias/codeartifact/{place.domain}", target_key_id=key.key_id, opts=self._child)
        return key

    def _domain(self, name: str, args: PackageRegistryArgs) -> aws.codeartifact.Domain:
        place = registry(args["place"])
        key = self._key(name, args).arn if args["encryption"] == KeyOwner.CUSTOMER else None
        domain = aws.codeartifact.Domain(name, domain=place.domain, encryption_key=key, opts=self._kept)
        statements = resource.domain(place, args["program_roles"], sharing(args["sharing"]), args["deployers"])
        aws.codeartifact.DomainPermissions(name, domain=domain.domain, policy_document=text(statements), opts=self._child)
        return domain

    def _public_source(self, source: str, domain: pulumi.Output[str]) -> aws.codeartifact.Repository:
        connection, _ = PUBLIC_SOURCES[source]
        repository = aws.codeartifact.Repository(
            source,
            domain=domain,
            repository=source,
            description=f"Packages of {connection}",
            external_connections={"external_connection_name": connection},
            opts=self._kept,
        )
        self._policy(source, repository, resource.public_source())
        return repository

    def _shared(
        self, args: PackageRegistryArgs, domain: pulumi.Output[str], sources: list[aws.codeartifact.Repository]
    ) -> aws.codeartifact.Repository:
        repository = aws.codeartifact.Repository(
            SHARED_REPOSITORY,
            domain=domain,
            repository=SHARED_REPOSITORY,
            description="Packages that everybody reads; first-party versions come by promotion",
            upstreams=[{"repository_name": source.repository} for source in sources],
            opts=self._kept,
        )
        downstream = SHARED_REPOSITORY in args["sharing"]["downstream"]
        statements = resource.shared_repository(registry(args["place"]), args["promote_roles"], sharing(args["sharing"]), downstream)
        self._policy(SHARED_REPOSITORY, repository, statements)
        return repository

    def _policy(self, name: str, repository: aws.codeartifact.Repository, statements: list) -> None:
        aws.codeartifact.RepositoryPermissionsPolicy(
            name, domain=repository.domain, repository=repository.repository, policy_document=text(statements), opts=self._child
        )
