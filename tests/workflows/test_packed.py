"""Publishing what the build packed, and several packages: what is taken, what is refused, and in which order.

Each refusal has a twin that differs in what is refused.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions import Conclusion, RunResult
from rehearsal.actions.standins import Artifacts
from tests.workflows import sources
from tests.workflows.calling import built, call_action, script
from tests.workflows.registry import LocalCloud
from tests.workflows.test_pack import MODEL, distribution, needing, of_tag

PUBLISH = "publish-package.yml"
package = script("publish/package")
packages = script("publish/packages")


def tarball(folder: Path, name: str, version: str = "1.0.0", **fields: Any) -> Path:
    """As npm pack writes it, and the pack commands of others."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name.replace('@', '').replace('/', '-')}-{version}.tgz"
    text = json.dumps({"name": name, "version": version, **fields}).encode()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("package/package.json")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    file.write_bytes(gzip.compress(content.getvalue(), mtime=0))
    return file


def distributions(folder: Path, *kinds: str, name: str = "acme-payments-packed", version: str = "1.0.0", more: str = "") -> None:
    """Wheels of platforms, and a source distribution for "sdist"."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}".encode()
    for kind in kinds:
        file = distribution(folder, "sdist" if kind == "sdist" else "wheel", text)
        named = file.name.replace("acme_payments_packed-1.0.0", f"{name.replace('-', '_')}-{version}")
        file.rename(folder / named.replace("py3-none-any", f"cp311-cp311-{kind}"))


def maven(folder: Path, artifact: str, version: str = "1.0.0", *, inside: str = "", said: str = "") -> Path:
    """One version as Gradle's maven-publish writes it: module metadata, checksums and the repository's metadata beside it."""
    home = folder / "com" / "acme" / "payments" / artifact / version
    home.mkdir(parents=True)
    coordinates = f"<groupId>com.acme.payments</groupId><artifactId>{artifact}</artifactId><version>{said or version}</version>"
    stem = home / f"{artifact}-{version.replace('SNAPSHOT', '20260101.120000-1')}"
    for ending, text in (("pom", MODEL.format(coordinates + inside)), ("jar", "jar"), ("module", "{}")):
        stem.with_name(f"{stem.name}.{ending}").write_text(text)
    for file in sorted(home.iterdir()):
        for sum in ("md5", "sha1", "sha256", "sha512"):
            file.with_name(f"{file.name}.{sum}").write_text(sum)
    for sum in ("", ".md5", ".sha1"):
        (home.parent / f"maven-metadata.xml{sum}").write_text("metadata")
    return folder


def pack(folder: Path, format: str, packed: str = "dist/*", *, tag: str = "", **inputs: str) -> RunResult:
    """The action pack about what lies in `folder`/source/dist. It is in `folder`/packed afterwards."""
    given = {"format": format, "packed": packed, "destination": str(folder / "packed"), **inputs}
    return call_action(folder, "pack", given, source=folder / "source", env=of_tag(tag) if tag else {"GITHUB_REF_TYPE": "branch"})


def there(folder: Path) -> list[str]:
    return sorted(one.name for one in (folder / "packed").rglob("*") if one.is_file())


def judged(result: RunResult, message: str) -> None:
    assert result.conclusion is (Conclusion.FAILURE if message else Conclusion.SUCCESS), result.output
    assert message in result.output


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dependencies": {"a": "^1.0.0"}}, ""),
        ({"dependencies": {"a": "workspace:^"}}, "dependencies.a is workspace:^"),
        ({"dependencies": {"a": "catalog:"}}, "dependencies.a is catalog:"),
        ({"optionalDependencies": {"a": "file:../a"}}, "optionalDependencies.a is file:../a"),
        ({"peerDependencies": {"a": "git+https://git.example/a.git"}}, "peerDependencies.a is git+https:"),
        ({"private": True}, '"private": true'),
        ({"publishConfig": {"registry": "https://registry.example"}}, "publishConfig.registry"),
        ({"publishConfig": {"access": "restricted"}}, ""),
        ({"publishConfig": {"proxy": "x"}}, "sets proxy in publishConfig"),
        ({"tag": "latest"}, "package.json has a tag"),
    ],
)
def test_a_tarball_that_nobody_could_install_is_not_taken(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    tarball(tmp_path / "source" / "dist", "@acme-payments/a")
    tarball(tmp_path / "source" / "dist", "@acme-payments/b", **fields)
    judged(pack(tmp_path, "npm"), message)
    assert message or there(tmp_path) == ["acme-payments-a-1.0.0.tgz", "acme-payments-b-1.0.0.tgz"]


@pytest.mark.parametrize(
    ("kinds", "more", "message"),
    [
        (("linux_x86_64", "win_amd64", "sdist"), "Requires-Dist: other>=1\n", ""),
        (("sdist",), "", ""),
        (
            ("linux_x86_64",),
            "Requires-Dist: other @ https://files.example/other.whl\n",
            "it requires 'other @ https://files.example/other.whl'",
        ),
        (("sdist",), "Requires-Dist: other @ file:///other\n", "it requires 'other @ file:///other'"),
    ],
)
def test_wheels_and_a_source_distribution_are_one_version(tmp_path: Path, kinds: tuple[str, ...], more: str, message: str) -> None:
    distributions(tmp_path / "source" / "dist", *kinds, more=more)
    # As uv leaves it.
    (tmp_path / "source" / "dist" / ".gitignore").write_text("*")
    judged(pack(tmp_path, "pypi", "dist"), message)
    assert message or len(there(tmp_path)) == len(kinds)


@pytest.mark.parametrize(
    ("version", "options", "message"),
    [
        ("1.0.0", {"inside": needing("2.0.0")}, ""),
        ("1.0.0", {"said": "${revision}"}, "its version is ${revision}"),
        ("1.0.0-SNAPSHOT", {}, "1.0.0-SNAPSHOT changes with every build: publish a release version"),
        ("1.0.0", {"inside": needing("2.0.0-SNAPSHOT")}, "it needs x:y 2.0.0-SNAPSHOT"),
        ("1.0.0", {"said": "2.0.0"}, "is com.acme.payments:lib:2.0.0; expected it in com/acme/payments/lib/2.0.0"),
    ],
)
def test_a_maven_repository_is_taken_without_its_own_metadata(tmp_path: Path, version: str, options: dict[str, str], message: str) -> None:
    maven(tmp_path / "source" / "dist", "lib", version, **options)
    judged(pack(tmp_path, "maven", "dist"), message)
    assert message or there(tmp_path) == ["lib-1.0.0.jar", "lib-1.0.0.module", "lib-1.0.0.pom"]


def test_a_maven_repository_may_lie_deeper(tmp_path: Path) -> None:
    """As artifacts do that are downloaded together."""
    for artifact in ("lib", "api"):
        maven(tmp_path / "source" / "dist" / f"artifact-{artifact}", artifact)
    judged(pack(tmp_path, "maven", "dist"), "")
    assert (tmp_path / "packed" / "com" / "acme" / "payments" / "api" / "1.0.0" / "api-1.0.0.pom").is_file()


def test_what_is_not_there_or_is_no_package_is_refused(tmp_path: Path) -> None:
    dist = tmp_path / "source" / "dist"
    tarball(dist, "@acme-payments/a")
    for packed, message in (
        ("dist/*.tgz\n", ""),
        ("dist/*.tgz\nother/*.tgz", "packed: got other/*.tgz, which matches nothing"),
        ("dist/*", "packed: got dist/notes.txt; expected .tgz"),
        ("dist", ""),
    ):
        (tmp_path / packed.replace("/", "-").strip()).mkdir()
        (dist / "notes.txt").write_text("no package")
        result = call_action(
            tmp_path,
            "pack",
            {"format": "npm", "packed": packed, "destination": str(tmp_path / packed.replace("/", "-").strip() / "packed")},
            source=tmp_path / "source",
        )
        judged(result, message)


def test_two_jobs_do_not_make_the_same_file_differently(tmp_path: Path) -> None:
    dist = tmp_path / "source" / "dist"
    for job, more in (("one", ""), ("two", ""), ("three", "Summary: another\n")):
        distributions(dist / job, "linux_x86_64", more=more)
    judged(pack(tmp_path, "pypi", "dist/one\ndist/two"), "")
    judged(pack(tmp_path, "pypi", "dist"), "got two files acme_payments_packed-1.0.0-cp311-cp311-linux_x86_64.whl with different content")


def test_one_version_of_a_package_is_published_in_a_run(tmp_path: Path) -> None:
    make: dict[str, Callable[[Path, str], object]] = {
        "npm": lambda folder, version: tarball(folder, "@acme-payments/a", version),
        "pypi": lambda folder, version: distributions(folder, "linux_x86_64", version=version),
        "maven": lambda folder, version: maven(folder, "lib", version),
    }
    for format, one in make.items():
        for version in ("1.0.0", "2.0.0"):
            one(tmp_path / format / version, version)
            one(tmp_path / format / "both", version)
        assert packages.read(format, tmp_path / format / "1.0.0")[0].version == "1.0.0"
        with pytest.raises(package.Refused, match="expected one version of a package"):
            packages.read(format, tmp_path / format / "both")


@pytest.mark.parametrize(
    ("format", "asked", "tag", "message"),
    [
        ("npm", "1.0.0", "", ""),
        ("npm", "1.0.1", "", "packed @acme-payments/a@1.0.0, although the version asked for is 1.0.1"),
        ("npm", "tag", "v1.0.0", ""),
        ("npm", "", "v1.0.0", ""),
        ("npm", "", "v1.0.1", "although the tag v1.0.1 says 1.0.1"),
        ("npm", "tag", "", "a version from the tag"),
        ("pypi", "1.0.0", "", ""),
        ("pypi", "1.0", "", ""),
        ("pypi", "1.0.1", "", "although the version asked for is 1.0.1"),
        ("maven", "1.0.0", "v1.0.0", ""),
        ("maven", "1.0", "", "although the version asked for is 1.0"),
    ],
)
def test_what_the_build_packed_has_the_version_asked_for(tmp_path: Path, format: str, asked: str, tag: str, message: str) -> None:
    dist = tmp_path / "source" / "dist"
    {
        "npm": lambda: tarball(dist, "@acme-payments/a"),
        "pypi": lambda: distributions(dist, "linux_x86_64"),
        "maven": lambda: maven(dist, "lib"),
    }[format]()
    judged(pack(tmp_path, format, "dist", version=asked, tag=tag), message)


TAGS: Mapping[str, tuple[list[str], str]] = {
    "@acme-payments/ui@1.1.0": (["ui-1.1.0"], ""),
    "ui-v1.1.0": (["ui-1.1.0"], ""),
    "forms-v1.1.0": (["forms-1.1.0"], ""),
    "ui-forms-v1.1.0": (["ui-forms-1.1.0"], ""),
    "v1.1.0": (["forms-1.1.0", "ui-1.1.0", "ui-forms-1.1.0"], ""),
    "ui-v1.2.0": ([], "packed @acme-payments/ui@1.1.0, although the tag ui-v1.2.0 says 1.2.0"),
    "other-v1.1.0": ([], "the tag other-v1.1.0 says no version of @acme-payments/forms, @acme-payments/ui, @acme-payments/ui-forms"),
}


@pytest.mark.parametrize("packed_here", [True, False])
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_chooses_the_package_that_it_names(tmp_path: Path, tag: str, packed_here: bool) -> None:
    expected, message = TAGS[tag]
    for name in ("ui", "forms", "ui-forms"):
        sources.npm(tmp_path / "source" / "packages" / name, f"@acme-payments/{name}", "1.1.0")
        tarball(tmp_path / "source" / "dist", f"@acme-payments/{name}", "1.1.0")
    result = pack(tmp_path, "npm", "" if packed_here else "dist/*", packages="packages/*" if packed_here else "", tag=tag)
    judged(result, message)
    assert message or there(tmp_path) == [f"acme-payments-{one}.tgz" for one in expected]


def test_a_tag_that_two_packages_are_called_names_none(tmp_path: Path) -> None:
    for scope in ("acme-payments", "acme-orders"):
        tarball(tmp_path / "source" / "dist", f"@{scope}/ui")
    judged(pack(tmp_path, "npm", tag="ui-v1.0.0"), "the tag ui-v1.0.0 may be of @acme-orders/ui or @acme-payments/ui")
    judged(pack(tmp_path, "npm", tag="@acme-orders/ui@1.0.0"), "")
    assert there(tmp_path) == ["acme-orders-ui-1.0.0.tgz"]


def test_a_tag_with_a_full_name_is_not_of_another_scope(tmp_path: Path) -> None:
    for name in ("ui", "@acme-payments/ui"):
        tarball(tmp_path / "source" / "dist", name)
    judged(pack(tmp_path, "npm", tag="ui-v1.0.0"), "")
    assert there(tmp_path) == ["ui-1.0.0.tgz"]


def test_folders_of_a_monorepo_are_packed_but_private_ones(tmp_path: Path) -> None:
    for name, version in (("ui", "1.1.0"), ("forms", "2.0.0")):
        sources.npm(tmp_path / "source" / "packages" / name, f"@acme-payments/{name}", version)
    private = sources.npm(tmp_path / "source" / "packages" / "app", "app", "0.0.0")
    manifest = private / "package.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "private": True}))
    (tmp_path / "source" / "packages" / "README").mkdir()
    judged(pack(tmp_path, "npm", "", packages="packages/*\npackages/ui"), "")
    assert there(tmp_path) == ["acme-payments-forms-2.0.0.tgz", "acme-payments-ui-1.1.0.tgz"]
    judged(pack(tmp_path, "npm", "", packages="packages/app"), '"private": true')
    judged(pack(tmp_path, "npm", "", packages="libs/*"), "packages: got libs/*, which no folder with a package.json matches")
    judged(pack(tmp_path, "npm", "", packages="packages/none"), "there is no package.json in packages/none")
    judged(pack(tmp_path, "npm", "dist", packages="packages/*"), "got packages and packed; expected one of them")


def of(key: str, needs: str = "", wants: str = "") -> Any:
    return package.Package("", key, "1", key, f"{key}@1", (key,), "", {}, (), frozenset(needs.split()), frozenset(wants.split()))


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ([of("b"), of("a")], "a b"),
        ([of("a", "b"), of("b", "c"), of("c")], "c b a"),
        ([of("a", "elsewhere a"), of("b")], "a b"),
        ([of("a", wants="b"), of("b")], "b a"),
        ([of("a", wants="b"), of("b", "a")], "a b"),
        ([of("a", wants="b"), of("b", wants="a"), of("c")], "c a b"),
    ],
)
def test_a_package_comes_after_those_that_it_needs(given: list[Any], order: str) -> None:
    for one in (given, given[::-1]):
        assert " ".join(each.key for each in package.ordered(one)) == order


def test_a_ring_has_no_first_one() -> None:
    with pytest.raises(package.Refused, match=r"^b needs c needs b: none can come first"):
        package.ordered([of("a", "b"), of("b", "c"), of("c", "b"), of("d")])


def test_needs_are_read_from_what_is_packed(tmp_path: Path) -> None:
    tarball(
        tmp_path / "npm", "a", dependencies={"b": "^1", "alias": "npm:@x/c@1"}, optionalDependencies={"d": "1"}, peerDependencies={"e": "1"}
    )
    distributions(tmp_path / "pypi", "linux_x86_64", more='Requires-Dist: B.b>=1\nRequires-Dist: e; extra == "dev"\n')
    parent = "<parent><groupId>com.acme.payments</groupId><artifactId>root</artifactId><version>1.0.0</version></parent>"
    maven(
        tmp_path / "maven",
        "lib",
        inside=parent + needing("1") + f"<dependencyManagement>{needing('2').replace('>y<', '>z<')}</dependencyManagement>",
    )
    (npm,), (pypi,), (jvm,) = (packages.read(format, tmp_path / format) for format in ("npm", "pypi", "maven"))
    assert (set(npm.needs), set(npm.wants)) == ({"b", "@x/c", "d"}, {"e"})
    assert (set(pypi.needs), set(pypi.wants)) == ({"b-b"}, {"e"})
    assert (set(jvm.needs), set(jvm.wants)) == ({"com.acme.payments:root", "x:y"}, {"x:z"})


# --- artifacts of earlier jobs ----------------------------------------------------------------------------------------------------------


def uploaded(artifacts: Artifacts, name: str, make: Callable[[Path], object]) -> None:
    """What another job of the run uploaded."""
    _, folder = artifacts.make(name, overwrite=False)
    make(folder)


def test_artifacts_of_earlier_jobs_are_one_version(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    for platform in ("linux_x86_64", "win_amd64"):
        uploaded(artifacts, f"wheels-{platform}", lambda folder, platform=platform: distributions(folder, platform))
    uploaded(artifacts, "coverage", lambda folder: (folder / "report.txt").write_text("x"))
    source = sources.pypi(tmp_path / "source", "acme-payments-other", "9.0.0")
    job = built(source, {"format": "pypi", "packed-artifact": "wheels-*"}, artifacts=artifacts)
    assert "packed acme-payments-packed 1.0.0" in job.output, job.output
    (handed,) = artifacts.matching("package-pypi-*").values()
    assert len(list(handed.iterdir())) == 2
    # Not what lies in the source, in their place.
    job = built(source, {"format": "pypi", "packed-artifact": "wheel-*"}, artifacts=artifacts)
    assert "packed-artifact: got wheel-*, which no artifact of this run is named" in job.reason


# --- publishing -------------------------------------------------------------------------------------------------------------------------


def publish(cloud: LocalCloud, folder: Path, *versions: tuple[str, str, dict[str, str]]) -> RunResult:
    """The workflow on tarballs of packages @acme-payments/NAME (or a full name), each with dependencies."""
    for name, version, needs in versions:
        tarball(folder / "dist", name if "/" in name else f"@acme-payments/{name}", version, dependencies=needs)
    return cloud.run(PUBLISH, {"format": "npm", "packed": "dist"}, source=folder)


def results(run: RunResult) -> dict[str, str]:
    assert run.conclusion is Conclusion.SUCCESS, run.output
    return {f"{one['package']} {one['version']}": one["result"] for one in json.loads(run.outputs["packages"])}


def test_a_run_publishes_what_is_new_after_what_it_needs(cloud: LocalCloud, tmp_path: Path) -> None:
    needs = {"@acme-payments/zz-base": "^1.0.0"}
    first = results(publish(cloud, tmp_path / "1", ("mono", "1.0.0", needs), ("zz-base", "1.0.0", {})))
    assert list(first.items()) == [("zz-base 1.0.0", "published"), ("mono 1.0.0", "published")]
    run = publish(cloud, tmp_path / "2", ("mono", "1.1.0", needs), ("zz-base", "1.0.0", {}))
    assert list(results(run).items()) == [("zz-base 1.0.0", "unchanged"), ("mono 1.1.0", "published")]
    assert "| acme-payments mono | 1.1.0 |" in run.summary and "| unchanged |" in run.summary
    # All that can't be is named, and nothing is published.
    run = publish(cloud, tmp_path / "3", ("mono", "1.1.0", {}), ("zz-base", "1.0.0", {"a": "1"}), ("aa-new", "1.0.0", {}))
    assert run.conclusion is Conclusion.FAILURE
    for name in ("@acme-payments/mono@1.1.0", "@acme-payments/zz-base@1.0.0"):
        assert f"{name} is already in payments with other content" in run.output
    assert cloud.versions("payments", "npm", "aa-new", "acme-payments") == {}


def test_a_run_that_fails_half_way_says_what_is_there(cloud: LocalCloud, tmp_path: Path) -> None:
    needs = {"@acme-payments/half-base": "1.0.0"}
    foreign, after = ("@not-owned/half", "1.0.0", needs), ("half-zz", "1.0.0", {"@not-owned/half": "1.0.0"})
    run = publish(cloud, tmp_path / "1", ("half-base", "1.0.0", {}), foreign, after)
    assert run.conclusion is Conclusion.FAILURE
    assert "published before the failure: @acme-payments/half-base@1.0.0; " in run.output
    assert "; not published: @not-owned/half@1.0.0, @acme-payments/half-zz@1.0.0. " in run.output
    assert "| not-owned half | 1.0.0 |  | failed |" in run.summary and "| acme-payments half-zz | 1.0.0 |  | not published |" in run.summary
    assert results(publish(cloud, tmp_path / "2", ("half-base", "1.0.0", {}))) == {"half-base 1.0.0": "unchanged"}
