"""A scenario: an attempt that is expected to be allowed or denied.

Its name reads `<who>: <attempt>`, with the attempt's verb in the base form: `identity-api: push to main without a pull request`. It never
states the outcome, which is in `expected` and `observed`, so a denied attempt does not read as if it had happened. `who` is a repository, a
stack with its operation (`prod preview`), a role, or a principal by its kind (`developer`, `administrator`). Principal, action and resource
are columns of the report: `a writer`, `push without a pull request`, `identity-api main`.

A denial counts only if it was one: every way to be refused (AWS, CodeArtifact's endpoints, GitHub) raises Denied; any other failure is
reported as an error, so that a broken client never passes for a closed door. Nor does a login that failed: what an attempt needs before it
is `required`.
"""

import re
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

_NAME = re.compile(r"[^:]+: [a-z]+( .+)?")
ALLOW, DENY, SKIPPED, ERROR = "allow", "deny", "skipped", "error"


class Denied(Exception):
    """The attempt was refused; the message is the refusal's own."""


@contextmanager
def required(what: str) -> Generator[None]:
    """What has to succeed before the attempt itself. A refusal of it is an error, because it says nothing about the attempt."""
    try:
        yield
    except Denied as refusal:
        raise RuntimeError(f"{what} was refused, before the attempt: {refusal}") from refusal


class Skipped(Exception):
    """The attempt can't run on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Scenario:
    """One attempt.

    name       unique in a rehearsal: `<who>: <attempt>`
    principal  who attempts it, in words
    action     what is attempted, in the base form
    resource   on what
    attempt    does it: returns what was seen (a line of text), raises Denied or Skipped
    expected   "allow" or "deny"
    twin       for a denial: the name of the allowed scenario that differs in one thing
    after      names of scenarios that must have run before (their results are used)
    slow       left out by --quick: takes seconds of processor time, or is not part of the main job
    """

    name: str
    principal: str
    action: str
    resource: str
    attempt: Callable[[], str]
    expected: str = ALLOW
    twin: str | None = None
    after: tuple[str, ...] = field(default=())
    slow: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario. `observed` is allow, deny, skipped, or error for a failure that was no refusal."""

    scenario: Scenario
    observed: str
    reason: str

    @property
    def ok(self) -> bool | None:
        """Whether it came out as expected; None if it was skipped."""
        return None if self.observed == SKIPPED else self.observed == self.scenario.expected

    def as_json(self) -> dict:
        """As in the report."""
        scenario = self.scenario
        return {
            "name": scenario.name,
            "principal": scenario.principal,
            "action": scenario.action,
            "resource": scenario.resource,
            "expected": scenario.expected,
            "observed": self.observed,
            "ok": self.ok,
            "twin": scenario.twin,
            "reason": self.reason,
        }


def _line(text: str) -> str:
    return " ".join(text.split())


def attempt(scenario: Scenario) -> Outcome:
    """Try it."""
    try:
        return Outcome(scenario, ALLOW, _line(scenario.attempt()))
    except Denied as denial:
        return Outcome(scenario, DENY, _line(str(denial)))
    except Skipped as reason:
        return Outcome(scenario, SKIPPED, _line(str(reason)))
    except Exception as error:
        return Outcome(scenario, ERROR, _line(f"{type(error).__name__}: {error}"))


def check(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """The scenarios, if each name is unique and reads `<who>: <attempt>`, every denial has an allowed twin and every `after` exists.

    Raises ValueError with every problem otherwise.
    """
    listed = list(scenarios)
    by_name = {scenario.name: scenario for scenario in listed}
    problems = [f"two scenarios are named '{each.name}'; give each a name of its own" for each in listed if by_name[each.name] is not each]
    for scenario in listed:
        name, twin = scenario.name, by_name.get(scenario.twin or "")
        if not _NAME.fullmatch(name):
            problems.append(f"a scenario's name: got {name!r}; expected '<who>: <attempt>'; say who attempts what, not the outcome")
        if scenario.expected == DENY and (twin is None or twin.expected != ALLOW):
            problems.append(f"'{name}', a denial: got twin {scenario.twin!r}; expected an allowed scenario that differs in one thing")
        problems += [f"'{name}': got after '{other}'; expected a scenario's name" for other in scenario.after if other not in by_name]
    if problems:
        raise ValueError("; ".join(problems))
    return listed
