"""`python -m adopt [--stack prod]`: looks for what is there already, and writes how to adopt it. Nothing in AWS or GitHub is changed."""

import argparse
import importlib.metadata
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pulumi import automation

from adopt.importing import give_back, import_file, record
from adopt.page import page
from adopt.program import Found, look
from plan.planning import plan
from settings.parsing import of_stack, read_project_file

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = "adopted"


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m adopt", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--stack", default="prod", help="the stack to adopt for (default: prod)")
    parser.add_argument("--give-back", action="store_true", help="print the commands that restore what a removed stack had changed")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Look and write. Exit status 1 if something is in the way, 2 if the look failed."""
    options = parser().parse_args(arguments)
    if options.give_back:
        print(*give_back(of_stack(PROJECT, options.stack).github_owner, _recorded(PROJECT / FOLDER, options.stack)), sep="\n")
        return 0
    found, workspace = Found(), automation.LocalWorkspaceOptions(work_dir=str(PROJECT))
    try:
        project = str(read_project_file(PROJECT)["name"])
        stack = automation.select_stack(options.stack, project_name=project, program=partial(look, found), opts=workspace)
        stack.preview(on_output=partial(print, file=sys.stderr))
    except automation.CommandError as error:
        print(f"{error}\ngot no answer to a look; expected stack {options.stack} and credentials as for pulumi preview", file=sys.stderr)
        return 2
    text, ready = write(options.stack, found, PROJECT / FOLDER)
    print(text)
    return 0 if ready else 1


def write(stack: str, found: Found, folder: Path) -> tuple[str, bool]:
    """The page, import file and record of what was found; the page, and whether nothing is in the way. In the way, no import file stays."""
    adoption = found.adoption
    if adoption is None or found.settings is None:
        raise ValueError("nothing was looked at")
    ready = not adoption.problems and not any(one.in_the_way for one in adoption.there)
    planned = plan(found.settings, adoption.facts) if adoption.facts else None
    text = page(stack, found, planned)
    folder.mkdir(exist_ok=True)
    (folder / f"{stack}.md").write_text(text)
    to_import = folder / f"{stack}.import.json"
    to_import.unlink(missing_ok=True)
    if ready:
        versions = {one: importlib.metadata.version(f"pulumi_{one}") for one in ("aws", "github")}
        _dump(to_import, import_file(found.resources, adoption.there, versions))
        _dump(folder / f"{stack}.json", record(adoption.there, adoption.permissions, _recorded(folder, stack)))
    return text, ready


def _recorded(folder: Path, stack: str) -> dict[str, Any]:
    file = folder / f"{stack}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def _dump(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
