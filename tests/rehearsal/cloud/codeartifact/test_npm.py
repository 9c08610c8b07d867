"""The npm endpoint at the level of its requests."""

import base64
from typing import Any

import pytest

from rehearsal.cloud.public_registries import npm
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, npm_document, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import ACCOUNT, allow

NAME = "@acme-payments/client"
PUBLISH = allow("codeartifact:PublishPackageVersion", resource=package_arn("payments", "npm/acme-payments/*"))
TAG = allow("codeartifact:PutPackageMetadata", resource=package_arn("payments", "npm/acme-payments/*"))
READ = allow("codeartifact:ReadFromRepository", resource=repository_arn("payments"))


@pytest.fixture
def payments(scene: Scene) -> Scene:
    scene.repositories(npmjs="public:npmjs", shared="npmjs", payments="shared")
    return scene


def test_publish_then_read(payments: Scene) -> None:
    publisher, reader = payments.person(PUBLISH), payments.person(READ)
    assert publisher.npm_publish("payments", NAME, "1.0.0", description="A client").status_code == 200
    document = reader.request("GET", "npm", "payments", "@acme-payments%2fclient").json()
    assert document["dist-tags"] == {"latest": "1.0.0"}
    dist = document["versions"]["1.0.0"]["dist"]
    assert dist["tarball"] == f"{payments.cloud.url}/_codeartifact/{DOMAIN}-{ACCOUNT}/npm/payments/{NAME}/-/client-1.0.0.tgz"
    tarball = reader.npm_tarball("payments", NAME, "1.0.0").content
    assert tarball == base64.b64decode(npm_document(NAME, "1.0.0", description="A client")["_attachments"][f"{NAME}-1.0.0.tgz"]["data"])


def test_reading_and_publishing_are_separate_rights(payments: Scene) -> None:
    publisher, reader = payments.person(PUBLISH), payments.person(READ)
    refusal = reader.npm_publish("payments", NAME, "1.0.0")
    assert refusal.status_code == 403
    assert (
        f"codeartifact:PublishPackageVersion on resource: {package_arn('payments', 'npm/acme-payments/client')}" in refusal.json()["error"]
    )
    assert publisher.npm_publish("payments", NAME, "1.0.0").status_code == 200
    assert publisher.npm_tarball("payments", NAME, "1.0.0").status_code == 403
    assert reader.npm_tarball("payments", NAME, "1.0.0").status_code == 200


@pytest.mark.parametrize(
    ("repository", "name", "status"),
    [("payments", NAME, 200), ("payments", "@acme-orders/client", 403), ("payments", "client", 403), ("shared", NAME, 403)],
)
def test_publishing_is_decided_on_the_package(payments: Scene, repository: str, name: str, status: int) -> None:
    assert payments.person(PUBLISH).npm_publish(repository, name, "1.0.0").status_code == status


def test_the_short_document(payments: Scene) -> None:
    person = payments.person(PUBLISH, READ)
    person.npm_publish("payments", NAME, "1.0.0", description="long", dependencies={"a": "1"}, scripts={"test": "x"})
    accept = {"accept": "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"}
    answer = person.request("GET", "npm", "payments", NAME, headers=accept)
    assert answer.headers["content-type"] == "application/vnd.npm.install-v1+json"
    assert set(answer.json()["versions"]["1.0.0"]) == {"name", "version", "dependencies", "dist"}


class TestImmutability:
    def test_a_version_is_published_once(self, payments: Scene) -> None:
        person = payments.person(PUBLISH)
        assert person.npm_publish("payments", NAME, "1.0.0").status_code == 200
        assert person.npm_publish("payments", NAME, "1.0.0", description="other").status_code == 409
        assert person.npm_publish("payments", NAME, "1.0.0").status_code == 409
        assert person.npm_publish("payments", NAME, "1.0.1").status_code == 200

    def test_not_one_that_an_upstream_has(self, payments: Scene, administrator: Person) -> None:
        administrator.npm_publish("shared", NAME, "1.0.0")
        assert administrator.npm_publish("payments", NAME, "1.0.0").status_code == 409
        assert administrator.npm_publish("payments", NAME, "1.0.1").status_code == 200

    def test_not_one_that_a_public_registry_has(self, payments: Scene, administrator: Person) -> None:
        refusal = administrator.npm_publish("payments", "public-greeting", "1.0.0")
        assert (refusal.status_code, "public:npmjs" in refusal.json()["error"]) == (409, True)
        assert administrator.npm_publish("payments", "public-greeting", "7.0.0").status_code == 200

    def test_upstream_block_makes_upstream_versions_publishable(self, payments: Scene, administrator: Person) -> None:
        payments.controls("payments", "public-greeting", "ALLOW", "BLOCK")
        assert administrator.npm_publish("payments", "public-greeting", "1.0.0").status_code == 200

    def test_an_archived_version_is_still_there(self, payments: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", NAME, "1.0.0")
        named = {"domain": DOMAIN, "repository": "payments", "format": "npm", "namespace": "acme-payments", "package": "client"}
        payments.admin.update_package_versions_status(**named, versions=["1.0.0"], targetStatus="Archived")
        assert administrator.npm_publish("payments", NAME, "1.0.0").status_code == 409
        payments.admin.delete_package_versions(**named, versions=["1.0.0"])
        assert administrator.npm_publish("payments", NAME, "1.0.0").status_code == 200


def _mangled(change: str) -> dict[str, Any]:
    document = npm_document(NAME, "1.0.0")
    manifest, (attachment,) = document["versions"]["1.0.0"], document["_attachments"].values()
    if change == "shasum":
        manifest["dist"]["shasum"] = "0" * 40
    elif change == "integrity":
        manifest["dist"]["integrity"] = "sha512-" + base64.b64encode(b"0" * 64).decode()
    elif change == "no digest":
        manifest["dist"] = {}
    elif change == "name":
        document["name"] = "@acme-payments/other"
    elif change == "tarball of another version":
        other = npm_document(NAME, "2.0.0")
        attachment.update(next(iter(other["_attachments"].values())))
        manifest["dist"] = other["versions"]["2.0.0"]["dist"]
    elif change == "length":
        attachment["length"] += 1
    elif change == "two versions":
        document["versions"]["1.0.1"] = manifest
    elif change == "tag of another version":
        document["dist-tags"]["latest"] = "0.9.0"
    return document


@pytest.mark.parametrize(
    "change", ["shasum", "integrity", "no digest", "name", "tarball of another version", "length", "two versions", "tag of another version"]
)
def test_publications_that_contradict_themselves(payments: Scene, change: str) -> None:
    person = payments.person(PUBLISH)
    assert person.request("PUT", "npm", "payments", "@acme-payments%2fclient", json=_mangled(change)).status_code == 400
    assert person.request("PUT", "npm", "payments", "@acme-payments%2fclient", json=_mangled("nothing")).status_code == 200


class TestTags:
    def test_setting_needs_the_metadata_right(self, payments: Scene) -> None:
        publisher, tagger = payments.person(PUBLISH, READ), payments.person(TAG, READ)
        publisher.npm_publish("payments", NAME, "1.0.0")
        path = "-/package/@acme-payments%2fclient/dist-tags"
        assert publisher.request("PUT", "npm", "payments", f"{path}/stable", json="1.0.0").status_code == 403
        assert tagger.request("PUT", "npm", "payments", f"{path}/stable", json="1.0.0").status_code == 200
        assert publisher.request("GET", "npm", "payments", path).json() == {"latest": "1.0.0", "stable": "1.0.0"}

    @pytest.mark.parametrize(("tag", "version"), [("stable", "9.9.9"), ("1.0.0", "1.0.0"), ("stable", None)])
    def test_what_can_not_be_a_tag(self, payments: Scene, tag: str, version: str | None) -> None:
        person = payments.person(PUBLISH, TAG)
        person.npm_publish("payments", NAME, "1.0.0")
        path = f"-/package/@acme-payments%2fclient/dist-tags/{tag}"
        assert person.request("PUT", "npm", "payments", path, json=version).status_code == 400

    def test_an_upstreams_tag_wins(self, payments: Scene, administrator: Person) -> None:
        for repository, version, tag in (("payments", "1.0.0", "latest"), ("payments", "1.0.1", "next"), ("shared", "2.0.0", "latest")):
            administrator.npm_publish(repository, NAME, version, tag=tag)
        payments.controls("payments", NAME, "ALLOW", "ALLOW")
        assert administrator.npm_tags("payments", NAME) == {"latest": "2.0.0", "next": "1.0.1"}


def test_a_hidden_versions_tag_takes_no_others_place(payments: Scene, administrator: Person) -> None:
    administrator.npm_publish("payments", NAME, "1.0.0")
    administrator.npm_publish("shared", NAME, "2.0.0")
    named = {"domain": DOMAIN, "format": "npm", "namespace": "acme-payments", "package": "client"}
    payments.controls("payments", NAME, "ALLOW", "ALLOW")
    assert administrator.npm_tags("payments", NAME) == {"latest": "2.0.0"}
    payments.admin.update_package_versions_status(repository="shared", **named, versions=["2.0.0"], targetStatus="Archived")
    assert administrator.npm_tags("payments", NAME) == {"latest": "1.0.0"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "-/ping", 200),
        ("GET", "-/whoami", 404),
        ("POST", "-/npm/v1/security/advisories/bulk", 404),
        ("POST", "-/npm/v1/security/audits/quick", 404),
        ("GET", "-/v1/search", 501),
        ("DELETE", "left/-rev/1", 501),
        ("DELETE", "-/package/left/dist-tags/stable", 501),
        ("PUT", "left", 501),  # npm deprecate
        ("PUT", "-/user/org.couchdb.user:somebody", 501),
    ],
)
def test_what_is_not_supported_says_so(payments: Scene, administrator: Person, method: str, path: str, status: int) -> None:
    assert administrator.request(method, "npm", "payments", path, json={}).status_code == status


def test_unlisted_versions_are_downloaded_but_not_listed(payments: Scene, administrator: Person) -> None:
    for version in ("1.0.0", "2.0.0"):
        administrator.npm_publish("payments", NAME, version)
    named = {"domain": DOMAIN, "repository": "payments", "format": "npm", "namespace": "acme-payments", "package": "client"}
    payments.admin.update_package_versions_status(**named, versions=["1.0.0"], targetStatus="Unlisted")
    assert administrator.npm_versions("payments", NAME) == ["2.0.0"]
    assert administrator.npm_tarball("payments", NAME, "1.0.0").status_code == 200
    payments.admin.update_package_versions_status(**named, versions=["1.0.0"], targetStatus="Archived")
    assert administrator.npm_tarball("payments", NAME, "1.0.0").status_code == 404


def test_another_formats_endpoint_has_its_own_packages(payments: Scene, administrator: Person) -> None:
    administrator.npm_publish("payments", "client", "1.0.0")
    assert administrator.request("GET", "pypi", "payments", "simple/client/").status_code == 404
    assert administrator.request("GET", "nuget", "payments", "v3/flatcontainer/client/index.json").status_code == 404
    assert npm.tarball_name("@a/b", "1.0.0") == "b-1.0.0.tgz"
