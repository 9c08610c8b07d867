"""DeveloperAccess by its registrations."""

import pulumi
import pytest

from components.developers import DeveloperAccess, identity_center
from policies.document import text
from policies.roles.build import read_only_permissions
from tests.components import samples
from tests.components.recording import Recording, record
from tests.policies.samples import REGISTRY

ROLE = "arn:aws:iam::222233334444:role/sets"


def made(role_arn: str = "", session: int = 28_800) -> Recording:
    def program() -> None:
        declared, planned = samples.developers(session, role_arn)
        provider = identity_center(declared)
        DeveloperAccess("developers", planned, opts=pulumi.ResourceOptions(providers=[provider] if provider else None))

    return record(program)


@pytest.fixture(scope="module")
def developers() -> Recording:
    return made()


def test_permission_sets(developers):
    everybody = developers.one("PermissionSet", "test-developers").inputs
    assert everybody == {
        "name": "test-developers",
        "description": "Packages of acme, read only",
        "instanceArn": samples.INSTANCE,
        "region": "us-east-1",
        "sessionDuration": "PT8H",
        "tags": {"package-flow:stack": "test"},
    }
    assert {one.name for one in developers.of("PermissionSet")} == {"test-developers", "test-developers-research"}


def test_each_has_the_same_policy(developers):
    document = text(read_only_permissions(REGISTRY, 3600, ["shared", "npmjs", "pypi"]))
    for one in developers.of("PermissionSetInlinePolicy"):
        assert one.inputs["inlinePolicy"] == document
        assert one.inputs["permissionSetArn"].endswith(f"/ps-{one.name}")


def test_groups_are_assigned_in_the_registrys_account_when_the_policy_is_there(developers):
    assignments = {one.name: one for one in developers.of("AccountAssignment")}
    assert set(assignments) == {"test-developers-Engineering", "test-developers-research-Research"}
    one = assignments["test-developers-research-Research"]
    assert {key: one.inputs[key] for key in ("principalId", "principalType", "targetId", "targetType")} == {
        "principalId": samples.RESEARCH,
        "principalType": "GROUP",
        "targetId": samples.ACCOUNT,
        "targetType": "AWS_ACCOUNT",
    }
    assert developers.one("PermissionSetInlinePolicy", "test-developers-research").urn in one.dependencies
    assert developers.one("PermissionSet", "test-developers-research").urn in developers.everything_before(one)


def test_the_session_is_as_long_as_it_says():
    assert {one.inputs["sessionDuration"] for one in made(session=5400).of("PermissionSet")} == {"PT1H30M"}


def test_identity_center_of_the_own_account_needs_no_provider(developers):
    assert {one.provider for one in developers.registrations} == {""}
    assert not developers.of("pulumi:providers:aws")


def test_identity_center_of_another_account_has_a_provider_with_a_guard():
    recorded = made(ROLE)
    (provider,) = recorded.of("pulumi:providers:aws")
    assert provider.inputs["region"] == "us-east-1"
    assert provider.inputs["allowedAccountIds"] == '["222233334444"]'
    assert provider.inputs["assumeRoles"] == '[{"roleArn": "' + ROLE + '"}]'
    own = {"PermissionSet", "PermissionSetInlinePolicy", "AccountAssignment"}
    assert all(one.provider.startswith(provider.urn) for one in recorded.registrations if one.type.rpartition(":")[2] in own)
    assert not any(word in str(provider.inputs).lower() for word in ("secret", "token", "accesskey"))


def test_outputs(developers):
    (component,) = developers.of("DeveloperAccess")
    assert developers.component_outputs[component.urn] == {
        "permissionSetArns": {
            name: f"arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-{name}"
            for name in ("test-developers", "test-developers-research")
        }
    }
