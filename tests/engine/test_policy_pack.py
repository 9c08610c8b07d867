"""The policy pack as Pulumi's engine runs it, on a stack that it is given by the program."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.engine.stack import Event, Run
from tests.engine.life import PROJECT, SMALL, living, needs_engine

pytestmark = [needs_engine, pytest.mark.slow("tests/policy_pack shows the rules, and the pack as a server")]


def executable(folder: Path) -> Path:
    """The pack as a plugin: the engine starts a file itself; for a folder it needs the language host of Python, which is no Go module."""
    file = folder / "pulumi-analyzer-package-flow"
    file.write_text(f'#!/bin/sh\ncd "{PROJECT / "policy_pack"}" && exec "{sys.executable}" __main__.py "$@"\n')
    file.chmod(0o755)
    return file


def judged(command: Callable[..., Run], pack: Path, *configs: str) -> tuple[bool, list[tuple[str, str]]]:
    """Whether a command passes, and the rules that something breaks, each with the resource."""
    found: list[tuple[str, str]] = []

    def tell(event: Event) -> None:
        if event.policy_event is not None:
            found.append((event.policy_event.policy_name, (event.policy_event.resource_urn or "").rpartition("::")[2]))

    run = command(tell, policy_packs=[str(pack)], policy_pack_configs=list(configs))
    return not run.failed, sorted(found)


def test_the_engine_holds_a_stack_to_the_rules(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        pack, config = executable(tmp_path), tmp_path / "config.json"
        config.write_text(json.dumps({"production-is-protected": {"productionStacks": [SMALL.name]}}))
        assert judged(life.stack.up, pack, str(config)) == (True, [])
        domain = life.values["package-flow:domain"]
        life.configure(domain={**domain, "protect": False})
        passed, broken = judged(life.stack.preview, pack, str(config))
        assert not passed
        assert {rule for rule, _ in broken} == {"production-is-protected"}
        assert ("production-is-protected", "acme") in broken
        # Of a stack that is not production nobody asks it.
        assert judged(life.stack.preview, pack) == (True, [])
