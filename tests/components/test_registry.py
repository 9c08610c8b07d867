"""PackageRegistry by its registrations."""

import json

import pytest

from components.registry import PackageRegistry
from plan.declared import Encryption
from policies.document import text
from policies.resources.domain import domain_policy
from policies.resources.key import domain_key_policy
from policies.resources.public_source import public_source_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import Sharing
from tests.components import samples
from tests.components.recording import Recording, record
from tests.policies.samples import REGISTRY


def made(**changed) -> Recording:
    return record(lambda: PackageRegistry("acme", samples.registry(**changed)))


@pytest.fixture(scope="module")
def registry() -> Recording:
    return made()


def test_everything_is_a_child_of_the_component(registry):
    (component,) = registry.of("PackageRegistry")
    assert component.type == "package-flow:index:PackageRegistry"
    assert {one.parent for one in registry.registrations if one is not component} == {component.urn}


def test_what_it_makes(registry):
    assert sorted((one.type.rpartition(":")[2], one.name) for one in registry.registrations if one.custom) == [
        ("Alias", "acme"),
        ("Domain", "acme"),
        ("DomainPermissions", "acme"),
        ("Key", "acme"),
        ("Repository", "npmjs"),
        ("Repository", "pypi"),
        ("Repository", "shared"),
        ("RepositoryPermissionsPolicy", "npmjs"),
        ("RepositoryPermissionsPolicy", "pypi"),
        ("RepositoryPermissionsPolicy", "shared"),
    ]


@pytest.mark.parametrize("protect", [True, False])
def test_key_domain_and_every_repository_are_protected_with_their_policies_and_nothing_else(protect):
    protected = {one.type.rpartition(":")[2] for one in made(protect=protect).registrations if one.protect}
    kinds = {"Key", "Domain", "DomainPermissions", "Repository", "RepositoryPermissionsPolicy"}
    assert protected == (kinds if protect else set())


def test_every_repository_is_protected(registry):
    assert all(one.protect for one in registry.of("Repository"))


def test_the_key(registry):
    (key,) = registry.of("Key")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.inputs["policy"] == text(domain_key_policy(REGISTRY))
    (alias,) = registry.of("Alias")
    assert alias.inputs == {"name": "alias/codeartifact/acme", "targetKeyId": "1234"}
    assert registry.of("Domain")[0].inputs == {"domain": "acme", "encryptionKey": f"arn:aws:kms:eu-west-1:{samples.ACCOUNT}:key/1234"}


def test_the_aws_managed_key_is_nobodys_resource():
    managed = made(encryption=Encryption.AWS)
    assert managed.of("Key") == managed.of("Alias") == []
    assert managed.of("Domain")[0].inputs == {"domain": "acme"}


def test_a_public_source_has_one_connection_and_no_upstream(registry):
    assert registry.one("Repository", "npmjs").inputs["externalConnections"] == {"externalConnectionName": "public:npmjs"}
    assert registry.one("Repository", "pypi").inputs["externalConnections"] == {"externalConnectionName": "public:pypi"}
    assert all("upstreams" not in registry.one("Repository", name).inputs for name in ("npmjs", "pypi"))


@pytest.mark.parametrize("sources", [["npmjs", "pypi"], ["pypi", "npmjs"], []])
def test_shared_asks_the_public_sources_in_order(sources):
    shared = made(public_sources=tuple(sources)).one("Repository", "shared")
    assert [one["repositoryName"] for one in shared.inputs.get("upstreams", [])] == sources
    assert "externalConnections" not in shared.inputs


def test_policies_are_the_pure_functions_documents(registry):
    def document(type, name):
        return registry.one(type, name).inputs["policyDocument"]

    roles = samples.ROLES
    assert document("RepositoryPermissionsPolicy", "shared") == text(shared_repository_policy(REGISTRY, f"{roles}test-promote-*"))
    assert document("RepositoryPermissionsPolicy", "npmjs") == text(public_source_policy())
    assert document("DomainPermissions", "acme") == text(domain_policy(REGISTRY, f"{roles}test-*"))


def test_sharing_reaches_domain_and_shared_but_no_public_source():
    shared = made(sharing=Sharing("o-a1b2c3d4e5", ("444455556666",)))

    def speaks(type, name):
        document = shared.one(type, name).inputs["policyDocument"]
        return "o-a1b2c3d4e5" in document and "arn:aws:iam::444455556666:root" in document

    assert speaks("DomainPermissions", "acme") and speaks("RepositoryPermissionsPolicy", "shared")
    assert not speaks("RepositoryPermissionsPolicy", "npmjs")


def test_order_of_creation_and_removal(registry):
    """Repositories after the domain, shared after its upstreams, each policy after its repository, all of it by outputs."""
    (key,), (domain,) = registry.of("Key"), registry.of("Domain")
    shared = registry.one("Repository", "shared")
    assert key.urn in domain.dependencies
    for repository in registry.of("Repository"):
        assert domain.urn in registry.everything_before(repository)
        assert repository.urn in registry.one("RepositoryPermissionsPolicy", repository.name).dependencies
    assert {registry.one("Repository", name).urn for name in ("npmjs", "pypi")} <= set(shared.dependencies)
    assert domain.urn in registry.of("DomainPermissions")[0].dependencies


def test_outputs(registry):
    (component,) = registry.of("PackageRegistry")
    assert registry.component_outputs[component.urn] == {
        "domainName": "acme",
        "domainArn": "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme",
        "sharedRepository": "shared",
    }


def test_no_explicit_provider_and_nothing_secret(registry):
    assert {one.provider for one in registry.registrations} == {""}
    assert json.dumps([one.options for one in registry.registrations]).count("providers") == 0


def test_a_preview_registers_the_same():
    preview = record(lambda: PackageRegistry("acme", samples.registry()), preview=True)
    assert {one.urn for one in preview.registrations} == {one.urn for one in made().registrations}


def test_only_the_deployers_make_repositories():
    deployer = f"arn:aws:iam::{samples.ACCOUNT}:role/bootstrap/deployer"
    (policy,) = made(iam=samples.iam(deployers=("bootstrap/deployer",))).of("DomainPermissions")
    assert policy.inputs["policyDocument"] == text(domain_policy(REGISTRY, f"{samples.ROLES}test-*", deployers=[deployer]))
    assert "CreateRepository" not in made().of("DomainPermissions")[0].inputs["policyDocument"]


@pytest.mark.parametrize(("downstream", "asked"), [(("shared",), True), (("payments",), False)])
def test_shared_is_an_upstream_of_others_only_where_asked(downstream, asked):
    one = made(sharing=Sharing("o-a1b2c3d4e5", downstream=downstream))
    document = one.one("RepositoryPermissionsPolicy", "shared").inputs["policyDocument"]
    assert ("AssociateWithDownstreamRepository" in document) is asked
