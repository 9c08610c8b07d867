"""Requests of the AWS handlers, checked against botocore's service models. No server: `FakeAws` answers from a table."""

from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from rehearsal.program.aws_resources import HANDLERS
from rehearsal.program.aws_resources.cloudcontrol import json_patch
from rehearsal.program.clouds import Aws, AwsError
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, PartlyCreated
from rehearsal.program.inputs import InputProblems, Inputs

DOMAIN_ARN = "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme"
REPOSITORY_ARN = "arn:aws:codeartifact:eu-west-1:111122223333:repository/acme/shared"
POLICY = '{"Version": "2012-10-17", "Statement": []}'


class FakeAws(Aws):
    """Validates each request as botocore does before sending, and answers from `answers`: a value, or an exception to raise."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("http://127.0.0.1:9", "eu-west-1", {"aws_access_key_id": "k", "aws_secret_access_key": "s"}, {"team": "x"})
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="k", aws_secret_access_key="s")
        given = {key: value for key, value in parameters.items() if value is not None}
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        report = ParamValidator().validate(given, model.input_shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"
        self.calls.append((operation, given))
        answer = self.answers.get(operation, {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def made(self, operation: str) -> dict[str, Any]:
        (found,) = [given for name, given in self.calls if name == operation]
        return found

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.calls]


def wanted(token: str, **inputs: Any) -> dict[str, Any]:
    reader = Inputs(inputs, auto_name=lambda: "auto-1234567")
    if HANDLERS[token].regional:
        reader.text("region")
    request = HANDLERS[token].read(reader, Defaults(tags={"project": "package-flow", "team": "default"}))
    reader.check()
    return request


def create(token: str, aws: FakeAws, **inputs: Any) -> Created:
    return HANDLERS[token].create(aws, wanted(token, **inputs))


def not_found(code: str) -> AwsError:
    return AwsError("service", "Operation", code, "not there")


KEY = "aws:kms/key:Key"
KEY_ANSWERS = {
    "create_key": {"KeyMetadata": {"KeyId": "k-1", "Arn": "arn:k-1"}},
    "describe_key": {"KeyMetadata": {"KeyId": "k-1", "Arn": "arn:k-1", "Enabled": True, "KeySpec": "SYMMETRIC_DEFAULT"}},
    "get_key_policy": {"Policy": POLICY},
    "get_key_rotation_status": {"KeyRotationEnabled": True},
}


def test_a_key_without_rotation_is_not_rotated():
    aws = FakeAws(**KEY_ANSWERS)
    create(KEY, aws)
    assert "enable_key_rotation" not in aws.operations


def test_a_key_whose_rotation_fails_exists_all_the_same():
    with pytest.raises(PartlyCreated, match="denied") as failure:
        create(KEY, FakeAws(**KEY_ANSWERS, enable_key_rotation=CloudError("denied")), enableKeyRotation=True)
    assert (failure.value.id, failure.value.outputs["arn"]) == ("k-1", "arn:k-1")


def test_a_deletion_waits_as_long_as_the_input_says_and_takes_absence_as_done():
    aws = FakeAws(schedule_key_deletion=not_found("NotFoundException"))
    HANDLERS[KEY].delete(aws, Existing("k-1", {"deletionWindowInDays": 7}, {}))
    assert aws.made("schedule_key_deletion") == {"KeyId": "k-1", "PendingWindowInDays": 7}


def test_a_refused_deletion_is_an_error():
    aws = FakeAws(schedule_key_deletion=AwsError("kms", "ScheduleKeyDeletion", "AccessDeniedException", "no"))
    with pytest.raises(CloudError, match="AccessDeniedException: no"):
        HANDLERS[KEY].delete(aws, Existing("k-1", {}, {}))


@pytest.mark.parametrize(("name", "accepted"), [("alias/packages", True), ("packages", False)])
def test_an_alias_begins_with_alias(name, accepted):
    if accepted:
        assert wanted("aws:kms/alias:Alias", name=name, targetKeyId="k-1")["name"] == name
    else:
        with pytest.raises(InputProblems, match="must begin with 'alias/'"):
            wanted("aws:kms/alias:Alias", name=name, targetKeyId="k-1")


REPOSITORY = "aws:codeartifact/repository:Repository"
REPOSITORY_ANSWERS = {
    "create_repository": {"repository": {"arn": REPOSITORY_ARN, "domainName": "acme", "domainOwner": "111122223333", "name": "shared"}},
    "describe_repository": {
        "repository": {
            "arn": REPOSITORY_ARN,
            "administratorAccount": "111122223333",
            "domainOwner": "111122223333",
            "upstreams": [{"repositoryName": "npmjs"}],
        }
    },
}


def test_a_misspelt_key_in_an_upstream_is_refused():
    with pytest.raises(InputProblems, match=r"upstreams\[0\]\.repositoryname is not an input.*did you mean repositoryName"):
        wanted(REPOSITORY, domain="acme", repository="shared", upstreams=[{"repositoryname": "npmjs"}])


def test_an_update_of_upstreams_and_connection():
    aws = FakeAws(**REPOSITORY_ANSWERS)
    before = {"domain": "acme", "repository": "shared", "externalConnections": {"externalConnectionName": "public:npmjs"}}
    existing = Existing(REPOSITORY_ARN, before, {"arn": REPOSITORY_ARN, "domainOwner": "111122223333", "tagsAll": {"old": "tag"}})
    request = wanted(REPOSITORY, domain="acme", repository="shared", upstreams=[{"repositoryName": "pypi"}])
    HANDLERS[REPOSITORY].update(aws, existing, request)
    assert aws.operations[:4] == ["disassociate_external_connection", "update_repository", "untag_resource", "tag_resource"]
    assert aws.made("update_repository")["upstreams"] == [{"repositoryName": "pypi"}]
    assert aws.made("untag_resource")["tagKeys"] == ["old"]


@pytest.mark.parametrize(
    ("token", "inputs", "operation", "answer"),
    [
        (
            "aws:codeartifact/domainPermissions:DomainPermissions",
            {"domain": "acme", "policyDocument": POLICY},
            "put_domain_permissions_policy",
            {"policy": {"resourceArn": DOMAIN_ARN, "revision": "r1"}},
        ),
        (
            "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
            {"domain": "acme", "repository": "shared", "policyDocument": POLICY},
            "put_repository_permissions_policy",
            {"policy": {"resourceArn": REPOSITORY_ARN, "revision": "r1"}},
        ),
    ],
)
def test_permissions_policies(token, inputs, operation, answer):
    aws = FakeAws(**{operation: answer})
    made = create(token, aws, **inputs)
    assert aws.made(operation) == inputs
    assert (made.outputs["policyRevision"], made.outputs["domainOwner"]) == ("r1", "111122223333")
    with pytest.raises(InputProblems, match="policyDocument is not JSON"):
        create(token, aws, **{**inputs, "policyDocument": "{"})


ROLE = "aws:iam/role:Role"
ROLE_ANSWER = {"Role": {"RoleName": "build", "Arn": "arn:build", "Path": "/p/", "RoleId": "AROA", "CreateDate": "2026-01-01"}}


def test_a_role_with_path_boundary_and_duration():
    aws = FakeAws(create_role=ROLE_ANSWER, get_role=ROLE_ANSWER)
    inputs = {"name": "build", "path": "/p/", "permissionsBoundary": "arn:aws:iam::1:policy/b", "maxSessionDuration": 7200}
    create(ROLE, aws, assumeRolePolicy=POLICY, description="d", tags={}, **inputs)
    request = aws.made("create_role")
    assert (request["Path"], request["PermissionsBoundary"], request["MaxSessionDuration"]) == ("/p/", "arn:aws:iam::1:policy/b", 7200)
    assert request["AssumeRolePolicyDocument"] == POLICY


def test_a_role_without_a_name_gets_pulumis():
    assert wanted(ROLE, assumeRolePolicy=POLICY)["create"]["RoleName"] == "auto-1234567"


def test_inline_policies_of_a_role_are_not_supported():
    with pytest.raises(InputProblems, match="inlinePolicies is not an input that the rehearsal reads"):
        wanted(ROLE, assumeRolePolicy=POLICY, inlinePolicies=[{"name": "a", "policy": POLICY}])


def test_a_role_is_updated_in_what_changed_only():
    aws = FakeAws(get_role=ROLE_ANSWER)
    existing = Existing("build", {"assumeRolePolicy": POLICY, "permissionsBoundary": "arn:b"}, {"maxSessionDuration": 3600})
    HANDLERS[ROLE].update(aws, existing, wanted(ROLE, name="build", assumeRolePolicy=POLICY, maxSessionDuration=7200) | {"tags": {}})
    assert aws.operations == ["update_role", "delete_role_permissions_boundary", "get_role"]


def test_a_managed_policy_keeps_at_most_five_versions():
    versions = [{"VersionId": f"v{n}", "IsDefaultVersion": n == 5, "CreateDate": n} for n in range(1, 6)]
    found = {"Policy": {"PolicyName": "p", "Path": "/", "PolicyId": "A", "DefaultVersionId": "v6", "Arn": "arn:aws:iam::1:policy/read"}}
    aws = FakeAws(list_policy_versions={"Versions": versions}, get_policy=found)
    arn = "arn:aws:iam::111122223333:policy/read"
    token = "aws:iam/policy:Policy"
    HANDLERS[token].update(aws, Existing(arn, {"policy": "{}"}, {}), wanted(token, name="p", policy=POLICY) | {"tags": {}})
    assert aws.made("delete_policy_version")["VersionId"] == "v1"
    assert aws.made("create_policy_version")["SetAsDefault"] is True


def test_an_identity_provider_changes_its_audiences_one_by_one():
    token, arn = "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "arn:aws:iam::111122223333:oidc-provider/token.example"
    aws = FakeAws(get_open_id_connect_provider={"Url": "token.example", "ClientIDList": ["b"]})
    existing = Existing(arn, {}, {"clientIdLists": ["a"]})
    outputs = HANDLERS[token].update(aws, existing, wanted(token, url="https://token.example", clientIdLists=["b"]) | {"tags": {}})
    assert [name for name in aws.operations if "client_id" in name] == [
        "add_client_id_to_open_id_connect_provider",
        "remove_client_id_from_open_id_connect_provider",
    ]
    assert outputs["url"] == "token.example"


CONTROL = "aws:cloudcontrol/resource:Resource"
GROUP = {"typeName": "AWS::CodeArtifact::PackageGroup", "desiredState": '{"DomainName": "acme"}'}


def progress(status: str, **more: str) -> dict[str, Any]:
    return {"ProgressEvent": {"TypeName": GROUP["typeName"], "RequestToken": "t", "OperationStatus": status, "Identifier": "g", **more}}


def test_cloud_control_waits_for_success():
    aws = FakeAws(
        create_resource=progress("IN_PROGRESS"),
        get_resource_request_status=progress("SUCCESS"),
        get_resource={"ResourceDescription": {"Properties": "{}"}},
    )
    assert create(CONTROL, aws, **GROUP) == Created("g", {"properties": "{}"})
    assert aws.operations == ["create_resource", "get_resource_request_status", "get_resource"]


def test_cloud_control_passes_a_failure_on():
    failed = progress("FAILED", ErrorCode="AlreadyExists", StatusMessage="there is one")
    with pytest.raises(CloudError, match="AlreadyExists: there is one"):
        create(CONTROL, FakeAws(create_resource=progress("PENDING"), get_resource_request_status=failed), **GROUP)


def test_a_change_of_cloud_control_is_a_json_patch():
    before, after = {"same": 1, "changed": 1, "gone/too": 1}, {"same": 1, "changed": 2, "new": 3}
    assert json_patch(before, after) == [
        {"op": "remove", "path": "/gone~1too"},
        {"op": "replace", "path": "/changed", "value": 2},
        {"op": "add", "path": "/new", "value": 3},
    ]


def test_a_target_that_events_refuses_inside_a_success_is_an_error():
    inputs = {"rule": "r", "arn": "arn:aws:sns:eu-west-1:1:t", "targetId": "t"}
    token = "aws:cloudwatch/eventTarget:EventTarget"
    create(token, FakeAws(put_targets={"FailedEntryCount": 0}), **inputs)
    refused = {"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "Limit", "ErrorMessage": "too many"}]}
    with pytest.raises(CloudError, match="Limit: too many"):
        create(token, FakeAws(put_targets=refused), **inputs)


def test_a_fifo_queue_is_not_supported():
    with pytest.raises(InputProblems, match="fifoQueue is not an input that the rehearsal reads"):
        wanted("aws:sqs/queue:Queue", fifoQueue=True)


def test_a_rule_needs_a_pattern_or_a_schedule():
    token = "aws:cloudwatch/eventRule:EventRule"
    assert wanted(token, eventPattern='{"source": ["aws.codeartifact"]}')["put"]["State"] == "ENABLED"
    with pytest.raises(InputProblems, match="eventPattern or scheduleExpression is required"):
        wanted(token, description="nothing to match")


def test_the_provider_adds_its_region_and_no_other_call(monkeypatch):
    aws = FakeAws()
    assert aws.in_region("eu-west-1") is aws
    assert aws.in_region("us-east-1").region == "us-east-1"
