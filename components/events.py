"""PackageEvents: notifies people and programs when a version of a package is published, promoted or changed.

A rule on CodeArtifact's events publishes to a topic, and what can't be delivered goes to a dead-letter queue. Mailboxes, endpoints, queues
and a chat channel subscribe to the topic; pipelines are started by the rule itself.
"""

import pulumi
import pulumi_aws as aws

from plan import parts
from plan.declared import Slack
from policies import events
from policies.names import STACK_TAG
from policies.roles.events import chat_guardrail

# Days between the deletion of the topic's key and its loss. What it encrypts is gone with the topic: the shortest that KMS allows.
KEY_DELETION_WINDOW = 7


class PackageEvents(pulumi.ComponentResource):
    """Key, topic, subscriptions, rule, targets and dead-letter queue."""

    topic_arn: pulumi.Output[str]
    """ARN of the topic."""
    rule_arn: pulumi.Output[str]
    """ARN of the rule."""

    def __init__(self, name: str, planned: parts.PackageEvents, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:PackageEvents", name, {}, opts)
        self._names = planned.names
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._role(name, planned.role)
        key = self._key(name, planned.key)
        allowed = self._allow(name, planned, role, key)
        topic = self._topic(name, planned, key)
        rule = self._rule(name, planned)
        self._targets(name, planned, rule, topic, role, allowed)
        self._subscriptions(name, planned, topic)
        if planned.slack and planned.chat_role:
            self._slack(name, planned.slack, planned.chat_role, topic)
        self.topic_arn = topic.arn
        self.rule_arn = rule.arn
        self.register_outputs({"topicArn": self.topic_arn, "ruleArn": self.rule_arn})

    def _role(self, name: str, planned: parts.Role) -> aws.iam.Role:
        return aws.iam.Role(
            name,
            name=planned.name,
            path=planned.path,
            description=planned.description,
            assume_role_policy=planned.trust,
            permissions_boundary=planned.boundary or None,
            opts=self._child,
        )

    def _key(self, name: str, planned: parts.Key) -> aws.kms.Key:
        key = aws.kms.Key(
            name,
            description=planned.description,
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_WINDOW,
            policy=planned.policy,
            tags={STACK_TAG: self._names.stack},
            opts=self._child,
        )
        aws.kms.Alias(name, name=planned.alias, target_key_id=key.key_id, opts=self._child)
        return key

    def _allow(self, name: str, planned: parts.PackageEvents, role: aws.iam.Role, key: aws.kms.Key) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            name,
            name=planned.role.policy_name,
            role=role.name,
            policy=key.arn.apply(lambda arn: planned.role.permissions.replace(planned.topic_key, arn)),
            opts=self._child,
        )

    def _topic(self, name: str, planned: parts.PackageEvents, key: aws.kms.Key) -> aws.sns.Topic:
        return aws.sns.Topic(
            name,
            name=self._names.rule,
            kms_master_key_id=key.arn,
            # With the topic and not after it: a new topic's own policy lets the whole account publish.
            policy=planned.topic_policy,
            opts=self._child,
        )

    def _rule(self, name: str, planned: parts.PackageEvents) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            name,
            name=self._names.rule,
            description=f"Package versions of the CodeArtifact domain {self._names.registry.domain}",
            event_pattern=planned.pattern,
            opts=self._child,
        )

    def _dead_letters(self, name: str, planned: parts.PackageEvents) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            name,
            name=self._names.dead_letters,
            message_retention_seconds=events.DEAD_LETTER_SECONDS,
            # SQS's own key: the policy of a customer key would have to name a source that not every sender of EventBridge gives.
            sqs_managed_sse_enabled=True,
            policy=planned.dead_letters_policy,
            opts=self._child,
        )

    def _targets(
        self,
        name: str,
        planned: parts.PackageEvents,
        rule: aws.cloudwatch.EventRule,
        topic: aws.sns.Topic,
        role: aws.iam.Role,
        allowed: aws.iam.RolePolicy,
    ) -> None:
        """After the role's rights (`allowed`): what matched before them would wait for another try."""
        dead_letters = self._dead_letters(name, planned)
        retry = aws.cloudwatch.EventTargetRetryPolicyArgs(
            maximum_event_age_in_seconds=events.RETRY_SECONDS, maximum_retry_attempts=events.RETRIES
        )
        # Ids of their own: a provider that invents one invents another after an interruption, and every message would come twice.
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            target_id=events.TOPIC_TARGET,
            arn=topic.arn,
            role_arn=role.arn,
            input_transformer={"input_paths": events.MESSAGE_PATHS, "input_template": events.message_template()},
            retry_policy=retry,
            dead_letter_config={"arn": dead_letters.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
        for pipeline in planned.pipelines:
            aws.cloudwatch.EventTarget(
                f"{name}-{pipeline}",
                rule=rule.name,
                target_id=events.pipeline_target(pipeline),
                arn=self._names.pipeline_arn(pipeline),
                role_arn=role.arn,
                retry_policy=retry,
                dead_letter_config={"arn": dead_letters.arn},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
            )

    def _subscriptions(self, name: str, planned: parts.PackageEvents, topic: aws.sns.Topic) -> None:
        protocols = {"email": planned.email, "https": planned.https, "sqs": planned.sqs}
        for protocol, endpoints in protocols.items():
            for endpoint in endpoints:
                aws.sns.TopicSubscription(
                    f"{name}-{endpoint}",
                    topic=topic.arn,
                    protocol=protocol,
                    endpoint=endpoint,
                    # A queue gets the message itself; an endpoint needs SNS's envelope, whose signature it checks.
                    raw_message_delivery=True if protocol == "sqs" else None,
                    opts=self._child,
                )

    def _slack(self, name: str, channel: Slack, planned: parts.Role, topic: aws.sns.Topic) -> None:
        role = aws.iam.Role(
            f"{name}-chat",
            name=planned.name,
            path=planned.path,
            description=planned.description,
            assume_role_policy=planned.trust,
            permissions_boundary=planned.boundary or None,
            opts=self._child,
        )
        aws.chatbot.SlackChannelConfiguration(
            f"{name}-{channel.channel}",
            configuration_name=self._names.rule,
            slack_team_id=channel.workspace,
            slack_channel_id=channel.channel,
            iam_role_arn=role.arn,
            sns_topic_arns=[topic.arn],
            guardrail_policy_arns=[chat_guardrail(self._names.registry.partition)],
            logging_level="ERROR",
            opts=self._child,
        )
