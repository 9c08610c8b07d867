"""Team by its registrations."""

import json

import pytest

from components.team import Team
from plan.declared import Publisher, Readers
from plan.parts import PackageGroup, TeamRepository
from policies.document import text
from policies.owned_names import Format
from policies.resources.sharing import Sharing
from policies.resources.team_repository import Publishers, team_repository_policy
from tests.components import samples
from tests.components.recording import Recording, record
from tests.policies.samples import REGISTRY


def registered(planned: TeamRepository) -> Team:
    return Team("payments", planned, "acme", planned.upstreams, "shared")


def made(**changed) -> Recording:
    return record(lambda: registered(samples.team(**changed)))


@pytest.fixture(scope="module")
def team() -> Recording:
    return made()


def test_the_repository_asks_its_upstreams_in_order(team):
    (repository,) = team.of("Repository")
    assert repository.inputs["repository"] == repository.name == "payments"
    assert repository.inputs["domain"] == "acme"
    assert [one["repositoryName"] for one in repository.inputs["upstreams"]] == ["identity", "shared"]
    assert "externalConnections" not in repository.inputs


@pytest.mark.parametrize("protect", [True, False])
def test_only_the_repository_is_protected(protect):
    assert {one.type for one in made(protect=protect).registrations if one.protect} == (
        {"aws:codeartifact/repository:Repository"} if protect else set()
    )


def test_readers_are_let_in_by_the_repository(team):
    (policy,) = team.of("RepositoryPermissionsPolicy")
    assert policy.inputs["policyDocument"] == text(team_repository_policy(REGISTRY, [samples.READ_ROLE]))
    assert policy.inputs["repository"] == "payments"
    assert team.of("Repository")[0].urn in policy.dependencies


def test_a_closed_team_has_no_policy():
    assert made(readers=Readers.TEAM).of("RepositoryPermissionsPolicy") == []


def test_sharing_opens_it_to_other_accounts():
    sharing = Sharing(accounts=("444455556666",))
    (policy,) = made(sharing=sharing).of("RepositoryPermissionsPolicy")
    assert "arn:aws:iam::444455556666:root" in policy.inputs["policyDocument"]
    assert not made(readers=Readers.TEAM, sharing=sharing).of("RepositoryPermissionsPolicy")


def test_a_package_group_for_each_owned_name(team):
    groups = {one.name: json.loads(one.inputs["desiredState"]) for one in team.of("aws:cloudcontrol/resource:Resource")}
    assert set(groups) == {"npm:@acme-payments/*", "maven:com.acme.payments:*"}
    assert groups["npm:@acme-payments/*"] == {
        "DomainName": "acme",
        "Pattern": "/npm/acme-payments/*",
        "OriginConfiguration": {
            "Restrictions": {
                "Publish": {"RestrictionMode": "ALLOW_SPECIFIC_REPOSITORIES", "Repositories": ["payments", "shared"]},
                "ExternalUpstream": {"RestrictionMode": "BLOCK"},
                "InternalUpstream": {"RestrictionMode": "ALLOW"},
            }
        },
    }
    assert {one.inputs["typeName"] for one in team.of("aws:cloudcontrol/resource:Resource")} == {"AWS::CodeArtifact::PackageGroup"}


def test_groups_come_after_the_repository_that_they_name(team):
    (repository,) = team.of("Repository")
    assert all(repository.urn in one.dependencies for one in team.of("aws:cloudcontrol/resource:Resource"))


def test_a_group_without_shared_is_refused():
    (owned, *_) = samples.OWNS[Format.NPM]
    assert PackageGroup("acme", owned, ("payments", "shared")).desired_state
    with pytest.raises(ValueError, match="shared"):
        _ = PackageGroup("acme", owned, ("payments",)).desired_state


def test_children_outputs_and_providers(team):
    (component,) = team.of("Team")
    assert {one.parent for one in team.registrations if one is not component} == {component.urn}
    assert {one.provider for one in team.registrations} == {""}
    arn = "arn:aws:codeartifact:eu-west-1:111122223333:repository/acme/payments"
    assert team.component_outputs[component.urn] == {"repository": "payments", "repositoryArn": arn}


def test_a_preview_registers_the_same(team):
    preview = record(lambda: registered(samples.team()), preview=True)
    assert {one.urn for one in preview.registrations} == {one.urn for one in team.registrations}


def test_roles_of_other_accounts_publish_what_the_team_owns():
    roles = ["arn:aws:iam::444455556666:role/ci-*"]
    (policy,) = made(publishers=(Publisher("444455556666", "ci-*"),)).of("RepositoryPermissionsPolicy")
    owned = ("npm/acme-payments/*", "maven/com.acme.payments/*")
    expected = team_repository_policy(REGISTRY, [samples.READ_ROLE], publishers=Publishers("payments", roles, owned))
    assert policy.inputs["policyDocument"] == text(expected)
    assert "PublishFromElsewhere" not in made().of("RepositoryPermissionsPolicy")[0].inputs["policyDocument"]


@pytest.mark.parametrize(("downstream", "asked"), [(("payments",), True), (("shared", "identity"), False)])
def test_it_is_an_upstream_of_others_only_where_asked(downstream, asked):
    (policy,) = made(sharing=Sharing("o-a1b2c3d4e5", downstream=downstream)).of("RepositoryPermissionsPolicy")
    assert ("AssociateWithDownstreamRepository" in policy.inputs["policyDocument"]) is asked
