"""What disagrees in a company's checkout: its own files with the program, and with what is written into the workflows for it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import registry_constants
from bootstrap import declaration
from company import places, workflows
from settings import Settings, SettingsError, read_stack_file
from settings.parsing import of_stack

_RUN = "run make company"


def disagreements(root: Path) -> list[str]:
    """Everything that disagrees, as `file: key: got X; expected Y; do Z` lines; nothing if all agrees.

    A value that the program does not take is reported as it reports it itself (`got X, allowed: Y`). Where the example's files are left,
    or a stack can't be read, nothing else is judged: it would follow from that.
    """
    if left := list(_left(root)):
        return left
    stacks, problems = _stacks(root)
    if problems:
        return problems
    found = list(_owners(stacks))
    if not stacks:
        return [_line("Pulumi.*.yaml", "", "no stack file", "one a stack", "write one (docs/reference/stack-file.md)")]
    found += _bootstraps(root)
    found += _workflows(root, program_repository(root, stacks))
    found += _constants(root, stacks)
    found += _checks(root)
    return found


def settings_of(root: Path) -> list[Settings]:
    """The settings of every registry stack; its team stacks share them. Raises SettingsError with every problem, theirs among them."""
    stacks, problems = [], []
    for name in places.stacks(root):
        try:
            stacks.append(of_stack(root, name))
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return [one for one in stacks if not one.team_stack]


def program_repository(root: Path, stacks: list[Settings]) -> str:
    """OWNER/NAME of the GitHub repository that this checkout is of, whose workflows its stacks trust."""
    key = f"{declaration.PROJECT}:repository"
    names = [read_stack_file(file).get(key) for file in places.bootstraps(root)]
    name = next((one for one in names if one), declaration.defaults(root / "bootstrap")[key])
    return f"{stacks[0].github_owner}/{name}"


def constants_of(stacks: list[Settings]) -> list[registry_constants.Constants]:
    """registry.json as these stacks have it, the main ones first."""
    return [
        {
            "stack": one.stack,
            "domain": one.domain.name,
            "domainOwner": "".join(one.allowed_account_ids),
            "region": one.region,
            "tokenDuration": one.token_duration,
        }
        for one in sorted(stacks, key=lambda one: one.stack, reverse=True)
    ]


def _line(file: str, key: str, got: Any, expected: str, do: str) -> str:
    return f"{': '.join(part for part in (file, key) if part)}: got {got}; expected {expected}; {do}"


def _left(root: Path) -> Iterator[str]:
    """The example's files beside the company's own."""
    if not places.is_the_example(root):
        for file in sorted(places.of_the_example(root)):
            yield _line(file, "", "the example company's file", "the company's own, or none", f"{_RUN}, or delete the file")


def _stacks(root: Path) -> tuple[list[Settings], list[str]]:
    try:
        stacks = settings_of(root)
    except SettingsError as error:
        return [], [str(one) for one in error.problems]
    accounts = [
        _line(
            f"Pulumi.{one.stack}.yaml",
            "aws:allowedAccountIds",
            list(one.allowed_account_ids),
            "the stack's one account",
            "name that account",
        )
        for one in stacks
        if len(one.allowed_account_ids) != 1
    ]
    return stacks, accounts


def _owners(stacks: list[Settings]) -> Iterator[str]:
    for one in stacks:
        if one.github_owner != stacks[0].github_owner:
            expected = f"{stacks[0].github_owner}, as in Pulumi.{stacks[0].stack}.yaml"
            yield _line(
                f"Pulumi.{one.stack}.yaml", "github:owner", one.github_owner, expected, "give another organisation a copy of its own"
            )


def _bootstraps(root: Path) -> Iterator[str]:
    seen = set()
    for file in places.bootstraps(root):
        try:
            config = {**declaration.defaults(root / "bootstrap"), **read_stack_file(file)}
            declaration.parse(config, root, f"bootstrap/{file.name}")
        except SettingsError as error:
            # A problem between two of them is seen from both.
            yield from (line for line in map(str, error.problems) if line not in seen)
            seen |= {str(one) for one in error.problems}


def _workflows(root: Path, repository: str) -> Iterator[str]:
    for file, line, got in workflows.repositories(root):
        if got != repository:
            yield _line(file, f"line {line}", got, repository, _RUN)


def _constants(root: Path, stacks: list[Settings]) -> Iterator[str]:
    file, expected = root / places.CONSTANTS, constants_of(stacks)
    try:
        listed = registry_constants.read(file)
    except (registry_constants.UnreadableError, OSError) as error:
        yield _line(places.CONSTANTS, "", error, "a list with an entry for each stack", _RUN)
        return
    got = {json.dumps(one, sort_keys=True) for one in listed}
    wanted = {json.dumps(one, sort_keys=True) for one in expected}
    if got != wanted or len(listed) != len(expected):
        for one in sorted(got ^ wanted):
            stack = json.loads(one).get("stack")
            there, right = (one, "no such entry") if one in got else ("no such entry", one)
            yield _line(places.CONSTANTS, str(stack), there, right, _RUN)
        if got == wanted:
            yield _line(places.CONSTANTS, "", "an entry twice", "each once", _RUN)


def _checks(root: Path) -> Iterator[str]:
    """A check that no job reports on every pull request would block each of them for good."""
    jobs = sorted(_jobs(root))
    for file in places.bootstraps(root):
        config = {**declaration.defaults(root / "bootstrap"), **read_stack_file(file)}
        for check in config.get(f"{declaration.PROJECT}:checks") or []:
            if check not in jobs:
                expected = f"a job that runs on every pull request: {', '.join(jobs)}"
                yield _line(f"bootstrap/{file.name}", f"{declaration.PROJECT}:checks", check, expected, "name one of them, or add the job")


def _jobs(root: Path) -> Iterator[str]:
    for file in (root / ".github" / "workflows").glob("*.y*ml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        # YAML 1.1 reads the key `on` as true.
        starts = content.get("on", content.get(True))
        pull_request = (
            starts.get("pull_request", "none") if isinstance(starts, dict) else None if "pull_request" in (starts or "") else "none"
        )
        if pull_request is None:
            yield from (str(job.get("name", name)) for name, job in content["jobs"].items() if "if" not in job)
