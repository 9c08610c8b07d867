"""The first jobs of the workflows: which events, refs, inputs and variables are let through."""

from typing import Any

import pytest

from rehearsal.actions import Conclusion, Job
from tests.workflows.calling import PROJECT, VARIABLES, run_workflow, starting

FIRST = {"publish-package.yml": "check", "promote-package.yml": "request"}
INPUTS: dict[str, dict[str, Any]] = {
    "publish-package.yml": {"format": "npm"},
    "promote-package.yml": {"format": "npm", "package": "@acme-payments/client", "version": "1.0.0", "revision": "abc="},
}
PUBLISH, PROMOTE = INPUTS
REFUSED_EVENTS = (
    "pull_request", "pull_request_target", "workflow_run", "issue_comment", "repository_dispatch", "merge_group", "create", "",
)  # fmt: skip


def first_job(file: str, *, variables: dict[str, str] | None = None, inputs: dict[str, Any] | None = None, **github: Any) -> Job:
    """The first job; those after it find nothing to work with and fail, or are skipped because it failed."""
    workflow = PROJECT / ".github" / "workflows" / file
    result = run_workflow(workflow, inputs={**INPUTS[file], **(inputs or {})}, start_job=starting(github, variables))
    job = result.jobs[FIRST[file]]
    others = [one for name, one in result.jobs.items() if name != FIRST[file]]
    assert job.conclusion is Conclusion.SUCCESS or all(one.conclusion is Conclusion.SKIPPED for one in others)
    return job


@pytest.mark.parametrize(
    ("file", "event"),
    [(PUBLISH, "push"), (PUBLISH, "workflow_dispatch"), (PUBLISH, "schedule"), (PROMOTE, "push"), (PROMOTE, "workflow_dispatch")],
)
def test_events_that_are_let_through(file: str, event: str) -> None:
    job = first_job(file, event_name=event)
    assert job.conclusion is Conclusion.SUCCESS, job.output
    assert job.outputs["role-arn"] == VARIABLES["CODEARTIFACT_PUBLISH_ROLE_ARN" if file == PUBLISH else "CODEARTIFACT_PROMOTE_ROLE_ARN"]


@pytest.mark.parametrize(
    ("file", "event"), [*((file, event) for file in INPUTS for event in REFUSED_EVENTS), (PROMOTE, "schedule"), (PROMOTE, "release")]
)
def test_every_other_event_fails_with_a_message(file: str, event: str) -> None:
    job = first_job(file, event_name=event)
    assert job.conclusion is Conclusion.FAILURE
    assert job.reason.endswith(f", not on {event}")


@pytest.mark.parametrize(("action", "allowed"), [("published", True), ("created", False), ("edited", False), ("deleted", False)])
def test_a_release_publishes_when_it_is_published(action: str, allowed: bool) -> None:
    """On a branch, which no release is of: tests of release tags have what a tag needs."""
    job = first_job(PUBLISH, event_name="release", event={"action": action})
    assert (job.conclusion is Conclusion.SUCCESS) is allowed
    assert allowed or job.reason == f"packages are published on release: published, not on release: {action}"


@pytest.mark.parametrize(
    ("file", "ref", "allowed"),
    [
        *((file, ref, True) for file in INPUTS for ref in ("refs/heads/main", "refs/heads/release/1")),
        *((file, ref, False) for file in INPUTS for ref in ("refs/pull/1/merge", "refs/heads/", "refs/tags/")),
        (PROMOTE, "refs/tags/v1", False),
    ],
)
def test_packages_come_from_branches_and_are_published_from_tags_too(file: str, ref: str, allowed: bool) -> None:
    job = first_job(file, ref=ref)
    assert (job.conclusion is Conclusion.SUCCESS) is allowed
    assert allowed or f"not from {ref}" in job.reason


@pytest.mark.parametrize(
    ("branch", "shown"),
    [("release/1.0_x-y", "from `release/1.0_x-y` |"), ("`|<b>![](https://evil.example)", "from `???b?????https?//evil.example?` |")],
)
def test_a_branch_is_no_markdown_for_who_approves(branch: str, shown: str) -> None:
    assert shown in first_job(PROMOTE, ref=f"refs/heads/{branch}", ref_name=branch).summary


@pytest.mark.parametrize(
    ("inputs", "allowed"),
    [
        ({"working-directory": "packages/a"}, True),
        ({"working-directory": "/etc"}, False),
        ({"working-directory": "a/../../b"}, False),
        ({"format": "pypi"}, True),
        ({"format": "nuget"}, True),
        ({"format": "ruby"}, False),
        ({"format": "cargo"}, True),
        ({"format": "cargo", "private-dependencies": True}, False),
    ],
)
def test_inputs_that_are_let_through(inputs: dict[str, Any], allowed: bool) -> None:
    assert (first_job(PUBLISH, inputs=inputs).conclusion is Conclusion.SUCCESS) is allowed


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, ""),
        ({"CODEARTIFACT_DOMAIN": "evil"}, "disagree with the registries"),
        ({"CODEARTIFACT_DOMAIN_OWNER": "999999999999"}, "disagree with the registries"),
        ({"CODEARTIFACT_REGION": "us-east-1"}, "disagree with the registries"),
        ({"CODEARTIFACT_DOMAIN": ""}, "CODEARTIFACT_DOMAIN is not set"),
        ({"CODEARTIFACT_REPOSITORY": "a b"}, "not the name of a CodeArtifact repository"),
        ({"CODEARTIFACT_REPOSITORY": "a\nrole-arn=arn:aws:iam::999999999999:role/x"}, "not the name of a CodeArtifact repository"),
        ({"ROLE": "arn:aws:iam::999999999999:role/x"}, "the role belongs to account 999999999999"),
        ({"ROLE": "arn:aws:iam::111122223333:user/x"}, "the ARN of a role"),
        ({"ROLE": ""}, "no role for this job"),
    ],
)
@pytest.mark.parametrize("file", INPUTS)
def test_variables_that_disagree_stop_the_run(file: str, changed: dict[str, str], message: str) -> None:
    role = "CODEARTIFACT_PUBLISH_ROLE_ARN" if file == PUBLISH else "CODEARTIFACT_PROMOTE_ROLE_ARN"
    job = first_job(file, variables={**VARIABLES, **{role if name == "ROLE" else name: value for name, value in changed.items()}})
    assert (job.conclusion is Conclusion.FAILURE) is bool(message), job.output
    assert message in job.reason


def test_the_constants_are_outputs_and_the_token_duration_is_not_the_callers() -> None:
    variables = {**VARIABLES, "CODEARTIFACT_DOMAIN": "acme-dev", "CODEARTIFACT_TOKEN_DURATION": "43200"}
    outputs = first_job(PUBLISH, variables=variables).outputs
    assert (outputs["domain"], outputs["domain-owner"], outputs["region"]) == ("acme-dev", "111122223333", "eu-west-1")
    assert (outputs["repository"], outputs["token-duration"]) == ("payments", "3600")


def test_a_wrong_read_role_stops_a_build_with_private_dependencies() -> None:
    variables = {**VARIABLES, "CODEARTIFACT_READ_ROLE_ARN": "arn:aws:iam::999999999999:role/x"}
    assert first_job(PUBLISH, variables=variables).conclusion is Conclusion.SUCCESS
    assert "999999999999" in first_job(PUBLISH, variables=variables, inputs={"private-dependencies": True}).reason


def test_two_packages_of_one_run_have_artifacts_of_their_own() -> None:
    names = {first_job(PUBLISH, inputs={"format": format, "working-directory": folder}).outputs["artifact"]
             for format, folder in (("npm", "."), ("pypi", "."), ("npm", "packages/a"))}  # fmt: skip
    assert len(names) == 3
