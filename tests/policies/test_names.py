"""Names of roles: within the limit, never the same for two roles, always matched by the patterns that policies hold."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.names import ROLE_NAME_MAX, RoleKind, cut, promote_roles, role_name
from tests.policies.iam import like

# Pulumi's stack names (https://www.pulumi.com/docs/iac/concepts/stacks/) that leave room for kind and hash; GitHub's repository names.
LONGEST_STACK = ROLE_NAME_MAX - len("-promote-") - len("-12345678")
STACKS = st.from_regex(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_STACK - 1}}}", fullmatch=True)
REPOSITORIES = st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True)
LONG = st.text("ab", min_size=60, max_size=100)


def test_short_names_stay():
    assert role_name("prod", RoleKind.READ) == "prod-read"
    assert role_name("prod", RoleKind.PUBLISH, "payments-api") == "prod-publish-payments-api"
    assert cut("x" * 64, 64) == "x" * 64


def test_long_names_are_cut_with_a_hash_of_the_whole():
    one, other = role_name("prod", RoleKind.PUBLISH, "x" * 99 + "a"), role_name("prod", RoleKind.PUBLISH, "x" * 99 + "b")
    assert one != other
    assert len(one) == len(other) == ROLE_NAME_MAX
    assert one[:55] == other[:55] == "prod-publish-" + "x" * 42


def test_a_limit_without_room_is_refused():
    assert len(cut("x" * 100, 10)) == 10
    with pytest.raises(ValueError, match="9"):
        cut("x" * 100, 9)


@given(LONG, LONG, st.integers(10, 64))
def test_cut_never_makes_two_names_one(one, other, limit):
    assert len(cut(one, limit)) <= limit
    assert (cut(one, limit) == cut(other, limit)) == (one == other)


@given(STACKS, REPOSITORIES, REPOSITORIES)
def test_two_roles_of_a_stack_never_share_a_name(stack, one, other):
    names = [role_name(stack, RoleKind.READ)] + [role_name(stack, kind, name) for kind in RoleKind for name in {one, other}]
    assert len(set(names)) == len(names)
    assert all(len(name) <= ROLE_NAME_MAX for name in names)


@given(STACKS, REPOSITORIES)
@example("prod", "a" * 100)
@example("s" * LONGEST_STACK, "a" * 100)
def test_patterns_match_every_role_of_the_stack(stack, repository):
    """The Denies and the deployer's rights speak of `STACK-*` and `STACK-promote-*`: a name that is cut inside these escapes them.

    Longer stack names are refused by the settings (tests/program/test_stack_names.py).
    """
    for kind in RoleKind:
        name = role_name(stack, kind, repository)
        assert like(f"{stack}-*", name)
        assert like(promote_roles(stack), name) == (kind is RoleKind.PROMOTE)
    assert not like(promote_roles(stack), role_name(stack, RoleKind.READ))
