"""Print the package.json of an npm package's tarball, in a tarball that holds nothing else that npm could take for it.

npm drops the first folder of every entry, whatever it is called, and lets later entries replace earlier ones; and implementations of tar
disagree about much. So this reads only what `npm pack` writes: one gzip stream; files and folders below `package/`, each once; pax headers
that do no more than name the next entry; nothing after the end.
"""

import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = 512
MANIFEST = "package/package.json"
PAX_MAX = 64 * 1024
_OCTAL = re.compile(rb"[0-7]{1,11}[ \0]*")
# What node-tar writes beside a name that is too long for the header.
_PAX = frozenset({"path", "size", "atime", "ctime", "mtime", "uid", "gid", "uname", "gname", "SCHILY.dev", "SCHILY.ino", "SCHILY.nlink"})
_RECORD = re.compile(rb"([1-9][0-9]*) ([A-Za-z.]+)=([^\n\0]*)\n")


class Refused(ValueError):
    """The tarball is not as npm pack writes one; the message says where."""


def unpacked(data: bytes) -> bytes:
    """The content of one gzip stream. Raises Refused for anything else, or anything behind it."""
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(data)
    except zlib.error as wrong:
        raise Refused(f"not a gzip stream: {wrong}") from wrong
    if not stream.eof or stream.unused_data:
        raise Refused("not one complete gzip stream")
    return content


def _text(field: bytes) -> str:
    text, _, rest = field.partition(b"\0")
    if rest.strip(b"\0"):
        raise Refused("a header holds something behind its end")
    try:
        return text.decode()
    except UnicodeDecodeError as wrong:
        raise Refused("a name is not UTF-8") from wrong


def _number(field: bytes) -> int:
    if not _OCTAL.fullmatch(field):
        raise Refused("a header's number is not octal")
    return int(field.rstrip(b" \0"), 8)


def _check_header(header: bytes) -> None:
    if len(header) != BLOCK or header[257:265] != b"ustar\x0000":
        raise Refused("a header is not ustar")
    if sum(header) - sum(header[148:156]) + 8 * ord(" ") != _number(header[148:156]):
        raise Refused("a header's checksum is wrong")


def _pax(content: bytes, size: int) -> dict[str, str]:
    """Records of a pax header (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html)."""
    found: dict[str, str] = {}
    at = 0
    while at < len(content):
        record = _RECORD.match(content, at)
        if record is None or int(record[1]) != len(record[0]) or record[2].decode() in found:
            raise Refused("a pax header is malformed")
        found[record[2].decode()] = _text(record[3])
        at = record.end()
    if found.keys() - _PAX or found.get("size", str(size)) != str(size):
        raise Refused("a pax header changes more than a name")
    return found


def entries(content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Path and content of each entry, in order; None for a folder. Raises Refused."""
    at, pax = 0, None
    while content[at : at + BLOCK].strip(b"\0"):
        header = content[at : at + BLOCK]
        _check_header(header)
        kind, size = header[156:157], _number(header[124:136])
        body = content[at + BLOCK : at + BLOCK + size]
        at += BLOCK + -(-size // BLOCK) * BLOCK
        if len(body) != size:
            raise Refused("the tarball ends within an entry")
        if kind == b"x" and pax is None and size <= PAX_MAX:
            pax = body
            continue
        if kind not in (b"0", b"\0", b"5"):
            raise Refused(f"an entry is neither a file nor a folder (type {kind!r})")
        prefix, path = _text(header[345:500]), _text(header[:100])
        path = f"{prefix}/{path}" if prefix else path
        if pax is not None:
            path = _pax(pax, size).get("path", path)
            pax = None
        folder = kind == b"5" or path.endswith("/")
        if folder and size:
            raise Refused(f"a folder has content: {path!r}")
        yield path.removesuffix("/") if folder else path, None if folder else body
    if pax is not None or content[at:].strip(b"\0") or len(content) - at < 2 * BLOCK:
        raise Refused("the tarball does not end where its end is")


def _check_path(path: str) -> None:
    first, *others = path.split("/")
    if first != "package" or any(one in ("", ".", "..") for one in others):
        raise Refused(f"an entry is not below package/: {path!r}")
    if not path.isprintable() or "\\" in path:
        raise Refused(f"a name has characters that are read differently: {path!r}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("package.json names something twice")
    return found


def manifest(data: bytes) -> dict[str, Any]:
    """The one package.json of a tarball. Raises Refused."""
    seen: dict[str, bytes | None] = {}
    for path, body in entries(unpacked(data)):
        _check_path(path)
        if path in seen:
            raise Refused(f"an entry comes twice: {path!r}")
        if path != MANIFEST and f"{path}/".casefold().startswith(f"{MANIFEST}/"):
            raise Refused(f"an entry could be taken for package.json: {path!r}")
        seen[path] = body
    text = seen.get(MANIFEST)
    if text is None:
        raise Refused(f"there is no {MANIFEST}")
    try:
        found = json.loads(text.decode(), object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as wrong:
        raise Refused(f"package.json is not JSON: {wrong}") from wrong
    if not isinstance(found, dict):
        raise Refused("package.json is no mapping")
    return found


if __name__ == "__main__":
    try:
        print(json.dumps(manifest(Path(sys.argv[1]).read_bytes())))
    except Refused as refusal:
        sys.exit(str(refusal))
