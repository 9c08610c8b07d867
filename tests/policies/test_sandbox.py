"""The sandbox's domain policy, and the domain that only the deployer makes repositories in."""

from dataclasses import replace

import pytest

from policies.document import text
from policies.resources.domain import domain_policy
from policies.resources.sandbox import sandbox_policy
from policies.roles.developer import every_role
from tests.policies import iam
from tests.policies.iam import Caller
from tests.policies.samples import OTHER_ACCOUNT, REGISTRY

OWN = REGISTRY.account
SANDBOX = replace(REGISTRY, domain="acme-sandbox")
PROGRAM = REGISTRY.role_arn("/package-flow/", "prod-*")
DEPLOYER = Caller(REGISTRY.role_arn("/package-flow-bootstrap/", "prod-deployer"), OWN)
ADMINISTRATOR = Caller(f"arn:aws:iam::{OWN}:role/Administrator", OWN)
_RESERVED = f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com"
DEVELOPER = Caller(f"{_RESERVED}/eu-west-1/AWSReservedSSO_prod-developers_0123456789abcdef", OWN)
BUILD = Caller(REGISTRY.role_arn("/package-flow/", "prod-read"), OWN)
STRANGER = Caller(DEVELOPER.arn.replace(OWN, OTHER_ACCOUNT), OTHER_ACCOUNT)
EVERYTHING = [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]
IN_IT = SANDBOX.repository_arn("experiment")
DOCUMENT = sandbox_policy(PROGRAM, every_role(SANDBOX, "prod"))


def may(caller: Caller, action: str, at: str, policy: list, identity=()) -> bool:
    return iam.allowed(caller, f"codeartifact:{action}", at, owner=OWN, identity=identity, resource_policy=iam.document(text(policy)))


@pytest.mark.parametrize(
    ("action", "at"),
    [
        ("CreateRepository", SANDBOX.domain_arn),
        ("GetAuthorizationToken", SANDBOX.domain_arn),
        ("DeleteRepository", IN_IT),
        ("ReadFromRepository", IN_IT),
        ("PublishPackageVersion", SANDBOX.package_arn("experiment", "npm/acme/x")),
        ("DeletePackageVersions", SANDBOX.package_arn("experiment", "npm/acme/x")),
    ],
)
def test_developers_do_as_they_like(action, at):
    assert may(DEVELOPER, action, at, DOCUMENT)
    assert not may(ADMINISTRATOR, action, at, DOCUMENT), "who is no developer needs rights of their own"
    assert not may(STRANGER, action, at, DOCUMENT, EVERYTHING), "a role of that name in another account"


@pytest.mark.parametrize("action", ["DeleteDomain", "PutDomainPermissionsPolicy", "PutRepositoryPermissionsPolicy", "TagResource"])
def test_developers_decide_nothing_about_who_comes_in(action):
    assert not may(DEVELOPER, action, SANDBOX.domain_arn, DOCUMENT)
    assert may(ADMINISTRATOR, action, SANDBOX.domain_arn, DOCUMENT, EVERYTHING)


@pytest.mark.parametrize("action", ["ReadFromRepository", "GetAuthorizationToken", "PublishPackageVersion", "CreateRepository"])
def test_no_role_of_the_program_gets_in_whatever_rights_it_has(action):
    assert not may(BUILD, action, SANDBOX.domain_arn, DOCUMENT, EVERYTHING)
    assert may(ADMINISTRATOR, action, SANDBOX.domain_arn, DOCUMENT, EVERYTHING)


def test_the_deployer_is_none_of_the_programs_roles():
    assert may(DEPLOYER, "DeleteDomain", SANDBOX.domain_arn, DOCUMENT, EVERYTHING)


@pytest.mark.parametrize("deployers", [[DEPLOYER.arn], [DEPLOYER.arn, f"arn:aws:iam::{OWN}:role/other"]])
def test_only_deployers_make_repositories_in_the_domain(deployers):
    domain = domain_policy(REGISTRY, PROGRAM, deployers=deployers)
    assert may(DEPLOYER, "CreateRepository", "*", domain, EVERYTHING)
    for other in (ADMINISTRATOR, DEVELOPER, BUILD, Caller(REGISTRY.account_root_arn, OWN)):
        assert not may(other, "CreateRepository", "*", domain, EVERYTHING), other.arn
    assert may(ADMINISTRATOR, "DeleteRepository", REGISTRY.repository_arn("x"), domain, EVERYTHING)


def test_without_deployers_iam_alone_decides():
    assert may(ADMINISTRATOR, "CreateRepository", "*", domain_policy(REGISTRY, PROGRAM), EVERYTHING)
