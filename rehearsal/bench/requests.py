"""Requests to GitHub that a repository costs, counted in the stand-in, and the hours that GitHub's limits make of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from existing import spent
from rehearsal import large_stack, stage

SCOPES = ("repository", "organization")
# Of one credential. An App's installation has 5,000 to 12,500, by the number of repositories and people.
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
REQUESTS_AN_HOUR = {"token": 5_000, "App": 12_500}
WRITES_A_MINUTE, WRITES_AN_HOUR = 80, 500


@dataclass(frozen=True)
class Requests:
    """What a first up costs of so many repositories, every second of which publishes; `unchanged`: the look-ups of a later preview."""

    scope: str
    repositories: int
    look_ups: int
    reads: int
    writes: int
    unchanged: int

    def hours(self, repositories: int) -> dict[str, float]:
        """Hours at least for so many repositories, by the limit that makes them."""
        times = repositories / self.repositories
        requests, writes = (self.look_ups + self.reads + self.writes) * times, self.writes * times
        found = {f"all requests, {who}": requests / an_hour for who, an_hour in REQUESTS_AN_HOUR.items()}
        found |= {"writes, 80 a minute": writes / WRITES_A_MINUTE / 60, "writes, 500 an hour": writes / WRITES_AN_HOUR}
        found |= {f"unchanged preview, {who}": self.unchanged * times / an_hour for who, an_hour in REQUESTS_AN_HOUR.items()}
        return {limit: round(one, 1) for limit, one in found.items()}

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "hours of 10,000": self.hours(10_000)}


def count(folder: Path, scope: str, repositories: int) -> Requests:
    """Run the program against the stand-in by the SDK alone. Raises stage.ProgramFailed."""
    file, catalog = large_stack.write(folder / "stack", repositories, scope=scope)
    stack = stage.Stack(large_stack.STACK, file, catalog)
    settings = stack.settings()
    with closing(stage.Cloud(settings, folder, "fixture")) as cloud:
        deployer = stage.company(stack, settings, cloud, folder, quick=True)
        before = len(cloud.control.get("github/requests")["requests"])
        stage.Program(stack, cloud, deployer, folder).run(lambda event: None)
        made = cloud.control.get("github/requests")["requests"][before:]
    unchanged = spent.needed(settings, dict.fromkeys(one.name for one in settings.repositories), 1)
    return split(scope, repositories, made, unchanged)


def split(scope: str, repositories: int, made: Sequence[Mapping[str, Any]], unchanged: int) -> Requests:
    """What comes before the first write is the look-ups'; GitHub does not count what asks for the limit."""
    counted = [one for one in made if one["path"] != f"/{spent.RATE_LIMIT}"]
    first = next((number for number, one in enumerate(counted) if one["method"] != "GET"), len(counted))
    if first < len(counted) and counted[first]["path"].startswith("/repos/"):
        first -= 1  # the provider reads the repository that it is about to write to
    writes = sum(one["method"] != "GET" for one in counted)
    return Requests(scope, repositories, first, len(counted) - first - writes, writes, unchanged)


def lines(counted: list[Requests]) -> Iterator[str]:
    """A table, and the hours of 10,000 repositories."""
    yield f"{'githubScope':<14}{'repositories':<14}{'look-ups':<10}{'reads':<8}{'writes':<8}{'writes each':<13}unchanged"
    for one in counted:
        each = f"{one.writes / one.repositories:.1f}"
        yield f"{one.scope:<14}{one.repositories:<14}{one.look_ups:<10}{one.reads:<8}{one.writes:<8}{each:<13}{one.unchanged}"
    for one in counted:
        yield f"{one.scope}, 10,000 repositories, hours at least: " + "; ".join(
            f"{limit} {math.ceil(n)}" for limit, n in one.hours(10_000).items()
        )
