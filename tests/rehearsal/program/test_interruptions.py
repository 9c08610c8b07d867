"""What a run that did not come to its end leaves in the state, and how the next one goes on from there."""

import json
from typing import Any

import boto3
import httpx
import pytest

from rehearsal.faults.in_process import Inline, Interrupted
from rehearsal.program.aws_resources.cloudcontrol import CloudControlResource
from rehearsal.program.clouds import Aws, CloudError, Connection, Github, GithubError
from rehearsal.program.handlers import Existing
from tests.rehearsal.program.conftest import ACCOUNT, GITHUB_TOKEN, REGION, LocalCloud, Project, by_name

ROLE = """
import json
import pulumi_aws as aws
service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = {"Version": "2012-10-17", "Statement": [service]}
aws.iam.Role("reader", name="NAME", description="DESCRIPTION", assume_role_policy=json.dumps(trust))
"""
URN = "urn:pulumi:dev::package-flow::aws:iam/role:Role::reader"
ALREADY = "EntityAlreadyExists"


def program(name: str, description: str = "reads") -> str:
    return ROLE.replace("NAME", name).replace("DESCRIPTION", description)


@pytest.fixture
def iam(local_cloud: LocalCloud) -> Any:
    keys = {"aws_access_key_id": local_cloud.root["access_key_id"], "aws_secret_access_key": local_cloud.root["secret_access_key"]}
    return boto3.client("iam", endpoint_url=local_cloud.url, region_name=REGION, **keys)


def interrupted(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> dict[str, Any]:
    """The result of a run that ends after the role was made and before anybody noted it."""
    from rehearsal.program.aws_resources.iam import Role

    real = Role.create

    def create(self: Role, cloud: Any, wanted: Any) -> Any:
        real(self, cloud, wanted)
        monkeypatch.setattr(Role, "create", real)
        raise Interrupted

    monkeypatch.setattr(Role, "create", create)
    return project.write(program(name)).run(executor=Inline)


def test_what_had_begun_is_noted_and_told_by_the_next_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = interrupted(project, monkeypatch, "begun")
    assert first["pending"] == [URN] and by_name(first) == {}
    second = project.run(first)
    (warning,) = [each["message"] for each in project.events if each["event"] == "log"]
    assert "1 pending operations" in warning and f"{URN}, interrupted while creating" in warning
    assert ALREADY in second["error"]["message"] and second["error"]["inputs"]["name"] == "begun"


def test_what_is_there_is_taken_over_by_its_id_and_brought_up_to_date(project: Project, monkeypatch: pytest.MonkeyPatch, iam: Any) -> None:
    first = interrupted(project, monkeypatch, "taken-over")
    project.write(program("taken-over", "reads everything"))
    second = project.run(first, imports={URN: "taken-over"})
    assert second["error"] is None and second["pending"] == []
    adopted = [each for each in project.events if each["event"] == "adopted"]
    assert [(each["urn"], each["id"]) for each in adopted] == [(URN, "taken-over")]
    assert iam.get_role(RoleName="taken-over")["Role"]["Description"] == "reads everything"
    third = project.run(second)
    assert by_name(third)["reader"]["status"] == "same"


def test_what_is_not_there_is_not_taken_over(project: Project) -> None:
    result = project.write(program("not-there")).run(imports={URN: "not-there"})
    assert "resource 'not-there' does not exist" in result["error"]["message"]
    assert project.write(program("not-there")).run()["error"] is None


def test_a_run_that_cannot_begin_forgets_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = project.write(program("kept")).run()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    second = project.run(first)
    assert "SignatureDoesNotMatch" in second["error"]["message"]
    assert [each["urn"] for each in second["resources"]] == [URN]


def test_an_interrupted_destroy_says_what_is_left(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = project.write(program("half-gone")).run()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rehearsal.program.provisioning.delete", interrupt)
    left = project.destroy(first)
    assert left["error"]["message"] == "interrupted" and [each["urn"] for each in left["resources"]] == [URN]


VARIABLE = 'import pulumi_github as g\ng.ActionsVariable("size", repository="payments-api", variable_name="GONE", value="1")'
VARIABLE_URN = "urn:pulumi:dev::package-flow::github:index/actionsVariable:ActionsVariable::size"


def test_what_is_gone_is_refreshed_away(project: Project, local_cloud: LocalCloud) -> None:
    first = project.write(VARIABLE).run()
    address = f"{local_cloud.url}/_github/repos/acme/payments-api/actions/variables/GONE"
    httpx.delete(address, headers={"authorization": f"Bearer {GITHUB_TOKEN}"}).raise_for_status()
    assert "404" in project.destroy(first)["error"]["message"]
    refreshed = project.destroy(first, refresh=[VARIABLE_URN])
    assert (refreshed["error"], refreshed["resources"]) == (None, [])


def test_what_is_there_is_not_refreshed_away(project: Project) -> None:
    first = project.write(VARIABLE.replace("GONE", "STAYS")).run()
    assert project.destroy(first, refresh=[VARIABLE_URN])["deleted"] == [VARIABLE_URN]


def test_what_is_forgotten_is_left_in_the_cloud(project: Project, iam: Any) -> None:
    first = project.write(program("forgotten")).run()
    assert project.destroy(first, forget=[URN])["resources"] == []
    assert iam.get_role(RoleName="forgotten")["Role"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/forgotten"


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


CONNECTED = """
import pulumi_aws as aws
domain = aws.codeartifact.Domain("partly", domain="partly")
aws.codeartifact.Repository(
    "npmjs", domain=domain.domain, repository="npmjs", external_connections={"external_connection_name": "public:npmjs"}
)
"""


def test_a_step_that_a_creation_lacked_is_made_up_for(project: Project, monkeypatch: pytest.MonkeyPatch, local_cloud: LocalCloud) -> None:
    real, failing = Aws.call, [True]

    def call(self: Aws, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if failing and operation == "associate_external_connection":
            failing.clear()
            raise CloudError("codeartifact AssociateExternalConnection: InternalServerException")
        return real(self, service, operation, **parameters)

    monkeypatch.setattr(Aws, "call", call)
    first = project.write(CONNECTED).run()
    assert by_name(first)["npmjs"]["status"] == "partial"
    second = project.run(first)
    assert second["error"] is None
    assert by_name(second)["npmjs"]["outputs"]["externalConnections"]["status"] == "Available"
    keys = {"aws_access_key_id": local_cloud.root["access_key_id"], "aws_secret_access_key": local_cloud.root["secret_access_key"]}
    codeartifact = boto3.client("codeartifact", endpoint_url=local_cloud.url, region_name=REGION, **keys)
    there = codeartifact.describe_repository(domain="partly", repository="npmjs")["repository"]
    assert [one["externalConnectionName"] for one in there["externalConnections"]] == ["public:npmjs"]


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


def test_the_command_takes_what_is_there(project: Project, iam: Any, tmp_path: Any) -> None:
    from rehearsal.program.__main__ import parser

    told = parser().parse_args(
        ["--directory", ".", "--stack", "dev", "--cloud", "x", "--github", "y", "--result", "z", "--import", f"{URN}=r"]
    )
    assert json.dumps(told.imports) == json.dumps([f"{URN}=r"]) and told.attempts == 1
