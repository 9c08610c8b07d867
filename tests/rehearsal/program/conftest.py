"""A running local cloud for the tests that provision, and small programs to provision with."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from rehearsal.program import runner

ACCOUNT, REGION, ORGANIZATION = "111122223333", "eu-west-1", "acme"
GITHUB_TOKEN = "ghs_deployer"
PROJECT_FILE = """
name: package-flow
runtime: {name: python}
config:
  size: {type: integer, default: 1}
"""
STACK_FILE = f"""
config:
  aws:region: {REGION}
  aws:allowedAccountIds: ["{ACCOUNT}"]
  aws:defaultTags: {{tags: {{project: package-flow}}}}
  github:owner: {ORGANIZATION}
"""
PERMISSIONS = {
    "administration": "write",
    "actions": "write",
    "actions_variables": "write",
    "environments": "write",
    "contents": "read",
    "members": "read",
    "organization_plan": "read",
}


@dataclass(frozen=True)
class LocalCloud:
    """Where the cloud is, and who is root in it."""

    url: str
    root: dict[str, str]
    key: str

    def github(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call of the acting API of the GitHub stand-in."""
        answer = httpx.post(f"{self.url}/_rehearsal/github/{call}", json=body, headers={"x-rehearsal-key": self.key}, timeout=30)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[LocalCloud]:
    """The local cloud, with an organisation on the enterprise plan whose repositories the tests share."""
    command = [sys.executable, "-m", "rehearsal.cloud", "--account", ACCOUNT, "--region", REGION]
    environment = {**os.environ, "REHEARSAL_KEY": "key-of-the-tests"}
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin and process.stdout
        ready = json.loads(process.stdout.readline())
        cloud = LocalCloud(ready["url"], ready["root"], "key-of-the-tests")
        cloud.github("seed", SEED)
        yield cloud
    finally:
        process.communicate(timeout=30)


SEED = {
    "users": [{"login": "ann", "id": 1}],
    "organizations": [
        {
            "login": ORGANIZATION,
            "id": 4242,
            "plan": "enterprise",
            "owners": ["ann"],
            "members": [],
            "apps": [15368],
            "teams": [{"slug": "payments-leads", "id": 77, "members": ["ann"]}],
        }
    ],
    "repositories": [
        {"owner": ORGANIZATION, "name": name, "id": 9000 + number}
        for number, name in enumerate(("payments-api", "checkout-web", "functions", "rules", "old-name"))
    ],
    "tokens": [{"token": GITHUB_TOKEN, "organization": ORGANIZATION, "app_id": 99, "permissions": PERMISSIONS}],
}


@dataclass
class Project:
    """A project directory and the results of its runs."""

    directory: Path
    cloud_url: str
    github_url: str
    stack: str = "dev"
    events: list[dict[str, Any]] = field(default_factory=list)
    runs: int = 0

    def write(self, program: str, *, project_file: str = PROJECT_FILE, stack_file: str = STACK_FILE) -> "Project":
        """(Re)places the program and its files."""
        (self.directory / "Pulumi.yaml").write_text(project_file)
        (self.directory / f"Pulumi.{self.stack}.yaml").write_text(stack_file)
        (self.directory / "__main__.py").write_text(textwrap.dedent(program))
        return self

    def file(self, result: dict[str, Any], name: str = "state") -> Path:
        """Writes a result where the next run takes it as its state."""
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(result))
        return path

    def run(self, state: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """One run, in a thread of its own: the SDK's settings are context variables, which a new thread has not."""
        return self._act(runner.run, state, options)

    def destroy(self, state: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Deletes what `state` lists."""
        return self._act(runner.destroy, state, options)

    def happened(self, event: str) -> list[str]:
        """Names of the resources that the last run reported this of, in order."""
        return [each["name"] for each in self.events if each["event"] == event]

    def _act(self, act: Any, state: dict[str, Any] | None, options: dict[str, Any]) -> dict[str, Any]:
        self.runs += 1
        self.events = []
        given = runner.Options(
            directory=self.directory,
            stack_file=options.pop("stack_file", self.directory / f"Pulumi.{self.stack}.yaml"),
            stack=self.stack,
            cloud_url=self.cloud_url,
            github_url=self.github_url,
            overrides=options.pop("overrides", {}),
            state_file=self.file(state, f"state-{self.runs}") if state is not None else None,
            **options,
        )
        results: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: results.append(act(given, self.events.append)))
        thread.start()
        thread.join()
        return json.loads(json.dumps(results[0]))


@pytest.fixture
def project(tmp_path: Path, local_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project whose runs go to the local cloud, as root."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GITHUB_", "PULUMI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", local_cloud.root["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", local_cloud.root["secret_access_key"])
    monkeypatch.setenv("GITHUB_TOKEN", GITHUB_TOKEN)
    directory = tmp_path / "project"
    directory.mkdir()
    return Project(directory, local_cloud.url, f"{local_cloud.url}/_github")


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources of a result by their logical names."""
    return {resource["name"]: resource for resource in result["resources"]}
