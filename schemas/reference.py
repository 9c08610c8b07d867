"""The tables of the reference, from the code that they describe. In a page, a comment says what each table is of:

<!-- generated: KIND ARGUMENT ... -->
<!-- /generated -->
"""

import argparse
import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

import outputs
import schemas
from policies.names import VARIABLES
from policy_pack.rules import registry

ROOT = schemas.ROOT
PAGES = ("bootstrap/README.md", "docs/policy-pack.md", "docs/reference/*.md")
_TABLE = re.compile(r"(<!-- generated: (\S+)( [^\n]+)? -->\n).*?(<!-- /generated -->)", re.DOTALL)
_KEYS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "providers": schemas.provider_keys,
    "stack": schemas.stack_file,
    "catalog": schemas.catalog_file,
    "bootstrap": schemas.bootstrap_file,
}

Rows = Iterator[Sequence[str]]


def pages() -> dict[Path, str]:
    """Every page that has tables, as it should read. Raises KeyError for a table of an unknown kind."""
    files = [file for pattern in PAGES for file in sorted(ROOT.glob(pattern))]
    return {file: _TABLE.sub(_filled, file.read_text(encoding="utf-8")) for file in files}


def _filled(table: re.Match[str]) -> str:
    head, *rows = _KINDS[table[2]](*(table[3] or "").split())
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    # Empty lines, without which the site shows no table.
    return "\n".join([table[1], *(f"| {' | '.join(line)} |" for line in lines), "", table[4]])


def _keys(*files: str) -> Rows:
    yield "key", "type", "default", "what it is"
    for file in files:
        for key in schemas.keys(_KEYS[file]()):
            types = " or ".join({"array": "list"}.get(one, one) for one in key.types)
            required = {"": key.default, "always": "required"}.get(key.required, f"required in `{key.required}`")
            yield f"`{key.name}`", types, required, key.description


def _outputs() -> Rows:
    yield "output", "type", "what it is"
    for name, (kind, description) in outputs.DESCRIBED.items():
        yield f"`{name}`", kind, description


def _variables() -> Rows:
    yield "variable", "value"
    for name, description in VARIABLES.items():
        yield f"`{name}`", description


def _called(file: str) -> dict[str, Any]:
    """The inputs and outputs of a reusable workflow or an action. YAML reads the key `on` as true."""
    content = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    return content[True]["workflow_call"] if True in content else content


def _inputs(file: str) -> Rows:
    yield "input", "type", "default", "what it is"
    for name, one in _called(file)["inputs"].items():
        default = "required" if one.get("required") else f"`{one['default']}`" if one["default"] not in ("", None) else '`""`'
        yield f"`{name}`", one.get("type", "string"), default.lower() if one.get("type") == "boolean" else default, one["description"]


def _results(file: str) -> Rows:
    yield "output", "what it is"
    for name, one in _called(file)["outputs"].items():
        yield f"`{name}`", one["description"]


def parser_of(module: str) -> argparse.ArgumentParser:
    """The command line of `python -m MODULE`."""
    alone = importlib.import_module(module)
    return (alone if hasattr(alone, "parser") else importlib.import_module(f"{module}.__main__")).parser()


def _options(module: str, command: str = "") -> Rows:
    """The options of a module, or of one of its commands."""
    parser = parser_of(module)
    if command:
        (commands,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
        parser = commands.choices[command]
    yield "option", "what it does"
    for one in parser._actions:
        if one.help != argparse.SUPPRESS and not isinstance(one, argparse._HelpAction):
            value = "" if one.nargs == 0 else str(one.metavar or "|".join(one.choices or ()) or one.dest.upper())
            yield f"`{' '.join([*one.option_strings[-1:], value]).strip()}`", one.help or ""


def _rules() -> Rows:
    yield "rule", "level", "what holds"
    for one in registry.RULES:
        yield f"`{one.name}`", one.level, one.description


def _targets() -> Rows:
    yield "target", "what it does"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, description in re.findall(r"^([a-z]+):.*?## (.+)$", makefile, re.MULTILINE):
        yield f"`make {name}`", description


_KINDS: Mapping[str, Callable[..., Rows]] = {
    "keys": _keys,
    "outputs": _outputs,
    "variables": _variables,
    "inputs": _inputs,
    "results": _results,
    "options": _options,
    "rules": _rules,
    "targets": _targets,
}
