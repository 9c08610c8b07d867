"""What the rehearsal can do with a resource type, and with which cloud."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rehearsal.program.inputs import Inputs
from rehearsal.program.wire import MASKED_SECRET


class NotSupported(Exception):
    """The rehearsal does not know the type, the function or the option. The message names it."""


class CloudError(Exception):
    """The local cloud refused; the message carries its code and words. `not_found`: because there is no such thing."""

    not_found = False


class PartlyCreated(Exception):
    """The resource exists, but a later step of its creation failed. It must be kept in the state, or nobody would delete it."""

    def __init__(self, id: str, outputs: Mapping[str, Any], cause: Exception) -> None:
        super().__init__(str(cause))
        self.id, self.outputs = id, dict(outputs)


@dataclass(frozen=True)
class Created:
    """The provider's id of a resource and the outputs that are computed or differ from the inputs."""

    id: str
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Existing:
    """A resource as the state has it: id, inputs and outputs as the provider knows them."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        """An output, or the input of that name. A value that a result file has masked cannot be used."""
        value = self.outputs[key] if key in self.outputs else self.inputs[key]
        if value == MASKED_SECRET:
            raise CloudError(f"{key} is a secret, which the state file does not hold")
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Like indexing, with a default."""
        return self.outputs.get(key, self.inputs.get(key, default))


class Handler:
    """Creates, updates and deletes one type of resource.

    `read` names every input that the type has and returns the request; it talks to nobody, so it also serves a preview.
    `create_only` are the inputs whose change needs a new resource; `delete_before_replace`: the old one then goes first, because the two
    would be the same thing. `computed` are inputs that the provider fills in where the program gives none, and then keeps: no
    difference, and a look at them makes no input (schema: optional and computed).
    """

    token: str
    create_only: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()
    delete_before_replace = False

    def read(self, inputs: Inputs, defaults: "Defaults") -> dict[str, Any]:
        raise NotImplementedError

    def replacing(self, cloud: Any, outputs: Mapping[str, Any], wanted: Mapping[str, Any], changed: set[str]) -> set[str]:
        """Of the inputs that `changed` those that need a new resource. `outputs` are the resource's, `wanted` its new inputs."""
        return changed & self.create_only

    def create(self, cloud: Any, wanted: dict[str, Any]) -> Created:
        raise NotImplementedError

    def update(self, cloud: Any, existing: Existing, wanted: dict[str, Any]) -> dict[str, Any]:
        raise NotSupported(f"the rehearsal cannot update {self.token}")

    def delete(self, cloud: Any, existing: Existing) -> None:
        raise NotImplementedError

    def look_up(self, cloud: Any, id: str) -> dict[str, Any] | None:
        """An existing resource by its provider's id, for `.get()`, import and refresh: outputs, and inputs as far as they can be seen.

        None if there is none; a member that is None says that the resource has no such value.
        """
        raise NotSupported(f"the rehearsal cannot look up an existing {self.token}")

    def import_id(self, existing: Existing) -> str:
        """What `look_up` takes for a resource of the state, where that is not its id."""
        return existing.id

    def alike(self, key: str, one: Any, other: Any) -> bool:
        """Whether the provider's schema takes two values of an input for the same (its DiffSuppressFunc)."""
        return False

    def imported(self, import_id: str) -> str:
        """The provider's id of a resource that is imported by `import_id`, where the two differ."""
        return import_id


@dataclass(frozen=True)
class Defaults:
    """What the provider adds to the inputs of a resource."""

    tags: Mapping[str, str]


@contextmanager
def absent_is_fine() -> Generator[None, None, None]:
    """What is not there ends the block and is no error: a resource that is gone counts as deleted, and a look at it shows nothing."""
    try:
        yield
    except CloudError as error:
        if not error.not_found:
            raise


@contextmanager
def finishing(id: str, outputs: Mapping[str, Any]) -> Generator[None, None, None]:
    """For the steps after the one that created the resource: their failure leaves it partly created."""
    try:
        yield
    except Exception as error:
        raise PartlyCreated(id, outputs, error) from error
