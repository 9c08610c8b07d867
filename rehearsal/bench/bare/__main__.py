"""The least that a Pulumi program in Python can be: it reads resources from a file and registers each by the SDK's class for it.

No settings, no look-ups, no plan. A value that was known only after another resource had been created comes from that resource here too.
"""

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi._types import resource_py_to_pulumi_names

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
made: dict[str, pulumi.Resource] = {}


@cache
def python_names(resource: type) -> dict[str, str]:
    """The SDK's names by Pulumi's."""
    return {wire: name for name, wire in resource_py_to_pulumi_names(resource).items()}


def output(urn: str, name: str) -> pulumi.Output[Any]:
    """An output of a resource that was registered before."""
    resource = made[urn]
    return getattr(resource, "id" if name == "id" else python_names(type(resource))[name])


def value(recorded: Any, references: list[tuple[str, str, str]]) -> Any:
    """The recorded value, with what other resources have in this run in place of what they had when it was recorded."""
    if not references:
        return recorded

    def replaced(actual: list[str]) -> Any:
        text = json.dumps(recorded)
        for (_, _, had), has in zip(references, actual, strict=True):
            text = text.replace(had, has)
        return json.loads(text)

    return pulumi.Output.all(*[output(urn, name) for urn, name, _ in references]).apply(replaced)


for one in RECORDED["resources"]:
    options = pulumi.ResourceOptions(
        parent=made.get(one["parent"]),
        depends_on=[made[urn] for urn in one["dependencies"] if urn in made],
        provider=made.get(one["provider"]),  # ty: ignore[invalid-argument-type]  # it is one
        protect=one["protect"],
        retain_on_delete=one["retained"],
    )
    token, name, inputs = one["type"], one["name"], one["inputs"]
    if token.startswith("pulumi:providers:"):
        made[one["urn"]] = pulumi.ProviderResource(token.rpartition(":")[2], name, inputs, options)
    elif not one["custom"]:
        component = made[one["urn"]] = pulumi.ComponentResource(token, name, inputs, options)
        component.register_outputs({})
    else:
        package, module, named = token.split(":")
        folder = module.partition("/")[0]
        of = importlib.import_module(f"pulumi_{package}" if folder == "index" else f"pulumi_{package}.{folder}")
        resource = getattr(of, named)
        names = python_names(resource)
        given = {names[key]: value(each, one["references"].get(key, [])) for key, each in inputs.items()}
        made[one["urn"]] = resource(name, opts=options, **given)

# Outputs that wait for the resources, as a real program's do. Without them the SDK looks at every outstanding task whenever one is done
# (pulumi/runtime/stack.py, wait_for_rpcs), and 3,000 resources take twice the time.
everything = pulumi.Output.all(*[one.urn for one in made.values()])
for name, each in RECORDED["outputs"].items():
    pulumi.export(name, everything.apply(lambda _, each=each: each))
