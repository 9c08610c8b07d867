"""A stack under Pulumi's engine, for tests: which stacks there are, and what a command must have done."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rehearsal import stage
from rehearsal.engine import command, life
from rehearsal.engine.life import Life, changes, short
from rehearsal.engine.stack import Run
from rehearsal.faults import SMALL
from rehearsal.processes import PROJECT

__all__ = ["FOUND", "PROJECT", "SMALL", "Life", "changes", "done", "in_the_organization", "living", "needs_engine", "shipped", "short"]

FOUND = command.find()

needs_engine = pytest.mark.skipif(FOUND is None, reason="there is no engine here: make engine")


def shipped(name: str) -> stage.Stack:
    """One of the project's own stacks."""
    return stage.Stack(name, PROJECT / f"Pulumi.{name}.yaml", None)


def in_the_organization(stack: stage.Stack, folder: Path) -> stage.Stack:
    """The same stack, with what its repositories have in common in the organisation; its file is in this folder."""
    file = folder / stack.file.name
    file.write_text(stack.file.read_text().replace("config:", "config:\n  package-flow:githubScope: organization", 1))
    return stage.Stack(stack.name, file, stack.catalog)


def living(stack: stage.Stack, folder: Path) -> AbstractContextManager[Life]:
    """A cloud with the company in it, and the engine on the stack, before its first command."""
    assert FOUND is not None
    return life.living(FOUND.path, stack, folder)


def done(run: Run) -> Run:
    """A command that must have succeeded, and about which the engine had nothing to warn of."""
    assert run.failed == "", [f"{one.urn}: {one.text}" for one in run.errors]
    assert run.warnings == []
    return run
