"""The page: one HTML file without anything from elsewhere. The matrix travels in it as data, in two halves that the page puts together."""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from access import actions, drawing
from access.actions import Kind, Scope
from access.compare import Comparison, sections
from access.matrix import AWS, OUTSIDE, Cell, Column, Matrix, Row
from access.provisioned import Provisioned
from access.tokens import Identity, Token
from access.words import KINDS, place

_FILES = Path(__file__).parent / "page_files"


def render(matrix: Matrix, compared: Comparison | None = None, origin: str = "") -> str:
    """The page of a matrix, with what changed if it was compared. `origin`: what was reviewed, and when."""
    stack = matrix.stack
    # With a `<` written otherwise nothing in the data can end the script that holds them, or begin another.
    data = json.dumps(_data(matrix, compared), separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    drawn = drawing.flow(matrix)
    values = {
        "TITLE": escape(f"Access review: {stack.stack}"),
        "STACK": escape(stack.stack),
        "PLACE": escape(_place(stack)),
        "ORIGIN": escape(origin),
        "STYLE": (_FILES / "style.css").read_text(),
        "SCRIPT": (_FILES / "script.js").read_text(),
        "DRAWING": drawing.render(drawn),
        "WORDS": drawing.words(drawn),
        "DATA": data,
    }
    page = (_FILES / "page.html").read_text()
    for name, value in values.items():
        page = page.replace(f"%%{name}%%", value, 1)
    return page


def _place(stack: Provisioned) -> str:
    team_stacks = f"; with the team stacks {', '.join(stack.team_stacks)}" if stack.team_stacks else ""
    return f"CodeArtifact {', '.join(one.name for one in stack.domains)}, account {stack.account}, {stack.region}{team_stacks}"


class _Pool:
    """Values by number; each is kept once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, key: Any, value: Any = None) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.values)
            self.values.append(key if value is None else value)
        return self._numbers[key]


def _data(matrix: Matrix, compared: Comparison | None) -> dict[str, Any]:
    cells, reasons, words = _Pool(), _Pool(), _Pool()
    rows = _Rows(matrix)
    return {
        "stack": matrix.stack.stack,
        "decisions": matrix.cells,
        "kinds": [kind.value for kind in KINDS],
        "actions": [_actions(kind) for kind in KINDS],
        "columns": [[place(matrix, one), _column_kind(matrix, one)] for one in matrix.columns],
        "roles": [[role.name, role.arn, matrix.class_of[role.arn]] for role in matrix.stack.roles],
        "classes": [_class(matrix, rights, cells, reasons, words) for rights in matrix.rights],
        "rows": [rows.row(row) for row in matrix.rows],
        "groups": _groups(matrix, rows),
        "identities": rows.identities.values,
        "tokens": rows.tokens.values,
        "cells": cells.values,
        "reasons": reasons.values,
        "words": words.values,
        "statements": [[one.where, one.statement] for one in matrix.statements.sources],
        "changes": _changes(compared),
    }


def _actions(kind: Kind) -> list[str]:
    """The actions of a kind, each once."""
    named = [one.name for scope in Scope for one in actions.of(scope, kind)]
    return list(dict.fromkeys([*named, *([actions.BEARER] if kind is Kind.TOKEN else [])]))


def _column_kind(matrix: Matrix, column: Column) -> str:
    if not column.repository:
        return "domain"
    return "sandbox" if column.domain != matrix.columns[0].domain else column.kind


def _class(matrix: Matrix, rights: Mapping, cells: _Pool, reasons: _Pool, words: _Pool) -> list[int]:
    """One number for each column and kind: a cell, or -1 where there is no such cell."""
    found = []
    for number in range(len(matrix.columns)):
        for kind in KINDS:
            cell = rights.get((number, kind))
            found.append(-1 if cell is None else cells.number(cell, _cell(cell, reasons, words)))
    return found


def _cell(cell: Cell, reasons: _Pool, words: _Pool) -> list[Any]:
    return [
        cell.state,
        [
            [
                int(one.allowed),
                reasons.number(one.reason),
                one.statement,
                [words.number(each) for each in one.actions],
                [words.number(each) for each in one.names],
            ]
            for one in cell.findings
        ],
    ]


class _Rows:
    """Rows with what they share by number."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self.identities, self.tokens, self.groups = _Pool(), _Pool(), _Pool()
        self._roles = {role.arn: number for number, role in enumerate(matrix.stack.roles)}

    def row(self, row: Row) -> list[Any]:
        """[group, key, label, note, identity, tokens, entries, class, assumed]; class is -1 for a job, identity for a session."""
        group = self.groups.number(row.group)
        if row.attempt is None:
            return [group, row.key, row.label, row.note, -1, [], [], self._matrix.class_of[row.key], int(row.assumed)]
        identity = self.identities.number(row.attempt.identity, _identity(row.attempt.identity))
        tried = [self.tokens.number(one, _token(one)) for one in row.attempt.tokens]
        entries = [
            [self._roles[one.role], int(one.allowed), one.statement, one.token, [[number, list(keys)] for number, keys in one.unmet]]
            for one in row.entries
        ]
        return [group, row.key, row.label, row.note, identity, tried, entries, -1, 0]


def _identity(identity: Identity) -> list[Any]:
    return [identity.owner, identity.owner_id, identity.name, identity.id]


def _token(token: Token) -> list[str]:
    return [token.form, token.ref, token.workflow, token.environment, token.context, token.audience]


def _groups(matrix: Matrix, rows: _Rows) -> list[list[str]]:
    consumers = {one.name: one for one in matrix.stack.consumers}
    notes = {OUTSIDE: "repositories that the catalog does not name", AWS: "principals with credentials of their own"}

    def note(name: str) -> str:
        one = consumers.get(name)
        if one is None:
            return notes.get(name, "")
        team = f"team repository {one.team_repository}" if one.team_repository else "no team repository"
        return f"{'publishes' if one.publishes else 'installs only'}{', promotes' if one.promotes else ''}; {team}"

    # The third part is the same for repositories that may share their lines: those of one team repository.
    return [[name, note(name), consumers[name].team_repository if name in consumers else ""] for name in rows.groups.values]


def _changes(compared: Comparison | None) -> dict[str, Any] | None:
    if compared is None:
        return None
    return {
        "base": compared.base,
        "cells": [[one.how.value, *one.key, one.place, one.kind.value, one.before, one.after] for one in compared.changes],
        "sections": sections(compared),
    }
