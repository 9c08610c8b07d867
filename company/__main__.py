"""`python -m company`: make a company of this checkout, and check it. `make company` calls it.

At first it writes the company's files in the place of the fictional company's; afterwards those are the company's own and never changed.
Each time it writes what follows from them: the repository that the workflows name, and the constants that they check. Where something
disagrees, nothing is written. `--check` writes nothing and says what disagrees.

Exit status: 0 if all agrees, 1 if not, 2 if something that is needed was not said.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.prompt import Prompt

import registry_constants
from company import checking, places, starting, workflows
from company.starting import Wanted
from settings import SettingsError, read_stack_file

PROJECT = Path(__file__).resolve().parent.parent
# What a new company needs: option -> what it is.
NEEDED = {
    "organization": "GitHub organisation",
    "domain": "CodeArtifact domain, such as the organisation's name",
    "account": "AWS account id of 12 digits",
    "region": "AWS region, such as eu-west-1",
}
# path -> its new content, None to delete it
Changes = Mapping[str, str | None]


class _Disagreeing(Exception):
    """What would disagree afterwards."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__()
        self.found = found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check, and return the exit status."""
    options = _options(arguments)
    return check(options) if options.check else write(options)


def check(options: argparse.Namespace) -> int:
    """Say what disagrees, with what was said on the command line too."""
    root = options.root
    found = [*checking.disagreements(root), *_contradictions(options, _own(options, places.of_the_example(root)))]
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        whose = "the example company's, as shipped" if places.is_the_example(root) else "a company's own"
        print(f"The files are {whose}; stacks {', '.join(places.stacks(root))}, bootstrap, workflows and constants agree.")
    return 1 if found else 0


def write(options: argparse.Namespace) -> int:
    """Write what is to be written, if it then agrees."""
    root, example = options.root, places.of_the_example(options.root)
    new = [stack for stack in places.stacks(root) if f"Pulumi.{stack}.yaml" in example]
    problems = _contradictions(options, _own(options, example))
    if problems:
        return _stopped(problems, 1)
    if new and (missing := [name for name in NEEDED if not getattr(options, name)]):
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            said = " ".join(f"{name.upper()}=..." for name in missing)
            return _stopped([f"got no {', '.join(name.upper() for name in missing)}; expected each of them; say make company {said}"], 2)
        for name in missing:
            setattr(options, name, Prompt.ask(NEEDED[name]).strip())
        if not options.pulumi_organization:
            default = options.organization.lower()
            options.pulumi_organization = Prompt.ask("organization in Pulumi Cloud, which may deploy", default=default).strip()
    try:
        changes = _checked(root, lambda: _start(root, _wanted(options, new), example) if new else _without(example))
    except _Disagreeing as error:
        return _stopped(error.found, 1)
    for path, text in changes.items():
        _apply(root / path, text)
        print(f"{'deleted' if text is None else 'wrote'} {path}")
    if not changes:
        print("nothing to write: all agrees")
    _notes(options, new)
    return 0


def _stopped(problems: Sequence[str], status: int) -> int:
    print(*problems, "nothing was written", sep="\n", file=sys.stderr)
    return status


def _own(options: argparse.Namespace, example: set[str]) -> list[str]:
    """The stacks whose files are the company's own."""
    return [stack for stack in places.stacks(options.root) if f"Pulumi.{stack}.yaml" not in example]


def _contradictions(options: argparse.Namespace, own: Sequence[str]) -> list[str]:
    """The organisation is in every file: another one is another company. Pulumi Cloud's is in the bootstrap's, and may deploy."""
    owners = {stack: read_stack_file(options.root / f"Pulumi.{stack}.yaml").get("github:owner") for stack in own}
    key = f"{starting.BOOTSTRAP}:pulumiCloud"
    trusted = {file.name: read_stack_file(file).get(key) for file in places.bootstraps(options.root)} if own else {}
    found = [
        f"PULUMI_ORGANIZATION: got {options.pulumi_organization}; expected {cloud.get('organization')}, as {key}.organization of "
        f"bootstrap/{name}; leave it out, or change that file and run the bootstrap"
        for name, cloud in trusted.items()
        if options.pulumi_organization and isinstance(cloud, Mapping) and cloud.get("organization") != options.pulumi_organization
    ]
    return found + [
        f"ORGANIZATION: got {options.organization}; expected {owner}, as github:owner of Pulumi.{stack}.yaml; "
        "leave it out, or begin with a fresh copy for another company"
        for stack, owner in owners.items()
        if options.organization and options.organization != owner
    ]


def _wanted(options: argparse.Namespace, stacks: Sequence[str]) -> Wanted:
    accounts = {stack: options.account_of.get(stack, options.account) for stack in stacks}
    organization = options.pulumi_organization or options.organization.lower()
    return Wanted(options.organization, options.domain, options.region, accounts, organization)


def _without(example: set[str]) -> Changes:
    """What a new version brought of the example company, beside the company's own."""
    return dict.fromkeys(sorted(example))


def _start(root: Path, wanted: Wanted, example: set[str]) -> Changes:
    """A new company's files, in the place of the example's."""
    changes: dict[str, str | None] = {path: None for path in sorted(example) if path != places.CONSTANTS}
    for stack in wanted.accounts:
        file = f"Pulumi.{stack}.yaml"
        text = (root / file).read_text(encoding="utf-8")
        changes[file] = starting.stack_file(text, stack, wanted)
        catalog = read_stack_file(root / file)[f"{starting.PROGRAM}:catalog"]
        if {one for one in places.data(root) if one.startswith(f"{catalog}/")} <= example:
            changes[f"{catalog}/platform.yaml"] = starting.team_file(stack, wanted)
    for file in [one for one in places.bootstraps(root) if f"bootstrap/{one.name}" in example]:
        text = file.read_text(encoding="utf-8")
        for name, stacks in wanted.bootstraps().items():
            changes[f"bootstrap/Pulumi.{name}.yaml"] = starting.bootstrap_file(text, stacks, wanted)
    return changes


def _checked(root: Path, change: Callable[[], Changes]) -> Changes:
    """All changes, those among them that follow from the company's files. Raises _Disagreeing if something would disagree."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder)
        for path in (*places.data(root), "Pulumi.yaml", "bootstrap/Pulumi.yaml"):
            (trial / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, trial / path)
        shutil.copytree(root / ".github", trial / ".github", dirs_exist_ok=True)
        for path, text in change().items():
            _apply(trial / path, text)
        try:
            stacks = checking.settings_of(trial)
        except SettingsError as error:
            raise _Disagreeing([str(one) for one in error.problems]) from error
        following = workflows.rewritten(trial, checking.program_repository(trial, stacks))
        following[places.CONSTANTS] = registry_constants.text(checking.constants_of(stacks))
        for path, text in following.items():
            _apply(trial / path, text)
        shutil.copytree(root / places.EXAMPLE, trial / places.EXAMPLE)
        if found := checking.disagreements(trial):
            raise _Disagreeing(found)
        return dict(_differences(root, trial))


def _differences(root: Path, trial: Path) -> Iterator[tuple[str, str | None]]:
    paths = {*places.data(root), *places.data(trial), *(file.relative_to(trial).as_posix() for file in workflows.files(trial))}
    for path in sorted(paths):
        was, will = root / path, trial / path
        if not will.exists():
            yield path, None
        elif not was.exists() or was.read_bytes() != will.read_bytes():
            yield path, will.read_text(encoding="utf-8")


def _apply(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _notes(options: argparse.Namespace, new: Sequence[str]) -> None:
    """What a person should know of it."""
    for stack in [one for one in places.stacks(options.root) if one not in new]:
        config = read_stack_file(options.root / f"Pulumi.{stack}.yaml")
        account = options.account_of.get(stack, options.account)
        for name, said, got in (
            ("REGION", options.region, config.get("aws:region")),
            ("ACCOUNT", [account], config.get("aws:allowedAccountIds")),
        ):
            if said not in (None, [None], got):
                print(f"kept Pulumi.{stack}.yaml, which is yours: it says {got}, {name} says {said}")
    if new:
        said = options.pulumi_organization
        trusted, why = (said, "") if said else (options.organization.lower(), " (PULUMI_ORGANIZATION was not given, so it is ORGANIZATION)")
        print(
            f"The bootstrap will trust Pulumi Cloud's organization {trusted}{why}: whoever has that name there deploys. If that is not "
            "you, change pulumiCloud in bootstrap/Pulumi.*.yaml before you run it (docs/deployments.md).\n"
            "Next: put your own teams into catalog/, then run make rehearse (docs/first-deployment.md)."
        )


def _account_of(text: str) -> tuple[str, str]:
    stack, equals, account = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected STACK=ACCOUNT")
    return stack, account


def parser() -> argparse.ArgumentParser:
    """The command line, which the reference lists."""
    parser = argparse.ArgumentParser(prog="python -m company", description=(__doc__ or "").partition(": ")[2].splitlines()[0])
    for name, what in NEEDED.items():
        parser.add_argument(f"--{name}", help=what)
    parser.add_argument(
        "--account-of",
        action="append",
        type=_account_of,
        default=[],
        metavar="STACK=ID",
        help="the account of one stack, if it differs from --account; may be repeated",
    )
    parser.add_argument("--pulumi-organization", help="organisation in Pulumi Cloud (default: the GitHub organisation's name)")
    parser.add_argument("--check", action="store_true", help="write nothing and say what disagrees")
    parser.add_argument("--root", type=Path, default=PROJECT, help=argparse.SUPPRESS)
    return parser


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = (command := parser()).parse_args(arguments)
    options.account_of = dict(options.account_of)
    if unknown := sorted({*options.account_of} - {*places.stacks(options.root)}):
        command.error(f"--account-of: got {', '.join(unknown)}; expected a stack that has a file: {', '.join(places.stacks(options.root))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
