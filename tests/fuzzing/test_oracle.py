"""The oracle notices what it is there to notice: each of these programs has one planted bug, and its twin has none."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import strategies as st

import lookups
from plan import planning
from policies import branches, guards
from policies.roles.publish import publish_permissions
from settings import SettingsError, parsing
from settings.problems import Problem
from tests.fuzzing import mutations, program
from tests.fuzzing.__main__ import main
from tests.fuzzing.inputs import Answer, Input, written
from tests.fuzzing.oracle import CREDENTIAL, LINES_MAX, faults
from tests.fuzzing.program import Outcome, run, the_program

GOOD = written(mutations.small())
BAD = replace(GOOD, files={**GOOD.files, "catalog/identity.yaml": b"team: Identity\n"})


def found(made: Input, of: Callable[[], Any] = the_program) -> list[str]:
    return faults(made, run(made, of))


def test_the_twins():
    assert found(GOOD) == []
    assert found(BAD) == []
    assert run(GOOD).registrations
    assert not run(BAD).registrations


# --- errors -----------------------------------------------------------------------------------------------------------------------------


def raising(error: BaseException, before: Callable[[], Any] = lambda: None) -> Callable[[], Any]:
    def raises() -> None:
        before()
        raise error

    return raises


def refusal(*lines: str) -> pulumi.RunError:
    """An error as the settings raise it, with these lines."""
    error = pulumi.RunError("\n".join([f"{len(lines)} problems in the configuration; nothing was changed:", *lines]))
    error.__cause__ = SettingsError([Problem("x", "y", "z", "w")])
    return error


LINE = "  Pulumi.test.yaml: aws:region: got 'x', allowed: an AWS region"


def test_an_error_of_the_settings_is_right():
    assert found(GOOD, raising(refusal(LINE))) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no such thing"), "error of type ValueError"),
        (pulumi.RunError("something is wrong"), "error of type RunError"),
        (KeyError("team"), "error of type KeyError"),
        (SystemExit(3), "error of type SystemExit"),
        (refusal(), "0 lines"),
        (refusal(*[LINE] * (LINES_MAX + 1)), f"{LINES_MAX + 1} lines"),
        (refusal(LINE + "x" * 2_000), "unreadable line of"),
        (refusal(LINE + "\x1b[31m"), "unreadable line of"),
        (refusal("  something is wrong"), "unreadable line: "),
        (refusal("  x: y: got <class 'int'>, allowed: text"), "unreadable words: <class "),
        (refusal("  x: y: got [None], allowed: text"), "unreadable words: None"),
        (refusal("  x: y: got datetime.date(2020, 1, 1), allowed: text"), "unreadable words: datetime."),
        (refusal(f"  x: aws:token: got {CREDENTIAL}, allowed: nothing"), "tells a credential"),
        (lookups.LookupProblems(["x: Traceback (most recent call last)"]), "unreadable words: Traceback"),
        (lookups.LookupProblems(["it is wrong"]), "unreadable line: "),
    ],
)  # fmt: skip
def test_an_error_that_is_not_for_people(error, words):
    (fault, *_) = found(GOOD, raising(error))
    assert words in fault


def test_words_that_the_input_has_are_the_inputs():
    made = replace(GOOD, files={**GOOD.files, "catalog/identity.yaml": b"team: [None]\n"})
    assert found(made) == []


def test_a_registration_before_an_error():
    def register() -> None:
        aws.sns.Topic("early", name="early")

    (fault,) = [one for one in found(GOOD, raising(refusal(LINE), register)) if "registered before an error" in one]
    assert "early" in fault


def test_a_question_before_the_settings_are_valid():
    (fault,) = found(GOOD, raising(refusal(LINE), aws.get_partition))
    assert fault.startswith("looked up before the settings were valid")


def test_a_refusal_of_what_is_valid():
    assert "refused, and is valid" in found(replace(GOOD, must_be_accepted=True), raising(refusal(LINE)))[0]
    assert found(replace(GOOD, must_be_accepted=True)) == []


def test_nothing_at_all():
    assert found(GOOD, lambda: None) == ["neither an error nor a resource"]


def test_a_hang(monkeypatch):
    monkeypatch.setattr(program, "CPU_MAX", 0.3)

    def hangs() -> None:
        while True:
            try:
                sum(range(1_000))
            except Exception:
                continue

    (fault,) = found(GOOD, hangs)
    assert fault.startswith("hang: ")


# --- resources --------------------------------------------------------------------------------------------------------------------------


def test_a_ruleset_that_guards_nothing(monkeypatch):
    monkeypatch.setattr(guards, "create_rules", lambda: {"update": True})
    assert any(one.startswith("rule trusted-refs-are-guarded") for one in found(GOOD))


def test_a_branch_that_is_trusted_and_not_guarded(monkeypatch):
    """The oracle's own reading of both languages, beside the rule's."""
    monkeypatch.setattr(guards, "create_refs", lambda declared: ["refs/heads/other"])
    assert any(one.startswith("guard: ") and "refs/heads/main" in one for one in found(GOOD))


def test_a_pattern_that_crosses_slashes(monkeypatch):
    wide = branches.RefCondition(("refs/heads/main", "refs/heads/release/*"), ())
    declare = branches.declare
    monkeypatch.setattr(parsing, "declare", lambda named: replace(declare(named), trusted=(wide,)))
    assert any(one.startswith("guard: ") and "release/x/y" in one for one in found(GOOD))


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [("a.b", "key", "service: "), ("topic", None, "rule topics-are-encrypted"), ("x" * 257, "key", "service: ")],
)
def test_a_resource_that_is_not_valid(name: str, key: str | None, words: str):
    assert found(GOOD, lambda: aws.sns.Topic("topic", name="topic", kms_master_key_id="key")) == []
    assert any(one.startswith(words) for one in found(GOOD, lambda: aws.sns.Topic("topic", name=name, kms_master_key_id=key)))


def test_a_document_over_its_size():
    def policy(size: int) -> Callable[[], Any]:
        statement = {"Effect": "Allow", "Action": "codeartifact:ReadFromRepository", "Resource": "x" * size}
        return lambda: aws.iam.Policy("p", name="p", path="/", policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    assert found(GOOD, policy(10)) == []
    assert any("of 6144 characters" in one for one in found(GOOD, policy(7_000)))


def test_two_that_are_the_same():
    def queues(*names: str) -> Callable[[], Any]:
        return lambda: [aws.sqs.Queue(f"q{number}", name=name, sqs_managed_sse_enabled=True) for number, name in enumerate(names)]

    assert found(GOOD, queues("a", "b")) == []
    assert any(one.startswith("service: 2 resources are") for one in found(GOOD, queues("a", "a")))


def test_one_name_twice():
    def twice() -> None:
        aws.sqs.Queue("q", name="a", sqs_managed_sse_enabled=True)
        aws.sqs.Queue("q", name="b", sqs_managed_sse_enabled=True)

    assert any("Duplicate resource URN" in one for one in found(GOOD, twice))


def test_a_type_that_nobody_checks():
    assert any("does not know" in one for one in found(GOOD, lambda: aws.s3.Bucket("b", bucket="b")))


def test_a_question_that_may_write():
    made = run(GOOD)
    asked = Outcome(None, "", made.registrations, (*made.invokes, ("aws:lambda/invocation:getInvocation", {})), 0)
    assert faults(GOOD, made) == []
    assert faults(GOOD, asked) == ["a look-up that is not known to read: getInvocation"]


# --- what becomes of a failing input ----------------------------------------------------------------------------------------------------


def _planted(monkeypatch) -> None:
    """Settings that stumble over a team that owns Maven packages."""
    parse = parsing._team

    def stumbles(team, *others):
        if "maven" in team.shape.owns:
            raise ZeroDivisionError("planted")
        return parse(team, *others)

    monkeypatch.setattr(parsing, "_team", stumbles)


MAVEN = replace(GOOD, files={**GOOD.files, "catalog/jvm.yaml": b"team: jvm\n# a comment\nowns:\n  maven: [com.acme:*]\n"})


def test_a_failing_input_is_made_smaller_and_written_down(monkeypatch, tmp_path, capsys):
    _planted(monkeypatch)
    larger = {"catalog/other.yaml": b"team: other\n"}
    inputs = st.booleans().map(lambda more: replace(MAVEN, files={**MAVEN.files, **(larger if more else {})}))
    monkeypatch.setattr("tests.fuzzing.__main__.anything", lambda stack: inputs)
    assert main(["--inputs", "5", "--seed", "5", "--failing", str(tmp_path)]) == 1
    (folder,) = tmp_path.iterdir()
    assert "ZeroDivisionError: planted" in (folder / "README.txt").read_text()
    assert (folder / "project/catalog/jvm.yaml").exists() and not (folder / "project/catalog/other.yaml").exists()
    assert "1 kinds of fault" in capsys.readouterr().out


def test_each_kind_of_fault_is_written_down(monkeypatch, tmp_path):
    _planted(monkeypatch)
    monkeypatch.setattr("tests.fuzzing.__main__.anything", lambda stack: st.sampled_from([MAVEN, replace(BAD, must_be_accepted=True)]))
    assert main(["--inputs", "20", "--seed", "5", "--failing", str(tmp_path)]) == 1
    assert len(list(tmp_path.iterdir())) == 2


# --- answers ----------------------------------------------------------------------------------------------------------------------------


def test_answers_are_given_where_they_are_asked_for():
    archived = replace(GOOD, answers=(Answer("getRepository", "archived", True, 0),))
    outcome = run(archived)
    assert isinstance(outcome.error, lookups.LookupProblems)
    assert len(outcome.error.problems) == 1
    assert faults(archived, outcome) == []
    every = run(replace(GOOD, answers=(Answer("getRepository", "archived", True, -1),)))
    assert isinstance(every.error, lookups.LookupProblems)
    assert len(every.error.problems) > 1


def test_publishing_is_looked_at(monkeypatch):
    """A publish role that may publish everything."""
    publish_role = publish_permissions

    def wide(registry, seconds, team, owned, readable):
        made = publish_role(registry, seconds, team, owned, readable)
        return [one | {"Resource": "*"} if "Publish" in json.dumps(one["Action"]) else one for one in made]

    monkeypatch.setattr(planning, "publish_permissions", wide)
    assert any(one.startswith("rule publishes-owned-names") for one in found(GOOD))
