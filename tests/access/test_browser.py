"""The page in a real browser, wide and narrow, light and dark: axe finds nothing, contrast included."""

import shutil
import subprocess
from pathlib import Path

import pytest

from access import matrix, page
from tests.access.second_opinion import FOLDER
from tests.access.stacks import provisioned_stack

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser(judge: None) -> str:
    """Where Chromium is. Skips where there is none."""
    found = next((path for one in BROWSERS if (path := shutil.which(one))), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH; axe needs a browser")
    return found


def findings(browser: str, file: Path) -> str:
    command = ["node", str(FOLDER / "browser.mjs"), browser, file.as_uri(), "#writers-list button"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_axe_finds_nothing(browser: str, tmp_path: Path) -> None:
    rendered = page.render(matrix.build(provisioned_stack("prod")))
    file = tmp_path / "page.html"
    file.write_text(rendered)
    assert findings(browser, file) == ""
    # The dialog's own button, which is there after a click, and what only a browser can see.
    file.write_text(rendered.replace('aria-label="Close"', "").replace("✕", "").replace("</style>", "h1 { color: #eee }</style>"))
    found = findings(browser, file)
    assert "button-name" in found and "color-contrast" in found
