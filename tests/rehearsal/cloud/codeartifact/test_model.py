"""The wire protocol: routing, parsing, validation, and that the real client library reads every answer."""

import json
from typing import Any

import pytest

from rehearsal.cloud.codeartifact import model
from rehearsal.cloud.codeartifact.errors import ApiError
from rehearsal.cloud.codeartifact.operations import OPERATIONS


def parse(operation: str, query: dict[str, str] | None = None, body: Any = None) -> dict[str, Any]:
    shape = model.SERVICE.operation_model(operation)
    encoded = json.dumps(body).encode() if body is not None else b""
    return model.parse(shape, {name: [value] for name, value in (query or {}).items()}, {}, encoded)


def test_every_operation_is_one_of_the_service() -> None:
    assert set(OPERATIONS) < set(model.SERVICE.operation_names)


def test_every_operation_is_routed_to_itself() -> None:
    for name in model.SERVICE.operation_names:
        http = model.SERVICE.operation_model(name).http
        assert model.route(http["method"], http["requestUri"]).name == name
    with pytest.raises(ApiError) as caught:
        model.route("GET", "/v1/unknown")
    assert caught.value.status == 501


def test_members_come_from_query_and_body() -> None:
    assert parse("CreateDomain", {"domain": "acme"}, {"tags": [{"key": "a", "value": "b"}]}) == {
        "domain": "acme",
        "tags": [{"key": "a", "value": "b"}],
    }
    assert parse("GetAuthorizationToken", {"domain": "acme", "duration": "900"}) == {"domain": "acme", "durationSeconds": 900}
    assert parse("UntagResource", {"resourceArn": "arn:x"}, {"tagKeys": ["a"]}) == {"resourceArn": "arn:x", "tagKeys": ["a"]}


@pytest.mark.parametrize(
    ("operation", "query", "body", "words"),
    [
        ("CreateDomain", {}, None, "Value null at 'domain'"),
        ("CreateDomain", {"domain": "a"}, None, "length greater than or equal to 2"),
        ("CreateDomain", {"domain": "a" * 51}, None, "length less than or equal to 50"),
        ("CreateDomain", {"domain": "A-b"}, None, "regular expression pattern"),
        ("CreateDomain", {"domain": "acme"}, {"tags": [{"key": "a"}]}, "Value null at 'tags.1.member.value'"),
        ("CreateDomain", {"domain": "acme"}, {"tags": {}}, "Member must be of type list"),
        ("CreateRepository", {"domain": "acme", "repository": "x1"}, {"description": "a\x07b"}, r"\P{C}*"),
        ("GetRepositoryEndpoint", {"domain": "acme", "repository": "x1", "format": "python"}, None, "enum value set"),
        ("ListPackages", {"domain": "acme", "repository": "x1", "max-results": "1001"}, None, "value less than or equal to 1000"),
        ("ListPackages", {"domain": "acme", "repository": "x1", "max-results": "many"}, None, "not a number"),
        ("PutDomainPermissionsPolicy", {}, {"domain": "acme", "policyDocument": "x" * 7169}, "length less than or equal to 7168"),
        ("CopyPackageVersions", {}, {"versions": ["1"] * 101}, "length less than or equal to 100"),
        ("UpdatePackageGroupOriginConfiguration", {"domain": "acme", "package-group": "/*"}, {"restrictions": {"PUSH": "ALLOW"}}, "PUSH"),
        ("CreatePackageGroup", {"domain": "acme"}, {"packageGroup": "/npm/a b/*"}, "IsWhitespace"),
        ("CreateDomain", {"domain": "acme"}, ["x"], "not a JSON object"),
    ],
)
def test_what_the_model_forbids(operation: str, query: dict[str, str], body: Any, words: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(operation, query, body)
    assert caught.value.code == "ValidationException"
    assert words in caught.value.message


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ApiError, match="3 validation errors detected"):
        parse("GetRepositoryEndpoint", {"domain": "A", "repository": "x1", "format": "python"})


@pytest.mark.parametrize(("query", "body"), [({"domain": "acme", "colour": "red"}, None), ({"domain": "acme"}, {"colour": "red"})])
def test_unknown_members_are_refused(query: dict[str, str], body: Any) -> None:
    with pytest.raises(ApiError) as caught:
        parse("CreateDomain", query, body)
    assert (caught.value.status, "colour" in caught.value.message) == (501, True)


def test_a_policy_document_may_have_line_feeds() -> None:
    assert parse("PutDomainPermissionsPolicy", {}, {"domain": "acme", "policyDocument": '{\n\t"a": 1}'})["policyDocument"]


@pytest.mark.parametrize("result", [{"domain": "x"}, {"unknown": 1}, {"domain": {"unknown": 1}}, {"domain": {"status": "Sleeping"}}])
def test_answers_that_the_model_does_not_have_are_bugs(result: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        model.serialise(model.SERVICE.operation_model("DescribeDomain"), result)
