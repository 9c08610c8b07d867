"""What a change grants and takes away: two matrices, cell by cell.

Cells are compared by what is allowed and by the words of the statements that decide, so that a changed word in a policy is a changed cell
even where the outcome is the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from access.actions import Kind
from access.matrix import AWS, Cell, Matrix, Row
from access.provisioned import resource_policies
from access.words import KINDS, details, place

EVERYWHERE = "everywhere"


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
    label: str
    key: tuple[str, str]
    place: str
    kind: Kind
    before: str
    after: str


@dataclass(frozen=True)
class Wording:
    """A statement that is new, gone or has other words: `where` it stands and what it is called."""

    how: str
    where: str
    sid: str


@dataclass(frozen=True)
class Comparison:
    """Changes of cells; statements that are not as they were; the principals, by repository, that are new or gone."""

    base: str
    changes: tuple[Change, ...]
    wordings: tuple[Wording, ...]
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
        tuple(_wordings(before, after)),
        tuple(_together([(key[0], row.label) for key, row in new.rows.items() if key not in old.rows])),
        tuple(_together([(key[0], row.label) for key, row in old.rows.items() if key not in new.rows])),
    )


def _wordings(before: Matrix, after: Matrix) -> Iterator[Wording]:
    old, new = _written(before), _written(after)
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key) != new.get(key):
            yield Wording("gone" if key not in new else "other words" if key in old else "new", *key)


def _written(matrix: Matrix) -> dict[tuple[str, str], str]:
    """Every statement of every policy, by where it stands and what it is called."""
    stack = matrix.stack
    documents = [each for role in stack.roles for each in (role.trust, *role.identity)]
    documents += [*(each for one in stack.attached for each in one.identity), *resource_policies(stack.domains)]
    return {
        (document.where, str(one.get("Sid") or f"statement {number}")): json.dumps(one, sort_keys=True)
        for document in documents
        for number, one in enumerate(document.statements, 1)
    }


def _together(named: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Principals by their repository, one line each."""
    by_group: dict[str, list[str]] = {}
    for group, label in named:
        by_group.setdefault(group, []).append(label)
    for group, labels in by_group.items():
        yield _who(group, labels)


def _who(group: str, labels: Sequence[str]) -> str:
    return ", ".join(labels) if group == AWS else f"{group}: {', '.join(labels)}"


@dataclass(frozen=True)
class _Allowed:
    """What is allowed in a cell, how much of it, and the words that decide."""

    state: int
    words: tuple[str, ...]
    decided: str

    @property
    def text(self) -> str:
        """In words, "" for nothing."""
        if not self.state:
            return ""
        said = "; ".join(one for one in self.words if one)
        amount = "yes" if self.state == 2 else "in part"
        return f"{amount}: {said}" if said else amount


_NOTHING = _Allowed(0, (), "")
_Places = Mapping[tuple[str, Kind], _Allowed]


class _View:
    """A matrix by stable names: what is allowed in a cell in words, and the statements that decide it."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.rows: dict[tuple[str, str], Row] = {(row.group, row.key): row for row in matrix.rows}
        self._texts: dict[int, str] = {}
        self._classes: dict[int, _Places] = {}
        self._together: dict[tuple[str, ...], _Places] = {}

    def doors(self, key: tuple[str, str]) -> dict[str, tuple]:
        """By role: the statements that let a row in or refuse it, in words."""
        return {
            one.role: (one.allowed, self._text(one.statement), [(self._text(number), keys) for number, keys in one.unmet])
            for one in self.rows[key].entries
        }

    def allowed(self, role: str) -> list[tuple[str, Kind]]:
        """Where a role may do anything, and what."""
        number = self.matrix.class_of.get(role)
        return [] if number is None else [cell for cell, one in self._of_class(number).items() if one.state]

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
                (place(self.matrix, self.matrix.columns[column]), kind): _Allowed(
                    cell.state, (details(kind, cell),) if cell.state else (), self._decided(cell)
                )
                for (column, kind), cell in rights.items()
            }
        return self._classes[number]

    def _decided(self, cell: Cell) -> str:
        return json.dumps([(one.allowed, one.reason, self._text(one.statement), one.actions, one.names) for one in cell.findings])

    def _text(self, number: int) -> str:
        if number not in self._texts:
            self._texts[number] = json.dumps(self.matrix.statements.sources[number].statement, sort_keys=True) if number >= 0 else ""
        return self._texts[number]


def _merged(parts: Sequence[_Places]) -> _Places:
    """Several roles together: the words of those that allow the most."""
    found: dict[tuple[str, Kind], _Allowed] = {}
    for part in parts:
        for key, one in part.items():
            other = found.get(key, _NOTHING)
            state = max(one.state, other.state)
            words = tuple(dict.fromkeys(word for each in (other, one) if each.state == state for word in each.words))
            found[key] = _Allowed(state, words, other.decided + one.decided)
    return found


def _reworded_roles(key: tuple[str, str], old: _View, new: _View) -> set[str]:
    """The roles that let a row in or refuse it with other words than before."""
    before, after = old.doors(key), new.doors(key)
    return {role for role in {*before, *after} if before.get(role) != after.get(role)}


def _row(key: tuple[str, str], old: _View, new: _View) -> Iterator[Change]:
    before, after = old.places(key), new.places(key)
    both = key in old.rows and key in new.rows
    roles = _reworded_roles(key, old, new) if both else set()
    reworded = {cell for view in (old, new) for role in roles for cell in view.allowed(role)}
    if before == after and not roles:
        return
    label = (new if key in new.rows else old).rows[key].label
    order = {kind: number for number, kind in enumerate(KINDS)}
    for cell in sorted({*before, *after, *reworded}, key=lambda one: (order[one[1]], one[0])):
        was, became = before.get(cell, _NOTHING), after.get(cell, _NOTHING)
        how = _how(was, became, both, cell in reworded)
        if how:
            yield Change(how, label, key, *cell, was.text, became.text)
    if roles and not reworded:  # other words of a role that may do nothing here
        yield Change(How.REWORDED, label, key, EVERYWHERE, Kind.TOKEN, "", "")


def _how(was: _Allowed, became: _Allowed, both: bool, reworded: bool) -> How | None:
    if (was.state, was.words) == (became.state, became.words):
        return How.REWORDED if both and (reworded or was.decided != became.decided) else None
    if not was.state:
        return How.GRANTED
    return How.TAKEN if not became.state else How.CHANGED


_TITLES = {How.GRANTED: "Grants", How.TAKEN: "Takes away", How.CHANGED: "Changes"}


def render(comparison: Comparison, stack: str) -> str:
    """The comparison as Markdown."""
    lines = [f"# Access of {stack}: what changes since {comparison.base}", ""]
    found = sections(comparison)
    for title, items in found:
        lines += [f"## {title}", "", *(f"- {item}" for item in items), ""]
    return "\n".join(lines if found else [*lines, "Nothing.", ""])


def sections(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """What a reader sees, by title: cells of which the same is true are one line."""
    reworded = comparison.of(How.REWORDED)
    principals = len({one.key for one in reworded})
    titled = [
        ("New", list(comparison.new)),
        ("Gone", list(comparison.gone)),
        *((title, list(_lines(comparison.of(how)))) for how, title in _TITLES.items()),
        ("Statements", [f"{one.where}: {one.sid} ({one.how})" for one in comparison.wordings]),
        ("The same by other words", [f"{len(reworded):,} cells of {principals:,} principals"] if reworded else []),
    ]
    return [(title, items) for title, items in titled if items]


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    places: dict[tuple, list[str]] = {}
    for one in changes:
        places.setdefault((one.key, one.label, one.kind, one.before, one.after), []).append(one.place)
    labels: dict[tuple, list[str]] = {}
    for (key, label, kind, before, after), found in places.items():
        labels.setdefault((key[0], kind, tuple(found), before, after), []).append(label)
    for (group, kind, found, before, after), named in labels.items():
        yield f"{_who(group, named)}: {kind} {', '.join(found)}{_values(before, after)}"


def _values(before: str, after: str) -> str:
    if before and after:
        return f" (was {before}; now {after})"
    value = (before or after).removeprefix("yes").removeprefix(": ")
    return f" ({value})" if value else ""
