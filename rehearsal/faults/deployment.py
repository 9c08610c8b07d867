"""A stack's life in one process: made, changed, taken away; each as often as it takes, with what the operator does in between."""

import contextvars
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from policies.arns import Registry
from rehearsal import control as rehearsal_control
from rehearsal import identity_center, seeding
from rehearsal.clients import Credentials
from rehearsal.cloud import aws, server
from rehearsal.faults import in_process
from rehearsal.faults.operator import Administrator
from rehearsal.program import runner
from rehearsal.program.clouds import Aws, Github
from rehearsal.stage import PROJECT, Stack, account_of

KEY = "the key of this process"


@dataclass(frozen=True)
class Outcome:
    """How one run ended: the result as in its file, and what it told meanwhile."""

    result: dict[str, Any]
    events: list[dict[str, Any]]

    @property
    def error(self) -> dict[str, Any] | None:
        return self.result["error"]

    def happened(self, *events: str) -> list[str]:
        """Types and names of the resources that these were told of."""
        return [f"{each['event']} {each['type']} {each['name']}" for each in self.events if each["event"] in events]


@dataclass
class Deployment:
    """The cloud, the company in it, and the stack's program with the deployer's credentials."""

    stack: Stack
    changed: Stack
    carrier: in_process.Carrier
    account: str
    root: Credentials
    options: runner.Options
    state: dict[str, Any] | None = None
    folder: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))

    def up(self, stack: Stack, **more: Any) -> Outcome:
        """`pulumi up` of the state as it is."""
        return self._act(runner.run, overrides=_overrides(stack), **more)

    def destroy(self, **more: Any) -> Outcome:
        """`pulumi destroy` of the state as it is, unprotected."""
        return self._act(runner.destroy, overrides=_overrides(self.stack), unprotect=True, **more)

    def administrator(self) -> Administrator:
        """Who helps."""
        connection = self.options.connection
        region = self.stack.settings().region
        keys = {"aws_access_key_id": self.root.access_key_id, "aws_secret_access_key": self.root.secret_access_key}
        url = self.options.cloud_url

        def there() -> Aws:
            place = identity_center.place(self.stack.settings(), self.registry)
            assert place is not None
            other = aws.root_credentials(place.account)
            named = {"aws_access_key_id": other.access_key_id, "aws_secret_access_key": other.secret_access_key}
            return Aws(url, place.region, named, connection=connection)

        github = Github(self.options.github_url, seeding.DEPLOYER_TOKEN, self.stack.settings().github_owner, connection=connection)
        return Administrator(Aws(url, region, keys, connection=connection), github, there)

    @property
    def registry(self) -> Registry:
        settings = self.stack.settings()
        return Registry("aws", self.account, settings.region, settings.domain.name)

    def _act(self, act: Any, **more: Any) -> Outcome:
        file = self.folder / f"state-{os.getpid()}.json"
        if self.state is not None:
            file.write_text(json.dumps(self.state))
        given = replace(self.options, state_file=file if self.state is not None else None, **more)
        events: list[dict[str, Any]] = []
        # The SDK's settings are context variables: each run has its own.
        result = contextvars.Context().run(act, given, events.append)
        self.state = json.loads(json.dumps(result))
        file.unlink(missing_ok=True)
        return Outcome(result, events)


def _overrides(stack: Stack) -> Mapping[str, str]:
    return {"package-flow:catalog": str(stack.catalog)} if stack.catalog else {}


def prepared(stack: Stack, changed: Stack, folder: Path) -> Deployment:
    """The company before its program has run."""
    settings = stack.settings()
    account = account_of(settings)
    in_process.without_pauses()
    with server.listen(0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ministack, made = aws.start(account, settings.region, listener.getsockname()[1])
        told = server.Settings(account, settings.region, url, "fixture", KEY)
        server.configure(told)
        front = server.Front(told, ministack)
        root = Credentials(made.access_key_id, made.secret_access_key)
        with in_process.listening(front, listener):
            deployer = _company(stack, url, account, root)
    carrier = in_process.Carrier(front)
    options = runner.Options(
        directory=PROJECT,
        stack_file=stack.file,
        stack=stack.name,
        cloud_url=url,
        github_url=f"{url}/_github",
        overrides={},
        connection=carrier.connection(),
        # Not this process's own environment: the cloud reads that one too.
        environment={**deployer.environment(), "GITHUB_TOKEN": seeding.DEPLOYER_TOKEN},
        executor=in_process.Inline,
    )
    return Deployment(stack, changed, carrier, account, root, options, folder=folder)


def _company(stack: Stack, url: str, account: str, root: Credentials) -> Credentials:
    settings = stack.settings()
    control = rehearsal_control.Control(url, KEY)
    try:
        control.post("github/seed", **seeding.github(settings))
        registry = Registry("aws", account, settings.region, settings.domain.name)
        return seeding.aws(settings, registry, control, root, url)
    finally:
        control.close()
