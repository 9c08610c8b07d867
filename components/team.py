"""Team: the repository that a team publishes to, who reads it, and the names that only this team may publish.

A team that owns nothing has no repository and no Team.
"""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import PlaceArgs, SharingArgs, registry, sharing
from policies import owned_names, resource
from policies.document import text
from policies.names import SHARED_REPOSITORY


class OwnedNameArgs(TypedDict):
    """One entry of `owns`."""

    format: str
    """npm, pypi or maven."""
    name: str
    """As written in the catalog, for example `@scope/*`."""


class TeamArgs(TypedDict):
    """Arguments of Team."""

    place: PlaceArgs
    """Where the domain is."""
    domain: pulumi.Input[str]
    """The domain, as an output of the registry: the repository is made after it and removed before it."""
    upstreams: list[pulumi.Input[str]]
    """Repositories that this one installs from, first = first asked: other teams', then shared."""
    shared: pulumi.Input[str]
    """The shared repository, into which owned names are promoted."""
    readers: list[str]
    """ARN patterns of the roles that may read the repository; none if only the team's own roles may."""
    sharing: SharingArgs
    """Other accounts that may read it."""
    publishers: list[str]
    """ARN patterns of the roles of other accounts that may publish to it the names that the team owns."""
    owns: list[OwnedNameArgs]
    """The names that only this team may publish."""
    protect: bool
    """Whether the repository refuses to be deleted."""


class Team(pulumi.ComponentResource):
    """The team repository, its policy and its package groups."""

    repository: pulumi.Output[str]
    """Name of the team repository."""
    repository_arn: pulumi.Output[str]
    """ARN of the team repository."""

    def __init__(self, name: str, args: TeamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:Team", name, dict(args), opts)
        repository = self._repository(name, args)
        self._policy(name, args, repository)
        for owned in args["owns"]:
            self._package_group(args, repository, owned)
        self.repository = repository.repository
        self.repository_arn = repository.arn
        self.register_outputs({"repository": self.repository, "repositoryArn": self.repository_arn})

    def _repository(self, name: str, args: TeamArgs) -> aws.codeartifact.Repository:
        return aws.codeartifact.Repository(
            name,
            domain=args["domain"],
            repository=name,
            description=f"Packages that team {name} publishes",
            upstreams=[{"repository_name": upstream} for upstream in args["upstreams"]],
            # Deleting a repository deletes its packages, and breaks the builds of every team that has it as an upstream.
            opts=pulumi.ResourceOptions(parent=self, protect=args["protect"]),
        )

    def _policy(self, name: str, args: TeamArgs, repository: aws.codeartifact.Repository) -> None:
        statements = resource.team_repository(
            registry(args["place"]),
            args["readers"],
            sharing(args["sharing"]),
            downstream=name in args["sharing"]["downstream"],
            publishers=_publishers(name, args),
        )
        if statements:
            aws.codeartifact.RepositoryPermissionsPolicy(
                name,
                domain=repository.domain,
                repository=repository.repository,
                policy_document=text(statements),
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _package_group(self, args: TeamArgs, repository: aws.codeartifact.Repository, owned: OwnedNameArgs) -> None:
        """pulumi_aws has no package group, AWS Cloud Control has."""
        pattern = owned_names.parse(owned_names.Format(owned["format"]), owned["name"]).group_pattern
        desired = pulumi.Output.all(repository.domain, repository.repository, args["shared"]).apply(
            lambda made: json.dumps(package_group(made[0], pattern, [made[1], made[2]]), separators=(",", ":"))
        )
        aws.cloudcontrol.Resource(
            f"{owned['format']}:{owned['name']}",
            type_name="AWS::CodeArtifact::PackageGroup",
            desired_state=desired,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _publishers(name: str, args: TeamArgs) -> resource.Publishers | None:
    owned = [owned_names.parse(owned_names.Format(one["format"]), one["name"]).arn_pattern for one in args["owns"]]
    return resource.Publishers(name, tuple(args["publishers"]), tuple(owned)) if args["publishers"] else None


def package_group(domain: str, pattern: str, publishers: list[str]) -> dict:
    """The desired state of a package group that owns a name: published in `publishers` only, never fetched from a public registry.

    Shared is among the publishers because it is not documented whether copying a version obeys these modes; publishing there directly
    is denied by its policy. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codeartifact-packagegroup.html
    """
    if SHARED_REPOSITORY not in publishers:
        raise ValueError(f"publishers of {pattern} are {publishers}; without {SHARED_REPOSITORY} nothing could be promoted")
    return {
        "DomainName": domain,
        "Pattern": pattern,
        "OriginConfiguration": {
            "Restrictions": {
                "Publish": {"RestrictionMode": "ALLOW_SPECIFIC_REPOSITORIES", "Repositories": publishers},
                "ExternalUpstream": {"RestrictionMode": "BLOCK"},
                "InternalUpstream": {"RestrictionMode": "ALLOW"},
            }
        },
    }
