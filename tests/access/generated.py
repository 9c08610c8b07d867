"""Random policies and requests, small enough that they often meet: few actions, ARNs, keys and values in all combinations of elements."""

import json
from random import Random
from typing import Any

from evaluator.iam import Caller, Policies, Request, evaluate
from tests.access.second_opinion import Question

MINE, OTHER = "111122223333", "444455556666"
ACTIONS = ("codeartifact:ReadFromRepository", "codeartifact:PublishPackageVersion", "codeartifact:DeletePackage")
ACTION_PATTERNS = (
    *ACTIONS,
    "codeartifact:*",
    "*",
    "codeartifact:Read*",
    "codeartifact:*Package*",
    "codeartifact:readfromrepository",
    "s3:GetObject",
)
_ARN = f"arn:aws:codeartifact:eu-west-1:{MINE}:"
RESOURCES = (f"{_ARN}repository/acme/shared", f"{_ARN}package/acme/payments/npm/acme/ui", f"{_ARN}package/acme/payments/pypi//acme-client")
RESOURCE_PATTERNS = (
    *RESOURCES,
    "*",
    f"{_ARN}repository/acme/*",
    f"{_ARN}package/acme/payments/*",
    f"{_ARN}package/acme/*/npm/acme/*",
    f"{_ARN}package/acme/payments/pypi//acme-*",
    f"{_ARN}package/*/payments/npm/*/u?",
    "arn:aws:codeartifact:*:*:package/acme/payments/*",
    f"{_ARN}repository/acme/${{aws:PrincipalTag/team}}",
)
ROLES = ("package-flow/prod-publish-api", "ci/builder", "prod-read")
KEYS: dict[str, tuple[str, ...]] = {
    "aws:PrincipalOrgID": ("o-a1b2c3d4e5", "o-zzzzzzzzzz"),
    "aws:PrincipalTag/team": ("shared", "payments", "Payments"),
    "aws:RequestedRegion": ("eu-west-1", "us-east-1"),
    "aws:SourceIp": ("10.0.0.7", "192.0.2.1"),
    "aws:SecureTransport": ("true", "false"),
    "aws:CurrentTime": ("2026-11-22T10:00:00Z", "2025-01-01T00:00:00Z"),
    "sts:DurationSeconds": ("900", "3600", "43200"),
    "aws:PrincipalArn": tuple(f"arn:aws:iam::{MINE}:role/{name}" for name in ROLES),
}
SEVERAL = {"aws:PrincipalOrgPaths": ("o-a1b2c3d4e5/r-ab12/ou-1/", "o-a1b2c3d4e5/r-ab12/ou-2/"), "aws:TagKeys": ("team", "cost")}
_STRINGS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
_OF_KEY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:SourceIp": (("IpAddress", "NotIpAddress"), ("10.0.0.0/8", "192.0.2.0/24", "192.0.2.1")),
    "aws:SecureTransport": (("Bool",), ("true", "false")),
    "aws:CurrentTime": (("DateGreaterThan", "DateLessThanEquals"), ("2026-01-01T00:00:00Z", "2026-11-22T10:00:00Z")),
    "sts:DurationSeconds": (("NumericLessThanEquals", "NumericGreaterThan", "NumericEquals", "NumericNotEquals"), ("900", "3600")),
    "aws:PrincipalArn": (
        ("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"),
        (f"arn:aws:iam::{MINE}:role/package-flow/*", f"arn:aws:iam::{MINE}:role/prod-read", "arn:aws:iam::*:role/ci/*"),
    ),
}
_VALUES = ("shared", "pay*", "payments", "Payments", "o-a1b2c3d4e5", "o-*", "eu-west-?", "eu-west-1", "${aws:PrincipalTag/team}")


def questions(count: int, seed: int) -> list[Question]:
    """That many questions, always the same for the same seed."""
    random = Random(seed)
    return [_question(random) for _ in range(count)]


def _question(random: Random) -> Question:
    account = random.choice((MINE, MINE, OTHER))
    role = random.choice(ROLES)
    arn = f"arn:aws:iam::{account}:role/{role}"
    caller = Caller("AssumedRole", f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/session", account, arn)
    request = Request(caller, random.choice(ACTIONS), random.choice(RESOURCES), _context(random))
    policies = Policies(
        identity=[_document(random, caller, False) for _ in range(random.randint(0, 2))],
        limits=[[_document(random, caller, False)]] if random.random() < 0.2 else [],
        resource=[_document(random, caller, True) for _ in range(random.randint(0, 2))],
        owner=MINE,
    )
    return Question(request, policies, evaluate(request, policies).allowed)


def _context(random: Random) -> dict[str, Any]:
    single = {key: random.choice(values) for key, values in KEYS.items() if key != "aws:PrincipalArn" and random.random() < 0.7}
    several = {key: tuple(random.sample(values, random.randint(1, 2))) for key, values in SEVERAL.items() if random.random() < 0.6}
    return {**single, **several}


def _document(random: Random, caller: Caller, of_resource: bool) -> str:
    statements = [_statement(random, caller, of_resource, f"S{number}") for number in range(random.randint(1, 3))]
    return json.dumps({"Version": random.choice(("2012-10-17", "2012-10-17", "2008-10-17")), "Statement": statements})


def _some(random: Random, values: tuple[str, ...]) -> list[str]:
    return random.sample(values, random.randint(1, 3))


def _statement(random: Random, caller: Caller, of_resource: bool, sid: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": sid, "Effect": random.choice(("Allow", "Allow", "Deny"))}
    if of_resource:
        made |= _principal(random, caller, made["Effect"])
    made["NotAction" if random.random() < 0.1 else "Action"] = _some(random, ACTION_PATTERNS)
    made["NotResource" if random.random() < 0.1 else "Resource"] = _some(random, RESOURCE_PATTERNS)
    condition = dict(_condition(random) for _ in range(random.choice((0, 0, 1, 1, 2))))
    return {**made, "Condition": condition} if condition else made


def _principal(random: Random, caller: Caller, effect: str) -> dict[str, Any]:
    chain = [f"arn:aws:iam::{caller.account}:root", str(caller.role_arn), caller.arn]
    if effect == "Deny" and random.random() < 0.15:
        return {"NotPrincipal": {"AWS": random.choice((chain, [f"arn:aws:iam::{OTHER}:root"]))}}
    named = (
        "*",
        {"AWS": "*"},
        {"AWS": chain[0]},
        {"AWS": caller.account},
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        {"Service": "events.amazonaws.com"},
    )
    return {"Principal": random.choice(named)}


def _condition(random: Random) -> tuple[str, dict[str, Any]]:
    if random.random() < 0.15:
        key, values = random.choice(list(SEVERAL.items()))
        operator = f"{random.choice(('ForAnyValue', 'ForAllValues'))}:{random.choice(_STRINGS)}"
        return operator, {key: random.sample((*values, "o-a1b2c3d4e5/*", "t*"), 2)}
    key = random.choice(list(KEYS))
    if random.random() < 0.1:
        return "Null", {key: random.choice(("true", "false"))}
    operators, values = _OF_KEY.get(key, (_STRINGS, _VALUES))
    operator = random.choice(operators)
    return f"{operator}{'IfExists' if random.random() < 0.15 else ''}", {key: random.sample(values, random.randint(1, 2))}
