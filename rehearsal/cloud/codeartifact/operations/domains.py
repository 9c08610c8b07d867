"""Domains and their permissions policies."""

from typing import Any

from rehearsal.cloud.codeartifact.authorization import tags_context
from rehearsal.cloud.codeartifact.errors import conflict, quota
from rehearsal.cloud.codeartifact.operations import policies
from rehearsal.cloud.codeartifact.operations.call import Call, operation
from rehearsal.cloud.codeartifact.operations.encryption import checked_key
from rehearsal.cloud.codeartifact.operations.tags import checked_tags
from rehearsal.cloud.codeartifact.store import Domain

MOST_DOMAINS = 10  # an account; AWS raises it on request


@operation
def create_domain(call: Call) -> dict[str, Any]:
    owner, name = call.principal.account, call.domain_name
    tags = checked_tags(call.get("tags", []))
    call.allow("CreateDomain", call.targets.anything(owner), tags_context(tags))
    if call.service.store.domain(owner, name):
        raise conflict(f"Domain already exists. Domain '{name}' owned by account '{owner}' already exists.", "domain", name)
    if sum(1 for account, _ in call.service.store.domains if account == owner) >= MOST_DOMAINS:
        raise quota(f"Account '{owner}' has {MOST_DOMAINS} domains, its quota.", "domain", name)
    domain = Domain(name, owner, checked_key(call), tags=tags)
    call.service.store.domains[owner, name] = domain
    return {"domain": described(call, domain)}


@operation
def describe_domain(call: Call) -> dict[str, Any]:
    return {"domain": described(call, call.domain("DescribeDomain"))}


@operation
def delete_domain(call: Call) -> dict[str, Any]:
    domain = call.domain("DeleteDomain")
    if domain.repositories:
        raise conflict(
            f"Domain '{domain.name}' still has {len(domain.repositories)} repositories; delete them first.", "domain", domain.name
        )
    del call.service.store.domains[domain.owner, domain.name]
    return {"domain": described(call, domain) | {"status": "Deleted"}}


@operation
def put_domain_permissions_policy(call: Call) -> dict[str, Any]:
    domain = call.domain("PutDomainPermissionsPolicy")
    document = policies.checked_document(call)
    policies.checked_change(call, domain.policy, "domain", domain.name)
    domain.policy = document
    return _policy(call, domain, document)


@operation
def get_domain_permissions_policy(call: Call) -> dict[str, Any]:
    domain = call.domain("GetDomainPermissionsPolicy")
    return _policy(call, domain, domain.policy)


@operation
def delete_domain_permissions_policy(call: Call) -> dict[str, Any]:
    domain = call.domain("DeleteDomainPermissionsPolicy")
    policies.checked_change(call, domain.policy, "domain", domain.name)
    answer = _policy(call, domain, domain.policy)
    domain.policy = None
    return answer


def described(call: Call, domain: Domain) -> dict[str, Any]:
    return {
        "name": domain.name,
        "owner": domain.owner,
        "arn": call.service.arns.domain(domain.owner, domain.name),
        "status": "Active",
        "createdTime": domain.created,
        "encryptionKey": domain.encryption_key,
        "repositoryCount": len(domain.repositories),
        "assetSizeBytes": domain.asset_size,
    }


def _policy(call: Call, domain: Domain, document: str | None) -> dict[str, Any]:
    return policies.described(call.service.arns.domain(domain.owner, domain.name), document, "domain", domain.name)
