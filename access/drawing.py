"""The flow from GitHub's refs through roles to repositories, as an inline SVG and in words. The matrix has each of its lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from access.actions import Kind
from access.matrix import OUTSIDE, Matrix, Rights, Row
from access.words import place, role_name
from policies.names import dependabot_roles

_LEFT, _MIDDLE, _RIGHT = 10, 395, 780
_WIDTH, _NODE, _LINE, _GAP, _TOP = 1090, 300, 19, 26, 44
# Names that fit into a box; more are counted. Characters that fit into a line.
_NAMED, _ROOM = 6, 41


@dataclass
class Node:
    """A box: title, lines below it, and what it stands for."""

    key: str
    title: str
    lines: list[str]
    members: Sequence
    x: int
    y: int = 0
    closed: bool = False

    @property
    def height(self) -> int:
        return 34 + _LINE * len(self.lines)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class Edge:
    """A line between two boxes, in the colour of a kind; `alarming` where it should not be."""

    start: Node
    end: Node
    kind: Kind
    alarming: bool = False


# A line is drawn for the strongest kind alone.
_STRENGTH = (Kind.ADMINISTER, Kind.PROMOTE, Kind.PUBLISH, Kind.READ)
_OUTSIDE = ("fork", "fork-pull-request", "other-organisation", "strangers", "recycled-organisation", "audience")


@dataclass(frozen=True)
class Flow:
    """The boxes of the three columns, and the lines between them."""

    jobs: list[Node]
    sessions: list[Node]
    places: list[Node]
    edges: list[Edge]

    @property
    def nodes(self) -> list[Node]:
        return [*self.jobs, *self.sessions, *self.places]


def flow(matrix: Matrix) -> Flow:
    """What there is to draw."""
    sessions, places = _sessions(matrix), _places(matrix)
    jobs = _jobs(matrix, {role for one in sessions if one.key == "own" for role in one.members})
    return Flow(jobs, sessions, places, [*_doors(jobs, sessions), *_rights(matrix, sessions, places)])


def render(drawn: Flow) -> str:
    """The drawing, with a title and a description for those who do not see it."""
    columns = (drawn.jobs, drawn.sessions, drawn.places)
    height = max(map(_height, columns)) + 10
    for column in columns:
        _spread(column, height)
    number = {node.key: position for position, node in enumerate(drawn.nodes)}
    parts = [_edge(edge, number[edge.start.key], number[edge.end.key]) for edge in drawn.edges]
    parts += [_stub(node) for node in drawn.jobs if not any(edge.start is node for edge in drawn.edges)]
    parts += [_box(node, number[node.key]) for node in drawn.nodes]
    heads = [(_LEFT, "Jobs of GitHub Actions"), (_MIDDLE, "Roles and principals at AWS"), (_RIGHT, "CodeArtifact repositories")]
    parts += [f'<text class="head" x="{x}" y="24">{escape(text)}</text>' for x, text in heads]
    described = " ".join(f"{edge.start.title}: {edge.kind} {edge.end.title}." for edge in drawn.edges)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="flow-title flow-text" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="flow-title">Who gets where</title><desc id="flow-text">{escape(described)}</desc>{"".join(parts)}</svg>'
    )


def words(drawn: Flow) -> str:
    """The same as HTML list items, role by role: for narrow screens, and for those who would rather read."""
    items = [_in_words(session, drawn.edges) for session in drawn.sessions]
    shut_out = [job for job in drawn.jobs if not any(edge.start is job for edge in drawn.edges)]
    items += [
        f"<li><b>{escape(job.title)}</b> <small>{escape(' '.join(job.lines))}</small><p>no role lets them in</p></li>" for job in shut_out
    ]
    return "".join(items)


def _in_words(session: Node, edges: Sequence[Edge]) -> str:
    jobs = [edge for edge in edges if edge.end is session]
    sentences = "".join(
        f"<p{_ALARM if edge.alarming else ''}>from {escape(edge.start.title)}: {escape(' '.join(edge.start.lines))}</p>" for edge in jobs
    )
    for kind in reversed(_STRENGTH):
        places = [edge.end for edge in edges if edge.start is session and edge.kind is kind]
        if places:
            named = "; ".join(f"{one.title} ({', '.join(one.lines)})" for one in places)
            sentences += f'<p><span class="mark {kind.value}">{kind.value}</span> {escape(named)}</p>'
    return f"<li><b>{escape(session.title)}</b> <small>{escape(', '.join(session.lines))}</small>{sentences}</li>"


_ALARM = ' class="no"'


# --- boxes ------------------------------------------------------------------------------------------------------------------------------


def _category(row: Row, own: set[str], open_to_all: bool) -> str:
    if row.key.startswith(("release:", "release-tag:")) and row.key.endswith((":publish", ":promote")):
        return row.key.rpartition(":")[2]
    if row.key == "dependabot":
        return row.key
    if row.key in _OUTSIDE or (row.group == OUTSIDE and not open_to_all):
        return "outside"
    return "team" if own.intersection(row.roles) else "any"


def _jobs(matrix: Matrix, own: set[str]) -> list[Node]:
    """The jobs of GitHub. `own` are the roles that only a team's own repositories get into."""
    open_to_all = any(row.roles for row in matrix.rows if row.group == OUTSIDE)
    rows: dict[str, list[Row]] = {"any": [], "team": [], "dependabot": [], "publish": [], "promote": [], "outside": []}
    for row in matrix.rows:
        if row.attempt:
            rows[_category(row, own, open_to_all)].append(row)
    any_job = "Any job of the organisation" if open_to_all else "Any job of the catalog's repositories"
    words = {
        "any": (any_job, ["pull request, any branch, any tag,", "any workflow, any environment"]),
        "team": ("Any job of a closed team", ["of its own repositories: pull request,", "any branch, any workflow"]),
        "dependabot": ("Dependabot", ["its update jobs"]),
        "publish": ("Release branch or tag", ["publishing workflow,", "the declared environment"]),
        "promote": ("Release branch", ["promotion workflow, approved", "in environment promote"]),
        "outside": ("Somebody else", ["fork, other organisation, recycled", "organisation, token for another service"]),
    }
    return [Node(key, *words[key], rows[key], _LEFT) for key in rows if rows[key]]


def _top(rights: Rights) -> Kind | None:
    """The strongest kind that is allowed anywhere."""
    return next((kind for kind in _STRENGTH if any(cell.state and one is kind for (_, one), cell in rights.items())), None)


def _counted(names: Sequence[str], none: str, many: str) -> list[str]:
    return [names[0]] if len(names) == 1 else [f"{len(names)} {many}"] if names else [none]


def _sessions(matrix: Matrix) -> list[Node]:
    shared = {role for row in matrix.rows if row.group == OUTSIDE for role in row.roles}
    groups: dict[str, list[str]] = {"read": [], "own": [], "dependabot": [], "publish": [], "promote": [], "administer": []}
    of_dependabot = dependabot_roles(matrix.stack.stack).removesuffix("*")
    for role in matrix.stack.roles:
        top = _top(matrix.rights[matrix.class_of[role.arn]])
        if top is Kind.READ and role.name.startswith(of_dependabot):
            groups["dependabot"].append(role.arn)
        elif top is not None:
            groups["own" if top is Kind.READ and shared and role.arn not in shared else top.value].append(role.arn)
    titles = {
        "read": "Read role",
        "own": "Read roles of closed teams",
        "dependabot": "Dependabot roles",
        "publish": "Publish roles",
        "promote": "Promote roles",
        "administer": "Roles that administer",
    }
    nodes = [
        Node(key, titles[key], _counted([role_name(one) for one in members], "", "roles, one a repository"), members, _MIDDLE)
        for key, members in groups.items()
        if members
    ]
    aws: dict[str, list[Row]] = {}
    for row in matrix.rows:
        if row.session and _top(matrix.rights[matrix.class_of[row.key]]):
            aws.setdefault(_aws_group(row), []).append(row)
    for title, rows in aws.items():
        names = [row.label.removeprefix("developer ").removeprefix("AWS build role ") for row in rows]
        nodes.append(Node(title, title, names if len(names) <= 3 else [f"{len(names)} principals"], [row.key for row in rows], _MIDDLE))
    return nodes


def _aws_group(row: Row) -> str:
    if row.key.startswith("account:"):
        return "Other accounts"
    if row.key.startswith("developer:"):
        return "Developers"
    return "AWS build roles" if row.key.startswith("AWS build role:") else "Administrators of the account"


def _places(matrix: Matrix) -> list[Node]:
    open_roles = {role for row in matrix.rows if row.group == OUTSIDE for role in row.roles}
    everybody = [matrix.class_of[role] for role in sorted(open_roles)]
    groups: dict[str, list[int]] = {"public": [], "shared": [], "open": [], "closed": [], "other": []}
    for number, column in enumerate(matrix.columns):
        if not column.repository:
            continue
        if column.domain != matrix.columns[0].domain:
            groups["other"].append(number)
        elif column.kind == "public":
            groups["public"].append(number)
        elif column.kind == "shared":
            groups["shared"].append(number)
        else:
            read = any(matrix.rights[one][number, Kind.READ].state for one in everybody)
            groups["open" if read else "closed"].append(number)
    titles = {
        "public": "Public sources",
        "shared": "Shared repository",
        "open": "Team repositories, open",
        "closed": "Team repositories, closed",
        "other": "Sandbox",
    }
    return [
        Node(key, titles[key], _names([place(matrix, matrix.columns[one]) for one in members]), members, _RIGHT)
        for key, members in groups.items()
        if members
    ]


def _names(names: Sequence[str]) -> list[str]:
    if len(names) > _NAMED:
        return [f"{', '.join(names[:2])} and {len(names) - 2} more"]
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) < 34:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return lines


def _height(nodes: Sequence[Node]) -> int:
    """What a column takes at the least."""
    return _TOP + sum(node.height + _GAP for node in nodes)


def _spread(nodes: Sequence[Node], height: int) -> None:
    """Places the boxes of a column, evenly over the whole height."""
    space = (height - _TOP - sum(node.height for node in nodes)) / max(1, len(nodes))
    y = float(_TOP)
    for node in nodes:
        node.y = round(y + (space - _GAP) / 2)
        y += node.height + space


# --- lines ------------------------------------------------------------------------------------------------------------------------------


def _doors(jobs: Sequence[Node], sessions: Sequence[Node]) -> Iterable[Edge]:
    for job in jobs:
        admitted = {role for row in job.members for role in row.roles}
        for session in sessions:
            if admitted & set(session.members):
                kind = Kind(session.key) if session.key in ("publish", "promote", "administer") else Kind.READ
                expected = job.key == kind.value or (kind is Kind.READ and job.key != "outside")
                yield Edge(job, session, kind, alarming=not expected)


def _rights(matrix: Matrix, sessions: Sequence[Node], places: Sequence[Node]) -> Iterable[Edge]:
    for session in sessions:
        rights = [matrix.rights[number] for number in dict.fromkeys(matrix.class_of[one] for one in session.members)]
        for target in places:
            for kind in (Kind.READ, Kind.PUBLISH, Kind.PROMOTE, Kind.ADMINISTER):
                if any(
                    one[number, kind].state == 2 or (kind is Kind.ADMINISTER and one[number, kind].state)
                    for one in rights
                    for number in target.members
                ):
                    yield Edge(session, target, kind)


_OFFSET = {Kind.READ: -9, Kind.PUBLISH: -3, Kind.PROMOTE: 3, Kind.ADMINISTER: 9}


def _edge(edge: Edge, start: int, end: int) -> str:
    x1, x2 = edge.start.x + _NODE, edge.end.x
    shift = _OFFSET[edge.kind]
    y1, y2 = edge.start.middle + shift, edge.end.middle + shift
    bend = (x2 - x1) * 0.55
    kind = "alarm" if edge.alarming else edge.kind.value
    curve = f"M{x1} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2} {y2:g}"
    return f'<path class="edge {kind}" data-from="{start}" data-to="{end}" d="{curve}"/>'


def _fitting(line: str) -> str:
    """As much of a line as a box has room for: the words beside the drawing have all of it."""
    return line if len(line) <= _ROOM else f"{line[: _ROOM - 1]}…"


def _stub(node: Node) -> str:
    x, y = node.x + _NODE, node.middle
    return (
        f'<path class="edge refused" d="M{x} {y:g} H{x + 38}"/><path class="cross" d="M{x + 32} {y - 6:g} l12 12 m0 -12 l-12 12"/>'
        f'<text class="small" x="{x + 12}" y="{y + 24:g}">no role</text>'
    )


def _box(node: Node, number: int) -> str:
    lines = "".join(
        f'<text class="small" x="{node.x + 12}" y="{node.y + 24 + _LINE * (number + 1)}">{escape(_fitting(line))}</text>'
        for number, line in enumerate(node.lines)
    )
    return (
        f'<g class="node" data-node="{number}">'
        f'<rect class="box" x="{node.x}" y="{node.y}" width="{_NODE}" height="{node.height}" rx="8"/>'
        f'<text class="name" x="{node.x + 12}" y="{node.y + 23}">{escape(node.title)}</text>{lines}</g>'
    )
