"""What is asked before anything is registered, of what was there before: only where this stack does not know it, and never passed over."""

import logging

import pytest

from lookups import LookupProblems
from tests.components.recording import ProviderError, Recording
from tests.program.fake import Cloud
from tests.program.test_program import AUDIENCES, run, state_of

STACK = "dev"
API = "payments-api-pilot"  # publishes, from a pattern too, in an environment
BRANCHES, REST = "github:index/getRepositoryBranches:getRepositoryBranches", "github:index/getRestApi:getRestApi"
VARIABLES = "github:index/getActionsVariables:getActionsVariables"
LISTS = ["rate_limit", "orgs/acme/repos", "orgs/acme/teams"]
RESOURCE = "aws:cloudcontrol/getResource:getResource"
PERMISSIONS = f"repos/acme/{API}/actions/permissions/workflow"


class NoBranches(Cloud):
    """A credential that may not list branches."""

    def _branches(self, repository: str):
        raise ProviderError(f"GET https://api.github.com/repos/acme/{repository}/branches: 403 Resource not accessible by integration []")


class Free(Cloud):
    """GitHub Free, which has no rulesets for private repositories and says so to whoever asks for them."""

    def _rest(self, endpoint: str):
        if "/rulesets" in endpoint or "/rules/" in endpoint:
            upgrade = "Upgrade to GitHub Pro or make this repository public to enable this feature."
            raise ProviderError(f"GET https://api.github.com/{endpoint}: 403 {upgrade} []")
        return super()._rest(endpoint)


def cloud(kind: type[Cloud] = Cloud, **more) -> Cloud:
    return kind(audiences=AUDIENCES[STACK], **more)


def made() -> tuple[Recording, dict[str, dict]]:
    """A first run, and the state that it leaves: with ids of repositories, which the provider adds."""
    there = cloud()
    recording = run(STACK, there)
    state = state_of(recording)
    for one in state.values():
        if one["type"].startswith("github:") and "Ruleset" not in one["type"]:
            one["outputs"] = one["outputs"] | {"repositoryId": there.repositories[one["outputs"]["repository"]]}
    return recording, state


@pytest.fixture(scope="module")
def first() -> tuple[Recording, dict[str, dict]]:
    return made()


def questions(recording: Recording, token: str) -> list[dict]:
    return [arguments for asked, arguments in recording.invokes if asked == token]


def test_a_stack_asks_for_nothing_that_it_made(first):
    """GitHub's reads are few: what is new costs some, the next run the lists alone."""
    recording, state = first
    publishing = {one.inputs["repository"] for one in recording.of("WorkflowRepositoryPermissions")}
    # Before anything is made, and behind the guards; where only the default branch publishes, no other could.
    assert questions(recording, BRANCHES) == 2 * [{"repository": API}]
    environments = {(one.inputs["repository"], one.inputs["environment"]) for one in recording.of("RepositoryEnvironment")}
    # Rulesets and the organisation's variables of every repository; of those that publish workflow permissions.
    repositories = {one.inputs["repository"] for one in recording.of("ActionsVariable")}
    assert len(questions(recording, REST)) == len(LISTS) + 2 * len(repositories) + len(publishing) + len(environments)
    assert len(questions(recording, RESOURCE)) == 2, "in domains that are not there, nothing is"
    again = run(STACK, cloud(resources=state))
    assert questions(again, BRANCHES) == questions(again, RESOURCE) == questions(again, VARIABLES) == []
    assert [one["endpoint"].partition("?")[0] for one in questions(again, REST)] == LISTS


def test_of_what_a_stack_made_nothing_is_in_the_way(first):
    _, state = first
    there = cloud(resources=state)
    there.branches = ["main", "release/evil"]
    there.rest = {f"repos/acme/{API}/environments/packages": {}}
    assert run(STACK, there).registrations


def test_branches_and_environments_of_others_are(first):
    there = cloud()
    there.branches = ["main", "release/evil"]
    there.rest = {f"repos/acme/{API}/environments/packages": {"protection_rules": [{"type": "wait_timer", "wait_timer": 5}]}}
    with pytest.raises(LookupProblems) as error:
        run(STACK, there)
    assert len(error.value.problems) == 2
    assert "'release/evil'" in error.value.problems[0] and "a wait timer of 5 minutes" in error.value.problems[1]


def test_a_pattern_that_the_roles_do_not_admit_yet_is_new(first):
    """The trust policies say what may publish already, not the rulesets: a run can end between them."""
    _, state = first
    roles = {urn: one for urn, one in state.items() if one["type"].endswith(":Role")}
    there = cloud(resources={urn: one for urn, one in state.items() if urn not in roles})
    there.branches = ["main", "release/evil"]
    with pytest.raises(LookupProblems, match="'release/evil'"):
        run(STACK, there)


@pytest.mark.parametrize("kind", ["release", "create"])
def test_a_pattern_that_a_ruleset_no_longer_guards_is_new(first, kind):
    """The roles admit it still. It is listed before anything is created, and again behind the guards."""
    _, state = first
    urn = next(urn for urn, one in state.items() if f"RepositoryRuleset::{API}-{kind}-" in urn)
    outputs = state[urn]["outputs"]
    includes = [one for one in outputs["conditions"]["refName"]["includes"] if "*" not in one]
    narrowed = state | {urn: state[urn] | {"outputs": outputs | {"conditions": {"refName": {"includes": includes, "excludes": []}}}}}
    there = cloud(resources=narrowed)
    assert len(questions(run(STACK, there), BRANCHES)) == 2
    there.branches = ["main", "release/evil"]
    with pytest.raises(LookupProblems, match="'release/evil'"):
        run(STACK, there)


def test_a_preview_may_not_read_code_and_says_what_it_did_not_see(caplog):
    caplog.set_level(logging.WARNING, "pulumi")
    recording = run(STACK, cloud(NoBranches), preview=True)
    assert recording.of("Role")
    told = [record.message for record in caplog.records if "its branches were not looked at" in record.message]
    assert len(told) == 1, "the one where a branch that is there could publish"


def test_what_changes_something_must_read_it():
    with pytest.raises(LookupProblems, match=r"the question was refused: .*403 Resource not accessible"):
        run(STACK, cloud(NoBranches))


def test_a_plan_without_rulesets_is_one_problem_of_each_repository():
    with pytest.raises(LookupProblems) as refused:
        run(STACK, cloud(Free, plan="free"))
    without = [one for one in refused.value.problems if "plan 'free' has no rulesets for that; make it public or change the plan" in one]
    assert without and not any("Upgrade to GitHub" in one for one in refused.value.problems)


def test_permissions_of_workflows_that_change_are_said(caplog):
    there = cloud()
    there.rest = {PERMISSIONS: {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}}
    caplog.set_level(logging.WARNING, "pulumi")
    run(STACK, there)
    (note,) = [record.message for record in caplog.records if "default permission becomes read" in record.message]
    assert f"repositories.{API}: " in note and "(now: write, true)" in note


def test_a_repository_that_can_not_call_the_workflows():
    public = {f"acme/{API}"}

    class Public(Cloud):
        def _repository(self, fullName: str):
            return super()._repository(fullName) | ({"visibility": "public"} if fullName in public else {})

    there = cloud(Public)
    with pytest.raises(LookupProblems, match=rf"repositories.{API}: is public, and GitHub .* of public repositories alone; .* is private"):
        run(STACK, there)
    public.add("acme/package-flow")
    assert run(STACK, there).registrations


def renamed(state: dict[str, dict], former: str, now: str) -> dict[str, dict]:
    """The state as if a repository had been called `former` when it was written."""
    return {
        urn.replace(f"::{now}", f"::{former}"): {"type": one["type"], "outputs": one["outputs"] | {"repository": former}}
        if one["outputs"].get("repository") == now
        else one
        for urn, one in state.items()
    }


def test_a_renamed_repository_is_refused_by_its_id(first):
    _, state = first
    there = cloud(resources=renamed(state, "payments", API))
    # Ids follow from the order of the questions, and GitHub leads the former name to the same repository.
    there.repositories |= {name: 9001 + number for number, name in enumerate(_asked(first[0]))}
    there.repositories["payments"] = there.repositories[API]
    with pytest.raises(LookupProblems) as error:
        run(STACK, there)
    (problem,) = error.value.problems
    assert f"repositories.{API}: is the repository that this stack knows as 'payments'" in problem


def test_a_name_that_left_the_catalog_and_is_another_repositorys(first):
    """The twin: it is still the same repository, and is taken leave of."""
    _, state = first
    variable = {"type": "github:index/actionsVariable:ActionsVariable", "outputs": {"repository": "gone", "variableName": "A"}}
    there = cloud()
    there.repositories["gone"] = 77
    for id, refused in ((78, True), (77, False)):
        there.resources = {**state, "urn:gone": variable | {"outputs": variable["outputs"] | {"repositoryId": id}}}
        there.repositories |= {name: 9001 + number for number, name in enumerate(_asked(first[0]))}
        if refused:
            with pytest.raises(LookupProblems, match="'gone' is gone, and on GitHub that name is repository 77 now"):
                run(STACK, there)
        else:
            assert run(STACK, there).registrations


def _asked(recording: Recording) -> list[str]:
    names = [one["fullName"].partition("/")[2] for one in questions(recording, "github:index/getRepository:getRepository")]
    return list(dict.fromkeys(names))
