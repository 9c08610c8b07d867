"""Pulumi Cloud's resource types, with the REST calls that its provider makes. Input names are those of pulumi_pulumiservice on the wire."""

from typing import Any

from rehearsal.program.clouds import PulumiCloud
from rehearsal.program.handlers import Created, Defaults, Existing, Handler, absent_is_fine
from rehearsal.program.inputs import Inputs

Params = dict[str, Any]


class DeploymentSettings(Handler):
    token = "pulumiservice:index:DeploymentSettings"
    create_only = frozenset({"organization", "project", "stack"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        place = [str(inputs.text(name, required=True)) for name in ("organization", "project", "stack")]
        executor = inputs.object("executorContext", required=True)
        source, vcs = inputs.object("sourceContext", required=True), inputs.object("vcs", required=True)
        operation = inputs.object("operationContext", required=True)
        body = {
            "executorContext": {"executorImage": executor.text("executorImage", required=True)} if executor else {},
            "sourceContext": {"git": _git(source.object("git", required=True))} if source else {},
            "vcs": _vcs(vcs) if vcs else {},
            "operationContext": _operation(operation) if operation else {},
        }
        return {"place": place, "body": body}

    def create(self, cloud: PulumiCloud, wanted: Params) -> Created:
        cloud.call("PUT", *_path(wanted["place"]), body=wanted["body"])
        return Created("/".join(wanted["place"]), {})

    def update(self, cloud: PulumiCloud, existing: Existing, wanted: Params) -> Params:
        return self.create(cloud, wanted).outputs

    def delete(self, cloud: PulumiCloud, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("DELETE", *_path(existing.id.split("/")))

    def look_up(self, cloud: PulumiCloud, id: str) -> Params | None:
        """The API's body has the names of the inputs."""
        place = id.split("/")
        with absent_is_fine():
            return {**dict(zip(("organization", "project", "stack"), place, strict=True)), **cloud.call("GET", *_path(place))}
        return None


def _path(place: list[str]) -> list[str]:
    return ["stacks", *place, "deployments", "settings"]


def _git(git: Inputs | None) -> Params:
    return {"branch": git.text("branch", required=True)} if git else {}


def _vcs(vcs: Inputs) -> Params:
    return {
        "provider": vcs.text("provider", required=True, choices=["github"]),
        "repository": vcs.text("repository", required=True),
        "deployCommits": vcs.flag("deployCommits") or False,
        "previewPullRequests": vcs.flag("previewPullRequests") or False,
        "pullRequestTemplate": vcs.flag("pullRequestTemplate") or False,
        "paths": vcs.texts("paths"),
    }


def _operation(operation: Inputs) -> Params:
    oidc, options = operation.object("oidc", required=True), operation.object("options")
    aws = oidc.object("aws", required=True) if oidc else None
    role = (
        {
            "roleARN": aws.text("roleARN", required=True),
            "sessionName": aws.text("sessionName", required=True),
            "duration": aws.text("duration") or "1h",
        }
        if aws
        else {}
    )
    return {
        "oidc": {"aws": role},
        "environmentVariables": operation.mapping("environmentVariables"),
        "preRunCommands": operation.texts("preRunCommands"),
        "options": {name: bool(options and options.flag(name)) for name in ("skipInstallDependencies", "skipIntermediateDeployments")},
    }


class DriftSchedule(Handler):
    """Its id is that of the provider: ORGANIZATION/PROJECT/STACK/drift/SCHEDULE."""

    token = "pulumiservice:index:DriftSchedule"
    create_only = frozenset({"organization", "project", "stack"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        place = [str(inputs.text(name, required=True)) for name in ("organization", "project", "stack")]
        body = {"scheduleCron": inputs.text("scheduleCron", required=True), "autoRemediate": inputs.flag("autoRemediate") or False}
        return {"place": place, "body": body}

    def create(self, cloud: PulumiCloud, wanted: Params) -> Created:
        id = cloud.call("POST", *_drift_path(wanted["place"]), body=wanted["body"])["id"]
        return Created("/".join([*wanted["place"], "drift", id]), {"scheduleId": id})

    def update(self, cloud: PulumiCloud, existing: Existing, wanted: Params) -> Params:
        id = existing.id.rpartition("/")[2]
        cloud.call("POST", *_drift_path(wanted["place"]), id, body=wanted["body"])
        return {"scheduleId": id}

    def delete(self, cloud: PulumiCloud, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("DELETE", *_schedule_path(existing.id))

    def look_up(self, cloud: PulumiCloud, id: str) -> Params | None:
        place = id.split("/")[:3]
        with absent_is_fine():
            found = cloud.call("GET", *_schedule_path(id))
            return {
                **dict(zip(("organization", "project", "stack"), place, strict=True)),
                "scheduleCron": found["scheduleCron"],
                "autoRemediate": found["definition"]["request"]["operationContext"]["options"]["remediateIfDriftDetected"],
                "scheduleId": found["id"],
            }
        return None


def _drift_path(place: list[str]) -> list[str]:
    return ["stacks", *place, "deployments", "drift", "schedules"]


def _schedule_path(id: str) -> list[str]:
    *place, _, schedule = id.split("/")
    return ["stacks", *place, "deployments", "schedules", schedule]


HANDLERS: dict[str, Handler] = {one.token: one for one in (DeploymentSettings(), DriftSchedule())}
