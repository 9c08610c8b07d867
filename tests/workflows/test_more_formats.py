"""publish-package.yml for crates, NuGet packages and generic ones, against the local cloud, with the program's own roles."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.owned_names import Format
from rehearsal import packages
from rehearsal.actions import Conclusion, RunResult
from rehearsal.packages import Package
from rehearsal.processes import has_cargo
from tests.rehearsal.cloud.codeartifact.test_nuget import nupkg
from tests.workflows.calling import call_action
from tests.workflows.registry import DOMAIN, LocalCloud
from tests.workflows.test_pack import of_tag
from tests.workflows.test_publishing import PUBLISH, published

needs_cargo = pytest.mark.skipif(not has_cargo(), reason="there is no cargo that runs")
GENERIC: dict[str, Any] = {"format": "generic", "files": "dist/*"}
CARGO = {"format": "cargo"}
NUGET = {"format": "nuget", "files": "out/*.nupkg"}


def crate(folder: Path, name: str = "acme-payments-ledger", *, manifest: str = "", needs: str = "") -> Path:
    """A crate's folder. `manifest`: more of [package], `needs`: more of [dependencies]."""
    packages.cargo_project(folder, Package(Format.CARGO, name))
    file = folder / "Cargo.toml"
    file.write_text(file.read_text().replace("\n\n[dep", f"\n{manifest}\n\n[dep") + needs)
    return folder


def files(folder: Path, name: str = "firmware", content: str = "1") -> Path:
    source = packages.generic_files(folder, Package(Format.GENERIC, f"acme-payments/{name}"))
    (source / "dist" / "image.bin").write_text(content)
    return source


def nuget(folder: Path, id: str, version: str = "1.0.0") -> Path:
    (folder / "out").mkdir(parents=True)
    (folder / "out" / f"{id}.{version}.nupkg").write_bytes(nupkg(id, version))
    return folder


def pack(folder: Path, source: Path, inputs: dict[str, Any], env: dict[str, str] | None = None) -> RunResult:
    """The action that packs, alone: what it refuses reaches no job with a right."""
    folder.mkdir(exist_ok=True)
    return call_action(folder, "pack", {**inputs, "destination": str(folder / "packed")}, source=source, env=env)


def refused(result: RunResult, words: str) -> None:
    assert result.conclusion is Conclusion.FAILURE, result.output
    assert words in result.output


@needs_cargo
def test_a_crate_is_published_once(cloud: LocalCloud, tmp_path: Path) -> None:
    """A dependency that no job can reach (it is private) does not stop it: packing resolves nothing."""
    source = crate(tmp_path / "crate", "acme-payments-once", needs='acme-payments-core = "1"\n')
    first = published(cloud.run(PUBLISH, CARGO, source=source, scratch=tmp_path / "machine"))
    (home,) = (tmp_path / "machine").glob("run-*/publish/home")
    assert not {".aws", ".cargo"} & {file.name for file in home.iterdir()}
    assert {key: first[key] for key in ("namespace", "package", "version", "result")} == {
        "namespace": "", "package": "acme-payments-once", "version": "1.0.0", "result": "published",
    }  # fmt: skip
    assert cloud.versions("payments", "cargo", "acme-payments-once") == {"1.0.0": "Published"}
    index = cloud.http("GET", "cargo", "ac/me/acme-payments-once").json()
    assert [(one["name"], one["req"]) for one in index["deps"]] == [("acme-payments-core", "^1")]
    assert published(cloud.run(PUBLISH, CARGO, source=source)) == {**first, "result": "unchanged"}
    (source / "src" / "lib.rs").write_text("pub const OTHER: bool = true;\n")
    refused(cloud.run(PUBLISH, CARGO, source=source), "already in payments with other content")


@needs_cargo
def test_a_crates_version_is_an_input(cloud: LocalCloud, tmp_path: Path) -> None:
    source = crate(tmp_path / "crate", "acme-payments-numbered", needs='[dependencies.acme-other]\nversion = "0.3"\n')
    assert published(cloud.run(PUBLISH, {**CARGO, "version": "2.1.0-rc.1"}, source=source))["version"] == "2.1.0-rc.1"
    shared = crate(tmp_path / "shared", "acme-payments-shared")
    text = (shared / "Cargo.toml").read_text()
    (shared / "Cargo.toml").write_text(text.replace('version = "1.0.0"', "version.workspace = true"))
    refused(cloud.run(PUBLISH, {**CARGO, "version": "2.1.0"}, source=shared), "a version of the workspace")


@needs_cargo
@pytest.mark.parametrize(
    ("name", "manifest", "needs", "words"),
    [
        ("acme-payments-closed", "publish = false", "", "publish = false"),
        ("acme-payments-public", 'publish = ["crates-io"]', "", "lets crates-io have the crate"),
        ("acme-payments-path", "", 'other = {path = "../other"}\n', "cargo does not pack this"),
        ("acme-payments-git", "", 'other = {git = "https://github.com/acme/other"}\n', "cargo does not pack this"),
        (
            "acme-payments-elsewhere",
            "",
            'other = {version = "1", registry-index = "sparse+https://crates.example/"}\n',
            "names the registry sparse+https://crates.example/",
        ),
        ("acme-payments-built", "", "", "without build metadata"),
    ],
)
def test_a_crate_that_is_refused(tmp_path: Path, name: str, manifest: str, needs: str, words: str) -> None:
    """The twins: a crate of this name that says nothing of the kind, and needs a version of a registry."""
    other = tmp_path / "other"
    packages.cargo_project(other, Package(Format.CARGO, "other"))
    source = crate(tmp_path / "crate", name, manifest=manifest, needs=needs)
    if name.endswith("built"):
        (source / "Cargo.toml").write_text((source / "Cargo.toml").read_text().replace('"1.0.0"', '"1.0.0+7"'))
    refused(pack(tmp_path / "job", source, CARGO), words)


@pytest.mark.parametrize(
    ("make", "inputs", "name"),
    [
        pytest.param(lambda folder: crate(folder, "acme-identity-ledger"), CARGO, "acme-identity-ledger", marks=needs_cargo),
        (files, {**GENERIC, "package": "acme-identity/firmware", "version": "1.0.0"}, "acme-identity/firmware"),
        (lambda folder: nuget(folder, "Acme.Identity.Client"), NUGET, "acme.identity.client"),
    ],
)
def test_no_other_name_is_published(
    cloud: LocalCloud, tmp_path: Path, make: Callable[[Path], Path], inputs: dict[str, Any], name: str
) -> None:
    result = cloud.run(PUBLISH, inputs, source=make(tmp_path / "source"))
    refused(result, "is not authorized to perform: codeartifact:PublishPackageVersion")
    assert f"{name} belongs to no team" in result.output
    assert result.jobs["build"].conclusion is Conclusion.SUCCESS


def test_generic_files_are_published_once(cloud: LocalCloud, tmp_path: Path) -> None:
    source = files(tmp_path / "source")
    (source / "dist" / "folder").mkdir()
    inputs = {**GENERIC, "package": "acme-payments/firmware", "version": "1.2.0"}
    first = published(cloud.run(PUBLISH, inputs, source=source))
    assert (first["namespace"], first["package"], first["version"]) == ("acme-payments", "firmware", "1.2.0")
    named = {"domain": DOMAIN, "repository": "payments", "format": "generic", "namespace": "acme-payments", "package": "firmware"}
    codeartifact = cloud.aws("codeartifact")
    assets = codeartifact.list_package_version_assets(**named, packageVersion="1.2.0")["assets"]
    assert [one["name"] for one in assets] == ["image.bin", "notes.txt"]
    assert codeartifact.get_package_version_asset(**named, packageVersion="1.2.0", asset="image.bin")["asset"].read() == b"1"
    assert published(cloud.run(PUBLISH, inputs, source=source)) == {**first, "result": "unchanged"}
    refused(cloud.run(PUBLISH, inputs, source=files(tmp_path / "other", content="2")), "already in payments with other content")
    (source / "dist" / "more.txt").write_text("more")
    refused(cloud.run(PUBLISH, inputs, source=source), "packed, not stored: more.txt")


@pytest.mark.parametrize("uploaded", [["image.bin"], ["image.bin", "notes.txt"]])
def test_an_unfinished_generic_version_is_finished(cloud: LocalCloud, tmp_path: Path, uploaded: list[str]) -> None:
    name = f"broken{len(uploaded)}"
    source = files(tmp_path / "source", name)
    for asset in uploaded:
        content = (source / "dist" / asset).read_bytes()
        cloud.generic("payments", f"acme-payments/{name}", "1.0.0", asset, content, unfinished=True)
    assert cloud.versions("payments", "generic", name, "acme-payments") == {"1.0.0": "Unfinished"}
    inputs = {**GENERIC, "package": f"acme-payments/{name}", "version": "1.0.0"}
    assert published(cloud.run(PUBLISH, inputs, source=source))["result"] == "published"
    assert cloud.versions("payments", "generic", name, "acme-payments") == {"1.0.0": "Published"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"package": "tool"}, "expected NAMESPACE/NAME"),
        ({"package": "acme-payments/a/b"}, "expected NAMESPACE/NAME"),
        ({"version": ""}, "there is no manifest that says it"),
        ({"files": ""}, "got no file that matches"),
        ({"files": "out/*"}, "got no file that matches out/*"),
        ({"files": "../source/dist/*"}, "name them from there"),
        ({"files": "/etc/host*"}, "name them from there"),
        ({"files": "dist/*\ncopy/*"}, "two files called image.bin"),
        ({"files": "odd/*"}, "a name of letters, digits"),
        ({"format": "swift"}, "got format swift; expected one that this action packs"),
        ({"package": "acme-payments/tool", "version": "1.0.0"}, None),
    ],
)
def test_generic_files_that_are_refused(tmp_path: Path, changed: dict[str, Any], words: str | None) -> None:
    source = files(tmp_path / "source", "tool")
    for folder, name in (("copy", "image.bin"), ("odd", "a b")):
        (source / folder).mkdir()
        (source / folder / name).write_text("1")
    result = pack(tmp_path / "job", source, {**GENERIC, "package": "acme-payments/tool", "version": "1.0.0", **changed})
    if words:
        refused(result, words)
    else:
        assert result.conclusion is Conclusion.SUCCESS, result.output


@pytest.mark.parametrize("inputs", [{"format": "swift"}, {**CARGO, "private-dependencies": True}])
def test_inputs_that_the_first_job_refuses(cloud: LocalCloud, tmp_path: Path, inputs: dict[str, Any]) -> None:
    result = cloud.run(PUBLISH, inputs, source=files(tmp_path / "source"))
    refused(result, f"not {'swift' if inputs['format'] == 'swift' else 'for cargo'}")
    assert result.jobs["check"].conclusion is Conclusion.FAILURE


def test_a_nuget_package_is_published_once(cloud: LocalCloud, tmp_path: Path) -> None:
    """What dotnet pack made; no client of NuGet takes part."""
    source = nuget(tmp_path / "source", "Acme.Payments.Once", "1.2.0")
    first = published(cloud.run(PUBLISH, NUGET, source=source))
    assert (first["package"], first["version"]) == ("acme.payments.once", "1.2.0")
    assert cloud.versions("payments", "nuget", "acme.payments.once") == {"1.2.0": "Published"}
    assert published(cloud.run(PUBLISH, NUGET, source=source)) == {**first, "result": "unchanged"}


@pytest.mark.parametrize(
    ("id", "inputs", "words"),
    [
        ("Acme.Payments.Client", {"version": "1.0.1"}, "although the version asked for is 1.0.1"),
        ("Acme.Payments.Client", {"files": "out/*.txt"}, "expected the one .nupkg"),
        ("Acme.Payments Client", {}, "expected letters, digits"),
    ],
)
def test_a_nuget_package_that_is_refused(tmp_path: Path, id: str, inputs: dict[str, str], words: str) -> None:
    refused(pack(tmp_path / "job", nuget(tmp_path / "source", id), {**NUGET, **inputs}), words)


@pytest.mark.parametrize(
    ("version", "tag", "words"),
    [
        ("1.0", "", ""),
        ("01.0.0.0", "", ""),
        ("1.0.1", "", "although the version asked for is 1.0.1"),
        ("", "v1.0", ""),
        ("", "v1.1", "although the tag v1.1 says 1.1"),
        ("tag", "Acme.Payments.Client-v1.0.0", ""),
        ("", "acme.payments.client-v1.0.0", ""),
        ("", "Acme.Payments.Other-v1.0.0", "says no version of Acme.Payments.Client"),
    ],
)
def test_a_nuget_packages_version_in_any_spelling(tmp_path: Path, version: str, tag: str, words: str) -> None:
    source = nuget(tmp_path / "source", "Acme.Payments.Client", "1.0.0")
    result = pack(tmp_path / "job", source, {**NUGET, "version": version}, of_tag(tag) if tag else None)
    assert result.conclusion is (Conclusion.FAILURE if words else Conclusion.SUCCESS), result.output
    assert words in result.output


@needs_cargo
@pytest.mark.parametrize(("format", "tag"), [("cargo", "acme-payments-tagged-v1.0.0"), ("generic", "tagged-v1.0.0"), ("cargo", "v1.0.0")])
def test_a_tags_version(tmp_path: Path, format: str, tag: str) -> None:
    source = crate(tmp_path / "crate", "acme-payments-tagged") if format == "cargo" else files(tmp_path / "source")
    inputs = {"format": format, "package": "acme-payments/tagged", "files": "dist/*"}
    result = pack(tmp_path / "job", source, inputs, of_tag(tag))
    assert result.conclusion is Conclusion.SUCCESS, result.output
    refused(pack(tmp_path / "other", source, inputs, of_tag("other-v1.0.0")), "says no version of")
    if format == "generic":
        assert json.loads((tmp_path / "job" / "packed" / "package.json").read_text())["version"] == "1.0.0"


def test_two_packages_of_one_folder_have_artifacts_of_their_own(cloud: LocalCloud, tmp_path: Path) -> None:
    """One run may publish both; neither gets as far here."""
    inputs = {**GENERIC, "version": "1.0.0", "files": "none/*"}
    runs = [
        cloud.run(PUBLISH, {**inputs, "package": f"acme-payments/{name}"}, source=files(tmp_path / name, name)) for name in ("one", "two")
    ]
    assert len({one.jobs["check"].outputs["artifact"] for one in runs}) == 2
