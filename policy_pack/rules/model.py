"""What a rule is, what it looks at and what it finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# A value that a preview does not know yet; it counts as given. It is the engine's own mark for a text (UNKNOWN_STRING_VALUE of the SDK).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class NotYetKnown(Exception):
    """A rule needs a value that a preview does not know. `path` says which: names from the outer to the inner one."""

    def __init__(self, *path: str) -> None:
        super().__init__(".".join(path))
        self.path = path


class Level(StrEnum):
    """What a finding does: stop the deployment, or warn."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


@dataclass(frozen=True)
class Resource:
    """A registered resource: properties in camelCase, as on the wire. `parent` is a URN or ""."""

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    protect: bool = False
    parent: str = ""

    @property
    def stack(self) -> str:
        """The stack's name, from the URN (`urn:pulumi:STACK::PROJECT::TYPE::NAME`)."""
        return self.urn.split("::")[0].rpartition(":")[2]

    def get(self, *path: str) -> Any:
        """The value at a path of properties, None where there is none. A list of one object stands for that object, as providers say it."""
        value: Any = self.props
        for key in path:
            if isinstance(value, list) and len(value) == 1:
                value = value[0]
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True)
class Options:
    """What a stack may set: in which stacks the packages must be protected."""

    production_stacks: Sequence[str] = ("prod", "production")


@dataclass(frozen=True)
class Rule:
    """A rule. `mend` says what to do about a finding; `types` are the resource types of a rule that looks at one resource at a time.

    Exactly one of the checks is given. `of_resource` yields what is wrong with one resource; `of_stack` yields (what is wrong, URN).
    """

    name: str
    description: str
    mend: str
    level: Level
    types: tuple[str, ...] = ()
    of_resource: Callable[[Resource], Iterable[str]] | None = None
    of_stack: Callable[[Sequence[Resource], Options], Iterable[tuple[str, str]]] | None = None

    def __post_init__(self) -> None:
        if (self.of_resource is None) == (self.of_stack is None) or bool(self.types) != (self.of_resource is not None):
            raise ValueError(f"rule {self.name}: either a check of one resource with its types, or a check of the stack")


@dataclass(frozen=True)
class Finding:
    """A rule that is broken."""

    rule: Rule = field(repr=False)
    urn: str
    wrong: str

    @property
    def message(self) -> str:
        """What is wrong and how to mend it."""
        return f"{self.wrong}. {self.rule.mend}"

    def as_json(self) -> dict[str, str]:
        """As in a report."""
        return {"rule": self.rule.name, "level": str(self.rule.level), "urn": self.urn, "wrong": self.wrong, "mend": self.rule.mend}
