from pathlib import Path

import pytest

from rehearsal.actions.commands import CommandError, Log, read_environment, read_values


def test_masked_values_do_not_show() -> None:
    log = Log()
    log.take("before s3cret")
    log.take("::add-mask::s3cret")
    log.take("the s3cret is s3cret")
    log.take("::error title=A::no s3cret%0Ahere")
    assert log.drain() == "before s3cret\nthe *** is ***\nerror: no ***\nhere\n"
    assert log.errors == ["no ***\nhere"]


def test_annotations_and_groups() -> None:
    log = Log()
    for line in ("::notice file=a.txt,line=1::seen", "::group::x", "::warning::careful", "not ::error::a command"):
        log.take(line)
    assert log.drain() == "notice: seen\n::group::x\nwarning: careful\nnot ::error::a command\n"
    assert not log.errors
    assert not log.problems


@pytest.mark.parametrize("line", ["::set-output name=a::b", "::set-env name=a::b", "::add-path::/x"])
def test_commands_that_github_withdrew_are_problems(line: str) -> None:
    log = Log()
    log.take(line)
    assert log.problems


def test_values_are_lines_or_blocks(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("a=1\nb=x=y\n\nc<<END\none\ntwo=2\nEND\nd=\n")
    assert read_values(file) == {"a": "1", "b": "x=y", "c": "one\ntwo=2", "d": ""}


@pytest.mark.parametrize("text", ["no value\n", "=x\n", "a<<END\nnever closed\n"])
def test_what_is_neither_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "output"
    file.write_text(text)
    with pytest.raises(CommandError):
        read_values(file)


def test_a_step_cannot_set_what_is_githubs(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("AWS_REGION=eu-west-1\n")
    assert read_environment(file) == {"AWS_REGION": "eu-west-1"}
    file.write_text("GITHUB_REF=refs/heads/main\n")
    with pytest.raises(CommandError, match="GITHUB_REF"):
        read_environment(file)
