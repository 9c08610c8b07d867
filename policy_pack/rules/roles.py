"""A role with everything that the stack says about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from . import trust
from .documents import IDENTITY, Statement, many, of
from .model import UNKNOWN, NotYetKnown, Resource
from .permissions import writes

_ROLE = "aws:iam/role:Role"
_INLINE = "aws:iam/rolePolicy:RolePolicy"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_MANAGED = "aws:iam/policy:Policy"


@dataclass
class Role:
    """A role, its statements, the managed policies that are not in the stack, and the policies whose content is not known yet."""

    resource: Resource
    statements: list[Statement] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    pending: list[Resource] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.resource.get("name") or self.resource.name)

    @cached_property
    def ways_in(self) -> list[Statement]:
        """How GitHub's tokens get in."""
        return list(trust.ways_in(self.resource))

    @cached_property
    def writes(self) -> list[str]:
        """What it may do beyond reading. A managed policy that is not in the stack may hold anything."""
        return list(dict.fromkeys([*(action for one in self.statements for action in writes(one)), *self.foreign]))

    def take(self, policy: Resource) -> None:
        """Add what a policy grants."""
        try:
            self.statements += of(policy, IDENTITY)
        except NotYetKnown:
            self.pending.append(policy)

    def attach(self, arn: str, managed: dict[str, Resource]) -> None:
        """Add what a managed policy grants."""
        policy = managed.get(arn.rpartition(":")[2])
        if policy:
            self.take(policy)
        else:
            self.foreign.append(arn)


def roles(resources: Sequence[Resource]) -> list[Role]:
    """The roles of a stack with their inline policies, and with what is attached to them."""
    found = {str(one.get("name") or one.name): Role(one) for one in resources if one.type == _ROLE}
    managed = {f"policy{one.get('path') or '/'}{one.get('name') or one.name}": one for one in resources if one.type == _MANAGED}
    for role in found.values():
        # A provider computes what a program leaves out: in a preview that is unknown, and there is nothing to be known.
        if role.resource.get("inlinePolicies") != UNKNOWN:
            role.take(role.resource)
        for arn in many(role.resource.get("managedPolicyArns")):
            if arn != UNKNOWN:
                role.attach(str(arn), managed)
    for one in resources:
        role = found.get(str(one.get("role") or ""))
        if role and one.type == _INLINE:
            role.take(one)
        elif role and one.type == _ATTACHMENT:
            role.attach(str(one.get("policyArn")), managed)
    return list(found.values())


def of_github(resources: Sequence[Resource]) -> list[Role]:
    """The roles that GitHub's tokens may assume."""
    return [one for one in roles(resources) if one.ways_in]


def wait_for(judged: Sequence[Role]) -> None:
    """Say that a rule has not seen everything. Raises NotYetKnown if a policy of these roles is not known yet."""
    for role in judged:
        for policy in role.pending:
            raise NotYetKnown(role.name, policy.name)
