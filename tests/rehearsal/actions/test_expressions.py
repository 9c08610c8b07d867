from typing import Any

import pytest

from rehearsal.actions.expressions import Declared, ExpressionError, Open, Scope, condition, evaluate, interpolate

STATUS = {"success": lambda: True, "failure": lambda: False, "always": lambda: True, "cancelled": lambda: False}
SCOPE = Scope(
    {
        "inputs": Declared("inputs", {"format": "npm", "private": False, "build-command": "", "count": 2}),
        "vars": Open({"SET": "value"}),
        "needs": Declared("needs", {"check": Declared("needs.check", {"result": "success", "outputs": Declared("outputs", {"a": "1"})})}),
        "github": Declared("github", {"event": {"names": ["x", "y"]}}),
    },
    STATUS,
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("inputs.format", "npm"),
        ("inputs.format == 'NPM'", True),
        ("inputs.format != 'npm'", False),
        ("inputs.build-command != ''", False),
        ("inputs.private || 'other'", "other"),
        ("inputs.format == 'pypi' && 'pip' || inputs.format", "npm"),
        ("!inputs.private", True),
        ("!inputs.private && inputs.count == '2'", True),
        ("needs.check.outputs.a", "1"),
        ("needs['check'].result", "success"),
        ("vars.UNSET", None),
        ("vars.SET", "value"),
        ("github.event.names[1]", "y"),
        ("fromJSON('[1, 2]')[1]", 2),
        ("toJSON('a')", '"a"'),
        ("'it''s'", "it's"),
        ("true && null", None),
        ("null == 0", True),
        ("'' == 0", True),
        ("'x' == 0", False),
        ("(false || true) && 3", 3),
        ("0x10 == 16", True),
    ],
)
def test_values(expression: str, value: Any) -> None:
    found = evaluate(expression, SCOPE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "expression",
    [
        "inputs.fromat",
        "secrets.TOKEN",
        "needs.build.result",
        "needs.check.outputs.b",
        "inputs.format.x",
        "hashFiles('a')",
        "1 < 2",
        "inputs.*",
        "inputs.format inputs.format",
        "(true",
        "fromJSON()",
        "contains('a', 'b')",
        "fromJSON('{')",
        "",
    ],
)
def test_what_is_misspelt_or_not_supported_is_an_error(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, SCOPE)


def test_an_operand_that_does_not_decide_is_not_evaluated() -> None:
    assert evaluate("false && inputs.nothing", SCOPE) is False
    assert evaluate("true || inputs.nothing", SCOPE) is True
    with pytest.raises(ExpressionError):
        evaluate("true && inputs.nothing", SCOPE)


def test_interpolation_keeps_the_type_of_a_single_expression() -> None:
    assert interpolate("${{ inputs.private }}", SCOPE) is False
    assert interpolate("a ${{ inputs.private }} ${{ vars.UNSET }}.", SCOPE) == "a false ."
    assert interpolate("${{ inputs.format }}${{ inputs.count }}", SCOPE) == "npm2"
    assert interpolate(5, SCOPE) == 5


@pytest.mark.parametrize(
    ("expression", "succeeded", "holds"),
    [
        (None, True, True),
        (None, False, False),
        ("inputs.format == 'npm'", True, True),
        ("inputs.format == 'npm'", False, False),
        ("${{ always() && inputs.format == 'npm' }}", False, True),
        ("!cancelled()", False, True),
        ("failure()", False, True),
        ("failure()", True, False),
        ("'success()' != ''", False, False),
    ],
)
def test_conditions_ask_for_success_unless_they_ask_for_a_status(expression: str | None, succeeded: bool, holds: bool) -> None:
    status = {**STATUS, "success": lambda: succeeded, "failure": lambda: not succeeded}
    assert condition(expression, Scope(SCOPE.contexts, status)) is holds


def test_a_condition_of_text_and_expressions_is_refused() -> None:
    with pytest.raises(ExpressionError):
        condition("${{ true }} && false", SCOPE)
