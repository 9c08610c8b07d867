"""Sandbox by its registrations."""

import pytest

from components.sandbox import Sandbox
from policies.document import text
from policies.resources.sandbox import sandbox_policy
from tests.components import samples
from tests.components.recording import Recording, record

DEVELOPERS = [f"arn:aws:iam::{samples.ACCOUNT}:role/engineers/*"]
PROGRAM = f"{samples.ROLES}test-*"


@pytest.fixture(scope="module")
def made() -> Recording:
    return record(lambda: Sandbox("acme-sandbox", samples.sandbox("engineers/*")))


def test_a_domain_and_its_policy_and_nothing_else(made):
    assert {one.type.rpartition(":")[2]: one.inputs for one in made.registrations if one.custom} == {
        "Domain": {"domain": "acme-sandbox"},
        "DomainPermissions": {"domain": "acme-sandbox", "policyDocument": text(sandbox_policy(PROGRAM, DEVELOPERS))},
    }


def test_it_can_be_thrown_away(made):
    assert not [one for one in made.registrations if one.options]


def test_the_policy_is_made_after_the_domain_and_removed_before_it(made):
    (domain,), (policy,) = made.of("Domain"), made.of("DomainPermissions")
    assert domain.urn in policy.dependencies
    (component,) = made.of("Sandbox")
    assert {domain.parent, policy.parent} == {component.urn}
    assert made.component_outputs[component.urn] == {"domainName": "acme-sandbox"}
