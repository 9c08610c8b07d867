"""Who a resource lets in by its own policy."""

import re
from collections.abc import Iterator

from .documents import ATTACHED, TRUST, Statement, allows, many, name, of, restrictions
from .model import Level, Resource, Rule

# Condition keys that say who calls, and the part of their value that must be written out.
_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:[^:*?]+:[^:*?]+:[^:*?]*:[0-9]{12}:.+", re.DOTALL)
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_PATH = re.compile(r"o-[a-z0-9]{10,32}/.*", re.DOTALL)
_PINS = {
    "aws:principalaccount": _ACCOUNT,
    "aws:sourceaccount": _ACCOUNT,
    "kms:calleraccount": _ACCOUNT,
    "aws:principalarn": _ARN,
    "aws:sourcearn": _ARN,
    "aws:principalorgid": _ORGANIZATION,
    "aws:sourceorgid": _ORGANIZATION,
    "aws:principalorgpaths": _PATH,
}
_SEVERAL = ("aws:principalorgpaths",)


def is_public(statement: Statement) -> bool:
    """Whether an Allow is for everybody: a principal `*`, or everybody but somebody."""
    principal = statement.get("Principal")
    named = [one for value in principal.values() for one in many(value)] if isinstance(principal, dict) else many(principal)
    return allows(statement) and ("NotPrincipal" in statement or "*" in named)


def says_who(statement: Statement) -> bool:
    """Whether a condition pins the caller: to an account, an organisation, or an ARN with its account written out."""
    return any(
        bool(one.values) and all(pin.fullmatch(value) for value in one.values)
        for key, pin in _PINS.items()
        for one in restrictions(statement, key, of_several=key in _SEVERAL)
    )


def service_without_source(statement: Statement) -> list[str]:
    """The services that an Allow lets in on anybody's behalf: without a condition on the source, others may have them call."""
    principal = statement.get("Principal")
    services = many(principal.get("Service")) if isinstance(principal, dict) else []
    sources = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid")
    pinned = any(all(_PINS[key].fullmatch(value) for value in one.values) for key in sources for one in restrictions(statement, key))
    return [] if pinned or not allows(statement) else [str(one) for one in services]


# --- rules ----------------------------------------------------------------------------------------------------------------------------


def _documents(resource: Resource) -> Iterator[Statement]:
    yield from of(resource, ATTACHED)
    yield from of(resource, TRUST)


def _public_principals(resource: Resource) -> Iterator[str]:
    for one in _documents(resource):
        if is_public(one) and not says_who(one):
            yield f"{name(one)} lets everybody in, every AWS account of the world"


def _confused_deputies(resource: Resource) -> Iterator[str]:
    for one in _documents(resource):
        if services := service_without_source(one):
            yield f"{name(one)} lets {', '.join(services)} in for whoever has it call"


_POLICIES = (*ATTACHED, *TRUST)
RULES = (
    Rule(
        "no-public-principal",
        "Every policy names whom it admits: a principal `*` has a condition that says who.",
        "Name the principal, or add a condition on `aws:PrincipalArn` (its account written out), `aws:PrincipalOrgID`, "
        "`aws:PrincipalOrgPaths` or `aws:PrincipalAccount`",
        Level.MANDATORY,
        _POLICIES,
        _public_principals,
    ),
    Rule(
        "services-act-for-us",
        "An AWS service is admitted only when it acts for this account.",
        "Add a condition on `aws:SourceArn` or `aws:SourceAccount`",
        Level.MANDATORY,
        _POLICIES,
        _confused_deputies,
    ),
)
