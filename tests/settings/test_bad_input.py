"""What the fuzzer found, and what it made necessary. Each with its allowed twin."""

import os
from pathlib import Path
from typing import Any

import pytest

import settings
from settings import problems as problem_words
from settings.problems import Problem, SettingsError, Words, bounded
from tests.settings.builders import CONFIG, PROJECT, ROOT, STACK, changed, good, problems, write_catalog

CATALOG = "catalog/extra.yaml"
EXTRA = "team: extra\nowns:\n  npm: [extra-ui]\nrepositories:\n  extra-web: {}\n"


def told(root: Path, *changes: tuple[Any, Any], stack: str = STACK) -> list[str]:
    configuration = changed(*changes)
    write_catalog(root, {name: team for name, team in configuration.items() if name != CONFIG})
    try:
        settings.parse(settings.read_project_file(ROOT), configuration[CONFIG], root, PROJECT, stack)
    except SettingsError as error:
        return str(error).split("\n")[1:]
    return []


def of_engine(root: Path, **config: str) -> list[str]:
    """Problems of values as the engine hands them over: text."""
    write_catalog(root, {name: team for name, team in good().items() if name != CONFIG})
    given = {**good()[CONFIG], **{f"{PROJECT}:{key}": value for key, value in config.items()}}
    try:
        settings.parse(settings.read_project_file(ROOT), given, root, PROJECT, STACK)
    except SettingsError as error:
        return [str(one) for one in error.problems]
    return []


# --- one readable error -----------------------------------------------------------------------------------------------------------------


def test_a_thousand_problems_are_a_hundred_lines(tmp_path: Path) -> None:
    lines = told(tmp_path, (("extra",), EXTRA + "".join(f"key{number}: x\n" for number in range(1_000))))
    assert len(lines) == 101
    assert lines[0].startswith("  catalog/extra.yaml: key0: got an unknown key, allowed: ")
    assert lines[-1].startswith("  and ") and lines[-1].endswith(" more")
    few = told(tmp_path, (("extra",), EXTRA + "key0: x\nkey1: x\n"))
    assert [line.split(":")[1] for line in few] == [" key0", " key1"]


def test_what_is_taken_out_is_not_missing_as_well(tmp_path: Path) -> None:
    """Also behind the first two hundred findings."""
    teams = {f"r{number}": {"publishes": ["npm"], "release_branches": [number]} for number in range(300)}
    lines = told(tmp_path, (("payments", "repositories"), teams))
    assert len(lines) == 101
    assert all("which YAML reads as a number" in line for line in lines[:-1])


@pytest.mark.parametrize("length", [10, 10_000, 3_000_000])
def test_a_line_has_an_end(length: int) -> None:
    assert len(str(Problem("x" * length, "y" * length, "z" * length, "w"))) < 1_001
    assert len(str(Problem("x", "y", Words("\U0001f600" * length), "w" * length))) < 1_001
    assert len(str(Problem("x", "y", "\x00" * length, "w"))) < 1_001


def test_the_end_of_a_long_key_is_kept() -> None:
    assert str(Problem("f", "a" * 5_000 + ".owns", None, "text")).startswith("f: aaa")
    assert ".owns: got null, allowed: text" in str(Problem("f", "a" * 5_000 + ".owns", None, "text"))
    assert bounded("short") == "short"


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "true"), (False, "false"), (__import__("datetime").date(2026, 1, 31), "2026-01-31"), ("None", "'None'")],
)
def test_words_of_python_are_written_as_yaml_has_them(value: Any, words: str) -> None:
    assert str(Problem("f", "k", [value], "text")) == f"f: k: got [{words}], allowed: text"


def test_a_credential_in_the_wrong_place_is_not_told(tmp_path: Path) -> None:
    credential = "AKIA" + "ABCDEFGH12345678"
    (line,) = told(tmp_path, ((CONFIG, "aws:region"), credential))
    assert "ABCDEFGH" not in line
    assert "got '(looks like a credential)'" in line
    (line,) = told(tmp_path, ((CONFIG, "aws:region"), "AKIA-region"))
    assert "got 'AKIA-region'" in line


# --- files ------------------------------------------------------------------------------------------------------------------------------


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe has no end, and neither has /dev/zero."""
    assert problems(tmp_path, good()) == []
    os.mkfifo(tmp_path / "catalog" / "pipe.yaml")
    (tmp_path / "catalog" / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "catalog" / "loop.yaml").symlink_to("loop.yaml")
    found = {one.file: str(one) for one in problems(tmp_path, good())}
    assert set(found) == {"catalog/pipe.yaml", "catalog/zero.yaml", "catalog/loop.yaml"}
    assert "got something that is no file" in found["catalog/pipe.yaml"]
    assert "got something that is no file" in found["catalog/zero.yaml"]


def test_a_file_has_a_size(tmp_path: Path) -> None:
    text = EXTRA + "# " + "x" * (262_144 - len(EXTRA) - 2)
    assert told(tmp_path, (("extra",), text)) == []
    (line,) = told(tmp_path, (("extra",), text + "x"))
    assert line == f"  {CATALOG}: got a file of 262,145 bytes, allowed: a file of at most 262,144 bytes"


def test_a_folder_that_no_system_has(tmp_path: Path) -> None:
    (line,) = [one for one in told(tmp_path, ((CONFIG, "package-flow:catalog"), "cat\x00alog")) if "catalog" in one]
    assert "got 'cat\\x00alog', allowed: a folder" in line
    (line,) = told(tmp_path, ((CONFIG, "package-flow:catalog"), "c" * 5_000))
    assert "can't be read" in line


# --- text that can't be sent ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "twin"),
    [
        (EXTRA + '"\\ud800": x\n', EXTRA),
        (EXTRA.replace("{}", '{required_checks: ["a\\ud800"]}'), EXTRA.replace("{}", '{required_checks: ["a\\u00e4"]}')),
        (EXTRA + '  "a\\ud800": {}\n', EXTRA + '  "a": {}\n'),
        (EXTRA.replace("{}", '{"\\ud800": {}}'), EXTRA),
        (EXTRA.replace("{}", '{required_checks: ["a\\u2028b"]}'), EXTRA.replace("{}", '{required_checks: ["a\\u200db"]}')),
        (EXTRA.replace("{}", '{required_checks: ["a\\u200b"]}'), EXTRA.replace("{}", '{required_checks: ["a"]}')),
    ],
)
def test_half_a_character_and_what_can_not_be_seen(tmp_path: Path, bad: str, twin: str) -> None:
    assert told(tmp_path, (("extra",), twin)) == []
    (line,) = told(tmp_path, (("extra",), bad))
    assert line.startswith(f"  {CATALOG}: ") and line.isprintable()


@pytest.mark.parametrize(
    ("key", "bad", "twin"),
    [
        ("developers", '{"groups": ["\\ud800"]}', '{"groups": ["\\u00fc"]}'),
        ("developers", '{"\\ud800": []}', '{"groups": ["x"]}'),
        ("developers", '{"groups": ["a\\u2028b"]}', '{"groups": ["a\\u00a0b"]}'),
        ("developers", '{"groups": ["a\\u202eb"]}', '{"groups": ["a b"]}'),
        ("iam", '{"a": ' * 500 + "1" + "}" * 500, '{"path": "/"}'),
        ("publicSources", "[" * 900 + "]" * 900, '["npmjs"]'),
    ],
)
def test_the_same_as_json_of_the_engine(tmp_path: Path, key: str, bad: str, twin: str) -> None:
    assert of_engine(tmp_path, **{key: twin}) == []
    (problem,) = of_engine(tmp_path, **{key: bad})
    assert problem.startswith(f"Pulumi.{STACK}.yaml: {PROJECT}:{key}") and problem.isprintable()


def test_a_key_of_the_stack_that_is_no_text(tmp_path: Path) -> None:
    assert any("\\ud800" in line for line in told(tmp_path, ((CONFIG, "package-flow:\ud800"), 1)))
    assert any("an unknown key" in line for line in told(tmp_path, ((CONFIG, "package-flow:x"), 1)))


@pytest.mark.parametrize(
    "text", ["!!int ''", "!!float x", "!!bool ''", "!!int '_'", "!!timestamp x", "!!float ''", "!!int '0x'", "!!int ':'"]
)
def test_a_tag_that_does_not_fit_its_value(tmp_path: Path, text: str) -> None:
    """PyYAML raises whatever comes to it: IndexError for an empty number."""
    assert told(tmp_path, (("extra",), EXTRA.replace("team: extra", "team: !!str extra"))) == []
    lines = told(tmp_path, (("extra",), EXTRA.replace("team: extra", f"team: {text}")))
    assert any(line.startswith(f"  {CATALOG}: team: got ") for line in lines), lines


# --- names that AWS refuses -------------------------------------------------------------------------------------------------------------


def test_a_part_of_an_owned_name_has_a_length(tmp_path: Path) -> None:
    """CodeArtifact takes 255 characters of a namespace and of a name; a package group would be refused at `pulumi up`."""
    longest = "com." + "g" * 251
    namespaces = ((CONFIG, "package-flow:namespaces"), {**good()[CONFIG]["package-flow:namespaces"], "maven": [longest, "com.acme"]})
    for names in ([f"{longest}:*"], ["com.acme:" + "a" * 255]):
        assert told(tmp_path, namespaces, (("extra",), {"team": "extra", "owns": {"maven": names}})) == []
    for format, name in (("maven", "g" * 256 + ":*"), ("maven", "com.acme:" + "a" * 256), ("pypi", "p" * 256)):
        line, *_ = told(tmp_path, (("extra",), {"team": "extra", "owns": {format: [name]}}))
        assert "each part of it at most 255 characters" in line


@pytest.mark.parametrize(
    ("stack", "events", "right"),
    [("v1.2", False, True), ("v1-2", True, True), ("v1.2", True, False), ("_v1", False, True), ("_v1", True, False)],
)
def test_a_topic_is_named_by_the_stack(tmp_path: Path, stack: str, events: bool, right: bool) -> None:
    changes = [((CONFIG, "package-flow:events"), {"email": ["a@b.example"]})] if events else []
    lines = told(tmp_path, *changes, stack=stack)
    assert (lines == []) is right
    assert right or "a stack's name " in lines[0]


def test_assignments_of_two_permission_sets_have_two_names(tmp_path: Path) -> None:
    """Group `research-Lab` of everybody's set, and group `Lab` of the set of team research, would be one resource."""
    research = (("research", "developer_groups"), ["Lab"])
    assert told(tmp_path, ((CONFIG, "package-flow:developers"), {"groups": ["Lab", "research-Labs"]}), research) == []
    (line,) = told(tmp_path, ((CONFIG, "package-flow:developers"), {"groups": ["research-Lab"]}), research)
    assert line.startswith("  catalog/research.yaml: developer_groups.0: got 'Lab', allowed: another name")


def test_a_slack_workspace_has_capital_letters(tmp_path: Path) -> None:
    """As the service's model has it; of a channel it takes both."""

    def slack(workspace: str, channel: str) -> list[str]:
        return told(tmp_path, ((CONFIG, "package-flow:events"), {"slack": {"workspace": workspace, "channel": channel}}))

    assert slack("T07EA123LEP", "C07EZ1ABC23") == slack("T07EA123LEP", "c07ez1abc23") == []
    (line,) = slack("t07ea123lep", "C07EZ1ABC23")
    assert line.startswith("  Pulumi.test.yaml: package-flow:events.slack.workspace: got 't07ea123lep', allowed: an id")


# --- time -------------------------------------------------------------------------------------------------------------------------------


def test_a_long_list_is_not_compared_with_everything(tmp_path: Path, monkeypatch) -> None:
    """The nearest known name is looked for where it is told, and no more often."""
    asked: list[object] = []
    nearest = problem_words.nearest
    monkeypatch.setattr(problem_words, "nearest", lambda text, known: asked.append(text) or nearest(text, known))
    many = [f"team-{number}" for number in range(4_000)]
    lines = told(tmp_path, (("payments", "upstreams"), many))
    assert lines[0].endswith("upstreams: got 4000 teams, allowed: at most 9, and shared as the tenth")
    assert 0 < len(asked) < 20


def test_an_entry_that_is_there_often_is_counted_once(tmp_path: Path) -> None:
    lines = told(tmp_path, (("payments", "upstreams"), ["identity"] * 4_000))
    assert [line for line in lines if "each entry once" in line] == [
        "  catalog/payments.yaml: upstreams: got 'identity' 4000 times, allowed: each entry once"
    ]
