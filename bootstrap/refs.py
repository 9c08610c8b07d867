"""From which refs of the program's repository others run code, and what is wrong with them. Pure, but for the files that it reads.

Of another repository nothing is guarded here: a workflow of one is trusted only if it is declared that its refs are guarded elsewhere.

Callers write `uses: OWNER/REPOSITORY/...@NAME`, which GitHub takes for a tag before it takes it for a branch: a tag called `main` would be
the workflow and the actions of everybody who means the branch.
https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from bootstrap.declaration import PROJECT, Declaration, Stack
from policies.branches import HEADS
from policies.guards import TAGS, tag_refs
from settings.problems import Problem, SettingsError, Words

_COMMIT = re.compile(r"[0-9a-f]{40}")
_TAGS = f"{PROJECT}:tags"
_YAML = (".yml", ".yaml")


def guarded_branches(declared: Declaration, default_branch: str) -> tuple[str, ...]:
    """The branches whose changes the bootstrap guards."""
    return tuple(dict.fromkeys([*declared.branches, default_branch]))


def guarded_tags(declared: Declaration) -> tuple[str, ...]:
    """The tags (without refs/tags/) of which code runs: those whose workflows the stacks trust, and those that are declared."""
    trusted = [ref.removeprefix(TAGS) for _, ref in _workflows(declared) if ref.startswith(TAGS)]
    return tuple(dict.fromkeys([*trusted, *declared.tags]))


def tags(declared: Declaration, default_branch: str) -> list[str]:
    """Full refs of the tags that nobody can create, move or delete: those, and the ones that would pass for a guarded branch."""
    branches = [f"{HEADS}{name}" for name in guarded_branches(declared, default_branch)]
    return tag_refs([*branches, *(f"{TAGS}{name}" for name in guarded_tags(declared))])


def calls(root: Path, full_name: str) -> list[tuple[str, str]]:
    """Each file below `.github` in `root`, and the action in `root` itself, that runs actions or workflows of the repository by its name,
    and the ref that it names. Raises SettingsError where a file is no YAML: what it runs can't be seen."""
    own = re.compile(rf"{re.escape(full_name)}(?:/[^@]*)?@(.+)", re.IGNORECASE | re.DOTALL)
    files = sorted(file for file in (root / ".github").rglob("*") if file.suffix in _YAML)
    files += [file for file in (root / f"action{suffix}" for suffix in _YAML) if file.is_file()]
    found = []
    for file in files:
        name = str(file.relative_to(root))
        matched = [own.fullmatch(each.strip()) for each in _uses(file, name)]
        found += [(name, ref) for ref in dict.fromkeys(one[1].strip() for one in matched if one)]
    return found


def _uses(file: Path, name: str) -> tuple[str, ...]:
    """The value of every key `uses`, however it is written."""
    try:
        return _used(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError([Problem(name, "", Words(str(error)), "YAML, from which the bootstrap reads the refs that it runs")]) from error


@lru_cache(maxsize=64)
def _used(text: str) -> tuple[str, ...]:
    waiting, known, found = [yaml.compose(text, yaml.SafeLoader)], set[int](), []
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in known:  # an alias is the node itself
            continue
        known.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value[::-1]
        elif isinstance(node, yaml.MappingNode):
            for key, value in reversed(node.value):
                waiting += [value, key]
            found += [
                value.value
                for key, value in node.value
                if isinstance(key, yaml.ScalarNode) and key.value.casefold() == "uses" and isinstance(value, yaml.ScalarNode)
            ]
    return tuple(found)


def problems(
    declared: Declaration, default_branch: str, existing_tags: Collection[str], called: Collection[tuple[str, str]], file: str
) -> list[Problem]:
    """What is wrong with the refs that code runs from. `existing_tags` are those of `tags` that are there, without refs/tags/; `called` is
    what `calls` found; `file` is what problems call the bootstrap's stack file."""
    branches, guarded = guarded_branches(declared, default_branch), guarded_tags(declared)
    return [
        *_of_workflows(declared, branches),
        *_of_other_workflows(declared, file),
        *_of_calls(branches, guarded, called),
        *_of_tags(declared, branches, guarded, existing_tags, file),
    ]


def _workflows(declared: Declaration) -> Iterator[tuple[Stack, str]]:
    """The stacks that trust a workflow of the program's repository, each with the ref. GitHub's names know no case."""
    own = f"{declared.github_owner}/{declared.repository}/".casefold()
    for one in declared.stacks:
        workflow = one.settings.publishing.workflow
        if workflow and workflow.casefold().startswith(own):
            yield one, workflow.partition("@")[2]


def _of_workflows(declared: Declaration, branches: Collection[str]) -> Iterator[Problem]:
    for one, ref in _workflows(declared):
        if ref.startswith(HEADS) and ref.removeprefix(HEADS) not in branches:
            key, got = f"{one.settings.project}:publishing.workflow", one.settings.publishing.workflow
            allowed = f"a branch that the bootstrap guards ({', '.join(branches)}), or a tag: whoever may push can change any other branch"
            yield Problem(f"Pulumi.{one.name}.yaml", key, got, allowed)


def workflows_elsewhere(declared: Declaration) -> list[tuple[Stack, str]]:
    """The stacks that trust a workflow of another repository than the program's, each with the repository."""
    own = {one.name for one, _ in _workflows(declared)}
    return [
        (one, one.settings.publishing.repository) for one in declared.stacks if one.settings.publishing.repository and one.name not in own
    ]


def _of_other_workflows(declared: Declaration, file: str) -> Iterator[Problem]:
    """Whoever may push to an unguarded ref of such a repository writes what publishes."""
    own, guarded = f"{declared.github_owner}/{declared.repository}", {one.casefold() for one in declared.guarded_elsewhere}
    for one, repository in workflows_elsewhere(declared):
        if repository.casefold() not in guarded:
            allowed = (
                f"a workflow of {own}, whose refs the bootstrap guards; or, once branch and tag are guarded there (by a bootstrap or "
                f"rulesets of its own), {repository} in {PROJECT}:guardedElsewhere of {file}"
            )
            yield Problem(
                f"Pulumi.{one.name}.yaml", f"{one.settings.project}:publishing.workflow", one.settings.publishing.workflow, allowed
            )


def _of_calls(branches: Collection[str], tags: Collection[str], called: Collection[tuple[str, str]]) -> Iterator[Problem]:
    good = {*branches, *tags, *(f"{HEADS}{name}" for name in branches), *(f"{TAGS}{name}" for name in tags)}
    for file, ref in called:
        if ref not in good and not _COMMIT.fullmatch(ref):
            allowed = f"a ref that the bootstrap guards ({', '.join([*branches, *tags])}): the trusted workflows run what it names"
            yield Problem(file, "uses", ref, allowed)


def _of_tags(
    declared: Declaration, branches: Collection[str], guarded: Collection[str], existing: Collection[str], file: str
) -> Iterator[Problem]:
    repository = f"{declared.github_owner}/{declared.repository}"
    for name in guarded:
        if name in branches:
            yield Problem(file, _TAGS, name, f"another tag: with this one, nobody could use the branch {name} of {repository} by its name")
        elif name not in existing:
            yield Problem(file, _TAGS, name, f"a tag that {repository} has: push it first, because nobody can create it afterwards")
    for name in branches:
        if name in existing:
            allowed = f"no such tag in {repository}: `@{name}` is the tag and not the branch; find out who pushed it, and delete it"
            yield Problem(file, _TAGS, Words(f"a tag {name} on GitHub"), allowed)
