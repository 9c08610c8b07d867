"""Runs scenarios side by side, each after those that it builds on."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from rehearsal.scenario import ERROR, SKIPPED, Outcome, Scenario, attempt

# Most of a scenario's time is a client's start-up; more at once than this only makes them wait for the processor.
AT_ONCE = 6


def _blocked(scenario: Scenario, done: dict[str, Outcome]) -> Outcome | None:
    """Why a scenario can't be tried: one that it builds on was skipped or did not come out as expected."""
    for name in scenario.after:
        before = done[name]
        if before.observed == SKIPPED:
            return Outcome(scenario, SKIPPED, f"needs '{name}', which was skipped: {before.reason}")
        if not before.ok:
            return Outcome(scenario, ERROR, f"needs '{name}', which did not come out as expected")
    return None


def _longest_first(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """In the order to begin in, so that no long one is left to run alone at the end: those that others build on, then from the end of the
    list, where the clients are."""
    builds_on = Counter(name for scenario in scenarios for name in scenario.after)
    from_the_end = list(reversed(scenarios))
    return sorted(from_the_end, key=lambda scenario: -builds_on[scenario.name])


def run(scenarios: Sequence[Scenario], report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Run all (checked by `scenario.check`), report each outcome as it comes, and return them in the scenarios' order."""
    done: dict[str, Outcome] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for outcome in _outcomes(pool, _longest_first(scenarios), done):
                done[outcome.scenario.name] = outcome
                report(outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [done[scenario.name] for scenario in scenarios]


def _outcomes(pool: ThreadPoolExecutor, waiting: list[Scenario], done: dict[str, Outcome]) -> Iterator[Outcome]:
    running: set[Future[Outcome]] = set()
    while waiting or running:
        ready = [scenario for scenario in waiting if all(name in done for name in scenario.after)]
        waiting = [scenario for scenario in waiting if scenario not in ready]
        if waiting and not ready and not running:
            raise ValueError(
                f"`after`: got scenarios that wait for each other; expected an order: {', '.join(scenario.name for scenario in waiting)}"
            )
        for scenario in ready:
            blocked = _blocked(scenario, done)
            running.add(pool.submit(lambda found=blocked, scenario=scenario: found or attempt(scenario)))
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            yield future.result()
