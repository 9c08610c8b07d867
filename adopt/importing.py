"""The import file and the record, from what was found. Pure."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adopt.program import Resource
from existing.there import There
from plan.facts import WorkflowPermissions

STACK_TYPE = "pulumi:pulumi:Stack"


def import_file(resources: Sequence[Resource], there: Iterable[There], providers: Mapping[str, str]) -> dict[str, Any]:
    """For `pulumi import --file`: what is adopted, after the components that it is in.

    Names in the file are its own and unique; `logicalName` is the program's. `providers` are versions by package.
    https://www.pulumi.com/docs/iac/guides/migration/import/#bulk-import-operations
    """
    ids = {one.key: one.id for one in there if one.adoptable}
    by_name = {(one.type, one.name): one for one in resources}
    adopted = [one for one in resources if one.key in ids]
    parents = {one.parent for one in adopted} - {None}
    components = [one for one in by_name.values() if (one.type, one.name) in parents]
    entries = [_entry(one, {"component": True}) for one in components if one.type != STACK_TYPE]
    entries += [_entry(one, {"id": ids[one.key], "version": providers[one.type.partition(":")[0]]}) for one in adopted]
    return {"resources": entries}


def _entry(one: Resource, more: Mapping[str, Any]) -> dict[str, Any]:
    parent = {"parent": _name(*one.parent)} if one.parent and one.parent[0] != STACK_TYPE else {}
    return {"type": one.type, "name": _name(one.type, one.name), "logicalName": one.name, **parent, **more}


def _name(type: str, name: str) -> str:
    return f"{type.rpartition(':')[2]} {name}"


def record(there: Iterable[There], permissions: Mapping[str, WorkflowPermissions], before: Mapping[str, Any]) -> dict[str, Any]:
    """What is adopted, on top of what was `before`: what the program keeps in place, and what to give back."""
    resources = {one["key"]: one for one in before.get("resources", [])}
    for one in there:
        if one.adoptable:
            resources.setdefault(one.key, {"key": one.key, "id": one.id, **({"before": one.before} if one.before else {})})
    shown = {name: {"default": one.default, "canApprove": one.can_approve} for name, one in permissions.items()}
    return {"resources": list(resources.values()), "workflowPermissions": {**shown, **before.get("workflowPermissions", {})}}


def give_back(owner: str, recorded: Mapping[str, Any]) -> list[str]:
    """Commands that give back what a stack changed and does not put back by itself when it goes, quoted for a shell."""
    commands = [
        shlex.join(
            [
                *("gh", "api", "-X", "PUT", f"repos/{owner}/{name}/actions/permissions/workflow"),
                *("-f", f"default_workflow_permissions={one['default']}"),
                *("-F", f"can_approve_pull_request_reviews={str(one['canApprove']).lower()}"),
            ]
        )
        for name, one in recorded.get("workflowPermissions", {}).items()
    ]
    return [*commands, *(_put_policy(one) for one in recorded.get("resources", []) if one.get("before"))]


def _put_policy(one: Mapping[str, Any]) -> str:
    _, _, path = one["id"].partition(":domain/") if ":domain/" in one["id"] else one["id"].partition(":repository/")
    domain, _, repository = path.partition("/")
    which = ["put-repository-permissions-policy", "--repository", repository] if repository else ["put-domain-permissions-policy"]
    return shlex.join(["aws", "codeartifact", *which, "--domain", domain, "--policy-document", one["before"]])
