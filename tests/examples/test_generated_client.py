"""The generated client: what is kept of it is what the generators make, and the repositories of the example work as they stand."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from policies.owned_names import Format
from rehearsal import facts, generated_client
from rehearsal.actions import Conclusion, RunResult, definitions
from rehearsal.actions.github import start_jobs
from rehearsal.generated_client import BUILT, CONSUMER, NAMES, PUBLISHER
from rehearsal.scenarios import generated_clients
from rehearsal.stage import PROJECT, Stack
from tests.examples.generating import Generators, files
from tests.workflows.calling import run_workflow
from tests.workflows.registry import TOOLS, LocalCloud

FIRST, SECOND = generated_client.versions()
REHEARSED = pytest.mark.slow("the rehearsal publishes the client and installs it")
FORMATS = pytest.mark.parametrize("format", BUILT)
TYPESCRIPT, PYTHON = PUBLISHER / "clients" / "typescript", PUBLISHER / "clients" / "python"


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generators]:
    """The generators, with the commands and at the versions of the example."""
    if not shutil.which("npm"):
        pytest.skip("npm is not on PATH")
    folder = tmp_path_factory.mktemp("generators")
    yield Generators(folder)
    shutil.rmtree(folder)


@FORMATS
@pytest.mark.slow("make generated generates anew")
@pytest.mark.parametrize("version", [FIRST, SECOND])
def test_what_is_kept_is_what_the_generators_make(generators: Generators, format: Format, version: str, tmp_path: Path) -> None:
    kept = files(generated_client.build(tmp_path, version) / BUILT[format])
    made = generators.run(format, version)
    assert sorted(kept) == sorted(made)
    assert {file: content for file, content in kept.items() if made[file] != content} == {}


@FORMATS
def test_the_workflow_publishes_the_version_of_the_api(format: Format, tmp_path: Path) -> None:
    for version in (FIRST, SECOND):
        folder = generated_client.check_out(tmp_path / version, version)
        given = generated_client.inputs(folder, format)
        assert given["version"] == json.loads((folder / "openapi.json").read_text())["info"]["version"] == version
        definitions.workflow_inputs(definitions.workflow(PROJECT / ".github" / "workflows" / "publish-package.yml"), given)
        assert (folder / given["working-directory"]).is_dir()


@pytest.mark.parametrize("stack", ["dev", "prod"])
@FORMATS
def test_the_shipped_stacks_own_the_examples_names(stack: str, format: Format) -> None:
    parsed = Stack(stack, PROJECT / f"Pulumi.{stack}.yaml", None).settings()
    world: Any = SimpleNamespace(settings=parsed, facts=facts.derived(parsed))
    client = generated_clients._client(world, format)
    assert client is not None
    assert client.name == NAMES[format]
    assert client.consumers_team.name != client.publisher.team.name


def test_generators_are_pinned() -> None:
    manifest = json.loads((TYPESCRIPT / "package.json").read_text())
    lock = json.loads((TYPESCRIPT / "package-lock.json").read_text())
    for name, version in manifest["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    # Without an address, npm asks the registry that it is set to.
    assert not [name for name, one in lock["packages"].items() if "resolved" in one]
    assert all("integrity" in one for name, one in lock["packages"].items() if name)
    wanted, locked = ((PYTHON / f"requirements.{kind}").read_text() for kind in ("in", "txt"))
    assert f"{wanted.strip()} \\\n" in locked
    assert re.findall(r"^(?:-|.*://)", locked, re.MULTILINE) == []


def test_the_manifests_leave_the_version_to_the_workflow() -> None:
    assert json.loads((TYPESCRIPT / "package.json").read_text())["version"] == "0.0.0"
    assert 'version = "0.0.0"' in (PYTHON / "pyproject.toml").read_text()


def test_the_second_version_only_adds(tmp_path: Path) -> None:
    """It is a minor version: what the first one offers is still there."""
    operations = {
        version: {
            operation["operationId"]
            for path in json.loads((generated_client.check_out(tmp_path / version, version) / "openapi.json").read_text())["paths"].values()
            for operation in path.values()
        }
        for version in (FIRST, SECOND)
    }
    assert operations[SECOND] - operations[FIRST] == {"endSession"}
    assert operations[FIRST] <= operations[SECOND]


# --- against the local cloud, whose team payments owns @acme-payments/* and acme-payments-* -----------------------------------------------

HERE = {Format.NPM: "@acme-payments/api-client", Format.PYPI: "acme-payments-api-client"}


def publish(cloud: LocalCloud, folder: Path, format: Format, version: str, claimed: str = "") -> RunResult:
    """Publish a version; `claimed`: its file says another."""
    source = generated_client.build(generated_client.check_out(folder / f"{format}-{version}-{claimed}", version), version)
    api = source / "openapi.json"
    api.write_text(api.read_text().replace(f'"version": "{version}"', f'"version": "{claimed or version}"'))
    generated_client.rename(source, {NAMES[format]: HERE[format]})
    return cloud.run("publish-package.yml", {**generated_client.inputs(source, format), "build-command": ""}, source=source)


@pytest.fixture(scope="module")
def published(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> LocalCloud:
    """The cloud, after the first version was published in both formats."""
    for format in HERE:
        result = publish(cloud, tmp_path_factory.mktemp("first"), format, FIRST)
        assert result.conclusion is Conclusion.SUCCESS, result.output
    return cloud


@REHEARSED
def test_a_second_version_joins_the_first(published: LocalCloud, tmp_path: Path) -> None:
    """As PyPI; the rehearsal does it as npm."""
    result = publish(published, tmp_path, Format.PYPI, SECOND)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    assert published.versions("payments", "pypi", HERE[Format.PYPI]) == {FIRST: "Published", SECOND: "Published"}


@REHEARSED
def test_a_changed_api_needs_a_new_version(published: LocalCloud, tmp_path: Path) -> None:
    result = publish(published, tmp_path, Format.NPM, SECOND, claimed=FIRST)
    assert result.conclusion is Conclusion.FAILURE
    assert "with other content. A version never changes" in result.reason


@REHEARSED
def test_the_consumers_workflow_installs_and_tests(published: LocalCloud, tmp_path: Path) -> None:
    result = build_consumer(published, tmp_path)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    # Each of the two test runners has found a test.
    assert re.search(r"^\S+ pass 1$", result.output, re.MULTILINE)
    assert "Ran 1 test" in result.output


def build_consumer(cloud: LocalCloud, folder: Path) -> RunResult:
    """Run the consuming repository's own workflow, as it stands but for its trigger and the version of Python."""
    source = generated_client.rename(shutil.copytree(CONSUMER, folder / "consumer"), {NAMES[one]: HERE[one] for one in NAMES})
    definition = definitions.read(source / ".github" / "workflows" / "test.yml")
    definition["on"] = {"workflow_call": {}}
    for step in definition["jobs"]["test"]["steps"]:
        if "python-version" in step.get("with", {}):
            step["with"]["python-version"] = TOOLS["python-version"]
    file = folder / "test.yml"
    file.write_text(json.dumps(definition))
    request = {
        "repository": "acme/payments-api",
        "actor": "bob",
        "event": "push",
        "ref": "refs/heads/main",
        "workflow": ".github/workflows/test.yml",
    }
    return run_workflow(
        file,
        inputs={},
        start_job=start_jobs(cloud.github, request),
        source=source,
        checkout=PROJECT,
        extra_env={"AWS_ENDPOINT_URL": cloud.url},
    )


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_the_generators_are_locked_by_the_commands_of_the_page(tmp_path: Path) -> None:
    """With the public registries. Nothing changes while the manifests don't."""
    page = (PROJECT / "examples" / "generated-client" / "README.md").read_text()
    commands = [line for line in page.splitlines() if line.startswith(("npm install ", "uv pip compile "))]
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    for client, command in zip((TYPESCRIPT, PYTHON), commands, strict=True):
        folder = shutil.copytree(client, tmp_path / client.name)
        subprocess.run(["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, check=True)
        assert files(folder) == files(client)
