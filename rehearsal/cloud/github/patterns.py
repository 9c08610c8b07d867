"""GitHub's ref name patterns, as rulesets and environment branch policies read them: Ruby's `File.fnmatch` with `FNM_PATHNAME`.

Source: GitHub's "Creating rulesets for a repository" and the OpenAPI description of deployment branch policies, both of which
refer to Ruby's documentation of `File.fnmatch`. `*` matches neither `/` nor the leading `.` of a path segment. `**`, `?`, `[..]` and `\\`,
which no release branch has, are not part of the stand-in: a pattern with one of them is refused where it is stored.
"""

from fnmatch import fnmatchcase

SEPARATOR = "/"
UNMODELLED = ("**", "?", "[", "\\")


def unmodelled(pattern: str) -> str | None:
    """What of a pattern is not part of the stand-in."""
    return next((each for each in UNMODELLED if each in pattern), None)


def matches(pattern: str, name: str) -> bool:
    """Whether `name` (for example `refs/heads/release/1`) matches `pattern`. Raises NotImplementedError for an unmodelled pattern."""
    if found := unmodelled(pattern):
        raise NotImplementedError(f"the rehearsal's GitHub does not have {found!r} in a pattern: {pattern!r}")
    patterns, names = pattern.split(SEPARATOR), name.split(SEPARATOR)
    return len(patterns) == len(names) and all(map(_segment_matches, patterns, names))


def _segment_matches(pattern: str, name: str) -> bool:
    hidden = name.startswith(".") and not pattern.startswith(".")
    return not hidden and fnmatchcase(name, pattern)
