"""Rulesets and variables of the stand-in's organisation: who may write them, for which repositories they hold, and whom they stop."""

from typing import Any

import pytest

from rehearsal.cloud.github.rest import RULESETS
from tests.rehearsal.cloud.github.conftest import DEPLOYER_APP, PERMISSIONS, Client, seed_of

RULES, VARIABLES = "/orgs/acme/rulesets", "/orgs/acme/actions/variables"
API, WEB, OPEN, OTHERS = 9001, 9002, 9004, 9005
WRITES = {"organization_administration": "write", "organization_actions_variables": "write"}


@pytest.fixture
def org(github: Client) -> Client:
    """The stand-in with a token that may write to the organisation."""
    token(github, "owner", WRITES)
    return github


def token(github: Client, name: str, permissions: dict[str, str]) -> None:
    github.act(
        "seed", tokens=[{"token": name, "organization": "acme", "app_id": DEPLOYER_APP, "permissions": {**PERMISSIONS, **permissions}}]
    )


def ruleset(*repositories: int, **changed: Any) -> dict[str, Any]:
    return {
        "name": "guard",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}, "repository_id": {"repository_ids": [*repositories]}},
        "rules": [{"type": "update"}],
        **changed,
    }


def create(org: Client, *repositories: int, expect: int = 201, **changed: Any) -> Any:
    return org.rest("POST", RULES, ruleset(*repositories, **changed), expect=expect, token="owner").json()


def push(github: Client, repository: str, expect: int, ref: str = "refs/heads/main", actor: str = "wes") -> dict[str, Any]:
    return github.act("push", expect, repository=repository, actor=actor, ref=ref, content="x")


# --- rulesets -------------------------------------------------------------------------------------------------------------------------


def test_a_ruleset_holds_for_the_repositories_that_it_names(org: Client):
    create(org, API)
    assert [one["ruleset"] for one in push(org, "acme/api", 422)["violations"]] == ["guard"]
    push(org, "acme/web", 200)
    org.act("repositories/rename", repository="acme/api", name="payments-api")
    push(org, "acme/payments-api", 422)


def test_rules_of_a_creation_and_of_tags_hold(org: Client):
    names = {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}, "repository_id": {"repository_ids": [API]}}
    create(org, API, target="tag", conditions=names, rules=[{"type": "creation"}])
    push(org, "acme/api", 422, "refs/tags/v1")
    push(org, "acme/api", 200, "refs/tags/w1")
    push(org, "acme/web", 200, "refs/tags/v1")


def test_the_default_branch_whatever_its_name(org: Client):
    names = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}, "repository_id": {"repository_ids": [API]}}
    create(org, API, conditions=names)
    push(org, "acme/api", 422)
    push(org, "acme/api", 200, "refs/heads/next")


def test_a_merge_is_held_to_it_too(org: Client):
    create(org, API)
    number = org.act("pull-requests/open", repository="acme/api", actor="wes", head="refs/heads/x", content="x")["number"]
    org.act("pull-requests/merge", 405, repository="acme/api", actor="wes", number=number)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"conditions": {"repository_id": {"repository_ids": [API]}}}, "ref_name"),
        ({"conditions": {"ref_name": {"include": [], "exclude": []}}}, "repository"),
        ({"conditions": {"ref_name": {"include": [], "exclude": []}, "repository_id": {"repository_ids": [OTHERS]}}}, "part of the organi"),
        ({"bypass_actors": [{"actor_id": 999, "actor_type": "Team", "bypass_mode": "always"}]}, "Actor Team 999"),
        ({"name": ""}, "Name can't be blank"),
        ({"bypass_actor": []}, "bypass_actor"),
    ],
)
def test_what_is_refused(org: Client, changed: dict[str, Any], says: str):
    assert says in str(create(org, API, expect=422, **changed))
    create(org, API)


def test_a_name_is_there_once_and_there_are_not_too_many(org: Client):
    create(org, API)
    assert "Name must be unique" in str(create(org, WEB, expect=422))
    for number in range(RULESETS - 1):
        create(org, API, name=f"guard-{number}")
    create(org, API, expect=422, name="one more")


def test_who_may_write_them(org: Client):
    created = create(org, API)
    for permissions in ({}, {"organization_administration": "read"}):
        token(org, f"reads-{len(permissions)}", permissions)
        for method, path, body in (
            ("GET", RULES, None),
            ("POST", RULES, ruleset(API, name="x")),
            ("DELETE", f"{RULES}/{created['id']}", None),
        ):
            org.rest(method, path, body, expect=403, token=f"reads-{len(permissions)}")
    changed = org.rest("PUT", f"{RULES}/{created['id']}", ruleset(WEB), expect=200, token="owner").json()
    assert changed["conditions"]["repository_id"] == {"repository_ids": [WEB]}
    push(org, "acme/api", 200)
    org.rest("DELETE", f"{RULES}/{created['id']}", expect=204, token="owner")
    assert org.rest("GET", RULES, expect=200, token="owner").json() == []


def test_a_repository_shows_what_holds_for_it_and_does_not_change_it(org: Client):
    created = create(org, API)
    path = "/repos/acme/api/rulesets"
    (shown,) = org.rest("GET", path, expect=200).json()
    assert (shown["source_type"], shown["source"], shown["id"]) == ("Organization", "acme", created["id"])
    assert org.rest("GET", f"{path}?includes_parents=false", expect=200).json() == []
    assert org.rest("GET", "/repos/acme/web/rulesets", expect=200).json() == []
    detail = org.rest("GET", f"{path}/{created['id']}", expect=200).json()
    assert detail["conditions"]["ref_name"]["include"] == ["refs/heads/main"] and "bypass_actors" not in detail
    assert "bypass_actors" in org.rest("GET", f"{path}/{created['id']}", expect=200, token="owner").json()
    (rule,) = org.rest("GET", "/repos/acme/api/rules/branches/main", expect=200).json()
    assert (rule["type"], rule["ruleset_source_type"]) == ("update", "Organization")
    for method, body in (("PUT", {"enforcement": "disabled"}), ("DELETE", None)):
        org.rest(method, f"{path}/{created['id']}", body, expect=404)
    push(org, "acme/api", 422)


def test_a_repository_admin_edits_the_repositorys_own_alone(org: Client):
    create(org, API)
    org.ruleset("own", [{"type": "update"}], include=["refs/heads/x"])
    edit: dict[str, Any] = {"repository": "acme/api", "delete": True}
    assert (
        org.act("rulesets/edit", 403, actor="max", name="guard", **edit)["message"]
        == "max may not manage rulesets of the organization acme"
    )
    org.act("rulesets/edit", 403, actor="wes", name="own", **edit)
    assert org.act("rulesets/edit", actor="max", name="own", **edit) == {"source": "acme/api"}
    assert org.act("rulesets/edit", actor="ada", name="guard", **{**edit, "delete": False}) == {"source": "acme"}
    push(org, "acme/api", 422)
    org.act("rulesets/edit", actor="ada", name="guard", **edit)
    push(org, "acme/api", 200)


def test_a_free_plan_has_none(github: Client):
    free = seed_of()["organizations"][1] | {"login": "initech", "id": 7100}
    github.act("seed", organizations=[free], tokens=[{"token": "initech", "organization": "initech", "app_id": 1, "permissions": WRITES}])
    answer = github.rest("POST", "/orgs/initech/rulesets", ruleset(API), expect=403, token="initech").json()
    assert answer["message"].startswith("Upgrade to GitHub Team")


# --- variables ------------------------------------------------------------------------------------------------------------------------


def variable(org: Client, called: str, *repositories: int, expect: int = 201, **changed: Any) -> None:
    body = {"name": called, "value": "once", "visibility": "selected", "selected_repository_ids": [*repositories], **changed}
    org.rest("POST", VARIABLES, body, expect=expect, token="owner")


def seen_by(github: Client, repository: str) -> dict[str, str]:
    return github.run(repository=repository, ref="refs/heads/main")["vars"]


def test_a_selected_repository_sees_it_and_its_own_shadows_it(org: Client):
    variable(org, "DOMAIN", API)
    assert seen_by(org, "acme/api") == {"DOMAIN": "once"} and seen_by(org, "acme/web") == {}
    listed = org.rest("GET", "/repos/acme/api/actions/organization-variables", expect=200).json()
    assert [one["name"] for one in listed["variables"]] == ["DOMAIN"]
    org.rest("POST", "/repos/acme/api/actions/variables", {"name": "DOMAIN", "value": "own"}, expect=201)
    assert seen_by(org, "acme/api") == {"DOMAIN": "own"}


@pytest.mark.parametrize(("visibility", "private", "public"), [("all", True, True), ("private", True, False)])
def test_visibility(org: Client, visibility: str, private: bool, public: bool):
    body = {"name": "X", "value": "1", "visibility": visibility}
    org.rest("POST", VARIABLES, body, expect=201, token="owner")
    assert (bool(seen_by(org, "acme/api")), bool(seen_by(org, "acme/open"))) == (private, public)
    org.rest("GET", f"{VARIABLES}/X/repositories", expect=409, token="owner")


def test_a_variable_is_changed_listed_and_deleted(org: Client):
    variable(org, "DOMAIN", API)
    variable(org, "DOMAIN", API, expect=409)
    org.rest("PATCH", f"{VARIABLES}/DOMAIN", {"value": "twice", "selected_repository_ids": [WEB, API]}, expect=204, token="owner")
    shown = org.rest("GET", f"{VARIABLES}/DOMAIN", expect=200, token="owner").json()
    assert (shown["value"], shown["visibility"]) == ("twice", "selected")
    listed = org.rest("GET", f"{VARIABLES}/DOMAIN/repositories", expect=200, token="owner").json()
    assert [one["id"] for one in listed["repositories"]] == [API, WEB]
    assert org.rest("GET", VARIABLES, expect=200, token="owner").json()["total_count"] == 1
    org.rest("PATCH", f"{VARIABLES}/DOMAIN", {"visibility": "all"}, expect=204, token="owner")
    org.rest("DELETE", f"{VARIABLES}/DOMAIN", expect=204, token="owner")
    org.rest("GET", f"{VARIABLES}/DOMAIN", expect=404, token="owner")


@pytest.mark.parametrize(
    "changed", [{"selected_repository_ids": [OTHERS]}, {"visibility": "all"}, {"visibility": "some"}, {"value": ""}, {"name": "GITHUB_X"}]
)
def test_a_variable_that_is_refused(org: Client, changed: dict[str, Any]):
    variable(org, "DOMAIN", API, expect=422, **changed)
    variable(org, "DOMAIN", API)


def test_reading_variables_needs_less_than_writing_them(org: Client):
    variable(org, "DOMAIN", API)
    token(org, "reads", {"organization_actions_variables": "read"})
    org.rest("GET", f"{VARIABLES}/DOMAIN", expect=200, token="reads")
    org.rest("DELETE", f"{VARIABLES}/DOMAIN", expect=403, token="reads")
    org.rest("GET", f"{VARIABLES}/DOMAIN", expect=403)
