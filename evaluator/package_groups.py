"""Package group patterns: syntax, matching, hierarchy, and which restriction applies to a package. Pure functions.

Source: User Guide, "Package group definition syntax and matching behavior" and "Package group origin controls". Suffixes: `$` the
exact package, `~` a prefix that ends at a word boundary (after a letter or digit only), `*` every value that starts so (after a slash or
another character that is no letter or digit). A package belongs to the most specific group that matches.

A *weak* association is a match of a variation (another case, other separators, characters that look alike). A package whose most specific
group matches it so is blocked, whatever the group's modes are: no version of it is published or comes from upstreams.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

ROOT = "/*"
FORMATS = ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo")
WITHOUT_NAMESPACE = ("pypi", "nuget", "ruby", "cargo")
NAMESPACE_REQUIRED = ("maven", "generic", "swift")
KINDS = ("all", "format", "namespace-prefix", "namespace", "name-prefix", "name")  # from least to most specific
NORMALISED_PYPI = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-?")
RESTRICTION_TYPES = ("PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM")


class InvalidPatternError(ValueError):
    """A pattern that AWS does not take."""


class Coordinates(NamedTuple):
    """A package's identity within a repository; `namespace` is empty where the package has none (npm scopes are without `@`)."""

    format: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """The path that package group patterns are matched with: `/npm/space/name`."""
        return f"/{self.format}/{self.namespace}/{self.name}"


@dataclass
class PackageGroup:
    """A package group. `effective_from` and `effective_until` carry the eventual consistency of creation and deletion."""

    pattern: str
    description: str = ""
    contact: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    modes: dict[str, str] = field(default_factory=lambda: dict.fromkeys(RESTRICTION_TYPES, "INHERIT"))
    allowed: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in RESTRICTION_TYPES})
    effective_from: float = 0.0
    effective_until: float | None = None


def root_group() -> PackageGroup:
    """The group that every domain has: all packages, everything allowed."""
    return PackageGroup("/*", modes=dict.fromkeys(RESTRICTION_TYPES, "ALLOW"))


@dataclass(frozen=True)
class Pattern:
    """A parsed pattern; `namespace` and `name` are what the suffix leaves of them."""

    text: str
    kind: str
    format: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def specificity(self) -> tuple[int, int]:
        return KINDS.index(self.kind), len(self.namespace) + len(self.name)

    def matches(self, package: Coordinates) -> bool:
        if self.kind == "all":
            return True
        if package.format != self.format:
            return False
        if self.kind == "namespace-prefix":
            return has_word_prefix(package.namespace, self.namespace)
        if self.kind in ("namespace", "name-prefix", "name") and package.namespace != self.namespace:
            return False
        if self.kind == "name-prefix":
            return has_word_prefix(package.name, self.name)
        return self.kind != "name" or package.name == self.name

    def canonical(self) -> "Pattern":
        """The pattern that a package's canonical coordinates are matched with to find variations."""
        return Pattern(self.text, self.kind, self.format, variation(self.namespace), variation(self.name))

    def contains(self, other: "Pattern") -> bool:
        """Whether every package of `other` is one of this pattern's, and not the other way round."""
        if self.specificity >= other.specificity or (self.kind != "all" and self.format != other.format):
            return False
        if self.kind in ("all", "format"):
            return True
        if self.kind == "namespace-prefix":
            return has_word_prefix(other.namespace, self.namespace)
        if self.kind == "namespace":
            return other.kind in ("name-prefix", "name") and other.namespace == self.namespace
        return other.namespace == self.namespace and has_word_prefix(other.name, self.name)


def parse(text: str) -> Pattern:
    """A pattern in parts. Raises InvalidPatternError if the syntax does not admit it."""
    if text == ROOT:
        return Pattern(text, "all")
    parts = text.split("/")
    if len(parts) not in (3, 4) or parts[0] or not parts[1]:
        raise _unreadable(
            text, "it is none of /*, /FORMAT/*, /FORMAT/NAMESPACE~, /FORMAT/NAMESPACE/*, /FORMAT/NAMESPACE/NAME~, /FORMAT/NAMESPACE/NAME$"
        )
    if parts[1] not in FORMATS:
        raise _unreadable(text, f"'{parts[1]}' is not a package format")
    pattern = _namespace_pattern(text, parts) if len(parts) == 3 else _name_pattern(text, parts)
    _check_components(pattern)
    return pattern


def _namespace_pattern(text: str, parts: list[str]) -> Pattern:
    if parts[2] == "*":
        return Pattern(text, "format", parts[1])
    if len(parts[2]) > 1 and parts[2][-1] == ("~" if parts[2][-2].isalnum() else "*"):
        return Pattern(text, "namespace-prefix", parts[1], parts[2][:-1])
    raise _unreadable(text, "a namespace is followed by /*, its prefix by ~ after a letter or digit and by * after another character")


def _name_pattern(text: str, parts: list[str]) -> Pattern:
    _, format, namespace, last = parts
    if last == "*":
        return Pattern(text, "namespace", format, namespace)
    if len(last) > 1 and last[-1] == "$":
        return Pattern(text, "name", format, namespace, last[:-1])
    if len(last) > 1 and last[-1] == ("~" if last[-2].isalnum() else "*"):
        return Pattern(text, "name-prefix", format, namespace, last[:-1])
    raise _unreadable(text, "a name ends in $ (exactly this name), a prefix in ~ after a letter or digit and in * after another character")


def _check_components(pattern: Pattern) -> None:
    if pattern.namespace and pattern.format in WITHOUT_NAMESPACE:
        raise _unreadable(pattern.text, f"packages of format {pattern.format} have no namespace")
    if pattern.name and not pattern.namespace and pattern.format in NAMESPACE_REQUIRED:
        raise _unreadable(pattern.text, f"a name in format {pattern.format} needs its namespace")
    if any(c in pattern.namespace + pattern.name for c in "*$~"):
        raise _unreadable(pattern.text, "*, $ and ~ stand only at the end")
    if pattern.format == "pypi" and pattern.name and not NORMALISED_PYPI.fullmatch(pattern.name):
        raise _unreadable(pattern.text, "PyPI names are written normalised (PEP 503)")


def _unreadable(text: str, why: str) -> InvalidPatternError:
    return InvalidPatternError(f"Invalid package group pattern '{text}': {why}.")


def has_word_prefix(value: str, prefix: str) -> bool:
    """Whether `value` starts with `prefix` and no word is cut: `foo` is a prefix of `foo-bar`, not of `food`."""
    if not value.startswith(prefix):
        return False
    return value == prefix or not prefix or not (prefix[-1].isalnum() and value[len(prefix)].isalnum())


def variation(text: str) -> str:
    """The form in which variations of a name are equal: case, separators and what looks alike do not count.

    AWS does not list the confusable characters; the stricter reading is Unicode's list, of which these are ASCII's.
    """
    for one, other in (("0", "o"), ("1", "l"), ("rn", "m")):
        text = text.lower().replace(one, other)
    return re.sub(r"[-_.]+", "-", text)


def restricting_groups(groups: Iterable[PackageGroup], package: Coordinates) -> list[PackageGroup]:
    """The group that matches a package exactly, and a more specific one of which it is a variation, which blocks it.

    The root group must be among `groups`.
    """
    strong, weak = _matches(list(groups), package)
    return [strong, weak] if weak and parse(weak.pattern).specificity > parse(strong.pattern).specificity else [strong]


def _matches(groups: list[PackageGroup], package: Coordinates) -> tuple[PackageGroup, PackageGroup | None]:
    """The most specific exact match and the most specific match of a variation."""
    parsed = sorted(((parse(g.pattern), g) for g in groups), key=lambda pair: pair[0].specificity, reverse=True)
    variant = Coordinates(package.format, variation(package.namespace), variation(package.name))
    strong = next(group for pattern, group in parsed if pattern.matches(package))
    return strong, next((g for p, g in parsed if not p.matches(package) and p.canonical().matches(variant)), None)


def parent(groups: Iterable[PackageGroup], pattern: str) -> PackageGroup | None:
    """The most specific group that contains `pattern`; None for the root."""
    child = parse(pattern)
    containing = [group for group in groups if parse(group.pattern).contains(child)]
    return max(containing, key=lambda group: parse(group.pattern).specificity, default=None)


def inherited_from(groups: Iterable[PackageGroup], group: PackageGroup, kind: str) -> PackageGroup:
    """The group whose mode of one restriction type (PUBLISH, ...) counts for `group`: itself unless it says INHERIT."""
    candidates = list(groups)
    current: PackageGroup | None = group
    while current is not None and current.modes[kind] == "INHERIT":
        current = parent(candidates, current.pattern)
    if current is None:
        raise LookupError(f"no group above {group.pattern} decides {kind}; the root group may not inherit")
    return current


def admits(groups: Iterable[PackageGroup], package: Coordinates, kind: str, repositories: Iterable[str]) -> bool:
    """Whether the groups let versions of a package come in by way of `kind` into one of `repositories`."""
    candidates, names = list(groups), set(repositories)
    strong, *weak = restricting_groups(candidates, package)
    return not weak and _mode_admits(inherited_from(candidates, strong, kind), kind, names)


def _mode_admits(group: PackageGroup, kind: str, repositories: set[str]) -> bool:
    if group.modes[kind] == "ALLOW_SPECIFIC_REPOSITORIES":
        return bool(repositories & set(group.allowed[kind]))
    return group.modes[kind] == "ALLOW"
