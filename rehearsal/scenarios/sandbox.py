"""The sandbox: developers do as they like in it, only the deployer creates repositories beside it, and no build reads from it."""

import hashlib
import secrets
from collections.abc import Callable

from policies.names import RoleKind, role_name
from policies.roles.developer import every_role
from rehearsal import clients
from rehearsal.clients import Credentials
from rehearsal.scenario import DENY, Scenario
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import World, credentials
from settings import Sandbox

_REPOSITORY = "experiment"
_PACKAGE = {"format": "generic", "namespace": "rehearsal", "package": "experiment"}
_CREATE = "create a repository"
_CONTENT = b"an experiment"
_VERSION = "2012-10-17"
# All that a developer's own policy has to say; the sandbox's policy says the rest.
_TOKEN = {"Version": _VERSION, "Statement": {"Effect": "Allow", "Action": "sts:GetServiceBearerToken", "Resource": "*"}}
_FULL_ACCESS = {"Version": _VERSION, "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def scenarios(world: World) -> list[Scenario]:
    """For a stack that has a sandbox."""
    sandbox = world.settings.sandbox
    return [*_repositories(world, sandbox), *_packages(world, sandbox)] if sandbox else []


def _role(world: World, arn: str, policy: object) -> Credentials:
    """A session of a role that has this ARN."""
    path, _, name = arn.rpartition(":role")[2].rpartition("/")
    return credentials(world.control.post("principals", kind="role", name=name, path=f"{path}/", policy=policy))


def developer(world: World, sandbox: Sandbox) -> Credentials:
    """A developer's session, as IAM Identity Center names its roles, or of the first role that the stack lets in."""
    own = [world.registry.role_arn("/", role) for role in sandbox.roles]
    patterns = [*(every_role(world.registry, world.settings.stack) if world.settings.developers else []), *own]
    return _role(world, patterns[0].replace("*", secrets.token_hex(8)), _TOKEN)


def _create(world: World, who: Credentials, domain: str, name: str) -> str:
    created = clients.call(
        world.client("codeartifact", who).create_repository, domain=domain, domainOwner=world.place.account, repository=name
    )
    return created["repository"]["arn"]


def _repositories(world: World, sandbox: Sandbox) -> list[Scenario]:
    """Who creates repositories where."""
    main = world.settings.domain.name
    by_developer, by_administrator = f"developer: {_CREATE} in the sandbox", f"administrator: {_CREATE} in the sandbox"

    def create(who: Callable[[], Credentials], domain: str, name: str) -> Callable[[], str]:
        return lambda: _create(world, who(), domain, name)

    def without_developer_role() -> Credentials:
        return world.principal("no-developer", _TOKEN)

    listed = [
        Scenario(by_developer, "a developer", _CREATE, sandbox.name, create(lambda: developer(world, sandbox), sandbox.name, _REPOSITORY)),
        Scenario(
            f"role of no developer: {_CREATE} in the sandbox",
            "a role of the account, of no developer",
            _CREATE,
            sandbox.name,
            create(without_developer_role, sandbox.name, "of-no-developer"),
            DENY,
            by_developer,
        ),
        Scenario(
            by_administrator,
            "an administrator of the account",
            _CREATE,
            sandbox.name,
            create(lambda: administrator(world), sandbox.name, "administrators"),
        ),
    ]
    listed.append(
        Scenario(
            f"administrator: {_CREATE} in {main}",
            "an administrator of the account",
            _CREATE,
            main,
            create(lambda: administrator(world), main, "administrators"),
            DENY,
            by_administrator,
        )
    )
    return listed


def _packages(world: World, sandbox: Sandbox) -> list[Scenario]:
    """What a developer publishes there, and who reads it."""
    team = next((team for team in world.settings.teams if team.has_repository), None)
    created, published, read = (
        f"developer: {_CREATE} in the sandbox",
        "developer: publish in the sandbox",
        "developer: read a package in the sandbox",
    )

    def publish(domain: str, repository: str) -> str:
        answer = clients.call(
            world.client("codeartifact", developer(world, sandbox)).publish_package_version,
            **_in(world, domain, repository),
            assetName="file.txt",
            assetContent=_CONTENT,
            assetSHA256=hashlib.sha256(_CONTENT).hexdigest(),
        )
        return f"{answer['package']} {answer['version']} is {answer['status']}"

    def get(who: Credentials) -> str:
        answer = clients.call(
            world.client("codeartifact", who).get_package_version_asset, **_in(world, sandbox.name, _REPOSITORY), asset="file.txt"
        )
        return f"{len(answer['asset'].read())} bytes"

    found = [
        Scenario(published, "a developer", "publish a package", sandbox.name, lambda: publish(sandbox.name, _REPOSITORY), after=(created,)),
        Scenario(read, "a developer", "read a package", sandbox.name, lambda: get(developer(world, sandbox)), after=(published,)),
        Scenario(
            f"{world.settings.stack} role with full access: read a package in the sandbox",
            f"a role of {world.settings.stack} with full access",
            "read a package",
            sandbox.name,
            lambda: _as_program_role(world, get),
            DENY,
            read,
            (published,),
        ),
    ]
    if team:
        found.append(
            Scenario(
                f"developer: publish to the repository of team {team.name}",
                "a developer",
                "publish a package",
                team.own_repository,
                lambda: publish(world.settings.domain.name, team.own_repository),
                DENY,
                published,
            )
        )
    return found


def _in(world: World, domain: str, repository: str) -> dict[str, str]:
    return {"domain": domain, "domainOwner": world.place.account, "repository": repository, **_PACKAGE, "packageVersion": "1.0.0"}


def _as_program_role(world: World, attempt: Callable[[Credentials], str]) -> str:
    """With a role of the program's path and name, which is gone afterwards."""
    name = role_name(world.settings.stack, RoleKind.READ, "rehearsal")
    who = _role(world, world.registry.role_arn(world.settings.iam.path, name), _FULL_ACCESS)
    try:
        return attempt(who)
    finally:
        iam = world.client("iam", administrator(world))
        iam.delete_role_policy(RoleName=name, PolicyName="rehearsal")
        iam.delete_role(RoleName=name)
