"""Team stacks in the bootstrap: their roles, what these may never do, what deploys them and in which order."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap import apart, declaration, rights
from bootstrap.declaration import Declaration
from policies.arns import Registry
from policies.deployments import BOOTSTRAP_PATH, Access, Deployed, state
from policies.document import text
from policies.names import RoleKind, read_role_name, role_name
from settings.problems import SettingsError
from tests.bootstrap import samples
from tests.components.recording import Recording
from tests.policies.iam import like
from tests.program import team_stacks
from tests.program.team_stacks import PAYMENTS, REGISTRY

RESEARCH = "prod-research"
STACKS = {name: {"branch": "release"} for name in (REGISTRY, PAYMENTS, RESEARCH)}
REGISTRY_OF = Registry("aws", samples.ACCOUNT, "eu-west-1", "acme")


def checkout(root: Path, *, actions: bool = False) -> Path:
    """Prod as shipped with two team stacks, whose deployers its file names."""
    own = yaml.safe_load((samples.ROOT / "Pulumi.prod.yaml").read_text())["config"]["package-flow:iam"]
    deployers = [f"package-flow-bootstrap/{stack}-deployer" for stack in STACKS]
    changed: dict[str, Any] = {"package-flow:iam": {**own, "deployers": deployers}}
    if actions:
        changed["package-flow:githubOidcProvider"] = "existing"
    samples.checkout(root, prod=changed)
    for team, stack in (("payments", PAYMENTS), ("research", RESEARCH)):
        team_stacks.give(root, team, stack)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def problems(root: Path, stacks: dict[str, Any]) -> list[str]:
    try:
        samples.parse(root, stacks=stacks)
    except SettingsError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Declaration:
    return samples.parse(checkout(tmp_path_factory.mktemp("declared")), stacks=STACKS)


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return samples.recorded(checkout(tmp_path_factory.mktemp("registered")), stacks=STACKS)


def documents(declared: Declaration, stack: str, access: Access, backend: rights.Backend | None = None) -> dict[str, Any]:
    (one,) = (each for each in declared.stacks if each.name == stack)
    return rights.documents(one.settings, REGISTRY_OF, access, backend)


def allowed(declared: Declaration, stack: str, access: Access = Access.DEPLOY) -> Iterator[tuple[str, str]]:
    """Each action with each resource pattern that a role's main policy allows it on."""
    for one in documents(declared, stack, access)["stack"]:
        actions, resources = ([each] if isinstance(each, str) else each for each in (one["Action"], one["Resource"]))
        yield from ((action, resource) for action in actions for resource in resources)


def may(declared: Declaration, action: str, resource: str, access: Access = Access.DEPLOY) -> bool:
    return any(one == action and like(pattern, resource) for one, pattern in allowed(declared, PAYMENTS, access))


# --- what it may do -------------------------------------------------------------------------------------------------------------------


def things() -> list[tuple[str, str, bool]]:
    """Actions on things of the registry, and whether the deployer of payments' stack may do them."""
    repository, role = REGISTRY_OF.repository_arn, lambda name: REGISTRY_OF.role_arn("/package-flow/", name)
    group = REGISTRY_OF.package_group_arn
    return [
        ("codeartifact:UpdateRepository", repository("payments"), True),
        ("codeartifact:PutRepositoryPermissionsPolicy", repository("payments"), True),
        ("codeartifact:DeleteRepository", repository("payments"), True),
        *(("codeartifact:UpdateRepository", repository(name), False) for name in ("shared", "npmjs", "identity", "research", "payments2")),
        ("codeartifact:PutRepositoryPermissionsPolicy", repository("shared"), False),
        ("codeartifact:AssociateExternalConnection", repository("payments"), False),
        # What it installs from: identity is among its upstreams, research keeps its packages to its own.
        *(("codeartifact:AssociateWithDownstreamRepository", repository(name), True) for name in ("shared", "identity")),
        *(("codeartifact:AssociateWithDownstreamRepository", repository(name), False) for name in ("research", "platform")),
        ("codeartifact:UpdatePackageGroupOriginConfiguration", group("/npm/acme-payments/*"), True),
        ("codeartifact:UpdatePackageGroupOriginConfiguration", group("/npm/acme-identity/*"), False),
        ("codeartifact:PutDomainPermissionsPolicy", REGISTRY_OF.domain_arn, False),
        ("codeartifact:DeleteDomain", REGISTRY_OF.domain_arn, False),
        *(("iam:UpdateAssumeRolePolicy", role(role_name(REGISTRY, kind, "payments-api")), True) for kind in RoleKind),
        *(("iam:UpdateAssumeRolePolicy", role(read_role_name(REGISTRY, number)), False) for number in (1, 2, 12)),
        *(("iam:UpdateAssumeRolePolicy", role(name), False) for name in ("prod-events", "prod-events-chat", "dev-publish-payments-api")),
        *(("iam:CreateRole", f"arn:aws:iam::{samples.ACCOUNT}:role{BOOTSTRAP_PATH}{name}", False) for name in ("prod-deployer", "prod-x")),
        ("iam:CreateOpenIDConnectProvider", REGISTRY_OF.github_oidc_provider_arn, False),
        ("iam:CreatePolicyVersion", REGISTRY_OF.policy_arn("/package-flow/", "prod-read"), False),
        ("kms:PutKeyPolicy", f"arn:aws:kms:eu-west-1:{samples.ACCOUNT}:key/1", False),
        ("kms:CreateKey", "*", False),
        ("sns:SetTopicAttributes", f"arn:aws:sns:eu-west-1:{samples.ACCOUNT}:prod-package-versions", False),
    ]


@pytest.mark.parametrize(("action", "resource", "expected"), things())
def test_the_deployer_has_its_teams_things_and_no_others(declared: Declaration, action: str, resource: str, expected: bool) -> None:
    assert may(declared, action, resource) is expected
    # The registry stack's deployer may all of it, but for the bootstrap's roles and another stack's.
    theirs = any(one == action and like(pattern, resource) for one, pattern in allowed(declared, REGISTRY))
    assert theirs is not (BOOTSTRAP_PATH in resource or "dev-" in resource)


def test_every_role_that_it_creates_is_bounded(declared: Declaration) -> None:
    (bounded,) = (one for one in documents(declared, PAYMENTS, Access.DEPLOY)["stack"] if "iam:CreateRole" in one["Action"])
    boundary = f"arn:aws:iam::{samples.ACCOUNT}:policy{BOOTSTRAP_PATH}prod-boundary"
    assert bounded["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    assert {"iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"} <= set(bounded["Action"])


def test_a_preview_reads_alone(declared: Declaration) -> None:
    deployer = set(allowed(declared, PAYMENTS))
    verbs = {action.partition(":")[2] for action, _ in allowed(declared, PAYMENTS, Access.PREVIEW)}
    assert all(verb.startswith(("Get", "List", "Describe")) for verb in verbs)
    assert {action for action, _ in allowed(declared, PAYMENTS, Access.PREVIEW)} <= {action for action, _ in deployer}
    assert may(declared, "iam:GetRole", REGISTRY_OF.role_arn("/package-flow/", "prod-publish-payments-api"), Access.PREVIEW)


def test_it_reads_the_registry_stacks_state_and_writes_its_own(declared: Declaration) -> None:
    """A self-managed backend: the outputs of the registry stack are in its checkpoint."""
    backend = rights.Backend("bucket", samples.STATE_KEY)
    given = text(documents(declared, PAYMENTS, Access.DEPLOY, backend)["state"])
    statements = json.loads(given)["Statement"]
    folder = "arn:aws:s3:::bucket/.pulumi/stacks/package-flow"
    (outputs,) = (one for one in statements if one["Sid"] == "ReadOutputs")
    assert outputs["Action"] == "s3:GetObject" and outputs["Resource"] == [f"{folder}/prod.json", f"{folder}/prod.json.gz"]
    written = [each for one in statements if "s3:PutObject" in one["Action"] for each in one["Resource"]]
    assert written and all("/package-flow/prod-payments" in one for one in written)
    # A stack that refers to none reads none.
    own = state("bucket", samples.STATE_KEY, Deployed(REGISTRY_OF, REGISTRY), "package-flow", Access.DEPLOY)
    assert "ReadOutputs" not in text(own)


# --- what is registered ---------------------------------------------------------------------------------------------------------------


def test_each_has_its_roles_and_the_registry_stacks_boundary(registered: Recording) -> None:
    names = {one.inputs["name"] for one in registered.of("Role")}
    assert names == {f"{stack}-{kind}" for stack in STACKS for kind in ("preview", "deployer")}
    assert [one.inputs["name"] for one in registered.of("Policy")] == ["prod-boundary"]
    assert "boundary" in registered.outputs[REGISTRY] and "boundary" not in registered.outputs[PAYMENTS]


def test_pulumi_deployments_run_them_side_by_side_each_for_its_files(registered: Recording) -> None:
    settings = {one.inputs["stack"]: one.inputs for one in registered.of("DeploymentSettings")}
    assert set(settings) == set(STACKS)
    paths = settings[PAYMENTS]["vcs"]["paths"]
    assert {f"Pulumi.{PAYMENTS}.yaml", "Pulumi.prod.yaml", "adopted/prod.json", "catalog/prod/**", "*.py"} <= set(paths)
    assert f"Pulumi.{RESEARCH}.yaml" not in paths


def test_a_workflow_deploys_the_registry_stack_first(tmp_path: Path) -> None:
    made = samples.recorded(checkout(tmp_path, actions=True), pulumiCloud={}, githubActions=samples.ACTIONS, stacks=STACKS)
    variables = {one.inputs["variableName"]: json.loads(one.inputs["value"]) for one in made.of("ActionsVariable") if "STACKS" in one.name}
    assert variables == {"PACKAGE_FLOW_STACKS": {"release": [REGISTRY]}, "PACKAGE_FLOW_TEAM_STACKS": {"release": [PAYMENTS, RESEARCH]}}
    assert {one.inputs["environment"] for one in made.of("RepositoryEnvironment")} == set(STACKS)


# --- what is refused ------------------------------------------------------------------------------------------------------------------


def test_a_registry_stack_and_its_team_stacks_are_no_trespassers(root: Path) -> None:
    assert problems(root, STACKS) == []


def test_a_team_stack_comes_with_its_registry_stack_and_its_branch(root: Path) -> None:
    (found,) = problems(root, {PAYMENTS: {"branch": "release"}})
    assert "prod among them too: it is the registry stack of prod-payments" in found
    (found,) = problems(root, {**STACKS, PAYMENTS: {"branch": "main"}})
    assert "stacks.prod-payments.branch: got 'main', allowed: release, which deploys its registry stack prod" in found


def test_the_domain_lets_in_its_deployer(root: Path) -> None:
    file = root / "Pulumi.prod.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "prod-payments-deployer" not in line))
    (found,) = problems(root, STACKS)
    assert "package-flow:iam.deployers" in found and "package-flow-bootstrap/prod-payments-deployer among them" in found


def test_two_team_stacks_keep_their_keys_and_states_apart(declared: Declaration) -> None:
    account = apart.Account(REGISTRY_OF, rights.Backend("bucket", samples.STATE_KEY))
    beside = [apart.Beside(one.settings, account) for one in declared.stacks]
    assert list(apart.reached(beside)) == []
    (payments,) = (one for one in declared.stacks if one.name == PAYMENTS)
    kept = apart.kept_for(payments.settings, account)
    assert all("prod-payments" in arn for thing in kept for arn in thing.arns)


def test_no_preview_role_of_identity_center(root: Path) -> None:
    role = "arn:aws:iam::222233334444:role/reads"
    (found,) = problems(root, {**STACKS, PAYMENTS: {"branch": "release", "identityCenterPreviewRole": role}})
    assert "prod alone, the registry stack, looks at Identity Center" in found


def test_the_declaration_knows_both_names(declared: Declaration) -> None:
    assert [(one.name, one.settings.stack) for one in declared.stacks] == [(name, REGISTRY) for name in STACKS]
    assert declaration.PROJECT == apart.PROJECT
