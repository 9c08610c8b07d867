"""What the rehearsal does about the policy pack's rules."""

from typing import Any

import pytest

from policy_pack.rules import registry
from rehearsal import rehearsing, rules
from rehearsal.scenario import Outcome, Scenario
from tests.policy_pack import examples

KEY = "aws:kms/key:Key"


def provisioned(*resources: Any) -> list[dict[str, Any]]:
    """Resources as the program's result has them."""
    return [
        {
            "type": one.type,
            "name": one.name,
            "urn": one.urn,
            "inputs": dict(one.props),
            "protect": one.protect,
            "parent": one.parent or None,
        }
        for one in resources
    ]


GOOD = provisioned(*examples.writer(), examples.resource(KEY, {"enableKeyRotation": True}))
ADVISORY = provisioned(*examples.writer(), examples.resource(KEY, {}))
MANDATORY = provisioned(*(one for one in examples.writer() if "Ruleset" not in one.type), examples.resource(KEY, {}))


def outcome(observed: str) -> Outcome:
    return Outcome(Scenario("a scenario", "somebody", "something", "it", lambda: ""), observed, "")


@pytest.mark.parametrize(
    ("resources", "status", "ok"), [(GOOD, 0, True), (ADVISORY, 0, True), (MANDATORY, 1, False)], ids=["none", "advisory", "mandatory"]
)
def test_a_mandatory_rule_that_is_broken_fails_the_rehearsal(resources, status, ok):
    found = rules.broken(resources)
    result = {"resources": resources, "outputs": {}, "engine": None}
    assert rehearsing._status([outcome("allow")], found) == status
    report = rehearsing._report("prod", result, [outcome("allow")], found, 0, 1.0, None)
    assert report["ok"] is ok
    assert [one["rule"] for one in report["broken_rules"]] == [one.rule.name for one in found]
    assert all(set(one) == {"rule", "level", "urn", "wrong", "mend"} for one in report["broken_rules"])


def test_a_scenario_that_comes_out_otherwise_still_fails_it():
    assert rehearsing._status([outcome("deny")], []) == 1
    assert rehearsing._status([outcome("skipped")], []) == 2
    assert rehearsing._status([outcome("skipped")], rules.broken(MANDATORY)) == 1


def test_what_people_read():
    assert rules.lines([]) == []
    assert rules.summary([]) == f"{len(registry.RULES)} rules of the policy pack: none broken"
    found = rules.broken(MANDATORY)
    assert rules.summary(found).endswith(": 2 mandatory, 1 advisory broken")
    lines = rules.lines(found)
    assert [line.split()[0] for line in lines] == ["mandatory", "mandatory", "advisory"]
    assert lines[-1] == "advisory rule keys-rotate: one: the key is never rotated. Set `enableKeyRotation`"
