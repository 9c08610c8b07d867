"""All scenarios, in acts: the second begins when the first is over, because it changes what the first relies on."""

from collections.abc import Sequence
from dataclasses import replace

from rehearsal.scenario import Scenario, check
from rehearsal.scenarios import (
    building,
    deploying,
    developing,
    events,
    generated,
    guarding,
    owning,
    promoting,
    publishing,
    reading,
    recycling,
    releasing,
    sandbox,
    sharing,
    workflows,
)
from rehearsal.world import World

# What a consuming repository does, and what the organisation's side does; --quick leaves the latter out.
_MAIN_JOB = (guarding, releasing, reading, publishing, owning, promoting, workflows, generated)
_ORGANISATION = (developing, building, deploying, sharing, events, sandbox)


def acts(world: World, only: Sequence[str] = (), *, quick: bool = False) -> list[list[Scenario]]:
    """The acts of a rehearsal; with `only`, the scenarios whose name has one of these texts, with their twins and what they build on; with
    `quick`, those that need no slow one.

    Raises ValueError if a scenario is not well formed (see scenario.check) or `only` fits none.
    """
    main_job = [one for part in _MAIN_JOB for one in part.scenarios(world)]
    organisation = [replace(one, slow=True) for part in _ORGANISATION for one in part.scenarios(world)]
    first = [*main_job, *organisation]
    last = [*recycling.scenarios(world), *(replace(one, slow=True) for one in developing.later(world))]
    every = check([*first, *last])
    wanted = _wanted(every, [one.name for one in every if not only or any(text in one.name for text in only)])
    if quick:
        wanted = {name for name in wanted if not any(one.slow for one in every if one.name in _wanted(every, [name]))}
    if not wanted:
        raise ValueError(f"no scenario has {' or '.join(map(repr, only))} in its name")
    return [[one for one in act if one.name in wanted] for act in (first, last)]


def _wanted(every: list[Scenario], names: list[str]) -> set[str]:
    """These scenarios, their twins and what they build on."""
    by_name = {one.name: one for one in every}
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            twin = by_name[name].twin
            waiting += [*by_name[name].after, *([twin] if twin else [])]
    return wanted


def exports(world: World) -> list[str]:
    """What to export to use one's own aws, npm and pip against the local cloud, as an administrator of the account."""
    place, domain = world.place, world.settings.domain.name
    values = {"AWS_ENDPOINT_URL": place.endpoint, "AWS_DEFAULT_REGION": place.region, **reading.administrator(world).environment()}
    login = f"aws codeartifact login --tool npm --domain {domain} --domain-owner {place.account} --repository shared"
    return [*(f"export {name}={value}" for name, value in values.items()), "", login]
