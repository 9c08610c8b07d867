"""A small configuration that is good in every point, and ways to change it in one."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

import settings
from settings import Problem, Settings, SettingsError

ROOT = Path(__file__).parents[2]
PROJECT = "package-flow"
STACK = "test"
CONFIG = "config"
STACK_FILE = f"Pulumi.{STACK}.yaml"

Configuration = dict[str, Any]

# `config` is the stack's; every other key is a team file of the catalog, by its name without `.yaml`.
_GOOD: Configuration = {
    CONFIG: {
        "aws:region": "eu-west-1",
        "aws:allowedAccountIds": ["111122223333"],
        "github:owner": "acme",
        "package-flow:domain": {"name": "acme"},
        "package-flow:catalog": "catalog",
        "package-flow:namespaces": {
            "npm": ["@acme/*", "@acme-*/*", "@team-*/*", "acme", "acme-*", "extra-ui", "v1.1"],
            "pypi": ["acme-*", "acmes-*"],
            "maven": ["com.acme", "com.acme.*"],
        },
    },
    "identity": {
        "team": "identity",
        "owns": {"npm": ["@acme-identity/*"]},
        "repositories": {"identity-api": {"publishes": ["npm"], "release_branches": ["main"]}},
    },
    "payments": {
        "team": "payments",
        "upstreams": ["identity"],
        "owns": {"npm": ["@acme-payments/*"], "pypi": ["acme-payments-*"]},
        "release_managers": ["payments-leads"],
        "repositories": {
            "payments-api": {
                "publishes": ["npm", "pypi"],
                "release_branches": ["main", "release/*"],
                "required_checks": ["test"],
                "approvals": 2,
                "environment": "packages",
                "promotes": {"reviewers": ["payments-leads"]},
            },
            "checkout-web": {},
        },
    },
    "research": {
        "team": "research",
        "readers": "team",
        "owns": {"pypi": ["acme-research"]},
        "repositories": {"scoring": {"publishes": ["pypi"], "release_branches": ["main"]}},
    },
    "storefront": {"team": "storefront", "repositories": {"storefront-web": {}}},
}


class Absent:
    """Stands for taking a key away."""


ABSENT = Absent()


def good() -> Configuration:
    return copy.deepcopy(_GOOD)


def changed(*changes: tuple[Sequence[Any], Any], start: Configuration | None = None) -> Configuration:
    """The good configuration with each value at its path set, or taken away with ABSENT. Missing mappings on the way are made."""
    configuration = copy.deepcopy(start) if start is not None else good()
    for path, value in changes:
        at: Any = configuration
        for key in path[:-1]:
            at = at.setdefault(key, {}) if isinstance(at, dict) else at[key]
        if value is ABSENT:
            del at[path[-1]]
        else:
            at[path[-1]] = value
    return configuration


def write_catalog(root: Path, teams: Mapping[str, Any]) -> None:
    """Each team as a YAML file; text is written as it stands."""
    folder = root / "catalog"
    folder.mkdir(exist_ok=True)
    for name, team in teams.items():
        (folder / f"{name}.yaml").write_text(team if isinstance(team, str) else yaml.safe_dump(team, sort_keys=False))


def parse(root: Path, configuration: Configuration) -> Settings:
    write_catalog(root, {name: team for name, team in configuration.items() if name != CONFIG})
    return settings.parse(settings.read_project_file(ROOT), configuration[CONFIG], root, PROJECT, STACK)


def problems(root: Path, configuration: Configuration) -> list[Problem]:
    """What is wrong with a configuration; an empty list if nothing is."""
    try:
        parse(root, configuration)
    except SettingsError as error:
        return list(error.problems)
    return []
