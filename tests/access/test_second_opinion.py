"""How the second evaluator gets onto a machine."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.access import second_opinion

Npm = Callable[[str], Path]


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    """Puts a stand-in for npm on PATH, which notes that it was called and then does as it is told. Returns where it notes."""
    folder, log = tmp_path / "judge", tmp_path / "calls"
    folder.mkdir()
    (folder / "package-lock.json").write_text("{}")
    monkeypatch.setattr(second_opinion, "FOLDER", folder)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def put(does: str) -> Path:
        program = tmp_path / "npm"
        program.write_text(f'#!/bin/sh\necho "$1" >> {log}\nsleep 0.1\n{does}\n')
        program.chmod(0o755)
        return log

    return put


def test_however_many_ask_it_is_installed_once(npm: Npm) -> None:
    log = npm("mkdir -p node_modules")
    with ThreadPoolExecutor(4) as several:
        for done in [several.submit(second_opinion.install) for _ in range(4)]:
            done.result()
    assert log.read_text().split() == ["ci"]


def test_another_lock_file_is_installed_anew(npm: Npm) -> None:
    log = npm("mkdir -p node_modules")
    second_opinion.install()
    (second_opinion.FOLDER / "package-lock.json").write_text('{"lockfileVersion": 3}')
    second_opinion.install()
    assert log.read_text().split() == ["ci", "ci"]


@pytest.mark.parametrize(
    ("said", "error"), [("npm error code ENOTFOUND", second_opinion.NoRegistry), ("npm error code EINTEGRITY", RuntimeError)]
)
def test_only_a_registry_that_does_not_answer_is_excused(said: str, error: type[Exception], npm: Npm) -> None:
    """And what failed is tried again."""
    log = npm(f"echo '{said}' >&2; exit 1")
    with pytest.raises(RuntimeError) as failed:
        second_opinion.install()
    assert failed.type is error and said in str(failed.value)
    npm("mkdir -p node_modules")
    second_opinion.install()
    assert log.read_text().split() == ["ci", "ci"]


def test_what_is_installed_is_fixed_and_from_the_public_registry() -> None:
    locked = json.loads((second_opinion.FOLDER / "package-lock.json").read_text())
    packages = [one for name, one in locked["packages"].items() if name]
    assert packages
    for one in packages:
        assert one["integrity"].startswith("sha512-")
        assert one.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/")
