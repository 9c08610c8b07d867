"""Package events: which are told, how a message reads, and that nobody but the one rule can put a message on the topic."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import events
from policies.document import text
from policies.names import STACK_NAME_MAX
from policies.owned_names import Format, parse
from policies.resources.topic import dead_letters_policy, topic_key_policy, topic_policy
from policies.roles.events import chat_guardrail, chat_trust, events_permissions, events_trust
from tests.policies import iam
from tests.policies.iam import Caller
from tests.policies.samples import OTHER_ACCOUNT, REGISTRY

NAMES = events.Names(REGISTRY, "prod", "/package-flow/")
OWN = REGISTRY.account
RULE = Caller(NAMES.role_arn, OWN)
ADMINISTRATOR = Caller(f"arn:aws:iam::{OWN}:role/Administrator", OWN)
ROOT = Caller(REGISTRY.account_root_arn, OWN)
EVERYTHING = [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/1234"

OWNED = [
    parse(Format.NPM, "@acme-payments/*"),
    parse(Format.NPM, "@acme-identity/*"),
    parse(Format.NPM, "@acme/eslint-config"),
    parse(Format.NPM, "acme-tools-*"),
    parse(Format.PYPI, "acme-payments-*"),
    parse(Format.PYPI, "acme-solo"),
    parse(Format.MAVEN, "com.acme.payments:*"),
    parse(Format.MAVEN, "com.acme.platform:core"),
]

# As in AWS's own example. https://docs.aws.amazon.com/codeartifact/latest/ug/service-event-format-example.html
DETAIL = {
    "domainName": "acme",
    "domainOwner": OWN,
    "repositoryName": "payments",
    "repositoryAdministrator": OWN,
    "packageFormat": "npm",
    "packageNamespace": "acme-payments",
    "packageName": "client",
    "packageVersion": "1.0.0",
    "packageVersionState": "Published",
    "packageVersionRevision": "0E5DE26A4CD79FDF3EBC4924FFAB0F5B",
    "changes": {"assetsAdded": 1, "assetsRemoved": 0, "metadataUpdated": True, "assetsUpdated": 0, "statusChanged": True},
    "operationType": "Created",
    "sequenceNumber": 3,
    "eventDeduplicationId": "2mEO8A2Ny2GWS1AcXEtQNgBPTHOIOQtgYwhBoJRcmOU=",
}


def event(**detail: object) -> dict:
    head = {"version": "0", "source": "aws.codeartifact", "detail-type": "CodeArtifact Package Version State Change", "account": OWN}
    return {**head, "time": "2026-11-22T09:53:33Z", "detail": DETAIL | detail}


# --- which events -------------------------------------------------------------------------------------------------------------------


def matches(pattern: dict, given: dict) -> bool:
    """EventBridge's matching, as far as these patterns go; what is not known here raises.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    return all(_field(key, wanted, given) for key, wanted in pattern.items())


def _field(key: str, wanted: Any, given: dict) -> bool:
    if key == "$or":
        return any(matches(one, given) for one in wanted)
    if isinstance(wanted, dict):
        return matches(wanted, given.get(key, {}))
    assert isinstance(wanted, list) and wanted
    return any(_value(one, given.get(key)) for one in wanted)


def _value(wanted: Any, got: object) -> bool:
    if wanted is None or isinstance(wanted, str):
        return wanted == got
    ((operator, operand),) = wanted.items()
    assert operator == "prefix"
    return isinstance(got, str) and got.startswith(operand)


def pattern(**changed) -> dict:
    usual: dict[str, Any] = {"domain": "acme", "repositories": ["shared", "payments"], "states": ["Published"], "owned": OWNED}
    return events.pattern(**(usual | changed))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, True),
        ({"repositoryName": "shared"}, True),
        ({"repositoryName": "npmjs"}, False),
        ({"repositoryName": "research"}, False),
        ({"domainName": "acme-sandbox"}, False),
        ({"packageVersionState": "Unlisted"}, False),
        ({"packageNamespace": None, "packageName": "left-pad"}, False),
        ({"packageNamespace": None, "packageName": "acme-tools-cli"}, True),
        ({"packageNamespace": "other", "packageName": "acme-tools-cli"}, False),
        ({"packageNamespace": "acme", "packageName": "eslint-config"}, True),
        ({"packageNamespace": "acme", "packageName": "eslint-config-x"}, False),
        ({"packageFormat": "pypi", "packageNamespace": None, "packageName": "acme-solo"}, True),
        ({"packageFormat": "npm", "packageNamespace": None, "packageName": "acme-solo"}, False),
        ({"packageFormat": "maven", "packageNamespace": "com.acme.platform", "packageName": "core"}, True),
        ({"packageFormat": "maven", "packageNamespace": "com.acme.platform", "packageName": "other"}, False),
    ],
)
def test_which_events_are_told(changed, told):
    assert matches(pattern(), event(**changed)) is told


def test_other_sources_and_other_events_are_not_told():
    for key in ("source", "detail-type"):
        assert not matches(pattern(), event() | {key: "other"})


NAMESPACES = st.sampled_from([None, "acme", "acme-payments", "acme-identity", "com.acme.payments", "com.acme.platform", "other"])
PACKAGES = st.sampled_from(["core", "eslint-config", "acme-tools-cli", "acme-tools", "acme-payments-client", "acme-solo", "client"])


@given(st.lists(st.sampled_from(OWNED), unique=True, min_size=1), st.sampled_from(list(Format)), NAMESPACES, PACKAGES)
def test_a_package_is_told_of_if_and_only_if_it_is_owned(owned, format, namespace, package):
    told = matches(pattern(owned=owned), event(packageFormat=format.value, packageNamespace=namespace, packageName=package))
    assert told is any(one.format is format and one.owns(namespace or "", package) for one in owned)


def test_all_packages_are_told_of_without_owned_names():
    assert matches(pattern(owned=[]), event(packageNamespace=None, packageName="left-pad"))
    assert not matches(pattern(owned=[]), event(packageNamespace=None, packageName="left-pad", repositoryName="npmjs"))


def test_the_pattern_stays_small():
    """A name costs little more than its own characters: 60 teams with a scope and a prefix each fit."""
    teams = [f"team{number:02}" for number in range(40)]
    owned = [parse(Format.NPM, f"@acme-{team}/*") for team in teams]
    size = len(json.dumps(pattern(owned=owned, repositories=["shared"]), separators=(",", ":")))
    assert size < events.PATTERN_MAX


# --- the message ------------------------------------------------------------------------------------------------------------------------


def message(given: dict) -> dict:
    """As EventBridge makes it: every variable by its path, put between the quotes of the template."""
    values = {}
    for name, path in events.MESSAGE_PATHS.items():
        found: Any = given
        for part in path.removeprefix("$.").split("."):
            found = found[part]
        values[name] = "null" if found is None else str(found)
    return json.loads(re.sub(r"<([^<>]+)>", lambda match: values[match[1]], events.message_template()))


def test_a_message_says_what_where_and_which_version():
    told = message(event())
    assert told["content"]["title"] == "client 1.0.0 is Published in payments"
    assert told["content"]["description"] == (
        "npm package client, namespace acme-payments, version 1.0.0: Created in repository payments of acme"
    )
    facts = told["metadata"]["additionalContext"]
    assert (facts["format"], facts["namespace"], facts["name"], facts["version"]) == ("npm", "acme-payments", "client", "1.0.0")
    assert (facts["repository"], facts["domain"], facts["state"], facts["operation"]) == ("payments", "acme", "Published", "Created")
    assert facts["time"] == "2026-11-22T09:53:33Z" and facts["revision"] == DETAIL["packageVersionRevision"]
    assert told["id"] == DETAIL["eventDeduplicationId"], "events can come twice"


def test_a_message_about_a_package_without_a_namespace():
    assert message(event(packageNamespace=None))["metadata"]["additionalContext"]["namespace"] == "null"


def test_a_message_has_the_form_that_chat_channels_show():
    """https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html"""
    told = message(event())
    assert (told["version"], told["source"], told["content"]["textType"]) == ("1.0", "custom", "client-markdown")
    assert set(told) == {"version", "source", "id", "content", "metadata"}
    assert all(isinstance(value, str) for value in told["metadata"]["additionalContext"].values())


def test_a_template_uses_every_variable_and_no_other():
    """At most 100 variables and 8,192 characters; a variable's name must not begin with AWS."""
    used = set(re.findall(r"<([^<>]+)>", events.message_template()))
    assert used == set(events.MESSAGE_PATHS)
    assert len(used) <= 100 and len(events.message_template()) <= 8_192
    assert not [name for name in used if name.lower().startswith("aws")]


# --- who may ----------------------------------------------------------------------------------------------------------------------------


def may(caller: Caller, action: str, resource: str, attached: list, identity=EVERYTHING) -> bool:
    return iam.allowed(caller, action, resource, owner=OWN, identity=identity, resource_policy=iam.document(text(attached)))


@pytest.mark.parametrize(
    ("changed", "assumed"),
    [
        ({}, True),
        ({"aws:SourceArn": f"{NAMES.rule_arn}-other"}, False),
        ({"aws:SourceArn": NAMES.rule_arn.replace(OWN, OTHER_ACCOUNT), "aws:SourceAccount": OTHER_ACCOUNT}, False),
        ({"aws:SourceAccount": OTHER_ACCOUNT}, False),
    ],
)
def test_only_the_one_rule_assumes_the_role(changed, assumed):
    (trusted,) = iam.document(text(events_trust(NAMES)))
    source = {"aws:SourceArn": NAMES.rule_arn, "aws:SourceAccount": OWN} | changed
    assert (trusted["Principal"], trusted["Action"]) == ({"Service": "events.amazonaws.com"}, "sts:AssumeRole")
    assert iam.conditions_hold(trusted, source) is assumed


def test_a_service_without_a_source_does_not_assume_the_role():
    (trusted,) = events_trust(NAMES)
    assert not iam.conditions_hold(trusted, {})


def test_only_the_rules_role_publishes_to_the_topic():
    topic = topic_policy(NAMES)
    allowed = events_permissions(NAMES, KEY, [])
    assert may(RULE, "sns:Publish", NAMES.topic_arn, topic, allowed)
    for other in (ADMINISTRATOR, ROOT, Caller(f"{NAMES.role_arn}-chat", OWN)):
        assert not may(other, "sns:Publish", NAMES.topic_arn, topic)
    assert not may(Caller(f"arn:aws:iam::{OTHER_ACCOUNT}:role/x", OTHER_ACCOUNT), "sns:Publish", NAMES.topic_arn, topic)
    assert may(ADMINISTRATOR, "sns:Subscribe", NAMES.topic_arn, topic), "administering it stays with the account's IAM"


def test_the_topics_policy_asks_for_no_source():
    """EventBridge gives none to a topic's policy: a condition on it would let nothing through."""
    assert "aws:Source" not in text([*topic_policy(NAMES), *topic_key_policy(NAMES)])


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_only_the_rules_role_uses_the_key(action):
    key = topic_key_policy(NAMES)
    assert may(RULE, action, KEY, key, [])
    # A key is closed to who is not in its policy: the account's own policies count only for what the policy leaves to them.
    left_to_iam = iam.document(text(key))[0]["Action"]
    assert not any(iam.like(one.lower(), action.lower()) for one in left_to_iam)


@pytest.mark.parametrize(
    "action", ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:CreateAlias"]
)
def test_the_key_is_administered_by_the_account(action):
    left_to_iam = iam.document(text(topic_key_policy(NAMES)))[0]
    assert left_to_iam["Principal"] == {"AWS": REGISTRY.account_root_arn}
    assert any(iam.like(one.lower(), action.lower()) for one in left_to_iam["Action"])


def test_the_role_does_no_more_than_it_must():
    actions = [action for one in events_permissions(NAMES, KEY, ["release"]) for action in iam.many(one["Action"])]
    assert actions == ["sns:Publish", "kms:Decrypt", "kms:GenerateDataKey", "codepipeline:StartPipelineExecution"]
    resources = [one["Resource"] for one in events_permissions(NAMES, KEY, ["release"])]
    assert resources == [NAMES.topic_arn, KEY, f"arn:aws:codepipeline:eu-west-1:{OWN}:release"]
    assert "codepipeline" not in text(events_permissions(NAMES, KEY, []))


@pytest.mark.parametrize(("source", "taken"), [(NAMES.rule_arn, True), (f"{NAMES.rule_arn}-other", False)])
def test_the_dead_letter_queue_takes_what_the_rule_could_not_deliver(source, taken):
    (sends,) = iam.document(text(dead_letters_policy(NAMES)))
    assert (sends["Principal"], sends["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert sends["Resource"] == NAMES.dead_letters_arn
    assert iam.conditions_hold(sends, {"aws:SourceArn": source}) is taken


@pytest.mark.parametrize(("account", "assumed"), [(OWN, True), (OTHER_ACCOUNT, False)])
def test_the_chat_assumes_its_role_for_this_account_only(account, assumed):
    (trusted,) = iam.document(text(chat_trust(NAMES)))
    assert trusted["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert iam.conditions_hold(trusted, {"aws:SourceAccount": account}) is assumed


def test_a_channel_may_do_nothing():
    assert chat_guardrail("aws-us-gov") == "arn:aws-us-gov:iam::aws:policy/AWSDenyAll"


def test_names_fit_whatever_the_stack_is_called():
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html (64), API_CreateQueue.html (80), IAM's roles (64)"""
    names = events.Names(REGISTRY, "s" * STACK_NAME_MAX, "/package-flow/")
    assert len(names.rule) <= 64 and len(names.dead_letters) <= 80
    assert len(names.role) <= 64 and len(names.chat_role) <= 64
