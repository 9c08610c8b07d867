"""The fixture registries, and how public registries are found and read."""

import asyncio
import os
import shutil
from pathlib import Path

import httpx
import pytest

from rehearsal.cloud.codeartifact import external
from rehearsal.cloud.codeartifact.errors import ApiError
from rehearsal.cloud.codeartifact.external import PublicRegistries, UnavailableError
from rehearsal.cloud.public_registries import maven
from tests.rehearsal.cloud.codeartifact.scene import HTTP, Scene


def test_every_registry_serves_its_packages(scene: Scene) -> None:
    public = f"{scene.cloud.url}/_public"
    packument = HTTP.get(f"{public}/npm/public-greeting").json()
    assert packument["dist-tags"] == {"latest": "1.1.0"}
    assert HTTP.get(packument["versions"]["1.0.0"]["dist"]["tarball"]).status_code == 200
    assert "public_greeting-1.1.0-py3-none-any.whl" in HTTP.get(f"{public}/pypi/simple/public-greeting/").text
    (path,) = maven.metadata("org.example.open:greeting", ["1.1.0"])
    assert "<release>1.1.0</release>" in HTTP.get(f"{public}/maven/{path}").text
    assert HTTP.put(f"{public}/npm/public-greeting", json={}).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "npm/missing",
        "npm/public-greeting/-/missing.tgz",
        "pypi/simple/missing/",
        "maven/a/b/1/b-1.jar",
        "cargo/x",
        "cargo/se/rd/serde",
        "nuget/x",
        "",
    ],
)
def test_what_they_do_not_have(scene: Scene, path: str) -> None:
    assert HTTP.get(f"{scene.cloud.url}/_public/{path}").status_code == 404


@pytest.mark.parametrize(
    ("format", "name", "version"),
    [
        ("nuget", "a", "1.0.0"),
        ("cargo", "a.b", "1.0.0"),
        ("npm", "A b", "1.0.0"),
        ("pypi", "Acme_x", "1.0.0"),
        ("maven", "acme", "1.0.0"),
        ("npm", "a", "../1"),
    ],
)
def test_packages_that_can_not_be_added(scene: Scene, format: str, name: str, version: str) -> None:
    wanted = {"format": format, "name": name, "version": version}
    assert scene.cloud.control("POST", "codeartifact/public-packages", wanted).status_code == 400
    assert (
        scene.cloud.control("POST", "codeartifact/public-packages", {"format": "npm", "name": "a", "version": "1.0.0"}).status_code == 201
    )


def test_packages_that_were_added_are_forgotten_with_the_service(scene: Scene) -> None:
    names = {package["name"] for package in scene.cloud.control("GET", "codeartifact/public-packages").json()["packages"]}
    assert names == {"public-greeting", "public-punctuation", "org.example.open:greeting", "org.example.open:punctuation"}


CLIENT = httpx.AsyncClient


class TestRealRegistries:
    def url(self, connection: str) -> str:
        return asyncio.run(PublicRegistries("http://127.0.0.1:9", "real").url(connection))

    def test_the_environment_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
        assert self.url("public:pypi") == "https://index.example/simple/"

    def test_then_the_clients_configuration(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("PIP_INDEX_URL", raising=False)
        configuration = tmp_path / "pip.conf"
        configuration.write_text("[global]\nindex-url = https://configured.example/simple\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
        assert self.url("public:pypi") == "https://configured.example/simple/"

    def test_or_its_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PIP_INDEX_URL", raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        assert self.url("public:pypi").startswith("https://")

    @pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
    def test_npm_is_asked_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://registry.example")
        assert self.url("public:npmjs") == "https://registry.example/"

    @pytest.mark.parametrize(
        ("command", "words"), [(("no-such-client",), "not installed"), (("false",), "failed"), (("echo", "undefined"), "names no URL")]
    )
    def test_a_client_that_does_not_say(self, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], words: str) -> None:
        monkeypatch.setattr(external, "NPM_REGISTRY", command)
        with pytest.raises(UnavailableError, match=words):
            self.url("public:npmjs")
        monkeypatch.setattr(external, "NPM_REGISTRY", ("echo", "https://x.example"))
        assert self.url("public:npmjs") == "https://x.example/"

    @pytest.mark.parametrize(("upstream", "connection"), [("real", "public:maven-central"), ("fixture", "public:maven-clojars")])
    def test_connections_without_a_registry_say_so(self, upstream: str, connection: str) -> None:
        with pytest.raises(ApiError) as caught:
            asyncio.run(PublicRegistries("http://127.0.0.1:9", upstream).url(connection))
        assert (caught.value.status, connection in caught.value.message) == (501, True)

    def test_there_are_two_upstreams(self) -> None:
        with pytest.raises(ValueError, match="fixture"):
            PublicRegistries("http://127.0.0.1:9", "other")


class TestReadingAnIndex:
    def files(self, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> list[external.PublicFile] | None:
        transport = httpx.MockTransport(lambda request: answer)
        monkeypatch.setattr(external.httpx, "AsyncClient", lambda **options: CLIENT(transport=transport, follow_redirects=True))
        return asyncio.run(PublicRegistries("http://index.example", "fixture").pypi_files("public:pypi", "x"))

    def test_html(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = '<a href="../f/x-1-py3-none-any.whl#sha256=ab" data-requires-python="&gt;=3.8">x-1-py3-none-any.whl</a>'
        page = f'<html>{first}<a href="y" data-yanked="">y</a><a>no link</a></html>'
        files = self.files(monkeypatch, httpx.Response(200, text=page, headers={"content-type": "text/html"}))
        assert files is not None
        assert [(f.name, f.sha256, f.requires_python, f.yanked) for f in files] == [
            ("x-1-py3-none-any.whl", "ab", ">=3.8", False),
            ("y", "", "", True),
        ]
        assert files[0].url == "http://index.example/_public/pypi/simple/f/x-1-py3-none-any.whl"

    def test_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = {"filename": "x-1.tar.gz", "url": "x-1.tar.gz", "hashes": {"sha256": "ab"}, "requires-python": None, "yanked": "bad"}
        files = self.files(monkeypatch, httpx.Response(200, json={"files": [entry]}, headers={"content-type": external.SIMPLE_JSON}))
        assert files is not None
        assert [(f.name, f.sha256, f.requires_python, f.yanked) for f in files] == [("x-1.tar.gz", "ab", "", True)]

    @pytest.mark.parametrize("status", [401, 403, 500])
    def test_an_answer_that_is_none(self, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
        with pytest.raises(UnavailableError, match=str(status)):
            self.files(monkeypatch, httpx.Response(status))
        assert self.files(monkeypatch, httpx.Response(404)) is None
