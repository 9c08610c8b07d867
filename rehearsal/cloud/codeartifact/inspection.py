"""`/_rehearsal/codeartifact/`: what the rehearsal reads of the emulator's inside, and the packages it puts into the public registries.

GET state, GET events, GET requests (the log), GET and POST public-packages ({format, name, version}).
"""

import json
from typing import Any

from rehearsal.cloud.codeartifact.asgi import Request, json_reply
from rehearsal.cloud.codeartifact.model import Reply
from rehearsal.cloud.codeartifact.service import Service
from rehearsal.cloud.codeartifact.store import Domain
from rehearsal.cloud.public_registries import catalog

PREFIX = "/_rehearsal/codeartifact/"


def answer(service: Service, request: Request) -> Reply:
    """One request of the rehearsal; 404 for an unknown path."""
    what = request.path.removeprefix(PREFIX).strip("/")
    if (request.method, what) == ("GET", "state"):
        return json_reply({"domains": [_domain(domain) for domain in service.store.domains.values()]})
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
    return {"name": domain.name, "owner": domain.owner, "repositories": [{"name": name} for name in domain.repositories]}
