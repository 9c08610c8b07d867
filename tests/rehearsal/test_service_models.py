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


ROLE = {"RoleName": "prod-read", "AssumeRolePolicyDocument": TRUST}
SESSION = {"RoleArn": "arn:aws:iam::111122223333:role/x", "RoleSessionName": "ab"}
PERMISSION_SET = {"Name": "prod-developers", "InstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}


@pytest.mark.parametrize(
    ("of", "name", "good", "wrong", "says"),
    [
        ("iam", "CreateRole", ROLE, {"RoleName": "prod read"}, "regular expression"),
        ("iam", "CreateRole", ROLE | {"RoleName": "a" * 64}, {"RoleName": "a" * 65}, "less than or equal to 64"),
        ("iam", "CreateRole", ROLE, {"AssumeRolePolicyDocument": None}, "not be null"),
        ("iam", "CreateRole", ROLE | {"MaxSessionDuration": 3600}, {"MaxSessionDuration": 3599}, "value greater than or equal to 3600"),
        ("iam", "CreateRole", ROLE | {"Path": "/package-flow/"}, {"Path": "package-flow"}, "'Path'"),
        (
            "iam",
            "CreateRole",
            ROLE | {"Tags": [{"Key": "Größe", "Value": "x"}]},
            {"Tags": [{"Key": "a;b", "Value": "x"}]},
            "Tags.1.member.Key",
        ),
        ("iam", "CreateOpenIDConnectProvider", {"Url": "https://a.example"}, {"Url": ""}, "length greater than or equal to 1"),
        ("kms", "CreateKey", {"KeySpec": "SYMMETRIC_DEFAULT"}, {"KeySpec": "SYMMETRIC"}, "enum value set"),
        ("kms", "ScheduleKeyDeletion", {"KeyId": "x"}, {"PendingWindowInDays": 366}, "value less than or equal to 365"),
        ("codeartifact", "CreateDomain", {"domain": "acme"}, {"domain": "Acme"}, "'Acme' at 'domain'"),
        ("codeartifact", "CreateDomain", {"domain": "acme"}, {"domains": "acme"}, "Member is not known"),
        ("codeartifact", "CreateDomain", {"domain": "acme", "tags": [{"key": "a", "value": "b"}]}, {"tags": {"a": "b"}}, "of type list"),
        ("events", "PutRule", {"Name": "prod-package-versions", "State": "ENABLED"}, {"State": "ON"}, "enum value set"),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "t", "Arn": "a"}]}, {"Targets": []}, "length greater than or equal to 1"),
        ("sts", "AssumeRole", SESSION, {"RoleSessionName": "a b"}, "RoleSessionName"),
        ("sso-admin", "CreatePermissionSet", PERMISSION_SET, {"Name": "a" * 33}, "less than or equal to 32"),
        ("sts", "GetCallerIdentity", {}, {"Account": "111122223333"}, "Member is not known"),
    ],
)
def test_one_thing_that_the_model_forbids(of, name, good, wrong, says):
    assert problems(operation(name, of), good) == []
    found = problems(operation(name, of), good | wrong)
    assert len(found) >= 1
    assert any(says in one for one in found), found


def test_several_things_are_all_told():
    found = problems(operation("CreateRole", "iam"), {"RoleName": "a b", "Path": "x"})
    assert len(found) == 3, found


def test_types():
    shape = operation("CreateRole", "iam").input_shape.members["MaxSessionDuration"]
    assert list(violations(shape, 3600)) == []
    assert list(violations(shape, True)) == ["Value at '' failed to satisfy constraint: Member must be of type integer"]
    assert list(violations(shape, "3600")) == ["Value at '' failed to satisfy constraint: Member must be of type integer"]
    moment = operation("ScheduleKeyDeletion", "kms").output_shape.members["DeletionDate"]
    assert list(violations(moment, datetime.now(UTC))) == []
    assert list(violations(moment, "today")) != []


def test_a_token_that_botocore_makes_up_may_be_missing():
    creating = operation("CreateAccountAssignment", "sso-admin")
    assert any("InstanceArn" in one for one in problems(creating, {}))
    every = map(service("cloudcontrol").operation_model, service("cloudcontrol").operation_names)
    assert not [one for op in every for one in problems(op, {}) if "ClientToken" in one]


def test_one_of_a_union():
    finding = operation("GetGroupId", "identitystore")
    store = {"IdentityStoreId": "d-1234567890"}
    unique = {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "Engineering"}}
    assert problems(finding, {**store, "AlternateIdentifier": unique}) == []
    both = {**unique, "ExternalId": {"Issuer": "x", "Id": "y"}}
    assert any("Exactly one member" in one for one in problems(finding, {**store, "AlternateIdentifier": both}))


# --- patterns -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"\P{C}+", "a ü 字", "a\n"),
        (r"[\P{C}\s]+", "a\nb", "a\x00"),
        (r"[^\p{C}\p{IsWhitespace}]+", "@acme/ü", "a\u2003b"),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 1", "a;b"),
        (r"([\p{L}]+)\[x\]\p{N}", "ab[x]1", "ab[x]c"),
        (r"\w+", "abc_1", "ü"),
        (r"[\W]+\D", "ü-[x", "a-x"),
        (r"[\S]+\s", "aü\n", "a\n\n"),
        (r"\d\W", "1ü", "1a"),
        (r"^[a-z]{2}$", "ab", "ab\n"),
    ],
)  # fmt: skip
def test_patterns_mean_what_they_mean_to_java(pattern, good, bad):
    assert compiled(pattern).fullmatch(good)
    assert not compiled(pattern).fullmatch(bad)


def test_a_pattern_that_is_not_translated_is_refused():
    with pytest.raises(NotImplementedError, match="Klingon"):
        compiled(r"\p{Klingon}+")


def _patterns(shape: Shape, seen: set[str]) -> set[str]:
    if shape.name in seen:
        return set()
    seen.add(shape.name)
    inner = [
        *getattr(shape, "members", {}).values(),
        *(getattr(shape, part) for part in ("member", "key", "value") if hasattr(shape, part)),
    ]
    own = {shape.metadata["pattern"]} if shape.metadata.get("pattern") else set()
    return own.union(*(_patterns(one, seen) for one in inner))


@pytest.mark.parametrize("name", SERVICES)
def test_every_pattern_of_the_services_is_translated(name):
    model = service(name)
    shapes = [one.input_shape for one in map(model.operation_model, model.operation_names) if one.input_shape]
    patterns = set().union(*(_patterns(shape, set()) for shape in shapes))
    assert patterns or name in ("sqs",)
    for pattern in patterns:
        compiled(pattern)


# --- provisioning asks ----------------------------------------------------------------------------------------------------------------


def test_a_call_that_the_model_forbids_is_not_made():
    aws = Aws("http://127.0.0.1:9", "eu-west-1", {"aws_access_key_id": "x", "aws_secret_access_key": "y"})
    with pytest.raises(CloudError, match=r"codeartifact create_domain: .*'Acme' at 'domain' failed to satisfy constraint"):
        aws.call("codeartifact", "create_domain", domain="Acme")
    with pytest.raises(CloudError, match="Could not connect"):
        aws.call("codeartifact", "create_domain", domain="acme")
