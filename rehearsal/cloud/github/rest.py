"""GitHub's REST API, as far as the program and its provider call it.

Every call needs a token that the state knows; what the token's installation may not see answers 404, what it may not do 403. Request
bodies are held against GitHub's published description (422). A path or method that is not in `ROUTES` answers 501.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rehearsal.cloud.github import openapi, views
from rehearsal.cloud.github.patterns import unmodelled
from rehearsal.cloud.github.rules import ROLE_IDS, RULES, applicable
from rehearsal.cloud.github.state import (
    GITHUB_ACTIONS_APP,
    HOURLY,
    BranchPolicy,
    Environment,
    GitHub,
    Installation,
    NotFound,
    Organization,
    Repository,
    Ruleset,
    Secret,
    Variable,
    now,
    team_by_id,
)

DOCUMENTATION = "https://docs.github.com/rest"
VARIABLE_BYTES = 48 * 1024  # GitHub's "Store information in variables"
VARIABLES_A_REPOSITORY, VARIABLES_AN_ORGANIZATION = 500, 1000
RULESETS = 75  # of a repository, and of an organisation: GitHub's "About rulesets"
REVIEWERS_AN_ENVIRONMENT = 6  # OpenAPI description of an environment's reviewers
WAIT_TIMER_MINUTES = 43_200
PAID_PLANS = ("team", "enterprise")
UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
NO_PERMISSION = "Resource not accessible by integration"
# Rules that GitHub has for one kind of target only (the provider's table of them agrees).
BRANCH_ONLY_RULES = {"pull_request", "merge_queue"}
# Parameters that would ask for something this model has no notion of.
UNMODELLED_PARAMETERS = ("allowed_merge_methods", "required_reviewers", "dismissal_restriction")


class Problem(Exception):
    """An answer other than success: GitHub's error body."""

    def __init__(self, status: int, message: str, errors: list[str] | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        errors = {} if self.errors is None else {"errors": self.errors}
        return {"message": self.message, **errors, "documentation_url": DOCUMENTATION, "status": str(self.status)}


@dataclass
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One authorised request: what the path names is looked up, the body is valid."""

    github: GitHub
    api: str
    token: Installation
    method: str
    url: str
    names: dict[str, str]
    query: dict[str, str]
    body: Any
    repo: Repository | None = None
    org: Organization | None = None

    @property
    def repository(self) -> Repository:
        assert self.repo is not None
        return self.repo

    @property
    def organization(self) -> Organization:
        assert self.org is not None
        return self.org

    @property
    def environment(self) -> Environment:
        return self.repository.environment(self.names["environment_name"])


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """`permission` and `level`: what GitHub's "Permissions required for GitHub Apps" lists for the operation."""

    method: str
    template: str
    handler: Handler
    permission: str
    level: str


async def serve(github: GitHub, api: str, path: str, request: Request) -> Response:
    """Answer one REST call. `path` is the undecoded path below the API's root, `api` that root's URL."""
    raw = await request.body()
    entry = {"method": request.method, "path": unquote(path), "body": _parsed(raw)}
    github.requests.append(entry)
    try:
        reply = _answer(github, api, path, request, raw)
    except Problem as problem:
        reply = Reply(problem.status, problem.body(), problem.headers)
    except NotFound:
        reply = Reply(404, Problem(404, "Not Found").body())
    entry["status"] = reply.status
    return _response(reply, request)


def _answer(github: GitHub, api: str, path: str, request: Request, raw: bytes) -> Reply:
    token = _authenticate(github, request.headers.get("authorization", ""))
    route, names = _route(request.method, path)
    repo, org = _subject(github, api, route, names, path)
    _authorize(token, route, repo, org)
    if repo is not None and repo.archived and request.method != "GET":
        raise Problem(403, "Repository was archived so is read-only.")
    body = _body(route, raw)
    return route.handler(Call(github, api, token, request.method, f"{api}{path}", names, dict(request.query_params), body, repo, org))


def _authenticate(github: GitHub, header: str) -> Installation:
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        raise Problem(401, "Requires authentication")
    if token not in github.tokens:
        raise Problem(401, "Bad credentials")
    return github.tokens[token]


def _route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    for route in ROUTES:
        names = _match(route.template, segments) if route.method == method else None
        if names is not None:
            return route, names
    raise Problem(501, f"the rehearsal's GitHub does not have {method} {unquote(path)}")


def _match(template: str, segments: list[str]) -> dict[str, str] | None:
    """The path's names, if it fits; `/repositories/{id}` stands for `/repos/{owner}/{repo}` everywhere, as redirects use it."""
    if segments[0] == "repositories" and template.startswith("/repos/{owner}/{repo}"):
        template = template.replace("/repos/{owner}/{repo}", "/repositories/{repository_id}")
    parts = template.strip("/").split("/")
    if parts[-1] == "{ref}":  # the one name that holds slashes
        segments = [*segments[: len(parts) - 1], "/".join(segments[len(parts) - 1 :])]
    if len(parts) != len(segments) or not segments[-1]:
        return None
    pairs = list(zip(parts, segments, strict=True))
    if any(not part.startswith("{") and part != segment for part, segment in pairs):
        return None
    return {part[1:-1]: segment for part, segment in pairs if part.startswith("{")}


def _subject(github: GitHub, api: str, route: Route, names: dict[str, str], path: str) -> tuple[Repository | None, Organization | None]:
    """The repository or organisation that the path is about. A repository's former name redirects to its id."""
    if "repository_id" in names:
        return github.repositories.get(_number(names["repository_id"])), None
    if "repo" in names:
        full_name = f"{names['owner']}/{names['repo']}"
        repo = github.repository(full_name)
        if repo.full_name.lower() != full_name.lower():
            raise _moved(api, route.method, repo, path)
        return repo, None
    if "org" not in names:
        return None, None
    org = github.organization(names["org"])
    if org.personal:
        raise NotFound(names["org"])
    return None, org


def _moved(api: str, method: str, repo: Repository, path: str) -> Problem:
    rest = "/".join(path.strip("/").split("/")[3:])
    url = f"{api}/repositories/{repo.id}" + (f"/{rest}" if rest else "")
    return Problem(301 if method == "GET" else 307, "Moved Permanently", headers={"location": url})


def _authorize(token: Installation, route: Route, repo: Repository | None, org: Organization | None) -> None:
    if "{" not in route.template:  # about the token itself
        return
    owner = repo.owner if repo is not None else org
    if owner is None:
        raise Problem(404, "Not Found")
    own = _installed(token, repo) if repo is not None else owner.login.lower() == token.organization.lower()
    if repo is not None and not _visible(token, repo):
        raise Problem(404, "Not Found")
    if route.permission == "metadata" and route.level == "read":
        return
    if not own or not token.allows(route.permission, route.level):
        raise Problem(403, NO_PERMISSION)


def _installed(token: Installation, repo: Repository) -> bool:
    own = repo.owner.login.lower() == token.organization.lower()
    return own and (token.repositories is None or repo.id in token.repositories)


def _visible(token: Installation, repo: Repository) -> bool:
    return repo.visibility == "public" or _installed(token, repo)


def _body(route: Route, raw: bytes) -> Any:
    if route.method not in ("POST", "PUT", "PATCH"):
        return None
    try:
        body = json.loads(raw) if raw else None
    except ValueError as error:
        raise Problem(400, "Problems parsing JSON") from error
    errors = openapi.request_errors(route.method, route.template, body)
    if errors:
        raise Problem(422, "Invalid request.\n\n" + "\n".join(errors))
    return body


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")


def _response(reply: Reply, request: Request) -> Response:
    if reply.body is None:
        return Response(status_code=reply.status, headers=reply.headers)
    response = JSONResponse(reply.body, reply.status, reply.headers)
    response.headers["etag"] = f'W/"{hashlib.sha256(response.body).hexdigest()}"'
    if request.method == "GET" and reply.status == 200 and request.headers.get("if-none-match") == response.headers["etag"]:
        return Response(status_code=304, headers={"etag": response.headers["etag"]})
    return response


def _number(text: str) -> int:
    if not text.isdecimal():
        raise NotFound(f"no number: {text!r}")
    return int(text)


def _page(call: Call, items: list[Any], default: int = 30, maximum: int = 100) -> tuple[list[Any], dict[str, str]]:
    """The page that the query requests, and its `Link` header."""
    size = min(max(_query_number(call, "per_page", default), 1), maximum)
    page = max(_query_number(call, "page", 1), 1)
    last, headers = -(-len(items) // size), {}
    if page < last:
        query = {key: value for key, value in call.query.items() if key != "page"}
        address = f"{call.url}?{urlencode({**query, 'per_page': size})}&page="
        headers["link"] = f'<{address}{page + 1}>; rel="next", <{address}{last}>; rel="last"'
    return items[(page - 1) * size : page * size], headers


def _query_number(call: Call, name: str, default: int) -> int:
    value = call.query.get(name, "")
    return int(value) if value.isdecimal() else default


# --- organisations and repositories ---------------------------------------------------------------------------------------------


def _public_repositories(github: GitHub, org: Organization) -> int:
    return sum(repo.owner is org and repo.visibility == "public" for repo in github.repositories.values())


def get_organization(call: Call) -> Reply:
    """The plan is shown only to an installation with `organization_plan: read`, as GitHub documents."""
    org = call.organization
    own = call.token.organization.lower() == org.login.lower()
    with_plan = own and call.token.allows("organization_plan", "read")
    return Reply(200, views.organization(call.api, org, _public_repositories(call.github, org), with_plan))


def list_organization_repositories(call: Call) -> Reply:
    """Those that the installation sees, by full name alone: GitHub's other orders are about times."""
    if unknown := {*call.query.items()} - {("sort", "full_name"), ("direction", "asc")} - {*_paging(call)}:
        raise Problem(501, f"the rehearsal's GitHub does not list repositories by {', '.join(sorted(key for key, _ in unknown))}")
    org = call.organization
    seen = [repo for repo in call.github.repositories.values() if repo.owner is org and _visible(call.token, repo)]
    shown, headers = _page(call, sorted(seen, key=lambda repo: repo.full_name.lower()))
    return Reply(200, [views.minimal_repository(call.api, repo) for repo in shown], headers)


def list_teams(call: Call) -> Reply:
    if unknown := {*call.query.items()} - {*_paging(call)}:
        raise Problem(501, f"the rehearsal's GitHub does not list teams by {', '.join(sorted(key for key, _ in unknown))}")
    org = call.organization
    shown, headers = _page(call, sorted(org.teams.values(), key=lambda team: team.slug))
    return Reply(200, [views.team_summary(call.api, org, team) for team in shown], headers)


def _paging(call: Call) -> Iterator[tuple[str, str]]:
    yield from ((key, value) for key, value in call.query.items() if key in ("per_page", "page"))


def get_rate_limit(call: Call) -> Reply:
    """What the token may still ask in this hour, as it was seeded: requests are listed here, not limited."""
    left = call.token.requests_left
    known = {"limit": HOURLY, "remaining": left, "reset": int(time.time()) + 3600, "used": HOURLY - left}
    return Reply(200, {"resources": {"core": known, "search": known}, "rate": known})


def get_team(call: Call) -> Reply:
    org = call.organization
    found = org.teams.get(call.names["team_slug"].lower())
    if found is None:
        raise NotFound("team")
    repositories = sum(repo.owner is org and found.slug in repo.team_roles for repo in call.github.repositories.values())
    organization_view = views.organization(call.api, org, _public_repositories(call.github, org), with_plan=False)
    return Reply(200, views.team(call.api, org, found, repositories, organization_view))


def get_repository(call: Call) -> Reply:
    write = call.token.allows("contents", "write")
    admin = call.token.allows("administration", "write")
    permissions = {"admin": admin, "maintain": admin, "push": write or admin, "triage": write or admin, "pull": True}
    return Reply(200, views.repository(call.api, call.repository, permissions))


def list_branches(call: Call) -> Reply:
    shown, headers = _page(call, views.branches(call.api, call.repository))
    return Reply(200, shown, headers)


# --- variables ------------------------------------------------------------------------------------------------------------------


def _variables(call: Call) -> dict[str, Variable]:
    """The repository's or, where the path names no repository, the organisation's."""
    return call.organization.variables if call.repo is None else call.repository.variables


def _variable(call: Call) -> Variable:
    box = _variables(call)
    name = call.names["name"].upper()
    if name not in box:
        raise NotFound(name)
    return box[name]


def _variable_view(call: Call, one: Variable) -> dict[str, Any]:
    return views.variable(one) if call.org is None else views.organization_variable(call.api, call.organization, one)


def list_variables(call: Call) -> Reply:
    return _listed(call, _variables(call), lambda one: _variable_view(call, one))


def list_organization_variables(call: Call) -> Reply:
    """Those of the organisation that the repository sees."""
    return _listed(call, call.repository.shared_variables, views.variable)


def _listed(call: Call, box: dict[str, Variable], view: Callable[[Variable], dict[str, Any]]) -> Reply:
    shown, headers = _page(call, [view(box[name]) for name in sorted(box)], default=10, maximum=30)
    return Reply(200, {"total_count": len(box), "variables": shown}, headers)


def get_variable(call: Call) -> Reply:
    return Reply(200, _variable_view(call, _variable(call)))


def create_variable(call: Call) -> Reply:
    box, most = _variables(call), VARIABLES_A_REPOSITORY if call.org is None else VARIABLES_AN_ORGANIZATION
    name = _variable_name(call.body["name"])
    if name in box:
        raise Problem(409, "Already exists - Variable already exists")
    if len(box) >= most:
        raise Problem(422, f"Validation Failed: at most {most} variables can be stored here")
    box[name] = _seen_by(call, Variable(name, _variable_value(call.body["value"]), now(), now()))
    return Reply(201, {})


def _seen_by(call: Call, one: Variable) -> Variable:
    """The variable with what the body says of who sees it: an organisation's alone has that."""
    if call.org is None:
        return one
    visibility, ids = call.body.get("visibility", one.visibility), call.body.get("selected_repository_ids")
    own = {repo.id for repo in call.github.repositories.values() if repo.owner is call.organization}
    if unknown := set(ids or ()) - own:
        raise Problem(422, f"Validation Failed: there is no repository {', '.join(map(str, sorted(unknown)))} in {call.organization.login}")
    if ids is not None and visibility != "selected":
        raise Problem(422, "Validation Failed: selected_repository_ids needs the visibility selected")
    selected = one.selected if ids is None else frozenset(ids)
    return replace(one, visibility=visibility, selected=selected if visibility == "selected" else frozenset())


def list_selected_repositories(call: Call) -> Reply:
    one = _variable(call)
    if one.visibility != "selected":
        raise Problem(409, "Conflict")
    found = [call.github.repositories[id] for id in sorted(one.selected) if id in call.github.repositories]
    shown, headers = _page(call, [views.minimal_repository(call.api, each) for each in found])
    return Reply(200, {"total_count": len(found), "repositories": shown}, headers)


def update_variable(call: Call) -> Reply:
    """Change a value, or rename: both at once if the body has both."""
    box = _variables(call)
    old = _variable(call)
    name = _variable_name(call.body.get("name", old.name))
    if name != old.name and name in box:
        raise Problem(409, "Already exists - Variable already exists")
    value = _variable_value(call.body.get("value", old.value))
    del box[old.name]
    box[name] = _seen_by(call, replace(old, name=name, value=value, updated_at=now()))
    return Reply(204)


def delete_variable(call: Call) -> Reply:
    del _variables(call)[_variable(call).name]
    return Reply(204)


def _variable_name(name: str) -> str:
    """The name as GitHub keeps it, in capitals. Rules: "Naming conventions for configuration variables"."""
    upper = name.upper()
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", upper):
        raise Problem(
            422,
            "Variable names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). "
            "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).",
        )
    if upper.startswith("GITHUB_"):
        raise Problem(422, "Variable names must not start with GITHUB_.")
    return upper


def _variable_value(value: str) -> str:
    if not value:
        raise Problem(422, "Variable value must not be empty")
    if len(value.encode()) > VARIABLE_BYTES:
        raise Problem(422, "Variable value must not be larger than 48 KB")
    return value


# --- Actions settings -----------------------------------------------------------------------------------------------------------


def get_workflow_permissions(call: Call) -> Reply:
    repo = call.repository
    return Reply(
        200,
        {
            "default_workflow_permissions": repo.default_workflow_permissions,
            "can_approve_pull_request_reviews": repo.can_approve_pull_request_reviews,
        },
    )


def set_workflow_permissions(call: Call) -> Reply:
    repo = call.repository
    repo.default_workflow_permissions = call.body.get("default_workflow_permissions", repo.default_workflow_permissions)
    repo.can_approve_pull_request_reviews = call.body.get("can_approve_pull_request_reviews", repo.can_approve_pull_request_reviews)
    return Reply(204)


def get_subject(call: Call) -> Reply:
    return Reply(200, views.subject(call.repository))


# --- environments ---------------------------------------------------------------------------------------------------------------


def list_environments(call: Call) -> Reply:
    repo = call.repository
    environments = [repo.environments[name] for name in sorted(repo.environments)]
    shown, headers = _page(call, [views.environment(call.api, call.github, repo, one) for one in environments])
    return Reply(200, {"total_count": len(environments), "environments": shown}, headers)


def get_environment(call: Call) -> Reply:
    return Reply(200, views.environment(call.api, call.github, call.repository, call.environment))


def put_environment(call: Call) -> Reply:
    """Create or replace. In private repositories a free plan has no environments, and only Enterprise has more than a branch policy.

    Clients that are built on go-github depend on the 422: they then send the branch policy alone, if nothing else was asked for.
    """
    repo, body = call.repository, call.body or {}
    if repo.visibility != "public" and repo.owner.plan == "free":
        raise Problem(404, "Not Found")
    unsupported = sorted(set(body) - {"deployment_branch_policy"})
    if repo.visibility != "public" and repo.owner.plan != "enterprise" and unsupported:
        raise Problem(422, f"Failed to create the environment protection rule. The billing plan does not support {', '.join(unsupported)}.")
    name = call.names["environment_name"]
    old = repo.environments.get(name.lower())
    environment = _environment(call, old or Environment(name, call.github.new_id(), now(), now()), body)
    repo.environments[name.lower()] = environment
    return Reply(200, views.environment(call.api, call.github, repo, environment))


def _environment(call: Call, old: Environment, body: dict[str, Any]) -> Environment:
    """The environment after a PUT: what the body leaves out is reset, except branch policies."""
    wait_timer = body.get("wait_timer", 0)
    if not 0 <= wait_timer <= WAIT_TIMER_MINUTES:
        raise Problem(422, f"Invalid request.\n\nwait_timer must be between 0 and {WAIT_TIMER_MINUTES}")
    policy = body.get("deployment_branch_policy")
    if policy is not None and policy["protected_branches"] == policy["custom_branch_policies"]:
        raise Problem(422, "Invalid request.\n\nprotected_branches and custom_branch_policies cannot have the same value")
    branches = "all" if policy is None else "custom" if policy["custom_branch_policies"] else "protected"
    return Environment(
        old.name,
        old.id,
        old.created_at,
        now(),
        wait_timer,
        body.get("prevent_self_review", False),
        body.get("can_admins_bypass", True),
        _reviewers(call, body.get("reviewers") or []),
        branches,
        old.policies if branches == "custom" else {},
        old.secrets,
    )


def _reviewers(call: Call, wanted: list[dict[str, Any]]) -> list[tuple[str, int]]:
    if len(wanted) > REVIEWERS_AN_ENVIRONMENT:
        raise Problem(422, f"Invalid request.\n\nAt most {REVIEWERS_AN_ENVIRONMENT} reviewers can be set")
    reviewers = [(reviewer.get("type", ""), reviewer.get("id", 0)) for reviewer in wanted]
    for kind, number in reviewers:
        known = team_by_id(call.repository.owner, number) if kind == "Team" else call.github.user_by_id(number)
        if known is None:
            raise Problem(422, f"Invalid request.\n\nThere is no reviewer {kind} {number}")
    return reviewers


def delete_environment(call: Call) -> Reply:
    del call.repository.environments[call.environment.name.lower()]
    return Reply(204)


def _policies(call: Call) -> dict[int, BranchPolicy]:
    environment = call.environment
    if environment.branches != "custom":
        raise Problem(404, "Not Found")
    return environment.policies


def _policy(call: Call) -> BranchPolicy:
    number = _number(call.names["branch_policy_id"])
    policies = _policies(call)
    if number not in policies:
        raise NotFound("deployment branch policy")
    return policies[number]


def list_branch_policies(call: Call) -> Reply:
    policies = list(_policies(call).values())
    shown, headers = _page(call, [views.branch_policy(one) for one in policies])
    return Reply(200, {"total_count": len(policies), "branch_policies": shown}, headers)


def get_branch_policy(call: Call) -> Reply:
    return Reply(200, views.branch_policy(_policy(call)))


def create_branch_policy(call: Call) -> Reply:
    policies = _policies(call)
    name, kind = call.body["name"], call.body.get("type", "branch")
    _refuse_unmodelled(name)
    if any((one.name, one.type) == (name, kind) for one in policies.values()):
        return Reply(303)
    created = BranchPolicy(call.github.new_id(), name, kind)
    policies[created.id] = created
    return Reply(200, views.branch_policy(created))


def update_branch_policy(call: Call) -> Reply:
    policy = _policy(call)
    _refuse_unmodelled(call.body["name"])
    policy.name = call.body["name"]
    return Reply(200, views.branch_policy(policy))


def delete_branch_policy(call: Call) -> Reply:
    del _policies(call)[_policy(call).id]
    return Reply(204)


def list_environment_secrets(call: Call) -> Reply:
    secrets = call.environment.secrets
    shown, headers = _page(call, [views.secret(secrets[name]) for name in sorted(secrets)])
    return Reply(200, {"total_count": len(secrets), "secrets": shown}, headers)


def put_environment_secret(call: Call) -> Reply:
    """Create or replace. Nobody reads the value again, so that nothing opens it here."""
    secrets, name = call.environment.secrets, call.names["secret_name"].upper()
    old = secrets.get(name)
    secrets[name] = Secret(name, old.created_at if old else now(), now())
    return Reply(204) if old else Reply(201, {})


# --- rulesets -------------------------------------------------------------------------------------------------------------------


def _rulesets(call: Call) -> dict[int, Ruleset]:
    """The repository's or, where the path names no repository, the organisation's; nothing where the plan has none."""
    if call.org is not None:
        if call.org.plan not in PAID_PLANS:
            raise Problem(403, "Upgrade to GitHub Team to enable this feature.")
        return call.org.rulesets
    repo = call.repository
    if repo.visibility != "public" and repo.owner.plan not in PAID_PLANS:
        raise Problem(403, UPGRADE)
    return repo.rulesets


def _with_inherited(call: Call) -> dict[int, Ruleset]:
    """A repository shows also those of its organisation that hold for it, unless it is not to; it does not change them."""
    own = _rulesets(call)
    inherits = call.repo is not None and call.query.get("includes_parents", "true") != "false"
    return own | {one.id: one for one in call.repository.inherited} if inherits else own


def _ruleset(call: Call, rulesets: dict[int, Ruleset] | None = None) -> Ruleset:
    rulesets = _rulesets(call) if rulesets is None else rulesets
    number = _number(call.names["ruleset_id"])
    if number not in rulesets:
        raise NotFound("ruleset")
    return rulesets[number]


def _owner(call: Call) -> Organization:
    return call.organization if call.repo is None else call.repository.owner


def _ruleset_view(call: Call, ruleset: Ruleset, detail: bool = True) -> dict[str, Any]:
    """Who may write a ruleset sees its bypass list."""
    inherited = ruleset.id in _owner(call).rulesets
    writes = call.token.allows("organization_administration" if inherited else "administration", "write")
    return views.ruleset(call.api, _owner(call) if inherited else call.repository, ruleset, detail, writes)


def list_rulesets(call: Call) -> Reply:
    shown, headers = _page(call, [_ruleset_view(call, one, detail=False) for one in _with_inherited(call).values()])
    return Reply(200, shown, headers)


def list_branch_rules(call: Call) -> Reply:
    """The rules that hold for a branch, whether it is there or not."""
    repo = call.repository
    counting = applicable(_with_inherited(call).values(), f"refs/heads/{call.names['branch']}", repo.default_branch)
    shown, headers = _page(call, [views.branch_rule(repo, each, rule) for each in counting for rule in each.rules])
    return Reply(200, shown, headers)


def get_ruleset(call: Call) -> Reply:
    return Reply(200, _ruleset_view(call, _ruleset(call, _with_inherited(call))))


def create_ruleset(call: Call) -> Reply:
    rulesets = _rulesets(call)
    if len(rulesets) >= RULESETS:
        raise Problem(422, "Validation Failed", [f"at most {RULESETS} rulesets can be stored here"])
    ruleset = Ruleset(call.github.new_id(), "", "branch", "", [], {}, [], now(), now())
    rulesets[ruleset.id] = _changed(call, ruleset, call.body)
    return Reply(201, _ruleset_view(call, rulesets[ruleset.id]))


def update_ruleset(call: Call) -> Reply:
    """Replace what the body names; the rest stays."""
    ruleset, rulesets = _ruleset(call), _rulesets(call)
    rulesets[ruleset.id] = _changed(call, ruleset, call.body or {})
    return Reply(200, _ruleset_view(call, rulesets[ruleset.id]))


def delete_ruleset(call: Call) -> Reply:
    del _rulesets(call)[_ruleset(call).id]
    return Reply(204)


def _changed(call: Call, old: Ruleset, body: dict[str, Any]) -> Ruleset:
    new = Ruleset(
        old.id,
        body.get("name", old.name),
        body.get("target", old.target),
        body.get("enforcement", old.enforcement),
        body.get("bypass_actors", old.bypass_actors),
        body.get("conditions", old.conditions),
        body.get("rules", old.rules),
        old.created_at,
        now(),
    )
    if new.target == "push":
        raise Problem(501, "the rehearsal's GitHub does not have push rulesets")
    errors = [
        *_name_errors(_rulesets(call), new),
        *_enforcement_errors(_owner(call), new),
        *_condition_errors(new),
        *(_repository_errors(call, new) if call.repo is None else ()),
        *[error for actor in new.bypass_actors for error in _bypass_errors(call, new, actor)],
        *[error for rule in new.rules for error in _rule_errors(call, new, rule)],
    ]
    if errors:
        raise Problem(422, "Validation Failed", errors)
    return new


def _name_errors(rulesets: dict[int, Ruleset], ruleset: Ruleset) -> list[str]:
    if not ruleset.name:
        return ["Name can't be blank"]
    taken = any(other.name == ruleset.name and other.id != ruleset.id for other in rulesets.values())
    return ["Name must be unique"] if taken else []


def _enforcement_errors(owner: Organization, ruleset: Ruleset) -> list[str]:
    unsupported = ruleset.enforcement == "evaluate" and owner.plan != "enterprise"
    return ["Enforcement evaluate option is not supported on this plan"] if unsupported else []


def _condition_errors(ruleset: Ruleset) -> list[str]:
    """Ref names need both lists, and full ref names or GitHub's two special ones."""
    names = ruleset.conditions.get("ref_name")
    if names is None:
        return []
    if set(names) != {"include", "exclude"}:
        return ["Invalid target patterns: ''"]
    for pattern in (*names["include"], *names["exclude"]):
        _refuse_unmodelled(pattern)
    prefix = "refs/tags/" if ruleset.target == "tag" else "refs/heads/"
    special = {"~ALL", "~DEFAULT_BRANCH"} if ruleset.target == "branch" else {"~ALL"}
    wrong = [name for name in names["include"] + names["exclude"] if name not in special and not name.startswith(prefix)]
    return [f"Invalid target patterns: '{', '.join(wrong)}'"] if wrong else []


def _repository_errors(call: Call, ruleset: Ruleset) -> list[str]:
    """An organisation's names refs and repositories. Whether GitHub takes ids of others is not documented: they are refused here."""
    wanted = {"ref_name", "repository_id"}
    if other := sorted(set(ruleset.conditions) - wanted):
        raise Problem(501, f"the rehearsal's GitHub does not have rulesets of an organisation by {other[0]}")
    if missing := sorted(wanted - set(ruleset.conditions)):
        return [f"Conditions {', '.join(missing)} must be present"]
    own = {repo.id for repo in call.github.repositories.values() if repo.owner is call.organization}
    return [f"Repository {id} must be part of the organization" for id in ruleset.repositories if id not in own]


def _refuse_unmodelled(pattern: str) -> None:
    if found := unmodelled(pattern):
        raise Problem(501, f"the rehearsal's GitHub does not have {found!r} in a pattern: {pattern!r}")


def _bypass_errors(call: Call, ruleset: Ruleset, actor: dict[str, Any]) -> list[str]:
    kind, number = actor["actor_type"], actor.get("actor_id")
    errors = []
    if actor.get("bypass_mode") == "pull_request" and (ruleset.target != "branch" or kind == "DeployKey"):
        errors.append(f"Bypass mode pull_request is not applicable to {kind} in a {ruleset.target} ruleset")
    if not _is_known(call, kind, number):
        errors.append(f"Actor {kind} {number} must be part of the ruleset source or owner organization")
    return errors


def _is_known(call: Call, kind: str, number: int | None) -> bool:
    org = _owner(call)
    match kind:
        case "Team":
            return number is not None and team_by_id(org, number) is not None
        case "RepositoryRole":
            return number in ROLE_IDS
        case "Integration":
            # GitHub Actions itself can't be put on a bypass list.
            return number in org.apps
        case "User":
            person = call.github.user_by_id(number or 0)
            return person is not None and person.login in org.owners | org.members
        case "OrganizationAdmin":
            return not org.personal
        case _:  # DeployKey
            return number is None


def _rule_errors(call: Call, ruleset: Ruleset, rule: dict[str, Any]) -> list[str]:
    kind, parameters = rule["type"], rule.get("parameters", {})
    if ruleset.target == "tag" and kind in BRANCH_ONLY_RULES:
        return [f"Invalid rule '{kind}': "]
    if kind not in RULES:
        raise Problem(501, f"the rehearsal's GitHub does not enforce the rule {kind}")
    unmodelled = [name for name in UNMODELLED_PARAMETERS if parameters.get(name)]
    if unmodelled:
        raise Problem(501, f"the rehearsal's GitHub does not enforce {unmodelled[0]} of the rule {kind}")
    if kind in ("pull_request", "required_status_checks") and not parameters:
        return [f"Invalid rule '{kind}': parameters are missing"]
    known = {GITHUB_ACTIONS_APP} | _owner(call).apps
    apps = [check.get("integration_id") for check in parameters.get("required_status_checks", [])]
    return [f"Invalid rule '{kind}': Invalid integration_id {app}" for app in apps if app is not None and app not in known]


# --- refs -----------------------------------------------------------------------------------------------------------------------


def get_ref(call: Call) -> Reply:
    """One branch (`heads/NAME`) or tag (`tags/NAME`). Tags are lightweight here: they point at their commit."""
    ref = f"refs/{call.names['ref']}"
    if ref not in call.repository.refs:
        raise NotFound(ref)
    return Reply(200, views.git_ref(call.api, call.repository, ref))


def matching_refs(call: Call) -> Reply:
    """Every branch (`heads/...`) or tag whose name begins so."""
    start = f"refs/{call.names['ref']}"
    return Reply(200, [views.git_ref(call.api, call.repository, ref) for ref in sorted(call.repository.refs) if ref.startswith(start)])


def list_activities(call: Call) -> Reply:
    """What happened to branches, the latest first, of a kind and a branch if the query names them; `after` is the page's cursor."""
    kind, ref, size = call.query.get("activity_type"), call.query.get("ref"), min(_query_number(call, "per_page", 30), 100)
    if unknown := set(call.query) - {"activity_type", "ref", "per_page", "after"}:
        raise Problem(501, f"the rehearsal's GitHub does not list activities by {', '.join(sorted(unknown))}")
    last = _query_number(call, "after", 0)
    found = [
        one
        for one in reversed(call.repository.activities)
        if kind in (None, one.kind) and ref in (None, one.ref, one.ref.removeprefix("refs/heads/")) and (not last or one.id < last)
    ]
    more = {"link": f'<{call.url}?after={found[size - 1].id}>; rel="next"'} if len(found) > size else {}
    return Reply(200, [views.activity(one) for one in found[:size]], more)


_REPO = "/repos/{owner}/{repo}"
_ORG_VARIABLES, _ORG_RULESETS = "/orgs/{org}/actions/variables", "/orgs/{org}/rulesets"
_VARIABLES = f"{_REPO}/actions/variables"
_ENVIRONMENT = f"{_REPO}/environments/{{environment_name}}"
_POLICIES = f"{_ENVIRONMENT}/deployment-branch-policies"


ROUTES = [
    Route("GET", "/rate_limit", get_rate_limit, "metadata", "read"),
    Route("GET", "/orgs/{org}", get_organization, "metadata", "read"),
    Route("GET", "/orgs/{org}/repos", list_organization_repositories, "metadata", "read"),
    Route("GET", "/orgs/{org}/teams", list_teams, "members", "read"),
    Route("GET", "/orgs/{org}/teams/{team_slug}", get_team, "members", "read"),
    Route("GET", _ORG_VARIABLES, list_variables, "organization_actions_variables", "read"),
    Route("POST", _ORG_VARIABLES, create_variable, "organization_actions_variables", "write"),
    Route("GET", f"{_ORG_VARIABLES}/{{name}}", get_variable, "organization_actions_variables", "read"),
    Route("PATCH", f"{_ORG_VARIABLES}/{{name}}", update_variable, "organization_actions_variables", "write"),
    Route("DELETE", f"{_ORG_VARIABLES}/{{name}}", delete_variable, "organization_actions_variables", "write"),
    Route("GET", f"{_ORG_VARIABLES}/{{name}}/repositories", list_selected_repositories, "organization_actions_variables", "read"),
    # Reading them needs write, too.
    Route("GET", _ORG_RULESETS, list_rulesets, "organization_administration", "write"),
    Route("POST", _ORG_RULESETS, create_ruleset, "organization_administration", "write"),
    Route("GET", f"{_ORG_RULESETS}/{{ruleset_id}}", get_ruleset, "organization_administration", "write"),
    Route("PUT", f"{_ORG_RULESETS}/{{ruleset_id}}", update_ruleset, "organization_administration", "write"),
    Route("DELETE", f"{_ORG_RULESETS}/{{ruleset_id}}", delete_ruleset, "organization_administration", "write"),
    Route("GET", _REPO, get_repository, "metadata", "read"),
    Route("GET", f"{_REPO}/branches", list_branches, "contents", "read"),
    Route("GET", _VARIABLES, list_variables, "actions_variables", "read"),
    Route("POST", _VARIABLES, create_variable, "actions_variables", "write"),
    Route("GET", f"{_VARIABLES}/{{name}}", get_variable, "actions_variables", "read"),
    Route("PATCH", f"{_VARIABLES}/{{name}}", update_variable, "actions_variables", "write"),
    Route("DELETE", f"{_VARIABLES}/{{name}}", delete_variable, "actions_variables", "write"),
    Route("GET", f"{_REPO}/actions/organization-variables", list_organization_variables, "actions_variables", "read"),
    Route("GET", f"{_REPO}/actions/permissions/workflow", get_workflow_permissions, "administration", "read"),
    Route("PUT", f"{_REPO}/actions/permissions/workflow", set_workflow_permissions, "administration", "write"),
    Route("GET", f"{_REPO}/actions/oidc/customization/sub", get_subject, "actions", "read"),
    Route("GET", f"{_REPO}/environments", list_environments, "actions", "read"),
    Route("GET", _ENVIRONMENT, get_environment, "actions", "read"),
    Route("PUT", _ENVIRONMENT, put_environment, "administration", "write"),
    Route("DELETE", _ENVIRONMENT, delete_environment, "administration", "write"),
    Route("GET", _POLICIES, list_branch_policies, "actions", "read"),
    Route("POST", _POLICIES, create_branch_policy, "administration", "write"),
    Route("GET", f"{_POLICIES}/{{branch_policy_id}}", get_branch_policy, "actions", "read"),
    Route("PUT", f"{_POLICIES}/{{branch_policy_id}}", update_branch_policy, "administration", "write"),
    Route("DELETE", f"{_POLICIES}/{{branch_policy_id}}", delete_branch_policy, "administration", "write"),
    Route("GET", f"{_ENVIRONMENT}/secrets", list_environment_secrets, "environments", "read"),
    Route("PUT", f"{_ENVIRONMENT}/secrets/{{secret_name}}", put_environment_secret, "environments", "write"),
    Route("GET", f"{_REPO}/git/ref/{{ref}}", get_ref, "contents", "read"),
    Route("GET", f"{_REPO}/git/matching-refs/{{ref}}", matching_refs, "contents", "read"),
    # Which permission GitHub asks for is not documented: contents is the narrowest that the workflow has.
    Route("GET", f"{_REPO}/activity", list_activities, "contents", "read"),
    Route("GET", f"{_REPO}/rules/branches/{{branch}}", list_branch_rules, "metadata", "read"),
    Route("GET", f"{_REPO}/rulesets", list_rulesets, "metadata", "read"),
    Route("POST", f"{_REPO}/rulesets", create_ruleset, "administration", "write"),
    Route("GET", f"{_REPO}/rulesets/{{ruleset_id}}", get_ruleset, "metadata", "read"),
    Route("PUT", f"{_REPO}/rulesets/{{ruleset_id}}", update_ruleset, "administration", "write"),
    Route("DELETE", f"{_REPO}/rulesets/{{ruleset_id}}", delete_ruleset, "administration", "write"),
]
