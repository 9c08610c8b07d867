"""Reading `Pulumi.yaml` and a stack file as the engine does: schema defaults below stack values, all of them handed on as text.

Source of the rules: Pulumi's project file reference (https://www.pulumi.com/docs/iac/concepts/projects/project-file/) and the configuration
of the AWS and GitHub providers. A provider's key that the settings take is taken here; which of them nothing comes of is said.
"""

import difflib
import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# As data: in this process, `settings` is the project's own module.
_KEYS = runpy.run_path(str(Path(__file__).resolve().parents[2] / "settings" / "provider_keys.py"))
PROVIDER_KEYS: Mapping[str, frozenset[str]] = _KEYS["PROVIDER_KEYS"]
CREDENTIAL_KEYS: frozenset[str] = _KEYS["CREDENTIAL_KEYS"]

TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "boolean": (bool,), "array": (list,), "object": (dict,)}
# Environments of Pulumi ESC that the stack imports. What they add is Pulumi Cloud's: a value that the program needs goes into a copy of the
# stack file. https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
ENVIRONMENT = "environment"
STACK_FILE_KEYS = {"config", ENVIRONMENT, "encryptionsalt", "encryptedkey", "secretsprovider"}
# The others say how the providers reach AWS and GitHub, whose place the local cloud takes.
APPLIED_KEYS = {
    "aws": {"region", "allowedAccountIds", "forbiddenAccountIds", "defaultTags"},
    "github": {"owner"},
}


class StackFileError(ValueError):
    """The project or stack file does not say what is needed. `problems` has one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Stack:
    """A project and one of its stacks. `config` has every value as text, keyed `namespace:name`; `secret_keys` were encrypted.

    `values` is what the stack file itself has, and the overrides.
    """

    project: str
    name: str
    config: dict[str, str]
    secret_keys: frozenset[str]
    values: dict[str, Any] = field(default_factory=dict)

    def value(self, key: str) -> str | None:
        """The text of a configuration value, or None."""
        return self.config.get(key)

    def structured(self, key: str) -> Any:
        """A configuration value that is an object or a list; None when absent."""
        text = self.config.get(key)
        return None if text is None else json.loads(text)


def load(directory: Path, stack_file: Path, stack: str, overrides: Mapping[str, str] | None = None) -> Stack:
    """The stack as the engine would configure it.

    `overrides` are texts for full keys (`project:key`). An encrypted value cannot be decrypted without the stack's key: the text
    `stand-in for KEY` takes its place, and the key stays secret.
    Raises `StackFileError` with every problem found.
    """
    name = project_name(directory)
    schema = _yaml(directory / "Pulumi.yaml").get("config") or {}
    stack_values = _stack_values(stack_file)
    values = _project_values(name, schema)
    secret_keys = {_full(name, key) for key, each in schema.items() if isinstance(each, dict) and each.get("secret") is True}
    own: dict[str, Any] = {}
    for key, value in stack_values.items():
        full = _full(name, key)
        own[full], encrypted = _decrypted(value, full)
        if encrypted:
            secret_keys.add(full)
    own.update(overrides or {})
    values.update(own)
    problems = _schema_problems(name, schema, values, stack, stack_file) + _provider_key_problems(values, stack_file)
    problems += _tag_problems(values.get("aws:defaultTags"), stack_file)
    if problems:
        raise StackFileError(problems)
    config = {key: as_text(value) for key, value in values.items()}
    return Stack(project=name, name=stack, config=config, secret_keys=frozenset(secret_keys & set(config)), values=own)


def not_applied(stack_file: Path) -> list[str]:
    """The keys of a stack file that change nothing in a rehearsal, in their order. Raises StackFileError."""
    loaded, own = _yaml(stack_file), _stack_values(stack_file)
    return [*([ENVIRONMENT] if ENVIRONMENT in loaded else []), *(key for key in own if not applied(key))]


def applied(key: str) -> bool:
    """Whether a rehearsal does what a key says: all do but those that say how the providers reach AWS and GitHub."""
    space, _, name = key.partition(":")
    return space not in APPLIED_KEYS or name in APPLIED_KEYS[space]


def project_name(directory: Path) -> str:
    """The name in `Pulumi.yaml`. Raises `StackFileError`."""
    name = _yaml(directory / "Pulumi.yaml").get("name")
    if not isinstance(name, str):
        raise StackFileError([f"{directory / 'Pulumi.yaml'}: name must be a string, got {name!r}"])
    return name


def as_text(value: Any) -> str:
    """A configuration value as the program receives it: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StackFileError([f"{path} does not exist"]) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise StackFileError([f"{path} is not YAML: {error}"]) from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise StackFileError([f"{path} must be a map"])
    return loaded


def _stack_values(path: Path) -> dict[str, Any]:
    loaded = _yaml(path)
    unknown = sorted(set(loaded) - STACK_FILE_KEYS)
    if unknown:
        raise StackFileError([f"{path}: {key} is not supported by the rehearsal" for key in unknown])
    config = loaded.get("config") or {}
    if not isinstance(config, dict):
        raise StackFileError([f"{path}: config must be a map"])
    return config


def _full(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _project_values(project: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for key, declared in schema.items():
        value = declared
        if isinstance(declared, dict):
            value = declared["value"] if "value" in declared else declared.get("default")
        if value is not None:
            values[_full(project, key)] = value
    return values


def _decrypted(value: Any, key: str) -> tuple[Any, bool]:
    """The value with stand-ins for what is encrypted, and whether anything was."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return f"stand-in for {key}", True
        members = {name: _decrypted(each, f"{key}.{name}") for name, each in value.items()}
        return {name: each for name, (each, _) in members.items()}, any(encrypted for _, encrypted in members.values())
    if isinstance(value, list):
        items = [_decrypted(each, f"{key}[{position}]") for position, each in enumerate(value)]
        return [each for each, _ in items], any(encrypted for _, encrypted in items)
    return value, False


def _schema_problems(project: str, schema: Mapping[str, Any], values: Mapping[str, Any], stack: str, stack_file: Path) -> list[str]:
    problems = []
    for key, declared in schema.items():
        full = _full(project, key)
        if full not in values:
            problems.append(f"{stack_file}: stack {stack} is missing configuration value {full}")
            continue
        wanted = declared.get("type") if isinstance(declared, dict) else None
        if wanted is None:
            continue
        if wanted not in TYPES:
            problems.append(f"Pulumi.yaml: {full} has type {wanted!r}; allowed: {', '.join(TYPES)}")
        elif not _matches(values[full], wanted):
            problems.append(f"{stack_file}: stack {stack} with configuration key {full} must be of type {wanted}, got {values[full]!r}")
    return problems


def _matches(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, TYPES[wanted])


def _tag_problems(given: Any, stack_file: Path) -> list[str]:
    """Whether the provider makes text of a number is not documented: it has to be text."""
    tags = given.get("tags") if isinstance(given, dict) else {}
    wrong = [(key, value) for key, value in (tags or {}).items() if not isinstance(value, str)]
    return [f"{stack_file}: aws:defaultTags.tags.{key}: got {value!r}; expected text; put it in quotes" for key, value in wrong]


def _provider_key_problems(values: Mapping[str, Any], stack_file: Path) -> list[str]:
    problems = []
    for key in sorted(values):
        namespace, _, name = key.partition(":")
        known = PROVIDER_KEYS.get(namespace)
        if known is not None and (name not in known or key in CREDENTIAL_KEYS):
            near = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {namespace}:{near[0]}?"
                if near and near[0] != name
                else f"it takes {', '.join(sorted(APPLIED_KEYS[namespace]))}"
            )
            problems.append(f"{stack_file}: {key} is no key that a stack file may have; {hint}")
    return problems
