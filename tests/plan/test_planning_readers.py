"""From settings and facts to the plan: who reads and publishes besides GitHub's builds."""

from dataclasses import replace

import pytest

from plan.facts import IdentityCenter
from plan.planning import plan
from policies.document import text
from policies.resources.team_repository import open_readers, own_readers, team_repository_policy
from policies.roles.build import read_only_permissions
from settings import DeveloperMode, Developers, Publisher, Readers, Sharing
from tests.program import samples

DEVELOPERS = Developers(("Engineering",), DeveloperMode.IDENTITY_CENTER, "us-east-1", "", 28_800)
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
RESEARCH = samples.team("research", readers=Readers.TEAM, developer_groups=("Research",), build_roles=("train",))
REGISTRY = samples.facts(samples.settings()).registry


def planned(*teams, **changed):
    configured = samples.settings(*teams, **{"sharing": None, **changed})
    facts = samples.facts(configured, identity_center=IdentityCenter(INSTANCE, {"Engineering": "1", "Research": "2"}))
    return plan(configured, facts)


def policy(found, name: str = "payments") -> str:
    (team,) = [one for one in found.teams if one.name == name]
    return team.repository.policy


def test_builds():
    builds = planned(build_roles=("service-role/build", "ci")).builds
    assert builds.roles == ("service-role/build", "ci")
    assert (builds.policy.name, builds.policy.path) == ("test-read", "/package-flow/")
    assert builds.policy.policy == text(read_only_permissions(REGISTRY, 3600, ["shared", "npmjs", "pypi"]))


def test_permission_sets_are_one_for_everybody_and_one_for_each_team_that_names_groups():
    found = planned(samples.team(), RESEARCH, developers=DEVELOPERS)
    assert found.developers
    everybody, research = found.developers.permission_sets
    assert (everybody.name, [(one.name, one.id) for one in everybody.groups]) == ("test-developers", [("Engineering", "1")])
    assert (research.name, [(one.name, one.id) for one in research.groups]) == ("test-developers-research", [("Research", "2")])
    assert (found.developers.instance_arn, found.developers.region, found.developers.session_duration) == (INSTANCE, "us-east-1", "PT8H")
    assert found.developers.policy is found.builds.policy.policy, "one document for all"


@pytest.mark.parametrize(
    ("developers", "creates"), [(None, None), (DEVELOPERS, True), (replace(DEVELOPERS, mode=DeveloperMode.POLICY), False)]
)
def test_what_is_created_in_identity_center(developers, creates):
    found = planned(developers=developers).developers
    assert (found.creates if found else None) is creates


def test_an_open_team_lets_in_every_developer_and_build():
    found = planned(samples.team(), RESEARCH, developers=DEVELOPERS, build_roles=("train", "ci"))
    expected = open_readers(REGISTRY, "test", "/package-flow/", True, ("train", "ci"))
    assert policy(found) == text(team_repository_policy(REGISTRY, expected))
    assert policy(planned(samples.team())) == text(team_repository_policy(REGISTRY, expected[:1])), "the builds' read role"


def test_a_closed_team_lets_in_whom_it_names():
    found = planned(
        samples.team(), RESEARCH, developers=DEVELOPERS, build_roles=("train", "ci"), sharing=Sharing("o-a1b2c3d4e5", ("444455556666",))
    )
    expected = own_readers(REGISTRY, "test", "research", True, ("train",))
    assert policy(found, "research") == text(team_repository_policy(REGISTRY, expected))
    assert "444455556666" in policy(found)


def test_publishers_of_other_accounts():
    one = samples.team(publishers=(Publisher("444455556666", "ci-*"), Publisher("777788889999", "build/ci")))
    found = planned(one)
    assert found.teams[0].publishers == ("arn:aws:iam::444455556666:role/ci-*", "arn:aws:iam::777788889999:role/build/ci")
    assert all(f'"{role}"' in policy(found) for role in found.teams[0].publishers)
    assert planned().teams[0].publishers == () and "PublishFromElsewhere" not in policy(planned())


def test_sharing_in_full():
    sharing = Sharing("", ("444455556666",), ("o-a1b2c3d4e5/r-ab12/*",), ("shared",))
    found = planned(sharing=sharing)
    read = [f"arn:aws:iam::{samples.ACCOUNT}:role/package-flow/test-read"]
    assert policy(found) == text(team_repository_policy(REGISTRY, read, sharing, downstream=False))
    assert "AssociateWithDownstreamRepository" in found.registry.shared.policy
    named = planned(sharing=replace(sharing, downstream=("payments",)))
    assert policy(named) == text(team_repository_policy(REGISTRY, read, sharing, downstream=True))
    assert "AssociateWithDownstreamRepository" not in named.registry.shared.policy
