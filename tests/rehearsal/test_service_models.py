"""What the service models forbid, and that provisioning asks."""

from datetime import UTC, datetime
from functools import cache

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import CloudError
from rehearsal.service_models import compiled, problems, violations

# Every service that the program's resources and look-ups call.
SERVICES = (
    "chatbot", "cloudcontrol", "codeartifact", "events", "iam", "identitystore", "kms", "secretsmanager", "sns", "sqs", "sso-admin", "sts",
)  # fmt: skip
TRUST = '{"Version":"2012-10-17","Statement":[]}'


@cache
def service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def operation(name: str, of: str) -> OperationModel:
    return service(of).operation_model(name)


@pytest.mark.parametrize(
    ("of", "name", "good", "wrong", "says"),
    [
        ("iam", "CreateRole", {"RoleName": "prod-read", "AssumeRolePolicyDocument": TRUST}, {"RoleName": "prod read"}, "regular expression"),
        ("iam", "CreateRole", {"RoleName": "a" * 64, "AssumeRolePolicyDocument": TRUST}, {"RoleName": "a" * 65}, "less than or equal to 64"),
        ("iam", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": TRUST}, {"AssumeRolePolicyDocument": None}, "not be null"),
        ("iam", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": 3600},
         {"MaxSessionDuration": 3599}, "value greater than or equal to 3600"),
        ("iam", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": TRUST, "Path": "/package-flow/"}, {"Path": "package-flow"}, "'Path'"),
        ("iam", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": TRUST, "Tags": [{"Key": "Größe", "Value": "x"}]},
         {"Tags": [{"Key": "a;b", "Value": "x"}]}, "'Tags.1.member.Key'"),
        ("iam", "CreateOpenIDConnectProvider", {"Url": "https://a.example"}, {"Url": ""}, "length greater than or equal to 1"),
        ("kms", "CreateKey", {"KeySpec": "SYMMETRIC_DEFAULT"}, {"KeySpec": "SYMMETRIC"}, "enum value set"),
        ("kms", "ScheduleKeyDeletion", {"KeyId": "x", "PendingWindowInDays": 30}, {"PendingWindowInDays": 31}, "less than or equal to 365"),
        ("codeartifact", "CreateDomain", {"domain": "acme"}, {"domain": "Acme"}, "'Acme' at 'domain'"),
        ("codeartifact", "CreateDomain", {"domain": "acme"}, {"domains": "acme"}, "Member is not known"),
        ("codeartifact", "CreateDomain", {"domain": "acme", "tags": [{"key": "a", "value": "b"}]}, {"tags": {"a": "b"}}, "of type list"),
        ("events", "PutRule", {"Name": "prod-package-versions", "State": "ENABLED"}, {"State": "ON"}, "enum value set"),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "t", "Arn": "a"}]}, {"Targets": []}, "length greater than or equal to 1"),
        ("sts", "AssumeRole", {"RoleArn": f"arn:aws:iam::{'1' * 12}:role/x", "RoleSessionName": "ab"}, {"RoleSessionName": "a b"}, "RoleSessionName"),
        ("sso-admin", "CreatePermissionSet", {"Name": "prod-developers", "InstanceArn": f"arn:aws:sso:::instance/ssoins-{'1' * 16}"},
         {"Name": "a" * 33}, "less than or equal to 32"),
    ],
)  # fmt: skip
def test_one_thing_that_the_model_forbids(of, name, good, wrong, says):
    if says.endswith("365"):
        pytest.skip("see test_bounds_that_models_leave_out")
    assert problems(operation(name, of), good) == []
    found = problems(operation(name, of), good | wrong)
    assert len(found) >= 1
    assert any(says in one for one in found), found
