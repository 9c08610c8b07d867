"""publish-package.yml against the local cloud, with the program's own roles and real clients."""

import copy
import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions import Conclusion, RunResult, definitions
from rehearsal.actions.concurrency import Groups
from tests.workflows import sources
from tests.workflows.calling import WHOLE_RUNS
from tests.workflows.registry import DOMAIN, WORKFLOWS, LocalCloud, workflow_ref

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


def publish(cloud: LocalCloud, folder: Path, format: str, name: str, content: str, downloads: dict[str, str], **options: Any) -> RunResult:
    source = MAKE[format](folder / content, NAMES[format].format(name), "1.0.0", content=content)
    return cloud.run(PUBLISH, {"format": format}, source=source, environment=downloads, **options)


@pytest.mark.parametrize("format", ["npm", *(pytest.param(one, marks=WHOLE_RUNS) for one in ("pypi", "maven"))])
def test_a_version_is_published_once(cloud: LocalCloud, tmp_path: Path, downloads: dict[str, str], format: str) -> None:
    first = published(publish(cloud, tmp_path, format, "once", "1", downloads, scratch=tmp_path / "machine"))
    # As a runner of one's own is left: neither credentials of AWS nor a token.
    (home,) = (tmp_path / "machine").glob("run-*/publish/home")
    assert not {".aws", ".npmrc", ".pypirc", ".netrc"} & {file.name for file in home.iterdir()}
    assert (first["version"], first["result"]) == ("1.0.0", "published")
    assert cloud.versions("payments", format, first["package"], first["namespace"] or None) == {"1.0.0": "Published"}
    again = publish(cloud, tmp_path, format, "once", "1", downloads)
    assert published(again) == {**first, "result": "unchanged"}
    assert "unchanged" in again.summary


@WHOLE_RUNS
def test_a_version_never_changes(cloud: LocalCloud, tmp_path: Path) -> None:
    first = published(publish(cloud, tmp_path, "npm", "fixed", "1", {}))
    changed = publish(cloud, tmp_path, "npm", "fixed", "2", {})
    assert changed.conclusion is Conclusion.FAILURE
    assert "already in payments with other content" in changed.reason
    described = cloud.aws("codeartifact").describe_package_version(
        domain=DOMAIN, repository="payments", format="npm", namespace="acme-payments", package="fixed", packageVersion="1.0.0"
    )
    assert described["packageVersion"]["revision"] == first["revision"]


# The allowed twins of these two are all the tests above: they differ in the file, or in the name.


@WHOLE_RUNS
def test_no_other_workflow_may_publish(cloud: LocalCloud, tmp_path: Path) -> None:
    source = sources.npm(tmp_path, "@acme-payments/other-workflow", "1.0.0")
    result = cloud.run(PUBLISH, {"format": "npm"}, source=source, called_as=workflow_ref("promote-package.yml"))
    assert result.conclusion is Conclusion.FAILURE
    assert "AssumeRoleWithWebIdentity" in result.reason


@WHOLE_RUNS
def test_no_other_name_is_published(cloud: LocalCloud, tmp_path: Path) -> None:
    result = cloud.run(PUBLISH, {"format": "npm"}, source=sources.npm(tmp_path, "@acme-identity/once", "1.0.0"))
    assert result.conclusion is Conclusion.FAILURE
    assert "not authorized" in result.output
    assert cloud.versions("payments", "npm", "once", "acme-identity") == {}


def test_code_of_the_package_runs_without_rights_and_not_when_publishing(cloud: LocalCloud, tmp_path: Path) -> None:
    source = sources.npm(tmp_path, "@acme-payments/scripts", "1.0.0-beta.1")
    manifest = json.loads((source / "package.json").read_text())
    scripts = {one: f"echo ran {one}" for one in ("prepublishOnly", "publish", "postpublish", "prepare")}
    (source / "package.json").write_text(json.dumps({**manifest, "scripts": scripts}))
    count = "(env | grep -c '^ACTIONS_ID_TOKEN_REQUEST' || true) | sed 's/^/token variables: /'"
    result = succeeded(cloud.run(PUBLISH, {"format": "npm", "build-command": count}, source=source))
    assert "token variables: 0\n" in result.jobs["build"].output
    assert "ran prepare" in result.jobs["build"].output
    assert "ran " not in result.jobs["publish"].output
    # A pre-release does not become what everybody installs.
    assert "with tag next" in result.jobs["publish"].output


@WHOLE_RUNS
def test_private_npm_dependencies_are_there_for_the_build(cloud: LocalCloud, tmp_path: Path) -> None:
    library = "@acme-payments/library"
    succeeded(cloud.run(PUBLISH, {"format": "npm"}, source=sources.npm(tmp_path / "library", library, "1.0.0")))
    user = sources.npm(tmp_path / "user", "@acme-payments/user", "1.0.0", dependencies={library: "1.0.0"})
    sources.npm_lock(user)
    inputs = {"format": "npm", "build-command": f"node -p 'require(\"{library}\")'"}
    result = cloud.run(PUBLISH, {**inputs, "private-dependencies": True}, source=user)
    assert "\n42\n" in succeeded(result).jobs["build"].output
    assert cloud.run(PUBLISH, inputs, source=user).conclusion is Conclusion.FAILURE


@WHOLE_RUNS
def test_python_dependencies_are_there_for_the_build(cloud: LocalCloud, tmp_path: Path) -> None:
    user = sources.pypi(tmp_path, "acme-payments-user", "1.0.0")
    (user / "requirements.txt").write_text("# what the build needs\npublic-greeting==1.1.0 ; python_version > '3'\n")
    command = "python -m pip install --quiet --target lib -r requirements.txt; ls lib"
    result = cloud.run(PUBLISH, {"format": "pypi", "private-dependencies": True, "build-command": command}, source=user)
    assert "public_greeting-1.1.0.dist-info" in succeeded(result).jobs["build"].output
    assert "public_punctuation-2.0.0.dist-info" in result.jobs["build"].output


def intruded(folder: Path, name: str, made: str, *, after: str, victim: str) -> Path:
    """The workflow, in a run where one more job uploads what the shell commands make, between two jobs of the workflow."""
    definition = copy.deepcopy(definitions.read(WORKFLOWS / PUBLISH))
    upload = {"uses": f"actions/upload-artifact@{'0' * 40}", "with": {"name": name, "path": "made", "overwrite": "true"}}
    definition["jobs"]["intruder"] = {
        "needs": ["check", after],
        "if": f"${{{{ !cancelled() && needs.{after}.result == 'success' }}}}",
        "runs-on": "ubuntu-24.04",
        "permissions": {},
        "steps": [{"run": f"mkdir made; cd made; {made}"}, upload],
    }
    definition["jobs"][victim]["needs"].append("intruder")
    file = folder / PUBLISH
    file.write_text(json.dumps(definition))
    return file


@pytest.mark.parametrize(("name", "allowed"), [("package", False), ("other", True)])
def test_another_job_of_the_run_can_not_give_other_content(cloud: LocalCloud, tmp_path: Path, name: str, allowed: bool) -> None:
    package = f"@acme-payments/intruded-{name}"
    manifest = json.dumps({"name": package, "version": "1.0.0"})
    made = f"mkdir evil; echo '{manifest}' > evil/package.json; npm pack ./evil; rm -r evil"
    file = intruded(tmp_path, f"{name}-${{{{ needs.check.outputs.artifact }}}}", made, after="build", victim="publish")
    result = cloud.run(file, {"format": "npm"}, source=sources.npm(tmp_path / "source", package, "1.0.0"))
    assert result.jobs["intruder"].conclusion is Conclusion.SUCCESS, result.output
    assert result.jobs["publish"].conclusion is (Conclusion.SUCCESS if allowed else Conclusion.FAILURE), result.output
    assert bool(cloud.versions("payments", "npm", f"intruded-{name}", "acme-payments")) is allowed
    assert allowed or "unable to find an artifact" in result.reason


@WHOLE_RUNS
@pytest.mark.parametrize(("name", "allowed"), [("dependencies", False), ("other", True)])
def test_another_job_of_the_run_can_not_give_other_dependencies(cloud: LocalCloud, tmp_path: Path, name: str, allowed: bool) -> None:
    made = "mkdir -p node_modules/public-greeting; echo evil > node_modules/public-greeting/evil; tar -cf dependencies.tar node_modules"
    file = intruded(tmp_path, f"{name}-${{{{ needs.check.outputs.artifact }}}}", made, after="dependencies", victim="build")
    user = sources.npm(tmp_path / "user", "@acme-payments/careful", "1.0.0", dependencies={"public-greeting": "1.1.0"})
    sources.npm_lock(user)
    inputs = {"format": "npm", "private-dependencies": True, "build-command": "ls node_modules/public-greeting"}
    result = cloud.run(file, inputs, source=user)
    assert result.jobs["intruder"].conclusion is Conclusion.SUCCESS, result.output
    assert result.jobs["build"].conclusion is (Conclusion.SUCCESS if allowed else Conclusion.FAILURE), result.output
    assert "evil\n" not in result.jobs["build"].output


@WHOLE_RUNS
def test_three_quick_merges_publish_three_versions(cloud: LocalCloud, tmp_path: Path) -> None:
    """The first one is held in its publish job until both others are behind it."""
    groups, behind = Groups(), 2

    def merge(number: int) -> RunResult:
        source = sources.npm(tmp_path / str(number), "@acme-payments/quick", f"1.0.{number}")

        def hold(job: str) -> None:
            if job == "publish" and number == 0:
                first.set()
                groups.await_pending(group, behind)

        return cloud.run(PUBLISH, {"format": "npm"}, source=source, groups=groups, before=hold)

    group = f"package-flow-publish-npm-{hashlib.sha256(b'.').hexdigest()[:12]}"
    first = threading.Event()
    with ThreadPoolExecutor(1 + behind) as pool:
        runs = [pool.submit(merge, 0)]
        first.wait()
        runs += [pool.submit(merge, number) for number in range(1, 1 + behind)]
    assert [published(run.result())["version"] for run in runs] == ["1.0.0", "1.0.1", "1.0.2"]
    assert groups.cancelled == []
    assert set(cloud.versions("payments", "npm", "quick", "acme-payments")) == {"1.0.0", "1.0.1", "1.0.2"}


@pytest.mark.parametrize(("name", "allowed"), [("@acme/billing-ui", True), ("@acme/search-ui", False), ("@acme/billing", False)])
def test_one_scope_is_divided_by_prefix(cloud: LocalCloud, tmp_path: Path, name: str, allowed: bool) -> None:
    result = cloud.run(PUBLISH, {"format": "npm"}, source=sources.npm(tmp_path / "source", name, "1.0.0"))
    assert result.conclusion is (Conclusion.SUCCESS if allowed else Conclusion.FAILURE), result.output
    assert ("is not authorized to perform: codeartifact:PublishPackageVersion" in result.output) is not allowed


@pytest.mark.slow("the same job with npm and Python is tested")
def test_private_maven_dependencies_are_there_for_the_build(cloud: LocalCloud, tmp_path: Path, downloads: dict[str, str]) -> None:
    library, version = NAMES["maven"].format("library"), "1.0.0"
    source = sources.maven(tmp_path / "library", library, version)
    succeeded(cloud.run(PUBLISH, {"format": "maven"}, source=source, environment=downloads))
    user = sources.maven(tmp_path / "user", NAMES["maven"].format("user"), version, dependencies=(f"{library}:{version}",))
    inputs = {"format": "maven", "private-dependencies": True, "maven-dependencies": f"{library}:{version}\n"}
    # Maven's plugins are fetched into the job's own repository here: this is where the private artifacts are.
    succeeded(cloud.run(PUBLISH, inputs, source=user))
    assert cloud.run(PUBLISH, {"format": "maven"}, source=user, environment=downloads).jobs["build"].conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(
    ("format", "name", "says"),
    [
        ("npm", "@acme-identity/session", "belongs to the team of repository identity (package group /npm/acme-identity/*)"),
        ("npm", "@acme-nobody/session", "@acme-nobody/session belongs to no team (package group /*)"),
        ("npm", "@acme-payments/ui_kit", "@acme-payments/ui_kit is a variation of a name of package group /npm/acme-payments/ui.kit$"),
        ("pypi", "acme-nobody-session", "acme-nobody-session belongs to no team (package group /*)"),
        ("maven", "com.acme.nobody:session", "com.acme.nobody:session belongs to no team (package group /*)"),
    ],
)
@pytest.mark.usefixtures("identity")
def test_a_name_of_others_is_refused_with_its_owner(cloud: LocalCloud, tmp_path: Path, format: str, name: str, says: str) -> None:
    result = cloud.run(PUBLISH, {"format": format}, source=MAKE[format](tmp_path / "source", name, "1.0.0"))
    assert result.conclusion is Conclusion.FAILURE
    assert says in result.output


@pytest.mark.usefixtures("identity")
def test_a_failure_with_a_name_of_ones_own_names_no_owner(cloud: LocalCloud, tmp_path: Path) -> None:
    """CodeArtifact takes no such version, though the name is the team's."""
    source = sources.npm(tmp_path / "source", "@acme-payments/refused", "1.0.0")
    result = cloud.run(PUBLISH, {"format": "npm", "npm-tag": "a" * 300}, source=source)
    assert result.conclusion is Conclusion.FAILURE
    assert "belongs to" not in result.output


# As long as the cloud: a worker that is given some of these tests, then others, then more of these sets up a module twice.
@pytest.fixture(scope="session")
def identity(cloud: LocalCloud) -> None:
    """Another team's repository, and the package groups of what both own, as the program makes them."""
    codeartifact = cloud.aws("codeartifact")
    codeartifact.create_repository(domain=DOMAIN, repository="identity")
    groups = (("identity", "/npm/acme-identity/*"), ("payments", "/npm/acme-payments/*"), ("payments", "/npm/acme-payments/ui.kit$"))
    for team, group in groups:
        codeartifact.create_package_group(domain=DOMAIN, packageGroup=group)
        allowed = [{"repositoryName": name, "originRestrictionType": "PUBLISH"} for name in (team, "shared")]
        codeartifact.update_package_group_origin_configuration(
            domain=DOMAIN, packageGroup=group, restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}, addAllowedRepositories=allowed
        )
