"""What the last release registered is still there, under its URN or as the alias of what it is called now.

A resource whose URN is new is created and the old one deleted: a domain with its packages, a role that jobs are using. `make release`
records the URNs of the release (snapshots/released).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.components.recording import Registration
from tests.fuzzing import mutations
from tests.fuzzing.inputs import Tree, written
from tests.fuzzing.program import run
from tests.program.test_program import SNAPSHOTS, STACKS, recorded

RELEASED = SNAPSHOTS / "released"
# Taken away on purpose, with a line under breaking changes in the changelog. `make release` makes them the past: take them out then.
REMOVED: frozenset[str] = frozenset()
# Never changed but created anew and deleted, in this order: its name ends with a digest of what it says.
RULESET = "github:index/repositoryRuleset:RepositoryRuleset::"


def gone(before: Iterable[str], now: Collection[Registration]) -> list[str]:
    """The URNs of before that nothing has any more."""
    reached = {urn for one in now for urn in urns(one, {each.urn: each for each in now})}
    return [urn for urn in before if urn not in reached and urn not in REMOVED and RULESET not in urn]


def urns(one: Registration, by_urn: Mapping[str, Registration]) -> Iterator[str]:
    """Its URN and those that it is known by too, as the engine works them out of its aliases and its parent's
    (https://www.pulumi.com/docs/iac/concepts/options/aliases/)."""
    yield one.urn
    for alias in one.options.get("aliases") or []:
        yield alias["urn"] if "urn" in alias else _of(one.urn, alias["spec"], one.parent)
    parent = by_urn.get(one.parent)
    for other in urns(parent, by_urn) if parent else ():
        head, name = _split(other)
        own, of_parent = _split(one.urn)[1], _split(one.parent)[1]
        # A child whose name begins with its parent's is known by the parent's other name as well.
        named = name + own.removeprefix(of_parent) if own.startswith(of_parent) else own
        if not head.endswith("pulumi:pulumi:Stack"):
            yield f"{head}${one.type}::{named}"


def _split(urn: str) -> tuple[str, str]:
    head, _, name = urn.rpartition("::")
    return head, name


def _of(urn: str, spec: Mapping[str, Any], parent: str) -> str:
    if set(spec) - {"name", "parentUrn"} or spec.get("parentUrn", "") not in ("", parent):
        raise AssertionError(f"{urn}: got an alias by {sorted(spec)}; expected one by its name or a whole URN")
    return f"{_split(urn)[0]}::{spec['name']}"


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_of_the_last_release_is_gone(stack: str) -> None:
    before = (RELEASED / f"{stack}.txt").read_text().splitlines()
    assert len(before) > 100
    assert gone(before, recorded(stack).registrations) == []


def with_repository(name: str, **keys: Any) -> list[Registration]:
    made: Tree = mutations.minimal()
    payments: dict[str, Any] = dict(made.teams["payments"])
    payments["repositories"] = {name: payments["repositories"]["payments-api"] | keys, "checkout-web": {}}
    return list(run(written(replace(made, teams={"payments": payments}))).registrations)


def test_a_rename_without_an_alias_is_seen_and_with_one_it_passes() -> None:
    before = [one.urn for one in with_repository("payments-api")]
    lost = gone(before, with_repository("payments"))
    assert len(lost) > 5 and all("::payments-api" in one for one in lost)
    assert gone(before, with_repository("payments", renamed_from="payments-api")) == []


def test_a_resource_that_is_left_out_is_seen() -> None:
    before = (RELEASED / "prod.txt").read_text().splitlines()
    now = [one for one in recorded("prod").registrations if one.type != "aws:codeartifact/domain:Domain"]
    assert ["codeartifact/domain:Domain::" in one for one in gone(before, now)] == [True]


def test_every_stack_of_the_tests_is_recorded() -> None:
    assert {file.stem for file in Path(RELEASED).glob("*.txt")} == set(STACKS)
