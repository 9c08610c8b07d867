"""The topic of package events, its key and the dead-letter queue: who may write to them.

EventBridge publishes with a role of its own that only the one rule may assume (policies.roles.events). The topic's policy can't say so by
itself: EventBridge gives no source to the policy of a topic or of the key that encrypts it, and a condition on `aws:SourceArn` there
would let nothing through.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
"""

from policies.document import Conditions, Statement, deny, statement
from policies.events import Names

# What administers a key and does not use it. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
_ADMINISTER_KEY = (
    "kms:CancelKeyDeletion",
    "kms:Create*",
    "kms:Delete*",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:Get*",
    "kms:List*",
    "kms:Put*",
    "kms:Revoke*",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)
PUBLISH = "sns:Publish"
USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


def topic_policy(names: Names) -> list[Statement]:
    """The topic: the rule's role publishes, nobody else does, an administrator of the account neither.

    Matching `aws:PrincipalArn` instead of naming the principal survives a role that is created again, and needs no order of creation. The
    service itself is not let in: AWS gives a topic's policy no condition by which to tell one rule from another (sources: docs/events.md).
    """
    return [
        statement("TheRulePublishes", PUBLISH, names.topic_arn, principal="*", conditions=_only(names)),
        deny("NobodyElsePublishes", PUBLISH, names.topic_arn, conditions={"ArnNotEquals": {"aws:PrincipalArn": names.role_arn}}),
    ]


def _only(names: Names) -> Conditions:
    return {"ArnEquals": {"aws:PrincipalArn": names.role_arn}}


def topic_key_policy(names: Names) -> list[Statement]:
    """The topic's key: administered by the account's IAM, used by the rule's role alone."""
    return [
        statement("AccountAdministers", _ADMINISTER_KEY, "*", principal={"AWS": names.registry.account_root_arn}),
        statement("TheRuleUses", USE_KEY, "*", principal="*", conditions=_only(names)),
    ]


def dead_letters_policy(names: Names) -> list[Statement]:
    """The dead-letter queue: EventBridge sends what the one rule could not deliver.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    return [
        statement(
            "TheRuleSends",
            "sqs:SendMessage",
            names.dead_letters_arn,
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnEquals": {"aws:SourceArn": names.rule_arn}},
        )
    ]
