"""Domains, their policies and keys."""

import json

import pytest

from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, DOMAIN_ARN, Scene, document, refused
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, allow


def test_a_domain_is_created_and_described(empty: Scene) -> None:
    created = empty.admin.create_domain(domain=DOMAIN, tags=[{"key": "stage", "value": "dev"}])["domain"]
    assert (created["arn"], created["owner"], created["status"]) == (DOMAIN_ARN, ACCOUNT, "Active")
    assert created["encryptionKey"].startswith(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/")
    assert empty.admin.describe_domain(domain=DOMAIN)["domain"]["repositoryCount"] == 0
    assert empty.admin.list_tags_for_resource(resourceArn=DOMAIN_ARN)["tags"] == [{"key": "stage", "value": "dev"}]


def test_creating_is_decided_on_everything_not_on_the_arn(empty: Scene) -> None:
    with refused("AccessDeniedException", "codeartifact:CreateDomain on resource: *"):
        empty.api(empty.role(allow("codeartifact:CreateDomain", resource=DOMAIN_ARN))).create_domain(domain=DOMAIN)
    empty.api(empty.role(allow("codeartifact:CreateDomain"))).create_domain(domain=DOMAIN)


def test_a_name_is_taken_once(scene: Scene) -> None:
    with refused("ConflictException"):
        scene.admin.create_domain(domain=DOMAIN)
    scene.admin.create_domain(domain="other")


@pytest.mark.parametrize("name", ["a", "Acme", "1acme", "acme-", "a" * 51])
def test_names_that_aws_refuses(empty: Scene, name: str) -> None:
    with refused("ValidationException", "domain"):
        empty.admin.create_domain(domain=name)
    empty.admin.create_domain(domain="a" + "b" * 48 + "c")


def test_ten_domains_an_account(empty: Scene) -> None:
    for number in range(10):
        empty.admin.create_domain(domain=f"acme-{number}")
    with refused("ServiceQuotaExceededException"):
        empty.admin.create_domain(domain="acme-10")


def test_a_domain_with_repositories_stays(scene: Scene) -> None:
    scene.repositories(shared="")
    with refused("ConflictException", "repositories"):
        scene.admin.delete_domain(domain=DOMAIN)
    scene.admin.delete_repository(domain=DOMAIN, repository="shared")
    assert scene.admin.delete_domain(domain=DOMAIN)["domain"]["status"] == "Deleted"
    with refused("ResourceNotFoundException"):
        scene.admin.describe_domain(domain=DOMAIN)


def test_who_may_not_know_learns_nothing(scene: Scene) -> None:
    nobody = scene.api(scene.role(allow("codeartifact:DescribeDomain", resource=DOMAIN_ARN)))
    with refused("AccessDeniedException"):
        nobody.describe_domain(domain="elsewhere")
    nobody.describe_domain(domain=DOMAIN)


def test_the_policy_has_a_revision(scene: Scene) -> None:
    with refused("ResourceNotFoundException"):
        scene.admin.get_domain_permissions_policy(domain=DOMAIN)
    text = document({"Effect": "Allow", "Principal": "*", "Action": "codeartifact:ReadFromRepository", "Resource": "*"})
    first = scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text)["policy"]
    assert first["resourceArn"] == DOMAIN_ARN
    with refused("ConflictException"):
        scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text, policyRevision="another")
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text, policyRevision=first["revision"])
    scene.admin.delete_domain_permissions_policy(domain=DOMAIN)
    with refused("ResourceNotFoundException"):
        scene.admin.delete_domain_permissions_policy(domain=DOMAIN)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Permit", "Principal": "*", "Action": "*", "Resource": "*"}]}),
        document({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/missing"}, "Action": "*", "Resource": "*"}),
        document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Sid": "x" * 7168}),
    ],
)
def test_policies_that_can_not_be_stored(scene: Scene, text: str) -> None:
    with refused("ValidationException"):
        scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text)


def test_another_account_reads_by_the_domain_policy(scene: Scene) -> None:
    stranger = scene.api(scene.role(allow("codeartifact:DescribeDomain"), account=OTHER_ACCOUNT))
    with refused("AccessDeniedException"):
        stranger.describe_domain(domain=DOMAIN, domainOwner=ACCOUNT)
    principal = {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}
    text = document({"Effect": "Allow", "Principal": principal, "Action": "codeartifact:DescribeDomain", "Resource": "*"})
    scene.admin.put_domain_permissions_policy(domain=DOMAIN, policyDocument=text)
    assert stranger.describe_domain(domain=DOMAIN, domainOwner=ACCOUNT)["domain"]["owner"] == ACCOUNT


def test_tags_are_a_condition(scene: Scene) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/stage": "dev"}}
    tagged = scene.api(scene.role(allow("codeartifact:DescribeDomain", Condition=condition)))
    with refused("AccessDeniedException"):
        tagged.describe_domain(domain=DOMAIN)
    scene.admin.tag_resource(resourceArn=DOMAIN_ARN, tags=[{"key": "stage", "value": "dev"}])
    tagged.describe_domain(domain=DOMAIN)
    scene.admin.untag_resource(resourceArn=DOMAIN_ARN, tagKeys=["stage"])
    with refused("AccessDeniedException"):
        tagged.describe_domain(domain=DOMAIN)


def test_reserved_and_repeated_tags(empty: Scene) -> None:
    for tags in ([{"key": "aws:x", "value": "1"}], [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]):
        with refused("ValidationException", "tag key"):
            empty.admin.create_domain(domain=DOMAIN, tags=tags)


class TestKey:
    """A domain's own KMS key."""

    def key(self, scene: Scene, **options: str) -> str:
        return scene.cloud.client("kms").create_key(**options)["KeyMetadata"]["Arn"]

    def test_a_symmetric_key(self, empty: Scene) -> None:
        arn = self.key(empty)
        assert empty.admin.create_domain(domain=DOMAIN, encryptionKey=arn)["domain"]["encryptionKey"] == arn

    def test_a_key_that_does_not_exist(self, empty: Scene) -> None:
        with refused("ValidationException", "does not exist"):
            empty.admin.create_domain(
                domain=DOMAIN, encryptionKey=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
            )

    @pytest.mark.parametrize("key", ["alias/acme", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"])
    def test_what_is_no_key_of_this_region(self, empty: Scene, key: str) -> None:
        with refused("ValidationException", "not the ARN of a KMS key"):
            empty.admin.create_domain(domain=DOMAIN, encryptionKey=key)

    @pytest.mark.parametrize("missing", ["kms:DescribeKey", "kms:CreateGrant"])
    def test_the_creator_needs_rights_on_the_key(self, empty: Scene, missing: str) -> None:
        arn, rights = self.key(empty), {"kms:DescribeKey", "kms:CreateGrant"}
        create = allow("codeartifact:CreateDomain")
        with refused("AccessDeniedException", missing):
            empty.api(empty.role(create, allow(*(rights - {missing})))).create_domain(domain=DOMAIN, encryptionKey=arn)
        empty.api(empty.role(create, allow(*rights))).create_domain(domain=DOMAIN, encryptionKey=arn)
