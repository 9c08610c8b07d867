import pytest

from rehearsal.program.inputs import InputProblems, Inputs
from rehearsal.program.wire import UNKNOWN


def test_what_was_read_is_accepted():
    inputs = Inputs({"name": "a", "size": 3})
    assert (inputs.text("name"), inputs.integer("size")) == ("a", 3)
    inputs.check()


def test_an_unread_key_is_refused_and_the_nearest_read_one_named():
    inputs = Inputs({"enableKeyRotaton": True})
    inputs.flag("enableKeyRotation")
    with pytest.raises(InputProblems, match=r"enableKeyRotaton is not an input .* did you mean enableKeyRotation\?"):
        inputs.check()


def test_an_unread_key_inside_a_list_of_objects_is_refused_with_its_path():
    inputs = Inputs({"rules": {"checks": [{"context": "test"}, {"context": "lint", "integrationID": 1}]}})
    rules = inputs.object("rules")
    assert rules
    for check in rules.objects("checks"):
        check.text("context")
    assert [problem.split(" is")[0] for problem in inputs.problems()] == ["rules.checks[1].integrationID"]


def test_a_null_counts_as_absent():
    inputs = Inputs({"unread": None})
    inputs.check()
    inputs.text("unread", required=True)
    with pytest.raises(InputProblems, match="unread is required"):
        inputs.check()


@pytest.mark.parametrize(
    ("method", "good", "bad"),
    [
        ("text", "a", ["a"]),
        ("flag", True, "yes"),
        ("integer", 3, 3.5),
        ("texts", ["a"], "a"),
        ("texts", ["a"], [1]),
        ("integers", [1], [True]),
        ("mapping", {"a": "b"}, {"a": 1}),
        ("document", '{"a": 1}', "{"),
        ("object", {}, []),
        ("objects", [{}], {}),
        ("objects", [{}], ["a"]),
    ],
)
def test_types(method, good, bad):
    accepted, refused = Inputs({"key": good}), Inputs({"key": bad})
    getattr(accepted, method)("key")
    getattr(refused, method)("key")
    assert accepted.problems() == []
    assert len(refused.problems()) == 1
    assert refused.problems()[0].startswith("key")


def test_unknown_values_pass_every_reader():
    inputs = Inputs(dict.fromkeys(("a", "b", "c", "d", "e", "f"), UNKNOWN))
    inputs.text("a", choices=("x",))
    inputs.flag("b")
    inputs.integer("c")
    inputs.texts("d")
    inputs.document("e")
    inputs.objects("f")
    inputs.check()


def test_numbers_and_booleans_are_taken_as_text_and_text_as_numbers():
    inputs = Inputs({"seconds": "3600", "text": 12, "flag": "true"})
    assert (inputs.integer("seconds"), inputs.text("text"), inputs.flag("flag")) == (3600, "12", True)
    inputs.check()


def test_a_choice():
    for value, problems in (("active", 0), ("actve", 1)):
        inputs = Inputs({"enforcement": value})
        inputs.text("enforcement", choices=("active", "disabled"))
        assert len(inputs.problems()) == problems


def test_an_absent_name_is_made():
    assert Inputs({}, auto_name=lambda: "role-1234567").name() == "role-1234567"
    assert Inputs({"name": "mine"}, auto_name=lambda: "role-1234567").name() == "mine"


def test_a_list_has_at_most_so_many_entries():
    for entries, problems in ((1, 0), (2, 1)):
        inputs = Inputs({"reviewers": [{}] * entries})
        inputs.objects("reviewers", most=1)
        assert len(inputs.problems()) == problems
