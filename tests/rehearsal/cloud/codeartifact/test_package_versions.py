"""Packages and versions through the API, and the events that changes make."""

import hashlib
from typing import Any

import pytest

from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, package_arn, refused, repository_arn
from tests.rehearsal.cloud.in_process import ACCOUNT, allow

NAME = "@acme-payments/client"
NAMED = {"domain": DOMAIN, "repository": "payments", "format": "npm", "namespace": "acme-payments", "package": "client"}
VERSION = {**NAMED, "packageVersion": "1.0.0"}


@pytest.fixture
def payments(scene: Scene, administrator: Person) -> Scene:
    scene.repositories(shared="", payments="shared")
    manifest: dict[str, Any] = {"dependencies": {"@a/b": "^1"}}
    for version in ("1.0.0", "1.1.0"):
        administrator.npm_publish("payments", NAME, version, **manifest)
    return scene


def statuses(scene: Scene) -> dict[str, str]:
    return scene.versions("payments", "npm", "client", "acme-payments")


def codes(answer: dict) -> dict[str, str]:
    return {name: error["errorCode"] for name, error in answer["failedVersions"].items()}


class TestReading:
    def test_a_version(self, payments: Scene) -> None:
        described = payments.admin.describe_package_version(**VERSION)["packageVersion"]
        assert (described["format"], described["namespace"], described["packageName"]) == ("npm", "acme-payments", "client")
        assert described["status"] == "Published"
        assert described["origin"] == {"originType": "INTERNAL", "domainEntryPoint": {"repositoryName": "payments"}}

    def test_assets(self, payments: Scene) -> None:
        listed = payments.admin.list_package_version_assets(**VERSION)
        (asset,) = listed["assets"]
        answer = payments.admin.get_package_version_asset(**VERSION, asset="client-1.0.0.tgz")
        content = answer["asset"].read()
        assert asset["hashes"]["SHA-256"] == hashlib.sha256(content).hexdigest()
        assert asset["hashes"]["SHA-512"] == hashlib.sha512(content).hexdigest()
        assert (answer["assetName"], answer["packageVersionRevision"]) == ("client-1.0.0.tgz", listed["versionRevision"])
        with refused("ResourceNotFoundException"):
            payments.admin.get_package_version_asset(**VERSION, asset="missing")
        with refused("ConflictException"):
            payments.admin.get_package_version_asset(**VERSION, asset="client-1.0.0.tgz", packageVersionRevision="another")

    def test_dependencies(self, payments: Scene) -> None:
        found = payments.admin.list_package_version_dependencies(**VERSION)["dependencies"]
        assert found == [{"namespace": "a", "package": "b", "dependencyType": "regular", "versionRequirement": "^1"}]

    def test_packages(self, payments: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", "other", "1.0.0")
        administrator.pypi_upload("payments", "other", "1.0.0")

        def listed(**filters: str) -> list[str]:
            found = payments.admin.list_packages(domain=DOMAIN, repository="payments", **filters)["packages"]
            return [f"{p['format']}/{p.get('namespace', '')}/{p['package']}" for p in found]

        assert listed() == ["npm//other", "npm/acme-payments/client", "pypi//other"]
        assert listed(format="npm", packagePrefix="o") == ["npm//other"]
        assert listed(namespace="acme-payments") == ["npm/acme-payments/client"]
        assert listed(upstream="ALLOW") == []
        pages = payments.admin.get_paginator("list_packages").paginate(
            domain=DOMAIN, repository="payments", PaginationConfig={"PageSize": 1}
        )
        assert sum(len(page["packages"]) for page in pages) == 3

    def test_versions(self, payments: Scene) -> None:
        listed = payments.admin.list_package_versions(**NAMED)
        assert listed["defaultDisplayVersion"] == "1.1.0"
        assert [version["version"] for version in listed["versions"]] == ["1.0.0", "1.1.0"]
        assert [v["version"] for v in payments.admin.list_package_versions(**NAMED, sortBy="PUBLISHED_TIME")["versions"]] == [
            "1.1.0",
            "1.0.0",
        ]
        assert payments.admin.list_package_versions(**NAMED, originType="EXTERNAL")["versions"] == []
        pages = payments.admin.get_paginator("list_package_versions").paginate(**NAMED, PaginationConfig={"PageSize": 1})
        assert [v["version"] for page in pages for v in page["versions"]] == ["1.0.0", "1.1.0"]

    def test_upstream_repositories_do_not_count(self, payments: Scene, administrator: Person) -> None:
        administrator.npm_publish("shared", "other", "1.0.0")
        named = {"domain": DOMAIN, "format": "npm", "package": "other"}
        with refused("ResourceNotFoundException"):
            payments.admin.list_package_versions(repository="payments", **named)
        payments.admin.list_package_versions(repository="shared", **named)

    def test_a_namespace_where_the_format_has_none(self, payments: Scene) -> None:
        for named in ({"format": "pypi", "namespace": "acme", "package": "x"}, {"format": "maven", "package": "x"}):
            with refused("ValidationException", "namespace"):
                payments.admin.list_package_versions(domain=DOMAIN, repository="payments", **named)


class TestRights:
    @pytest.mark.parametrize(
        "operation",
        [
            "describe_package_version", "list_package_version_assets", "list_package_version_dependencies", "get_package_version_asset",
            "list_package_versions",
        ],
    )  # fmt: skip
    def test_package_actions_are_decided_on_the_package(self, payments: Scene, operation: str) -> None:
        action = "codeartifact:" + operation.title().replace("_", "")
        params = NAMED if operation == "list_package_versions" else VERSION
        extra = {"asset": "client-1.0.0.tgz"} if operation == "get_package_version_asset" else {}
        on_repository = payments.api(payments.role(allow(action, resource=[repository_arn("payments"), repository_arn("payments") + "/*"])))
        with refused("AccessDeniedException", f"{action} on resource: {package_arn('payments', 'npm/acme-payments/client')}"):
            getattr(on_repository, operation)(**params, **extra)
        on_package = payments.api(payments.role(allow(action, resource=package_arn("payments", "npm/acme-payments/client"))))
        getattr(on_package, operation)(**params, **extra)

    def test_what_is_not_there_is_not_told(self, payments: Scene) -> None:
        somebody = payments.api(payments.role(allow("codeartifact:*", resource=package_arn("payments", "npm/acme-payments/client"))))
        with refused("AccessDeniedException"):
            somebody.list_package_versions(**NAMED | {"package": "missing"})
        with refused("ResourceNotFoundException"):
            somebody.describe_package_version(**NAMED, packageVersion="9.9.9")


class TestStatus:
    def test_it_can_be_set(self, payments: Scene) -> None:
        answer = payments.admin.update_package_versions_status(**NAMED, versions=["1.0.0"], targetStatus="Archived")
        assert answer["successfulVersions"]["1.0.0"]["status"] == "Archived"
        assert statuses(payments) == {"1.0.0": "Archived", "1.1.0": "Published"}
        assert [v["version"] for v in payments.admin.list_package_versions(**NAMED, status="Archived")["versions"]] == ["1.0.0"]

    @pytest.mark.parametrize("target", ["Unfinished", "Disposed", "Deleted"])
    def test_not_to_everything(self, payments: Scene, target: str) -> None:
        with refused("ValidationException", "targetStatus"):
            payments.admin.update_package_versions_status(**NAMED, versions=["1.0.0"], targetStatus=target)

    def test_all_or_none(self, payments: Scene) -> None:
        answer = payments.admin.update_package_versions_status(**NAMED, versions=["1.0.0", "9.9.9"], targetStatus="Archived")
        assert codes(answer) == {"1.0.0": "SKIPPED", "9.9.9": "NOT_FOUND"}
        assert statuses(payments)["1.0.0"] == "Published"

    def test_expectations(self, payments: Scene) -> None:
        change = {**NAMED, "versions": ["1.0.0"], "targetStatus": "Archived"}
        assert codes(payments.admin.update_package_versions_status(**change, expectedStatus="Unlisted")) == {"1.0.0": "MISMATCHED_STATUS"}
        assert codes(payments.admin.update_package_versions_status(**change, versionRevisions={"1.0.0": "x"})) == {
            "1.0.0": "MISMATCHED_REVISION"
        }
        with refused("ValidationException", "versionRevisions"):
            payments.admin.update_package_versions_status(**change, versionRevisions={"1.1.0": "x"})
        revision = payments.admin.describe_package_version(**VERSION)["packageVersion"]["revision"]
        assert (
            codes(payments.admin.update_package_versions_status(**change, expectedStatus="Published", versionRevisions={"1.0.0": revision}))
            == {}
        )

    def test_disposing_is_for_good(self, payments: Scene, administrator: Person) -> None:
        before = payments.admin.describe_package_version(**VERSION)["packageVersion"]["revision"]
        answer = payments.admin.dispose_package_versions(**NAMED, versions=["1.0.0"])
        assert answer["successfulVersions"] == {"1.0.0": {"revision": before, "status": "Disposed"}}
        assert payments.admin.list_package_version_assets(**VERSION)["assets"] == []
        assert codes(payments.admin.update_package_versions_status(**NAMED, versions=["1.0.0"], targetStatus="Published")) == {
            "1.0.0": "NOT_ALLOWED"
        }
        assert administrator.npm_publish("payments", NAME, "1.0.0").status_code == 409
        payments.admin.delete_package_versions(**NAMED, versions=["1.0.0"])
        assert administrator.npm_publish("payments", NAME, "1.0.0").status_code == 200

    def test_deleting(self, payments: Scene, administrator: Person) -> None:
        assert codes(payments.admin.delete_package_versions(**NAMED, versions=["1.0.0"], expectedStatus="Archived")) == {
            "1.0.0": "MISMATCHED_STATUS"
        }
        answer = payments.admin.delete_package_versions(**NAMED, versions=["1.1.0"])
        assert answer["successfulVersions"]["1.1.0"]["status"] == "Deleted"
        assert statuses(payments) == {"1.0.0": "Published"}
        assert administrator.request("GET", "npm", "payments", NAME).json()["dist-tags"] == {}


class TestGeneric:
    NAMED = {"domain": DOMAIN, "repository": "payments", "format": "generic", "namespace": "tools", "package": "cli", "packageVersion": "1"}  # noqa: RUF012

    def publish(self, scene: Scene, name: str, content: bytes, **options: bool) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        return scene.admin.publish_package_version(**self.NAMED, assetName=name, assetContent=content, assetSHA256=digest, **options)

    def test_one_asset(self, payments: Scene) -> None:
        assert self.publish(payments, "a", b"a")["status"] == "Published"
        with refused("ConflictException", "already exists"):
            self.publish(payments, "b", b"b")

    def test_several_assets(self, payments: Scene) -> None:
        """Unfinished until the last one, and then closed."""
        assert self.publish(payments, "a", b"a", unfinished=True)["status"] == "Unfinished"
        assert self.publish(payments, "a", b"a", unfinished=True)["status"] == "Unfinished"
        with refused("ConflictException", "Unfinished"):
            payments.admin.get_package_version_asset(**self.NAMED, asset="a")
        with refused("ConflictException", "already exists"):
            self.publish(payments, "a", b"other", unfinished=True)
        assert self.publish(payments, "b", b"b")["status"] == "Published"
        assets = payments.admin.list_package_version_assets(**self.NAMED)["assets"]
        assert {one["name"]: one["size"] for one in assets} == {"a": 1, "b": 1}
        assert payments.admin.get_package_version_asset(**self.NAMED, asset="a")["asset"].read() == b"a"
        with refused("ConflictException", "already exists"):
            self.publish(payments, "c", b"c", unfinished=True)

    def test_other_formats_have_their_clients(self, payments: Scene) -> None:
        content = {"assetContent": b"a", "assetName": "a", "assetSHA256": hashlib.sha256(b"a").hexdigest()}
        with refused("ValidationException", "generic"):
            payments.admin.publish_package_version(**self.NAMED | {"format": "npm"}, **content)


class TestEvents:
    def test_a_publication(self, payments: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", "@acme-payments/new", "1.0.0")
        event = payments.service.events[-1]
        assert (event["source"], event["detail-type"]) == ("aws.codeartifact", "CodeArtifact Package Version State Change")
        assert event["resources"] == [package_arn("payments", "npm/acme-payments/new")]
        detail = event["detail"]
        assert (len(detail.pop("eventDeduplicationId")), len(detail.pop("packageVersionRevision"))) == (44, 44)
        assert detail == {
            "domainName": DOMAIN, "domainOwner": ACCOUNT, "repositoryName": "payments", "repositoryAdministrator": ACCOUNT,
            "packageFormat": "npm", "packageNamespace": "acme-payments", "packageName": "new", "packageVersion": "1.0.0",
            "packageVersionState": "Published", "operationType": "Created", "sequenceNumber": 1,
            "changes": {"assetsAdded": 1, "assetsRemoved": 0, "assetsUpdated": 0, "metadataUpdated": True, "statusChanged": True},
        }  # fmt: skip

    def test_every_change_has_one_and_they_are_numbered(self, payments: Scene) -> None:
        start = len(payments.service.events)
        payments.admin.update_package_versions_status(**NAMED, versions=["1.0.0"], targetStatus="Archived")
        payments.admin.update_package_versions_status(**NAMED, versions=["1.0.0"], targetStatus="Archived")  # nothing changes
        payments.admin.dispose_package_versions(**NAMED, versions=["1.0.0"])
        payments.admin.delete_package_versions(**NAMED, versions=["1.0.0"])
        details = [event["detail"] for event in payments.service.events[start:]]
        seen = [(d["operationType"], d["packageVersionState"], d["sequenceNumber"]) for d in details]
        assert seen == [("Updated", "Archived", 3), ("Updated", "Disposed", 4), ("Deleted", "Disposed", 5)]

    def test_a_refusal_makes_none(self, payments: Scene, administrator: Person) -> None:
        start = len(payments.service.events)
        administrator.npm_publish("payments", NAME, "1.0.0")
        assert len(payments.service.events) == start

    def test_retention_makes_one_in_each_repository(self, payments: Scene, administrator: Person) -> None:
        administrator.npm_publish("shared", "other", "1.0.0")
        start = len(payments.service.events)
        for _ in range(2):
            administrator.npm_tarball("payments", "other", "1.0.0")
        assert [event["detail"]["repositoryName"] for event in payments.service.events[start:]] == ["payments"]

    def test_they_reach_the_event_bus(self, payments: Scene, monkeypatch: pytest.MonkeyPatch, administrator: Person) -> None:
        sent = []
        monkeypatch.setattr(payments.service.adapter, "emit_event", lambda *event: sent.append(event))
        administrator.npm_publish("payments", NAME, "2.0.0")
        assert [event[:4] for event in sent] == [(ACCOUNT, "eu-west-1", "aws.codeartifact", "CodeArtifact Package Version State Change")]
