"""Lookups of build roles and of IAM Identity Center: what stands in the way, each with its good twin."""

import pytest

from lookups import LookupProblems, problems
from plan.facts import IdentityCenter
from settings import DeveloperMode, Developers, Readers
from tests.program import samples
from tests.program.fake import Cloud
from tests.program.test_program import run

DEVELOPERS = Developers(("Engineering",), DeveloperMode.IDENTITY_CENTER, "eu-west-1", "", 28_800)
GROUPS = {"Engineering": "1", "Research": "2"}
THERE = IdentityCenter("arn:aws:sso:::instance/ssoins-0123456789abcdef", GROUPS)


def found(configured, **seen) -> list[str]:
    return problems(configured, samples.seen(configured, **seen))


def test_build_roles():
    configured = samples.settings(build_roles=("service-role/build", "ci"))
    good = {"service-role/build": "service-role/build", "ci": "ci"}
    assert found(configured, build_roles=good) == []
    assert found(configured, build_roles=good | {"ci": None}) == [f"package-flow:builds.roles: account {samples.ACCOUNT} has no role 'ci'"]
    assert found(configured, build_roles=good | {"ci": "service-role/ci"}) == [
        f"package-flow:builds.roles: 'ci' is 'service-role/ci' in account {samples.ACCOUNT}; write that"
    ]


def test_groups():
    research = samples.team("research", readers=Readers.TEAM, developer_groups=("Research",))
    configured = samples.settings(samples.team(), research, developers=DEVELOPERS)
    assert found(configured, identity_center=THERE) == []
    for group, where in (("Engineering", "package-flow:developers.groups"), ("Research", "catalog/test/research.yaml: developer_groups")):
        missing = IdentityCenter(THERE.instance_arn, GROUPS | {group: None})
        assert found(configured, identity_center=missing) == [f"{where}: IAM Identity Center has no group with the display name '{group}'"]


def test_no_identity_center():
    configured = samples.settings(developers=DEVELOPERS)
    (problem,) = found(configured, identity_center=IdentityCenter(""))
    assert problem.startswith("package-flow:developers: there is no IAM Identity Center in eu-west-1")
    assert found(configured, identity_center=THERE) == []


def test_nothing_is_looked_up_where_nothing_is_made():
    for developers in (None, Developers(("Engineering",), DeveloperMode.POLICY, "eu-west-1", "", 28_800)):
        assert found(samples.settings(developers=developers), identity_center=None) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cloud: cloud.missing.add("Research"), "display name 'Research'"),
        (lambda cloud: setattr(cloud, "has_identity_center", False), "there is no IAM Identity Center"),
        (lambda cloud: cloud.build_roles.pop("codebuild-research"), "has no role 'codebuild-research'"),
        (lambda cloud: cloud.build_roles.update({"codebuild-research": "x/codebuild-research"}), "is 'x/codebuild-research'"),
    ],
)
def test_the_program_stops_before_anything_is_made(change, words):
    cloud = Cloud(audiences=None)
    change(cloud)
    with pytest.raises(LookupProblems, match=words):
        run("prod", cloud)


def test_where_identity_center_is_asked():
    """In its own region; nothing is asked of it where others make the permission sets."""
    asked = {token: arguments for token, arguments in run("prod").invokes if token.startswith(("aws:ssoadmin", "aws:identitystore"))}
    assert {arguments["region"] for arguments in asked.values()} == {"eu-west-1"} and len(asked) == 3
    assert not [token for token, _ in run("dev").invokes if token.startswith(("aws:ssoadmin", "aws:identitystore"))]
