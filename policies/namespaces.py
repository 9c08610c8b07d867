"""What the company's catalogs may own at all, written once in the stack file by those who answer for the whole registry.

An owned name is closed to the public registries for everybody: a team that owns `lodash` or `@types/*` breaks every install of it, and
publishes its own in its place. So a team's file can only own what lies inside these names.

Grammar, by format:

    npm      @scope/*      @prefix-*/*   @scope/name      prefix-*             name
    pypi     prefix-*      name                                                PEP 503 normalised
    maven    group         group.*       (every group below)
    cargo    prefix-*      prefix_*      name                                  as Cargo.toml has it
    nuget    prefix.*      prefix-*      name                                  in lower case
    generic  namespace/*   prefix-*/*    namespace/name   namespace/prefix-*

Nothing here knows which names are public. What can be said of a pattern alone is said: one that is so short that it takes in names of
anybody's is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from policies.owned_names import GENERIC_PART, MAVEN_GROUP, NPM_PART, ONE_PART, Format, OwnedName, suggestion

# Letters and digits in a row before a wildcard. Companies have names of two letters (ey, hp, ge); one letter is nobody's.
PREFIX_MIN = 2

_GRAMMAR: dict[Format, tuple[re.Pattern[str], str]] = {
    Format.NPM: (
        re.compile(
            rf"@(?:(?P<scopes>{NPM_PART}-)\*/(?P<any>\*)|(?P<scope>{NPM_PART})/(?:(?P<all>\*)|(?P<scoped>{NPM_PART})))"
            rf"|(?P<prefix>{NPM_PART}-)\*|(?P<name>{NPM_PART})"
        ),
        "@scope/*, @prefix-*/* (every scope that begins so), @scope/name, prefix-* or name (lower case)",
    ),
    Format.PYPI: (
        ONE_PART[Format.PYPI],
        "prefix-* or name (normalised as PEP 503: lower case, single hyphens)",
    ),
    Format.MAVEN: (
        re.compile(rf"(?P<groups>{MAVEN_GROUP}\.)\*|(?P<group>{MAVEN_GROUP})"),
        "group, or group.* for every group below it",
    ),
    Format.CARGO: (
        ONE_PART[Format.CARGO],
        "prefix-*, prefix_* or name (as Cargo.toml has it)",
    ),
    Format.NUGET: (
        ONE_PART[Format.NUGET],
        "prefix.*, prefix-* or name (lower case)",
    ),
    Format.GENERIC: (
        re.compile(
            rf"(?P<scopes>{GENERIC_PART}-)\*/(?P<any>\*)"
            rf"|(?P<scope>{GENERIC_PART})/(?:(?P<all>\*)|(?P<prefix>{GENERIC_PART}-)\*|(?P<scoped>{GENERIC_PART}))"
        ),
        "namespace/*, prefix-*/* (every namespace that begins so), namespace/name or namespace/prefix-*",
    ),
}
# Where hosts of code give everybody a group of their own, and where countries give everybody a domain: `io.github`, `uk.co`, and the latter
# as it stands in an address, `co.uk` (not `com.XX`: `com.hp` is a company's).
# https://central.sonatype.org/register/namespace/
_EVERYBODYS_GROUP = re.compile(
    r"[a-z]+\.(?:github|gitlab|bitbucket|gitee|codeberg)\.|[a-z]{2}\.(?:ac|co|com|edu|go|gov|ne|net|or|org)\."
    r"|(?:ac|co|edu|go|gov|ne|or)\.[a-z]{2}\."
)


@dataclass(frozen=True)
class Namespace:
    """Names of one format. `scope` and `name` are exact or, if open, what they begin with (an open `name` of "" = every name).

    `scope` is npm's scope without `@`, Maven's group or a generic package's namespace; "" for packages without one.
    """

    format: Format
    scope: str
    open_scope: bool
    name: str
    open_name: bool

    def holds(self, owned: OwnedName) -> bool:
        """Whether every package that has the owned name is in this namespace."""
        if owned.format is not self.format or not _within(owned.namespace, self.scope, self.open_scope):
            return False
        if owned.open_ended and not self.open_name:
            return False
        return _within(owned.name, self.name, self.open_name)


def _within(text: str, fixed: str, opened: bool) -> bool:
    return text.startswith(fixed) if opened else text == fixed


def allowed(format: Format) -> str:
    """The grammar of a format, in words for an error message."""
    return _GRAMMAR[format][1]


def parse(format: Format, text: str) -> Namespace:
    """Parse one entry. Raises ValueError, whose text says what is allowed instead."""
    match = _GRAMMAR[format][0].fullmatch(text)
    if match is None:
        close = _meant(format, text)
        raise ValueError(f"{allowed(format)}{f' (did you mean {close}?)' if close else ''}")
    part = match.groupdict()
    if wide := _too_wide(part):
        raise ValueError(wide)
    opened, scope = part.get("scopes") or part.get("groups"), part.get("scope") or part.get("group")
    name = part.get("prefix") or part.get("scoped") or part.get("name") or ""
    every = format is Format.MAVEN or bool(part.get("any") or part.get("all") or part.get("prefix"))
    return Namespace(format, opened or scope or "", bool(opened), name, every)


def _meant(format: Format, text: str) -> str | None:
    """What an entry outside the grammar was probably meant to be: mostly one of `owns`, or written as one."""
    close = text.partition(":")[0] if format is Format.MAVEN else suggestion(format, text)
    return close if close and _GRAMMAR[format][0].fullmatch(close) else None


def _too_wide(part: dict[str, str | None]) -> str | None:
    """What is allowed instead of a pattern that takes in names of others, or None."""
    prefix, groups, group = part.get("scopes") or part.get("prefix"), part.get("groups"), part.get("group")
    if prefix and not part.get("scope") and max(map(len, re.findall(r"[A-Za-z0-9]*", prefix))) < PREFIX_MIN:
        end = f"{prefix[-1]}*"
        return f"a prefix of at least {PREFIX_MIN} letters and digits in a row before {end}: names of others begin with {prefix} too"
    if groups and groups.count(".") < 2:
        return f"a group of at least two parts before .*, such as com.acme.*: {groups}* holds groups of others"
    if group and "." not in group:
        return f"a group of at least two parts, such as com.acme: {group} is nobody's alone"
    if groups and _EVERYBODYS_GROUP.fullmatch(groups.lower()):
        return f"a group of at least three parts here, such as {groups}acme.*: {groups}* holds groups of others"
    if group and _EVERYBODYS_GROUP.fullmatch(f"{group.lower()}."):
        return f"a group of at least three parts here, such as {group}.acme: {group} is nobody's alone"
    return None


def holds(namespaces: Iterable[Namespace], owned: OwnedName) -> bool:
    """Whether all of an owned name lies inside.

    One namespace has to hold it alone: what begins with a prefix is never covered by finitely many longer prefixes.
    """
    return any(one.holds(owned) for one in namespaces)
