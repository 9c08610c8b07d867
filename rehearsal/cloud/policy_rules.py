"""What IAM refuses to store: malformed documents, trust in GitHub without a subject, documents over their size.

ministack stores all of these. Sources: IAM User Guide, "IAM and STS quotas" (white space between elements is not counted), "JSON
policy elements", and the identity-provider control for GitHub's OIDC provider (a role that trusts it must evaluate `sub`).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from evaluator import iam

TRUST_POLICY_SIZE = 2_048  # characters, default quota
MANAGED_POLICY_SIZE = 6_144
ROLE_INLINE_SIZE = 10_240  # all inline policies of a role together
USER_INLINE_SIZE = 2_048
GITHUB_PROVIDER = "oidc-provider/token.actions.githubusercontent.com"
GITHUB_SUBJECT = "token.actions.githubusercontent.com:sub"
SUBJECT_OPERATORS = {"stringequals", "stringequalsignorecase", "stringlike"}
STATEMENT_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
VERSIONS = {None, "2008-10-17", "2012-10-17"}
ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
PRINCIPAL_ARN = re.compile(r"arn:[a-z-]+:(iam|sts)::(\d{12}):(root|[a-z-]+/[^*?]+)")


class PolicyRefusedError(Exception):
    """A document that IAM refuses; code and HTTP status as IAM answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = 409 if code == "LimitExceeded" else 400


def check_trust_policy(document: str, quota: int = TRUST_POLICY_SIZE) -> None:
    """Refuse a role's trust policy: MalformedPolicyDocument or LimitExceeded. `quota`: characters that the account may have."""
    statements = _checked_statements(document, "trust")
    for statement in statements:
        if statement["Effect"] == "Allow" and _trusts_github(statement) and not _evaluates_subject(statement):
            raise _malformed(f"a role that trusts GitHub's OIDC provider must evaluate the condition key {GITHUB_SUBJECT}")
    _check_size(size(document), quota, "Cannot exceed quota for ACLSizePerRole")


def check_managed_policy(document: str) -> None:
    """Refuse a managed policy's document: MalformedPolicyDocument or LimitExceeded."""
    _checked_statements(document, "identity")
    _check_size(size(document), MANAGED_POLICY_SIZE, "Cannot exceed quota for PolicySize")


def check_inline_policies(document: str, others: Iterable[str], limit: int, owner: str) -> None:
    """Refuse an inline policy that is malformed, or that takes its owner's inline policies together over the limit."""
    _checked_statements(document, "identity")
    total = size(document) + sum(size(other) for other in others)
    _check_size(total, limit, f"Maximum policy size of {limit} bytes exceeded for {owner}")


def size(document: str) -> int:
    """Characters as IAM counts them: without the white space between elements."""
    return len(json.dumps(json.loads(document), separators=(",", ":"), ensure_ascii=False))


def role_principals(document: str) -> list[str]:
    """The users, roles and sessions that a document's principals name; IAM refuses one that does not exist."""
    named = []
    for statement in _checked_statements(document, "trust"):
        values = _principal(statement).get("AWS", [])
        named += [value for value in iam.as_list(values) if PRINCIPAL_ARN.fullmatch(value) and not value.endswith(":root")]
    return named


def _check_size(actual: int, limit: int, message: str) -> None:
    if actual > limit:
        raise PolicyRefusedError("LimitExceeded", f"{message}: {limit}")


def _malformed(message: str) -> PolicyRefusedError:
    return PolicyRefusedError("MalformedPolicyDocument", message)


def _checked_statements(document: str, kind: str) -> list[Mapping[str, Any]]:
    try:
        loaded = iam.load(document)
    except iam.UnreadablePolicyError as error:
        raise _malformed(str(error)) from None
    if loaded.get("Version") not in VERSIONS:
        raise _malformed(f"Version {loaded.get('Version')!r} is none of 2008-10-17, 2012-10-17")
    statements = iam.as_list(loaded["Statement"])
    for statement in statements:
        _check_statement(statement, kind)
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if len(sids) != len(set(sids)):
        raise _malformed("statement ids (Sid) in a single policy must be unique")
    return statements


def _check_statement(statement: Mapping[str, Any], kind: str) -> None:
    unknown = set(statement) - STATEMENT_ELEMENTS
    if unknown:
        raise _malformed(f"unknown element {sorted(unknown)[0]} in a statement")
    _exactly_one(statement, "Action", "NotAction")
    for action in iam.as_list(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not ACTION.fullmatch(action):
            raise _malformed(f"{action!r} is not an action")
    _check_resource(statement, kind)
    _check_principal(statement, kind)
    _check_condition(statement.get("Condition") or {})


def _exactly_one(statement: Mapping[str, Any], name: str, negated: str) -> None:
    if (name in statement) == (negated in statement):
        raise _malformed(f"a statement needs exactly one of {name} and {negated}")


def _check_resource(statement: Mapping[str, Any], kind: str) -> None:
    if kind == "trust":
        if "Resource" in statement or "NotResource" in statement:
            raise _malformed("Has prohibited field Resource")
        return
    _exactly_one(statement, "Resource", "NotResource")
    for resource in iam.as_list(statement.get("Resource", statement.get("NotResource"))):
        if resource != "*" and (not isinstance(resource, str) or not resource.startswith(("arn:", "*", "$"))):
            raise _malformed(f"resource {resource} must be in ARN format or *")


def _check_principal(statement: Mapping[str, Any], kind: str) -> None:
    if kind == "identity":
        if "Principal" in statement or "NotPrincipal" in statement:
            raise _malformed("Policy document should not specify a principal.")
        return
    _exactly_one(statement, "Principal", "NotPrincipal")
    if "NotPrincipal" in statement:
        raise _malformed("NotPrincipal is not allowed here")
    for value in iam.as_list(_principal(statement).get("AWS", [])):
        if value != "*" and not re.fullmatch(r"\d{12}", str(value)) and not PRINCIPAL_ARN.fullmatch(str(value)):
            raise _malformed(f'Invalid principal in policy: "AWS":"{value}"')


def _principal(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    principal = statement["Principal"]
    if principal == "*":
        return {"AWS": "*"}
    if not isinstance(principal, Mapping) or not set(principal) <= {"AWS", "Service", "Federated", "CanonicalUser"}:
        raise _malformed(f"Invalid principal in policy: {principal!r}")
    return principal


def _check_condition(blocks: Any) -> None:
    if not isinstance(blocks, Mapping) or not all(isinstance(keys, Mapping) for keys in blocks.values()):
        raise _malformed("Condition must be an object of operators, each an object of keys")
    try:
        for operator in blocks:
            iam.split_operator(operator)
    except iam.UnreadablePolicyError as error:
        raise _malformed(str(error)) from None


def _trusts_github(statement: Mapping[str, Any]) -> bool:
    return any(str(value).endswith(f":{GITHUB_PROVIDER}") for value in iam.as_list(_principal(statement).get("Federated", [])))


def _evaluates_subject(statement: Mapping[str, Any]) -> bool:
    """A positive string operator on `sub` with a value that is more than a wildcard; IfExists would pass tokens without one."""
    for operator, keys in (statement.get("Condition") or {}).items():
        quantifier, name, if_exists = iam.split_operator(operator)
        values = [value for key, values in keys.items() if key.lower() == GITHUB_SUBJECT for value in iam.as_list(values)]
        if values and name in SUBJECT_OPERATORS and quantifier != "forallvalues" and not if_exists:
            return all(str(value).strip("*?") for value in values)
    return False
