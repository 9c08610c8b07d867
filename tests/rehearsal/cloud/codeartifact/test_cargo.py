"""Crates: what cargo publishes, builds with and is refused, and what the endpoint answers where cargo would not ask."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from policies.owned_names import Format
from rehearsal import packages
from rehearsal.cloud.codeartifact.cargo import coordinates
from rehearsal.cloud.codeartifact.store import PackageVersion
from rehearsal.cloud.public_registries.cargo import crate, index_path
from rehearsal.packages import Package
from rehearsal.processes import PROJECT, has_cargo, scrubbed
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, HTTP, Person, Scene, package_arn, repository_arn
from tests.rehearsal.cloud.in_process import ACCOUNT, allow

needs_cargo = pytest.mark.skipif(not has_cargo(), reason="there is no cargo that runs")
CRATE = PROJECT / ".github" / "actions" / "publish" / "crate.py"
READ = allow("codeartifact:ReadFromRepository", resource=[repository_arn(name) for name in ("shared", "payments", "crates-io")])
PUBLISH = allow("codeartifact:PublishPackageVersion", resource=package_arn("payments", "cargo//acme-*"))
LEDGER = Package(Format.CARGO, "acme-ledger", needs=("public-greeting",))


@dataclass
class Desk:
    """A machine with cargo, whose crates.io is a repository."""

    person: Person
    home: Path
    repository: str = "payments"

    def cargo(self, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        configured = packages.cargo_configuration(self.person.url("cargo", self.repository), "codeartifact")
        (self.home / "config.toml").write_text(configured)
        env = scrubbed({"HOME": str(self.home), "CARGO_HOME": str(self.home), "CARGO_REGISTRIES_CODEARTIFACT_TOKEN": self.person.token})
        return subprocess.run(["cargo", *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def payments(scene: Scene) -> Scene:
    scene.repositories(**{"crates-io": "public:crates-io", "shared": "crates-io", "payments": "shared"})
    return scene


@pytest.fixture
def desk(payments: Scene, tmp_path: Path) -> Callable[..., Desk]:
    def make(name: str, *rights: dict, repository: str = "payments") -> Desk:
        (tmp_path / name).mkdir()
        return Desk(payments.person(*rights), tmp_path / name, repository)

    return make


@needs_cargo
def test_publish_and_build(desk: Callable[..., Desk], payments: Scene, tmp_path: Path) -> None:
    """A crate that needs a public one, which itself needs another, is published and then built with, through upstreams."""
    publisher, reader = desk("publisher", READ, PUBLISH), desk("reader", READ)
    published = publisher.cargo("publish", "--registry", "codeartifact", folder=packages.cargo_project(tmp_path / "ledger", LEDGER))
    assert published.returncode == 0, published.stderr
    assert payments.versions("payments", "cargo", "acme-ledger") == {"1.0.0": "Published"}
    app = packages.cargo_project(tmp_path / "app", Package(Format.CARGO, "app", needs=("acme-ledger",)))
    (app / "src" / "main.rs").write_text('fn main() { println!("{}", acme_ledger::GREETING) }\n')
    built = reader.cargo("run", folder=app)
    assert built.stdout == "acme-ledger 1.0.0\n", built.stderr
    assert "static.crates.io" not in built.stderr
    assert {name: payments.versions("crates-io", "cargo", name) for name in ("public-greeting", "public-punctuation")} == {
        "public-greeting": {"1.1.0": "Published"},
        "public-punctuation": {"2.0.0": "Published"},
    }


@needs_cargo
@pytest.mark.parametrize(
    ("name", "rights", "words"),
    [
        ("other-ledger", [READ, PUBLISH], "is not authorized to perform: codeartifact:PublishPackageVersion"),
        ("acme-ledger", [READ], "is not authorized to perform: codeartifact:PublishPackageVersion"),
        ("acme-ledger", [PUBLISH], "is not authorized to perform: codeartifact:ReadFromRepository"),
    ],
)
def test_refused(desk: Callable[..., Desk], payments: Scene, tmp_path: Path, name: str, rights: list[dict], words: str) -> None:
    """The twin is `test_publish_and_build`."""
    source = packages.cargo_project(tmp_path / "source", Package(Format.CARGO, name))
    answer = desk("publisher", *rights).cargo("publish", "--registry", "codeartifact", "--no-verify", folder=source)
    assert answer.returncode != 0
    assert words in answer.stderr
    assert payments.versions("payments", "cargo", name) == {}


RICH = """
[package]
name = "acme-rich"
version = "1.2.0-rc.1"
edition = "2021"
description = "All that a manifest says of dependencies"
license = "Apache-2.0"
readme = "README.md"
keywords = ["ledger"]
authors = ["payments <payments@acme.example>"]
rust-version = "1.74"
links = "acme"
build = "build.rs"

[dependencies]
public-greeting = "1"
punctuation = { package = "public-punctuation", version = ">=1, < 3", optional = true, default-features = false }

[build-dependencies]
public-punctuation = "=2.0.0"

[dev-dependencies]
public-greeting = "1.*"

[target.'cfg(windows)'.dependencies]
public-punctuation = "~2.0"

[features]
default = ["marks"]
marks = ["dep:punctuation"]
"""


@needs_cargo
def test_what_the_publishing_workflow_sends_is_what_cargo_sends(desk: Callable[..., Desk], payments: Scene, tmp_path: Path) -> None:
    """The action builds the request itself, from the packed crate: the registry's entry is the same."""
    source = packages.cargo_project(tmp_path / "rich", LEDGER)
    for name, text in {"Cargo.toml": RICH, "README.md": "# Rich\n", "build.rs": "fn main() {}\n"}.items():
        (source / name).write_text(text)
    publisher = desk("publisher", READ, PUBLISH)
    sent = publisher.cargo("publish", "--registry", "codeartifact", "--no-verify", folder=source)
    assert sent.returncode == 0, sent.stderr
    packed = next((source / "target" / "package").rglob("*.crate"))
    body = subprocess.run([sys.executable, str(CRATE), "--body", str(packed)], capture_output=True, check=True).stdout
    stored = payments.service.store.domains[ACCOUNT, DOMAIN].repositories["payments"].packages[coordinates("acme-rich")]
    by_cargo = stored.versions.pop("1.2.0-rc.1")
    assert publisher.person.request("PUT", "cargo", "payments", "api/v1/crates/new", content=body).status_code == 200
    by_action = stored.versions["1.2.0-rc.1"]

    def entry(version: PackageVersion) -> dict:
        return version.metadata | {"deps": sorted(version.metadata["deps"], key=json.dumps)}

    assert entry(by_action) == entry(by_cargo)
    assert by_action.assets.keys() == by_cargo.assets.keys()


def _body(name: str, version: str, *, packed: str = "", **metadata: object) -> bytes:
    described = json.dumps({"name": name, "vers": version, "deps": [], "features": {}, **metadata}).encode()
    archive = crate(name, packed or version, {})
    return struct.pack("<I", len(described)) + described + struct.pack("<I", len(archive)) + archive


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("acme-ledger", "1.0.1", 200),
        ("acme-ledger", "1.0.0", 409),
        ("acme-ledger", "1.0.0+build.2", 409),
        ("acme_ledger", "2.0.0", 409),
        ("Acme-Ledger", "2.0.0", 409),
        ("public-greeting", "1.0.0", 409),
        ("public-greeting", "7.0.0", 200),
        ("acme-ledger", "1.0", 400),
        ("9acme", "1.0.0", 400),
    ],
)
def test_what_is_published_twice(payments: Scene, administrator: Person, name: str, version: str, status: int) -> None:
    first = administrator.request("PUT", "cargo", "payments", "api/v1/crates/new", content=_body("acme-ledger", "1.0.0"))
    assert first.status_code == 200
    assert administrator.request("PUT", "cargo", "payments", "api/v1/crates/new", content=_body(name, version)).status_code == status


@pytest.mark.parametrize("body", [b"", b"\x05\0\0\0", _body("acme-ledger", "1.0.0")[:-1], _body("acme-ledger", "1.0.0", packed="1.0.1")])
def test_a_broken_publication(payments: Scene, administrator: Person, body: bytes) -> None:
    answer = administrator.request("PUT", "cargo", "payments", "api/v1/crates/new", content=body)
    assert answer.status_code == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationException"


def test_authorization(payments: Scene, administrator: Person) -> None:
    """Cargo sends the bare token; without one it is told to."""
    url = administrator.url("cargo", "payments") + "config.json"
    assert HTTP.get(url).status_code == 401
    assert HTTP.get(url, headers={"authorization": "nonsense"}).status_code == 401
    configured = HTTP.get(url, headers={"authorization": administrator.token})
    assert configured.json()["auth-required"] is True
    npm = administrator.url("npm", "payments") + "-/ping"
    assert HTTP.get(npm, headers={"authorization": administrator.token}).status_code == 401


def test_what_is_not_served(payments: Scene, administrator: Person) -> None:
    for method, path in (
        ("DELETE", "api/v1/crates/acme-ledger/1.0.0/yank"),
        ("GET", "api/v1/crates?q=x"),
        ("GET", "api/v1/crates/acme-ledger/owners"),
        ("GET", "ac/xx/acme-ledger"),
    ):
        answer = administrator.request(method, "cargo", "payments", path)
        assert answer.status_code == 501, path
        assert "cargo" in answer.json()["message"]


def test_an_owned_crate_does_not_come_from_crates_io(payments: Scene, administrator: Person) -> None:
    """Nor does one that is spelled otherwise, which Rust takes for it; the twin is a crate that nobody owns."""
    payments.group("/cargo//acme-*", PUBLISH=["payments"], EXTERNAL_UPSTREAM="BLOCK", INTERNAL_UPSTREAM="ALLOW")
    for name, status in (("acme-ledger", 404), ("acme_ledger", 404), ("other-ledger", 200)):
        payments.public("cargo", name, "9.9.9")
        assert administrator.request("GET", "cargo", "payments", index_path(name)).status_code == status, name
        answer = administrator.request("GET", "cargo", "payments", f"api/v1/crates/{name}/9.9.9/download")
        assert answer.status_code == status, name


def test_an_owned_crate_is_published_to_one_repository(payments: Scene, administrator: Person) -> None:
    payments.group("/cargo//acme-*", PUBLISH=["payments"])
    for repository, status in (("shared", 403), ("payments", 200)):
        answer = administrator.request("PUT", "cargo", repository, "api/v1/crates/new", content=_body("acme-ledger", "1.0.0"))
        assert answer.status_code == status, repository


@pytest.mark.parametrize(("name", "path"), [("a", "1/a"), ("ab", "2/ab"), ("aBc", "3/a/abc"), ("aBcd-e", "ab/cd/abcd-e")])
def test_index_paths(name: str, path: str) -> None:
    assert index_path(name) == path
    assert coordinates(name).name == name


@pytest.mark.parametrize("where", ["home", "beside cargo", "said"])
def test_the_environment_of_jobs_has_compilers_and_no_configuration(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a toolchain, as rustup makes one in any HOME, does not count."""
    home, owner = tmp_path / "home", tmp_path / "owner"
    places = {"home": home / ".rustup", "beside cargo": owner / ".rustup", "said": tmp_path / "said"}
    (places[where] / "toolchains" / "stable").mkdir(parents=True)
    (home / ".rustup" / "toolchains").mkdir(parents=True, exist_ok=True)
    cargo = owner / ".cargo" / "bin" / "cargo"
    cargo.parent.mkdir(parents=True)
    cargo.touch(mode=0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{cargo.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RUSTUP_HOME", str(places["said"]) if where == "said" else "")
    assert scrubbed()["RUSTUP_HOME"] == str(places[where])
    assert "CARGO_HOME" not in scrubbed()
