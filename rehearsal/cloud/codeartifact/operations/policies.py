"""Permissions policies of domains and repositories. Source: User Guide, "Domain policies", "Repository policies"."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found
from rehearsal.cloud.codeartifact.operations.call import Call

ENTITY = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/[^*?]+")


def revision(document: str) -> str:
    return base64.b64encode(hashlib.sha256(document.encode()).digest()).decode()


def described(arn: str, document: str | None, resource_type: str, name: str) -> dict[str, Any]:
    """The operation's output for a policy; ResourceNotFoundException where there is none."""
    if document is None:
        raise not_found(f"The {resource_type} '{name}' has no permissions policy.", resource_type, name)
    return {"policy": {"resourceArn": arn, "revision": revision(document), "document": document}}


def checked_change(call: Call, current: str | None, resource_type: str, name: str) -> None:
    """ConflictException when the request names a revision other than the current one."""
    wanted = call.get("policyRevision")
    if wanted is not None and (current is None or wanted != revision(current)):
        raise conflict(f"The policy of {resource_type} '{name}' does not have the revision {wanted}.", resource_type, name)


def checked_document(call: Call) -> str:
    """The request's policy document; ValidationException if IAM could not read it, or if it names roles that do not exist."""
    text = call.params["policyDocument"]
    try:
        document = json.loads(text)
    except ValueError as problem:
        raise invalid(f"The policy document is not JSON: {problem}") from None
    problems = list(_problems(document)) or list(_unknown_principals(call, document))
    if problems:
        raise invalid(f"The policy document is not valid: {'; '.join(problems)}")
    return text


def _problems(document: Any) -> Iterator[str]:
    if not isinstance(document, dict) or "Statement" not in document:
        yield "it has no Statement"
        return
    if document.get("Version") not in ("2012-10-17", "2008-10-17"):
        yield f"its Version is {document.get('Version')!r}"
    for position, statement in enumerate(_listed(document["Statement"]), 1):
        if not isinstance(statement, dict):
            yield f"statement {position} is not an object"
            continue
        if statement.get("Effect") not in ("Allow", "Deny"):
            yield f"statement {position} has no Effect Allow or Deny"
        for element in ("Principal", "Action", "Resource"):
            if (element in statement) == (f"Not{element}" in statement):
                yield f"statement {position} needs {element} or Not{element}"


def _unknown_principals(call: Call, document: dict[str, Any]) -> Iterator[str]:
    """Roles of the own account that are named and do not exist: principals are resolved when a policy is stored."""
    look_up = call.service.adapter.role
    for statement in _listed(document["Statement"]):
        principal = statement.get("Principal") or statement.get("NotPrincipal")
        for arn in _listed(principal.get("AWS", [])) if isinstance(principal, dict) else []:
            if isinstance(arn, str) and (match := ENTITY.fullmatch(arn)) and match[1] == call.owner and look_up(arn) is None:
                yield f"the principal {arn} does not exist"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
