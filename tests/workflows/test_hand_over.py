"""The actions hand-over and take-over: what one job made is what another one gets, or nothing."""

import json
from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from tests.workflows.calling import PIN, PROJECT, run_workflow, starting

ACTIONS = "acme/package-flow/.github/actions"
MADE = "mkdir -p made/sub; echo one > made/a; echo two > made/sub/b"
GIVEN = {"artifact-id": "${{ needs.first.outputs.artifact-id }}", "digest": "${{ needs.first.outputs.digest }}"}


def hand_over(folder: Path, *, made: str = MADE, between: str = "", given: dict[str, str] | None = None) -> RunResult:
    """Three jobs: one makes a folder and hands it over; another one overwrites the artifact with what `between` makes; a third takes it."""
    upload = {"name": "a", "path": "made", "overwrite": "true"}
    jobs = {
        "first": {
            "outputs": {one: f"${{{{ steps.handed.outputs.{one} }}}}" for one in ("artifact-id", "digest")},
            "steps": [
                {"run": made},
                {
                    "id": "handed",
                    "uses": f"{ACTIONS}/hand-over@main",
                    "with": {"name": "a", "directory": "${{ github.workspace }}/made", "retention-days": "1"},
                },
            ],
        },
        "between": {
            "needs": "first",
            "steps": [{"run": between}, {"uses": f"actions/upload-artifact@{PIN}", "with": upload}] if between else [{"run": "true"}],
        },
        "last": {
            "needs": ["first", "between"],
            "steps": [
                {"uses": f"{ACTIONS}/take-over@main", "with": {**GIVEN, **(given or {}), "directory": "${{ runner.temp }}/taken"}},
                {"run": 'cd "$RUNNER_TEMP/taken"; find . -type f | sort | xargs tail -n 1'},
            ],
        },
    }
    workflow = {"on": {"workflow_call": {}}, "permissions": {}, "jobs": {name: {"runs-on": "u", **job} for name, job in jobs.items()}}
    file = folder / "workflow.yml"
    file.write_text(json.dumps(workflow))
    return run_workflow(file, inputs={}, start_job=starting(), checkout=PROJECT)


def test_what_was_made_is_taken_over(tmp_path: Path) -> None:
    result = hand_over(tmp_path)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert "==> ./a <==\none\n\n==> ./sub/b <==\ntwo\n" in result.output


def test_an_artifact_in_its_place_is_not_taken_over(tmp_path: Path) -> None:
    result = hand_over(tmp_path, between=MADE)
    assert result.jobs["last"].reason == "unable to find an artifact with id 1 in this run"


@pytest.mark.parametrize(
    ("name", "between"),
    [("changed", "mkdir made; echo three > made/a"), ("renamed", "mkdir made; echo one > made/b"), ("more", f"{MADE}; touch made/c")],
)
def test_other_content_is_not_taken_over(tmp_path: Path, name: str, between: str) -> None:
    result = hand_over(tmp_path, between=between, given={"artifact-id": "2"})
    assert result.jobs["last"].conclusion is Conclusion.FAILURE, name
    assert "got content with the digest" in result.jobs["last"].reason
    # The same content is.
    assert hand_over(tmp_path, between=MADE, given={"artifact-id": "2"}).conclusion is Conclusion.SUCCESS


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"artifact-id": ""}, "got no artifact's id"),
        ({"artifact-id": "1,2"}, "got no artifact's id"),
        ({"digest": ""}, "got no digest"),
    ],
)
def test_nothing_is_taken_over_without_id_and_digest(tmp_path: Path, given: dict[str, str], message: str) -> None:
    assert message in hand_over(tmp_path, given=given).jobs["last"].reason


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("mkdir made; touch made/.hidden", "got .hidden"),
        ("mkdir made; echo one > b; ln -s ../b made/a", "got a; expected files"),
        ("mkdir -p made/sub", "got no file"),
    ],
)
def test_what_an_artifact_can_not_hold_is_not_handed_over(tmp_path: Path, made: str, message: str) -> None:
    assert message in hand_over(tmp_path, made=made).jobs["first"].reason
