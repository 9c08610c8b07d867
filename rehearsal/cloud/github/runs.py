"""Workflow runs as GitHub would start them: which ref an event runs on, whether the environment lets the job start, what the job sees.

Source: GitHub's "Events that trigger workflows", "Managing environments for deployment", "Store information in variables",
"Variables reference", "Reusing workflow configurations". One run is one job here. A private repository is taken to run the
pull requests of its forks (a setting of GitHub's that is off by default), because that is the more dangerous reading.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from rehearsal.cloud.github import changes, oidc
from rehearsal.cloud.github.patterns import matches
from rehearsal.cloud.github.state import (
    DEPENDABOT,
    GITHUB_ACTIONS_APP,
    GITHUB_ACTIONS_BOT,
    Environment,
    GitHub,
    Installation,
    NotFound,
    PullRequest,
    Repository,
    Run,
    User,
    has_role,
    new_commit,
    now,
    team_by_id,
)

# Where an event's ref comes from. Events that are not listed are not modelled.
REF_GIVEN = ("push", "workflow_dispatch", "release")
REF_OF_DEFAULT_BRANCH = ("pull_request_target", "workflow_run", "issue_comment", "schedule", "dynamic")
REF_OF_MERGE = ("pull_request",)
WITH_PULL_REQUEST = ("pull_request", "pull_request_target")
# Events that only somebody who may write can bring about.
BY_WRITERS = ("push", "workflow_dispatch", "release", "schedule")
# Runs that GitHub starts itself. Of those, Dependabot's update jobs alone are modelled.
BY_DEPENDABOT = ("dynamic",)
# Nothing that GitHub Actions' own token does starts a run, these excepted.
BY_ACTIONS = ("workflow_dispatch", "schedule", "workflow_run")
WORKFLOW_PATH = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
UPDATES_PATH = "dynamic/dependabot/dependabot-updates"
WEB = "https://github.com"


@dataclass(frozen=True)
class Wanted:
    """A run as somebody requests it. `job_workflow_ref`: the reusable workflow that the job calls, `owner/repo/path@ref` or `./path`."""

    event: str
    workflow: str
    ref: str | None = None
    workflow_name: str | None = None
    job_workflow_ref: str | None = None
    environment: str | None = None
    pull_request: int | None = None
    permissions: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)


class NotModelled(Exception):
    """Something that GitHub has and this stand-in does not; the message names it."""


def start(github: GitHub, repo: Repository, actor: User, wanted: Wanted, approve_by: list[str], *, waited: bool = False) -> Run:
    """Create a run and let its job start if its environment does. Raises Refused, NotFound or NotModelled; the state is then unchanged."""
    _check_actor(repo, actor, wanted.event)
    if not (wanted.workflow == UPDATES_PATH if wanted.event in BY_DEPENDABOT else WORKFLOW_PATH.fullmatch(wanted.workflow)):
        raise changes.Refused(422, f"{wanted.workflow!r} is not a path of a workflow file")
    ref, sha = _ref(repo, wanted)
    number = sum(run.repository is repo for run in github.runs.values()) + 1
    pull_request = _pull_request(repo, wanted)
    run = Run(
        github.new_id(),
        number,
        repo,
        wanted.event,
        ref,
        sha,
        actor,
        wanted.workflow_name or wanted.workflow,
        wanted.workflow,
        *_job_workflow(github, repo, wanted, ref, sha),
        wanted.environment,
        wanted.permissions,
        wanted.inputs,
        pull_request,
        _head_full_name(github, pull_request),
    )
    _require_known(github, approve_by)
    github.runs[run.id] = run
    decide(github, run, approve_by, waited=waited)
    return run


def decide(github: GitHub, run: Run, approve_by: list[str], *, waited: bool = False) -> None:
    """Approvals for a waiting job, and whether the minutes of its environment's timer have passed; afterwards it is waiting, running or
    failed."""
    if run.state != "waiting":
        raise changes.Refused(422, f"run {run.id} is {run.state}")
    _require_known(github, approve_by)
    run.state, run.message = _gate(github, run, approve_by, waited=waited)
    may_ask = run.permissions.get("id-token") == "write" and not is_from_fork(run)
    if run.state == "running" and may_ask:
        run.token = secrets.token_urlsafe(32)
    if run.state == "running":
        run.job_token = f"ghs_{secrets.token_urlsafe(27)}"
        reach = frozenset({run.repository.id})
        github.tokens[run.job_token] = Installation(GITHUB_ACTIONS_APP, run.repository.owner.login, dict(run.permissions), reach)


def finish(github: GitHub, run: Run) -> None:
    """End a running job; its tokens ask for nothing more."""
    if run.state != "running":
        raise changes.Refused(422, f"run {run.id} is {run.state}")
    del github.tokens[run.job_token]
    run.state, run.token, run.job_token = "completed", "", ""


def is_from_fork(run: Run) -> bool:
    """Whether a `pull_request` run brings a fork's code; such a run gets neither an OIDC token nor variables."""
    return run.event == "pull_request" and _head_is_fork(run)


def _head_is_fork(run: Run) -> bool:
    return run.pull_request is not None and run.pull_request.head_repository != run.repository.id


def _require_known(github: GitHub, approve_by: list[str]) -> None:
    for login in approve_by:
        github.user(login)


def _check_actor(repo: Repository, actor: User, event: str) -> None:
    if repo.archived:
        raise changes.Refused(403, "This repository was archived so it is read-only.")
    if event not in (*REF_GIVEN, *REF_OF_DEFAULT_BRANCH, *REF_OF_MERGE):
        raise NotModelled(f"the rehearsal's GitHub does not have the event {event}")
    if actor.login == GITHUB_ACTIONS_BOT and event not in BY_ACTIONS:
        raise changes.Refused(422, f"{event} by {actor.login} does not start a run: its token starts none")
    if event in BY_DEPENDABOT and actor.login != DEPENDABOT:
        raise changes.Refused(422, f"{actor.login} does not start {event}: GitHub does, for Dependabot")
    changes.require_read(repo, actor)
    if event in BY_WRITERS and not has_role(repo, actor.login, "write"):
        raise changes.Refused(403, f"{actor.login} may not start {event} in {repo.full_name}")


def _ref(repo: Repository, wanted: Wanted) -> tuple[str, str]:
    """The ref and commit of the run, as the event decides them."""
    if wanted.event in REF_OF_DEFAULT_BRANCH:
        expected, sha = repo.default_ref, changes.resolve(repo, repo.default_ref)
    elif wanted.event in REF_OF_MERGE:
        expected, sha = _merge_ref(repo, wanted)
    else:
        return _given_ref(repo, wanted)
    if wanted.ref not in (None, expected):
        raise changes.Refused(422, f"{wanted.event} runs on {expected}, not on {wanted.ref}")
    return expected, sha


def _given_ref(repo: Repository, wanted: Wanted) -> tuple[str, str]:
    if wanted.ref is None:
        raise changes.Refused(422, f"{wanted.event} needs a ref")
    if wanted.ref not in repo.refs:
        raise NotFound(f"there is no ref {wanted.ref!r} in {repo.full_name}")
    if wanted.event == "release" and not wanted.ref.startswith("refs/tags/"):
        raise changes.Refused(422, f"a release is of a tag, not of {wanted.ref}")
    return wanted.ref, repo.refs[wanted.ref]


def _merge_ref(repo: Repository, wanted: Wanted) -> tuple[str, str]:
    """A pull request's test merge: a commit of GitHub's own making that no branch contains."""
    if wanted.pull_request is None:
        raise changes.Refused(422, f"{wanted.event} needs the number of a pull request")
    pull_request = changes.open_pull(repo, wanted.pull_request)
    parents = (changes.resolve(repo, pull_request.base), pull_request.head_sha)
    commit = repo.store(new_commit(parents, "GitHub", f"test merge of #{pull_request.number}"))
    return f"refs/pull/{pull_request.number}/merge", commit.sha


def _pull_request(repo: Repository, wanted: Wanted) -> PullRequest | None:
    if wanted.event not in WITH_PULL_REQUEST:
        return None
    if wanted.pull_request is None:
        raise changes.Refused(422, f"{wanted.event} needs the number of a pull request")
    return changes.open_pull(repo, wanted.pull_request)


def _head_full_name(github: GitHub, pull_request: PullRequest | None) -> str:
    """Where a pull request comes from; empty if there is none, or if its repository is gone."""
    head = github.repositories.get(pull_request.head_repository) if pull_request else None
    return head.full_name if head else ""


# --- reusable workflows ---------------------------------------------------------------------------------------------------------


def _job_workflow(github: GitHub, repo: Repository, wanted: Wanted, ref: str, sha: str) -> tuple[str, str]:
    """`job_workflow_ref` and `job_workflow_sha`: of the called file, or of the workflow itself where none is called."""
    called = wanted.job_workflow_ref
    if called is None:
        return f"{repo.full_name}/{wanted.workflow}@{ref}", sha
    if called.startswith("./"):
        return f"{repo.full_name}/{_workflow_path(called.removeprefix('./'))}@{ref}", sha
    source, file, source_ref, source_sha = used(github, repo, called)
    return f"{source.full_name}/{_workflow_path(file)}@{source_ref}", source_sha


def used(github: GitHub, repo: Repository, uses: str) -> tuple[Repository, str, str, str]:
    """What `uses: OWNER/NAME/PATH@REF` of a job in `repo` runs: repository, path, full ref (or commit id) and commit. Raises NotFound."""
    path, _, name = uses.partition("@")
    owner, _, rest = path.partition("/")
    source_name, _, file = rest.partition("/")
    source = github.repository(f"{owner}/{source_name}")
    # GitHub's words for a file that is out of reach and for a missing one are the same.
    if not may_call(repo, source):
        raise NotFound(f"workflow was not found: {uses}")
    return source, file, *_version(source, name)


def may_call(caller: Repository, source: Repository) -> bool:
    """Whether a repository's jobs may call workflows of `source`: its own, a public one's, or, if that one's setting opens it to the
    organisation, a private one's from a private, an internal one's from a private or internal repository."""
    if source is caller or source.visibility == "public":
        return True
    reach = {"private": ("private", "internal"), "internal": ("internal",), "public": ()}
    opened = source.actions_access == "organization" and source.owner is caller.owner
    return opened and source.visibility in reach[caller.visibility]


def _workflow_path(path: str) -> str:
    if not WORKFLOW_PATH.fullmatch(path):
        raise changes.Refused(422, f"{path!r} is not a path of a workflow file")
    return path


def _version(source: Repository, name: str) -> tuple[str, str]:
    """A full ref, or what `uses: ...@name` may also say: a commit, a tag, or a branch, which a tag of the same name comes before.

    GitHub says so of a release's tag; any tag is the stricter reading. A commit keeps its id as the ref, in `job_workflow_ref` too.
    https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
    """
    if name in source.commits:
        return name, name
    for ref in (name, f"refs/tags/{name}", f"refs/heads/{name}"):
        if ref in source.refs:
            return ref, source.refs[ref]
    raise NotFound(f"{name!r} names no ref of {source.full_name}")


# --- environments ---------------------------------------------------------------------------------------------------------------


def _gate(github: GitHub, run: Run, approve_by: list[str], *, waited: bool) -> tuple[str, str]:
    """State and message of a job that wants to start. A job that names an unknown environment creates it, without protection."""
    if run.environment is None:
        return "running", ""
    environment = run.repository.environments.get(run.environment.lower())
    if environment is None:
        created = Environment(run.environment, github.new_id(), now(), now())
        run.repository.environments[run.environment.lower()] = created
        return "running", f"created the environment {run.environment}, which nothing protects"
    if not branch_may_deploy(environment, run.ref):
        kind = "Tag" if run.ref.startswith("refs/tags/") else "Branch"
        return (
            "failed",
            f'{kind} "{oidc.short(run.ref)}" is not allowed to deploy to {environment.name} due to environment protection rules.',
        )
    if environment.wait_timer and not waited:
        return "waiting", f"{environment.name} has a wait timer of {environment.wait_timer} minutes"
    return _approval(github, environment, run, approve_by)


def branch_may_deploy(environment: Environment, ref: str) -> bool:
    """Whether an environment's branch policy lets a ref deploy.

    `protected` looks at branch protection rules, of which this model has none, and GitHub lets every branch deploy where there is none.
    Other refs than branches and tags (a pull request's merge) are matched by their full name.
    """
    if environment.branches != "custom":
        return True
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    name = oidc.short(ref) if ref.startswith(("refs/heads/", "refs/tags/")) else ref
    return any(policy.type == kind and matches(policy.name, name) for policy in environment.policies.values())


def _approval(github: GitHub, environment: Environment, run: Run, approve_by: list[str]) -> tuple[str, str]:
    if not environment.reviewers:
        return "running", ""
    refusals = []
    for login in approve_by:
        refusal = _review_refusal(github, environment, run, login)
        if refusal is None:
            run.approvals.append(login)
            return "running", f"approved by {login}"
        refusals.append(refusal)
    return "waiting", "; ".join(refusals) or f"{environment.name} waits for a reviewer"


def _review_refusal(github: GitHub, environment: Environment, run: Run, login: str) -> str | None:
    """Why somebody may not approve, or None. One approval of one reviewer is enough."""
    if not any(_is_reviewer(github, run.repository, kind, number, login) for kind, number in environment.reviewers):
        return f"{login} is not a reviewer of {environment.name}"
    if not has_role(run.repository, login, "read"):
        return f"{login} may not read {run.repository.full_name}"
    if environment.prevent_self_review and login == run.actor.login:
        return f"{login} started the run and may not approve it"
    return None


def _is_reviewer(github: GitHub, repo: Repository, kind: str, number: int, login: str) -> bool:
    if kind == "Team":
        team = team_by_id(repo.owner, number)
        return team is not None and login in team.members
    return github.user(login).id == number


# --- what the job sees ----------------------------------------------------------------------------------------------------------


def variables(run: Run) -> dict[str, str]:
    """The `vars` context: the repository's variable shadows the organisation's. Environments have none here.

    In a called workflow these are the caller's. A fork's pull request sees none. A private repository on the free plan does not see
    those of its organisation.
    """
    if is_from_fork(run):
        return {}
    merged = {**run.repository.shared_variables, **run.repository.variables}
    return {name: merged[name].value for name in sorted(merged)}


def github_context(run: Run, api: str) -> dict[str, Any]:
    """The `github` context of the job, without its token."""
    claims = oidc.job_claims(run)
    names = ("ref", "ref_type", "sha", "head_ref", "base_ref", "event_name", "actor", "actor_id", "repository", "repository_id")
    more = ("repository_owner", "repository_owner_id", "workflow", "workflow_ref", "workflow_sha")
    last = ("run_id", "run_number", "run_attempt")
    return {
        **{name: claims[name] for name in (*names, *more, *last)},
        "ref_name": oidc.short(run.ref),
        "ref_protected": oidc.is_protected(run.repository, run.ref),
        "triggering_actor": run.actor.login,
        "job": "job",
        "server_url": WEB,
        "api_url": api,
        "event": _event(run),
    }


def _event(run: Run) -> dict[str, Any]:
    repo = run.repository
    event: dict[str, Any] = {
        "repository": {"id": repo.id, "full_name": repo.full_name, "default_branch": repo.default_branch, "visibility": repo.visibility},
        "sender": {"login": run.actor.login, "id": run.actor.id},
    }
    if run.event == "push":
        event |= {"ref": run.ref, "after": run.sha}
    if run.event == "release":
        event |= {"action": "published", "release": {"tag_name": oidc.short(run.ref), "draft": False}}
    if run.event == "workflow_dispatch":
        event |= {"ref": run.ref, "inputs": run.inputs}
    if run.pull_request:
        event |= {"number": run.pull_request.number, "pull_request": _pull_request_event(run)}
    return event


def _pull_request_event(run: Run) -> dict[str, Any]:
    pull_request = run.pull_request
    assert pull_request is not None
    head = {
        "ref": oidc.short(pull_request.head),
        "sha": pull_request.head_sha,
        "repo": {"full_name": run.head_full_name, "fork": _head_is_fork(run)},
    }
    base = {"ref": oidc.short(pull_request.base), "repo": {"full_name": run.repository.full_name}}
    return {"number": pull_request.number, "user": {"login": pull_request.author}, "head": head, "base": base}


def environment_variables(run: Run, api: str, token_url: str) -> dict[str, str]:
    """The environment that the runner gives the job's steps; the two for OIDC tokens only if the job may ask for them."""
    context = github_context(run, api)
    ref_protected = str(context.pop("ref_protected")).lower()
    names = {f"GITHUB_{name.upper()}": value for name, value in context.items() if isinstance(value, str)}
    shown = {"CI": "true", "GITHUB_ACTIONS": "true", **names, "GITHUB_REF_PROTECTED": ref_protected, "RUNNER_ENVIRONMENT": "github-hosted"}
    if run.token:
        shown |= {"ACTIONS_ID_TOKEN_REQUEST_URL": token_url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": run.token}
    return shown
