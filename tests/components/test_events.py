"""PackageEvents by its registrations."""

import json
import re

import pytest

from components.events import PackageEvents
from plan.declared import Slack
from policies import events
from policies.document import text
from policies.resources.topic import dead_letters_policy, topic_key_policy, topic_policy
from policies.roles.events import chat_trust, events_permissions, events_trust
from tests.components import samples
from tests.components.recording import Recording, record
from tests.policies.samples import REGISTRY

NAMES = events.Names(REGISTRY, "test", "/package-flow/")
QUEUE = f"arn:aws:sqs:eu-west-1:{samples.ACCOUNT}:release-announcements"
SLACK = Slack("T07EA123LEP", "C07EZ1ABC23")


def made(**changed) -> Recording:
    return record(lambda: PackageEvents("package-versions", samples.events(queue=QUEUE, **changed)))


@pytest.fixture(scope="module")
def told() -> Recording:
    return made()


@pytest.fixture(scope="module")
def everywhere() -> Recording:
    return made(slack=SLACK, pipelines=("release", "scan"))


def test_what_it_makes(told):
    assert sorted((one.type.rpartition(":")[2], one.name.removeprefix("package-versions")) for one in told.registrations if one.custom) == [
        ("Alias", ""),
        ("EventRule", ""),
        ("EventTarget", ""),
        ("Key", ""),
        ("Queue", ""),
        ("Role", ""),
        ("RolePolicy", ""),
        ("Topic", ""),
        ("TopicSubscription", f"-{QUEUE}"),
        ("TopicSubscription", "-https://hooks.acme.example/packages"),
        ("TopicSubscription", "-platform@acme.example"),
    ]


def test_everything_is_a_child_of_the_component_and_nothing_is_protected(everywhere):
    (component,) = everywhere.of("PackageEvents")
    assert {one.parent for one in everywhere.registrations if one is not component} == {component.urn}
    assert not [one for one in everywhere.registrations if one.options]


def test_the_rule(told):
    (rule,) = told.of("EventRule")
    assert rule.inputs["name"] == "test-package-versions"
    assert "eventBusName" not in rule.inputs, "the account's default bus, where AWS puts its events"
    assert json.loads(rule.inputs["eventPattern"]) == {
        "source": ["aws.codeartifact"],
        "detail-type": ["CodeArtifact Package Version State Change"],
        "detail": {
            "domainName": ["acme"],
            "repositoryName": ["shared", "payments"],
            "packageVersionState": ["Published"],
            "packageFormat": ["npm"],
            "packageNamespace": ["acme-payments"],
        },
    }


def test_the_topic_is_encrypted_with_a_key_of_its_own_and_closed_from_the_start(told):
    (topic,), (key,), (alias,) = told.of("Topic"), told.of("Key"), told.of("Alias")
    assert topic.inputs["kmsMasterKeyId"] == f"arn:aws:kms:eu-west-1:{samples.ACCOUNT}:key/1234"
    assert topic.inputs["policy"] == text(topic_policy(NAMES))
    assert (key.inputs["enableKeyRotation"], key.inputs["policy"]) == (True, text(topic_key_policy(NAMES)))
    assert key.inputs["deletionWindowInDays"] == 7
    assert alias.inputs["name"] == "alias/test-package-versions"


def test_the_rule_reaches_the_topic_with_its_role(told):
    (target,), (role,), (policy,) = told.of("EventTarget"), told.of("Role"), told.of("RolePolicy")
    assert target.inputs["arn"] == NAMES.topic_arn and target.inputs["roleArn"] == NAMES.role_arn
    assert role.inputs["assumeRolePolicy"] == text(events_trust(NAMES))
    assert (role.inputs["name"], role.inputs["path"]) == ("test-events", "/package-flow/")
    assert policy.inputs["policy"] == text(events_permissions(NAMES, f"arn:aws:kms:eu-west-1:{samples.ACCOUNT}:key/1234", []))


def test_an_event_is_tried_for_a_day_and_then_kept(told):
    (target,), (queue,) = told.of("EventTarget"), told.of("Queue")
    assert target.inputs["retryPolicy"] == {"maximumEventAgeInSeconds": 86_400, "maximumRetryAttempts": 185}
    assert target.inputs["deadLetterConfig"] == {"arn": NAMES.dead_letters_arn}
    assert (queue.inputs["sqsManagedSseEnabled"], queue.inputs["messageRetentionSeconds"]) == (True, 1_209_600)
    assert queue.inputs["policy"] == text(dead_letters_policy(NAMES))


def test_messages_are_made_by_the_rule(told):
    (target,) = told.of("EventTarget")
    assert target.inputs["inputTransformer"] == {"inputPaths": events.MESSAGE_PATHS, "inputTemplate": events.message_template()}


def test_subscriptions(told):
    seen = {one.inputs["protocol"]: one.inputs for one in told.of("TopicSubscription")}
    assert {protocol: one["endpoint"] for protocol, one in seen.items()} == {
        "email": "platform@acme.example",
        "https": "https://hooks.acme.example/packages",
        "sqs": QUEUE,
    }
    assert {one["topic"] for one in seen.values()} == {NAMES.topic_arn}
    assert [protocol for protocol, one in seen.items() if one.get("rawMessageDelivery")] == ["sqs"]


def test_the_order(told):
    """The rule delivers only when its role may, and what it can't deliver has a place to go."""
    (topic,), (policy,) = told.of("Topic"), told.of("RolePolicy")
    assert {policy.urn, topic.urn, told.of("Queue")[0].urn} <= told.everything_before(told.of("EventTarget")[0])


def test_no_slack_without_a_channel(told):
    assert not told.of("SlackChannelConfiguration")


def test_a_slack_channel_shows_messages_and_may_do_nothing(everywhere):
    (channel,) = everywhere.of("SlackChannelConfiguration")
    assert channel.type == "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
    assert channel.inputs == {
        "configurationName": "test-package-versions",
        "slackTeamId": "T07EA123LEP",
        "slackChannelId": "C07EZ1ABC23",
        "iamRoleArn": NAMES.chat_role_arn,
        "snsTopicArns": [NAMES.topic_arn],
        "guardrailPolicyArns": ["arn:aws:iam::aws:policy/AWSDenyAll"],
        "loggingLevel": "ERROR",
    }
    (role,) = [one for one in everywhere.of("Role") if one.inputs["name"] == "test-events-chat"]
    assert role.inputs["assumeRolePolicy"] == text(chat_trust(NAMES))
    assert not [one for one in everywhere.of("RolePolicy") if one.inputs["role"] == "test-events-chat"]


def test_pipelines_are_started_with_the_rules_role(everywhere):
    started = {one.inputs["arn"]: one.inputs for one in everywhere.of("EventTarget") if ":codepipeline:" in one.inputs["arn"]}
    assert set(started) == {NAMES.pipeline_arn("release"), NAMES.pipeline_arn("scan")}
    for one in started.values():
        assert one["roleArn"] == NAMES.role_arn and one["deadLetterConfig"] == {"arn": NAMES.dead_letters_arn}
        assert one["retryPolicy"]["maximumRetryAttempts"] == 185 and "inputTransformer" not in one
    (policy,) = everywhere.of("RolePolicy")
    (starts,) = [one for one in json.loads(policy.inputs["policy"])["Statement"] if one["Sid"] == "StartPipelines"]
    assert starts["Resource"] == [NAMES.pipeline_arn("release"), NAMES.pipeline_arn("scan")]


def test_roles_carry_the_boundary():
    boundary = f"arn:aws:iam::{samples.ACCOUNT}:policy/boundary"
    bounded = made(boundary=boundary, slack=SLACK)
    assert {one.inputs["permissionsBoundary"] for one in bounded.of("Role")} == {boundary}
    assert not [one for one in made(slack=SLACK).of("Role") if "permissionsBoundary" in one.inputs]


def test_outputs(told):
    (component,) = told.of("PackageEvents")
    assert told.component_outputs[component.urn] == {"topicArn": NAMES.topic_arn, "ruleArn": NAMES.rule_arn}


def test_targets_have_ids_of_their_own(everywhere):
    """An id that the provider makes up is another after an interrupted run, and so is the target: each message would come twice."""
    ids = [one.inputs.get("targetId") for one in everywhere.of("EventTarget")]
    assert None not in ids
    assert len(set(ids)) == len(ids) == 3
    longest = events.pipeline_target("p" * 100)
    assert all(re.fullmatch(r"[\.\-_A-Za-z0-9]{1,64}", one) for one in (*ids, longest))
    assert events.pipeline_target("release") != events.pipeline_target("scan")
