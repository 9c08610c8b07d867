"""The repository in the workflows: `uses: OWNER/NAME/.github/actions/...@main`, where GitHub takes no variable.

A reusable workflow runs in the caller's checkout, so that it can't call its actions by `./`
(https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations).
"""

import re
from collections.abc import Iterator
from pathlib import Path

_USES = re.compile(
    r"(?P<uses>\buses: )(?P<repository>[\w.-]+/[\w.-]+)(?P<path>/\.github/(?:actions|workflows)/[\w./-]+)(?P<ref>@main)(?![\w./-])"
)


def files(root: Path) -> list[Path]:
    """Workflows and actions of a checkout."""
    folder = root / ".github"
    return sorted(file for kind in ("*.yml", "*.yaml") for file in folder.rglob(kind))


def repositories(root: Path) -> Iterator[tuple[str, int, str]]:
    """File, line and OWNER/NAME of every use of an own action or workflow at main, in comments as well."""
    for file in files(root):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            yield from ((file.relative_to(root).as_posix(), number, one["repository"]) for one in _own(root, line))


def rewritten(root: Path, repository: str) -> dict[str, str]:
    """The files that name another repository than this one: path -> text with this one."""
    found = {}
    for file in files(root):
        text = file.read_text(encoding="utf-8")
        own = {one["repository"] for one in _own(root, text)} - {repository}
        if own:
            found[file.relative_to(root).as_posix()] = _USES.sub(
                lambda one: one[0].replace(one["repository"], repository, 1) if _is_own(root, one) else one[0], text
            )
    return found


def _own(root: Path, text: str) -> list[re.Match[str]]:
    return [one for one in _USES.finditer(text) if _is_own(root, one)]


def _is_own(root: Path, use: re.Match[str]) -> bool:
    # Another repository's reusable workflow may be called at main as well: only what this checkout has is its own.
    return (root / use["path"].lstrip("/")).exists()
