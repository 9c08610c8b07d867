"""A scenario: somebody tries something, and it is allowed or denied as expected.

A denial counts only if it was a denial: every way to be refused (AWS, CodeArtifact's endpoints, GitHub) raises Denied; any other failure is
reported as an error, so that a broken client never passes for a closed door. Nor does a login that failed: what an attempt needs before it
is `required`.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

ALLOW, DENY, SKIPPED, ERROR = "allow", "deny", "skipped", "error"


class Denied(Exception):
    """The one who tried was refused; the message is the refusal's own."""


@contextmanager
def required(what: str) -> Generator[None]:
    """What has to succeed before the attempt itself. A refusal of it is an error, because it says nothing about the attempt."""
    try:
        yield
    except Denied as refusal:
        raise RuntimeError(f"{what} was refused, before the attempt: {refusal}") from refusal


class Skipped(Exception):
    """It can't be tried on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Scenario:
    """One attempt.

    name       unique in a rehearsal
    principal  who tries, in words
    action     what is tried
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
        one = self.scenario
        return {
            "name": one.name,
            "principal": one.principal,
            "action": one.action,
            "resource": one.resource,
            "expected": one.expected,
            "observed": self.observed,
            "ok": self.ok,
            "twin": one.twin,
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
    """The scenarios, if names are unique, every denial has an allowed twin and every `after` exists. Raises ValueError otherwise."""
    listed = list(scenarios)
    by_name = {one.name: one for one in listed}
    wrong = [f"two scenarios are named '{one.name}'" for one in listed if by_name[one.name] is not one]
    for one in listed:
        twin = by_name.get(one.twin or "")
        if one.expected == DENY and (twin is None or twin.expected != ALLOW):
            wrong.append(f"'{one.name}' is a denial without an allowed twin (twin: {one.twin!r})")
        wrong += [f"'{one.name}' comes after '{name}', which does not exist" for name in one.after if name not in by_name]
    if wrong:
        raise ValueError("; ".join(wrong))
    return listed
