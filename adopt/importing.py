"""The import file and the record, from what was found. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adopt.program import Resource
from existing.there import There

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


def unmatched(resources: Iterable[Resource], there: Iterable[There]) -> list[There]:
    """What was found and no resource of the program stands for."""
    keys = {one.key for one in resources}
    return [one for one in there if one.adoptable and one.key not in keys]
