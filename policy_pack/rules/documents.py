"""Reading policy documents, in the wider sense of each word: of what a statement might grant, doubt counts as granted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .model import UNKNOWN, NotYetKnown, Resource

Statement = Mapping[str, Any]

# Where documents are, by resource type: the properties that hold one, by what kind of document it is.
TRUST = {"aws:iam/role:Role": ("assumeRolePolicy",)}
IDENTITY = {
    "aws:iam/rolePolicy:RolePolicy": ("policy",),
    "aws:iam/policy:Policy": ("policy",),
    "aws:iam/role:Role": ("inlinePolicies",),
    "aws:iam/userPolicy:UserPolicy": ("policy",),
    "aws:iam/groupPolicy:GroupPolicy": ("policy",),
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": ("inlinePolicy",),
}
ATTACHED = {
    "aws:codeartifact/domainPermissions:DomainPermissions": ("policyDocument",),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": ("policyDocument",),
    "aws:kms/key:Key": ("policy",),
    "aws:kms/keyPolicy:KeyPolicy": ("policy",),
    "aws:sns/topic:Topic": ("policy",),
    "aws:sns/topicPolicy:TopicPolicy": ("policy",),
    "aws:sqs/queue:Queue": ("policy",),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy",),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": ("policy",),
    "aws:secretsmanager/secret:Secret": ("policy",),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy",),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy",),
}


def many(value: Any) -> list[Any]:
    """A value or a list of values as a list; None as an empty one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[Statement, ...]:
    document = json.loads(text)
    return tuple(many(document.get("Statement")))


def statements(document: str | Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of a document, given as JSON or as data. Raises ValueError."""
    if isinstance(document, Mapping):
        return tuple(many(document.get("Statement")))
    return _parsed(document)


def of(resource: Resource, places: Mapping[str, tuple[str, ...]]) -> Iterator[Statement]:
    """The statements of one kind (TRUST, IDENTITY, ATTACHED) in a resource. Raises NotYetKnown, ValueError."""
    for place in places.get(resource.type, ()):
        for value in many(resource.props.get(place)):
            document = value.get("policy") if place == "inlinePolicies" and isinstance(value, Mapping) else value
            if document == UNKNOWN:
                raise NotYetKnown(place)
            if document:
                yield from statements(document)


def allows(statement: Statement) -> bool:
    """Whether it is an Allow."""
    return statement.get("Effect") == "Allow"


def name(statement: Statement) -> str:
    """How to call a statement in a message."""
    return f"statement {statement['Sid']}" if statement.get("Sid") else "a statement without Sid"


# --- patterns -------------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def meet(one: str, other: str) -> bool:
    """Whether some text fits both patterns (`*` any characters, `?` one; anything else is itself)."""
    reached = {(0, 0)}
    seen = set(reached)
    while reached:
        i, j = reached.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, other, i, j):
            if step not in seen:
                seen.add(step)
                reached.add(step)
    return False


def _steps(one: str, other: str, i: int, j: int) -> Iterator[tuple[int, int]]:
    first, second = one[i : i + 1], other[j : j + 1]
    if first == "*":
        yield i + 1, j
        if second:
            yield i, j + 1
    if second == "*":
        yield i, j + 1
        if first:
            yield i + 1, j
    if first and second and "*" not in (first, second) and (first == second or "?" in (first, second)):
        yield i + 1, j + 1


def may_be(arn: str, kind: str) -> bool:
    """Whether a resource pattern may fit something of this kind (`package`, `repository`), the last part of whose ARN begins so."""
    parts = arn.split(":", 5)
    return meet(parts[5], f"{kind}/*") if len(parts) == 6 else has_wildcard(arn)


def has_wildcard(pattern: str) -> bool:
    """Whether a pattern fits more than itself."""
    return "*" in pattern or "?" in pattern


# --- what a statement says ------------------------------------------------------------------------------------------------------------


def mentions(statement: Statement, action: str) -> bool:
    """Whether the statement is about an action. Actions are compared without case, as IAM does."""
    if "NotAction" in statement:
        return not any(meet(pattern.lower(), action.lower()) for pattern in many(statement["NotAction"]))
    return any(meet(pattern.lower(), action.lower()) for pattern in many(statement.get("Action")))


def resources(statement: Statement) -> list[str]:
    """The patterns of resources that it is about; everything, if it says which ones it is not about."""
    return ["*"] if "NotResource" in statement else many(statement.get("Resource"))


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, key in lower case (keys have no case) and values of each condition."""
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), [str(value) for value in many(values)]


@dataclass(frozen=True)
class Restriction:
    """The values that a key may have. `literal`: `*` and `?` in them are themselves."""

    values: tuple[str, ...]
    literal: bool

    @property
    def wide(self) -> list[str]:
        """Those that fit more than themselves."""
        return [] if self.literal else [value for value in self.values if has_wildcard(value)]


EXACT = ("StringEquals", "StringEqualsIgnoreCase", "ArnEquals")
LIKE = ("StringLike", "ArnLike")


def restrictions(statement: Statement, key: str, *, of_several: bool = False) -> list[Restriction]:
    """The conditions that name values for a key; all of them hold at once. None that lets through where the key is absent: set operators
    `ForAllValues:` and `...IfExists` are no restrictions. `of_several`: the key has several values, so `ForAnyValue:` is one.

    ArnEquals takes wildcards as ArnLike does:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    found = []
    for operator, named, given in conditions(statement):
        plain = operator.removeprefix("ForAnyValue:") if of_several else operator
        if named == key.lower() and plain in (*EXACT, *LIKE):
            found.append(Restriction(tuple(given), plain.startswith("StringEquals")))
    return found


def excluded(statement: Statement, key: str) -> list[str]:
    """The patterns that a key must not fit."""
    found = [given for operator, named, given in conditions(statement) if named == key.lower() and operator == "StringNotLike"]
    return [value for given in found for value in given]
