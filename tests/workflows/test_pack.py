"""The action pack: which version is packed, and that packing twice gives the same."""

import hashlib
import io
import json
import runpy
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions import Conclusion, RunResult
from tests.workflows import sources
from tests.workflows.calling import PROJECT, call_action, script

tag_version, manifests = script("pack/tag_version"), script("pack/manifests")


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bob", "-c", "user.email=bob@acme.example", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An npm package under version control."""
    folder = sources.npm(tmp_path / "package", "@acme-payments/packed", "0.1.0")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def pack(folder: Path, source: Path, version: str = "", format: str = "npm", name: str = "packed") -> RunResult:
    inputs = {"format": format, "version": version, "destination": str(folder / name)}
    return call_action(folder, "pack", inputs, source=source)


def of_tag(name: str) -> dict[str, str]:
    """Environment of a run that a tag started."""
    return {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": name}


@pytest.mark.parametrize(
    ("tag", "asked", "version"),
    [
        ("", "", "0.1.0"),
        ("", "2.1.0", "2.1.0"),
        ("v3.2.1", "tag", "3.2.1"),
        ("3.2.1-rc.1", "tag", "3.2.1-rc.1"),
        ("v0.1.0", "", "0.1.0"),
        ("v0.1.0", "0.1.0", "0.1.0"),
        ("v0.1.1", "", None),
        ("v0.1.1", "0.1.0", None),
        ("note", "tag", None),
        ("note", "", None),
        ("v1", "tag", None),
        ("", "tag", None),
        ("", "$(id)", None),
        ("", "-1", None),
    ],
)
def test_the_version_is_the_manifests_an_input_or_the_tags(
    package: Path, tmp_path: Path, tag: str, asked: str, version: str | None
) -> None:
    # Whoever may write creates such a tag: it says nothing of a run on a branch.
    git(package, "tag", "v9.9.9")
    inputs = {"format": "npm", "version": asked, "destination": str(tmp_path / "packed")}
    result = call_action(tmp_path, "pack", inputs, source=package, env=of_tag(tag) if tag else {"GITHUB_REF_TYPE": "branch"})
    packed = [one.name for one in (tmp_path / "packed").glob("*")]
    if version is None:
        assert result.conclusion is Conclusion.FAILURE
        assert "version" in result.reason
    else:
        assert result.conclusion is Conclusion.SUCCESS, result.output
        assert packed == [f"acme-payments-packed-{version}.tgz"]


@pytest.mark.parametrize(
    ("tag", "prefix", "version"),
    [
        ("v1.2.3", "", "1.2.3"),
        ("1.2.3-rc.1", "", "1.2.3-rc.1"),
        ("@acme-payments/packed@1.2.3", "", "1.2.3"),
        ("packed@1.2.3", "", "1.2.3"),
        ("packed-v1.2.3", "", "1.2.3"),
        ("packed/v1.2.3", "", "1.2.3"),
        ("release-1.2.3", "release-", "1.2.3"),
        ("release-1.2.3", "", None),
        ("other-v1.2.3", "", None),
        ("@acme-other/packed@1.2.3", "", None),
        ("packed-next", "", None),
        ("v1.2.3", "release-", None),
    ],
)
def test_tags_say_the_version_alone_or_after_the_packages_name(package: Path, tag: str, prefix: str, version: str | None) -> None:
    packages = {"it": manifests.names("npm", package)}
    if version:
        assert tag_version.chosen(tag, packages, prefix) == (["it"], version)
    else:
        with pytest.raises(manifests.Refused, match="says no version of @acme-payments/packed"):
            tag_version.chosen(tag, packages, prefix)


@pytest.mark.parametrize(("tag", "prefix", "version"), [("release-1.2.3", "release-", "1.2.3"), ("other-v1.2.3", "", None)])
def test_the_action_packs_the_version_of_the_tag(package: Path, tmp_path: Path, tag: str, prefix: str, version: str | None) -> None:
    inputs = {"format": "npm", "version": "tag", "tag-prefix": prefix, "destination": str(tmp_path / "packed")}
    result = call_action(tmp_path, "pack", inputs, source=package, env=of_tag(tag))
    if version is None:
        assert f"the tag {tag} says no version of @acme-payments/packed" in result.reason
    else:
        assert [one.name for one in (tmp_path / "packed").glob("*")] == [f"acme-payments-packed-{version}.tgz"], result.output


@pytest.mark.parametrize(
    ("format", "manifest", "tags"),
    [
        (
            "pypi",
            ("pyproject.toml", '[project]\nname = "Acme_Payments.client"\n'),
            ["Acme_Payments.client-1.0", "acme-payments-client@1.0"],
        ),
        ("pypi", ("pyproject.toml", '[tool.poetry]\nname = "acme-client"\n'), ["acme-client-v1.0"]),
        (
            "maven",
            ("pom.xml", "<project xmlns='x'><parent><artifactId>p</artifactId></parent><artifactId>api</artifactId></project>"),
            ["api-1.0"],
        ),
    ],
)
def test_every_format_says_its_name(tmp_path: Path, format: str, manifest: tuple[str, str], tags: list[str]) -> None:
    (tmp_path / manifest[0]).write_text(manifest[1])
    for tag in tags:
        assert tag_version.chosen(tag, {"it": manifests.names(format, tmp_path)}) == (["it"], "1.0")
    with pytest.raises(manifests.Refused):
        tag_version.chosen("p-1.0", {"it": manifests.names(format, tmp_path)})


def test_packing_twice_gives_the_same(package: Path, tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        assert pack(tmp_path, package, name=name).conclusion is Conclusion.SUCCESS
        (file,) = (tmp_path / name).iterdir()
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("format", ["npm", "pypi", "maven"])
def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path, format: str) -> None:
    (tmp_path / "empty").mkdir()
    result = pack(tmp_path, tmp_path / "empty", format=format)
    assert result.conclusion is Conclusion.FAILURE
    assert "there is no p" in result.reason


def bundling(source: Path, *, listed: bool) -> None:
    """A dependency of the working copy, which the tarball brings along if it is listed."""
    bundled = source / "node_modules" / "a"
    bundled.mkdir(parents=True)
    (bundled / "package.json").write_text('{"name": "a", "version": "1.0.0"}')
    change(source, dependencies={"a": "file:../a"}, **({"bundleDependencies": ["a"]} if listed else {}))


@pytest.mark.parametrize(("listed", "peer"), [(True, False), (False, False), (True, True)])
def test_what_a_tarball_brings_along_is_fetched_from_nowhere(package: Path, tmp_path: Path, listed: bool, peer: bool) -> None:
    bundling(package, listed=listed)
    if peer:
        change(package, peerDependencies={"b": "file:../b"})
    result = pack(tmp_path, package)
    allowed = listed and not peer
    assert result.conclusion is (Conclusion.SUCCESS if allowed else Conclusion.FAILURE), result.output
    assert allowed or ("peerDependencies.b is file:../b" if peer else "dependencies.a is file:../a") in result.reason


def test_what_is_listed_and_not_brought_along_is_refused(package: Path, tmp_path: Path) -> None:
    change(package, dependencies={"a": "file:../a"}, bundleDependencies=["a"])
    assert "dependencies.a is file:../a" in pack(tmp_path, package).reason


def change(source: Path, **fields: Any) -> None:
    file = source / "package.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dependencies": {"a": "^1", "b": "npm:@acme/c@1.0.0", "d": "latest", "e": ""}}, ""),
        ({"devDependencies": {"a": "workspace:^"}}, ""),
        ({"dependencies": {"a": "workspace:^"}}, "dependencies.a is workspace:^"),
        ({"dependencies": {"a": "catalog:"}}, "dependencies.a is catalog:"),
        ({"optionalDependencies": {"a": "file:../a"}}, "optionalDependencies.a is file:../a"),
        ({"peerDependencies": {"a": "link:../a"}}, "peerDependencies.a is link:../a"),
        ({"dependencies": {"a": "portal:../a", "b": "../b"}}, "dependencies.a is portal:../a, dependencies.b is ../b"),
        ({"dependencies": {"a": "git+ssh://git@github.example/a/b.git"}}, "dependencies.a is git+ssh://"),
        ({"dependencies": {"a": "acme/a"}}, "dependencies.a is acme/a"),
        ({"private": True}, '"private": true'),
        ({"private": False}, ""),
        ({"publishConfig": {"registry": "https://registry.example"}}, "publishConfig.registry"),
        ({"version": "1.0.0+build"}, "not a version: 1.0.0+build"),
    ],
)
def test_what_nobody_could_install_is_not_packed(package: Path, tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    change(package, **fields)
    result = pack(tmp_path, package)
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.reason


@pytest.mark.parametrize(
    ("asked", "project", "needs", "message"),
    [
        ("2.0.0", "", (), ""),
        ("", "", ("other>=1 ; python_version > '3'",), ""),
        ("", "", ("other @ file:///home/runner/other",), "it requires 'other @ file:///home/runner/other'"),
        ("3.0.0", 'dynamic = ["version"]', (), "packed acme-payments-packed 0.0.9, although the version asked for is 3.0.0"),
        ("0.0.9.0", 'dynamic = ["version"]', (), ""),
        ("", 'dynamic = ["version"]', (), ""),
    ],
)
def test_a_wheel_has_the_version_asked_for(tmp_path: Path, asked: str, project: str, needs: tuple[str, ...], message: str) -> None:
    source = sources.pypi(tmp_path / "package", "acme-payments-packed", "0.0.9", dependencies=needs)
    if project:
        # The version is the back end's own.
        manifest = source / "pyproject.toml"
        manifest.write_text(manifest.read_text().replace('version = "0.0.9"', project))
        backend = source / "backend.py"
        backend.write_text(backend.read_text().replace('project["version"]', '"0.0.9"', 1).replace("project['version']", "'0.0.9'"))
    result = pack(tmp_path, source, asked, "pypi")
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.output


MODEL = '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>{}</project>'
ROOT = "<groupId>a</groupId><artifactId>root</artifactId><version>1</version><packaging>pom</packaging>"
PARENT = "<parent><groupId>a</groupId><artifactId>{}</artifactId><version>{}</version></parent><artifactId>b</artifactId>"


def needing(version: str) -> str:
    return (
        f"<dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>{version}</version></dependency></dependencies>"
    )


def of_another(name: str, version: str) -> Callable[[bytes], bytes]:
    return lambda text: text.replace(b"acme-payments-packed", name.encode()).replace(b"Version: 1.0.0", f"Version: {version}".encode())


DIFFERENT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "spelled otherwise": (of_another("Acme_Payments.packed", "1.0"), ""),
    "another name": (
        of_another("acme-payments-core", "1.0.0"),
        "metadata of acme-payments-core 1.0.0; expected acme-payments-packed 1.0.0",
    ),
    "another version": (of_another("acme-payments-packed", "2.0.0"), "metadata of acme-payments-packed 2.0.0; expected"),
    "two names": (lambda text: text + b"Name: acme-payments-core\n", "acme-payments-packed and acme-payments-core"),
    "no version": (lambda text: text.replace(b"Version: 1.0.0", b""), "expected acme-payments-packed 1.0.0"),
}


def distribution(folder: Path, kind: str, text: bytes, *more: str) -> Path:
    """A wheel or a source distribution with this metadata, which is named acme_payments_packed 1.0.0."""
    stem = "acme_payments_packed-1.0.0"
    if kind == "wheel":
        file = folder / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            for path in (f"{stem}.dist-info/METADATA", *more):
                wheel.writestr(path, text)
        return file
    file = folder / f"{stem}.tar.gz"
    with tarfile.open(file, "w:gz") as source:
        for path in (f"{stem}/PKG-INFO", *more):
            info = tarfile.TarInfo(path)
            info.size = len(text)
            source.addfile(info, io.BytesIO(text))
    return file


def ran(script: str, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and error of a script of the actions, run in this process, as the main module."""
    file, out, err = PROJECT / ".github" / "actions" / script, io.StringIO(), io.StringIO()
    argv, path, modules = sys.argv, sys.path, set(sys.modules)
    sys.argv, sys.path = [script, *arguments], [str(file.parent), *sys.path]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            runpy.run_path(str(file), run_name="__main__")
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    finally:
        sys.argv, sys.path = argv, path
        # Another action may have a module of the same name.
        for name in set(sys.modules) - modules:
            if str(PROJECT / ".github") in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
    return 0, out.getvalue(), err.getvalue()


def refused(script: str, *arguments: str) -> str:
    """What a script says of files that it refuses; "" if it does not."""
    status, _, said = ran(script, *arguments)
    assert bool(status) == bool(said) and status in (0, 1)
    return said


METADATA = b"Metadata-Version: 2.1\nName: acme-payments-packed\nVersion: 1.0.0\n"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("case", DIFFERENT)
def test_a_distribution_is_of_what_its_file_is_named(tmp_path: Path, kind: str, case: str) -> None:
    different, message = DIFFERENT[case]
    said = refused("publish/packages.py", "pypi", str(distribution(tmp_path, kind, different(METADATA)).parent))
    assert message in said and bool(message) == bool(said)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("wheel", "other-1.0.0.dist-info/METADATA"),
        ("wheel", "acme_payments_packed-1.0.0.dist-info/METADATA"),
        ("wheel", "acme_payments_packed-1.0.0.dist-info/metadata"),
        ("sdist", "other-1.0.0/PKG-INFO"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_distribution_has_its_metadata_once(tmp_path: Path, kind: str, more: str) -> None:
    assert "got 2 files" in refused("publish/packages.py", "pypi", str(distribution(tmp_path, kind, METADATA, more).parent))
    assert not refused("publish/packages.py", "pypi", str(distribution(tmp_path, kind, METADATA, "acme/deeper/PKG-INFO").parent))


def test_what_is_no_distribution_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme_payments_packed-1.0.0-py3-none-any.whl").write_text("")
    assert "it can't be read" in refused("publish/packages.py", "pypi", str(tmp_path))


def test_a_wheel_of_another_package_is_not_packed(tmp_path: Path) -> None:
    source = sources.pypi(tmp_path / "package", "acme-payments-packed", "0.0.9")
    backend = source / "backend.py"
    backend.write_text(backend.read_text().replace("Name: {project['name']}", "Name: acme-payments-core"))
    result = pack(tmp_path, source, "", "pypi")
    assert result.conclusion is Conclusion.FAILURE
    assert "got metadata of acme-payments-core 0.0.9; expected acme-payments-packed 0.0.9" in result.reason


@pytest.mark.parametrize(
    ("requirement", "optional"),
    [
        ('>=1; extra == "dev"', True),
        ('(>=1) ; extra == "dev"', True),
        ('; extra == "a" or extra == "b"', True),
        ('; python_version > "3" and extra == "dev"', True),
        ('; (extra == "a" or extra == "b") and sys_platform == "win32"', True),
        ('; extra == "dev" or sys_platform == "win32"', False),
        ('; sys_platform == "win32"', False),
        ('; extra != "slim"', False),
        (">=1", False),
        ("", False),
        ("not a requirement", False),
    ],
)
def test_what_only_an_extra_needs_is_optional(requirement: str, optional: bool) -> None:
    assert ran("shared-dependencies/optional.py", "a", requirement)[0] == (0 if optional else 1)


@pytest.mark.parametrize(
    ("versions", "highest"),
    [
        ("1.0.0 1.0.0.RC1", "1.0.0 1.0.0"),
        ("1.0.0 1.0.0-alpha", "1.0.0 1.0.0"),
        ("1.0.0 1.0.0-M1 1.0.0-cr2 1.0.0b3", "1.0.0 1.0.0"),
        ("1.0.0 1.0.1-beta.2", "1.0.1-beta.2 1.0.0"),
        ("1.0.0-rc.1 1.0.0-beta.9", "1.0.0-rc.1 1.0.0-rc.1"),
        ("1.0.0-rc.2 1.0.0-rc.10", "1.0.0-rc.10 1.0.0-rc.10"),
        ("2.0.0 10.0.0 9.9", "10.0.0 10.0.0"),
        ("1.0.0.Final 1.0.1", "1.0.1 1.0.1"),
        ("33.0-android 33.0-jre 32.9", "33.0-jre 33.0-jre"),
        ("1.0-sp1 1.0 1.0-1", "1.0-1 1.0-1"),
        ("1.1 1-1 1.foo", "1.1 1.1"),
    ],
)
def test_versions_are_ordered_as_maven_does(versions: str, highest: str) -> None:
    """The last two: qualifiers, then numbers after a hyphen, then numbers after a dot."""
    for order in (versions.split(), versions.split()[::-1]):
        status, said, _ = ran("publish/maven_order.py", *order)
        assert (status, said.strip()) == (0, highest)


def profile(inside: str, activation: str = "") -> str:
    return f"<profiles><profile><id>x</id><activation>{activation}</activation>{inside}</profile></profiles>"


def scoped(scope: str, version: str) -> str:
    return needing(version).replace("</dependency>", f"{scope}</dependency>")


ALONE = "<groupId>a</groupId><artifactId>b</artifactId><version>1</version>"
V = "<properties><v>{}</v></properties>"
DEFAULT, JDK = "<activeByDefault>true</activeByDefault>", "<jdk>[8,)</jdk>"
_THERE = "<groupId>x</groupId><artifactId>y</artifactId><version>{}</version>"
MOVED = f"<distributionManagement><relocation>{_THERE}</relocation></distributionManagement>"


@pytest.mark.parametrize(
    ("root", "module", "message"),
    [
        ("", ALONE + V.format("2-SNAPSHOT") + needing("${v}"), "it needs x:y 2-SNAPSHOT"),
        ("", ALONE + V.format("2") + needing("${v}"), ""),
        ("", ALONE + V.format("${w}-SNAPSHOT") + needing("${v}"), "it needs x:y ${w}-SNAPSHOT"),
        ("", ALONE + V.format("${revision}") + needing("${v}"), "no POM defines ${revision} of its dependency x:y"),
        ("", ALONE + V.format("${project.version}") + needing("${v}"), ""),
        ("", ALONE + V.format("${v}") + needing("${v}"), "no POM defines ${v}"),
        (V.format("2"), PARENT.format("root", "1") + needing("${v}"), ""),
        (V.format("2"), PARENT.format("root", "1") + V.format("3-SNAPSHOT") + needing("${v}"), "it needs x:y 3-SNAPSHOT"),
        (V.format("2") + needing("${v}"), PARENT.format("root", "1") + V.format("3-SNAPSHOT"), "it needs x:y 3-SNAPSHOT"),
        (V.format("2-SNAPSHOT"), PARENT.format("root", "1") + V.format("3") + needing("${v}"), ""),
        ("", PARENT.format("root", "1") + needing("${parent.version}"), ""),
        ("", PARENT.format("root", "1") + needing("${project.parent.version}-SNAPSHOT"), "it needs x:y 1-SNAPSHOT"),
        ("", ALONE + needing("[1.0,2.0-SNAPSHOT)"), "it needs x:y [1.0,2.0-SNAPSHOT)"),
        ("", ALONE + needing("[1.0,2.0)"), ""),
        ("", ALONE + needing("${env.V}"), "no POM defines ${env.V}"),
        ("", ALONE + MOVED.format("${revision}"), "no POM defines ${revision} of its dependency x:y"),
        ("", ALONE + MOVED.format("2"), ""),
        *(
            ("", ALONE + scoped(f"<scope>{scope}</scope>", version), message.format(version) if needed else "")
            for version, message in (("2-SNAPSHOT", "it needs x:y {}"), ("${only.here}", "no POM defines {}"))
            for scope, needed in (("test", False), ("provided", False), ("system", False), ("runtime", True), ("compile", True))
        ),
        ("", ALONE + scoped("<optional>true</optional>", "2-SNAPSHOT"), ""),
        ("", ALONE + scoped("<optional>false</optional>", "2-SNAPSHOT"), "it needs x:y 2-SNAPSHOT"),
        (
            f"<dependencyManagement>{scoped('<scope>test</scope>', '1')}</dependencyManagement>",
            PARENT.format("root", "1") + needing("2-SNAPSHOT"),
            "",
        ),
        ("", ALONE + profile(needing("2-SNAPSHOT"), DEFAULT), "it needs x:y 2-SNAPSHOT"),
        ("", ALONE + profile(needing("${revision}"), JDK), "no POM defines ${revision}"),
        ("", ALONE + profile(needing("2-SNAPSHOT")), ""),
        ("", ALONE + profile(V.format("1")) + needing("${v}"), "no POM defines ${v}"),
        ("", ALONE + profile(V.format("1"), JDK) + needing("${v}"), ""),
        ("", ALONE + profile(V.format("1"), "<property><name>ci</name></property>") + needing("${v}"), "no POM defines ${v}"),
    ],
)
def test_a_pom_is_read_as_who_installs_it_reads_it(tmp_path: Path, root: str, module: str, message: str) -> None:
    (tmp_path / "root.pom").write_text(MODEL.format(ROOT + root))
    (tmp_path / "b.pom").write_text(MODEL.format(module))
    said = refused("publish/poms.py", str(tmp_path))
    assert message in said and bool(message) == bool(said)


@pytest.mark.parametrize(
    ("root", "module", "message"),
    [
        ("", PARENT.format("root", "1"), ""),
        (
            "",
            PARENT.format("root", "${revision}"),
            "its parent's version is ${revision}, which only this build knows: give the input version",
        ),
        ("<name>x</name>", "<groupId>a</groupId><artifactId>b</artifactId><version>${revision}</version>", "its version is ${revision}"),
        ("", PARENT.format("root", "1") + needing("${project.version}"), ""),
        ("<properties><y>2</y></properties>", PARENT.format("root", "1") + needing("${y}"), ""),
        ("", PARENT.format("root", "1") + needing("${y}"), "no POM defines ${y} of its dependency x:y"),
        ("", PARENT.format("elsewhere", "1") + needing("${y}"), ""),
        ("", PARENT.format("root", "1") + needing("1-SNAPSHOT"), "it needs x:y 1-SNAPSHOT, which changes"),
        ("", PARENT.format("elsewhere", "1-SNAPSHOT"), "it needs a:elsewhere 1-SNAPSHOT"),
        (f"<dependencyManagement>{needing('${y}')}</dependencyManagement>", PARENT.format("root", "1"), "no POM defines ${y}"),
    ],
)
def test_a_pom_that_nobody_else_can_read_is_refused(tmp_path: Path, root: str, module: str, message: str) -> None:
    (tmp_path / "root.pom").write_text(MODEL.format(ROOT + root))
    (tmp_path / "b.pom").write_text(MODEL.format(module))
    said = refused("publish/poms.py", str(tmp_path))
    assert message in said and bool(message) == bool(said)


def test_a_snapshot_is_refused_before_its_layout(tmp_path: Path) -> None:
    """As Maven deploys one: the file has the time of the build in its name."""
    folder = tmp_path / "packed" / "com" / "acme" / "a" / "1.0.0-SNAPSHOT"
    folder.mkdir(parents=True)
    (folder / "a-1.0.0-20260101.120000-1.pom").write_text(MODEL.format(ROOT))
    where = {"domain": "acme", "domain-owner": "111122223333", "region": "eu-west-1", "repository": "payments", "token-duration": "3600"}
    result = call_action(tmp_path, "publish", {"format": "maven", "directory": str(tmp_path / "packed"), **where})
    assert result.conclusion is Conclusion.FAILURE
    assert "1.0.0-SNAPSHOT changes with every build: publish a release version" in result.reason


@pytest.mark.slow("what it refuses is tested without Maven")
@pytest.mark.parametrize(
    ("version", "asked", "message"),
    [("${revision}", "", "its version is ${revision}"), ("${revision}", "2.0.0", ""), ("1.0.0-SNAPSHOT", "", "changes with every build")],
)
def test_maven_packs_what_others_can_read(tmp_path: Path, version: str, asked: str, message: str) -> None:
    (tmp_path / "package").mkdir()
    pom = ROOT.replace("<version>1<", f"<version>{version}<") + "<properties><revision>1.0.0</revision></properties>"
    (tmp_path / "package" / "pom.xml").write_text(MODEL.format(pom))
    result = pack(tmp_path, tmp_path / "package", asked, "maven")
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.output


set_version = script("pack/set_version")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[project]\nname = "a"\nversion = "1"\n', '[project]\nname = "a"\nversion = "2.0"\n'),
        (
            '[tool.x]\nversion = "9"\n[project]\nversion="1"\n[tool.y]\nversion = "8"\n',
            '[tool.x]\nversion = "9"\n[project]\nversion="2.0"\n[tool.y]\nversion = "8"\n',
        ),
        ("[project]\nversion = '1' # now\n", '[project]\nversion = "2.0" # now\n'),
        ('project = {version = "1"}\n', 'project = {version = "2.0"}\n'),
        ('[project]\nversion = """1"""\n', '[project]\nversion = "2.0"\n'),
        ('[project]\nname = "a"\ndynamic = ["version"]\n', '[project]\nname = "a"\ndynamic = ["version"]\n'),
        ('[tool.poetry]\nname = "a"\nversion = "1"\n', '[tool.poetry]\nname = "a"\nversion = "2.0"\n'),
        (
            '[project]\ndynamic = ["version"]\n[tool.poetry]\nversion = "1"\n',
            '[project]\ndynamic = ["version"]\n[tool.poetry]\nversion = "2.0"\n',
        ),
    ],
)
def test_a_pyproject_gets_its_version(before: str, after: str) -> None:
    assert set_version.set_version(before, "2.0") == after


@pytest.mark.parametrize(
    ("text", "message"),
    [('[project]\nname = "a"\n', "has a version"), ('[tool.x]\nversion = "1"\n', "has a version"), ("[project\n", "at line 1 col 8")],
)
def test_a_pyproject_without_a_version_to_replace_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        set_version.set_version(text, "2.0")
