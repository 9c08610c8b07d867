"""A stack and a catalog with many consuming repositories: `python -m rehearsal.large_stack DIR`, then what it prints.

Half of the repositories publish, in every way that the shipped catalogs do: patterns of branches, an environment, promotions, a team that
keeps its packages to itself, teams that read each other's.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
STACK, OF_TEAM = "large", 20


def write(folder: Path, repositories: int, *, scope: str = "repository", team_stacks: bool = False) -> tuple[Path, Path]:
    """Write stack file and catalog. Returns both.

    `scope` is githubScope; with `team_stacks` each team has a stack of its own, whose file is beside the stack's.
    """
    catalog, stack_file = folder / "catalog", folder / f"Pulumi.{STACK}.yaml"
    catalog.mkdir(parents=True, exist_ok=True)
    for old in catalog.glob("*.yaml"):
        old.unlink()
    teams = range(-(-repositories // OF_TEAM))
    stacks = [f"{STACK}-team-{number}" for number in teams if team_stacks]
    for number in teams:
        count = min(OF_TEAM, repositories - number * OF_TEAM)
        team = _team(number, count, closed=number == teams[-1])
        if team_stacks:
            team["stack"] = stacks[number]
            _write(folder / f"Pulumi.{team['stack']}.yaml", _team_stack())
        _write(catalog / f"team-{number}.yaml", team)
    stack = _stack(scope)
    if stacks:
        stack["config"]["package-flow:iam"]["deployers"] = [f"package-flow-bootstrap/{one}-deployer" for one in (STACK, *stacks)]
    _write(stack_file, stack)
    return stack_file, catalog


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def _team_stack() -> dict[str, Any]:
    """What a team stack's file may say: the providers' keys, and its registry stack."""
    config = {key: value for key, value in _stack("repository")["config"].items() if not key.startswith("package-flow:")}
    return {"config": {**config, "package-flow:registryStack": STACK}}


def _stack(scope: str) -> dict[str, Any]:
    """The shipped stack. That many repositories need immutable subjects, and one rule for the events of all packages."""
    stack = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
    config = stack["config"]
    config["package-flow:subjects"] = "immutable"
    config["package-flow:namespaces"] = {"npm": ["@team-*/*"], "pypi": ["team-*"]}
    config["package-flow:events"]["packages"] = "all"
    config["package-flow:githubScope"] = scope
    return stack


def _team(number: int, repositories: int, *, closed: bool) -> dict[str, Any]:
    team: dict[str, Any] = {
        "team": f"team-{number}",
        "owns": {"npm": [f"@team-{number}/*"], "pypi": [f"team-{number}-*"]},
        "release_managers": ["leads"],
        "repositories": {f"service-{number}-{each}": _repository(each) for each in range(repositories)},
    }
    if closed:
        return team | {"readers": "team", "developer_groups": ["Research"], "build_roles": ["codebuild-research"]}
    return team | ({"upstreams": [f"team-{number - 1}"]} if number else {})


def _repository(number: int) -> dict[str, Any]:
    """Every second one installs only."""
    if number % 2:
        return {}
    branches = ["main", "release/*"] if number % 4 else ["main"]
    return {
        "publishes": ["npm", "pypi"],
        "release_branches": branches,
        **({"promotes": {"reviewers": ["leads"]}} if number == 0 else {}),
        **({"environment": "packages"} if number == 2 else {}),
    }


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.large_stack", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to write to")
    parser.add_argument("--repositories", type=int, default=1_000, metavar="COUNT", help="how many (default: 1000)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, and print the command that reviews what was written."""
    options = (command := parser()).parse_args(arguments)
    if options.repositories < 1:
        command.error("--repositories: at least 1")
    stack_file, catalog = write(options.folder, options.repositories)
    print(f"python -m access --config {stack_file} --catalog {catalog} --output {options.folder / 'review'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
