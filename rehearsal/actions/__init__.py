"""Runs reusable workflows as a GitHub runner would: `run_workflow`."""

from rehearsal.actions.definitions import DefinitionError
from rehearsal.actions.expressions import ExpressionError
from rehearsal.actions.results import Conclusion, Job, JobRefused, JobWaiting, RunResult, Step
from rehearsal.actions.runner import StartedJob, StartJob, run_workflow

__all__ = [
    "Conclusion",
    "DefinitionError",
    "ExpressionError",
    "Job",
    "JobRefused",
    "JobWaiting",
    "RunResult",
    "StartJob",
    "StartedJob",
    "Step",
    "run_workflow",
]
