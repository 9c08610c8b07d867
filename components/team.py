"""Team: the repository that a team publishes to, who reads it, and the names that only this team may publish.

A team that owns nothing has no repository and no Team.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from plan import parts


class Team(pulumi.ComponentResource):
    """The team repository, its policy and its package groups.

    `domain`, `upstreams` (of other teams) and `shared` are names, as outputs of what this repository is created after.
    """

    repository: pulumi.Output[str]
    """Name of the team repository."""
    repository_arn: pulumi.Output[str]
    """ARN of the team repository."""

    def __init__(
        self,
        name: str,
        planned: parts.TeamRepository,
        domain: pulumi.Input[str],
        upstreams: Sequence[pulumi.Input[str]],
        shared: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "package-flow:index:Team",
            name,
            {**planned.inputs, "domain": domain, "upstreams": [*upstreams, shared], "shared": shared},
            opts,
        )
        repository = self._repository(name, planned, domain, [*upstreams, shared])
        self._policy(name, planned, repository)
        for group in planned.package_groups:
            self._package_group(group, repository, shared)
        self.repository = repository.repository
        self.repository_arn = repository.arn
        self.register_outputs({"repository": self.repository, "repositoryArn": self.repository_arn})

    def _repository(
        self, name: str, planned: parts.TeamRepository, domain: pulumi.Input[str], upstreams: list[pulumi.Input[str]]
    ) -> aws.codeartifact.Repository:
        return aws.codeartifact.Repository(
            name,
            domain=domain,
            repository=planned.repository.name,
            description=planned.repository.description,
            upstreams=[{"repository_name": upstream} for upstream in upstreams],
            # Deleting a repository deletes its packages, and breaks the builds of every team that has it as an upstream.
            opts=pulumi.ResourceOptions(parent=self, protect=planned.protect),
        )

    def _policy(self, name: str, planned: parts.TeamRepository, repository: aws.codeartifact.Repository) -> None:
        if planned.repository.policy:
            aws.codeartifact.RepositoryPermissionsPolicy(
                name,
                domain=repository.domain,
                repository=repository.repository,
                policy_document=planned.repository.policy,
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _package_group(self, group: parts.PackageGroup, repository: aws.codeartifact.Repository, shared: pulumi.Input[str]) -> None:
        """pulumi_aws has no package group, AWS Cloud Control has. The group names both repositories, so they have to be there."""
        desired = pulumi.Output.all(repository.domain, repository.repository, shared).apply(lambda _: group.desired_state)
        aws.cloudcontrol.Resource(
            group.name,
            type_name="AWS::CodeArtifact::PackageGroup",
            desired_state=desired,
            opts=pulumi.ResourceOptions(parent=self),
        )
