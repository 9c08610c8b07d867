"""Pulumi's command: which one is taken, and what is said when there is none."""

from pathlib import Path

import pytest

from rehearsal.engine import command

MAJOR, MINOR = (int(part) for part in command.pinned().split(".")[:2])


def installed(folder: Path, version: str) -> dict[str, str]:
    """An environment whose PATH has a `pulumi` of this version."""
    executable = folder / "pulumi"
    executable.write_text(f"#!/bin/sh\necho {version}\n")
    executable.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.fixture
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "BUILT", tmp_path / "built")
    return tmp_path


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        (f"v{MAJOR}.{MINOR}.0", True),
        (f"v{MAJOR}.{MINOR + 27}.2", True),
        (f"v{MAJOR}.{MINOR - 1}.9", False),
        (f"v{MAJOR + 1}.0.0", False),
        ("what", False),
    ],
)
def test_a_command_on_path_is_taken_from_the_pinned_minor_version_on(nothing_built: Path, version: str, taken: bool) -> None:
    found = command.find(installed(nothing_built, version))
    assert (found is not None) is taken
    if found:
        assert found == command.Command(nothing_built / "pulumi", version.removeprefix("v"))
        assert found.as_json() == {"name": "pulumi", "version": version.removeprefix("v")}


def test_what_was_built_is_taken_where_path_has_none_or_an_older_one(nothing_built: Path) -> None:
    built = command.BUILT / f"pulumi-{command.pinned()}" / "pulumi"
    built.parent.mkdir(parents=True)
    built.touch()
    assert command.find({"PATH": ""}) == command.find(installed(nothing_built, "v3.100.0")) == command.Command(built, command.pinned())


def test_without_pulumi_and_go_both_ways_out_are_named(nothing_built: Path) -> None:
    with pytest.raises(command.NoEngine) as refused:
        command.get({"PATH": str(nothing_built)})
    assert "https://www.pulumi.com/docs/install/" in str(refused.value)
    assert "https://go.dev/doc/install" in str(refused.value)


def test_a_build_that_fails_leaves_no_command(nothing_built: Path) -> None:
    go = nothing_built / "go"
    go.write_text('#!/bin/sh\nfor word; do test "$before" = -o && touch "$word"; before=$word; done\nexit 1\n')
    go.chmod(0o755)
    environment = {"PATH": f"{nothing_built}:/usr/bin:/bin"}
    with pytest.raises(command.NoEngine, match="status 1"):
        command.get(environment)
    assert command.find({"PATH": ""}) is None
    go.write_text(go.read_text().replace("exit 1", "exit 0"))
    assert command.get(environment).version == command.pinned()
