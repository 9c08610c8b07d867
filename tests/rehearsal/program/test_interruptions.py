"""What a run that did not come to its end leaves in the state, and what clients repeat."""

from typing import Any

import httpx
import pytest

from rehearsal.program.aws_resources.cloudcontrol import CloudControlResource
from rehearsal.program.clouds import CloudError, Connection, Github, GithubError
from rehearsal.program.handlers import Existing
from tests.rehearsal.program.conftest import Project

ROLE = """
import json
import pulumi_aws as aws
service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = {"Version": "2012-10-17", "Statement": [service]}
aws.iam.Role("reader", name="NAME", description="DESCRIPTION", assume_role_policy=json.dumps(trust))
"""
URN = "urn:pulumi:dev::package-flow::aws:iam/role:Role::reader"


def program(name: str, description: str = "reads") -> str:
    return ROLE.replace("NAME", name).replace("DESCRIPTION", description)


def test_a_run_that_cannot_begin_forgets_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = project.write(program("kept")).run()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    second = project.destroy(first)
    assert "SignatureDoesNotMatch" in second["error"]["message"]
    assert [each["urn"] for each in second["resources"]] == [URN]


def test_an_interrupted_destroy_says_what_is_left(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = project.write(program("half-gone")).run()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rehearsal.program.provisioning.delete", interrupt)
    left = project.destroy(first)
    assert left["error"]["message"] == "interrupted" and [each["urn"] for each in left["resources"]] == [URN]


class Handled:
    """CloudControl whose handler ends every deletion in this way."""

    def __init__(self, code: str) -> None:
        self.progress = {
            "OperationStatus": "FAILED",
            "TypeName": "AWS::CodeArtifact::PackageGroup",
            "ErrorCode": code,
            "StatusMessage": "no",
        }

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return {"ProgressEvent": self.progress}


def test_a_package_group_that_is_gone_counts_as_deleted() -> None:
    group = Existing("arn", {"typeName": "AWS::CodeArtifact::PackageGroup"}, {})
    CloudControlResource().delete(Handled("NotFound"), group)  # ty: ignore[invalid-argument-type]
    with pytest.raises(CloudError, match="AccessDenied"):
        CloudControlResource().delete(Handled("AccessDenied"), group)  # ty: ignore[invalid-argument-type]


# --- GitHub's provider ------------------------------------------------------------------------------------------------------------------


def answers(*told: tuple[int, dict[str, Any]]) -> tuple[Github, list[float]]:
    """A client that gets these answers, one after the other, and its pauses."""
    waiting, pauses = list(told), []

    def answer(request: httpx.Request) -> httpx.Response:
        status, body = waiting.pop(0)
        if status == 0:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(status, json=body, headers={"retry-after": "7"} if status == 403 else {})

    connection = Connection(attempts=3, pause=pauses.append, transport=httpx.MockTransport(answer))
    return Github("http://127.0.0.1:9/_github", "token", "acme", connection=connection), pauses


LIMIT = {"message": "slow down", "documentation_url": "https://docs.github.com/rest/overview/x#about-secondary-rate-limits"}
DONE = (200, {"id": 1})


def test_a_servers_error_and_a_limit_are_waited_out() -> None:
    github, pauses = answers((502, {}), (403, LIMIT), DONE)
    assert github.call("POST", "repos") == {"id": 1}
    assert pauses == [1.0, 7.0]


@pytest.mark.parametrize("refused", [(403, {"message": "no right"}), (409, {"message": "there already"}), (303, {})])
def test_a_refusal_is_not_tried_again(refused: tuple[int, dict[str, Any]]) -> None:
    github, pauses = answers(refused, DONE)
    with pytest.raises(GithubError, match=str(refused[0])):
        github.call("POST", "repos")
    assert pauses == []


def test_a_broken_connection_is_not_tried_again() -> None:
    github, _ = answers((0, {}), DONE)
    with pytest.raises(CloudError, match="no answer"):
        github.call("POST", "repos")


def test_there_is_an_end_to_trying() -> None:
    github, pauses = answers((502, {}), (502, {}), (502, {"message": "Server Error"}), DONE)
    with pytest.raises(GithubError, match="502 Server Error"):
        github.call("POST", "repos")
    assert len(pauses) == 2
