"""What a run of the program is given: the files of a project, and what AWS and GitHub answer."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.settings.builders import ROOT

PROJECT_FILE = "Pulumi.yaml"
CATALOG = "catalog"
# What stands in a tree for YAML that no data has: a text that is put into the file as it is.
RAW = "@@RAW{}@@"

Odd = Literal["folder", "loop", "dangling", "pipe", "endless", "unreadable"]


@dataclass(frozen=True)
class Tree:
    """A project as data, before it is written: config of the stack file, team files by their name without `.yaml`."""

    stack: str
    config: Any
    teams: Mapping[str, Any]
    raw: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the cloud answers instead: `field` of the answers to `token` (its last part), or an error if `field` is ""."""

    token: str
    field: str
    value: Any
    asked: int = 0
    """To which of the questions, in their order; -1 = to all."""


@dataclass(frozen=True)
class Input:
    """Files by their path in the project (bytes, or something odd in a file's place), the stack's name, answers, and how it was made."""

    stack: str
    files: Mapping[str, bytes | Odd]
    answers: tuple[Answer, ...] = ()
    must_be_accepted: bool = False
    story: tuple[str, ...] = field(default=(), compare=False)

    @property
    def stack_file(self) -> str:
        return f"Pulumi.{self.stack}.yaml"

    def told(self, *story: str, **changed: Any) -> "Input":
        """A changed copy, with what was done."""
        return replace(self, story=(*self.story, *story), must_be_accepted=False, **changed)


def project_file() -> bytes:
    """The shipped Pulumi.yaml."""
    return (ROOT / PROJECT_FILE).read_bytes()


def _yaml(data: Any, raw: tuple[str, ...]) -> bytes:
    try:
        text = yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=False, width=10_000)
    except UnicodeEncodeError:  # the quick one takes no lone surrogates
        text = yaml.dump(data, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=False, width=10_000)
    for number, words in enumerate(raw):
        text = text.replace(f"'{RAW.format(number)}'", words)
    return text.encode()


def written(tree: Tree, *story: str, must_be_accepted: bool = False) -> Input:
    """The files of a tree."""
    files: dict[str, bytes | Odd] = {PROJECT_FILE: project_file(), f"Pulumi.{tree.stack}.yaml": _yaml({"config": tree.config}, tree.raw)}
    files |= {f"{CATALOG}/{name}.yaml": _yaml(team, tree.raw) for name, team in tree.teams.items()}
    return Input(tree.stack, files, must_be_accepted=must_be_accepted, story=story)


def _place(path: Path, content: bytes | Odd) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    match content:
        case bytes():
            path.write_bytes(content)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path.name)
        case "dangling":
            path.symlink_to("nowhere")
        case "pipe":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "unreadable":
            path.write_bytes(b"team: x\n")
            path.chmod(0)


def write(made: Input, root: Path) -> None:
    """The files of an input below `root`, an empty folder."""
    (root / CATALOG).mkdir()
    for name, content in made.files.items():
        _place(root / name, content)
    if not any(name.startswith(f"{CATALOG}/") for name in made.files):
        (root / CATALOG).rmdir()
