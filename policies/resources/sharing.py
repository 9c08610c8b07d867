"""Sharing with other accounts: who is let in, into whatever is open to the organisation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.actions import READ
from policies.arns import Registry
from policies.document import Statement, statement

# Having a repository as an upstream: required of whoever creates or changes the repository below it.
_DOWNSTREAM = "codeartifact:AssociateWithDownstreamRepository"


@dataclass(frozen=True)
class Sharing:
    """Who outside the account reads what is open to the organisation: an AWS organisation by its id ("" = none), single accounts, and parts
    of organisations by their paths. `downstream` are the repositories that they may have as upstreams of theirs."""

    organization_id: str = ""
    accounts: Sequence[str] = ()
    organization_paths: Sequence[str] = ()
    downstream: Sequence[str] = ()


NOBODY = Sharing()


def share(sid: str, actions: Iterable[str], registry: Registry, sharing: Sharing) -> list[Statement]:
    """Let other accounts in. An organisation's id or path holds however many accounts it has.

    These two leave out the registry's own account: `*` would let every principal of it in, also one without any policy.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths
    """
    shared, actions, accounts = [], list(actions), sharing.accounts
    others = {"StringNotEquals": {"aws:PrincipalAccount": registry.account}}
    if sharing.organization_id:
        members = {"StringEquals": {"aws:PrincipalOrgID": sharing.organization_id}, **others}
        shared.append(statement(f"{sid}Organization", actions, "*", principal="*", conditions=members))
    if sharing.organization_paths:
        # The key has several values, hence the set operator; a principal outside organisations has none and matches nothing.
        members = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": sharing.organization_paths}, **others}
        shared.append(statement(f"{sid}OrganizationPaths", actions, "*", principal="*", conditions=members))
    if accounts:
        roots = [f"arn:{registry.partition}:iam::{account}:root" for account in accounts]
        shared.append(statement(f"{sid}Accounts", actions, "*", principal={"AWS": roots if len(roots) > 1 else roots[0]}))
    return shared


def readable(registry: Registry, sharing: Sharing, downstream: bool) -> list[Statement]:
    return share("Read", (*READ, _DOWNSTREAM) if downstream else READ, registry, sharing)
