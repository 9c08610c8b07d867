"""A stack's deployer never reaches what deploys it, or what bounds its roles."""

from pathlib import Path
from typing import Any

import pytest

import settings
from policies.deployments import BOOTSTRAP_PATH
from settings import SettingsError
from tests.settings.builders import CONFIG, PROJECT, ROOT, changed, write_catalog

ACCOUNT = "111122223333"
IAM = "package-flow:iam"


def told(root: Path, stack: str, **keys: Any) -> list[str]:
    configuration = changed(*(((CONFIG, f"package-flow:{key}"), value) for key, value in keys.items()))
    write_catalog(root, {name: team for name, team in configuration.items() if name != CONFIG})
    try:
        settings.parse(settings.read_project_file(ROOT), configuration[CONFIG], root, PROJECT, stack)
    except SettingsError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("stack", "path", "good"),
    [
        # package-flow-* at / is also every role below /package-flow-bootstrap/
        ("package-flow", "/", ("package-flow", "/package-flow/")),
        ("package-flow", "/", ("packageflow", "/")),
        ("package", "/", ("package", "/p/")),
        ("prod", BOOTSTRAP_PATH, ("prod", "/package-flow-bootstrap2/")),
        ("prod", f"{BOOTSTRAP_PATH}prod/", ("prod", "/prod/")),
    ],
)
def test_its_roles_are_not_among_the_bootstraps(tmp_path: Path, stack: str, path: str, good: tuple[str, str]) -> None:
    (problem,) = told(tmp_path, stack, iam={"path": path})
    assert problem.startswith(f"Pulumi.{stack}.yaml: {IAM}.path: got '{path}', allowed: a path under which the stack's roles ")
    assert problem.endswith("the deployer could change itself")
    assert told(tmp_path, good[0], iam={"path": good[1]}) == []


@pytest.mark.parametrize(
    ("path", "bad", "good"),
    [
        ("/", "prod-deployer", "deployer-prod"),
        ("/", "prod-team/deployer", "team/prod-deployer"),
        ("/package-flow/", "package-flow/prod-deployer", "package-flow-bootstrap/prod-deployer"),
        ("/package-flow/", "package-flow/prod-x/y", "package-flow/x/prod-y"),
    ],
)
def test_what_deploys_it_is_not_among_its_roles(tmp_path: Path, path: str, bad: str, good: str) -> None:
    roles = f"role{path}prod-*"
    assert told(tmp_path, "prod", iam={"path": path, "deployers": ["other", bad]}) == [
        f"Pulumi.prod.yaml: {IAM}.deployers.1: got '{bad}', allowed: a role that is not among the stack's own ({roles}): "
        "the deployer could change itself"
    ]
    assert told(tmp_path, "prod", iam={"path": path, "deployers": ["other", good]}) == []


@pytest.mark.parametrize(
    ("path", "bad", "good"),
    [
        ("/", f"{ACCOUNT}:policy/prod-read", f"{ACCOUNT}:policy/production-read"),
        ("/", f"{ACCOUNT}:policy/prod-x/boundary", f"{ACCOUNT}:policy/x/prod-boundary"),
        ("/p/", f"{ACCOUNT}:policy/p/prod-boundary", f"{ACCOUNT}:policy/prod-boundary"),
        ("/", f"{ACCOUNT}:policy/prod-read", "aws:policy/prod-read"),
    ],
)
def test_what_bounds_its_roles_is_not_among_its_policies(tmp_path: Path, path: str, bad: str, good: str) -> None:
    (problem,) = told(tmp_path, "prod", iam={"path": path, "permissionsBoundary": f"arn:aws:iam::{bad}"})
    assert problem.startswith(f"Pulumi.prod.yaml: {IAM}.permissionsBoundary: got 'arn:aws:iam::{bad}', allowed: a policy that is not among")
    assert told(tmp_path, "prod", iam={"path": path, "permissionsBoundary": f"arn:aws:iam::{good}"}) == []


def test_a_build_role_is_not_the_bootstraps(tmp_path: Path) -> None:
    """The read policy denies every write, so a deployer with it deploys no more."""
    (problem,) = told(tmp_path, "prod", builds={"roles": ["package-flow-bootstrap/prod-preview"]})
    assert "package-flow:builds.roles.0: got 'package-flow-bootstrap/prod-preview', allowed: roles that are not the bootstrap's" in problem
    assert told(tmp_path, "prod", builds={"roles": ["package-flow-bootstraps/prod-preview"]}) == []
