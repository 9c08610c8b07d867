"""The shipped stacks, recorded once."""

from functools import cache
from pathlib import Path
from typing import Any

from access.provisioned import Provisioned, read
from access.review import record

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "prod")


@cache
def recorded(stack: str) -> dict[str, Any]:
    """What the program registers for a stack."""
    return record(ROOT, stack)


def provisioned_stack(stack: str) -> Provisioned:
    """The stack, read from that."""
    return read(recorded(stack))
