"""githubScope: organization before anything is registered: what is there, what of it is this stack's, and what stands in the way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from existing import github_organization, noted
from leftovers import ORGANIZATION_RULESET_TYPE, ORGANIZATION_VARIABLE_TYPE, Known, key, look
from lookups import State, adopted, problems, state_from
from plan.parts import Plan, Ruleset
from plan.planning import plan
from policies.branches import declare
from policies.document import text
from policies.github_tokens import GitHubRepository, Owner, Subjects
from policies.roles.publish import publish_trust
from settings import GithubScope
from tests.program import samples

SETTINGS = samples.settings(github_scope=GithubScope.ORGANIZATION)
PLAN: Plan = plan(SETTINGS, samples.facts(SETTINGS))
API, WEB = "payments-api", "payments-web"
IDS = {one.name: one.repository.id for one in PLAN.consumers}
assert PLAN.organization
RULESETS, VARIABLES = PLAN.organization.rulesets, PLAN.organization.variables
COMPONENT = ("GitHubOrganization", "organization")


class There:
    """What GitHub's REST API answers; what is not in it is not there. `asked` are the endpoints."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[str] = []

    def rest(self, endpoint: str) -> Any:
        self.asked.append(endpoint)
        return self.answers.get(endpoint.partition("?")[0])

    def role(self, name: str) -> None: ...

    def role_policy(self, role: str, name: str) -> None: ...

    def policy(self, arn: str) -> None: ...

    def alias(self, name: str) -> None: ...

    def managed_by_aws(self, key: str) -> None: ...

    def resource(self, type: str, identifier: str) -> None: ...

    def topic(self, name: str) -> None: ...

    def queue(self, name: str) -> None: ...

    def permission_set(self, instance: str, name: str) -> None: ...

    def repository(self, name: str) -> bool:
        return False


def described(one: Ruleset, id: int = 31, **changed: Any) -> dict[str, Any]:
    """A ruleset as GitHub describes it."""
    rules = [{"type": kind, "parameters": value} if isinstance(value, dict) else {"type": kind} for kind, value in one.rules.items()]
    conditions = {
        "ref_name": {"include": list(one.refs), "exclude": []},
        "repository_id": {"repository_ids": list(one.repositories)},
    }
    shown = {"id": id, "name": one.name, "target": one.target, "enforcement": "active", "bypass_actors": []}
    return {**shown, "conditions": conditions, "rules": rules, **changed}


def there(one: Ruleset, **changed: Any) -> There:
    found = described(one, **changed)
    return There({"orgs/acme/rulesets": [{"id": 31, "name": one.name}], "orgs/acme/rulesets/31": found})


# --- what only GitHub knows -----------------------------------------------------------------------------------------------------------


def found(**changed: Any) -> list[str]:
    return problems(SETTINGS, samples.seen(SETTINGS, **changed))


@pytest.mark.parametrize(("github_plan", "fits"), [("free", False), ("team", True), ("enterprise", True)])
def test_organisation_rulesets_need_a_plan(github_plan: str, fits: bool):
    public = {one.name: samples.seen_repository(one.name, visibility="public") for one in SETTINGS.repositories}
    messages = found(plan=github_plan, repositories=public)
    assert (messages == []) is fits
    if not fits:
        (message,) = messages
        assert message.startswith("package-flow:githubScope: got organization, and plan 'free' of 'acme' has no organisation rulesets")
    each = replace(SETTINGS, github_scope=GithubScope.REPOSITORY)
    assert problems(each, samples.seen(each, plan=github_plan, repositories=public)) == []


@pytest.mark.parametrize("value", ["acme", "contoso"])
def test_a_repositorys_variable_would_shadow_the_organisations(value: str):
    seen = samples.seen(SETTINGS, repositories={WEB: samples.seen_repository(WEB, variables={"CODEARTIFACT_DOMAIN": value})})
    (message,) = problems(SETTINGS, seen)
    assert "CODEARTIFACT_DOMAIN, which is not in this stack's state and shadows the organisation's" in message
    assert f"gh variable delete CODEARTIFACT_DOMAIN --repo acme/{WEB}" in message
    assert adopted(SETTINGS, seen) == {}
    known = replace(seen, state=State(variables=frozenset({(WEB, "CODEARTIFACT_DOMAIN")})))
    assert problems(SETTINGS, known) == []


def test_a_variable_of_its_own_is_adopted_as_it_stands():
    own = PLAN.consumers[0].variables
    seen = samples.seen(SETTINGS, repositories={API: samples.seen_repository(API, variables=dict(own))})
    assert problems(SETTINGS, seen) == [] and len(adopted(SETTINGS, seen)) == len(own) == 2


# --- the state ------------------------------------------------------------------------------------------------------------------------


def in_state(*rulesets: Ruleset, ids: list[float] | None = None) -> State:
    """A stack whose publish role trusts main, with these rulesets of the organisation."""
    repository = GitHubRepository(Owner("acme", 7000), API, IDS[API])
    trust = text(publish_trust(samples.facts(SETTINGS).registry, repository, declare(("main",)), "", None, Subjects.BOTH))
    resources: dict[str, Any] = {"role": {"type": "aws:iam/role:Role", "outputs": {"assumeRolePolicy": trust}}}
    for number, one in enumerate(rulesets):
        rules = {"creation": True} if one.kind == "create" else {"pullRequest": {"requiredApprovingReviewCount": 1.0}}
        conditions = {
            "refName": {"includes": list(one.refs), "excludes": []},
            "repositoryIds": [float(id) for id in (one.repositories if ids is None else ids)],
        }
        shown = {"name": one.name, "target": "branch", "enforcement": "active", "rules": rules, "conditions": conditions}
        resources[f"ruleset-{number}"] = {"type": ORGANIZATION_RULESET_TYPE, "outputs": shown}
    return state_from(resources)


def of_kind(*kinds: str) -> list[Ruleset]:
    return [one for one in RULESETS if one.kind in kinds]


def test_a_branch_that_the_organisation_guards_publishes_already():
    assert in_state(*of_kind("release", "create")).trusted_before(IDS[API]) == ["main"]
    assert in_state(*of_kind("release")).trusted_before(IDS[API]) == []
    assert in_state(*of_kind("release", "create"), ids=[IDS[WEB]]).trusted_before(IDS[API]) == []


def test_a_component_says_which_repository_it_was():
    """Nothing of an installing repository's own says it; a name that another has by now is noticed all the same."""
    component = {"type": "package-flow:index:ConsumingRepository", "outputs": {"repository": WEB, "repositoryId": float(IDS[WEB])}}
    state = state_from({"urn:pulumi:test::package-flow::package-flow:index:ConsumingRepository::payments-web": component})
    assert state.repository_ids == {WEB: IDS[WEB]}
    assert found(state=state) == []
    (message,) = found(state=replace(state, repository_ids={WEB: 1}))
    assert f"got repository {IDS[WEB]} on GitHub; expected 1" in message


# --- what is there already ------------------------------------------------------------------------------------------------------------


def test_nothing_is_there():
    answers = There()
    assert [*github_organization.rulesets(PLAN, Known(), answers), *github_organization.variables(PLAN, Known(), answers)] == []
    assert len(answers.asked) == 1 + len(VARIABLES)


@pytest.mark.parametrize("value", ["acme", "contoso"])
def test_a_variable_of_the_organisation_is_in_the_way(value: str):
    answers = There({"orgs/acme/actions/variables/CODEARTIFACT_DOMAIN": {"name": "CODEARTIFACT_DOMAIN", "value": value}})
    (one,) = github_organization.variables(PLAN, Known(), answers)
    message = one.problem("test")
    assert message.startswith("package-flow:githubScope: the organisation's Actions variable CODEARTIFACT_DOMAIN")
    assert ("contoso there, acme here" in message) is (value == "contoso")
    assert all(way in message for way in ("delete it on GitHub", "import it with the id CODEARTIFACT_DOMAIN", "githubScope: repository"))
    assert one.in_the_way
    made = Known(made=frozenset({key(ORGANIZATION_VARIABLE_TYPE, "CODEARTIFACT_DOMAIN")}))
    assert list(github_organization.variables(PLAN, made, answers)) == []


def test_a_ruleset_of_a_planned_name_is_in_the_way():
    (one,) = github_organization.rulesets(PLAN, Known(), there(RULESETS[0]))
    assert one.in_the_way and "import it with the id 31" in one.problem("test")
    assert list(github_organization.rulesets(PLAN, Known(), there(replace(RULESETS[0], refs=("refs/heads/x",))))) == []


@pytest.mark.parametrize(
    ("changed", "as_planned"),
    [
        ({}, True),
        ({"conditions": {**described(RULESETS[0])["conditions"], "repository_id": {"repository_ids": [1]}}}, False),
        ({"conditions": {"ref_name": described(RULESETS[0])["conditions"]["ref_name"]}}, False),
        ({"enforcement": "disabled"}, False),
        ({"bypass_actors": [{"actor_id": 1, "actor_type": "Team", "bypass_mode": "always"}]}, False),
    ],
)
def test_what_an_interrupted_run_left_is_adopted_as_planned(changed: dict[str, Any], as_planned: bool):
    begun = Known(components=frozenset({COMPONENT}))
    left = look(PLAN, begun, {}, there(RULESETS[0], **changed), False)
    assert left.adopted == ({key(ORGANIZATION_RULESET_TYPE, RULESETS[0].name): "31"} if as_planned else {})
    assert len(left.problems) == (0 if as_planned else 1)
    known = replace(begun, made=frozenset(key(ORGANIZATION_RULESET_TYPE, one.name) for one in RULESETS))
    answers = there(RULESETS[0])
    assert (look(PLAN, known, {}, answers, False).adopted, answers.asked) == ({}, [])


def test_more_rulesets_than_there_is_room_for():
    assert list(github_organization.crowded(PLAN, There())) == []
    listed = [{"id": number, "name": f"others-{number}"} for number in range(75)]
    (line,) = github_organization.crowded(PLAN, There({"orgs/acme/rulesets": listed}))
    assert line.startswith(
        "package-flow:githubScope: got 3 organisation rulesets (1 release, 1 create, 1 default), and 75 others are there"
    )


def test_a_preview_says_that_it_was_shown_no_rulesets():
    assert [line for line in noted.notes(PLAN, Known(), There()) if "were not looked at" in line] != []
    assert [line for line in noted.notes(PLAN, Known(), There({"orgs/acme/rulesets": []})) if "were not looked at" in line] == []


def test_own_variables_shadow_the_organisations_on_purpose():
    listed = [{"name": name, "value": value} for name, value in VARIABLES.items()]
    path = f"repos/acme/{API}/actions/organization-variables"
    assert [line for line in noted.notes(PLAN, Known(), There({path: {"variables": listed}})) if "shadow" in line] == []
    each = plan(replace(SETTINGS, github_scope=GithubScope.REPOSITORY), samples.facts(SETTINGS))
    assert [line for line in noted.notes(each, Known(), There({path: {"variables": listed}})) if "shadow" in line] != []
