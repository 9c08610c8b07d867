"""Starts a workflow's jobs at the local GitHub, which decides whether they start and with which token.

The local GitHub has one job a run, so each job of a workflow is a run of its own there.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.actions.results import JobRefused, JobWaiting
from rehearsal.actions.runner import StartedJob, StartJob

# act, body -> answer: one call of the local GitHub's acting API. Raises ActRefused.
Act = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class ActRefused(Exception):
    """The local GitHub refuses an act, or can't carry it out; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def client(url: str, key: str) -> Act:
    """Calls of the acting API at the local cloud `url`, with the key of its start."""
    # Without this, a proxy of the machine would be asked for 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def act(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"x-rehearsal-key": key, "content-type": "application/json"}
        request = urllib.request.Request(f"{url}/_rehearsal/github/{name}", json.dumps(body).encode(), headers, method="POST")
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            message = refusal.read().decode(errors="replace")
            raise ActRefused(refusal.code, _message(message)) from refusal

    return act


def _message(answer: str) -> str:
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer


def start_jobs(act: Act, request: Mapping[str, Any]) -> StartJob:
    """A `start_job` whose jobs are runs of the local GitHub. `request` is the body of its act `run`, without permissions and environment:
    repository, actor, event, workflow, job_workflow_ref, ref or pull_request, and who approves."""

    def start(_: str, permissions: Mapping[str, str], environment: str) -> StartedJob:
        body = {**request, "permissions": dict(permissions)}
        if environment:
            body["environment"] = environment
        run = act("run", body)
        if run["state"] == "waiting":
            raise JobWaiting(run["message"])
        if run["state"] != "running":
            raise JobRefused(run["message"])

        def finish() -> None:
            act("runs/finish", {"run": run["id"]})

        def resolve(uses: str) -> str:
            # The files call their repository as the example's company does; it is the one that the workflow was called from.
            if called := request.get("job_workflow_ref"):
                uses = "/".join([*called.split("/")[:2], *uses.split("/")[2:]])
            return act("uses", {"repository": request["repository"], "uses": uses})["ref"]

        return StartedJob(run["github"], run["vars"], run["env"], finish, resolve)

    return start
