"""Every command of the pages is run: here, by a test that reads the page, or by one that is named. What needs an account says so.

<!-- needs an account -->          before a block: of AWS, GitHub or Pulumi
<!-- run by tests/FILE.py -->      before a block: that test takes the commands from the page
"""

import importlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from schemas.reference import parser_of
from tests import companies
from tests.docs.pages import ROOT, Block, Page, pages

ACCOUNT = "needs an account"
BLOCKS = [(page, block) for page in pages() for block in page.blocks if block.language == "bash"]
# Quick, and without an account: run as they stand, in a copy of the checkout.
HERE = (
    "make access",
    "make access STACK=dev",
    "make company CHECK=1",
    "venv/bin/python -m rehearsal.large_stack /tmp/large",
    "venv/bin/python -m settings check",
)
# What others run, by how the command begins: the file, and what it says there.
ELSEWHERE = {
    "make access BASE=main": ("tests/access/test_command.py", '"--base"'),
    "make bench": ("tests/engine/test_bench.py", "bench"),
    "make company ORGANIZATION=contoso": ("tests/company/test_copy.py", '"ORGANIZATION=contoso"'),
    "make faults": ("tests/engine/test_faults.py", "make faults"),
    "make generated": ("tests/examples/test_generated_client.py", "generating"),
    "make rehearse": (".github/workflows/checks.yml", "make rehearse ALL=1"),
    "make release VERSION=1.2.0": ("tests/test_release.py", "release.main"),
    "venv/bin/python -m pytest --all tests/engine": (".github/workflows/tests.yml", "make test ALL=1"),
    "venv/bin/python -m rehearsal --stack dev --destroy": ("tests/rehearsal/test_rights.py", "destroy"),
    "venv/bin/python -m rehearsal.bench": ("tests/engine/test_bench.py", "bench"),
    "venv/bin/python -m rehearsal.faults": ("tests/engine/test_faults.py", "make faults"),
    "venv/bin/python -m tests.access.agreement": ("tests/access/test_judge.py", "agreement"),
}


def commands(block: Block) -> list[str]:
    """The lines of a block, without comments."""
    return [line for line in (re.split(r"\s+# ", one)[0].strip() for one in block.text.splitlines()) if line]


def runner(command: str) -> str | None:
    """How ELSEWHERE knows a command: the longest beginning."""
    known = [one for one in ELSEWHERE if f"{command} ".startswith(f"{one} ")]
    return max(known, key=len, default=None)


UNMARKED = [(page, command) for page, block in BLOCKS if not block.comment for command in commands(block)]


@pytest.mark.parametrize(("page", "command"), UNMARKED, ids=lambda value: getattr(value, "name", value))
def test_a_command_without_a_mark_is_run_by_a_test(page: Page, command: str) -> None:
    assert command in HERE or runner(command), f"{page.name}: got {command!r}; expected a command that tests/docs/test_commands.py knows"


@pytest.mark.parametrize(("page", "block"), [one for one in BLOCKS if one[1].comment], ids=lambda value: getattr(value, "name", ""))
def test_a_mark_is_true(page: Page, block: Block) -> None:
    """An account is needed where AWS, GitHub or Pulumi is called; a test that takes the commands from the page names the page."""
    if block.comment == ACCOUNT:
        assert re.search(r"\b(?:aws|gh|pulumi|package-login|curl)\b", block.text), block.text
        return
    named = re.fullmatch(r"run by (tests/[\w/]+\.py)", block.comment)
    assert named, f"{page.name}: got {block.comment!r}; expected {ACCOUNT!r} or 'run by tests/FILE.py'"
    assert page.path.name in (ROOT / named[1]).read_text(), f"{named[1]} does not read {page.name}"


def test_no_entry_is_left_over() -> None:
    written = [command for _, command in UNMARKED]
    assert [one for one in HERE if one not in written] == []
    assert set(ELSEWHERE) == {runner(one) for one in written if one not in HERE}


@pytest.mark.parametrize("begins", ELSEWHERE)
def test_the_file_that_runs_a_command_is_there(begins: str) -> None:
    file, says = ELSEWHERE[begins]
    assert says in (ROOT / file).read_text(), f"{file}: {says}"


@pytest.mark.parametrize("command", sorted({one for _, one in UNMARKED if "python -m" in one and "pytest" not in one}))
def test_the_options_of_a_command_are_taken(command: str) -> None:
    module, *words = shlex.split(command.partition("python -m ")[2])
    if module.startswith("tests."):
        assert importlib.import_module(module)
        return
    parser_of(module).parse_args(words)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return companies.copied(tmp_path_factory.mktemp("commands") / "package-flow")


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("command", HERE)
def test_a_command_of_the_pages_runs(checkout: Path, tmp_path: Path, command: str) -> None:
    run = command.replace("make ", "make --old-file venv/.installed ").replace("/tmp/large", str(tmp_path / "large"))
    done = subprocess.run(["bash", "-euc", run], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip()
