"""Team stacks in a rehearsal: provisioned after their registry stack, each by its own deployer, and taken away before it."""

import shutil
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from rehearsal import stage
from rehearsal.processes import PROJECT
from settings import Settings
from settings.parsing import of_stack, read_project_file

# What the program is: it reads the registry stack's file beside itself, so another one's stack files need a copy of it.
_PROGRAM = ("components", "existing", "plan", "policies", "policy_pack", "settings")


def names(settings: Settings) -> list[str]:
    """The team stacks of a catalog, each after those that its teams install from."""
    stacks = {team.name: team.stack for team in settings.teams}
    after: dict[str, set[str]] = {}
    for team in settings.teams:
        if team.stack:
            after.setdefault(team.stack, set()).update(stacks[one] for one in team.upstreams if stacks[one] not in ("", team.stack))
    return list(TopologicalSorter(after).static_order())


def placed(stack: stage.Stack, settings: Settings, folder: Path) -> tuple[Path, stage.Stack]:
    """The checkout that a stack with team stacks is rehearsed in, and the stack there.

    This checkout for its own stack files; for others, or another catalog, a copy of the program beside them.
    """
    own = stack.file == PROJECT / f"Pulumi.{stack.name}.yaml" and stack.catalog is None
    if own or not names(settings):
        return PROJECT, stack
    checkout = folder / "program"
    for part in _PROGRAM:
        shutil.copytree(PROJECT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    if (PROJECT / "adopted").is_dir():
        shutil.copytree(PROJECT / "adopted", checkout / "adopted")
    for file in (*PROJECT.glob("*.py"), PROJECT / "Pulumi.yaml", *(stack.file.parent / f"Pulumi.{one}.yaml" for one in names(settings))):
        shutil.copy(file, checkout)
    key = f"{read_project_file(PROJECT)['name']}:catalog"
    document = yaml.safe_load(stack.file.read_text())
    document["config"][key] = str((stack.catalog or PROJECT / settings.catalog).resolve())
    file = checkout / stack.file.name
    file.write_text(yaml.safe_dump(document))
    return checkout, stage.Stack(stack.name, file, None)


def settings_of(stack: stage.Stack, name: str) -> Settings:
    """Settings of a team stack beside a registry stack."""
    return of_stack(PROJECT, name, stack.file.with_name(f"Pulumi.{name}.yaml"), stack.catalog)


def joined(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a registry stack and its team stacks have, as one: the first is the registry stack's."""
    registry, *teams = results
    outputs = dict(registry["outputs"])
    for key in ("repositories", "consumers"):
        outputs[key] = {name: one for result in results for name, one in result["outputs"].get(key, {}).items()}
    resources = [resource for result in (registry, *teams) for resource in result["resources"]]
    return {**registry, "resources": resources, "outputs": outputs}


class Programs:
    """The programs of a registry stack and its team stacks, in the order in which they are provisioned."""

    def __init__(self, programs: Sequence[stage.Program]) -> None:
        self.programs = programs

    def destroy(self, *options: str) -> None:
        """Take them away, the last one first. Raises ProgramFailed."""
        for program in reversed(self.programs):
            program.destroy(*options)
