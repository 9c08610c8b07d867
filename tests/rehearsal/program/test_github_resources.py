"""REST calls of the GitHub handlers and functions, against a transport that records and answers."""

import json
from typing import Any

import httpx
import pytest

from rehearsal.program.clouds import Github, GithubError
from rehearsal.program.github_resources import HANDLERS, go_time
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, PartlyCreated
from rehearsal.program.inputs import InputProblems, Inputs
from rehearsal.program.invokes import GITHUB_FUNCTIONS

VARIABLE = "github:index/actionsVariable:ActionsVariable"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
WORKFLOW = "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions"
REPOSITORY = {"id": 9001, "name": "payments-api", "archived": False}


class Transport(httpx.BaseTransport):
    """Answers `"METHOD /path"` from a table: (status, body) or a list of them, one a call."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {"GET /api/repos/acme/payments-api": (200, REPOSITORY), **answers}
        self.requests: list[tuple[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        line = f"{request.method} {path}"
        content = request.read()
        self.requests.append((line, json.loads(content) if content else None))
        answer = self.answers[line.partition("?")[0]]
        status, body = answer.pop(0) if isinstance(answer, list) else answer
        headers: dict[str, str] = {"location": str(body)} if status in (301, 307) else {}
        return httpx.Response(status, headers=headers, json=None if status in (301, 307) else body)

    @property
    def lines(self) -> list[str]:
        return [line for line, _ in self.requests]


def github(**answers: Any) -> tuple[Github, Transport]:
    transport = Transport({f"{key}": value for key, value in answers.items()})
    return Github("http://127.0.0.1/api", "token", "acme", transport), transport


def wanted(token: str, **inputs: Any) -> dict[str, Any]:
    reader = Inputs(inputs, auto_name=lambda: "auto-1234567")
    request = HANDLERS[token].read(reader, Defaults(tags={}))
    reader.check()
    return request


def create(token: str, cloud: Github, **inputs: Any) -> Created:
    return HANDLERS[token].create(cloud, wanted(token, **inputs))


VARIABLES = "/api/repos/acme/payments-api/actions/variables"
FOUND = {"name": "CODEARTIFACT_DOMAIN", "value": "acme", "created_at": "2026-11-22T08:00:00Z", "updated_at": "2026-11-22T08:00:00Z"}
VARIABLE_INPUTS = {"repository": "payments-api", "variableName": "CODEARTIFACT_DOMAIN", "value": "acme"}


def test_an_existing_variable_is_githubs_409():
    cloud, _ = github(**{f"POST {VARIABLES}": (409, {"message": "Already exists - Variable already exists"})})
    with pytest.raises(GithubError, match=r"POST http://127.0.0.1/api/.*: 409 Already exists"):
        create(VARIABLE, cloud, **VARIABLE_INPUTS)


def test_a_variable_that_cannot_be_read_back_exists_all_the_same():
    cloud, _ = github(**{f"POST {VARIABLES}": (201, {}), f"GET {VARIABLES}/CODEARTIFACT_DOMAIN": (500, {"message": "oops"})})
    with pytest.raises(PartlyCreated, match="500 oops") as failure:
        create(VARIABLE, cloud, **VARIABLE_INPUTS)
    assert failure.value.id == "payments-api:CODEARTIFACT_DOMAIN"


def test_a_variable_is_looked_up_for_import():
    cloud, _ = github(**{f"GET {VARIABLES}/CODEARTIFACT_DOMAIN": (200, FOUND), f"GET {VARIABLES}/OTHER": (404, {"message": "Not Found"})})
    assert (HANDLERS[VARIABLE].look_up(cloud, "payments-api:CODEARTIFACT_DOMAIN") or {})["value"] == "acme"
    assert HANDLERS[VARIABLE].look_up(cloud, "payments-api:OTHER") is None


FULL_RULESET = {
    "repository": "payments-api",
    "name": "package-flow-release",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"refName": {"includes": ["~DEFAULT_BRANCH", "refs/heads/release/*"], "excludes": []}},
    "bypassActors": [
        {"actorId": 77, "actorType": "Team", "bypassMode": "always"},
        {"actorType": "OrganizationAdmin", "bypassMode": "always"},
    ],
    "rules": {
        "creation": True,
        "deletion": True,
        "nonFastForward": True,
        "update": True,
        "pullRequest": {
            "requiredApprovingReviewCount": 1,
            "dismissStaleReviewsOnPush": True,
            "requireLastPushApproval": True,
        },
        "requiredStatusChecks": {
            "requiredChecks": [{"context": "test", "integrationId": 15368}, {"context": "lint"}],
            "doNotEnforceOnCreate": True,
        },
    },
}
RULESETS = "/api/repos/acme/payments-api/rulesets"


@pytest.mark.parametrize("asked", [True, False])
def test_a_ruleset_that_asks_for_code_owners(asked: bool):
    cloud, transport = github(**{f"POST {RULESETS}": (201, {"id": 5, "node_id": "N"})})
    rules = {"pullRequest": {"requiredApprovingReviewCount": 1, "requireCodeOwnerReview": asked}}
    create(RULESET, cloud, **{**FULL_RULESET, "rules": rules})
    (rule,) = transport.requests[1][1]["rules"]
    assert rule["parameters"]["require_code_owner_review"] is asked


def test_without_bypass_actors_an_empty_list_is_sent():
    """The provider never sends null: GitHub refuses it."""
    assert wanted(RULESET, **{**FULL_RULESET, "bypassActors": None})["body"]["bypass_actors"] == []


def test_an_archived_repository_takes_no_ruleset():
    cloud, transport = github(**{"GET /api/repos/acme/payments-api": (200, {**REPOSITORY, "archived": True})})
    with pytest.raises(CloudError, match="cannot create ruleset on archived repository acme/payments-api"):
        create(RULESET, cloud, **FULL_RULESET)
    assert transport.lines == ["GET /api/repos/acme/payments-api"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"enforcement": "on"}, "enforcement is 'on'"),
        ({"rules": {"delete": True}}, r"rules\.delete is not an input"),
        ({"rules": {"pullRequest": {"approvals": 1}}}, r"rules\.pullRequest\.approvals is not an input"),
        ({"rules": {"pullRequest": {"requiredApprovingReviewCount": 11}}}, "allowed: 0 to 10"),
        ({"rules": {"requiredSignatures": True}}, r"rules\.requiredSignatures is not an input"),
        ({"rules": {"requiredStatusChecks": {"requiredChecks": [{"integrationId": 1}]}}}, r"requiredChecks\[0\]\.context is required"),
        ({"conditions": {"refName": {"includes": ["~ALL"]}}}, r"conditions\.refName\.excludes is required"),
        ({"conditions": {}}, r"conditions\.refName must be set for branch target"),
        ({"bypassActors": [{"actorId": 1, "actorType": "Group", "bypassMode": "always"}]}, "actorType is 'Group'"),
        ({"name": "n" * 101}, "1 to 100 characters"),
    ],
)
def test_a_ruleset_that_is_refused(change, message):
    wanted(RULESET, **FULL_RULESET)
    with pytest.raises(InputProblems, match=message):
        wanted(RULESET, **{**FULL_RULESET, **change})


ENVIRONMENTS = "/api/repos/acme/payments-api/environments"
PROMOTE = {
    "repository": "payments-api",
    "environment": "promote",
    "canAdminsBypass": False,
    "preventSelfReview": True,
    "reviewers": [{"teams": [77], "users": [1]}],
    "deploymentBranchPolicy": {"protectedBranches": False, "customBranchPolicies": True},
}


def test_without_a_branch_policy_null_is_sent_which_lets_all_branches_deploy():
    body = wanted(ENVIRONMENT, repository="payments-api", environment="open")["body"]
    assert (body["deployment_branch_policy"], body["reviewers"], body["can_admins_bypass"]) == (None, None, True)


def test_a_plan_without_reviewers_gets_what_it_has():
    refused = (422, {"message": "the billing plan does not support this"})
    cloud, transport = github(**{f"PUT {ENVIRONMENTS}/packages": [refused, (200, {})]})
    create(ENVIRONMENT, cloud, **{**PROMOTE, "environment": "packages", "reviewers": None})
    assert transport.requests[1][1] == {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}


def test_a_plan_without_reviewers_refuses_reviewers():
    cloud, transport = github(**{f"PUT {ENVIRONMENTS}/promote": (422, {"message": "the billing plan does not support this"})})
    with pytest.raises(GithubError, match="422"):
        create(ENVIRONMENT, cloud, **PROMOTE)
    assert len(transport.requests) == 1


def test_more_than_six_reviewers_are_refused():
    wanted(ENVIRONMENT, **{**PROMOTE, "reviewers": [{"teams": [1, 2, 3], "users": [4, 5, 6]}]})
    with pytest.raises(InputProblems, match="a maximum of 6"):
        wanted(ENVIRONMENT, **{**PROMOTE, "reviewers": [{"teams": [1, 2, 3, 4], "users": [4, 5, 6]}]})


def test_names_are_escaped_in_paths_and_colons_in_ids():
    cloud, transport = github(**{f"PUT {ENVIRONMENTS}/a%2Fb%3Ac": (200, {})})
    assert create(ENVIRONMENT, cloud, repository="payments-api", environment="a/b:c").id == "payments-api:a/b??c"
    assert transport.lines[0] == f"PUT {ENVIRONMENTS}/a%2Fb%3Ac"


@pytest.mark.parametrize("patterns", [{}, {"branchPattern": "main", "tagPattern": "v*"}])
def test_a_deployment_policy_has_exactly_one_pattern(patterns):
    with pytest.raises(InputProblems, match="exactly one of them is required"):
        wanted(POLICY, repository="payments-api", environment="promote", **patterns)


def test_workflow_permissions_without_a_default_send_the_empty_text_of_the_provider():
    assert wanted(WORKFLOW, repository="payments-api")["body"]["default_workflow_permissions"] == ""


def call(function: str, cloud: Github, **arguments: Any) -> dict[str, Any]:
    return GITHUB_FUNCTIONS[f"github:index/{function}:{function}"](cloud, Inputs(arguments))


def test_a_repository_that_is_not_there_has_no_fields_and_is_no_error():
    cloud, _ = github(**{"GET /api/repos/acme/gone": (404, {"message": "Not Found"})})
    assert call("getRepository", cloud, fullName="acme/gone") == {}


def test_a_repository_that_was_renamed_is_followed():
    renamed = {"id": 9001, "name": "new", "full_name": "acme/new", "default_branch": "main", "archived": False, "private": True}
    old = (301, "http://127.0.0.1/api/repositories/9001")
    cloud, _ = github(**{"GET /api/repos/acme/old": old, "GET /api/repositories/9001": (200, renamed)})
    found = call("getRepository", cloud, fullName="acme/old")
    assert (found["name"], found["fullName"], found["repoId"], found["defaultBranch"]) == ("new", "acme/new", 9001, "main")


def test_any_other_refusal_of_a_repository_is_an_error():
    cloud, _ = github(**{"GET /api/repos/acme/payments-api": (403, {"message": "Resource not accessible by integration"})})
    with pytest.raises(GithubError, match="403 Resource not accessible"):
        call("getRepository", cloud, name="payments-api")


def test_a_ref_that_is_there_one_that_is_not_and_one_without_an_owner():
    answers = {"GET /api/repos/acme/package-flow/git/ref/tags/v1": (200, {"ref": "refs/tags/v1", "object": {"sha": "0f" * 20}})}
    cloud, _ = github(**answers, **{"GET /api/repos/acme/package-flow/git/ref/tags/main": (404, {"message": "Not Found"})})
    assert call("getRef", cloud, owner="acme", repository="package-flow", ref="tags/v1")["sha"] == "0f" * 20
    assert "sha" not in call("getRef", cloud, owner="acme", repository="package-flow", ref="tags/main")
    with pytest.raises(Exception, match="owner is needed"):
        call("getRef", cloud, repository="package-flow", ref="tags/v1")


def test_an_organisation_only_in_summary():
    cloud, _ = github(**{"GET /api/orgs/acme": (200, {"id": 4242, "login": "acme", "plan": {"name": "team"}})})
    found = call("getOrganization", cloud, name="acme", summaryOnly=True)
    assert (found["id"], found["login"], found["plan"]) == ("4242", "acme", "team")
    with pytest.raises(InputProblems, match="summaryOnly must be true"):
        call("getOrganization", cloud, name="acme")


def test_a_plan_that_is_not_visible_is_empty():
    cloud, _ = github(**{"GET /api/orgs/acme": (200, {"id": 4242, "login": "acme"})})
    assert call("getOrganization", cloud, name="acme", summaryOnly=True)["plan"] == ""


def test_a_teams_id_is_text():
    cloud, _ = github(**{"GET /api/orgs/acme/teams/leads": (200, {"id": 77, "slug": "leads", "name": "Leads"})})
    assert call("getTeam", cloud, slug="leads", summaryOnly=True)["id"] == "77"
    with pytest.raises(InputProblems, match="summaryOnly must be true"):
        call("getTeam", cloud, slug="leads")


def test_a_team_that_is_not_there_is_an_error():
    cloud, _ = github(**{"GET /api/orgs/acme/teams/nobody": (404, {"message": "Not Found"})})
    with pytest.raises(GithubError, match="404 Not Found"):
        call("getTeam", cloud, slug="nobody", summaryOnly=True)


def test_a_path_of_the_rest_api_that_is_refused_is_an_error():
    cloud, _ = github(**{"GET /api/repos/acme/a/environments/b": (403, {"message": "Resource not accessible by integration"})})
    with pytest.raises(GithubError, match="403 Resource not accessible"):
        call("getRestApi", cloud, endpoint="repos/acme/a/environments/b")


def test_variables_are_paged():
    class Pages(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            page = int(request.url.params["page"])
            headers = {"link": '<http://127.0.0.1/next>; rel="next"'} if page == 1 else {}
            return httpx.Response(200, headers=headers, json={"variables": [{**FOUND, "name": f"V{page}"}]})

    cloud = Github("http://127.0.0.1/api", "token", "acme", Pages())
    assert [each["name"] for each in call("getActionsVariables", cloud, name="payments-api")["variables"]] == ["V1", "V2"]


def test_the_subject_template():
    path = "GET /api/repos/acme/payments-api/actions/oidc/customization/sub"
    cloud, _ = github(**{path: (200, {"use_default": False, "include_claim_keys": ["repo"]})})
    found = call("getActionsRepositoryOidcSubjectClaimCustomizationTemplate", cloud, name="payments-api")
    assert (found["useDefault"], found["includeClaimKeys"]) == (False, ["repo"])


def test_a_misspelt_argument_of_a_function_is_refused():
    cloud, _ = github()
    with pytest.raises(InputProblems, match="did you mean summaryOnly"):
        call("getOrganization", cloud, name="acme", sumaryOnly=True)


def test_times_are_as_go_prints_them():
    assert go_time("2026-11-22T08:00:00Z") == "2026-11-22 08:00:00 +0000 UTC"
    assert go_time(None) == ""


# --- another name, or another repository ------------------------------------------------------------------------------------------------

RENAMED = {"repository": "payments"}
MISSING = (404, {"message": "Not Found"})


@pytest.mark.parametrize(
    ("token", "named"), [(VARIABLE, "variableName"), (ENVIRONMENT, "environment"), (POLICY, "environment"), (RULESET, ""), (WORKFLOW, "")]
)
@pytest.mark.parametrize(
    ("known", "answer", "replaced"),
    [
        (9001, (200, {"id": 9001}), False),
        (9001, (200, {"id": 9002}), True),
        (None, (200, {"id": 9001}), True),
        # The provider takes it for deleted and changes it in place, which then fails.
        (9001, MISSING, False),
    ],
)
def test_a_renamed_repository_is_the_same_by_its_id(token, named, known, answer, replaced):
    """terraform-provider-github, diffRepository; rulesets and workflow permissions have no id to compare and no forced replacement."""
    cloud, transport = github(**{"GET /api/repos/acme/payments": answer})
    outputs = {"repository": "payments-api", "repositoryId": known}
    found = HANDLERS[token].replacing(cloud, outputs, RENAMED, {"repository"})
    assert found == ({"repository"} if replaced and named else set())
    assert HANDLERS[token].replacing(cloud, outputs, RENAMED, {"value"}) == set()
    if named:
        assert HANDLERS[token].replacing(cloud, outputs, RENAMED, {named}) == {named}
    assert len(transport.requests) == (1 if named and known else 0), "asked only about another name"


def test_what_a_resource_is_looked_at_by_after_a_rename():
    """By the names in the state, whatever its id says; workflow permissions by their id."""
    outputs = {"repository": "payments", "variableName": "A", "environment": "a:b", "policyId": 7}
    for token, id in ((VARIABLE, "payments:A"), (ENVIRONMENT, "payments:a??b"), (POLICY, "payments:a??b:7"), (RULESET, "payments:5")):
        assert HANDLERS[token].import_id(Existing("5", {}, outputs)) == id
    assert HANDLERS[WORKFLOW].import_id(Existing("payments-api", {}, outputs)) == "payments-api"


def test_workflow_permissions_are_changed_under_the_new_name():
    path = "/api/repos/acme/payments/actions/permissions/workflow"
    body = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    cloud, transport = github(**{f"PUT {path}": (204, None), f"GET {path}": (200, body)})
    HANDLERS[WORKFLOW].update(cloud, Existing("payments-api", {}, {}), wanted(WORKFLOW, **RENAMED, defaultWorkflowPermissions="read"))
    assert transport.lines == [f"PUT {path}", f"GET {path}"]
