"""What is asked about what is there. None: there is no such thing, or this preview's credential may not see it."""

from collections.abc import Mapping
from typing import Any, Protocol


def member(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """What an answer has under a key, empty where that is no object."""
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


class Answers(Protocol):
    """AWS and GitHub, as the providers read them for us."""

    def rest(self, endpoint: str) -> Any:
        """One GET of GitHub's REST API."""

    def role(self, name: str) -> Mapping[str, Any] | None:
        """A role, with the names of its inline policies (`policies`) and of those attached (`attached`)."""

    def role_policy(self, role: str, name: str) -> str | None:
        """The document of an inline policy."""

    def policy(self, arn: str) -> Mapping[str, Any] | None:
        """A managed policy: `policy` is its document."""

    def alias(self, name: str) -> str | None:
        """The id of the key that an alias names."""

    def managed_by_aws(self, key: str) -> bool | None:
        """Whether AWS manages a key."""

    def resource(self, type: str, identifier: str) -> Mapping[str, Any] | None:
        """The properties of a resource of a CloudFormation type, by Cloud Control."""

    def topic(self, name: str) -> str | None:
        """The ARN of a topic."""

    def queue(self, name: str) -> str | None:
        """The URL of a queue."""

    def permission_set(self, instance: str, name: str) -> str | None:
        """The ARN of a permission set."""
