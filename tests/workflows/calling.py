"""Runs one action of this repository as a job's step would, without a cloud."""

import copy
import importlib
import json
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rehearsal import actions
from rehearsal.actions import Job, RunResult, StartedJob, definitions, machine
from rehearsal.actions.results import JobRefused

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


def script(path: str) -> Any:
    """A script of an action (ACTION/NAME), as a module. It finds those beside it, as when it runs."""
    action, _, name = path.partition("/")
    folder = str(PROJECT / ".github" / "actions" / action)
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


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


def built(source: Path, inputs: dict[str, Any], *, env: dict[str, str] | None = None, **options: Any) -> Job:
    """The job build of the publishing workflow on a source tree, as far as its runner gets without a cloud: nothing is published."""
    github = {"ref": f"refs/tags/{env['GITHUB_REF_NAME']}"} if env and env.get("GITHUB_REF_TYPE") == "tag" else {}

    def start(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
        if job == "publish":
            raise JobRefused("nothing is published here")
        return starting(github, env=env)(job, permissions, environment)

    definition = copy.deepcopy(definitions.read(PROJECT / ".github" / "workflows" / "publish-package.yml"))
    # The commit of a tag is another test's.
    definition["jobs"]["check"]["steps"] = [one for one in definition["jobs"]["check"]["steps"] if "release-tag" not in one.get("uses", "")]
    file = Path(options.pop("folder", None) or tempfile.mkdtemp()) / "publish-package.yml"
    file.write_text(json.dumps(definition))
    declared = definition["on"]["workflow_call"]["inputs"]
    tools = {f"{tool}-version": machine.version(tool, {"PATH": machine.default_path()}) or "1" for tool in ("node", "python", "java")}
    values = {**{name: version for name, version in tools.items() if name in declared}, **inputs}
    return run_workflow(file, inputs=values, start_job=start, checkout=PROJECT, source=source, **options).jobs["build"]
