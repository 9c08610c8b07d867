"""The recipes show files that tests run: every block is a file of the examples, or a part of one, as it stands."""

import re
import textwrap

import pytest

from policies.owned_names import Format
from tests.docs.pages import ROOT, page

RECIPES = ("docs/publishing.md", "docs/installing.md", "docs/recipes.md")
PUBLISHING, *_ = PAGES = [page(name) for name in RECIPES]
TEXT = "\n".join(one.text for one in PAGES)
_SHOWN = re.compile(r"^<!-- (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown() -> list[tuple[str, str]]:
    """The blocks: which file each shows, and its text."""
    return _SHOWN.findall(TEXT)


def stands_in(part: str, whole: str) -> bool:
    """Whether the lines of `part` stand together in `whole`, indented alike."""
    lines, wanted = whole.splitlines(), part.splitlines()
    windows = (lines[start : start + len(wanted)] for start in range(len(lines) - len(wanted) + 1))
    return any(textwrap.dedent("\n".join(window)) == "\n".join(wanted) for window in windows)


def test_every_block_shows_a_file_of_the_examples() -> None:
    assert len(shown()) == sum(len(one.blocks) for one in PAGES) >= 40
    for file, text in shown():
        assert file.startswith("examples/"), file
        assert stands_in(text, (ROOT / file).read_text()), file


def test_a_part_of_a_file_is_told_from_other_text() -> None:
    whole = "a:\n  b:\n    c: 1\n    d: 2\n"
    assert stands_in("c: 1\nd: 2\n", whole)
    assert stands_in("b:\n  c: 1\n", whole)
    assert not stands_in("b:\n    c: 1\n", whole)
    assert not stands_in("c: 1\nd: 3\n", whole)


def test_the_page_shows_whole_files_of_ten_lines_for_every_format() -> None:
    section = {file for file, _ in _SHOWN.findall(PUBLISHING.section("A workflow for each format"))}
    workflows = {f"examples/onboarding/{format}/.github/workflows/release.yml" for format in Format}
    assert section == workflows | {f"examples/onboarding/{folder}/payments.yaml" for folder in ("catalog", "catalog-more")}
    for file, text in shown():
        if file in section:
            assert text == (ROOT / file).read_text()
            assert len(text.splitlines()) <= 10


def test_pinned_actions_of_the_examples_are_those_of_the_workflows() -> None:
    pinned = re.compile(r"uses: (actions/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$", re.MULTILINE)
    ours = {
        name: (commit, version) for file in (ROOT / ".github").rglob("*.yml") for name, commit, version in pinned.findall(file.read_text())
    }
    examples = [use for file in (ROOT / "examples").rglob("*.yml") for use in pinned.findall(file.read_text())]
    assert {"actions/checkout", "actions/create-github-app-token"} <= {name for name, _, _ in examples}
    for name, commit, version in examples:
        assert ours.get(name, (commit, version)) == (commit, version), name


# What teams release and install with. A tool that has no answer here is answered by nobody.
_CLIENTS = (
    "npm, pnpm, Yarn classic, yarn-berry, bun, pip, pip-compile, uv, Poetry, PDM, twine, Maven, Gradle, sbt, NuGet, cargo, Swift, Ruby, "
    "generic, BuildKit, Container jobs, package-login logout, Windows"
)
_RELEASING = (
    "release-please, changesets, semantic-release, maven-release-plugin, Renovate, Dependabot, merge queue, GITHUB_TOKEN, cibuildwheel, "
    "pnpm, yarn, uv, poetry, hatch, Gradle, sbt, packed-artifact, runs-on, types: [published], @acme/ui@1.2.3, ui-v1.2.3, npm-tag"
)
_READING = "dist-tag, latest, age gate, npm audit, .npmrc, 403, Mend-hosted"


@pytest.mark.parametrize("word", dict.fromkeys(f"{_CLIENTS}, {_RELEASING}, {_READING}".split(", ")))
def test_every_tool_has_an_answer_by_its_name(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", TEXT), word
