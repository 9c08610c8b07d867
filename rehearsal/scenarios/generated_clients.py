"""A client generated from an OpenAPI file, of examples/generated-client: published by its workflow, version by version, for another team.

The example's names are kept where the publisher of the catalog owns them, as in the shipped stacks; elsewhere packages get a name it owns.
"""

import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from policies.owned_names import Format
from rehearsal import clients, generated_client
from rehearsal.cast import WRITER, Publisher, package_name, publishers
from rehearsal.clients import Shell
from rehearsal.packages import last_line
from rehearsal.scenario import Scenario, Skipped
from rehearsal.world import PUBLISH, World
from settings import Readers, Repository, Team

_SESSION = "s-1"
_TOOLS = {Format.NPM: "npm", Format.PYPI: "pip"}


@dataclass(frozen=True)
class Client:
    """The generated client of one format: who publishes it, under which name, and which other team's repository installs it."""

    format: Format
    publisher: Publisher
    name: str
    consumer: Repository
    consumers_team: Team


def scenarios(world: World) -> list[Scenario]:
    """For each format of the example that an open team publishes from a literal branch, for another team that has it as an upstream."""
    if world.settings.publishing.workflow is None:
        return []
    return [scenario for client in _clients(world) for scenario in _scenarios(world, client)]


def formats(world: World) -> set[Format]:
    """In which formats the workflow publishes a generated client here."""
    return {client.format for client in _clients(world)} if world.settings.publishing.workflow else set()


def _clients(world: World) -> list[Client]:
    return [client for format in generated_client.NAMES if (client := _client(world, format))]


def _client(world: World, format: Format) -> Client | None:
    for publisher in publishers(world.settings, world.facts):
        if (
            not publisher.roomy(format)
            or format not in publisher.repository.publishes
            or not publisher.literal
            or publisher.team.readers is not Readers.ORGANIZATION
        ):
            continue
        for team in world.settings.teams:
            if publisher.team.name in team.upstreams and team.repositories:
                return Client(format, publisher, package_name(publisher.team.owns[format], "api-client"), team.repositories[-1], team)
    return None


# --- publishing ---------------------------------------------------------------------------------------------------------------------


def published(client: Client, version: str) -> str:
    """Name of the scenario in which a version is published."""
    return f"{client.publisher.name}: publish generated client {version} as {client.format}"


def _publish(world: World, client: Client, version: str) -> str:
    """Run the publishing workflow on the example's files at that version. Raises Skipped where the build can't fetch its back end."""
    source = generated_client.build(generated_client.check_out(world.folder("api").resolve(), version), version)
    generated_client.rename(source, {generated_client.NAMES[client.format]: client.name})
    publisher = client.publisher
    request = {
        "workflow": str(generated_client.WORKFLOW),
        "job_workflow_ref": str(world.settings.publishing.workflow),
        "event": "push",
        "ref": f"refs/heads/{publisher.branch}",
    }
    # Built already: installing a generator takes too long here.
    given = {**generated_client.inputs(source, client.format), "build-command": ""}
    inputs = {**given, "environment": publisher.repository.environment, **clients.tool_version(client.format)}
    try:
        return world.run_workflow(PUBLISH, publisher.name, WRITER, request, inputs=inputs, source=source)
    except RuntimeError as failure:
        if "No matching distribution found for flit_core" in str(failure):
            raise Skipped("the Python package's build needs flit_core from PyPI, which this machine does not reach") from failure
        raise


def _scenarios(world: World, client: Client) -> list[Scenario]:
    listed: list[Scenario] = []
    for version in _published_versions(client):
        listed.append(
            Scenario(
                published(client, version),
                f"{PUBLISH}, a push to {client.publisher.branch} of {client.publisher.name}",
                f"publish {client.name} {version}",
                client.publisher.team.own_repository,
                lambda version=version: _publish(world, client, version),
                after=tuple(previous.name for previous in listed[-1:]),
                slow=True,
            )
        )
    return [*listed, *_consuming(world, client)]


def _published_versions(client: Client) -> list[str]:
    """Both versions as npm; the first as PyPI, where a run of the workflow takes twice as long (tests publish the second)."""
    return generated_client.versions()[: 2 if client.format is Format.NPM else 1]


# --- consuming ----------------------------------------------------------------------------------------------------------------------


def _consuming(world: World, client: Client) -> list[Scenario]:
    """When every version is out, a repository that is pinned to the first still builds, and moves on to the next when it wants to."""
    build = {Format.NPM: _with_npm, Format.PYPI: _with_pip}[client.format]
    known = _published_versions(client)
    return [
        Scenario(
            f"{client.consumer.name}: build with generated client {version} of {client.publisher.team.name} from {client.format}",
            f"a pull request of {client.consumer.name}",
            f"install {client.name} {version} and run what uses it",
            client.consumers_team.codeartifact_repository,
            lambda version=version, script=script: _consume(world, client, lambda shell: build(shell, client, version, script)),
            after=(published(client, known[-1]),),
            slow=True,
        )
        for version, script in zip(known, ("session", "sign-out"), strict=False)
    ]


def _consume(world: World, client: Client, build: Callable[[Shell], str]) -> str:
    """Build the example's consuming repository where an instance of the API answers."""
    shell = world.job_shell(f"consume-{client.format}", world.build_job(client.consumer.name), world.read_role(client.consumer.name))
    repository = shutil.copytree(generated_client.CONSUMER, shell.home / "repository")
    generated_client.rename(repository, {generated_client.NAMES[client.format]: client.name})
    world.login(shell, _TOOLS[client.format], world.consumer(client.consumer.name)["repository"])
    with _identity_api() as url:
        return build(replace(shell, environment={**shell.environment, "IDENTITY_URL": url}))


def _with_npm(shell: Shell, client: Client, version: str, script: str) -> str:
    repository = shell.home / "repository"
    manifest = json.loads((repository / "package.json").read_text())
    (repository / "package.json").write_text(json.dumps({**manifest, "dependencies": {client.name: version}}))
    shell.run("npm", "install", folder=repository)
    # The lock file that the example ships names no address, so npm requests only from the registry that the login has set.
    registry = shell.run("npm", "config", "get", "registry").strip()
    locked = json.loads((repository / "node_modules" / ".package-lock.json").read_text())["packages"][f"node_modules/{client.name}"]
    if locked["version"] != version or not registry.startswith(shell.environment["AWS_ENDPOINT_URL"]):
        raise RuntimeError(f"{client.name}: got {locked['version']} from {registry}; expected {version} from the local cloud")
    return last_line(shell.run("node", f"{script}.mjs", _SESSION, folder=repository))


def _with_pip(shell: Shell, client: Client, version: str, script: str) -> str:
    repository, installed = shell.home / "repository", shell.home / "installed"
    (repository / "requirements.txt").write_text(f"{client.name}=={version}\n")
    # The fixture registry has none of the public packages that the client needs; this interpreter's are used.
    shell.run(
        "pip", "install", "--quiet", "--no-cache-dir", "--no-deps", "--target", str(installed), "-r", "requirements.txt", folder=repository
    )
    if not list(installed.glob(f"*-{version}.dist-info")):
        raise RuntimeError(f"{client.name}: got {sorted(installed.iterdir())}; expected version {version}")
    python = replace(shell, environment={**shell.environment, "PYTHONPATH": str(installed)})
    return last_line(python.run("python", f"{script.replace('-', '_')}.py", _SESSION, folder=repository))


class _SessionHandler(BaseHTTPRequestHandler):
    """The two operations that the consumer uses, of one session."""

    def do_GET(self) -> None:
        self._session("open")

    def do_DELETE(self) -> None:
        self._session("ended")

    def _session(self, state: str) -> None:
        known = self.path == f"/sessions/{_SESSION}"
        body = json.dumps({"id": _SESSION, "user": "ada", "state": state} if known else {"title": "no such session"}).encode()
        self.send_response(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what the clients print is what is looked at."""


@contextmanager
def _identity_api() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _SessionHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
