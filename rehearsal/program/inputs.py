"""Reading a resource's inputs so that none is overlooked.

Every input that a handler reads is noted; what remains unread is refused, also inside objects and lists. A key that is misspelt in the
program or that the rehearsal does not support therefore stops the run instead of passing silently.
"""

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rehearsal.program.wire import UNKNOWN


class InputProblems(ValueError):
    """One or more inputs are missing, of the wrong type, misspelt or not supported. `problems` has one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class Inputs:
    """A reader over one object of inputs.

    In a preview a value may be unknown; each method then returns `UNKNOWN` and leaves the checks of that value to the real run.
    `read` are the keys that were read, `names` those that have an automatic name if none is given.
    """

    def __init__(self, values: Mapping[str, Any], path: str = "", auto_name: Callable[[], str] | None = None) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}
        self._path = path
        self._auto_name = auto_name
        self.read: set[str] = set()
        self.names: list[str] = []
        self._children: list[Inputs] = []
        self._problems: list[str] = []

    def text(self, key: str, *, required: bool = False, choices: Sequence[str] = ()) -> str | None:
        """A string. A number or a boolean is taken as its text, as providers do."""
        value = self._take(key, required)
        if isinstance(value, bool | int | float):
            value = json.dumps(value)
        if value is not None and not isinstance(value, str):
            self._problem(key, f"must be a string, not {_kind(value)}")
            return None
        if choices and value is not None and value not in (*choices, UNKNOWN):
            self._problem(key, f"is {value!r}; allowed: {', '.join(choices)}")
        return value

    def name(self, key: str = "name") -> str:
        """A name, or the automatic one (logical name, dash, seven hexadecimal digits) when the program gives none."""
        given = self.text(key)
        self.names.append(key)
        if given:
            return given
        if self._auto_name is None:
            raise TypeError("this object has no automatic name")
        return self._auto_name()

    def flag(self, key: str) -> bool | None:
        """A boolean."""
        value = self._take(key)
        if value in ("true", "false"):
            return value == "true"
        if value is not None and value != UNKNOWN and not isinstance(value, bool):
            self._problem(key, f"must be a boolean, not {_kind(value)}")
            return None
        return value

    def integer(self, key: str, *, required: bool = False) -> int | None:
        """A whole number; its text (`"3600"`) is taken too, as providers do."""
        value = self._take(key, required)
        if value is None or value == UNKNOWN:
            return value
        if isinstance(value, str) and value.lstrip("-").isdigit():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._problem(key, f"must be a whole number, not {_kind(value)}")
            return None
        return value

    def texts(self, key: str, *, required: bool = False) -> list[str]:
        """A list of strings; an absent one is empty."""
        return self._list_of(key, str, "strings", required)

    def integers(self, key: str) -> list[int]:
        """A list of whole numbers; an absent one is empty."""
        return self._list_of(key, int, "whole numbers", False)

    def mapping(self, key: str) -> dict[str, str]:
        """A map whose keys are the program's own (tags, event paths); an absent one is empty."""
        value = self._take(key)
        if value is None or value == UNKNOWN:
            return {}
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            self._problem(key, "must be a map of strings")
            return {}
        return value

    def document(self, key: str, *, required: bool = False) -> str | None:
        """A JSON document, as text or as an object; returned as text. The providers refuse text that is not JSON."""
        value = self._take(key, required)
        if isinstance(value, dict | list):
            return json.dumps(value)
        if value is None or value == UNKNOWN:
            return value
        try:
            json.loads(value)
        except (TypeError, ValueError) as error:
            self._problem(key, f"is not JSON: {error}")
        return value

    def object(self, key: str, *, required: bool = False) -> "Inputs | None":
        """An object, read by a reader of its own."""
        value = self._take(key, required)
        if value is None or value == UNKNOWN:
            return None
        if not isinstance(value, dict):
            self._problem(key, f"must be an object, not {_kind(value)}")
            return None
        return self._child(value, key)

    def objects(self, key: str, *, required: bool = False, most: int | None = None) -> "list[Inputs]":
        """A list of objects, each read by a reader of its own."""
        value = self._take(key, required)
        if value is None or value == UNKNOWN:
            return []
        if not isinstance(value, list):
            self._problem(key, f"must be a list of objects, not {_kind(value)}")
            return []
        if most is not None and len(value) > most:
            self._problem(key, f"has {len(value)} entries; at most {most}")
        readers = []
        for position, each in enumerate(value):
            if isinstance(each, dict):
                readers.append(self._child(each, f"{key}[{position}]"))
            elif each != UNKNOWN:
                self._problem(f"{key}[{position}]", f"must be an object, not {_kind(each)}")
        return readers

    def refuse(self, key: str, reason: str) -> None:
        """Note a problem with an input that was read."""
        self._problem(key, reason)

    def has(self, key: str) -> bool:
        """Whether the program gave this input (which does not count as reading it)."""
        return key in self._values

    def problems(self) -> list[str]:
        """Every problem found so far, plus one for each input that nobody read, here and in what was read inside."""
        found = list(self._problems)
        for key in sorted(set(self._values) - self.read):
            found.append(f"{self._full(key)} is not an input that the rehearsal reads (misspelt or unsupported){self._suggestion(key)}")
        for child in self._children:
            found += child.problems()
        return found

    def check(self) -> None:
        """Raises `InputProblems` if there is any problem."""
        problems = self.problems()
        if problems:
            raise InputProblems(problems)

    def _take(self, key: str, required: bool = False) -> Any:
        self.read.add(key)
        value = self._values.get(key)
        if required and value is None:
            self._problem(key, "is required")
        return value

    def _list_of(self, key: str, kind: type, words: str, required: bool) -> list[Any]:
        value = self._take(key, required)
        if value is None or value == UNKNOWN:
            return []
        if not isinstance(value, list) or not all(type(each) is kind or each == UNKNOWN for each in value):
            self._problem(key, f"must be a list of {words}")
            return []
        return value

    def _child(self, value: dict[str, Any], key: str) -> "Inputs":
        child = Inputs(value, self._full(key))
        self._children.append(child)
        return child

    def _problem(self, key: str, reason: str) -> None:
        self._problems.append(f"{self._full(key)} {reason}")

    def _full(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _suggestion(self, key: str) -> str:
        near = difflib.get_close_matches(key, self.read - set(self._values), n=1)
        return f"; did you mean {near[0]}?" if near else f"; it reads {', '.join(sorted(self.read))}"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
