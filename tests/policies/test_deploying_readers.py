"""The deployer and the read policy of builds, build roles, and IAM Identity Center."""

import pytest

from policies.document import text
from policies.names import STACK_TAG
from policies.roles.deployer import _PERMISSION_SET, deployer_permissions, permission_sets
from tests.policies import iam
from tests.policies.samples import REGISTRY
from tests.policies.test_documents import findings, privilege

READ_POLICY = REGISTRY.policy_arn("/package-flow/", "prod-read")
BUILD, OTHER = REGISTRY.role_arn("/service-role/", "build"), REGISTRY.role_arn("/service-role/", "other")
IDENTITY_ROLE = "arn:aws:iam::222233334444:role/permission-sets"
SETS = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
ACCOUNT = f"arn:aws:sso:::account/{REGISTRY.account}"
OURS, THEIRS = {f"aws:ResourceTag/{STACK_TAG}": "prod"}, {f"aws:ResourceTag/{STACK_TAG}": "dev"}


def deployer(**given) -> list:
    return deployer_permissions(REGISTRY, "prod", "/package-flow/", **given)


def may(rights: list, action: str, at: str, **context: str) -> bool:
    caller = iam.Caller("arn:aws:iam::111122223333:role/deployer", REGISTRY.account)
    return iam.allowed(caller, action, at, owner=REGISTRY.account, identity=iam.document(text(rights)), context=context)


@pytest.mark.parametrize("action", ["iam:AttachRolePolicy", "iam:DetachRolePolicy"])
def test_the_read_policy_and_no_other_is_attached_to_the_named_roles(action):
    rights = deployer(build_roles=["service-role/build"])
    assert may(rights, action, BUILD, **{"iam:PolicyARN": READ_POLICY})
    assert not may(rights, action, BUILD, **{"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"})
    assert not may(rights, action, OTHER, **{"iam:PolicyARN": READ_POLICY})
    assert not may(deployer(), action, BUILD, **{"iam:PolicyARN": READ_POLICY})


def test_build_roles_stay_as_they_are():
    rights = deployer(build_roles=["service-role/build"])
    assert may(rights, "iam:GetRole", BUILD)
    for action in ("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "sts:AssumeRole"):
        assert not may(rights, action, BUILD), action


def test_one_policy_is_the_deployers():
    """A permissions boundary may live beside it: changing that would take the bounds away."""
    assert may(deployer(), "iam:CreatePolicyVersion", READ_POLICY)
    for name in ("prod-boundary", "dev-read", "prod-read-more"):
        assert not may(deployer(), "iam:CreatePolicyVersion", REGISTRY.policy_arn("/package-flow/", name)), name


def test_identity_center_of_another_account_is_reached_by_one_role():
    rights = deployer(identity_center=IDENTITY_ROLE)
    assert may(rights, "sts:AssumeRole", IDENTITY_ROLE)
    assert not may(rights, "sts:AssumeRole", f"{IDENTITY_ROLE}-2")
    assert not may(rights, "sso:CreatePermissionSet", INSTANCE)
    assert not may(deployer(), "sts:AssumeRole", IDENTITY_ROLE)


def test_identity_center_of_the_own_account():
    assert may(deployer(identity_center=""), "sso:CreatePermissionSet", INSTANCE)
    assert not may(deployer(), "sso:CreatePermissionSet", INSTANCE)


RIGHTS = permission_sets(REGISTRY, "prod")
# Those of others are described too, because only that tells what they are called.
CHANGES = [action for action in _PERMISSION_SET if action not in ("sso:ListTagsForResource", "sso:DescribePermissionSet")]


@pytest.mark.parametrize("action", CHANGES)
def test_permission_sets_of_the_stack_and_no_other_are_changed(action):
    assert may(RIGHTS, action, SETS, **OURS)
    assert not may(RIGHTS, action, SETS, **THEIRS)
    assert not may(RIGHTS, action, SETS), "one without the tag, such as an administrator's"


def test_a_new_permission_set_carries_the_tag():
    assert may(RIGHTS, "sso:CreatePermissionSet", SETS, **{f"aws:RequestTag/{STACK_TAG}": "prod"})
    assert not may(RIGHTS, "sso:CreatePermissionSet", SETS, **{f"aws:RequestTag/{STACK_TAG}": "dev"})
    assert not may(RIGHTS, "sso:CreatePermissionSet", SETS)


def test_assignments_are_to_the_registrys_account_alone():
    assert may(RIGHTS, "sso:CreateAccountAssignment", ACCOUNT)
    assert not may(RIGHTS, "sso:CreateAccountAssignment", "arn:aws:sso:::account/444455556666")


def test_its_actions_exist_and_a_linter_finds_nothing():
    for one in RIGHTS:
        for action in iam.many(one["Action"]):
            assert privilege(action)["privilege"] == action.partition(":")[2]
    # Each of these actions is checked on several resources; they stand in two statements, because only one of the resources has the tag.
    assert [one for one in findings(RIGHTS) if not one.startswith("RESOURCE_MISMATCH: ")] == []


@pytest.mark.parametrize(
    "action",
    [
        "sso:AttachManagedPolicyToPermissionSet",
        "sso:DeleteInstance",
        "sso:PutPermissionsBoundaryToPermissionSet",
        "identitystore:CreateGroupMembership",
    ],
)
def test_what_it_may_not(action):
    for at in (SETS, INSTANCE, ACCOUNT, "*"):
        assert not may(RIGHTS, action, at, **OURS)


# --- keys -----------------------------------------------------------------------------------------------------------------------------

KEY = f"arn:aws:kms:{REGISTRY.region}:{REGISTRY.account}:key/0a1b2c3d"
REQUESTED = {f"aws:RequestTag/{STACK_TAG}": "prod"}


@pytest.mark.parametrize(
    "action", ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription"]
)
def test_a_key_is_the_stacks_if_its_tag_says_so(action):
    assert may(deployer(), action, KEY, **OURS)
    assert not may(deployer(), action, KEY, **THEIRS)
    assert not may(deployer(), action, KEY)


def test_a_key_is_made_with_the_stacks_tag():
    for action in ("kms:CreateKey", "kms:TagResource"):
        assert may(deployer(), action, "*", **REQUESTED)
        assert not may(deployer(), action, "*", **{f"aws:RequestTag/{STACK_TAG}": "dev"})
        assert not may(deployer(), action, "*")


def test_a_key_of_another_stack_is_not_taken_by_tagging_it():
    assert not may(deployer(), "kms:TagResource", KEY, **REQUESTED, **THEIRS)


def test_grants_are_codeartifacts():
    """CodeArtifact makes one with the rights of who makes the domain."""
    assert may(deployer(), "kms:CreateGrant", KEY, **{"kms:ViaService": f"codeartifact.{REGISTRY.region}.amazonaws.com"})
    assert not may(deployer(), "kms:CreateGrant", KEY, **{"kms:ViaService": f"sns.{REGISTRY.region}.amazonaws.com"})
    assert not may(deployer(), "kms:CreateGrant", KEY)


def test_nothing_is_decrypted():
    assert not may(deployer(), "kms:Decrypt", KEY, **OURS)
