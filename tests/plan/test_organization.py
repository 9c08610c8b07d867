"""githubScope: organization. Callers see the same, the same rules guard every ref, and what several have in common is there once."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, reject
from hypothesis import settings as hypothesis

import settings as configuration
from plan.facts import assumed
from plan.organization import too_many
from plan.parts import ConsumingRepository, Plan, Ruleset
from plan.planning import plan
from policies import guards
from policies.guards import DEFAULT_BRANCH, ORGANIZATION_RULESETS_MAX
from settings import GithubScope, Readers, Settings
from settings.parsing import of_stack
from tests.fuzzing.generating import unhurried
from tests.fuzzing.inputs import Tree
from tests.program import samples
from tests.rehearsal.generated import legitimate
from tests.rehearsal.stacks import CASES, placed
from tests.settings.builders import PROJECT, ROOT

ORGANIZATION = GithubScope.ORGANIZATION


def both(configured: Settings, **facts) -> tuple[Plan, Plan]:
    """The same stack in repository mode and in organization mode."""
    modes = [replace(configured, github_scope=one) for one in (GithubScope.REPOSITORY, ORGANIZATION)]
    each, once = (plan(one, replace(assumed(one), **facts)) for one in modes)
    return each, once


def rules_of(one: ConsumingRepository) -> list[tuple]:
    """What holds for a repository, whoever says it, with the default branch by its name."""
    default = f"refs/heads/{one.default_branch}"
    return sorted(
        (each.kind, each.target, tuple(default if ref == DEFAULT_BRANCH else ref for ref in each.refs), str(each.rules), each.bypass_teams)
        for each in one.guards
    )


def same(configured: Settings) -> None:
    each, once = both(configured)
    for one, other in zip(each.consumers, once.consumers, strict=True):
        assert other.effective_variables == one.effective_variables == one.variables
        assert rules_of(other) == rules_of(one) and other.rulesets == ()
        assert [*other.roles, *other.environments] == [*one.roles, *one.environments]
        assert all(one.repository.id in each.repositories for each in other.organization_rulesets)
        # Nothing is written twice.
        assert not set(other.variables.items()) & set(other.organization_variables.items())
    shared = once.organization
    assert each.organization is None and bool(shared) == bool(each.consumers)
    if shared:
        held = {(one.edition, id) for one in shared.rulesets for id in one.repositories}
        assert held == {(ruleset.edition, one.repository.id) for one in once.consumers for ruleset in one.guards}
        said = [guards.edition(one.kind, one.refs, one.rules, one.bypass_teams, one.bypass_apps) for one in shared.rulesets]
        assert len(said) == len(set(said)), "two that say the same would be one"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_shipped_stacks_say_the_same_in_both_modes(stack: str):
    same(of_stack(ROOT, stack))


@pytest.mark.parametrize("case", CASES)
def test_a_legitimate_case_says_the_same_in_both_modes(case: str, tmp_path: Path):
    same(_parsed(CASES[case], tmp_path))


def test_any_stack_says_the_same_in_both_modes(tmp_path_factory: pytest.TempPathFactory):
    @hypothesis(unhurried, max_examples=25, derandomize=True)
    @given(legitimate())
    def it_does(tree: Tree) -> None:
        try:
            same(_parsed(tree, tmp_path_factory.mktemp("stack")))
        except configuration.SettingsError:
            reject()

    it_does()


def _parsed(tree: Tree, folder: Path) -> Settings:
    file, _ = placed(tree, folder)
    return configuration.parse(configuration.read_project_file(ROOT), configuration.read_stack_file(file), folder, PROJECT, tree.stack)


# --- what is folded -------------------------------------------------------------------------------------------------------------------


def once(*teams, **changed) -> Plan:
    configured = samples.settings(*teams, github_scope=ORGANIZATION, **changed)
    return plan(configured, samples.facts(configured))


def default_of(planned: Plan) -> Ruleset:
    assert planned.organization
    (found,) = [one for one in planned.organization.rulesets if one.kind == "default"]
    return found


def test_an_installing_repository_costs_nothing():
    configured = samples.settings(
        samples.team(owns={}, repositories=(samples.installing("one"), samples.installing("two"))), github_scope=ORGANIZATION
    )
    branches = {"one": samples.seen_repository("one", default_branch="trunk"), "two": samples.seen_repository("two")}
    planned = plan(configured, samples.facts(configured, repositories=branches))
    for one in planned.consumers:
        assert (one.rulesets, dict(one.variables), one.roles) == ((), {}, ())
    assert default_of(planned).refs == ("~DEFAULT_BRANCH",)
    assert default_of(planned).repositories == tuple(sorted(one.repository.id for one in planned.consumers))


def test_what_publishes_keeps_the_names_of_its_branches():
    """Another branch that became the default one would be guarded, and the trusted one open."""
    planned = once()
    assert planned.organization
    published = [one for one in planned.organization.rulesets if one.kind != "default"]
    assert published and not [ref for one in published for ref in one.refs if ref.startswith("~")]


def test_a_team_of_its_own_readers_has_variables_of_its_own():
    team = samples.team(readers=Readers.TEAM, repositories=(samples.installing("notebooks"),))
    (one,) = once(team).consumers
    assert set(one.variables) == {"CODEARTIFACT_REPOSITORY", "CODEARTIFACT_READ_ROLE_ARN"}


def test_a_further_read_role_is_one_variable():
    listed = tuple(samples.installing(f"service-{number}") for number in range(100))
    planned = once(samples.team(owns={}, repositories=listed))
    assert len(planned.oidc.read_roles) == 2
    assert {tuple(one.variables) for one in planned.consumers} == {(), ("CODEARTIFACT_READ_ROLE_ARN",)}
    assert {one.read_role for one in planned.consumers if one.variables} == {1}


def test_an_edition_is_for_its_repositories():
    """Whoever joins or leaves makes it another ruleset: nothing that guards is changed in place."""
    first, second = samples.installing("one"), samples.installing("two")
    joined, alone = (default_of(once(samples.team(owns={}, repositories=listed))) for listed in ((first, second), (first,)))
    assert joined.name != alone.name
    ordered = default_of(once(samples.team(owns={}, repositories=(second, first))))
    assert ordered == joined
    assert guards.edition("create", ["refs/heads/main"], {}, [1], [2]) != guards.edition("create", ["refs/heads/main"], {}, [1], (), [2])


def test_a_ruleset_of_a_repository_has_the_name_that_it_had():
    one = Ruleset("default", ("refs/heads/main",), guards.default_rules(0, ()))
    assert one.edition == "default-0356f27b"


# --- GitHub's limit -------------------------------------------------------------------------------------------------------------------


def rulesets(count: int, **changed) -> list[Ruleset]:
    return [Ruleset("create", (f"refs/heads/{number}",), guards.create_rules(), repositories=(number + 1,)) for number in range(count)]


@pytest.mark.parametrize(("own", "others", "fits"), [(75, 0, True), (76, 0, False), (70, 5, True), (70, 6, False), (1, 75, False)])
def test_more_than_an_organisation_can_have(own: int, others: int, fits: bool):
    why = too_many(rulesets(own), [f"others-{number}" for number in range(others)])
    assert (why is None) is fits
    if why:
        assert why.startswith(f"got {own} organisation rulesets ({own} create), and {others} others are there; expected at most 75 in all")
        assert "githubScope: repository, which has no such limit" in why


def test_former_and_new_ones_are_there_at_once():
    """A run creates before it deletes."""
    former = [f"package-flow-create-{number}" for number in range(ORGANIZATION_RULESETS_MAX)]
    assert too_many(rulesets(1), former)
    assert too_many(rulesets(75), [one.name for one in rulesets(75)]) is None


def test_it_says_what_makes_them_differ():
    why = too_many([replace(one, bypass_teams=(one.repositories[0] % 2,)) for one in rulesets(76)], ())
    assert why and "Those of create have 76 branches or tags" in why and "2 who may create them (release_managers, release_apps)" in why
    assert "approvals" not in why
