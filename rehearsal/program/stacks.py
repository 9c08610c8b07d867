"""Answers about other stacks, and about this stack's own last state, as the engine's backend gives them.

Source: pkg/resource/deploy/builtins.go and pkg/backend/backend.go (GetStackOutputs, GetStackResourceOutputs).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.program import wire
from rehearsal.program.state import STACK_TYPE, Resource, State, read


@dataclass(frozen=True)
class OtherStacks:
    """`directory` holds an earlier result file NAME.json for each stack that may be referred to; `own` is the last state of this one."""

    own: State
    directory: Path | None = None

    def reference(self, name: str) -> dict[str, Any]:
        """What a StackReference of this name has. Raises LookupError if there is no such stack."""
        state = self._state(name)
        outputs = {key: wire.secret(value) if key in state.secret_outputs else value for key, value in state.outputs.items()}
        return {"name": name, "outputs": outputs, "secretOutputNames": sorted(state.secret_outputs)}

    def resource_outputs(self, name: str) -> dict[str, Any]:
        """Type and outputs of every resource of the stack, by URN; the stack itself is one of them, default providers are not listed."""
        state = self._state(name)
        listed = {resource.urn: _entry(resource) for resource in state.resources.values()}
        if state.resources:
            urn = f"urn:pulumi:{state.stack}::{state.project}::{STACK_TYPE}::{state.project}-{state.stack}"
            listed[urn] = {"type": STACK_TYPE, "outputs": state.outputs}
        return {"name": name, "outputs": listed}

    def _state(self, name: str) -> State:
        """The stack that `STACK`, `ORGANIZATION/STACK` or `ORGANIZATION/PROJECT/STACK` names."""
        *owner, stack = name.split("/")
        project = owner[1] if len(owner) == 2 else self.own.project
        if (project, stack) == (self.own.project, self.own.stack):
            return self.own
        file = self.directory / f"{stack}.json" if self.directory else None
        if len(owner) > 2 or file is None or not file.exists() or json.loads(file.read_text(encoding="utf-8"))["project"] != project:
            raise LookupError(f'unknown stack "{name}"')
        return read(file, project, stack)


def _entry(resource: Resource) -> dict[str, Any]:
    return {"type": resource.type, "outputs": resource.outputs}
