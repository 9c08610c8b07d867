"""What every workflow and action of this repository that others call looks like."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies.names import PRIVATE_DEPENDENCIES_ENVIRONMENT, PROMOTE_ENVIRONMENT, Variable
from rehearsal.actions import definitions
from rehearsal.actions.runner import permissions_of
from tests.workflows.calling import PROJECT

WORKFLOWS = [PROJECT / ".github" / "workflows" / name for name in ("publish-package.yml", "promote-package.yml")]
ACTIONS = sorted((PROJECT / ".github" / "actions").iterdir())
FILES = [*WORKFLOWS, *(folder / "action.yml" for folder in ACTIONS)]
OWN = re.compile(r"^acme/package-flow/\.github/actions/([a-z-]+)@main$")
PINNED = re.compile(r"^actions/[a-z-]+@[0-9a-f]{40}$")
WITH_VERSION = re.compile(r"uses: (actions/[a-z-]+)@([0-9a-f]{40}) # v(\d+\.\d+\.\d+)$")
CHECK_OF_TAGS = "acme/package-flow/.github/actions/release-tag@"
TOKEN_JOBS = {(f"{file}-package.yml", job) for file in ("publish", "promote") for job in ("dependencies", file)}


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in WORKFLOWS:
        for name, job in definitions.workflow(file)["jobs"].items():
            yield from ((f"{file.name}: {name}", step) for step in job["steps"])
    for folder in ACTIONS:
        yield from ((folder.name, step) for step in definitions.action(folder)["runs"]["steps"])


def jobs() -> Iterator[tuple[str, str, dict[str, Any], dict[str, str]]]:
    for file in WORKFLOWS:
        definition = definitions.workflow(file)
        for name, job in definition["jobs"].items():
            yield file.name, name, job, permissions_of(definition, job)


def test_there_is_something_to_look_at() -> None:
    assert len(ACTIONS) == 13


def test_the_workflows_read_the_variables_that_the_program_writes() -> None:
    read = {name for file in FILES for name in re.findall(r"vars\.(CODEARTIFACT_\w+)", file.read_text())}
    assert read == set(Variable)
    assert len(list(steps())) > 35


def test_actions_are_this_repositorys_or_pinned_to_a_commit() -> None:
    for where, step in steps():
        if "uses" in step:
            own = OWN.match(step["uses"])
            assert own or PINNED.match(step["uses"]), f"{where}: {step['uses']}"
            assert own is None or (PROJECT / ".github" / "actions" / own[1] / "action.yml").is_file(), f"{where}: {step['uses']}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_pinned_action_says_which_version_it_is(file: Path) -> None:
    lines = [line.strip() for line in file.read_text().splitlines() if re.search(r"uses: actions/", line)]
    found = [WITH_VERSION.search(line) for line in lines]
    assert all(found), lines


def test_one_action_has_one_version() -> None:
    used: dict[str, set[tuple[str, str]]] = {}
    for file in FILES:
        for name, commit, version in WITH_VERSION.findall("\n".join(line.strip() for line in file.read_text().splitlines())):
            used.setdefault(name, set()).add((commit, version))
    assert all(len(versions) == 1 for versions in used.values()), used


def test_no_expression_stands_in_a_script() -> None:
    for where, step in steps():
        assert "${{" not in step.get("run", ""), f"{where}: pass it through env"
        assert "${{" not in step.get("shell", "")


def test_scripts_are_bash_and_strict() -> None:
    for where, step in steps():
        if "run" in step and "\n" in step["run"].strip():
            assert step["run"].startswith("set -euo pipefail\n"), where
    for script in (PROJECT / ".github" / "actions").rglob("*.sh"):
        text = script.read_text()
        assert text.startswith("# shellcheck shell=bash\n") or ("#!/usr/bin/env bash\n" in text and "\nset -euo pipefail\n" in text), script
    for file in WORKFLOWS:
        assert definitions.workflow(file)["defaults"] == {"run": {"shell": "bash"}}


def test_permissions_are_the_least() -> None:
    for file in WORKFLOWS:
        assert definitions.workflow(file)["permissions"] == {}
    found = {(file, name) for file, name, _, permissions in jobs() if "id-token" in permissions}
    assert found == TOKEN_JOBS
    for file, name, job, permissions in jobs():
        reads = any(step.get("uses", "").startswith(("actions/checkout@", CHECK_OF_TAGS)) for step in job["steps"])
        assert set(permissions) <= {"contents", "id-token"}, (file, name)
        assert permissions.get("contents") == ("read" if reads else None), (file, name)


def test_a_job_that_gets_a_role_runs_on_githubs_machines() -> None:
    for file, name, job, permissions in jobs():
        assert (job["runs-on"] == "ubuntu-24.04") is ((file, name) != ("publish-package.yml", "build")), (file, name)
        assert "id-token" not in permissions or job["runs-on"] == "ubuntu-24.04", (file, name)


def test_a_job_with_a_token_runs_no_command_of_the_caller() -> None:
    for file, name, job, permissions in jobs():
        if permissions.get("id-token"):
            assert "build-command" not in str(job), (file, name)
            assert not any("run" in step for step in job["steps"]), (file, name)


def test_checkouts_leave_no_credential_behind() -> None:
    for where, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, where


def test_no_secret_is_used() -> None:
    for file in FILES:
        assert "secrets" not in file.read_text(), file
        # The job's token, which reads the repository, is used by who looks for the merge that made a tag's commit, and by nobody else.
        assert ("github.token" in file.read_text()) is (file.parent.name == "release-tag"), file


def test_every_job_has_a_timeout() -> None:
    for file, name, job, _ in jobs():
        assert job["timeout-minutes"] <= 60, (file, name)


def test_no_job_is_cancelled_by_a_newer_one() -> None:
    """A group that keeps one pending job loses the one before; a promotion, which waits for people, is in no group at all."""
    groups = {(file, name): job["concurrency"] for file, name, job, _ in jobs() if "concurrency" in job}
    assert set(groups) == {("publish-package.yml", "publish")}
    assert all((one["queue"], one["cancel-in-progress"]) == ("max", False) for one in groups.values())


def test_jobs_hand_over_by_id_and_digest_alone() -> None:
    own = re.compile(r"(hand-over|take-over)@main$")
    for file, name, job, _ in jobs():
        used = [step.get("uses", "") for step in job["steps"]]
        assert not [one for one in used if "artifact@" in one], (file, name)
        for step in (one for one in job["steps"] if own.search(one.get("uses", ""))):
            taken = {key: value for key, value in step["with"].items() if key in ("artifact-id", "digest")}
            source = job["needs"][-1]
            expected = {key: f"${{{{ needs.{source}.outputs.{key} }}}}" for key in ("artifact-id", "digest")}
            assert taken == ({} if "hand-over" in step["uses"] else expected), (file, name)


def test_what_a_job_waits_with_is_kept_for_as_long_as_it_may_wait() -> None:
    """A reviewer of an environment has 30 days: https://docs.github.com/en/actions/reference/limits"""
    kept = {
        (file, name): int(step["with"]["retention-days"]) for file, name, job, _ in jobs() for step in job["steps"]
        if step.get("uses", "").endswith("hand-over@main")
    }  # fmt: skip
    waited = [
        (file, job["needs"][-1]) for file, name, job, _ in jobs()
        if "environment" in job and any(step.get("uses", "").endswith("take-over@main") for step in job["steps"])
    ]  # fmt: skip
    assert waited == [("publish-package.yml", "build")]
    assert all(kept[one] > 30 for one in waited)


def test_the_environments() -> None:
    environments = {(file, name): job["environment"] for file, name, job, _ in jobs() if "environment" in job}
    assert environments == {
        ("publish-package.yml", "dependencies"): PRIVATE_DEPENDENCIES_ENVIRONMENT,
        ("publish-package.yml", "publish"): "${{ inputs.environment }}",
        ("promote-package.yml", "dependencies"): PRIVATE_DEPENDENCIES_ENVIRONMENT,
        ("promote-package.yml", "promote"): PROMOTE_ENVIRONMENT,
    }


def test_two_jobs_with_a_token_never_have_the_same_subject() -> None:
    """Publish roles trust a job by branch and file where it has no environment: no other job of the file may have such a token."""
    without = [(file, name) for file, name, job, _ in jobs() if (file, name) in TOKEN_JOBS and not str(job.get("environment", ""))]
    chosen = [(file, name) for file, name, job, _ in jobs() if "inputs." in str(job.get("environment", ""))]
    assert without == []
    assert chosen == [("publish-package.yml", "publish")]


def test_variables_are_read_by_the_check_alone() -> None:
    for file in WORKFLOWS:
        for name, job in definitions.workflow(file)["jobs"].items():
            uses = [step for step in job["steps"] if "vars." in str(step)]
            assert {step["uses"] for step in uses} <= {"acme/package-flow/.github/actions/registry@main"}, (file, name)
            assert bool(uses) is (name in ("check", "request")), (file, name)
            assert "vars." not in str({key: value for key, value in job.items() if key != "steps"})


def test_every_input_and_output_says_what_it_is() -> None:
    for folder in ACTIONS:
        definition = definitions.action(folder)
        assert definition["description"], folder
        for kind in ("inputs", "outputs"):
            assert all(about["description"] for about in (definition.get(kind) or {}).values()), folder
