"""A stack under Pulumi's engine, for tests: which stacks there are, and what a command must have done."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rehearsal import stage
from rehearsal.engine import command, language, life
from rehearsal.engine.life import Life, changes, short
from rehearsal.engine.stack import Run
from rehearsal.faults import SMALL
from rehearsal.processes import PROJECT
from tests.company import copies

__all__ = [
    "FOUND",
    "PROJECT",
    "SMALL",
    "Life",
    "changes",
    "command_line",
    "done",
    "in_the_organization",
    "living",
    "needs_engine",
    "shipped",
    "short",
]

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


def command_line(root: Path, folder: Path, home: Path) -> dict[str, str]:
    """The environment of Pulumi's command in an installed checkout, with an engine of its own `home` and a backend in the folder."""
    assert FOUND is not None
    tools, backend = folder / "tools", folder / "backend"
    tools.mkdir()
    (tools / "pulumi").symlink_to(FOUND.path)
    language.install(tools)
    backend.mkdir()
    usual = copies.environment()
    return {
        **usual,
        "PATH": f"{tools}:{root / 'venv' / 'bin'}:{usual['PATH']}",
        "HOME": str(folder),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "passphrase",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def done(run: Run) -> Run:
    """A command that must have succeeded, and about which the engine had nothing to warn of."""
    assert run.failed == "", [f"{one.urn}: {one.text}" for one in run.errors]
    assert run.warnings == []
    return run
