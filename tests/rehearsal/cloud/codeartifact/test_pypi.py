"""The PyPI endpoint at the level of its requests."""

import hashlib
import re

import pytest

from rehearsal.cloud.public_registries import pypi
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import allow

PUBLISH = allow("codeartifact:PublishPackageVersion", resource=package_arn("payments", "pypi//acme-payments-*"))
READ = allow("codeartifact:ReadFromRepository", resource=repository_arn("payments"))
NAME = "acme-payments-client"


@pytest.fixture
def payments(scene: Scene) -> Scene:
    scene.repositories(pypi="public:pypi", shared="pypi", payments="shared")
    return scene


def files(person: Person, repository: str, project: str) -> list[str]:
    """The files that a project's page lists."""
    answer = person.request("GET", "pypi", repository, f"simple/{project}/")
    assert answer.status_code in (200, 404), answer.text
    return re.findall(r">([^<]+)</a>", answer.text)


def test_upload_then_read(payments: Scene) -> None:
    publisher, reader = payments.person(PUBLISH), payments.person(READ)
    assert publisher.pypi_upload("payments", NAME, "1.0.0").status_code == 200
    page = reader.request("GET", "pypi", "payments", f"simple/{NAME}/")
    assert page.headers["content-type"].startswith("text/html")
    url, digest = re.findall(r'href="([^#]+)#sha256=([0-9a-f]+)"', page.text)[0]
    content = reader.request("GET", "pypi", "payments", url.split("/payments/", 1)[1]).content
    assert hashlib.sha256(content).hexdigest() == digest
    assert content == pypi.wheel(NAME, "1.0.0", [])


def test_reading_and_publishing_are_separate_rights(payments: Scene) -> None:
    publisher, reader = payments.person(PUBLISH), payments.person(READ)
    assert reader.pypi_upload("payments", NAME, "1.0.0").status_code == 403
    assert publisher.pypi_upload("payments", NAME, "1.0.0").status_code == 200
    assert publisher.request("GET", "pypi", "payments", f"simple/{NAME}/").status_code == 403
    assert files(reader, "payments", NAME)


def test_names_are_normalised_before_they_are_decided_on(payments: Scene) -> None:
    publisher, reader = payments.person(PUBLISH), payments.person(READ)
    assert publisher.pypi_upload("payments", "Acme_Payments.Client", "1.0.0", file=pypi.wheel_name(NAME, "1.0.0")).status_code == 200
    assert publisher.pypi_upload("payments", "acme-orders", "1.0.0").status_code == 403
    assert files(reader, "payments", "ACME.payments_client") == ["acme_payments_client-1.0.0-py3-none-any.whl"]
    assert payments.versions("payments", "pypi", NAME) == {"1.0.0": "Published"}


def test_a_file_is_uploaded_once(payments: Scene) -> None:
    person = payments.person(PUBLISH)
    assert person.pypi_upload("payments", NAME, "1.0.0").status_code == 200
    assert person.pypi_upload("payments", NAME, "1.0.0").status_code == 409
    assert person.pypi_upload("payments", NAME, "1.0.0", content=pypi.wheel(NAME, "1.0.0", ["other"])).status_code == 409
    another = "acme_payments_client-1.0.0-py2-none-any.whl"
    assert person.pypi_upload("payments", NAME, "1.0.0", file=another).status_code == 200


def test_a_version_that_is_reachable_upstream(payments: Scene, administrator: Person) -> None:
    assert administrator.pypi_upload("payments", "public-greeting", "1.0.0").status_code == 409
    assert administrator.pypi_upload("payments", "public-greeting", "1.0").status_code == 409  # PEP 440: the same version
    assert administrator.pypi_upload("payments", "public-greeting", "7.0.0").status_code == 200
    administrator.pypi_upload("shared", NAME, "1.0.0")
    assert administrator.pypi_upload("payments", NAME, "1.0.0").status_code == 409


@pytest.mark.parametrize(
    ("fields", "file"),
    [
        ({"sha256_digest": "0" * 64}, ""),
        ({"version": "1.0.1"}, ""),
        ({"version": "not a version"}, ""),
        ({":action": "submit"}, ""),
        ({}, "acme_orders-1.0.0-py3-none-any.whl"),
        ({}, "acme_payments_client.zip"),
    ],
)
def test_uploads_that_contradict_themselves(payments: Scene, fields: dict[str, str], file: str) -> None:
    person, content = payments.person(PUBLISH), pypi.wheel(NAME, "1.0.0", [])
    form = {":action": "file_upload", "name": NAME, "version": "1.0.0", "sha256_digest": hashlib.sha256(content).hexdigest()}
    good = pypi.wheel_name(NAME, "1.0.0")
    assert person.request("POST", "pypi", "payments", "", data=form | fields, files={"content": (file or good, content)}).status_code == 400
    assert person.request("POST", "pypi", "payments", "", data=form, files={"content": (good, content)}).status_code == 200


def test_a_public_project_comes_through_and_stays(payments: Scene) -> None:
    reader = payments.person(READ)
    assert files(reader, "payments", "public-greeting") == [
        "public_greeting-1.0.0-py3-none-any.whl",
        "public_greeting-1.1.0-py3-none-any.whl",
    ]
    assert payments.versions("payments", "pypi", "public-greeting") == {}
    path = "simple/public-greeting/1.1.0/public_greeting-1.1.0-py3-none-any.whl"
    assert reader.request("GET", "pypi", "payments", path).content == pypi.wheel("public-greeting", "1.1.0", ["public-punctuation>=2.0.0"])
    kept = {name: payments.versions(name, "pypi", "public-greeting") for name in ("payments", "shared", "pypi")}
    assert kept == {"payments": {"1.1.0": "Published"}, "shared": {}, "pypi": {"1.1.0": "Published"}}
    dependencies = payments.admin.list_package_version_dependencies(
        domain=DOMAIN, repository="payments", format="pypi", package="public-greeting", packageVersion="1.1.0"
    )["dependencies"]
    assert dependencies == [{"package": "public-punctuation", "dependencyType": "Requires-Dist", "versionRequirement": ">=2.0.0"}]


@pytest.mark.parametrize(("path", "status"), [("simple/", 404), ("pypi/x/json", 501), ("simple/x/1/y.whl", 404)])
def test_what_is_not_there(payments: Scene, administrator: Person, path: str, status: int) -> None:
    assert administrator.request("GET", "pypi", "payments", path).status_code == status
