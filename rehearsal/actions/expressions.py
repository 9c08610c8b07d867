"""GitHub Actions expressions: the part of the language that this repository's workflows use.

`evaluate("inputs.format == 'npm'", scope)` and `interpolate("a ${{ b }}", scope)`. What is not supported, or names something that does not
exist, is an ExpressionError, where GitHub would often give an empty string: a misspelt name must not pass.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TEMPLATE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS_FUNCTIONS = ("success", "failure", "always", "cancelled")

Value = None | bool | int | float | str | Mapping | Sequence
Status = Callable[[], bool]


class ExpressionError(Exception):
    """An expression that can't be evaluated; the message names it."""


class Declared(dict):
    """A context whose names are all known beforehand: asking for another one is an error. `what` names the context."""

    def __init__(self, what: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.what = what

    def __missing__(self, name: str) -> Any:
        raise ExpressionError(f"{self.what} has no {name!r}; it has {', '.join(sorted(self)) or 'nothing'}")


class Open(dict):
    """A context in which a name that nobody set is empty, as GitHub has it (`vars`, `env`, outputs of a step that did not run)."""

    def __missing__(self, name: str) -> None:
        return None


@dataclass(frozen=True)
class Scope:
    """What an expression may refer to: contexts by name, and the status functions of its place."""

    contexts: Mapping[str, Any]
    status: Mapping[str, Status] = field(default_factory=dict)


class Token(NamedTuple):
    kind: str
    text: str


_TOKENS = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<string>'(?:[^']|'')*')"
    r"|(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<operator>&&|\|\||==|!=|!|\(|\)|\[|\]|\.|,)"
)


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            raise ExpressionError(f"not supported here: {text[position:]!r} in {text!r}")
        position = match.end()
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match.group())
    yield Token("end", "")


class _Parser:
    """Recursive descent: or < and < equality < not < access. Operands of && and || are only evaluated when they decide."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text, self._scope = text, scope
        self._tokens = list(_tokens(text))
        self._at = 0
        self._live = True

    def whole(self) -> Any:
        value = self._or()
        if self._next.kind != "end":
            raise ExpressionError(f"unexpected {self._next.text!r} in {self._text!r}")
        return value

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> str | None:
        if self._next.kind == "operator" and self._next.text in texts:
            self._at += 1
            return self._tokens[self._at - 1].text
        return None

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ExpressionError(f"expected {text!r} before {self._next.text!r} in {self._text!r}")

    def _or(self) -> Any:
        return self._shortcut("||", self._and, lambda value: not truthy(value))

    def _and(self) -> Any:
        return self._shortcut("&&", self._equality, truthy)

    def _shortcut(self, operator: str, operand: Callable[[], Any], goes_on: Callable[[Any], bool]) -> Any:
        value = operand()
        while self._take(operator):
            live = self._live
            decided = live and not goes_on(value)
            self._live = live and not decided
            following = operand()
            self._live = live
            value = value if decided else following
        return value

    def _equality(self) -> Any:
        value = self._not()
        while operator := self._take("==", "!="):
            same = equal(value, self._not())
            value = same if operator == "==" else not same
        return value

    def _not(self) -> Any:
        return not truthy(self._not()) if self._take("!") else self._access()

    def _access(self) -> Any:
        value = self._primary()
        while operator := self._take(".", "["):
            if operator == ".":
                if self._next.kind != "name":
                    raise ExpressionError(f"not supported: {self._next.text!r} after a dot in {self._text!r}")
                name: Any = self._next.text
                self._at += 1
            else:
                name = self._or()
                self._expect("]")
            value = self._member(value, name)
        return value

    def _member(self, value: Any, name: Any) -> Any:
        if not self._live or value is None:
            return None
        if isinstance(value, Mapping) and isinstance(name, str):
            return value[name] if isinstance(value, Declared | Open) else value.get(name)
        if isinstance(value, list) and isinstance(name, int):
            return value[name] if 0 <= name < len(value) else None
        raise ExpressionError(f"{text(value)!r} has no member {name!r} in {self._text!r}")

    def _primary(self) -> Any:
        token = self._next
        self._at += 1
        if token.kind == "string":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            return int(token.text, 16) if "0x" in token.text else float(token.text) if "." in token.text else int(token.text)
        if token.kind == "name":
            return self._named(token.text)
        if token.text == "(":
            value = self._or()
            self._expect(")")
            return value
        raise ExpressionError(f"unexpected {token.text or 'end'!r} in {self._text!r}")

    def _named(self, name: str) -> Any:
        if self._take("("):
            return self._call(name)
        constants = {"true": True, "false": False, "null": None}
        if name in constants:
            return constants[name]
        if name not in self._scope.contexts:
            raise ExpressionError(
                f"there is no context {name!r} here ({self._text!r}); there are {', '.join(sorted(self._scope.contexts))}"
            )
        return self._scope.contexts[name]

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self._or())
            if not self._take(","):
                self._expect(")")
                break
        if name in self._scope.status and not arguments:
            return self._scope.status[name]() if self._live else None
        if name not in FUNCTIONS:
            raise ExpressionError(f"there is no function {name!r} here ({self._text!r})")
        try:
            return FUNCTIONS[name](*arguments) if self._live else None
        except (TypeError, ValueError, IndexError) as error:
            raise ExpressionError(f"{name} in {self._text!r}: {error}") from error


def truthy(value: Any) -> bool:
    """GitHub's truth: false, 0, -0, NaN, '' and null are false."""
    return (
        value is not None
        and value is not False
        and value != ""
        and not (isinstance(value, int | float) and (not value or math.isnan(value)))
    )


def _number(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(int(value, 16)) if value.strip().lower().startswith("0x") else float(value) if value.strip() else 0.0
        except ValueError:
            return math.nan
    return math.nan


def equal(one: Any, other: Any) -> bool:
    """GitHub's `==`: strings without regard to case, values of different kinds as numbers, lists and mappings only as themselves."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return one is other
    if type(one) is type(other):
        return one == other
    return _number(one) == _number(other)


def text(value: Any) -> str:
    """A value as it stands in a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return "Object"
    return "Array" if isinstance(value, list) else str(value)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "fromJSON": lambda value: json.loads(text(value)),
    "toJSON": lambda value: json.dumps(value, indent=2),
    "startsWith": lambda value, start: text(value).casefold().startswith(text(start).casefold()),
}


def evaluate(expression: str, scope: Scope) -> Any:
    """The value of an expression (without `${{ }}`). Raises ExpressionError."""
    return _Parser(expression, scope).whole()


def interpolate(template: Any, scope: Scope) -> Any:
    """`template` with its `${{ }}` replaced. One that is a single expression keeps the expression's type. Raises ExpressionError."""
    if not isinstance(template, str):
        return template
    whole = TEMPLATE.fullmatch(template.strip())
    if whole and "${{" not in whole[1]:
        return evaluate(whole[1].strip(), scope)
    return TEMPLATE.sub(lambda match: text(evaluate(match[1].strip(), scope)), template)


def condition(expression: Any, scope: Scope) -> bool:
    """Whether an `if` holds. One that calls no status function also needs success(). Raises ExpressionError."""
    if expression is None:
        return scope.status["success"]()
    source = str(expression).lower() if isinstance(expression, bool) else str(expression).strip()
    whole = TEMPLATE.fullmatch(source)
    if whole is None and "${{" in source:
        raise ExpressionError(f"not supported: a condition that mixes text and expressions: {source!r}")
    source = whole[1].strip() if whole else source
    holds = truthy(evaluate(source, scope))
    calls = any(first.text in STATUS_FUNCTIONS and second.text == "(" for first, second in zip(*_pairs(source), strict=False))
    return holds and (calls or scope.status["success"]())


def _pairs(source: str) -> tuple[list[Token], list[Token]]:
    tokens = list(_tokens(source))
    return tokens, tokens[1:]
