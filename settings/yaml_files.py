"""YAML read so that nothing in it is lost: not a key given twice, and not the spelling of what YAML takes for something else than text."""

import stat
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from settings.problems import DEPTH_MAX, MAPPING, Finding, SettingsError, Words, bounded, encodable, misread, shown

_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
# Far above any real file; aliases of aliases grow without limit.
_NODES_MAX = 50_000
# Bytes; a team file has hundreds. What is no file may never end.
_BYTES_MAX = 262_144
_SHOWN_MAX = 100
_COLLECTIONS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_SCALARS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp"))

# Where a value that is no text stands, and how the file spells it.
Spellings = Mapping[tuple[Any, ...], str]


class Document(NamedTuple):
    """A YAML file: its data, how values that are not text were spelled, what is wrong with it as YAML, and on which line a value begins."""

    data: Any
    spellings: Spellings
    findings: tuple[Finding, ...]
    lines: Mapping[tuple[Any, ...], int]

    def no_mapping(self, path: tuple[str, ...], got: object) -> Finding:
        """What is wrong where `got` stands at `path` instead of a mapping."""
        words, line = misread(got, self.spellings.get(path)) or shown(got), self.lines.get(path)
        return Finding(path, Words(f"{words} (line {line})" if line else words), MAPPING)


def _unreadable(got: str, allowed: str) -> Document:
    return Document(None, {}, (Finding((), Words(got), allowed),), {})


class _Reader:
    """Builds data from YAML nodes, so that nothing is lost on the way: a duplicate key, a key that is not text, a value's spelling."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self.loader = loader
        self.spellings: dict[tuple[Any, ...], str] = {}
        self.findings: list[Finding] = []
        self.lines: dict[tuple[Any, ...], int] = {}
        self.open: set[int] = set()
        self.nodes = 0

    def value(self, node: yaml.Node | None, path: tuple[Any, ...]) -> Any:
        self.nodes += 1
        if node is None:
            return None
        self.lines[path] = node.start_mark.line + 1
        if id(node) in self.open or self.nodes > _NODES_MAX or len(path) > DEPTH_MAX:
            raise ConstructorError(None, None, "aliases without end, or too many or too deep values", node.start_mark)
        if node.tag not in (_SCALARS if isinstance(node, yaml.ScalarNode) else _COLLECTIONS):
            raise ConstructorError(None, None, f"the tag {node.tag}", node.start_mark)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(one, (*path, index)) for index, one in enumerate(node.value)]
            return self.scalar(node, path)
        finally:
            self.open.remove(id(node))

    def mapping(self, node: yaml.MappingNode, path: tuple[Any, ...]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                self.findings.append(
                    Finding(path, Words(f"a key that is not text, on line {line}"), "text as a key, with its values written out")
                )
            elif key.tag != _TEXT:
                got = Words(f"the key {key.value or 'null'} on line {line}, which YAML does not read as text")
                self.findings.append(Finding((*path, key.value), got, "text as a key (put it in quotes)"))
            elif not encodable(key.value):
                got = Words(f"the key {bounded(key.value, _SHOWN_MAX)} on line {line}, which is not text in UTF-8")
                self.findings.append(Finding(path, got, "text as a key"))
            elif key.value in read:
                self.findings.append(Finding((*path, key.value), Words(f"the key a second time, on line {line}"), "each key once"))
            else:
                read[key.value] = self.value(value, (*path, key.value))
        return read

    def scalar(self, node: yaml.Node, path: tuple[Any, ...]) -> Any:
        try:
            value = self.loader.construct_object(node)
        except (ValueError, OverflowError, KeyError, IndexError, AttributeError, TypeError):  # as a date without a 13th month
            value = str(node.value)
            self.findings.append(Finding(path, value, f"a value that exists (line {node.start_mark.line + 1}; text goes in quotes)"))
        if not isinstance(value, str):
            self.spellings[path] = str(node.value)
        return value


def _line(text: str, position: int) -> str:
    """Where a position of a text is, as an editor counts."""
    before = text[:position]
    return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"


def _yaml_error(error: yaml.YAMLError, text: str) -> Document:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    if isinstance(error, ReaderError):
        where = f"{_line(text, error.position)}: "
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    allowed = "one YAML document"
    if "cannot start any token" in what and "\\t" not in what:  # Such as @scope/*; a tab is another matter.
        allowed += "; put text that starts with this character in quotes"
    return _unreadable(f"broken YAML ({where}{what})", allowed)


def read_document(path: Path) -> Document:
    """A YAML file as it is written. Never raises: what is wrong with it is among its findings."""
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode) or there.st_size > _BYTES_MAX:
            what = f"a file of {there.st_size:,} bytes" if stat.S_ISREG(there.st_mode) else "something that is no file"
            return _unreadable(what, f"a file of at most {_BYTES_MAX:,} bytes")
        document = _document(path.read_bytes().decode("utf-8-sig"))
        return document._replace(data=deepcopy(document.data))
    except UnicodeDecodeError as error:
        # What comes before the first bad byte is good.
        text = error.object[: error.start].decode("utf-8")
        return _unreadable(f"bytes that are not UTF-8 ({_line(text, len(text))})", "UTF-8 text: save the file with that encoding")
    except RecursionError:
        return _unreadable("YAML nested too deeply", "the keys of this file")
    except OSError as error:
        return _unreadable(error.strerror or "an unreadable file", "a readable file")


@lru_cache(maxsize=64)
def _document(text: str) -> Document:
    """Each text is read once: Pulumi.yaml and catalogs are asked for again and again, and reading takes most of the time of a plan."""
    try:
        loader = yaml.SafeLoader(text)
        reader = _Reader(loader)
        data = reader.value(loader.get_single_node(), ())
    except yaml.YAMLError as error:
        return _yaml_error(error, text)
    return Document(data, reader.spellings, tuple(reader.findings), reader.lines)


def read_mapping(path: Path, file: str, key: str = "") -> dict[str, Any]:
    """A YAML file that is a mapping, or the mapping at its `key` ({} without a value). Raises SettingsError, which calls it `file`."""
    document = read_document(path)
    problems, data = [one.problem(file) for one in document.findings], document.data
    if not problems and not isinstance(data, dict):
        problems.append(document.no_mapping((), data).problem(file))
    if not problems and key:
        data = {} if data.get(key) is None else data[key]
        if not isinstance(data, dict):
            problems.append(document.no_mapping((key,), data).problem(file))
    if problems:
        raise SettingsError(problems)
    return data
