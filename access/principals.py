"""Who has a session at AWS, and with which policies: the stack's roles, those that it gives a policy to, and those that its policies name.

What the stack does not say is taken at its worst: a principal of this account that only a resource policy names has every right by its own
policies, and so has everybody in another account. Permissions boundaries, session policies and service control policies are left out: they
only take rights away.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from access.provisioned import Document, Provisioned, named_principals, resource_policies
from evaluator.iam import Caller, Values
from policies.document import statement, text

EVERYTHING = Document("a policy that allows everything (assumed)", text([statement("Everything", "*", "*")]))
_MEMBER, _STRANGER = "555566667777", "999900001111"
_ROOT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root|(\d{12})")


@dataclass(frozen=True)
class Session:
    """Somebody with credentials. `key` is stable; `identity` are its policies; `context` the condition keys of its requests.

    `assumed`: of this account, with policies that are not this stack's and are taken to allow everything. What it may do is no finding.
    """

    key: str
    label: str
    note: str
    caller: Caller
    identity: tuple[Document, ...]
    context: Mapping[str, Values] = field(default_factory=dict)
    assumed: bool = False


def of_roles(stack: Provisioned) -> dict[str, Session]:
    """A session of each of the stack's roles, by the role's ARN."""
    context = _membership(stack)
    return {
        role.arn: Session(f"role:{role.name}", role.name, "role of this stack", _role(role.arn), role.identity, context)
        for role in stack.roles
    }


def others(stack: Provisioned) -> list[Session]:
    """Everybody else, in the order in which they are shown."""
    mine = f"arn:{stack.partition}:iam::{stack.account}:role"
    inside = _membership(stack)
    found = [
        Session(f"{one.kind}:{one.name}", f"{one.kind} {one.name}", "with what this stack gives it", _role(one.arn), one.identity, inside)
        for one in stack.attached
    ]
    found += [
        Session(
            "administrator",
            "administrator",
            "a role of this account that may do everything",
            _role(f"{mine}/administrator"),
            (EVERYTHING,),
            inside,
            assumed=True,
        ),
        *_named(stack, inside),
        Session("no-policy", "role without a policy", "a role of this account", _role(f"{mine}/without-policy"), (), inside),
        *_other_accounts(stack),
    ]
    return found


def _role(arn: str) -> Caller:
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    return Caller("AssumedRole", f"arn:{arn.split(':')[1]}:sts::{account}:assumed-role/{name}/session", account, arn)


def _named(stack: Provisioned, inside: Mapping[str, Values]) -> Iterable[Session]:
    """Roles of this account that a resource policy singles out, and that the stack neither creates nor gives a policy to."""
    known = {*(one.arn for one in stack.roles), *(one.arn for one in stack.attached)}
    for arn in named_principals(stack.domains):
        if arn.split(":")[4] == stack.account and "*" not in arn and arn not in known:
            name = arn.rpartition("/")[2]
            yield Session(
                f"named:{name}",
                f"{name} (with every right)",
                "a role that a resource policy names; its own policy is not this stack's, so the most is assumed",
                _role(arn),
                (EVERYTHING,),
                inside,
                assumed=True,
            )


def _other_accounts(stack: Provisioned) -> Iterable[Session]:
    """Whoever a resource policy lets in from outside, and somebody whom none does. In their own accounts they may do everything."""
    shared = dict.fromkeys(_accounts_named(stack))
    for account in shared:
        yield _from_account(stack, account, "any-role", f"account {account}", "any role of it")
    for pattern in named_principals(stack.domains):
        account = pattern.split(":")[4]
        if account != stack.account and account.isdigit():
            name = pattern.partition(":role/")[2]
            arn = pattern.replace("*", "example")
            label = f"account {account}: role {name}"
            yield Session(
                f"account:{account}:{name}", label, "a role that a resource policy names", _role(arn), (EVERYTHING,), _outside(stack, {})
            )
    note = "an account of the organisation or unit that is shared with"
    for key, value in ((key, value) for key, values in _organizations(stack).items() for value in values):
        yield _from_account(stack, _MEMBER, "any-role", f"account in {value}", note, {key: (value,)})
    yield _from_account(stack, _STRANGER, "any-role", "any other account", "which nothing is shared with")


def _from_account(stack: Provisioned, account: str, name: str, label: str, note: str, keys: Mapping[str, Values] | None = None) -> Session:
    arn = f"arn:{stack.partition}:iam::{account}:role/{name}"
    named = "".join(f":{key}={','.join(values)}" for key, values in (keys or {}).items())
    return Session(f"account:{account}{named}", label, note, _role(arn), (EVERYTHING,), _outside(stack, keys or {}))


def _accounts_named(stack: Provisioned) -> Iterable[str]:
    for document in resource_policies(stack.domains):
        for one in document.statements:
            principal = one.get("Principal")
            named = principal.get("AWS", ()) if isinstance(principal, Mapping) else ()
            for value in [named] if isinstance(named, str) else named:
                match = _ROOT.fullmatch(value)
                account = match and (match[1] or match[2])
                if account and account != stack.account:
                    yield account


def _organizations(stack: Provisioned) -> dict[str, list[str]]:
    """Values of aws:PrincipalOrgID and aws:PrincipalOrgPaths that resource policies ask for; a path's `*` as one that it matches."""
    found: dict[str, dict[str, None]] = {}
    for document in resource_policies(stack.domains):
        for one in document.statements:
            for keys in (one.get("Condition") or {}).values():
                for key, values in keys.items():
                    if key.lower() in ("aws:principalorgid", "aws:principalorgpaths"):
                        listed = [values] if isinstance(values, str) else values
                        found.setdefault(key, {}).update(dict.fromkeys(value.replace("*", "") for value in listed))
    return {key: list(values) for key, values in found.items()}


def _membership(stack: Provisioned) -> dict[str, Values]:
    """The account itself is taken to be a member of every organisation that is shared with: that opens no door that should be shut."""
    members = {key: tuple(values) if key.lower().endswith("paths") else values[0] for key, values in _organizations(stack).items()}
    return {**_request(stack), **members}


def _outside(stack: Provisioned, keys: Mapping[str, Values]) -> dict[str, Values]:
    return {**_request(stack), **{key: values if key.lower().endswith("paths") else values[0] for key, values in keys.items()}}


def _request(stack: Provisioned) -> dict[str, Values]:
    return {"aws:ResourceAccount": stack.account, "aws:RequestedRegion": stack.region, "aws:SecureTransport": "true"}
