"""Developers: names of permission sets, and the roles that IAM Identity Center creates from them.

Identity Center creates one role a permission set and account, with a random end of its name that changes when it is provisioned again.
Policies therefore match it by pattern. A permission set whose name begins with STACK-developers belongs to this program.
https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
"""

from policies.arns import Registry
from policies.document import Statement, statement
from policies.names import cut

# Characters. https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
PERMISSION_SET_NAME_MAX = 32
# What is left for a team's part, with the hyphen before it: enough for a name that had to be cut.
_TEAM_PART_MIN = 11
# No name has a `_`, which is what Identity Center puts before the random end: NAME_* is then this permission set and no longer-named one.
_UNDERSCORE = str.maketrans("_", "=")
DEVELOPERS = "developers"


def permission_set(stack: str, team: str = "") -> str:
    """STACK-developers, or STACK-developers-TEAM for a team whose packages only its own developers read; at most 32 characters."""
    everybody = cut(f"{stack}-{DEVELOPERS}", PERMISSION_SET_NAME_MAX - _TEAM_PART_MIN)
    name = f"{everybody}-{cut(team, PERMISSION_SET_NAME_MAX - len(everybody) - 1)}" if team else everybody
    return name.translate(_UNDERSCORE)


def _roles(registry: Registry, name: str) -> list[str]:
    """The path holds the region of Identity Center, unless that is us-east-1."""
    reserved = f"arn:{registry.partition}:iam::{registry.account}:role/aws-reserved/sso.amazonaws.com"
    return [f"{reserved}/AWSReservedSSO_{name}", f"{reserved}/*/AWSReservedSSO_{name}"]


def team_roles(registry: Registry, stack: str, team: str) -> list[str]:
    """ARN patterns of the roles of one team's permission set."""
    return _roles(registry, f"{permission_set(stack, team)}_*")


def every_role(registry: Registry, stack: str) -> list[str]:
    """ARN patterns of the roles of all developers' permission sets of a stack: their number does not depend on the catalog."""
    name = permission_set(stack)
    return [*_roles(registry, f"{name}_*"), *_roles(registry, f"{name}-*")]


def session_duration(seconds: int) -> str:
    """ISO 8601, as permission sets have it: PT8H, PT1H30M."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return "PT" + "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count)


def at_identity_center(role: str | None, here: list[Statement]) -> list[Statement]:
    """What is needed at IAM Identity Center: `here` if it is in the stack's own account (""), otherwise to become the role with which it is
    reached, and nothing if the stack creates no permission sets (None)."""
    if role is None:
        return []
    return [statement("ReachIdentityCenter", "sts:AssumeRole", role)] if role else here
