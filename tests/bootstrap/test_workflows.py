"""This project's own workflows: pinned, without secrets, and in step with the bootstrap."""

import ast
import json
import os
import re
import subprocess
from typing import Any

import pytest
import yaml

from bootstrap import declaration, drift, pulumi_cloud
from company import places
from policies.roles.previewer import DRIFT_WORKFLOW
from rehearsal.cloud.pulumi_cloud.settings import matches
from tests.bootstrap import samples

WORKFLOWS = samples.ROOT / ".github" / "workflows"
OWN = ("checks.yml", "deploy.yml", "drift.yml", "tests.yml")


def read(name: str) -> dict[Any, Any]:
    return yaml.safe_load((WORKFLOWS / name).read_text())


@pytest.mark.parametrize("name", OWN)
def test_actions_are_pinned_to_a_commit_and_say_its_release(name):
    used = re.findall(r"uses: (\S+)(.*)", (WORKFLOWS / name).read_text())
    assert used
    assert [one for one, comment in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", one)] == []
    assert [one for one, comment in used if not re.fullmatch(r" # v\d+\.\d+\.\d+", comment)] == []


def test_an_action_has_one_commit_everywhere():
    pins: dict[str, set[str]] = {}
    for file in WORKFLOWS.glob("*.yml"):
        for action, commit in re.findall(r"uses: (\S+)@([0-9a-f]{40})", file.read_text()):
            pins.setdefault(action, set()).add(commit)
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("name", OWN)
def test_no_secret_is_read_and_no_right_is_given_to_all_jobs(name):
    workflow = read(name)
    assert "secrets." not in (WORKFLOWS / name).read_text()
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow[True]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        if job["permissions"] == {"issues": "write"}:
            assert not [step for step in job["steps"] if "uses" in step]
            continue
        assert set(job["permissions"]) <= {"contents", "id-token"} and job["permissions"]["contents"] == "read"
        checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
        assert checkout["with"]["persist-credentials"] is False


def test_the_required_checks_are_jobs():
    required = declaration.defaults(samples.FOLDER)[f"{declaration.PROJECT}:checks"]
    assert set(read("checks.yml")["jobs"]) == set(required)
    assert {job.get("name", name) for name, job in read("checks.yml")["jobs"].items()} == set(required)
    assert all("if" not in job for job in read("checks.yml")["jobs"].values())


def test_checks_run_on_every_pull_request():
    assert read("checks.yml")[True]["pull_request"] is None
    jobs = read("checks.yml")["jobs"]
    assert jobs["check"]["steps"][-2:] == [{"run": "make check"}, {"run": "make company CHECK=1"}]
    assert "make rehearse ALL=1" in jobs["rehearse"]["steps"][-1]["run"]
    assert "make test" not in (WORKFLOWS / "checks.yml").read_text()


def test_the_tests_run_for_what_is_the_products_and_no_branch_requires_them():
    workflow = read("tests.yml")
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": "make test ALL=1"}
    assert not set(workflow["jobs"]) & set(declaration.defaults(samples.FOLDER)[f"{declaration.PROJECT}:checks"])
    left_out = workflow[True]["pull_request"]["paths-ignore"]
    ours = [*places.data(samples.ROOT)]
    assert ours and all(any(matches(pattern, one) for pattern in left_out) for one in ours)
    files = ("Pulumi.yaml", "bootstrap/Pulumi.yaml", "settings/shapes.py", ".github/actions/registry/check.sh", "tests/conftest.py")
    assert not [one for one in files for pattern in left_out if matches(pattern, one)]


def test_deploying_is_bound_to_an_environment_and_previewing_is_not():
    jobs = read("deploy.yml")["jobs"]
    for job, other in (("deploy-team-stacks", "deploy"), ("preview-team-stacks", "preview")):
        own = jobs.pop(job)
        assert own["steps"] == jobs[other]["steps"]
        own = json.loads(json.dumps(own).replace("PACKAGE_FLOW_TEAM_STACKS", "PACKAGE_FLOW_STACKS"))
        assert (own.pop("needs", None), other) in (("deploy", "deploy"), (None, "preview"))
        # What waits for a push's deployment needs no look at the event: that job is skipped for every other one.
        assert own.pop("if") in jobs[other]["if"] and "!" not in jobs[other]["if"]
        assert own == {key: value for key, value in jobs[other].items() if key != "if"}
    assert jobs["deploy"]["environment"] == "${{ matrix.stack }}"
    assert "environment" not in jobs["preview"]
    assert "github.event_name == 'push'" in jobs["deploy"]["if"]
    assert "github.event_name == 'pull_request'" in jobs["preview"]["if"]
    commands = {
        name: next(step["with"]["command"] for step in job["steps"] if "pulumi/actions" in step.get("uses", ""))
        for name, job in jobs.items()
    }
    assert commands == {"preview": "preview", "deploy": "up"}
    roles = {
        name: next(step["with"]["role-to-assume"] for step in job["steps"] if "aws-actions" in step.get("uses", ""))
        for name, job in jobs.items()
    }
    assert {name: role.rpartition("-")[2] for name, role in roles.items()} == {"preview": "preview", "deploy": "deployer"}
    assert jobs["deploy"]["concurrency"]["cancel-in-progress"] is False


def test_drift_is_compared_by_one_job_and_told_by_another():
    workflow = read("drift.yml")
    jobs = workflow["jobs"]
    assert workflow[True]["schedule"] == [{"cron": declaration.DRIFT_SCHEDULE}]
    assert declaration.defaults(samples.FOLDER)[f"{declaration.PROJECT}:driftDetection"] == declaration.DRIFT_SCHEDULE
    assert {name: one["permissions"] for name, one in jobs.items()} == {
        "compare": {"contents": "read", "id-token": "write"},
        "say": {"issues": "write"},
    }
    assert not any("environment" in one for one in jobs.values())
    role = next(step["with"]["role-to-assume"] for step in jobs["compare"]["steps"] if "aws-actions" in step.get("uses", ""))
    assert role.endswith("-preview")
    assert f".github/workflows/{WORKFLOWS.joinpath('drift.yml').name}" == DRIFT_WORKFLOW
    pulumi = next(step for step in jobs["compare"]["steps"] if "pulumi/actions" in step.get("uses", ""))
    assert "command" not in pulumi["with"], "the action's own refresh writes the state"
    compared = jobs["compare"]["steps"][-1]["run"]
    assert "pulumi refresh" in compared and "--preview-only" in compared and f"--exclude '{drift.REFUSED}'" in compared


GH = """#!/usr/bin/env python3
import json, os, sys
from pathlib import Path

file = Path(os.environ["ISSUES"])
issues, given = json.loads(file.read_text()), sys.argv[1:]
if given[:2] == ["issue", "list"]:
    assert given[2:] == ["--state", "open", "--app", "github-actions", "--limit", "100", "--json", "number,title"], given
    print(json.dumps([{"number": int(key), "title": one["title"]} for key, one in issues.items() if one["open"]]))
elif given[:2] == ["issue", "create"]:
    issues[str(len(issues) + 1)] = {"title": given[3], "open": True, "said": [given[5]]}
else:
    assert given[1] in ("close", "comment"), given
    one = issues[given[2]]
    one["open"] = given[1] == "comment"
    one["said"].append(given[4])
file.write_text(json.dumps(issues))
"""


def test_drift_opens_one_issue_which_is_commented_and_closed(tmp_path):
    """The step as it stands, with a gh that keeps issues in a file."""
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    issues = tmp_path / "issues.json"
    others = {"1": {"title": "package-flow: something else", "open": True, "said": []}}
    issues.write_text(json.dumps(others))
    (step,) = read("drift.yml")["jobs"]["say"]["steps"]

    def say(result: str) -> list[tuple[bool, int]]:
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "ISSUES": str(issues),
            "RESULT": result,
            "RUN": "https://github.com/run/1",
        }
        subprocess.run(["bash", "-e", "-c", step["run"]], env=environment, check=True, timeout=60)
        kept = json.loads(issues.read_text())
        assert kept["1"] == others["1"]
        return [(one["open"], len(one["said"])) for key, one in kept.items() if key != "1"]

    assert say("success") == []
    assert say("failure") == [(True, 1)]
    assert say("failure") == [(True, 2)]
    assert say("success") == [(False, 3)]
    assert say("success") == [(False, 3)]
    assert say("failure") == [(False, 3), (True, 1)]


def test_both_ways_deploy_what_belongs_to_the_program():
    events = read("deploy.yml")[True]
    assert events["push"]["paths"] == events["pull_request"]["paths"]
    of_every_stack = set.intersection(*(set(pulumi_cloud.paths(stack, f"catalog/{stack}")) for stack in ("dev", "prod")))
    assert set(events["push"]["paths"]) == {*(of_every_stack - {"Pulumi.yaml"}), "Pulumi*.yaml", "adopted/*.json", "catalog/**"}
    assert set(events["push"]["branches"]) == set(samples.parse().branches) == set(events["pull_request"]["branches"])
    for stack in ("dev", "prod"):
        for pattern in pulumi_cloud.paths(stack, f"catalog/{stack}"):
            example = pattern.replace("**", "sub/file.py")
            assert any(matches(one, example) for one in events["push"]["paths"]), pattern


def imported() -> list[str]:
    """Files of the program, relative to the checkout: what its __main__.py imports, directly or not."""
    found: dict[str, None] = {}
    waiting = ["__main__"]
    while waiting:
        module = waiting.pop().replace(".", "/")
        for file in (f"{module}.py", f"{module}/__init__.py"):
            if file not in found and (samples.ROOT / file).is_file():
                found[file] = None
                waiting += _imports((samples.ROOT / file).read_text())
    return list(found)


def _imports(source: str) -> list[str]:
    """Every name that could be a module: `from a import b` may mean a/b.py."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return names


def test_the_program_is_found():
    assert {"__main__.py", "lookups.py", "components/team.py", "plan/planning.py", "settings/shapes.py", "policies/names.py"} <= set(
        imported()
    )


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_file_of_the_program_starts_a_deployment(stack):
    filters = pulumi_cloud.paths(stack, f"catalog/{stack}")
    changed = [*imported(), "Pulumi.yaml", f"Pulumi.{stack}.yaml", "requirements.txt", f"catalog/{stack}/payments.yaml"]
    assert [file for file in changed if not any(matches(one, file) for one in filters)] == []


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_nothing_else_does(stack):
    other = "prod" if stack == "dev" else "dev"
    filters = pulumi_cloud.paths(stack, f"catalog/{stack}")
    others = (
        "README.md",
        "docs/operations.md",
        "tests/conftest.py",
        "rehearsal/stage.py",
        f"Pulumi.{other}.yaml",
        f"catalog/{other}/x.yaml",
    )
    assert [file for file in (*others, "bootstrap/program.py") if any(matches(one, file) for one in filters)] == []
    assert not any(one.startswith("!") for one in filters)
