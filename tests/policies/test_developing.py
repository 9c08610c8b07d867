"""Permission sets: their names, the roles that policies match, session lengths."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.names import STACK_NAME_MAX
from policies.resources.team_repository import open_readers, own_readers
from policies.roles.build import build_role_arn
from policies.roles.developer import every_role, permission_set, session_duration, team_roles
from tests.policies.iam import arn_like
from tests.policies.samples import REGISTRY

# As Identity Center names them: https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
SUFFIX = "0123456789abcdef"
NAME = re.compile(r"[\w+=,.@-]{1,32}")
STACKS = st.from_regex(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{STACK_NAME_MAX - 1}}}", fullmatch=True)
TEAMS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{1,99}", fullmatch=True)


def role(name: str, region: str = "eu-west-1/", suffix: str = SUFFIX, account: str = REGISTRY.account) -> str:
    return f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{region}AWSReservedSSO_{name}_{suffix}"


def matches(patterns: list[str], arn: str) -> bool:
    return any(arn_like(one, arn) for one in patterns)


@given(STACKS, TEAMS)
def test_names_are_what_identity_center_takes(stack, team):
    for name in (permission_set(stack), permission_set(stack, team)):
        assert NAME.fullmatch(name) and "_" not in name
        assert len(f"AWSReservedSSO_{name}_{SUFFIX}") <= 64, "a role's name"


def test_names_that_people_read():
    assert permission_set("prod") == "prod-developers"
    assert permission_set("prod", "research") == "prod-developers-research"
    assert permission_set("prod", "data_science") == "prod-developers-data=science"
    assert re.fullmatch(r"prod-developers-risk-an-[0-9a-f]{8}", permission_set("prod", "risk-and-compliance-reporting"))


@given(STACKS, TEAMS, TEAMS)
def test_each_team_has_its_own(stack, one, other):
    assert (permission_set(stack, one) == permission_set(stack, other)) == (one == other)
    assert permission_set(stack, one) != permission_set(stack)


@given(STACKS, TEAMS, TEAMS, st.sampled_from(["", "eu-west-1/"]), st.from_regex(r"[0-9a-f]{16}", fullmatch=True))
def test_a_teams_roles_are_its_own_whatever_their_end(stack, team, other, region, suffix):
    patterns = team_roles(REGISTRY, stack, team)
    assert matches(patterns, role(permission_set(stack, team), region, suffix))
    assert matches(patterns, role(permission_set(stack, other), region, suffix)) == (other == team)
    assert not matches(patterns, role(permission_set(stack), region, suffix))
    assert not matches(patterns, role(permission_set(stack, team), region, suffix, account="444455556666"))


@given(STACKS, TEAMS, st.sampled_from(["", "eu-west-1/"]))
def test_every_role_is_that_of_every_permission_set_of_the_stack(stack, team, region):
    patterns = every_role(REGISTRY, stack)
    assert matches(patterns, role(permission_set(stack), region)) and matches(patterns, role(permission_set(stack, team), region))
    assert not matches(patterns, role(f"x{permission_set(stack)}", region))
    assert not matches(patterns, role("AdministratorAccess", region))


@pytest.mark.parametrize("other", ["prod2-developers", "dev-developers", "prod-developer", "prod-developersx", "PROD-developers"])
def test_other_permission_sets_are_not_let_in(other):
    assert matches(every_role(REGISTRY, "prod"), role("prod-developers"))
    assert not matches(every_role(REGISTRY, "prod"), role(other))


def test_roles_that_only_look_like_it():
    """The path is Identity Center's own: nobody else can make a role there."""
    patterns = every_role(REGISTRY, "prod")
    for path in ("", "aws-reserved/", "sso.amazonaws.com/", "aws-reserved/sso.amazonaws.com.evil/"):
        assert not matches(patterns, f"arn:aws:iam::{REGISTRY.account}:role/{path}AWSReservedSSO_prod-developers_{SUFFIX}"), path


@pytest.mark.parametrize(("seconds", "text"), [(3600, "PT1H"), (43_200, "PT12H"), (5400, "PT1H30M"), (3601, "PT1H1S"), (28_800, "PT8H")])
def test_session_durations(seconds, text):
    assert session_duration(seconds) == text


# --- who reads ------------------------------------------------------------------------------------------------------------------------


def test_build_roles_are_named_after_their_path():
    assert build_role_arn(REGISTRY, "build") == f"arn:aws:iam::{REGISTRY.account}:role/build"
    assert build_role_arn(REGISTRY, "service-role/build") == f"arn:aws:iam::{REGISTRY.account}:role/service-role/build"


def test_everybody_is_the_read_role_the_developers_and_the_builds():
    path = "/package-flow/"
    assert open_readers(REGISTRY, "prod", path, False, []) == [REGISTRY.role_arn(path, "prod-read")]
    everybody = open_readers(REGISTRY, "prod", path, True, ["ci/build"])
    assert everybody[0] == REGISTRY.role_arn(path, "prod-read") and everybody[-1] == REGISTRY.role_arn("/ci/", "build")
    assert everybody[1:-1] == every_role(REGISTRY, "prod")


def test_a_team_lets_in_only_what_it_names():
    assert own_readers(REGISTRY, "prod", "research", False, []) == []
    assert own_readers(REGISTRY, "prod", "research", True, []) == team_roles(REGISTRY, "prod", "research")
    assert own_readers(REGISTRY, "prod", "research", False, ["train"]) == [REGISTRY.role_arn("/", "train")]
