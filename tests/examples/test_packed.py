"""What other package managers pack: the workflows of the examples, run as they stand up to their build job, and the monorepo to its end."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal import callers
from rehearsal.actions import Conclusion, Job, machine
from rehearsal.actions.standins import Artifacts
from rehearsal.callers import EXAMPLES
from rehearsal.onboarding import RELEASE
from tests.workflows.calling import PIN, PROJECT, built, run_workflow, starting
from tests.workflows.registry import LocalCloud
from tests.workflows.test_pack import distribution

PACKED, MONOREPO = EXAMPLES / "packed", EXAMPLES / "monorepo"
LINES = 10


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Package managers are fetched once. Whoever runs the tests may be behind certificates of their own."""
    passed = {name: os.environ[name] for name in ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS") if name in os.environ}
    return {
        **passed,
        "NPM_CONFIG_CACHE": str(tmp_path_factory.mktemp("npm")),
        "COREPACK_HOME": str(tmp_path_factory.mktemp("corepack")),
        "COREPACK_NPM_REGISTRY": "https://registry.npmjs.org",
        "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
    }


def pack(tool: str, tmp_path: Path, environment: dict[str, str], **options: Any) -> Job:
    """The build job of an example's workflow."""
    source = shutil.copytree(PACKED / tool, tmp_path / tool)
    job = built(source, callers.call(source / RELEASE, "publish"), extra_env=environment, **options)
    if job.conclusion is Conclusion.UNAVAILABLE:
        pytest.skip(job.reason)
    return job


def packed(job: Job) -> list[str]:
    assert job.conclusion is Conclusion.SUCCESS, job.output
    return [line.removeprefix("packed ") for line in job.output.splitlines() if line.startswith("packed ")]


def handed_over(artifacts: Artifacts) -> list[str]:
    """Names of the files that the build job hands to the publish job."""
    (handed,) = artifacts.matching("package-*").values()
    return sorted(one.name for one in handed.rglob("*") if one.is_file())


@pytest.mark.parametrize("tool", ["pnpm", "yarn"])
def test_workspace_versions_are_written_by_the_package_managers_own_pack(tool: str, tmp_path: Path, downloads: dict[str, str]) -> None:
    assert packed(pack(tool, tmp_path, downloads)) == [f"@acme-payments/{tool}-core@1.0.0", f"@acme-payments/{tool}-ui@1.1.0"]
    # npm's own leaves them as they are.
    source = shutil.copytree(PACKED / tool, tmp_path / "npm")
    job = built(source, {"format": "npm", "packages": "packages/*"})
    assert f"dependencies.@acme-payments/{tool}-core is workspace:^" in job.reason, job.output


@pytest.mark.parametrize(
    "tool",
    [
        "uv",
        pytest.param("poetry", marks=pytest.mark.slow("uv packs the same")),
        pytest.param("hatch", marks=pytest.mark.slow("uv packs the same")),
    ],
)
def test_python_projects_are_packed_by_their_own_tool(tool: str, tmp_path: Path, downloads: dict[str, str]) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    assert packed(pack(tool, tmp_path, downloads, artifacts=artifacts)) == [f"acme-payments-{tool} 1.0.0"]
    assert handed_over(artifacts) == [f"acme_payments_{tool}-1.0.0-py3-none-any.whl", f"acme_payments_{tool}-1.0.0.tar.gz"]


@pytest.mark.slow("what is written into pyproject.toml is tested without poetry")
def test_a_poetry_project_gets_the_version_asked_for(tmp_path: Path, downloads: dict[str, str]) -> None:
    source = shutil.copytree(PACKED / "poetry", tmp_path / "source")
    assert packed(built(source, {"format": "pypi", "version": "2.0.0"}, extra_env=downloads)) == ["acme-payments-poetry 2.0.0"]


POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>com.acme.payments</groupId><artifactId>{}</artifactId><version>1.0.0</version></project>
"""


def maven_repository(folder: Path, artifact: str, *endings: str) -> None:
    """One version in a repository of the file system, with the metadata and checksums that build tools leave there."""
    home = folder / "com" / "acme" / "payments" / artifact / "1.0.0"
    home.mkdir(parents=True)
    for ending in (".pom", ".jar", *endings):
        (home / f"{artifact}-1.0.0{ending}").write_text(POM.format(artifact) if ending == ".pom" else ending)
    for file in sorted(home.iterdir()):
        for sum in ("md5", "sha1", "sha256", "sha512"):
            file.with_name(f"{file.name}.{sum}").write_text(sum)
    (home.parent / "maven-metadata.xml").write_text("<metadata/>")
    (home.parent / "maven-metadata.xml.sha1").write_text("sha1")


@pytest.mark.parametrize(
    ("tool", "program", "artifact", "where", "endings"),
    [("gradle", "gradlew", "cents", "build/packed", (".module",)), ("sbt", "sbt", "amounts_2.13", "target/packed", ("-sources.jar",))],
)
def test_jvm_projects_are_packed_as_a_repository(
    tool: str, program: str, artifact: str, where: str, endings: tuple[str, ...], tmp_path: Path
) -> None:
    """A stand-in for the build tool, which is not on every machine, writes what the tool does."""
    maven_repository(tmp_path / "made", artifact, *endings)
    source = shutil.copytree(PACKED / tool, tmp_path / tool)
    tools = tmp_path / "tools"
    tools.mkdir()
    stand_in = tools / program if program == "sbt" else source / program
    stand_in.write_text(f'#!/bin/sh\nmkdir -p "$(dirname {where})" && cp -r {tmp_path}/made {where}\n')
    stand_in.chmod(0o755)
    path = os.pathsep.join([str(tools), machine.default_path()])
    artifacts = Artifacts(tmp_path / "artifacts")
    job = built(source, callers.call(source / RELEASE, "publish"), path=path, artifacts=artifacts)
    if job.conclusion is Conclusion.UNAVAILABLE:
        pytest.skip(job.reason)
    assert packed(job) == [f"com.acme.payments:{artifact}:1.0.0"]
    # CodeArtifact makes checksums and metadata of its own.
    assert handed_over(artifacts) == sorted(f"{artifact}-1.0.0{ending}" for ending in (".pom", ".jar", *endings))


def wheels(artifacts: Artifacts, source: Path, tmp_path: Path) -> None:
    """Run the example's matrix, one job after the other. A stand-in for cibuildwheel, which has containers of its own, names a platform."""
    tools = tmp_path / "tools"
    tools.mkdir()
    calling = yaml.safe_load((source / RELEASE).read_text())["jobs"]["wheels"]
    (tools / "pipx").write_text(
        '#!/bin/sh\nset -e\n[ "$1 $3 $4" = "run --output-dir wheelhouse" ]\nmkdir wheelhouse\n'
        f'cp {tmp_path}/made/*.whl "wheelhouse/acme_payments_wheels-1.0.0-cp311-cp311-$PLATFORM.whl"\n'
    )
    (tools / "pipx").chmod(0o755)
    for system in calling["strategy"]["matrix"]["os"]:
        steps = json.loads(
            json.dumps(calling["steps"])
            .replace("${{ matrix.os }}", system)
            .replace('"persist-credentials": false', '"persist-credentials": "false"')
        )
        job = {"runs-on": "u", "permissions": calling["permissions"], "steps": steps}
        file = tmp_path / f"{system}.yml"
        file.write_text(json.dumps({"on": {"workflow_call": {}}, "jobs": {"wheels": job}}))
        done = run_workflow(
            file,
            inputs={},
            start_job=starting(env={"PLATFORM": f"{system.replace('-', '_').replace('.', '_')}_x86_64"}),
            checkout=PROJECT,
            source=source,
            artifacts=artifacts,
            path=os.pathsep.join([str(tools), machine.default_path()]),
        )
        assert done.conclusion is Conclusion.SUCCESS, done.output


def test_a_matrix_of_wheels_is_one_version(tmp_path: Path, downloads: dict[str, str]) -> None:
    metadata = b"Metadata-Version: 2.1\nName: acme-payments-wheels\nVersion: 1.0.0\n"
    (tmp_path / "made").mkdir()
    wheel = distribution(tmp_path / "made", "wheel", metadata)
    wheel.rename(wheel.with_name("acme_payments_wheels-1.0.0-cp311-cp311-linux_x86_64.whl"))
    source = shutil.copytree(PACKED / "wheels", tmp_path / "source")
    artifacts = Artifacts(tmp_path / "artifacts")
    wheels(artifacts, source, tmp_path)
    job = built(source, callers.call(source / RELEASE, "publish"), artifacts=artifacts, extra_env=downloads)
    assert packed(job) == ["acme-payments-wheels 1.0.0"]
    assert [one.rpartition("-")[2] for one in handed_over(artifacts)] == [
        "macos_15_x86_64.whl", "ubuntu_24_04_x86_64.whl", "windows_2025_x86_64.whl", "1.0.0.tar.gz",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def monorepo(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(MONOREPO, tmp_path_factory.mktemp("monorepo") / "source")


def test_a_monorepo_publishes_what_is_new_in_order(cloud: LocalCloud, monorepo: Path) -> None:
    def run() -> list[tuple[str, str, str]]:
        result = cloud.run("publish-package.yml", callers.call(monorepo / RELEASE, "publish"), source=monorepo)
        assert result.conclusion is Conclusion.SUCCESS, result.output
        assert all(f"| {name} |" in result.summary for name in ("acme-payments tokens", "acme-payments buttons"))
        assert "showcase is private, and left out" in result.output
        return [(one["package"], one["version"], one["result"]) for one in json.loads(result.outputs["packages"])]

    assert run() == [("tokens", "1.0.0", "published"), ("buttons", "1.1.0", "published")]
    manifest = monorepo / "packages" / "buttons" / "package.json"
    manifest.write_text(manifest.read_text().replace('"1.1.0"', '"1.2.0"'))
    assert run() == [("tokens", "1.0.0", "unchanged"), ("buttons", "1.2.0", "published")]


@pytest.mark.parametrize("file", sorted([*PACKED.glob("*/.github/workflows/*.yml"), MONOREPO / RELEASE]), ids=lambda file: file.parts[-4])
def test_a_recipe_is_ten_lines(file: Path) -> None:
    text = file.read_text()
    # The page shows the jobs of a matrix one by one.
    blocks = text.split("jobs:\n")[1].split("  publish:\n") if "wheels" in file.parts else [text]
    assert all(len(block.splitlines()) <= LINES for block in blocks)
    assert f"@{PIN}" not in text
