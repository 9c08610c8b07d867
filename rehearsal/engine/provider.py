"""One provider instance over Pulumi's protocol, served by the rehearsal's handlers.

It answers as a bridged provider does: without secrets, resource references or output values on the wire, with previews that echo inputs.
"""

import importlib.metadata
import json
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.engine import differences
from rehearsal.program import provisioning, wire
from rehearsal.program.clouds import Aws, Clouds, Github, PulumiCloud
from rehearsal.program.handlers import CloudError, Existing, Handler, NotSupported, PartlyCreated
from rehearsal.program.inputs import InputProblems, Inputs
from rehearsal.program.invokes import AWS_FUNCTIONS, GITHUB_FUNCTIONS
from rehearsal.program.state import Resource

FUNCTIONS: dict[str, Any] = {**AWS_FUNCTIONS, **GITHUB_FUNCTIONS}
# Steps as they happen: "create", "read", "update" or "delete", and the URN. It is called before the step; what it raises fails the step.
Watch = Callable[[str, str], None]

_INSTANCE = "instance::id"  # a reference to the only provider of this instance's clouds
# What the engine adds to a provider's own configuration.
_ENGINES_OWN = ("version", "pluginDownloadURL")


def version(package: str) -> str:
    """The version of the package's SDK, which is the one that the program requires."""
    return importlib.metadata.version(f"pulumi_{package}")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package (aws, github, pulumiservice). `clouds` are this instance's own: it configures them."""

    def __init__(self, package: str, clouds: Clouds, watch: Watch) -> None:
        self.package, self._clouds, self._watch = package, clouds, watch

    # --- the plugin -----------------------------------------------------------------------------------------------------------------

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version(self.package))

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.package, "version": version(self.package)}))

    # --- its configuration ----------------------------------------------------------------------------------------------------------

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        olds, news = _values(request.old_inputs), _values(request.news)
        changed = sorted(key for key in {*olds, *news} - {*_ENGINES_OWN} if olds.get(key) != news.get(key))
        # Resources of another region are other resources (pulumi-aws, preConfigureCallback and its provider's own diff).
        return _diff(differences.Difference(changed, [key for key in changed if key == "region"], False))

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        given = {key: value for key, value in _values(request.args).items() if key not in _ENGINES_OWN and value != ""}
        try:
            if self.package != "pulumiservice":
                self._clouds.register(_INSTANCE.partition("::")[0], f"{provisioning.PROVIDER_PREFIX}{self.package}", given)
        except Exception as error:
            _fail(context, error)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    # --- resources ------------------------------------------------------------------------------------------------------------------

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        handler = _handler(request.urn, context)
        checked = differences.check(handler, _name(request.urn), request.randomSeed, _struct(request.olds), _values(request.news))
        failures = [provider_pb2.CheckFailure(reason=problem) for problem in checked.problems]
        return provider_pb2.CheckResponse(inputs=wire.to_struct(checked.inputs), failures=failures)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        handler, news = _handler(request.urn, context), _struct(request.news)
        try:
            cloud = self._cloud(_resource(request.urn, wire.plain(news)))
            found = differences.difference(handler, _struct(request.old_inputs), news, cloud, _values(request.olds))
        except Exception as error:
            _fail(context, error)
        return _diff(found)

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        inputs = _values(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=wire.to_struct(inputs))
        handler, resource = _handler(request.urn, context), _resource(request.urn, inputs)
        try:
            self._watch("create", request.urn)
            cloud = self._cloud(resource)
            created = handler.create(cloud, provisioning.request_for(handler, resource, cloud))
        except PartlyCreated as error:
            _partly_created(context, error, inputs)
        except Exception as error:
            _fail(context, error)
        return provider_pb2.CreateResponse(id=created.id, properties=wire.to_struct({**inputs, **created.outputs}))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        handler, outputs, inputs = _handler(request.urn, context), _values(request.properties), _struct(request.inputs)
        try:
            self._watch("read", request.urn)
            by = handler.import_id(Existing(request.id, wire.plain(inputs), outputs)) if outputs else request.id
            found = handler.look_up(self._cloud(_resource(request.urn, outputs or wire.plain(inputs))), by)
            if found is None:
                return provider_pb2.ReadResponse()
            if outputs:
                id = request.id
                inputs, outputs = differences.seen(handler, inputs, outputs, found)
            else:
                id = handler.imported(request.id)
                inputs, outputs = differences.imported(handler, found), {key: value for key, value in found.items() if value is not None}
        except Exception as error:
            _fail(context, error)
        return provider_pb2.ReadResponse(id=id, inputs=wire.to_struct(inputs), properties=wire.to_struct(outputs))

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        olds, old_inputs, inputs = _values(request.olds), _values(request.old_inputs), _values(request.news)
        kept = {key: value for key, value in olds.items() if key not in old_inputs}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=wire.to_struct({**kept, **inputs}))
        handler, resource = _handler(request.urn, context), _resource(request.urn, inputs)
        try:
            self._watch("update", request.urn)
            cloud = self._cloud(resource)
            wanted = provisioning.request_for(handler, resource, cloud)
            computed = handler.update(cloud, Existing(request.id, old_inputs, olds), wanted)
        except Exception as error:
            _fail(context, error)
        return provider_pb2.UpdateResponse(properties=wire.to_struct({**kept, **inputs, **computed}))

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        handler, outputs, inputs = _handler(request.urn, context), _values(request.properties), _values(request.old_inputs)
        try:
            self._watch("delete", request.urn)
            handler.delete(self._cloud(_resource(request.urn, inputs)), Existing(request.id, inputs, outputs))
        except Exception as error:
            _fail(context, error)
        return empty_pb2.Empty()

    # --- functions ------------------------------------------------------------------------------------------------------------------

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        function = FUNCTIONS.get(request.tok)
        try:
            if function is None:
                raise NotSupported(f"the rehearsal has no handler for function {request.tok}")
            cloud = self._clouds.aws(_INSTANCE) if self.package == "aws" else self._clouds.github(_INSTANCE)
            answer = function(cloud, Inputs(_values(request.args)))
        except Exception as error:
            _fail(context, error)
        # The field's name is a keyword.
        return provider_pb2.InvokeResponse(**{"return": wire.to_struct(answer)})  # ty: ignore[unknown-argument]

    def _cloud(self, resource: Resource) -> Aws | Github | PulumiCloud:
        return provisioning.cloud_of(resource, self._clouds)


def _handler(urn: str, context: grpc.ServicerContext) -> Handler:
    try:
        return provisioning.handler_of(_type(urn))
    except NotSupported as error:
        _abort(context, str(error), grpc.StatusCode.UNIMPLEMENTED)


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _resource(urn: str, inputs: dict[str, Any]) -> Resource:
    return Resource(urn, _type(urn), _name(urn), inputs=inputs, provider=_INSTANCE)


def _struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    return wire.from_struct(struct)


def _values(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Without what the bridge keeps there for itself."""
    return wire.plain(wire.from_struct(struct))


def _diff(found: differences.Difference) -> provider_pb2.DiffResponse:
    changes = provider_pb2.DiffResponse.DIFF_SOME if found.changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=changes, diffs=found.changed, replaces=found.replaces, deleteBeforeReplace=found.delete_first)


def _fail(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    """Foreseen errors in their own words, others with their type."""
    foreseen = isinstance(error, CloudError | InputProblems | NotSupported)
    _abort(context, str(error) if foreseen else f"{type(error).__name__}: {error}")


def _partly_created(context: grpc.ServicerContext, error: PartlyCreated, inputs: dict[str, Any]) -> NoReturn:
    """The engine then keeps the resource, with what went wrong, and updates it at the next up."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id,
        properties=wire.to_struct({**inputs, **error.outputs}),
        reasons=[str(error)],
        inputs=wire.to_struct({**inputs, differences.DEFAULTS: []}),
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    _abort(context, str(error))


def _abort(context: grpc.ServicerContext, words: str, code: grpc.StatusCode = grpc.StatusCode.UNKNOWN) -> NoReturn:
    context.abort(code, words)
    raise AssertionError("abort() raises")
