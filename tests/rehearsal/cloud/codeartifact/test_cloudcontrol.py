"""CloudControl for AWS::CodeArtifact::PackageGroup."""

import json
from typing import Any

import pytest

from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, PREFIX, Scene, refused
from tests.rehearsal.cloud.in_process import ACCOUNT, allow

TYPE = "AWS::CodeArtifact::PackageGroup"
ARN = f"{PREFIX}:package-group/{DOMAIN}/npm/acme/%2a"
DESIRED: dict[str, Any] = {
    "DomainName": DOMAIN, "Pattern": "/npm/acme/*", "Description": "ours", "Tags": [{"Key": "a", "Value": "b"}],
    "OriginConfiguration": {"Restrictions": {
        "Publish": {"RestrictionMode": "ALLOW_SPECIFIC_REPOSITORIES", "Repositories": ["shared", "team"]},
        "ExternalUpstream": {"RestrictionMode": "BLOCK"},
        "InternalUpstream": {"RestrictionMode": "ALLOW"},
    }},
}  # fmt: skip


class Cloud:
    """CloudControl for one caller; changes answer how they ended."""

    def __init__(self, scene: Scene, *statements: dict) -> None:
        self.client = scene.cloud.client("cloudcontrol", scene.role(*(statements or (allow("*"),))))

    def ended(self, answer: dict[str, Any]) -> dict[str, Any]:
        started = answer["ProgressEvent"]
        assert started["OperationStatus"] == "IN_PROGRESS"
        return self.client.get_resource_request_status(RequestToken=started["RequestToken"])["ProgressEvent"]

    def create(self, desired: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self.ended(self.client.create_resource(TypeName=TYPE, DesiredState=json.dumps(desired), **options))

    def update(self, *patch: dict[str, Any], arn: str = ARN) -> dict[str, Any]:
        return self.ended(self.client.update_resource(TypeName=TYPE, Identifier=arn, PatchDocument=json.dumps(patch)))

    def delete(self, arn: str = ARN) -> dict[str, Any]:
        return self.ended(self.client.delete_resource(TypeName=TYPE, Identifier=arn))

    def read(self, arn: str = ARN) -> dict[str, Any]:
        return json.loads(self.client.get_resource(TypeName=TYPE, Identifier=arn)["ResourceDescription"]["Properties"])


@pytest.fixture
def team(scene: Scene) -> Scene:
    scene.repositories(shared="", team="")
    return scene


def test_create_read_update_delete(team: Scene) -> None:
    cloud = Cloud(team)
    created = cloud.create(DESIRED)
    assert (created["OperationStatus"], created["Identifier"]) == ("SUCCESS", ARN)
    assert cloud.read() == DESIRED | {"Arn": ARN, "DomainOwner": ACCOUNT}
    publish = "/OriginConfiguration/Restrictions/Publish"
    updated = cloud.update(
        {"op": "replace", "path": f"{publish}/Repositories", "value": ["team"]},
        {"op": "replace", "path": "/Description", "value": "new"},
        {"op": "replace", "path": "/Tags", "value": [{"Key": "c", "Value": "d"}]},
    )
    assert updated["OperationStatus"] == "SUCCESS"
    model = cloud.read()
    assert (model["Description"], model["Tags"]) == ("new", [{"Key": "c", "Value": "d"}])
    assert model["OriginConfiguration"]["Restrictions"]["Publish"]["Repositories"] == ["team"]
    assert cloud.update({"op": "remove", "path": "/OriginConfiguration"})["OperationStatus"] == "SUCCESS"
    assert cloud.read()["OriginConfiguration"]["Restrictions"]["Publish"] == {"RestrictionMode": "INHERIT"}
    assert cloud.delete()["OperationStatus"] == "SUCCESS"
    with refused("ResourceNotFoundException"):
        cloud.read()


def test_the_group_is_the_one_of_the_api(team: Scene) -> None:
    Cloud(team).create(DESIRED)
    found = team.admin.describe_package_group(domain=DOMAIN, packageGroup="/npm/acme/*")["packageGroup"]
    modes = {kind: restriction["mode"] for kind, restriction in found["originConfiguration"]["restrictions"].items()}
    assert modes == {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES", "EXTERNAL_UPSTREAM": "BLOCK", "INTERNAL_UPSTREAM": "ALLOW"}


def test_the_root_group_is_updated_and_kept(team: Scene) -> None:
    cloud, root = Cloud(team), f"{PREFIX}:package-group/{DOMAIN}/%2a"
    block = {"Restrictions": {"Publish": {"RestrictionMode": "BLOCK"}}}
    assert cloud.create({"DomainName": DOMAIN, "Pattern": "/*", "OriginConfiguration": block})["OperationStatus"] == "SUCCESS"
    assert cloud.read(root)["OriginConfiguration"]["Restrictions"]["Publish"] == {"RestrictionMode": "BLOCK"}
    assert cloud.delete(root)["OperationStatus"] == "SUCCESS"
    cloud.read(root)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Pattern": None}, "'Pattern' is a required property"),
        ({"Colour": "red"}, "'Colour' was unexpected"),
        ({"DomainName": "A"}, "does not match"),
        ({"DomainOwner": "1"}, "does not match"),
        ({"Arn": ARN}, "read-only"),
        ({"OriginConfiguration": {}}, "'Restrictions' is a required property"),
        ({"OriginConfiguration": {"Restrictions": {"Publish": {"RestrictionMode": "NEVER"}}}}, "'NEVER' is not one of"),
        ({"OriginConfiguration": {"Restrictions": {"Publish": {"Repositories": []}}}}, "'RestrictionMode' is a required property"),
        ({"Tags": [{"Key": "", "Value": "x"}]}, "non-empty"),
        ({"Description": "x" * 1001}, "is too long"),
        ({"Tags": {}}, "is not of type 'array'"),
    ],
)
def test_the_schema_is_checked_at_once(team: Scene, change: dict[str, Any], words: str) -> None:
    desired = {key: value for key, value in (DESIRED | change).items() if value is not None}
    with refused("ValidationException", words):
        Cloud(team).create(desired)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Pattern": "/npm/acme"}, "InvalidRequest"),
        ({"DomainName": "elsewhere"}, "NotFound"),
        ({"OriginConfiguration": {"Restrictions": {"Publish": {"RestrictionMode": "ALLOW", "Repositories": ["team"]}}}}, "InvalidRequest"),
    ],
)
def test_handlers_fail_later(team: Scene, change: dict[str, Any], code: str) -> None:
    ended = Cloud(team).create(DESIRED | change)
    assert (ended["OperationStatus"], ended["ErrorCode"]) == ("FAILED", code)


def test_twice_is_a_failure_unless_it_is_the_same_request(team: Scene) -> None:
    cloud = Cloud(team)
    first = cloud.create(DESIRED, ClientToken="token-1")
    assert cloud.create(DESIRED, ClientToken="token-1")["RequestToken"] == first["RequestToken"]
    assert cloud.create(DESIRED, ClientToken="token-2")["ErrorCode"] == "AlreadyExists"
    with refused("ClientTokenConflictException"):
        cloud.create(DESIRED | {"Description": "other"}, ClientToken="token-1")


def test_what_identifies_a_group_can_not_change(team: Scene) -> None:
    cloud = Cloud(team)
    cloud.create(DESIRED)
    assert cloud.update({"op": "replace", "path": "/Pattern", "value": "/npm/*"})["ErrorCode"] == "NotUpdatable"


CALLER = allow("cloudformation:CreateResource", "cloudformation:GetResourceRequestStatus")
HANDLER = [
    "codeartifact:CreatePackageGroup", "codeartifact:UpdatePackageGroupOriginConfiguration", "codeartifact:DescribePackageGroup",
    "codeartifact:ListAllowedRepositoriesForGroup", "codeartifact:ListTagsForResource",
]  # fmt: skip


@pytest.mark.parametrize("missing", HANDLER)
def test_the_handlers_act_with_the_callers_rights(team: Scene, missing: str) -> None:
    some = allow(*(action for action in HANDLER if action != missing))
    assert Cloud(team, CALLER, some).create(DESIRED)["ErrorCode"] == "AccessDenied"
    if "/npm/acme/*" in team.service.store.domains[ACCOUNT, DOMAIN].groups:
        team.admin.delete_package_group(domain=DOMAIN, packageGroup="/npm/acme/*")
    assert Cloud(team, CALLER, allow(*HANDLER)).create(DESIRED)["OperationStatus"] == "SUCCESS"


def test_cloudformations_own_right_is_needed(team: Scene) -> None:
    with refused("AccessDeniedException", "cloudformation:CreateResource"):
        Cloud(team, allow(*HANDLER)).create(DESIRED)


def test_requests_are_the_accounts_own(team: Scene) -> None:
    with refused("RequestTokenNotFoundException"):
        Cloud(team).client.get_resource_request_status(RequestToken="unknown")


def test_other_types_and_operations_say_so(team: Scene) -> None:
    client = Cloud(team).client
    with refused("NotImplementedException", "AWS::S3::Bucket"):
        client.create_resource(TypeName="AWS::S3::Bucket", DesiredState="{}")
    with refused("NotImplementedException", "CancelResourceRequest"):
        client.cancel_resource_request(RequestToken="x")
    with refused("NotImplementedException", "RoleArn"):
        client.get_resource(TypeName=TYPE, Identifier=ARN, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/other")
