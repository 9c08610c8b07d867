"""What YAML makes of words: nothing of a file is lost or silently turned into something else."""

from pathlib import Path

import pytest

import settings
from settings import SettingsError
from tests.settings.builders import changed, parse, problems


def _told(root: Path, text: str) -> list[str]:
    """Problems of one more team, `extra`, whose file is `text`."""
    return [str(one) for one in problems(root, changed((("extra",), text)))]


GOOD = "team: extra\nowns:\n  npm: [extra-ui]\nrepositories:\n  extra-web: {}\n"

CASES = [
    ("duplicate key", GOOD + "owns: {}\n", "owns: got the key a second time, on line 6, allowed: each key once"),
    (
        "duplicate repository",
        GOOD + "  extra-web: {}\n",
        "repositories.extra-web: got the key a second time, on line 6, allowed: each key once",
    ),
    (
        "on as key",
        GOOD + "  on: {}\n",
        "repositories.on: got the key on on line 6, which YAML does not read as text, allowed: text as a key",
    ),
    (
        "no as key",
        GOOD + "  no: {}\n",
        "repositories.no: got the key no on line 6, which YAML does not read as text, allowed: text as a key",
    ),
    ("number as key", GOOD + "  1234: {}\n", "repositories.1234: got the key 1234 on line 6, which YAML does not read as text"),
    ("no as a team", GOOD.replace("team: extra", "team: no"), "team: got no, which YAML reads as a boolean, allowed: 2 to 100"),
    (
        "on as a branch",
        GOOD.replace("{}", "{publishes: [npm], release_branches: [on]}"),
        "got on, which YAML reads as a boolean, allowed: text",
    ),
    ("version as a branch", GOOD.replace("{}", "{publishes: [npm], release_branches: [1.10]}"), "got 1.10, which YAML reads as a number"),
    (
        "date as a branch",
        GOOD.replace("{}", "{publishes: [npm], release_branches: [2026-01-31]}"),
        "got 2026-01-31, which YAML reads as a date",
    ),
    ("base 60", GOOD.replace("{}", "{required_checks: [22:30]}"), "got 22:30, which YAML reads as a number, allowed: the name of a check"),
    ("no such date", GOOD.replace("{}", "{required_checks: [2026-13-31]}"), "got '2026-13-31', allowed: a value that exists (line 5"),
    ("merge key", "base: &base {}\n" + GOOD.replace("{}", "{<<: *base}"), "got a key that is not text, on line 6"),
    ("list as key", GOOD + "  ? [a]\n  : {}\n", "repositories: got a key that is not text, on line 6"),
    ("null", "team: extra\nrepositories:\n", "repositories: got nothing, allowed: a mapping (key: value lines, or {})"),
    ("empty file", "", "catalog/extra.yaml: got nothing, allowed: a mapping"),
    ("list", "- team: extra\n", "catalog/extra.yaml: got [{'team': 'extra'}] (line 1), allowed: a mapping"),
    ("word", "# a comment\nextra\n", "catalog/extra.yaml: got 'extra' (line 2), allowed: a mapping"),
    ("two documents", GOOD + "---\n" + GOOD, "got broken YAML (line 6, column 1: but found another document), allowed: one YAML document"),
    ("unclosed", GOOD + "owns: [\n", "catalog/extra.yaml: got broken YAML (line 7, column 1"),
    ("tab", "team: extra\n\trepositories: {}\n", "catalog/extra.yaml: got broken YAML (line 2, column 1"),
    ("scope", GOOD + "owns: {npm: [@acme/*]}\n", "), allowed: one YAML document; put text that starts with this character in quotes"),
    (
        "python object",
        GOOD + "x: !!python/object/apply:os.getcwd []\n",
        "got broken YAML (line 6, column 4: the tag tag:yaml.org,2002:python/",
    ),
    ("tag of a set", GOOD + "x: !!set {a, b}\n", "the tag tag:yaml.org,2002:set"),
    ("tag that does not fit", GOOD + "x: !!bool maybe\n", "x: got 'maybe', allowed: a value that exists (line 6"),
    ("alias of itself", GOOD + "x: &x [*x]\n", "aliases without end"),
    ("control character", "team: \x01extra\n", "got broken YAML (line 1, column 7: special characters are not allowed)"),
    ("too deep", GOOD + "x: " + "[" * 60 + "]" * 60 + "\n", "too many or too deep values"),
    ("far too deep", GOOD + "x: " + "[" * 20_000 + "]" * 20_000 + "\n", "nested too deeply"),
]


@pytest.mark.parametrize(("text", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_yaml_that_would_lose_something_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert _told(tmp_path, GOOD) == []
    told = _told(tmp_path, text)
    assert [one for one in told if words in one], told
    assert all(one.startswith("catalog/extra.yaml: ") for one in told)


def test_quotes_do_not_mend_a_tab(tmp_path: Path) -> None:
    assert [one for one in _told(tmp_path, "team: extra\n\trepositories: {}\n") if one.endswith("allowed: one YAML document")]


def test_the_same_words_in_quotes_are_text(tmp_path: Path) -> None:
    quoted = GOOD.replace("{}", '{publishes: [npm], release_branches: ["on", "1.10", "2026-01-31"]}') + '  "on": {}\n  "1234": {}\n'
    extra = parse(tmp_path, changed((("extra",), quoted))).team("extra")
    assert extra.repositories[0].release_branches.names == ("on", "1.10", "2026-01-31")
    assert [one.name for one in extra.repositories] == ["extra-web", "on", "1234"]


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    """Tools that write YAML use aliases for equal values."""
    text = GOOD.replace("{}", "{publishes: [npm], release_branches: &main [main]}")
    text += "  extra-app: {publishes: [npm], release_branches: *main}\n"
    extra = parse(tmp_path, changed((("extra",), text))).team("extra")
    assert [one.release_branches.names for one in extra.repositories] == [("main",), ("main",)]


def test_aliases_of_aliases_end(tmp_path: Path) -> None:
    bomb = "x0: &x0 [a, a]\n" + "".join(f"x{number}: &x{number} [*x{number - 1}, *x{number - 1}]\n" for number in range(1, 38))
    assert any("aliases without end" in one for one in _told(tmp_path, GOOD + bomb))


ENCODINGS = [
    (b"team: \xff\n", "line 1, column 7"),
    ("team: extra # größer".encode("latin-1"), "line 1, column 17"),
    ("# größer\nteam: extra # ".encode() + b"\xe9\n", "line 2, column 15"),
    (b"\xff\xfet\x00e\x00a\x00m\x00", "line 1, column 1"),
]


@pytest.mark.parametrize(("content", "where"), ENCODINGS)
def test_bytes_that_are_not_utf8(tmp_path: Path, content: bytes, where: str) -> None:
    assert problems(tmp_path, changed()) == []
    (tmp_path / "catalog" / "extra.yaml").write_bytes(content)
    expected = f"got bytes that are not UTF-8 ({where}), allowed: UTF-8 text: save the file with that encoding"
    assert [str(one) for one in problems(tmp_path, changed())] == [f"catalog/extra.yaml: {expected}"]
    (tmp_path / "catalog" / "extra.yaml").write_bytes(b"\xef\xbb\xbfteam: extra\n")
    assert problems(tmp_path, changed()) == []
    stack = tmp_path / "Pulumi.test.yaml"
    stack.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        settings.read_stack_file(stack)
    assert [str(one) for one in refused.value.problems] == [f"Pulumi.test.yaml: {expected}"]


def test_a_repository_without_a_value_installs_only(tmp_path: Path) -> None:
    """Its name says all: the colon alone means `{}`. Elsewhere a key without a value is an unfinished line."""
    without = parse(tmp_path, changed((("extra",), GOOD.replace(" {}", ""))))
    assert without == parse(tmp_path, changed((("extra",), GOOD)))
    (told,) = _told(tmp_path, GOOD.replace("{}", "{promotes: }"))
    assert told == "catalog/extra.yaml: repositories.extra-web.promotes: got nothing, allowed: a mapping (key: value lines, or {})"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert problems(tmp_path, changed()) == []
    (tmp_path / "catalog" / "extra.yaml").symlink_to(tmp_path / "nowhere")
    assert [str(one) for one in problems(tmp_path, changed())] == [
        "catalog/extra.yaml: got No such file or directory, allowed: a readable file"
    ]


def test_stack_and_project_files_are_read_as_strictly(tmp_path: Path) -> None:
    stack = tmp_path / "Pulumi.test.yaml"
    stack.write_text("config:\n  aws:region: eu-west-1\n  github:owner: acme\n")
    assert settings.read_stack_file(stack) == {"aws:region": "eu-west-1", "github:owner": "acme"}
    stack.write_text("config:\n  aws:region: eu-west-1\n  aws:region: eu-west-2\n")
    with pytest.raises(SettingsError, match=r"Pulumi\.test\.yaml: config\.aws:region: got the key a second time, on line 3"):
        settings.read_stack_file(stack)
    for text, got in (
        ("# a comment\nconfig: [aws:region]\n", r"config: got \['aws:region'\] \(line 2\)"),
        ("config: aws\n", r"config: got 'aws' \(line 1\)"),
        ("config: no\n", r"config: got no, which YAML reads as a boolean \(line 1\)"),
        ("- aws:region\n", r"got \['aws:region'\] \(line 1\)"),
        ("", "got nothing"),
    ):
        stack.write_text(text)
        with pytest.raises(SettingsError, match=rf"Pulumi\.test\.yaml: {got}, allowed: a mapping"):
            settings.read_stack_file(stack)
    stack.write_text("config:\n  aws:region: [eu-west-1\n  github:owner: acme\n")
    with pytest.raises(SettingsError, match=r"Pulumi\.test\.yaml: got broken YAML \(line 3, column 15: expected"):
        settings.read_stack_file(stack)
    stack.write_text("config:\n")
    assert settings.read_stack_file(stack) == {}
    stack.write_text("encryptionsalt: abc\n")
    assert settings.read_stack_file(stack) == {}
    with pytest.raises(SettingsError, match=r"Pulumi\.yaml: got No such file or directory"):
        settings.read_project_file(tmp_path)


def test_a_problem_is_one_printable_line(tmp_path: Path) -> None:
    told = _told(tmp_path, GOOD + '"a\\nb\\ud800\\x1b[31m": {}\n')
    assert len(told) == 1
    assert told[0].isprintable()
    assert told[0].encode("utf-8")
