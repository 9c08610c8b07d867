"""Runs and destroys a stack by Pulumi's engine, with the same result as `rehearsal.program.runner` has by the SDK alone."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from bootstrap import drift
from rehearsal.engine.plugins import Plugins
from rehearsal.engine.stack import WRITTEN_ONCE, EngineStack, Event, Message, Run, Source, home, plain
from rehearsal.program import script, wire
from rehearsal.program.clouds import Clouds
from rehearsal.program.runner import Emit, Options, blank_problem
from rehearsal.program.stack_files import Stack, StackFileError, applied, load
from rehearsal.program.state import STACK_TYPE

# The engine's words for a step that has begun and for one that is done, as the rehearsal's reports have them.
_BEGUN = {"create": "creating", "update": "updating", "delete": "deleting"}
_BEGUN |= {"create-replacement": "creating", "delete-replaced": "deleting", "import": "adopted"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted", "same": "same", "read": "read"}
_DONE |= {"create-replacement": "created", "delete-replaced": "deleted", "import": "imported"}
# A provider that nobody registered; the engine creates it for those resources that name none.
_DEFAULT_PROVIDER = "default"


def run(command: Path, folder: Path, options: Options, emit: Emit) -> dict[str, Any]:
    """`pulumi up`, preview or drift check; the result. Nothing is raised for what the stack file, the program or a provider gets wrong."""

    def act(stack: EngineStack) -> Run:
        if options.drift:
            compared = stack.drift()
            for one in drift.differences(drift.Found(step.operation, step.urn, step.differs) for step in compared.steps):
                emit({"event": "differs", "name": one.name, "operation": one.operation, "keys": list(one.keys)})
            return compared
        if options.refresh:
            refreshed = stack.refresh(_teller(emit), target=list(options.refresh))
            if refreshed.failed:
                return refreshed
        return stack.preview(_teller(emit)) if options.preview else stack.up(_teller(emit))

    return _act(command, folder, options, act, emit)


def destroy(command: Path, folder: Path, options: Options, emit: Emit) -> dict[str, Any]:
    """`pulumi destroy`, of what is protected too if `options.unprotect`; the result."""

    def act(stack: EngineStack) -> Run:
        if options.unprotect:
            stack.unprotect()
        return stack.destroy(_teller(emit))

    return _act(command, folder, options, act, emit)


def source(options: Options, stack: Stack) -> Source:
    """What the engine runs: the unmodified program of a directory."""
    secrets = {key: stack.config[key] for key in stack.secret_keys}
    return Source(
        project_file=options.directory / "Pulumi.yaml",
        project=stack.project,
        stack=stack.name,
        values={key: value for key, value in stack.values.items() if key not in secrets and applied(key)},
        secrets=secrets,
        program=partial(script.run, options.directory.resolve()),
    )


def clouds(options: Options) -> Clouds:
    """What an instance of a provider is connected to."""
    return Clouds(options.cloud_url, options.github_url, options.environment, connection=options.connection)


def _act(command: Path, folder: Path, options: Options, act: Any, emit: Emit) -> dict[str, Any]:
    try:
        loaded = load(options.directory, options.stack_file, options.stack, options.overrides)
    except StackFileError as error:
        return _result("", options.stack, {**blank_problem(str(error)), "problems": error.problems})
    plugins = Plugins(home(folder), partial(clouds, options))
    try:
        stack = EngineStack(command, folder, replace(source(options, loaded), environment=WRITTEN_ONCE))
        before = stack.state()
        done = act(stack)
        for message in done.messages:
            if message.severity in ("warning", "info"):
                emit({"event": "log", "severity": message.severity, "message": message.text, "urn": message.urn})
        return _result(loaded.project, loaded.name, _problem(done), before, stack.state(), done, stack.version)
    finally:
        plugins.close()


def _teller(emit: Emit) -> Any:
    def forward(event: Event) -> None:
        begun = event.resource_pre_event
        for said, words in ((begun, _BEGUN), (event.res_outputs_event, _DONE)):
            if said is not None and (word := words.get(said.metadata.op.value)):
                about = said.metadata
                state = about.new or about.old
                parent = state.parent if state is not None else ""
                emit({"event": word, "urn": about.urn, "type": about.type, "name": _name(about.urn), "parent": parent, "where": ""})

    return forward


def _problem(done: Run) -> dict[str, Any] | None:
    """The `error` of the result: what was said first of a resource, or else everything that was said."""
    if not done.failed:
        return None
    about = next((one for one in done.errors if one.urn and STACK_TYPE not in one.urn), None)
    if about is None:
        return blank_problem("\n".join(plain(one.text) for one in done.errors))
    return {**blank_problem(about.text), **_identity(about)}


def _identity(about: Message) -> dict[str, Any]:
    return {"urn": about.urn, "type": about.urn.split("::")[2].rpartition("$")[2], "name": _name(about.urn)}


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _result(
    project: str,
    stack: str,
    problem: dict[str, Any] | None,
    before: list[dict[str, Any]] | None = None,
    after: list[dict[str, Any]] | None = None,
    done: Run | None = None,
    version: str | None = None,
) -> dict[str, Any]:
    root = next((one for one in after or [] if one["type"] == STACK_TYPE), {})
    outputs = root.get("outputs") or {}
    gone = [step.urn for step in done.steps if step.operation == "delete"] if done else []
    retained = [one for one in before or [] if one["urn"] in gone and one.get("retainOnDelete")]
    return {
        "project": project,
        "stack": stack,
        "engine": {"name": "pulumi", "version": version} if version else None,
        "error": problem,
        "resources": [_resource(one) for one in after or [] if _shown(one)],
        "outputs": wire.shown(outputs),
        "secret_outputs": sorted(key for key, value in outputs.items() if wire.has_secret(value)),
        "calls": [],
        "deleted": [urn for urn in gone if urn not in {one["urn"] for one in retained}],
        "retained": [{"urn": one["urn"], "type": one["type"], "name": _name(one["urn"]), "id": one.get("id", "")} for one in retained],
    }


def _shown(resource: Mapping[str, Any]) -> bool:
    """What the program itself registered."""
    by_engine = resource["type"].startswith("pulumi:providers:") and _name(resource["urn"]).partition("_")[0] == _DEFAULT_PROVIDER
    return resource["type"] != STACK_TYPE and not by_engine


def _resource(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "urn": one["urn"],
        "type": one["type"],
        "name": _name(one["urn"]),
        "parent": one.get("parent", ""),
        "custom": one["custom"],
        "inputs": wire.shown(one.get("inputs") or {}),
        "outputs": wire.shown(one.get("outputs") or {}),
        "id": one.get("id"),
        "protect": one.get("protect", False),
        "retain_on_delete": one.get("retainOnDelete", False),
        "dependencies": sorted(one.get("dependencies") or []),
        "property_dependencies": {key: sorted(urns) for key, urns in (one.get("propertyDependencies") or {}).items() if urns},
        "provider": one.get("provider", ""),
        "where": _where(one.get("sourcePosition", "")),
        "status": "",
    }


def _where(position: str) -> str:
    """`project:///components/domain.py#12,4` as `components/domain.py:12`."""
    parsed = urlparse(position)
    return f"{unquote(parsed.path).lstrip('/')}:{parsed.fragment.partition(',')[0]}" if parsed.path else ""
