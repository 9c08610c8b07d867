"""Resource types of a GitHub organisation: the REST calls that the GitHub provider makes for each, with the same bodies.

Source: resource_github_actions_organization_variable.go and resource_github_organization_ruleset.go of
integrations/terraform-provider-github.
"""

from typing import Any

from rehearsal.program import github_resources
from rehearsal.program.clouds import Github, GithubResponse
from rehearsal.program.github_resources import LONGEST_RULESET_NAME, Params
from rehearsal.program.handlers import Created, Defaults, Existing, Handler, absent_is_fine
from rehearsal.program.inputs import Inputs

VISIBILITIES = ("all", "private", "selected")


class ActionsOrganizationVariable(Handler):
    token = "github:index/actionsOrganizationVariable:ActionsOrganizationVariable"
    create_only = frozenset({"variableName"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        visibility, ids = inputs.text("visibility", required=True, choices=VISIBILITIES), inputs.integers("selectedRepositoryIds")
        if ids and visibility != "selected":
            inputs.refuse("selectedRepositoryIds", "cannot be set unless visibility is set to selected")
        return {
            "name": inputs.text("variableName", required=True),
            "value": inputs.text("value", required=True),
            "visibility": visibility,
            # A set: the provider sends its ids in no order that the program gives them.
            **({"selected_repository_ids": sorted(set(ids))} if ids else {}),
        }

    def create(self, cloud: Github, wanted: Params) -> Created:
        cloud.call("POST", *_variables(cloud), body=wanted)
        return Created(wanted["name"], self._timestamps(cloud, wanted["name"]))

    def update(self, cloud: Github, existing: Existing, wanted: Params) -> Params:
        cloud.call("PATCH", *_variables(cloud), wanted["name"], body=wanted)
        return self._timestamps(cloud, wanted["name"])

    def delete(self, cloud: Github, existing: Existing) -> None:
        cloud.call("DELETE", *_variables(cloud), existing.id)

    def alike(self, key: str, one: Any, other: Any) -> bool:
        """The ids are a set."""
        return key == "selectedRepositoryIds" and sorted(one or ()) == sorted(other or ())

    def look_up(self, cloud: Github, id: str) -> Params | None:
        """As a refresh looks. (The provider's import leaves the ids out, and the next `pulumi up` writes them again.)"""
        with absent_is_fine():
            found = cloud.call("GET", *_variables(cloud), id)
            shown = {"variableName": id, "value": found["value"], "visibility": found["visibility"], **github_resources.times(found)}
            if found["visibility"] != "selected":
                return shown
            listed = cloud.pages(*_variables(cloud), id, "repositories", member="repositories")
            return {**shown, "selectedRepositoryIds": [one["id"] for one in listed]}
        return None

    @staticmethod
    def _timestamps(cloud: Github, name: str) -> Params:
        """The provider looks at what it wrote and leaves the times out where it does not find it."""
        with absent_is_fine():
            return github_resources.times(cloud.call("GET", *_variables(cloud), name))
        return {}


class OrganizationRuleset(Handler):
    token = "github:index/organizationRuleset:OrganizationRuleset"

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        name, target = inputs.name(), inputs.text("target", required=True, choices=("branch", "tag"))
        if not 1 <= len(name) <= LONGEST_RULESET_NAME:
            inputs.refuse("name", f"must have 1 to {LONGEST_RULESET_NAME} characters, has {len(name)}")
        body = {
            "name": name,
            "target": target,
            "source_type": "Organization",
            "enforcement": inputs.text("enforcement", required=True, choices=("disabled", "active", "evaluate")),
            "bypass_actors": [github_resources.bypass_actor(each) for each in inputs.objects("bypassActors")],
            "rules": github_resources.ruleset_rules(inputs.object("rules", required=True)),
        }
        conditions = inputs.object("conditions")
        if conditions:
            ids = conditions.integers("repositoryIds")
            if not ids:
                conditions.refuse("repositoryIds", "is needed: the rehearsal has no rulesets by name or property of repositories")
            body["conditions"] = {**github_resources.ruleset_conditions(conditions, target), "repository_id": {"repository_ids": ids}}
        return body

    def create(self, cloud: Github, wanted: Params) -> Created:
        answer = cloud.response("POST", *_rulesets(cloud), body={**wanted, "source": cloud.owner})
        return Created(str(answer.json_or_none["id"]), {"name": wanted["name"], **self._outputs(answer)})

    def update(self, cloud: Github, existing: Existing, wanted: Params) -> Params:
        answer = cloud.response("PUT", *_rulesets(cloud), existing.id, body={**wanted, "source": cloud.owner})
        return {"name": wanted["name"], **self._outputs(answer)}

    def delete(self, cloud: Github, existing: Existing) -> None:
        cloud.call("DELETE", *_rulesets(cloud), existing.id)

    def look_up(self, cloud: Github, id: str) -> Params | None:
        with absent_is_fine():
            answer = cloud.response("GET", *_rulesets(cloud), id)
            found = answer.json_or_none
            shown = github_resources.ruleset_inputs(found)
            ids = (found.get("conditions") or {}).get("repository_id", {}).get("repository_ids")
            conditions = {**(shown["conditions"] or {}), **({"repositoryIds": ids} if ids else {})}
            return {**shown, "conditions": conditions or None, **self._outputs(answer)}
        return None

    @staticmethod
    def _outputs(answer: GithubResponse) -> Params:
        found = answer.json_or_none
        return {"rulesetId": found["id"], "nodeId": found.get("node_id", ""), "etag": answer.etag}


def _variables(cloud: Github) -> tuple[str, ...]:
    return ("orgs", cloud.owner, "actions", "variables")


def _rulesets(cloud: Github) -> tuple[str, ...]:
    return ("orgs", cloud.owner, "rulesets")


HANDLERS: dict[str, Handler] = {one.token: one for one in (ActionsOrganizationVariable(), OrganizationRuleset())}
