"""The scenarios of a stack without a cloud: what they are called and what they expect, not what comes of them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from bootstrap.declaration import Declaration
from rehearsal import bootstrapping, seeding, selection, stage
from rehearsal.github import GitHub
from rehearsal.scenario import Scenario
from rehearsal.scenarios import team_stacks
from rehearsal.world import Place, World
from settings import Settings
from tests.components.recording import ACCOUNT
from tests.program.test_program import parsed, recorded


class _NoCloud(World):
    """Clients and principals that nobody calls: scenarios are made, not attempted."""

    def client(self, service, credentials):
        return MagicMock()

    def principal(self, name, policy, *, account=""):
        return MagicMock()


def without_a_cloud(settings: Settings, outputs: Mapping[str, Any], bootstrap: Declaration | None = None) -> World:
    """The company of a stack with these outputs. Nothing in it may be attempted."""
    return _NoCloud(
        settings,
        outputs,
        Place("http://127.0.0.1:9", ACCOUNT, settings.region),
        MagicMock(),
        GitHub(MagicMock(), settings.github_owner, seeding.reviewers(settings)),
        workflows=stage.PROJECT,
        folder=Path("nowhere"),
        upstream="fixture",
        public_packages=stage.PUBLIC_PACKAGES["fixture"],
        bootstrap=bootstrap,
    )


@cache
def of_team_stack() -> dict[str, Scenario]:
    """Those that prod has besides, where payments is in the stack prod-payments."""
    settings = parsed("prod")
    teams = tuple(replace(team, stack="prod-payments" if team.name == "payments" else "") for team in settings.teams)
    world = without_a_cloud(replace(settings, teams=teams), recorded("prod").outputs)
    world.team_deployers = {"prod-payments": MagicMock()}
    return {one.name: one for one in team_stacks.scenarios(world)}


@cache
def scenarios(stack: str) -> dict[str, Scenario]:
    """Every scenario of a shipped stack by its name. Nothing of it may be attempted."""
    bootstrap = bootstrapping.of_stack(stage.PROJECT, stack)
    assert bootstrap is not None
    world = without_a_cloud(parsed(stack), recorded(stack).outputs, bootstrap.declared)
    return {one.name: one for phase in selection.phases(world) for one in phase}
