"""What the pages on deploying say is what the code does."""

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from policies.arns import Registry
from policies.deployment_tokens import Operation, PulumiStack
from policies.deployments import Access, Deployed
from rehearsal import seeding
from tests.bootstrap import samples
from tests.docs.pages import page, table
from tests.docs.shipped import recorded

README, DEPLOYMENTS, FIRST = page("bootstrap/README.md"), page("docs/deployments.md"), page("docs/first-deployment.md")


def test_the_subject_that_is_shown_is_the_one_that_is_trusted():
    shown = re.findall(r"`(pulumi:deploy:[^`]+)`", DEPLOYMENTS.text)
    assert shown == [PulumiStack("acme", "package-flow", "prod").subject(Operation.UPDATE)]


def test_names_that_are_shown_are_those_that_are_made():
    stack = Deployed(Registry("aws", "111122223333", "eu-west-1", "acme"), "STACK")
    for access in Access:
        assert f"`package-flow-bootstrap/{stack.role_name(access)}`" in DEPLOYMENTS.text
        assert f"`{stack.app_secret_name(access)}`" in DEPLOYMENTS.text
        assert f"`{stack.role_name(access)}`" in README.text
    assert f"`{stack.boundary_name}`" in README.text


def test_the_reading_app_reads_where_the_changing_one_writes():
    writes = {name for name, level in seeding.DEPLOYER_PERMISSIONS.items() if level == "write"} - {"environments"}
    assert writes == {"administration", "actions_variables"}
    assert "the same with Administration and Variables at read" in FIRST.text


# --- costs ----------------------------------------------------------------------------------------------------------------------------

_OPERATORS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    assert isinstance(node, ast.BinOp)
    return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))


PAGE = page("docs/costs.md")
TABLES = [table(one) for one in PAGE.text.split("\n\n") if one.startswith("|") and one.split("\n")[0].endswith("| USD |")]
COSTS = TABLES[0]


@pytest.mark.parametrize("row", [row for rows in TABLES for row in rows], ids=lambda row: f"{row[0][:30]} {row[2]}")
def test_the_arithmetic_is_right(row):
    assert _value(ast.parse(row[1], mode="eval").body).quantize(Decimal("0.01")) == Decimal(row[2])


def test_what_grows_is_counted_for_the_same_companies():
    assert len(TABLES) == 5
    assert [[row[0] for row in rows] for rows in TABLES[1:]] == [["10", "100", "1,000"]] * 4


def test_resources_of_a_repository_are_those_of_the_shipped_stack():
    said = re.search(r"only installs has (\d+) resources, and one that publishes (\d+) or more", PAGE.text)
    assert said
    installs, publishes = (int(one) for one in said.groups())
    of = Counter(one.parent.rpartition("::")[2] for one in recorded("prod").registrations if one.custom)
    assert of["storefront-web"] == installs
    assert of["web-tooling"] == publishes
    assert f"(5 * {installs} + 5 * {publishes} + " in PAGE.text


def test_the_sums_are_right():
    amounts = {row[0]: Decimal(row[2]) for row in COSTS}
    without = {name for name in amounts if "without a cache" in name}
    cached = {name for name in amounts if "the same" in name and "cache" in name}
    assert len(without) == len(cached) == 2
    rest = sum(amount for name, amount in amounts.items() if name not in without | cached)
    said = re.search(r"some (\d+) a month with a cache in CI, some (\d+) without", PAGE.text)
    assert said
    told = [int(one) for one in said.groups()]
    assert abs(rest + sum(amounts[name] for name in cached) - told[0]) < 1
    assert abs(rest + sum(amounts[name] for name in without) - told[1]) < 1


def test_the_number_of_resources_is_right():
    custom = sum(one.custom for stack in ("dev", "prod") for one in recorded(stack).registrations)
    custom += sum(one.custom for one in samples.recorded().registrations)
    told = re.search(r"some (\d+) resources \(components do not count\), some (\d+)\s+credits", PAGE.text)
    assert told
    assert abs(custom - int(told[1])) < 10
    assert abs(custom * Decimal("0.1825") - int(told[2])) < 2
