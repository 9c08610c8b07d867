"""registry.json, which the workflows trust, against the stacks."""

import json
from typing import Any

import yaml

from tests.workflows.calling import PROJECT

FOLDER = PROJECT / ".github" / "actions" / "registry"
CONSTANTS = json.loads((FOLDER / "registry.json").read_text())


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
