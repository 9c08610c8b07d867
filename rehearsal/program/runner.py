"""Makes a stack from its `__main__.py` with the Pulumi SDK alone, and takes it down again. All else takes the engine.

The SDK is configured as its own automation server configures it (sdk/python/cmd/pulumi-language-python-exec): `configure(Settings(...))`,
`set_all_config(...)`, `run_in_stack(program)`. Configuration and settings are global to the process, so one process runs one program.
"""

import asyncio
import contextlib
import logging
import os
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import set_root_resource

from rehearsal.program import deletion, positions, script, state, wire
from rehearsal.program.clouds import Clouds, Connection
from rehearsal.program.handlers import NotSupported
from rehearsal.program.inputs import InputProblems
from rehearsal.program.monitor import Monitor, Recording, Stopped
from rehearsal.program.stack_files import Stack, StackFileError, load
from rehearsal.program.stacks import OtherStacks
from rehearsal.program.state import Resource, State

Emit = Callable[[dict[str, Any]], None]

SEVERITIES = {engine_pb2.DEBUG: "debug", engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


@dataclass(frozen=True)
class Options:
    """One run. `overrides` are configuration values over those of the stack file; `organization` is Pulumi's, for stack references.

    refresh: URNs of resources that the engine looks at first (`pulumi refresh --target`); without it nothing is refreshed.
    environment: where the providers find their credentials.
    """

    directory: Path
    stack_file: Path
    stack: str
    cloud_url: str
    github_url: str
    overrides: Mapping[str, str]
    state_file: Path | None = None
    stacks_directory: Path | None = None
    preview: bool = False
    drift: bool = False
    unprotect: bool = False
    organization: str = "organization"
    refresh: Sequence[str] = ()
    connection: Connection = field(default_factory=Connection)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


class Engine(MockEngine):
    """Takes the program's log messages."""

    def __init__(self, emit: Emit) -> None:
        super().__init__(logging.getLogger("pulumi"))
        self._emit = emit

    def Log(self, request: Any) -> None:
        severity = SEVERITIES.get(request.severity, "info")
        if severity != "debug":
            self._emit({"event": "log", "severity": severity, "message": request.message, "urn": request.urn})


def run(options: Options, emit: Emit) -> dict[str, Any]:
    """Runs the program and returns the result, whose `error` is null if everything was created.

    Nothing is raised: a wrong stack file, a refused account, an error of the program or of a resource are all in `error`, together with
    everything that exists by then.
    """
    started = _start(options)
    if isinstance(started, dict):
        return started
    stack, before, clouds = started
    if before.resources:
        return _result(
            before, blank_problem(f"got the state of a stack that exists; expected none: without the engine {stack.name} is made once")
        )
    monitor = Monitor(
        directory=options.directory.resolve(),
        stack=stack,
        clouds=clouds,
        stacks=OtherStacks(stack.project, stack.name, options.stacks_directory),
        report=_reporter(emit),
    )
    error = _execute(options, stack, monitor, Engine(emit))
    recording = monitor.recording
    problem = _problem(error, recording, options.directory.resolve())
    after = State(stack.project, stack.name, dict(recording.resources))
    if problem is None:
        after.outputs, after.secret_outputs = recording.outputs or {}, recording.secret_outputs
    return _result(after, problem, calls=recording.calls)


def destroy(options: Options, emit: Emit) -> dict[str, Any]:
    """Deletes what the state file lists. The result is the state that is left; `deleted` are the URNs that went, in order."""
    started = _start(options)
    if isinstance(started, dict):
        return started
    _, before, clouds = started
    deleted = deletion.Deleted()
    problem = _delete(before, list(before.resources), clouds, _reporter(emit), deleted, unprotect=options.unprotect)
    if problem is None:
        before.outputs, before.secret_outputs = {}, []
    return _result(before, problem, deleted=deleted)


def _start(options: Options) -> tuple[Stack, State, Clouds] | dict[str, Any]:
    """Stack, last state and providers, or the result of a run that cannot begin."""
    # What the state has is the result of a run that cannot begin: nothing was changed, and nothing may be forgotten.
    before = State(project="", stack=options.stack)
    try:
        stack = load(options.directory, options.stack_file, options.stack, options.overrides)
        before = state.read(options.state_file, stack.project, stack.name)
        clouds = Clouds(options.cloud_url, options.github_url, options.environment, connection=options.connection)
        clouds.configure(stack)
        if options.refresh or options.preview:
            raise NotSupported("without the engine nothing is refreshed or previewed")
    except StackFileError as error:
        return _result(before, {**blank_problem(str(error)), "problems": error.problems})
    except Exception as error:
        return _result(before, blank_problem(str(error)))
    except BaseException as error:
        return _result(before, blank_problem(_words(error)))
    return stack, before, clouds


def _execute(options: Options, stack: Stack, monitor: Monitor, engine: Engine) -> BaseException | None:
    """Runs the program to its end; the exception that ended it, if one did."""
    directory = options.directory.resolve()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a failed program leaves tasks behind that asyncio would complain about
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    try:
        settings = Settings(
            project=stack.project,
            stack=stack.name,
            monitor=monitor,
            engine=engine,
            dry_run=False,
            organization=options.organization,
            root_directory=str(directory),
        )
        configure(settings)
        set_root_resource(None)  # ty: ignore[invalid-argument-type]  # None is how the SDK itself starts
        set_all_config(stack.config, list(stack.secret_keys))
        loop.run_until_complete(run_in_stack(lambda: script.run(directory)))
    except BaseException as error:
        monitor.stop()
        return error
    finally:
        _close(loop)
    return None


def _close(loop: asyncio.AbstractEventLoop) -> None:
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)  # those of tasks that are given up here
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with contextlib.suppress(BaseException):
            loop.run_until_complete(task)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def _reporter(emit: Emit) -> Callable[[str, Resource], None]:
    def report(event: str, resource: Resource) -> None:
        shown = {"urn": resource.urn, "type": resource.type, "name": resource.name, "parent": resource.parent, "where": resource.where}
        emit({"event": event, **shown})

    return report


def _problem(error: BaseException | None, recording: Recording, directory: Path) -> dict[str, Any] | None:
    """The `error` of the result: the first failed resource or call if there was one, else what the program raised."""
    failure = recording.failure
    if failure is not None and failure.resource is not None:
        return _resource_problem(failure.error, failure.resource)
    if failure is not None:
        where = positions.of_error(error, directory) if error else ""
        return {**blank_problem(str(failure.error)), "where": where, "problems": _problems(failure.error)}
    if error is None:
        return None
    return {**blank_problem(_words(error)), "where": positions.of_error(error, directory), "traceback": _trace(error, directory)}


def _resource_problem(error: Exception, resource: Resource) -> dict[str, Any]:
    about = {"urn": resource.urn, "type": resource.type, "name": resource.name, "where": resource.where}
    return {**blank_problem(str(error)), **about, "inputs": wire.shown(resource.inputs), "problems": _problems(error)}


def blank_problem(message: str) -> dict[str, Any]:
    """An `error` of a result that is about no resource."""
    return {"message": message, "urn": None, "type": None, "name": None, "where": "", "problems": [], "traceback": ""}


def _problems(error: BaseException) -> list[str]:
    return error.problems if isinstance(error, InputProblems | deletion.Protected) else []


def _words(error: BaseException) -> str:
    """An error as Pulumi shows it: a RunError is meant for people and stands alone, anything else is named by its type."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, pulumi.RunError) else f"{type(error).__name__}: {error}"


def _trace(error: BaseException, directory: Path) -> str:
    if isinstance(error, pulumi.RunError | KeyboardInterrupt | Stopped):
        return ""
    return "".join(traceback.format_exception(error))


def _delete(
    known: State, urns: list[str], clouds: Clouds, report: deletion.Report, deleted: deletion.Deleted, *, unprotect: bool
) -> dict[str, Any] | None:
    """Deletes; the `error` of the result if something stood in the way."""
    try:
        deletion.delete(known, urns, clouds, report, deleted, unprotect=unprotect)
    except (deletion.Protected, deletion.DeletionFailed) as error:
        report("failed", error.resource)
        return _resource_problem(error, error.resource)
    except Exception as error:
        return blank_problem(str(error))
    except BaseException as error:  # an interruption, after which the state must still say what is left
        return blank_problem(_words(error))
    return None


def _result(
    known: State, problem: dict[str, Any] | None, *, calls: list[Any] | None = None, deleted: deletion.Deleted | None = None
) -> dict[str, Any]:
    retained = deleted.retained if deleted else []
    return {
        "project": known.project,
        "stack": known.stack,
        "engine": None,
        "error": problem,
        "resources": [resource.to_json() for resource in known.resources.values()],
        "outputs": wire.shown(known.outputs),
        "secret_outputs": known.secret_outputs,
        "calls": calls or [],
        "deleted": deleted.urns if deleted else [],
        "retained": [{"urn": each.urn, "type": each.type, "name": each.name, "id": each.id} for each in retained],
    }
