"""The shipped bootstrap, changed as a test says, and what it registers."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bootstrap import declaration, program
from bootstrap.declaration import Declaration
from tests.components.recording import Recording, record
from tests.program.fake import Cloud

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "bootstrap"
FILE = "bootstrap/Pulumi.acme.yaml"
ACCOUNT, OWNER_ID, REPOSITORY_ID, TEAM_ID = "111122223333", 7000, 9000, 3000
STATE_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0a1b2c3d"
ACTIONS = {"stateBucket": "acme-pulumi-state", "stateKey": STATE_KEY}


def config(**changed: Any) -> dict[str, Any]:
    """Configuration of the shipped stack by full keys; `changed` by short ones, None takes one away."""
    own = yaml.safe_load((FOLDER / "Pulumi.acme.yaml").read_text())["config"]
    own |= {(key if ":" in key else f"{declaration.PROJECT}:{key}"): value for key, value in changed.items()}
    return {key: value for key, value in {**declaration.defaults(FOLDER), **own}.items() if value is not None}


def parse(root: Path = ROOT, **changed: Any) -> Declaration:
    return declaration.parse(config(**changed), root, FILE)


def checkout(folder: Path, **stacks: Mapping[str, Any]) -> Path:
    """A copy of the stack files and catalogs; `stacks` are changed keys by stack, None takes one away."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "catalog", folder / "catalog")
    for stack, changed in stacks.items():
        source = folder / f"Pulumi.{stack}.yaml"
        if not source.exists():
            shutil.copy(ROOT / "Pulumi.prod.yaml", source)
        own = yaml.safe_load(source.read_text())["config"] | changed
        source.write_text(yaml.safe_dump({"config": {key: value for key, value in own.items() if value is not None}}))
    return folder


def with_actions(folder: Path) -> Path:
    """A checkout whose stacks adopt GitHub's provider, as they must where the bootstrap makes it."""
    return checkout(folder, **{stack: {"package-flow:githubOidcProvider": "existing"} for stack in ("dev", "prod")})


@dataclass
class There:
    """What GitHub and the bootstrap's own state have besides: other repositories by full name, environments by name, resources."""

    repositories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environments: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)


NOTHING_ELSE = There()


def cloud(refs: Sequence[str] = ("heads/main",), there: There = NOTHING_ELSE) -> Cloud:
    """AWS and GitHub as the shipped stacks need them; `refs` are those of the program's repository."""
    made = Cloud(audiences=None, resources=there.resources)
    own = {"fullName": "acme/package-flow", "name": "package-flow", "repoId": REPOSITORY_ID, "defaultBranch": "main"}
    made.only = {own["fullName"]: own, **there.repositories}
    made.rest = {f"repos/acme/package-flow/environments/{name}": one for name, one in there.environments.items()}
    listed = [{**one, "name": name} for name, one in there.environments.items()]
    made.rest["repos/acme/package-flow/environments?per_page=100"] = {"total_count": len(listed), "environments": listed}
    made.refs, made.teams = set(refs), {"release-managers": TEAM_ID}
    return made


def recorded(
    root: Path = ROOT, *, preview: bool = False, refs: Sequence[str] = ("heads/main",), there: There = NOTHING_ELSE, **changed: Any
) -> Recording:
    """What the bootstrap registers; objects and lists come as the engine hands them over."""
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config(**changed).items()}
    folder = root / "bootstrap"
    if root != ROOT:
        folder.mkdir(exist_ok=True)
        shutil.copy(FOLDER / "Pulumi.yaml", folder / "Pulumi.yaml")
    return record(
        lambda: program.run(folder),
        invoke=cloud(refs, there),
        config=given,
        project=declaration.PROJECT,
        stack="acme",
        preview=preview,
    )
