"""Acting on the rehearsed GitHub: people push and review, workflows run and get tokens."""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rehearsal import clients
from rehearsal.control import Control
from rehearsal.scenario import Denied

ACTIONS_BOT = "github-actions[bot]"
DEPENDABOT = "dependabot[bot]"
CALLER_WORKFLOW = ".github/workflows/release.yml"


@dataclass(frozen=True)
class Job:
    """A running job: its id, the environment and variables that GitHub gives it, and the `github` context."""

    id: int
    env: Mapping[str, str]
    vars: Mapping[str, str]
    github: Mapping[str, Any]

    def token(self, audience: str) -> str:
        """The job's OIDC token, requested as a step would."""
        url = self.env["ACTIONS_ID_TOKEN_REQUEST_URL"]
        bearer = {"authorization": f"bearer {self.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
        answer = clients.http().get(f"{url}&audience={audience}", headers=bearer)
        answer.raise_for_status()
        return answer.json()["value"]


class GitHub:
    """One organisation's side of the stand-in. Repositories are named without their owner, branches without refs/heads/."""

    def __init__(self, control: Control, owner: str, reviewers: Sequence[str]) -> None:
        self._control = control
        self.owner = owner
        self.reviewers = list(reviewers)
        self._numbers = iter(range(1, 1_000_000))
        self._creating = threading.Lock()

    def full_name(self, repository: str, owner: str = "") -> str:
        """OWNER/NAME."""
        return f"{owner or self.owner}/{repository}"

    def subject_form(self, repository: str) -> str:
        """Which form of `sub` its tokens have: immutable or name-only."""
        seen = self._control.get(f"github/repositories/{self.full_name(repository)}")
        return "immutable" if "@" in seen["subject_prefix"] else "name-only"

    @contextmanager
    def name_taken(self, repository: str, taker: Mapping[str, Any]) -> Generator[None, None, None]:
        """Meanwhile the repository has another name, and `taker` (a repository to seed) has its own."""
        full_name, away = self.full_name(repository), f"{repository}-before-{next(self._numbers)}"
        self._control.act("github/repositories/rename", repository=full_name, name=away)
        try:
            self._control.post("github/seed", repositories=[taker])
            try:
                yield
            finally:
                self._control.act("github/repositories/delete", repository=full_name)
        finally:
            self._control.act("github/repositories/rename", repository=self.full_name(away), name=repository)

    def push(self, repository: str, branch: str, actor: str, *, force: bool = False, owner: str = "", kind: str = "heads") -> str:
        """A new commit on a branch (or tag), which is created if it is not there."""
        parent = {"parent": self._root(repository, owner)} if force else {}
        body = {"ref": f"refs/{kind}/{branch}", "content": f"change {next(self._numbers)}", "force": force, **parent}
        done = self._control.act("github/push", repository=self.full_name(repository, owner), actor=actor, **body)
        return f"{branch} is at {done['sha'][:7]}"

    def tag(self, repository: str, name: str, actor: str, *, on: str = "", force: bool = False) -> str:
        """A tag on the tip of a branch, which is created if it is not there; by default on the default branch's."""
        if on:
            self.ensure_branch(repository, on, "writer")
        seen = self._control.get(f"github/repositories/{self.full_name(repository)}")
        sha = seen["refs"][f"refs/heads/{on or seen['default_branch']}"]
        body = {"ref": f"refs/tags/{name}", "sha": sha, "force": force}
        self._control.act("github/push", repository=self.full_name(repository), actor=actor, **body)
        return f"{name} is on {sha[:7]}"

    def edit_guard(self, repository: str, kind: str, actor: str, *, delete: bool = False) -> str:
        """Somebody saves the stack's ruleset of a kind as it is, or deletes it."""
        seen = self._control.get(f"github/repositories/{self.full_name(repository)}")
        name = next(one for one in (*seen["rulesets"], *seen["inherited_rulesets"]) if one.startswith(f"package-flow-{kind}-"))
        body = {"repository": self.full_name(repository), "actor": actor, "name": name, "delete": delete}
        return f"{name} of {self._control.act('github/rulesets/edit', **body)['source']} is saved"

    def delete_tag(self, repository: str, name: str, actor: str) -> str:
        """Delete a tag."""
        self._control.act("github/push", repository=self.full_name(repository), actor=actor, ref=f"refs/tags/{name}", delete=True)
        return f"{name} is gone"

    def _root(self, repository: str, owner: str) -> str:
        """A branch whose tip is not an ancestor of what is pushed over it: a fresh commit on top of it rewrites history."""
        self.ensure_branch(repository, "root", "writer", owner=owner)
        return "refs/heads/root"

    def ensure_branch(self, repository: str, branch: str, actor: str, *, owner: str = "", kind: str = "heads") -> None:
        """Make sure that a branch (or tag) exists; `actor` creates it if not."""
        with self._creating:
            seen = self._control.get(f"github/repositories/{self.full_name(repository, owner)}")
            if f"refs/{kind}/{branch}" not in seen["refs"]:
                self.push(repository, branch, actor, owner=owner, kind=kind)

    def pull_request(self, repository: str, actor: str, base: str = "", *, head_repository: str = "") -> dict[str, Any]:
        """Open a pull request with one new commit on a branch of its own."""
        head = f"refs/heads/topic/{next(self._numbers)}"
        target = {"base": f"refs/heads/{base}"} if base else {}
        source = {"head_repository": head_repository} if head_repository else {}
        body = {"head": head, "content": f"topic {head}", **target, **source}
        return self._control.act("github/pull-requests/open", repository=self.full_name(repository), actor=actor, **body)

    def merge(self, repository: str, base: str, author: str, *, approvals_by: Sequence[str], checks: Sequence[str]) -> str:
        """A pull request, its checks passed, approved by these, merged by its author."""
        opened = self.pull_request(repository, author, base)
        number, full_name = opened["number"], self.full_name(repository)
        for check in checks:
            self._control.act(
                "github/checks", repository=full_name, actor=ACTIONS_BOT, sha=opened["head_sha"], context=check, state="success"
            )
        for reviewer in approvals_by:
            self._control.review(repository=full_name, actor=reviewer, number=number, state="APPROVED")
        merged = self._control.act("github/pull-requests/merge", repository=full_name, actor=author, number=number)
        return f"#{number} merged as {merged['sha'][:7]}"

    def fork(self, repository: str, actor: str) -> str:
        """A fork in the actor's own account; its full name."""
        return self._control.act("github/repositories/fork", repository=self.full_name(repository), actor=actor)["repository"]

    def run(
        self,
        repository: str,
        actor: str,
        *,
        event: str = "push",
        ref: str = "",
        pull_request: int | None = None,
        job_workflow_ref: str | None = None,
        environment: str = "",
        permissions: Mapping[str, str] = {"id-token": "write"},
        approve_by: Sequence[str] = (),
        waited: bool = False,
        owner: str = "",
        workflow: str = CALLER_WORKFLOW,
    ) -> Job:
        """Start a workflow run with one job. Raises Denied if GitHub does not start the job, or gives it no way to an OIDC token."""
        optional = {
            "ref": ref or None,
            "pull_request": pull_request,
            "job_workflow_ref": job_workflow_ref,
            "environment": environment or None,
        }
        started = self._control.act(
            "github/run",
            repository=self.full_name(repository, owner),
            actor=actor,
            event=event,
            workflow=workflow,
            permissions=dict(permissions),
            approve_by=list(approve_by),
            waited=waited,
            **{name: value for name, value in optional.items() if value is not None},
        )
        if started["state"] != "running":
            raise Denied(f"GitHub did not start the job ({started['state']}): {started['message']}")
        if permissions.get("id-token") == "write" and "ACTIONS_ID_TOKEN_REQUEST_URL" not in started["env"]:
            raise Denied("GitHub gave the job no URL to request an OIDC token from")
        return Job(started["id"], started["env"], started["vars"], started["github"])

    def expired_token(self, job: Job, audience: str) -> str:
        """A token that GitHub signed for this job and that is no longer valid."""
        return self._control.post("github/expired", run=job.id, audience=audience)["value"]

    def forged_token(self, job: Job, audience: str) -> str:
        """The same claims as this job's token has, signed with another key."""
        claims = self._control.post("github/claims", run=job.id, audience=audience)
        return self._control.post("github/forge", claims=claims)["value"]

    def writes(self) -> int:
        """Requests other than GET that GitHub's API has seen so far."""
        return self._control.get("github/requests")["github_writes"]
