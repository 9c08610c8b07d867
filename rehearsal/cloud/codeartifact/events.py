"""EventBridge events about package versions. Source: User Guide, "CodeArtifact event format and example"."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from evaluator.package_groups import Coordinates
from rehearsal.cloud.codeartifact.store import Domain, PackageVersion, Repository

SOURCE = "aws.codeartifact"
DETAIL_TYPE = "CodeArtifact Package Version State Change"


@dataclass(frozen=True)
class Changes:
    """What an event says about the difference to before."""

    assets_added: int = 0
    assets_removed: int = 0
    assets_updated: int = 0
    metadata_updated: bool = False
    status_changed: bool = False


def detail(
    domain: Domain, repository: Repository, package: Coordinates, version: PackageVersion, operation: str, changes: Changes
) -> dict[str, Any]:
    """The event's detail. operation: Created, Updated or Deleted. Takes the package's next sequence number."""
    return {
        "domainName": domain.name,
        "domainOwner": domain.owner,
        "repositoryName": repository.name,
        "repositoryAdministrator": repository.administrator,
        "packageFormat": package.format,
        "packageNamespace": package.namespace or None,
        "packageName": package.name,
        "packageVersion": version.version,
        "packageVersionState": version.status,
        "packageVersionRevision": version.revision,
        "changes": {
            "assetsAdded": changes.assets_added,
            "assetsRemoved": changes.assets_removed,
            "metadataUpdated": changes.metadata_updated,
            "assetsUpdated": changes.assets_updated,
            "statusChanged": changes.status_changed,
        },
        "operationType": operation,
        "sequenceNumber": domain.next_sequence(repository.name, package),
        "eventDeduplicationId": base64.b64encode(hashlib.sha256(secrets.token_bytes(32)).digest()).decode(),
    }
