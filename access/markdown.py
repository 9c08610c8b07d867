"""The matrix as Markdown that can be compared line by line: one line a fact, in the catalog's order, without numbers that move."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from access.actions import Kind
from access.matrix import Entry, Matrix, Rights, Row
from access.words import KINDS, WRITES, listed, role_name, who


def render(matrix: Matrix) -> str:
    """The whole review."""
    return "\n".join([*_head(matrix), *_writers(matrix), *_roles(matrix), *_aws(matrix), *_github(matrix), ""])


def _head(matrix: Matrix) -> list[str]:
    stack, domains = matrix.stack, ", ".join(f"`{one.name}`" for one in matrix.stack.domains)
    return [
        f"# Access review: {stack.stack}",
        "",
        f"CodeArtifact {domains} in account {stack.account}, {stack.region}. Computed from the policies as they are provisioned.",
        *([f"With the team stacks {', '.join(stack.team_stacks)}."] if stack.team_stacks else []),
    ]


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """A table; a vertical bar in a cell is written so that it stays in it."""
    rows = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    if not rows:
        return ["nobody"]
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def _writers(matrix: Matrix) -> list[str]:
    """Who can change anything: what a reviewer reads first."""
    head = ("who", "may", "where: what", "as")
    found = [row for row in matrix.rows if not row.assumed]
    assumed = [row for row in matrix.rows if row.assumed]
    lines = ["", "## Who changes packages, or what guards them", "", *table(head, _lines(matrix, found, WRITES))]
    note = "Principals of this account whose own policies are not this stack's: what its policies leave them, and no finding about them."
    return [*lines, "", "## Assumed to have every right", "", note, "", *table(head, _lines(matrix, assumed, WRITES))]


def _lines(matrix: Matrix, rows: Iterable[Row], kinds: Sequence[Kind]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        for role, rights in matrix.rights_of(row):
            for kind in kinds:
                if words := listed(matrix, rights, kind):
                    yield (who(row), kind.value, words, role_name(role) or "itself")


def values(matrix: Matrix) -> Iterator[tuple[str, ...]]:
    """Everything that anybody may do, a line for each principal, role and kind, under a head: for spreadsheets."""
    yield ("repository", "who", "note", "as", "may", "where", "assumed")
    said: dict[int, list[tuple[str, str]]] = {}  # sessions of one class share their rights
    for row in matrix.rows:
        for role, rights in matrix.rights_of(row):
            if id(rights) not in said:
                said[id(rights)] = [(kind.value, words) for kind in KINDS if (words := listed(matrix, rights, kind))]
            for kind, words in said[id(rights)]:
                yield (row.group, row.label, row.note, role_name(role), kind, words, "yes" if row.assumed else "no")


def _rights_line(matrix: Matrix, name: str, rights: Rights) -> tuple[str, ...]:
    return (name, *(listed(matrix, rights, kind) or "no" for kind in KINDS))


def _roles(matrix: Matrix) -> list[str]:
    lines = [_rights_line(matrix, role.name, matrix.rights[matrix.class_of[role.arn]]) for role in matrix.stack.roles]
    return ["", "## What each role may do", "", *table(("role", *(kind.value for kind in KINDS)), lines)]


def _aws(matrix: Matrix) -> list[str]:
    lines = [_rights_line(matrix, row.label, matrix.rights[matrix.class_of[row.key]]) for row in matrix.rows if row.session]
    return ["", "## What others at AWS may do", "", *table(("who", *(kind.value for kind in KINDS)), lines)]


def _github(matrix: Matrix) -> Iterator[str]:
    yield from ("", "## Which role a job of GitHub gets")
    jobs = [row for row in matrix.rows if not row.session]
    for group, rows in groupby(jobs, key=lambda row: row.group):
        yield from ("", f"### {group}", "")
        yield from table(("job", "gets", "is refused"), [(_job(row), _gets(row), _refused(row)) for row in rows])


def _job(row: Row) -> str:
    return f"{row.label} ({row.note})"


def _gets(row: Row) -> str:
    return ", ".join(role_name(one) for one in row.roles) or "nothing"


def _refused(row: Row) -> str:
    return "; ".join(f"{role_name(one.role)} ({_why(one)})" for one in row.entries if not one.allowed)


def _why(entry: Entry) -> str:
    """The claims that the nearest statement does not accept."""
    nearest = min((keys for _, keys in entry.unmet), key=len)
    return ", ".join(nearest)


def kinds_of(rights: Rights) -> list[Kind]:
    """The kinds that are allowed anywhere."""
    return [kind for kind in KINDS if any(cell.state for (_, one), cell in rights.items() if one is kind)]
