"""What a change grants and takes away: two matrices, cell by cell.

Cells are compared by what is allowed and by the words of the statements that decide, so that a changed word in a policy is a changed cell
even where the outcome is the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from access.actions import Kind
from access.matrix import Cell, Matrix, Row
from access.words import KINDS, details, place, role_name, who


class How(StrEnum):
    """What became of a cell."""

    GRANTED = "granted"
    TAKEN = "taken"
    CHANGED = "changed"
    REWORDED = "reworded"


@dataclass(frozen=True)
class Change:
    """A cell that is not what it was. `before` and `after` say what is allowed, "" for nothing."""

    how: How
    who: str
    key: tuple[str, str]
    place: str
    kind: Kind
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """Changes of cells, and the principals that are new or gone."""

    base: str
    changes: tuple[Change, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]

    def of(self, how: How) -> list[Change]:
        return [one for one in self.changes if one.how is how]


def compare(base: str, before: Matrix, after: Matrix) -> Comparison:
    """The changes from one matrix to another. `base` is what the first one is called."""
    old, new = _View(before), _View(after)
    keys = [*new.rows, *(key for key in old.rows if key not in new.rows)]
    changes = [change for key in keys for change in _row(key, old, new)]
    return Comparison(
        base,
        tuple(changes),
        tuple(new.name(key) for key in new.rows if key not in old.rows),
        tuple(old.name(key) for key in old.rows if key not in new.rows),
    )


_Places = Mapping[tuple[str, Kind], tuple[str, str]]


class _View:
    """A matrix by stable names: what is allowed in a cell in words, and the statements that decide it."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.rows: dict[tuple[str, str], Row] = {(row.group, row.key): row for row in matrix.rows}
        self._texts: dict[int, str] = {}
        self._classes: dict[int, _Places] = {}
        self._together: dict[tuple[str, ...], _Places] = {}

    def name(self, key: tuple[str, str]) -> str:
        return who(self.rows[key])

    def doors(self, key: tuple[str, str]) -> str:
        """The statements that let a row in or refuse it, in words."""
        row = self.rows.get(key)
        if row is None:
            return ""
        found = [
            (one.role, one.allowed, self._text(one.statement), [(self._text(number), keys) for number, keys in one.unmet])
            for one in row.entries
        ]
        return json.dumps(found)

    def places(self, key: tuple[str, str]) -> _Places:
        """What a row may do, by place and kind."""
        row = self.rows.get(key)
        if row is None:
            return {}
        parts = (row.key,) if row.session else row.roles
        if parts not in self._together:
            self._together[parts] = _merged([self._of_class(self.matrix.class_of[one]) for one in parts])
        return self._together[parts]

    def _of_class(self, number: int) -> _Places:
        if number not in self._classes:
            rights = self.matrix.rights[number]
            self._classes[number] = {
                (place(self.matrix, self.matrix.columns[column]), kind): (_allowed(kind, cell), self._decided(cell))
                for (column, kind), cell in rights.items()
            }
        return self._classes[number]

    def _decided(self, cell: Cell) -> str:
        return json.dumps([(one.allowed, one.reason, self._text(one.statement), one.actions, one.names) for one in cell.findings])

    def _text(self, number: int) -> str:
        if number not in self._texts:
            self._texts[number] = json.dumps(self.matrix.statements.sources[number].statement, sort_keys=True) if number >= 0 else ""
        return self._texts[number]


def _allowed(kind: Kind, cell: Cell) -> str:
    if not cell.state:
        return ""
    amount = "yes" if cell.state == 2 else "in part"
    words = details(kind, cell)
    return f"{amount}: {words}" if words else amount


def _merged(parts: Sequence[_Places]) -> _Places:
    found: dict[tuple[str, Kind], tuple[str, str]] = {}
    for part in parts:
        for key, (allowed, decided) in part.items():
            before = found.get(key, ("", ""))
            found[key] = (" + ".join(dict.fromkeys(one for one in (before[0], allowed) if one)), before[1] + decided)
    return found


def _row(key: tuple[str, str], old: _View, new: _View) -> Iterator[Change]:
    before, after = old.places(key), new.places(key)
    reworded = key in old.rows and key in new.rows and old.doors(key) != new.doors(key)
    if before is after or (before == after and not reworded):
        return
    view = new if key in new.rows else old
    order = {kind: number for number, kind in enumerate(KINDS)}
    cells = sorted({*before, *after}, key=lambda one: (order[one[1]], one[0]))
    found = []
    for cell in cells:
        was, became = before.get(cell, ("", "")), after.get(cell, ("", ""))
        how = _how(was, became)
        if how and (how is not How.REWORDED or (key in old.rows and key in new.rows and bool(was[1]) and bool(became[1]))):
            found.append(Change(how, view.name(key), key, *cell, was[0], became[0]))
    if reworded and not any(one.how is not How.REWORDED for one in found):
        # The door has other words, and lets the same in: every cell that is reached through it is decided by other words.
        found = [Change(How.REWORDED, view.name(key), key, *cell, after[cell][0], after[cell][0]) for cell in cells if cell in after]
        found = found or [Change(How.REWORDED, view.name(key), key, "every place", Kind.TOKEN, "", "")]
    yield from found


def _how(was: tuple[str, str], became: tuple[str, str]) -> How | None:
    if was[0] == became[0]:
        return How.REWORDED if was[1] != became[1] else None
    if not was[0]:
        return How.GRANTED
    return How.TAKEN if not became[0] else How.CHANGED


_TITLES = {
    How.GRANTED: "Grants",
    How.TAKEN: "Takes away",
    How.CHANGED: "Changes",
    How.REWORDED: "Decides by other words, with the same outcome",
}


def render(comparison: Comparison, stack: str) -> str:
    """The comparison as Markdown."""
    lines = [f"# Access of {stack}: what changes since {comparison.base}", ""]
    if not comparison.changes and not comparison.new and not comparison.gone:
        return "\n".join([*lines, "Nothing.", ""])
    for title, names in (("New", comparison.new), ("Gone", comparison.gone)):
        if names:
            lines += [f"## {title}", "", *(f"- {name}" for name in names), ""]
    for how, title in _TITLES.items():
        if changes := comparison.of(how):
            lines += [f"## {title}", "", *_lines(changes), ""]
    return "\n".join(lines)


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    """One line for all places that are changed in the same way."""
    together: dict[tuple, list[str]] = {}
    for one in changes:
        together.setdefault((one.who, one.kind, one.before, one.after), []).append(one.place)
    for (name, kind, before, after), places in together.items():
        yield f"- {name}: {kind} {', '.join(places)}{_values(before, after)}"


def _values(before: str, after: str) -> str:
    if before and after:
        return f" (still {after})" if before == after else f" (was {before}; now {after})"
    value = before or after
    return f" ({value.removeprefix('yes: ')})" if value not in ("yes", "") else ""


__all__ = ["Change", "Comparison", "How", "compare", "render", "role_name"]
