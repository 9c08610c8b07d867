"""Package groups. Sources: User Guide, "Working with package groups"; API reference; AWS's published CloudFormation handler."""

from collections.abc import Iterable
from typing import Any

from evaluator import package_groups as rules
from evaluator.package_groups import RESTRICTION_TYPES, PackageGroup
from rehearsal.cloud.codeartifact.authorization import tags_context
from rehearsal.cloud.codeartifact.errors import ApiError, conflict, invalid
from rehearsal.cloud.codeartifact.lookup import repository_of
from rehearsal.cloud.codeartifact.operations.call import Call, operation
from rehearsal.cloud.codeartifact.operations.pagination import page
from rehearsal.cloud.codeartifact.operations.tags import checked_tags
from rehearsal.cloud.codeartifact.store import Domain

SPECIFIC = "ALLOW_SPECIFIC_REPOSITORIES"
MOST_UPDATES = 100  # allowed repositories added and removed in one request


def _pattern(call: Call) -> str:
    """The pattern that a request names. Raises ApiError if AWS would not take it."""
    try:
        return rules.parse(call.params["packageGroup"]).text
    except rules.InvalidPatternError as error:
        raise invalid(str(error)) from error


@operation
def create_package_group(call: Call) -> dict[str, Any]:
    tags = checked_tags(call.get("tags", []))
    call.allow("CreatePackageGroup", call.targets.anything(call.owner, call.domain_name), tags_context(tags))
    domain, pattern = call.existing_domain(), _pattern(call)
    if pattern in domain.groups:
        raise conflict(f"Package group '{pattern}' already exists in domain '{domain.name}'.", "domain", pattern)
    now = call.service.clock()
    group = PackageGroup(
        pattern, call.get("description", ""), call.get("contactInfo", ""), tags, now, effective_from=now + call.service.group_delay
    )
    domain.groups[pattern] = group
    return {"packageGroup": described(call, domain, group)}


@operation
def describe_package_group(call: Call) -> dict[str, Any]:
    return {"packageGroup": described(call, *_group(call, "DescribePackageGroup"))}


@operation
def update_package_group(call: Call) -> dict[str, Any]:
    domain, group = _group(call, "UpdatePackageGroup")
    group.description = call.get("description", group.description)
    group.contact = call.get("contactInfo", group.contact)
    return {"packageGroup": described(call, domain, group)}


@operation
def delete_package_group(call: Call) -> dict[str, Any]:
    domain, group = _group(call, "DeletePackageGroup")
    if group.pattern == rules.ROOT:
        raise invalid("The root package group can't be deleted.")
    answer = {"packageGroup": described(call, domain, group)}
    del domain.groups[group.pattern]
    group.effective_until = call.service.clock() + call.service.group_delay
    domain.deleted_groups.append(group)
    return answer


@operation
def list_allowed_repositories_for_group(call: Call) -> dict[str, Any]:
    _, group = _group(call, "ListAllowedRepositoriesForGroup")
    chosen, more = page(call, group.allowed[call.params["originRestrictionType"]], lambda name: name)
    return {"allowedRepositories": chosen, **more}


@operation
def get_associated_package_group(call: Call) -> dict[str, Any]:
    """The most specific group of a package, which need not exist."""
    domain = call.existing_domain()
    package = rules.Coordinates(call.params["format"], call.get("namespace", ""), call.params["package"])
    *exact, group = rules.restricting_groups(domain.groups.values(), package)
    call.allow("GetAssociatedPackageGroup", call.targets.package_group(call.owner, call.domain_name, group.pattern))
    return {"packageGroup": described(call, domain, group), "associationType": "WEAK" if exact else "STRONG"}


@operation
def update_package_group_origin_configuration(call: Call) -> dict[str, Any]:
    """Modes and allowed repositories; a list belongs to a mode ALLOW_SPECIFIC_REPOSITORIES and goes with it."""
    domain, group = _group(call, "UpdatePackageGroupOriginConfiguration")
    modes = group.modes | call.get("restrictions", {})
    if group.pattern == rules.ROOT and "INHERIT" in modes.values():
        raise invalid("The root package group has no parent to inherit from.")
    added, removed = (_by_type(call.get(member, [])) for member in ("addAllowedRepositories", "removeAllowedRepositories"))
    if sum(len(names) for change in (added, removed) for names in change.values()) > MOST_UPDATES:
        raise invalid(f"A request adds and removes at most {MOST_UPDATES} allowed repositories.")
    for kind in [kind for change in (added, removed) for kind, names in change.items() if names]:
        if modes[kind] != SPECIFIC:
            raise invalid(f"{kind} has the mode {modes[kind]}; allowed repositories belong to {SPECIFIC}.")
    for name in [name for names in added.values() for name in names]:
        repository_of(domain, name)
    updates = {kind: _update_list(group, kind, modes[kind], added[kind], removed[kind]) for kind in RESTRICTION_TYPES}
    group.modes = modes
    changed = {kind: {how: names for how, names in update.items() if names} for kind, update in updates.items()}
    return {
        "packageGroup": described(call, domain, group),
        "allowedRepositoryUpdates": {kind: update for kind, update in changed.items() if update},
    }


def described(call: Call, domain: Domain, group: PackageGroup) -> dict[str, Any]:
    above = rules.parent(domain.groups.values(), group.pattern)
    return {
        "arn": call.service.arns.package_group(domain.owner, domain.name, group.pattern),
        "pattern": group.pattern,
        "domainName": domain.name,
        "domainOwner": domain.owner,
        "createdTime": group.created,
        "contactInfo": group.contact or None,
        "description": group.description or None,
        "originConfiguration": {"restrictions": {kind: _restriction(call, domain, group, kind) for kind in RESTRICTION_TYPES}},
        "parent": _reference(call, domain, above) if above else None,
    }


def _restriction(call: Call, domain: Domain, group: PackageGroup, kind: str) -> dict[str, Any]:
    deciding = rules.inherited_from(domain.groups.values(), group, kind)
    return {
        "mode": group.modes[kind],
        "effectiveMode": deciding.modes[kind],
        "inheritedFrom": None if deciding is group else _reference(call, domain, deciding),
        "repositoriesCount": len(deciding.allowed[kind]) if deciding.modes[kind] == SPECIFIC else None,
    }


def _reference(call: Call, domain: Domain, group: PackageGroup) -> dict[str, str]:
    return {"arn": call.service.arns.package_group(domain.owner, domain.name, group.pattern), "pattern": group.pattern}


def _group(call: Call, action: str) -> tuple[Domain, PackageGroup]:
    """The request's package group, authorized for `action` on it."""
    pattern = call.params["packageGroup"]
    call.allow(action, call.targets.package_group(call.owner, call.domain_name, pattern))
    domain = call.existing_domain()
    group = domain.groups.get(pattern)
    if group is None:
        raise ApiError("ResourceNotFoundException", f"Package group not found. '{pattern}' does not exist in domain '{domain.name}'.")
    return domain, group


def _by_type(allowed: Iterable[dict[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {kind: [] for kind in RESTRICTION_TYPES}
    for entry in allowed:
        if "repositoryName" not in entry or "originRestrictionType" not in entry:
            raise invalid("An allowed repository has a repositoryName and an originRestrictionType.")
        found[entry["originRestrictionType"]].append(entry["repositoryName"])
    return found


def _update_list(group: PackageGroup, kind: str, mode: str, added: list[str], removed: list[str]) -> dict[str, list[str]]:
    """Change one list of allowed repositories; what was added and what was removed."""
    before = group.allowed[kind]
    after = [name for name in dict.fromkeys([*before, *added]) if name not in removed] if mode == SPECIFIC else []
    group.allowed[kind] = after
    return {"ADDED": [name for name in after if name not in before], "REMOVED": [name for name in before if name not in after]}
