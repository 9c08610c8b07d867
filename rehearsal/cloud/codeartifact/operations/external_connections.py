"""External connections: one a repository, and then no upstreams (API reference, AssociateExternalConnection)."""

from typing import Any

from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found, quota
from rehearsal.cloud.codeartifact.external import CONNECTIONS
from rehearsal.cloud.codeartifact.operations.call import Call, operation
from rehearsal.cloud.codeartifact.operations.repositories import described


@operation
def associate_external_connection(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("AssociateExternalConnection")
    connection = call.params["externalConnection"]
    if connection not in CONNECTIONS:
        raise invalid(f"'{connection}' is not an external connection; there are {', '.join(CONNECTIONS)}.")
    if repository.external_connection == connection:
        raise conflict(f"Repository '{repository.name}' already has the external connection {connection}.", "repository", repository.name)
    if repository.external_connection:
        raise quota(f"Repository '{repository.name}' already has an external connection; one is the most.", "repository", repository.name)
    if repository.upstreams:
        raise conflict(
            f"Repository '{repository.name}' has upstreams and can't have an external connection.", "repository", repository.name
        )
    repository.external_connection = connection
    return {"repository": described(call, domain, repository)}


@operation
def disassociate_external_connection(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("DisassociateExternalConnection")
    connection = call.params["externalConnection"]
    if repository.external_connection != connection:
        raise not_found(f"Repository '{repository.name}' has no external connection {connection}.", "repository", repository.name)
    repository.external_connection = None
    return {"repository": described(call, domain, repository)}
