"""The Maven endpoint at the level of its requests."""

import hashlib
import re

import httpx
import pytest

from rehearsal.cloud.codeartifact.maven import locate
from rehearsal.cloud.codeartifact.store import Coordinates
from rehearsal.cloud.public_registries import maven
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import ACCOUNT, allow

NAME = "com.acme.payments:ledger"
DIRECTORY = "com/acme/payments/ledger"
PACKAGE = package_arn("payments", "maven/com.acme.payments/*")
PUBLISH = allow("codeartifact:PublishPackageVersion", resource=PACKAGE)
METADATA = allow("codeartifact:PutPackageMetadata", resource=PACKAGE)
READ = allow("codeartifact:ReadFromRepository", resource=repository_arn("payments"))


@pytest.fixture
def payments(scene: Scene) -> Scene:
    scene.repositories(central="public:maven-central", shared="central", payments="shared")
    return scene


def put(person: Person, path: str, content: bytes, repository: str = "payments") -> int:
    return person.request("PUT", "maven", repository, path, content=content).status_code


def get(person: Person, path: str, repository: str = "payments") -> httpx.Response:
    return person.request("GET", "maven", repository, path)


def upload(person: Person, version: str, name: str = NAME, repository: str = "payments") -> set[int]:
    """All assets, and then the metadata; the statuses."""
    statuses = {put(person, path, content, repository) for path, content in maven.artifacts(name, version, {}).items()}
    return statuses | {put(person, path, content, repository) for path, content in maven.metadata(name, [version]).items()}


def versions(scene: Scene, repository: str = "payments") -> dict[str, str]:
    return scene.versions(repository, "maven", "ledger", "com.acme.payments")


def test_a_version_is_unfinished_until_its_metadata_comes(payments: Scene) -> None:
    person = payments.person(PUBLISH, METADATA, READ)
    (pom, pom_content), (jar, jar_content) = maven.artifacts(NAME, "1.0.0", {}).items()
    assert (put(person, pom, pom_content), put(person, jar, jar_content)) == (201, 201)
    assert versions(payments) == {"1.0.0": "Unfinished"}
    assert get(person, jar).status_code == 404
    ((path, content),) = maven.metadata(NAME, ["1.0.0"]).items()
    assert put(person, path, content) == 201
    assert versions(payments) == {"1.0.0": "Published"}
    assert get(person, jar).content == jar_content
    assert get(person, f"{jar}.sha1").text == hashlib.sha1(jar_content, usedforsecurity=False).hexdigest()
    assert re.findall("<version>(.*?)</version>", get(person, path).text) == ["1.0.0"]
    assert get(person, f"{path}.sha256").text == hashlib.sha256(get(person, path).content).hexdigest()


def test_the_status_can_be_set_instead(payments: Scene) -> None:
    person = payments.person(PUBLISH, READ)
    for path, content in maven.artifacts(NAME, "1.0.0", {}).items():
        put(person, path, content)
    named = {"domain": DOMAIN, "repository": "payments", "format": "maven", "namespace": "com.acme.payments", "package": "ledger"}
    payments.admin.update_package_versions_status(**named, versions=["1.0.0"], targetStatus="Published")
    assert get(person, f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar").status_code == 200


def test_metadata_is_a_right_of_its_own(payments: Scene) -> None:
    publisher, both, reader = payments.person(PUBLISH), payments.person(PUBLISH, METADATA), payments.person(READ)
    assert upload(publisher, "1.0.0") == {201, 403}
    assert upload(reader, "1.0.1") == {403}
    assert upload(both, "1.0.0") == {201}
    assert versions(payments) == {"1.0.0": "Published"}
    assert get(both, f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar").status_code == 403


@pytest.mark.parametrize(("name", "status"), [(NAME, {201}), ("com.acme.orders:ledger", {403}), ("com.acmecorp:ledger", {403})])
def test_publishing_is_decided_on_the_package(payments: Scene, name: str, status: set[int]) -> None:
    assert upload(payments.person(PUBLISH, METADATA), "1.0.0", name) == status


def test_an_asset_is_not_overwritten(payments: Scene) -> None:
    person = payments.person(PUBLISH, METADATA)
    upload(person, "1.0.0")
    path = f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar"
    assert put(person, path, maven.artifacts(NAME, "1.0.0", {})[path]) == 201
    assert put(person, path, b"other") == 409
    assert put(person, f"{DIRECTORY}/1.0.0/ledger-1.0.0-sources.jar", b"more") == 201


def test_a_wrong_checksum_keeps_a_version_unfinished(payments: Scene) -> None:
    person = payments.person(PUBLISH, METADATA)
    for path, content in maven.artifacts(NAME, "1.0.0", {}).items():
        put(person, path, content)
    jar, ((path, content),) = f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar", maven.metadata(NAME, ["1.0.0"]).items()
    digest = hashlib.sha1(maven.artifacts(NAME, "1.0.0", {})[jar], usedforsecurity=False).hexdigest()
    assert put(person, f"{jar}.sha1", digest.upper().encode()) == 400
    assert put(person, path, content) == 400
    assert versions(payments) == {"1.0.0": "Unfinished"}
    assert put(person, f"{jar}.sha1", digest.encode()) == 201
    assert put(person, path, content) == 201
    assert put(person, f"{path}.sha1", b"0" * 40) == 400
    assert put(person, f"{DIRECTORY}/1.0.0/ledger-1.0.0-missing.jar.sha1", digest.encode()) == 404


def test_a_version_that_is_reachable_upstream(payments: Scene, administrator: Person) -> None:
    assert upload(administrator, "1.0.0", "org.example.open:greeting") == {409, 404}
    assert upload(administrator, "7.0.0", "org.example.open:greeting") == {201}
    upload(administrator, "1.0.0", repository="shared")
    assert put(administrator, f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar", b"mine") == 409
    assert put(administrator, f"{DIRECTORY}/1.0.1/ledger-1.0.1.jar", b"mine") == 201


def test_a_public_artifact_comes_through_and_stays(payments: Scene) -> None:
    reader, path = payments.person(READ), "org/example/open/greeting/1.1.0/greeting-1.1.0.pom"
    assert b"punctuation" in get(reader, path).content
    assert get(reader, path.replace(".pom", ".jar.md5")).status_code == 200
    kept = {name: payments.versions(name, "maven", "greeting", "org.example.open") for name in ("payments", "shared", "central")}
    assert kept == {"payments": {"1.1.0": "Published"}, "shared": {}, "central": {"1.1.0": "Published"}}
    assert re.findall("<version>(.*?)</version>", get(reader, "org/example/open/greeting/maven-metadata.xml").text) == ["1.0.0", "1.1.0"]


def test_a_public_version_takes_no_asset_of_ours(payments: Scene, administrator: Person) -> None:
    directory = "org/example/open/greeting/1.1.0"
    get(administrator, f"{directory}/greeting-1.1.0.pom")
    packages = payments.service.store.domains[ACCOUNT, DOMAIN].repositories["payments"].packages
    packages[Coordinates("maven", "org.example.open", "greeting")].restrictions = {"publish": "ALLOW", "upstream": "BLOCK"}
    assert put(administrator, f"{directory}/greeting-1.1.0-evil.jar", b"x") == 409
    assert put(administrator, "org/example/open/greeting/7.0.0/greeting-7.0.0.jar", b"x") == 201


def test_snapshots_and_other_methods_say_so(payments: Scene, administrator: Person) -> None:
    assert put(administrator, f"{DIRECTORY}/1.0-SNAPSHOT/ledger-1.0-SNAPSHOT.jar", b"x") == 501
    assert administrator.request("DELETE", "maven", "payments", f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar").status_code == 501


@pytest.mark.parametrize("content", [b"no xml", b"<!DOCTYPE x []><metadata/>", b"<metadata><groupId>com.acme</groupId></metadata>"])
def test_metadata_that_can_not_be_taken(payments: Scene, administrator: Person, content: bytes) -> None:
    upload(administrator, "1.0.0")
    assert put(administrator, f"{DIRECTORY}/maven-metadata.xml", content) == 400


def test_head_is_get_without_a_body(payments: Scene, administrator: Person) -> None:
    upload(administrator, "1.0.0")
    assert administrator.request("HEAD", "maven", "payments", f"{DIRECTORY}/1.0.0/ledger-1.0.0.jar").status_code == 200
    assert administrator.request("HEAD", "maven", "payments", f"{DIRECTORY}/1.0.1/ledger-1.0.1.jar").status_code == 404


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("com/acme/a/1.0/a-1.0.jar", ("com.acme", "a", "1.0", "a-1.0.jar", None)),
        ("com/acme/a/1.0/a-1.0-sources.jar.sha1", ("com.acme", "a", "1.0", "a-1.0-sources.jar", "sha1")),
        ("com/acme/a/maven-metadata.xml.md5", ("com.acme", "a", "", "", "md5")),
        ("com/acme/a/1.0/b-1.0.jar", None),
        ("a.jar", None),
    ],
)
def test_paths(path: str, expected: tuple | None) -> None:
    found = locate(path)
    assert (found and (found.package.namespace, found.package.name, found.version, found.file, found.checksum)) == expected
