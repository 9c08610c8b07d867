"""What people change in a stack, under Pulumi's engine: what is made, updated, replaced and deleted, in which order, all in one `pulumi up`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.life import SMALL, Life, changes, done, living, needs_engine

pytestmark = needs_engine


def changed(life: Life) -> list[str]:
    """What one up does; a second one has nothing left to do."""
    steps = changes(done(life.stack.up()))
    assert changes(done(life.stack.up())) == []
    return steps


def repository(life: Life, change: Callable[[dict[str, Any]], object]) -> None:
    """Change payments-api in its team's file."""
    team = life.team("payments")
    change(team["repositories"]["payments-api"])
    life.configure({"payments": team})


def counted(steps: list[str]) -> dict[str, int]:
    """How many of each operation and type."""
    kinds = [" ".join(step.split()[:2]) for step in steps]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def test_changes_to_a_small_stack(tmp_path: Path) -> None:
    with living(SMALL, tmp_path) as life:
        done(life.stack.up())
        print()
        def show(what):
            r = life.stack.up()
            print("==", what, r.failed[-800:], r.warnings); [print("     ", c) for c in changes(r)]
            r = life.stack.up()
            print("   second:", changes(r), r.failed[-300:])
        repository(life, lambda one: one.update(release_branches=["main", "release/*"])); show("widen")
        repository(life, lambda one: one.update(release_branches=["main"])); show("narrow")
        repository(life, lambda one: one.update(environment="")); show("environment off")
        repository(life, lambda one: one.update(environment="packages")); show("environment on")
        repository(life, lambda one: one.pop("promotes")); show("stops promoting")
        team = life.team("research"); team["readers"] = "organization"; life.configure({"research": team}); show("readers organization")
        team["readers"] = "team"; life.configure({"research": team}); show("readers team")
        life.configure({"mobile": {"team": "mobile", "owns": {"npm": ["@acme-mobile/*"]}, "repositories": {"package-flow-outside": {}}}}); show("team added")
        life.configure(tokenDuration=1800); show("token duration")
        life.configure(publicSources=["npmjs", "pypi"]); show("public source added")
        life.stack.unprotect(); life.configure(publicSources=["npmjs"]); show("public source gone")
        life.stack.unprotect(); life.configure({"mobile": None}); show("team gone")
        repository(life, lambda one: (one.pop("publishes"), one.pop("release_branches"), one.pop("environment"))); show("stops publishing")
        life.configure(githubOidcProvider="existing"); show("oidc existing")
        life.configure(subjects="immutable"); show("subjects")
