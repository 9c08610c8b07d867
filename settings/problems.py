"""Problems of a configuration: what one says, and the one error that holds them all."""

import difflib
import re
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from policy_pack.rules import credentials


class Words(str):
    """What was got, in words of ours: printed as it is, where a plain string is printed in quotes."""


NOTHING = Words("nothing")
MAPPING = "a mapping (key: value lines, or {})"


class _Short(reprlib.Repr):
    """Bounded in length and depth: what is wrong may be of any size. Words that only Python has are written as YAML has them."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring, self.maxother, self.maxlist, self.maxdict, self.maxlevel = 120, 120, 8, 8, 3

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # more digits than Python prints
            return "a huge number"

    def repr_bool(self, x: bool, level: int) -> str:
        return "true" if x else "false"

    def repr_NoneType(self, x: None, level: int) -> str:
        return "null"

    def repr_date(self, x: date, level: int) -> str:
        return x.isoformat()

    repr_datetime = repr_date


shown = _Short().repr
_WORDS_MAX, _WHERE_MAX, _LINE_MAX = 300, 300, 1_000
_SEEN_MAX = 10_000
_LISTED_MAX, _LISTED_LENGTH = 12, 400
# Of each rule, and of the whole error: a hundred lines are more than anybody mends at once.
FINDINGS_MAX, _LINES_MAX = 200, 100


def bounded(text: str, limit: int = _LINE_MAX) -> str:
    """`text` on one line of at most `limit` characters: whatever a file or a service says, every terminal can print it.

    The end is kept as well as the start: in a key it says what is meant.
    """
    # First what is longer than it can be: a file may hold megabytes. And a credential in the wrong place is not shown.
    text = _middle_out(credentials.FORM.sub("(looks like a credential)", _middle_out(text, _SEEN_MAX)), limit)
    return _middle_out("".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text), limit)


# Deeper than anything that is read; beyond it, recursion ends a program.
DEPTH_MAX = 40


def encodable(text: str) -> bool:
    """Whether UTF-8 has this text. Half of a pair of surrogates can be written in YAML and in JSON, and sent nowhere."""
    return not any("\ud800" <= one <= "\udfff" for one in text)


def _middle_out(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def lines(problems: Sequence[str], mark: str) -> list[str]:
    """A line for each problem, with `mark` before it, and one that says how many more there are."""
    more = [f"{mark}and {len(problems) - _LINES_MAX:,} more"] if len(problems) > _LINES_MAX else []
    return [*(f"{mark}{bounded(one)}" for one in problems[:_LINES_MAX]), *more]


@dataclass(frozen=True)
class Problem:
    """One thing to mend: in which file, at which key (dotted path; "" = the file itself), what was got and what is allowed."""

    file: str
    key: str
    got: object
    allowed: str

    def __str__(self) -> str:
        got = str(self.got) if isinstance(self.got, Words) else shown(self.got)
        where = ": ".join(bounded(part, _WHERE_MAX) for part in (self.file, self.key) if part)
        return bounded(f"{where}: got {bounded(got, _WORDS_MAX)}, allowed: {self.allowed}")


class SettingsError(Exception):
    """Every problem of a stack's configuration at once. Nothing was registered."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple({str(problem): problem for problem in problems}.values())
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''} in the configuration"
        super().__init__("\n".join([f"{count}; nothing was changed:", *lines([str(one) for one in self.problems], "  ")]))


def nearest(text: object, known: Iterable[str]) -> str | None:
    """The known word that `text` was probably meant to be, whatever its case and hyphens."""

    def plain(word: str) -> str:
        return re.sub(r"[^a-z0-9]", "", word.lower())

    words = {plain(word): word for word in known}
    close = difflib.get_close_matches(plain(str(text)[:200]), words, n=1, cutoff=0.5)
    return words[close[0]] if close else None


def one_of(text: object, known: Iterable[str]) -> str:
    """What is allowed where a word of a list is expected, with the nearest one."""
    listed = list(known)
    close = nearest(text, listed)
    hint = f" (did you mean {close}?)" if close else ""
    if not listed:
        return "nothing: there is none"
    joined = ", ".join(listed)
    return (joined if len(listed) <= _LISTED_MAX and len(joined) <= _LISTED_LENGTH else f"one of {len(listed)}") + hint


def misread(value: object, spelling: str | None = None) -> Words | None:
    """What was got where YAML makes something else of a word than text, or None where it does not."""
    if value is None:
        return NOTHING
    kinds: tuple[tuple[type, str], ...] = ((bool, "a boolean"), (int, "a number"), (float, "a number"), (date, "a date"), (bytes, "bytes"))
    for kind, name in kinds:
        if isinstance(value, kind):
            return Words(f"{spelling or shown(value)}, which YAML reads as {name}")
    return None


class Finding(NamedTuple):
    """What is wrong with one value of a file: its path in the file's data, what was got and what is allowed."""

    path: tuple[Any, ...]
    got: object
    allowed: str

    def problem(self, file: str, prefix: str = "") -> Problem:
        return Problem(file, prefix + ".".join(str(part) for part in self.path), self.got, self.allowed)
