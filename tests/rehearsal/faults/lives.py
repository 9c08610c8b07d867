"""A process of its own for the tests: lives of the small stack with faults, as it is and with defects put in. Prints the cases as JSON."""

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rehearsal.faults import deployment, exploration
from rehearsal.faults.__main__ import SMALL
from rehearsal.faults.exploration import Disturbance
from rehearsal.program import runner
from rehearsal.program.state import State
from rehearsal.stage import Stack

SAMPLE, SEED = 12, 3
STATE_AFTER = runner._state_after


def forgetful(before: State, recording: Any, *, failed: bool) -> State:
    """As the runner's own, but for the domain, if the run failed."""
    after = STATE_AFTER(before, recording, failed=failed)
    for urn in [urn for urn, one in after.resources.items() if failed and one.type == "aws:codeartifact/domain:Domain"]:
        del after.resources[urn]
    return after


DEFECTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "none": ("kms:CreateKey", "lost-response", {}),
    "nobody looks for keys": (
        "kms:CreateKey",
        "lost-response",
        {"rehearsal.faults.operator.orphaned_keys": lambda *_: []},
    ),
    "nothing is lost": ("codeartifact:CreateRepository", "outage", {}),
    "a record is lost": ("codeartifact:CreateRepository", "outage", {"rehearsal.program.runner._state_after": forgetful}),
    "no line": ("codeartifact:CreateRepository", "outage", {"rehearsal.program.positions.of_request": lambda *_: ""}),
}


def main() -> None:
    """Print {name: [case, ...]}."""
    with tempfile.TemporaryDirectory() as folder:
        file = SMALL / "Pulumi.small.yaml"
        stacks = [Stack("small", file.resolve(), (SMALL / catalog).resolve()) for catalog in ("catalog", "changed")]
        made = deployment.prepared(stacks[0], stacks[1], Path(folder))
        references = exploration.calls_of(made)
        told = {"calls": {name: len(one.calls) for name, one in references.items()}}
        for name, (only, kind, patches) in DEFECTS.items():
            chosen = exploration.chosen(references, [Disturbance(kind)], only, None, 0)
            first = {phase: faults[:1] if phase == "up" else [] for phase, faults in chosen.items()}
            told[name] = exploration._branched(partial(_explored, made, references, first, patches))
        sample = exploration.chosen(references, list(Disturbance), "", SAMPLE, SEED)
        told["sample"] = exploration._branched(lambda: _explored(made, references, sample, {}))
    json.dump(told, sys.stdout)


def _explored(made: Any, references: Any, faults: Any, patches: dict[str, Callable[..., Any]]) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        for target, replacement in patches.items():
            stack.enter_context(patch(target, replacement))
        return [asdict(case) for case in exploration.explore(made, references, faults)]


if __name__ == "__main__":
    main()
