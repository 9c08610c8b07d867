"""GitHub's matcher: Ruby's documented examples as far as the stand-in goes, and what release branches depend on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.github.patterns import matches

# Of Ruby's documentation of File.fnmatch, what holds with FNM_PATHNAME.
RUBY_DOCUMENTATION = [
    ("cat", "cat", True),
    ("cat", "category", False),
    ("c*", "cats", True),
    ("cat", "CAT", False),
    ("*", "/", False),
    ("*", ".profile", False),
    (".*", ".profile", True),
    ("*", "dave/.profile", False),
    ("*/*", "dave/.profile", False),
]
BRANCHES = [
    ("refs/heads/release/*", "refs/heads/release/1", True),
    ("refs/heads/release/*", "refs/heads/release/a/b", False),
    ("refs/heads/release/*", "refs/heads/release", False),
    ("refs/heads/release/*", "refs/heads/release-1", False),
    ("refs/heads/release/*", "refs/heads/releases/1", False),
    ("refs/heads/main", "refs/heads/main2", False),
    ("refs/heads/*main", "refs/heads/main", True),
    ("refs/heads/*/fix-*", "refs/heads/a/fix-1", True),
    ("a/*", "a/", True),
    ("a/.x", "a/.x", True),
    ("*a*b*", "xaxbx", True),
    ("a*ab", "aaab", True),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), RUBY_DOCUMENTATION + BRANCHES)
def test_examples(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


names = st.lists(st.text("ab.-_1", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@given(names, names)
def test_a_name_without_special_characters_matches_itself_only(pattern: str, name: str) -> None:
    assert matches(pattern, pattern)
    assert matches(pattern, name) == (pattern == name)


@given(names, names)
def test_a_trailing_star_is_one_visible_segment(prefix: str, name: str) -> None:
    rest = name.removeprefix(f"{prefix}/")
    assert matches(f"{prefix}/*", name) == (name.startswith(f"{prefix}/") and "/" not in rest and not rest.startswith("."))


@pytest.mark.parametrize("pattern", ["release/**", "**/main", "v?", "v[0-9]", r"v\*"])
def test_what_the_stand_in_does_not_have_is_refused(pattern: str) -> None:
    with pytest.raises(NotImplementedError, match="does not have"):
        matches(pattern, "main")
