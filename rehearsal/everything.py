"""All scenarios, in acts: the second begins when the first is over, because it changes what the first relies on."""

from rehearsal.scenario import Scenario, check
from rehearsal.scenarios import guarding, releasing
from rehearsal.world import World


def acts(world: World) -> list[list[Scenario]]:
    """The acts of a rehearsal. Raises ValueError if a scenario is not well formed (see scenario.check)."""
    first = [*guarding.scenarios(world), *releasing.scenarios(world)]
    check(first)
    return [first]


def exports(world: World) -> list[str]:
    """What to export to use one's own aws, npm and pip against the local cloud, as an administrator of the account."""
    administrator = world.principal("administrator", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    values = {"AWS_ENDPOINT_URL": world.place.endpoint, "AWS_DEFAULT_REGION": world.place.region, **administrator.environment()}
    login = f"aws codeartifact login --tool npm --domain {world.settings.domain.name} --domain-owner {world.place.account} --repository shared"
    return [*(f"export {name}={value}" for name, value in values.items()), "", login]
