"""The runner on small workflow files, without a cloud."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions import (
    Conclusion,
    DefinitionError,
    ExpressionError,
    JobRefused,
    JobWaiting,
    RunResult,
    StartedJob,
    run_workflow,
)

PROJECT = Path(__file__).parents[3]
OWN = "acme/package-flow"
GITHUB = {"event_name": "push", "ref": "refs/heads/main", "repository": "acme/api", "actor": "bob", "ref_name": "main"}


def start(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
    return StartedJob(GITHUB, {"NAME": "value"}, {"GITHUB_REF": "refs/heads/main", "GITHUB_REPOSITORY": "acme/api"})


class Repository:
    """A repository with one workflow, and actions if a test writes some."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workflow = root / ".github" / "workflows" / "w.yml"
        self.workflow.parent.mkdir(parents=True)

    def action(self, name: str, text: str) -> None:
        folder = self.root / ".github" / "actions" / name
        folder.mkdir(parents=True)
        (folder / "action.yml").write_text(textwrap.dedent(text))

    def run(self, jobs: str, *, inputs: dict[str, Any] | None = None, declared: str = "", **options: Any) -> RunResult:
        head = "name: W\non:\n  workflow_call:\n" + textwrap.indent(textwrap.dedent(declared), "    ") + "\npermissions: {}\njobs:\n"
        self.workflow.write_text(head + textwrap.indent(textwrap.dedent(jobs), "  "))
        return run_workflow(self.workflow, inputs=inputs or {}, **dict[str, Any](start_job=start, own_repository=OWN) | options)

    def steps(self, steps: str, **options: Any) -> RunResult:
        """A workflow with one job, `job`."""
        body = textwrap.indent(textwrap.dedent(steps), "    ")
        return self.run("job:\n  runs-on: ubuntu\n  defaults: {run: {shell: bash}}\n  steps:\n" + body, **options)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_values_flow_from_step_to_step_and_job_to_job(repository: Repository) -> None:
    result = repository.run(
        """
        first:
          runs-on: ubuntu
          outputs: {answer: "${{ steps.a.outputs.x }}"}
          steps:
            - id: a
              run: |
                echo "x=${{ inputs.who }} ${{ vars.NAME }}" >> "$GITHUB_OUTPUT"
                echo "LATER=1" >> "$GITHUB_ENV"
                mkdir bin; printf '#!/bin/sh\\necho tool ran\\n' > bin/tool; chmod +x bin/tool; echo "$PWD/bin" >> "$GITHUB_PATH"
            - run: test "$LATER" = 1; tool; echo "seen ${{ env.LATER }}"; echo "# done" >> "$GITHUB_STEP_SUMMARY"
        second:
          runs-on: ubuntu
          needs: first
          env: {ANSWER: "${{ needs.first.outputs.answer }}"}
          steps:
            - run: test "$ANSWER" = "world value"; test -z "${LATER:-}"
              shell: bash
        """,
        declared="""
        inputs: {who: {type: string, default: world}}
        outputs: {answer: {value: "${{ jobs.first.outputs.answer }}"}}
        """,
    )
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert result.outputs == {"answer": "world value"}
    assert "tool ran\nseen 1\n" in result.output
    assert result.summary == "# done\n"


def test_a_failing_step_ends_the_job_and_what_needs_it(repository: Repository) -> None:
    result = repository.run(
        """
        first:
          runs-on: ubuntu
          steps:
            - run: echo "::error::it broke"; exit 3
            - run: echo skipped
            - if: failure()
              run: echo "status ${{ job.status }}"
        second: {runs-on: ubuntu, needs: [first], steps: [{run: echo never}]}
        third: {runs-on: ubuntu, needs: [second], if: always(), steps: [{run: "echo ${{ needs.second.result }}"}]}
        """
    )
    first = result.jobs["first"]
    assert [step.conclusion for step in first.steps] == [Conclusion.FAILURE, Conclusion.SKIPPED, Conclusion.SUCCESS]
    assert first.steps[0].exit_code == 3
    assert first.steps[2].output == "status failure\n"
    assert result.jobs["second"].conclusion is Conclusion.SKIPPED
    assert "skipped\n" in result.jobs["third"].output
    assert (result.conclusion, result.reason, result.errors) == (Conclusion.FAILURE, "first: it broke", ["it broke"])


@pytest.mark.parametrize(("script", "conclusion"), [("false | true", Conclusion.FAILURE), ("true | true", Conclusion.SUCCESS)])
def test_bash_is_strict_about_pipes(repository: Repository, script: str, conclusion: Conclusion) -> None:
    assert repository.steps(f"- run: {script}").conclusion is conclusion


def test_nothing_of_the_machine_leaks_into_a_job(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NPM_CONFIG_REGISTRY", "PIP_INDEX_URL", "HTTPS_PROXY", "AWS_ACCESS_KEY_ID", "GITHUB_TOKEN", "MAVEN_ARGS"):
        monkeypatch.setenv(name, "leaked")
    result = repository.steps("- run: env -0 | tr '\\0' '\\n'; ls -A \"$HOME\"", extra_env={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert result.conclusion is Conclusion.SUCCESS
    assert "leaked" not in result.output
    assert f"HOME={Path.home()}\n" not in result.output
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:1\n" in result.output


def test_each_job_is_fresh(repository: Repository) -> None:
    one = '{runs-on: ubuntu, NEEDS steps: [{run: "test -z \\"$(ls -A \\"$HOME\\" .)\\" || ls -A $HOME .; touch file ~/file"}]}'
    jobs = f"first: {one.replace('NEEDS', '')}\nsecond: {one.replace('NEEDS', 'needs: first,')}"
    result = repository.run(jobs)
    assert result.conclusion is Conclusion.SUCCESS
    assert "file" not in result.jobs["second"].steps[0].output


def test_artifacts_go_from_job_to_job(repository: Repository, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "file").write_text("content")
    pin = "0" * 40
    result = repository.run(
        f"""
        first:
          runs-on: ubuntu
          steps:
            - uses: actions/checkout@{pin}
              with: {{persist-credentials: false}}
            - run: touch sub/.hidden
            - uses: actions/upload-artifact@{pin}
              with: {{name: a, path: sub, if-no-files-found: error}}
        second:
          runs-on: ubuntu
          needs: first
          steps:
            - uses: actions/download-artifact@{pin}
              with: {{name: a, path: "${{{{ runner.temp }}}}/a"}}
            - run: cat "$RUNNER_TEMP/a/file"; ls -A "$RUNNER_TEMP/a"
        """,
        source=source,
    )
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert "contentfile\n" in result.jobs["second"].output


@pytest.mark.parametrize(
    ("uses", "with_", "reason"),
    [
        (f"actions/checkout@{'0' * 40}", "{}", "persist-credentials"),
        (f"actions/upload-artifact@{'0' * 40}", "{name: a, path: nothing, if-no-files-found: error}", "no files"),
        (f"actions/download-artifact@{'0' * 40}", "{name: a}", "unable to find artifact a"),
        (f"actions/cache@{'0' * 40}", "{}", "no stand-in"),
        (f"actions/upload-artifact@{'0' * 40}", "{name: a, path: x, compression-level: 9}", "compression-level"),
        ("actions/checkout@v7", "{}", "not an action at a full commit"),
        ("./.github/actions/own", "{}", "not an action at a full commit"),
        ("docker://alpine", "{}", "not an action at a full commit"),
    ],
)
def test_actions_that_fail_or_are_not_known(repository: Repository, tmp_path: Path, uses: str, with_: str, reason: str) -> None:
    result = repository.steps(f"- uses: {uses}\n  with: {with_}", source=tmp_path)
    assert result.conclusion is Conclusion.FAILURE
    assert reason in result.reason


def test_an_action_is_the_checkouts_where_its_name_leads_to_the_branch(repository: Repository) -> None:
    own = "name: A\nruns:\n  using: composite\n  steps:\n    - {run: echo of the branch, shell: bash}\n"
    repository.action("a", own)
    asked = []

    def leading_to(ref: str) -> Callable[..., StartedJob]:
        def resolve(uses: str) -> str:
            asked.append(uses)
            return ref

        return lambda *job: replace(start(*job), resolve=resolve)

    uses = "- uses: acme/package-flow/.github/actions/a@main"
    assert "of the branch" in repository.steps(uses, start_job=leading_to("refs/heads/main")).output
    with pytest.raises(DefinitionError, match="@main is refs/tags/main there"):
        repository.steps(uses, start_job=leading_to("refs/tags/main"))
    assert asked == ["acme/package-flow/.github/actions/a@main"] * 2


@pytest.mark.parametrize(("wanted", "conclusion"), [("1", Conclusion.SUCCESS), ("999", Conclusion.UNAVAILABLE)])
def test_a_tool_that_is_too_old_makes_the_job_unavailable(repository: Repository, wanted: str, conclusion: Conclusion) -> None:
    pin = "0" * 40
    result = repository.steps(f'- uses: actions/setup-python@{pin}\n  with: {{python-version: "{wanted}"}}\n- run: python --version')
    assert result.conclusion is conclusion
    assert ("requires python 999" in result.reason) is (conclusion is Conclusion.UNAVAILABLE)


def test_a_python_of_its_own_sees_what_is_installed_and_installs_elsewhere(repository: Repository) -> None:
    pin = "0" * 40
    result = repository.steps(
        f"""
        - uses: actions/setup-python@{pin}
          with: {{python-version: "3"}}
        - run: python -c "import sys, yaml; print(sys.prefix)"; python -m pip --version
        """
    )
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert "/job/python\n" in result.output


def test_composite_actions_of_this_repository(repository: Repository) -> None:
    repository.action(
        "inner",
        """
        name: Inner
        description: x
        inputs: {word: {required: true}}
        outputs: {said: {value: "${{ steps.say.outputs.said }}"}}
        runs:
          using: composite
          steps:
            - id: say
              shell: bash
              run: test -f "$GITHUB_ACTION_PATH/action.yml"; echo "said=$WORD!" >> "$GITHUB_OUTPUT"; echo "LEFT=behind" >> "$GITHUB_ENV"
              env: {WORD: "${{ inputs.word }}"}
        """,
    )
    repository.action(
        "outer",
        """
        name: Outer
        description: x
        inputs: {word: {default: none}}
        outputs: {said: {value: "${{ steps.inner.outputs.said }}"}}
        runs:
          using: composite
          steps:
            - id: inner
              uses: acme/package-flow/.github/actions/inner@main
              with: {word: "${{ inputs.word }}"}
        """,
    )
    steps = """
        - id: outer
          uses: acme/package-flow/.github/actions/outer@main
          with: {KEY: hello}
        - run: echo "${{ steps.outer.outputs.OUTPUT }} $LEFT"
        """
    result = repository.steps(steps.replace("KEY", "word").replace("OUTPUT", "said"))
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert "hello! behind\n" in result.output
    with pytest.raises(DefinitionError, match="no input wrod"):
        repository.steps(steps.replace("KEY", "wrod").replace("OUTPUT", "said"))
    with pytest.raises(ExpressionError, match="siad"):
        repository.steps(steps.replace("KEY", "word").replace("OUTPUT", "siad"))


def test_what_a_step_starts_ends_with_it(repository: Repository, tmp_path: Path) -> None:
    result = repository.steps(f"- run: sleep 1000 & echo $! > {tmp_path}/pid")
    assert result.conclusion is Conclusion.SUCCESS
    process = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    assert ended(process)


def ended(process: Path) -> bool:
    """Whether the process of this /proc/PID/stat ends: a signal is sent at once, but acted on when the process next has a turn."""
    for _ in range(200):
        try:
            # One that nobody has waited for yet is a zombie (Z).
            if process.read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


INTERRUPTED = """
import sys
from pathlib import Path
from rehearsal.actions import StartedJob, run_workflow
run_workflow(Path(sys.argv[1]), inputs={}, start_job=lambda *_: StartedJob({}, {}, {}), own_repository="")
"""


def test_what_a_step_started_ends_when_the_runner_is_interrupted(repository: Repository, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    job = {"runs-on": "u", "permissions": {}, "steps": [{"run": f"sleep 1000 & echo $! > {pipe}; wait"}]}
    repository.workflow.write_text(json.dumps({"on": {"workflow_call": {}}, "jobs": {"job": job}}))
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(repository.workflow)], cwd=PROJECT, stderr=subprocess.DEVNULL) as runner:
        started = pipe.read_text().strip()
        runner.send_signal(signal.SIGINT)
        runner.wait()
    assert runner.returncode != 0
    assert ended(Path("/proc") / started / "stat")


def test_a_step_that_takes_too_long_is_ended(repository: Repository) -> None:
    result = repository.steps("- run: echo begun; sleep 1000\n  timeout-minutes: 0.005")
    assert result.conclusion is Conclusion.FAILURE
    assert "timeout" in result.reason
    assert "begun" in result.output


def test_jobs_that_do_not_start(repository: Repository) -> None:
    def gate(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
        if environment == "guarded":
            raise JobWaiting("nobody has approved it")
        if environment == "closed":
            raise JobRefused("the branch may not deploy")
        return start(job, permissions, environment)

    jobs = "job: {runs-on: ubuntu, environment: '${{ inputs.environment }}', steps: [{run: echo ran}]}"
    declared = "inputs: {environment: {type: string, default: ''}}"
    outcomes = {
        name: repository.run(jobs, inputs={"environment": name}, declared=declared, start_job=gate) for name in ("", "guarded", "closed")
    }
    assert {name: result.conclusion for name, result in outcomes.items()} == {
        "": Conclusion.SUCCESS,
        "guarded": Conclusion.WAITING,
        "closed": Conclusion.FAILURE,
    }
    assert outcomes["closed"].reason == "job: the branch may not deploy"
    assert not outcomes["guarded"].jobs["job"].started


def test_a_job_is_told_its_permissions_and_ends(repository: Repository) -> None:
    told, ended = [], []

    def note(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
        told.append((job, dict(permissions)))
        return StartedJob(GITHUB, {}, {}, lambda: ended.append(job))

    repository.run(
        "a: {runs-on: u, permissions: {id-token: write}, steps: [{run: 'false'}]}\nb: {runs-on: u, steps: [{run: 'true'}]}", start_job=note
    )
    assert told == [("a", {"id-token": "write"}), ("b", {})]
    assert ended == ["a", "b"]


@pytest.mark.parametrize("permission", ["read", "write"])
def test_a_request_token_without_the_permission_is_a_fault_of_the_stand_in(repository: Repository, permission: str) -> None:
    def generous(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
        return StartedJob(GITHUB, {}, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t", "ACTIONS_ID_TOKEN_REQUEST_URL": "u"})

    jobs = f"a: {{runs-on: u, permissions: {{id-token: {permission}}}, steps: [{{run: 'true'}}]}}"
    if permission == "write":
        assert repository.run(jobs, start_job=generous).conclusion is Conclusion.SUCCESS
    else:
        with pytest.raises(AssertionError, match="id-token"):
            repository.run(jobs, start_job=generous)


@pytest.mark.parametrize(
    ("jobs", "reason"),
    [
        ("job: {runs-on: u, strategy: {matrix: {a: [1]}}, steps: [{run: 'true'}]}", "strategy"),
        ("job: {runs-on: u, container: x, steps: [{run: 'true'}]}", "container"),
        ("job: {uses: ./.github/workflows/other.yml}", "uses"),
        ("job: {runs-on: u, secrets: inherit, steps: [{run: 'true'}]}", "secrets"),
        ("job: {runs-on: u, steps: [{run: 'true', continue-on-error: true}]}", "continue-on-error"),
        ("job: {runs-on: u, steps: [{run: 'true', uses: a/b@c}]}", "either uses or run"),
        ("job: {runs-on: u, steps: []}", "no steps"),
        ("job: {runs-on: u, needs: other, steps: [{run: 'true'}]}", "not a job"),
        ("a: {runs-on: u, needs: b, steps: [{run: 'true'}]}\nb: {runs-on: u, needs: a, steps: [{run: 'true'}]}", "wait for each other"),
        ("job: {runs-on: u, permissions: write-all, steps: [{run: 'true'}]}", "permissions"),
        ("job: {runs-on: u, steps: [{run: 'true', shell: pwsh}]}", "pwsh"),
    ],
)
def test_what_is_not_modelled_is_refused(repository: Repository, jobs: str, reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason):
        repository.run(jobs)


@pytest.mark.parametrize(
    ("given", "refused"),
    [({"word": "a"}, False), ({}, True), ({"word": 1}, True), ({"word": "a", "other": "b"}, True), ({"word": "a", "flag": "true"}, True)],
)
def test_inputs_are_checked(repository: Repository, given: dict[str, Any], refused: bool) -> None:
    declared = "inputs: {word: {type: string, required: true}, flag: {type: boolean, default: false}}"
    jobs = "job: {runs-on: u, steps: [{run: 'echo \"$A\"', env: {A: '${{ toJSON(inputs) }}'}}]}"
    if refused:
        with pytest.raises(DefinitionError, match="input"):
            repository.run(jobs, declared=declared, inputs=given)
    else:
        result = repository.run(jobs, declared=declared, inputs=given)
        assert json.loads(result.jobs["job"].steps[0].output) == {"word": "a", "flag": False}


def test_a_masked_output_is_left_out(repository: Repository) -> None:
    result = repository.run(
        """
        job:
          runs-on: ubuntu
          outputs: {open: "${{ steps.a.outputs.open }}", hidden: "${{ steps.a.outputs.hidden }}"}
          steps:
            - id: a
              run: |
                echo "::add-mask::s3cret"
                echo "open=x" >> "$GITHUB_OUTPUT"
                echo "hidden=s3cret" >> "$GITHUB_OUTPUT"
        """
    )
    assert result.jobs["job"].outputs == {"open": "x"}
