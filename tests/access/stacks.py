"""The shipped stacks, planned once, and as the program registers them."""

from functools import cache
from pathlib import Path
from typing import Any

from access import planned
from access.provisioned import Provisioned
from plan.facts import assumed
from plan.planning import plan
from settings.parsing import of_stack
from tests.docs import shipped

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "prod")


@cache
def provisioned_stack(stack: str) -> Provisioned:
    """The stack as its plan has it."""
    settings = of_stack(ROOT, stack)
    return planned.read(plan(settings, assumed(settings)))


@cache
def resources(stack: str) -> dict[str, Any]:
    """What the program registers for a stack, as `python -m rehearsal --json` has it."""
    recorded = shipped.recorded(stack)
    listed = [
        {"urn": one.urn, "type": one.type, "name": one.name, "parent": one.parent, "inputs": one.inputs} for one in recorded.registrations
    ]
    return {"stack": stack, "resources": listed, "outputs": recorded.outputs}
