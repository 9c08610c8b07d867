"""Questions about policies, answered by the evaluator that the local cloud decides with (`evaluator.iam`); what IAM would not store raises.

That evaluator is held by tests/rehearsal/cloud/test_iam.py and, on the documents of whole stacks, by a second one (tests/access/judge).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluator.iam import VARIABLES_VERSION, Policies, Request, evaluate, split_operator
from evaluator.iam import Caller as Principal

Context = Mapping[str, str]
Statement = Mapping[str, Any]


def many(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def like(pattern: str, value: str) -> bool:
    """IAM's wildcards: `*` is any run of characters, `/` and `:` included, `?` is one. Compared with case."""
    return conditions_hold({"Condition": {"StringLike": {"key": pattern}}}, {"key": value})


def arn_like(pattern: str, value: str) -> bool:
    """Each of an ARN's six parts on its own; only the last may hold colons."""
    return conditions_hold({"Condition": {"ArnLike": {"key": pattern}}}, {"key": value})


def conditions_hold(statement: Statement, context: Context) -> bool:
    """Whether a statement's conditions hold for these keys and no others. Raises UnreadablePolicyError for an unknown operator."""
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": statement.get("Condition", {})}
    request = Request(Principal("Service", "nobody.amazonaws.com", ""), "service:Action", "*", context)
    return evaluate(request, Policies(resource=_documents([anybody]))).allowed


def document(text: str) -> list[dict[str, Any]]:
    """The statements of a policy document. Refuses what IAM refuses: an unknown element, a repeated or malformed Sid."""
    read = json.loads(text)
    assert set(read) == {"Version", "Statement"} and read["Version"] == VARIABLES_VERSION
    statements = read["Statement"]
    sids = [one["Sid"] for one in statements]
    assert len(set(sids)) == len(sids) and all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    for one in statements:
        assert set(one) <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
        assert one["Effect"] in ("Allow", "Deny") and one["Action"] and one.get("Resource", "*")
    return statements


def _documents(statements: Iterable[Statement]) -> list[Mapping[str, Any]]:
    """The statements as a document, or none: a misspelt operator would pass for one that does not hold."""
    found = list(statements)
    for operator in (operator for one in found for operator in one.get("Condition", {})):
        split_operator(operator)
    return [{"Version": VARIABLES_VERSION, "Statement": found}] if found else []


# --- GitHub's tokens ------------------------------------------------------------------------------------------------------------------

HOST = "token.actions.githubusercontent.com"
# The claims of GitHub's token that STS makes condition keys of.
CLAIMS = (
    "sub", "aud", "repository_id", "repository", "ref", "environment", "job_workflow_ref", "workflow", "actor", "actor_id", "enterprise_id",
)  # fmt: skip


def admits(statements: Iterable[Statement], claims: Mapping[str, str], provider: str) -> bool:
    """Whether a role with this trust policy may be assumed with a valid token of `provider` that makes these claims."""
    trust = list(statements)
    for one in trust:
        assert one["Effect"] == "Allow" and one["Action"] == "sts:AssumeRoleWithWebIdentity" and "Resource" not in one
        keys = {key for operator in one["Condition"].values() for key in operator}
        assert keys <= {f"{HOST}:{name}" for name in CLAIMS}, "a key that STS does not know"
    bearer = Principal("WebIdentity", provider, provider.split(":")[4])
    context = {f"{HOST}:{name}": value for name, value in claims.items() if name in CLAIMS}
    request = Request(bearer, "sts:AssumeRoleWithWebIdentity", "role", context)
    return evaluate(request, Policies(resource=_documents(trust), resource_required=True)).allowed


# --- identity and resource policies ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """A principal: its ARN (a role's, not its session's), its account and, where it is in one, its organisation and its place in it."""

    arn: str
    account: str
    organization: str = ""
    path: str = ""

    @property
    def principal(self) -> Principal:
        if ":role/" not in self.arn:
            return Principal("User", self.arn, self.account)
        return Principal("AssumedRole", f"{self.arn.replace(':iam:', ':sts:')}/session", self.account, self.arn)

    @property
    def context(self) -> dict[str, str]:
        place = {"aws:PrincipalOrgID": self.organization, "aws:PrincipalOrgPaths": self.path}
        return {key: value for key, value in place.items() if value}


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
    request = Request(caller.principal, action, resource, caller.context | dict(context or {}))
    return evaluate(request, Policies(_documents(identity), resource=_documents(resource_policy), owner=owner)).allowed
