"""IAM Identity Center of the rehearsed company: where it is, who is in which group, and what it lets the deployer do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from policies.arns import Registry
from policies.document import text
from policies.roles.deployer import permission_sets
from rehearsal import clients
from rehearsal.control import Control
from rehearsal.world import World
from settings import DeveloperMode, Settings

# The account that manages permission sets, where the stack does not name its role there.
_OTHER_ACCOUNT = "222233334444"
DEVELOPER, OUTSIDER, _TEAM_DEVELOPER = "developer", "accountant", "developer-of-"
# A group that no stack names.
_OUTSIDE_GROUP = "Not in any catalog"


@dataclass(frozen=True)
class Place:
    """Account and region of an Identity Center."""

    account: str
    region: str


def team_developer(team: str) -> str:
    """A user of the groups that a team names."""
    return f"{_TEAM_DEVELOPER}{team}"


def role_of(settings: Settings) -> str | None:
    """The role with which the stack reaches Identity Center: "" = none needed, None = the stack creates nothing there."""
    developers = settings.developers
    if developers is None or developers.mode is DeveloperMode.POLICY:
        return None
    return developers.role_arn


def place(settings: Settings, registry: Registry) -> Place | None:
    """Where it is; None in a stack without developers."""
    developers = settings.developers
    if developers is None:
        return None
    if developers.mode is DeveloperMode.POLICY:
        return Place(_OTHER_ACCOUNT, developers.region)
    return Place(developers.role_arn.split(":")[4] if developers.role_arn else registry.account, developers.region)


def groups(settings: Settings) -> dict[str, list[str]]:
    """Users by group."""
    users: dict[str, list[str]] = {_OUTSIDE_GROUP: [OUTSIDER]}
    for group in settings.developers.groups if settings.developers else ():
        users.setdefault(group, []).append(DEVELOPER)
    for team in settings.teams:
        for group in team.developer_groups:
            users.setdefault(group, []).append(team_developer(team.name))
    return users


def seed(settings: Settings, registry: Registry, control: Control, deployer: str) -> None:
    """Create it, and the role in its account that the deployer (an ARN) assumes if the stack names a role."""
    where = place(settings, registry)
    if where is None:
        return
    control.post("identity-center/instances", account=where.account, region=where.region, groups=groups(settings))
    role = role_of(settings)
    if role:
        path, _, name = role.partition(":role")[2].rpartition("/")
        trust = {"Effect": "Allow", "Principal": {"AWS": deployer}, "Action": "sts:AssumeRole"}
        control.post(
            "principals",
            kind="role",
            account=where.account,
            name=name,
            path=f"{path}/",
            policy=json.loads(text(permission_sets(registry, settings.stack))),
            trust={"Version": "2012-10-17", "Statement": [trust]},
        )


class Manager:
    """An Identity Center administrator, with full access to the account that manages permission sets."""

    def __init__(self, world: World) -> None:
        where = place(world.settings, world.registry)
        if where is None:
            raise ValueError(f"stack {world.settings.stack}: got no developers; expected the key developers")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        who = world.principal("identity-administrator", everything, account=where.account)
        self._sso = clients.aws(world.place.endpoint, where.region, "sso-admin", who)
        self._store = clients.aws(world.place.endpoint, where.region, "identitystore", who)
        there = self._sso.list_instances()["Instances"][0]
        self._instance, self._identity_store = {"InstanceArn": there["InstanceArn"]}, there["IdentityStoreId"]
        self._target = {"TargetId": world.place.account, "TargetType": "AWS_ACCOUNT", "PrincipalType": "GROUP"}

    def create(self, name: str, policy: str, duration: str, group_names: Sequence[str]) -> None:
        """A permission set with this policy, for these groups, in the registry's account."""
        arn = self._sso.create_permission_set(Name=name, SessionDuration=duration, **self._instance)["PermissionSet"]["PermissionSetArn"]
        self._sso.put_inline_policy_to_permission_set(PermissionSetArn=arn, InlinePolicy=policy, **self._instance)
        for group in group_names:
            self._sso.create_account_assignment(PermissionSetArn=arn, PrincipalId=self._group(group), **self._instance, **self._target)

    def assign_again(self, name: str, group_names: Sequence[str]) -> None:
        """Take every assignment of a permission set away and create it again, which creates another role."""
        arn = self._named(name)
        principals = [self._group(group) for group in group_names]
        for change in (self._sso.delete_account_assignment, self._sso.create_account_assignment):
            for principal in principals:
                change(PermissionSetArn=arn, PrincipalId=principal, **self._instance, **self._target)

    def permission_sets(self) -> dict[str, str]:
        """ARN of every permission set, by its name."""
        arns = self._sso.list_permission_sets(**self._instance)["PermissionSets"]
        described = (self._sso.describe_permission_set(PermissionSetArn=arn, **self._instance)["PermissionSet"] for arn in arns)
        return {permission_set["Name"]: permission_set["PermissionSetArn"] for permission_set in described}

    def _named(self, name: str) -> str:
        arns = self.permission_sets()
        if name not in arns:
            raise LookupError(f"permission set {name}: got none of that name; expected one of {', '.join(sorted(arns))}")
        return arns[name]

    def _group(self, name: str) -> str:
        unique = {"UniqueAttribute": {"AttributePath": "DisplayName", "AttributeValue": name}}
        return self._store.get_group_id(IdentityStoreId=self._identity_store, AlternateIdentifier=unique)["GroupId"]
