"""What the roles that deploy and preview a team stack may do: what the registry stack's do, but for its own teams alone.

Nothing of the domain itself, its key, shared, public sources, the OIDC provider, the shared read roles, developers or events. Repositories
and package groups are named one by one, so a team's new name needs the bootstrap once more. Roles are named by the kind that stands in
front of a repository's name: IAM has no pattern for "the roles of this team's repositories" that a new repository would match.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from policies.arns import Registry
from policies.document import Statement, statement
from policies.names import RoleKind
from policies.roles import deployer, previewer


@dataclass(frozen=True)
class TeamStack:
    """What a team stack has. `registry_stack` begins its roles' names, which are at `path`; `boundary` (ARN, "" = none) bounds them.

    `repositories` are its teams' CodeArtifact repositories, `upstreams` what those read from, `groups` the patterns of its package groups.
    """

    registry: Registry
    registry_stack: str
    path: str
    boundary: str
    repositories: tuple[str, ...]
    upstreams: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def roles(self) -> list[str]:
        """Roles of repositories. Behind its kind a role has a repository's name, so the shared read roles are not among them."""
        return [self.registry.role_arn(self.path, f"{self.registry_stack}-{kind}-*") for kind in RoleKind]


# An external connection would let public packages in beside shared.
_REPOSITORY = tuple(one for one in deployer.REPOSITORY if "ExternalConnection" not in one)
_CREATE = tuple(one for one in deployer.CREATE if not one.endswith("Domain"))
_LISTS = previewer.READ_CLOUD_CONTROL


def team_deployer_permissions(stack: TeamStack) -> list[Statement]:
    """Rights of the deploying role of one team stack."""
    registry = stack.registry
    bounded = {"StringEquals": {"iam:PermissionsBoundary": stack.boundary}} if stack.boundary else None
    return [
        statement("Create", _CREATE, "*"),
        *_of_names("Repositories", _REPOSITORY, [registry.repository_arn(one) for one in stack.repositories]),
        *_of_names(
            "Upstreams", "codeartifact:AssociateWithDownstreamRepository", [registry.repository_arn(one) for one in stack.upstreams]
        ),
        statement("LookAtRepositories", previewer.READ_REPOSITORY, registry.repository_arn("*")),
        *_of_names("PackageGroups", deployer.PACKAGE_GROUP, [registry.package_group_arn(one) for one in stack.groups]),
        statement("PackageGroupsByCloudControl", deployer.CLOUD_CONTROL, "*"),
        statement("Roles", deployer.ROLE, stack.roles),
        statement("BoundedRoles", deployer.ROLE_BOUNDED, stack.roles, conditions=bounded),
    ]


def team_previewer_permissions(stack: TeamStack) -> list[Statement]:
    """Rights of the previewing role of one team stack: it reads what the deployer may change, and nothing else."""
    registry = stack.registry
    return [
        statement("Lists", _LISTS, "*"),
        statement("Repositories", previewer.READ_REPOSITORY, registry.repository_arn("*")),
        *_of_names("PackageGroups", previewer.READ_PACKAGE_GROUP, [registry.package_group_arn(one) for one in stack.groups]),
        statement("Roles", previewer.READ_ROLE, stack.roles),
    ]


def _of_names(sid: str, actions: Sequence[str] | str, resources: list[str]) -> list[Statement]:
    """A team that owns nothing has no repository, and a statement without a resource is none."""
    return [statement(sid, actions, resources)] if resources else []
