"""What a release branch means: to IAM, to rulesets and to an environment, from one declaration.

What may publish (the trust policy) and what is protected (rulesets, environment) come from `declare`, so neither can be changed without the
other. A release branch is a literal branch name or `literal/*`. On GitHub `*` does not cross a `/`; in IAM it does
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html), so a pattern is trusted as
"like literal/*, not like literal/*/*", which is GitHub's meaning for every name that git accepts (a part of a ref never starts with a dot:
https://git-scm.com/docs/git-check-ref-format).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ALPHABET = re.compile(r"[A-Za-z0-9._/-]+")
HEADS = "refs/heads/"


@dataclass(frozen=True)
class RefCondition:
    """`ref` is like one of `like` and like none of `unlike` (full refs, IAM wildcards)."""

    like: tuple[str, ...]
    unlike: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseBranches:
    """A repository's release branches, in the three languages that need them. Built by `declare` alone.

    names         as the catalog has them
    trusted       conditions of a trust policy; any one of them admits a ref
    ruleset_refs  `include` of a ruleset's ref_name condition (full refs, GitHub's patterns)
    environment_patterns  an environment's custom branch policies (branch names, GitHub's patterns)
    """

    names: tuple[str, ...] = ()
    trusted: tuple[RefCondition, ...] = ()
    ruleset_refs: tuple[str, ...] = ()
    environment_patterns: tuple[str, ...] = ()


def is_pattern(branch: str) -> bool:
    """Whether a release branch names many branches (`literal/*`)."""
    return branch.endswith("/*")


def matches(branch: str, declared: Sequence[str]) -> bool:
    """Whether a branch is one of the release branches `declared`, as GitHub reads their patterns."""
    folder, _, _ = branch.rpartition("/")
    return branch in declared or f"{folder}/*" in declared


def unreviewed(there: Iterable[str], declared: Sequence[str], before: Sequence[str], default: str, accepted: Sequence[str]) -> list[str]:
    """Branches that `declared` lets publish from now on with content that nobody had to review.

    Not among them: what may publish already (`before`: nobody could create or change it without review), the `accepted` ones, and the
    default branch, whose content is what the company runs.
    """
    new = [one for one in declared if one not in before]
    known = {default, *accepted}
    return sorted(one for one in there if one not in known and matches(one, new) and not matches(one, before))


def check(branch: str) -> str | None:
    """Why `branch` can't be a release branch, or None if it can: a literal or `literal/*` that git accepts as a branch name."""
    literal = branch.removesuffix("/*")
    if not _ALPHABET.fullmatch(literal):
        return "only A-Z a-z 0-9 . _ / - and, at the very end, /*"
    if any(part.startswith(".") or part.endswith((".", ".lock")) or not part for part in literal.split("/")) or ".." in literal:
        return "git refuses parts that are empty, start or end with a dot, contain two dots or end with .lock"
    if literal.startswith(("-", "refs/")):
        return "a branch name without refs/heads/ in front, not starting with a hyphen"
    return None


def _deeper(branch: str) -> str:
    return f"{HEADS}{branch}/*"


def _excluded_by_another(branches: tuple[str, ...]) -> bool:
    """Whether the exclusion of one pattern would shut out another release branch (`a/*` and `a/b/c`)."""
    return any(
        other != pattern and other.startswith(pattern.removesuffix("*")) and "/" in other.removeprefix(pattern.removesuffix("*"))
        for pattern in branches
        if is_pattern(pattern)
        for other in branches
    )


def _condition(branches: tuple[str, ...]) -> RefCondition:
    return RefCondition(
        like=tuple(HEADS + branch for branch in branches),
        unlike=tuple(_deeper(branch) for branch in branches if is_pattern(branch)),
    )


def declare(branches: tuple[str, ...]) -> ReleaseBranches:
    """Everything that follows from a repository's release branches (each one valid by `check`), in their order.

    One trust condition holds them all; where the exclusion of one pattern would shut out another branch, each gets its own.
    """
    groups = [(branch,) for branch in branches] if _excluded_by_another(branches) else [branches]
    if not branches:
        return ReleaseBranches()
    return ReleaseBranches(
        names=branches,
        trusted=tuple(_condition(tuple(group)) for group in groups),
        ruleset_refs=tuple(HEADS + branch for branch in branches),
        environment_patterns=tuple(branches),
    )
