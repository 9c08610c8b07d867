"""Slack channels' configurations through the SDK and through the handler: what AWS takes, what it refuses, and who may."""

import json
from collections.abc import Generator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud import aws, chatbot
from rehearsal.program.aws_resources import HANDLERS
from rehearsal.program.clouds import Aws, AwsError
from rehearsal.program.handlers import CloudError, Defaults, Existing
from rehearsal.program.inputs import Inputs
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, REGION, Cloud, allow, running_cloud

WORKSPACE, CHANNEL = "T07EA123LEP", "C07EZ1ABC23"
ROLE, TOPIC = f"arn:aws:iam::{ACCOUNT}:role/chat", f"arn:aws:sns:{REGION}:{ACCOUNT}:versions"
CLOSED = f"arn:aws:sns:{REGION}:{ACCOUNT}:closed"
ARN = f"arn:aws:chatbot::{ACCOUNT}:chat-configuration/slack-channel/prod-versions"
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
PLAIN: dict[str, Any] = {
    "ConfigurationName": "prod-versions",
    "SlackTeamId": WORKSPACE,
    "SlackChannelId": CHANNEL,
    "IamRoleArn": ROLE,
    "SnsTopicArns": [TOPIC],
    "GuardrailPolicyArns": [DENY_ALL],
}
TOKEN = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"


@pytest.fixture(scope="module")
def started() -> Generator[Cloud]:
    with running_cloud() as running:
        for name, account in (("chat", ACCOUNT), ("strangers-chat", OTHER_ACCOUNT)):
            only = {"StringEquals": {"aws:SourceAccount": account}}
            service = {"Effect": "Allow", "Principal": {"Service": chatbot.SERVICE}, "Action": "sts:AssumeRole", "Condition": only}
            aws.create_role(ACCOUNT, name, "/", None, {"Version": "2012-10-17", "Statement": [service]})
        sns = running.client("sns")
        sns.create_topic(Name="versions")
        closed = {"Effect": "Deny", "Principal": "*", "Action": "sns:Subscribe", "Resource": CLOSED}
        sns.create_topic(Name="closed", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [closed]})})
        yield running


@pytest.fixture
def cloud(started: Cloud) -> Cloud:
    chatbot.reset()
    assert started.control("POST", "chatbot/workspaces", {"account": ACCOUNT, "workspace": WORKSPACE}).status_code == 200
    return started


def create(cloud: Cloud, who: aws.Credentials | None = None, **changed: Any) -> dict[str, Any]:
    return cloud.client("chatbot", who).create_slack_channel_configuration(**{**PLAIN, **changed})["ChannelConfiguration"]


def test_a_configuration_is_created_read_changed_and_deleted(cloud: Cloud) -> None:
    client = cloud.client("chatbot")
    assert create(cloud)["ChatConfigurationArn"] == ARN
    client.update_slack_channel_configuration(ChatConfigurationArn=ARN, SlackChannelId="C2", LoggingLevel="ERROR")
    (seen,) = client.describe_slack_channel_configurations(ChatConfigurationArn=ARN)["SlackChannelConfigurations"]
    assert (seen["SlackChannelId"], seen["LoggingLevel"], seen["SnsTopicArns"]) == ("C2", "ERROR", [TOPIC])
    client.delete_slack_channel_configuration(ChatConfigurationArn=ARN)
    assert client.describe_slack_channel_configurations(ChatConfigurationArn=ARN)["SlackChannelConfigurations"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.delete_slack_channel_configuration(ChatConfigurationArn=ARN)


def test_tags_come_and_go(cloud: Cloud) -> None:
    client, tag = cloud.client("chatbot"), {"TagKey": "owner", "TagValue": "platform"}
    create(cloud, Tags=[tag])
    client.tag_resource(ResourceARN=ARN, Tags=[{"TagKey": "stack", "TagValue": "prod"}])
    client.untag_resource(ResourceARN=ARN, TagKeys=["stack"])
    assert client.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [tag]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"SlackTeamId": "T0OTHER"}, "T0OTHER is not authorized with AWS account"),
        ({"IamRoleArn": f"{ROLE}-that-is-not-there"}, "may not assume"),
        ({"IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/strangers-chat"}, "may not assume"),
        ({"GuardrailPolicyArns": [f"{DENY_ALL}OfThem"]}, "there is no policy"),
        ({"SnsTopicArns": [f"{TOPIC}-2"]}, "there is no topic"),
        ({"SnsTopicArns": [CLOSED]}, "may subscribe"),
        ({"ConfigurationName": "prod.versions"}, "InvalidParameterException.*ConfigurationName"),
        ({"SlackTeamId": "t07ea123lep"}, "InvalidParameterException.*SlackTeamId"),
    ],
)
def test_what_could_not_work_is_refused(cloud: Cloud, changed: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ClientError, match=refusal):
        create(cloud, **changed)
    assert create(cloud)["State"] == "ENABLED"


@pytest.mark.parametrize("taken", [{"ConfigurationName": "another"}, {"SlackChannelId": "C2"}])
def test_a_channel_and_a_name_have_one_configuration(cloud: Cloud, taken: dict[str, Any]) -> None:
    create(cloud)
    with pytest.raises(ClientError, match="ConflictException"):
        create(cloud, **taken)
    assert create(cloud, ConfigurationName="another", SlackChannelId="C2")


@pytest.mark.parametrize(
    ("name", "granted", "refused"),
    [
        ("all", ("chatbot:CreateSlackChannelConfiguration", "chatbot:TagResource", "iam:PassRole"), ""),
        ("no-pass", ("chatbot:CreateSlackChannelConfiguration", "chatbot:TagResource"), "iam:PassRole"),
        ("no-tag", ("chatbot:CreateSlackChannelConfiguration", "iam:PassRole"), "chatbot:TagResource"),
        ("no-create", ("chatbot:TagResource", "iam:PassRole"), "chatbot:CreateSlackChannelConfiguration"),
    ],
)
def test_it_takes_the_rights_that_aws_names(cloud: Cloud, name: str, granted: tuple[str, ...], refused: str) -> None:
    who, tags = cloud.role(f"chat-{name}", allow(*granted)), [{"TagKey": "owner", "TagValue": "platform"}]
    if not refused:
        assert create(cloud, who, Tags=tags)
        return
    with pytest.raises(ClientError, match=f"AccessDeniedException.*{refused}"):
        create(cloud, who, Tags=tags)


# --- the handler ------------------------------------------------------------------------------------------------------------------------


def wanted(**changed: Any) -> dict[str, Any]:
    given = {"configurationName": "prod-versions", "slackTeamId": WORKSPACE, "slackChannelId": CHANNEL, "iamRoleArn": ROLE}
    reader = Inputs({**given, "snsTopicArns": [TOPIC], "guardrailPolicyArns": [DENY_ALL], **changed})
    read = HANDLERS[TOKEN].read(reader, Defaults(tags={"owner": "platform"}))
    reader.check()
    return read


def test_the_handler_carries_a_configuration_through_its_life(cloud: Cloud) -> None:
    keys = {"aws_access_key_id": cloud.root.access_key_id, "aws_secret_access_key": cloud.root.secret_access_key}
    handler, client = HANDLERS[TOKEN], Aws(cloud.url, REGION, keys)
    made = handler.create(client, wanted())
    assert made.id == ARN and made.outputs["tagsAll"] == {"owner": "platform"}
    existing = Existing(ARN, {"configurationName": "prod-versions", "slackTeamId": WORKSPACE}, made.outputs)
    handler.update(client, existing, wanted(loggingLevel="ERROR", slackChannelId="C2"))
    seen = handler.look_up(client, ARN)
    assert seen and (seen["loggingLevel"], seen["slackChannelId"], seen["tags"]) == ("ERROR", "C2", {"owner": "platform"})
    with pytest.raises(CloudError, match="slackTeamId can't be changed"):
        handler.update(client, existing, wanted(slackTeamId="T2"))
    with pytest.raises(AwsError, match="may not assume"):
        handler.update(client, existing, wanted(iamRoleArn=f"{ROLE}-2"))
    for _ in range(2):
        handler.delete(client, existing)
    assert handler.look_up(client, ARN) is None
