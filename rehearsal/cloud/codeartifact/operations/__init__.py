"""The control plane's operations, grouped by resource. Importing this package registers all of them."""

from rehearsal.cloud.codeartifact.operations import (
    authorization_tokens,
    copying,
    domains,
    external_connections,
    package_groups,
    package_versions,
    packages,
    publishing,
    repositories,
    tags,
)
from rehearsal.cloud.codeartifact.operations.call import OPERATIONS, Call

__all__ = [
    "OPERATIONS", "Call", "authorization_tokens", "copying", "domains", "external_connections", "package_groups", "package_versions",
    "packages", "publishing", "repositories", "tags",
]  # fmt: skip
