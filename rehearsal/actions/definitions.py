"""Reading workflow and action files, strictly: a key that the runner does not act upon is an error, never skipped."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml


class DefinitionError(Exception):
    """A workflow or an action that this runner can't run as GitHub would; the message names file and key."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: `on` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False|TRUE|FALSE)$"), list("tTfF"))

WORKFLOW_KEYS = {"name", "run-name", "on", "permissions", "env", "defaults", "jobs"}
JOB_KEYS = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency", "outputs", "env", "defaults", "steps",
}  # fmt: skip
STEP_KEYS = {"id", "name", "if", "uses", "with", "run", "env", "shell", "working-directory", "timeout-minutes"}
COMPOSITE_STEP_KEYS = STEP_KEYS - {"timeout-minutes"}
INPUT_TYPES: Mapping[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}


def read(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping. Raises DefinitionError."""
    try:
        data = _parsed(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DefinitionError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise DefinitionError(f"{path}: not a mapping")
    return data


@cache
def _parsed(text: str) -> Any:
    """Definitions are only read, so jobs side by side may share them."""
    return yaml.load(text, _Loader)


def _known(where: str, data: Any, keys: Iterable[str]) -> None:
    if not isinstance(data, dict):
        raise DefinitionError(f"{where}: not a mapping")
    if unknown := sorted(str(key) for key in data if key not in keys):
        raise DefinitionError(f"{where}: not supported by this runner: {', '.join(unknown)}")


def _step(where: str, step: Any, keys: Iterable[str]) -> None:
    _known(where, step, keys)
    if ("uses" in step) == ("run" in step):
        raise DefinitionError(f"{where}: a step has either uses or run")
    if "uses" in step and ({"shell", "working-directory"} & step.keys()):
        raise DefinitionError(f"{where}: shell and working-directory belong to run")
    if "run" in step and "with" in step:
        raise DefinitionError(f"{where}: with belongs to uses")


def _steps(where: str, steps: Any, keys: Iterable[str]) -> None:
    if not isinstance(steps, list) or not steps:
        raise DefinitionError(f"{where}: no steps")
    for number, step in enumerate(steps, 1):
        _step(f"{where}: step {number}", step, keys)
    ids = [step["id"] for step in steps if "id" in step]
    if len(ids) != len(set(ids)):
        raise DefinitionError(f"{where}: two steps have the same id")


def needs(job: Mapping[str, Any]) -> list[str]:
    """The jobs that a job waits for."""
    named = job.get("needs", [])
    return [named] if isinstance(named, str) else list(named)


def workflow(path: Path) -> dict[str, Any]:
    """A reusable workflow (`on: workflow_call`). Raises DefinitionError."""
    data = read(path)
    _known(str(path), data, WORKFLOW_KEYS)
    _known(f"{path}: on", data.get("on"), {"workflow_call"})
    _known(f"{path}: on.workflow_call", data["on"]["workflow_call"] or {}, {"inputs", "outputs"})
    jobs = data.get("jobs")
    if not isinstance(jobs, dict):
        raise DefinitionError(f"{path}: jobs: not a mapping")
    for name, job in jobs.items():
        _known(f"{path}: job {name}", job, JOB_KEYS)
        _steps(f"{path}: job {name}", job.get("steps"), STEP_KEYS)
        if missing := [one for one in needs(job) if one not in jobs]:
            raise DefinitionError(f"{path}: job {name} needs {', '.join(missing)}, which is not a job")
    return data


def action(folder: Path) -> dict[str, Any]:
    """A composite action. Raises DefinitionError."""
    data = read(folder / "action.yml")
    _known(str(folder), data, {"name", "description", "author", "branding", "inputs", "outputs", "runs"})
    _known(f"{folder}: runs", data.get("runs"), {"using", "steps"})
    if data["runs"].get("using") != "composite":
        raise DefinitionError(f"{folder}: only composite actions are supported")
    _steps(str(folder), data["runs"].get("steps"), COMPOSITE_STEP_KEYS)
    for number, step in enumerate(data["runs"]["steps"], 1):
        if "run" in step and "shell" not in step:
            raise DefinitionError(f"{folder}: step {number}: a composite action's run needs a shell")
    return data


def workflow_inputs(definition: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a reusable workflow's inputs: given, or the defaults. Raises DefinitionError for what GitHub refuses."""
    declared = (definition["on"]["workflow_call"] or {}).get("inputs") or {}
    if unknown := sorted(given.keys() - declared.keys()):
        raise DefinitionError(f"the workflow has no input {', '.join(unknown)}; it has {', '.join(declared)}")
    values = {}
    for name, about in declared.items():
        if about.get("required") and name not in given:
            raise DefinitionError(f"the workflow's input {name} is required")
        kind = about["type"]
        if kind not in INPUT_TYPES:
            raise DefinitionError(f"input {name}: type {kind!r} is not supported")
        empty = {"string": "", "boolean": False, "number": 0}[kind]
        value = given.get(name, about.get("default", empty))
        if not isinstance(value, INPUT_TYPES[kind]) or (kind == "number" and isinstance(value, bool)):
            raise DefinitionError(f"input {name} is a {kind}, got {value!r}")
        values[name] = value
    return values


def action_inputs(where: str, definition: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The values of an action's inputs, all of them strings. GitHub only warns of an unknown or a missing one; this refuses both."""
    declared = definition.get("inputs") or {}
    if unknown := sorted(given.keys() - declared.keys()):
        raise DefinitionError(f"{where}: the action has no input {', '.join(unknown)}; it has {', '.join(declared)}")
    if missing := [name for name, about in declared.items() if about.get("required") and name not in given]:
        raise DefinitionError(f"{where}: the action's input {', '.join(missing)} is required")
    return {name: given.get(name, about.get("default", "")) for name, about in declared.items()}
