"""The real cargo after package-login, against a small registry as AWS documents CodeArtifact's: sparse, and every request with a token."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rehearsal.processes import has_cargo, toolchains
from tests.developers.test_package_login import SCRIPT
from tests.serving import Quiet, served

MONEY, PUBLIC = "acme-payments-money", "public-crate"
AWS = """#!/bin/sh
case $2 in get-authorization-token) echo the-token ;; get-repository-endpoint) echo "$REGISTRY/npm/payments/" ;; esac
"""


def crate(name: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for file, text in (("Cargo.toml", f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n'), ("src/lib.rs", "")):
            entry = tarfile.TarInfo(f"{name}-1.0.0/{file}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


@dataclass
class Registry:
    """Its address, what is asked with the token, and whom cargo asks besides."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """It is cargo's proxy too, so that it sees whom else cargo asks."""
    seen, crates = Registry(), {name: crate(name) for name in (MONEY, PUBLIC)}

    class Handler(Quiet):
        def do_GET(self) -> None:
            if self.headers["authorization"] != "Bearer the-token":
                self.send_error(401)
                return
            seen.asked.append(self.path)
            name = next((one for one in crates if one in self.path), "")
            if self.path.endswith("/config.json"):
                answer = json.dumps({"dl": f"{seen.url}/cargo/payments/crates", "auth-required": True}).encode()
            elif self.path.endswith("/download"):
                answer = crates[name]
            elif name:
                sha256 = hashlib.sha256(crates[name]).hexdigest()
                answer = json.dumps({"name": name, "vers": "1.0.0", "deps": [], "cksum": sha256, "features": {}, "yanked": False}).encode()
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_CONNECT(self) -> None:
            seen.elsewhere.append(self.path)
            self.send_error(403)

    with served(Handler) as seen.url:
        yield seen


def fetch(registry: Registry, home: Path, *login: str, dependencies: str) -> subprocess.CompletedProcess[str]:
    """`cargo fetch` of a project with these dependencies, after `package-login` with these arguments."""
    cargo = shutil.which("cargo")
    if cargo is None or not has_cargo():
        pytest.skip("there is no cargo that runs")
    (home / "bin").mkdir()
    (home / "bin" / "aws").write_text(AWS)
    (home / "bin" / "aws").chmod(0o755)
    (home / "src").mkdir()
    (home / "src" / "lib.rs").touch()
    (home / "Cargo.toml").write_text(f'[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\n{dependencies}\n')
    (home / ".package-login").write_text("domain=acme\nowner=111122223333\nregion=eu-west-1\nrepository=payments\n")
    rust = toolchains()
    environment = {"HOME": str(home), "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "REGISTRY": registry.url, **rust}
    if login:
        subprocess.run(["sh", str(SCRIPT), *login], cwd=home, env=environment, check=True, capture_output=True)
    # The machine's own settings of cargo are not this HOME's.
    proxied = {**environment, "HTTPS_PROXY": registry.url, "CARGO_NET_RETRY": "0", "CARGO_HOME": str(home / ".cargo")}
    return subprocess.run([cargo, "fetch"], cwd=home, env=proxied, capture_output=True, text=True, check=False)


PRIVATE = f'{MONEY} = {{ version = "1", registry = "codeartifact" }}'


def test_a_private_crate_comes_from_the_registry(registry: Registry, tmp_path: Path) -> None:
    fetched = fetch(registry, tmp_path, "cargo", dependencies=PRIVATE)
    assert fetched.returncode == 0, fetched.stderr
    assert any(path.endswith("/download") for path in registry.asked)
    assert registry.elsewhere == []


def test_with_default_every_crate_does(registry: Registry, tmp_path: Path) -> None:
    fetched = fetch(registry, tmp_path, "--default", "cargo", dependencies=f'{PRIVATE}\n{PUBLIC} = "1"')
    assert fetched.returncode == 0, fetched.stderr
    assert {one for one in (MONEY, PUBLIC) if any(one in path for path in registry.asked)} == {MONEY, PUBLIC}
    assert registry.elsewhere == []


@pytest.mark.parametrize(("login", "dependencies"), [((), PRIVATE), (("cargo",), f'{PUBLIC} = "1"')], ids=["no login", "no default"])
def test_otherwise_it_does_not(registry: Registry, tmp_path: Path, login: tuple[str, ...], dependencies: str) -> None:
    fetched = fetch(registry, tmp_path, *login, dependencies=dependencies)
    assert fetched.returncode
    assert registry.asked == []
    assert bool(registry.elsewhere) is bool(login), "crates.io is asked for what no registry is named for"
