"""The process: what it prints, writes and returns."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.rehearsal.program.conftest import ACCOUNT

ROOT = Path(__file__).resolve().parents[3]


def command(project, result: Path, *more: str) -> list[str]:
    fixed = ["--directory", str(project.directory), "--stack", project.stack, "--cloud", project.cloud_url, "--github", project.github_url]
    return [sys.executable, "-m", "rehearsal.program", *fixed, "--result", str(result), *more]


def start(project, result: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(project, result, *more), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


TOPIC = 'import pulumi_aws as aws\nprint("hello")\naws.sns.Topic("process", name="process")\n'


def test_standard_output_has_events_only_and_the_result_is_a_state(project, tmp_path):
    project.write(TOPIC)
    result = tmp_path / "result.json"
    ran = start(project, result)
    assert ran.returncode == 0, ran.stderr
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(each["event"], each["name"], each["where"]) for each in events] == [
        ("creating", "process", "__main__.py:3"),
        ("created", "process", "__main__.py:3"),
    ]
    assert "hello" in ran.stderr
    assert json.loads(result.read_text())["resources"][0]["id"] == f"arn:aws:sns:eu-west-1:{ACCOUNT}:process"

    destroyed = tmp_path / "destroyed.json"
    ran = start(project, destroyed, "--state", str(result), "--destroy")
    assert (ran.returncode, json.loads(destroyed.read_text())["resources"]) == (0, [])


def test_an_error_is_the_last_event_and_the_exit_status(project, tmp_path):
    project.write("import pulumi\nraise pulumi.RunError('three problems')")
    result = tmp_path / "result.json"
    ran = start(project, result)
    assert ran.returncode == 1
    assert json.loads(ran.stdout.splitlines()[-1])["message"] == "three problems"
    assert json.loads(result.read_text())["error"]["where"] == "__main__.py:2"


def test_another_stack_file_and_another_catalog(project, tmp_path):
    project.write('import pulumi\npulumi.export("catalog", pulumi.Config().require("catalog"))\npulumi.export("stack", pulumi.get_stack())')
    other = tmp_path / "Pulumi.other.yaml"
    other.write_text("config: {package-flow:catalog: catalog/prod}\n")
    project.stack = "other"
    for more, expected in (((), "catalog/prod"), (("--catalog", str(tmp_path)), str(tmp_path))):
        result = tmp_path / "result.json"
        ran = start(project, result, "--config", str(other), *more)
        assert ran.returncode == 0, ran.stderr
        assert json.loads(result.read_text())["outputs"] == {"catalog": expected, "stack": "other"}


def test_modules_of_the_project_are_imported_and_not_those_of_the_rehearsals_own_root(project, tmp_path):
    project.write('import pulumi, settings\npulumi.export("settings", settings.WHOSE)')
    (project.directory / "settings.py").write_text('WHOSE = "the project\'s"\n')
    result = tmp_path / "result.json"
    ran = start(project, result)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(result.read_text())["outputs"] == {"settings": "the project's"}
    (project.directory / "settings.py").unlink()
    assert start(project, result).returncode == 1
    assert "No module named 'settings'" in json.loads(result.read_text())["error"]["message"]


def test_destroy_needs_a_state(project, tmp_path):
    ran = start(project, tmp_path / "result.json", "--destroy")
    assert ran.returncode == 2
    assert "--destroy needs --state" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_reports_what_exists(project, tmp_path, number):
    marker = tmp_path / "reached"
    project.write(
        textwrap.dedent(f"""
        import pathlib, time
        import pulumi, pulumi_aws as aws
        def wait(arn):
            pathlib.Path({str(marker)!r}).touch()
            time.sleep(60)
        aws.sns.Topic("interrupted", name="interrupted-{number}").arn.apply(wait)
        """)
    )
    result = tmp_path / "result.json"
    process = subprocess.Popen(
        command(project, result), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    deadline = time.monotonic() + 60
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=60)
    found = json.loads(result.read_text())
    assert process.returncode == 1
    assert found["error"]["message"] == "interrupted"
    assert [each["name"] for each in found["resources"]] == ["interrupted"]
