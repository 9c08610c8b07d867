"""Teams in stacks of their own: what a team stack's file may say, where the rest comes from, and the rules between stacks.

A team stack's file has the providers' keys and names the registry stack. All that the program itself reads is the registry stack's, from
its file of the same commit, so that no two stacks plan from different settings.
"""

import json
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from plan.declared import GithubScope
from policies.names import STACK_NAME_MAX, RoleKind
from policies.roles.developer import DEVELOPERS
from settings.catalog import Catalog, TeamFile
from settings.problems import NOTHING, Problem, SettingsError, Words
from settings.provider_keys import PROVIDER_KEYS
from settings.shapes import STACK_NAME, STACK_NAME_PATTERN
from settings.stack import StackFile, other_namespaces
from settings.yaml_files import read_mapping

Problems = Iterator[Problem]

KEY, TEAM_KEY = "registryStack", "stack"
# How a stack signs in to AWS. Everything else of a provider decides what is created, and where.
_SIGN_IN = frozenset(
    {"aws:profile", "aws:assumeRoles", "aws:assumeRoleWithWebIdentity", "aws:sharedConfigFiles", "aws:sharedCredentialsFiles"}
)
# https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
_ENVIRONMENT = "environment"


class RegistryFile(NamedTuple):
    """The registry stack that a team stack's file names: its name, the configuration of its file, and what is wrong with the two."""

    stack: str
    config: dict[str, Any]
    problems: tuple[Problem, ...]


def file_of(stack: str) -> str:
    """What a stack's file is called."""
    return f"Pulumi.{stack}.yaml"


def names_registry(config: Mapping[str, object], project: str) -> bool:
    """Whether a configuration is a team stack's: it names a registry stack. The engine fills in the default, which names none."""
    return bool(config.get(f"{project}:{KEY}"))


def read(folder: Path, config: Mapping[str, object], project: str, stack: str) -> RegistryFile:
    """The registry stack's configuration, which the team stack `stack` plans from. `folder` has the stack files.

    Raises SettingsError if there is none that can be read.
    """
    key, file, registry = f"{project}:{KEY}", file_of(stack), config[f"{project}:{KEY}"]
    found = [*other_namespaces(config, project, file)]
    if not isinstance(registry, str) or not re.fullmatch(STACK_NAME_PATTERN, registry):
        raise SettingsError([*found, Problem(file, key, registry, STACK_NAME)])
    if registry == stack:
        raise SettingsError([*found, Problem(file, key, registry, "another stack: take the key out of the stack that has the domain")])
    if not (folder / file_of(registry)).is_file():
        raise SettingsError([*found, Problem(file, key, registry, f"a stack with a file: there is no {file_of(registry)}")])
    document = read_mapping(folder / file_of(registry), file_of(registry))
    theirs = read_mapping(folder / file_of(registry), file_of(registry), "config")
    if names_registry(theirs, project):
        chain = f"a registry stack: {file_of(registry)} names {theirs[key]} as its own"
        raise SettingsError([*found, Problem(file, key, registry, chain)])
    found += [
        Problem(file, one, Words("a key of the registry stack"), f"nothing: it belongs in {file_of(registry)}, for all its stacks")
        for one in config
        if str(one).startswith(f"{project}:") and one != key
    ]
    found += [*_outside_the_file(document, theirs, project, file_of(registry), file), *_providers(config, theirs, file, file_of(registry))]
    return RegistryFile(registry, dict(theirs), tuple(found))


def _outside_the_file(document: Mapping[str, Any], config: Mapping[str, Any], project: str, registry: str, team: str) -> Problems:
    """What the registry stack has besides its file's text, so that its team stacks would plan without."""
    if document.get(_ENVIRONMENT):
        allowed = f"no environments of Pulumi ESC, because {team} reads this file alone: write their values under config"
        yield Problem(registry, _ENVIRONMENT, document[_ENVIRONMENT], allowed)
    for key, value in config.items():
        if str(key).startswith(f"{project}:") and _encrypted(value):
            allowed = f"text, because {team} can't decrypt it (pulumi config set without --secret); no key of {project} is a secret"
            yield Problem(registry, str(key), Words("an encrypted value"), allowed)


def _encrypted(value: object) -> bool:
    if isinstance(value, Mapping):
        return set(value) == {"secure"} or any(map(_encrypted, value.values()))
    return isinstance(value, list) and any(map(_encrypted, value))


def _providers(config: Mapping[str, object], theirs: Mapping[str, object], file: str, registry: str) -> Problems:
    """Where the two stacks' providers create things, and with which tags."""
    known = [f"{namespace}:{name}" for namespace, names in PROVIDER_KEYS.items() for name in sorted(names)]
    for key in known:
        if key not in _SIGN_IN and plain(config.get(key)) != plain(theirs.get(key)):
            there = f"what {registry} says: {theirs[key]!r}" if key in theirs else f"nothing, as {registry} has no such key"
            yield Problem(file, key, config.get(key, NOTHING), there)


def plain(value: object) -> object:
    """A value whatever its form: the engine hands lists and numbers over as text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


# --------------------------------------------------------------------------------------------------- rules between a catalog and its stacks


def problems(stack: StackFile, catalog: Catalog, folder: Path) -> Problems:
    """What is wrong with the stacks that a registry stack's teams name. `folder` has the stack files."""
    for name, teams in _by_stack(catalog).items():
        why = _no_team_stack(stack, name, folder)
        if why:
            yield from (team.problem(TEAM_KEY, name, why) for team in teams)
    if stack.shape.github_scope is GithubScope.ORGANIZATION and (named := list(_by_stack(catalog))):
        allowed = f"repository: {', '.join(named)} would have to wait for rulesets that this stack has for their repositories"
        yield stack.problem(f"{stack.project}:githubScope", str(stack.shape.github_scope), allowed)
    yield from _of_registry(catalog)
    yield from _waiting(catalog)
    if stack.shape.sandbox.name and not stack.shape.iam.deployers and (named := list(_by_stack(catalog))):
        allowed = (
            f"the deployers of this stack and of {', '.join(named)}: with a sandbox, only the last one who deployed creates repositories"
        )
        yield stack.problem(f"{stack.project}:iam.deployers", NOTHING, allowed)


def _by_stack(catalog: Catalog) -> dict[str, list[TeamFile]]:
    found: dict[str, list[TeamFile]] = {}
    for team in catalog.teams:
        if team.shape.stack:
            found.setdefault(team.shape.stack, []).append(team)
    return found


def _no_team_stack(stack: StackFile, name: str, folder: Path) -> str | None:
    """What is allowed instead of a stack that a team names, or None if it is a good one."""
    file, own = file_of(name), f"{stack.project}:{KEY}: {stack.stack}"
    kinds = [*(str(kind) for kind in RoleKind), DEVELOPERS]
    if name == stack.stack:
        return "a stack of the team's own: leave the key out for a team of the registry stack"
    if any(part in kinds for part in name.split("-")[1:]):
        return f"a stack's name without -{', -'.join(kinds)}: its deployer would be called as a repository's role"
    if len(name) > STACK_NAME_MAX:
        return f"a stack's name of at most {STACK_NAME_MAX} characters: its deployer is called after it"
    if not (folder / file).is_file():
        return f"a stack with a file: write {file} with the providers' keys of {stack.file} and {own}"
    try:
        config = read_mapping(folder / file, file, "config")
    except SettingsError as error:
        return f"a stack with a file that can be read: {error.problems[0]}"
    named = config.get(f"{stack.project}:{KEY}")
    return None if named == stack.stack else f"a team stack of {stack.stack}: {file} has to say {own} (got {named or 'nothing'})"


def _of_registry(catalog: Catalog) -> Problems:
    """The registry stack comes first, so that nothing in it waits for another."""
    stacks = {team.name: team.shape.stack for team in catalog.teams}
    for team in catalog.teams:
        for index, upstream in enumerate(team.shape.upstreams):
            if not team.shape.stack and stacks.get(upstream):
                later = f"{upstream} is in {stacks[upstream]}, which comes after it"
                allowed = f"teams of the registry stack: {later}; give {team.name} a stack too"
                yield team.problem(f"upstreams.{index}", upstream, allowed)


def _waiting(catalog: Catalog) -> Problems:
    """A stack with several teams can wait for one that waits for it, though no team does."""
    stacks = {team.name: team.shape.stack for team in catalog.teams}
    waits: dict[str, set[str]] = {}
    for team in catalog.teams:
        own = team.shape.stack
        waits.setdefault(own, set()).update(stacks[one] for one in team.shape.upstreams if one in stacks and stacks[one] != own)
    try:
        TopologicalSorter({name: others - {""} for name, others in waits.items() if name}).prepare()
    except CycleError as error:
        way = list(reversed(error.args[1]))
        first = next(team for team in catalog.teams if team.shape.stack == way[0])
        yield first.problem(TEAM_KEY, Words(" -> ".join(way)), "stacks that do not wait for each other: give one of their teams another")


def nobody(stack: str, catalog: str) -> Problem:
    """A team stack without a team."""
    allowed = f"the stack of a team: no file of {catalog} says {TEAM_KEY}: {stack}"
    return Problem(file_of(stack), "", Words(f"the stack {stack}"), f"{allowed}; write it there, or destroy this stack and delete its file")
