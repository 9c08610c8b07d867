"""The constants that the reusable workflows go by, against a stack's outputs.

    pulumi stack output --json --stack prod | python -m registry_constants --stack prod

`.github/actions/registry/registry.json` names each stack's domain, account and region, the longest life of its tokens and, where it has
another name, the shared repository. The first three are compared with the stack's outputs, the others with the stack's file. `--write`
corrects the file, or adds the stack.

Exit status: 0 if they agree (or were written), 1 if they disagree, with every difference, 2 if something can't be read.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from policies.names import SHARED_REPOSITORY
from settings import Settings, SettingsError, parse, read_project_file, read_stack_file

PROJECT = Path(__file__).resolve().parent
CONSTANTS = PROJECT / ".github" / "actions" / "registry" / "registry.json"

# One stack's constants, as in the file.
Constants = Mapping[str, Any]


class UnreadableError(Exception):
    """The file of constants or the outputs are not what they should be; the message says which and why."""


def constants(stack: str, outputs: Mapping[str, Any], token_duration: int, shared: str = SHARED_REPOSITORY) -> Constants:
    """A stack's constants from its outputs. Raises UnreadableError if these are not the outputs of a stack of this program.

    `shared` is what its shared repository is called, which the file says where it is another name.
    """
    domain = outputs.get("domain")
    found = {"domain": "name", "domainOwner": "owner", "region": "region"}
    if not isinstance(domain, Mapping) or not all(isinstance(domain.get(key), str) for key in found.values()):
        raise UnreadableError(
            "got outputs without a domain's name, owner and region; expected those of a package-flow stack; run pulumi stack output --json"
        )
    named = {} if shared == SHARED_REPOSITORY else {"shared": shared}
    return {"stack": stack, **{key: domain[output] for key, output in found.items()}, "tokenDuration": token_duration, **named}


def differences(listed: Sequence[Constants], current: Constants) -> list[str]:
    """What the list says otherwise than the stack, in words; nothing if they agree."""
    stack = current["stack"]
    entries = [one for one in listed if one.get("stack") == stack]
    if len(entries) != 1:
        return [f"{stack}: listed {len(entries)} times, must be listed once"]
    wrong = [
        f"{stack}: {key}: {CONSTANTS.name} says {entries[0].get(key)!r}, the stack {current.get(key)!r}"
        for key in sorted(entries[0].keys() | current.keys())
        if entries[0].get(key) != current.get(key)
    ]
    # The workflows find a stack by these three.
    place = ("domain", "domainOwner", "region")
    twice = [one.get("stack") for one in listed if one.get("stack") != stack and all(one.get(key) == current[key] for key in place)]
    return wrong + [f"{stack}: {other} is listed with the same domain, account and region" for other in twice]


def updated(listed: Sequence[Constants], current: Constants) -> list[Constants]:
    """The list with this stack's constants, in its place or at the end."""
    at = next((number for number, one in enumerate(listed) if one.get("stack") == current["stack"]), len(listed))
    others = [one for one in listed if one.get("stack") != current["stack"]]
    return [*others[:at], current, *others[at:]]


def text(listed: Sequence[Constants]) -> str:
    """The file's text: a line a stack, so that a change of one is a change of a line."""
    return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in listed) + "\n]\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare or write, and return the exit status."""
    options = parser().parse_args(arguments)
    try:
        listed = read(options.file)
        settings = _settings(options.stack)
        current = constants(options.stack, _outputs(options.outputs), settings.token_duration, settings.shared)
    except (UnreadableError, SettingsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.write:
        listed = updated(listed, current)
        options.file.write_text(text(listed), encoding="utf-8")
    found = differences(listed, current)
    for difference in found:
        print(difference, file=sys.stderr)
    if found and not options.write:
        print(f"Correct {options.file.name} with --write, and merge it to main: the workflows read it there.", file=sys.stderr)
    return 1 if found else 0


def read(file: Path) -> list[Constants]:
    """The list in a file. Raises UnreadableError or OSError."""
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnreadableError(f"{file}: {error}") from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UnreadableError(f"{file}: not a list of objects")
    return listed


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m registry_constants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stack", required=True, help="the stack that the outputs are of")
    parser.add_argument(
        "--outputs", default="-", metavar="FILE", help="what `pulumi stack output --json` printed (default: standard input)"
    )
    parser.add_argument("--write", action="store_true", help="correct the file instead of only saying what is wrong")
    parser.add_argument("--file", type=Path, default=CONSTANTS, help=argparse.SUPPRESS)
    return parser


def _outputs(file: str) -> Mapping[str, Any]:
    content = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        outputs = json.loads(content)
    except ValueError as error:
        raise UnreadableError(f"the outputs are not JSON: {error}") from error
    if not isinstance(outputs, dict):
        raise UnreadableError("the outputs are not an object")
    return outputs


def _settings(stack: str) -> Settings:
    project = read_project_file(PROJECT)
    return parse(project, read_stack_file(PROJECT / f"Pulumi.{stack}.yaml"), PROJECT, project["name"], stack)


if __name__ == "__main__":
    sys.exit(main())
