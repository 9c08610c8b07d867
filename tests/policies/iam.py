"""A strict reading of IAM policies, independent of the program and of the rehearsal: what is not known here raises.

Source: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements: Condition operators" and "Resource".
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Context = Mapping[str, str]
Statement = Mapping[str, Any]


def like(pattern: str, value: str) -> bool:
    """IAM's wildcards: `*` is any run of characters, `/` and `:` included, `?` is one. Compared with case."""
    return re.fullmatch("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), value, re.DOTALL) is not None


def arn_like(pattern: str, value: str) -> bool:
    """Each of an ARN's six parts on its own; only the last may hold colons."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) == 6 and all(like(one, other) for one, other in zip(patterns, values, strict=True))


_POSITIVE = {
    "StringEquals": lambda wanted, got: wanted == got,
    "StringLike": like,
    # The one set operator that is used here, on a key that has one value for each caller.
    "ForAnyValue:StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "NumericLessThanEquals": lambda wanted, got: float(got) <= float(wanted),
}
_NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike"}


def many(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _holds(operator: str, wanted: Iterable[str], got: str | None) -> bool:
    """A key that is absent fulfils no positive operator and every negated one."""
    if operator == "Null":
        return all((got is None) is {"true": True, "false": False}[one] for one in wanted)
    if operator in _NEGATED:
        return not _holds(_NEGATED[operator], wanted, got)
    compare = _POSITIVE[operator]
    return got is not None and any(compare(one, got) for one in wanted)


def conditions_hold(statement: Statement, context: Context) -> bool:
    return all(
        _holds(operator, many(wanted), context.get(key))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def document(text: str) -> list[dict[str, Any]]:
    """The statements of a policy document. Refuses what IAM refuses: an unknown element, a repeated or malformed Sid."""
    read = json.loads(text)
    assert set(read) == {"Version", "Statement"} and read["Version"] == "2012-10-17"
    statements = read["Statement"]
    sids = [one["Sid"] for one in statements]
    assert len(set(sids)) == len(sids) and all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    for one in statements:
        assert set(one) <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
        assert one["Effect"] in ("Allow", "Deny") and one["Action"] and one.get("Resource", "*")
    return statements


# --- GitHub's tokens ------------------------------------------------------------------------------------------------------------------

HOST = "token.actions.githubusercontent.com"
# The claims of GitHub's token that STS makes condition keys of.
CLAIMS = (
    "sub",
    "aud",
    "repository_id",
    "repository",
    "ref",
    "environment",
    "job_workflow_ref",
    "workflow",
    "actor",
    "actor_id",
    "enterprise_id",
)


def admits(statements: Iterable[Statement], claims: Mapping[str, str], provider: str) -> bool:
    """Whether a role with this trust policy may be assumed with a valid token of `provider` that makes these claims."""
    context = {f"{HOST}:{name}": value for name, value in claims.items() if name in CLAIMS}
    for one in statements:
        assert one["Effect"] == "Allow" and one["Action"] == "sts:AssumeRoleWithWebIdentity" and "Resource" not in one
        keys = {key for operator in one["Condition"].values() for key in operator}
        assert keys <= {f"{HOST}:{name}" for name in CLAIMS}, "a key that STS does not know"
        if one["Principal"] == {"Federated": provider} and conditions_hold(one, context):
            return True
    return False


# --- identity and resource policies ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """A principal: its ARN (a role's, not its session's), its account and, where it is in one, its organisation and its place in it."""

    arn: str
    account: str
    organization: str = ""
    path: str = ""

    def context(self) -> dict[str, str]:
        known = {"aws:PrincipalArn": self.arn, "aws:PrincipalAccount": self.account}
        known |= {"aws:PrincipalOrgID": self.organization} if self.organization else {}
        return known | ({"aws:PrincipalOrgPaths": self.path} if self.path else {})


def _applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Actions are compared without case, resources with it."""
    actions = any(like(one.lower(), action.lower()) for one in many(statement["Action"]))
    return actions and any(like(one, resource) for one in many(statement["Resource"])) and conditions_hold(statement, context)


def _named(statement: Statement, caller: Caller) -> str:
    """How a resource policy's statement names the caller: "principal", "account" (which leaves it to the account's own policies) or ""."""
    principal = statement["Principal"]
    named = ["*"] if principal == "*" else many(principal["AWS"])
    if "*" in named or caller.arn in named:
        return "principal"
    return "account" if any(one.split(":")[4:] == [caller.account, "root"] for one in named) else ""


def allowed(
    caller: Caller,
    action: str,
    resource: str,
    *,
    owner: str,
    identity: Iterable[Statement] = (),
    resource_policy: Iterable[Statement] = (),
    context: Context | None = None,
) -> bool:
    """Whether `caller` may do `action` to `resource`, which account `owner` holds and `resource_policy` is attached to."""
    keys = caller.context() | dict(context or {})
    own = [one for one in identity if _applies(one, action, resource, keys)]
    attached = [one for one in resource_policy if _named(one, caller) and _applies(one, action, resource, keys)]
    if any(one["Effect"] == "Deny" for one in (*own, *attached)):
        return False
    by_identity = bool(own)
    if caller.account == owner:
        return by_identity or any(_named(one, caller) == "principal" for one in attached)
    return by_identity and bool(attached)
