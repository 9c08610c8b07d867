"""A folder whose stack files and catalog give teams of prod stacks of their own, and the program run there without an engine."""

import json
import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import settings
from settings import Settings, parsing
from settings.parsing import of_stack
from tests.components.recording import Recording, record
from tests.program.fake import ROOT, Cloud

REGISTRY, PAYMENTS, RESEARCH = "prod", "prod-payments", "prod-research"
STACKS = {"payments": PAYMENTS, "research": RESEARCH}
PROVIDERS = ("aws:region", "aws:allowedAccountIds", "github:owner")


def folder(root: Path, stacks: Mapping[str, str] = STACKS) -> Path:
    """Pulumi.yaml, prod's file and catalog as shipped, but for teams (by name) in stacks of their own, with their files."""
    shutil.copy(ROOT / "Pulumi.yaml", root)
    shutil.copy(ROOT / "Pulumi.prod.yaml", root)
    shutil.copytree(ROOT / "catalog" / "prod", root / "catalog" / "prod")
    for team, stack in stacks.items():
        give(root, team, stack)
    return root


def give(root: Path, team: str, stack: str) -> None:
    """Give a team a stack of its own, as docs/operations.md says."""
    own = settings.read_stack_file(root / "Pulumi.prod.yaml")
    config = {key: own[key] for key in PROVIDERS} | {"package-flow:registryStack": REGISTRY}
    (root / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))
    file = root / "catalog" / "prod" / f"{team}.yaml"
    file.write_text(f"{file.read_text()}stack: {stack}\n")


def of(root: Path, stack: str) -> Settings:
    """Settings of a stack of that folder."""
    return of_stack(root, stack)


def engines(root: Path, stack: str) -> dict[str, str]:
    """A stack's configuration as the engine hands it over: text, with the defaults of Pulumi.yaml."""
    declared = yaml.safe_load((root / "Pulumi.yaml").read_text())["config"]
    defaults = {f"package-flow:{key}": one["default"] for key, one in declared.items() if "default" in one}
    values = {**defaults, **settings.read_stack_file(root / f"Pulumi.{stack}.yaml")}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def run(root: Path, stack: str, cloud: Cloud, patched: pytest.MonkeyPatch, **changed: str) -> Recording:
    """Run the program for a stack of that folder."""
    patched.setattr(parsing, "ROOT", root)
    config = engines(root, stack) | changed
    return record(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"), invoke=cloud, config=config, stack=stack)
