"""`kill -9` of Pulumi's command: what was under way is done, and the state does not know it. What people do then."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.engine.stack import Run
from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

pytestmark = [
    needs_engine,
    # What the SDK leaves behind of a program whose engine is gone.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:Error in event stream"),
]
# What the next up says of what is there, by type.
REFUSALS = {
    "codeartifact/repository:": "already exists",
    "actionsVariable:": "which this stack did not make",
    "repositoryRuleset:": "Name must be unique",
}


def killed(life: Life, step: str, kind: str, act: Callable[..., Run]) -> str:
    """A command that is killed when this is about to happen to the first resource of this type, which it then does; its URN."""
    hit: list[str] = []

    def kill(happening: str, urn: str) -> None:
        if happening == step and kind in urn and not hit:
            hit.append(urn)
            os.kill(life.plugins.engine, signal.SIGKILL)

    life.plugins.watch = kill
    # One after the other, so that one operation is under way.
    run = act(parallel=1)
    life.plugins.watch = lambda step, urn: None
    assert hit, [(one.urn, one.text) for one in run.errors]
    assert "currently locked" in life.stack.up().failed
    life.stack.pulumi("cancel", "--yes")
    return hit[0]


def deleted_by_hand(life: Life, urn: str) -> None:
    """The other way than an import, where nobody has used it yet."""
    name, owner = urn.split("::", 3)[3], life.settings.github_owner
    repository, _, rest = name.rpartition("-")
    path = ("repos", owner, repository)
    if "codeartifact/repository:" in urn:
        life.aws("codeartifact").delete_repository(domain=life.settings.domain.name, repository=name)
    elif "actionsVariable:" in urn:
        life.github.call("DELETE", *path, "actions", "variables", rest)
    else:
        repository, kind, digest = name.rsplit("-", 2)
        path = ("repos", owner, repository, "rulesets")
        made = next(one["id"] for one in life.github.call("GET", *path) if one["name"].endswith(f"-{kind}-{digest}"))
        life.github.call("DELETE", *path, str(made))


def test_what_was_under_way_is_named_refused_and_made_anew(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        for kind, refusal in REFUSALS.items():
            urn = killed(life, "create", kind, life.stack.up)
            assert [one["resource"]["urn"] for one in life.stack.pending()] == [urn]
            known = {one["urn"] for one in life.stack.state()}
            refused = life.stack.up(parallel=1)
            assert refusal in "\n".join(one.text for one in refused.errors)
            assert urn in "\n".join(refused.warnings) or "nothing was changed" in refused.errors[0].text
            assert urn not in {one["urn"] for one in life.stack.state()} >= known
            deleted_by_hand(life, urn)
            life.stack.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
            assert life.stack.pending() == []
        done(life.stack.up())
        assert changes(done(life.stack.refresh())) == []


def test_a_destroy_that_was_killed_goes_on(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        life.stack.unprotect()
        urn = killed(life, "delete", "actionsVariable:", life.stack.destroy)
        again = life.stack.destroy()
        assert "404" in again.errors[0].text
        assert again.errors[0].urn == urn
        done(life.stack.refresh(target=[urn]))
        done(life.stack.destroy())
        assert [one["type"] for one in life.stack.state() if not one["type"].startswith("pulumi:")] == []
