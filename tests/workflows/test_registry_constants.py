"""registry.json, which the workflows trust, against the stacks."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.workflows.calling import PROJECT

FOLDER = PROJECT / ".github" / "actions" / "registry"
CONSTANTS = json.loads((FOLDER / "registry.json").read_text())
OUTPUTS = {"domain": {"name": "acme", "owner": "111122223333", "region": "eu-west-1", "arn": "arn:aws:codeartifact:..."}}


def stack(name: str) -> dict[str, Any]:
    """A stack's constants, as its file and the defaults in Pulumi.yaml say."""
    defaults = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    config = yaml.safe_load((PROJECT / f"Pulumi.{name}.yaml").read_text())["config"]
    (account,) = config["aws:allowedAccountIds"]
    return {
        "stack": name,
        "domain": config["package-flow:domain"]["name"],
        "domainOwner": account,
        "region": config["aws:region"],
        "tokenDuration": config.get("package-flow:tokenDuration", defaults["tokenDuration"]["default"]),
    }


def test_every_stack_is_listed_as_its_file_says() -> None:
    stacks = sorted(file.name.split(".")[1] for file in PROJECT.glob("Pulumi.*.yaml"))
    assert stacks == ["dev", "prod"]
    assert sorted(CONSTANTS, key=lambda one: one["stack"]) == [stack(name) for name in stacks]


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("prod", {}, ""),
        ("prod", {"owner": "999999999999"}, "domainOwner: registry.json says '111122223333', the stack '999999999999'"),
        ("prod", {"region": "eu-central-1"}, "region"),
        ("prod", {"name": "acme-dev"}, "domain:"),
        ("staging", {}, "lists the stack staging 0 times"),
    ],
)
def test_the_command_finds_what_differs_from_a_stacks_outputs(name: str, changed: dict[str, str], message: str) -> None:
    outputs = json.dumps({"domain": {**OUTPUTS["domain"], **changed}})
    ended = subprocess.run([sys.executable, str(FOLDER / "compare.py"), name], input=outputs, capture_output=True, text=True, check=False)
    assert ended.returncode == (1 if message else 0)
    assert message in ended.stderr
