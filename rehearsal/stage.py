"""Sets the stage: the local cloud, the company in it, and the program run against it. Each is a process of its own."""

import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import registry_constants
from bootstrap import rights
from bootstrap.declaration import Declaration
from company import places, workflows
from policies.arns import Registry
from rehearsal import bootstrapping, clients, seeding
from rehearsal.bootstrapping import Bootstrap
from rehearsal.clients import Credentials
from rehearsal.control import Control
from rehearsal.facts import Facts, derived
from rehearsal.github import GitHub
from rehearsal.processes import PROJECT, Child, ProcessFailed, cloud_process, program_process
from rehearsal.rights import Watch
from rehearsal.world import Place, World
from settings import OidcProvider, Settings, parse, read_project_file, read_stack_file

# AWS's own example account, for a stack that does not say which account it is allowed in.
_EXAMPLE_ACCOUNT = "111122223333"
# Packages that the public registries hold, by format: the fixtures' own, or small ones that everybody has.
PUBLIC_PACKAGES = {
    "fixture": {"npm": "public-greeting", "pypi": "public-greeting", "maven": "org.example.open:greeting", "cargo": "public-greeting"},
    "real": {"npm": "left-pad", "pypi": "six"},
}


class ProgramFailed(RuntimeError):
    """The program stopped; the message says why, and which resource at which line of it if one failed."""


@dataclass(frozen=True)
class Stack:
    """Which stack is rehearsed: its name, its file, and a catalog instead of the file's (None = the file's)."""

    name: str
    file: Path
    catalog: Path | None

    def settings(self) -> Settings:
        """Its settings. Raises settings.SettingsError."""
        project, config = read_project_file(PROJECT), read_stack_file(self.file)
        return parse(project, config, PROJECT, project["name"], self.name, self.file.parent, self.catalog)


def account_of(settings: Settings) -> str:
    """The account that a stack is rehearsed in."""
    return next(iter(settings.allowed_account_ids), _EXAMPLE_ACCOUNT)


class Cloud:
    """The local cloud's process and what is known of it."""

    def __init__(self, settings: Settings, folder: Path, upstream: str, waiting: Child | None = None) -> None:
        account = account_of(settings)
        arguments = ["--account", account, "--region", settings.region, "--upstream", upstream]
        self.upstream = upstream
        # Requests that GitHub saw before the stack's program ran, and that are not its own.
        self.writes_before = 0
        self.bootstrap: Declaration | None = None
        self.public_packages = PUBLIC_PACKAGES[upstream]
        key, registries = secrets.token_urlsafe(24), clients.own_registries() if upstream == "real" else {}
        self.child = waiting or cloud_process(folder)
        self.child.send(arguments, {"REHEARSAL_KEY": key, **registries})
        # While it starts: making the first client takes as long as starting it.
        clients.http()
        ready = self.child.first_line()
        root = ready["root"]
        self.place = Place(ready["url"], account, settings.region)
        self.root = Credentials(root["access_key_id"], root["secret_access_key"])
        self.control = Control(self.place.endpoint, key)
        self.registry = Registry("aws", account, settings.region, settings.domain.name)

    def close(self) -> None:
        """End it."""
        self.control.close()
        self.child.close()


class Program:
    """Runs the unmodified program against the cloud, with the deployer's credentials and nothing else. `waiting` is the process of the
    first run, if it has been started already; `engine` is Pulumi's command (None: the SDK runs it alone)."""

    def __init__(
        self,
        stack: Stack,
        cloud: Cloud,
        deployer: Credentials,
        folder: Path,
        waiting: Child | None = None,
        engine: Path | None = None,
        directory: Path = PROJECT,
    ) -> None:
        self._directory = directory
        self._stack, self._cloud, self._folder, self._waiting = stack, cloud, folder, waiting
        self._engine = ["--engine", str(engine), "--engine-folder", str(folder / "engine")] if engine else []
        self._environment = {**deployer.environment(), "GITHUB_TOKEN": seeding.DEPLOYER_TOKEN}
        # Beside the results of other stacks, whose outputs it may refer to.
        self.result_file = folder / "results" / f"{stack.name}.json"
        self.result_file.parent.mkdir(exist_ok=True)

    def run(self, show: Callable[[Mapping[str, Any]], None], *extra: str) -> Mapping[str, Any]:
        """Run it, telling each event; returns the result. Raises ProgramFailed."""
        catalog = ["--catalog", str(self._stack.catalog)] if self._stack.catalog else []
        endpoint = self._cloud.place.endpoint
        arguments = ["--directory", str(self._directory), "--config", str(self._stack.file), "--stack", self._stack.name, *catalog]
        arguments += ["--stacks", str(self.result_file.parent)]
        arguments += ["--cloud", endpoint, "--github", f"{endpoint}/_github", "--result", str(self.result_file)]
        arguments += [*self._engine, *extra]
        child, self._waiting = self._waiting or program_process(self._folder), None
        try:
            child.send(arguments, self._environment)
            for event in child.lines():
                show(event)
            status = child.wait()
            if not self.result_file.exists():
                raise ProcessFailed(f"the program ended with status {status}:\n{child.tail()}")
        finally:
            child.close()
        result = json.loads(self.result_file.read_text())
        if result["error"]:
            raise ProgramFailed(_words(result["error"]))
        return result

    def destroy(self, *options: str) -> Mapping[str, Any]:
        """Delete what the last run's state lists; the state is then what is left. Raises ProgramFailed."""
        return self.run(lambda event: None, "--destroy", "--state", str(self.result_file), *options)


def _words(error: Mapping[str, Any]) -> str:
    if not error.get("urn"):
        return f"{error.get('traceback') or ''}\n{error['message']}".strip()
    # The engine does not say where in the program a resource is that failed.
    at = f" at {error['where']}" if error.get("where") else ""
    return f"{error['type']} '{error['name']}'{at}:\n{error['message']}"


def company(
    stack: Stack, settings: Settings, cloud: Cloud, folder: Path, facts: Facts | None = None, *, quick: bool = False
) -> Credentials:
    """Seed GitHub and the account; returns the deployer's credentials. `quick` creates the deployer by hand, without the bootstrap."""
    facts = facts or derived(settings)
    # A bootstrap is about the project's own stacks; another stack file is deployed by a role that is created by hand.
    own = stack.file == PROJECT / f"Pulumi.{stack.name}.yaml"
    bootstrap = bootstrapping.of_stack(PROJECT, stack.name) if own and not quick else None
    reviewers = [slug for one in bootstrap.declared.stacks for slug in one.reviewers] if bootstrap else []
    cloud.control.post("github/seed", **seeding.github(settings, reviewers, facts))
    seeding.repository_settings(settings, facts, f"{cloud.place.endpoint}/_github")
    actions = bootstrap.declared.github_actions if bootstrap else None
    provider = settings.oidc_provider is OidcProvider.EXISTING and not (actions and actions.provider is OidcProvider.CREATE)
    bootstrapped = partial(_bootstrap, bootstrap, settings, cloud, folder) if bootstrap else None
    account = (cloud.registry, cloud.control, cloud.root, cloud.place.endpoint)
    credentials = seeding.aws(settings, *account, bootstrapped, provider=provider)
    cloud.writes_before = cloud.control.get("github/requests")["github_writes"]
    return credentials


def _bootstrap(bootstrap: Bootstrap, settings: Settings, cloud: Cloud, folder: Path) -> tuple[str, Credentials]:
    """Bootstrap the account and start a deployment: the deployer's ARN and credentials."""
    who = bootstrapping.Administrator(cloud.control, cloud.root, cloud.place.endpoint, seeding.DEPLOYER_APP)
    bootstrapping.run(who, bootstrap, PROJECT, folder)
    cloud.bootstrap = bootstrap.declared
    return _deployer(bootstrap.declared, settings, cloud)


def team_deployer(settings: Settings, cloud: Cloud) -> Credentials:
    """The credentials of a team stack's deployer: the bootstrap's if it has one, else a role created by hand with the same rights."""
    if cloud.bootstrap and any(one.name == settings.running for one in cloud.bootstrap.stacks):
        return _deployer(cloud.bootstrap, settings, cloud)[1]
    return seeding.team_deployer(settings, cloud.registry, cloud.control)


def _deployer(bootstrap: Declaration, settings: Settings, cloud: Cloud) -> tuple[str, Credentials]:
    endpoint, stack = cloud.place.endpoint, settings.running
    if bootstrap.pulumi_cloud is None:
        github = GitHub(cloud.control, settings.github_owner, seeding.reviewers(settings))
        return bootstrapping.deployer_by_workflow(endpoint, github, bootstrap, stack)
    deployment = bootstrapping.deployment(cloud.control, bootstrap, stack)
    arn = deployment["settings"]["operationContext"]["environmentVariables"]["PACKAGE_FLOW_DEPLOYER"]
    return arn, bootstrapping.deployer(endpoint, cloud.place.region, deployment)


def watch(cloud: Cloud, settings: Settings) -> Watch:
    """Which of the deployer's rights have been used until now."""
    started = Watch(cloud.control, seeding.deployer_name(settings, cloud.bootstrap is not None), rights.deployer(settings, cloud.registry))
    started.collect()
    return started


def _workflows(settings: Settings, outputs: Mapping[str, Any], folder: Path) -> Path:
    """The checkout whose workflows are rehearsed: this one for its own stacks, so that constants that disagree with the outputs show; for
    another company's stack, a copy with that company's constants and repository."""
    known = json.loads((PROJECT / places.CONSTANTS).read_text())
    own = any(one["stack"] == settings.stack and one["domain"] == settings.domain.name for one in known)
    # Another company may have these names, too; its workflows call another repository.
    if own and not workflows.rewritten(PROJECT, settings.program_repository):
        return PROJECT
    checkout = folder / "checkout"
    shutil.copytree(PROJECT / ".github", checkout / ".github")
    constants = registry_constants.constants(settings.stack, outputs, settings.token_duration, settings.shared)
    (checkout / places.CONSTANTS).write_text(registry_constants.text([constants]))
    for path, text in workflows.rewritten(checkout, settings.program_repository).items():
        (checkout / path).write_text(text)
    return checkout


def world(
    settings: Settings,
    cloud: Cloud,
    outputs: Mapping[str, Any],
    folder: Path,
    facts: Facts | None = None,
    team_deployers: Mapping[str, Credentials] = {},
) -> World:
    """Everybody who acts on what the program has created."""
    github = GitHub(cloud.control, settings.github_owner, seeding.reviewers(settings))
    return World(
        settings,
        outputs,
        cloud.place,
        cloud.control,
        github,
        workflows=_workflows(settings, outputs, folder),
        folder=folder / "clients",
        upstream=cloud.upstream,
        public_packages=cloud.public_packages,
        bootstrap=cloud.bootstrap,
        facts=facts,
        team_deployers=team_deployers,
    )
