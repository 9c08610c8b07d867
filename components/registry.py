"""PackageRegistry: the domain with its key, one repository per public source, and the shared repository.

Owns everything that exists once in a domain. Team repositories are Team's, roles are GitHubOidc's and ConsumingRepository's.
"""

import pulumi
import pulumi_aws as aws

from plan import parts
from policies.names import STACK_TAG

# Days between the deletion of a key and its loss, and with it every package's; the longest that KMS allows.
# https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
KEY_DELETION_WINDOW = 30


class PackageRegistry(pulumi.ComponentResource):
    """Key, domain, public sources, shared repository and their policies."""

    domain_name: pulumi.Output[str]
    """Name of the domain; whoever takes it as an input is created after the domain and removed before it."""
    domain_arn: pulumi.Output[str]
    """ARN of the domain."""
    shared_repository: pulumi.Output[str]
    """Name of the shared repository."""
    repositories: dict[str, aws.codeartifact.Repository]
    """Shared and each public source, by name."""

    def __init__(self, name: str, planned: parts.PackageRegistry, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:PackageRegistry", name, planned.inputs, opts)
        # Protected one by one: with only the domain protected, `pulumi destroy` deletes the repositories before it fails on the domain. The
        # policies too: they go before what they are of, and without the preview that refuses, their Denies would be gone by then.
        self._kept = pulumi.ResourceOptions(parent=self, protect=planned.protect)
        self._child = pulumi.ResourceOptions(parent=self)
        domain = self._domain(name, planned)
        sources = {one.name: self._public_source(one, domain.domain) for one in planned.public_sources}
        shared = self._shared(planned.shared, domain.domain, list(sources.values()))
        self.domain_name = domain.domain
        self.domain_arn = domain.arn
        self.shared_repository = shared.repository
        self.repositories = {planned.shared.name: shared, **sources}
        self.register_outputs({"domainName": self.domain_name, "domainArn": self.domain_arn, "sharedRepository": self.shared_repository})

    def _key(self, name: str, planned: parts.Key, stack: str) -> pulumi.Output[str]:
        key = aws.kms.Key(
            name,
            description=planned.description,
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_WINDOW,
            policy=planned.policy,
            tags={STACK_TAG: stack},
            opts=self._kept,
        )
        aws.kms.Alias(name, name=planned.alias, target_key_id=key.key_id, opts=self._child)
        return key.arn

    def _domain(self, name: str, planned: parts.PackageRegistry) -> aws.codeartifact.Domain:
        key = self._key(name, planned.key, planned.stack) if planned.key else None
        domain = aws.codeartifact.Domain(name, domain=planned.name, encryption_key=key, opts=self._kept)
        aws.codeartifact.DomainPermissions(name, domain=domain.domain, policy_document=planned.policy, opts=self._kept)
        return domain

    def _public_source(self, planned: parts.Repository, domain: pulumi.Output[str]) -> aws.codeartifact.Repository:
        repository = aws.codeartifact.Repository(
            planned.name,
            domain=domain,
            repository=planned.name,
            description=planned.description,
            external_connections={"external_connection_name": planned.external_connection},
            opts=self._kept,
        )
        self._policy(planned, repository)
        return repository

    def _shared(
        self, planned: parts.Repository, domain: pulumi.Output[str], sources: list[aws.codeartifact.Repository]
    ) -> aws.codeartifact.Repository:
        repository = aws.codeartifact.Repository(
            planned.name,
            domain=domain,
            repository=planned.name,
            description=planned.description,
            upstreams=[{"repository_name": source.repository} for source in sources],
            opts=self._kept,
        )
        self._policy(planned, repository)
        return repository

    def _policy(self, planned: parts.Repository, repository: aws.codeartifact.Repository) -> None:
        aws.codeartifact.RepositoryPermissionsPolicy(
            planned.name,
            domain=repository.domain,
            repository=repository.repository,
            policy_document=planned.policy,
            opts=self._kept,
        )
