"""From settings and facts to the arguments of who reads and publishes besides GitHub's builds."""

from dataclasses import replace

import pytest

import wiring
from lookups import IdentityCenter
from policies import readers
from settings import DeveloperMode, Developers, Publisher, Readers, Sharing
from tests.components.samples import NOBODY
from tests.program import samples

DEVELOPERS = Developers(("Engineering",), DeveloperMode.IDENTITY_CENTER, "us-east-1", "", 28_800)
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
RESEARCH = samples.team("research", readers=Readers.TEAM, developer_groups=("Research",), build_roles=("train",))


def wired(*teams, **changed):
    configured = samples.settings(*teams, **changed)
    facts = samples.facts(configured, identity_center=IdentityCenter(INSTANCE, {"Engineering": "1", "Research": "2"}))
    return configured, facts


def test_builds():
    args = wiring.build_access(*wired(build_roles=("service-role/build", "ci")))
    assert args["roles"] == ["build", "ci"] and args["token_duration"] == 3600
    assert args["role"] == {"stack": "test", "path": "/package-flow/", "permissions_boundary": ""}


def test_permission_sets_are_one_for_everybody_and_one_for_each_team_that_names_groups():
    args = wiring.developer_access(*wired(samples.team(), RESEARCH, developers=DEVELOPERS))
    everybody, research = args["permission_sets"]
    assert (everybody["name"], everybody["groups"]) == ("test-developers", [{"name": "Engineering", "id": "1"}])
    assert (research["name"], research["groups"]) == ("test-developers-research", [{"name": "Research", "id": "2"}])
    assert (args["instance_arn"], args["region"], args["session_duration"]) == (INSTANCE, "us-east-1", 28_800)


@pytest.mark.parametrize(
    ("developers", "made"), [(None, False), (DEVELOPERS, True), (replace(DEVELOPERS, mode=DeveloperMode.POLICY), False)]
)
def test_what_is_made_in_identity_center(developers, made):
    configured, facts = wired(developers=developers)
    assert wiring.makes_permission_sets(configured) is made
    if developers is None:
        with pytest.raises(ValueError, match="no developers"):
            wiring.developer_access(configured, facts)


def test_where_identity_center_is():
    role = "arn:aws:iam::222233334444:role/sets"
    assert wiring.identity_center(samples.settings()) == {"region": "", "role_arn": ""}
    elsewhere = replace(DEVELOPERS, role_arn=role)
    assert wiring.identity_center(samples.settings(developers=elsewhere)) == {"region": "us-east-1", "role_arn": role}


def team_args(configured, facts, number: int = 0):
    return wiring.team(configured, facts, configured.teams[number], "domain", [], "shared")


def test_an_open_team_lets_in_every_developer_and_build():
    configured, facts = wired(samples.team(), RESEARCH, developers=DEVELOPERS, build_roles=("train", "ci"))
    expected = readers.of_everybody(facts.registry, "test", "/package-flow/", True, ("train", "ci"))
    assert team_args(configured, facts)["readers"] == expected
    without = wired(samples.team())
    assert team_args(*without)["readers"] == expected[:1], "the builds' read role"


def test_a_closed_team_lets_in_whom_it_names():
    configured, facts = wired(samples.team(), RESEARCH, developers=DEVELOPERS, build_roles=("train", "ci"))
    args = team_args(configured, facts, 1)
    assert args["readers"] == readers.of_team(facts.registry, "test", "research", True, ("train",))
    assert args["sharing"] == NOBODY


def test_publishers_of_other_accounts():
    one = samples.team(publishers=(Publisher("444455556666", "ci-*"), Publisher("777788889999", "build/ci")))
    args = team_args(*wired(one))
    assert args["publishers"] == ["arn:aws:iam::444455556666:role/ci-*", "arn:aws:iam::777788889999:role/build/ci"]
    assert team_args(*wired())["publishers"] == []


def test_sharing_in_full():
    sharing = Sharing("", ("444455556666",), ("o-a1b2c3d4e5/r-ab12/*",), ("shared",))
    assert team_args(*wired(sharing=sharing))["sharing"] == {
        "organization_id": "",
        "organization_paths": ["o-a1b2c3d4e5/r-ab12/*"],
        "accounts": ["444455556666"],
        "downstream": ["shared"],
    }
