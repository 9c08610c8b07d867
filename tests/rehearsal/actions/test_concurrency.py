"""Concurrency groups, as GitHub has them."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from rehearsal.actions import DefinitionError, JobWaiting
from rehearsal.actions.concurrency import Group, Groups
from rehearsal.actions.results import JobCancelled


def line(groups: Groups, queue: str, jobs: list[str]) -> list[str]:
    """Jobs that come while the first one runs; returns those that ran, in order."""
    group, ran, go = Group("g", queue), list[str](), threading.Event()

    def run(name: str) -> None:
        with groups.turn(name, group):
            go.wait()
            ran.append(name)

    with ThreadPoolExecutor(len(jobs)) as pool:
        started: list[Future[None]] = []
        for number, name in enumerate(jobs):
            started.append(pool.submit(run, name))
            groups.await_pending("g", number)
        go.set()
    assert all(isinstance(one.exception(), JobCancelled | None) for one in started)
    return ran


@pytest.mark.parametrize(("queue", "ran", "cancelled"), [("single", ["a", "c"], ["b"]), ("max", ["a", "b", "c"], [])])
def test_three_jobs_at_once(queue: str, ran: list[str], cancelled: list[str]) -> None:
    groups = Groups()
    assert line(groups, queue, ["a", "b", "c"]) == ran
    assert groups.cancelled == cancelled


def test_a_full_queue_refuses_the_newest() -> None:
    groups, jobs = Groups(), [str(number) for number in range(102)]
    assert line(groups, "max", jobs) == jobs[:-1]
    assert groups.cancelled == ["101"]


@pytest.mark.parametrize("queue", ["single", "max"])
def test_a_job_that_nobody_has_approved_keeps_its_place(queue: str) -> None:
    groups, group = Groups(), Group("g", queue)

    def ask(name: str) -> None:
        with groups.turn(name, group):
            raise JobWaiting("nobody has approved it")

    with pytest.raises(JobWaiting, match="nobody has approved it"):
        ask("a")
    with pytest.raises(JobWaiting, match="nobody has approved it" if queue == "single" else "a is ahead of it"):
        ask("b")
    assert groups.cancelled == (["a"] if queue == "single" else [])


def test_other_groups_and_jobs_without_one_do_not_wait() -> None:
    groups = Groups()
    with ExitStack() as stack:
        for name in ("g", "other"):
            stack.enter_context(groups.turn("job", Group(name, "single")))
        stack.enter_context(groups.turn("job", None))
    with groups.turn("job", Group("g", "single")):
        pass


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"group": "A", "cancel-in-progress": "false", "queue": "max"}, ""),
        ({"group": "a", "queue": "2"}, "queue: got '2'"),
        ({"group": "a", "cancel-in-progress": "true"}, "cancel-in-progress"),
        ({"group": "a", "limit": "1"}, "expected group"),
        ("a", "expected group"),
    ],
)
def test_what_a_file_may_say(declared: Any, problem: str) -> None:
    if problem:
        with pytest.raises(DefinitionError, match=problem):
            Group.declared("job x", declared)
    else:
        assert Group.declared("job x", declared) == Group("a", "max")
