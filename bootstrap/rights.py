"""Which policy documents follow from a stack's settings: the boundary, and the rights of its two roles. Pure, no Pulumi."""

from dataclasses import dataclass

from policies import deployments
from policies.arns import Registry
from policies.deployments import Access, Deployed
from policies.document import Statement
from policies.events import Names
from policies.roles.deployer import deployer_permissions
from policies.roles.previewer import previewer_permissions
from policies.roles.team_deployer import TeamStack, team_deployer_permissions, team_previewer_permissions
from settings import DeveloperMode, Settings


@dataclass(frozen=True)
class Backend:
    """A self-managed backend: the bucket of the state, and the ARN of the KMS key that encrypts its secrets."""

    bucket: str
    key: str


def _names(settings: Settings, registry: Registry) -> Names:
    return Names(registry, settings.stack, settings.iam.path)


def boundary(settings: Settings, registry: Registry) -> list[Statement]:
    """What bounds every role that a registry stack and its team stacks create."""
    return deployments.boundary(_names(settings, registry), settings.events.pipelines if settings.events else ())


def _identity_center(settings: Settings) -> str | None:
    developers = settings.developers
    return None if developers is None or developers.mode is DeveloperMode.POLICY else developers.role_arn


def _team_stack(settings: Settings, registry: Registry) -> TeamStack:
    teams = {team.name: team for team in settings.teams}
    owning = [team for team in settings.own_teams if team.has_repository]
    upstreams = [teams[name].own_repository for team in owning for name in team.upstreams]
    return TeamStack(
        registry=registry,
        registry_stack=settings.stack,
        path=settings.iam.path,
        boundary=settings.iam.permissions_boundary,
        repositories=tuple(team.own_repository for team in owning),
        upstreams=tuple(dict.fromkeys([*upstreams, settings.shared])) if owning else (),
        groups=tuple(one.group_pattern for team in owning for names in team.owns.values() for one in names),
    )


def deployer(settings: Settings, registry: Registry) -> list[Statement]:
    """What the deployer of the running stack may do in AWS."""
    if settings.team_stack:
        return team_deployer_permissions(_team_stack(settings, registry))
    return deployer_permissions(
        registry,
        settings.stack,
        settings.iam.path,
        settings.iam.permissions_boundary,
        settings.sandbox.name if settings.sandbox else "",
        settings.build_roles,
        _identity_center(settings),
    )


def previewer(settings: Settings, registry: Registry, identity_center: str = "") -> list[Statement]:
    """What a preview may do in AWS. `identity_center` is the role with which it reads another account's Identity Center, or ""."""
    if settings.team_stack:
        return team_previewer_permissions(_team_stack(settings, registry))
    deploys_with = _identity_center(settings)
    return previewer_permissions(
        registry,
        settings.stack,
        settings.iam.path,
        settings.sandbox.name if settings.sandbox else "",
        settings.build_roles,
        # Never the role that creates permission sets: without one that reads, a preview stops at the groups.
        (identity_center or None) if deploys_with else deploys_with,
    )


def documents(
    settings: Settings, registry: Registry, access: Access, backend: Backend | None = None, identity_center: str = ""
) -> dict[str, list[Statement]]:
    """The inline policies of one of the two roles, by name."""
    stack = Deployed(registry, settings.running)
    deploys = access is Access.DEPLOY
    policies = {
        "stack": deployer(settings, registry) if deploys else previewer(settings, registry, identity_center),
        "github-app": deployments.app_key(stack, access),
    }
    if backend:
        referred = [settings.stack] if settings.team_stack else []
        policies["state"] = deployments.state(backend.bucket, backend.key, stack, settings.project, access, referred)
    return policies
