"""kill -9 and Ctrl-C of Pulumi's command in the middle of up, refresh and destroy: the next runs come to the end of an undisturbed one."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.engine.stack import Run
from rehearsal.faults import lives, steps
from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

pytestmark = [
    needs_engine,
    # What the SDK leaves behind of a program whose engine is gone.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:Error in event stream"),
]
EVERY = 10
MOST_STOPS = 30
# What an up asks for by hand after kill -9, and nothing else: what no program can adopt, each in docs/faults.md.
BY_HAND = (
    "aws codeartifact delete-domain",
    "aws codeartifact delete-package-group",
    "aws codeartifact delete-repository",
    "aws sso-admin delete-account-assignment",
    "aws sso-admin delete-permission-set",
)
# What a destroy asks for by hand after kill -9: of something that was gone before the state knew, the deployer may not even ask.
GONE = ("pulumi state delete aws:iam/role:Role ", "pulumi state delete aws:ssoadmin/permissionSet:PermissionSet ")
# Of these none is ever in the way: the program adopts what it finds.
ADOPTED = (
    "role:Role",
    "policy:Policy",
    "alias:Alias",
    "openIdConnectProvider:",
    "actionsVariable:",
    "repositoryRuleset:",
    "repositoryEnvironment",
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What there is after an up and after a destroy that nobody stops."""
    with living(SMALL, tmp_path_factory.mktemp("undisturbed")) as life:
        done(life.stack.up())
        made = lives.end(life)
        life.stack.unprotect()
        done(life.stack.destroy())
        return {"up": made, "destroy": lives.end(life)}


def stopped(life: Life, act: Callable[[], Run], sent: signal.Signals) -> tuple[Run, bool]:
    """A command that gets a signal when its tenth step is about to happen, and whether it came so far. What is under way then happens."""
    happened = 0

    def stop(happening: str, urn: str) -> None:
        nonlocal happened
        happened += 1
        if happened == EVERY:
            os.kill(life.plugins.engine, sent)

    life.plugins.watch = stop
    run = act()
    life.plugins.watch = lambda step, urn: None
    life.plugins.settle()
    if happened >= EVERY and sent == signal.SIGKILL:
        life.stack.restore()
        life.stack.pulumi("cancel", "--yes")
    lives.guarded(life)
    return run, happened >= EVERY


def stops(life: Life, act: Callable[[], Run], sent: signal.Signals) -> tuple[int, list[str]]:
    """Stops a command at every tenth step until it comes to its end: how often, and the commands by hand that its messages asked for."""
    count, commands = 0, []
    for _ in range(MOST_STOPS):
        run, hit = stopped(life, act, sent)
        # The command's status is not asked: a destroy that Ctrl-C has ended says 0.
        if not (hit or run.failed):
            return count, commands
        count += hit
        assert not [one.text for one in run.errors if one.urn and any(type in one.urn for type in ADOPTED) and "xist" in one.text]
        command = steps.next_step(life, run)
        commands += [command] if command else []
    raise AssertionError(f"no end after {MOST_STOPS} runs")


@pytest.mark.slow("test_stops.py stops after every step of a change; tests/program adopts what a stop may leave")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_every_tenth_step(sent: signal.Signals, tmp_path: Path, undisturbed: dict[str, list[str]]) -> None:
    with living(SMALL, tmp_path) as life:
        count, commands = stops(life, life.stack.up, sent)
        assert count > 3
        assert all(one.startswith(BY_HAND) for one in commands), commands
        disposed = steps.dispose(life)
        assert sent == signal.SIGKILL or not commands + disposed
        if life.stack.pending():
            life.stack.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
        assert lives.difference(undisturbed["up"], lives.end(life)) == []
        assert changes(done(life.stack.up())) == []
        # A refresh begins anew each time: it is stopped once.
        refreshed, hit = stopped(life, life.stack.refresh, sent)
        assert hit, refreshed.failed
        assert changes(done(life.stack.refresh())) == []
        life.stack.unprotect()
        count, commands = stops_of_destroy(life, sent)
        assert count > 3
        assert all(one.startswith(GONE) for one in commands), commands
        assert sent == signal.SIGKILL or not commands
        assert [one["type"] for one in life.stack.state() if not one["type"].startswith("pulumi:")] == []
        assert lives.difference(undisturbed["destroy"], lives.end(life)) == []


def stops_of_destroy(life: Life, sent: signal.Signals) -> tuple[int, list[str]]:
    """A destroy with a refresh before it, which takes out of the state what is gone; stopped among its deletions."""

    def destroy() -> Run:
        watch, life.plugins.watch = life.plugins.watch, lambda step, urn: watch(step, urn) if step == "delete" else None
        return life.stack.destroy(refresh=True)

    return stops(life, destroy, sent)
