"""A second company's own copy: made by `make company`, and green by itself, with the commands that its people and its CI run.

By default: `make company CHECK=1`, `make check`, and a few of the product's tests, one for each way in which they read a company. Slow, so
only with `make test ALL=1`: every scenario of both stacks (`make rehearse ALL=1`), and the product's tests as a whole (`make test`), which
in turn leave out what is slow there. `make test ALL=1` in the copy is run by nothing.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from company import places
from tests import companies

CONTOSO = ("ORGANIZATION=contoso", "DOMAIN=contoso", "ACCOUNT=555566667777", "REGION=eu-central-1")
# Some of the product's tests: each reads the company in another way.
REPRESENTATIVE = (
    "tests/settings/test_load.py",
    "tests/plan/test_command.py",
    "tests/program/test_stack_names.py",
    "tests/workflows/test_registry_constants.py",
    "tests/workflows/test_hand_over.py",
)
# One that expects the company's own files, and so must fail: the others have been run where they are to run.
WRONG = """from pathlib import Path

from settings.parsing import of_stack


def test_wrong():
    assert of_stack(Path(), "prod").github_owner == "contoso"
"""
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def make(root: Path, *words: str) -> str:
    """The output of a target, which must succeed. The virtual environment is this one, so it is not installed again.

    What an outer `make test ALL=1` was given is not passed on.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE", "MFLAGS", "ALL"))}
    command = ["make", "--no-print-directory", "--old-file", "venv/.installed", *words]
    done = subprocess.run(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = companies.copied(tmp_path_factory.mktemp("contoso") / "package-flow")
    make(root, "company", *CONTOSO)
    return root


@needs_make
def test_it_passes_what_its_main_requires(contoso: Path) -> None:
    assert "a company's own" in make(contoso, "company", "CHECK=1")
    make(contoso, "check")


@needs_make
def test_the_products_tests_run_beside_it_on_their_own_company(contoso: Path) -> None:
    before = places.data(contoso)
    wrong = contoso / "tests" / "test_wrong.py"
    wrong.write_text(WRONG)
    command = [contoso / "venv" / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *REPRESENTATIVE, str(wrong)]
    done = subprocess.run(command, cwd=contoso, capture_output=True, text=True, check=False)
    wrong.unlink()
    assert "with the files of tests/companies/acme" in done.stdout
    assert "'acme' == 'contoso'" in done.stdout
    assert re.search(r"^1 failed, [2-9]\d+ passed", done.stdout, re.MULTILINE), done.stdout[-6000:]
    assert done.returncode == 1
    assert places.data(contoso) == before


@needs_make
def test_nothing_is_recorded_there(contoso: Path) -> None:
    """A recording of the tests' company would be lost with the copy that it is made in."""
    command = [contoso / "venv" / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", REPRESENTATIVE[0]]
    done = subprocess.run(command, cwd=contoso, env={**os.environ, "UPDATE_SNAPSHOTS": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "UPDATE_SNAPSHOTS: got it in a company's own checkout" in done.stdout + done.stderr


@needs_make
@pytest.mark.slow("tests/company writes and checks its files, tests/rehearsal rehearses acme's")
@pytest.mark.parametrize("words", [["rehearse", "ALL=1"], ["rehearse", "ALL=1", "STACK=dev"]], ids=" ".join)
def test_every_scenario_comes_out_there(contoso: Path, words: list[str]) -> None:
    """By its own workflows, packages and names."""
    report = make(contoso, *words)
    assert re.search(r"domain +contoso(-dev)? of account 5{4}6{4}7{4} in eu-central-1", report) and "@contoso/by-workflow" in report


@needs_make
@pytest.mark.slow("some of the product's tests, one for each way in which they read a company, are run above")
def test_the_products_tests_pass_there_as_a_whole(contoso: Path) -> None:
    before = places.data(contoso)
    said = make(contoso, "test")
    assert "with the files of tests/companies/acme" in said and re.search(r"\b[1-9]\d{3,} passed", said), said[-3000:]
    assert places.data(contoso) == before


# Whose files and packages are the fictional company's: the examples' and the small stack's, and where its files are.
FIXTURES = ("company/places.py", "rehearsal/generated_client.py", "rehearsal/onboarding.py")


@pytest.mark.parametrize("folder", ["access", "bootstrap", "company", "evaluator", "plan", "rehearsal"])
def test_no_code_knows_a_company(folder: str) -> None:
    files = {file.relative_to(companies.PROJECT).as_posix(): file.read_text() for file in (companies.PROJECT / folder).rglob("*.py")}
    assert files
    assert [name for name, text in files.items() if "acme" in text.lower() and name not in FIXTURES] == []
