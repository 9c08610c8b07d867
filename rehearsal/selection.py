"""Which scenarios run, in two phases: the second starts when the first has ended, because it changes what the first relies on."""

from collections.abc import Sequence
from dataclasses import replace

from rehearsal.scenario import Scenario, check
from rehearsal.scenarios import (
    aws_builds,
    deployments,
    developers,
    events,
    generated_clients,
    owned_names,
    packed,
    promotion,
    publish_trust,
    publishing,
    read_access,
    recycled_names,
    release_tags,
    rulesets,
    sandbox,
    sharing,
    team_stacks,
    workflows,
)
from rehearsal.world import World

# The part of consuming repositories, and the organisation's, which --quick leaves out.
_MAIN_JOB = (rulesets, release_tags, publish_trust, read_access, publishing, owned_names, promotion, workflows, packed, generated_clients)
_ORGANISATION = (developers, aws_builds, deployments, team_stacks, sharing, events, sandbox)


def phases(world: World, only: Sequence[str] = (), *, quick: bool = False) -> list[list[Scenario]]:
    """The phases of a rehearsal; with `only`, the scenarios whose name contains one of these texts, with their twins and what they build
    on; with `quick`, those that need no slow scenario.

    Raises ValueError if a scenario is not well formed (see scenario.check) or no name contains a text of `only`.
    """
    main_job = [scenario for part in _MAIN_JOB for scenario in part.scenarios(world)]
    organisation = [replace(scenario, slow=True) for part in _ORGANISATION for scenario in part.scenarios(world)]
    first = [*main_job, *organisation]
    last = [*recycled_names.scenarios(world), *(replace(scenario, slow=True) for scenario in developers.later(world))]
    listed = check([*first, *last])
    selected = with_prerequisites(listed, [each.name for each in listed if not only or any(text in each.name for text in only)])
    if quick:
        slow = {each.name for each in listed if each.slow}
        selected = {name for name in selected if not slow & with_prerequisites(listed, [name])}
    if not selected:
        raise ValueError(f"--only: got {', '.join(map(repr, only))}; expected text of a scenario's name; list the names with --json -")
    return [[scenario for scenario in phase if scenario.name in selected] for phase in (first, last)]


def with_prerequisites(scenarios: Sequence[Scenario], names: Sequence[str]) -> set[str]:
    """The names of these scenarios, of their twins and of what they build on."""
    by_name = {scenario.name: scenario for scenario in scenarios}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            twin = by_name[name].twin
            waiting += [*by_name[name].after, *([twin] if twin else [])]
    return found


def exports(world: World) -> list[str]:
    """Shell lines that point your own aws, npm and pip at the local cloud, as an administrator of the account."""
    place, domain = world.place, world.settings.domain.name
    values = {"AWS_ENDPOINT_URL": place.endpoint, "AWS_DEFAULT_REGION": place.region, **read_access.administrator(world).environment()}
    login = f"aws codeartifact login --tool npm --domain {domain} --domain-owner {place.account} --repository {world.settings.shared}"
    return [*(f"export {name}={value}" for name, value in values.items()), "", login]
