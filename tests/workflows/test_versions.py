"""The action publish against the local cloud: a version never grows, and an interrupted one is finished where nobody has seen it yet."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from policies.owned_names import Format
from rehearsal.actions import Conclusion, RunResult, machine
from rehearsal.packages import Package, wheel
from tests.workflows import sources
from tests.workflows.calling import WHOLE_RUNS
from tests.workflows.registry import DOMAIN, LocalCloud

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>com.acme.payments</groupId>
<artifactId>{}</artifactId><version>{}</version></project>"""


def python_files(folder: Path, name: str, kinds: Iterable[str]) -> Path:
    """A folder with a wheel for each platform named, all of one version, and the same ones whenever they are asked for."""
    folder.mkdir()
    made = next(folder.parent.glob("wheel/*.whl"), None) or wheel(folder.parent / "wheel", Package(Format.PYPI, f"acme-payments-{name}"))
    for kind in kinds:
        shutil.copy(made, folder / made.name.replace("any", kind))
    return folder


def maven_files(folder: Path, name: str, kinds: Iterable[str], number: str = "1.0.0") -> Path:
    """A folder laid out as a Maven repository, with a POM and a file for each classifier named."""
    version = folder / "com" / "acme" / "payments" / name / number
    version.mkdir(parents=True)
    (version / f"{name}-{number}.pom").write_text(POM.format(name, number))
    for kind in kinds:
        (version / f"{name}-{number}-{kind}.jar").write_text(kind)
    return folder


FILES: dict[str, Callable[[Path, str, Iterable[str]], Path]] = {"pypi": python_files, "maven": maven_files}


def publish(cloud: LocalCloud, folder: Path, format: str, name: str, *kinds: str, path: str | None = None) -> RunResult:
    directory = FILES[format](folder / "-".join(["packed", *kinds, str(len(list(folder.iterdir())))]), name, kinds)
    return cloud.call(folder, "publish", {"format": format, "directory": str(directory)}, path=path)


def result(run: RunResult) -> str:
    assert run.conclusion is Conclusion.SUCCESS, run.output
    outputs = json.loads(run.output.split('"packages": ', 1)[1].split("\n", 1)[0])
    (one,) = json.loads(outputs)
    return one["result"]


def named(format: str, name: str) -> dict[str, str]:
    where = {"domain": DOMAIN, "repository": "payments", "format": format, "packageVersion": "1.0.0"}
    if format == "pypi":
        return {**where, "package": f"acme-payments-{name}"}
    return {**where, "namespace": "com.acme.payments", "package": name}


def assets(cloud: LocalCloud, format: str, name: str) -> int:
    return len(cloud.aws("codeartifact").list_package_version_assets(**named(format, name))["assets"])


@pytest.mark.parametrize("format", [pytest.param("pypi", marks=WHOLE_RUNS), "maven"])
def test_a_version_is_published_with_all_its_files_or_not_at_all(cloud: LocalCloud, tmp_path: Path, format: str) -> None:
    assert result(publish(cloud, tmp_path, format, "several", "linux", "macos")) == "published"
    before = assets(cloud, format, "several")
    assert result(publish(cloud, tmp_path, format, "several", "linux", "macos")) == "unchanged"
    for kinds, difference in (
        (("linux", "macos", "windows"), "Published; packed, not stored: "),
        (("linux",), "Published; stored, not packed: "),
    ):
        refused = publish(cloud, tmp_path, format, "several", *kinds)
        assert refused.conclusion is Conclusion.FAILURE
        assert "already in payments with other content" in refused.reason
        assert difference in refused.reason
        assert ("windows" if "windows" in kinds else "macos") in refused.reason
        assert assets(cloud, format, "several") == before


def test_a_file_that_changed_is_named(cloud: LocalCloud, tmp_path: Path) -> None:
    assert result(publish(cloud, tmp_path, "maven", "changed", "a", "b")) == "published"
    other = maven_files(tmp_path / "other", "changed", ("a", "b"))
    (other / "com/acme/payments/changed/1.0.0/changed-1.0.0-b.jar").write_text("changed")
    refused = cloud.call(tmp_path, "publish", {"format": "maven", "directory": str(other)})
    assert "(Published; stored with other content: changed-1.0.0-b.jar)" in refused.reason


@pytest.mark.parametrize("uploaded", [("a",), pytest.param(("a", "b", "pom"), marks=WHOLE_RUNS)])
def test_an_unfinished_version_is_finished(cloud: LocalCloud, tmp_path: Path, uploaded: tuple[str, ...]) -> None:
    name = f"unfinished{len(uploaded)}"
    contents = {
        "a": (f"{name}-1.0.0-a.jar", b"a"),
        "b": (f"{name}-1.0.0-b.jar", b"b"),
        "pom": (f"{name}-1.0.0.pom", POM.format(name, "1.0.0").encode()),
    }
    for file, content in (contents[one] for one in uploaded):
        assert cloud.http("PUT", "maven", f"com/acme/payments/{name}/1.0.0/{file}", content=content).status_code == 201
    assert cloud.versions("payments", "maven", name, "com.acme.payments") == {"1.0.0": "Unfinished"}
    refused = publish(cloud, tmp_path, "maven", name, "b")
    assert f"(Unfinished; stored, not packed: {name}-1.0.0-a.jar)" in refused.reason or "Unfinished; packed" in refused.reason
    assert result(publish(cloud, tmp_path, "maven", name, "a", "b")) == "published"
    assert cloud.versions("payments", "maven", name, "com.acme.payments") == {"1.0.0": "Published"}


@WHOLE_RUNS
def test_a_version_that_was_taken_away_is_not_unchanged(cloud: LocalCloud, tmp_path: Path) -> None:
    assert result(publish(cloud, tmp_path, "maven", "taken", "a")) == "published"
    where = {key: value for key, value in named("maven", "taken").items() if key != "packageVersion"}
    codeartifact = cloud.aws("codeartifact")
    for status in ("Unlisted", "Archived", "Disposed"):
        if status == "Disposed":
            codeartifact.dispose_package_versions(**where, versions=["1.0.0"])
        else:
            codeartifact.update_package_versions_status(**where, versions=["1.0.0"], targetStatus=status)
        refused = publish(cloud, tmp_path, "maven", "taken", "a")
        assert refused.conclusion is Conclusion.FAILURE
        assert f"with other content ({status}" in refused.reason


@WHOLE_RUNS
@pytest.mark.parametrize(("fails", "published"), [(1, True), (99, False)])
def test_an_upload_that_breaks_off_goes_on_in_its_own_run(cloud: LocalCloud, tmp_path: Path, fails: int, published: bool) -> None:
    name = f"broken-{fails}"
    tools = tmp_path / "tools"
    tools.mkdir()
    twine = tools / "twine"
    real = shutil.which("twine", path=machine.default_path())
    twine.write_text(
        "#!/bin/bash\n"
        f"[[ $* == *windows.whl && $(wc -l < {tools}/failed) -lt {fails} ]] && {{ echo >> {tools}/failed; exit 1; }}\n"
        f'exec {real} "$@"\n'
    )
    (tools / "failed").touch()
    twine.chmod(twine.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join([str(tools), machine.default_path()])
    first = publish(cloud, tmp_path, "pypi", name, "linux", "windows", path=path)
    assert (first.conclusion is Conclusion.SUCCESS) is published, first.output
    again = publish(cloud, tmp_path, "pypi", name, "linux", "windows")
    if published:
        assert result(again) == "unchanged"
    else:
        # Whoever installed it meanwhile got a version of one file.
        assert "Published; packed, not stored: " in first.reason
        assert "Published; packed, not stored: " in again.reason
        assert assets(cloud, "pypi", name) == 1


def npm_publish(cloud: LocalCloud, folder: Path, name: str, version: str, **inputs: str) -> RunResult:
    """Publish a version of @acme-payments/NAME."""
    source = sources.npm(folder / f"source-{version}", f"@acme-payments/{name}", version)
    packed = folder / f"packed-{version}"
    packed.mkdir()
    subprocess.run(["npm", "pack", "--pack-destination", str(packed)], cwd=source, check=True, capture_output=True)
    return cloud.call(folder, "publish", {"format": "npm", "directory": str(packed), **inputs})


def tags(cloud: LocalCloud, name: str) -> dict[str, str]:
    return cloud.http("GET", "npm", f"@acme-payments%2f{name}").json()["dist-tags"]


@WHOLE_RUNS
def test_a_tag_never_goes_back(cloud: LocalCloud, tmp_path: Path) -> None:
    known: dict[str, str] = {}
    for version, tag, inputs in (
        ("2.0.0", "latest", {}),
        ("1.0.5", "release-1.0", {}),
        ("1.0.4", "release-1.0.4", {}),
        ("2.1.0-rc.2", "next", {}),
        ("2.1.0-rc.1", "next-2.1.0-rc.1", {}),
        ("1.0.7-rc.1", "next-1.0", {}),
        ("2.0.10", "latest", {}),
        ("1.0.6", "latest", {"npm-tag": "latest"}),
    ):
        assert result(npm_publish(cloud, tmp_path, "tagged", version, **inputs)) == "published"
        known |= {tag: version}
        assert tags(cloud, "tagged") == known


@WHOLE_RUNS
def test_the_metadata_of_maven_names_the_highest_version(cloud: LocalCloud, tmp_path: Path) -> None:
    for version, highest in (
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("2.0.0", "2.0.0"),
        ("1.0.10", "2.0.0"),
        ("2.0.0-rc.2", "2.0.0"),
        ("10.0.0", "10.0.0"),
    ):
        directory = maven_files(tmp_path / version, "numbered", (), version)
        assert result(cloud.call(tmp_path, "publish", {"format": "maven", "directory": str(directory)})) == "published"
        document = cloud.http("GET", "maven", "com/acme/payments/numbered/maven-metadata.xml").text
        assert f"<latest>{highest}</latest><release>{highest}</release>" in document
        assert f"<version>{version}</version>" in document


def python_needing(folder: Path, *needs: str) -> Path:
    folder.mkdir()
    shutil.copy(wheel(folder.parent / "wheel", Package(Format.PYPI, "acme-payments-needing", needs=needs)), folder)
    return folder


def maven_needing(folder: Path, *needs: str) -> Path:
    """GROUP:ARTIFACT:VERSION, or GROUP:ARTIFACT:VERSION:FIELD:VALUE of a dependency."""
    fields = ("groupId", "artifactId", "version")
    parts = [need.split(":") for need in needs]
    entries = [
        "".join(f"<{field}>{text}</{field}>" for field, text in [*zip(fields, part[:3], strict=True), *([part[3:]] if part[3:] else [])])
        for part in parts
    ]
    dependencies = "".join(f"<dependency>{entry}</dependency>" for entry in entries)
    maven_files(folder, "needing", ())
    (pom,) = folder.rglob("*.pom")
    pom.write_text(pom.read_text().replace("</project>", f"<dependencies>{dependencies}</dependencies></project>"))
    return folder


@WHOLE_RUNS
@pytest.mark.parametrize(
    ("format", "package", "make", "there", "lacking"),
    [
        (
            "pypi",
            "acme-payments-needing",
            python_needing,
            ("public-greeting>=1.1 ; python_version > '3'", "public-punctuation", "acme-payments-absent-extra>=1 ; extra == 'dev'"),
            ("public-greeting>=2", "acme-payments-absent"),
        ),
        (
            "maven",
            "com.acme.payments:needing",
            maven_needing,
            (
                "org.example.open:greeting:1.1.0",
                "org.example.open:punctuation:[2,3)",
                "com.acme.payments:absent-optional:1:optional:true",
                "com.acme.payments:absent-test:1:scope:test",
            ),
            ("org.example.open:greeting:9.0.0", "com.acme.payments:absent:1.0.0"),
        ),
    ],
)
def test_what_shared_lacks_is_named(
    cloud: LocalCloud,
    tmp_path: Path,
    format: str,
    package: str,
    make: Callable[..., Path],
    there: tuple[str, ...],
    lacking: tuple[str, ...],
) -> None:
    directory = make(tmp_path / "packed", *there, *lacking)
    assert result(cloud.call(tmp_path, "publish", {"format": format, "directory": str(directory)})) == "published"
    asked = {"format": format, "package": package, "version": "1.0.0"}
    refused = cloud.call(tmp_path, "shared-dependencies", asked)
    assert refused.conclusion is Conclusion.FAILURE
    listed = refused.summary.split("```")[1].strip().splitlines()
    assert sorted(line.rpartition(" (")[2] for line in listed) == ["no such version)", "not there)"], refused.output
    assert any("absent" in line for line in listed)
    gone_on = cloud.call(tmp_path, "shared-dependencies", {**asked, "allow-missing-dependencies": "true"})
    assert gone_on.conclusion is Conclusion.SUCCESS, gone_on.output
    assert gone_on.summary == refused.summary


@WHOLE_RUNS
def test_what_npm_takes_for_optional_is_not_asked_for(cloud: LocalCloud, tmp_path: Path) -> None:
    source = sources.npm(tmp_path / "source", "@acme-payments/optional", "1.0.0")
    absent = {f"@acme-payments/absent-{one}": "^1.0.0" for one in ("regular", "optional", "both", "peer", "peer-optional", "dev")}
    kinds = {
        "dependencies": ("regular", "both"),
        "optionalDependencies": ("optional", "both"),
        "peerDependencies": ("peer", "peer-optional"),
    }
    fields = {kind: {name: absent[name] for name in (f"@acme-payments/absent-{one}" for one in ones)} for kind, ones in kinds.items()}
    meta = {"peerDependenciesMeta": {"@acme-payments/absent-peer-optional": {"optional": True}}}
    (source / "package.json").write_text(json.dumps({**json.loads((source / "package.json").read_text()), **fields, **meta}))
    (tmp_path / "packed").mkdir()
    subprocess.run(["npm", "pack", "--pack-destination", str(tmp_path / "packed")], cwd=source, check=True, capture_output=True)
    assert result(cloud.call(tmp_path, "publish", {"format": "npm", "directory": str(tmp_path / "packed")})) == "published"
    asked = {"format": "npm", "package": "@acme-payments/optional", "version": "1.0.0"}
    refused = cloud.call(tmp_path, "shared-dependencies", asked)
    assert refused.conclusion is Conclusion.FAILURE, refused.output
    listed = refused.summary.split("```")[1].strip().splitlines()
    assert sorted(line.split()[0].rpartition("absent-")[2] for line in listed) == ["peer", "regular"]


@WHOLE_RUNS
@pytest.mark.parametrize(("version", "again", "published"), [("1.0.0", "1.0", False), ("1.0.0", "1.0.1", True)])
def test_a_version_in_another_spelling_is_there(cloud: LocalCloud, tmp_path: Path, version: str, again: str, published: bool) -> None:
    name = f"acme-payments-spelled-{again.replace('.', '-')}"
    for number in (version, again):
        wheel(tmp_path / number, Package(Format.PYPI, name, number))
    assert result(cloud.call(tmp_path, "publish", {"format": "pypi", "directory": str(tmp_path / version)})) == "published"
    second = cloud.call(tmp_path, "publish", {"format": "pypi", "directory": str(tmp_path / again)})
    assert (second.conclusion is Conclusion.SUCCESS) is published, second.output
    assert published or f"{name} 1.0 is already in payments as 1.0.0, which is the same version" in second.reason
