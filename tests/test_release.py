"""`make release`: what it writes, in a repository of its own, and what it refuses."""

import subprocess
from pathlib import Path

import pytest

import release
from release import Version, breaks, parse, released, unreleased

HEAD = "# Changelog\n\nThe format.\n\n"
SECTION = "### Breaking changes\n\n- A key is gone: take it out.\n\n### Added\n\n- A key.\n\n### Fixed\n"
HARMLESS = "### Breaking changes\n\nNone.\n\n### Added\n\n- A key.\n"
EARLIER = "\n## [1.1.0] - 2026-01-01\n\n### Breaking changes\n\nNone.\n\n### Fixed\n\n- A typo.\n"


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


def repository(root: Path, section: str = HARMLESS, version: str = "1.1.0") -> Path:
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "config", "user.name", "Carol")
    git(root, "config", "user.email", "carol@acme.example")
    (root / "CHANGELOG.md").write_text(f"{HEAD}## [Unreleased]\n\n{section}{EARLIER}")
    (root / "VERSION").write_text(f"{version}\n")
    snapshots = root / "tests" / "program" / "snapshots"
    (snapshots / "released").mkdir(parents=True)
    for name in ("prod.txt", "prod-documents.txt", "released/prod.txt"):
        (snapshots / name).write_text(f"{name}\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "before")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "program")


def cut(root: Path, version: str) -> int:
    return release.main([version, "--root", str(root)])


def test_a_release_is_a_commit_with_a_tag(root: Path) -> None:
    assert cut(root, "1.2.0") == 0
    assert (root / "VERSION").read_text() == "1.2.0\n"
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "-1", "--format=%s") == "Release 1.2.0\n"
    assert git(root, "rev-parse", "v1.2.0^{commit}") == git(root, "rev-parse", "HEAD")
    message = git(root, "tag", "--list", "v1.2.0", "--format=%(contents)")
    assert message.strip() == "package-flow 1.2.0\n\n### Breaking changes\n\nNone.\n\n### Added\n\n- A key."
    assert (root / "tests/program/snapshots/released/prod.txt").read_text() == "prod.txt\n"
    assert not (root / "tests/program/snapshots/released/prod-documents.txt").exists()


def test_the_changelog_has_a_heading_and_a_place_for_what_comes(root: Path) -> None:
    assert cut(root, "1.2.0") == 0
    text = (root / "CHANGELOG.md").read_text()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [one.partition(" - ")[0] for one in headings] == ["## [Unreleased]", "## [1.2.0]", "## [1.1.0]"]
    assert text.startswith(HEAD) and text.endswith(EARLIER)
    assert unreleased(text) == "### Breaking changes\n\nNone."
    assert cut(root, "1.3.0") == 1


def test_lists_that_are_empty_are_left_out() -> None:
    text = released(f"{HEAD}## [Unreleased]\n\n{SECTION}", Version(2, 0, 0), "2026-02-03")
    assert text.endswith("## [2.0.0] - 2026-02-03\n\n### Breaking changes\n\n- A key is gone: take it out.\n\n### Added\n\n- A key.\n")


@pytest.mark.parametrize(("section", "expected"), [(SECTION, True), (HARMLESS, False), ("### Added\n\n- A key.\n", False)])
def test_a_breaking_change_is_seen(section: str, expected: bool) -> None:
    assert breaks(section) is expected


@pytest.mark.parametrize("text", ["1.2", "v1.2.0", "1.2.0-rc.1", "01.2.0", "", "1.2.0\n1"])
def test_what_is_no_version(text: str) -> None:
    assert parse(text) is None
    assert parse("1.20.300") == Version(1, 20, 300)


@pytest.mark.parametrize(
    ("last", "section", "version", "message"),
    [
        ("1.1.0", HARMLESS, "1.1.0", "got a version that is not above 1.1.0"),
        ("1.1.0", HARMLESS, "1.0.9", "got a version that is not above 1.1.0"),
        ("1.1.0", HARMLESS, "1.1.1", ""),
        ("1.1.0", SECTION, "1.2.0", "expected 2.0.0 or above; see Breaking changes"),
        ("1.1.0", SECTION, "2.0.0", ""),
        ("0.1.0", SECTION, "0.1.1", "expected 0.2.0 or above"),
        ("0.1.0", SECTION, "0.2.0", ""),
        ("0.1.0", SECTION, "1.0.0", ""),
        ("1.1.0", "### Breaking changes\n\nNone.\n", "1.2.0", "CHANGELOG.md: got nothing under [Unreleased]"),
        ("1.1.0", HARMLESS, "next", "VERSION=next: got no version; expected x.y.z"),
        ("1.1", HARMLESS, "1.2.0", "VERSION: got '1.1\\n'; expected x.y.z"),
    ],
)
def test_which_version_may_come_next(
    last: str, section: str, version: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path / "program", section, last)
    before = git(root, "rev-parse", "HEAD")
    assert cut(root, version) == bool(message)
    assert message in capsys.readouterr().err
    assert (git(root, "rev-parse", "HEAD") == before) is bool(message)
    assert git(root, "status", "--porcelain") == ""


def test_a_dirty_tree_and_a_tag_that_is_there_are_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "new.py").write_text("")
    git(root, "tag", "v1.2.0")
    assert cut(root, "1.2.0") == 1
    error = capsys.readouterr().err
    assert "got 1 uncommitted changes (?? new.py" in error
    assert "the tag v1.2.0: got one that is there" in error
    (root / "new.py").unlink()
    assert cut(root, "1.2.1") == 0


def test_the_projects_own_version_and_changelog_can_be_released() -> None:
    assert parse((release.PROJECT / "VERSION").read_text()) is not None
    assert unreleased((release.PROJECT / "CHANGELOG.md").read_text()).startswith(release.BREAKING)
