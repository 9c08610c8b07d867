"""Runs one action of this repository as a job's step would, without a cloud."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rehearsal import actions
from rehearsal.actions import RunResult, StartedJob

PROJECT = Path(__file__).parents[2]
OWN = "acme/package-flow"
PIN = "0" * 40
JOB = {"event_name": "push", "event": {}, "ref": "refs/heads/main", "ref_name": "main", "repository": "acme/payments-api", "actor": "bob"}
VARIABLES = {
    "CODEARTIFACT_DOMAIN": "acme",
    "CODEARTIFACT_DOMAIN_OWNER": "111122223333",
    "CODEARTIFACT_REGION": "eu-west-1",
    "CODEARTIFACT_REPOSITORY": "payments",
    "CODEARTIFACT_READ_ROLE_ARN": "arn:aws:iam::111122223333:role/package-flow/prod-read",
    "CODEARTIFACT_PUBLISH_ROLE_ARN": "arn:aws:iam::111122223333:role/package-flow/prod-publish-payments-api",
    "CODEARTIFACT_PROMOTE_ROLE_ARN": "arn:aws:iam::111122223333:role/package-flow/prod-promote-payments-api",
}
# Workflows of this repository, and of others that call its actions.
run_workflow = partial(actions.run_workflow, own_repository=OWN)


# A job of a workflow takes npm or pip and many calls of the AWS CLI.
WHOLE_RUNS = pytest.mark.slow("each workflow and what it refuses first is run without; make rehearse runs all, with real clients")


def starting(github: dict[str, Any] | None = None, variables: dict[str, str] | None = None, env: dict[str, str] | None = None):
    """A `start_job` that lets every job start."""
    context, seen = {**JOB, **(github or {})}, VARIABLES if variables is None else variables
    return lambda job, permissions, environment: StartedJob(context, seen, env or {})


def call_action(
    folder: Path,
    name: str,
    inputs: dict[str, str],
    *,
    source: Path | None = None,
    path: str | None = None,
    env: dict[str, str] | None = None,
) -> RunResult:
    """One job: check `source` out if there is one, call the action, show its outputs (step `show`)."""
    steps: list[dict[str, Any]] = [{"id": "called", "uses": f"{OWN}/.github/actions/{name}@main", "with": inputs}]
    if source is not None:
        steps.insert(0, {"uses": f"actions/checkout@{PIN}", "with": {"persist-credentials": "false"}})
    steps.append({"name": "show", "run": 'echo "$OUTPUTS"', "env": {"OUTPUTS": "${{ toJSON(steps.called.outputs) }}"}})
    workflow = {"on": {"workflow_call": {}}, "jobs": {"job": {"runs-on": "ubuntu", "permissions": {}, "steps": steps}}}
    file = folder / "workflow.yml"
    file.write_text(json.dumps(workflow))
    return run_workflow(file, inputs={}, start_job=starting(env=env), checkout=PROJECT, source=source, path=path)
