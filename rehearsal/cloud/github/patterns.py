"""GitHub's ref name patterns, as rulesets and environment branch policies read them: Ruby's `File.fnmatch` with `FNM_PATHNAME`.

Source: GitHub's "Creating rulesets for a repository" and the OpenAPI description of deployment branch policies, both of which
refer to Ruby's documentation of `File.fnmatch`. What follows from it, and is easily expected otherwise:

- `*`, `?` and `[..]` never match `/`, nor the leading `.` of a path segment;
- `**/` at the start of a segment matches any number of segments (none included), but none that starts with `.`;
- any other `**` is the same as `*`, so that a trailing `**` is one segment only;
- `\\` takes the meaning from the next character; an unclosed `[` matches nothing; matching is case-sensitive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

SEPARATOR = "/"
Matcher = Callable[[str], bool]


@dataclass(frozen=True)
class Star:
    """Any number of characters of one segment."""


@dataclass(frozen=True)
class One:
    """One character that `matches` accepts; `literal` is set where the pattern spells the character out."""

    matches: Matcher
    literal: str | None = None


class AnySegments:
    """`**/`: any number of whole segments."""


Segment = tuple[Star | One, ...]
ANY_SEGMENTS = AnySegments()


def matches(pattern: str, name: str) -> bool:
    """Whether `name` (for example `refs/heads/release/1`) matches `pattern`. Never raises: a malformed pattern matches nothing."""
    return _match_path(_parse(pattern), tuple(name.split(SEPARATOR)))


@lru_cache(maxsize=1024)
def _parse(pattern: str) -> tuple[Segment | AnySegments, ...]:
    path: list[Segment | AnySegments] = []
    segment: list[Star | One] = []
    position = 0
    while position < len(pattern):
        if not segment and pattern.startswith("**/", position) and _at_segment_start(pattern, position):
            path.append(ANY_SEGMENTS)
            position += 3
            continue
        token, position = _token(pattern, position)
        if token is None:
            path.append(tuple(segment))
            segment = []
        else:
            segment.append(token)
    return (*path, tuple(segment))


def _at_segment_start(pattern: str, position: int) -> bool:
    return position == 0 or pattern[position - 1] == SEPARATOR


def _token(pattern: str, position: int) -> tuple[Star | One | None, int]:
    """The token at `position` (None for a separator) and the position behind it."""
    character = pattern[position]
    if character == "*":
        return Star(), position + 1
    if character == "?":
        return One(lambda _: True), position + 1
    if character == "[":
        return _bracket(pattern, position + 1)
    if character == "\\" and position + 1 < len(pattern):
        position += 1
        character = pattern[position]
    if character == SEPARATOR:
        return None, position + 1
    return One(lambda other: other == character, character), position + 1


def _bracket(pattern: str, position: int) -> tuple[One, int]:
    """The set that starts behind `[`. An unclosed set matches nothing, whatever follows."""
    negated = pattern[position : position + 1] in ("!", "^")
    position += negated
    ranges: list[tuple[str, str]] = []
    while position < len(pattern):
        if pattern[position] == "]":
            return One(lambda character: any(low <= character <= high for low, high in ranges) != negated), position + 1
        low, position = _set_member(pattern, position)
        high = low
        if pattern[position : position + 1] == "-" and pattern[position + 1 : position + 2] not in ("", "]"):
            high, position = _set_member(pattern, position + 1)
        ranges.append((low, high))
    return One(lambda _: False), position


def _set_member(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position] == "\\" and position + 1 < len(pattern):
        position += 1
    return pattern[position], position + 1


def _match_path(path: tuple[Segment | AnySegments, ...], names: tuple[str, ...]) -> bool:
    """Match whole segments; a set of reachable positions in `names` stands for every way to spread `**/`."""
    reachable = {0}
    for part in path:
        if isinstance(part, AnySegments):
            reachable = {end for start in reachable for end in _skips(names, start)}
        else:
            reachable = {start + 1 for start in reachable if start < len(names) and _match_segment(part, names[start])}
    return len(names) in reachable


def _skips(names: tuple[str, ...], start: int) -> list[int]:
    """Where `**/` may end: behind any run of segments that do not start with `.`, at least one segment being left to match."""
    ends = [start]
    while ends[-1] < len(names) - 1 and not names[ends[-1]].startswith("."):
        ends.append(ends[-1] + 1)
    return ends


def _match_segment(segment: Segment, name: str) -> bool:
    if name.startswith(".") and not (segment and isinstance(segment[0], One) and segment[0].literal == "."):
        return False
    reachable = {0}
    for token in segment:
        if isinstance(token, Star):
            reachable = set(range(min(reachable), len(name) + 1)) if reachable else set()
        else:
            reachable = {start + 1 for start in reachable if start < len(name) and token.matches(name[start])}
    return len(name) in reachable
