"""Package events: which ones are sent, how a message reads, and who may put one on the topic.

EventBridge publishes with a role of its own that only the one rule may assume. The topic's policy can't say so by itself: EventBridge gives
no source to the policy of a topic or of the key that encrypts it, and a condition on `aws:SourceArn` there would let nothing through.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from policies.arns import Registry
from policies.owned_names import OwnedName

# https://docs.aws.amazon.com/codeartifact/latest/ug/service-event-format-example.html
SOURCE = "aws.codeartifact"
DETAIL_TYPE = "CodeArtifact Package Version State Change"
STATES = ("Unfinished", "Published", "Unlisted", "Archived", "Disposed")

# Characters. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html (the default; AWS raises it on request)
PATTERN_MAX = 2_048
# A rule has at most five targets (same page): the topic and four pipelines.
PIPELINES_MAX = 4
# How long and how often EventBridge tries before an event goes to the dead-letter queue: its own longest.
RETRY_SECONDS, RETRIES = 86_400, 185
# The longest that a queue keeps a message. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
DEAD_LETTER_SECONDS = 1_209_600

# The rule's target that is the topic.
TOPIC_TARGET = "topic"

# In the place of the id of the topic's key, which nobody knows before the key is created.
KEY_TO_COME = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Names:
    """Names and ARNs of one stack's events, known before anything is created. Names of stacks are short enough for all of them."""

    registry: Registry
    stack: str
    path: str

    @property
    def rule(self) -> str:
        """Name of the rule; the topic has the same."""
        return f"{self.stack}-package-versions"

    @property
    def dead_letters(self) -> str:
        return f"{self.rule}-dead-letters"

    @property
    def role(self) -> str:
        """Name of the role with which the rule reaches its targets."""
        return f"{self.stack}-events"

    @property
    def chat_role(self) -> str:
        """Name of the role of the chat channel, which may do nothing."""
        return f"{self.stack}-events-chat"

    @property
    def key_alias(self) -> str:
        return f"alias/{self.rule}"

    @property
    def rule_arn(self) -> str:
        return self._arn("events", f"rule/{self.rule}")

    @property
    def topic_arn(self) -> str:
        return self._arn("sns", self.rule)

    @property
    def dead_letters_arn(self) -> str:
        return self._arn("sqs", self.dead_letters)

    @property
    def role_arn(self) -> str:
        return self.registry.role_arn(self.path, self.role)

    @property
    def chat_role_arn(self) -> str:
        return self.registry.role_arn(self.path, self.chat_role)

    @property
    def chat_configuration_arn(self) -> str:
        """The Slack channel's configuration, which has the rule's name and no region."""
        return f"arn:{self.registry.partition}:chatbot::{self.registry.account}:chat-configuration/slack-channel/{self.rule}"

    def pipeline_arn(self, pipeline: str) -> str:
        return self._arn("codepipeline", pipeline)

    def _arn(self, service: str, resource: str) -> str:
        one = self.registry
        return f"arn:{one.partition}:{service}:{one.region}:{one.account}:{resource}"


# --- which events, and how they read ----------------------------------------------------------------------------------------------------


def pattern(domain: str, repositories: Sequence[str], states: Sequence[str], owned: Iterable[OwnedName] = ()) -> dict[str, Any]:
    """The event pattern: these repositories of the domain, these states, and (if any are given) packages with these owned names only.

    CodeArtifact sends an event for every copy that it keeps, also of a public package that a build fetches through a repository: the
    repository's name leaves out the public sources, the owned names leave out what is not the company's own.
    """
    detail: dict[str, Any] = {
        "domainName": [domain],
        "repositoryName": list(repositories),
        "packageVersionState": list(states),
    }
    alternatives = [_named(list(names)) for _, names in groupby(sorted(owned, key=_form), key=_form)]
    if len(alternatives) == 1:
        detail |= alternatives[0]
    elif alternatives:
        detail["$or"] = alternatives
    return {"source": [SOURCE], "detail-type": [DETAIL_TYPE], "detail": detail}


def _form(name: OwnedName) -> tuple[str, bool, str]:
    """Names of one form become one alternative: whole namespaces of a format together, names in one namespace together."""
    whole = bool(name.namespace) and not name.name
    return (name.format.value, whole, "" if whole else name.namespace)


def _named(names: list[OwnedName]) -> dict[str, Any]:
    first = names[0]
    # An event says null for a package that has no namespace.
    namespaces = list(dict.fromkeys(one.namespace or None for one in names))
    alternative: dict[str, Any] = {"packageFormat": [first.format.value], "packageNamespace": namespaces}
    if first.name:
        alternative["packageName"] = [{"prefix": one.name} if one.open_ended else one.name for one in names]
    return alternative


# What a message takes from an event.
MESSAGE_PATHS = {
    "domain": "$.detail.domainName",
    "format": "$.detail.packageFormat",
    "id": "$.detail.eventDeduplicationId",
    "name": "$.detail.packageName",
    "namespace": "$.detail.packageNamespace",
    "operation": "$.detail.operationType",
    "repository": "$.detail.repositoryName",
    "revision": "$.detail.packageVersionRevision",
    "state": "$.detail.packageVersionState",
    "time": "$.time",
    "version": "$.detail.packageVersion",
}


def message_template() -> str:
    """The message: what happened to which version of which package, and where.

    It has the form of a custom notification, which is the only one that chat channels show; a mail has it as indented text, and programs
    read `metadata.additionalContext`. A package without a namespace has `null` there.
    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    facts = ("domain", "repository", "format", "namespace", "name", "version", "revision", "state", "operation", "time")
    message = {
        "version": "1.0",
        "source": "custom",
        "id": "<id>",
        "content": {
            "textType": "client-markdown",
            "title": "<name> <version> is <state> in <repository>",
            "description": (
                "<format> package <name>, namespace <namespace>, version <version>: <operation> in repository <repository> of <domain>"
            ),
        },
        "metadata": {"eventType": "<operation>", "additionalContext": {fact: f"<{fact}>" for fact in facts}},
    }
    return json.dumps(message, indent=1)


def pipeline_target(pipeline: str) -> str:
    """The id of a pipeline's target: at most 64 letters, digits, `.-_`, while a pipeline's name has up to 100.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
    """
    return f"pipeline-{hashlib.sha256(pipeline.encode()).hexdigest()[:16]}"
