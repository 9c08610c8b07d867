"""The scenarios of a shipped stack without a cloud: what they are called and what they expect, not what comes of them."""

from functools import cache
from pathlib import Path
from unittest.mock import MagicMock

from rehearsal import bootstrapping, seeding, selection, stage
from rehearsal.github import GitHub
from rehearsal.scenario import Scenario
from rehearsal.world import Place, World
from tests.components.recording import ACCOUNT
from tests.program.test_program import parsed, recorded


class _NoCloud(World):
    """Clients and principals that nobody calls: scenarios are made, not attempted."""

    def client(self, service, credentials):
        return MagicMock()

    def principal(self, name, policy, *, account=""):
        return MagicMock()


@cache
def scenarios(stack: str) -> dict[str, Scenario]:
    """Every scenario of a shipped stack by its name. Nothing of it may be attempted."""
    settings = parsed(stack)
    bootstrap = bootstrapping.of_stack(stage.PROJECT, stack)
    assert bootstrap is not None
    world = _NoCloud(
        settings,
        recorded(stack).outputs,
        Place("http://127.0.0.1:9", ACCOUNT, settings.region),
        MagicMock(),
        GitHub(MagicMock(), settings.github_owner, seeding.reviewers(settings)),
        workflows=stage.PROJECT,
        folder=Path("nowhere"),
        upstream="fixture",
        public_packages=stage.PUBLIC_PACKAGES["fixture"],
        bootstrap=bootstrap.declared,
    )
    return {one.name: one for phase in selection.phases(world) for one in phase}
