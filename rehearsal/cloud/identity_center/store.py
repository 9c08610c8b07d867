"""What Identity Center keeps: instances with their groups, permission sets, assignments, provisioned roles and signed-in users."""

import re
import secrets
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Where Identity Center is in this region, role paths leave the region out.
# https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
_REGION_WITHOUT_PATH = "us-east-1"
_DURATION = re.compile(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_DURATION_MIN, _DURATION_MAX = 3_600, 43_200


@dataclass
class Group:
    """A group of the identity store and the users in it."""

    id: str
    name: str
    users: tuple[str, ...]


@dataclass
class PermissionSet:
    """A permission set. `roles` are the reserved roles that it has been provisioned as: name by account."""

    arn: str
    name: str
    description: str | None
    session_duration: str
    relay_state: str | None
    tags: dict[str, str]
    created: float
    inline_policy: str = ""
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """A group's assignment to a permission set in an account."""

    permission_set: str
    account: str
    group: str


@dataclass
class Instance:
    """One Identity Center: of an account (the organisation's or a delegated one) and a region. `statuses` are requests by id."""

    account: str
    region: str
    groups: dict[str, Group]
    id: str = field(default_factory=lambda: f"ssoins-{secrets.token_hex(8)}")
    identity_store: str = field(default_factory=lambda: f"d-{secrets.token_hex(5)}")
    permission_sets: dict[str, PermissionSet] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    statuses: dict[str, dict] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:sso:::instance/{self.id}"

    @property
    def start_url(self) -> str:
        return f"https://{self.identity_store}.awsapps.com/start"

    @property
    def role_path(self) -> str:
        region = "" if self.region == _REGION_WITHOUT_PATH else f"{self.region}/"
        return f"/aws-reserved/sso.amazonaws.com/{region}"

    def group_named(self, name: str) -> Group | None:
        return next((group for group in self.groups.values() if group.name == name), None)

    def assigned(self, user: str, account: str, permission_set: str) -> PermissionSet | None:
        """The permission set of this name, if the user has it in the account."""
        for one in self.assignments:
            found = self.permission_sets[one.permission_set]
            if found.name == permission_set and one.account == account and user in self.groups[one.group].users:
                return found
        return None


@dataclass(frozen=True)
class SignIn:
    """A user's session of the portal."""

    instance: Instance
    user: str
    expires: float


@dataclass
class Store:
    """Every instance, and who is signed in, by access token."""

    instances: dict[tuple[str, str], Instance] = field(default_factory=dict)
    sign_ins: dict[str, SignIn] = field(default_factory=dict)

    def seed(self, account: str, region: str, groups: Mapping[str, Iterable[str]]) -> Instance:
        """A new instance with these groups: users by display name."""
        created = [Group(str(uuid.uuid4()), name, tuple(users)) for name, users in groups.items()]
        instance = Instance(account, region, {group.id: group for group in created})
        self.instances[account, region] = instance
        return instance

    def sign_in(self, instance: Instance, user: str, seconds: int) -> str:
        """The access token of a user who has signed in."""
        token = secrets.token_urlsafe(32)
        self.sign_ins[token] = SignIn(instance, user, time.time() + seconds)
        return token


def new_role_name(permission_set: str) -> str:
    """A reserved role's name: its end differs each time that the role is created again."""
    return f"AWSReservedSSO_{permission_set}_{secrets.token_hex(8)}"


def seconds(duration: str) -> int | None:
    """ISO 8601 hours, minutes and seconds; None unless it is 1 to 12 hours."""
    match = _DURATION.fullmatch(duration)
    if not match:
        return None
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + rest
    return total if _DURATION_MIN <= total <= _DURATION_MAX else None
