"""`/_rehearsal/codeartifact/`: what the rehearsal reads of the emulator's inside, and the packages it puts into the public registries.

GET state, GET events, GET requests (the log), GET and POST public-packages ({format, name, version}).
"""

import json
from typing import Any

from evaluator.package_groups import PackageGroup
from rehearsal.cloud.codeartifact.asgi import Request, json_reply
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Domain, Package, Repository
from rehearsal.cloud.public_registries import catalog

PREFIX = "/_rehearsal/codeartifact/"


def answer(service: Service, request: Request) -> Reply:
    """One request of the rehearsal; 404 for an unknown path."""
    what = request.path.removeprefix(PREFIX).strip("/")
    if (request.method, what) == ("GET", "state"):
        return json_reply({"domains": [_domain(domain) for domain in service.store.domains.values()], "tokens": len(service.tokens)})
    if (request.method, what) == ("GET", "events"):
        return json_reply({"events": service.events})
    if (request.method, what) == ("GET", "requests"):
        return json_reply({"requests": service.requests})
    if (request.method, what) == ("GET", "public-packages"):
        return json_reply({"packages": catalog.packages()})
    if (request.method, what) == ("POST", "public-packages"):
        return _add_public_package(service, request)
    return json_reply({"message": f"There is no {request.method} {request.path}."}, 404)


def _add_public_package(service: Service, request: Request) -> Reply:
    if service.public.upstream != "fixture":
        return json_reply({"message": "External connections read the real registries; nothing can be added to those."}, 409)
    try:
        wanted = json.loads(request.body)
        catalog.add(wanted["format"], wanted["name"], wanted["version"])
    except (ValueError, KeyError, TypeError) as problem:
        return json_reply({"message": f"A public package is {{format, name, version}}: {problem!r}"}, 400)
    return json_reply({"packages": catalog.packages()}, 201)


def _domain(domain: Domain) -> dict[str, Any]:
    return {
        "name": domain.name,
        "owner": domain.owner,
        "encryptionKey": domain.encryption_key,
        "policy": domain.policy,
        "tags": domain.tags,
        "repositories": [_repository(repository) for repository in domain.repositories.values()],
        "packageGroups": [_group(group) for group in domain.groups.values()],
    }


def _repository(repository: Repository) -> dict[str, Any]:
    return {
        "name": repository.name,
        "upstreams": repository.upstreams,
        "externalConnection": repository.external_connection,
        "policy": repository.policy,
        "tags": repository.tags,
        "packages": [_package(package) for package in repository.packages.values()],
    }


def _package(package: Package) -> dict[str, Any]:
    versions = [
        {"version": v.version, "status": v.status, "revision": v.revision, "origin": v.origin_type, "assets": sorted(v.assets)}
        for v in package.versions.values()
    ]
    return {**package.coordinates._asdict(), "restrictions": package.restrictions, "distTags": package.dist_tags, "versions": versions}


def _group(group: PackageGroup) -> dict[str, Any]:
    return {"pattern": group.pattern, "modes": group.modes, "allowedRepositories": group.allowed, "effectiveFrom": group.effective_from}
