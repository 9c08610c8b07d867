"""The judge of the other tests, judged by IAM's documentation."""

import pytest

from tests.policies import iam

OWNER = "111122223333"
CALLER = iam.Caller(f"arn:aws:iam::{OWNER}:role/x", OWNER)
ALLOW = {"Sid": "A", "Effect": "Allow", "Action": "codeartifact:Read*", "Resource": "*"}


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("refs/heads/release/*", "refs/heads/release/1", True),
        ("refs/heads/release/*", "refs/heads/release/a/b", True),
        ("refs/heads/release/*", "refs/heads/release", False),
        ("repo:acme/*", "repo:acme/x:ref:refs/heads/main", True),
        ("main", "Main", False),
        ("a.c", "abc", False),
        ("a?c", "abc", True),
    ],
)
def test_like(pattern, value, matches):
    assert iam.like(pattern, value) is matches


def test_arn_parts_are_matched_one_by_one():
    assert iam.arn_like("arn:aws:iam::*:role/a", "arn:aws:iam::1:role/a")
    assert not iam.arn_like("arn:aws:iam:*:role/a", "arn:aws:iam::1:role/a")


def test_a_missing_key_fulfils_negated_operators_only():
    assert not iam.conditions_hold({"Condition": {"StringLike": {"k": "*"}}}, {})
    assert iam.conditions_hold({"Condition": {"StringNotLike": {"k": "*"}}}, {})


def test_an_unknown_operator_raises():
    with pytest.raises(KeyError):
        iam.conditions_hold({"Condition": {"ForAllValues:StringEquals": {"k": "v"}}}, {"k": "v"})


def test_deny_wins_and_accounts_differ():
    everyone = {**ALLOW, "Principal": "*"}
    account = {**ALLOW, "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}}
    other = iam.Caller("arn:aws:iam::444455556666:role/x", "444455556666")

    def read(caller, **policies):
        return iam.allowed(caller, "codeartifact:ReadFromRepository", "arn:x", owner=OWNER, **policies)

    assert read(CALLER, identity=[ALLOW]) and read(CALLER, resource_policy=[everyone])
    assert not read(CALLER, resource_policy=[account])
    assert not read(CALLER, identity=[ALLOW], resource_policy=[{**everyone, "Effect": "Deny"}])
    assert not read(other, identity=[ALLOW]) and not read(other, resource_policy=[everyone])
    assert read(other, identity=[ALLOW], resource_policy=[everyone])
