"""Deleting what a state lists, in the engine's order: a resource goes when nothing that is left depends on it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from rehearsal.program import provisioning
from rehearsal.program.clouds import Clouds
from rehearsal.program.handlers import CloudError
from rehearsal.program.state import Resource, State
from rehearsal.program.wire import MASKED_SECRET

Report = Callable[[str, Resource], None]


class Protected(Exception):
    """At least one of the resources is protected; nothing was deleted. The words are the engine's for one of them, `problems` has all."""

    def __init__(self, protected: Sequence[Resource]) -> None:
        self.resource = protected[0]
        self.problems = [f"{resource.urn} is protected" for resource in protected]
        super().__init__(
            f'resource "{self.resource.urn}" cannot be deleted\n'
            "because it is protected. To unprotect the resource, either remove the `protect` flag from the resource in your Pulumi "
            "program and run `pulumi up`, or use the command:\n"
            f"`pulumi state unprotect '{self.resource.urn}'`"
        )


class DeletionFailed(Exception):
    """The cloud refused a deletion. What was deleted before stays deleted."""

    def __init__(self, resource: Resource, cause: Exception) -> None:
        super().__init__(str(cause))
        self.resource = resource


@dataclass
class Deleted:
    """The URNs that went, and the resources that were left in the cloud on purpose (`retain_on_delete`)."""

    urns: list[str] = field(default_factory=list)
    retained: list[Resource] = field(default_factory=list)


def needs(resource: Resource) -> set[str]:
    """The URNs that must outlive a resource: dependencies, those of its inputs, its parent, its provider, what it is deleted with."""
    by_input = (urn for urns in resource.property_dependencies.values() for urn in urns)
    provider = resource.provider.rpartition("::")[0]
    others = {*resource.dependencies, *by_input, resource.parent, provider, resource.options.get("deletedWith", "")}
    return others - {"", resource.urn}


def order(resources: Iterable[Resource]) -> list[Resource]:
    """The order of deletion; among those that may go together, the one registered last goes first."""
    left = {resource.urn: resource for resource in resources}
    ordered: list[Resource] = []
    while left:
        needed = set().union(*(needs(resource) for resource in left.values()))
        free = [urn for urn in reversed(left) if urn not in needed]
        if not free:
            raise ValueError(f"the state has a cycle of dependencies among {', '.join(left)}")
        ordered += [left.pop(urn) for urn in free]
    return ordered


def delete(state: State, urns: Iterable[str], clouds: Clouds, report: Report, deleted: Deleted, *, unprotect: bool = False) -> None:
    """Deletes these resources; each is taken out of the state and noted in `deleted` as it goes.

    Raises `Protected` before anything is deleted, or `DeletionFailed` for the first that the cloud refuses.
    """
    going = order(state.resources[urn] for urn in urns)
    protected = [resource for resource in going if resource.protect]
    if protected and not unprotect:
        raise Protected(protected)
    register_providers(state, clouds)
    all_urns = {resource.urn for resource in going}
    for resource in going:
        if resource.retain_on_delete and has_substance(resource):
            deleted.retained.append(resource)
            report("retained", resource)
        else:
            _delete_one(resource, all_urns, clouds, report)
            deleted.urns.append(resource.urn)
        del state.resources[resource.urn]


def register_providers(state: State, clouds: Clouds) -> None:
    """Connects the providers that the program had registered, as far as they are not connected yet."""
    for resource in state.resources.values():
        if resource.type.startswith(provisioning.PROVIDER_PREFIX) and resource.urn not in clouds.explicit:
            if MASKED_SECRET in resource.inputs.values():
                raise CloudError(f"provider {resource.name} was configured with a secret, which the state file does not hold")
            clouds.register(resource.urn, resource.type, resource.inputs)


def has_substance(resource: Resource) -> bool:
    """Whether there is something in the cloud that a deletion would remove."""
    return resource.custom and not resource.external and not resource.type.startswith(provisioning.PROVIDER_PREFIX)


def _delete_one(resource: Resource, going: set[str], clouds: Clouds, report: Report) -> None:
    if not has_substance(resource) or resource.options.get("deletedWith") in going:
        return
    report("deleting", resource)
    try:
        provisioning.delete(resource, clouds)
    except Exception as error:
        raise DeletionFailed(resource, error) from error
    report("deleted", resource)
