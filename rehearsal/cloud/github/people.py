"""The acting API, below `/_rehearsal/github/`: who exists, and what people do. JSON in and out.

Every body is checked: an unknown key, a missing one or one of the wrong type answers 422. `repository` is `owner/name`, a ref is always
the full one (`refs/heads/main`), an actor is a login. Nobody says of themselves what they may do: that follows from the state.
A refusal answers with GitHub's status and `{"message", "violations": [{"ruleset", "rule", "message"}]}`; what does not exist answers
404, what the model does not have 501.

POST `reset` {}: forget everything (also the request log).

POST `seed`: add to what exists; ids are GitHub's numeric ones and must be new. All lists are optional:
    {"users": [{"login", "id", "app_id"?}],
     "organizations": [{"login", "id", "plan": "free"|"team"|"enterprise", "owners": [login], "members": [login], "apps": [app id],
                        "teams": [{"slug", "id", "members": [login]}], "immutable_subjects"?: bool,
                        "enterprise"?: {"slug", "id"}, "variables"?: {name: value}}],
     "repositories": [{"owner", "name", "id", "visibility"?: "private", "default_branch"?: "main", "subject"?: "name"|"immutable",
                       "branches"?: [name], "tags"?: [name] (all on the first commit), "commits"?: [id],
                       "archived"?: false, "admins": [login], "maintainers": [login], "writers": [login], "readers": [login],
                       "teams": {slug: role}, "delete_branch_on_merge"?: false,
                       "actions_access"?: "none"|"organization" (who may call a private repository's workflows)}],
     "tokens": [{"token", "organization", "app_id", "permissions": {name: "read"|"write"}, "repositories"?: [name]}]}
  A repository starts with one commit on its default branch. `subject: "name"` follows the organisation's choice. A name that a
  deleted repository had may be used again with another id. `tokens` are App installations; `metadata: read` is theirs always.

POST `repositories/delete` {"repository"} · `repositories/rename` {"repository", "name"} (the old name redirects; subjects become
immutable) · `organizations/rename` {"organization", "name"} (API requests by the old name find nothing) · `teams/rename` {"organization",
"slug", "name"} · `repositories/fork` {"repository", "actor"} -> {"repository", "id"}: into the actor's own account.

POST `push` {"repository", "actor", "ref", one of "content": text (a new commit) | "sha": commit | "delete": true,
    "parent"?: ref or commit, "force"?: bool} -> {"ref", "sha", "message"}. 422 with git's own words if rulesets forbid it.
POST `pull-requests/open` {"repository", "actor", "head": ref, "base"?: ref, "head_repository"?: a fork, "content"?: text} ->
    {"number", "head_sha", "state"}; with `content` the actor first pushes it as a new commit to `head`.
POST `pull-requests/review` {"repository", "actor", "number", "state": "APPROVED"|"CHANGES_REQUESTED"|"COMMENTED"}
POST `pull-requests/merge` {"repository", "actor", "number"} -> {"sha"}; 405 if rulesets forbid it.
POST `rulesets/edit` {"repository", "actor", "name", "delete"?: bool} -> {"source"}: save it as it is, or delete it.
POST `checks` {"repository", "actor", "sha": commit or ref, "context", "state": "success"|"failure"|"pending"} -> {"context", "app_id"}:
    the App is the actor's (`github-actions[bot]` is GitHub Actions, 15368); a person's has none.

POST `run` {"repository", "actor", "event", "workflow": path, "ref"?, "pull_request"?: number, "workflow_name"?,
    "job_workflow_ref"?: "owner/repo/path@ref" or "./path", "environment"?, "permissions"?: {"id-token": "write"}, "inputs"?: {},
    "approve_by"?: [login], "waited"?: bool (the minutes of the environment's timer have passed),
    "fork"?: bool (must be what the pull request is)} ->
    {"id", "state": "running"|"waiting"|"failed", "message"} and, when running, "env", "vars", "github": what the job sees.
    Events: push, workflow_dispatch, release (with `ref`), pull_request, pull_request_target (with `pull_request`), workflow_run,
    issue_comment, schedule.
POST `uses` {"repository": the job's, "uses": "owner/repo/path@ref"} -> {"ref", "sha"}: what a job there would run.
POST `runs/approve` {"run", "actors": [login]} -> as `run`; POST `runs/finish` {"run"}: its OIDC request token is void.
POST `forge` {"claims": {}, "algorithm"?: "RS256"|"none"} -> {"value"}: a token that GitHub did not sign.
POST `expired` {"run", "audience"?} -> {"value"}: a token that GitHub signed for that job, and that is no longer valid.
POST `claims` {"run", "audience"?} -> the claims that the job's token would have.

GET `requests` -> {"requests": [{"method", "path", "body", "status"}], "github_writes": number of other requests than GET}
GET `repositories/OWNER/NAME` -> refs, pull requests, names of rulesets (own and inherited), environments and variables
GET `organizations/LOGIN` -> names of rulesets and variables
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rehearsal.cloud.github import changes, oidc, runs
from rehearsal.cloud.github.seed import Seed, Strict, seed
from rehearsal.cloud.github.state import GitHub, NotFound, Organization, Repository, Run, now

TOKEN_PATH = "/_actions/token"


class OfRepository(Strict):
    repository: str


class Rename(OfRepository):
    name: str


class RenameOrganization(Strict):
    organization: str
    name: str


class RenameTeam(RenameOrganization):
    slug: str


class Act(OfRepository):
    actor: str


class PushBody(Act):
    ref: str
    content: str | None = None
    sha: str | None = None
    delete: bool = False
    parent: str | None = None
    force: bool = False


class OpenBody(Act):
    head: str
    base: str | None = None
    head_repository: str | None = None
    content: str | None = None


class ReviewBody(Act):
    number: int
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]


class MergeBody(Act):
    number: int


class RulesetBody(Act):
    name: str
    delete: bool = False


class CheckBody(Act):
    sha: str
    context: str
    state: Literal["success", "failure", "pending"]


class RunBody(Act):
    event: str
    workflow: str
    ref: str | None = None
    pull_request: int | None = None
    workflow_name: str | None = None
    job_workflow_ref: str | None = None
    environment: str | None = None
    permissions: dict[str, Literal["read", "write", "none"]] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    approve_by: list[str] = Field(default_factory=list)
    waited: bool = False
    fork: bool | None = None


class UsesBody(OfRepository):
    uses: str


class OfRun(Strict):
    run: int


class ApproveBody(OfRun):
    actors: list[str] = Field(default_factory=list)


class TokenBody(OfRun):
    audience: str | None = None


class ForgeBody(Strict):
    claims: dict[str, Any]
    algorithm: Literal["RS256", "none"] = "RS256"


class People:
    """Answers the acting API; `replace` is called with a fresh state on `reset`."""

    def __init__(self, github: GitHub, api: str, replace: Callable[[], None]) -> None:
        self.github = github
        self.api = api
        self.replace = replace
        self.acts: dict[str, tuple[type[Strict], Callable[[Any], dict[str, Any]]]] = {
            "seed": (Seed, self._seed),
            "repositories/delete": (OfRepository, self._delete),
            "repositories/rename": (Rename, self._rename),
            "organizations/rename": (RenameOrganization, self._rename_organization),
            "teams/rename": (RenameTeam, self._rename_team),
            "repositories/fork": (Act, self._fork),
            "push": (PushBody, self._push),
            "pull-requests/open": (OpenBody, self._open),
            "pull-requests/review": (ReviewBody, self._review),
            "pull-requests/merge": (MergeBody, self._merge),
            "rulesets/edit": (RulesetBody, self._edit_ruleset),
            "checks": (CheckBody, self._check),
            "run": (RunBody, self._run),
            "uses": (UsesBody, self._uses),
            "runs/approve": (ApproveBody, self._approve),
            "runs/finish": (OfRun, self._finish),
            "forge": (ForgeBody, self._forge),
            "expired": (TokenBody, self._expired),
            "claims": (TokenBody, self._claims),
        }

    async def serve(self, path: str, request: Request) -> Response:
        """Answer one call; `path` is what follows `/_rehearsal/github/`."""
        if request.method == "GET":
            return self._answer(lambda: self._show(path))
        if request.method != "POST" or path not in self.acts:
            return _error(501, f"the rehearsal's GitHub does not have {request.method} {path}")
        model, act = self.acts[path]
        try:
            body = model.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            problems = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
            return _error(422, "; ".join(problems))
        return self._answer(lambda: act(body))

    def _answer(self, act: Callable[[], dict[str, Any]]) -> Response:
        try:
            return JSONResponse(act())
        except changes.Refused as refusal:
            violations = [vars(violation) for violation in refusal.violations]
            return JSONResponse({"message": refusal.message, "violations": violations}, refusal.status)
        except NotFound as missing:
            return _error(404, str(missing))
        except runs.NotModelled as missing:
            return _error(501, str(missing))
        except oidc.TokenRefused as refusal:
            return _error(403, str(refusal))

    def _show(self, path: str) -> dict[str, Any]:
        if path == "requests":
            requests = self.github.requests
            return {"requests": requests, "github_writes": sum(one["method"] != "GET" for one in requests)}
        kind, _, name = path.partition("/")
        if kind == "organizations":
            owner = self.github.organization(name)
            return {"rulesets": [one.name for one in owner.rulesets.values()], "variables": list(owner.variables)}
        if kind != "repositories":
            raise runs.NotModelled(f"the rehearsal's GitHub does not have GET {path}")
        return _repository_summary(self.github.repository(name))

    def _seed(self, body: Seed) -> dict[str, Any]:
        seed(self.github, body)
        return {}

    def _delete(self, body: OfRepository) -> dict[str, Any]:
        self.github.remove_repository(self.github.repository(body.repository))
        return {}

    def _rename(self, body: Rename) -> dict[str, Any]:
        repo = self.github.repository(body.repository)
        if f"{repo.owner.login}/{body.name}".lower() in self.github.names:
            raise changes.Refused(422, f"name already exists: {repo.owner.login}/{body.name}")
        repo.name = body.name
        repo.immutable_subject = True
        self.github.add_repository(repo)
        return {"repository": repo.full_name}

    def _rename_organization(self, body: RenameOrganization) -> dict[str, Any]:
        """As https://docs.github.com/en/organizations/managing-organization-settings/renaming-an-organization describes it."""
        organization = self.github.organization(body.organization)
        if body.name.lower() in self.github.organizations:
            raise changes.Refused(422, f"name already exists: {body.name}")
        del self.github.organizations[organization.login.lower()]
        for name, token in self.github.tokens.items():
            if token.organization == organization.login:
                self.github.tokens[name] = replace(token, organization=body.name)
        organization.login = body.name
        self.github.organizations[body.name.lower()] = organization
        own = {repo.id: repo for repo in self.github.repositories.values() if repo.owner is organization}
        self.github.names = {name: id for name, id in self.github.names.items() if id not in own}
        for repo in own.values():
            self.github.add_repository(repo)
        return {"organization": organization.login}

    def _rename_team(self, body: RenameTeam) -> dict[str, Any]:
        organization = self.github.organization(body.organization)
        team = organization.teams.get(body.slug.lower())
        if team is None:
            raise NotFound(f"there is no team {body.slug!r} in {organization.login}")
        if body.name.lower() in organization.teams:
            raise changes.Refused(422, f"name already exists: {body.name}")
        del organization.teams[team.slug.lower()]
        for repo in self.github.repositories.values():
            if repo.owner is organization and team.slug in repo.team_roles:
                repo.team_roles[body.name] = repo.team_roles.pop(team.slug)
        team.slug = body.name
        organization.teams[body.name.lower()] = team
        return {"slug": team.slug}

    def _fork(self, body: Act) -> dict[str, Any]:
        source, actor = self.github.repository(body.repository), self.github.user(body.actor)
        changes.require_read(source, actor)
        account = self.github.organizations.setdefault(
            actor.login.lower(), Organization(actor.login, actor.id, personal=True, owners={actor.login})
        )
        if f"{actor.login}/{source.name}".lower() in self.github.names:
            raise changes.Refused(422, f"{actor.login} already has a repository {source.name}")
        fork = Repository(self.github.new_id(), account, source.name, source.visibility, source.default_branch, fork_of=source.id)
        fork.immutable_subject, fork.created_at = True, now()
        fork.commits, fork.refs = dict(source.commits), {source.default_ref: source.refs[source.default_ref]}
        self.github.add_repository(fork)
        return {"repository": fork.full_name, "id": fork.id}

    def _push(self, body: PushBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        wanted = changes.Push(body.ref, body.content, body.sha, body.parent, body.delete, body.force)
        sha = changes.push(self.github, repo, actor, wanted)
        return {"ref": body.ref, "sha": sha, "message": "deleted" if sha is None else "pushed"}

    def _open(self, body: OpenBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        head_repo = self.github.repository(body.head_repository or body.repository)
        if body.content is not None:
            changes.push(self.github, head_repo, actor, changes.Push(body.head, body.content))
        pull_request = changes.open_pull_request(self.github, repo, actor, head_repo, body.head, body.base or repo.default_ref)
        return {"number": pull_request.number, "head_sha": pull_request.head_sha, "state": pull_request.state}

    def _review(self, body: ReviewBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        pull_request = changes.review(repo, actor, body.number, body.state)
        return {"number": pull_request.number, "state": body.state, "sha": pull_request.head_sha}

    def _merge(self, body: MergeBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        return {"sha": changes.merge(self.github, repo, actor, body.number), "merged": True}

    def _edit_ruleset(self, body: RulesetBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        return {"source": changes.edit_ruleset(repo, actor, body.name, delete=body.delete)}

    def _check(self, body: CheckBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        check = changes.report_check(repo, actor, body.sha, body.context, body.state)
        return {"context": check.context, "state": check.state, "app_id": check.app_id}

    def _run(self, body: RunBody) -> dict[str, Any]:
        repo, actor = self.github.repository(body.repository), self.github.user(body.actor)
        settings = body.model_dump(exclude={"repository", "actor", "approve_by", "waited", "fork"})
        wanted = runs.Wanted(**settings)
        if body.fork is not None and body.fork != _is_fork(repo, wanted):
            raise changes.Refused(422, f"fork is {body.fork}, which the pull request is not")
        return self._run_view(runs.start(self.github, repo, actor, wanted, body.approve_by, waited=body.waited))

    def _uses(self, body: UsesBody) -> dict[str, Any]:
        _, _, ref, sha = runs.used(self.github, self.github.repository(body.repository), body.uses)
        return {"ref": ref, "sha": sha}

    def _approve(self, body: ApproveBody) -> dict[str, Any]:
        run = self._find(body.run)
        runs.decide(self.github, run, body.actors)
        return self._run_view(run)

    def _finish(self, body: OfRun) -> dict[str, Any]:
        run = self._find(body.run)
        runs.finish(self.github, run)
        return self._run_view(run)

    def _run_view(self, run: Run) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": run.id, "state": run.state, "message": run.message}
        if run.state == "running":
            shown["env"] = runs.environment_variables(run, self.api, f"{self.api}{TOKEN_PATH}?run={run.id}")
            shown["vars"] = runs.variables(run)
            shown["github"] = {**runs.github_context(run, self.api), "token": run.job_token}
        return shown

    def _find(self, number: int) -> Run:
        if number not in self.github.runs:
            raise NotFound(f"there is no run {number}")
        return self.github.runs[number]

    def _forge(self, body: ForgeBody) -> dict[str, Any]:
        return {"value": oidc.forge(body.claims, body.algorithm)}

    def _expired(self, body: TokenBody) -> dict[str, Any]:
        return {"value": oidc.issue_expired(self._job_with_token(body.run), body.audience)}

    def _claims(self, body: TokenBody) -> dict[str, Any]:
        return oidc.claims_of(self._job_with_token(body.run), body.audience)

    def _job_with_token(self, number: int) -> Run:
        run = self._find(number)
        if not run.token:
            raise changes.Refused(403, f"run {number} may not ask for an OIDC token")
        return run


async def serve_token(github: GitHub, request: Request) -> Response:
    """`ACTIONS_ID_TOKEN_REQUEST_URL`: the job's OIDC token for the bearer of its request token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    run = github.runs.get(int(number)) if (number := request.query_params.get("run", "")).isdecimal() else None
    if scheme.lower() != "bearer" or run is None or not run.token or token != run.token:
        return _error(401, "Unauthorized")
    try:
        value = oidc.issue(run, request.query_params.get("audience"))
    except oidc.TokenRefused as refusal:
        return _error(400, str(refusal))
    return JSONResponse({"count": len(value), "value": value})


def _is_fork(repo: Repository, wanted: runs.Wanted) -> bool:
    return wanted.pull_request is not None and changes.pull(repo, wanted.pull_request).head_repository != repo.id


def _repository_summary(repo: Repository) -> dict[str, Any]:
    return {
        "repository": repo.full_name,
        "id": repo.id,
        "subject_prefix": oidc.subject_prefix(repo),
        "default_branch": repo.default_branch,
        "refs": repo.refs,
        "pull_requests": [
            {"number": one.number, "state": one.state, "author": one.author, "head": one.head, "base": one.base, "head_sha": one.head_sha}
            for one in repo.pull_requests.values()
        ],
        "rulesets": [one.name for one in repo.rulesets.values()],
        "inherited_rulesets": [one.name for one in repo.inherited],
        "environments": [one.name for one in repo.environments.values()],
        "variables": {name: one.value for name, one in repo.variables.items()},
    }


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message, "violations": []}, status)
