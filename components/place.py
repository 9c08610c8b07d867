"""Arguments that several components share."""

from typing import TypedDict

from policies.arns import Registry
from policies.resource import Sharing


class PlaceArgs(TypedDict):
    """Where the domain lives. All of it is known before anything is made, so policies are built from plain strings."""

    partition: str
    """`aws`, `aws-us-gov` or `aws-cn`."""
    account: str
    """The 12-digit account that owns the domain."""
    region: str
    """The domain's region."""
    domain: str
    """The domain's name."""


class GitHubRepositoryArgs(TypedDict):
    """A repository as GitHub knows it."""

    owner: str
    """Login of the organisation, as GitHub returns it (IAM compares case)."""
    owner_id: int
    """Numeric id of the organisation."""
    name: str
    """Name of the repository, as GitHub returns it."""
    id: int
    """Numeric id of the repository."""


class RoleArgs(TypedDict):
    """What every IAM role of a stack has."""

    stack: str
    """Name of the stack; first part of the role's name."""
    path: str
    """IAM path, with slashes around it."""
    permissions_boundary: str
    """ARN of the permissions boundary, or ""."""


class SharingArgs(TypedDict):
    """Other accounts that read what is open to the organisation."""

    organization_id: str
    """AWS Organizations id, or ""."""
    organization_paths: list[str]
    """Paths of organisational units, `*` at the end for what is below."""
    accounts: list[str]
    """12-digit account ids."""
    downstream: list[str]
    """Repositories that they may have as upstreams of their own ones in the domain."""


def registry(place: PlaceArgs) -> Registry:
    """The place as what policies are built from."""
    return Registry(place["partition"], place["account"], place["region"], place["domain"])


def sharing(args: SharingArgs) -> Sharing:
    """The other accounts as what policies are built from."""
    return Sharing(args["organization_id"], tuple(args["organization_paths"]), tuple(args["accounts"]))
