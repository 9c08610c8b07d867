"""The whole rehearsal, as a person starts it: the shipped stacks, and another company's."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from tests import companies
from tests.rehearsal.offline import scenarios

PROJECT = Path(__file__).resolve().parents[2]
_SCENARIO_KEYS = {"name", "principal", "action", "resource", "expected", "observed", "ok", "twin", "reason"}
_RESOURCE_KEYS = {"urn", "type", "name", "parent", "inputs", "protect", "dependencies"}
_REPORT_KEYS = {"stack", "engine", "ok", "resources", "outputs", "scenarios", "broken_rules", "github_writes", "seconds"}


def rehearse(*arguments: str, timeout: int = 400, at: Path = PROJECT) -> tuple[subprocess.CompletedProcess[str], dict]:
    """Start it with `--json -`: the report on standard output, people's text on standard error."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    command = [sys.executable, "-m", "rehearsal", *arguments, "--json", "-"]
    done = subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return done, json.loads(done.stdout)


def wrong(report: dict) -> list[str]:
    return [f"{one['name']}: {one['observed']}: {one['reason']}" for one in report["scenarios"] if one["ok"] is False]


# Dev's repositories are called as prod's, with this at the end.
_PILOT = "-pilot"


def own(stack: str, other: str) -> list[str]:
    """What to rehearse of a stack beside another: the main job, and of the rest what the other does not have."""
    known = scenarios(other)
    wanted = [name for name, one in scenarios(stack).items() if not one.slow or name.replace(_PILOT, "") not in known]
    return [word for name in wanted for word in ("--only", name)]


def constants_agree(stack: str, outputs: dict) -> None:
    """What the workflows go by is what the stack has made."""
    command = [sys.executable, "-m", "registry_constants", "--stack", stack]
    told = subprocess.run(command, cwd=PROJECT, input=json.dumps(outputs), capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("stack", ["prod", pytest.param("dev", marks=pytest.mark.slow("prod has most of its scenarios"))])
def test_a_shipped_stack(stack: str, pytestconfig: pytest.Config) -> None:
    """Every scenario with `--all`, the main job without."""
    whole = pytestconfig.getoption("--all")
    done, report = rehearse("--stack", stack, *([] if whole else ["--quick"]), *(own("dev", "prod") if stack == "dev" else []))
    assert wrong(report) == []
    skipped = [one["name"] for one in report["scenarios"] if one["observed"] == "skipped"]
    assert done.returncode == (2 if skipped else 0)
    assert set(report) == _REPORT_KEYS
    assert report["stack"] == stack
    assert report["ok"] is True
    assert all(set(one) == _SCENARIO_KEYS for one in report["scenarios"])
    assert all(set(one) == _RESOURCE_KEYS for one in report["resources"])
    by_name = {one["name"]: one for one in report["scenarios"]}
    assert all(by_name[one["twin"]]["expected"] == "allow" for one in report["scenarios"] if one["expected"] == "deny")
    assert "scenarios as expected" in done.stderr
    if stack == "prod":
        assert len(report["scenarios"]) >= (200 if whole else 60)
    constants_agree(stack, report["outputs"])
    written = [one for one in report["resources"] if one["type"].startswith("github:")]
    assert report["github_writes"] == len(written) > 0


def _company(folder: Path) -> tuple[Path, Path]:
    """Three teams and forty repositories of another company."""
    stack = folder / "Pulumi.live.yaml"
    stack.write_text(
        textwrap.dedent(
            """\
            config:
              aws:region: eu-central-1
              aws:allowedAccountIds: ["222233334444"]
              github:owner: globex
              package-flow:domain: {name: globex, encryption: aws, protect: false}
              package-flow:publicSources: [npmjs, pypi]
              package-flow:namespaces: {npm: ["@globex-*/*"]}
              package-flow:tokenDuration: 1800
              package-flow:publishing: {workflow: globex/package-flow/.github/workflows/publish-package.yml@refs/heads/main}
              package-flow:catalog: nowhere
            """
        )
    )
    catalog = folder / "catalog"
    catalog.mkdir()
    publishes = "    publishes: [npm]\n    release_branches: [main, 'release/*']\n"
    for number, team in enumerate(("search", "maps", "mail")):
        readers = "readers: team\n" if team == "mail" else ""
        repositories = "".join(
            f"  {team}-{index:02}:{' {}' if index else ''}\n{'' if index else publishes}" for index in range(14 if number else 12)
        )
        text = f"team: {team}\n{readers}owns:\n  npm: ['@globex-{team}/*']\nrelease_managers: [{team}-leads]\nrepositories:\n{repositories}"
        (catalog / f"{team}.yaml").write_text(text)
    return stack, catalog


@pytest.mark.slow("prod's main job is rehearsed above; tests/plan and tests/settings hold what another company may write")
def test_another_company(tmp_path: Path) -> None:
    stack, catalog = _company(tmp_path)
    done, report = rehearse("--config", str(stack), "--catalog", str(catalog), "--quick")
    assert wrong(report) == []
    assert done.returncode == (2 if any(one["observed"] == "skipped" for one in report["scenarios"]) else 0)
    assert report["stack"] == "live"
    assert len(report["outputs"]["consumers"]) == 40
    assert report["outputs"]["domain"]["owner"] == "222233334444"
    assert any(one["action"].startswith("npm install") for one in report["scenarios"])


# Names that were there before: every repository's but one.
NAMES = {"shared": "shared-packages", "npmjs": "npm-store", "payments": "web", "research": "lab"}


def _named_otherwise(folder: Path) -> tuple[Path, Path]:
    """Prod with the names that an adopted domain has."""
    values = yaml.safe_load((PROJECT / "Pulumi.prod.yaml").read_text())["config"]
    catalog, sources = folder / "catalog", ("npmjs", "pypi", "maven-central")
    shutil.copytree(PROJECT / values["package-flow:catalog"], catalog)
    for team in ("payments", "research"):
        file = catalog / f"{team}.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "repository": NAMES[team]}))
    values["package-flow:publicSources"] = {one: NAMES.get(one, one) for one in sources}
    values["package-flow:shared"] = NAMES["shared"]
    stack = folder / "Pulumi.adopted.yaml"
    stack.write_text(yaml.safe_dump({"config": values}))
    return stack, catalog


@pytest.mark.parametrize(
    "words", [["--quick"], pytest.param([], marks=pytest.mark.slow("the main job is rehearsed above, and all scenarios with usual names"))]
)
def test_a_stack_whose_repositories_have_the_names_that_were_there(words: list[str], tmp_path: Path) -> None:
    stack, catalog = _named_otherwise(tmp_path)
    done, report = rehearse("--config", str(stack), "--catalog", str(catalog), *words)
    assert wrong(report) == []
    assert done.returncode == (2 if any(one["observed"] == "skipped" for one in report["scenarios"]) else 0)
    assert set(NAMES.values()) <= set(report["outputs"]["repositories"]) and not set(NAMES) & set(report["outputs"]["repositories"])
    places = {part for one in report["scenarios"] for part in one["resource"].split(" -> ")}
    assert set(NAMES.values()) <= places and not set(NAMES) & places
    # Who is refused is refused there, and by name.
    (refused,) = [one for one in report["scenarios"] if one["name"] == "administrator: publish to shared"]
    assert refused["resource"] == "shared-packages" and "acme/shared-packages" in refused["reason"]


def test_a_stack_that_a_workflow_deploys_without_pulumi_deployments(tmp_path: Path) -> None:
    """The bootstrap's GitHub Actions alone: it makes GitHub's provider, and a job of deploy.yml is the deployer."""
    copy = companies.copied(tmp_path / "package-flow")
    file, stack = copy / "bootstrap" / "Pulumi.acme.yaml", copy / "Pulumi.prod.yaml"
    values = yaml.safe_load(file.read_text())["config"]
    del values["package-flow-bootstrap:pulumiCloud"]
    key = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    values["package-flow-bootstrap:githubActions"] = {"stateBucket": "acme-state", "stateKey": key}
    values["package-flow-bootstrap:stacks"]["dev"]["pullRequestPreviews"] = False
    values["package-flow-bootstrap:stacks"]["prod"]["reviewers"] = ["platform-leads"]
    file.write_text(yaml.safe_dump({"config": values}))
    stack.write_text(stack.read_text().replace("githubOidcProvider: create", "githubOidcProvider: existing"))
    done, report = rehearse("--stack", "prod", "--only", "deploy.yml of prod", "--only", "deploys prod", at=copy)
    assert wrong(report) == []
    assert done.returncode == (2 if any(one["observed"] == "skipped" for one in report["scenarios"]) else 0)
    names = {one["name"] for one in report["scenarios"]}
    assert "deploy.yml of prod on release: assume the deployer role" in names
    assert "deploy.yml of prod on another branch: assume the deployer role" in names
    assert not [name for name in names if name.startswith(("deployment of prod", "prod: deploy on a push"))]


def test_bad_input_is_one_error_and_nothing_is_made(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    shutil.copytree(PROJECT / "catalog" / "prod", catalog)
    (catalog / "payments.yaml").write_text((catalog / "payments.yaml").read_text().replace("approvals: 2", "approvals: 0\n    colour: red"))
    command = [sys.executable, "-m", "rehearsal", "--stack", "prod", "--catalog", str(catalog)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "approvals" in done.stdout
    assert "colour" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_bad_stack_file_is_one_readable_error(tmp_path: Path) -> None:
    """As of every command: tests/settings has what else may be wrong with one."""
    file = tmp_path / "Pulumi.bad.yaml"
    file.write_text("config:\n  aws:region: [eu-west-1\n  github:owner: acme\n")
    command = [sys.executable, "-m", "rehearsal", "--config", str(file), "--catalog", "catalog/dev", "--quick"]
    environment = {**os.environ, "COLUMNS": "400"}
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 1
    assert "Pulumi.bad.yaml: got broken YAML (line 3, column 15: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow("two workers rehearse side by side in this run, too")
def test_two_rehearsals_side_by_side() -> None:
    command = [sys.executable, "-m", "rehearsal", "--engine", "sdk", "--quick", "--only", "assume the read role from a pull request"]
    running = [
        subprocess.Popen([*command, "--stack", stack], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for stack in ("dev", "prod")
    ]
    told = [one.communicate(timeout=200)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0], told
