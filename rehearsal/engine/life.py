"""A stack's life under Pulumi's engine, on a local cloud of its own and deployed by its deployer."""

import shutil
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from rehearsal import clients, seeding, stage
from rehearsal.engine import runner
from rehearsal.engine.plugins import Plugins
from rehearsal.engine.stack import EngineStack, Run, home
from rehearsal.processes import PROJECT
from rehearsal.program.clouds import Connection, Github
from rehearsal.program.runner import Options
from rehearsal.program.stack_files import load
from settings import Settings


@dataclass
class Life:
    """The engine on the stack, and the cloud that it is in."""

    stack: EngineStack
    plugins: Plugins
    cloud: stage.Cloud
    settings: Settings
    values: dict[str, Any]
    catalog: Path
    deployer: clients.Credentials

    @property
    def github(self) -> Github:
        """GitHub, by whoever may do anything there."""
        return Github(f"{self.cloud.place.endpoint}/_github", seeding.DEPLOYER_TOKEN, self.settings.github_owner)

    def aws(self, service: str) -> Any:
        """AWS, by the account's administrator."""
        return clients.aws(self.cloud.place.endpoint, self.settings.region, service, self.cloud.root)

    def configure(self, catalog: Mapping[str, Any] | None = None, **values: Any) -> None:
        """Give the stack other values (of its own keys) and other teams (files by name; None takes one away)."""
        for name, content in (catalog or {}).items():
            file = self.catalog / f"{name}.yaml"
            file.unlink() if content is None else file.write_text(yaml.safe_dump(content))
        for name, value in values.items():
            self.values[f"package-flow:{name}"] = value
        self.stack.configure(self.values)

    def team(self, name: str) -> dict[str, Any]:
        """A team's file, to be changed and given to `configure`."""
        return yaml.safe_load((self.catalog / f"{name}.yaml").read_text())


@contextmanager
def living(command: Path, stack: stage.Stack, folder: Path, connection: Connection | None = None) -> Generator[Life]:
    """A cloud with the company in it, and the engine (`command`) on the stack, before its first run. `connection` is the providers'."""
    settings = stack.settings()
    with closing(stage.Cloud(settings, folder, "fixture")) as cloud:
        deployer = stage.company(stack, settings, cloud, folder, quick=True)
        url = cloud.place.endpoint
        loaded = load(PROJECT, stack.file, stack.name)
        catalog = folder / "catalog"
        shutil.copytree(stack.catalog or PROJECT / loaded.values["package-flow:catalog"], catalog)
        options = Options(
            directory=PROJECT,
            stack_file=stack.file,
            stack=stack.name,
            cloud_url=url,
            github_url=f"{url}/_github",
            overrides={"package-flow:catalog": str(catalog)},
            environment={**deployer.environment(), "GITHUB_TOKEN": seeding.DEPLOYER_TOKEN},
            connection=connection or Connection(),
        )
        plugins = Plugins(home(folder / "engine"), partial(runner.clouds, options))
        with closing(plugins):
            loaded = load(PROJECT, stack.file, stack.name, options.overrides)
            engine = EngineStack(command, folder / "engine", runner.source(options, loaded))
            yield Life(engine, plugins, cloud, settings, dict(loaded.values), catalog, deployer)


def short(urn: str) -> str:
    """`TYPE NAME` of a URN, the type without its package and folder."""
    types, name = urn.split("::", 3)[2:]
    return f"{types.rpartition(':')[2]} {name}"


def changes(run: Run) -> list[str]:
    """What a command changed, in order; components and providers left out."""
    own = (
        one
        for one in run.changes
        if not one.urn.split("::")[2].rpartition("$")[2].startswith(("package-flow:", "package-flow-bootstrap:", "pulumi:"))
    )
    return [f"{one.operation} {short(one.urn)}" for one in own]
