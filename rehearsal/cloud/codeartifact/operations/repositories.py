"""Repositories, their upstreams and their permissions policies."""

from typing import Any

from rehearsal.cloud.codeartifact.authorization import tags_context
from rehearsal.cloud.codeartifact.errors import conflict, invalid, not_found, not_implemented, quota
from rehearsal.cloud.codeartifact.external import CONNECTIONS
from rehearsal.cloud.codeartifact.operations import policies
from rehearsal.cloud.codeartifact.operations.call import Call, operation
from rehearsal.cloud.codeartifact.operations.pagination import page
from rehearsal.cloud.codeartifact.operations.tags import checked_tags
from rehearsal.cloud.codeartifact.store import Domain, Repository

MOST_UPSTREAMS = 10  # direct ones, fixed
MOST_REPOSITORIES = 1000  # a domain


@operation
def create_repository(call: Call) -> dict[str, Any]:
    tags = checked_tags(call.get("tags", []))
    call.allow("CreateRepository", call.targets.anything(call.owner, call.domain_name), tags_context(tags))
    upstreams = _authorized_upstreams(call)
    domain, name = call.existing_domain(), call.params["repository"]
    if name in domain.repositories:
        raise conflict(f"Repository already exists. Repository '{name}' in domain '{domain.name}' already exists.", "repository", name)
    if len(domain.repositories) >= MOST_REPOSITORIES:
        raise quota(f"Domain '{domain.name}' has {MOST_REPOSITORIES} repositories, its quota.", "repository", name)
    _check_upstreams(domain, name, upstreams)
    repository = Repository(name, call.principal.account, call.get("description", ""), upstreams, tags=tags)
    domain.repositories[name] = repository
    return {"repository": described(call, domain, repository)}


@operation
def describe_repository(call: Call) -> dict[str, Any]:
    return {"repository": described(call, *call.repository("DescribeRepository"))}


@operation
def update_repository(call: Call) -> dict[str, Any]:
    call.allow("UpdateRepository", call.targets.repository(call.owner, call.domain_name, call.params["repository"]))
    upstreams = _authorized_upstreams(call)
    domain, repository = call.existing_repository()
    if "upstreams" in call.params:
        if upstreams and repository.external_connection:
            raise conflict(
                f"Repository '{repository.name}' has an external connection and can't have upstreams.", "repository", repository.name
            )
        _check_upstreams(domain, repository.name, upstreams)
        repository.upstreams = upstreams
    repository.description = call.get("description", repository.description)
    return {"repository": described(call, domain, repository)}


@operation
def delete_repository(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("DeleteRepository")
    del domain.repositories[repository.name]
    return {"repository": described(call, domain, repository)}


@operation
def list_repositories_in_domain(call: Call) -> dict[str, Any]:
    domain = call.domain("ListRepositoriesInDomain")
    administrator, prefix = call.get("administratorAccount"), call.get("repositoryPrefix", "")
    listed = [r for r in domain.repositories.values() if administrator in (None, r.administrator) and r.name.startswith(prefix)]
    chosen, more = page(call, listed, lambda repository: repository.name)
    return {"repositories": [summary(call, domain, repository) for repository in chosen], **more}


@operation
def get_repository_endpoint(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("GetRepositoryEndpoint")
    if call.get("endpointType") == "dualstack":
        raise not_implemented("endpoints of type dualstack")
    return {"repositoryEndpoint": call.service.endpoint(domain, call.params["format"], repository)}


@operation
def put_repository_permissions_policy(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("PutRepositoryPermissionsPolicy")
    document = policies.checked_document(call)
    policies.checked_change(call, repository.policy, "repository", repository.name)
    repository.policy = document
    return _policy(call, domain, repository, document)


@operation
def get_repository_permissions_policy(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("GetRepositoryPermissionsPolicy")
    return _policy(call, domain, repository, repository.policy)


@operation
def delete_repository_permissions_policy(call: Call) -> dict[str, Any]:
    domain, repository = call.repository("DeleteRepositoryPermissionsPolicy")
    policies.checked_change(call, repository.policy, "repository", repository.name)
    answer = _policy(call, domain, repository, repository.policy)
    repository.policy = None
    return answer


def summary(call: Call, domain: Domain, repository: Repository) -> dict[str, Any]:
    return {
        "name": repository.name,
        "administratorAccount": repository.administrator,
        "domainName": domain.name,
        "domainOwner": domain.owner,
        "arn": call.service.arns.repository(domain.owner, domain.name, repository.name),
        "description": repository.description or None,
        "createdTime": repository.created,
    }


def described(call: Call, domain: Domain, repository: Repository) -> dict[str, Any]:
    connection = repository.external_connection
    connected = (
        {"externalConnectionName": connection, "packageFormat": CONNECTIONS[connection], "status": "Available"} if connection else None
    )
    return summary(call, domain, repository) | {
        "upstreams": [{"repositoryName": name} for name in repository.upstreams],
        "externalConnections": [connected] if connected else [],
    }


def _authorized_upstreams(call: Call) -> list[str]:
    """The upstreams that the request names, each authorized for having repositories downstream of it."""
    names = [upstream["repositoryName"] for upstream in call.get("upstreams", [])]
    for name in names:
        call.allow("AssociateWithDownstreamRepository", call.targets.repository(call.owner, call.domain_name, name))
    return names


def _check_upstreams(domain: Domain, repository: str, upstreams: list[str]) -> None:
    if len(upstreams) > MOST_UPSTREAMS:
        raise quota(f"A repository has at most {MOST_UPSTREAMS} upstream repositories.", "repository", repository)
    if len(set(upstreams)) < len(upstreams):
        raise invalid(f"An upstream repository of '{repository}' is named more than once.")
    for name in upstreams:
        if name not in domain.repositories and name != repository:
            raise not_found(
                f"Repository not found. Upstream repository '{name}' in domain '{domain.name}' does not exist.", "repository", name
            )
        if repository in _reachable(domain, name):
            raise invalid(f"Repository '{repository}' would be upstream of itself, through '{name}'.")


def _reachable(domain: Domain, name: str) -> set[str]:
    """A repository and everything upstream of it."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(domain.repositories[current].upstreams if current in domain.repositories else [])
    return seen


def _policy(call: Call, domain: Domain, repository: Repository, document: str | None) -> dict[str, Any]:
    arn = call.service.arns.repository(domain.owner, domain.name, repository.name)
    return policies.described(arn, document, "repository", repository.name)
