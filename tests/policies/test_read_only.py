"""Read only: what developers and builds on AWS may do, and that more rights from elsewhere do not change it."""

import pytest

from policies.actions import COPY, DESTRUCTIVE, PUBLISH
from policies.roles.build import read_only_permissions
from tests.policies import iam
from tests.policies.iam import Caller
from tests.policies.samples import REGISTRY

BUILD = Caller(f"arn:aws:iam::{REGISTRY.account}:role/build", REGISTRY.account)
EVERYTHING = [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]
RIGHTS = read_only_permissions(REGISTRY, 3600, ["shared", "npmjs"])
SHARED, TEAM = REGISTRY.package_arn("shared", "npm//react"), REGISTRY.package_arn("payments", "npm/acme/api")


def may(action: str, at: str, rights=RIGHTS, **context: str) -> bool:
    return iam.allowed(BUILD, action, at, owner=REGISTRY.account, identity=rights, context=context)


def test_it_reads_what_it_names_and_no_team_repository():
    assert may("codeartifact:ReadFromRepository", REGISTRY.repository_arn("shared"))
    assert may("codeartifact:GetPackageVersionAsset", SHARED)
    assert not may("codeartifact:ReadFromRepository", REGISTRY.repository_arn("payments"))
    assert not may("codeartifact:GetPackageVersionAsset", TEAM)


def test_a_token_is_capped():
    def token(seconds: str) -> bool:
        return may("sts:GetServiceBearerToken", "*", **{"sts:AWSServiceName": "codeartifact.amazonaws.com", "sts:DurationSeconds": seconds})

    assert may("codeartifact:GetAuthorizationToken", REGISTRY.domain_arn)
    assert token("3600") and not token("3601")


@pytest.mark.parametrize("action", [*PUBLISH, COPY, *DESTRUCTIVE])
@pytest.mark.parametrize("at", [SHARED, TEAM, REGISTRY.repository_arn("shared")])
def test_nothing_writes_whatever_else_is_attached(action, at):
    assert may(action, at, EVERYTHING)
    assert not may(action, at, [*RIGHTS, *EVERYTHING])


def test_other_domains_are_not_its_business():
    """A sandbox, where the same people publish."""
    sandbox = REGISTRY.package_arn("mine", "npm//x").replace("/acme/", "/acme-sandbox/")
    assert may("codeartifact:PublishPackageVersion", sandbox, [*RIGHTS, *EVERYTHING])


def test_its_size_does_not_depend_on_the_catalog():
    assert "payments" not in str(RIGHTS) and {one["Sid"] for one in RIGHTS} == {
        "Token",
        "TokenCap",
        "ReadRepositories",
        "ReadPackages",
        "ReadOnly",
    }
