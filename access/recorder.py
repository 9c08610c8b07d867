"""Runs a stack's program with the Pulumi SDK alone and writes what it registers as JSON. Nothing is made and nothing is asked of a cloud.

A script, not a module: it is run by path, isolated (`python -I`), and imports the program of the project that it is given and nothing of
this one, so that another revision of the project is recorded by the same recorder. What the program looks up is answered as by an account
and an organisation where everything is as the stack says; ids follow from names, so that they stay the same when something is added.
"""

import argparse
import asyncio
import gc
import hashlib
import json
import logging
import os
import runpy
import sys
import traceback
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pulumi.resource
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import Settings, configure, rpc, run_in_stack, set_all_config
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime.invoke import InvokeResult
from pulumi.runtime.mocks import MockEngine, MockMonitor
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.resource import register_resource
from pulumi.runtime.settings import set_root_resource

# AWS's own example account, for a stack that does not say which account it is allowed in.
EXAMPLE_ACCOUNT = "111122223333"
STACK_TYPE = "pulumi:pulumi:Stack"
# Pulumi's wire format: what marks a secret among the values.
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
OIDC_HOST = "token.actions.githubusercontent.com"

Values = Mapping[str, Any]


class Refused(grpc.RpcError):
    """A provider's error, as it reaches the SDK."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self.args[0])


class Sights:
    """Answers to what the program looks up, by the stack's configuration; `settings` gives what the program has parsed."""

    def __init__(self, config: Values, settings: Callable[[], Any]) -> None:
        self._settings = settings
        # What is missing or of a wrong type the program itself refuses.
        accounts = config.get("aws:allowedAccountIds")
        self.region = config.get("aws:region", "")
        self.account = str(accounts[0]) if isinstance(accounts, list) and accounts else EXAMPLE_ACCOUNT

    def answer(self, token: str, asked: Values) -> Values:
        """The answer to one provider function. Raises Refused; the text names a function that is not known here."""
        function: Callable[[Values], Values] | None = getattr(self, f"_{token.rpartition(':')[2]}", None)
        if function is None:
            raise Refused(f"the recorder has no answer to {token}; add one to access/recorder.py")
        return function(asked)

    def _getCallerIdentity(self, asked: Values) -> Values:
        return {"accountId": self.account, "arn": f"arn:aws:iam::{self.account}:role/deployer", "userId": "x", "id": self.account}

    def _getPartition(self, asked: Values) -> Values:
        return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}

    def _getOpenIdConnectProvider(self, asked: Values) -> Values:
        if self._settings().oidc_provider == "create":
            raise Refused(f"reading IAM OIDC Provider ({asked['arn']}): couldn't find resource")
        return {"arn": asked["arn"], "clientIdLists": ["sts.amazonaws.com"], "url": OIDC_HOST, "thumbprintLists": [], "id": asked["arn"]}

    def _getRole(self, asked: Values) -> Values:
        name = asked["name"]
        named = (role.rpartition("/") for role in self._settings().build_roles)
        path = next((f"{path}{slash}" for path, slash, last in named if last == name), "")
        return {"name": name, "id": name, "arn": f"arn:aws:iam::{self.account}:role/{path}{name}", "path": f"/{path}"}

    def _getRepositoryEndpoint(self, asked: Values) -> Values:
        domain, repository, form = asked["domain"], asked["repository"], asked["format"]
        url = f"https://{domain}-{self.account}.d.codeartifact.{self.region}.amazonaws.com/{form}/{repository}/"
        return {"domain": domain, "repository": repository, "format": form, "repositoryEndpoint": url, "id": url}

    def _getOrganization(self, asked: Values) -> Values:
        name = asked["name"]
        return {"login": name, "id": str(stable_id("organization", name)), "plan": "enterprise", "orgname": name, "name": name}

    def _getRepository(self, asked: Values) -> Values:
        full = asked["fullName"]
        name = full.partition("/")[2]
        seen = {"fullName": full, "name": name, "repoId": stable_id("repository", full), "id": name}
        return {**seen, "defaultBranch": "main", "visibility": "private", "archived": False}

    def _getTeam(self, asked: Values) -> Values:
        slug = asked["slug"]
        return {"id": str(stable_id("team", slug)), "slug": slug, "name": slug}

    def _getActionsRepositoryOidcSubjectClaimCustomizationTemplate(self, asked: Values) -> Values:
        return {"name": asked["name"], "useDefault": True, "includeClaimKeys": [], "id": asked["name"]}

    def _getActionsVariables(self, asked: Values) -> Values:
        return {"fullName": asked["fullName"], "name": asked["fullName"].partition("/")[2], "variables": [], "id": asked["fullName"]}

    def _getRepositoryBranches(self, asked: Values) -> Values:
        return {"repository": asked["repository"], "branches": [{"name": "main", "protected": True}], "id": asked["repository"]}

    def _getRestApi(self, asked: Values) -> Values:
        """No environment is there before, and workflows may do what the program sets."""
        permissions = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
        there = asked["endpoint"].endswith("/actions/permissions/workflow")
        found = {"code": 200, "body": json.dumps(permissions)} if there else {"code": 404, "body": "{}"}
        return {"endpoint": asked["endpoint"], "id": "rest", "status": "", "headers": "{}", **found}

    def _getInstances(self, asked: Values) -> Values:
        return {"arns": ["arn:aws:sso:::instance/ssoins-0123456789abcdef"], "identityStoreIds": ["d-0123456789"], "id": "instances"}

    def _getGroup(self, asked: Values) -> Values:
        name = asked["alternateIdentifier"]["uniqueAttribute"]["attributeValue"]
        return {"groupId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"group:{name}")), "displayName": name, "id": name}

    def _readStackResourceOutputs(self, asked: Values) -> Values:
        return {"name": asked["stackName"], "outputs": {}}


def stable_id(kind: str, name: str) -> int:
    """A number that follows from the name alone."""
    return 10_000_000_000 + int(hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:9], 16)


class Monitor(MockMonitor):
    """Keeps each registration and answers with its inputs and what a provider computes: ARNs and ids."""

    def __init__(self, project: str, stack: str, sights: Sights) -> None:
        super().__init__(mocks=None)  # ty: ignore[invalid-argument-type]  # every method that would ask the mocks is replaced below
        self._urn_of_stack = f"urn:pulumi:{stack}::{project}"
        self.sights = sights
        self.registered: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's rule: the types of all parents but the stack, joined by `$`."""
        chain = parent.split("::")[2] if parent else STACK_TYPE
        return f"{self._urn_of_stack}::{type_ if chain == STACK_TYPE else f'{chain}${type_}'}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.registered:
            raise ValueError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        inputs = plain(json_format.MessageToDict(request.object))
        computed = self._computed(request.type, inputs) if request.custom else {}
        self.registered[urn] = {"urn": urn, "type": request.type, "name": request.name, "parent": request.parent, "inputs": inputs}
        if computed:
            self.registered[urn]["outputs"] = computed
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.object)
        answer.update(computed)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id" if request.custom else "", object=answer)

    def _computed(self, type_: str, inputs: Values) -> dict[str, Any]:
        iam, here = f"arn:aws:iam::{self.sights.account}", f"{self.sights.region}:{self.sights.account}"
        match type_.rpartition(":")[2]:
            case "Role":
                return {"arn": f"{iam}:role{inputs.get('path', '/')}{inputs['name']}"}
            case "Policy":
                return {"arn": f"{iam}:policy{inputs.get('path', '/')}{inputs['name']}"}
            case "OpenIdConnectProvider":
                return {"arn": f"{iam}:oidc-provider/{OIDC_HOST}"}
            case "Key":
                return {"arn": f"arn:aws:kms:{here}:key/{stable_id('key', inputs['description'])}", "keyId": "key"}
            case "Domain":
                return {"arn": f"arn:aws:codeartifact:{here}:domain/{inputs['domain']}", "owner": self.sights.account}
            case "Repository" if "codeartifact" in type_:
                return {"arn": f"arn:aws:codeartifact:{here}:repository/{inputs['domain']}/{inputs['repository']}"}
            case "PermissionSet":
                return {"arn": f"arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-{stable_id('permission-set', inputs['name'])}"}
            case "Topic":
                return {"arn": f"arn:aws:sns:{here}:{inputs['name']}"}
            case "Queue":
                return {
                    "arn": f"arn:aws:sqs:{here}:{inputs['name']}",
                    "url": f"https://sqs.{self.sights.region}.amazonaws.com/{inputs['name']}",
                }
            case "EventRule":
                return {"arn": f"arn:aws:events:{here}:rule/{inputs['name']}"}
        return {}

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        if request.urn.split("::")[2] == STACK_TYPE:
            self.outputs = plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        found = struct_pb2.Struct()
        found.update(self.sights.answer(request.tok, plain(json_format.MessageToDict(request.args))))
        return resource_pb2.ResourceInvokeResponse(**{"return": found})  # ty: ignore[unknown-argument]  # the field's name is a keyword


def _register(resource: Any, type_: str, name: str, *rest: Any, **named: Any) -> None:
    """The SDK's registration, but for GitHub's resources, which hold no policy: they are there at once, with their inputs, unrecorded.

    They are three of four resources of a large catalog, and registering them takes the SDK longer than everything else here.
    """
    if not type_.startswith("github:"):
        register_resource(resource, type_, name, *rest, **named)
        return
    resource.__dict__["_given"] = {**rest[3], "urn": f"urn:{type_}::{name}", "id": name}
    resource.__class__ = _given_back(type(resource))


@cache
def _given_back(resource_class: Any) -> type:
    """The class with properties that become outputs when they are read: few ever are, and an output is dear."""

    class GivenBack(resource_class):
        def __getattribute__(self, name: str) -> Any:
            given = object.__getattribute__(self, "__dict__").get("_given", {})
            return pulumi.Output.from_input(given[name]) if name in given else super().__getattribute__(name)

    return GivenBack


def _invoke(sights: Sights) -> Callable[..., InvokeResult]:
    """The SDK's plain invoke; GitHub's, three a repository, without its event loop inside the loop: its cost is the square of the calls."""
    ask = pulumi.runtime.invoke

    def invoke(token: str, asked: Values, opts: Any = None, typ: type | None = None, package_ref: Any = None) -> InvokeResult:
        if not token.startswith("github:"):
            return ask(token, asked, opts, typ, package_ref)
        found = sights.answer(token, asked)
        return InvokeResult(rpc.translate_output_properties(found, lambda name: name, typ))

    return invoke


def plain(value: Any) -> Any:
    """Values without the envelopes that mark secrets, whole numbers as integers."""
    if isinstance(value, dict):
        return plain(value["value"]) if value.get(SIGNATURE) == SECRET else {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def record(project: Path, stack: str, stack_file: Path, catalog: Path | None) -> dict[str, Any]:
    """Run the program in `project`. Returns stack, resources and outputs; raises what the program raises."""
    sys.path[:0] = [str(project)]
    project_file, given = _files(project, stack_file)
    name = project_file["name"]
    config = {f"{name}:{key}": each["default"] for key, each in project_file.get("config", {}).items() if "default" in each} | given
    if catalog is not None:
        config[f"{name}:catalog"] = str(catalog)
    os.chdir(project)
    monitor = Monitor(name, stack, Sights(config, _parsed_settings()))
    _run(project / "__main__.py", name, stack, config, monitor)
    return {"project": name, "stack": stack, "resources": list(monitor.registered.values()), "outputs": monitor.outputs}


def _files(project: Path, stack_file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Project file and stack file, read as the program reads them. Raises pulumi.RunError with all that is wrong in the first that is."""
    import settings  # of the project that is recorded

    try:
        return settings.read_project_file(project), settings.read_stack_file(stack_file)
    except settings.SettingsError as error:
        raise pulumi.RunError(str(error)) from error


def _parsed_settings() -> Callable[[], Any]:
    """Gives the settings that the program has parsed, once it has: reading a large catalog twice would take seconds."""
    import settings  # of the project that is recorded

    parse, parsed = settings.parse, []

    def remembering(*given: Any, **named: Any) -> Any:
        parsed.append(parse(*given, **named))
        return parsed[-1]

    setattr(settings, "parse", remembering)  # noqa: B010  # plain assignment of a function is a type error
    return lambda: parsed[-1]


def _run(program: Path, project: str, stack: str, config: Values, monitor: Monitor) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))  # registrations come in the program's order
    loop.set_exception_handler(lambda loop, context: None)  # tasks that a failed registration leaves waiting
    # Faster ones in place of the SDK's functions (see there for which calls).
    setattr(pulumi.resource, "register_resource", _register)  # noqa: B010  # as above
    setattr(pulumi.runtime, "invoke", _invoke(monitor.sights))  # noqa: B010  # as above
    # Where in the program a resource is made is not asked for here.
    setattr(sdk_resource, "_get_stack_trace", source_pb2.StackTrace)  # noqa: B010
    gc.disable()  # the SDK keeps every resource's tasks: collecting them again and again is half of the time of a large catalog
    engine = MockEngine(logging.getLogger("pulumi"))
    configure(Settings(project, stack, monitor=monitor, engine=engine, dry_run=False, organization="organization"))
    set_root_resource(None)  # ty: ignore[invalid-argument-type]  # None is how the SDK itself starts
    set_all_config({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()})

    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    loop.run_until_complete(run_in_stack(run))


def _place(error: Exception, project: Path) -> str:
    """The last line of the program on the way to an error."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).is_relative_to(project)]
    return f" in {Path(frames[-1].filename).relative_to(project)}, line {frames[-1].lineno}" if frames else ""


def main() -> int:
    """Parse the arguments, record, write. Exit status 1 with the program's own words if it stops."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    try:
        recorded = record(options.project, options.stack, options.config, options.catalog)
    except (pulumi.RunError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # whatever a program can raise: its place says more than a traceback through the SDK
        print(f"the program fails{_place(error, options.project)}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    options.result.write_text(json.dumps(recorded))
    return 0


if __name__ == "__main__":
    sys.exit(main())
