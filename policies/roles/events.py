"""The roles of package events: the one with which the rule reaches its targets, and the chat channel's, which may do nothing."""

from collections.abc import Sequence

from policies.document import Statement, statement
from policies.events import Names
from policies.resources.topic import PUBLISH, USE_KEY


def events_trust(names: Names) -> list[Statement]:
    """The role is EventBridge's, and only when it acts for the one rule."""
    return [
        statement(
            "OnlyTheRule",
            "sts:AssumeRole",
            None,
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnEquals": {"aws:SourceArn": names.rule_arn}, "StringEquals": {"aws:SourceAccount": names.registry.account}},
        )
    ]


def events_permissions(names: Names, key: str, pipelines: Sequence[str]) -> list[Statement]:
    """What the rule may do: publish to its topic, with the topic's key (an ARN), and start these pipelines."""
    starting = (
        [statement("StartPipelines", "codepipeline:StartPipelineExecution", [names.pipeline_arn(one) for one in pipelines])]
        if pipelines
        else []
    )
    return [statement("PublishToTopic", PUBLISH, names.topic_arn), statement("UseKey", USE_KEY, key), *starting]


def chat_trust(names: Names) -> list[Statement]:
    """The chat channel's role, which has no policy: messages are shown, and commands typed in the channel may do nothing."""
    return [
        statement(
            "Chat",
            "sts:AssumeRole",
            None,
            principal={"Service": "chatbot.amazonaws.com"},
            conditions={"StringEquals": {"aws:SourceAccount": names.registry.account}},
        )
    ]


def chat_guardrail(partition: str) -> str:
    """AWS's policy that denies everything. Without a guardrail a channel gets AdministratorAccess for one."""
    return f"arn:{partition}:iam::aws:policy/AWSDenyAll"
