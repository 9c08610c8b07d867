"""Runs the look-ups and the program's own registrations under a preview, and notes what there is to import."""

from dataclasses import dataclass, field

import pulumi
from pulumi import runtime

import leftovers
import lookups
from components.developers import identity_center
from plan.planning import plan
from registration import register
from settings import Settings, load


@dataclass(frozen=True)
class Resource:
    """A resource as the program registers it: type and name, those of its parent (None = the stack), and its key (see leftovers.key)."""

    type: str
    name: str
    parent: tuple[str, str] | None
    key: str


@dataclass
class Found:
    """What a look found. `resources` are the program's, empty where problems come first."""

    settings: Settings | None = None
    adoption: lookups.Adoption | None = None
    resources: list[Resource] = field(default_factory=list)


def look(found: Found) -> None:
    """The program of a preview. Raises pulumi.RunError for what is wrong, and in anything but a preview."""
    if not runtime.is_dry_run():
        raise pulumi.RunError("got an update; expected a preview, because this only looks; run make adopt")
    found.settings = settings = load()
    directory = identity_center(settings.developers)
    found.adoption = adoption = lookups.look_for_adoption(settings, directory)
    if adoption.facts is None:
        return

    def note(resource: pulumi.ResourceTransformationArgs) -> None:
        parent = resource.opts.parent
        named = (parent.pulumi_resource_type, parent.pulumi_resource_name) if parent is not None else None
        found.resources.append(Resource(resource.type_, resource.name, named, leftovers.key_of(resource)))

    runtime.register_stack_transformation(note)
    register(settings, plan(settings, adoption.facts), directory)
