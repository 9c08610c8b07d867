"""Repositories, upstreams, external connections, policies, endpoints."""

import boto3
import pytest

from evaluator import package_groups
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, document, refused, repository_arn
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, allow


def test_a_repository_is_created_and_described(scene: Scene) -> None:
    scene.repositories(npmjs="public:npmjs", shared="npmjs")
    shared = scene.admin.describe_repository(domain=DOMAIN, repository="shared")["repository"]
    assert (shared["arn"], shared["administratorAccount"]) == (repository_arn("shared"), ACCOUNT)
    assert shared["upstreams"] == [{"repositoryName": "npmjs"}]
    assert shared["externalConnections"] == []
    public = scene.admin.describe_repository(domain=DOMAIN, repository="npmjs")["repository"]
    assert public["externalConnections"] == [{"externalConnectionName": "public:npmjs", "packageFormat": "npm", "status": "Available"}]


def test_creating_is_decided_on_everything_not_on_the_arn(scene: Scene) -> None:
    with refused("AccessDeniedException", "codeartifact:CreateRepository on resource: *"):
        scene.api(scene.role(allow("codeartifact:CreateRepository", resource=repository_arn("x1")))).create_repository(
            domain=DOMAIN, repository="x1"
        )
    scene.api(scene.role(allow("codeartifact:CreateRepository"))).create_repository(domain=DOMAIN, repository="x1")


def test_the_domain_policy_lets_another_account_create(scene: Scene) -> None:
    stranger = scene.api(scene.role(allow("codeartifact:CreateRepository"), account=OTHER_ACCOUNT))
    with refused("AccessDeniedException"):
        stranger.create_repository(domain=DOMAIN, domainOwner=ACCOUNT, repository="theirs")
    principal = {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}
    text = document({"Effect": "Allow", "Principal": principal, "Action": "codeartifact:CreateRepository", "Resource": "*"})
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text)
    created = stranger.create_repository(domain=DOMAIN, domainOwner=ACCOUNT, repository="theirs")["repository"]
    assert (created["administratorAccount"], created["domainOwner"]) == (OTHER_ACCOUNT, ACCOUNT)


def test_an_explicit_deny_of_the_domain_policy_wins(scene: Scene) -> None:
    text = document({"Effect": "Deny", "Principal": "*", "Action": "codeartifact:CreateRepository", "Resource": "*"})
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text)
    with refused("AccessDeniedException"):
        scene.admin.create_repository(domain=DOMAIN, repository="shared")
    scene.admin.delete_domain_permissions_policy(domain=DOMAIN)
    scene.admin.create_repository(domain=DOMAIN, repository="shared")


class TestUpstreams:
    def test_associating_needs_the_upstreams_permission(self, scene: Scene) -> None:
        scene.repositories(shared="", other="")
        creator = scene.api(
            scene.role(
                allow("codeartifact:CreateRepository"),
                allow("codeartifact:AssociateWithDownstreamRepository", resource=repository_arn("shared")),
            )
        )
        with refused("AccessDeniedException", "AssociateWithDownstreamRepository"):
            creator.create_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": "other"}])
        creator.create_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": "shared"}])

    def test_updating_needs_it_too(self, scene: Scene) -> None:
        scene.repositories(shared="", team="")
        update = allow("codeartifact:UpdateRepository", resource=repository_arn("team"))
        with refused("AccessDeniedException", "AssociateWithDownstreamRepository"):
            scene.api(scene.role(update)).update_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": "shared"}])
        associate = allow("codeartifact:AssociateWithDownstreamRepository", resource=repository_arn("shared"))
        both = scene.api(scene.role(update, associate))
        both.update_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": "shared"}])

    def test_they_have_to_exist(self, scene: Scene) -> None:
        with refused("ResourceNotFoundException", "shared"):
            scene.admin.create_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": "shared"}])

    def test_ten_at_most(self, scene: Scene) -> None:
        names = [f"up-{number}" for number in range(11)]
        for name in names:
            scene.admin.create_repository(domain=DOMAIN, repository=name)
        with refused("ServiceQuotaExceededException"):
            scene.admin.create_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": name} for name in names])
        scene.admin.create_repository(domain=DOMAIN, repository="team", upstreams=[{"repositoryName": name} for name in names[:10]])

    def test_none_upstream_of_itself(self, scene: Scene) -> None:
        scene.repositories(a1="", b1="a1")
        with refused("ValidationException", "upstream of itself"):
            scene.admin.update_repository(domain=DOMAIN, repository="a1", upstreams=[{"repositoryName": "b1"}])
        scene.repositories(c1="")
        scene.admin.update_repository(domain=DOMAIN, repository="a1", upstreams=[{"repositoryName": "c1"}])

    def test_an_update_without_upstreams_keeps_them(self, scene: Scene) -> None:
        scene.repositories(shared="", team="shared")
        updated = scene.admin.update_repository(domain=DOMAIN, repository="team", description="new")["repository"]
        assert (updated["description"], updated["upstreams"]) == ("new", [{"repositoryName": "shared"}])
        assert scene.admin.update_repository(domain=DOMAIN, repository="team", upstreams=[])["repository"]["upstreams"] == []


class TestExternalConnections:
    def test_one_a_repository(self, scene: Scene) -> None:
        scene.repositories(npmjs="public:npmjs")
        with refused("ServiceQuotaExceededException"):
            scene.admin.associate_external_connection(domain=DOMAIN, repository="npmjs", externalConnection="public:pypi")
        scene.admin.disassociate_external_connection(domain=DOMAIN, repository="npmjs", externalConnection="public:npmjs")
        scene.admin.associate_external_connection(domain=DOMAIN, repository="npmjs", externalConnection="public:pypi")

    def test_an_unknown_name(self, scene: Scene) -> None:
        scene.repositories(shared="")
        with refused("ValidationException", "public:npm"):
            scene.admin.associate_external_connection(domain=DOMAIN, repository="shared", externalConnection="public:npm")

    def test_not_beside_upstreams(self, scene: Scene) -> None:
        scene.repositories(npmjs="public:npmjs", shared="npmjs", empty="")
        with refused("ConflictException"):
            scene.admin.associate_external_connection(domain=DOMAIN, repository="shared", externalConnection="public:pypi")
        with refused("ConflictException"):
            scene.admin.update_repository(domain=DOMAIN, repository="npmjs", upstreams=[{"repositoryName": "empty"}])
        scene.admin.associate_external_connection(domain=DOMAIN, repository="empty", externalConnection="public:pypi")

    def test_one_that_is_not_there_can_not_go(self, scene: Scene) -> None:
        scene.repositories(npmjs="public:npmjs")
        with refused("ResourceNotFoundException"):
            scene.admin.disassociate_external_connection(domain=DOMAIN, repository="npmjs", externalConnection="public:pypi")


def test_listing_pages_and_filters(scene: Scene) -> None:
    scene.repositories(**{f"team-{number}": "" for number in range(5)}, shared="")
    pages = scene.admin.get_paginator("list_repositories_in_domain").paginate(
        domain=DOMAIN, repositoryPrefix="team", PaginationConfig={"PageSize": 2}
    )
    assert [[r["name"] for r in page["repositories"]] for page in pages] == [["team-0", "team-1"], ["team-2", "team-3"], ["team-4"]]
    with refused("ValidationException", "nextToken"):
        scene.admin.list_repositories_in_domain(domain=DOMAIN, nextToken="forged")


@pytest.mark.parametrize("format", package_groups.FORMATS)
def test_the_endpoint(scene: Scene, format: str) -> None:
    scene.repositories(shared="")
    endpoint = scene.admin.get_repository_endpoint(domain=DOMAIN, repository="shared", format=format)["repositoryEndpoint"]
    assert endpoint == f"{scene.cloud.url}/_codeartifact/{DOMAIN}-{ACCOUNT}/{format}/shared/"


@pytest.mark.parametrize("format", ["swift", "ruby", "generic"])
def test_an_endpoint_that_is_not_served(scene: Scene, administrator: Person, format: str) -> None:
    scene.repositories(shared="")
    answer = administrator.request("GET", format, "shared", "anything")
    assert answer.status_code == 501
    assert format in answer.json()["message"]


@pytest.mark.parametrize("operation", ["describe_repository", "delete_repository", "get_repository_permissions_policy"])
def test_who_may_not_know_learns_nothing(scene: Scene, operation: str) -> None:
    scene.repositories(shared="")
    somebody = scene.api(scene.role(allow("codeartifact:*", resource=repository_arn("shared"))))
    with refused("AccessDeniedException"):
        getattr(somebody, operation)(domain=DOMAIN, repository="missing")
    with refused("ResourceNotFoundException"):
        getattr(scene.admin, operation)(domain=DOMAIN, repository="missing")


def test_a_repository_policy(scene: Scene) -> None:
    scene.repositories(shared="", team="")
    text = document({"Effect": "Deny", "Principal": "*", "Action": "codeartifact:DescribeRepository", "Resource": "*"})
    policy = scene.admin.put_repository_permissions_policy(domain=DOMAIN, repository="shared", policyDocument=text)["policy"]
    assert policy["resourceArn"] == repository_arn("shared")
    assert scene.admin.get_repository_permissions_policy(domain=DOMAIN, repository="shared")["policy"]["document"] == text
    with refused("AccessDeniedException"):
        scene.admin.describe_repository(domain=DOMAIN, repository="shared")
    scene.admin.describe_repository(domain=DOMAIN, repository="team")
    scene.admin.delete_repository_permissions_policy(domain=DOMAIN, repository="shared", policyRevision=policy["revision"])
    scene.admin.describe_repository(domain=DOMAIN, repository="shared")


def test_tags(scene: Scene) -> None:
    scene.admin.create_repository(domain=DOMAIN, repository="shared", tags=[{"key": "a", "value": "1"}])
    scene.admin.tag_resource(resourceArn=repository_arn("shared"), tags=[{"key": "b", "value": "2"}])
    tags = scene.admin.list_tags_for_resource(resourceArn=repository_arn("shared"))["tags"]
    assert tags == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    with refused("ValidationException", "not the ARN"):
        scene.admin.list_tags_for_resource(resourceArn="arn:aws:s3:::bucket")


def test_another_region_is_not_served(scene: Scene) -> None:
    keys = {"aws_access_key_id": scene.cloud.root.access_key_id, "aws_secret_access_key": scene.cloud.root.secret_access_key}
    elsewhere = boto3.client("codeartifact", endpoint_url=scene.cloud.url, region_name="us-east-1", **keys)
    with refused("NotImplementedException", "us-east-1"):
        elsewhere.describe_domain(domain=DOMAIN)
