"""The site is built of the pages that GitHub shows, with the same links. `make site` checks them again, strictly."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT, pages

FOLDER = ROOT / "docs" / "site"
_spec = importlib.util.spec_from_file_location("site_build", FOLDER / "build.py")
assert _spec and _spec.loader
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)
# The slug function is an object of Python, which only MkDocs makes.
CONFIG = yaml.safe_load((FOLDER / "mkdocs.yml").read_text().replace("!!python/object/apply:", "#"))


def listed(entry: object) -> list[str]:
    """The pages of a part of the navigation."""
    if isinstance(entry, str):
        return [entry]
    inner = entry.values() if isinstance(entry, dict) else entry
    return [page for one in inner for page in listed(one)]  # ty: ignore[not-iterable]


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(listed(CONFIG["nav"])) == sorted(one.name for one in pages())


def test_every_page_and_what_it_links_to_is_copied(tmp_path: Path) -> None:
    build.stage(ROOT, tmp_path)
    there = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert {one.name for one in pages()} | {"docs/flow.svg", "LICENSE"} <= there
    assert not any(file.startswith(("venv/", ".git/")) for file in there)


def test_a_link_to_nothing_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("[there](there.md)")
    with pytest.raises(FileNotFoundError, match=re.escape("README.md: got a link to there.md")):
        list(build.files(tmp_path))
    (tmp_path / "there.md").write_text("")
    assert len(list(build.files(tmp_path))) == 2


def test_lists_are_indented_for_both() -> None:
    """Python-Markdown wants four spaces, and an empty line after an item of several paragraphs; code at the margin stays as it is."""
    text = "1. one\n\n   ```bash\n   make\n   ```\n2. two\n   more\n- a\n  b\n\n```yaml\n- x:\n  y: 1\n```\n"
    assert build.indented(text) == (
        "1. one\n\n    ```bash\n    make\n    ```\n\n2. two\n    more\n- a\n    b\n\n```yaml\n- x:\n  y: 1\n```\n"
    )


def test_folders_have_no_link() -> None:
    assert build.page("[examples](../examples/) and [one](one.md), [out](https://acme.example/)") == (
        "examples and [one](one.md), [out](https://acme.example/)"
    )


def test_the_build_is_strict_and_fetches_nothing_of_others() -> None:
    assert CONFIG["strict"] is True
    # With which no warning would count.
    assert '"--quiet"' not in (FOLDER / "build.py").read_text()
    assert set(CONFIG["validation"]["links"].values()) == set(CONFIG["validation"]["nav"].values()) == {"warn"}
    assert CONFIG["theme"]["font"] is False
    assert [one["scheme"] for one in CONFIG["theme"]["palette"]] == ["default", "slate"]
    assert CONFIG["plugins"] == ["search"]
