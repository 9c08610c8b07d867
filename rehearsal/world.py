"""The rehearsed company: its settings, the stack's outputs, and everybody who acts in it."""

import hashlib
import itertools
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bootstrap.declaration import Declaration
from policies.arns import Registry
from policies.github_tokens import AUDIENCE
from policies.names import PUBLIC_SOURCES, RoleKind, role_name
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.actions import github as workflow_jobs
from rehearsal.actions.results import Conclusion, RunResult
from rehearsal.actions.runner import StartedJob, StartJob, run_workflow
from rehearsal.actions.standins import Artifacts
from rehearsal.cast import ADMIN, MANAGER, WRITER, Publisher
from rehearsal.clients import Credentials, Shell
from rehearsal.control import Control
from rehearsal.facts import Facts, derived
from rehearsal.github import DEPENDABOT, GitHub, Job
from rehearsal.packages import Package
from rehearsal.scenario import Denied, Skipped, required
from settings import Settings

PUBLISH = "publish-package.yml"
_UNSET = object()
# What a login writes below HOME for npm, twine, pip and cargo.
_LOGIN_FILES = (".npmrc", ".pypirc", ".config/pip/pip.conf", ".cargo/config.toml", ".cargo/credentials.toml")
# Ids of repositories that take another's name.
_TAKERS = 700_000


@dataclass(frozen=True)
class Place:
    """Where the local cloud is and which account and region it plays."""

    endpoint: str
    account: str
    region: str


class World:
    """What the scenarios act on. `outputs` are the stack's; `workflows` is the checkout whose reusable workflows are run; `folder` is
    where clients have their homes; `bootstrap` is what the account was bootstrapped with (None = it was not), `facts` what GitHub had
    before (None = as the catalog implies), `team_deployers` are those of its team stacks, by stack. A registry stack and its team stacks
    are one world, with the outputs of all."""

    def __init__(
        self,
        settings: Settings,
        outputs: Mapping[str, Any],
        place: Place,
        control: Control,
        github: GitHub,
        *,
        workflows: Path,
        folder: Path,
        upstream: str,
        public_packages: Mapping[str, str],
        bootstrap: Declaration | None = None,
        facts: Facts | None = None,
        team_deployers: Mapping[str, Credentials] = {},
    ) -> None:
        self.settings = settings
        self.outputs = outputs
        self.place = place
        self.control = control
        self.github = github
        self.workflows = workflows
        self._folder = folder
        self.upstream = upstream
        self.bootstrap = bootstrap
        self.facts = facts or derived(settings)
        self.team_deployers = team_deployers
        self._public_packages = public_packages
        self._numbers = itertools.count(1)
        self._logins: dict[tuple[str, str, str], Path] = {}
        self._locks: dict[tuple[str, str, str], threading.Lock] = defaultdict(threading.Lock)
        self._sts = clients.aws(place.endpoint, place.region, "sts", None)
        self.registry = Registry("aws", place.account, place.region, settings.domain.name)

    # --- names and roles ----------------------------------------------------------------------------------------------------------

    def consumer(self, repository: str) -> Mapping[str, str]:
        """The stack output of a consuming repository."""
        return self.outputs["consumers"][f"{self.settings.github_owner}/{repository}"]

    def publish_role(self, repository: str) -> str:
        """ARN of its publish role."""
        return self.consumer(repository)["publishRole"]

    def read_role(self, repository: str) -> str:
        """ARN of the role that its builds assume."""
        return self.consumer(repository)["readRole"]

    def role_arn(self, kind: RoleKind, repository: str = "") -> str:
        """ARN that a role of this stack has."""
        return self.registry.role_arn(self.settings.iam.path, role_name(self.settings.stack, kind, repository))

    def public_source(self, format: str) -> str | None:
        """The first public source of a format."""
        return next((source for source in self.settings.public_sources if PUBLIC_SOURCES[source][1] == format), None)

    def public_package(self, format: Format) -> Package | None:
        """A package that the format's public registry holds, if the stack has that registry."""
        name = self._public_packages.get(format.value)
        return Package(format, name) if name and self.public_source(format.value) else None

    # --- GitHub jobs --------------------------------------------------------------------------------------------------------------

    def publishing_job(
        self,
        publisher: Publisher,
        *,
        event: str = "push",
        branch: str = "",
        tag: str = "",
        owner: str = "",
        reusable: Any = _UNSET,
        environment: str | None = None,
    ) -> Job:
        """The publish job of a repository on its release branch, but for what is said otherwise."""
        # Who publishes from tags alone has no release branch.
        released = "" if tag else publisher.branch
        branch = branch or released
        creator = MANAGER if branch == released and not tag else WRITER
        self.github.ensure_branch(publisher.name, tag or branch, creator, owner=owner, kind="tags" if tag else "heads")
        on: dict[str, Any] = {"ref": f"refs/tags/{tag}" if tag else f"refs/heads/{branch}"}
        if event in ("pull_request", "pull_request_target"):
            on = {"pull_request": self.github.pull_request(publisher.name, WRITER)["number"]}
        return self.github.run(
            publisher.name,
            WRITER,
            event=event,
            job_workflow_ref=self._workflow() if reusable is _UNSET else reusable,
            environment=publisher.repository.environment if environment is None else environment,
            approve_by=[*self.github.reviewers, MANAGER],
            waited=True,
            owner=owner,
            **on,
        )

    def workflow_at(self, branch: str) -> str:
        """The publishing workflow as it is on another branch of its repository, unreviewed."""
        file, _, _ = str(self.settings.publishing.workflow).partition("@")
        owner, repository = file.split("/")[:2]
        self.github.ensure_branch(repository, branch, WRITER, owner=owner)
        return f"{file}@refs/heads/{branch}"

    @property
    def callable_by_strangers(self) -> bool:
        """Whether another organisation's jobs can call the workflow that publishes: any file of their own, or one that is public."""
        owner, _, name = self.settings.program_repository.partition("/")
        return self.settings.publishing.workflow is None or owner != self.github.owner or self.facts.of(name).visibility == "public"

    def _workflow(self) -> str:
        return self.settings.publishing.workflow or "./.github/workflows/publish.yml"

    def publishing_token(self, publisher: Publisher, *, token: str = "", audience: str = AUDIENCE, **job: Any) -> str:
        """The OIDC token of that job; `token`: "forged" (signed with another key) or "expired"."""
        started = self.publishing_job(publisher, **job)
        if token == "forged":
            return self.github.forged_token(started, audience)
        if token == "expired":
            return self.github.expired_token(started, audience)
        return started.token(audience)

    def build_job(self, repository: str, *, owner: str = "") -> Job:
        """A pull request's build in a repository; a push's in another organisation."""
        if owner:
            self.github.ensure_branch(repository, "main", WRITER, owner=owner)
            return self.github.run(repository, WRITER, ref="refs/heads/main", owner=owner)
        number = self.github.pull_request(repository, WRITER)["number"]
        return self.github.run(repository, WRITER, event="pull_request", pull_request=number)

    def dependabot_job(self, repository: str) -> Job:
        """An update job of Dependabot, as GitHub starts it."""
        return self.github.run(repository, DEPENDABOT, event="dynamic", workflow="dynamic/dependabot/dependabot-updates")

    def dependabot_role(self, repository: str) -> str:
        """ARN of a repository's Dependabot role."""
        return self.consumer(repository)["dependabotRole"]

    def name_taken_by_another(self, repository: str) -> AbstractContextManager[None]:
        """Meanwhile another repository, with another id and the same people, has this one's name; its subjects are name-only."""
        people = {"admins": [ADMIN], "writers": [WRITER, MANAGER, *self.github.reviewers]}
        taker = {"owner": self.github.owner, "name": repository, "id": _TAKERS + next(self._numbers), "subject": "name", **people}
        return self.github.name_taken(repository, taker)

    def run_workflow(
        self,
        file: str,
        repository: str,
        actor: str,
        request: Mapping[str, Any],
        *,
        inputs: Mapping[str, Any],
        source: Path | None = None,
        variables: Mapping[str, str] = {},
        artifacts: Artifacts | None = None,
    ) -> str:
        """Run a reusable workflow of this project as a repository's. Returns its summary. `artifacts`: what the caller's jobs uploaded.

        Raises Denied if the workflow itself or GitHub refuses, or one of its clients was refused; Skipped if a tool is missing here.
        """
        act = workflow_jobs.client(self.place.endpoint, self.control.key)
        # Whoever has to approve does, in time, but for what the request says otherwise.
        usual = {"repository": self.github.full_name(repository), "actor": actor, "approve_by": [MANAGER], "waited": True}
        start = workflow_jobs.start_jobs(act, {**usual, **request})
        before = self.control.position()
        result = run_workflow(
            self.workflows / ".github" / "workflows" / file,
            inputs=dict(inputs),
            start_job=_with_variables(start, variables),
            own_repository=self.settings.program_repository,
            source=source,
            extra_env={"AWS_ENDPOINT_URL": self.place.endpoint, "AWS_EC2_METADATA_DISABLED": "true"},
            scratch=self.folder("run"),
            artifacts=artifacts,
        )
        return _concluded(result, lambda output: self.control.refusal_in(output, before))

    # --- AWS ----------------------------------------------------------------------------------------------------------------------

    def session(self, role_arn: str, token: str, **parameters: Any) -> Credentials:
        """The session of a job that is let in: its OIDC token is exchanged. Raises RuntimeError if that is refused (see `assume`)."""
        with required(f"assuming {role_arn}"):
            issued = self._exchange(role_arn, token, **parameters)["Credentials"]
        return Credentials(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])

    def assume(self, role_arn: str, token: str) -> str:
        """Try to exchange an OIDC token for a session: its name. Raises Denied."""
        return str(self._exchange(role_arn, token)["AssumedRoleUser"]["Arn"])

    def _exchange(self, role_arn: str, token: str, **parameters: Any) -> Mapping[str, Any]:
        return clients.call(
            self._sts.assume_role_with_web_identity,
            refusals=clients.UNACCEPTABLE_TOKEN,
            RoleArn=role_arn,
            RoleSessionName="rehearsal",
            WebIdentityToken=token,
            **parameters,
        )

    def client(self, service: str, credentials: Credentials) -> Any:
        """An SDK client."""
        return clients.aws(self.place.endpoint, self.place.region, service, credentials)

    def asset(self, repository: str, package: str, name: str, content: bytes, version: str = "1.0.0") -> dict[str, Any]:
        """What PublishPackageVersion takes for a generic package of one asset, which needs no client but the SDK."""
        return {
            "domain": self.settings.domain.name,
            "domainOwner": self.place.account,
            "repository": repository,
            "format": "generic",
            "namespace": "rehearsal",
            "package": package,
            "packageVersion": version,
            "assetName": name,
            "assetContent": content,
            "assetSHA256": hashlib.sha256(content).hexdigest(),
        }

    def principal(self, name: str, policy: Mapping[str, Any] | None, *, account: str = "") -> Credentials:
        """A role of the account (or another) with this identity policy, outside the program's path."""
        where = {"account": account} if account else {}
        role = self.control.post("principals", kind="role", name=f"{name}-{next(self._numbers)}", policy=policy, **where)
        return credentials(role)

    # --- clients ------------------------------------------------------------------------------------------------------------------

    def folder(self, name: str) -> Path:
        """A new folder for a client or a project."""
        return self._folder / f"{next(self._numbers):03}-{name}"

    def shell(self, name: str, session: Credentials | None = None, **extra: str) -> Shell:
        """A place to run clients in, with a HOME of its own."""
        return Shell.new(
            self.folder(name), self.control, endpoint=self.place.endpoint, region=self.place.region, credentials=session, **extra
        )

    def job_shell(self, name: str, job: Job, role_arn: str) -> Shell:
        """The same for a job: the AWS CLI exchanges the job's OIDC token itself."""
        shell = self.shell(name, AWS_ROLE_ARN=role_arn, AWS_ROLE_SESSION_NAME="job", AWS_WEB_IDENTITY_TOKEN_FILE="token.jwt")
        (shell.home / "token.jwt").write_text(job.token(AUDIENCE))
        return replace(shell, environment={**shell.environment, "AWS_WEB_IDENTITY_TOKEN_FILE": str(shell.home / "token.jwt")})

    def login(self, shell: Shell, tool: str, repository: str) -> list[str]:
        """`aws codeartifact login` for the stack's longest token: the CLI's options for the repository. Raises RuntimeError if refused.

        The CLI does not know cargo, and needs no login itself (tool "aws").

        Jobs of one role share the token that the first of them was given: the next ones get a copy of the files that the login wrote.
        """
        key = (shell.environment.get("AWS_ROLE_ARN", shell.home.name), tool, repository)
        with self._locks[key]:
            if key not in self._logins:
                with required(f"the login to {repository}"):
                    self._log_in(shell, tool, repository)
                self._logins[key] = shell.home
            elif self._logins[key] != shell.home:
                _copy_logins(self._logins[key], shell.home)
        return [*self._domain(), "--repository", repository]

    def _log_in(self, shell: Shell, tool: str, repository: str) -> None:
        duration = ("--duration-seconds", str(self.settings.token_duration))
        if tool == "cargo":
            where, text = ("--repository", repository, "--format", "cargo"), ("--output", "text", "--query")
            token = shell.run("aws", "codeartifact", "get-authorization-token", *self._domain(), *duration, *text, "authorizationToken")
            address = shell.run("aws", "codeartifact", "get-repository-endpoint", *self._domain(), *where, *text, "repositoryEndpoint")
            folder = shell.home / ".cargo"
            folder.mkdir()
            (folder / "config.toml").write_text(packages.cargo_configuration(address.strip()))
            (folder / "credentials.toml").write_text(f'[registries.{packages.REGISTRY}]\ntoken = "{token.strip()}"\n')
        elif tool != "aws":
            shell.run(*self.login_command(tool, repository), *duration)

    def login_command(self, tool: str, repository: str) -> list[str]:
        """The command, without a duration."""
        return ["aws", "codeartifact", "login", "--tool", tool, *self._domain(), "--repository", repository]

    def _domain(self) -> tuple[str, ...]:
        return ("--domain", self.settings.domain.name, "--domain-owner", self.place.account)


def _copy_logins(home: Path, other: Path) -> None:
    for file in _LOGIN_FILES:
        if (home / file).exists():
            (other / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(home / file, other / file)


def _with_variables(start: StartJob, variables: Mapping[str, str]) -> StartJob:
    """The same jobs in a repository with changed variables."""

    def changed(job: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
        started = start(job, permissions, environment)
        return replace(started, vars={**started.vars, **variables})

    return changed


def _concluded(result: RunResult, refusal_in: Callable[[str], str | None]) -> str:
    if result.conclusion is Conclusion.SUCCESS:
        return " ".join(result.summary.split()) or "success"
    if result.conclusion is Conclusion.UNAVAILABLE:
        raise Skipped(result.reason)
    failed = "".join(job.output for job in result.jobs.values() if job.conclusion is result.conclusion)
    waits = result.reason if result.conclusion is Conclusion.WAITING else ""
    why = waits or "; ".join(result.errors) or refusal_in(failed) or _not_started(result)
    if why:
        raise Denied(why)
    raise RuntimeError(f"{result.conclusion}: {result.reason}: {failed[-1500:]}")


def _not_started(result: RunResult) -> str:
    """GitHub's words, if it did not start a job."""
    return "; ".join(job.reason for job in result.jobs.values() if job.conclusion is result.conclusion and not job.started)


def credentials(issued: Mapping[str, str]) -> Credentials:
    """Credentials as the control API returns them."""
    return Credentials(issued["access_key_id"], issued["secret_access_key"], issued.get("session_token") or "")
