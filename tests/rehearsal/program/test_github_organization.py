"""REST calls of the handlers of a GitHub organisation's resources, against the stand-in that decides."""

from typing import Any

import pytest

from rehearsal.program.github_organization import HANDLERS
from rehearsal.program.handlers import CloudError, Defaults, Existing
from rehearsal.program.inputs import InputProblems, Inputs
from tests.rehearsal.program.test_github_resources import github

VARIABLE = "github:index/actionsOrganizationVariable:ActionsOrganizationVariable"
RULESET = "github:index/organizationRuleset:OrganizationRuleset"
ONE = {"variableName": "DOMAIN", "value": "acme", "visibility": "selected", "selectedRepositoryIds": [9002, 9001]}
GUARD: dict[str, Any] = {
    "name": "package-flow-create-0a1b2c3d",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"refName": {"includes": ["refs/heads/main"], "excludes": []}, "repositoryIds": [9001, 9002]},
    "rules": {"creation": True},
    "bypassActors": [{"actorId": 301, "actorType": "Team", "bypassMode": "always"}],
}
ANSWER = {
    "id": 31,
    "node_id": "R31",
    "name": GUARD["name"],
    "target": "branch",
    "enforcement": "active",
    "bypass_actors": [{"actor_id": 301, "actor_type": "Team", "bypass_mode": "always"}],
    "conditions": {
        "ref_name": {"include": ["refs/heads/main"], "exclude": []},
        "repository_id": {"repository_ids": [9001, 9002]},
    },
    "rules": [{"type": "creation"}],
}
SHOWN = {"name": "DOMAIN", "value": "acme", "visibility": "selected", "created_at": "2026-01-01T00:00:00Z", "updated_at": ""}
VARIABLES, RULESETS = "/api/orgs/acme/actions/variables", "/api/orgs/acme/rulesets"


def wanted(token: str, **inputs: Any) -> dict[str, Any]:
    reader = Inputs(inputs, auto_name=lambda: "auto-1234567")
    request = HANDLERS[token].read(reader, Defaults(tags={}))
    reader.check()
    return request


def test_a_variable_is_created_updated_and_deleted():
    cloud, transport = github(
        **{
            f"POST {VARIABLES}": (201, {}),
            f"GET {VARIABLES}/DOMAIN": (200, SHOWN),
            f"PATCH {VARIABLES}/DOMAIN": (204, None),
            f"DELETE {VARIABLES}/DOMAIN": (204, None),
        }
    )
    handler, request = HANDLERS[VARIABLE], wanted(VARIABLE, **ONE)
    created = handler.create(cloud, request)
    assert (created.id, created.outputs["createdAt"]) == ("DOMAIN", "2026-01-01 00:00:00 +0000 UTC")
    assert transport.requests[0] == (
        f"POST {VARIABLES}",
        {"name": "DOMAIN", "value": "acme", "visibility": "selected", "selected_repository_ids": [9001, 9002]},
    )
    handler.update(cloud, Existing("DOMAIN", ONE, {}), request)
    handler.delete(cloud, Existing("DOMAIN", ONE, {}))
    assert [line.split()[0] for line in transport.lines] == ["POST", "GET", "PATCH", "GET", "DELETE"]
    assert handler.create_only == {"variableName"}


def test_ids_are_a_set():
    alike = HANDLERS[VARIABLE].alike
    assert alike("selectedRepositoryIds", [1, 2], [2, 1]) and not alike("selectedRepositoryIds", [1, 2], [1])
    assert not alike("value", "a", "b")


def test_a_look_at_a_variable():
    repositories = {"total_count": 2, "repositories": [{"id": 9001}, {"id": 9002}]}
    cloud, _ = github(**{f"GET {VARIABLES}/DOMAIN": (200, SHOWN), f"GET {VARIABLES}/DOMAIN/repositories": (200, repositories)})
    found = HANDLERS[VARIABLE].look_up(cloud, "DOMAIN")
    assert found and {key: found[key] for key in ONE} == {**ONE, "selectedRepositoryIds": [9001, 9002]}
    gone, _ = github(**{f"GET {VARIABLES}/DOMAIN": (404, {"message": "Not Found"})})
    assert HANDLERS[VARIABLE].look_up(gone, "DOMAIN") is None
    everybody, transport = github(**{f"GET {VARIABLES}/DOMAIN": (200, {**SHOWN, "visibility": "all"})})
    found = HANDLERS[VARIABLE].look_up(everybody, "DOMAIN")
    assert found and "selectedRepositoryIds" not in found and len(transport.lines) == 1


@pytest.mark.parametrize(
    ("changed", "says"), [({"visibility": "all"}, "selected"), ({"visibility": "some"}, "visibility"), ({"value": None}, "value")]
)
def test_a_variable_that_the_provider_refuses(changed: dict[str, Any], says: str):
    with pytest.raises(InputProblems, match=says):
        wanted(VARIABLE, **{**ONE, **changed})


def test_a_ruleset_is_created_updated_and_deleted():
    cloud, transport = github(
        **{f"POST {RULESETS}": (201, ANSWER), f"PUT {RULESETS}/31": (200, ANSWER), f"DELETE {RULESETS}/31": (204, None)}
    )
    handler, request = HANDLERS[RULESET], wanted(RULESET, **GUARD)
    created = handler.create(cloud, request)
    assert (created.id, created.outputs["rulesetId"], created.outputs["nodeId"]) == ("31", 31, "R31")
    (_, body) = transport.requests[0]
    assert body == {
        **{key: value for key, value in ANSWER.items() if key not in ("id", "node_id")},
        "source": "acme",
        "source_type": "Organization",
    }
    handler.update(cloud, Existing("31", GUARD, {}), request)
    handler.delete(cloud, Existing("31", GUARD, {}))
    assert [line.split()[0] for line in transport.lines] == ["POST", "PUT", "DELETE"]


def test_a_look_at_a_ruleset_says_what_was_written():
    cloud, _ = github(**{f"GET {RULESETS}/31": (200, ANSWER)})
    found = HANDLERS[RULESET].look_up(cloud, "31")
    assert found and {key: found[key] for key in GUARD} == GUARD
    refused, _ = github(**{f"GET {RULESETS}/31": (403, {"message": "Resource not accessible by integration"})})
    with pytest.raises(CloudError, match="403"):
        HANDLERS[RULESET].look_up(refused, "31")
    gone, _ = github(**{f"GET {RULESETS}/31": (404, {"message": "Not Found"})})
    assert HANDLERS[RULESET].look_up(gone, "31") is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"conditions": {"repositoryIds": [1]}}, "refName"),
        ({"conditions": {"refName": {"includes": [], "excludes": []}}}, "repositoryIds"),
        ({"target": "push"}, "target"),
        ({"repository": "x"}, "repository"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_a_ruleset_that_the_provider_refuses(changed: dict[str, Any], says: str):
    with pytest.raises(InputProblems, match=says):
        wanted(RULESET, **{**GUARD, **changed})
