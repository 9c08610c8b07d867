"""Stands in for the engine's resource monitor: keeps each raw request, and has each resource really created before it answers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from rehearsal.program import positions, provisioning, wire
from rehearsal.program.clouds import Clouds
from rehearsal.program.handlers import NotSupported, PartlyCreated
from rehearsal.program.inputs import InputProblems, Inputs
from rehearsal.program.invokes import AWS_FUNCTIONS, GITHUB_FUNCTIONS
from rehearsal.program.stack_files import Stack
from rehearsal.program.stacks import OtherStacks
from rehearsal.program.state import STACK_TYPE, Resource

STACK_REFERENCE = "pulumi:pulumi:StackReference"
KEPT_OPTIONS = (
    "additionalSecretOutputs",
    "aliases",
    "customTimeouts",
    "deleteBeforeReplace",
    "deletedWith",
    "replaceOnChanges",
    "version",
)

Report = Callable[[str, Resource], None]


class Stopped(Exception):
    """An earlier resource failed, so nothing more is created."""


@dataclass(frozen=True)
class Failure:
    """The first thing that went wrong. `resource` is None if it was a call of a provider function."""

    error: Exception
    resource: Resource | None = None


@dataclass
class Recording:
    """What the program did. `calls` are the provider functions it called, secrets masked."""

    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] | None = None
    secret_outputs: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    failure: Failure | None = None


class Monitor(MockMonitor):
    """One request at a time. After a failure it refuses every further one."""

    def __init__(
        self,
        *,
        directory: Path,
        stack: Stack,
        clouds: Clouds,
        stacks: OtherStacks,
        report: Report,
    ) -> None:
        super().__init__(mocks=None)  # ty: ignore[invalid-argument-type]  # every method that would ask the mocks is replaced below
        self._directory, self._stack, self._clouds, self._stacks, self._report = directory, stack, clouds, stacks, report
        self._lock = threading.Lock()
        self._stopped = False
        self.recording = Recording()

    def stop(self) -> None:
        """Refuses every further request; the one in progress is finished and recorded."""
        self._stopped = True

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's rule (sdk/go/common/resource/urn): the types of all parents but the stack, joined by `$`."""
        parents = parent.split("::")[2] if parent else ""
        qualified = type_ if parents in ("", STACK_TYPE) else f"{parents}${type_}"
        return f"urn:pulumi:{self._stack.name}::{self._stack.project}::{qualified}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        with self._lock:
            self._refuse_after_failure()
            resource = self._resource(request)
            if resource.type == STACK_TYPE:
                return resource_pb2.RegisterResourceResponse(urn=resource.urn)
            try:
                self._admit(request, resource)
                self._provide(resource)
            except Exception as error:
                raise self._failed(error, resource) from error
            struct = wire.to_struct(resource.outputs)
            return resource_pb2.RegisterResourceResponse(urn=resource.urn, id=resource.id, object=struct)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        with self._lock:
            self._refuse_after_failure()
            resource = self._looked_up(request)
            try:
                self._refuse_duplicate(resource)
                resource.outputs = self._existing(resource)
            except Exception as error:
                raise self._failed(error, resource) from error
            self.recording.resources[resource.urn] = resource
            self._report("read", resource)
            return resource_pb2.ReadResourceResponse(urn=resource.urn, id=resource.id, properties=wire.to_struct(resource.outputs))

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        outputs = wire.from_struct(request.outputs)
        with self._lock:
            if request.urn in self.recording.resources:
                self.recording.resources[request.urn].outputs = outputs
            else:
                self.recording.outputs = outputs
                self.recording.secret_outputs = sorted(key for key, value in outputs.items() if wire.has_secret(value))
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        with self._lock:
            self._refuse_after_failure()
            arguments = wire.from_struct(request.args)
            call = {"token": request.tok, "args": wire.shown(arguments)}
            self.recording.calls.append(call)
            try:
                answer = self._call(request.tok, wire.plain(arguments), request.provider)
            except Exception as error:
                call["error"] = str(error)
                if isinstance(error, NotSupported | InputProblems):
                    self.recording.failure = Failure(error)  # the program must not carry on without what it asked for
                raise InvocationError(request.tok, error) from error
            call["result"] = wire.shown(answer)
        # The field's name is a keyword.
        return resource_pb2.ResourceInvokeResponse(**{"return": wire.to_struct(answer)})  # ty: ignore[unknown-argument]

    def RegisterStackTransform(self, request: Any) -> empty_pb2.Empty:
        raise NotSupported("the rehearsal does not run stack transforms")

    def RegisterStackInvokeTransform(self, request: Any) -> empty_pb2.Empty:
        raise NotSupported("the rehearsal does not run invoke transforms")

    def RegisterResourceHook(self, request: Any) -> empty_pb2.Empty:
        raise NotSupported("the rehearsal does not run resource hooks")

    def RegisterErrorHook(self, request: Any) -> empty_pb2.Empty:
        raise NotSupported("the rehearsal does not run error hooks")

    def RegisterPackage(self, request: Any) -> Any:
        raise NotSupported(f"the rehearsal has no package {request.name}")

    def _refuse_after_failure(self) -> None:
        if self._stopped or self.recording.failure is not None:
            raise Stopped("an earlier step failed; nothing more is created")

    def _refuse_duplicate(self, resource: Resource) -> None:
        if resource.urn in self.recording.resources:
            raise ValueError(f"Duplicate resource URN '{resource.urn}'; try giving it a unique name")

    def _failed(self, error: Exception, resource: Resource) -> Exception:
        if self.recording.failure is None:
            self.recording.failure = Failure(error, resource)
            self._report("failed", resource)
        return ResourceError(resource, error)

    def _resource(self, request: resource_pb2.RegisterResourceRequest) -> Resource:
        message = json_format.MessageToDict(request)
        parent = self.recording.resources.get(request.parent)
        inherited = parent.options.get("deletedWith", "") if parent else ""
        options = {key: message[key] for key in KEPT_OPTIONS if key in message}
        if inherited and "deletedWith" not in options:
            options["deletedWith"] = inherited
        return Resource(
            urn=self.make_urn(request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=request.custom,
            inputs=wire.from_struct(request.object),
            protect=request.protect if request.HasField("protect") else bool(parent and parent.protect),
            retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else bool(parent and parent.retain_on_delete),
            dependencies=sorted(request.dependencies),
            property_dependencies={key: sorted(each.urns) for key, each in request.propertyDependencies.items() if each.urns},
            provider=request.provider,
            options=options,
            where=positions.of_request(request, self._directory),
        )

    def _admit(self, request: resource_pb2.RegisterResourceRequest, resource: Resource) -> None:
        self._refuse_duplicate(resource)
        refused = {
            "remote components": request.remote,
            "transforms": bool(request.transforms),
            "hooks": request.HasField("hooks") and bool(request.hooks.ListFields()),
            "state migrations": bool(request.state_migrations),
            "adopting what is there (the option import_) without the engine": bool(request.importId),
        }
        for what, used in refused.items():
            if used:
                raise NotSupported(f"the rehearsal does not support {what}")

    def _provide(self, resource: Resource) -> None:
        """Makes the resource and records it."""
        if not resource.custom:
            resource.status, resource.outputs = "component", dict(resource.inputs)
        elif resource.type.startswith(provisioning.PROVIDER_PREFIX):
            self._clouds.register(resource.urn, resource.type, wire.plain(resource.inputs))
            resource.id = f"provider-{len(self._clouds.explicit)}"
            resource.outputs, resource.status = dict(resource.inputs), "created"
        else:
            self._create(resource)
        self.recording.resources[resource.urn] = resource
        self._report(resource.status, resource)

    def _create(self, resource: Resource) -> None:
        provisioning.handler_of(resource.type)  # refuses a type that nobody knows before anything is reported
        self._report("creating", resource)
        try:
            provisioning.create(resource, self._clouds)
        except PartlyCreated as error:
            resource.id, resource.status = error.id, "partial"
            resource.outputs = provisioning.outputs_of(resource, error.outputs)
            self.recording.resources[resource.urn] = resource
            raise

    def _looked_up(self, request: resource_pb2.ReadResourceRequest) -> Resource:
        return Resource(
            urn=self.make_urn(request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=wire.from_struct(request.properties),
            id=request.id,
            dependencies=sorted(request.dependencies),
            provider=request.provider,
            where=positions.of_request(request, self._directory),
            status="read",
        )

    def _existing(self, resource: Resource) -> dict[str, Any]:
        if resource.type != STACK_REFERENCE:
            raise NotSupported("without the engine only a stack is looked up (StackReference)")
        return self._stacks.reference(resource.id)

    def _call(self, token: str, arguments: dict[str, Any], provider: str) -> dict[str, Any]:
        if token.startswith("pulumi:pulumi:"):
            return self._engine_function(token, arguments)
        if token in AWS_FUNCTIONS:
            return AWS_FUNCTIONS[token](self._clouds.aws(provider), Inputs(arguments))
        if token in GITHUB_FUNCTIONS:
            return GITHUB_FUNCTIONS[token](self._clouds.github(provider), Inputs(arguments))
        raise NotSupported(f"the rehearsal has no handler for function {token}")

    def _engine_function(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The functions of the engine itself (pkg/resource/deploy/builtins.go)."""
        if token == "pulumi:pulumi:readStackResourceOutputs":
            return self._stacks.resource_outputs(arguments["stackName"])
        if token == "pulumi:pulumi:readStackOutputs":
            return self._stacks.reference(arguments["name"])
        raise NotSupported(f"the rehearsal has no handler for function {token}")


class ResourceError(Exception):
    """A resource could not be created; the message names it and its line in the program."""

    def __init__(self, resource: Resource, cause: Exception) -> None:
        at = f" at {resource.where}" if resource.where else ""
        super().__init__(f"{resource.type} {resource.name!r}{at}: {cause}")


class InvocationError(grpc.RpcError):
    """A provider function failed. It reaches the SDK as the engine's gRPC error does, so a program can catch it there too."""

    def __init__(self, token: str, cause: Exception) -> None:
        super().__init__(f"invocation of {token} returned an error: {cause}")

    def code(self) -> grpc.StatusCode:
        """As the engine's."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """The provider's words."""
        return str(self)
