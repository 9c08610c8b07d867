"""What a run leaves behind, for `--destroy` and for references to the stack: the registered resources and the stack's outputs."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rehearsal.program import wire

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass
class Resource:
    """One resource as the program registered it and as it came to be.

    `inputs` and `outputs` are on the wire's terms (camelCase) with secrets in their envelopes; a result file has them masked.
    `status` is created, read, component or partial (it exists, but its creation did not finish).
    """

    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    status: str = ""

    @property
    def external(self) -> bool:
        """Whether the program only looked it up, so that it is never changed or deleted."""
        return self.status == "read"

    def to_json(self) -> dict[str, Any]:
        """The resource as a result file has it, secrets masked."""
        return {**vars(self), "inputs": wire.shown(self.inputs), "outputs": wire.shown(self.outputs), "id": self.id or None}


@dataclass
class State:
    """Everything known of a stack after a run. `outputs` is None as long as the program has not exported any."""

    project: str
    stack: str
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: list[str] = field(default_factory=list)


def read(path: Path | None, project: str, stack: str) -> State:
    """The state in an earlier result file; an empty one without a file. Raises ValueError if the file is another stack's."""
    if path is None or not path.exists():
        return State(project, stack)
    loaded = json.loads(path.read_text(encoding="utf-8"))
    if (loaded["project"], loaded["stack"]) != (project, stack):
        raise ValueError(f"{path} is the state of {loaded['project']}/{loaded['stack']}, not of {project}/{stack}")
    listed: list[dict[str, Any]] = loaded["resources"]
    resources = [replace(Resource(**each), id=each["id"] or "") for each in listed]
    return State(
        project=project,
        stack=stack,
        resources={each.urn: each for each in resources},
        outputs=loaded["outputs"],
        secret_outputs=loaded["secret_outputs"],
    )
