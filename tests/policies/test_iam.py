"""What the policies' tests ask the evaluator: that a question is put as it is meant."""

import pytest

from evaluator.iam import UnreadablePolicyError
from tests.policies import iam

OWNER = "111122223333"
CALLER = iam.Caller(f"arn:aws:iam::{OWNER}:role/x", OWNER)
ALLOW = {"Sid": "A", "Effect": "Allow", "Action": "codeartifact:Read*", "Resource": "*"}


def test_an_unknown_operator_raises():
    with pytest.raises(UnreadablePolicyError):
        iam.conditions_hold({"Condition": {"StringResembles": {"k": "v"}}}, {"k": "v"})


def test_conditions_see_the_given_keys_alone():
    assert iam.conditions_hold({"Condition": {"StringLike": {"k": "v*"}}}, {"k": "value"})
    assert not iam.conditions_hold({"Condition": {"StringLike": {"aws:PrincipalAccount": "*"}}}, {"k": "value"})
    assert iam.conditions_hold({"Condition": {"StringNotLike": {"aws:PrincipalArn": "*"}}}, {})


def test_deny_wins_and_accounts_differ():
    everyone = {**ALLOW, "Principal": "*"}
    account = {**ALLOW, "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}}
    role = {**ALLOW, "Principal": {"AWS": CALLER.arn}}
    other = iam.Caller("arn:aws:iam::444455556666:role/x", "444455556666")

    def read(caller, **policies):
        return iam.allowed(caller, "codeartifact:ReadFromRepository", "arn:x", owner=OWNER, **policies)

    assert read(CALLER, identity=[ALLOW]) and read(CALLER, resource_policy=[everyone]) and read(CALLER, resource_policy=[role])
    assert not read(CALLER, resource_policy=[account])
    assert not read(CALLER, identity=[ALLOW], resource_policy=[{**everyone, "Effect": "Deny"}])
    assert not read(other, identity=[ALLOW]) and not read(other, resource_policy=[everyone])
    assert read(other, identity=[ALLOW], resource_policy=[everyone])
