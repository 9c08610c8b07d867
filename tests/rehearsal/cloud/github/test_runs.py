"""Workflow runs and their OIDC tokens: which ref, which environment, which claims, and who gets no token."""

from typing import Any

import jwt
import pytest

from rehearsal.cloud.github import oidc
from tests.rehearsal.cloud.github.conftest import BASE, WORKFLOW, Client, http

MAIN = "refs/heads/main"
AUDIENCE = "sts.amazonaws.com"
TOKEN: dict[str, Any] = {"permissions": {"id-token": "write"}}
PUBLISH = "acme/package-flow/.github/workflows/publish-package.yml"
PROMOTE = "/repos/acme/api/environments/promote"


def ask(run: dict[str, Any], audience: str | None = AUDIENCE, expect: int = 200) -> str:
    """The token, as a step of the job asks for it."""
    url = run["env"]["ACTIONS_ID_TOKEN_REQUEST_URL"] + (f"&audience={audience}" if audience else "")
    response = http("GET", url, headers={"authorization": f"bearer {run['env']['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"})
    assert response.status_code == expect, response.text
    return response.json().get("value", "")


def verified(token: str, audience: str = AUDIENCE) -> dict[str, Any]:
    key = oidc.public_keys()[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=oidc.ISSUER)


def claims(github: Client, **run: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {"ref": MAIN, **TOKEN, **run}
    return verified(ask(github.run(**wanted)))


def pull_request(github: Client, *, fork: bool = False, repository: str = "acme/api") -> int:
    if not fork:
        body: dict[str, Any] = {"repository": repository, "actor": "wes", "head": "refs/heads/topic", "content": "x"}
        return github.act("pull-requests/open", **body)["number"]
    fork_name = github.act("repositories/fork", repository=repository, actor="rita")["repository"]
    fork_body: dict[str, Any] = {"repository": repository, "actor": "rita", "head": MAIN, "head_repository": fork_name, "content": "x"}
    return github.act("pull-requests/open", **fork_body)["number"]


# --- claims -------------------------------------------------------------------------------------------------------------------


def test_the_claims_of_a_push(github: Client) -> None:
    sha = github.show("repositories/acme/api")["refs"][MAIN]
    found = claims(github)
    times = {name: found.pop(name) for name in ("iat", "nbf", "exp")}
    assert times["nbf"] < times["iat"] < times["exp"]
    assert len(found.pop("jti")) == 36
    run_id = found.pop("run_id")
    assert found.pop("check_run_id") == run_id
    assert found == {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": AUDIENCE,
        "sub": "repo:acme/api:ref:refs/heads/main",
        "repository": "acme/api",
        "repository_id": "9001",
        "repository_owner": "acme",
        "repository_owner_id": "7001",
        "repository_visibility": "private",
        "ref": MAIN,
        "ref_type": "branch",
        "ref_protected": "false",
        "sha": sha,
        "head_ref": "",
        "base_ref": "",
        "event_name": "push",
        "actor": "wes",
        "actor_id": "1002",
        "workflow": WORKFLOW,
        "workflow_ref": f"acme/api/{WORKFLOW}@{MAIN}",
        "workflow_sha": sha,
        "job_workflow_ref": f"acme/api/{WORKFLOW}@{MAIN}",
        "job_workflow_sha": sha,
        "run_number": "1",
        "run_attempt": "1",
        "runner_environment": "github-hosted",
    }


@pytest.mark.parametrize(
    ("run", "subject"),
    [
        ({}, "repo:acme/api:ref:refs/heads/main"),
        ({"repository": "acme/web"}, "repo:acme@7001/web@9002:ref:refs/heads/main"),
        ({"environment": "promote"}, "repo:acme/api:environment:promote"),
        ({"environment": "a:b"}, "repo:acme/api:environment:a%3Ab"),
        ({"repository": "acme/web", "environment": "promote"}, "repo:acme@7001/web@9002:environment:promote"),
        ({"event": "schedule"}, "repo:acme/api:ref:refs/heads/main"),
        ({"event": "workflow_dispatch"}, "repo:acme/api:ref:refs/heads/main"),
        ({"event": "workflow_run", "ref": None, "actor": "rita"}, "repo:acme/api:ref:refs/heads/main"),
        ({"event": "issue_comment", "ref": None, "actor": "rita"}, "repo:acme/api:ref:refs/heads/main"),
    ],
)
def test_subjects(github: Client, run: dict[str, Any], subject: str) -> None:
    assert claims(github, **run)["sub"] == subject


def test_a_tag(github: Client) -> None:
    github.act("push", repository="acme/api", actor="wes", ref="refs/tags/v1", content="x")
    found = claims(github, event="release", ref="refs/tags/v1")
    assert (found["sub"], found["ref_type"]) == ("repo:acme/api:ref:refs/tags/v1", "tag")
    github.run(422, event="release", ref=MAIN)


def test_a_renamed_repository_has_immutable_subjects(github: Client) -> None:
    github.act("repositories/rename", repository="acme/api", name="payments-api")
    found = claims(github, repository="acme/payments-api")
    assert found["sub"] == "repo:acme@7001/payments-api@9001:ref:refs/heads/main"
    assert found["repository"] == "acme/payments-api"


def test_a_recycled_name_has_another_id(github: Client) -> None:
    old = claims(github)
    github.act("repositories/delete", repository="acme/api")
    github.act("seed", repositories=[{"owner": "acme", "name": "api", "id": 9100, "writers": ["wes"]}])
    new = claims(github)
    assert (old["sub"], old["repository_id"]) == (new["sub"], "9001")
    assert new["repository_id"] == "9100"


def test_an_organisation_opts_in_for_its_repositories(github: Client) -> None:
    organization = {"login": "initech", "id": 7003, "plan": "enterprise", "owners": ["ada"], "immutable_subjects": True}
    github.act("seed", organizations=[organization], repositories=[{"owner": "initech", "name": "api", "id": 9100, "subject": "name"}])
    assert claims(github, repository="initech/api", actor="ada")["sub"] == "repo:initech@7003/api@9100:ref:refs/heads/main"
    assert claims(github)["sub"] == "repo:acme/api:ref:refs/heads/main"


def test_the_default_audience_is_the_owner(github: Client) -> None:
    token = ask(github.run(ref=MAIN, **TOKEN), audience=None)
    assert verified(token, "https://github.com/acme")["aud"] == "https://github.com/acme"


def test_an_enterprise_is_named(github: Client) -> None:
    organization = {"login": "initech", "id": 7003, "plan": "enterprise", "owners": ["ada"], "enterprise": {"slug": "big", "id": 66}}
    github.act("seed", organizations=[organization], repositories=[{"owner": "initech", "name": "api", "id": 9100}])
    found = claims(github, repository="initech/api", actor="ada")
    assert (found["enterprise"], found["enterprise_id"]) == ("big", "66")
    assert "enterprise" not in claims(github)


def test_a_protected_ref_says_so(github: Client) -> None:
    github.ruleset("guard", [{"type": "deletion"}], include=[MAIN])
    run = github.run(ref=MAIN, **TOKEN)
    assert verified(ask(run))["ref_protected"] == "true"
    assert run["env"]["GITHUB_REF_PROTECTED"] == "true"


# --- reusable workflows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["main", MAIN])
def test_a_called_workflow_keeps_the_callers_subject(github: Client, ref: str) -> None:
    found = claims(github, job_workflow_ref=f"{PUBLISH}@{ref}")
    assert found["job_workflow_ref"] == f"{PUBLISH}@{MAIN}"
    assert found["job_workflow_sha"] == github.show("repositories/acme/package-flow")["refs"][MAIN]
    assert found["sub"] == "repo:acme/api:ref:refs/heads/main"
    assert found["workflow_ref"] == f"acme/api/{WORKFLOW}@{MAIN}"


def test_a_called_workflow_has_the_ref_it_is_called_at(github: Client) -> None:
    evil = github.act("push", repository="acme/package-flow", actor="wim", ref="refs/heads/evil", content="x")["sha"]
    assert claims(github, job_workflow_ref=f"{PUBLISH}@evil")["job_workflow_ref"] == f"{PUBLISH}@refs/heads/evil"
    assert claims(github, job_workflow_ref=f"{PUBLISH}@{evil}")["job_workflow_ref"] == f"{PUBLISH}@{evil}"
    github.run(404, ref=MAIN, job_workflow_ref=f"{PUBLISH}@none")


def test_a_tag_comes_before_a_branch_of_the_same_name(github: Client) -> None:
    def uses(name: str, path: str = ".github/actions/login") -> dict[str, Any]:
        return github.act("uses", repository="acme/api", uses=f"acme/package-flow/{path}@{name}")

    before = uses("main")
    assert (before["ref"], claims(github, job_workflow_ref=f"{PUBLISH}@main")["job_workflow_ref"]) == (MAIN, f"{PUBLISH}@{MAIN}")
    tagged = github.act("push", repository="acme/package-flow", actor="wim", ref="refs/tags/main", content="evil")["sha"]
    assert uses("main") == {"ref": "refs/tags/main", "sha": tagged}
    found = claims(github, job_workflow_ref=f"{PUBLISH}@main")
    assert (found["job_workflow_ref"], found["job_workflow_sha"]) == (f"{PUBLISH}@refs/tags/main", tagged)
    # The full name of the branch, and its commit, lead where they led; what the branch's own files name by its short name does not.
    assert claims(github, job_workflow_ref=f"{PUBLISH}@{MAIN}")["job_workflow_ref"] == f"{PUBLISH}@{MAIN}"
    assert uses(MAIN) == before
    assert uses(before["sha"])["sha"] == before["sha"]
    github.act("uses", 404, repository="acme/api", uses="acme/package-flow/.github/actions/login@none")
    github.act("uses", 404, repository="acme/api", uses="globex/api/.github/actions/login@main")


def test_a_local_workflow(github: Client) -> None:
    found = claims(github, job_workflow_ref="./.github/workflows/build.yml")
    assert found["job_workflow_ref"] == f"acme/api/.github/workflows/build.yml@{MAIN}"


def test_workflows_of_others(github: Client) -> None:
    github.run(404, ref=MAIN, job_workflow_ref=f"globex/api/{WORKFLOW}@main")
    github.run(404, ref=MAIN, job_workflow_ref=f"acme/none/{WORKFLOW}@main")
    github.run(422, ref=MAIN, job_workflow_ref="acme/package-flow/publish.yml@main")
    github.run(422, ref=MAIN, workflow="release.yml")
    github.run(ref=MAIN, job_workflow_ref=f"acme/open/{WORKFLOW}@main")


@pytest.mark.parametrize(
    ("caller", "source", "access", "allowed"),
    [
        ("private", "private", "organization", True),
        ("private", "private", "none", False),
        ("private", "internal", "organization", True),
        ("internal", "internal", "organization", True),
        ("internal", "private", "organization", False),
        ("public", "private", "organization", False),
        ("public", "public", "none", True),
    ],
)
def test_workflows_of_private_repositories(github: Client, caller: str, source: str, access: str, allowed: bool) -> None:
    calling = {"owner": "acme", "name": "caller", "id": 9100, "visibility": caller, "writers": ["wes"]}
    called = {"owner": "acme", "name": "called", "id": 9101, "visibility": source, "actions_access": access}
    github.act("seed", repositories=[calling, called])
    github.run(200 if allowed else 404, repository="acme/caller", ref=MAIN, job_workflow_ref=f"acme/called/{WORKFLOW}@main")
    github.run(repository="acme/caller", ref=MAIN, job_workflow_ref=f"acme/caller/{WORKFLOW}@main")


# --- events -------------------------------------------------------------------------------------------------------------------


def test_a_ref_has_to_exist(github: Client) -> None:
    github.run(404, ref="refs/heads/release/1")
    github.run(422)
    github.act("push", repository="acme/api", actor="wes", ref="refs/heads/release/1", content="x")
    github.run(ref="refs/heads/release/1")


def test_a_pull_request_runs_on_its_merge(github: Client) -> None:
    number = pull_request(github)
    run = github.run(event="pull_request", pull_request=number, **TOKEN)
    found = verified(ask(run))
    assert (found["ref"], found["sub"]) == ("refs/pull/1/merge", "repo:acme/api:pull_request")
    assert (found["head_ref"], found["base_ref"]) == ("topic", "main")
    assert found["job_workflow_ref"] == f"acme/api/{WORKFLOW}@refs/pull/1/merge"
    assert run["github"]["event"]["pull_request"]["head"]["repo"] == {"full_name": "acme/api", "fork": False}
    assert found["sha"] not in github.show("repositories/acme/api")["refs"].values()
    github.run(422, event="pull_request", pull_request=number, ref=MAIN)
    github.run(422, event="pull_request")
    github.run(404, event="pull_request", pull_request=2)


def test_a_pull_request_in_an_environment_has_its_subject(github: Client) -> None:
    number = pull_request(github)
    assert (
        claims(github, event="pull_request", ref=None, pull_request=number, environment="test")["sub"] == "repo:acme/api:environment:test"
    )


def test_a_forks_pull_request_gets_neither_token_nor_variables(github: Client) -> None:
    github.rest("POST", "/repos/acme/api/actions/variables", {"name": "A", "value": "b"}, expect=201)
    fork = github.run(actor="rita", event="pull_request", pull_request=pull_request(github, fork=True), fork=True, **TOKEN)
    own = github.run(event="pull_request", pull_request=pull_request(github), fork=False, **TOKEN)
    assert not [name for name in fork["env"] if name.startswith("ACTIONS_")]
    assert fork["vars"] == {}
    assert ask(own)
    assert own["vars"] == {"A": "b"}
    assert fork["github"]["event"]["pull_request"]["head"]["repo"] == {"full_name": "rita/api", "fork": True}
    github.act("expired", 403, run=fork["id"])
    github.act("expired", run=own["id"])
    github.run(422, event="pull_request", pull_request=2, fork=True)


def test_a_fork_that_is_gone_is_still_none_of_ours(github: Client) -> None:
    number = pull_request(github, fork=True)
    github.act("repositories/delete", repository="rita/api")
    run = github.run(actor="rita", event="pull_request", pull_request=number, **TOKEN)
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" not in run["env"]


def test_pull_request_target_runs_on_the_default_branch_also_for_a_fork(github: Client) -> None:
    found = claims(github, actor="rita", event="pull_request_target", ref=None, pull_request=pull_request(github, fork=True))
    assert (found["ref"], found["sub"], found["event_name"]) == (MAIN, "repo:acme/api:ref:refs/heads/main", "pull_request_target")
    assert found["sha"] == github.show("repositories/acme/api")["refs"][MAIN]
    github.act("push", repository="acme/api", actor="wes", ref="refs/heads/other", content="x")
    github.run(422, event="pull_request_target", ref="refs/heads/other", pull_request=1)


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule"])
def test_readers_and_strangers_start_no_run_of_writers(github: Client, event: str) -> None:
    github.run(403, event=event, ref=MAIN, actor="rita")
    github.run(404, event=event, ref=MAIN, actor="eve")
    github.run(event=event, ref=MAIN)


def test_what_a_workflow_does_starts_no_run(github: Client) -> None:
    github.run(422, ref=MAIN, actor="github-actions[bot]")
    github.run(ref=MAIN, actor="github-actions[bot]", event="workflow_dispatch")


def test_events_that_are_not_modelled_say_so(github: Client) -> None:
    assert github.run(501, event="merge_group", ref=MAIN)["message"] == "the rehearsal's GitHub does not have the event merge_group"


def test_no_token_without_the_permission(github: Client) -> None:
    for permissions in ({}, {"id-token": "none"}, {"contents": "write"}):
        assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN" not in github.run(ref=MAIN, permissions=permissions)["env"]
    assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN" in github.run(ref=MAIN, **TOKEN)["env"]


# --- environments -------------------------------------------------------------------------------------------------------------


def environment(github: Client, patterns: tuple[str, ...] = (), kind: str = "branch", **settings: Any) -> None:
    policy = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}} if patterns else {}
    github.rest("PUT", PROMOTE, {**settings, **policy}, expect=200)
    for pattern in patterns:
        github.rest("POST", f"{PROMOTE}/deployment-branch-policies", {"name": pattern, "type": kind}, expect=200)


def test_an_unknown_environment_is_created_without_protection(github: Client) -> None:
    github.rest("GET", PROMOTE, expect=404)
    run = github.run(ref=MAIN, environment="promote")
    assert run["state"] == "running"
    assert github.rest("GET", PROMOTE, expect=200).json()["protection_rules"] == []


@pytest.mark.parametrize(
    ("pattern", "ref", "state"),
    [
        ("main", MAIN, "running"),
        ("release/*", MAIN, "failed"),
        ("release/*", "refs/heads/release/1", "running"),
        ("release/*", "refs/heads/release/a/b", "failed"),
        ("release/*", "refs/heads/release-1", "failed"),
        ("v1", "refs/tags/v1", "failed"),
    ],
)
def test_branch_policies(github: Client, pattern: str, ref: str, state: str) -> None:
    environment(github, (pattern,))
    if ref != MAIN:
        github.act("push", repository="acme/api", actor="wes", ref=ref, content="x")
    run = github.run(ref=ref, environment="Promote", **TOKEN)
    assert run["state"] == state
    assert ("env" in run) == (state == "running")
    if state == "failed":
        assert run["message"].endswith("is not allowed to deploy to promote due to environment protection rules.")
        github.act("expired", 403, run=run["id"])


def test_tag_policies(github: Client) -> None:
    environment(github, ("v*",), kind="tag")
    for ref in ("refs/tags/v1", "refs/heads/v1"):
        github.act("push", repository="acme/api", actor="wes", ref=ref, content="x")
    assert github.run(ref="refs/tags/v1", environment="promote")["state"] == "running"
    assert github.run(ref="refs/heads/v1", environment="promote")["state"] == "failed"


def test_a_pull_request_deploys_where_its_merge_ref_is_named(github: Client) -> None:
    environment(github, ("main",))
    number = pull_request(github)
    wanted: dict[str, Any] = {"event": "pull_request", "pull_request": number, "environment": "promote"}
    assert github.run(**wanted)["state"] == "failed"
    body = {"name": "refs/pull/*/merge"}
    github.rest("POST", f"{PROMOTE}/deployment-branch-policies", body, expect=200)
    assert github.run(**wanted)["state"] == "running"


def test_reviewers(github: Client) -> None:
    environment(github, reviewers=[{"type": "Team", "id": 301}, {"type": "User", "id": 1003}])
    waiting = github.run(ref=MAIN, environment="promote", **TOKEN)
    assert (waiting["state"], "env" in waiting) == ("waiting", False)
    github.act("expired", 403, run=waiting["id"])
    assert github.run(ref=MAIN, environment="promote", approve_by=["max"])["state"] == "waiting"
    assert github.run(ref=MAIN, environment="promote", approve_by=["max", "lea"])["state"] == "running"
    assert github.run(ref=MAIN, environment="promote", approve_by=["wim"])["state"] == "running"
    started = github.act("runs/approve", run=waiting["id"], actors=["lea"])
    assert started["state"] == "running"
    assert verified(ask(started))["environment"] == "promote"
    github.act("runs/approve", 422, run=waiting["id"], actors=["lea"])
    github.run(404, ref=MAIN, environment="promote", approve_by=["nobody"])


@pytest.mark.parametrize(("prevent", "state"), [(True, "waiting"), (False, "running")])
def test_self_review(github: Client, prevent: bool, state: str) -> None:
    environment(github, reviewers=[{"type": "Team", "id": 301}], prevent_self_review=prevent)
    assert github.run(ref=MAIN, environment="promote", actor="lea", approve_by=["lea"])["state"] == state
    assert github.run(ref=MAIN, environment="promote", actor="wes", approve_by=["lea"])["state"] == "running"


def test_a_wait_timer_keeps_a_job_waiting(github: Client) -> None:
    environment(github, wait_timer=5)
    assert github.run(ref=MAIN, environment="promote")["state"] == "waiting"
    assert github.run(ref=MAIN, environment="promote", waited=True)["state"] == "running"
    environment(github, wait_timer=0)
    assert github.run(ref=MAIN, environment="promote")["state"] == "running"


# --- what the job sees --------------------------------------------------------------------------------------------------------


def test_the_environment_and_the_context_agree(github: Client) -> None:
    run = github.run(ref=MAIN, event="workflow_dispatch", workflow_name="Release", inputs={"version": "1"}, **TOKEN)
    env, context = run["env"], run["github"]
    assert env["GITHUB_ACTIONS"] == env["CI"] == "true"
    assert (env["GITHUB_REF"], env["GITHUB_REF_NAME"], env["GITHUB_REF_TYPE"]) == (MAIN, "main", "branch")
    assert (env["GITHUB_REPOSITORY"], env["GITHUB_REPOSITORY_ID"], env["GITHUB_REPOSITORY_OWNER"]) == ("acme/api", "9001", "acme")
    assert (env["GITHUB_EVENT_NAME"], env["GITHUB_ACTOR"], env["GITHUB_WORKFLOW"]) == ("workflow_dispatch", "wes", "Release")
    assert env["GITHUB_API_URL"] == f"{BASE}/_github"
    assert context["event"]["inputs"] == {"version": "1"}
    for name in ("ref", "sha", "repository", "repository_id", "repository_owner", "event_name", "actor", "ref_name", "workflow_ref"):
        assert context[name] == env[f"GITHUB_{name.upper()}"]


def test_the_repositorys_variable_shadows_the_organisations(github: Client) -> None:
    organization = {"login": "initech", "id": 7003, "plan": "team", "owners": ["ada"], "variables": {"DOMAIN": "organisation"}}
    github.act("seed", organizations=[organization], repositories=[{"owner": "initech", "name": "api", "id": 9100}])
    assert github.run(repository="initech/api", actor="ada", ref=MAIN)["vars"] == {"DOMAIN": "organisation"}
    with_variables = {"app_id": 1, "organization": "initech", "token": "initech", "permissions": {"actions_variables": "write"}}
    github.act("seed", tokens=[with_variables])
    body = {"name": "DOMAIN", "value": "repository"}
    github.rest("POST", "/repos/initech/api/actions/variables", body, token="initech", expect=201)
    assert github.run(repository="initech/api", actor="ada", ref=MAIN)["vars"] == {"DOMAIN": "repository"}


# --- tokens -------------------------------------------------------------------------------------------------------------------


def test_only_the_job_gets_its_token(github: Client) -> None:
    run = github.run(ref=MAIN, **TOKEN)
    other = github.run(ref=MAIN, **TOKEN)
    url = run["env"]["ACTIONS_ID_TOKEN_REQUEST_URL"]
    assert url.startswith(f"{BASE}/_github/_actions/token?")
    secret = other["env"]["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    for headers in ({}, {"authorization": "bearer "}, {"authorization": f"bearer {secret}"}, {"authorization": "Bearer deployer-token"}):
        assert http("GET", url, headers=headers).status_code == 401
    assert http("GET", f"{BASE}/_github/_actions/token?run=x", headers={"authorization": f"bearer {secret}"}).status_code == 401
    assert verified(ask(run))["run_id"] == str(run["id"])


def test_a_finished_or_deleted_job_gets_no_more_tokens(github: Client) -> None:
    run, other = github.run(ref=MAIN, **TOKEN), github.run(ref=MAIN, **TOKEN)
    assert ask(run)
    github.act("runs/finish", run=run["id"])
    ask(run, expect=401)
    assert ask(other)
    github.act("repositories/delete", repository="acme/api")
    ask(other, expect=401)


def test_a_forged_token_is_signed_by_somebody_else(github: Client) -> None:
    run = github.run(ref=MAIN, **TOKEN)
    true_claims = github.act("claims", run=run["id"], audience=AUDIENCE)
    forged = github.act("forge", claims=true_claims)["value"]
    assert jwt.decode(forged, options={"verify_signature": False}) == true_claims
    with pytest.raises(jwt.InvalidSignatureError):
        verified(forged)
    assert verified(ask(run))["sub"] == true_claims["sub"]


def test_an_unsigned_token(github: Client) -> None:
    unsigned = github.act("forge", claims={"aud": AUDIENCE, "sub": "repo:acme/api:ref:refs/heads/main"}, algorithm="none")["value"]
    assert jwt.get_unverified_header(unsigned)["alg"] == "none"
    with pytest.raises(jwt.InvalidAlgorithmError):
        verified(unsigned)
    github.act("forge", 422, claims={}, algorithm="HS256")


def test_an_expired_token_is_truly_signed(github: Client) -> None:
    run = github.run(ref=MAIN, **TOKEN)
    expired = github.act("expired", run=run["id"], audience=AUDIENCE)["value"]
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(expired)
    key = oidc.public_keys()[oidc.KEY_ID]
    late = jwt.decode(expired, key, algorithms=["RS256"], audience=AUDIENCE, options={"verify_exp": False})
    assert late["sub"] == verified(ask(run))["sub"]
