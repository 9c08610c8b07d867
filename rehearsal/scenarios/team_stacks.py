"""What the deployer of a team stack can't do: everything that its registry stack has, and what other teams have by name."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from policies.names import RoleKind, role_name
from rehearsal import clients
from rehearsal.clients import Credentials
from rehearsal.scenario import ALLOW, DENY, Scenario
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import World
from settings import Encryption, Readers, Team

_TRUSTS_NO_PRINCIPAL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
)


def scenarios(world: World) -> list[Scenario]:
    """Of each team stack that has a CodeArtifact repository."""
    listed: list[Scenario] = []
    for stack, credentials in world.team_deployers.items():
        own = next((team for team in world.settings.teams if team.stack == stack and team.has_repository), None)
        if own:
            deploying = _Deploying(world, stack, own, credentials)
            listed += [*_packages(deploying), *_keys(deploying), *_roles(deploying)]
    return listed


class _Deploying:
    """A team stack's deployer, and clients with its credentials."""

    def __init__(self, world: World, stack: str, own: Team, credentials: Credentials) -> None:
        self.world, self.stack, self.own, self._credentials = world, stack, own, credentials
        self.who, self.where = f"the deployment of {stack}", {"domain": world.settings.domain.name, "domainOwner": world.place.account}
        self.others = [team for team in world.settings.teams if team.stack != stack and team.has_repository]

    @cached_property
    def packages(self) -> Any:
        return self.world.client("codeartifact", self._credentials)

    @cached_property
    def iam(self) -> Any:
        return self.world.client("iam", self._credentials)

    @cached_property
    def kms(self) -> Any:
        return self.world.client("kms", self._credentials)

    def as_administrator(self, service: str) -> Any:
        return self.world.client(service, administrator(self.world))

    def scenario(self, what: str, on: str, attempt: Callable[[], Any], twin: str = "") -> Scenario:
        """An attempt: allowed, or denied where it has a twin."""
        name, expected = f"{self.stack} deployment: {what} {on}", DENY if twin else ALLOW
        return Scenario(name, self.who, what, on, lambda: f"{on}: {attempt() and 'done'}", expected, twin or None)


def _packages(deploying: _Deploying) -> list[Scenario]:
    world, own, packages, where = deploying.world, deploying.own.own_repository, lambda: deploying.packages, deploying.where

    def describe(repository: str) -> Mapping[str, Any]:
        return deploying.as_administrator("codeartifact").describe_repository(**where, repository=repository)["repository"]

    def update(repository: str) -> Any:
        description = str(describe(repository).get("description") or "")
        return clients.call(packages().update_repository, **where, repository=repository, description=description)

    def read_from(upstream: str) -> Any:
        there = [one["repositoryName"] for one in describe(own)["upstreams"]]
        listed = [{"repositoryName": one} for one in dict.fromkeys([*there[:-1], upstream, *there[-1:]])]
        return clients.call(packages().update_repository, **where, repository=own, upstreams=listed)

    def domain_policy() -> Any:
        policy = deploying.as_administrator("codeartifact").get_domain_permissions_policy(**where)["policy"]["document"]
        return clients.call(packages().put_domain_permissions_policy, **where, policyDocument=policy)

    def group(team: Team) -> Any:
        pattern = next(one.group_pattern for names in team.owns.values() for one in names)
        return clients.call(packages().update_package_group, **where, packageGroup=pattern)

    changes = deploying.scenario("change the repository", own, lambda: update(own))
    groups = deploying.scenario("change a package group of", own, lambda: group(deploying.own))
    reads = deploying.scenario("read from the repository", world.settings.shared, lambda: read_from(world.settings.shared))
    listed = [changes, groups, reads]
    public = [world.settings.source(one) for one in world.settings.public_sources[:1]]
    for repository in (world.settings.shared, *public, *(team.own_repository for team in deploying.others[:1])):
        listed.append(
            deploying.scenario("change the repository", repository, lambda repository=repository: update(repository), changes.name)
        )
    listed.append(deploying.scenario("change the policy of the domain", world.settings.domain.name, domain_policy, changes.name))
    for other in deploying.others[:1]:
        attempted = lambda other=other: group(other)  # noqa: E731
        listed.append(deploying.scenario("change a package group of", other.own_repository, attempted, groups.name))
    closed = [team.own_repository for team in deploying.others if team.readers is Readers.TEAM]
    for repository in closed[:1]:
        attempted = lambda repository=repository: read_from(repository)  # noqa: E731
        listed.append(deploying.scenario("read from the repository", repository, attempted, reads.name))
    return listed


def _keys(deploying: _Deploying) -> list[Scenario]:
    """A key that is lost takes every package with it."""
    domain = deploying.world.settings.domain
    if domain.encryption is not Encryption.CUSTOMER:
        return []
    key = f"alias/codeartifact/{domain.name}"

    def write() -> Any:
        there = deploying.as_administrator("kms")
        id = there.describe_key(KeyId=key)["KeyMetadata"]["KeyId"]
        policy = there.get_key_policy(KeyId=id, PolicyName="default")["Policy"]
        return clients.call(deploying.kms.put_key_policy, KeyId=id, PolicyName="default", Policy=policy)

    twin = f"{deploying.stack} deployment: change the repository {deploying.own.own_repository}"
    return [deploying.scenario("write the policy of the key", key, write, twin)]


def _roles(deploying: _Deploying) -> list[Scenario]:
    world, settings = deploying.world, deploying.world.settings
    publishes = next((one.name for one in deploying.own.repositories if one.publishes), None)
    if publishes is None:
        return []
    own, shared = (role_name(settings.stack, kind, name) for kind, name in ((RoleKind.PUBLISH, publishes), (RoleKind.READ, "")))

    def trust(role: str) -> Any:
        there = deploying.as_administrator("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        deploying_iam = deploying.iam
        return clients.call(deploying_iam.update_assume_role_policy, RoleName=role, PolicyDocument=json.dumps(there))

    def create(name: str, *, bounded: bool = True) -> Any:
        boundary = {"PermissionsBoundary": settings.iam.permissions_boundary} if bounded and settings.iam.permissions_boundary else {}
        parameters = {"RoleName": name, "Path": settings.iam.path, "AssumeRolePolicyDocument": _TRUSTS_NO_PRINCIPAL, **boundary}
        clients.call(deploying.iam.create_role, **parameters)
        return clients.call(deploying.iam.delete_role, RoleName=name)

    changes = deploying.scenario("change the trust policy of", own, lambda: trust(own))
    listed = [changes, deploying.scenario("change the trust policy of", shared, lambda: trust(shared), changes.name)]
    new = role_name(settings.stack, RoleKind.PUBLISH, f"rehearsal-{deploying.stack}")
    creates = deploying.scenario("create the role", new, lambda: create(new))
    other = f"{settings.stack}-rehearsal-{deploying.stack}"
    listed += [creates, deploying.scenario("create the role", other, lambda: create(other), creates.name)]
    if settings.iam.permissions_boundary:
        unbounded = lambda: create(new, bounded=False)  # noqa: E731
        listed.append(deploying.scenario("create without its boundary the role", new, unbounded, creates.name))
    provider = world.registry.github_oidc_provider_arn
    audience = lambda: clients.call(  # noqa: E731
        deploying.iam.add_client_id_to_open_id_connect_provider, OpenIDConnectProviderArn=provider, ClientID="https://elsewhere.example"
    )
    listed.append(deploying.scenario("add an audience to", "GitHub's OIDC provider", audience, changes.name))
    return listed
