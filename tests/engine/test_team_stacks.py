"""Teams in stacks of their own under Pulumi's engine: a move by the commands of docs/operations.md, and twenty team stacks side by side.

Everything is run by Pulumi's command in a checkout of its own, as people and Deployments run it.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap import rights
from policies.document import text
from rehearsal import seeding, stage
from rehearsal.clients import Credentials
from rehearsal.engine import runner
from rehearsal.engine.plugins import Plugins
from rehearsal.engine.stack import home
from rehearsal.program.runner import Options
from rehearsal.world import credentials
from settings.parsing import of_stack
from tests import companies
from tests.company import copies
from tests.docs.pages import page
from tests.engine.life import command_line, needs_engine
from tests.engine.test_previewing import READING_TOKEN, READS
from tests.program import team_stacks
from tests.program.team_stacks import PAYMENTS, REGISTRY

pytestmark = needs_engine
TEAMS = 20
SIDE_BY_SIDE = 4


class Checkout:
    """A checkout whose teams have stacks of their own, a cloud, and Pulumi's command with one backend for all its stacks."""

    def __init__(self, folder: Path, cloud: stage.Cloud, options: Options) -> None:
        self.root, self.cloud = options.directory, cloud
        self._home, self._options, self.steps = home(folder / "engine"), options, list[tuple[str, str]]()
        self.plugins = self._plugins(options)
        self._environment = command_line(self.root, folder, self._home)

    def _plugins(self, options: Options) -> Plugins:
        """The providers, with the credentials of whoever runs the command; what they change is in `steps`."""
        watch = lambda step, urn: self.steps.append((step, urn)) if step in ("create", "update", "delete") else None  # noqa: E731
        return Plugins(self._home, partial(runner.clouds, options), watch)

    def become(self, who: Credentials, github: str) -> None:
        """Run what follows with these credentials."""
        self.plugins.close()
        self.plugins = self._plugins(replace(self._options, environment={**who.environment(), "GITHUB_TOKEN": github}))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["bash", "-c", command], cwd=self.root, env=self._environment, capture_output=True, text=True, check=False)

    def done(self, command: str) -> str:
        """What a command that must succeed prints."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def refused(self, command: str) -> str:
        """What a command that must not succeed prints."""
        done = self.run(command)
        assert done.returncode != 0, f"{command}:\n{done.stdout[-6000:]}"
        return done.stdout + done.stderr

    def up(self, stack: str) -> None:
        """`pulumi up`."""
        self.done(f"pulumi up --stack {stack} --yes --skip-preview")

    def planned(self, stack: str) -> dict[str, int]:
        """What a preview would do, without what stays the same."""
        summary = json.loads(self.done(f"pulumi preview --stack {stack} --json"))["changeSummary"]
        return {word: count for word, count in summary.items() if word not in ("same", "read")}

    def resources(self, stack: str) -> list[dict[str, Any]]:
        exported = json.loads(self.done(f"pulumi stack export --stack {stack}"))
        return (exported["deployment"] or {}).get("resources") or []

    def made(self, stack: str) -> set[str]:
        """The ids of what a stack has in AWS and GitHub."""
        return {f"{one['type']} {one['id']}" for one in self.resources(stack) if one["custom"] and not one["type"].startswith("pulumi:")}

    def everything(self) -> tuple[list[str], int]:
        """All that AWS and GitHub hold, and how many requests have written to GitHub."""
        return self.cloud.control.get("end-state")["lines"], self.cloud.control.get("github/requests")["github_writes"]


def checked_out(folder: Path, prepare: Callable[[Path], None]) -> Iterator[Checkout]:
    """A checkout of the shipped stack prod, as `prepare` changes it, and the company in a cloud of its own."""
    root = copies.installed(companies.copied(folder / "package-flow"))
    prepare(root)
    stack = stage.Stack(REGISTRY, root / f"Pulumi.{REGISTRY}.yaml", root / "catalog" / "prod")
    settings = stack.settings()
    with closing(stage.Cloud(settings, folder, "fixture")) as cloud:
        deployer = stage.company(stack, settings, cloud, folder, quick=True)
        url, environment = cloud.place.endpoint, {**deployer.environment(), "GITHUB_TOKEN": seeding.DEPLOYER_TOKEN}
        options = Options(
            directory=root,
            stack_file=stack.file,
            stack=REGISTRY,
            cloud_url=url,
            github_url=f"{url}/_github",
            overrides={},
            environment=environment,
        )
        checkout = Checkout(folder, cloud, options)
        try:
            yield checkout
        finally:
            checkout.plugins.close()


# --- a move ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Checkout]:
    yield from checked_out(tmp_path, lambda root: None)


def page_says() -> list[str]:
    """The commands of the section, in their order, without the indentation of its list."""
    section = page("docs/operations.md").section("Giving a team a stack of its own")
    return [
        re.sub(r"^   ", "", block, flags=re.MULTILINE)
        for block in re.findall(r"^   ```bash\n(.*?)^   ```$", section, re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.slow("tests/program/test_team_stacks.py shows that the parts are the whole, and what is refused before a move")
def test_a_team_moves_and_nothing_of_it_changes(moving: Checkout) -> None:
    checkout = moving
    checkout.done(f"pulumi stack init {REGISTRY}")
    checkout.up(REGISTRY)
    assert checkout.steps, "the first run is seen"
    checkout.steps.clear()
    before, had = checkout.everything(), checkout.made(REGISTRY)
    # Step 1.
    team_stacks.give(checkout.root, "payments", PAYMENTS)
    initialised, move, deploy = page_says()
    # Step 2: neither stack runs before the move.
    checkout.done(initialised)
    assert "which this run would delete; move them first" in checkout.refused(f"pulumi up --stack {REGISTRY} --yes")
    assert f"stack {REGISTRY} still has payments-api" in checkout.refused(f"pulumi up --stack {PAYMENTS} --yes")
    # Step 3.
    checkout.done(move)
    moved = checkout.made(PAYMENTS)
    assert moved and checkout.made(REGISTRY) | moved == had and not checkout.made(REGISTRY) & moved
    assert any("repository/acme/payments" in one for one in moved) and any("prod-publish-payments-api" in one for one in moved)
    # Step 4.
    assert checkout.planned(REGISTRY) == {}
    checkout.done(deploy)
    for stack in (REGISTRY, PAYMENTS):
        assert checkout.planned(stack) == {}
        checkout.done(f"pulumi up --stack {stack} --yes --expect-no-changes")
    assert checkout.steps == [] and checkout.everything() == before
    assert checkout.made(REGISTRY) | checkout.made(PAYMENTS) == had
    with_its_own_roles(checkout)
    assert checkout.steps == []


def with_its_own_roles(checkout: Checkout) -> None:
    """The team stack's deployer and previewer have what they need, and no more: the registry stack is not theirs to preview."""
    settings, cloud = of_stack(checkout.root, PAYMENTS), checkout.cloud
    checkout.become(seeding.team_deployer(settings, cloud.registry, cloud.control), seeding.DEPLOYER_TOKEN)
    checkout.done(f"pulumi up --stack {PAYMENTS} --yes --expect-no-changes")
    token = {"token": READING_TOKEN, "organization": settings.github_owner, "app_id": seeding.DEPLOYER_APP, "permissions": READS}
    cloud.control.post("github/seed", tokens=[token])
    policy = json.loads(text(rights.previewer(settings, cloud.registry)))
    checkout.become(credentials(cloud.control.post("principals", kind="role", name="previewer", policy=policy)), READING_TOKEN)
    assert checkout.planned(PAYMENTS) == {}
    assert "not authorized to perform" in checkout.refused(f"pulumi preview --stack {REGISTRY}")


# --- twenty ---------------------------------------------------------------------------------------------------------------------------


def names() -> list[str]:
    return [f"team{number:02}" for number in range(1, TEAMS + 1)]


def stack_of(team: str) -> str:
    return f"{REGISTRY}-{team}"


def twenty(root: Path) -> None:
    """The catalog gets twenty teams, each in a stack of its own; the second installs from the first."""
    for name in names():
        team: dict[str, Any] = {
            "team": name,
            "owns": {"npm": [f"@acme-{name}/*"]},
            "repositories": {f"{name}-api": {"publishes": ["npm"], "release_branches": ["main"]}, f"{name}-web": {}},
        }
        if name == "team02":
            team["upstreams"] = ["team01"]
        (root / "catalog" / "prod" / f"{name}.yaml").write_text(yaml.safe_dump(team))
        team_stacks.give(root, name, stack_of(name))


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Checkout]:
    yield from checked_out(tmp_path, twenty)


def side_by_side(act: Callable[[str], Any], stacks: Sequence[str]) -> list[Any]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(act, stacks))


@pytest.mark.slow("tests/program/test_team_stacks.py runs team stacks without the engine")
def test_twenty_team_stacks_side_by_side(many: Checkout) -> None:
    stacks = [stack_of(name) for name in names()]
    for stack in (REGISTRY, *stacks):
        many.done(f"pulumi stack init {stack}")
    assert "has no outputs" in many.refused(f"pulumi up --stack {stacks[0]} --yes")
    many.up(REGISTRY)
    assert f"run pulumi up --stack {stacks[0]} first" in many.refused(f"pulumi up --stack {stacks[1]} --yes")
    many.up(stacks[0])
    side_by_side(many.up, stacks[1:])
    assert side_by_side(many.planned, [REGISTRY, *stacks]) == [{}] * (TEAMS + 1)
    made = [many.made(stack) for stack in (REGISTRY, *stacks)]
    assert all(made) and sum(map(len, made)) == len(set().union(*made))
    for stack in (REGISTRY, *stacks):
        many.done(f"pulumi state unprotect --all --yes --stack {stack}")
    side_by_side(lambda stack: many.done(f"pulumi destroy --stack {stack} --yes --skip-preview"), [stacks[1], *stacks[2:]])
    many.done(f"pulumi destroy --stack {stacks[0]} --yes --skip-preview")
    many.done(f"pulumi destroy --stack {REGISTRY} --yes --skip-preview")
    assert not [one for stack in (REGISTRY, *stacks) for one in many.resources(stack) if one["type"] != "pulumi:pulumi:Stack"]
