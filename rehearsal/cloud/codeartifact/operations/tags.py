"""Tags of domains, repositories and package groups. Limits: User Guide, "Tagging resources"."""

from collections.abc import Iterable, Mapping
from typing import Any

from evaluator.arns import parse
from rehearsal.cloud.codeartifact.authorization import Target, tags_context
from rehearsal.cloud.codeartifact.errors import invalid, not_found, quota
from rehearsal.cloud.codeartifact.operations.call import Call, operation

MOST_TAGS = 50


def checked_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as a mapping; ValidationException on reserved or repeated keys."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag["key"].lower().startswith("aws:"):
            raise invalid(f"The tag key '{tag['key']}' is reserved: keys do not start with aws:")
        if tag["key"] in found:
            raise invalid(f"The tag key '{tag['key']}' occurs more than once")
        found[tag["key"]] = tag["value"]
    if len(found) > MOST_TAGS:
        raise quota(f"A resource has at most {MOST_TAGS} tags.", "domain", "tags")
    return found


@operation
def tag_resource(call: Call) -> dict[str, Any]:
    given = checked_tags(call.params["tags"])
    tags = _authorized_tags(call, "TagResource", tags_context(given))
    if len(tags | given) > MOST_TAGS:
        raise quota(f"A resource has at most {MOST_TAGS} tags.", "domain", call.params["resourceArn"])
    tags.update(given)
    return {}


@operation
def untag_resource(call: Call) -> dict[str, Any]:
    tags = _authorized_tags(call, "UntagResource", {"aws:TagKeys": list(call.params["tagKeys"])})
    for key in call.params["tagKeys"]:
        tags.pop(key, None)
    return {}


@operation
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    tags = _authorized_tags(call, "ListTagsForResource", {})
    return {"tags": [{"key": key, "value": value} for key, value in sorted(tags.items())]}


def _authorized_tags(call: Call, action: str, context: Mapping[str, Any]) -> dict[str, str]:
    arn = call.params["resourceArn"]
    named = parse(arn)
    if named is None or named.region != call.service.region:
        raise invalid(f"'{arn}' is not the ARN of a domain, repository or package group in {call.service.region}")
    target: Target = {
        "domain": lambda: call.targets.domain(named.owner, named.domain),
        "repository": lambda: call.targets.repository(named.owner, named.domain, named.name),
        "package-group": lambda: call.targets.package_group(named.owner, named.domain, named.name),
    }[named.kind]()
    call.allow(action, target, context)
    domain = call.service.store.domain(named.owner, named.domain)
    holder = domain if named.kind == "domain" else None
    if domain and named.kind == "repository":
        holder = domain.repositories.get(named.name)
    if domain and named.kind == "package-group":
        holder = domain.groups.get(named.name)
    if holder is None:
        raise not_found(f"Resource not found. '{arn}' does not exist.", "repository" if named.kind == "repository" else "domain", arn)
    return holder.tags
