"""What an npm tarball may hold: the publish job's npm must read the package.json that was checked, and be told nothing by it."""

import gzip
import importlib.util
import io
import json
import os
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.actions import Conclusion, RunResult, machine
from tests.workflows import sources
from tests.workflows.calling import PROJECT, call_action

spec = importlib.util.spec_from_file_location("tarball", PROJECT / ".github" / "actions" / "publish" / "tarball.py")
assert spec is not None
assert spec.loader is not None
tarball = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tarball)

PACKAGE = {"name": "@acme-payments/packed", "version": "1.0.0"}
OTHER = json.dumps({"name": "@acme-payments/other", "version": "6.6.6"}).encode()
END = b"\0" * 1024


def entry(path: str, content: bytes = b"", **fields: Any) -> bytes:
    """Header and content of one entry."""
    info = tarfile.TarInfo(path)
    info.size = len(content)
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + b"\0" * (-len(content) % 512)


def pax(**records: str) -> bytes:
    lines = b""
    for name, value in records.items():
        line = f" {name}={value}\n".encode()
        length = len(line) + len(str(len(line) + 2))
        lines += str(length).encode() + line
    return entry("PaxHeader/x", lines, type=b"x")


GOOD = entry("package/package.json", json.dumps(PACKAGE).encode()) + entry("package/index.js", b"module.exports = 42\n")


def test_the_one_package_json_is_read() -> None:
    assert tarball.manifest(gzip.compress(GOOD + END)) == PACKAGE


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (entry("package/lib", type=tarfile.DIRTYPE), ""),
        (entry("package/nested/package.json", OTHER), ""),
        (pax(path="package/" + "ä" * 100) + entry("package/a", b"1"), ""),
        (pax(size="1") + entry("package/a", b"1"), ""),
        (entry("evil/package.json", OTHER), "not below package/"),
        (entry("package.json", OTHER), "not below package/"),
        (entry("/package/package.json", OTHER), "not below package/"),
        (entry("package/./package.json", OTHER), "not below package/"),
        (entry("package//package.json", OTHER), "not below package/"),
        (entry("package/../x/package.json", OTHER), "not below package/"),
        (entry("package\\package.json", OTHER), "not below package/"),
        (entry("package/a\nb", b"1"), "read differently"),
        (entry("package/package.json", OTHER), "twice"),
        (entry("package/Package.json", OTHER), "taken for package.json"),
        (entry("package/package.json/a", OTHER), "taken for package.json"),
        (entry("package/a", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "neither a file nor a folder"),
        (entry("package/a", type=tarfile.LNKTYPE, linkname="package/index.js"), "neither a file nor a folder"),
        (entry("package/a", type=b"g"), "neither a file nor a folder"),
        (entry("package/a", b"package/package.json\0", type=b"L"), "neither a file nor a folder"),
        (pax(path="package/package.json") + entry("package/a", OTHER), "twice"),
        (pax(path="evil/package.json") + entry("package/a", OTHER), "not below package/"),
        (pax(size="0") + entry("package/a", b"1"), "changes more than a name"),
        (pax(type="Link") + entry("package/a", b"1"), "changes more than a name"),
        (pax(linkpath="a") + entry("package/a", b"1"), "changes more than a name"),
        (pax(path="package/a") + pax(path="package/b") + entry("package/c", b"1"), "neither a file nor a folder"),
        (pax(path="package/a"), "does not end"),
        (entry("package/lib", b"\0" * 512, type=tarfile.DIRTYPE), "a folder has content"),
        (entry("package/a/", b"\0" * 512), "a folder has content"),
        # One block of zeros ends a tarball for GNU tar, and not for npm.
        (b"\0" * 512 + entry("package/package.json", OTHER), "does not end"),
        (END + entry("package/package.json", OTHER), "does not end"),
        (entry("package/a", b"1").replace(b"package/a", b"package/b", 1), "checksum"),
        (entry("package/a", b"1")[:512], "ends within an entry"),
    ],
)
def test_what_npm_could_take_for_package_json_is_refused(more: bytes, message: str) -> None:
    end = END if message != "ends within an entry" else b""
    data = gzip.compress(GOOD + more + end)
    if not message:
        assert tarball.manifest(data) == PACKAGE
        return
    with pytest.raises(tarball.Refused, match=message):
        tarball.manifest(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(GOOD + END) + gzip.compress(entry("package/package.json", OTHER) + END), "one complete gzip stream"),
        (gzip.compress(GOOD + END)[:-1], "one complete gzip stream"),
        (GOOD + END, "not a gzip stream"),
        (gzip.compress(GOOD), "does not end"),
        (gzip.compress(entry("package/index.js") + END), "there is no package/package.json"),
        (gzip.compress(entry("package/package.json", b'{"name": "a", "name": "b"}') + END), "something twice"),
        (gzip.compress(entry("package/package.json", b"[]") + END), "no mapping"),
        (gzip.compress(entry("package/package.json", b"{") + END), "not JSON"),
    ],
)
def test_what_is_no_tarball_of_npm_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(tarball.Refused, match=message):
        tarball.manifest(data)


def test_what_npm_packs_is_read(tmp_path: Path) -> None:
    names = ["a" * 90 + "/" + "b" * 90 + "/c.js", "é.js", "a" * 120 + ".js", "lib/package.json", ".npmrc"]
    source = sources.npm(tmp_path / "source", "@acme-payments/packed", "1.0.0")
    manifest = {**json.loads((source / "package.json").read_text()), "files": ["**"]}
    (source / "package.json").write_text(json.dumps(manifest))
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("{}")
    subprocess.run(["npm", "pack", "--pack-destination", str(tmp_path)], cwd=source, check=True, capture_output=True)
    (packed,) = tmp_path.glob("*.tgz")
    assert tarball.manifest(packed.read_bytes()) == manifest
    with tarfile.open(packed) as archive:
        assert {f"package/{name}" for name in names if name != ".npmrc"} <= set(archive.getnames())


NOT_THERE = """#!/bin/sh
case $2 in
  get-authorization-token) echo token ;;
  get-repository-endpoint) echo https://registry.example/npm/payments/ ;;
  *) echo 'An error occurred (ResourceNotFoundException)' >&2; exit 254 ;;
esac
"""
PUBLISHING = '#!/bin/sh\necho "publishes: $*"\n'


def publish(folder: Path, data: bytes, **inputs: str) -> RunResult:
    """Call the action with a cloud that has nothing and an npm that only says that it publishes."""
    (folder / "package").mkdir()
    (folder / "package" / "packed.tgz").write_bytes(data)
    (folder / "tools").mkdir()
    for name, text in (("aws", NOT_THERE), ("npm", PUBLISHING)):
        tool = folder / "tools" / name
        tool.write_text(text)
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    where = {"domain": "acme", "domain-owner": "111122223333", "region": "eu-west-1", "repository": "payments", "token-duration": "3600"}
    asked = {"format": "npm", "directory": str(folder / "package"), **where, **inputs}
    return call_action(folder, "publish", asked, path=os.pathsep.join([str(folder / "tools"), machine.default_path()]))


def packed(more: bytes = b"", **fields: Any) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as file:
        file.write(entry("package/package.json", json.dumps({**PACKAGE, **fields}).encode()) + more + END)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packed, ""),
        (lambda: packed(publishConfig={"access": "restricted", "tag": "latest"}), ""),
        (lambda: packed(publishConfig={"https-proxy": "http://evil.example", "strict-ssl": False}), "sets https-proxy, strict-ssl in"),
        (lambda: packed(publishConfig={"@acme-payments:registry": "https://evil.example"}), "sets @acme-payments:registry in"),
        (lambda: packed(publishConfig={"//evil.example/:_authToken": "x"}), "sets //evil.example/:_authToken in"),
        (lambda: packed(publishConfig={"registry": "https://evil.example"}), "publishConfig.registry"),
        (lambda: packed(publishConfig="x"), "publishConfig is no mapping"),
        (lambda: packed(tag="latest"), "package.json has a tag"),
        (lambda: packed(entry("evil/package.json", OTHER)), "not as npm pack writes it: an entry is not below package/"),
        (lambda: packed(entry("package/.npmrc", b"registry=https://evil.example")), ""),
    ],
)
def test_a_package_tells_npm_nothing(tmp_path: Path, data: Callable[[], bytes], message: str) -> None:
    result = publish(tmp_path, data(), **{"npm-tag": "beta"})
    assert ("publishes: publish --ignore-scripts --tag beta " in result.output) is not bool(message), result.output
    assert result.conclusion is Conclusion.FAILURE
    # What was let through is missing afterwards, because this cloud keeps nothing.
    assert (message or "was published, but what is stored is not what was packed (absent; packed, not stored: tarball)") in result.reason
