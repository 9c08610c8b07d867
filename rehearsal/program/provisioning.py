"""Creates and deletes one resource, by the handler of its type."""

import secrets
from collections.abc import Mapping
from typing import Any

from rehearsal.program import aws_resources, github_organization, github_resources, pulumi_resources, wire
from rehearsal.program.clouds import Aws, Clouds, Github, PulumiCloud
from rehearsal.program.handlers import Defaults, Existing, Handler, NotSupported
from rehearsal.program.inputs import Inputs
from rehearsal.program.state import Resource

HANDLERS: dict[str, Handler] = {
    **aws_resources.HANDLERS,
    **github_resources.HANDLERS,
    **github_organization.HANDLERS,
    **pulumi_resources.HANDLERS,
}
PROVIDER_PREFIX = "pulumi:providers:"
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


def request_for(handler: Handler, resource: Resource, cloud: Aws | Github | PulumiCloud) -> dict[str, Any]:
    """Reads the inputs into the handler's request. Raises `InputProblems` for what is missing, wrong, misspelt or unsupported."""

    def automatic_name() -> str:
        return f"{resource.name}-{secrets.token_hex(RANDOM_NAME_DIGITS)[:RANDOM_NAME_DIGITS]}"

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
    created = handler.create(cloud, request_for(handler, resource, cloud))
    resource.id, resource.status = created.id, "created"
    resource.outputs = outputs_of(resource, created.outputs)


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
