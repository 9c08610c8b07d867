"""What a change grants and takes away."""

import json
from dataclasses import replace

import pytest

from access import compare, matrix
from access.actions import Kind
from access.compare import Comparison, How
from access.matrix import Matrix
from access.provisioned import Consumer, Document, Provisioned
from tests.access.stacks import provisioned_stack


@pytest.fixture(scope="module")
def prod() -> Matrix:
    return matrix.build(provisioned_stack("prod"))


def to(prod: Matrix, changed: Provisioned) -> Comparison:
    return compare.compare("main", prod, matrix.build(changed))


def cells(comparison: Comparison, how: How) -> set[tuple]:
    return {(one.key, one.place, one.kind) for one in comparison.of(how)}


def with_repository_policy(stack: Provisioned, name: str, change) -> Provisioned:
    """The stack with other statements in the policy of a repository."""
    (main,) = stack.domains
    repositories = [
        replace(one, policy=Document(one.policy.where, json.dumps({"Version": "2012-10-17", "Statement": change(one.policy.statements)})))
        if one.name == name and one.policy
        else one
        for one in main.repositories
    ]
    return replace(stack, domains=(replace(main, repositories=tuple(repositories)),))


def test_the_same_is_no_change(prod: Matrix) -> None:
    same = to(prod, provisioned_stack("prod"))
    assert (same.changes, same.wordings, same.new, same.gone) == ((), (), (), ())
    assert compare.render(same, "prod") == "# Access of prod: what changes since main\n\nNothing.\n"


def test_a_statement_less_takes_away(prod: Matrix) -> None:
    fewer = with_repository_policy(prod.stack, "identity", lambda found: [one for one in found if one["Sid"] != "ReadByRole"])
    comparison = to(prod, fewer)
    # A job that has the publish role too still reads, by that role's own policy; so does Dependabot.
    assert {one.how for one in comparison.changes} == {How.TAKEN, How.REWORDED}
    assert {one.key[0] for one in comparison.of(How.REWORDED)} == {"identity-api", "login-web"}
    assert {(one.place, one.kind) for one in comparison.changes} == {("identity", Kind.READ)}
    assert ("storefront-web", "pull-request") in {one.key for one in comparison.changes}
    written = compare.render(comparison, "prod")
    everybody = "branch main, branch main: environment, pull request, any other branch, tag main, recycled name"
    assert f"- storefront-web: {everybody}: read identity\n" in written
    assert "- policy of repository identity: ReadByRole (gone)" in written


def test_the_other_way_round_it_grants(prod: Matrix) -> None:
    fewer = with_repository_policy(prod.stack, "identity", lambda found: [one for one in found if one["Sid"] != "ReadByRole"])
    before = matrix.build(fewer)
    taken, granted = compare.compare("main", prod, before), compare.compare("main", before, prod)
    assert cells(granted, How.GRANTED) == cells(taken, How.TAKEN) != set()


def test_other_words_with_the_same_outcome_are_told_apart(prod: Matrix) -> None:
    """The Deny on shared in other words: the same is refused."""

    def listed(one: dict) -> dict:
        return {**one, "Action": [one["Action"]]} if isinstance(one["Action"], str) else one

    reworded = with_repository_policy(prod.stack, "shared", lambda found: [listed(one) for one in found])
    comparison = to(prod, reworded)
    assert comparison.changes
    assert {one.how for one in comparison.changes} == {How.REWORDED}
    assert {one.place for one in comparison.changes} == {"shared"}
    assert {(one.how, one.where) for one in comparison.wordings} == {("other words", "policy of repository shared")}
    written = compare.render(comparison, "prod")
    assert "## Grants" not in written and "## The same by other words" in written


def test_a_new_repository_changes_nothing_of_others(prod: Matrix) -> None:
    first: Consumer = prod.stack.consumers[0]
    more = replace(prod.stack, consumers=(*prod.stack.consumers, replace(first, name="new-web", id=77_000_000_000)))
    comparison = to(prod, more)
    assert {one.key[0] for one in comparison.changes} == {"new-web"}
    assert {one.how for one in comparison.changes} == {How.GRANTED}
    (line,) = comparison.new
    assert line.startswith("new-web: branch main, branch main: environment, pull request, ")
    assert comparison.gone == comparison.wordings == ()


def test_a_repository_that_is_gone_loses_what_it_had(prod: Matrix) -> None:
    fewer = replace(prod.stack, consumers=prod.stack.consumers[1:])
    comparison = to(prod, fewer)
    name = prod.stack.consumers[0].name
    assert {one.key[0] for one in comparison.of(How.TAKEN)} == {name}
    assert [one.partition(": ")[0] for one in comparison.gone] == [name]
    assert not comparison.of(How.GRANTED)


def test_a_longer_token_is_a_change(prod: Matrix) -> None:
    def longer(documents: tuple[Document, ...]) -> tuple[Document, ...]:
        return tuple(replace(one, text=one.text.replace('"3600"', '"7200"')) for one in documents)

    roles = tuple(replace(one, identity=longer(one.identity)) for one in prod.stack.roles)
    comparison = to(prod, replace(prod.stack, roles=roles))
    changed = comparison.of(How.CHANGED)
    assert {one.kind for one in changed} == {Kind.TOKEN}
    # Dependabot may assume the builds' role, too, whose tokens are shorter than its own role's.
    builds = [one for one in changed if one.key[1] != "dependabot"]
    assert len(changed) == len(builds) + 1
    assert {(one.before, one.after) for one in builds} == {("yes: for at most 3,600 seconds", "yes: for at most 7,200 seconds")}
    assert "was yes: for at most 3,600 seconds; now yes: for at most 7,200 seconds" in compare.render(comparison, "prod")
