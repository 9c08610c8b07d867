"""githubScope under Pulumi's engine: guards and variables move between repositories and organisation, and no ref is ever open meanwhile."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.engine.stack import Run
from rehearsal.seeding import outside_immutable
from tests.engine.life import SMALL, Life, changes, done, in_the_organization, living, needs_engine, short
from tests.engine.test_stops import REPOSITORY, World, before, changed, stopping

pytestmark = [
    needs_engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:Error in event stream"),
]

OF_ALL = {
    "CODEARTIFACT_DOMAIN",
    "CODEARTIFACT_DOMAIN_OWNER",
    "CODEARTIFACT_REGION",
    "CODEARTIFACT_REPOSITORY",
    "CODEARTIFACT_READ_ROLE_ARN",
}
OUTSIDE_IMMUTABLE = outside_immutable(SMALL.settings())
JOINS = {"publishes": ["npm"], "release_branches": ["main"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The small stack, in repository mode; its App may write to the organisation, as it has to before somebody switches."""
    folder = tmp_path_factory.mktemp("scope")
    with living(in_the_organization(SMALL, folder), folder) as life:
        life.configure(githubScope="repository")
        done(life.stack.up())
        leads = life.github.call("GET", "orgs", life.settings.github_owner, "teams", "payments-leads")["id"]
        made = World(life, {"payments": {leads}})
        assert made.unguarded() == [] and made.admitted() == {"main"}
        yield made
    gc.collect()


def effective(life: Life, repository: str) -> dict[str, str]:
    """What jobs of a repository see."""
    path = ("repos", life.settings.github_owner, repository, "actions")
    listed = [life.github.pages(*path, kind, member="variables") for kind in ("organization-variables", "variables")]
    return {one["name"]: one["value"] for each in listed for one in each}


def own(life: Life, repository: str) -> tuple[set[str], set[str]]:
    """Names of a repository's own rulesets, without their digests, and variables."""
    path = ("repos", life.settings.github_owner, repository)
    rulesets = life.github.call("GET", *path, "rulesets", query={"includes_parents": "false"})
    variables = life.github.pages(*path, "actions", "variables", member="variables")
    return {one["name"].rpartition("-")[0] for one in rulesets}, {one["name"] for one in variables}


def watched(life: Life, *worlds: World, repositories: Sequence[str] = ()) -> list[str]:
    """An up in which nothing is unguarded, and no variable of a repository is missing or another, before any step and after the last."""
    steps: list[str] = []
    gaps: list[str] = []
    seen = {one: effective(life, one) for one in repositories}

    def look(step: str, urn: str) -> None:
        gaps.extend(f"before {step} {short(urn)}: {gap}" for world in worlds for gap in world.unguarded())
        for repository, variables in seen.items():
            there = effective(life, repository)
            gaps.extend(f"before {step} {short(urn)}: {name} of {repository}" for name in variables if there.get(name) != variables[name])
        steps.append(f"{step} {short(urn)}")

    life.plugins.watch = look
    done(life.stack.up(parallel=1))
    life.plugins.watch = lambda step, urn: None
    assert [*gaps, *(gap for world in worlds for gap in world.unguarded())] == []
    assert changes(done(life.stack.preview())) == []
    return steps


def test_a_stack_goes_to_the_organization_and_back(world: World) -> None:
    life = world.life
    repositories = (REPOSITORY, "scoring-notebooks")
    seen = {one: effective(life, one) for one in repositories}
    life.configure(githubScope="organization")
    there = watched(life, world, repositories=repositories)
    assert {one: effective(life, one) for one in repositories} == seen
    assert own(life, "scoring-notebooks") == (set(), {"CODEARTIFACT_READ_ROLE_ARN", "CODEARTIFACT_REPOSITORY"})
    assert own(life, REPOSITORY)[0] == set() and not own(life, REPOSITORY)[1] & (OF_ALL - {"CODEARTIFACT_REPOSITORY"})
    for kind in ("Ruleset", "Variable"):
        created, deleted = ([one for one in there if one.startswith(f"{step} ") and kind in one] for step in ("create", "delete"))
        assert created and deleted and there.index(created[-1]) < there.index(deleted[0]), there
    assert not [one for one in there if "Role" in one]
    life.configure(githubScope="repository")
    back = watched(life, world, repositories=repositories)
    assert {one: effective(life, one) for one in repositories} == seen
    before(back, "create RepositoryRuleset", "delete OrganizationRuleset")
    before(back, "create ActionsVariable", "delete ActionsOrganizationVariable")
    assert own(life, REPOSITORY) == ({"package-flow-release", "package-flow-create"}, set(seen[REPOSITORY]))


@pytest.mark.slow("the same change is watched before every step in test_a_stack_goes_to_the_organization_and_back")
def test_a_switch_stops_wherever_it_may(world: World) -> None:
    life = world.life
    for scope in ("organization", "repository"):
        life.configure(githubScope=scope)
        steps = stopping(life, world)
        assert {one.partition(" ")[0] for one in steps} == {"create", "delete"}


@pytest.mark.slow("a switch makes and removes the same resources; tests/plan and tests/components have editions and what waits for them")
def test_repositories_join_leave_and_change_their_branches_in_the_organization(world: World) -> None:
    life = world.life
    life.configure(githubScope="organization")
    done(life.stack.up())
    other = replace(world, repository=OUTSIDE_IMMUTABLE)
    team: dict[str, Any] = life.team("payments")
    life.configure({"payments": {**team, "repositories": {**team["repositories"], OUTSIDE_IMMUTABLE: JOINS}}})
    joined = watched(life, world, other)
    assert other.admitted() == {"main"}
    before(joined, "create OrganizationRuleset", f"create Role {OUTSIDE_IMMUTABLE}")
    before(joined, f"create Role {OUTSIDE_IMMUTABLE}", "delete OrganizationRuleset")
    # Said the same of two: the former edition, for one, goes.
    assert joined.count("update ActionsOrganizationVariable CODEARTIFACT_DOMAIN") == 1

    changed(life, release_branches=["main", "release/*"])
    widened = watched(life, world, other)
    assert world.admitted() == {"main", "release/1"} and other.admitted() == {"main"}
    before(widened, "create OrganizationRuleset", "update Role ")
    before(widened, "update Role ", "delete OrganizationRuleset")
    changed(life, release_branches=["main"])
    narrowed = watched(life, world, other)
    before(narrowed, "create OrganizationRuleset", "update Role ")
    before(narrowed, "update Role ", "delete OrganizationRuleset")

    life.configure({"payments": life.team("payments") | {"repositories": {REPOSITORY: life.team("payments")["repositories"][REPOSITORY]}}})
    left = watched(life, world)
    before(left, "create OrganizationRuleset", f"delete Role {OUTSIDE_IMMUTABLE}")
    before(left, f"delete Role {OUTSIDE_IMMUTABLE}", "delete OrganizationRuleset")
    assert own(life, OUTSIDE_IMMUTABLE) == (set(), set())


def test_what_another_stack_has_in_the_organization_is_refused(world: World) -> None:
    life = world.life
    life.configure(githubScope="repository")
    done(life.stack.up())
    body = {"name": "CODEARTIFACT_DOMAIN", "value": "contoso", "visibility": "all"}
    path = ("orgs", life.settings.github_owner, "actions", "variables")
    life.github.call("POST", *path, body=body)
    life.configure(githubScope="organization")
    run: Run = life.stack.up()
    assert changes(run) == [] and len(run.errors) == 1
    assert "the organisation's Actions variable CODEARTIFACT_DOMAIN (contoso there, acme here) is there already" in run.errors[0].text
    assert "else write githubScope: repository" in run.errors[0].text
    life.github.call("DELETE", *path, "CODEARTIFACT_DOMAIN")
    done(life.stack.up())
