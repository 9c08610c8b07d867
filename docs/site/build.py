"""Build the site: copy the pages, and the files that they link to, to .site/pages, and run MkDocs there.

Every page keeps its path below the project, so the links that work on GitHub work on the site.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bootstrap/README.md", "docs/**/*.md", "examples/*/README.md")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
_ITEM = re.compile(r"(?:[-*]|\d+\.) ")
_FOLDER = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)\s]+/\)")


def files(root: Path) -> Iterator[Path]:
    """Every page, and each file that one links to. Raises FileNotFoundError for a link to nothing."""
    for file in (one for pattern in PAGES for one in sorted(root.glob(pattern))):
        yield file
        for link in _LINK.findall(file.read_text(encoding="utf-8")):
            if "://" not in link and not link.startswith("mailto:"):
                linked = (file.parent / link).resolve()
                if not linked.exists():
                    raise FileNotFoundError(f"{file.relative_to(root)}: got a link to {link}; expected a file; mend the link")
                yield from [linked] if linked.is_file() else []


def indented(text: str) -> str:
    """Text in which what belongs to a list's item is indented by four spaces: Python-Markdown wants no less, GitHub two or three.

    After an item of several paragraphs the next one needs an empty line before it.
    """
    lines: list[str] = []
    width, in_block, paragraphs = 0, False, False
    for line in text.split("\n"):
        if item := None if in_block else _ITEM.match(line):
            lines += [""] if width and paragraphs and lines[-1] else []
            width, paragraphs = item.end(), False
        elif line.strip() and not line.startswith(" " * width):
            width = 0
        inside = bool(width) and item is None and line.startswith(" " * width)
        paragraphs = paragraphs or not line
        if line.lstrip().startswith("```"):
            in_block = not in_block
        lines.append(f"{' ' * (4 - width)}{line}" if inside else line)
    return "\n".join(lines)


def page(text: str) -> str:
    """A page of GitHub's Markdown as the site's: lists as above, and folders, which a site does not have, without a link."""
    return indented(_FOLDER.sub(r"\1", text))


def stage(root: Path, pages: Path) -> None:
    """Copy what the site is built of into an empty folder."""
    shutil.rmtree(pages, ignore_errors=True)
    for file in dict.fromkeys(files(root)):
        copy = pages / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            copy.write_text(page(file.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(file, copy)


def main() -> int:
    """Exit status of MkDocs, which fails for a warning: a broken link or anchor, a page that the navigation lacks."""
    stage(ROOT, ROOT / ".site" / "pages")
    # Not --quiet, with which MkDocs counts no warning.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(Path(__file__).with_name("mkdocs.yml"))]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
