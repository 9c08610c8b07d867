"""A catalog whose teams have stacks of their own, rehearsed: registry stack first, each team stack by its deployer, and away again."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rehearsal import stage, team_stacks
from rehearsal.processes import PROJECT
from tests import companies
from tests.program import team_stacks as folders
from tests.program.team_stacks import PAYMENTS, REGISTRY, RESEARCH
from tests.rehearsal.test_rehearsal import rehearse, wrong


def bootstrapped(root: Path) -> Path:
    """A checkout of acme whose teams payments and research have stacks of their own, as docs/operations.md says."""
    companies.copied(root)
    for team, stack in folders.STACKS.items():
        folders.give(root, team, stack)
    file = root / "Pulumi.prod.yaml"
    document = yaml.safe_load(file.read_text())
    stacks = (REGISTRY, PAYMENTS, RESEARCH)
    document["config"]["package-flow:iam"]["deployers"] = [f"package-flow-bootstrap/{one}-deployer" for one in stacks]
    file.write_text(yaml.safe_dump(document))
    file = root / "bootstrap" / "Pulumi.acme.yaml"
    document = yaml.safe_load(file.read_text())
    declared = document["config"]["package-flow-bootstrap:stacks"]
    declared |= {stack: {"branch": declared[REGISTRY]["branch"]} for stack in (PAYMENTS, RESEARCH)}
    file.write_text(yaml.safe_dump(document))
    return root


@pytest.mark.slow(
    "tests/bootstrap/test_team_stacks.py has the deployer's rights, tests/program/test_team_stacks.py what each stack registers"
)
def test_team_stacks_are_rehearsed_with_their_registry_stack(tmp_path: Path) -> None:
    root = bootstrapped(tmp_path / "package-flow")
    only = [word for stack in (PAYMENTS, RESEARCH) for word in ("--only", f"{stack} deployment:")]
    done, report = rehearse("--stack", REGISTRY, *only, "--only", "payments-api: npm publish", "--destroy", at=root)
    assert wrong(report) == []
    assert done.returncode in (0, 2) and report["ok"] is True
    stacks = {one["urn"].split("::")[0].rpartition(":")[2] for one in report["resources"]}
    assert stacks == {REGISTRY, PAYMENTS, RESEARCH}
    assert {"payments", "research", "identity", "shared"} <= set(report["outputs"]["repositories"])
    assert {"acme/payments-api", "acme/scoring-model", "acme/identity-api"} <= set(report["outputs"]["consumers"])
    denied = [one["name"] for one in report["scenarios"] if one["observed"] == "deny"]
    assert len([one for one in denied if one.startswith(f"{PAYMENTS} deployment:")]) >= 8
    assert report["destroy"]["unexpected"] == []
    constants = [sys.executable, "-m", "settings", "check"]
    assert subprocess.run(constants, cwd=root, capture_output=True, check=False).returncode == 0


def test_a_team_stack_is_rehearsed_with_its_registry_stack_alone(tmp_path: Path) -> None:
    """By itself it would have no domain."""
    folders.folder(tmp_path)
    command = [sys.executable, "-m", "rehearsal", "--config", str(tmp_path / f"Pulumi.{PAYMENTS}.yaml"), "--catalog"]
    done = subprocess.run([*command, str(tmp_path / "catalog" / "prod")], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "got prod-payments, a team stack; expected its registry stack, prod" in " ".join(done.stdout.split())


def test_stacks_come_after_those_that_they_install_from(tmp_path: Path) -> None:
    folders.folder(tmp_path)
    folders.give(tmp_path, "identity", "prod-identity")
    stack = stage.Stack(REGISTRY, tmp_path / "Pulumi.prod.yaml", tmp_path / "catalog" / "prod")
    names = team_stacks.names(stack.settings())
    assert set(names) == {"prod-identity", PAYMENTS, RESEARCH}
    assert names.index("prod-identity") < names.index(PAYMENTS), "payments installs from identity"


def test_other_stack_files_are_rehearsed_in_a_copy_of_the_program(tmp_path: Path) -> None:
    """The program reads the registry stack's file beside itself."""
    given = tmp_path / "given"
    given.mkdir()
    folders.folder(given)
    stack = stage.Stack(REGISTRY, given / "Pulumi.prod.yaml", given / "catalog" / "prod")
    checkout, there = team_stacks.placed(stack, stack.settings(), tmp_path)
    assert checkout != PROJECT and there.catalog is None and there.file.parent == checkout
    assert (checkout / "__main__.py").is_file() and (checkout / f"Pulumi.{PAYMENTS}.yaml").is_file()
    assert there.settings().repositories == stack.settings().repositories
    # Without team stacks nothing is copied.
    shipped = stage.Stack(REGISTRY, PROJECT / "Pulumi.prod.yaml", None)
    assert team_stacks.placed(shipped, shipped.settings(), tmp_path) == (PROJECT, shipped)


def test_results_are_joined() -> None:
    registry = {"engine": None, "resources": [1], "outputs": {"schemaVersion": 1, "repositories": {"shared": 1}, "consumers": {"a": 1}}}
    team = {"engine": None, "resources": [2], "outputs": {"schemaVersion": 1, "repositories": {"b": 2}, "consumers": {"c": 2}}}
    joined = team_stacks.joined([registry, team])
    assert joined["resources"] == [1, 2]
    assert joined["outputs"] == {"schemaVersion": 1, "repositories": {"shared": 1, "b": 2}, "consumers": {"a": 1, "c": 2}}
