"""Workflows of consuming repositories, as the examples show them: what their jobs pass to this project's reusable workflows."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal.actions import definitions
from rehearsal.actions.expressions import Declared, Scope, interpolate

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# The examples call the workflows of a fictional company's copy.
_OWN = re.compile(r"[\w.-]+/[\w.-]+/\.github/workflows/(?P<file>[\w.-]+)@main")
_WORKFLOWS = EXAMPLES.parent / ".github" / "workflows"


def call(file: Path, job: str, **contexts: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that a job passes, with its expressions evaluated in these contexts (`inputs`, `needs`).

    Raises ValueError if the job does not call a workflow of this project at main, DefinitionError or ExpressionError for a file that GitHub
    would refuse.
    """
    calling = definitions.read(file)["jobs"][job]
    called = _OWN.fullmatch(calling.get("uses", ""))
    if not called or not (_WORKFLOWS / called["file"]).is_file():
        raise ValueError(f"{file}: job {job}: got uses {calling.get('uses')!r}; expected a workflow of this project at main")
    scope = Scope({name: Declared(name, values) for name, values in contexts.items()})
    return {name: interpolate(value, scope) for name, value in calling["with"].items()}
