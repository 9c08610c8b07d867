"""What an interrupted run left: adopted where it equals the plan, refused where it differs in one thing, not looked for elsewhere."""

from dataclasses import replace
from typing import Any

import pytest

import leftovers
from leftovers import Found, Known, key, look, same_environment, same_role, same_ruleset
from lookups import State, adopted, problems
from plan.parts import Environment
from plan.planning import plan
from tests.program import samples

API = "payments-api"
SETTINGS = samples.settings(samples.team(repositories=(samples.repository(environment="packages", promotes=samples.promotes("leads")),)))
PLAN = plan(SETTINGS, samples.facts(SETTINGS))
ONE = PLAN.consumers[0]
ASSIGNED = {"protected_branches": False, "custom_branch_policies": True}
BEGUN = Known(
    components=frozenset(
        {
            ("ConsumingRepository", API),
            ("GitHubOidc", "github"),
            ("BuildAccess", "builds"),
            ("PackageRegistry", "acme"),
            ("Team", "payments"),
        }
    ),
    keys={"Packages of the CodeArtifact domain acme": "a-key"},
)


def github_ruleset(kind: str) -> dict[str, Any]:
    """As GitHub describes the planned one."""
    one = next(each for each in ONE.rulesets if each.kind == kind)
    rules = [{"type": type, "parameters": value} if isinstance(value, dict) else {"type": type} for type, value in one.rules.items()]
    actors = [{"actor_id": team, "actor_type": "Team", "bypass_mode": "always"} for team in one.bypass_teams]
    return {
        "id": 31 if kind == "release" else 32,
        "name": one.name,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": list(one.refs), "exclude": []}},
        "rules": rules,
        "bypass_actors": actors,
    }


def github_environment(wanted: Environment) -> dict[str, Any]:
    teams = [{"type": "Team", "reviewer": {"id": team}} for team in wanted.reviewer_teams]
    reviews = [{"type": "required_reviewers", "reviewers": teams, "prevent_self_review": True}] if teams else []
    return {"protection_rules": [*reviews, {"type": "branch_policy"}], "deployment_branch_policy": ASSIGNED, "can_admins_bypass": False}


def aws_role(name: str) -> dict[str, Any]:
    one = next(each for each in PLAN.roles if each.name == name)
    return {
        "arn": one.arn,
        "path": one.path,
        "description": one.description,
        "permissions_boundary": one.boundary,
        "max_session_duration": 3600,
        "assume_role_policy": one.trust,
        "policies": [],
        "attached": [],
    }


class There:
    """What there is."""

    def __init__(self, **there: Any) -> None:
        self.there, self.asked = there, 0

    def _get(self, kind: str, name: str) -> Any:
        self.asked += 1
        return self.there.get(kind, {}).get(name)

    def rest(self, endpoint: str) -> Any:
        return self._get("rest", endpoint.partition("?")[0])

    def role(self, name: str) -> Any:
        return self._get("roles", name)

    def policy(self, arn: str) -> Any:
        return self._get("policies", arn)

    def alias(self, name: str) -> Any:
        return self._get("aliases", name)

    def repository(self, name: str) -> bool:
        return bool(self._get("repositories", name))


def found(there: There, known: Known = BEGUN, **environments: bool) -> Found:
    return look(PLAN, known, {(API, name): same for name, same in environments.items()}, there, dry_run=False)


RULESETS, POLICIES = f"repos/acme/{API}/rulesets", f"repos/acme/{API}/environments/packages/deployment-branch-policies"


def test_nothing_is_asked_of_a_stack_that_has_not_begun_and_everything_of_one_that_has() -> None:
    nobody, somebody = There(), There()
    assert found(nobody, Known()) == Found() and nobody.asked == 0
    assert found(somebody) == Found() and somebody.asked > 5


def test_only_what_was_begun_is_looked_at() -> None:
    release = github_ruleset("release")
    there = There(rest={RULESETS: [release], f"{RULESETS}/31": release}, repositories={"shared": True})
    assert found(there, Known(components=frozenset({("ConsumingRepository", "another"), ("GitHubOidc", "github")}))) == Found()


def test_a_ruleset_as_planned_is_adopted_and_another_is_refused() -> None:
    release = github_ruleset("release")
    there = There(rest={RULESETS: [release], f"{RULESETS}/31": release})
    assert found(there).adopted == {key(leftovers.RULESET_TYPE, API, release["name"]): f"{API}:31"}
    assert found(there, replace(BEGUN, rulesets=frozenset({(API, release["name"])}))).adopted == {}
    weaker = {**release, "enforcement": "evaluate"}
    (problem,) = found(There(rest={RULESETS: [release], f"{RULESETS}/31": weaker})).problems
    assert f"import it with the id {API}:31" in problem and "interrupted run" in problem


@pytest.mark.parametrize(
    "change",
    [
        {"enforcement": "disabled"},
        {"target": "tag"},
        {"bypass_actors": [{"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
        {"bypass_actors": [{"actor_id": 5002, "actor_type": "Team", "bypass_mode": "pull_request"}]},
        {"conditions": {"ref_name": {"include": ["refs/heads/other"], "exclude": []}}},
        {"conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": ["refs/heads/main"]}}},
        {"rules": []},
    ],
)
def test_a_ruleset_that_differs_in_one_thing(change: dict[str, Any]) -> None:
    wanted = next(each for each in ONE.rulesets if each.kind == "release")
    assert same_ruleset(wanted, github_ruleset("release"), bypass_shown=True)
    assert not same_ruleset(wanted, github_ruleset("release") | change, bypass_shown=True)


def test_a_bypass_list_that_is_not_shown_is_no_empty_one() -> None:
    wanted, there = ONE.rulesets[0], github_ruleset("release")
    del there["bypass_actors"]
    with_managers = replace(wanted, bypass_teams=(5002,))
    assert same_ruleset(with_managers, there, bypass_shown=False)
    assert not same_ruleset(with_managers, there, bypass_shown=True)


def test_a_rule_that_somebody_made_stricter_is_not_taken_over_and_made_looser() -> None:
    wanted, there = ONE.rulesets[0], github_ruleset("release")
    review = next(rule for rule in there["rules"] if rule["type"] == "pull_request")
    review["parameters"] = {**review["parameters"], "allowed_merge_methods": ["squash"], "require_code_owner_review": False}
    assert same_ruleset(wanted, there, bypass_shown=True)
    review["parameters"] = {**review["parameters"], "require_code_owner_review": True}
    assert not same_ruleset(wanted, there, bypass_shown=True)


@pytest.mark.parametrize("name", [0, 1])
@pytest.mark.parametrize(
    "change",
    [
        {"can_admins_bypass": True},
        {"deployment_branch_policy": None},
        {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False}},
        {"protection_rules": [{"type": "wait_timer", "wait_timer": 5}]},
        {"protection_rules": [{"type": "required_reviewers", "reviewers": [{"type": "User", "reviewer": {"id": 5001}}]}]},
    ],
)
def test_an_environment_that_differs_in_one_thing(name: int, change: dict[str, Any]) -> None:
    wanted = ONE.environments[name]
    assert same_environment(wanted, github_environment(wanted))
    assert not same_environment(wanted, github_environment(wanted) | change)


def test_an_environment_that_lets_another_branch_deploy_is_refused() -> None:
    policies = [{"id": 7, "name": "main", "type": "branch"}]
    mine = found(There(rest={POLICIES: {"branch_policies": policies}}), packages=True)
    assert mine.adopted == {key(leftovers.BRANCH_POLICY_TYPE, f"{API}/packages/main"): f"{API}:packages:7"}
    assert mine.problems == []
    theirs = found(There(rest={POLICIES: {"branch_policies": [*policies, {"id": 8, "name": "*", "type": "branch"}]}}), packages=True)
    assert len(theirs.problems) == 1 and "lets * deploy" in theirs.problems[0]


@pytest.mark.parametrize(
    "change",
    [
        {"assume_role_policy": '{"Version":"2012-10-17","Statement":[]}'},
        {"path": "/"},
        {"description": "mine"},
        {"permissions_boundary": "arn:aws:iam::111122223333:policy/x"},
        {"max_session_duration": 43200},
        {"policies": ["extra"]},
        {"attached": [{"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]},
    ],
)
def test_a_role_is_adopted_only_as_its_creation_leaves_it(change: dict[str, Any]) -> None:
    name = f"test-publish-{API}"
    as_created = aws_role(name)
    assert same_role(next(each for each in PLAN.roles if each.name == name), as_created)
    assert found(There(roles={name: as_created})).adopted == {key(leftovers.ROLE_TYPE, name): name}
    refused = found(There(roles={name: as_created | change}))
    assert refused.adopted == {} and len(refused.problems) == 1


def test_policy_alias_and_repository() -> None:
    policy, alias = PLAN.builds.policy, "alias/codeartifact/acme"
    mine = found(There(policies={policy.arn: {"policy": policy.policy}}, aliases={alias: "a-key"}))
    assert mine.adopted == {key(leftovers.POLICY_TYPE, policy.name): policy.arn, key(leftovers.ALIAS_TYPE, alias): alias}
    others = found(There(policies={policy.arn: {"policy": "{}"}}, aliases={alias: "another"}, repositories={"shared": True}))
    assert others.adopted == {} and len(others.problems) == 3
    # Nobody knows what is in it.
    assert "aws codeartifact list-packages --domain acme --repository shared" in others.problems[2]


def test_a_variable_with_the_value_that_would_be_written_is_adopted() -> None:
    value = ONE.variables["CODEARTIFACT_DOMAIN"]
    seen = {
        text: samples.seen(SETTINGS, {API: samples.seen_repository(API, variables={"CODEARTIFACT_DOMAIN": text})}) for text in (value, "x")
    }
    with_teams = {text: replace(one, teams={"leads": 5001}) for text, one in seen.items()}
    assert problems(SETTINGS, with_teams[value]) == []
    assert adopted(SETTINGS, with_teams[value]) == {key(leftovers.VARIABLE_TYPE, API, "CODEARTIFACT_DOMAIN"): f"{API}:CODEARTIFACT_DOMAIN"}
    assert len(problems(SETTINGS, with_teams["x"])) == 1
    assert adopted(SETTINGS, with_teams["x"]) == {}


@pytest.mark.parametrize(
    ("audiences", "begun", "taken"), [(("sts.amazonaws.com",), True, 1), (("sts.amazonaws.com",), False, 0), (("x",), True, 0)]
)
def test_the_provider_is_adopted_where_an_earlier_run_came_to_it(audiences: tuple[str, ...], begun: bool, taken: int) -> None:
    state = State(known=BEGUN if begun else Known())
    seen = samples.seen(SETTINGS, teams={"leads": 5001}, oidc_audiences=audiences, state=state)
    assert len(adopted(SETTINGS, seen)) == taken
    assert len(problems(SETTINGS, seen)) == 1 - taken
