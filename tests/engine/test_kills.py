"""kill -9 and Ctrl-C of Pulumi's command in the middle of up, refresh and destroy: what the next run does, and the documented commands."""

import os
import signal
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What there is after an up and after a destroy that nobody stops."""
    with living(SMALL, tmp_path_factory.mktemp("undisturbed")) as life:
        done(life.stack.up())
        made = lives.end(life)
        life.stack.unprotect()
        done(life.stack.destroy())
        return {"up": made, "destroy": lives.end(life)}


def stopped(life: Life, act: Callable[[], Run], sent: signal.Signals) -> Run:
    """A command that gets a signal when its tenth step from now is about to happen. The step and those beside it then happen."""
    steps_seen = 0

    def stop(happening: str, urn: str) -> None:
        nonlocal steps_seen
        steps_seen += 1
        if steps_seen == EVERY:
            os.kill(life.plugins.engine, sent)

    life.plugins.watch = stop
    run = act()
    life.plugins.watch = lambda step, urn: None
    life.plugins.settle()
    if steps_seen >= EVERY and sent == signal.SIGKILL:
        life.stack.pulumi("cancel", "--yes")
    lives.guarded(life)
    return run


def stops(life: Life, act: Callable[[], Run], sent: signal.Signals) -> Iterator[list[str]]:
    """Stops a command at every tenth step until it comes to its end; at each stop, the commands by hand that the next run asked for."""
    for _ in range(MOST_STOPS):
        run = stopped(life, act, sent)
        if not run.failed:
            return
        command = steps.next_step(life, run)
        print("STOP", [(e.text[:160]) for e in run.errors], [c for c in changes(run) if "import" in c], command)
        yield [command] if command else []
    raise AssertionError(f"no end after {MOST_STOPS} stops: {run.errors}")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_every_tenth_step(sent: signal.Signals, tmp_path: Path, undisturbed: dict[str, list[str]]) -> None:
    with living(SMALL, tmp_path) as life:
        by_hand = list(stops(life, life.stack.up, sent))
        print("UP", by_hand)
        print("KEYS", steps.dispose(life))
        if life.stack.pending():
            life.stack.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
        assert lives.difference(undisturbed["up"], lives.end(life)) == []
        assert changes(done(life.stack.up())) == []
        list(stops(life, life.stack.refresh, sent))
        assert changes(done(life.stack.refresh())) == []
        life.stack.unprotect()
        by_hand = list(stops(life, lambda: life.stack.destroy(refresh=True), sent))
        print("DOWN", by_hand)
        assert [one["type"] for one in life.stack.state() if not one["type"].startswith("pulumi:")] == []
        assert lives.difference(undisturbed["destroy"], lives.end(life)) == []
