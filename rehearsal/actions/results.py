"""What a run of a workflow came to."""

from dataclasses import dataclass, field
from enum import StrEnum


class JobRefused(Exception):
    """GitHub does not start the job, which fails (an environment's branch policy, a reviewer's no)."""


class JobWaiting(Exception):
    """GitHub does not start the job yet: nobody has approved it."""


class JobCancelled(Exception):
    """GitHub cancels the job before it starts: its concurrency group has no place for it."""


class Conclusion(StrEnum):
    """How a step, a job or a run ended.

    The last two are not GitHub's words: a job that never started because nobody has approved it yet, and one that this machine can't run
    because a tool is missing.
    """

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    WAITING = "waiting"
    UNAVAILABLE = "unavailable"


@dataclass
class Step:
    """One step. `exit_code` is None for a step that runs no process; `output` is what its log shows, secrets masked."""

    name: str
    conclusion: Conclusion
    exit_code: int | None = None
    output: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """One job. `reason` says why it did not start, or what failed it. `errors` are the messages of its `::error::` commands."""

    id: str
    name: str
    conclusion: Conclusion
    started: bool = False
    reason: str = ""
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    summary: str = ""

    @property
    def output(self) -> str:
        """The job's whole log."""
        return "".join(f"--- {step.name} [{step.conclusion}]\n{step.output}" for step in self.steps)


@dataclass
class RunResult:
    """A run: its jobs by id, in the order that they were decided in, and what the workflow gives its caller."""

    jobs: dict[str, Job]
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def conclusion(self) -> Conclusion:
        """The worst of the jobs'; skipped jobs count for nothing."""
        worst = (Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.UNAVAILABLE, Conclusion.WAITING)
        found = {job.conclusion for job in self.jobs.values()}
        return next((one for one in worst if one in found), Conclusion.SUCCESS if Conclusion.SUCCESS in found else Conclusion.SKIPPED)

    @property
    def reason(self) -> str:
        """Why the run is not a success, in one line; empty if it is."""
        return next((f"{job.id}: {job.reason}" for job in self.jobs.values() if job.conclusion is self.conclusion and job.reason), "")

    @property
    def errors(self) -> list[str]:
        """Every error message, in order."""
        return [error for job in self.jobs.values() for error in job.errors]

    @property
    def summary(self) -> str:
        """What the run's page shows."""
        return "".join(job.summary for job in self.jobs.values())

    @property
    def output(self) -> str:
        """Every job's log."""
        return "".join(f"=== {job.name} [{job.conclusion}] {job.reason}\n{job.output}" for job in self.jobs.values())
