"""publish-package.yml against the local cloud, with the program's own roles and real clients."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.actions import Conclusion, RunResult
from tests.rehearsal.actions import sources
from tests.rehearsal.actions.registry import LocalCloud, workflow_ref

PUBLISH = "publish-package.yml"
NAMES = {"npm": "@acme-payments/{}", "pypi": "acme-payments-{}", "maven": "com.acme.payments:{}"}
MAKE: dict[str, Callable[..., Path]] = {"npm": sources.npm, "pypi": sources.pypi, "maven": sources.maven}


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Maven's own plugins are fetched once."""
    return {"MAVEN_OPTS": f"-Dmaven.repo.local={tmp_path_factory.mktemp('maven')}"}


def succeeded(result: RunResult) -> RunResult:
    if result.conclusion is Conclusion.UNAVAILABLE:
        pytest.skip(result.reason)
    assert result.conclusion is Conclusion.SUCCESS, result.output
    return result


def published(result: RunResult) -> dict[str, str]:
    (one,) = json.loads(succeeded(result).outputs["packages"])
    return one


@pytest.mark.parametrize("format", ["npm", "pypi", "maven"])
def test_a_version_is_published_once(cloud: LocalCloud, tmp_path: Path, downloads: dict[str, str], format: str) -> None:
    name = NAMES[format].format("once")

    def run(content: str) -> RunResult:
        source = MAKE[format](tmp_path / content, name, "1.0.0", content=content)
        return cloud.run(PUBLISH, {"format": format}, source=source, environment=downloads)

    first = published(run("1"))
    assert (first["version"], first["result"]) == ("1.0.0", "published")
    namespace = first["namespace"] or None
    assert cloud.versions("payments", format, first["package"], namespace) == {"1.0.0": "Published"}
    again = run("1")
    assert published(again) == {**first, "result": "unchanged"}
    assert "unchanged" in again.summary
    changed = run("2")
    assert changed.conclusion is Conclusion.FAILURE
    assert "already in payments with other content" in changed.reason
    assert cloud.versions("payments", format, first["package"], namespace) == {"1.0.0": "Published"}


@pytest.mark.parametrize(("file", "allowed"), [(PUBLISH, True), ("promote-package.yml", False)])
def test_only_this_workflow_may_publish(cloud: LocalCloud, tmp_path: Path, file: str, allowed: bool) -> None:
    source = sources.npm(tmp_path, "@acme-payments/other-workflow", "1.0.0")
    result = cloud.run(PUBLISH, {"format": "npm"}, source=source, called_as=workflow_ref(file))
    assert (result.conclusion is Conclusion.SUCCESS) is allowed, result.output
    assert ("AssumeRoleWithWebIdentity" in result.reason) is not allowed


@pytest.mark.parametrize(("name", "allowed"), [("@acme-payments/owned", True), ("@acme-identity/owned", False)])
def test_only_owned_names_are_published(cloud: LocalCloud, tmp_path: Path, name: str, allowed: bool) -> None:
    result = cloud.run(PUBLISH, {"format": "npm"}, source=sources.npm(tmp_path, name, "1.0.0"))
    assert (result.conclusion is Conclusion.SUCCESS) is allowed, result.output
    assert bool(cloud.versions("payments", "npm", "owned", name.split("/")[0].removeprefix("@"))) is allowed


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bob", "-c", "user.email=bob@acme.example", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def tagged(tmp_path: Path) -> Iterator[Path]:
    """A package under version control."""
    folder = sources.npm(tmp_path, "@acme-payments/tagged", "0.0.0")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    yield folder


@pytest.mark.parametrize(
    ("format", "tags", "asked", "version"),
    [
        ("npm", [], "2.1.0", "2.1.0"),
        ("npm", ["v3.2.1", "note"], "tag", "3.2.1"),
        ("npm", [], "", "0.0.0"),
        ("npm", ["note"], "tag", None),
        ("npm", ["v4.0.0", "4.0.1"], "tag", None),
        ("npm", [], "$(id)", None),
    ],
)
def test_the_version_is_an_input_the_manifests_or_the_tags(
    cloud: LocalCloud, tagged: Path, format: str, tags: list[str], asked: str, version: str | None
) -> None:
    for tag in tags:
        git(tagged, "tag", tag)
    result = cloud.run(PUBLISH, {"format": format, "version": asked}, source=tagged)
    if version is None:
        assert result.conclusion is Conclusion.FAILURE
        assert "version" in result.reason
    else:
        assert published(result)["version"] == version


@pytest.mark.parametrize("format", ["pypi", "maven"])
def test_the_version_reaches_what_is_packed(cloud: LocalCloud, tmp_path: Path, downloads: dict[str, str], format: str) -> None:
    source = MAKE[format](tmp_path, NAMES[format].format("versioned"), "0.0.0")
    assert published(cloud.run(PUBLISH, {"format": format, "version": "7.1.2"}, source=source, environment=downloads))["version"] == "7.1.2"


def test_a_prerelease_does_not_become_latest(cloud: LocalCloud, tmp_path: Path) -> None:
    source = sources.npm(tmp_path, "@acme-payments/tags", "1.0.0-beta.1")
    assert "with tag next" in succeeded(cloud.run(PUBLISH, {"format": "npm"}, source=source)).output


def test_a_package_that_names_another_registry_is_refused(cloud: LocalCloud, tmp_path: Path) -> None:
    source = sources.npm(tmp_path, "@acme-payments/elsewhere", "1.0.0")
    manifest = json.loads((source / "package.json").read_text())
    (source / "package.json").write_text(json.dumps({**manifest, "publishConfig": {"registry": "https://registry.example"}}))
    result = cloud.run(PUBLISH, {"format": "npm"}, source=source)
    assert result.conclusion is Conclusion.FAILURE
    assert "publishConfig.registry" in result.reason


def test_code_of_the_package_runs_without_rights_and_not_when_publishing(cloud: LocalCloud, tmp_path: Path) -> None:
    source = sources.npm(tmp_path, "@acme-payments/scripts", "1.0.0")
    manifest = json.loads((source / "package.json").read_text())
    script = "env | grep -c ACTIONS_ID_TOKEN_REQUEST | sed 's/^/token variables: /'"
    scripts = {one: f"echo ran {one}" for one in ("prepublishOnly", "publish", "postpublish", "prepare")}
    (source / "package.json").write_text(json.dumps({**manifest, "scripts": scripts}))
    result = succeeded(cloud.run(PUBLISH, {"format": "npm", "build-command": f"({script}) || true"}, source=source))
    assert "token variables: 0\n" in result.jobs["build"].output
    assert "ran " not in result.jobs["publish"].output


def _lock(folder: Path, dependencies: dict[str, str], **entry: object) -> None:
    manifest = json.loads((folder / "package.json").read_text())
    packages = {"": {"name": manifest["name"], "version": manifest["version"], "dependencies": dependencies}}
    packages |= {f"node_modules/{name}": {"version": version, **entry} for name, version in dependencies.items()}
    lock = {"name": manifest["name"], "version": manifest["version"], "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package-lock.json").write_text(json.dumps(lock))


def test_private_npm_dependencies_are_there_for_the_build(cloud: LocalCloud, tmp_path: Path) -> None:
    library = "@acme-payments/library"
    succeeded(cloud.run(PUBLISH, {"format": "npm"}, source=sources.npm(tmp_path / "library", library, "1.0.0")))
    user = sources.npm(tmp_path / "user", "@acme-payments/user", "1.0.0", dependencies={library: "1.0.0"})
    _lock(user, {library: "1.0.0"})
    inputs = {"format": "npm", "build-command": f"node -p 'require(\"{library}\")'"}
    result = cloud.run(PUBLISH, {**inputs, "private-dependencies": True}, source=user)
    assert "\n42\n" in succeeded(result).jobs["build"].output
    assert cloud.run(PUBLISH, inputs, source=user).conclusion is Conclusion.FAILURE


@pytest.mark.parametrize("resolved", ["git+ssh://git@github.example/a/b.git#0123", "file:../b"])
def test_npm_dependencies_from_elsewhere_are_not_fetched(cloud: LocalCloud, tmp_path: Path, resolved: str) -> None:
    user = sources.npm(tmp_path, "@acme-payments/user-elsewhere", "1.0.0", dependencies={"b": "1.0.0"})
    _lock(user, {"b": "1.0.0"}, resolved=resolved)
    result = cloud.run(PUBLISH, {"format": "npm", "private-dependencies": True}, source=user)
    assert result.conclusion is Conclusion.FAILURE
    assert "do not come from the registry: node_modules/b" in result.reason


def test_private_python_dependencies_are_there_for_the_build(cloud: LocalCloud, tmp_path: Path) -> None:
    succeeded(cloud.run(PUBLISH, {"format": "pypi"}, source=sources.pypi(tmp_path / "library", "acme-payments-library", "1.0.0")))
    user = sources.pypi(tmp_path / "user", "acme-payments-user", "1.0.0")
    (user / "requirements.txt").write_text("# what the build needs\nacme-payments-library==1.0.0 ; python_version > '3'\n")
    command = "python -m pip install --quiet --target lib -r requirements.txt; PYTHONPATH=lib python -c 'import acme_payments_library as a; print(a.ANSWER)'"
    result = cloud.run(PUBLISH, {"format": "pypi", "private-dependencies": True, "build-command": command}, source=user)
    assert "\n42\n" in succeeded(result).jobs["build"].output


@pytest.mark.parametrize(
    "requirement",
    [
        "--index-url https://registry.example/simple/",
        "-e .",
        "./local",
        "a @ https://registry.example/a.whl",
        "git+https://registry.example/a.git",
        "a==1 --config-settings=x=y",
    ],
)
def test_requirements_that_could_run_code_are_refused(cloud: LocalCloud, tmp_path: Path, requirement: str) -> None:
    user = sources.pypi(tmp_path, "acme-payments-user-code", "1.0.0")
    (user / "requirements.txt").write_text(f"{requirement}\n")
    result = cloud.run(PUBLISH, {"format": "pypi", "private-dependencies": True}, source=user)
    assert result.conclusion is Conclusion.FAILURE
    assert "not a plain requirement" in result.reason
