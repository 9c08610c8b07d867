"""Print the highest of the versions, and the highest release, as Maven orders them. usage: maven_order.py VERSION...

Where all are pre-releases, the highest one is both. https://maven.apache.org/pom.html#version-order-specification
"""

import re
import sys
from functools import cmp_to_key
from itertools import zip_longest

_ALIASES = {"cr": "rc", "ga": "", "final": "", "release": ""}
_BEFORE_DIGITS = {"a": "alpha", "b": "beta", "m": "milestone"}
_PRE_RELEASE = ("alpha", "beta", "milestone", "rc", "snapshot")
_KNOWN = (*_PRE_RELEASE, "", "sp")
_TOKEN = re.compile(r"([.-]?)(\d+|[^\d.-]+)")
# The separator before it, and the token. A transition between digits and letters is a hyphen.
Token = tuple[str, str]
Rank = tuple[int, int, str]


def tokens(version: str) -> list[Token]:
    """Tokens of a version, without those at its end and before a hyphen that count for nothing."""
    found: list[Token] = []
    text = version.lower()
    for match in _TOKEN.finditer(text):
        separator, token = match[1] or "-", match[2]
        if separator == "-":
            _trim(found)
        if token in _BEFORE_DIGITS and text[match.end() : match.end() + 1].isdigit():
            token = _BEFORE_DIGITS[token]
        found.append((separator, str(int(token)) if token.isdigit() else _ALIASES.get(token, token)))
    _trim(found)
    return found


def _trim(found: list[Token]) -> None:
    while found and found[-1][1] in ("0", ""):
        found.pop()


def _rank(token: Token | None, other: Token | None) -> Rank:
    """Qualifiers, then numbers after a hyphen, then numbers after a dot. The shorter version is padded with what counts for nothing."""
    if token is None:
        separator, text = other or ("", "")
        token = (separator, "0" if text.isdigit() else "")
    separator, text = token
    if text.isdigit():
        return (2 if separator == "." else 1, int(text), "")
    return (0, _KNOWN.index(text), "") if text in _KNOWN else (0, len(_KNOWN), text)


def compare(one: str, other: str) -> int:
    """Negative if `one` comes before `other`, 0 if they are the same version to Maven."""
    for mine, theirs in zip_longest(tokens(one), tokens(other)):
        left, right = _rank(mine, theirs), _rank(theirs, mine)
        if left != right:
            return -1 if left < right else 1
    return 0


def highest(versions: list[str]) -> tuple[str, str]:
    """The highest version and the highest release."""
    ordered = sorted(versions, key=cmp_to_key(compare), reverse=True)
    releases = [one for one in ordered if not any(text in _PRE_RELEASE for _, text in tokens(one))]
    return ordered[0], (releases or ordered)[0]


if __name__ == "__main__":
    print(*highest(sys.argv[1:]))
