"""Registrations as the engine would get them: the whole request, not what the SDK's mocks keep of it.

`record` runs a program in an event loop of its own, with the SDK's own entry points, and answers as providers would: inputs come back with
what the cloud adds (ARNs, ids). With `preview`, nothing that the cloud adds is known.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import pulumi
from google.protobuf import json_format
from pulumi.runtime import Settings, configure, reset_options, rpc, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks
from pulumi.runtime.proto import resource_pb2

ACCOUNT = "111122223333"
STACK_TYPE = "pulumi:pulumi:Stack"
# Pulumi's wire format: what marks a secret among the inputs.
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"

Invoke = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class ProviderError(grpc.RpcError):
    """A provider's error, as it reaches the SDK."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Registration:
    """One request. `dependencies` and `parent` are URNs; `options` holds protect, retainOnDelete, aliases and the like where set."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    parent: str
    dependencies: tuple[str, ...]
    provider: str
    options: dict[str, Any]

    @property
    def protect(self) -> bool:
        return bool(self.options.get("protect"))


@dataclass
class Recording:
    """What a program registered, asked and exported."""

    registrations: list[Registration] = field(default_factory=list)
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    raw_outputs: dict[str, Any] = field(default_factory=dict)
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, type: str) -> list[Registration]:
        """All registrations of a type; the last part of the token is enough (`Role`)."""
        return [one for one in self.registrations if type in (one.type, one.type.rpartition(":")[2])]

    def one(self, type: str, name: str) -> Registration:
        (found,) = [one for one in self.of(type) if one.name == name]
        return found

    def ruleset(self, kind: str) -> Registration:
        """The ruleset of a kind; its name goes on with a digest of what it says."""
        (found,) = [one for one in self.of("RepositoryRuleset") if one.inputs["name"].rpartition("-")[0] == f"package-flow-{kind}"]
        return found

    def named(self, urn: str) -> Registration:
        (found,) = [one for one in self.registrations if one.urn == urn]
        return found

    def everything_before(self, registration: Registration) -> set[str]:
        """URNs of all that must be made before a resource, directly or not."""
        before: set[str] = set()
        waiting = list(registration.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn not in before:
                before.add(urn)
                waiting += self.named(urn).dependencies
        return before


def added_by_the_cloud(type: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a provider adds to the inputs of a resource that this program makes."""
    codeartifact = f"arn:aws:codeartifact:eu-west-1:{ACCOUNT}"
    iam = f"arn:aws:iam::{ACCOUNT}"
    match type:
        case "aws:iam/role:Role":
            return {"arn": f"{iam}:role{inputs['path']}{inputs['name']}"}
        case "aws:iam/policy:Policy":
            return {"arn": f"{iam}:policy{inputs['path']}{inputs['name']}"}
        case "aws:ssoadmin/permissionSet:PermissionSet":
            return {"arn": f"arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-{inputs['name']}"}
        case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
            return {"arn": f"{iam}:oidc-provider/token.actions.githubusercontent.com"}
        case "aws:kms/key:Key":
            return {"arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234", "keyId": "1234"}
        case "aws:sns/topic:Topic":
            return {"arn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:{inputs['name']}"}
        case "aws:sqs/queue:Queue":
            return {"arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{inputs['name']}"}
        case "aws:cloudwatch/eventRule:EventRule":
            return {"arn": f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/{inputs['name']}"}
        case "aws:codeartifact/domain:Domain":
            return {"arn": f"{codeartifact}:domain/{inputs['domain']}", "owner": ACCOUNT}
        case "aws:codeartifact/repository:Repository":
            return {"arn": f"{codeartifact}:repository/{inputs['domain']}/{inputs['repository']}"}
    return {}


def _bare(value: Any) -> Any:
    """Values without the envelopes that mark secrets, whole numbers as integers."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return _bare(value["value"])
        return {key: _bare(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _struct(values: Mapping[str, Any]) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(rpc.serialize_properties(dict(values), {}))
    finally:
        loop.close()


class _NoMocks(Mocks):
    def new_resource(self, args):
        raise AssertionError("the monitor answers by itself")

    def call(self, args):
        raise AssertionError("the monitor answers by itself")


class Monitor(MockMonitor):
    """Keeps each request whole. URNs are the engine's: the chain of all parents' types."""

    def __init__(self, invoke: Invoke, preview: bool) -> None:
        super().__init__(_NoMocks())
        self.recording, self._invoke, self._preview, self._lock = Recording(), invoke, preview, threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        chain = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if chain == STACK_TYPE else f"{chain}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{qualified}::{name}"

    def RegisterResource(self, request):
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        asked = json_format.MessageToDict(request)
        kept = {"protect", "retainOnDelete", "deletedWith", "ignoreChanges", "deleteBeforeReplace", "importId", "aliases", "providers"}
        inputs = _bare(json_format.MessageToDict(request.object))
        made = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=inputs,
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            provider=request.provider,
            options={key: value for key, value in asked.items() if key in kept},
        )
        with self._lock:
            if any(other.urn == urn for other in self.recording.registrations):
                raise pulumi.RunError(f"Duplicate resource URN '{urn}'")
            self.recording.registrations.append(made)
        if not request.custom or self._preview:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"{request.name}-id", object=_struct(inputs | added_by_the_cloud(request.type, inputs))
        )

    def ReadResource(self, request):
        """A reference to another stack, which `invoke` answers: {"outputs": ..., "secretOutputNames": ...}."""
        answer = {"name": request.id, **self._invoke(request.type, {"name": request.id})}
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=_struct(answer))

    def RegisterResourceOutputs(self, request):
        raw = json_format.MessageToDict(request.outputs)
        if request.urn.split("::")[2] == STACK_TYPE:
            self.recording.raw_outputs, self.recording.outputs = raw, _bare(raw)
        else:
            self.recording.component_outputs[request.urn] = _bare(raw)
        return super().RegisterResourceOutputs(request)

    def Invoke(self, request):
        arguments = _bare(json_format.MessageToDict(request.args))
        with self._lock:
            self.recording.invokes.append((request.tok, arguments))
        # The field's name is a keyword.
        return resource_pb2.ResourceInvokeResponse(**{"return": _struct(self._invoke(request.tok, arguments))})  # ty: ignore[unknown-argument]


def no_invoke(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AssertionError(f"unexpected {token} {arguments}")


def record(
    program: Callable[[], Any],
    *,
    invoke: Invoke = no_invoke,
    config: Mapping[str, str] | None = None,
    project: str = "package-flow",
    stack: str = "test",
    preview: bool = False,
) -> Recording:
    """Run `program` (a function that registers resources) and return what it asked for. Raises what the program raises."""
    monitor = Monitor(invoke, preview)
    run_with(program, monitor, config=config or {}, project=project, stack=stack, preview=preview)
    return monitor.recording


def run_with(
    program: Callable[[], Any], monitor: "Monitor", *, config: Mapping[str, str], project: str, stack: str, preview: bool = False
) -> None:
    """Run `program` against a monitor. Raises what the program raises; the SDK's settings are as before."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # One at a time, so that registrations come in the program's order.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    # What waited for a failed registration complains when it is collected, in the middle of another test; `run_in_stack` raises it anyway.
    loop.set_exception_handler(lambda loop, context: None)
    try:
        reset_options()
        engine = MockEngine(logging.getLogger("pulumi"))
        configure(Settings(project=project, stack=stack, monitor=monitor, engine=engine, dry_run=preview, organization="acme"))
        pulumi.runtime.settings.set_root_resource(None)  # ty: ignore[invalid-argument-type]  # None is how the SDK starts
        set_all_config(dict(config))
        loop.run_until_complete(run_in_stack(program))
    finally:
        _finish(loop)
        set_all_config({})
        reset_options()


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyncio.set_event_loop(None)
