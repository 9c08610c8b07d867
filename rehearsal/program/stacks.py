"""Answers about other stacks, as the engine's backend gives them, and about this one, which has nothing before it is made.

Source: pkg/resource/deploy/builtins.go and pkg/backend/backend.go (GetStackOutputs, GetStackResourceOutputs).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.program import wire
from rehearsal.program.state import read


@dataclass(frozen=True)
class OtherStacks:
    """`directory` holds an earlier result file NAME.json for each stack that may be referred to; `project` and `stack` are this one's."""

    project: str
    stack: str
    directory: Path | None = None

    def reference(self, name: str) -> dict[str, Any]:
        """What a StackReference of this name has. Raises LookupError if there is no such stack."""
        project, stack = self._named(name)
        file = self.directory / f"{stack}.json" if self.directory else None
        if name.count("/") > 2 or file is None or not file.exists() or json.loads(file.read_text(encoding="utf-8"))["project"] != project:
            raise LookupError(f'unknown stack "{name}"')
        state = read(file, project, stack)
        outputs = {key: wire.secret(value) if key in state.secret_outputs else value for key, value in state.outputs.items()}
        return {"name": name, "outputs": outputs, "secretOutputNames": sorted(state.secret_outputs)}

    def resource_outputs(self, name: str) -> dict[str, Any]:
        """Type and outputs of every resource of this stack by URN: none, before it is made. Raises LookupError for another stack."""
        if self._named(name) != (self.project, self.stack):
            raise LookupError(f'unknown stack "{name}"')
        return {"name": name, "outputs": {}}

    def _named(self, name: str) -> tuple[str, str]:
        """Project and stack that `STACK`, `ORGANIZATION/STACK` or `ORGANIZATION/PROJECT/STACK` names."""
        *owner, stack = name.split("/")
        return owner[1] if len(owner) == 2 else self.project, stack
