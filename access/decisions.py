"""Decisions of the evaluator that the local cloud enforces with (evaluator.iam), each traced to the very statement that decided it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from access.principals import Session
from access.provisioned import Document
from evaluator import iam
from evaluator.iam import VARIABLES_VERSION, as_list

ASSUME = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True)
class Numbered:
    """A document whose statements are called by their number: the evaluator answers with what a statement is called."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A statement and where it stands."""

    where: str
    statement: Mapping[str, Any]


class Statements:
    """Every statement that decides something, by number."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._known: dict[Document, Numbered] = {}

    def number(self, document: Document) -> Numbered:
        """The document with numbers for names. The same document is numbered once."""
        if document not in self._known:
            content = json.loads(document.text)
            numbers, renamed = [], []
            for one in document.statements:
                numbers.append(len(self.sources))
                self.sources.append(Source(document.where, one))
                renamed.append({**one, "Sid": str(numbers[-1])})
            self._known[document] = Numbered(json.dumps({**content, "Statement": renamed}), tuple(numbers))
        return self._known[document]


@dataclass(frozen=True)
class Verdict:
    """A decision: `statement` is the number of the one that decided, -1 where none speaks."""

    allowed: bool
    reason: str
    statement: int = -1


def _verdict(decision: iam.Decision) -> Verdict:
    return Verdict(decision.allowed, decision.reason, int(decision.statement) if decision.statement.isdigit() else -1)


def request(session: Session, action: str, resource: str, context: Mapping[str, iam.Values] | None = None) -> iam.Request:
    """A request of a session."""
    return iam.Request(session.caller, action, resource, {**session.context, **(context or {})})


def decide(asked: iam.Request, identity: Iterable[Numbered], resource: Iterable[Numbered], owner: str) -> Verdict:
    """Decide a request on something that `owner` has, by the policies of the caller and of the resource."""
    policies = iam.Policies(identity=[one.text for one in identity], resource=[one.text for one in resource], owner=owner)
    return _verdict(iam.evaluate(asked, policies))


def decide_by(asked: iam.Request, identity: Iterable[Numbered], statement: Mapping[str, Any], owner: str) -> bool:
    """Whether a request is allowed if `statement` is all that the policy of the resource says."""
    document = json.dumps({"Version": VARIABLES_VERSION, "Statement": [statement]})
    return decide(asked, identity, [Numbered(document, ())], owner).allowed


def admit(provider: str, role: str, trust: Numbered, claims: Mapping[str, str]) -> Verdict:
    """Whether a role's trust policy lets the bearer of a token in. `claims` are condition keys, `provider` an ARN."""
    caller = iam.Caller("WebIdentity", provider, role.split(":")[4])
    asked = iam.Request(caller, ASSUME, role, claims)
    return _verdict(iam.evaluate(asked, iam.Policies(resource=[trust.text], resource_required=True)))


# --- which statements speak about a request -------------------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def _pattern(text: str, within_colons: bool) -> re.Pattern[str]:
    """IAM's wildcards, as the evaluator reads them: in a Resource they stay within a segment, except a `*` that ends one."""
    parts = []
    for index, char in enumerate(text):
        ends = index + 1 == len(text) or text[index + 1] == ":"
        anything = "." if not within_colons or (char == "*" and ends) else "[^:]"
        parts.append(f"{anything}*" if char == "*" else anything if char == "?" else re.escape(char))
    return re.compile("".join(parts), re.DOTALL)


def _matches(statement: Mapping[str, Any], element: str, value: str, within_colons: bool) -> bool:
    """Whether an element or its negation takes in a value. One that has both, or none, is left to the evaluator."""
    there, negated = element in statement, f"Not{element}" in statement
    if there == negated:
        return True
    patterns = as_list(statement[element if there else f"Not{element}"])
    lowered = [str(one).lower() for one in patterns] if element == "Action" else [str(one) for one in patterns]
    found = any(_pattern(one, within_colons).fullmatch(value.lower() if element == "Action" else value) for one in lowered)
    return found == there


class Speaker:
    """A statement, and which requests it speaks about: decisions on two requests that the same statements speak about are the same."""

    def __init__(self, statement: Mapping[str, Any], number: int, content: int) -> None:
        self.statement, self.number, self.content = statement, number, content
        self._actions: dict[str, bool] = {}
        self._resources: dict[str, bool] = {}
        # A variable's value is only known with the request: such a statement distinguishes every resource.
        self.distinguishes = "${" in json.dumps([statement.get("Resource"), statement.get("NotResource")])

    def speaks(self, action: str, resource: str) -> bool:
        """Whether action and resource are among the statement's."""
        if action not in self._actions:
            self._actions[action] = _matches(self.statement, "Action", action, within_colons=False)
        if not self._actions[action] or self.distinguishes:
            return self._actions[action]
        return self.takes_in(resource)

    def takes_in(self, resource: str) -> bool:
        """Whether a resource is among the statement's."""
        if resource not in self._resources:
            self._resources[resource] = _matches(self.statement, "Resource", resource, within_colons=True)
        return self._resources[resource]


# --- doors: trust policies ------------------------------------------------------------------------------------------------------------


class Door:
    """One Allow statement of a trust policy: what a token must bring, condition by condition."""

    def __init__(self, number: int, statement: Mapping[str, Any], provider: str, account: str) -> None:
        self.number, self._provider, self._account = number, provider, account
        bare = {"Effect": "Allow", "Action": ASSUME, "Principal": statement.get("Principal", "*")}
        self.opens = _holds(_alone(bare), provider, account, "", None) and _matches(statement, "Action", ASSUME, within_colons=False)
        self.conditions = [
            (key, _alone({**bare, "Condition": {operator: {key: values}}}))
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, values in keys.items()
        ]

    def unmet(self, claims: Mapping[str, str], keys: Iterable[str] | None = None) -> list[str]:
        """The keys, of all or of `keys`, whose conditions a token's claims do not meet; "Principal" if the door is another provider's."""
        if not self.opens:
            return ["Principal"]
        failing = [
            key
            for key, condition in self.conditions
            if (keys is None or key in keys) and not _holds(condition, self._provider, self._account, key, claims.get(key))
        ]
        return list(dict.fromkeys(failing))

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.conditions)


def _alone(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@lru_cache(maxsize=524_288)
def _holds(document: str, provider: str, account: str, key: str, value: str | None) -> bool:
    """Whether a statement with one condition lets a token in that says `value`."""
    context = {} if value is None else {key: value}
    request = iam.Request(iam.Caller("WebIdentity", provider, account), ASSUME, "*", context)
    return iam.evaluate(request, iam.Policies(resource=[document])).allowed
