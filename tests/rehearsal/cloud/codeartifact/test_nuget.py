"""NuGet by the requests that its clients send: no client of it is on every machine, so none is run here."""

import io
import zipfile

import pytest

from rehearsal.cloud.codeartifact.nuget import coordinates, normalised
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import allow

READ = allow("codeartifact:ReadFromRepository", resource=repository_arn("payments"))
PUBLISH = allow("codeartifact:PublishPackageVersion", resource=package_arn("payments", "nuget//acme.payments.*"))
NUSPEC = '<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>{}</id><version>{}</version></metadata></package>'


def nupkg(id: str, version: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{id}.nuspec", NUSPEC.format(id, version))
        archive.writestr("lib/net8.0/_._", "")
    return packed.getvalue()


def push(person: Person, content: bytes, repository: str = "payments") -> int:
    """As clients do: the service index says where to."""
    index = person.request("GET", "nuget", repository, "v3/index.json")
    if index.status_code != 200:
        return index.status_code
    address = next(one["@id"] for one in index.json()["resources"] if one["@type"] == "PackagePublish/2.0.0")
    path = address.removeprefix(person.url("nuget", repository))
    return person.request("PUT", "nuget", repository, path, files={"package": ("package.nupkg", content)}).status_code


@pytest.fixture
def payments(scene: Scene) -> Scene:
    scene.repositories(payments="")
    return scene


def test_push_and_read(payments: Scene) -> None:
    person, content = payments.person(READ, PUBLISH), nupkg("Acme.Payments.Client", "1.02.0+abc")
    assert push(person, content) == 201
    assert payments.versions("payments", "nuget", "acme.payments.client") == {"1.2.0": "Published"}
    assert payments.versions("payments", "nuget", "Acme.Payments.Client") == {"1.2.0": "Published"}
    flat = "v3/flatcontainer/acme.payments.client"
    assert person.request("GET", "nuget", "payments", f"{flat}/index.json").json() == {"versions": ["1.2.0"]}
    file = person.request("GET", "nuget", "payments", f"{flat}/1.2.0/acme.payments.client.1.2.0.nupkg")
    assert file.content == content
    assert b"<id>Acme.Payments.Client" in person.request("GET", "nuget", "payments", f"{flat}/1.2.0/acme.payments.client.nuspec").content
    assert push(person, nupkg("acme.payments.client", "1.2.0.0")) == 409
    assert push(person, nupkg("acme.payments.client", "1.2.0.1")) == 201


@pytest.mark.parametrize(
    ("id", "rights", "status"),
    [
        ("Acme.Payments.Client", [READ, PUBLISH], 201),
        ("Acme.Identity.Client", [READ, PUBLISH], 403),
        ("Acme.Payments.Client", [READ], 403),
        ("Acme.Payments.Client", [PUBLISH], 403),
    ],
)
def test_who_may_push(payments: Scene, id: str, rights: list[dict], status: int) -> None:
    assert push(payments.person(*rights), nupkg(id, "1.0.0")) == status
    assert bool(payments.versions("payments", "nuget", id.lower())) is (status == 201)


def test_pushing_needs_reading(payments: Scene) -> None:
    """Also where the index was read before: the twin is in `test_who_may_push`."""
    person = payments.person(PUBLISH)
    answer = person.request("PUT", "nuget", "payments", "v3/package", files={"package": ("x.nupkg", nupkg("Acme.Payments.X", "1.0.0"))})
    assert answer.status_code == 403
    assert "ReadFromRepository" in answer.json()["message"]


@pytest.mark.parametrize("content", [b"", b"no archive", nupkg("", "1.0.0"), nupkg("acme.payments.x", "one")])
def test_what_is_no_package(administrator: Person, payments: Scene, content: bytes) -> None:
    assert push(administrator, content) == 400


def test_what_is_not_served(administrator: Person, payments: Scene) -> None:
    payments.repositories(**{"nuget-org": "public:nuget-org", "shared": "nuget-org"})
    for method, path in (("GET", "v3/query?q=x"), ("DELETE", "v3/package/acme/1.0.0"), ("GET", "v2/")):
        assert administrator.request(method, "nuget", "payments", path).status_code == 501, path
    answer = administrator.request("GET", "nuget", "shared", "v3/flatcontainer/newtonsoft.json/index.json")
    assert (answer.status_code, "nuget.org" in answer.json()["message"]) == (501, True)
    assert administrator.request("GET", "nuget", "payments", "v3/flatcontainer/newtonsoft.json/index.json").status_code == 404


def test_a_group_names_ids_in_lower_case(payments: Scene, administrator: Person) -> None:
    payments.admin.create_repository(domain=DOMAIN, repository="identity")
    payments.group("/nuget//acme.payments.*", PUBLISH=["payments"])
    assert push(administrator, nupkg("ACME.Payments.Client", "1.0.0"), "identity") == 403
    assert push(administrator, nupkg("ACME.Payments.Client", "1.0.0")) == 201


@pytest.mark.parametrize(
    ("version", "stored"),
    [("1.0", "1.0.0"), ("1.00.0.1", "1.0.0.1"), ("1.0.0.0", "1.0.0"), ("01.2.3-Beta.1+x", "1.2.3-Beta.1")],
)
def test_versions_are_normalised(version: str, stored: str) -> None:
    assert normalised(version) == stored
    assert coordinates("Acme.X").name == "acme.x"
