"""Rights in words, shared by the Markdown, the comparison and the drawing."""

from access.actions import Kind
from access.matrix import NOT_OWNED, Cell, Column, Matrix, Rights, Row

KINDS = tuple(Kind)
ANY_NAME = "any name"
# What changes packages, or who may.
WRITES = (Kind.PUBLISH, Kind.PROMOTE, Kind.ADMINISTER)


def role_name(arn: str) -> str:
    """A role's name, without account and path."""
    return arn.rpartition("/")[2]


def who(row: Row) -> str:
    """A row's name in a list: its repository and what it is."""
    return row.label if row.session else f"{row.group}: {row.label}"


def place(matrix: Matrix, column: Column) -> str:
    """A column's name; repositories of a second domain with it."""
    first = matrix.columns[0].domain
    return column.label if column.domain == first or not column.repository else f"{column.domain}/{column.repository}"


def where(matrix: Matrix, rights: Rights, kind: Kind) -> list[tuple[str, Cell]]:
    """Every place where a kind is allowed, in full or in part."""
    return [(place(matrix, column), rights[number, kind]) for number, column in enumerate(matrix.columns) if _allowed(rights, number, kind)]


def _allowed(rights: Rights, number: int, kind: Kind) -> bool:
    cell = rights.get((number, kind))
    return cell is not None and cell.state > 0


def details(kind: Kind, cell: Cell) -> str:
    """What is special about an allowed cell: names, life of a token, or the actions where it is not the whole kind."""
    if kind is Kind.TOKEN:
        return ", ".join(cell.names)
    if kind is Kind.ADMINISTER or cell.state == 1:
        return _actions(cell)
    if kind is Kind.PUBLISH:
        return _packages(cell.names)
    if kind is Kind.PROMOTE:
        packages = _packages(tuple(one for one in cell.names if not one.startswith(_FROM)))
        return f"{packages}; {', '.join(one for one in cell.names if one.startswith(_FROM))}"
    return ""


_FROM = "from "


def _packages(names: tuple[str, ...]) -> str:
    return ANY_NAME if NOT_OWNED in names else ", ".join(names)


def _actions(cell: Cell) -> str:
    """The allowed actions, or those that are missing where they are fewer."""
    refused = {action for one in cell.findings if not one.allowed for action in one.actions} - set(cell.actions)
    if len(refused) < len(cell.actions):
        return f"all but {', '.join(sorted(refused))}" if refused else "everything"
    return ", ".join(cell.actions)


def listed(matrix: Matrix, rights: Rights, kind: Kind) -> str:
    """All places of a kind in one line, "" for none; places of which the same is true are put together."""
    found = where(matrix, rights, kind)
    if kind is Kind.READ:
        return ", ".join(f"{name} (in part)" if cell.state == 1 else name for name, cell in found)
    together: dict[str, list[str]] = {}
    for name, cell in found:
        together.setdefault(details(kind, cell), []).append(name)
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in together.items())
