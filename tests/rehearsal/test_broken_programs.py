"""The rehearsal notices when the program is broken on purpose.

Each case changes one thing in a copy of the program and names a scenario that must then come out otherwise than expected; the same
scenario comes out as expected in an unchanged copy.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
_LEFT_OUT = shutil.ignore_patterns(".git", "venv", "__pycache__", ".*_cache", ".hypothesis", "tests", "docs")


@dataclass(frozen=True)
class Break:
    """Replace `old` by `new` in `file`; then a scenario with `scenario` in its name must fail."""

    what: str
    file: str
    old: str
    new: str
    scenario: str


BREAKS = (
    Break(
        "repository_id dropped from the publish trust",
        "policies/trust.py",
        'equals: dict[str, str | Sequence[str]] = {"repository_id": str(repository.id)}\n    if environment:',
        "equals: dict[str, str | Sequence[str]] = {}\n    if environment:",
        "a repository of the same name with another id publishes",
    ),
    Break(
        "ref dropped from the publish trust of a job with an environment, sub widened",
        "policies/trust.py",
        'contexts = [f"environment:{environment}"] if environment else [f"ref:{ref}" for ref in refs.like]',
        'contexts, refs = ["*"], RefCondition(("*",), ())',
        "an unreviewed branch",
    ),
    Break(
        "exclusion of deeper branches dropped",
        "policies/branches.py",
        "unlike=tuple(_deeper(branch) for branch in branches if is_pattern(branch)),",
        "unlike=(),",
        "does not protect",
    ),
    Break(
        "job_workflow_ref dropped from the publish trust",
        "policies/trust.py",
        'equals["job_workflow_ref"] = workflow',
        "pass",
        "another workflow file",
    ),
    Break(
        "creation ruleset dropped",
        "policies/guards.py",
        'return {"creation": True}',
        'return {"deletion": True}',
        "a writer creates",
    ),
    Break(
        "pull request rule dropped",
        "policies/guards.py",
        '"required_approving_review_count": approvals,',
        '"required_approving_review_count": 0,',
        "a change that nobody reviewed",
    ),
    Break(
        "publishing added to the read role",
        "policies/reading.py",
        'statement("ReadPackages", PACKAGE_READ,',
        'statement("ReadPackages", (*PACKAGE_READ, "codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"),',
        "npm publish with the read role",
    ),
    Break(
        "Deny of shared dropped",
        "policies/resource.py",
        'deny("NobodyPublishes", PUBLISH, "*"),',
        "",
        "an administrator publishes to shared",
    ),
    Break(
        "cap of the token dropped",
        "policies/reading.py",
        '"NumericLessThanEquals": {"sts:DurationSeconds": str(token_duration)},',
        "",
        "a token of 3601 seconds",
    ),
    Break(
        "private team opened",
        "wiring.py",
        "if team.readers is Readers.TEAM:\n        return []",
        "if False:\n        return []",
        "read by repository of team",
    ),
)
# Breaking the read role shows only where its package ARNs are a team's.
_WIDER = {
    "publishing added to the read role": ("[registry.package_arn(one) for one in named]", '[registry.package_arn("*")]'),
}


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "program"
    shutil.copytree(PROJECT, copy, ignore=_LEFT_OUT)
    yield copy


def rehearse(program: Path, only: str) -> tuple[int, list[dict]]:
    report = program / "report.json"
    command = [sys.executable, "-m", "rehearsal", "--stack", "prod", "--only", only, "--json", str(report)]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    done = subprocess.run(command, cwd=program, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert report.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(report.read_text())["scenarios"]


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) >= 1, f"{file.name} no longer has: {old}"
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.what.replace(" ", "-"))
def test_a_broken_program_fails_its_rehearsal(program: Path, broken: Break) -> None:
    replace(program / broken.file, broken.old, broken.new)
    if broken.what in _WIDER:
        replace(program / broken.file, *_WIDER[broken.what])
    status, scenarios = rehearse(program, broken.scenario)
    concerned = [one for one in scenarios if broken.scenario in one["name"]]
    assert concerned
    assert any(one["expected"] == "deny" and one["observed"] == "allow" for one in concerned), concerned
    assert status == 1
