"""IAM policy evaluation as a pure function: request and policies in, decision out.

The rehearsal is about who may do what, so it has an evaluator of its own. ministack's (1.5.33) lets pass what AWS refuses: a Deny with
`NotPrincipal`, with a policy variable or with an operator that it does not know never denies, `*` crosses colons in the Arn operators,
an account's root is past every Deny, and `aws:PrincipalArn` is the session's ARN.

Rules: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements" (Principal, NotPrincipal, Resource, Condition, condition
operators, multivalued keys, variables). Where AWS leaves a case undefined, or would not have stored the document, an Allow grants
nothing and a Deny denies.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Any

VARIABLES_VERSION = "2012-10-17"  # documents of the older version have no policy variables
ACCOUNT_PRINCIPAL = re.compile(r"(\d{12})|arn:[a-z-]+:iam::(\d{12}):root")
VARIABLE = re.compile(r"\$\{([^}]*)\}")
VARIABLE_DEFAULT = re.compile(r"\s*([^,\s]+)\s*,\s*'([^']*)'\s*")

Document = str | Mapping[str, Any]
Values = str | Sequence[str]
Pattern = tuple[tuple[str, bool], ...]  # characters, each with whether it is a wildcard


class UnreadablePolicyError(ValueError):
    """A document or statement that AWS would not have stored, or whose meaning AWS does not define."""


@dataclass(frozen=True)
class Caller:
    """The caller of a request, in the forms in which policies name principals.

    kind: User, AssumedRole, FederatedUser, Root, Service (arn is the service's name) or WebIdentity (arn is the OIDC provider's).
    arn: the user's, the session's or the account root's. role_arn: for a role's session, the role's own ARN with its path.
    """

    kind: str
    arn: str
    account: str
    role_arn: str | None = None

    @property
    def principal_arn(self) -> str:
        """The value of `aws:PrincipalArn`: for a session its role's ARN."""
        return self.role_arn or self.arn


@dataclass(frozen=True)
class Request:
    """One action on one resource. Context: keys in any case, values a string or, for multivalued keys, a sequence of strings."""

    caller: Caller
    action: str
    resource: str
    context: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class Policies:
    """Every document that speaks about one request.

    identity: None for an account's root user, who needs no Allow. limits: for the permissions boundary and for the session policies, one
    sequence of documents each. resource: the documents of all resources concerned, all owned by account `owner` (empty: the caller's).
    resource_required: KMS keys and roles, whose own policy must allow in the owner's account too.
    """

    identity: Sequence[Document] | None = ()
    limits: Sequence[Sequence[Document]] = ()
    resource: Sequence[Document] = ()
    owner: str = ""
    resource_required: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether the request is allowed, why in words, and the Sid (or number) of the statement that decided ("" when none did)."""

    allowed: bool
    reason: str
    statement: str = ""


@dataclass(frozen=True)
class Statement:
    label: str
    effect: str
    elements: Mapping[str, Any]
    has_variables: bool

    @property
    def denies(self) -> bool:
        return self.effect == "Deny"


class Reach(IntEnum):
    """How closely a resource policy's Principal names the caller; the closer, the fewer other policies can stand in the way."""

    NONE = 0
    ACCOUNT = 1  # only the account: whoever the account's identity policies allow
    ENTITY = 2  # everyone, or the role: within the permissions boundary and the session policies
    SELF = 3  # the very user or session: past the boundary's and session policies' silence


# --- decision -------------------------------------------------------------------------------------------------------------------


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide a request as AWS does. Raises UnreadablePolicyError for a document that is not a policy document at all."""
    denial = _denial(request, policies)
    if denial:
        return denial
    reach, resource_grant = _resource_grant(request, policies.resource)
    if request.caller.kind in ("Service", "WebIdentity"):
        return resource_grant or Decision(False, "no statement of the resource's policy allows it")
    limit = _missing_limit(request, policies.limits)
    same_account = policies.owner in ("", request.caller.account)
    if resource_grant and same_account and (reach is Reach.SELF or (reach is Reach.ENTITY and not limit)):
        return resource_grant
    identity_grant = _identity_grant(request, policies.identity)
    if not identity_grant:
        return Decision(False, "no identity policy allows it")
    if limit:
        return Decision(False, limit)
    if not resource_grant and not same_account:
        return Decision(False, f"the resource belongs to account {policies.owner}, whose resource policy does not allow it")
    if not resource_grant and policies.resource_required:
        return Decision(False, "the resource's policy does not allow it")
    return identity_grant


def _denial(request: Request, policies: Policies) -> Decision | None:
    layers = [("an identity policy", policies.identity or ())]
    layers += [("a permissions boundary or session policy", documents) for documents in policies.limits]
    for layer, documents in layers:
        for statement in _statements(documents):
            if statement.denies and _applies(statement, request, "identity"):
                return Decision(False, f"explicit deny in {layer}", statement.label)
    for statement in _statements(policies.resource):
        if statement.denies and _reach(statement, request.caller) and _applies(statement, request, "resource"):
            return Decision(False, "explicit deny in a resource policy", statement.label)
    return None


def _identity_grant(request: Request, documents: Sequence[Document] | None) -> Decision | None:
    if documents is None:
        return Decision(True, "the account's root user")
    statement = _first_allow(request, documents)
    return Decision(True, "allowed by an identity policy", statement.label) if statement else None


def _missing_limit(request: Request, limits: Iterable[Sequence[Document]]) -> str:
    if all(_first_allow(request, documents) for documents in limits):
        return ""
    return "a permissions boundary or session policy does not allow it"


def _first_allow(request: Request, documents: Iterable[Document]) -> Statement | None:
    return next((s for s in _statements(documents) if not s.denies and _applies(s, request, "identity")), None)


def _resource_grant(request: Request, documents: Iterable[Document]) -> tuple[Reach, Decision | None]:
    """The Allow that names the caller most closely."""
    best, decision = Reach.NONE, None
    for statement in _statements(documents):
        if statement.denies:
            continue
        reach = _reach(statement, request.caller)
        if reach > best and _applies(statement, request, "resource"):
            best, decision = reach, Decision(True, "allowed by a resource policy", statement.label)
    return best, decision


# --- documents ------------------------------------------------------------------------------------------------------------------


def _statements(documents: Iterable[Document]) -> Iterable[Statement]:
    for document in documents:
        yield from _parse(document if isinstance(document, str) else json.dumps(document))


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[Statement, ...]:
    document = load(text)
    variables = document.get("Version") == VARIABLES_VERSION
    return tuple(
        Statement(str(elements.get("Sid") or f"statement {number}"), elements["Effect"], elements, variables)
        for number, elements in enumerate(as_list(document["Statement"]), 1)
    )


def load(document: Document) -> Mapping[str, Any]:
    """The document as an object with readable statements. Raises UnreadablePolicyError with what is wrong."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            raise UnreadablePolicyError("the policy is not valid JSON") from None
    if not isinstance(document, Mapping) or not document.get("Statement"):
        raise UnreadablePolicyError("the policy has no Statement")
    for elements in as_list(document["Statement"]):
        if not isinstance(elements, Mapping) or elements.get("Effect") not in ("Allow", "Deny"):
            raise UnreadablePolicyError("a statement of the policy has no Effect of Allow or Deny")
    return document


def as_list(value: Any) -> list[Any]:
    """JSON's one-or-many: a list as it is, anything else as the only element."""
    return list(value) if isinstance(value, list | tuple) else [value]


# --- statements -----------------------------------------------------------------------------------------------------------------


def _applies(statement: Statement, request: Request, kind: str) -> bool:
    """Whether action, resource and conditions of a statement match (its principal is judged by _reach)."""
    elements, context = statement.elements, _context(request)
    try:
        return (
            _action_matches(elements, request.action)
            and _resource_matches(statement, request.resource, context, required=kind == "identity")
            and _conditions_match(statement, context)
        )
    except UnreadablePolicyError:
        return statement.denies


def _context(request: Request) -> dict[str, Values]:
    caller = request.caller
    context: dict[str, Values] = {}
    if caller.kind not in ("Service", "WebIdentity"):
        context["aws:principalarn"] = caller.principal_arn
        context["aws:principalaccount"] = caller.account
        context["aws:principaltype"] = "Account" if caller.kind == "Root" else caller.kind
    context["aws:principalisawsservice"] = str(caller.kind == "Service").lower()
    context.update((key.lower(), value) for key, value in request.context.items())
    return context


def _action_matches(elements: Mapping[str, Any], action: str) -> bool:
    name = _one_of(elements, "Action", "NotAction")
    patterns = [_plain_pattern(str(value).lower()) for value in as_list(elements[name])]
    return any(_glob(pattern, action.lower()) for pattern in patterns) == (name == "Action")


def _resource_matches(statement: Statement, resource: str, context: Mapping[str, Values], *, required: bool) -> bool:
    elements = statement.elements
    if not required and "Resource" not in elements and "NotResource" not in elements:
        return True  # a role's trust policy speaks about its role
    name = _one_of(elements, "Resource", "NotResource")
    patterns = [_resolve(str(value), context, statement.has_variables) for value in as_list(elements[name])]
    return any(pattern is not None and _glob(pattern, resource, within_colons=True) for pattern in patterns) == (name == "Resource")


def _one_of(elements: Mapping[str, Any], name: str, negated: str) -> str:
    if (name in elements) == (negated in elements):
        raise UnreadablePolicyError(f"a statement needs {name} or {negated}")
    return name if name in elements else negated


# --- principals -----------------------------------------------------------------------------------------------------------------


def _reach(statement: Statement, caller: Caller) -> Reach:
    """How closely the statement's Principal or NotPrincipal means the caller; NONE when it does not."""
    elements = statement.elements
    try:
        if _one_of(elements, "Principal", "NotPrincipal") == "Principal":
            return _named(elements["Principal"], caller, denies=statement.denies)
        if not statement.denies:
            raise UnreadablePolicyError("NotPrincipal is for Deny")
        return Reach.NONE if _excepted(elements["NotPrincipal"], caller) else Reach.SELF
    except UnreadablePolicyError:
        return Reach.SELF if statement.denies else Reach.NONE


def _named(principal: Any, caller: Caller, *, denies: bool) -> Reach:
    forms = _principal_forms(principal)
    return max((_form_reach(kind, value, caller, denies) for kind, value in forms), default=Reach.NONE)


def _principal_forms(principal: Any) -> list[tuple[str, str]]:
    if principal == "*":
        return [("AWS", "*")]
    if not isinstance(principal, Mapping):
        raise UnreadablePolicyError("Principal is * or an object")
    return [(kind, str(value)) for kind, values in principal.items() for value in as_list(values)]


def _form_reach(kind: str, value: str, caller: Caller, denies: bool) -> Reach:
    if kind == "Service" or caller.kind == "Service":
        names = value == caller.arn or value == "*"
        return Reach.SELF if caller.kind == "Service" and names else Reach.NONE
    if kind == "Federated" or caller.kind == "WebIdentity":
        # A token's bearer must be let in by the provider's name; everyone's Deny includes it.
        named = caller.kind == "WebIdentity" and value == caller.arn
        return Reach.SELF if named or (caller.kind == "WebIdentity" and denies and value == "*") else Reach.NONE
    if kind != "AWS":
        return Reach.NONE
    return _aws_form_reach(value, caller)


def _aws_form_reach(value: str, caller: Caller) -> Reach:
    if value == caller.arn:
        return Reach.SELF
    if value in ("*", caller.role_arn):
        return Reach.ENTITY
    account = ACCOUNT_PRINCIPAL.fullmatch(value)
    if account and caller.account in account.groups():
        return Reach.SELF if caller.kind == "Root" else Reach.ACCOUNT
    return Reach.NONE


def _excepted(principal: Any, caller: Caller) -> bool:
    """NotPrincipal leaves a caller out only if it lists the whole chain: account, role and session, or account and user."""
    values = {value for _, value in _principal_forms(principal)}
    if caller.kind in ("Service", "WebIdentity"):
        return caller.arn in values
    account = any(caller.account in match.groups() for match in map(ACCOUNT_PRINCIPAL.fullmatch, values) if match)
    if caller.kind == "Root":
        return account
    return account and caller.arn in values and (caller.role_arn is None or caller.role_arn in values)


# --- conditions -----------------------------------------------------------------------------------------------------------------


def _conditions_match(statement: Statement, context: Mapping[str, Values]) -> bool:
    blocks = statement.elements.get("Condition") or {}
    if not isinstance(blocks, Mapping) or not all(isinstance(keys, Mapping) for keys in blocks.values()):
        raise UnreadablePolicyError("Condition is an object of operators, each an object of keys")
    return all(
        _condition_matches(operator, context.get(key.lower()), as_list(expected), statement, context)
        for operator, keys in blocks.items()
        for key, expected in keys.items()
    )


def _condition_matches(
    operator: str, actual: Values | None, expected: list[Any], statement: Statement, context: Mapping[str, Values]
) -> bool:
    quantifier, name, if_exists = split_operator(operator)
    values = None if actual is None else [actual] if isinstance(actual, str) else [str(value) for value in actual]
    if name == "null":
        return any((str(want).lower() == "true") == (not values) for want in expected)
    test, negated = OPERATORS[name]

    def holds(value: str) -> bool:
        matched = any(test(value, _resolve(_text(want), context, statement.has_variables)) for want in expected)
        return matched != negated

    if not values:
        return if_exists or quantifier == "forallvalues" or (negated and not quantifier)
    if quantifier:
        return (all if quantifier == "forallvalues" else any)(holds(value) for value in values)
    if len(values) > 1:
        raise UnreadablePolicyError("an operator without ForAllValues or ForAnyValue on several values")
    return holds(values[0])


def split_operator(operator: str) -> tuple[str, str, bool]:
    """("forallvalues" | "foranyvalue" | "", operator's name in lower case, IfExists). Raises UnreadablePolicyError if unknown."""
    quantifier, _, name = operator.lower().rpartition(":")
    if_exists = name.endswith("ifexists") and name != "null"
    name = name.removesuffix("ifexists")
    if quantifier not in ("", "forallvalues", "foranyvalue") or (name not in OPERATORS and name != "null"):
        raise UnreadablePolicyError(f"unknown condition operator {operator}")
    if name == "null" and (if_exists or quantifier):
        raise UnreadablePolicyError("Null takes neither IfExists nor a set operator")
    return quantifier, name, if_exists


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- patterns and variables -----------------------------------------------------------------------------------------------------


def _resolve(text: str, context: Mapping[str, Values], has_variables: bool) -> Pattern | None:
    """The text with its policy variables filled in; None when one has no single value, so that it matches nothing."""
    if not has_variables:
        return _plain_pattern(text)
    pattern: list[tuple[str, bool]] = []
    position = 0
    for variable in VARIABLE.finditer(text):
        value = _variable(variable[1], context)
        if value is None:
            return None
        pattern += _plain_pattern(text[position : variable.start()])
        pattern += [(char, False) for char in value]  # what a value holds is never a wildcard
        position = variable.end()
    return (*pattern, *_plain_pattern(text[position:]))


def _variable(name: str, context: Mapping[str, Values]) -> str | None:
    if name in ("*", "?", "$"):
        return name
    with_default = VARIABLE_DEFAULT.fullmatch(name)
    key, default = with_default.groups() if with_default else (name.strip(), None)
    value = context.get(key.lower(), default)
    return value if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def _plain_pattern(text: str) -> Pattern:
    return tuple((char, char in "*?") for char in text)


@lru_cache(maxsize=8192)
def _regex(pattern: Pattern, within_colons: bool) -> re.Pattern[str]:
    """In a Resource a wildcard stays within its colon-separated segment, except a `*` that ends the segment."""
    parts = []
    for index, (char, wild) in enumerate(pattern):
        ends_segment = index + 1 == len(pattern) or pattern[index + 1][0] == ":"
        anything = "." if not within_colons or (char == "*" and ends_segment) else "[^:]"
        parts.append((anything + ("*" if char == "*" else "")) if wild else re.escape(char))
    return re.compile("".join(parts), re.DOTALL)


def _glob(pattern: Pattern, value: str, *, within_colons: bool = False) -> bool:
    return _regex(pattern, within_colons).fullmatch(value) is not None


def _literal(pattern: Pattern) -> str:
    return "".join(char for char, _ in pattern)


# --- operators ------------------------------------------------------------------------------------------------------------------

Test = Callable[[str, Pattern | None], bool]


def _string_equals(value: str, pattern: Pattern | None) -> bool:
    return pattern is not None and value == _literal(pattern)


def _string_equals_ignore_case(value: str, pattern: Pattern | None) -> bool:
    return pattern is not None and value.lower() == _literal(pattern).lower()


def _string_like(value: str, pattern: Pattern | None) -> bool:
    return pattern is not None and _glob(pattern, value)


def _arn_like(value: str, pattern: Pattern | None) -> bool:
    """Each of an ARN's six components is compared separately; only the last may hold colons."""
    if pattern is None:
        return False
    if pattern == (("*", True),):
        return True
    components, wanted = value.split(":", 5), _split_pattern(pattern)
    return len(components) == len(wanted) == 6 and all(map(_component_matches, wanted, components))


def _component_matches(pattern: Pattern, component: str) -> bool:
    return _glob(pattern, component)


def _split_pattern(pattern: Pattern) -> list[Pattern]:
    components: list[list[tuple[str, bool]]] = [[]]
    for char in pattern:
        if char[0] == ":" and len(components) < 6:
            components.append([])
        else:
            components[-1].append(char)
    return [tuple(component) for component in components]


def _bool_equals(value: str, pattern: Pattern | None) -> bool:
    return pattern is not None and value.lower() == _literal(pattern).lower()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UnreadablePolicyError(f"{text!r} is not a number") from None


def _date(text: str) -> float:
    """Seconds since 1970: policies write dates as ISO 8601 or as that number."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _number(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _ordered(convert: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, pattern: Pattern | None) -> bool:
        return pattern is not None and compare(convert(value), convert(_literal(pattern)))

    return test


def _ip_address(value: str, pattern: Pattern | None) -> bool:
    try:
        return pattern is not None and ipaddress.ip_address(value) in ipaddress.ip_network(_literal(pattern), strict=False)
    except ValueError:
        raise UnreadablePolicyError(f"{value!r} or its pattern is not an IP address") from None


def _comparisons(prefix: str, convert: Callable[[str], float]) -> dict[str, tuple[Test, bool]]:
    equals = _ordered(convert, lambda a, b: a == b)
    return {
        f"{prefix}equals": (equals, False),
        f"{prefix}notequals": (equals, True),
        f"{prefix}lessthan": (_ordered(convert, lambda a, b: a < b), False),
        f"{prefix}lessthanequals": (_ordered(convert, lambda a, b: a <= b), False),
        f"{prefix}greaterthan": (_ordered(convert, lambda a, b: a > b), False),
        f"{prefix}greaterthanequals": (_ordered(convert, lambda a, b: a >= b), False),
    }


OPERATORS: dict[str, tuple[Test, bool]] = {  # name: (test of one value, whether the operator is the test's negation)
    "stringequals": (_string_equals, False),
    "stringnotequals": (_string_equals, True),
    "stringequalsignorecase": (_string_equals_ignore_case, False),
    "stringnotequalsignorecase": (_string_equals_ignore_case, True),
    "stringlike": (_string_like, False),
    "stringnotlike": (_string_like, True),
    "arnequals": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnlike": (_arn_like, False),
    "arnnotlike": (_arn_like, True),
    "bool": (_bool_equals, False),
    "ipaddress": (_ip_address, False),
    "notipaddress": (_ip_address, True),
    **_comparisons("numeric", _number),
    **_comparisons("date", _date),
}
