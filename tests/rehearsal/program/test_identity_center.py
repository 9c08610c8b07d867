"""IAM Identity Center by a program: made, changed, found by functions, removed in order."""

from contextlib import suppress
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.program.conftest import ACCOUNT, REGION, LocalCloud, Project, by_name

OTHER = "222233334444"
DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Action":"%s","Resource":"*"}]}'
PROGRAM = """
    import pulumi
    import pulumi_aws as aws

    instances = aws.ssoadmin.get_instances()
    attribute = aws.identitystore.GetGroupAlternateIdentifierUniqueAttributeArgs(attribute_path="DisplayName", attribute_value="{group}")
    named = aws.identitystore.GetGroupAlternateIdentifierArgs(unique_attribute=attribute)
    group = aws.identitystore.get_group(identity_store_id=instances.identity_store_ids[0], alternate_identifier=named)
    readers = aws.ssoadmin.PermissionSet(
        "readers", name="readers", instance_arn=instances.arns[0], session_duration="{duration}", tags={{"stack": "dev"}}
    )
    policy = aws.ssoadmin.PermissionSetInlinePolicy(
        "policy", instance_arn=instances.arns[0], permission_set_arn=readers.arn, inline_policy='{document}'
    )
    aws.ssoadmin.AccountAssignment(
        "assignment",
        instance_arn=instances.arns[0],
        permission_set_arn=readers.arn,
        principal_id=group.group_id,
        principal_type="GROUP",
        target_id="{account}",
        target_type="AWS_ACCOUNT",
        opts=pulumi.ResourceOptions(depends_on=[policy]),
    )
    role = aws.iam.get_role(name="there")
    pulumi.export("role", role.arn)
"""


@pytest.fixture
def center(local_cloud: LocalCloud) -> LocalCloud:
    """A new Identity Center, and a role that the program looks up."""
    groups = {"Engineering": ["ann"], "Research": ["rob"]}
    control(local_cloud, "identity-center/instances", account=ACCOUNT, region=REGION, groups=groups)
    iam = client(local_cloud, "iam")
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}'
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="there", Path="/builds/", AssumeRolePolicyDocument=trust)
    return local_cloud


def control(cloud: LocalCloud, path: str, **body: Any) -> dict[str, Any]:
    answer = httpx.post(f"{cloud.url}/_rehearsal/{path}", json=body, headers={"x-rehearsal-key": cloud.key}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def client(cloud: LocalCloud, service: str, session: dict[str, str] | None = None):
    used = session or {"aws_access_key_id": cloud.root["access_key_id"], "aws_secret_access_key": cloud.root["secret_access_key"]}
    return boto3.client(service, endpoint_url=cloud.url, region_name=REGION, **used)


def sign_in(cloud: LocalCloud, user: str, account: str = OTHER) -> dict[str, str]:
    token = control(cloud, "identity-center/sign-ins", account=ACCOUNT, region=REGION, user=user)["access_token"]
    portal = client(cloud, "sso")
    made = portal.get_role_credentials(roleName="readers", accountId=account, accessToken=token)["roleCredentials"]
    return {
        "aws_access_key_id": made["accessKeyId"],
        "aws_secret_access_key": made["secretAccessKey"],
        "aws_session_token": made["sessionToken"],
    }


def program(group: str = "Engineering", action: str = "iam:ListUsers", duration: str = "PT8H", account: str = OTHER) -> str:
    return PROGRAM.format(group=group, duration=duration, document=DOCUMENT % action, account=account)


def test_made_and_removed(project: Project, center: LocalCloud):
    first = project.write(program()).run()
    assert first["error"] is None and first["outputs"]["role"] == f"arn:aws:iam::{ACCOUNT}:role/builds/there"
    made = by_name(first)["readers"]["outputs"]
    assert (made["sessionDuration"], made["tagsAll"]) == ("PT8H", {"project": "package-flow", "stack": "dev"})
    assert "Users" in client(center, "iam", sign_in(center, "ann")).list_users()
    with pytest.raises(ClientError, match="No access"):
        sign_in(center, "rob")

    gone = project.destroy(first)
    assert gone["error"] is None and project.happened("deleted") == ["assignment", "policy", "readers"]
    with pytest.raises(ClientError, match="No access"):
        sign_in(center, "ann")


def test_a_group_that_is_not_there(project: Project, center: LocalCloud):
    result = project.write(program("Nobody")).run()
    assert "GROUP not found" in result["error"]["message"]


def test_an_assignment_that_others_made_is_not_taken_over(project: Project, center: LocalCloud):
    project.write(
        program() + program().replace('"readers", name', '"other", name').replace('"policy"', '"p2"').replace('"assignment"', '"a2"')
    )
    result = project.run()
    assert "already exists" in result["error"]["message"]
