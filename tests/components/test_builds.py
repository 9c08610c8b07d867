"""BuildAccess by its registrations."""

import pytest

from components.builds import BuildAccess
from policies.document import text
from policies.roles.build import read_only_permissions
from tests.components import samples
from tests.components.recording import Recording, record
from tests.policies.samples import REGISTRY


def made(*roles: str) -> Recording:
    return record(lambda: BuildAccess("builds", samples.builds(*roles)))


@pytest.fixture(scope="module")
def builds() -> Recording:
    return made("service-role/build")


def test_the_policy_is_the_pure_functions_document(builds):
    (policy,) = builds.of("Policy")
    assert (policy.inputs["name"], policy.inputs["path"]) == ("test-read", "/package-flow/")
    assert policy.inputs["policy"] == text(read_only_permissions(REGISTRY, 3600, ["shared", "npmjs", "pypi"]))


def test_each_role_gets_it_after_it_is_made(builds):
    (attachment,), (policy,) = builds.of("RolePolicyAttachment"), builds.of("Policy")
    assert attachment.inputs == {"role": "build", "policyArn": "arn:aws:iam::111122223333:policy/package-flow/test-read"}
    assert policy.urn in attachment.dependencies


@pytest.mark.parametrize("roles", [[], ["one"], ["one", "two"]])
def test_roles_are_named_by_the_stack_and_made_by_others(roles):
    recorded = made(*roles)
    assert [one.inputs["role"] for one in recorded.of("RolePolicyAttachment")] == roles
    assert not recorded.of("Role") and len(recorded.of("Policy")) == 1


def test_outputs_and_parents(builds):
    (component,) = builds.of("BuildAccess")
    assert builds.component_outputs[component.urn] == {"policyArn": "arn:aws:iam::111122223333:policy/package-flow/test-read"}
    assert all(one.parent == component.urn and one.provider == "" for one in builds.registrations if one is not component)
