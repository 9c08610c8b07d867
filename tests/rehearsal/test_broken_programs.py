"""The rehearsal notices when the program is broken on purpose.

Each break changes one thing in a copy of the program and names the scenario that must then come out otherwise than expected. Breaks that
do not touch one another share a copy, and so a rehearsal; every one must show in its own scenario. The settings ask the policy pack about
what they lead to, and would stop most of these programs at once: that net is taken out here, so that the other one shows.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal import selection
from tests.rehearsal.offline import scenarios

PROJECT = Path(__file__).resolve().parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".engine", ".clients", ".site", "venv", "__pycache__", ".*_cache", ".hypothesis", "tests", "docs"
)


SLOW = pytest.mark.slow("tests/policies holds the document that is broken")


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
        "policies/github_tokens.py",
        'equals: dict[str, str | Sequence[str]] = {"repository_id": str(repository.id)}\n    if environment:',
        "equals: dict[str, str | Sequence[str]] = {}\n    if environment:",
        "assume the publish role from a repository of the same name",
    ),
    Break(
        "ref dropped from the publish trust of a job with an environment, sub widened",
        "policies/github_tokens.py",
        'contexts = [f"environment:{environment}"] if environment else [f"ref:{ref}" for ref in refs.like]',
        'contexts, refs = ["*"], RefCondition(("*",), ())',
        "from an unreviewed branch",
    ),
    Break(
        "exclusion of deeper branches dropped",
        "policies/branches.py",
        'unlike=tuple(f"{kind}{name}/*" for name in names if name.endswith("*")),',
        "unlike=(),",
        "from release/a/b, not matched",
    ),
    Break(
        "job_workflow_ref dropped from the publish trust",
        "policies/github_tokens.py",
        'equals["job_workflow_ref"] = workflow',
        "pass",
        "from another workflow file",
    ),
    Break(
        "creation ruleset dropped",
        "policies/guards.py",
        'return {"creation": True}',
        'return {"deletion": True}',
        "as a writer",
    ),
    Break(
        "pull request rule dropped",
        "policies/guards.py",
        "**_pull_request(approvals, code_owners), **_required_checks(checks)}",
        "**_required_checks(checks)}",
        "merge an unreviewed pull request",
    ),
    Break(
        "publishing added to the read role",
        "policies/roles/read.py",
        'statement("ReadPackages", PACKAGE_READ, [registry.package_arn(one) for one in named]),',
        'statement("ReadPackages", (*PACKAGE_READ, "codeartifact:Pu*"), registry.package_arn("*")),',
        "publish with npm and the read role",
    ),
    Break(
        "Deny of shared dropped",
        "policies/resources/shared_repository.py",
        'deny("NobodyPublishes", PUBLISH_VERSION, "*"),',
        "",
        "administrator: publish to shared",
    ),
    Break(
        "cap of the token dropped",
        "policies/roles/read.py",
        '"NumericLessThanEquals": {"sts:DurationSeconds": str(token_duration)},',
        "",
        "request a token of 3601 seconds",
    ),
    Break(
        "private team opened",
        "plan/planning.py",
        "if team.readers is Readers.TEAM:\n            return own_readers",
        "if False:\n            return own_readers",
        "login-web: read the repository of team research",
    ),
    Break(
        "principals of the own account let in with the organisation",
        "policies/resources/sharing.py",
        'others = {"StringNotEquals": {"aws:PrincipalAccount": registry.account}}',
        "others: dict = {}",
        "role with only a token",
    ),
    Break(
        "any organisation let in",
        "policies/resources/sharing.py",
        'members = {"StringEquals": {"aws:PrincipalOrgID": sharing.organization_id}, **others}',
        "members = {**others}",
        "account of another organisation",
    ),
    Break(
        "publishers of other accounts let in whatever their role",
        "policies/resources/team_repository.py",
        'roles = {"ArnLike": {"aws:PrincipalArn": list(publishers.roles)}}',
        "roles: dict = {}",
        "another role of account",
    ),
    Break(
        "publishers of other accounts not held to what the team owns",
        "policies/resources/team_repository.py",
        "packages = [registry.package_arn(publishers.repository, one) for one in publishers.packages]",
        'packages = "*"',
        "publish a name not owned by platform",
    ),
    Break(
        "read only without a Deny",
        "policies/roles/build.py",
        'statement("ReadOnly", (*PUBLISH, COPY, *DESTRUCTIVE), everything, effect="Deny"),',
        "",
        "with full access and the read policy",
    ),
    Break(
        "every permission set let in",
        "policies/roles/developer.py",
        'return [*_roles(registry, f"{name}_*"), *_roles(registry, f"{name}-*")]',
        'return _roles(registry, "*")',
        "with another permission set of the same policy",
    ),
    Break(
        "every developer let into a private team",
        "policies/resources/team_repository.py",
        "people = developer.team_roles(registry, stack, team) if developers else []",
        "people = developer.every_role(registry, stack)",
        "developer of another team",
    ),
    Break(
        "every build role let into a private team",
        "plan/planning.py",
        "bool(team.developer_groups), team.build_roles)",
        "bool(team.developer_groups), settings.build_roles)",
        "codebuild-packages: read the repository of team research",
    ),
    Break(
        "roles without the boundary",
        "policies/roles/deployer.py",
        'bounded = {"StringEquals": {"iam:PermissionsBoundary": permissions_boundary}} if permissions_boundary else None',
        "bounded = None",
        "deployment: create a role without the boundary",
    ),
    Break(
        "the deployer trusts every operation",
        "policies/deployment_tokens.py",
        "return tuple(Operation) if access is Access.PREVIEW else (",
        "return tuple(Operation) if access else (",
        "preview: assume the deployer role of",
    ),
    Break(
        "the deploying workflow trusted on every branch",
        "policies/roles/deployer.py",
        'claims = {"ref": f"{HEADS}{branch}", "environment": environment}',
        'claims = {"environment": environment}',
        "deploy.yml of prod on another branch",
    ),
    Break(
        "a preview that writes",
        "policies/roles/previewer.py",
        '_ROLE = ("iam:GetRole",',
        '_ROLE = ("iam:GetRole", "iam:PutRolePolicy",',
        "preview: change a role's policy",
    ),
    Break(
        "a boundary that bounds nothing",
        "policies/deployments.py",
        'statement("Token", "codeartifact:GetAuthorizationToken", registry.domain_arn),',
        'statement("Token", "*", "*"),',
        "role with full access: create a user",
    ),
    Break(
        "keys of the Apps open to the account",
        "policies/deployments.py",
        'effect="Deny", principal="*", conditions=others)]',
        'effect="Deny", principal="*", conditions={"StringEquals": {"aws:PrincipalAccount": "none"}})]',
        "administrator: read the deploying App's key",
    ),
    Break(
        "every push deploys",
        "bootstrap/pulumi_cloud.py",
        '"policies/**",',
        '"**",',
        "deploy on a push that changes docs/operations.md",
    ),
    Break(
        "tags of the program's repository left to everybody",
        "bootstrap/program_repository.py",
        'self._ruleset("tags", list(planned.tags), guards.tag_rules(), target="tag"),',
        "",
        "push tag main, named like a trusted branch",
    ),
)
# Breaks of one function need copies of their own. The first group is in the default run.
# The documents that the others break are held by tests/policies in less time.
GROUPS = {
    "ids-creation-reviews-shared": (BREAKS[0], BREAKS[4], BREAKS[5], BREAKS[7], BREAKS[8]),
    "refs-reading": (BREAKS[1], BREAKS[6], BREAKS[9]),
    "deeper-branches-workflow-own-account": (BREAKS[2], BREAKS[3], BREAKS[10]),
    "organisation-publishers-developers-builds": BREAKS[11:18],
    "deploying": BREAKS[18:],
}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    copy = tmp_path / "program"
    shutil.copytree(PROJECT, copy, ignore=_LEFT_OUT)
    replace(copy / "settings" / "rules_of_the_pack.py", "    yield from _documents(plan)\n", "")
    return copy


def rehearse(program: Path, breaks: Sequence[Break]) -> tuple[int, list[dict]]:
    report = program / "report.json"
    only = [word for one in breaks for word in ("--only", one.scenario)]
    command = [
        sys.executable,
        "-m",
        "rehearsal",
        "--engine",
        "sdk",
        "--stack",
        "prod",
        *only,
        "--json",
        str(report),
        *([] if slow(breaks) else ["--quick"]),
    ]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    done = subprocess.run(command, cwd=program, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert report.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(report.read_text())["scenarios"]


def slow(breaks: Sequence[Break]) -> bool:
    """Whether the quick rehearsal leaves one of the breaks' scenarios out: for itself, or for what it builds on. One that the shipped stack
    does not have counts as such."""
    every = scenarios("prod")
    names = [name for name in every if any(one.scenario in name for one in breaks)]
    return not names or any(every[name].slow for name in selection.with_prerequisites(list(every.values()), names))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file.name} no longer has: {old}"
    file.write_text(text.replace(old, new))


def concerned(outcomes: list[dict], one: Break) -> list[dict]:
    found = [outcome for outcome in outcomes if one.scenario in outcome["name"] and outcome["expected"] == "deny"]
    assert found, f"no denial has {one.scenario!r} in its name"
    return found


def test_every_break_is_in_a_group() -> None:
    assert sorted(one.what for group in GROUPS.values() for one in group) == sorted(one.what for one in BREAKS)


def _marked(name: str) -> tuple[pytest.MarkDecorator, ...]:
    return () if name == next(iter(GROUPS)) else (SLOW,)


@pytest.mark.parametrize("breaks", [pytest.param(breaks, id=name, marks=_marked(name)) for name, breaks in GROUPS.items()])
def test_a_broken_program_fails_its_rehearsal(program: Path, breaks: Sequence[Break]) -> None:
    for one in breaks:
        replace(program / one.file, one.old, one.new)
    status, outcomes = rehearse(program, breaks)
    unnoticed = [one.what for one in breaks if not any(outcome["observed"] == "allow" for outcome in concerned(outcomes, one))]
    assert unnoticed == []
    assert status == 1


def test_the_program_as_it_is_passes_the_same_scenarios() -> None:
    """Each is one that test_rehearsal.py expects of the shipped prod stack."""
    denials = [name for name, one in scenarios("prod").items() if one.expected == "deny"]
    assert [one.scenario for one in BREAKS if not any(one.scenario in name for name in denials)] == []


@SLOW
@pytest.mark.parametrize("guarded", [True, False])
def test_a_trusted_tag_is_moved_where_its_ruleset_lets_it_be_moved(program: Path, guarded: bool) -> None:
    """A stack that trusts the publishing workflow at `v1`: whoever moves that tag writes the workflow that publishes."""
    at_main = "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main"
    replace(program / "Pulumi.prod.yaml", at_main, at_main.replace("refs/heads/main", "refs/tags/v1"))
    if not guarded:
        replace(program / "policies" / "guards.py", '"creation": True, "update": True, ', '"creation": True, ')
    moved = Break("", "", "", "", "move trusted tag v1")
    status, outcomes = rehearse(program, [moved])
    assert [outcome["observed"] for outcome in concerned(outcomes, moved)] == ["deny" if guarded else "allow"]
    assert status == (0 if guarded else 1)
