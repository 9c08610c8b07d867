"""Cut GitHub's OpenAPI description down to the operations that the stand-in serves.

The description is the one that GitHub publishes (github/rest-api-description, MIT licence), as packed in the npm package
`@octokit/openapi` (MIT licence). To renew the extract, by hand, when GitHub's API changes:

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python -m rehearsal.cloud.github.openapi.extract package/generated/api.github.com.json

It writes `operations.json` beside this file: request and response schemas as JSON Schema (OpenAPI 3.0's `nullable` becomes a
null alternative), without prose and examples, with the version of the source.
"""

import json
import sys
from pathlib import Path
from typing import Any

REPOSITORY = "/repos/{owner}/{repo}"
ENVIRONMENT = f"{REPOSITORY}/environments/{{environment_name}}"
OPERATIONS = {
    "/rate_limit": ["get"],
    "/orgs/{org}": ["get"],
    "/orgs/{org}/repos": ["get"],
    "/orgs/{org}/teams": ["get"],
    "/orgs/{org}/teams/{team_slug}": ["get"],
    "/orgs/{org}/actions/variables": ["get", "post"],
    "/orgs/{org}/actions/variables/{name}": ["get", "patch", "delete"],
    "/orgs/{org}/actions/variables/{name}/repositories": ["get"],
    "/orgs/{org}/rulesets": ["get", "post"],
    "/orgs/{org}/rulesets/{ruleset_id}": ["get", "put", "delete"],
    REPOSITORY: ["get"],
    f"{REPOSITORY}/branches": ["get"],
    f"{REPOSITORY}/actions/variables": ["get", "post"],
    f"{REPOSITORY}/actions/variables/{{name}}": ["get", "patch", "delete"],
    f"{REPOSITORY}/actions/organization-variables": ["get"],
    f"{REPOSITORY}/actions/permissions/workflow": ["get", "put"],
    f"{REPOSITORY}/actions/oidc/customization/sub": ["get"],
    f"{REPOSITORY}/environments": ["get"],
    f"{REPOSITORY}/git/ref/{{ref}}": ["get"],
    f"{REPOSITORY}/git/matching-refs/{{ref}}": ["get"],
    f"{REPOSITORY}/activity": ["get"],
    ENVIRONMENT: ["get", "put", "delete"],
    f"{ENVIRONMENT}/deployment-branch-policies": ["get", "post"],
    f"{ENVIRONMENT}/deployment-branch-policies/{{branch_policy_id}}": ["get", "put", "delete"],
    f"{ENVIRONMENT}/secrets": ["get"],
    f"{ENVIRONMENT}/secrets/{{secret_name}}": ["put"],
    f"{REPOSITORY}/rules/branches/{{branch}}": ["get"],
    f"{REPOSITORY}/rulesets": ["get", "post"],
    f"{REPOSITORY}/rulesets/{{ruleset_id}}": ["get", "put", "delete"],
}
# Schemas that are used by name.
NAMED_SCHEMAS = ["app-permissions", "basic-error", "validation-error-simple"]
PROSE = {"description", "example", "examples", "title", "x-github", "x-octokit", "externalDocs", "deprecated"}


def extract(description: dict[str, Any]) -> dict[str, Any]:
    """The extract of a parsed OpenAPI description. Raises KeyError if an operation or a schema is no longer there."""
    paths = {
        path: {method: _operation(description, description["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    return {
        "source": "https://github.com/github/rest-api-description, by way of npm @octokit/openapi",
        "version": description["info"]["version"],
        "licence": description["info"]["license"]["name"],
        "paths": paths,
        "components": {"schemas": _closure(description, paths)},
    }


def _operation(description: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    responses = {status: _resolved(description, response) for status, response in operation["responses"].items()}
    return {
        "request": _body_schema(operation.get("requestBody", {})),
        "responses": {status: _body_schema(response) for status, response in responses.items()},
    }


def _resolved(description: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    reference = response.get("$ref")
    return description["components"]["responses"][reference.rsplit("/", 1)[1]] if reference else response


def _body_schema(holder: dict[str, Any]) -> dict[str, Any] | None:
    content = holder.get("content", {}).get("application/json")
    return json_schema(content["schema"]) if content else None


def _closure(description: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    """Every schema that `paths` refers to, directly or through another schema."""
    schemas: dict[str, Any] = {}
    wanted = [*NAMED_SCHEMAS, *_references(paths)]
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = json_schema(description["components"]["schemas"][name])
            wanted += _references(schemas[name])
    return dict(sorted(schemas.items()))


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].rsplit("/", 1)[1]] if isinstance(node.get("$ref"), str) else []
    return own + [name for value in node.values() for name in _references(value)]


def json_schema(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12."""
    if not isinstance(schema, dict):
        return schema
    converted = {key: _keyword(key, value) for key, value in schema.items() if key not in PROSE | {"nullable"}}
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") else converted


def _keyword(key: str, value: Any) -> Any:
    if key in ("properties", "patternProperties"):
        return {name: json_schema(property_schema) for name, property_schema in value.items()}
    if key in ("allOf", "anyOf", "oneOf"):
        return [json_schema(item) for item in value]
    return json_schema(value) if key in ("items", "additionalProperties", "not") else value


def main(source: str) -> None:
    """Read the description at `source` and write the extract."""
    target = Path(__file__).with_name("operations.json")
    target.write_text(json.dumps(extract(json.loads(Path(source).read_text())), separators=(",", ":")) + "\n")
    print(f"{target}: {target.stat().st_size // 1024} KB, {sum(map(len, OPERATIONS.values()))} operations")


if __name__ == "__main__":
    main(sys.argv[1])
