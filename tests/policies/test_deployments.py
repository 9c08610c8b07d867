"""The documents of previewing and deploying: who may assume the roles, what the roles may do, what bounds what they make."""

import pytest

from policies import deployments
from policies.arns import Registry
from policies.deployment_tokens import Operation, PulumiStack, pulumi_audiences, pulumi_deployments, pulumi_provider_arn
from policies.deployments import Access, Deployed
from policies.document import statement, text
from policies.events import Names
from policies.github_tokens import GitHubRepository, Subjects
from policies.roles.deployer import deployer_permissions, deploying_workflow
from policies.roles.previewer import preview_permission_sets, previewer_permissions, pull_requests
from tests.policies import iam
from tests.policies.samples import NEIGHBOUR, OWNER, REGISTRY
from tests.policies.test_documents import actions_of, findings, mismatches, privilege

STACK = Deployed(REGISTRY, "prod")
NAMES = Names(REGISTRY, "prod", "/package-flow/")
PULUMI = PulumiStack("acme", "package-flow", "prod")
PROGRAM = GitHubRepository(OWNER, "package-flow", 9100)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d"
BUILD_ROLES = ("service-role/codebuild", "codebuild-research")

PREVIEW = previewer_permissions(REGISTRY, "prod", "/package-flow/", "acme-sandbox", BUILD_ROLES)
PERMISSION_SETS = preview_permission_sets(REGISTRY, "prod")
DEPLOY = deployer_permissions(REGISTRY, "prod", "/package-flow/", STACK.boundary_arn, "acme-sandbox", BUILD_ROLES, "")
BOUNDARY = deployments.boundary(NAMES, ["release"])
STATE = {access: deployments.state("acme-state", KEY, STACK, "package-flow", access) for access in Access}
IDENTITY = {
    "preview": PREVIEW,
    "boundary": BOUNDARY,
    "app key": deployments.app_key(STACK, Access.DEPLOY),
    "state of a preview": STATE[Access.PREVIEW],
    "state of a deployment": STATE[Access.DEPLOY],
}


def granted(statements) -> set[str]:
    return {action for one in statements for action in actions_of(one)}


# --- against AWS's tables -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["preview", "boundary", "app key"])
def test_actions_are_granted_on_the_resource_types_that_aws_has_for_them(name):
    """Not of the state: an ARN of S3 does not tell a bucket from an object by its start."""
    # kms:GenerateDataKey* are four actions on keys, which the table has no entry for by that name.
    statements = [one for one in IDENTITY[name] if one["Sid"] != "TellEncrypted"]
    assert mismatches(iam.document(text(statements))) == []


@pytest.mark.parametrize("name", IDENTITY)
def test_a_linter_finds_nothing(name):
    assert findings(IDENTITY[name]) == []


def test_a_preview_reads_and_lists():
    levels = {action: privilege(action)["access_level"] for action in granted([*PREVIEW, *PERMISSION_SETS])}
    assert {action: level for action, level in levels.items() if level not in ("Read", "List")} == {}


def test_what_a_preview_never_reads():
    """Packages, messages, secrets: reading them is of level Read too."""
    forbidden = ("GetSecretValue", "GetAuthorizationToken", "ReadFromRepository", "GetPackageVersionAsset", "ReceiveMessage", "Decrypt")
    assert [action for action in granted(PREVIEW) if action.partition(":")[2] in forbidden] == []
    assert not any(action.startswith(("sts:", "s3:")) for action in granted(PREVIEW))


def test_a_preview_reads_nothing_that_a_deployment_may_not():
    assert granted(PREVIEW) - granted(DEPLOY) == {"iam:ListOpenIDConnectProviders"}


def test_a_preview_reads_whatever_a_deployment_reads():
    """A refresh looks at every resource. The one is what the provider asks before it deletes a role."""
    reads = {action for action in granted(DEPLOY) if action.partition(":")[2].startswith(("Describe", "Get", "List"))}
    identity_center = {action for action in reads if action.startswith(("sso:", "identitystore:"))}
    assert reads - identity_center - granted(PREVIEW) == {"iam:ListInstanceProfilesForRole"}


def test_where_a_preview_reads_identity_center():
    """In this account by itself, in another one with a role that it is given, and nowhere in a stack without permission sets."""
    here, there, nowhere = (
        previewer_permissions(REGISTRY, "prod", "/package-flow/", identity_center=one) for one in ("", "arn:role", None)
    )
    assert granted(here) - granted(nowhere) == granted(PERMISSION_SETS)
    assert granted(there) - granted(nowhere) == {"sts:AssumeRole"}
    assert [one["Resource"] for one in there if one["Action"] == "sts:AssumeRole"] == ["arn:role"]


# --- Pulumi's tokens ------------------------------------------------------------------------------------------------------------------

HOST = "api.pulumi.com/oidc"


def assumes(access: Access, operation: str, *, stack: PulumiStack = PULUMI, audience: str = "acme", **changed: str) -> bool:
    subject = f"pulumi:deploy:org:{stack.organization}:project:{stack.project}:stack:{stack.stack}:operation:{operation}:scope:write"
    context = {f"{HOST}:aud": audience, f"{HOST}:sub": changed.get("sub", subject)}
    (statement,) = iam.document(text(pulumi_deployments(REGISTRY, PULUMI, access)))
    assert statement["Principal"] == {"Federated": "arn:aws:iam::111122223333:oidc-provider/api.pulumi.com/oidc"}
    assert list(statement["Condition"]) == ["StringEquals"]
    return iam.conditions_hold(statement, context)


@pytest.mark.parametrize("operation", ["update", "refresh", "destroy"])
def test_what_changes_something_gets_both_roles(operation):
    assert assumes(Access.PREVIEW, operation)
    assert assumes(Access.DEPLOY, operation)


def test_a_preview_gets_one():
    assert assumes(Access.PREVIEW, "preview")
    assert not assumes(Access.DEPLOY, "preview")


@pytest.mark.parametrize("access", list(Access))
@pytest.mark.parametrize(
    "changed",
    [
        {"stack": PulumiStack("acme", "package-flow", "dev")},
        {"stack": PulumiStack("acme", "package-flow", "prod-eu")},
        {"stack": PulumiStack("acme", "elsewhere", "prod")},
        {"stack": PulumiStack("globex", "package-flow", "prod")},
        {"audience": "globex"},
        {"audience": "aws:acme"},
        {"sub": "pulumi:environments:org:acme:env:package-flow/prod"},
        {"sub": PULUMI.subject(Operation.UPDATE) + ":more"},
    ],
    ids=str,
)
def test_another_subject_or_audience_gets_neither(access, changed):
    assert assumes(access, "update")
    assert not assumes(access, "update", **changed)


def test_audiences_of_the_provider():
    assert pulumi_audiences("acme", environments=False) == ["acme"]
    assert pulumi_audiences("acme", environments=True) == ["acme", "aws:acme"]


# --- GitHub's tokens ------------------------------------------------------------------------------------------------------------------


def claims(**changed: str) -> dict[str, str]:
    return {
        "aud": "sts.amazonaws.com",
        "sub": "repo:acme/package-flow:environment:prod",
        "repository_id": "9100",
        "ref": "refs/heads/release",
        "environment": "prod",
    } | changed


def deploys(**changed: str) -> bool:
    statements = deploying_workflow(REGISTRY, PROGRAM, "release", "prod", Subjects.BOTH)
    return iam.admits(iam.document(text(statements)), claims(**changed), REGISTRY.github_oidc_provider_arn)


@pytest.mark.parametrize("subject", ["repo:acme/package-flow:environment:prod", "repo:acme@7000/package-flow@9100:environment:prod"])
def test_the_workflow_deploys_from_its_branch_in_its_environment(subject):
    assert deploys(sub=subject)


@pytest.mark.parametrize(
    "changed",
    [
        {"ref": "refs/heads/main"},
        {"ref": "refs/tags/release"},
        {"environment": "dev"},
        {"environment": ""},
        {"repository_id": str(NEIGHBOUR.id)},
        {"aud": "https://github.com/acme"},
        {"sub": "repo:acme/package-flow:ref:refs/heads/release"},
        {"sub": "repo:acme/package-flow:pull_request"},
        {"sub": "repo:globex/package-flow:environment:prod"},
    ],
    ids=str,
)
def test_nothing_else_does(changed):
    assert deploys()
    assert not deploys(**changed)


def previews(**changed: str) -> bool:
    statements = pull_requests(REGISTRY, PROGRAM, Subjects.BOTH)
    own = {"sub": "repo:acme/package-flow:pull_request", "ref": "refs/pull/7/merge", "environment": ""}
    return iam.admits(iam.document(text(statements)), claims(**(own | changed)), REGISTRY.github_oidc_provider_arn)


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": "repo:acme/package-flow:ref:refs/heads/topic"},
        {"sub": "repo:acme/checkout-web:pull_request"},
        {"repository_id": str(NEIGHBOUR.id)},
    ],
    ids=str,
)
def test_a_pull_request_previews_and_nothing_else_does(changed):
    assert previews()
    assert not previews(**changed)


# --- the boundary ---------------------------------------------------------------------------------------------------------------------


def bounded(action: str, at: str, **context: str) -> bool:
    """What a role with every right may do within the boundary."""
    role = iam.Caller(REGISTRY.role_arn("/package-flow/", "prod-read"), REGISTRY.account)
    return iam.allowed(role, action, at, owner=REGISTRY.account, identity=BOUNDARY, context=context)


TOKEN = {"sts:AWSServiceName": "codeartifact.amazonaws.com"}
OTHER_DOMAIN = Registry("aws", REGISTRY.account, REGISTRY.region, "other")


@pytest.mark.parametrize(
    ("action", "at", "elsewhere"),
    [
        ("codeartifact:ReadFromRepository", REGISTRY.repository_arn("shared"), OTHER_DOMAIN.repository_arn("shared")),
        ("codeartifact:PublishPackageVersion", REGISTRY.package_arn("payments"), OTHER_DOMAIN.package_arn("payments")),
        ("codeartifact:CopyPackageVersions", REGISTRY.package_arn("shared"), OTHER_DOMAIN.package_arn("shared")),
        ("codeartifact:GetAuthorizationToken", REGISTRY.domain_arn, OTHER_DOMAIN.domain_arn),
        ("sns:Publish", NAMES.topic_arn, Names(REGISTRY, "dev", "/package-flow/").topic_arn),
        ("codepipeline:StartPipelineExecution", NAMES.pipeline_arn("release"), NAMES.pipeline_arn("another")),
    ],
)
def test_roles_use_their_domain_and_tell_of_it(action, at, elsewhere):
    assert bounded(action, at)
    assert not bounded(action, elsewhere)


def test_tokens_of_codeartifact_alone():
    assert bounded("sts:GetServiceBearerToken", "*", **TOKEN)
    assert not bounded("sts:GetServiceBearerToken", "*", **{"sts:AWSServiceName": "bedrock.amazonaws.com"})


@pytest.mark.parametrize(
    "action",
    ["codeartifact:DeletePackageVersions", "codeartifact:DisposePackageVersions", "codeartifact:PutRepositoryPermissionsPolicy"],
)
def test_roles_never_delete_or_administer(action):
    assert not bounded(action, REGISTRY.repository_arn("shared")) and not bounded(action, REGISTRY.package_arn("shared"))


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:PassRole", "sts:AssumeRole", "secretsmanager:GetSecretValue", "s3:GetObject"])
def test_roles_do_nothing_else(action):
    assert action.partition(":")[0] not in {one.partition(":")[0] for one in granted(BOUNDARY)} or not bounded(action, "*")


@pytest.mark.parametrize("name", ["read", "publish", "promote"])
def test_the_boundary_covers_what_the_programs_roles_are_given(name):
    from tests.policies.test_documents import IDENTITY as OF_ROLES

    for one in OF_ROLES[name]:
        for action in actions_of(one):
            for arn in iam.many(one["Resource"]):
                assert bounded(action, arn, **TOKEN, **{"sts:DurationSeconds": "900"}), (action, arn)


# --- the deployer ---------------------------------------------------------------------------------------------------------------------


def deployer_may(action: str, at: str, **context: str) -> bool:
    caller = iam.Caller(STACK.role_arn(Access.DEPLOY), REGISTRY.account)
    return iam.allowed(caller, action, at, owner=REGISTRY.account, identity=DEPLOY, context=context)


BOUND = {"iam:PermissionsBoundary": STACK.boundary_arn}


@pytest.mark.parametrize("action", sorted(one for one in granted(DEPLOY) if one.startswith("iam:")))
def test_the_deployer_reaches_nothing_of_the_bootstrap(action):
    policy = {"iam:PolicyARN": REGISTRY.policy_arn("/package-flow/", "prod-read")}
    for access in Access:
        assert not deployer_may(action, STACK.role_arn(access), **BOUND, **policy)
    assert not deployer_may(action, STACK.boundary_arn)
    assert not deployer_may(action, pulumi_provider_arn(REGISTRY))


def test_the_deployer_attaches_the_read_policy_and_no_other_to_the_build_roles_and_no_other():
    build, read = REGISTRY.role_arn("/", BUILD_ROLES[0]), REGISTRY.policy_arn("/package-flow/", "prod-read")
    assert deployer_may("iam:AttachRolePolicy", build, **{"iam:PolicyARN": read})
    assert not deployer_may("iam:AttachRolePolicy", build, **{"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"})
    assert not deployer_may("iam:AttachRolePolicy", REGISTRY.role_arn("/", "another"), **{"iam:PolicyARN": read})


def test_the_deployer_makes_roles_of_its_stack_and_of_no_other_whose_name_begins_so():
    own, other = (REGISTRY.role_arn("/package-flow/", name) for name in ("prod-read", "production-read"))
    for action in sorted(one for one in granted(DEPLOY) if one.startswith("iam:") and deployer_may(one, own, **BOUND)):
        assert not deployer_may(action, other, **BOUND), action
    assert deployer_may("iam:CreateRole", own, **BOUND)


@pytest.mark.parametrize("role", [NAMES.role_arn, NAMES.chat_role_arn])
def test_the_deployer_gives_the_roles_of_events_to_two_services_and_to_no_other(role):
    for service in ("events.amazonaws.com", "chatbot.amazonaws.com"):
        assert deployer_may("iam:PassRole", role, **{"iam:PassedToService": service})
    for context in ({"iam:PassedToService": "lambda.amazonaws.com"}, {}):
        assert not deployer_may("iam:PassRole", role, **context)
    assert not deployer_may(
        "iam:PassRole", REGISTRY.role_arn("/package-flow/", "prod-read"), **{"iam:PassedToService": "events.amazonaws.com"}
    )


# --- a preview ------------------------------------------------------------------------------------------------------------------------


def preview_may(action: str, at: str) -> bool:
    caller = iam.Caller(STACK.role_arn(Access.PREVIEW), REGISTRY.account)
    return iam.allowed(caller, action, at, owner=REGISTRY.account, identity=PREVIEW)


@pytest.mark.parametrize(
    "action", sorted(one for one in granted(PREVIEW) if one.startswith("iam:") and "Policy" in one and "Role" not in one)
)
def test_a_preview_reads_the_policies_of_its_stack_and_no_other(action):
    assert preview_may(action, REGISTRY.policy_arn("/package-flow/", "prod-read"))
    for path, name in (("/", "prod-read"), ("/package-flow/", "dev-read"), ("/package-flow/", "production-read"), ("/", "payroll")):
        assert not preview_may(action, REGISTRY.policy_arn(path, name)), name
    assert not preview_may(action, STACK.boundary_arn)


# --- the state in a bucket ------------------------------------------------------------------------------------------------------------


def state_may(access: Access, action: str, at: str) -> bool:
    caller = iam.Caller(STACK.role_arn(access), REGISTRY.account)
    return iam.allowed(caller, action, at, owner=REGISTRY.account, identity=STATE[access])


# Where the backend keeps things of a stack (pulumi/pulumi, pkg/backend/diy).
KEPT = (
    "stacks/{project}/{stack}.json",
    "stacks/{project}/{stack}.json.bak",
    "history/{project}/{stack}/{stack}-1.history.json",
    "backups/{project}/{stack}/{stack}.1.json",
    "locks/organization/{project}/{stack}/1.json",
)


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_the_state_of_its_stack_and_of_no_other(kept, action):
    def at(stack: str = "prod", project: str = "package-flow", bucket: str = "acme-state") -> str:
        return f"arn:aws:s3:::{bucket}/.pulumi/{kept.format(project=project, stack=stack)}"

    assert state_may(Access.DEPLOY, action, at())
    assert state_may(Access.PREVIEW, action, at()) is (action == "s3:GetObject")
    for access in Access:
        for other in (at("dev"), at("prod-eu"), at("production"), at(project="elsewhere"), at(bucket="acme-state-2")):
            assert not state_may(access, action, other), other


# --- keys of the GitHub Apps ------------------------------------------------------------------------------------------------------------


def test_each_role_reads_its_own_key():
    for access, other in ((Access.DEPLOY, Access.PREVIEW), (Access.PREVIEW, Access.DEPLOY)):
        caller = iam.Caller(STACK.role_arn(access), REGISTRY.account)
        identity, resource = deployments.app_key(STACK, access), deployments.app_secret(STACK, access)
        secret, others = (STACK.app_secret_arn(one).replace("??????", "AbCdEf") for one in (access, other))
        read = "secretsmanager:GetSecretValue"
        assert iam.allowed(caller, read, secret, owner=REGISTRY.account, identity=identity)
        assert not iam.allowed(caller, read, others, owner=REGISTRY.account, identity=identity)
        everything = [statement("Everything", "*", "*")]
        administrator = iam.Caller(REGISTRY.role_arn("/", "administrator"), REGISTRY.account)
        assert iam.allowed(caller, read, secret, owner=REGISTRY.account, identity=everything, resource_policy=resource)
        assert iam.allowed(administrator, read, secret, owner=REGISTRY.account, identity=everything)
        assert not iam.allowed(administrator, read, secret, owner=REGISTRY.account, identity=everything, resource_policy=resource)


def test_a_key_is_the_secret_of_that_name_and_no_longer_one():
    """Secrets Manager puts a hyphen and six characters behind the name; a name that goes on is another secret."""
    for access in Access:
        caller, identity = iam.Caller(STACK.role_arn(access), REGISTRY.account), deployments.app_key(STACK, access)

        def reads(name: str, caller: iam.Caller = caller, identity: list = identity) -> bool:
            arn = f"arn:aws:secretsmanager:eu-west-1:{REGISTRY.account}:secret:{name}"
            return iam.allowed(caller, "secretsmanager:GetSecretValue", arn, owner=REGISTRY.account, identity=identity)

        own = STACK.app_secret_name(access)
        assert reads(f"{own}-AbCdEf")
        for other in (own, f"{own}-old-AbCdEf", f"{own}AbCdEf", f"{own}-AbCdEfG", f"{own}/more-AbCdEf"):
            assert not reads(other), other
