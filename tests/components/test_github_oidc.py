"""GitHubOidc by its registrations."""

import json

import pytest

from components.github_oidc import GitHubOidc
from plan.declared import OidcProvider, ReadRole
from policies.document import text
from policies.github_tokens import Subjects
from policies.roles.read import read_permissions
from tests.components import samples
from tests.components.recording import Recording, record
from tests.policies.samples import REGISTRY
from tests.program import samples as company


def made(*teams, **changed) -> Recording:
    return record(lambda: GitHubOidc("github", samples.oidc(*teams, **changed)))


@pytest.fixture(scope="module")
def oidc() -> Recording:
    return made()


def test_the_provider_stays_when_the_stack_goes(oidc):
    (provider,) = oidc.of("OpenIdConnectProvider")
    assert provider.inputs == {"url": "https://token.actions.githubusercontent.com", "clientIdLists": ["sts.amazonaws.com"]}
    assert provider.options["retainOnDelete"] is True
    assert {one.urn for one in oidc.registrations if one.options.get("retainOnDelete")} == {provider.urn}


def test_an_adopted_provider_is_nobodys_resource(oidc):
    adopted = made(oidc_provider=OidcProvider.EXISTING)
    assert adopted.of("OpenIdConnectProvider") == []
    arn = f"arn:aws:iam::{samples.ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    for one in (adopted, oidc):
        assert one.component_outputs[one.of("GitHubOidc")[0].urn] == {"providerArn": arn, "readRoleArn": samples.READ_ROLE}


def test_the_read_role(oidc):
    (role,) = oidc.of("Role")
    assert role.inputs["name"] == "test-read" and role.inputs["path"] == "/package-flow/"
    assert role.inputs["maxSessionDuration"] == 3600
    assert "permissionsBoundary" not in role.inputs and "managedPolicyArns" not in role.inputs and "inlinePolicies" not in role.inputs
    (policy,) = oidc.of("RolePolicy")
    assert policy.inputs["policy"] == text(read_permissions(REGISTRY, 3600, ["shared", "npmjs", "pypi"]))
    assert policy.inputs["role"] == "test-read"
    assert role.urn in policy.dependencies
    assert oidc.of("OpenIdConnectProvider")[0].urn in role.dependencies


def test_the_boundary_bounds():
    boundary = f"arn:aws:iam::{samples.ACCOUNT}:policy/boundary"
    assert made(iam=samples.iam(boundary)).of("Role")[0].inputs["permissionsBoundary"] == boundary


def test_the_roles_rights_do_not_grow_with_the_catalog(oidc):
    grown = made(company.team(repositories=tuple(company.installing(f"r{number}") for number in range(60))))
    assert grown.of("RolePolicy")[0].inputs["policy"] == oidc.of("RolePolicy")[0].inputs["policy"]
    assert len(grown.registrations) == len(oidc.registrations)


@pytest.mark.parametrize("readers", ReadRole)
@pytest.mark.parametrize("subjects", Subjects)
def test_who_may_assume_it(readers, subjects):
    trust = json.loads(made(read_role=readers, subjects=subjects).of("Role")[0].inputs["assumeRolePolicy"])["Statement"]
    names = {
        sub
        for one in trust
        for sub in [one["Condition"]["StringLike"]["token.actions.githubusercontent.com:sub"]]
        for sub in ([sub] if isinstance(sub, str) else sub)
    }
    assert "repo:acme@7000/*" in names
    assert ("repo:acme/*" in names) is (subjects is Subjects.BOTH)
    anchored = ["token.actions.githubusercontent.com:repository_id" in one["Condition"]["StringEquals"] for one in trust]
    assert all(anchored) is (readers is ReadRole.CATALOG)


def test_children_and_providers(oidc):
    (component,) = oidc.of("GitHubOidc")
    assert {one.parent for one in oidc.registrations if one is not component} == {component.urn}
    assert {one.provider for one in oidc.registrations} == {""}
    assert not any(one.protect for one in oidc.registrations)


def test_a_preview_registers_the_same(oidc):
    preview = record(lambda: GitHubOidc("github", samples.oidc()), preview=True)
    assert {one.urn for one in preview.registrations} == {one.urn for one in oidc.registrations}
