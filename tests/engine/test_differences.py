"""What a provider decides of one resource, as the bridge decides it."""

import json

import pytest

from rehearsal.engine import differences
from rehearsal.engine.differences import Difference
from rehearsal.program.provisioning import HANDLERS
from rehearsal.program.wire import UNKNOWN

ROLE, POLICY, DOMAIN = HANDLERS["aws:iam/role:Role"], HANDLERS["aws:iam/policy:Policy"], HANDLERS["aws:codeartifact/domain:Domain"]
QUEUE = HANDLERS["aws:sqs/queue:Queue"]
RULESET, ATTACHMENT = (
    HANDLERS["github:index/repositoryRuleset:RepositoryRuleset"],
    HANDLERS["aws:iam/rolePolicyAttachment:RolePolicyAttachment"],
)
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})
WRITTEN_OTHERWISE = json.dumps({"Statement": [], "Version": "2012-10-17"}, indent=1)


def test_a_name_is_chosen_once_and_kept() -> None:
    first = differences.check(POLICY, "read", b"seed", {}, {"policy": DOCUMENT})
    assert first.problems == []
    assert first.inputs["name"].startswith("read-")
    assert differences.check(POLICY, "read", b"seed", {}, {"policy": DOCUMENT}) == first
    assert differences.check(POLICY, "read", b"other", {}, {"policy": DOCUMENT}) != first
    assert differences.check(POLICY, "read", b"other", first.inputs, {"policy": DOCUMENT}) == first


def test_a_name_that_the_program_gave_and_no_longer_gives_is_not_kept() -> None:
    named = differences.check(POLICY, "read", b"seed", {}, {"policy": DOCUMENT, "name": "mine"})
    assert (named.inputs["name"], named.inputs["__defaults"]) == ("mine", [])
    assert differences.check(POLICY, "read", b"seed", named.inputs, {"policy": DOCUMENT}).inputs["name"] != "mine"


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"name": "a", "assumeRolePolicy": DOCUMENT}, ""),
        ({"name": "a", "assumeRolePolicy": UNKNOWN}, ""),
        ({"name": "a", "assumeRolePolicy": DOCUMENT, "descripton": "b"}, "descripton is not an input"),
        ({"name": "a"}, "assumeRolePolicy is required"),
        ({"name": "a", "assumeRolePolicy": "{"}, "assumeRolePolicy is not JSON"),
    ],
)
def test_inputs_are_checked_as_far_as_they_are_known(inputs: dict, problem: str) -> None:
    found = differences.check(ROLE, "a", b"", {}, inputs).problems
    assert found == [] if not problem else problem in found[0]


@pytest.mark.parametrize(
    ("handler", "olds", "news", "expected"),
    [
        (
            ROLE,
            {"name": "a", "assumeRolePolicy": DOCUMENT},
            {"name": "a", "assumeRolePolicy": WRITTEN_OTHERWISE},
            Difference([], [], False),
        ),
        (ROLE, {"name": "a", "description": "b"}, {"name": "a", "description": "c"}, Difference(["description"], [], False)),
        (ROLE, {"name": "a", "path": "/"}, {"name": "a", "path": "/b/"}, Difference(["path"], ["path"], True)),
        (ROLE, {"name": "a", "path": "/"}, {"name": "a", "path": "/b/", "__defaults": ["name"]}, Difference(["path"], ["path"], False)),
        (ROLE, {"name": "a", "description": "b"}, {"name": "a", "description": UNKNOWN}, Difference(["description"], [], False)),
        (DOMAIN, {"domain": "a"}, {"domain": "b"}, Difference(["domain"], ["domain"], False)),
        (ATTACHMENT, {"role": "a", "policyArn": "b"}, {"role": "a", "policyArn": "c"}, Difference(["policyArn"], ["policyArn"], True)),
        (RULESET, {"name": "a", "repository": "b"}, {"name": "a", "repository": "c"}, Difference(["repository"], [], False)),
        (
            RULESET,
            {"name": "a", "rules": {"deletion": True, "creation": False}},
            {"name": "a", "rules": {"deletion": True}},
            Difference([], [], False),
        ),
        (
            RULESET,
            {"name": "a", "rules": {"deletion": True}},
            {"name": "a", "rules": {"deletion": False}},
            Difference(["rules"], [], False),
        ),
    ],
)
def test_what_differs_and_what_that_takes(handler: object, olds: dict, news: dict, expected: Difference) -> None:
    assert differences.difference(handler, olds, news) == expected  # ty: ignore[invalid-argument-type]


def test_a_look_that_shows_the_same_changes_nothing() -> None:
    inputs = {"name": "a", "rules": {"deletion": True}, "__defaults": []}
    outputs = {"name": "a", "rules": {"deletion": True}, "etag": "1"}
    found = {"name": "a", "rules": {"deletion": True}, "bypassActors": None, "etag": "1"}
    assert differences.seen(RULESET, inputs, outputs, found) == (inputs, outputs)


def test_what_somebody_added_changed_or_took_away_becomes_an_input() -> None:
    inputs = {"name": "a", "rules": {"deletion": True}, "conditions": {"refName": {}}, "__defaults": []}
    actors = [{"actorId": 5, "actorType": "RepositoryRole", "bypassMode": "always"}]
    found = {"name": "b", "rules": {"deletion": True}, "bypassActors": actors, "conditions": None, "etag": "2"}
    seen, outputs = differences.seen(RULESET, inputs, {**inputs, "etag": "1"}, found)
    assert seen == {"name": "b", "rules": {"deletion": True}, "bypassActors": actors, "__defaults": []}
    assert outputs["etag"] == "2"
    assert differences.difference(RULESET, seen, inputs).changed == ["bypassActors", "conditions", "name"]


def test_what_another_resource_may_have_given_is_an_input_only_where_the_program_gives_it() -> None:
    found = {"name": "a", "policy": "opened"}
    for inputs, expected in (({"name": "a", "policy": "closed"}, "opened"), ({"name": "a"}, None)):
        seen, outputs = differences.seen(QUEUE, inputs, inputs, found)
        assert (seen.get("policy"), outputs["policy"]) == (expected, "opened")


def test_an_import_has_the_inputs_alone() -> None:
    found = {"name": "a", "target": "branch", "enforcement": "active", "rules": {"deletion": True}, "bypassActors": None, "etag": "1"}
    assert differences.imported(RULESET, found) == {"name": "a", "target": "branch", "enforcement": "active", "rules": {"deletion": True}}
