"""The REST API: answers as GitHub describes them (the client checks every one), and refusals beside their allowed twins."""

import re
from typing import Any

import pytest

from rehearsal.cloud.github import app
from tests.rehearsal.cloud.github.conftest import BASE, DEPLOYER, DEPLOYER_APP, PERMISSIONS, PULL_REQUEST, Client, seed_of

API = "/repos/acme/api"
VARIABLES = f"{API}/actions/variables"
RULESETS = f"{API}/rulesets"
PROMOTE = f"{API}/environments/promote"
EVERYBODY = [{"type": "User", "id": 1000 + number} for number in range(7)]
POLICIES = f"{PROMOTE}/deployment-branch-policies"
CUSTOM = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}


def on_plan(plan: str, **more: Any) -> Client:
    """The stand-in with acme on another plan."""
    app.configure(BASE)
    client = Client()
    seed = seed_of(**more)
    seed["organizations"][0]["plan"] = plan
    client.act("seed", **seed)
    return client


def with_token(github: Client, name: str, permissions: dict[str, str], **more: Any) -> str:
    github.act("seed", tokens=[{"token": name, "organization": "acme", "app_id": 502, "permissions": permissions, **more}])
    return name


# --- refs ---------------------------------------------------------------------------------------------------------------------


def test_one_ref(github: Client) -> None:
    reader = with_token(github, "reader", {"contents": "read"})
    sha = github.act("push", repository="acme/api", actor="wes", ref="refs/tags/release/1", content="x")["sha"]
    found = github.rest("GET", f"{API}/git/ref/tags/release/1", expect=200, token=reader).json()
    assert (found["ref"], found["object"]["sha"]) == ("refs/tags/release/1", sha)
    # Exactly that one, of that kind.
    for other in ("tags/release", "heads/release/1", "tags/release/1/2", "tags/main"):
        github.rest("GET", f"{API}/git/ref/{other}", expect=404, token=reader)
    assert github.rest("GET", f"{API}/git/ref/heads/main", expect=200, token=reader).json()["ref"] == "refs/heads/main"
    github.rest("GET", f"{API}/git/ref/heads/main", expect=403, token=with_token(github, "blind", {"members": "read"}))


def test_branches_by_the_beginning_of_their_name(github: Client) -> None:
    reader = with_token(github, "reader", {"contents": "read"})
    for ref in ("refs/heads/release/1", "refs/heads/release/2", "refs/tags/release/3"):
        github.act("push", repository="acme/api", actor="wes", ref=ref, content="x")
    found = github.rest("GET", f"{API}/git/matching-refs/heads/release/", expect=200, token=reader).json()
    assert [one["ref"] for one in found] == ["refs/heads/release/1", "refs/heads/release/2"]
    assert github.rest("GET", f"{API}/git/matching-refs/heads/nothing", expect=200, token=reader).json() == []
    github.rest("GET", f"{API}/git/matching-refs/heads/release/", expect=403, token=with_token(github, "blind", {"members": "read"}))


def test_what_happened_to_branches(github: Client) -> None:
    reader = with_token(github, "reader", {"contents": "read"})
    created = github.act("push", repository="acme/api", actor="wes", ref="refs/heads/one", content="one")["sha"]
    pushed = github.act("push", repository="acme/api", actor="wes", ref="refs/heads/one", content="two")["sha"]
    github.act("push", repository="acme/api", actor="wes", ref="refs/tags/v1", sha=pushed)
    number = github.act("pull-requests/open", repository="acme/api", actor="wes", head="refs/heads/one", base="refs/heads/main")["number"]
    merged = github.act("pull-requests/merge", repository="acme/api", actor="wes", number=number)["sha"]

    def listed(query: str = "") -> list[tuple[str, str, str]]:
        found = github.rest("GET", f"{API}/activity{query}", expect=200, token=reader).json()
        return [(one["activity_type"], one["ref"], one["after"]) for one in found]

    merge = ("pr_merge", "refs/heads/main", merged)
    assert listed() == [merge, ("push", "refs/heads/one", pushed), ("branch_creation", "refs/heads/one", created)]
    assert listed("?activity_type=pr_merge") == [merge] and listed("?ref=refs/heads/one") == listed()[1:]
    first = github.rest("GET", f"{API}/activity?per_page=2", expect=200, token=reader)
    assert len(first.json()) == 2
    after = re.search(r"after=(\d+)", first.headers["link"])
    assert after is not None and listed(f"?after={after[1]}") == listed()[2:]
    github.rest("GET", f"{API}/activity?actor=wes", expect=501, token=reader)
    github.rest("GET", f"{API}/activity", expect=403, token=with_token(github, "blind", {"members": "read"}))


# --- who asks -----------------------------------------------------------------------------------------------------------------


def test_a_token_is_needed_and_has_to_be_known(github: Client) -> None:
    assert github.rest("GET", API, expect=401, token=None).json()["message"] == "Requires authentication"
    assert github.rest("GET", API, expect=401, token="other").json()["message"] == "Bad credentials"
    assert github.rest("GET", API, expect=200).json()["id"] == 9001


def test_rulesets_need_administration(github: Client) -> None:
    weak = with_token(github, "weak", {**PERMISSIONS, "administration": "read"})
    body = {"name": "a", "enforcement": "active"}
    refusal = github.rest("POST", RULESETS, body, expect=403, token=weak)
    assert refusal.json()["message"] == "Resource not accessible by integration"
    github.rest("POST", RULESETS, body, expect=201)
    github.rest("GET", RULESETS, expect=200, token=weak)


def test_variables_need_their_own_permission(github: Client) -> None:
    weak = with_token(github, "weak", {**PERMISSIONS, "actions_variables": "read"})
    github.rest("POST", VARIABLES, {"name": "A", "value": "b"}, expect=403, token=weak)
    github.rest("POST", VARIABLES, {"name": "A", "value": "b"}, expect=201)
    github.rest("GET", f"{VARIABLES}/A", expect=200, token=weak)


def test_another_owners_private_repository_does_not_exist(github: Client) -> None:
    github.rest("GET", "/repos/globex/api", expect=404)
    github.rest("GET", "/repos/acme/none", expect=404)
    github.rest("GET", API, expect=200)


def test_an_installation_on_some_repositories_sees_only_those(github: Client) -> None:
    some = with_token(github, "some", PERMISSIONS, repositories=["api"])
    github.rest("GET", "/repos/acme/web", expect=404, token=some)
    github.rest("GET", API, expect=200, token=some)


def test_an_unknown_path_or_method_says_so(github: Client) -> None:
    answer = github.rest("GET", f"{API}/pages", expect=501)
    assert answer.json()["message"] == "the rehearsal's GitHub does not have GET /repos/acme/api/pages"
    github.rest("PATCH", API, {}, expect=501)
    github.rest("GET", "/user", expect=501)


def test_clients_of_another_host_than_github_com_may_use_their_prefix(github: Client) -> None:
    assert github.rest("GET", f"/api/v3{API}", expect=200).json() == github.rest("GET", API, expect=200).json()


# --- organisations, teams, repositories -----------------------------------------------------------------------------------------


def test_the_plan_is_shown_to_an_app_with_that_permission(github: Client) -> None:
    assert github.rest("GET", "/orgs/acme", expect=200).json()["plan"]["name"] == "enterprise"
    blind = with_token(github, "blind", {name: level for name, level in PERMISSIONS.items() if name != "organization_plan"})
    answer = github.rest("GET", "/orgs/acme", expect=200, token=blind).json()
    assert answer["id"] == 7001
    assert "plan" not in answer
    assert "plan" not in github.rest("GET", "/orgs/globex", expect=200).json()
    github.rest("GET", "/orgs/initech", expect=404)


def test_a_team_by_slug(github: Client) -> None:
    by_slug = github.rest("GET", "/orgs/acme/teams/payments-leads", expect=200).json()
    assert (by_slug["id"], by_slug["slug"], by_slug["members_count"]) == (301, "payments-leads", 1)
    github.rest("GET", "/orgs/acme/teams/none", expect=404)


def test_a_repository_as_github_spells_it(github: Client) -> None:
    repository = github.rest("GET", "/repos/ACME/Api", expect=200).json()
    assert (repository["full_name"], repository["id"], repository["owner"]["id"]) == ("acme/api", 9001, 7001)
    assert (repository["default_branch"], repository["visibility"], repository["archived"]) == ("main", "private", False)


def test_branches_with_what_an_active_ruleset_covers(github: Client) -> None:
    for branch in ("release/1.0", "feature/x"):
        github.act("push", repository="acme/api", actor="wes", ref=f"refs/heads/{branch}", content="change")
    github.act("push", repository="acme/api", actor="wes", ref="refs/tags/v1", content="change")
    conditions = {"ref_name": {"include": ["refs/heads/release/*"], "exclude": []}}
    ruleset = {"name": "r", "target": "branch", "enforcement": "active", "conditions": conditions, "rules": [{"type": "creation"}]}
    github.rest("POST", RULESETS, ruleset, expect=201)
    found = github.rest("GET", f"{API}/branches", expect=200).json()
    assert {one["name"]: one["protected"] for one in found} == {"feature/x": False, "main": False, "release/1.0": True}
    page = github.rest("GET", f"{API}/branches?per_page=2", expect=200)
    assert [one["name"] for one in page.json()] == ["feature/x", "main"] and 'rel="next"' in page.headers["link"]


def test_branches_are_code(github: Client) -> None:
    blind = with_token(github, "blind", {name: level for name, level in PERMISSIONS.items() if name != "contents"})
    github.rest("GET", f"{API}/branches", expect=403, token=blind)
    github.rest("GET", f"{API}/branches", expect=200)


def test_deletions_by_a_former_name_reach_the_renamed_repository(github: Client) -> None:
    """By name and by id; only a repository that takes the name ends it."""
    github.rest("POST", VARIABLES, {"name": "A", "value": "b"}, expect=201)
    number = github.rest("POST", RULESETS, {"name": "r", "enforcement": "active"}, expect=201).json()["id"]
    github.act("repositories/rename", repository="acme/api", name="payments-api")
    for path in (f"{VARIABLES}/A", f"{RULESETS}/{number}"):
        moved = github.rest("DELETE", path, expect=307).headers["location"].removeprefix(f"{BASE}/_github")
        github.rest("DELETE", moved, expect=204)
        github.rest("GET", path.replace("/api/", "/payments-api/"), expect=404)
    github.act("seed", repositories=[{"owner": "acme", "name": "api", "id": 9100}])
    github.rest("DELETE", f"{VARIABLES}/A", expect=404)


def test_a_renamed_repository_redirects_until_the_name_is_taken_again(github: Client) -> None:
    github.act("repositories/rename", repository="acme/api", name="payments-api")
    moved = github.rest("GET", f"{VARIABLES}/A", expect=301)
    assert moved.headers["location"] == f"{BASE}/_github/repositories/9001/actions/variables/A"
    github.rest("POST", VARIABLES, {"name": "A", "value": "b"}, expect=307)
    github.rest("POST", "/repositories/9001/actions/variables", {"name": "A", "value": "b"}, expect=201)
    assert github.rest("GET", moved.headers["location"].removeprefix(f"{BASE}/_github"), expect=200).json()["value"] == "b"
    github.act("seed", repositories=[{"owner": "acme", "name": "api", "id": 9100}])
    assert github.rest("GET", API, expect=200).json()["id"] == 9100


def test_a_renamed_organisation_is_not_found_by_its_former_name(github: Client) -> None:
    """As GitHub documents it; the token of an App follows."""
    github.rest("POST", VARIABLES, {"name": "A", "value": "b"}, expect=201)
    github.act("organizations/rename", organization="acme", name="acme-corp")
    github.rest("GET", "/orgs/acme", expect=404)
    github.rest("GET", f"{VARIABLES}/A", expect=404)
    assert github.rest("GET", f"{VARIABLES.replace('/acme/', '/acme-corp/')}/A", expect=200).json()["value"] == "b"
    github.act("organizations/rename", 422, organization="acme-corp", name="acme-corp")


def test_a_renamed_team_keeps_its_id_and_leaves_its_slug(github: Client) -> None:
    id = github.rest("GET", "/orgs/acme/teams/payments-leads", expect=200).json()["id"]
    github.act("teams/rename", organization="acme", slug="payments-leads", name="payments-admins")
    assert github.rest("GET", "/orgs/acme/teams/payments-admins", expect=200).json()["id"] == id
    github.rest("GET", "/orgs/acme/teams/payments-leads", expect=404)
    github.act("teams/rename", 404, organization="acme", slug="payments-leads", name="others")
    github.act("teams/rename", 422, organization="acme", slug="payments-admins", name="payments-admins")


def test_a_deleted_repository_is_gone_and_its_name_free(github: Client) -> None:
    github.act("seed", 422, repositories=[{"owner": "acme", "name": "api", "id": 9100}])
    github.act("repositories/delete", repository="acme/api")
    github.rest("GET", API, expect=404)
    github.act("seed", repositories=[{"owner": "acme", "name": "api", "id": 9100}])
    assert github.rest("GET", API, expect=200).json()["id"] == 9100


def test_a_secret_stays_with_its_environment_and_goes_with_it(github: Client) -> None:
    keeper = with_token(github, "keeper", {**PERMISSIONS, "environments": "write"})
    secret, body = f"{PROMOTE}/secrets/key", {"encrypted_value": "c2VjcmV0", "key_id": "1"}
    github.rest("PUT", secret, body, expect=404, token=keeper)
    github.rest("PUT", PROMOTE, {}, expect=200)
    github.rest("PUT", secret, body, expect=403)
    github.rest("PUT", secret, body, expect=201, token=keeper)
    github.rest("PUT", secret, body, expect=204, token=keeper)
    github.rest("PUT", PROMOTE, {"wait_timer": 5}, expect=200)

    def names() -> list[str]:
        return [one["name"] for one in github.rest("GET", f"{PROMOTE}/secrets", expect=200, token=keeper).json()["secrets"]]

    assert names() == ["KEY"]
    github.rest("DELETE", PROMOTE, expect=204)
    github.rest("PUT", PROMOTE, {}, expect=200)
    assert names() == []


def test_the_rules_of_a_branch_are_those_of_the_active_rulesets_that_take_it_in(github: Client) -> None:
    def ruleset(name: str, pattern: str, **more: Any) -> dict[str, Any]:
        conditions = {"ref_name": {"include": [f"refs/heads/{pattern}"], "exclude": []}}
        return {
            "name": name,
            "target": "branch",
            "enforcement": "active",
            "conditions": conditions,
            "rules": [{"type": "creation"}],
            **more,
        }

    made = github.rest("POST", RULESETS, ruleset("a", "release/*"), expect=201).json()
    github.rest("POST", RULESETS, ruleset("b", "release/*", enforcement="disabled"), expect=201)
    (rule,) = github.rest("GET", f"{API}/rules/branches/release%2F1", expect=200).json()
    assert (rule["type"], rule["ruleset_id"], rule["ruleset_source_type"]) == ("creation", made["id"], "Repository")
    assert github.rest("GET", f"{API}/rules/branches/main", expect=200).json() == []


def test_an_archived_repository_is_read_only(github: Client) -> None:
    github.act("seed", repositories=[{"owner": "acme", "name": "old", "id": 9100, "archived": True}])
    body = {"name": "A", "value": "b"}
    refusal = github.rest("POST", "/repos/acme/old/actions/variables", body, expect=403)
    assert refusal.json()["message"] == "Repository was archived so is read-only."
    github.rest("GET", "/repos/acme/old/actions/variables", expect=200)
    github.rest("POST", VARIABLES, body, expect=201)


# --- variables ----------------------------------------------------------------------------------------------------------------


def test_a_repository_lists_its_organisations_variables() -> None:
    app.configure(BASE)
    client, seed = Client(), seed_of()
    seed["organizations"][0]["variables"] = {"CODEARTIFACT_DOMAIN": "former", "OTHER": "x"}
    client.act("seed", **seed)
    path = f"{API}/actions/organization-variables"
    first = client.rest("GET", f"{path}?per_page=1", expect=200).json()
    assert (first["total_count"], [one["value"] for one in first["variables"]]) == (2, ["former"])
    assert [one["name"] for one in client.rest("GET", f"{path}?per_page=1&page=2", expect=200).json()["variables"]] == ["OTHER"]
    assert client.rest("GET", VARIABLES, expect=200).json()["variables"] == []


def test_a_variable_from_creation_to_deletion(github: Client) -> None:
    github.rest("POST", VARIABLES, {"name": "domain", "value": "acme"}, expect=201)
    conflict = github.rest("POST", VARIABLES, {"name": "DOMAIN", "value": "other"}, expect=409)
    assert conflict.json()["message"] == "Already exists - Variable already exists"
    assert github.rest("GET", f"{VARIABLES}/Domain", expect=200).json()["value"] == "acme"
    github.rest("PATCH", f"{VARIABLES}/DOMAIN", {"name": "DOMAIN", "value": "new"}, expect=204)
    assert github.rest("GET", f"{VARIABLES}/DOMAIN", expect=200).json()["value"] == "new"
    github.rest("DELETE", f"{VARIABLES}/DOMAIN", expect=204)
    github.rest("GET", f"{VARIABLES}/DOMAIN", expect=404)
    github.rest("PATCH", f"{VARIABLES}/DOMAIN", {"value": "x"}, expect=404)
    github.rest("DELETE", f"{VARIABLES}/DOMAIN", expect=404)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ({"name": "1A", "value": "b"}, {"name": "A1", "value": "b"}),
        ({"name": "A-B", "value": "b"}, {"name": "A_B", "value": "b"}),
        ({"name": "GITHUB_A", "value": "b"}, {"name": "GITHUBA", "value": "b"}),
        ({"name": "A", "value": ""}, {"name": "A", "value": "b"}),
        ({"name": "A", "value": "b" * 49153}, {"name": "A", "value": "b" * 49152}),
        ({"name": "A"}, {"name": "A", "value": "b"}),
    ],
)
def test_names_and_values_of_variables(github: Client, bad: dict[str, str], good: dict[str, str]) -> None:
    github.rest("POST", VARIABLES, bad, expect=422)
    github.rest("POST", VARIABLES, good, expect=201)


def test_renaming_a_variable_onto_another_conflicts(github: Client) -> None:
    github.rest("POST", VARIABLES, {"name": "A", "value": "1"}, expect=201)
    github.rest("POST", VARIABLES, {"name": "B", "value": "2"}, expect=201)
    github.rest("PATCH", f"{VARIABLES}/A", {"name": "B"}, expect=409)
    github.rest("PATCH", f"{VARIABLES}/A", {"name": "C"}, expect=204)
    names = [one["name"] for one in github.rest("GET", VARIABLES, expect=200).json()["variables"]]
    assert names == ["B", "C"]


def test_variables_come_in_pages(github: Client) -> None:
    for number in range(12):
        github.rest("POST", VARIABLES, {"name": f"V{number:02}", "value": "x"}, expect=201)
    first = github.rest("GET", VARIABLES, expect=200)
    assert len(first.json()["variables"]) == 10
    assert first.json()["total_count"] == 12
    second = f"<{BASE}/_github{VARIABLES}?per_page=10&page=2>"
    assert first.headers["link"] == f'{second}; rel="next", {second}; rel="last"'
    second = github.rest("GET", f"{VARIABLES}?per_page=10&page=2", expect=200)
    assert [one["name"] for one in second.json()["variables"]] == ["V10", "V11"]
    assert "link" not in second.headers
    assert len(github.rest("GET", f"{VARIABLES}?per_page=100", expect=200).json()["variables"]) == 12


def test_a_repository_holds_500_variables(github: Client) -> None:
    for number in range(500):
        github.rest("POST", VARIABLES, {"name": f"V{number}", "value": "x"}, expect=201)
    github.rest("POST", VARIABLES, {"name": "ONE_MORE", "value": "x"}, expect=422)
    github.rest("DELETE", f"{VARIABLES}/V0", expect=204)
    github.rest("POST", VARIABLES, {"name": "ONE_MORE", "value": "x"}, expect=201)


# --- Actions settings -----------------------------------------------------------------------------------------------------------


def test_workflow_permissions(github: Client) -> None:
    path = f"{API}/actions/permissions/workflow"
    default = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    assert github.rest("GET", path, expect=200).json() == default
    github.rest("PUT", path, {"can_approve_pull_request_reviews": True}, expect=204)
    assert github.rest("GET", path, expect=200).json() == {**default, "can_approve_pull_request_reviews": True}
    github.rest("PUT", path, {"default_workflow_permissions": "admin"}, expect=422)
    github.rest("PUT", path, {"default_workflow_permissions": "write"}, expect=204)


def test_the_subject_template(github: Client) -> None:
    path = f"{API}/actions/oidc/customization/sub"
    default = {"use_default": True, "use_immutable_subject": False, "sub_claim_prefix": "repo:acme/api"}
    assert github.rest("GET", path, expect=200).json() == default
    github.rest("PUT", path, {"use_default": False, "include_claim_keys": ["repo"]}, expect=501)


# --- environments ---------------------------------------------------------------------------------------------------------------


def test_an_environment_from_creation_to_deletion(github: Client) -> None:
    reviewers = [{"type": "Team", "id": 301}, {"type": "User", "id": 1001}]
    body = {"wait_timer": 5, "prevent_self_review": True, "can_admins_bypass": False, "reviewers": reviewers, **CUSTOM}
    created = github.rest("PUT", PROMOTE, body, expect=200).json()
    assert created == github.rest("GET", PROMOTE, expect=200).json()
    assert created["can_admins_bypass"] is False
    assert created["deployment_branch_policy"] == CUSTOM["deployment_branch_policy"]
    by_type = {rule["type"]: rule for rule in created["protection_rules"]}
    assert by_type["wait_timer"]["wait_timer"] == 5
    assert by_type["required_reviewers"]["prevent_self_review"] is True
    assert [one["reviewer"]["id"] for one in by_type["required_reviewers"]["reviewers"]] == [301, 1001]
    assert "branch_policy" in by_type
    reset = github.rest("PUT", PROMOTE, {}, expect=200).json()
    assert (reset["id"], reset["protection_rules"], reset["can_admins_bypass"]) == (created["id"], [], True)
    assert github.rest("GET", f"{API}/environments", expect=200).json()["total_count"] == 1
    github.rest("DELETE", PROMOTE, expect=204)
    github.rest("GET", PROMOTE, expect=404)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
            {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False}},
        ),
        ({"reviewers": [{"type": "Team", "id": 302}]}, {"reviewers": [{"type": "Team", "id": 301}]}),
        ({"reviewers": [{"type": "User", "id": 301}]}, {"reviewers": [{"type": "User", "id": 1001}]}),
        (
            {"reviewers": [{"type": "User", "id": 1000 + n} for n in range(7)]},
            {"reviewers": [{"type": "User", "id": 1000 + n} for n in range(6)]},
        ),
        ({"wait_timer": 43_201}, {"wait_timer": 43_200}),
        ({"wait_time": 1}, {"wait_timer": 1}),
    ],
)
def test_settings_of_environments(github: Client, bad: dict[str, Any], good: dict[str, Any]) -> None:
    github.rest("PUT", PROMOTE, bad, expect=422)
    github.rest("GET", PROMOTE, expect=404)
    github.rest("PUT", PROMOTE, good, expect=200)


def test_an_environments_name_may_have_a_slash(github: Client) -> None:
    github.rest("PUT", f"{API}/environments/a%2Fb", expect=200)
    assert github.rest("GET", f"{API}/environments/A%2Fb", expect=200).json()["name"] == "a/b"
    github.rest("GET", f"{API}/environments/a/b", expect=501)


def test_a_team_plan_has_branch_policies_and_nothing_else_in_private_repositories() -> None:
    github = on_plan("team")
    reviewers = {"reviewers": [{"type": "Team", "id": 301}]}
    github.rest("PUT", PROMOTE, {**CUSTOM, **reviewers}, expect=422)
    github.rest("PUT", PROMOTE, {**CUSTOM, "can_admins_bypass": False}, expect=422)
    github.rest("PUT", PROMOTE, CUSTOM, expect=200)
    github.rest("PUT", "/repos/acme/open/environments/promote", {**CUSTOM, **reviewers}, expect=200)


def test_a_free_plan_has_environments_in_public_repositories_only() -> None:
    github = on_plan("free")
    github.rest("PUT", PROMOTE, CUSTOM, expect=404)
    github.rest("PUT", "/repos/acme/open/environments/promote", CUSTOM, expect=200)


def test_branch_policies(github: Client) -> None:
    github.rest("PUT", PROMOTE, {}, expect=200)
    github.rest("POST", POLICIES, {"name": "main"}, expect=404)
    github.rest("PUT", PROMOTE, CUSTOM, expect=200)
    created = github.rest("POST", POLICIES, {"name": "main"}, expect=200).json()
    assert created["type"] == "branch"
    github.rest("POST", POLICIES, {"name": "main", "type": "branch"}, expect=303)
    github.rest("POST", POLICIES, {"name": "main", "type": "tag"}, expect=200)
    assert github.rest("GET", POLICIES, expect=200).json()["total_count"] == 2
    path = f"{POLICIES}/{created['id']}"
    assert github.rest("PUT", path, {"name": "release/*"}, expect=200).json()["name"] == "release/*"
    github.rest("PUT", PROMOTE, CUSTOM, expect=200)
    assert github.rest("GET", path, expect=200).json()["name"] == "release/*"
    github.rest("DELETE", path, expect=204)
    github.rest("GET", path, expect=404)


# --- rulesets -------------------------------------------------------------------------------------------------------------------


def body_of(**changes: Any) -> dict[str, Any]:
    conditions = {"ref_name": {"include": ["refs/heads/main"], "exclude": []}}
    return {
        "name": "guard",
        "target": "branch",
        "enforcement": "active",
        "conditions": conditions,
        "rules": [{"type": "deletion"}],
        **changes,
    }


def named(*include: str) -> dict[str, Any]:
    return {"conditions": {"ref_name": {"include": list(include), "exclude": []}}}


def bypass(**actor: Any) -> dict[str, Any]:
    return {"bypass_actors": [actor]}


def checks(**check: Any) -> dict[str, Any]:
    parameters = {"strict_required_status_checks_policy": False, "required_status_checks": [{"context": "test", **check}]}
    return {"rules": [{"type": "required_status_checks", "parameters": parameters}]}


def reviews(**changes: Any) -> dict[str, Any]:
    return {"rules": [{"type": "pull_request", "parameters": {**PULL_REQUEST, **changes}}]}


def test_a_ruleset_from_creation_to_deletion(github: Client) -> None:
    team = {"actor_id": 301, "actor_type": "Team", "bypass_mode": "always"}
    created = github.rest("POST", RULESETS, body_of(source="api", source_type="Repository", bypass_actors=[team]), expect=201).json()
    path = f"{RULESETS}/{created['id']}"
    assert github.rest("GET", path, expect=200).json() == created
    assert (created["source"], created["bypass_actors"], created["rules"]) == ("acme/api", [team], [{"type": "deletion"}])
    listed = github.rest("GET", RULESETS, expect=200).json()
    assert [(one["name"], "rules" in one) for one in listed] == [("guard", False)]
    changed = github.rest("PUT", path, {"enforcement": "disabled"}, expect=200).json()
    assert (changed["enforcement"], changed["rules"]) == ("disabled", created["rules"])
    github.rest("DELETE", path, expect=204)
    github.rest("GET", path, expect=404)
    github.rest("GET", f"{RULESETS}/x", expect=404)


def test_only_who_may_write_rulesets_sees_the_bypass_list(github: Client) -> None:
    weak = with_token(github, "weak", {"administration": "read"})
    created = github.rest("POST", RULESETS, body_of(), expect=201).json()
    assert "bypass_actors" not in github.rest("GET", f"{RULESETS}/{created['id']}", expect=200, token=weak).json()
    assert github.rest("GET", f"{RULESETS}/{created['id']}", expect=200).json()["bypass_actors"] == []


def test_a_name_is_given_once(github: Client) -> None:
    first = github.rest("POST", RULESETS, body_of(), expect=201).json()
    assert github.rest("POST", RULESETS, body_of(), expect=422).json()["errors"] == ["Name must be unique"]
    github.rest("POST", RULESETS, body_of(name="other"), expect=201)
    github.rest("PUT", f"{RULESETS}/{first['id']}", {"name": "other"}, expect=422)
    github.rest("PUT", f"{RULESETS}/{first['id']}", {"name": "guard"}, expect=200)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ({"name": ""}, {"name": "x"}),
        (named("main"), named("refs/heads/main")),
        (named("refs/tags/v1"), named("~DEFAULT_BRANCH")),
        ({"target": "tag", **named("~DEFAULT_BRANCH")}, {"target": "tag", **named("~ALL")}),
        ({"conditions": {"ref_name": {"include": ["refs/heads/main"]}}}, named("refs/heads/main")),
        (bypass(actor_type="Team", actor_id=302), bypass(actor_type="Team", actor_id=301)),
        (bypass(actor_type="Team"), bypass(actor_type="Team", actor_id=301)),
        (bypass(actor_type="RepositoryRole", actor_id=6), bypass(actor_type="RepositoryRole", actor_id=5)),
        (bypass(actor_type="Integration", actor_id=15368), bypass(actor_type="Integration", actor_id=DEPLOYER_APP)),
        (bypass(actor_type="User", actor_id=1006), bypass(actor_type="User", actor_id=1002)),
        (bypass(actor_type="Group", actor_id=1), bypass(actor_type="OrganizationAdmin", actor_id=1)),
        (bypass(actor_type="DeployKey", bypass_mode="pull_request"), bypass(actor_type="DeployKey", bypass_mode="always")),
        (
            {"target": "tag", **named("~ALL"), **bypass(actor_type="Team", actor_id=301, bypass_mode="pull_request")},
            {"target": "tag", **named("~ALL"), **bypass(actor_type="Team", actor_id=301, bypass_mode="always")},
        ),
        ({"rules": [{"type": "delete"}]}, {"rules": [{"type": "deletion"}]}),
        ({"rules": [{"type": "pull_request"}]}, reviews()),
        (reviews(required_approving_review_count=11), reviews(required_approving_review_count=10)),
        (reviews(require_last_push=True), reviews(require_last_push_approval=True)),
        (checks(integration_id=15369), checks(integration_id=15368)),
        (checks(integration=15368), checks(integration_id=DEPLOYER_APP)),
        ({"target": "tag", **named("~ALL"), **reviews()}, {"target": "branch", **named("~ALL"), **reviews()}),
        ({"enforcement": "enforced"}, {"enforcement": "active"}),
    ],
)
def test_values_of_rulesets(github: Client, bad: dict[str, Any], good: dict[str, Any]) -> None:
    github.rest("POST", RULESETS, body_of(**bad), expect=422)
    assert github.rest("GET", RULESETS, expect=200).json() == []
    github.rest("POST", RULESETS, body_of(**good), expect=201)


@pytest.mark.parametrize(
    "unmodelled",
    [
        {"rules": [{"type": "required_deployments", "parameters": {"required_deployment_environments": ["promote"]}}]},
        {"target": "push", "rules": []},
        {"conditions": {"ref_name": {"include": ["refs/heads/**/*"], "exclude": []}}},
        reviews(dismissal_restriction={"enabled": True}),
        reviews(allowed_merge_methods=["squash"]),
    ],
)
def test_what_would_not_be_enforced_is_not_stored(github: Client, unmodelled: dict[str, Any]) -> None:
    answer = github.rest("POST", RULESETS, body_of(**unmodelled), expect=501)
    assert answer.json()["message"].startswith("the rehearsal's GitHub does not")
    assert github.rest("GET", RULESETS, expect=200).json() == []


def test_a_free_plan_has_rulesets_in_public_repositories_only() -> None:
    github = on_plan("free")
    refusal = github.rest("POST", RULESETS, body_of(), expect=403)
    assert refusal.json()["message"] == "Upgrade to GitHub Pro or make this repository public to enable this feature."
    github.rest("GET", RULESETS, expect=403)
    github.rest("POST", "/repos/acme/open/rulesets", body_of(), expect=201)


def test_trying_out_a_ruleset_needs_enterprise() -> None:
    on_plan("team").rest("POST", RULESETS, body_of(enforcement="evaluate"), expect=422)
    on_plan("enterprise").rest("POST", RULESETS, body_of(enforcement="evaluate"), expect=201)


# --- the interface --------------------------------------------------------------------------------------------------------------


def test_an_unchanged_answer_is_not_sent_twice(github: Client) -> None:
    tag = github.rest("GET", API, expect=200).headers["etag"]
    github.rest("GET", API, expect=304, headers={"if-none-match": tag})
    github.rest("GET", API, expect=200, headers={"if-none-match": '"other"'})


def test_a_body_that_is_not_json(github: Client) -> None:
    github.rest("POST", VARIABLES, expect=400, content=b"{")
    github.rest("POST", VARIABLES, expect=422)


def test_every_request_is_logged(github: Client) -> None:
    github.rest("POST", VARIABLES, {"name": "A", "value": "b"}, expect=201)
    github.rest("GET", f"{VARIABLES}/A", expect=200)
    github.rest("DELETE", f"{VARIABLES}/B", expect=404)
    log = github.show("requests")
    assert log["requests"] == [
        {"method": "POST", "path": VARIABLES, "body": {"name": "A", "value": "b"}, "status": 201},
        {"method": "GET", "path": f"{VARIABLES}/A", "body": None, "status": 200},
        {"method": "DELETE", "path": f"{VARIABLES}/B", "body": None, "status": 404},
    ]
    assert log["github_writes"] == 2
    assert DEPLOYER not in str(log)


# --- lists of an organisation, and the hour's requests ----------------------------------------------------------------------------


def test_repositories_of_an_organisation(github: Client) -> None:
    """Those that the token sees, by name; what is in an entry is what the repository's own answer says."""
    listed = github.rest("GET", "/orgs/acme/repos?sort=full_name&per_page=100", expect=200).json()
    assert [one["full_name"] for one in listed] == ["acme/api", "acme/open", "acme/package-flow", "acme/web"]
    for one in listed:
        alone = github.rest("GET", f"/repos/{one['full_name']}", expect=200).json()
        assert one == {key: value if key != "permissions" else {} for key, value in alone.items() if key in one}
        assert {"id", "name", "full_name", "default_branch", "visibility", "archived", "fork"} <= set(one)
    some = with_token(github, "some", PERMISSIONS, repositories=["web"])
    assert [one["name"] for one in github.rest("GET", "/orgs/acme/repos", expect=200, token=some).json()] == ["open", "web"]
    github.rest("GET", "/orgs/none/repos", expect=404)
    github.rest("GET", "/orgs/acme/repos?type=private", expect=501)


def test_a_page_says_which_is_the_next_and_which_the_last(github: Client) -> None:
    first = github.rest("GET", "/orgs/acme/repos?per_page=1&sort=full_name", expect=200)
    assert [one["name"] for one in first.json()] == ["api"]
    assert re.findall(r'[?&]page=(\d+)>; rel="(\w+)"', first.headers["link"]) == [("2", "next"), ("4", "last")]
    last = github.rest("GET", "/orgs/acme/repos?per_page=1&sort=full_name&page=4", expect=200)
    assert [one["name"] for one in last.json()] == ["web"] and "link" not in last.headers


def test_teams_of_an_organisation(github: Client) -> None:
    assert [(one["slug"], one["id"]) for one in github.rest("GET", "/orgs/acme/teams", expect=200).json()] == [("payments-leads", 301)]
    github.rest("GET", "/orgs/acme/teams", expect=403, token=with_token(github, "blind", {"contents": "read"}))
    github.rest("GET", "/orgs/acme/teams?team_type=all", expect=501)


def test_the_requests_that_are_left(github: Client) -> None:
    core = github.rest("GET", "/rate_limit", expect=200).json()["resources"]["core"]
    assert (core["limit"], core["remaining"], core["used"]) == (5_000, 5_000, 0)
    core = github.rest("GET", "/rate_limit", expect=200, token=with_token(github, "late", {}, requests_left=7)).json()["resources"]["core"]
    assert (core["remaining"], core["used"]) == (7, 4_993)
    github.rest("GET", "/rate_limit", expect=401, token="other")
