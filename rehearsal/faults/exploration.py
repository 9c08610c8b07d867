"""Every call fails once in every way. At each call the process forks; each branch meets one fault, mends what it leaves, and compares.

What a branch has to show, in this order:

1. the client's own attempts absorb the fault, or the run ends with one error that says what failed and where in the program;
2. run again with the state that it left (and with the operator's steps where the documentation names one), it ends without an error;
3. the end is the undisturbed run's: the same in AWS, CodeArtifact, Identity Center and GitHub, nothing twice, nothing missing, and the
   state knows the same resources;
4. another run writes nothing.

What comes next depends on what is in the cloud and in the state, and on nothing else. So, unless `whole` is asked for, a branch ends early
where it would only repeat what has been seen: after a call whose repetition was answered, if everything is as after that call in the
undisturbed run; after a failed run, if an earlier branch of this phase left the same cloud and the same state and was mended; and another
run is only made where the state differs from the undisturbed run's.
"""

import asyncio
import gc
import hashlib
import json
import os
import random
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from rehearsal.cloud.faults import Fault, Kind, Seen, conflicts
from rehearsal.faults import operator
from rehearsal.faults.deployment import Deployment, Outcome
from rehearsal.faults.end_state import difference, end_state, everything_known, known
from rehearsal.faults.in_process import ATTEMPTS, Interrupted

MOST_RUNS = 4
LONGEST_BRANCH = 300  # seconds; far more than one takes, also on a busy machine
SHOWN = 12
# A credential's own calls change nothing that is compared.
NO_WRITES = {"sts"}


class Disturbance(StrEnum):
    """What befalls one call: the cloud's kinds of fault; `outage`, a server error at every attempt; `interrupted`, the end of the program's
    process after the call was carried out."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server-error"
    CONFLICT = "conflict"
    TIMEOUT = "timeout"
    LOST_RESPONSE = "lost-response"
    OUTAGE = "outage"
    INTERRUPTED = "interrupted"


# By these a provider learns how something ended that an earlier call has begun.
ASKED_AFTERWARDS = ("GetResourceRequestStatus", "DescribeAccountAssignmentCreationStatus", "DescribeAccountAssignmentDeletionStatus")
# Of the others nothing is left that the state does not know: running again has to be enough.
LEAVES_SOMETHING = (Disturbance.LOST_RESPONSE, Disturbance.INTERRUPTED)


class Ending(StrEnum):
    ABSORBED = "absorbed"  # by the client's own attempts
    MENDED = "mended"  # by running again
    BY_HAND = "by-hand"  # by running again and a documented step
    BROKEN = "broken"


@dataclass(frozen=True)
class Phase:
    """A part of the stack's life, and how it is run."""

    name: str
    act: Callable[..., Outcome]


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run does and leaves. `after`: what the cloud holds after each of its calls, by fingerprint."""

    calls: list[Seen]
    after: list[str]
    end: list[str]
    known: list[str]


@dataclass
class Case:
    """One fault and what became of it. `left` is a fingerprint of what a failed run left, `like` the case whose mending this one's is."""

    phase: str
    number: int
    disturbance: Disturbance
    call: str
    ending: Ending = Ending.BROKEN
    error: str = ""
    steps: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: str = ""
    like: str = ""

    @property
    def name(self) -> str:
        return f"{self.phase} call {self.number} ({self.call}): {self.disturbance}"


def phases(deployment: Deployment) -> list[Phase]:
    """A stack's life."""
    return [
        Phase("up", lambda **more: deployment.up(deployment.stack, **more)),
        Phase("change", lambda **more: deployment.up(deployment.changed, **more)),
        Phase("destroy", deployment.destroy),
    ]


def calls_of(deployment: Deployment) -> dict[str, Reference]:
    """The undisturbed runs, made in a branch of their own. Raises RuntimeError if one fails or is not repeatable."""
    made = _branched(lambda: {one.name: asdict(_undisturbed(deployment, one)) for one in phases(deployment)})
    if "crash" in made:
        raise RuntimeError(f"the undisturbed run fails: {made['crash']}")
    return {
        name: Reference([Seen(**each) for each in told["calls"]], told["after"], told["end"], told["known"]) for name, told in made.items()
    }


def _undisturbed(deployment: Deployment, phase: Phase) -> Reference:
    carrier = deployment.carrier
    carrier.calls.clear()
    after: list[str] = []

    def note(number: int, call: Seen) -> None:
        """At each call, what the one before has left; what only reads leaves everything."""
        after.append(after[-1] if after and not carrier.calls[-1].write else fingerprint())

    carrier.before = note
    outcome = phase.act()
    carrier.before = lambda number, call: None
    after = [*after[1:], fingerprint()]
    if outcome.error:
        raise RuntimeError(f"{phase.name}: {outcome.error['message']}")
    calls, end, state = list(carrier.calls), end_state(), known(deployment.state)
    problems = _changes_again(deployment, phase)
    if problems or end_state() != end:
        raise RuntimeError(f"{phase.name}, again: {problems or difference(end, end_state())}")
    return Reference(calls, after, end, state)


def fingerprint() -> str:
    """Of everything that the cloud holds."""
    return hashlib.sha256("\n".join(end_state()).encode()).hexdigest()


def left_behind(state: Mapping[str, Any] | None) -> str:
    """A fingerprint of everything that the next run begins with: the cloud, and all that the state says."""
    return hashlib.sha256("\n".join([fingerprint(), *everything_known(state)]).encode()).hexdigest()


def possible(reference: Reference) -> Iterator[tuple[int, Disturbance]]:
    """Every fault that a run can meet: a conflict only where the service has one."""
    for number, call in enumerate(reference.calls, 1):
        for disturbance in Disturbance:
            if disturbance is not Disturbance.CONFLICT or conflicts(call):
                yield number, disturbance


def chosen(
    references: dict[str, Reference], wanted: Sequence[Disturbance], only: str, sample: int | None, seed: int
) -> dict[str, list[tuple[int, Disturbance]]]:
    """The faults to meet: of these kinds, at calls whose `service:operation` holds `only`; a random choice of them, or all."""
    every = [
        (phase, number, disturbance)
        for phase, reference in references.items()
        for number, disturbance in possible(reference)
        if disturbance in wanted and only in _words(reference.calls[number - 1])
    ]
    if sample is not None and sample < len(every):
        every = sorted(random.Random(seed).sample(every, sample))
    found: dict[str, list[tuple[int, Disturbance]]] = {phase: [] for phase in references}
    for phase, number, disturbance in every:
        found[phase].append((number, disturbance))
    return found


def _words(call: Seen) -> str:
    return f"{call.service}:{call.operation}" + (f" {call.path}" if call.path else "")


def explore(
    deployment: Deployment,
    references: dict[str, Reference],
    faults: dict[str, list[tuple[int, Disturbance]]],
    *,
    whole: bool = False,
    tell: Callable[[Case], None] = lambda case: None,
) -> list[Case]:
    """Live through the stack's life once, as far as there are faults, and branch off at each."""
    gc.collect()
    gc.freeze()
    gc.disable()
    cases: list[Case] = []
    for phase in phases(deployment):
        left = sum(map(len, faults.values())) - len(cases)
        if left:
            last = left == len(faults[phase.name])
            cases += _Exploration(deployment, phase, references[phase.name], faults[phase.name], whole, tell, last).run()
    gc.enable()
    return cases


class _Exploration:
    def __init__(
        self,
        deployment: Deployment,
        phase: Phase,
        reference: Reference,
        wanted: Iterable[tuple[int, Disturbance]],
        whole: bool,
        tell: Callable[[Case], None],
        last: bool,
    ) -> None:
        self.deployment, self.phase, self.reference, self.whole, self.tell = deployment, phase, reference, whole, tell
        self.last = last
        self.wanted: dict[int, list[Disturbance]] = {}
        for number, disturbance in wanted:
            self.wanted.setdefault(number, []).append(disturbance)
        self.cases: list[Case] = []
        self.mended: dict[str, Case] = {}
        self.branch: _Branch | None = None
        self.pipe = -1

    def run(self) -> list[Case]:
        """In the parent: the cases. A branch comes through here as well, and ends here."""
        carrier = self.deployment.carrier
        carrier.calls.clear()
        carrier.before = self._at
        crash = ""
        outcome: Outcome | None = None
        try:
            outcome = self.phase.act()
            if self.branch:
                self.branch.judge(outcome)
        except BaseException:
            crash = traceback.format_exc()
        if self.branch:
            _end_branch(self.pipe, {**asdict(self.branch.case), **({"crash": crash} if crash else {})})
        carrier.before = lambda number, call: None
        carrier.end_at = 0
        if self.last:
            return self.cases
        if crash or outcome is None or outcome.error:
            raise RuntimeError(f"the undisturbed {self.phase.name} fails: {crash or (outcome and outcome.error)}")
        return self.cases

    def _at(self, number: int, call: Seen) -> None:
        if self.last and number > max(self.wanted):
            raise Interrupted  # nobody needs the rest of this life
        for disturbance in self.wanted.get(number, ()):
            case = Case(self.phase.name, number, disturbance, _words(call))
            reading, writing = os.pipe()
            loop = asyncio._get_running_loop()
            child = os.fork()
            if child == 0:
                # asyncio takes a loop that another process runs for none.
                asyncio._set_running_loop(loop)
                signal.signal(signal.SIGALRM, _too_long)
                signal.alarm(LONGEST_BRANCH)
                os.close(reading)
                self.pipe = writing
                mended = {} if self.whole else self.mended
                self.branch = _Branch(self.deployment, self.phase, self.reference, case, self.whole, writing, mended)
                self.branch.begin()
                return
            os.close(writing)
            self._note(_case(_read(reading), case))
            os.waitpid(child, 0)

    def _note(self, case: Case) -> None:
        self.cases.append(case)
        self.tell(case)
        if case.left and case.ending in (Ending.MENDED, Ending.BY_HAND):
            self.mended.setdefault(case.left, case)


class _Branch:
    """One process that meets one fault."""

    def __init__(
        self,
        deployment: Deployment,
        phase: Phase,
        reference: Reference,
        case: Case,
        whole: bool,
        pipe: int,
        mended: Mapping[str, Case],
    ) -> None:
        self.deployment, self.phase, self.reference, self.case = deployment, phase, reference, case
        self.whole, self.pipe, self.mended = whole, pipe, mended
        self.carrier = deployment.carrier
        self.disposed: list[str] = []

    def begin(self) -> None:
        """Arm the fault; the call that is about to be made meets it."""
        self.carrier.before = lambda number, call: None
        if self.case.disturbance is Disturbance.INTERRUPTED:
            self.carrier.end_at = self.case.number
            return
        outage = self.case.disturbance is Disturbance.OUTAGE
        kind = Kind.SERVER_ERROR if outage else Kind(self.case.disturbance)
        self.carrier.front.faults.arm(Fault(kind, at=1, times=ATTEMPTS if outage else 1))
        if not (self.whole or outage):
            self.carrier.before = self._perhaps_absorbed

    def _perhaps_absorbed(self, number: int, call: Seen) -> None:
        """At the first call that is another one: whether everything is as after the disturbed call in the undisturbed run."""
        disturbed = self.reference.calls[self.case.number - 1]
        if number <= self.case.number or _same(call, disturbed):
            return
        self.carrier.before = lambda number, call: None
        if number == self.case.number + 1:
            return  # it was not repeated: the program itself carried on
        following = self.reference.calls[self.case.number : self.case.number + 1]
        if following and _same(call, following[0]) and fingerprint() == self.reference.after[self.case.number - 1]:
            self.case.ending = Ending.ABSORBED
            _end_branch(self.pipe, asdict(self.case))

    def judge(self, outcome: Outcome) -> None:
        """Mend what the fault left, and compare with the undisturbed run."""
        case, faults = self.case, self.carrier.front.faults
        if case.disturbance is not Disturbance.INTERRUPTED and not faults.hits:
            case.problems.append("the fault was never met")
        faults.disarm()
        self.carrier.before = lambda number, call: None
        self.carrier.end_at = 0
        case.ending = Ending.MENDED if outcome.error else Ending.ABSORBED
        if outcome.error:
            if case.disturbance is not Disturbance.INTERRUPTED:
                case.error = outcome.error["message"]
                case.problems += unclear(outcome.error)
            case.left = left_behind(self.deployment.state)
            if case.left in self.mended and not case.problems:
                seen_before = self.mended[case.left]
                case.ending, case.steps, case.like = seen_before.ending, seen_before.steps, seen_before.name
                return
            self._mend(outcome)
        self._look_for_keys()
        if case.steps:
            case.ending = Ending.BY_HAND
            disturbed = self.reference.calls[case.number - 1].operation
            if case.disturbance not in LEAVES_SOMETHING and disturbed not in ASKED_AFTERWARDS:
                case.problems.append("a step by hand, although the call was not carried out")
        self._compare()
        if case.problems:
            case.ending = Ending.BROKEN

    def _mend(self, outcome: Outcome) -> None:
        more: dict[str, Any] = {}
        for run in range(MOST_RUNS):
            if run:
                self.case.problems += unclear(outcome.error or {})
                step = operator.next_step(outcome.error or {}, outcome.result, self.deployment.administrator())
                if step is None:
                    break
                self.case.steps.append(step.words)
                more = {"imports": step.imports, "refresh": step.refresh, "forget": step.forget}
            outcome = self.phase.act(**more)
            if outcome.error is None:
                return
        self.case.problems.append(f"running again does not mend it: {outcome.error and outcome.error['message']}")

    def _look_for_keys(self) -> None:
        state = (self.deployment.state or {})["resources"]
        keys = [one for one in state if one["type"] == operator.KEY]
        who = self.deployment.administrator()
        for description in {one["inputs"].get("description", "") for one in keys}:
            orphans = operator.orphaned_keys({one["id"] for one in keys}, description, who.aws)
            self.case.steps += [step.words for step in operator.dispose(orphans, who.aws)]
            self.disposed += orphans

    def _compare(self) -> None:
        problems = self.case.problems
        problems += [f"in the cloud: {line}" for line in difference(self.reference.end, end_state(without_keys=self.disposed))][:SHOWN]
        state = known(self.deployment.state)
        theirs = difference([line.partition(" ")[0] for line in self.reference.known], [line.partition(" ")[0] for line in state])
        problems += [f"in the state: {line}" for line in theirs][:SHOWN]
        if self.whole or state != self.reference.known:
            problems += _changes_again(self.deployment, self.phase)
            problems += [f"after another run: {line}" for line in difference(self.reference.end, end_state(without_keys=self.disposed))][
                :SHOWN
            ]


def _same(one: Seen, other: Seen) -> bool:
    """The same call, whoever makes it: a role that is assumed again has other credentials."""
    return (one.service, one.operation, one.path) == (other.service, other.operation, other.path)


def unclear(error: dict[str, Any]) -> list[str]:
    """What an error message lacks that people need: words, and where it came from. A traceback is no message.

    Where a provider's function fails in the form that returns an output, the SDK itself adds a traceback to a message that names it.
    """
    found = []
    if error.get("traceback") and not error["message"].startswith("Exception: invoke of "):
        found.append(f"a traceback in the place of a message: {error['traceback'].strip()}")
    if not error.get("message", "").strip():
        found.append("an error without a message")
    if error.get("urn") and not error.get("where"):
        found.append(f"an error without a line: {error['message']}")
    return found


def _changes_again(deployment: Deployment, phase: Phase) -> list[str]:
    """What another run writes, which is nothing."""
    carrier = deployment.carrier
    before = len(carrier.calls)
    outcome = phase.act()
    wrote = [_words(call) for call in carrier.calls[before:] if call.write and call.service not in NO_WRITES]
    failed = [f"another run fails: {outcome.error['message']}"] if outcome.error else []
    return [
        *failed,
        *(f"another run writes: {one}" for one in wrote),
        *(f"another run: {one}" for one in outcome.happened("created", "updated", "deleted")),
    ]


# --- processes --------------------------------------------------------------------------------------------------------------------------


def _too_long(number: int, frame: Any) -> None:
    raise TimeoutError(f"a branch takes longer than {LONGEST_BRANCH} s: something waits for what never comes")


def _branched(act: Callable[[], Any]) -> Any:
    """What `act` returns, done in a process of its own that starts as this one is."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            told = act()
        except BaseException:
            told = {"crash": traceback.format_exc()}
        _end_branch(writing, told)
    os.close(writing)
    told = _read(reading)
    os.waitpid(child, 0)
    return told


def _end_branch(pipe: int, told: Any) -> None:
    with os.fdopen(pipe, "w") as out:
        json.dump(told, out)
    os._exit(0)


def _read(pipe: int) -> Any:
    with os.fdopen(pipe) as source:
        text = source.read()
    return json.loads(text) if text else {"crash": "the branch died"}


def _case(told: dict[str, Any], case: Case) -> Case:
    crash = told.pop("crash", "")
    if not told:
        told = asdict(case)
    made = Case(**told)
    made.disturbance, made.ending = Disturbance(made.disturbance), Ending(made.ending)
    if crash:
        made.ending = Ending.BROKEN
        made.problems.append(f"crash: {crash}")
    return made
