"""Small programs under the engine, on a local cloud that they share."""

import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rehearsal.engine import runner
from rehearsal.program.clouds import Github
from rehearsal.program.runner import Options
from tests.engine.life import FOUND
from tests.rehearsal.program.conftest import GITHUB_TOKEN, ORGANIZATION, PROJECT_FILE, STACK_FILE, LocalCloud, local_cloud

__all__ = ["local_cloud"]


@dataclass
class Program:
    """One program, whose text may change, and the results of the engine's runs."""

    folder: Path
    cloud: LocalCloud
    events: list[dict[str, Any]] = field(default_factory=list)

    def up(self, program: str, **options: Any) -> dict[str, Any]:
        """`pulumi up` of this program; the result."""
        return self._act(runner.run, program, options)

    def destroy(self) -> dict[str, Any]:
        """`pulumi destroy`; the result."""
        return self._act(runner.destroy, None, {})

    def happened(self) -> list[str]:
        """What the last run did with the resources, in order, as far as it changed them."""
        words = ("created", "updated", "deleted", "imported")
        return [
            f"{each['event']} {each['name']}"
            for each in self.events
            if each["event"] in words and each["type"].partition(":")[0] != "pulumi"
        ]

    def github(self) -> Github:
        """GitHub, by whoever may do anything there."""
        return Github(f"{self.cloud.url}/_github", GITHUB_TOKEN, ORGANIZATION)

    @property
    def state(self) -> str:
        """The state as it is on the disk."""
        return next((self.folder / "engine" / "state" / ".pulumi" / "stacks").rglob("dev.json")).read_text()

    def _act(self, act: Callable[..., dict[str, Any]], program: str | None, options: dict[str, Any]) -> dict[str, Any]:
        directory = self.folder / "project"
        if program is not None:
            directory.mkdir(exist_ok=True)
            (directory / "Pulumi.yaml").write_text(PROJECT_FILE)
            (directory / "Pulumi.dev.yaml").write_text(STACK_FILE)
            (directory / "__main__.py").write_text(textwrap.dedent(program))
        given = Options(
            directory=directory,
            stack_file=directory / "Pulumi.dev.yaml",
            stack="dev",
            cloud_url=self.cloud.url,
            github_url=f"{self.cloud.url}/_github",
            overrides={},
            environment={
                "AWS_ACCESS_KEY_ID": self.cloud.root["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": self.cloud.root["secret_access_key"],
                "GITHUB_TOKEN": GITHUB_TOKEN,
            },
            **options,
        )
        self.events = []
        assert FOUND is not None
        return json.loads(json.dumps(act(FOUND.path, self.folder / "engine", given, self.events.append)))


@pytest.fixture
def program(tmp_path: Path, local_cloud: LocalCloud) -> Program:
    """A program that there is not yet."""
    return Program(tmp_path, local_cloud)
