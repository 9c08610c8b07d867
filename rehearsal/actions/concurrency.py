"""Concurrency groups of one repository, which runs share: one job runs, others are pending, and a newer one may take a pending one's place.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
"""

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from rehearsal.actions.definitions import DefinitionError
from rehearsal.actions.results import JobCancelled, JobWaiting

# queue -> how many jobs may be pending.
QUEUES: Mapping[str, int] = {"single": 1, "max": 100}


class _State(Enum):
    PENDING = auto()
    # Until somebody approves it. GitHub does not say whether it holds its group meanwhile: here it keeps its place, others wait behind it.
    UNAPPROVED = auto()
    CANCELLED = auto()


@dataclass(eq=False)
class _Entry:
    job: str
    state: _State = _State.PENDING


@dataclass(frozen=True)
class Group:
    """A job's `concurrency`."""

    name: str
    queue: str

    @classmethod
    def declared(cls, where: str, concurrency: Any) -> "Group":
        """Of a workflow file, its expressions evaluated. Raises DefinitionError for what is not modelled."""
        if not isinstance(concurrency, Mapping) or not concurrency.keys() <= {"group", "cancel-in-progress", "queue"}:
            raise DefinitionError(f"{where}: concurrency: got {concurrency!r}; expected group, cancel-in-progress and queue")
        if concurrency.get("cancel-in-progress", "false") != "false":
            raise DefinitionError(f"{where}: cancel-in-progress: only false is supported")
        queue = concurrency.get("queue", "single")
        if queue not in QUEUES:
            raise DefinitionError(f"{where}: queue: got {queue!r}; expected {' or '.join(QUEUES)}")
        # GitHub does not tell upper case from lower case here.
        return cls(concurrency["group"].casefold(), queue)


@dataclass
class Groups:
    """The groups of one repository. Runs in several threads may share them. `cancelled` are the jobs that lost their place, in order."""

    cancelled: list[str] = field(default_factory=list)
    _entries: dict[str, list[_Entry]] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def turn(self, job: str, group: Group | None) -> Generator[None]:
        """Waits for a job's turn, which lasts as long as the context. Raises JobCancelled if there is none, JobWaiting behind a job that
        nobody has approved."""
        if group is None:
            yield
            return
        entry = self._enter(job, group)
        try:
            self._await(entry, group)
            yield
        except JobWaiting:
            with self._changed:
                entry.state = _State.UNAPPROVED
                self._changed.notify_all()
            raise
        except BaseException:
            self._leave(entry, group)
            raise
        else:
            self._leave(entry, group)

    def await_pending(self, name: str, count: int) -> None:
        """Waits until so many jobs have been behind the running one of a group, pending or cancelled since."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._entries.get(name.casefold(), [])) - 1 + len(self.cancelled) >= count)

    def _enter(self, job: str, group: Group) -> _Entry:
        with self._changed:
            entries, entry = self._entries.setdefault(group.name, []), _Entry(job)
            if entries and group.queue == "single":
                for pending in entries[1:] if entries[0].state is _State.PENDING else list(entries):
                    self._cancel(pending, entries)
            if len(entries) > QUEUES[group.queue]:
                # The queue is full: it is the newest that goes.
                self._cancel(entry, [entry])
            else:
                entries.append(entry)
            self._changed.notify_all()
        return entry

    def _cancel(self, entry: _Entry, entries: list[_Entry]) -> None:
        entries.remove(entry)
        entry.state = _State.CANCELLED
        self.cancelled.append(entry.job)

    def _await(self, entry: _Entry, group: Group) -> None:
        def ahead() -> list[_Entry]:
            entries = self._entries[group.name]
            return entries[: entries.index(entry)]

        with self._changed:
            self._changed.wait_for(
                lambda: entry.state is _State.CANCELLED or not ahead() or any(one.state is _State.UNAPPROVED for one in ahead())
            )
            if entry.state is _State.CANCELLED:
                raise JobCancelled(f"the concurrency group {group.name} has no place for it")
            if ahead():
                raise JobWaiting(f"{ahead()[0].job} is ahead of it in the concurrency group {group.name}, and nobody has approved that")

    def _leave(self, entry: _Entry, group: Group) -> None:
        with self._changed:
            if entry in self._entries[group.name]:
                self._entries[group.name].remove(entry)
            self._changed.notify_all()
