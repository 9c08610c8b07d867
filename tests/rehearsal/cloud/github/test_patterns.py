"""GitHub's matcher, held against Ruby's documented examples, the standard library where the two agree, and properties."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.github.patterns import matches

# Of Ruby's documentation of File.fnmatch, what holds with FNM_PATHNAME.
RUBY_DOCUMENTATION = [
    ("cat", "cat", True),
    ("cat", "category", False),
    ("c??t", "cat", False),
    ("c*", "cats", True),
    ("ca[a-z]", "cat", True),
    ("ca[^t]", "cat", False),
    ("cat", "CAT", False),
    ("?", "/", False),
    ("*", "/", False),
    ("[/]", "/", False),
    (r"\?", "?", True),
    (r"\a", "a", True),
    (r"[\?]", "?", True),
    ("*", ".profile", False),
    (".*", ".profile", True),
    ("*", "dave/.profile", False),
    ("*/*", "dave/.profile", False),
    ("**/foo", "a/b/c/foo", True),
    ("**/foo", "/a/b/c/foo", True),
    ("**/foo", "c:/a/b/c/foo", True),
    ("**/foo", "a/.b/c/foo", False),
    ("**.rb", "main.rb", True),
    ("**.rb", "lib/song.rb", False),
    ("**/*.rb", "lib/song.rb", True),
    ("**/*.rb", "main.rb", True),
]

# What release branches depend on.
BRANCHES = [
    ("refs/heads/release/*", "refs/heads/release/1", True),
    ("refs/heads/release/*", "refs/heads/release/a/b", False),
    ("refs/heads/release/*", "refs/heads/release", False),
    ("refs/heads/release/*", "refs/heads/release-1", False),
    ("refs/heads/release/*", "refs/heads/releases/1", False),
    ("refs/heads/release/**", "refs/heads/release/1", True),
    ("refs/heads/release/**", "refs/heads/release/a/b", False),
    ("refs/heads/release/**/*", "refs/heads/release/1", True),
    ("refs/heads/release/**/*", "refs/heads/release/a/b/c", True),
    ("refs/heads/**", "refs/heads/a/b", False),
    ("refs/**/main", "refs/heads/main", True),
    ("refs/**/main", "refs/heads/x/main", True),
    ("refs/**/main", "refs/main", True),
    ("refs/heads/main", "refs/heads/main2", False),
    ("refs/heads/*main", "refs/heads/main", True),
    ("refs/heads/*/fix-*", "refs/heads/a/fix-1", True),
    ("refs/heads/v[0-9].[0-9]", "refs/heads/v1.2", True),
    ("refs/heads/v[0-9].[0-9]", "refs/heads/v1.x", False),
    ("refs/heads/v[!0-9]", "refs/heads/vx", True),
    ("refs/heads/v[!0-9]", "refs/heads/v1", False),
]

EDGES = [
    ("", "", True),
    ("", "a", False),
    ("*", "", True),
    ("a/*", "a/", True),
    ("a*b", "a", False),
    ("a*", "a", True),
    ("*a*b*", "xaxbx", True),
    ("a*ab", "aaab", True),
    ("[", "[", False),
    ("[a", "a", False),
    ("[]a", "]", False),
    ("[]", "a", False),
    ("[!]", "a", True),
    ("[a-]", "-", True),
    ("[a-]", "b", False),
    (r"[\]]", "]", True),
    (r"[a\-c]", "b", False),
    (r"[a\-c]", "-", True),
    ("[.]x", ".x", False),
    ("?x", ".x", False),
    (r"\.x", ".x", True),
    ("a/[.]x", "a/.x", False),
    ("a/.x", "a/.x", True),
    (r"\*", "*", True),
    (r"\*", "a", False),
    ("a\\", "a\\", True),
    (r"a\/b", "a/b", True),
    ("[a/b]", "a", True),
    ("a[/]b", "a/b", False),
    ("**/**/a", "a", True),
    ("a/**/", "a/", True),
    ("a/**/", "a/b", False),
    ("a**/b", "ax/b", True),
    ("a**/b", "ax/y/b", False),
    ("***/a", "x/a", True),
    ("***/a", "x/y/a", False),
    ("é?", "éü", True),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), RUBY_DOCUMENTATION + BRANCHES + EDGES)
def test_examples(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


segments = st.text("ab.-_1", min_size=1, max_size=4)
names = st.lists(segments, min_size=1, max_size=4).map("/".join)
visible = st.from_regex(r"[ab1_-][ab1._-]{0,3}", fullmatch=True)
# Without a leading dot, a slash, a backslash, `^` and `]`, the two libraries mean the same.
simple_patterns = st.lists(st.sampled_from(["a", "b", "1", "*", "?", "[ab]", "[!a]", "[a-b]", "**"]), max_size=5).map("".join)


@given(simple_patterns, visible)
def test_within_a_segment_it_agrees_with_the_standard_library(pattern: str, name: str) -> None:
    assert matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


@given(names, names)
def test_a_name_without_special_characters_matches_itself_only(pattern: str, name: str) -> None:
    assert matches(pattern, pattern)
    assert matches(pattern, name) == (pattern == name)


@given(st.text(st.characters(exclude_characters="\0"), max_size=8))
def test_an_escaped_name_matches_itself(name: str) -> None:
    # A backslash before a slash stays a separator, one at the end stays a backslash.
    assert matches(re.sub(r"([*?\[\]\\])", r"\\\1", name), name)


@given(names, names)
def test_a_trailing_star_is_one_visible_segment(prefix: str, name: str) -> None:
    rest = name.removeprefix(f"{prefix}/")
    expected = name.startswith(f"{prefix}/") and "/" not in rest and not rest.startswith(".")
    assert matches(f"{prefix}/*", name) == expected
    assert matches(f"{prefix}/**", name) == expected


@given(names, st.lists(visible, min_size=1, max_size=4))
def test_two_stars_and_a_slash_go_any_depth(prefix: str, rest: list[str]) -> None:
    name = "/".join([prefix, *rest])
    assert matches(f"{prefix}/**/*", name)
    assert matches(f"{prefix}/*", name) == (len(rest) == 1)


@given(st.text("ab/.*?[]!-\\", max_size=12), st.text("ab/.*", max_size=12))
def test_it_never_raises(pattern: str, name: str) -> None:
    assert matches(pattern, name) in (True, False)


@given(st.text("ab/.*?[]!-\\", max_size=10), st.text("ab/.", max_size=10))
def test_it_agrees_with_a_plain_backtracking_definition(pattern: str, name: str) -> None:
    assert matches(pattern, name) == _backtrack(pattern, name, start=True)


def _backtrack(pattern: str, name: str, *, start: bool) -> bool:
    """The definition, one character at a time: `start` says that a segment of the name and of the pattern starts here."""
    if start and pattern.startswith("**/"):
        rest = _backtrack(pattern[3:], name, start=True)
        return rest or ("/" in name and not name.startswith(".") and _backtrack(pattern, name.partition("/")[2], start=True))
    token, rest = _cut(pattern)
    if start and name.startswith(".") and token not in (".", "\\."):
        return False
    if token == "":
        return name == ""
    if token == "*":
        return _backtrack(rest, name, start=False) or (name[:1] not in ("", "/") and _backtrack(pattern, name[1:], start=False))
    if not name:
        return False
    if token in ("/", "\\/"):
        return name[0] == "/" and _backtrack(rest, name[1:], start=True)
    return name[0] != "/" and _one(token, name[0]) and _backtrack(rest, name[1:], start=False)


def _cut(pattern: str) -> tuple[str, str]:
    token = re.match(r"\[[!^]?(?:\\.|[^\]\\])*\]|\[.*|\\.|.|", pattern, re.DOTALL)
    assert token is not None
    return token[0], pattern[token.end() :]


def _one(token: str, character: str) -> bool:
    if token == "?":
        return True
    if not token.startswith("["):
        return character == token[-1]
    if not re.fullmatch(r"\[[!^]?(?:\\.|[^\]\\])*\]", token, re.DOTALL):
        return False
    negated = token[1:2] in ("!", "^") and len(token) > 2
    inside = token[2 if negated else 1 : -1]
    found = False
    while inside:
        member = re.match(r"(\\.|.)(?:-(\\.|.))?", inside, re.DOTALL)
        assert member is not None
        low, high = member[1][-1], (member[2] or member[1])[-1]
        found = found or low <= character <= high
        inside = inside[member.end() :]
    return found != negated
