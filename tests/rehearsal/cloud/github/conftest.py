"""A stand-in with one organisation, its people and repositories, and a client that holds every answer against GitHub's description."""

import asyncio
from typing import Any

import httpx
import pytest

from rehearsal.cloud.github import app, openapi
from rehearsal.cloud.github.rest import ROUTES

BASE = "http://127.0.0.1:4599"
DEPLOYER = "deployer-token"
DEPLOYER_APP = 501
PERMISSIONS = {
    "administration": "write",
    "actions": "write",
    "actions_variables": "write",
    "contents": "read",
    "members": "read",
    "organization_plan": "read",
}
WORKFLOW = ".github/workflows/release.yml"
PULL_REQUEST = {
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": True,
    "required_approving_review_count": 1,
    "required_review_thread_resolution": False,
}


async def _both(scope: Any, receive: Any, send: Any) -> None:
    front = app.rehearsal if scope["path"].startswith("/_rehearsal/") else app.rest
    await front(scope, receive, send)


def http(method: str, url: str, **options: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(_both), base_url=BASE) as client:
            return await client.request(method, url, **options)

    return asyncio.run(call())


def template_of(method: str, path: str) -> str | None:
    """The described operation that a path belongs to, found without the stand-in's own router."""
    segments = path.partition("?")[0].strip("/").split("/")
    for route in ROUTES:
        parts = route.template.strip("/").split("/")
        # A ref is the one name that holds slashes.
        given = [*segments[: len(parts) - 1], "/".join(segments[len(parts) - 1 :])] if parts[-1] == "{ref}" else segments
        fits = len(parts) == len(given) and all(p.startswith("{") or p == s for p, s in zip(parts, given, strict=True))
        if route.method == method and fits and (method, route.template) in openapi.operations():
            return route.template
    return None


class Client:
    """Acts as people (`act`) and as the deployer's App (`rest`)."""

    def act(self, path: str, expect: int = 200, **body: Any) -> dict[str, Any]:
        response = http("POST", f"/_rehearsal/github/{path}", json=body)
        assert response.status_code == expect, f"{path}: {response.status_code} {response.text}"
        return response.json()

    def show(self, path: str) -> dict[str, Any]:
        response = http("GET", f"/_rehearsal/github/{path}")
        assert response.status_code == 200, response.text
        return response.json()

    def rest(
        self, method: str, path: str, body: Any = None, *, expect: int, token: str | None = DEPLOYER, **options: Any
    ) -> httpx.Response:
        headers = {**({"authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        response = http(method, f"/_github{path}", json=body, headers=headers, **options)
        assert response.status_code == expect, f"{method} {path}: {response.status_code} {response.text}"
        self._described(method, path, response)
        return response

    @staticmethod
    def _described(method: str, path: str, response: httpx.Response) -> None:
        template = template_of(method, path)
        if template is None or response.status_code == 304:
            return
        if response.status_code in (301, 307) or response.status_code >= 400:
            assert {"message", "documentation_url", "status"} <= set(response.json())
            return
        body = response.json() if response.content else None
        assert openapi.response_errors(method, template, response.status_code, body) == []

    def ruleset(
        self, name: str, rules: list[dict[str, Any]], *, include: list[str], repository: str = "acme/api", expect: int = 201, **more: Any
    ) -> httpx.Response:
        body = {
            "name": name,
            "target": "branch",
            "enforcement": "active",
            "bypass_actors": [],
            "conditions": {"ref_name": {"include": include, "exclude": more.pop("exclude", [])}},
            "rules": rules,
            **more,
        }
        return self.rest("POST", f"/repos/{repository}/rulesets", body, expect=201)

    def run(self, expect: int = 200, **body: Any) -> dict[str, Any]:
        return self.act("run", expect, **{"repository": "acme/api", "actor": "wes", "workflow": WORKFLOW, "event": "push", **body})


def seed_of(**changes: Any) -> dict[str, Any]:
    """acme: ada owns it, max administers api, wes and wim write to it, rita reads it, lea leads; eve is a stranger."""
    logins = ("ada", "max", "wes", "wim", "rita", "lea", "eve")
    return {
        "users": [{"login": login, "id": 1000 + number} for number, login in enumerate(logins)],
        "organizations": [
            {
                "login": "acme",
                "id": 7001,
                "plan": "enterprise",
                "owners": ["ada"],
                "members": ["max", "wes", "wim", "rita", "lea"],
                "teams": [{"slug": "payments-leads", "id": 301, "members": ["lea"]}],
            },
            {"login": "globex", "id": 7002, "owners": ["eve"]},
        ],
        "repositories": [
            {"owner": "acme", "name": "api", "id": 9001, "admins": ["max"], "writers": ["wes", "wim", "lea"], "readers": ["rita"]},
            {"owner": "acme", "name": "web", "id": 9002, "writers": ["wes"], "subject": "immutable"},
            {"owner": "acme", "name": "package-flow", "id": 9003, "writers": ["wim"], "actions_access": "organization"},
            {"owner": "acme", "name": "open", "id": 9004, "visibility": "public", "writers": ["wes"]},
            {"owner": "globex", "name": "api", "id": 9005},
        ],
        "tokens": [{"token": DEPLOYER, "organization": "acme", "app_id": DEPLOYER_APP, "permissions": PERMISSIONS}],
        **changes,
    }


@pytest.fixture
def github() -> Client:
    """A seeded stand-in."""
    app.configure(BASE)
    client = Client()
    client.act("seed", **seed_of())
    return client
