"""The extract of GitHub's description: complete for the routes, strict for requests, true for responses."""

import json

import pytest

from rehearsal.cloud.github import openapi
from rehearsal.cloud.github.openapi.extract import extract, json_schema
from rehearsal.cloud.github.rest import ROUTES

VARIABLES = "/repos/{owner}/{repo}/actions/variables"
RULESETS = "/repos/{owner}/{repo}/rulesets"
ENVIRONMENT = "/repos/{owner}/{repo}/environments/{environment_name}"


def test_every_route_is_described_and_every_description_is_served() -> None:
    assert {(route.method, route.template) for route in ROUTES} == set(openapi.operations())


def test_the_extract_names_its_source_and_stays_small() -> None:
    document = json.loads(openapi.EXTRACT.read_text())
    assert "rest-api-description" in document["source"]
    assert document["version"]
    assert document["licence"] == "MIT"
    assert openapi.EXTRACT.stat().st_size < 300_000


@pytest.mark.parametrize(
    ("method", "template", "good", "bad", "complaint"),
    [
        ("POST", VARIABLES, {"name": "A", "value": "b"}, {"name": "A"}, "'value' is a required property"),
        ("POST", VARIABLES, {"name": "A", "value": "b"}, {"name": "A", "value": 1}, "/value: 1 is not of type 'string'"),
        ("POST", VARIABLES, {"name": "A", "value": "b"}, {"name": "A", "value": "b", "vlaue": ""}, "'vlaue' was unexpected"),
        ("POST", VARIABLES, {"name": "A", "value": "b"}, None, "None is not of type 'object'"),
        (
            "POST",
            RULESETS,
            {"name": "a", "enforcement": "active", "rules": [{"type": "creation"}]},
            {"name": "a", "enforcement": "active", "rules": [{"type": "creatoin"}]},
            "/rules/0: data matches no possible input",
        ),
        (
            "POST",
            RULESETS,
            {"name": "a", "enforcement": "active", "rules": [{"type": "update", "parameters": {"update_allows_fetch_and_merge": False}}]},
            {"name": "a", "enforcement": "active", "rules": [{"type": "update", "parameters": {"update_allows": False}}]},
            "/rules/0/parameters: ",
        ),
        ("POST", RULESETS, {"name": "a", "enforcement": "active"}, {"name": "a", "enforcement": "on"}, "/enforcement: 'on' is not one of"),
        (
            "POST",
            RULESETS,
            {"name": "a", "enforcement": "active", "bypass_actors": []},
            {"name": "a", "enforcement": "active", "bypass_actors": None},
            "/bypass_actors: None is not of type 'array'",
        ),
        ("PUT", ENVIRONMENT, {"can_admins_bypass": False}, {"can_admin_bypass": False}, "'can_admin_bypass' was unexpected"),
        ("PUT", ENVIRONMENT, {"reviewers": None}, {"reviewers": [{"type": "Group", "id": 1}]}, "'Group' is not one of"),
        ("PUT", ENVIRONMENT, None, [], "/: "),
    ],
)
def test_requests(method: str, template: str, good: object, bad: object, complaint: str) -> None:
    assert openapi.request_errors(method, template, good) == []
    assert complaint in "\n".join(openapi.request_errors(method, template, bad))


def test_responses() -> None:
    variable = {"name": "A", "value": "b", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    template = f"{VARIABLES}/{{name}}"
    assert openapi.response_errors("GET", template, 200, variable) == []
    assert openapi.response_errors("GET", template, 200, {**variable, "value": 1}) != []
    assert openapi.response_errors("GET", template, 202, variable) != []
    assert openapi.response_errors("PATCH", template, 204, None) == []
    assert openapi.response_errors("PATCH", template, 204, {}) != []


def test_nullable_becomes_a_null_alternative_and_prose_goes() -> None:
    schema = {"type": "string", "nullable": True, "description": "prose", "example": "x", "enum": ["a"]}
    assert json_schema(schema) == {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}
    # A property may be called as a keyword of prose is.
    assert json_schema({"properties": {"description": {"type": "string"}}}) == {"properties": {"description": {"type": "string"}}}


def test_extracting_fails_when_an_operation_is_gone() -> None:
    with pytest.raises(KeyError):
        extract({"paths": {}, "components": {}, "info": {}})
