"""How many requests to GitHub the look-ups make: by pages where those are fewer, counted, and judged before the first of many."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from existing import listed, spent
from existing.listed import Page
from leftovers import ENVIRONMENT_TYPE, ROLE_TYPE, RULESET_TYPE, VARIABLE_TYPE
from lookups import LookupProblems, look_up
from plan.facts import assumed
from plan.parts import ConsumingRepository
from plan.planning import plan
from rehearsal import large_stack, stage
from settings import Settings
from tests.components.recording import ProviderError, record
from tests.docs import pages
from tests.program.fake import Cloud
from tests.program.test_program import AUDIENCES, parsed, run
from tests.program.test_there_before import API, STACK, cloud, first, questions, renamed  # noqa: F401

GET, TEAM, REST = (f"github:index/get{one}:get{one}" for one in ("Repository", "Team", "RestApi"))
NAMES = sorted(one.name for one in parsed(STACK).repositories)
TEAMS = sorted(assumed(parsed(STACK)).teams)
HOURLY = 5_000


# --- a list, page by page ---------------------------------------------------------------------------------------------------------------


def looked(names: list[str], there: list[str], per_page: int = 100) -> tuple[set[str], int]:
    """Which of the names pages say, and how many were read."""
    asked: list[int] = []

    def page(number: int) -> Page:
        asked.append(number)
        shown = there[per_page * (number - 1) : per_page * number]
        return Page(tuple({"name": one} for one in shown), -(-len(there) // per_page))

    found = listed.look(names, "name", page)
    assert asked == [*range(1, len(asked) + 1)] and all(one["name"] == name for name, one in found.items())
    return set(found), len(asked)


def organization(repositories: int) -> list[str]:
    return [f"r{number:05}" for number in range(repositories)]


@pytest.mark.parametrize(
    ("wanted", "there", "found", "pages"),
    [
        (["r00000"], 1, 0, 0),  # alone is as cheap
        (["r00000", "r00001"], 2, 2, 1),
        (organization(1_000), 1_000, 1_000, 10),
        (organization(100), 10_000, 100, 1),  # all on the first page
        (["r00000", "r05000", "r09999"], 10_000, 1, 1),  # the rest alone, not 99 pages
        (organization(10_000)[::50], 10_000, 200, 100),
        (organization(10_000)[::101], 10_000, 1, 1),
        (["x", "y"], 500, 0, 1),
    ],
)
def test_pages_are_read_where_they_are_fewer_than_names(wanted, there, found, pages):
    names, read = looked(wanted, organization(there))
    assert (len(names), read) == (found, pages)
    assert names <= set(wanted)


@pytest.mark.parametrize(
    ("headers", "last"),
    [
        ('{"Link": ["<https://x/?page=2>; rel=\\"next\\", <https://x/?per_page=100&page=12>; rel=\\"last\\""]}', 12),
        ('{"Link": ["<https://x/?page=1>; rel=\\"first\\", <https://x/?page=2>; rel=\\"prev\\""]}', 3),
        *((one, 3) for one in ("{}", None, "", "[]", '{"Link": "x"}', '{"Link": [1]}', "{")),
    ],
)
def test_the_last_page(headers, last):
    assert listed.page(3, [{"name": "a"}, "b", None], headers) == Page(({"name": "a"},), last)
    assert listed.page(3, {"message": "no"}, headers).entries == ()


# --- the look-ups -----------------------------------------------------------------------------------------------------------------------


def in_lists(**more: Any) -> Cloud:
    there = cloud(**more)
    there.listed, there.listed_teams = [*NAMES, "another"], [*TEAMS, "others"]
    return there


def seen_alone(there: Cloud) -> list[str]:
    return [one["fullName"] for one in questions(run(STACK, there), GET)]


def test_what_is_in_the_lists_is_not_asked_for_alone():
    workflow = parsed(STACK).publishing.repository
    assert seen_alone(in_lists()) == [workflow]
    assert seen_alone(cloud()) == [*(f"acme/{one.name}" for one in parsed(STACK).repositories), workflow]
    assert questions(run(STACK, in_lists()), TEAM) == [] != questions(run(STACK, cloud()), TEAM)


def test_what_is_seen_by_lists_is_what_is_seen_alone():
    def registered(there: Cloud) -> dict[str, Any]:
        for name in NAMES:  # the same ids, whoever is asked for first
            there._repository(f"acme/{name}")
        for slug in TEAMS:
            there._team(slug, summaryOnly=True)
        return {one.urn: one.inputs for one in run(STACK, there).registrations}

    assert registered(in_lists()) == registered(cloud())


@pytest.mark.parametrize("gone", [{"name": API}, {"visibility": None}, {"archived": None}])
def test_one_that_is_not_in_the_list_is_looked_up_alone(gone):
    """It may be absent, invisible, or led elsewhere by a rename, and GitHub's own answer says which."""

    class Incomplete(Cloud):
        def _listed_repository(self, name: str) -> dict[str, Any]:
            return {key: one for key, one in super()._listed_repository(name).items() if name != API or key not in gone}

    there = Incomplete(audiences=AUDIENCES[STACK])
    there.listed, there.listed_teams = NAMES, TEAMS
    assert f"acme/{API}" in seen_alone(there)
    there.missing = {API}
    with pytest.raises(LookupProblems, match=f"repositories.{API}: 'acme/{API}' does not exist or is not visible"):
        run(STACK, there)


def test_a_renamed_one_is_found_by_its_former_name():
    class Renamed(Cloud):
        def _repository(self, fullName: str) -> dict[str, Any]:
            found = super()._repository(fullName)
            return found | {"fullName": "acme/renamed"} if fullName == f"acme/{API}" else found

    there = Renamed(audiences=AUDIENCES[STACK])
    there.listed = [*(one for one in NAMES if one != API), "renamed"]
    with pytest.raises(LookupProblems, match=f"'acme/{API}' is called 'acme/renamed' on GitHub; write that name"):
        run(STACK, there)
    there.listed = [*(one for one in NAMES if one != API), API.upper()]
    with pytest.raises(LookupProblems, match=f"'acme/{API}' is called 'acme/renamed' on GitHub; write that name"):
        run(STACK, there)


@pytest.mark.parametrize(
    ("field", "wrong", "words"),
    [
        ("archived", True, "is archived"),
        ("archived", "false", "is archived"),
        ("visibility", "secret", "the visibility is 'secret'"),
        ("id", "x", "the repository's id is 'x'"),
        ("default_branch", "a*", r"has no default branch that a ruleset can name \('a\*'\)"),
        ("full_name", f"elsewhere/{API}", f"is called 'elsewhere/{API}'"),
    ],
)
def test_an_entry_of_the_list_is_judged_as_an_answer_is(field, wrong, words):
    class Otherwise(Cloud):
        def _listed_repository(self, name: str) -> dict[str, Any]:
            return super()._listed_repository(name) | ({field: wrong} if name == API else {})

    there = Otherwise(audiences=AUDIENCES[STACK])
    there.listed = NAMES
    with pytest.raises(LookupProblems, match=words):
        run(STACK, there)


def test_a_list_that_is_refused_is_no_obstacle():
    class Refused(Cloud):
        def _rest(self, endpoint: str) -> dict[str, Any]:
            if endpoint.startswith("orgs/"):
                raise ProviderError(f"GET https://api.github.com/{endpoint}: 403 Resource not accessible by integration []")
            return super()._rest(endpoint)

    assert len(seen_alone(Refused(audiences=AUDIENCES[STACK]))) == len(NAMES) + 1


def test_a_name_that_left_the_catalog_is_read_from_the_list(first):  # noqa: F811
    _, state = first
    there = in_lists(resources=renamed(state, "gone", API))
    there.listed = [*NAMES, "gone"]
    with pytest.raises(LookupProblems, match="'gone' is gone, and on GitHub that name is repository"):
        run(STACK, there)


# --- how many ---------------------------------------------------------------------------------------------------------------------------


def of_component(one: ConsumingRepository) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a repository has in a state, as far as look-ups read it."""
    for variable in one.variables:
        yield VARIABLE_TYPE, {"variableName": variable, "repositoryId": one.repository.id}
    for each in one.rulesets:
        refs = {"refName": {"includes": list(each.refs), "excludes": []}}
        approvals = {"requiredApprovingReviewCount": each.rules.get("pull_request", {}).get("required_approving_review_count", 0)}
        rules = {"pullRequest": approvals, "creation": bool(each.rules.get("creation"))}
        actors = [{"actorId": team} for team in each.bypass_teams]
        shape = {"target": each.target, "enforcement": "active", "conditions": refs, "rules": rules, "bypassActors": actors}
        yield RULESET_TYPE, {"name": each.name, **shape}
    for each in one.environments:
        yield ENVIRONMENT_TYPE, {"environment": each.name, "repositoryId": one.repository.id}
    for role in one.roles:
        yield ROLE_TYPE, {"name": role.name, "assumeRolePolicy": role.trust}
    if one.publishing:
        yield "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", {}


def state_of(settings: Settings, there: Cloud) -> dict[str, Any]:
    """A state in which every repository is."""
    usual = assumed(settings)
    ids = {name: there._repository(f"acme/{name}")["repoId"] for name in usual.repositories}
    teams = {slug: int(there._team(slug, summaryOnly=True)["id"]) for slug in usual.teams}
    facts = replace(usual, repositories={name: replace(one, id=ids[name]) for name, one in usual.repositories.items()}, teams=teams)
    resources = [(one.name, *each) for one in plan(settings, facts).consumers for each in of_component(one)]
    return {
        f"urn:{number}": {"type": type, "outputs": {"repository": name, **outputs}}
        for number, (name, type, outputs) in enumerate(resources)
    }


def said(caplog: pytest.LogCaptureFixture, settings: Settings, there: Cloud) -> int:
    """What the look-ups say they made, which is what GitHub counts."""
    caplog.set_level(logging.INFO, "pulumi")
    caplog.clear()
    try:
        recording = record(lambda: look_up(settings), invoke=there, stack=settings.stack)
        asked = recording.invokes
    except LookupProblems as error:
        raise AssertionError(error.problems[:3]) from error
    (line,) = [one.message for one in caplog.records if one.message.startswith("github: ")]
    found = re.fullmatch(r"github: ([\d,]+) requests for the look-ups, of 5,000 that this credential had left of 5,000 an hour", line)
    assert found, line
    made = int(found[1].replace(",", ""))
    counted = [one for one in asked if one[0].startswith("github:") and one[1].get("endpoint") != "rate_limit"]
    assert made == len(counted)
    return made


SIZES = [10, 100, 1_000]


@pytest.fixture(scope="module", params=SIZES)
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    file, catalog = large_stack.write(tmp_path_factory.mktemp("large"), request.param)
    return stage.Stack(large_stack.STACK, file, catalog).settings()


def company(settings: Settings) -> Cloud:
    there = Cloud(audiences=None)
    there.listed = sorted(one.name for one in settings.repositories)
    return there


PAGE = pages.Page(pages.ROOT / "docs/performance.md")


def figure(row: str, count: int) -> int:
    """What the page says of that many repositories."""
    found = re.search(rf"\| {row}[^|]*\|[^|]*\|[^|]*\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", PAGE.text)
    assert found
    return int(found[SIZES.index(count) + 1].replace(",", ""))


def test_a_first_preview_stays_within_an_hours_requests(large: Settings, caplog):
    count, made = len(large.repositories), said(caplog, large, company(large))
    assert made == spent.needed(large, {}, 1) == figure("first preview", count) < HOURLY


def test_an_unchanged_preview_costs_a_request_a_repository(large: Settings, caplog):
    there = company(large)
    there.resources = state_of(large, there)
    count, made = len(large.repositories), said(caplog, large, there)
    # Pages of the list; the organisation, the workflow's repository, the team.
    assert made == count + -(-count // 100) + 3
    assert made == spent.needed(large, dict.fromkeys(there.listed or ()), 1) == figure("of a stack that has them all", count)


# --- whether an hour's requests are enough ----------------------------------------------------------------------------------------------


def limited(left: int, hourly: int = HOURLY) -> Cloud:
    there = in_lists()
    there.left, there.hourly = left, hourly
    return there


def test_look_ups_that_the_hour_is_not_enough_for_do_not_begin():
    """The provider would wait for the next one in their midst, without a word."""
    needs = spent.needed(parsed(STACK), {}, len(TEAMS))
    assert run(STACK, limited(needs)).registrations
    with pytest.raises(LookupProblems) as error:
        run(STACK, limited(needs - 1))
    (line,) = error.value.problems
    assert line.startswith(f"github: got {needs - 1} requests left of this credential's 5,000 an hour; expected at least {needs} for these")
    assert "run again after 08:00 UTC" in line


def test_nothing_else_is_asked_before():
    there, asked = limited(1), []

    class Listening(Cloud):
        def __call__(self, token: str, arguments: Any) -> Any:
            asked.append((token, arguments.get("endpoint")))
            return there(token, arguments)

    with pytest.raises(LookupProblems):
        run(STACK, Listening(audiences=AUDIENCES[STACK]))
    assert [one for one in asked if one[0].startswith("github:")] == [
        ("github:index/getOrganization:getOrganization", None),
        (REST, "rate_limit"),
    ]


def test_look_ups_that_no_hour_is_enough_for_take_longer_and_say_so(caplog):
    needs = spent.needed(parsed(STACK), {}, len(TEAMS))
    caplog.set_level(logging.WARNING, "pulumi")
    assert run(STACK, limited(0, needs - 1)).registrations
    (line,) = [one.message for one in caplog.records if one.message.startswith("github: ")]
    assert line.startswith(
        f"github: got {needs - 1} requests an hour for this credential; expected at least {needs} for these look-ups, so "
    )
    assert "some 2 hours" in line
    caplog.clear()
    assert run(STACK, limited(needs, needs)).registrations
    assert [one.message for one in caplog.records if one.message.startswith("github: ")] == []


NOW = {"limit": 5, "remaining": 0, "reset": 0}


@pytest.mark.parametrize("core", [None, {}, NOW | {"limit": 0}, NOW | {"limit": "x"}, NOW | {"remaining": -1}, NOW | {"reset": 1e30}])
def test_where_github_has_no_limit_or_says_none_that_can_be_used_nothing_is_judged(core):
    assert spent.allowance({"resources": {"core": NOW}}) is not None
    assert spent.allowance(core and {"resources": {"core": core}}) is None
    assert spent.refusal(10**6, None) is None and spent.warning(10**6, None) is None


def test_what_a_function_of_the_provider_costs():
    """It pages by itself, and asks for the licence of a repository that has one."""
    requests = spent.Requests()

    def cost(function: str, answer: Any = None, **arguments: Any) -> int:
        before = requests.made
        requests.count(function, arguments, answer)
        return requests.made - before

    assert [cost("get_actions_variables", SimpleNamespace(variables=["x"] * number)) for number in (0, 30, 31)] == [1, 1, 2]
    assert [cost("get_repository_branches", SimpleNamespace(branches=["x"] * number)) for number in (0, 30, 301)] == [1, 1, 11]
    assert [cost("get_repository", SimpleNamespace(repository_licenses=found)) for found in ([], ["mit"], None)] == [1, 2, 1]
    assert (cost("get_repository", None), cost("get_rest_api", endpoint="orgs/acme"), cost("get_rest_api", endpoint="rate_limit")) == (
        1,
        1,
        0,
    )
