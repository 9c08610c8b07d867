"""The page: one file, nothing from elsewhere, and the same facts as the matrix."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from access import actions, compare, drawing, markdown, matrix, page, tokens
from access.actions import Kind
from access.matrix import Matrix
from access.provisioned import Document
from tests.access.stacks import STACKS, provisioned_stack

SCRIPT = Path(page.__file__).parent / "page_files" / "script.js"
FETCHING = {"src", "srcset", "data", "action", "poster", "background", "ping", "formaction"}


class Elements(HTMLParser):
    """Start tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module", params=STACKS)
def reviewed(request: pytest.FixtureRequest) -> Matrix:
    return matrix.build(provisioned_stack(request.param))


def data(text: str) -> dict:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def test_it_fetches_nothing(reviewed: Matrix) -> None:
    text = page.render(reviewed)
    for tag, attributes in Elements(text).found:
        assert not FETCHING & set(attributes), (tag, attributes)
        assert tag not in ("link", "iframe", "object", "embed", "img", "base")
        assert str(attributes.get("href", "#")).startswith("#"), attributes
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    assert "url(" not in style and "@import" not in style
    assert not re.search(r"\b(fetch|XMLHttpRequest|import|WebSocket|sendBeacon)\s*\(", SCRIPT.read_text())
    assert "%%" not in text.replace("100%%", "")


def test_everything_that_is_pressed_or_typed_into_has_a_name(reviewed: Matrix) -> None:
    found = Elements(page.render(reviewed)).found
    assert ("html", {"lang": "en"}) in found
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found:
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids or name == "cell-title", name


def test_every_choice_of_rows_is_known_to_the_script(reviewed: Matrix) -> None:
    options = {str(attributes["value"]) for tag, attributes in Elements(page.render(reviewed)).found if tag == "option"}
    assert options - {"all"} == set(re.findall(r'case "(\w+)": return', SCRIPT.read_text()))


def test_the_data_are_the_matrix(reviewed: Matrix) -> None:
    """Every cell, put together as the page does it."""
    found = data(page.render(reviewed))
    assert len(found["rows"]) == len(reviewed.rows)
    kinds = found["kinds"]
    for row, shown in zip(reviewed.rows, found["rows"], strict=True):
        classes = [shown[7]] if shown[7] >= 0 else [found["roles"][one[0]][2] for one in shown[6] if one[1]]
        for number in range(len(reviewed.columns)):
            for kind in Kind:
                cells = [found["classes"][one][number * len(kinds) + kinds.index(kind.value)] for one in classes]
                states = [found["cells"][one][0] for one in cells if one >= 0]
                expected = [rights[number, kind].state for _, rights in reviewed.rights_of(row) if (number, kind) in rights]
                assert states == expected


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on PATH; the page's own script runs in it")
def test_the_page_builds_the_same_claims(reviewed: Matrix, tmp_path: Path) -> None:
    """The claims that a cell shows are made in the page: they must be those that were tried."""
    function = re.findall(r"^function claims\(.*?^}", SCRIPT.read_text(), re.DOTALL | re.MULTILINE)[0]
    found = data(page.render(reviewed))
    program = tmp_path / "claims.js"
    pairs = [[row[4], token] for row in found["rows"] for token in row[5]]
    program.write_text(
        f"const DATA = {json.dumps({'identities': found['identities'], 'tokens': found['tokens']})};\n{function}\n"
        f"console.log(JSON.stringify({json.dumps(pairs)}.map(([one, other]) => Object.fromEntries(claims(one, other)))));"
    )
    made = json.loads(subprocess.run(["node", str(program)], capture_output=True, text=True, check=True).stdout)
    expected = [tokens.claims(row.attempt.identity, token) for row in reviewed.rows if row.attempt for token in row.attempt.tokens]
    left_out = {"workflow", "actor", "actor_id"}
    assert made == [{key: value for key, value in one.items() if key not in left_out} for one in expected]


def _in_the_page(found: dict, expression: str, folder: Path) -> list:
    """What an expression is worth in the page's own script, before it draws anything; `shown(kind)` are the rows that one action leaves."""
    script = SCRIPT.read_text().replace('JSON.parse(document.getElementById("data").textContent)', json.dumps(found))
    head, tail = script.split("// --- changes ---")[0], script.split("function concerned(row)")[1].split("function draw()")[0]
    program = folder / "page.js"
    program.write_text(
        f"{head}\nconst changed = new Map(), view = {{kind: 'all', columns: DATA.columns.map((_, number) => number)}};\n"
        f"function concerned(row){tail.split('function wanted')[0]}\n"
        "const shown = (kind) => { view.kind = kind; return rows.filter(concerned); };\n"
        f"console.log(JSON.stringify({expression}));"
    )
    return json.loads(subprocess.run(["node", str(program)], capture_output=True, text=True, check=True).stdout)


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on PATH; the page's own script runs in it")


@needs_node
@pytest.mark.parametrize("kind", [Kind.PUBLISH, Kind.PROMOTE, Kind.ADMINISTER])
def test_an_action_leaves_the_rows_that_have_it(reviewed: Matrix, tmp_path: Path, kind: Kind) -> None:
    found = data(page.render(reviewed))
    having = [
        number
        for number, row in enumerate(reviewed.rows)
        if any(cell.state for _, rights in reviewed.rights_of(row) for (_, one), cell in rights.items() if one is kind)
    ]
    assert len(having) < len(reviewed.rows)
    assert _in_the_page(found, f"shown({json.dumps(kind)}).map((row) => row.number)", tmp_path) == having
    assert len(_in_the_page(found, "shown('all')", tmp_path)) == len(reviewed.rows)


@needs_node
def test_alike_repositories_of_a_team_share_their_lines(tmp_path: Path) -> None:
    """Two that only install; a third of the team that publishes and one of another team stay apart."""
    stack = provisioned_stack("prod")
    installing = next(one for one in stack.consumers if not one.publishes)
    publishing = next(one for one in stack.consumers if one.team_repository == installing.team_repository and one.publishes)
    twin = replace(installing, name="twin", id=installing.id + 1_000_000)
    other = replace(twin, name="other-team", id=twin.id + 1, team_repository="elsewhere")
    found = data(page.render(matrix.build(replace(stack, consumers=(installing, twin, publishing, other)))))
    lines = _in_the_page(found, "joined(rows.filter((row) => row.own < 0)).map(names)", tmp_path)
    of_catalog = {tuple(one) for one in lines} - {(matrix.OUTSIDE,)}
    assert of_catalog == {(installing.name, "twin"), (publishing.name,), ("other-team",)}


def test_what_is_assumed_is_marked_and_no_finding(reviewed: Matrix) -> None:
    found = data(page.render(reviewed))
    marked = {row[2] for row in found["rows"] if row[8]}
    assert marked and marked == {row.label for row in reviewed.rows if row.assumed}
    assert all(row.session and "assumed" in row.session.identity[0].where for row in reviewed.rows if row.assumed)
    text = markdown.render(reviewed)
    findings, _, rest = text.partition("## Assumed to have every right")
    for label in marked:
        assert f"| {label} |" not in findings and f"| {label} |" in rest


def test_the_head_says_what_was_reviewed(reviewed: Matrix) -> None:
    assert '<p class="place" id="origin">planned at commit &lt;1&gt;</p>' in page.render(reviewed, origin="planned at commit <1>")


def test_a_script_can_not_be_smuggled_in() -> None:
    """A name that ends the script stays data."""
    stack = provisioned_stack("dev")
    named = replace(stack.consumers[0], name="</script><script>alert(1)</script>")
    text = page.render(matrix.build(replace(stack, consumers=(named,))))
    assert "<script>alert" not in text
    assert data(text)["identities"][0][2] == named.name


def test_changes_travel_with_it(reviewed: Matrix) -> None:
    fewer = matrix.build(replace(reviewed.stack, consumers=reviewed.stack.consumers[1:]))
    found = data(page.render(reviewed, compare.compare("main", fewer, reviewed)))
    assert found["changes"]["base"] == "main"
    assert {one[1] for one in found["changes"]["cells"]} == {reviewed.stack.consumers[0].name}
    assert data(page.render(reviewed))["changes"] is None


# --- the drawing --------------------------------------------------------------------------------------------------------------


def lines(text: str) -> list[str]:
    root = ElementTree.fromstring(text)
    return [one.get("class", "") for one in root.iter("{http://www.w3.org/2000/svg}path")]


def test_the_drawing_has_what_the_matrix_has(reviewed: Matrix) -> None:
    text = drawing.render(drawing.flow(reviewed))
    described = ElementTree.fromstring(text).findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert "Publish roles: publish Team repositories, open." in described
    assert "Any job of the organisation: read Read role." in described
    assert "Somebody else" not in described
    assert "edge refused" in lines(text)
    assert "edge alarm" not in lines(text)


def test_an_open_door_is_drawn_as_an_alarm() -> None:
    """A publish role that any job of the repository gets into."""
    stack = provisioned_stack("prod")
    trust = {
        "Sid": "Open",
        "Effect": "Allow",
        "Principal": {"Federated": stack.provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/payments-api:*"}},
    }
    opened = Document("trust policy", json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    roles = tuple(replace(one, trust=opened) if one.name == "prod-publish-payments-api" else one for one in stack.roles)
    assert "edge alarm" in lines(drawing.render(drawing.flow(matrix.build(replace(stack, roles=roles)))))


def test_the_words_beside_the_drawing_say_the_same(reviewed: Matrix) -> None:
    drawn = drawing.flow(reviewed)
    told = drawing.words(drawn)
    items = told.split("<li>")[1:]
    shut_out = [job for job in drawn.jobs if not any(edge.start is job for edge in drawn.edges)]
    assert [one.key for one in shut_out] == ["outside"]
    assert len(items) == len(drawn.sessions) + len(shut_out)
    for session, item in zip(drawn.sessions, items, strict=False):
        kinds = {edge.kind.value for edge in drawn.edges if edge.start is session}
        assert set(re.findall(r'class="mark (\w+)"', item)) == kinds
        assert item.count("<p>from ") == sum(edge.end is session for edge in drawn.edges)
    assert 'class="no"' not in told


def test_an_alarm_is_told_in_words_too() -> None:
    any_job = drawing.Node("any", "Any job", ["pull request"], [], 0)
    role = drawing.Node("publish", "Publish roles", ["2 roles"], [], 1)
    told = drawing.words(drawing.Flow([any_job], [role], [], [drawing.Edge(any_job, role, Kind.PUBLISH, alarming=True)]))
    assert '<p class="no">from Any job: pull request</p>' in told


def test_only_a_closed_teams_jobs_get_into_its_read_role(reviewed: Matrix) -> None:
    drawn = drawing.flow(reviewed)
    edges = {(edge.start.key, edge.end.key) for edge in drawn.edges}
    assert ("team", "own") in edges and ("any", "own") not in edges
    (team,) = (one for one in drawn.jobs if one.key == "team")
    assert {row.group.removesuffix("-pilot") for row in team.members} == {"scoring-model", "scoring-notebooks"}


def test_the_letters_name_every_action(reviewed: Matrix) -> None:
    found = data(page.render(reviewed))
    assert {name for names in found["actions"] for name in names} == {one.name for one in actions.ACTIONS} | {actions.BEARER}
