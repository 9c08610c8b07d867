"""All scenarios, in acts: the second begins when the first is over, because it changes what the first relies on."""

from rehearsal.scenario import Scenario, check
from rehearsal.scenarios import guarding, publishing, reading, recycling, releasing, workflows
from rehearsal.world import World


def acts(world: World) -> list[list[Scenario]]:
    """The acts of a rehearsal. Raises ValueError if a scenario is not well formed (see scenario.check)."""
    first = [one for part in (guarding, releasing, reading, publishing, workflows) for one in part.scenarios(world)]
    last = recycling.scenarios(world)
    check([*first, *last])
    return [first, last]


def exports(world: World) -> list[str]:
    """What to export to use one's own aws, npm and pip against the local cloud, as an administrator of the account."""
    place, domain = world.place, world.settings.domain.name
    values = {"AWS_ENDPOINT_URL": place.endpoint, "AWS_DEFAULT_REGION": place.region, **reading.administrator(world).environment()}
    login = f"aws codeartifact login --tool npm --domain {domain} --domain-owner {place.account} --repository shared"
    return [*(f"export {name}={value}" for name, value in values.items()), "", login]
