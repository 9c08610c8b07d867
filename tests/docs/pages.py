"""The project's Markdown: pages, their links, code blocks, inline code and tables."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Inside a list a block is indented. A comment before it says what runs it.
_FENCE = re.compile(r"(?:^ *<!-- ([^\n]+) -->\n)?^( *)```(\w*)\n(.*?)^\2```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced code block: its language, its text, the comment before it, and whether it stands in a list."""

    language: str
    text: str
    comment: str
    in_list: bool


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def blocks(self) -> list[Block]:
        return [
            Block(language, textwrap.dedent(text), comment, bool(indent)) for comment, indent, language, text in _FENCE.findall(self.text)
        ]

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def inline_code(self) -> list[str]:
        return _CODE.findall(self.prose)

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """The fragments that GitHub makes of the headings."""
        return {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)}

    @property
    def commands(self) -> Iterator[str]:
        """What people type: lines of shell blocks, and inline code."""
        for block in self.blocks:
            if block.language == "bash":
                yield from (line.partition("  #")[0].strip() for line in block.text.splitlines())
        yield from self.inline_code

    def section(self, heading: str) -> str:
        """The text under a heading, up to the next one of its level or above."""
        # Comments in code blocks are no headings.
        masked = _FENCE.sub(lambda block: block[0].replace("#", "."), self.text)
        start = re.search(rf"^(#+) {re.escape(heading)}$", masked, re.MULTILINE)
        assert start, f"{self.name} has no heading {heading}"
        following = re.compile(rf"^#{{1,{len(start[1])}}} ", re.MULTILINE).search(masked, start.end())
        return self.text[start.end() : following.start() if following else None]


def _anchor(heading: str) -> str:
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return plain.replace(" ", "-")


def table(text: str) -> list[list[str]]:
    """The cells of the first table in a text, without its head."""
    rows = re.search(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE)
    assert rows, "there is no table"
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[0].strip().splitlines()]
    return cells[2:]


def codes(cell: str) -> list[str]:
    """The inline code in a cell."""
    return _CODE.findall(cell)


def pages() -> list[Page]:
    """Every Markdown file of the project."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bootstrap/README.md")]
    return [Page(path) for path in [*found, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]]


def page(name: str) -> Page:
    """One of them, by its path from the root."""
    return Page(ROOT / name)
