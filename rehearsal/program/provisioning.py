"""Brings one resource to what the program wants: create, adopt, update or leave as it is. Deciding is pure; the handler acts."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.program import aws_resources, github_resources, pulumi_resources, wire
from rehearsal.program.clouds import Aws, Clouds, Github, PulumiCloud
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, Handler, NotSupported
from rehearsal.program.inputs import Inputs
from rehearsal.program.state import Resource, digest

HANDLERS: dict[str, Handler] = {**aws_resources.HANDLERS, **github_resources.HANDLERS, **pulumi_resources.HANDLERS}
PROVIDER_PREFIX = "pulumi:providers:"
# What the providers' SDK takes for a value that was not given.
BLANK: tuple[Any, ...] = (None, "", [], {})
RANDOM_NAME_DIGITS = 7  # Pulumi's automatic names: NAME-1234567


def handler_of(token: str) -> Handler:
    """The handler of a resource type. Raises `NotSupported` if there is none."""
    handler = HANDLERS.get(token)
    if handler is None:
        raise NotSupported(f"the rehearsal has no handler for resource type {token}")
    return handler


def cloud_of(resource: Resource, clouds: Clouds) -> Aws | Github | PulumiCloud:
    """The connection that a resource's provider has, in the resource's own region if it names one."""
    if resource.type.startswith("pulumiservice:"):
        return clouds.pulumi_cloud()
    if not resource.type.startswith("aws:"):
        return clouds.github(resource.provider)
    region = wire.plain(resource.inputs).get("region")
    return clouds.aws(resource.provider).in_region(region)


def existing_of(resource: Resource) -> Existing:
    """A resource of the state as a handler takes it."""
    return Existing(resource.id, wire.plain(resource.inputs), wire.plain(resource.outputs))


def request_for(handler: Handler, resource: Resource, before: Resource | None, cloud: Aws | Github | PulumiCloud) -> dict[str, Any]:
    """Reads the inputs into the handler's request. Raises `InputProblems` for what is missing, wrong, misspelt or unsupported."""

    def automatic_name() -> str:
        kept = before.outputs.get("name") if before else None
        return kept or f"{resource.name}-{secrets.token_hex(RANDOM_NAME_DIGITS)[:RANDOM_NAME_DIGITS]}"

    inputs = Inputs(wire.plain(resource.inputs), auto_name=automatic_name)
    if getattr(handler, "regional", False):
        inputs.text("region")
    tags = cloud.default_tags if isinstance(cloud, Aws) else {}
    wanted = handler.read(inputs, Defaults(tags=tags))
    inputs.check()
    return wanted


def create(resource: Resource, clouds: Clouds) -> None:
    """Creates the resource and fills in its id and outputs. Raises the handler's errors."""
    handler, cloud = handler_of(resource.type), cloud_of(resource, clouds)
    created = handler.create(cloud, request_for(handler, resource, None, cloud))
    fill(resource, created, "created")


def fill(resource: Resource, created: Created, status: str) -> None:
    """Notes what a handler created."""
    resource.id, resource.status = created.id, status
    resource.outputs = outputs_of(resource, created.outputs)


def adopt(resource: Resource, import_id: str, clouds: Clouds) -> None:
    """Takes over an existing resource (the option `import_`), in the engine's words if it is missing.

    The engine updates one that differs; this runner does not, and says so.
    """
    handler, cloud = handler_of(resource.type), cloud_of(resource, clouds)
    request_for(handler, resource, None, cloud)
    seen = handler.look_up(cloud, import_id)
    if seen is None:
        raise CloudError(f"resource '{import_id}' does not exist")
    found, wanted = known(seen), wire.plain(resource.inputs)
    pairs = {key: (found.get(key), value) for key, value in wanted.items() if key in seen}
    differing = sorted(key for key, (one, other) in pairs.items() if not (same(one, other) or handler.alike(key, one, other)))
    if differing:
        raise NotSupported(f"without the engine only what equals the program is imported; {', '.join(differing)} of '{import_id}' differ")
    fill(resource, Created(handler.imported(import_id), found), "imported")


@dataclass(frozen=True)
class Change:
    """What differs between a resource's state and what the program wants. `inputs` are the program's, after `ignore_changes`."""

    inputs: dict[str, Any]
    same: bool
    differing: set[str]


def change(before: Resource, wanted: Resource) -> Change:
    """Compares by digest, so that a masked secret counts as unchanged only if it is."""
    inputs = dict(wanted.inputs)
    for key in wanted.options.get("ignoreChanges", []):
        if not key.isidentifier():
            raise NotSupported(f"the rehearsal supports ignore_changes of whole inputs only, got {key!r}")
        inputs.pop(key, None)
        if key in before.inputs:
            inputs[key] = before.inputs[key]
    after, old = wire.shown(inputs), wire.shown(before.inputs)
    differing = {key for key in {*after, *old} if after.get(key) != old.get(key)}
    return Change(inputs, digest(inputs) == before.inputs_digest, differing)


def update(resource: Resource, before: Resource, clouds: Clouds) -> None:
    """Brings an existing resource to the wanted inputs. A change that needs a new resource is not supported."""
    handler, cloud = handler_of(resource.type), cloud_of(resource, clouds)
    changed = change(before, resource)
    if replaces := handler.replacing(cloud, before.outputs, changed.inputs, changed.differing):
        what = ", ".join(sorted(replaces))
        raise NotSupported(f"changing {what} of {resource.type} needs a replacement, which the rehearsal does not do")
    wanted = request_for(handler, resource, before, cloud)
    computed = handler.update(cloud, existing_of(before), wanted)
    resource.id, resource.status = before.id, "updated"
    kept = {key: value for key, value in before.outputs.items() if key not in before.inputs and value != wire.MASKED_SECRET}
    resource.outputs = outputs_of(resource, {**kept, **computed})


def keep(resource: Resource, before: Resource) -> None:
    """Leaves an unchanged resource as it is; its outputs come from the state."""
    resource.id, resource.status = before.id, "same"
    resource.outputs = restored(before.outputs, resource.inputs)


def delete(resource: Resource, clouds: Clouds) -> None:
    """Deletes the resource in the cloud."""
    handler_of(resource.type).delete(cloud_of(resource, clouds), existing_of(resource))


def outputs_of(resource: Resource, computed: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they came (so a secret stays one) under what the provider computed."""
    outputs = dict(resource.inputs)
    for key, value in computed.items():
        given = resource.inputs.get(key)
        if given is None or wire.plain(given) != value:
            outputs[key] = wire.secret(value) if wire.has_secret(given) else value
    for key in resource.options.get("additionalSecretOutputs", []):
        if key in outputs and not wire.is_secret(outputs[key]):
            outputs[key] = wire.secret(outputs[key])
    return outputs


def restored(outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs from a state file with the secrets that the inputs still hold put back."""
    whole = {key: inputs[key] if wire.has_secret(inputs.get(key)) else value for key, value in outputs.items()}
    lost = [key for key, value in whole.items() if value == wire.MASKED_SECRET]
    if lost:
        raise CloudError(f"the state file holds no secrets: output {', '.join(lost)} cannot be restored")
    return whole


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a look found not to be there."""
    return {key: value for key, value in values.items() if value is not None}


def same(one: Any, other: Any) -> bool:
    """Whether two values of an input say the same: documents by content, lists in order, and inside objects what is absent is blank."""
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, str):
        documents = _document(one), _document(other)
        return None not in documents and documents[0] == documents[1]
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_alike(one.get(key), other.get(key)) for key in {*one, *other})
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(same(*each) for each in zip(one, other, strict=True))
    return False


def _alike(one: Any, other: Any) -> bool:
    blank = (*BLANK, False, 0)
    return (one in blank and other in blank) or same(one, other)


def _document(text: str) -> Any:
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict | list) else None
