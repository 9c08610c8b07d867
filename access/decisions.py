"""Decisions of the evaluator that the local cloud enforces with (rehearsal.cloud.iam), each traced to the very statement that made it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from access.principals import Session
from access.provisioned import Document
from rehearsal.cloud import iam

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
    """What a session asks."""
    return iam.Request(session.caller, action, resource, {**session.context, **(context or {})})


def decide(asked: iam.Request, identity: Iterable[Numbered], resource: Iterable[Numbered], owner: str) -> Verdict:
    """Decide a request on something that `owner` has, by the policies of who asks and of what is asked for."""
    policies = iam.Policies(identity=[one.text for one in identity], resource=[one.text for one in resource], owner=owner)
    return _verdict(iam.evaluate(asked, policies))


def admit(provider: str, role: str, trust: Numbered, claims: Mapping[str, str]) -> Verdict:
    """Whether a role's trust policy lets the bearer of a token in. `claims` are condition keys, `provider` an ARN."""
    caller = iam.Caller("WebIdentity", provider, role.split(":")[4])
    asked = iam.Request(caller, ASSUME, role, claims)
    return _verdict(iam.evaluate(asked, iam.Policies(resource=[trust.text], resource_required=True)))


# --- what can't be allowed --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def _loose(pattern: str) -> re.Pattern[str]:
    """Matches all that a pattern of a policy matches, and perhaps more: variables and question marks are anything."""
    parts = re.split(r"\$\{[^}]*\}|[*?]", pattern)
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL | re.IGNORECASE)


def may_allow(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    """False only where the statement can't allow this request whoever asks: evaluating it would be in vain."""
    if statement["Effect"] != "Allow":
        return False
    if "Action" in statement and not any(_loose(one).fullmatch(action) for one in iam.as_list(statement["Action"])):
        return False
    return "Resource" not in statement or any(_loose(one).fullmatch(resource) for one in iam.as_list(statement["Resource"]))


def mentions(statement: Mapping[str, Any], actions: Sequence[str]) -> bool:
    """Whether a statement speaks about one of these actions, to allow or to deny it."""
    if "Action" not in statement:
        return True
    return any(_loose(one).fullmatch(action) for one in iam.as_list(statement["Action"]) for action in actions)


# --- why a token is refused -------------------------------------------------------------------------------------------------------------


def unmet(statement: Mapping[str, Any], provider: str, role: str, claims: Mapping[str, str]) -> list[str]:
    """Keys of the conditions of a trust statement that a token does not meet; "Principal" where it is from another provider."""
    account = role.split(":")[4]
    bare = {"Effect": "Allow", "Action": ASSUME, "Principal": statement.get("Principal", "*")}
    if not _holds(json.dumps(bare), provider, account, "", None):
        return ["Principal"]
    failing = []
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            condition = json.dumps({**bare, "Condition": {operator: {key: values}}})
            if not _holds(condition, provider, account, key, claims.get(key)):
                failing.append(key)
    return list(dict.fromkeys(failing))


@lru_cache(maxsize=262_144)
def _holds(statement: str, provider: str, account: str, key: str, value: str | None) -> bool:
    caller = iam.Caller("WebIdentity", provider, account)
    context = {} if value is None else {key: value}
    document = f'{{"Version":"2012-10-17","Statement":[{statement}]}}'
    return iam.evaluate(iam.Request(caller, ASSUME, "*", context), iam.Policies(resource=[document])).allowed
