"""The stand-in for Pulumi Deployments: what starts a deployment, which settings it takes, whose token a deployment gets."""

import asyncio
import json
from typing import Any

import jwt
import pytest

from rehearsal.cloud import sts
from rehearsal.cloud.pulumi_cloud import app
from rehearsal.cloud.pulumi_cloud.settings import matches, touched

BODY = {
    "executorContext": {"executorImage": "pulumi/pulumi:3"},
    "sourceContext": {"git": {"branch": "main"}},
    "vcs": {"provider": "github", "repository": "acme/infra", "deployCommits": True, "previewPullRequests": False, "paths": ["program/**"]},
    "operationContext": {"oidc": {"aws": {"roleARN": "arn:aws:iam::111122223333:role/preview", "sessionName": "one"}}},
}


@pytest.fixture(autouse=True)
def fresh():
    app.reset()
    yield
    app.reset()
    sts.forget_issuers()


def call(application: Any, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One request to an ASGI application."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode() if body is not None else b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(key.encode(), value.encode()) for key, value in headers.items()]}
    asyncio.run(application(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def settings(method: str, body: Any = None, stack: str = "acme/package-flow/dev", token: str = "key") -> tuple[int, Any]:
    return call(app.rest, method, f"/_pulumi/api/stacks/{stack}/deployments/settings", body, authorization=f"token {token}")


def act(name: str, **body: Any) -> tuple[int, Any]:
    return call(app.rehearsal, "POST", f"/_rehearsal/pulumi/{name}", body)


@pytest.fixture
def configured() -> None:
    assert act("members", organization="acme", token="key")[0] == 200
    assert settings("PUT", BODY)[0] == 200


# --- path filters ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("a/**", "a/b.py", True),
        ("a/**", "a/b/c.py", True),
        ("a/**", "b/a/c.py", False),
        ("a/*", "a/b.py", True),
        ("a/*", "a/b/c.py", False),
        ("a.py", "a.py", True),
        ("a.py", "b/a.py", False),
        ("a.py", "axpy", False),
        ("**/a.py", "a.py", True),
        ("**/a.py", "b/c/a.py", True),
        ("a?.py", "ab.py", True),
        ("a?.py", "a/.py", False),
    ],
)
def test_a_pattern_matches_a_whole_path(pattern, path, found):
    assert matches(pattern, path) is found


@pytest.mark.parametrize(
    ("filters", "changed", "concerned"),
    [
        ([], ["docs/x.md"], True),
        (["foo/**"], ["docs/x.md"], False),
        (["foo/**"], ["docs/x.md", "foo/y"], True),
        (["!docs/**"], ["docs/x.md"], False),
        (["!docs/**"], ["foo/y"], True),
        # Pulumi's own example: an inclusion cannot bring back what an exclusion took.
        (["!foo/**", "foo/bar/**"], ["foo/bar/main.ts"], False),
        (["foo/bar/**", "!foo/**"], ["foo/bar/main.ts"], False),
    ],
)
def test_an_exclusion_always_wins(filters, changed, concerned):
    assert touched(filters, changed) is concerned


# --- events ---------------------------------------------------------------------------------------------------------------------------


def pushed(**changed: Any) -> list[dict[str, Any]]:
    return act("push", **({"repository": "acme/infra", "branch": "main", "changed": ["program/x.py"]} | changed))[1]["deployments"]


def test_a_push_to_the_branch_updates(configured):
    (one,) = pushed()
    assert (one["stack"], one["operation"], one["settings"]["vcs"]["repository"]) == ("dev", "update", "acme/infra")


@pytest.mark.parametrize("changed", [{"repository": "acme/other"}, {"branch": "topic"}, {"changed": ["docs/x.md"]}])
def test_another_push_starts_nothing(configured, changed):
    assert pushed() and not pushed(**changed)


def test_pull_requests_are_previewed_where_the_settings_say_so(configured):
    event = {"repository": "acme/infra", "base": "main", "changed": ["program/x.py"]}
    assert act("pull-request", **event)[1] == {"deployments": []}
    settings("PUT", BODY | {"vcs": BODY["vcs"] | {"previewPullRequests": True}})
    assert [one["operation"] for one in act("pull-request", **event)[1]["deployments"]] == ["preview"]


# --- the REST API ---------------------------------------------------------------------------------------------------------------------


def test_settings_are_kept_and_taken_away(configured):
    assert settings("GET")[1]["sourceContext"] == {"git": {"branch": "main"}}
    assert settings("DELETE")[0] == 200
    assert settings("GET")[0] == settings("DELETE")[0] == 404
    assert not pushed()


@pytest.mark.parametrize(
    "body",
    [
        BODY | {"gitHub": {"repository": "acme/infra"}},
        BODY | {"vcs": BODY["vcs"] | {"deployTags": True}},
        BODY | {"vcs": BODY["vcs"] | {"pullRequestTemplate": True}},
        {key: value for key, value in BODY.items() if key != "operationContext"},
    ],
)
def test_a_setting_that_is_not_modelled_is_refused(configured, body):
    assert settings("PUT", BODY)[0] == 200
    assert settings("PUT", body)[0] == 400


def test_an_organisation_is_configured_by_its_members(configured):
    assert settings("PUT", BODY, token="other")[0] == 401
    assert settings("PUT", BODY, stack="globex/package-flow/dev")[0] == 404


def test_what_is_not_there_says_so(configured):
    for method, path in (("GET", "/_pulumi/api/user"), ("PATCH", "/_pulumi/api/stacks/acme/package-flow/dev/deployments/settings")):
        assert call(app.rest, method, path, authorization="token key")[0] == 501
    assert call(app.rehearsal, "POST", "/_rehearsal/pulumi/nothing", {})[0] == 404
    assert act("push")[0] == 400


def schedule(method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return call(app.rest, method, f"/_pulumi/api/stacks/acme/package-flow/dev/deployments/{path}", body, authorization="token key")


def test_a_drift_schedule_starts_checks_until_it_is_taken_away(configured):
    assert act("drift", repository="acme/infra")[1] == {"deployments": []}
    status, made = schedule("POST", "drift/schedules", {"scheduleCron": "0 5 * * *", "autoRemediate": False})
    assert status == 200
    assert [one["operation"] for one in act("drift", repository="acme/infra")[1]["deployments"]] == ["detect-drift"]
    assert act("drift", repository="acme/other")[1] == {"deployments": []}
    assert schedule("POST", f"drift/schedules/{made['id']}", {"scheduleCron": "0 6 * * *", "autoRemediate": False})[0] == 200
    assert schedule("GET", f"schedules/{made['id']}")[1]["scheduleCron"] == "0 6 * * *"
    assert schedule("DELETE", f"schedules/{made['id']}")[0] == 200
    assert schedule("GET", f"schedules/{made['id']}")[0] == schedule("DELETE", f"schedules/{made['id']}")[0] == 404
    assert schedule("POST", f"drift/schedules/{made['id']}", {"scheduleCron": "0 6 * * *"})[0] == 404
    assert act("drift", repository="acme/infra")[1] == {"deployments": []}


@pytest.mark.parametrize("body", [{"scheduleCron": "daily"}, {"scheduleCron": "0 5 * * *", "autoRemediate": True}, {}])
def test_a_schedule_that_is_not_modelled_is_refused(configured, body):
    assert schedule("POST", "drift/schedules", body)[0] == 400


def test_a_stack_without_settings_has_no_schedule(configured):
    settings("DELETE")
    assert schedule("POST", "drift/schedules", {"scheduleCron": "0 5 * * *"})[0] == 400


# --- tokens ---------------------------------------------------------------------------------------------------------------------------


def test_a_deployments_token_is_pulumis(configured):
    (one,) = pushed()
    identity = sts.verify(one["token"])
    assert identity.issuer == "https://api.pulumi.com/oidc"
    assert identity.audiences == ["acme"]
    assert identity.claims["sub"] == "pulumi:deploy:org:acme:project:package-flow:stack:dev:operation:update:scope:write"


def test_a_forged_token_is_refused(configured):
    (one,) = pushed()
    header, payload, signature = one["token"].split(".")
    claims = jwt.decode(one["token"], options={"verify_signature": False})
    _, other, _ = jwt.encode(claims | {"stack": "prod"}, "k" * 32, algorithm="HS256").split(".")
    assert sts.verify(".".join((header, payload, signature)))
    with pytest.raises(sts.StsError):
        sts.verify(".".join((header, other, signature)))


def test_an_operation_that_pulumi_does_not_have(configured):
    place = {"organization": "acme", "project": "package-flow", "stack": "dev"}
    assert act("token", operation="update", **place)[0] == 200
    assert act("token", operation="import", **place)[0] == 400
