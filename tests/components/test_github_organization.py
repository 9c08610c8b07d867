"""GitHubOrganization by its registrations, with the consumers that wait for it."""

import pytest

from components.consumer import ConsumingRepository
from components.github_organization import GitHubOrganization
from plan import parts
from settings import GithubScope
from tests.components import samples
from tests.components.recording import Recording, record
from tests.program import samples as company

READ = "arn:aws:iam::111122223333:role/package-flow/test-read"


def planned() -> parts.Plan:
    team = company.team(release_managers=("managers",))
    return samples.planned(
        team, seen={"payments-web": company.seen_repository("payments-web", id=9002)}, github_scope=GithubScope.ORGANIZATION
    )


def make(one: parts.Plan) -> None:
    assert one.organization
    organization = GitHubOrganization("organization", one.organization, "shared", READ)
    for each in one.consumers:
        ConsumingRepository(each.name, each, "payments", READ, organization_guards=organization.guards(each.organization_rulesets))


@pytest.fixture(scope="module")
def made() -> Recording:
    return record(lambda: make(planned()))


def test_a_ruleset_names_refs_and_repositories_by_their_ids(made: Recording):
    rulesets = {one.inputs["name"].rpartition("-")[0].removeprefix("package-flow-"): one for one in made.of("OrganizationRuleset")}
    assert set(rulesets) == {"release", "create", "default"}
    default = rulesets["default"].inputs
    assert default["conditions"] == {"refName": {"includes": ["~DEFAULT_BRANCH"], "excludes": []}, "repositoryIds": [9002]}
    release = rulesets["release"].inputs
    assert release["conditions"] == {"refName": {"includes": ["refs/heads/main"], "excludes": []}, "repositoryIds": [9001]}
    assert (release["enforcement"], release["target"], release["bypassActors"]) == ("active", "branch", [])
    assert rulesets["create"].inputs["bypassActors"] == [{"actorId": 5002, "actorType": "Team", "bypassMode": "always"}]
    assert all(one.name == one.inputs["name"].removeprefix("package-flow-") for one in rulesets.values())
    assert made.of("RepositoryRuleset") == []


def test_variables_are_seen_by_the_catalogs_repositories(made: Recording):
    variables = {one.inputs["variableName"]: one.inputs for one in made.of("ActionsOrganizationVariable")}
    assert {name: one["value"] for name, one in variables.items()} == {
        "CODEARTIFACT_DOMAIN": "acme",
        "CODEARTIFACT_DOMAIN_OWNER": "111122223333",
        "CODEARTIFACT_REGION": "eu-west-1",
        "CODEARTIFACT_REPOSITORY": "shared",
        "CODEARTIFACT_READ_ROLE_ARN": READ,
    }
    for one in variables.values():
        assert (one["visibility"], one["selectedRepositoryIds"]) == ("selected", [9001, 9002])


def test_a_role_that_publishes_waits_for_the_organisations_guards(made: Recording):
    (role,) = [one for one in made.of("Role") if "publish" in one.name]
    guards = {one.urn for one in made.of("OrganizationRuleset") if not one.inputs["name"].startswith("package-flow-default")}
    assert len(guards) == 2 and guards <= made.everything_before(role)


def test_a_repository_says_which_one_it_is(made: Recording):
    said = {one.name: made.component_outputs[one.urn] for one in made.of("ConsumingRepository")}
    assert {name: (one["repository"], one["repositoryId"]) for name, one in said.items()} == {
        "payments-api": ("payments-api", 9001),
        "payments-web": ("payments-web", 9002),
    }
    assert {one.inputs["repository"] for one in made.of("ActionsVariable")} == {"payments-api", "payments-web"}
    assert {one.inputs["variableName"] for one in made.of("ActionsVariable")} == {
        "CODEARTIFACT_REPOSITORY",
        "CODEARTIFACT_PUBLISH_ROLE_ARN",
    }
