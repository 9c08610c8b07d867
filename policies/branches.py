"""What a release branch and a release tag mean: to IAM, to rulesets and to an environment, from one declaration.

What may publish (the trust policy) and what is protected (rulesets, environment) come from `declare` and `declare_tags`, so neither can be
changed without the other. A release branch is a literal branch name or `literal/*`, a release tag a literal tag name or one that ends in
`*`. On GitHub `*` does not cross a `/`; in IAM it does
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html), so a pattern is trusted as
"like literal/*, not like literal/*/*", which is GitHub's meaning for every name that git accepts (a part of a ref never starts with a dot:
https://git-scm.com/docs/git-check-ref-format).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ALPHABET = re.compile(r"[A-Za-z0-9._/-]+")
_TAG_ALPHABET = re.compile(r"[A-Za-z0-9._/@+-]*")
HEADS = "refs/heads/"
TAGS = "refs/tags/"


@dataclass(frozen=True)
class RefCondition:
    """`ref` is like one of `like` and like none of `unlike` (full refs, IAM wildcards)."""

    like: tuple[str, ...]
    unlike: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseRefs:
    """Refs of a repository that may publish, in the three languages that need them.

    names         as the catalog has them
    trusted       conditions of a trust policy; any one of them admits a ref
    ruleset_refs  `include` of a ruleset's ref_name condition (full refs, GitHub's patterns)
    environment_patterns  an environment's custom branch (or tag) policies (short names, GitHub's patterns)
    """

    names: tuple[str, ...] = ()
    trusted: tuple[RefCondition, ...] = ()
    ruleset_refs: tuple[str, ...] = ()
    environment_patterns: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseBranches(ReleaseRefs):
    """A repository's release branches. Built by `declare` alone."""


@dataclass(frozen=True)
class ReleaseTags(ReleaseRefs):
    """A repository's release tags. Built by `declare_tags` alone."""


NO_TAGS = ReleaseTags()


def is_pattern(branch: str) -> bool:
    """Whether a release branch names many branches (`literal/*`)."""
    return branch.endswith("/*")


def matches(branch: str, declared: Sequence[str]) -> bool:
    """Whether a branch is one of the release branches `declared`, as GitHub reads their patterns."""
    folder, _, _ = branch.rpartition("/")
    return branch in declared or f"{folder}/*" in declared


def matches_tag(tag: str, declared: Sequence[str]) -> bool:
    """Whether a tag is one of the release tags `declared`, as GitHub reads their patterns."""
    prefixes = [one.removesuffix("*") for one in declared if one.endswith("*")]
    return tag in declared or any(tag.startswith(one) and "/" not in tag.removeprefix(one) for one in prefixes)


def unreviewed(there: Iterable[str], declared: Sequence[str], before: Sequence[str], default: str, accepted: Sequence[str]) -> list[str]:
    """Branches that `declared` lets publish from now on with content that nobody had to review.

    Not among them: what may publish already (`before`: nobody could create or change it without review), the `accepted` ones, and the
    default branch, whose content is what the company runs.
    """
    new = [one for one in declared if one not in before]
    known = {default, *accepted}
    return sorted(one for one in there if one not in known and matches(one, new) and not matches(one, before))


def may_be_unreviewed(declared: Sequence[str], before: Sequence[str], default: str, accepted: Sequence[str]) -> bool:
    """Whether a branch could be one of `unreviewed`, or an accepted one could be missing: only then has a repository's list to be read."""
    new = {*declared} - {*before}
    return bool(new if accepted else new - {default})


# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#merge_group
MERGE_QUEUE = "gh-readonly-queue"


def check(branch: str) -> str | None:
    """Why `branch` can't be a release branch, or None if it can: a literal or `literal/*` that git accepts as a branch name."""
    literal = branch.removesuffix("/*")
    if not _ALPHABET.fullmatch(literal):
        return "only A-Z a-z 0-9 . _ / - and, at the very end, /*"
    if any(part.startswith(".") or part.endswith((".", ".lock")) or not part for part in literal.split("/")) or ".." in literal:
        return "git refuses parts that are empty, start or end with a dot, contain two dots or end with .lock"
    if literal.startswith(("-", "refs/")):
        return "a branch name without refs/heads/ in front, not starting with a hyphen"
    if literal.split("/")[0] == MERGE_QUEUE:
        return "GitHub's merge queue keeps there what is not merged yet; name the branch that it merges into"
    return None


def check_tag(tag: str) -> str | None:
    """Why `tag` can't be a release tag, or None if it can: a literal, or one with `*` at the end, that git accepts as a tag's name."""
    literal = tag.removesuffix("*")
    if not tag or not _TAG_ALPHABET.fullmatch(literal):
        return "only A-Z a-z 0-9 . _ / @ + - and, at the very end, *"
    parts = literal.split("/")
    # The last part of a pattern goes on.
    ended = parts[:-1] if tag.endswith("*") else parts
    if any(part.startswith(".") for part in parts) or any(not one or one.endswith((".", ".lock")) for one in ended) or ".." in literal:
        return "git refuses parts that are empty, start or end with a dot, contain two dots or end with .lock"
    if tag == "@" or literal.startswith(("-", "refs/")):
        return "a tag name without refs/tags/ in front, not @ alone and not starting with a hyphen"
    return None


def _excluded_by_another(names: tuple[str, ...]) -> bool:
    """Whether the exclusion of one pattern would shut out another name (`a/*` and `a/b/c`)."""
    prefixes = [(pattern, pattern.removesuffix("*")) for pattern in names if pattern.endswith("*")]
    return any(
        other != pattern and other.startswith(prefix) and "/" in other.removeprefix(prefix)
        for pattern, prefix in prefixes
        for other in names
    )


def _condition(kind: str, names: tuple[str, ...]) -> RefCondition:
    return RefCondition(
        like=tuple(kind + name for name in names),
        unlike=tuple(f"{kind}{name}/*" for name in names if name.endswith("*")),
    )


def _conditions(kind: str, names: tuple[str, ...]) -> tuple[RefCondition, ...]:
    """One condition holds them all; where the exclusion of one pattern would shut out another name, each gets its own."""
    groups = [(name,) for name in names] if _excluded_by_another(names) else [names]
    return tuple(_condition(kind, group) for group in groups if group)


def declare(branches: tuple[str, ...]) -> ReleaseBranches:
    """Everything that follows from a repository's release branches (each valid by `check`), in their order."""
    return ReleaseBranches(branches, _conditions(HEADS, branches), tuple(HEADS + branch for branch in branches), branches)


def declare_tags(tags: tuple[str, ...]) -> ReleaseTags:
    """Everything that follows from a repository's release tags (each valid by `check_tag`), in their order."""
    return ReleaseTags(tags, _conditions(TAGS, tags), tuple(TAGS + tag for tag in tags), tags)
