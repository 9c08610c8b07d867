"""What the bootstrap registers: for Pulumi Deployments, and for GitHub Actions."""

import json
from functools import cache

import pulumi
import pytest

from bootstrap import pulumi_cloud, rights
from lookups import LookupProblems
from plan import sizes
from policies.arns import Registry
from policies.deployment_tokens import PulumiStack, any_of, pulumi_deployments
from policies.deployments import Access, Deployed
from policies.document import text
from policies.github_tokens import GitHubRepository, Owner
from policies.roles.deployer import deploying_workflow
from policies.roles.previewer import drift_checks, pull_requests
from tests.bootstrap import samples
from tests.components.recording import Recording

REPOSITORY = GitHubRepository(Owner("acme", samples.OWNER_ID), "package-flow", samples.REPOSITORY_ID)
STACKS = ("dev", "prod")
DOMAINS = {"dev": "acme-dev", "prod": "acme"}


def registry(stack: str) -> Registry:
    return Registry("aws", samples.ACCOUNT, "eu-west-1", DOMAINS[stack])


@cache
def shipped() -> Recording:
    return samples.recorded()


@pytest.fixture(scope="module")
def actions(tmp_path_factory) -> Recording:
    root = samples.with_actions(tmp_path_factory.mktemp("actions"))
    stacks = {"dev": {"branch": "main"}, "prod": {"branch": "release", "reviewers": ["release-managers"]}}
    return samples.recorded(root, pulumiCloud={}, githubActions=samples.ACTIONS, stacks=stacks)


def test_a_preview_of_the_bootstrap_registers_the_same():
    assert {one.urn for one in samples.recorded(preview=True).registrations} == {one.urn for one in shipped().registrations}


def test_what_deploying_rests_on_is_protected():
    """The engine protects what is inside a protected component."""
    components = [one for kind in ("StackRoles", "ProgramRepository") for one in shipped().of(kind)]
    assert len(components) == 3 and all(one.protect for one in components)


# --- Pulumi Deployments ----------------------------------------------------------------------------------------------------------------


def test_pulumis_provider_has_the_organisation_as_its_audience_and_stays():
    provider = shipped().one("OpenIdConnectProvider", "pulumi")
    assert provider.inputs["url"] == "https://api.pulumi.com/oidc"
    assert provider.inputs["clientIdLists"] == ["acme"]
    assert provider.options["retainOnDelete"] is True


def test_esc_environments_share_the_provider():
    made = samples.recorded(pulumiCloud={"organization": "acme", "environments": True})
    assert made.one("OpenIdConnectProvider", "pulumi").inputs["clientIdLists"] == ["acme", "aws:acme"]


def test_an_existing_provider_is_adopted():
    assert samples.recorded(pulumiCloud={"organization": "acme", "oidcProvider": "existing"}).of("OpenIdConnectProvider") == []


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("access", list(Access))
def test_each_role_trusts_its_operations_and_has_its_rights(stack, access):
    told = next(one for one in samples.parse().stacks if one.name == stack)
    role = shipped().one("Role", f"{stack}-{access}")
    trusted = pulumi_deployments(registry(stack), PulumiStack("acme", "package-flow", stack), access)
    assert role.inputs["assumeRolePolicy"] == text(trusted)
    assert role.inputs["path"] == "/package-flow-bootstrap/"
    assert role.inputs["name"] == Deployed(registry(stack), stack).role_name(access)
    assert "permissionsBoundary" not in role.inputs
    wanted = {
        name: text(one)
        for name, one in rights.documents(told.settings, registry(stack), access, None, told.identity_center_preview_role).items()
    }
    policies = {one.inputs["name"]: one.inputs["policy"] for one in shipped().of("RolePolicy") if one.name.startswith(f"{stack}-{access}-")}
    assert policies == wanted and set(policies) == {"stack", "github-app"}
    assert sum(map(len, policies.values())) <= sizes.INLINE_MAX


@pytest.mark.parametrize("stack", STACKS)
def test_the_boundary_is_the_one_that_the_stack_file_names(stack):
    told = next(one for one in samples.parse().stacks if one.name == stack)
    policy = shipped().one("Policy", f"{stack}-boundary")
    assert f"arn:aws:iam::{samples.ACCOUNT}:policy{policy.inputs['path']}{policy.inputs['name']}" == told.settings.iam.permissions_boundary
    assert policy.inputs["policy"] == text(rights.boundary(told.settings, registry(stack)))
    assert len(policy.inputs["policy"]) <= sizes.MANAGED_MAX


def test_guards_come_before_the_roles_that_trust_what_they_guard():
    guards = {one.urn for one in shipped().of("RepositoryRuleset")}
    assert len(guards) == 3
    for role in shipped().of("Role"):
        assert guards <= shipped().everything_before(role)


def test_the_branches_that_deploy_are_guarded():
    change, create = (shipped().ruleset(f"{kind}-acme").inputs for kind in ("deploy", "deploy-create"))
    deploying = ["refs/heads/main", "refs/heads/release"]
    assert change["conditions"]["refName"]["includes"] == deploying
    assert create["conditions"]["refName"]["includes"] == deploying
    assert change["bypassActors"] == create["bypassActors"] == []
    assert change["rules"]["pullRequest"]["requiredApprovingReviewCount"] == 1
    checks = change["rules"]["requiredStatusChecks"]["requiredChecks"]
    assert [(one["context"], one["integrationId"]) for one in checks] == [("check", 15368), ("rehearse", 15368)]
    assert create["rules"]["creation"] is True


def test_code_owners_approve_where_the_bootstrap_says_so(tmp_path):
    root = samples.checkout(tmp_path)
    (root / ".github").mkdir()
    (root / ".github" / "CODEOWNERS").write_text("* @acme/platform\n")
    asked = samples.recorded(root, codeOwners=True).ruleset("deploy-acme").inputs
    usual = shipped().ruleset("deploy-acme").inputs
    assert asked["rules"]["pullRequest"] == {**usual["rules"]["pullRequest"], "requireCodeOwnerReview": True}
    assert "requireCodeOwnerReview" not in usual["rules"]["pullRequest"]
    # Another ruleset, which comes before the former one goes.
    assert asked["name"] != usual["name"]


def test_tags_that_would_pass_for_a_guarded_branch_are_nobodys():
    made = shipped().ruleset("tags-acme").inputs
    assert (made["name"].rpartition("-")[0], made["target"], made["enforcement"]) == ("package-flow-tags-acme", "tag", "active")
    assert made["conditions"]["refName"] == {"includes": ["refs/tags/main", "refs/tags/release"], "excludes": []}
    assert made["bypassActors"] == []
    assert made["rules"] == {"creation": True, "update": True, "deletion": True}


def test_a_secret_has_no_value_and_one_reader():
    assert shipped().of("SecretVersion") == []
    assert {one.inputs["name"] for one in shipped().of("Secret")} == {
        f"package-flow/{stack}/github-app-{access}" for stack in STACKS for access in Access
    }
    for one in shipped().of("SecretPolicy"):
        (statement,) = json.loads(one.inputs["policy"])["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert list(statement["Condition"]) == ["ArnNotEquals"]
        assert one.inputs["blockPublicPolicy"] is True


@pytest.mark.parametrize(("stack", "branch", "previews"), [("dev", "main", True), ("prod", "release", False)])
def test_deployment_settings(stack, branch, previews):
    made = shipped().one("DeploymentSettings", f"{stack}-deployments").inputs
    deployed = Deployed(registry(stack), stack)
    assert (made["organization"], made["project"], made["stack"]) == ("acme", "package-flow", stack)
    assert made["sourceContext"] == {"git": {"branch": branch}}
    assert "github" not in made
    vcs = made["vcs"]
    assert (vcs["provider"], vcs["repository"]) == ("github", "acme/package-flow")
    assert (vcs["deployCommits"], vcs["previewPullRequests"], vcs["pullRequestTemplate"]) == (True, previews, False)
    assert vcs["paths"] == list(pulumi_cloud.paths(stack, f"catalog/{stack}"))
    context = made["operationContext"]
    # Whatever runs begins with the rights of a preview.
    assert context["oidc"]["aws"]["roleARN"] == deployed.role_arn(Access.PREVIEW)
    assert context["environmentVariables"]["PACKAGE_FLOW_DEPLOYER"] == deployed.role_arn(Access.DEPLOY)
    assert context["environmentVariables"]["PACKAGE_FLOW_STACK"] == stack
    reads_with = "arn:aws:iam::222233334444:role/package-flow-permission-sets-preview" if stack == "prod" else None
    assert context["environmentVariables"].get("PACKAGE_FLOW_IDENTITY_CENTER") == reads_with
    assert context["environmentVariables"]["GITHUB_TOKEN"]
    assert context["options"] == {"skipInstallDependencies": True, "skipIntermediateDeployments": True}
    assert context["preRunCommands"] == list(pulumi_cloud.PRE_RUN)
    assert context["preRunCommands"][-1] == "bash bootstrap/credentials.sh"


@pytest.mark.parametrize("stack", STACKS)
def test_drift_is_looked_for_and_never_repaired_unseen(stack):
    made = shipped().one("DriftSchedule", f"{stack}-drift")
    assert made.inputs == {
        "organization": "acme",
        "project": "package-flow",
        "stack": stack,
        "scheduleCron": "23 5 * * *",
        "autoRemediate": False,
    }
    assert shipped().one("DeploymentSettings", f"{stack}-deployments").urn in shipped().everything_before(made)
    assert samples.recorded(driftDetection="never").of("DriftSchedule") == []
    assert samples.recorded(driftDetection="0 */4 * * 1-5").one("DriftSchedule", f"{stack}-drift").inputs["scheduleCron"] == "0 */4 * * 1-5"


# --- GitHub Actions --------------------------------------------------------------------------------------------------------------------


def test_without_pulumi_cloud_nothing_is_made_there(actions):
    assert actions.of("DeploymentSettings") == []
    assert [one.name for one in actions.of("OpenIdConnectProvider")] == ["github"]


@pytest.mark.parametrize(("stack", "branch"), [("dev", "main"), ("prod", "release")])
def test_workflows_are_trusted_by_branch_and_environment(actions, stack, branch):
    told = next(one for one in samples.parse().stacks if one.name == stack)
    forms = told.settings.subjects
    deploy, preview = (actions.one("Role", f"{stack}-{access}").inputs["assumeRolePolicy"] for access in (Access.DEPLOY, Access.PREVIEW))
    assert deploy == text(deploying_workflow(registry(stack), REPOSITORY, branch, stack, forms))
    ways = [pull_requests(registry(stack), REPOSITORY, forms), drift_checks(registry(stack), REPOSITORY, "main", forms)]
    assert preview == text(any_of(ways))


def test_environments_belong_to_one_branch(actions):
    assert {one.name: one.inputs["branchPattern"] for one in actions.of("RepositoryEnvironmentDeploymentPolicy")} == {
        "dev": "main",
        "prod": "release",
    }
    prod, dev = (actions.one("RepositoryEnvironment", name).inputs for name in ("prod", "dev"))
    assert prod["reviewers"] == [{"teams": [samples.TEAM_ID]}] and prod["canAdminsBypass"] is False
    assert prod["preventSelfReview"] is True, "whoever pushed would let the deployment start by themselves"
    assert not {"reviewers", "preventSelfReview"} & set(dev)
    assert all(one["deploymentBranchPolicy"] == {"protectedBranches": False, "customBranchPolicies": True} for one in (prod, dev))
    guards = {one.urn for kind in ("RepositoryRuleset", "RepositoryEnvironment") for one in actions.of(kind)}
    for role in actions.of("Role"):
        assert guards <= actions.everything_before(role)


def test_the_workflow_gets_what_it_asks_for(actions):
    values = {one.inputs["variableName"]: one.inputs["value"] for one in actions.of("ActionsVariable")}
    assert json.loads(values["PACKAGE_FLOW_STACKS"]) == {"main": ["dev"], "release": ["prod"]}
    assert values["PACKAGE_FLOW_BACKEND"] == "s3://acme-pulumi-state?region=eu-west-1"
    for stack in STACKS:
        for access, name in ((Access.DEPLOY, "deployer"), (Access.PREVIEW, "preview")):
            assert f"{values['PACKAGE_FLOW_ROLES']}{stack}-{name}" == Deployed(registry(stack), stack).role_arn(access)
    assert json.loads(values["PACKAGE_FLOW_DRIFT"]) == [{"stack": "dev", "branch": "main"}, {"stack": "prod", "branch": "release"}]
    workflows = [(samples.ROOT / f".github/workflows/{name}.yml").read_text() for name in ("deploy", "drift")]
    assert all(any(f"vars.{name}" in one for one in workflows) for name in values)


def test_a_schedule_has_its_own_way_in_which_never_takes_away(tmp_path, actions):
    never = deployed_by_actions(samples.with_actions(tmp_path), driftDetection="never")
    assert "PACKAGE_FLOW_DRIFT" not in {one.inputs["variableName"] for one in never.of("ActionsVariable")}
    for stack in STACKS:
        trusts = {
            name: {one["Sid"]: one for one in json.loads(made.one("Role", f"{stack}-preview").inputs["assumeRolePolicy"])["Statement"]}
            for name, made in (("daily", actions), ("never", never))
        }
        assert set(trusts["never"]) == {"PullRequests"} and set(trusts["daily"]) == {"PullRequests", "DriftChecks"}
        equals = trusts["daily"]["DriftChecks"]["Condition"]["StringEquals"]
        said = {name.partition(":")[2]: value for name, value in equals.items()}
        assert said.pop("sub")[-1] == "repo:acme/package-flow:ref:refs/heads/main"
        assert said == {
            "aud": "sts.amazonaws.com",
            "repository_id": str(samples.REPOSITORY_ID),
            "ref": "refs/heads/main",
            "job_workflow_ref": "acme/package-flow/.github/workflows/drift.yml@refs/heads/main",
        }
        assert "drift.yml" not in actions.one("Role", f"{stack}-deploy").inputs["assumeRolePolicy"]


def test_the_state_is_written_by_deployments_alone(actions):
    for stack in STACKS:
        policies = {access: json.loads(actions.one("RolePolicy", f"{stack}-{access}-state").inputs["policy"]) for access in Access}
        granted = {
            access: {
                action for one in document["Statement"] for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
            }
            for access, document in policies.items()
        }
        assert granted[Access.PREVIEW] == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
        assert granted[Access.DEPLOY] == granted[Access.PREVIEW] | {"s3:PutObject", "s3:DeleteObject"}
        other = "prod" if stack == "dev" else "dev"
        assert f"/{other}" not in json.dumps(policies)


def test_a_preview_never_gets_the_role_that_makes_permission_sets():
    told = next(one for one in samples.parse().stacks if one.name == "prod")
    assert told.settings.developers
    makes, reads = told.settings.developers.role_arn, told.identity_center_preview_role
    policies = {access: shipped().one("RolePolicy", f"prod-{access}-stack").inputs["policy"] for access in Access}
    assert makes in policies[Access.DEPLOY] and reads not in policies[Access.DEPLOY]
    assert reads in policies[Access.PREVIEW] and f'"{makes}"' not in policies[Access.PREVIEW]
    without = text(rights.previewer(told.settings, registry("prod")))
    assert "sts:AssumeRole" not in without and "sso:" not in without


# --- look-ups --------------------------------------------------------------------------------------------------------------------------


def test_a_repository_that_is_not_there_is_told():
    with pytest.raises(pulumi.RunError, match="got no repository from GitHub; expected acme/elsewhere"):
        samples.recorded(repository="elsewhere")


def test_a_mistake_ends_the_program_before_anything_is_registered():
    with pytest.raises(pulumi.RunError, match="nothing was changed"):
        samples.recorded(approvals=0)


# --- environments that were there before ------------------------------------------------------------------------------------------------

BEFORE = {"prod": {"protection_rules": [{"type": "wait_timer", "wait_timer": 30}]}}


def deployed_by_actions(root, **more) -> Recording:
    return samples.recorded(root, pulumiCloud=None, githubActions=samples.ACTIONS, **more)


def test_an_environment_of_others_is_not_overwritten(tmp_path):
    """Called like a stack: its reviewers and its wait timer would be gone."""
    root = samples.with_actions(tmp_path)
    with pytest.raises(LookupProblems) as refused:
        deployed_by_actions(root, there=samples.There(environments=BEFORE))
    (problem,) = refused.value.problems
    assert problem.startswith(
        "acme/package-flow has the environment prod already, which is not in this stack's state, with a wait timer of 30 min"
    )
    assert "Delete it there, or give the stack another name" in problem and "import it with the id package-flow:prod" in problem
    assert deployed_by_actions(root, there=samples.There(environments={"production": {}}))
    # Without GitHub Actions the bootstrap makes none, and asks for none.
    assert samples.recorded(root, there=samples.There(environments=BEFORE))


@pytest.mark.parametrize(
    ("name", "id", "known"), [("package-flow", 1, True), ("former", samples.REPOSITORY_ID, True), ("former", 1, False)]
)
def test_an_environment_of_its_own_is_changed(tmp_path, name, id, known):
    outputs = {"repository": name, "environment": "prod", "repositoryId": id}
    resources = {"urn:e": {"type": "github:index/repositoryEnvironment:RepositoryEnvironment", "outputs": outputs}}
    there = samples.There(environments=BEFORE, resources=resources)
    root = samples.with_actions(tmp_path)
    if known:
        assert deployed_by_actions(root, there=there)
    else:
        with pytest.raises(LookupProblems):
            deployed_by_actions(root, there=there)
