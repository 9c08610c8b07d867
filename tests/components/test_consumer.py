"""ConsumingRepository by its registrations."""

import json

import pulumi
import pytest

from components.consumer import ConsumingRepository
from components.registry import PackageRegistry
from components.team import Team
from plan import parts
from plan.declared import Promotes
from policies import guards
from policies.branches import declare
from policies.document import text
from policies.github_tokens import Subjects
from policies.owned_names import Format, parse
from policies.roles.promote import promote_permissions, promote_trust
from policies.roles.publish import publish_permissions, publish_trust
from policies.roles.read import read_permissions, repository_read_trust
from tests.components import samples
from tests.components.recording import Monitor, Recording, Registration, record, run_with
from tests.policies.samples import PROMOTION, REGISTRY, REPOSITORY, WORKFLOW
from tests.program.fake import Cloud

PROMOTES = Promotes(("leads",))
OWNED = [parse(Format.NPM, "@acme-payments/*")]
READABLE = ["payments", "shared", "npmjs", "pypi"]
BRANCHES = declare(("main", "release/*"))


def registered(planned: parts.ConsumingRepository, **options) -> ConsumingRepository:
    return ConsumingRepository(planned.name, planned, "payments", samples.READ_ROLE, **options)


def made(**changed) -> Recording:
    return record(lambda: registered(samples.consumer(**changed)))


@pytest.fixture(scope="module")
def installing() -> Recording:
    return made()


@pytest.fixture(scope="module")
def publisher() -> Recording:
    return made(publishes=True, required_checks=("test",))


@pytest.fixture(scope="module")
def promoter() -> Recording:
    return made(publishes=True, environment="packages", promotes=PROMOTES)


def kinds(recording: Recording) -> set[str]:
    return {one.type.rpartition(":")[2] for one in recording.registrations if one.custom}


def role(recording: Recording, kind: str) -> Registration:
    return recording.one("Role", f"payments-api-{kind}")


def environment(recording: Recording, name: str) -> Registration:
    (found,) = [one for one in recording.of("RepositoryEnvironment") if one.inputs["environment"] == name]
    return found


# --- installing -----------------------------------------------------------------------------------------------------------------------


def test_an_installing_repository_is_variables_and_one_ruleset(installing):
    assert kinds(installing) == {"ActionsVariable", "RepositoryRuleset"}
    assert not any(one.type.startswith("aws:") for one in installing.registrations)
    (ruleset,) = installing.of("RepositoryRuleset")
    assert ruleset.name == ruleset.inputs["name"].replace("package-flow", "payments-api")
    assert ruleset.inputs["name"].rpartition("-")[0] == "package-flow-default"
    assert ruleset.inputs["conditions"] == {"refName": {"includes": ["refs/heads/main"], "excludes": []}}
    assert ruleset.inputs["rules"] == {"deletion": True, "nonFastForward": True}
    assert ruleset.inputs["bypassActors"] == []


def test_its_checks_if_it_asks():
    (ruleset,) = made(required_checks=("test",)).of("RepositoryRuleset")
    assert ruleset.inputs["rules"]["requiredStatusChecks"]["requiredChecks"] == [{"context": "test", "integrationId": 15368}]


def test_its_reviews_if_it_asks():
    (ruleset,) = made(approvals=2).of("RepositoryRuleset")
    assert ruleset.inputs["rules"] == {
        "deletion": True,
        "nonFastForward": True,
        "pullRequest": {"requiredApprovingReviewCount": 2, "dismissStaleReviewsOnPush": True, "requireLastPushApproval": True},
    }


def test_variables_of_an_installing_repository(installing):
    assert {one.inputs["variableName"]: one.inputs["value"] for one in installing.of("ActionsVariable")} == {
        "CODEARTIFACT_DOMAIN": "acme",
        "CODEARTIFACT_DOMAIN_OWNER": samples.ACCOUNT,
        "CODEARTIFACT_REGION": "eu-west-1",
        "CODEARTIFACT_REPOSITORY": "payments",
        "CODEARTIFACT_READ_ROLE_ARN": samples.READ_ROLE,
    }
    assert {one.inputs["repository"] for one in installing.of("ActionsVariable")} == {"payments-api"}


def test_a_repository_of_a_closed_team_has_a_read_role_of_its_own():
    own = made(closed=True)
    assert role(own, "read").inputs["name"] == "test-read-payments-api"
    assert role(own, "read").inputs["assumeRolePolicy"] == text(repository_read_trust(REGISTRY, REPOSITORY, Subjects.BOTH))
    (policy,) = own.of("RolePolicy")
    assert policy.inputs["policy"] == text(read_permissions(REGISTRY, 3600, READABLE))
    values = {one.inputs["variableName"]: one.inputs["value"] for one in own.of("ActionsVariable")}
    assert values["CODEARTIFACT_READ_ROLE_ARN"] == f"{samples.ROLES}test-read-payments-api"


# --- publishing -----------------------------------------------------------------------------------------------------------------------


def test_what_a_publishing_repository_gets(publisher):
    assert kinds(publisher) == {"ActionsVariable", "RepositoryRuleset", "WorkflowRepositoryPermissions", "Role", "RolePolicy"}
    assert {one.inputs["name"].rpartition("-")[0] for one in publisher.of("RepositoryRuleset")} == {
        "package-flow-release",
        "package-flow-create",
    }
    values = {one.inputs["variableName"]: one.inputs["value"] for one in publisher.of("ActionsVariable")}
    assert values["CODEARTIFACT_PUBLISH_ROLE_ARN"] == f"{samples.ROLES}test-publish-payments-api"
    assert "CODEARTIFACT_PROMOTE_ROLE_ARN" not in values


def test_the_release_ruleset_has_no_bypass(publisher):
    release = publisher.ruleset("release").inputs
    assert (release["target"], release["enforcement"], release["repository"]) == ("branch", "active", "payments-api")
    assert release["bypassActors"] == []
    assert release["conditions"]["refName"] == {"includes": guards.release_refs("main", BRANCHES), "excludes": []}
    assert release["rules"] == {
        "deletion": True,
        "nonFastForward": True,
        "pullRequest": {"requiredApprovingReviewCount": 1, "dismissStaleReviewsOnPush": True, "requireLastPushApproval": True},
        "requiredStatusChecks": {"requiredChecks": [{"context": "test", "integrationId": 15368}], "doNotEnforceOnCreate": True},
    }


def test_another_default_branch_is_covered_too():
    trunk = made(publishes=True, default_branch="trunk")
    assert "refs/heads/trunk" in trunk.ruleset("release").inputs["conditions"]["refName"]["includes"]
    assert "refs/heads/trunk" not in trunk.ruleset("create").inputs["conditions"]["refName"]["includes"]


@pytest.mark.parametrize(("teams", "bypass"), [(("managers",), [{"actorId": 5002, "actorType": "Team", "bypassMode": "always"}]), ((), [])])
def test_only_release_managers_create_a_release_branch(teams, bypass):
    create = made(publishes=True, managers=teams).ruleset("create").inputs
    assert create["bypassActors"] == bypass
    assert create["rules"] == {"creation": True}
    assert create["conditions"]["refName"] == {"includes": guards.create_refs(BRANCHES), "excludes": []}


def test_workflows_may_not_approve(publisher):
    (permissions,) = publisher.of("WorkflowRepositoryPermissions")
    assert permissions.inputs == {"repository": "payments-api", "canApprovePullRequestReviews": False, "defaultWorkflowPermissions": "read"}


def test_the_publish_role(publisher):
    inputs = role(publisher, "publish").inputs
    assert inputs["name"] == "test-publish-payments-api" and inputs["path"] == "/package-flow/" and inputs["maxSessionDuration"] == 3600
    assert inputs["assumeRolePolicy"] == text(publish_trust(REGISTRY, REPOSITORY, BRANCHES, "", WORKFLOW, Subjects.BOTH))
    policy = publisher.one("RolePolicy", "payments-api-publish").inputs
    assert policy["policy"] == text(publish_permissions(REGISTRY, 3600, "payments", OWNED, READABLE))
    assert policy["role"] == inputs["name"]


def test_any_workflow_is_no_condition():
    document = role(made(publishes=True, workflow=None), "publish").inputs["assumeRolePolicy"]
    assert "job_workflow_ref" not in document
    assert ":ref" in document


def test_the_boundary_bounds_every_role():
    boundary = f"arn:aws:iam::{samples.ACCOUNT}:policy/boundary"
    bounded = made(boundary=boundary, closed=True, publishes=True, promotes=PROMOTES)
    assert [one.inputs["permissionsBoundary"] for one in bounded.of("Role")] == [boundary] * 3


def test_long_names_are_cut():
    name = "a-repository-whose-name-is-far-longer-than-a-role-of-iam-may-be-named"
    (long,) = [one for one in made(name=name, publishes=True).of("Role") if one.name == f"{name}-publish"]
    assert len(long.inputs["name"]) == 64
    assert name in long.inputs["assumeRolePolicy"]


# --- environments and promotion -------------------------------------------------------------------------------------------------------


def test_environments_let_in_the_release_branches_and_nothing_else(promoter):
    environments = {one.inputs["environment"]: one for one in promoter.of("RepositoryEnvironment")}
    assert set(environments) == {"packages", "promote"}
    for one in environments.values():
        assert one.inputs["deploymentBranchPolicy"] == {"protectedBranches": False, "customBranchPolicies": True}
        assert one.inputs["canAdminsBypass"] is False
    patterns = {(one.inputs["environment"], one.inputs["branchPattern"]) for one in promoter.of("RepositoryEnvironmentDeploymentPolicy")}
    assert patterns == {(environment, branch) for environment in environments for branch in BRANCHES.names}


def test_a_promotion_is_approved_by_others(promoter):
    promote = environment(promoter, "promote").inputs
    assert promote["reviewers"] == [{"teams": [5001]}]
    assert promote["preventSelfReview"] is True
    publish = environment(promoter, "packages").inputs
    assert "reviewers" not in publish and "preventSelfReview" not in publish


def test_plans_without_the_admin_switch():
    """GitHub refuses the switch where the plan has none."""
    free = made(publishes=True, environment="packages", github_plan="team")
    assert "canAdminsBypass" not in free.of("RepositoryEnvironment")[0].inputs


def test_the_environment_is_in_the_trust(promoter):
    document = text(publish_trust(REGISTRY, REPOSITORY, BRANCHES, "packages", WORKFLOW, Subjects.BOTH))
    assert role(promoter, "publish").inputs["assumeRolePolicy"] == document


def test_the_promote_role(promoter):
    inputs = role(promoter, "promote").inputs
    assert inputs["name"] == "test-promote-payments-api"
    assert inputs["assumeRolePolicy"] == text(promote_trust(REGISTRY, REPOSITORY, BRANCHES, PROMOTION, Subjects.BOTH))
    policy = promoter.one("RolePolicy", "payments-api-promote").inputs["policy"]
    assert policy == text(promote_permissions(REGISTRY, 3600, "payments", OWNED))
    values = {one.inputs["variableName"]: one.inputs["value"] for one in promoter.of("ActionsVariable")}
    assert values["CODEARTIFACT_PROMOTE_ROLE_ARN"] == f"{samples.ROLES}test-promote-payments-api"


# --- order of change ------------------------------------------------------------------------------------------------------------------

GUARDS = ("RepositoryRuleset", "WorkflowRepositoryPermissions", "RepositoryEnvironment", "RepositoryEnvironmentDeploymentPolicy")


def guards_of(recording: Recording, *, promotion: bool) -> set[str]:
    made = [one for kind in GUARDS for one in recording.of(kind)]
    return {one.urn for one in made if promotion or one.inputs.get("environment") != "promote"}


def test_roles_come_after_their_guards(publisher, promoter):
    for recording in (publisher, promoter):
        assert guards_of(recording, promotion=False) <= set(role(recording, "publish").dependencies)
    assert guards_of(promoter, promotion=True) <= set(role(promoter, "promote").dependencies)
    assert len(guards_of(promoter, promotion=True)) == 3 + 2 + 4


def test_policies_of_an_environment_come_after_it(promoter):
    for policy in promoter.of("RepositoryEnvironmentDeploymentPolicy"):
        assert environment(promoter, policy.inputs["environment"]).urn in policy.dependencies


@pytest.mark.parametrize("before", [BRANCHES.names, ()])
def test_roles_come_after_the_policies_of_what_they_are_let_into(before):
    """The component waits for registry and team; depends_on is not inherited, so its roles say it again."""

    def program():
        registry = PackageRegistry("acme", samples.registry())
        team = Team("payments", samples.team(), registry.domain_name, [], registry.shared_repository)
        planned = samples.consumer(closed=True, publishes=True, promotes=PROMOTES, before=before)
        opts = pulumi.ResourceOptions(depends_on=[registry, team])
        ConsumingRepository("payments-api", planned, team.repository, samples.READ_ROLE, opts=opts)

    recording = record(program, invoke=branches_there("main"))
    policies = {one.urn for kind in ("RepositoryPermissionsPolicy", "DomainPermissions") for one in recording.of(kind)}
    assert len(policies) == 5
    for kind in ("read", "publish", "promote"):
        assert policies <= recording.everything_before(role(recording, kind)), kind


# --- branches that appear during a run --------------------------------------------------------------------------------------------------

LISTING = "github:index/getRepositoryBranches:getRepositoryBranches"


def branches_there(*names: str) -> Cloud:
    """GitHub, where the repository has these branches."""
    cloud = Cloud(audiences=None)
    cloud.branches = list(names)
    return cloud


def onboarded(*there: str, before: tuple[str, ...] = (), accepted: tuple[str, ...] = (), preview: bool = False) -> Recording:
    """A repository that promotes too; `there` are its branches once they are guarded."""
    planned = samples.consumer(publishes=True, accepted_branches=accepted, promotes=PROMOTES, before=before)
    return record(
        lambda: registered(planned),
        invoke=branches_there(*there),
        preview=preview,
    )


def test_roles_wait_for_the_branches_that_are_there_behind_the_guards():
    recording = onboarded("main", "release/1.0", "feature/x", accepted=("release/1.0",))
    assert recording.invokes == [(LISTING, {"repository": "payments-api"})]
    guards_ = {one.urn for one in recording.of("RepositoryRuleset")}
    for kind in ("publish", "promote"):
        assert guards_ <= recording.everything_before(role(recording, kind))


@pytest.mark.parametrize("before", [(), ("main",)])
def test_a_branch_that_appears_between_look_ups_and_guards_is_not_trusted(before):
    with pytest.raises(pulumi.RunError, match=r"payments-api: release/evil appeared during this run.*guarded now and not trusted"):
        onboarded("main", "release/evil", before=before)


def test_no_role_is_registered_then():
    def program():
        registered(samples.consumer(publishes=True, promotes=PROMOTES, before=()))

    monitor = Monitor(branches_there("main", "release/evil"), preview=False)
    with pytest.raises(pulumi.RunError):
        run_with(program, monitor, config={}, project="package-flow", stack="test")
    types = [one.type.rpartition(":")[2] for one in monitor.recording.registrations]
    assert "RepositoryRuleset" in types and "Role" not in types


def test_branches_that_publish_already_are_not_asked_for_again():
    assert onboarded("main", "release/evil", before=BRANCHES.names).invokes == []
    assert onboarded("main", "release/evil", preview=True).invokes == []


def test_rights_come_after_their_role_and_variables_last(publisher):
    rights = publisher.one("RolePolicy", "payments-api-publish")
    assert role(publisher, "publish").urn in rights.dependencies
    variable = publisher.one("ActionsVariable", "payments-api-CODEARTIFACT_PUBLISH_ROLE_ARN")
    assert role(publisher, "publish").urn in variable.dependencies


# --- form -----------------------------------------------------------------------------------------------------------------------------


def test_children_and_providers(promoter, installing):
    for recording in (promoter, installing):
        (component,) = recording.of("ConsumingRepository")
        assert {one.parent for one in recording.registrations if one is not component} == {component.urn}
        assert {one.provider for one in recording.registrations} == {""}
        assert not any(one.protect or one.options.get("retainOnDelete") for one in recording.registrations)


def test_no_secret_is_written_to_github(promoter):
    assert not any("secret" in one.type.lower() for one in promoter.registrations)
    assert not any("token" in json.dumps(one.inputs).lower() for one in promoter.of("ActionsVariable"))


def test_outputs(promoter, installing):
    (component,) = promoter.of("ConsumingRepository")
    assert promoter.component_outputs[component.urn] == {
        "readRoleArn": samples.READ_ROLE,
        "publishRoleArn": f"{samples.ROLES}test-publish-payments-api",
        "promoteRoleArn": f"{samples.ROLES}test-promote-payments-api",
        # Guards have ids alone; the next run compares.
        "teams": {"leads": 5001, "managers": 5002},
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"repository": "payments", "environment": "api-packages"}, {"repository": "payments-api", "environment": "packages"}),
        ({"repository": "web", "environment": "x-promote"}, {"repository": "web-x", "environment": "packages"}),
        ({"repository": "web", "environment": "a"}, {"repository": "web-a", "environment": "b"}),
    ],
)
def test_repositories_and_environments_never_make_the_same_resource_name(one, other):
    """Components of one type share a name space: a URN has the parent's type in it, not its name."""

    def program():
        for each in (one, other):
            registered(samples.consumer(each["repository"], publishes=True, environment=each["environment"], promotes=PROMOTES))

    recording = record(program)
    assert len(recording.of("RepositoryEnvironment")) == 4


def test_a_preview_registers_the_same(promoter):
    planned = samples.consumer(publishes=True, environment="packages", promotes=PROMOTES)
    preview = record(lambda: registered(planned), preview=True)
    assert {one.urn for one in preview.registrations} == {one.urn for one in promoter.registrations}
