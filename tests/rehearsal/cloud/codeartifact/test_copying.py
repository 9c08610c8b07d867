"""CopyPackageVersions: promotion."""

import pytest

from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, document, package_arn, refused, repository_arn
from tests.rehearsal.cloud.in_process import allow

NAME = "@acme-payments/client"
NAMED = {"domain": DOMAIN, "format": "npm", "namespace": "acme-payments", "package": "client"}
PROMOTE = {**NAMED, "sourceRepository": "payments", "destinationRepository": "shared"}
COPY = "codeartifact:CopyPackageVersions"
READ_SOURCE = allow("codeartifact:ReadFromRepository", resource=repository_arn("payments"))
ON_PACKAGE = allow(COPY, resource=package_arn("shared", "npm/acme-payments/client"))
ON_REPOSITORY = allow(COPY, resource=repository_arn("shared"))


@pytest.fixture
def payments(scene: Scene, administrator: Person) -> Scene:
    scene.repositories(npmjs="public:npmjs", shared="npmjs", payments="shared")
    for version in ("1.0.0", "1.1.0"):
        assert administrator.npm_publish("payments", NAME, version).status_code == 200
    return scene


def revision(scene: Scene, version: str, repository: str = "payments") -> str:
    found = scene.admin.describe_package_version(repository=repository, **NAMED, packageVersion=version)
    return found["packageVersion"]["revision"]


def test_a_copy_is_the_same_version(payments: Scene, administrator: Person) -> None:
    answer = payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])
    assert answer["successfulVersions"] == {"1.0.0": {"revision": revision(payments, "1.0.0"), "status": "Published"}}
    assert answer["failedVersions"] == {}
    assert revision(payments, "1.0.0", "shared") == revision(payments, "1.0.0")
    assert administrator.npm_tarball("shared", NAME, "1.0.0").status_code == 200
    origin = payments.admin.describe_package_version(repository="shared", **NAMED, packageVersion="1.0.0")["packageVersion"]["origin"]
    assert origin == {"originType": "INTERNAL", "domainEntryPoint": {"repositoryName": "payments"}}


@pytest.mark.parametrize("missing", ["package", "repository", "source"])
def test_three_rights_are_needed(payments: Scene, missing: str) -> None:
    rights = {"package": ON_PACKAGE, "repository": ON_REPOSITORY, "source": READ_SOURCE}
    some = [statement for name, statement in rights.items() if name != missing]
    with refused("AccessDeniedException"):
        payments.api(payments.role(*some)).copy_package_versions(**PROMOTE, versions=["1.0.0"])
    payments.api(payments.role(*rights.values())).copy_package_versions(**PROMOTE, versions=["1.0.0"])


def test_another_package_is_another_right(payments: Scene, administrator: Person) -> None:
    administrator.npm_publish("payments", "@acme-payments/other", "1.0.0")
    promoter = payments.api(payments.role(ON_PACKAGE, ON_REPOSITORY, READ_SOURCE))
    with refused("AccessDeniedException", "acme-payments/other"):
        promoter.copy_package_versions(**PROMOTE | {"package": "other"}, versions=["1.0.0"])
    promoter.copy_package_versions(**PROMOTE, versions=["1.0.0"])


def test_a_deny_of_publishing_in_the_destination_does_not_stop_copies(payments: Scene, administrator: Person) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "codeartifact:PublishPackageVersion", "Resource": "*"}
    payments.admin.put_repository_permissions_policy(domain=DOMAIN, repository="shared", policyDocument=document(deny))
    assert administrator.npm_publish("shared", NAME, "3.0.0").status_code == 403
    payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])


def test_identical_is_no_operation(payments: Scene) -> None:
    payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])
    events = len(payments.service.events)
    answer = payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0", "1.1.0"])
    assert (list(answer["successfulVersions"]), answer["failedVersions"]) == (["1.1.0"], {})
    assert len(payments.service.events) == events + 1


class TestDifferentContent:
    @pytest.fixture
    def differing(self, payments: Scene, administrator: Person) -> Scene:
        """shared has another 1.0.0."""
        administrator.npm_publish(
            "shared", "@acme-payments/client", "1.0.0", description="another"
        )  # 409 does not arise: shared is upstream
        return payments

    def test_is_not_overwritten(self, differing: Scene) -> None:
        answer = differing.admin.copy_package_versions(**PROMOTE, versions=["1.0.0", "1.1.0"])
        assert {name: error["errorCode"] for name, error in answer["failedVersions"].items()} == {
            "1.0.0": "ALREADY_EXISTS",
            "1.1.0": "SKIPPED",
        }
        assert answer["successfulVersions"] == {}
        assert "1.1.0" not in differing.versions("shared", "npm", "client", "acme-payments")


def test_one_missing_version_fails_all(payments: Scene) -> None:
    answer = payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0", "9.9.9"])
    assert {name: error["errorCode"] for name, error in answer["failedVersions"].items()} == {"1.0.0": "SKIPPED", "9.9.9": "NOT_FOUND"}
    assert payments.versions("shared", "npm", "client", "acme-payments") == {}


def test_a_revision_pins_what_was_reviewed(payments: Scene) -> None:
    answer = payments.admin.copy_package_versions(**PROMOTE, versionRevisions={"1.0.0": revision(payments, "1.1.0")})
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "MISMATCHED_REVISION"
    answer = payments.admin.copy_package_versions(**PROMOTE, versionRevisions={"1.0.0": revision(payments, "1.0.0")})
    assert list(answer["successfulVersions"]) == ["1.0.0"]
    answer = payments.admin.copy_package_versions(**PROMOTE, versionRevisions={"1.0.0": revision(payments, "1.1.0")})
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "MISMATCHED_REVISION"


@pytest.mark.parametrize(
    "change",
    [{}, {"versions": ["1.0.0"], "versionRevisions": {"1.0.0": "x"}}, {"versions": []}, {"versions": ["1.0.0", "1.0.0"]},
     {"versions": ["1.0.0"], "sourceRepository": "shared"}, {"versions": [f"1.0.{n}" for n in range(101)]}],
)  # fmt: skip
def test_requests_that_make_no_sense(payments: Scene, change: dict) -> None:
    with refused("ValidationException"):
        payments.admin.copy_package_versions(**PROMOTE | change)


@pytest.mark.parametrize("option", ["allowOverwrite", "includeFromUpstream"])
def test_an_option_that_nobody_uses_is_refused(payments: Scene, option: str) -> None:
    with refused("NotImplementedException", option):
        payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"], **{option: True})
    payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"], **{option: False})


def test_package_groups_decide_where_copies_may_go(payments: Scene) -> None:
    payments.group("/npm/acme-payments/*", PUBLISH=["payments"])
    answer = payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "NOT_ALLOWED"
    payments.restrict("/npm/acme-payments/*", PUBLISH=["payments", "shared"])
    assert payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])["failedVersions"] == {}


def test_tags_come_along(payments: Scene, administrator: Person) -> None:
    payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])
    assert administrator.npm_tags("shared", NAME) == {}
    payments.admin.copy_package_versions(**PROMOTE, versions=["1.1.0"])
    assert administrator.npm_tags("shared", NAME) == {"latest": "1.1.0"}


@pytest.mark.parametrize("status", ["Unlisted", "Archived"])
def test_a_status_is_copied_too(payments: Scene, status: str) -> None:
    payments.admin.update_package_versions_status(repository="payments", **NAMED, versions=["1.0.0"], targetStatus=status)
    answer = payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])
    assert answer["successfulVersions"]["1.0.0"]["status"] == status


def test_disposed_versions_are_not_copied(payments: Scene) -> None:
    payments.admin.dispose_package_versions(repository="payments", **NAMED, versions=["1.0.0"])
    answer = payments.admin.copy_package_versions(**PROMOTE, versions=["1.0.0"])
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "NOT_ALLOWED"
