"""PackageEvents: tells people and programs when a version of a package is published, promoted or changed.

A rule on CodeArtifact's events publishes to a topic, and what can't be delivered goes to a dead-letter queue. Mailboxes, endpoints, queues
and a chat channel subscribe to the topic; pipelines are started by the rule itself.
"""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.place import PlaceArgs, RoleArgs, registry
from components.team import OwnedNameArgs
from policies import events
from policies.document import text
from policies.names import STACK_TAG
from policies.owned_names import Format, parse

# Days between the deletion of the topic's key and its loss. What it encrypts is gone with the topic: the shortest that KMS allows.
KEY_DELETION_WINDOW = 7


class SlackArgs(TypedDict):
    """A Slack channel."""

    workspace: str
    """Id of the workspace, which somebody has authorised once by hand in the console of Amazon Q Developer in chat applications."""
    channel: str
    """Id of the channel."""


class PackageEventsArgs(TypedDict):
    """Arguments of PackageEvents."""

    place: PlaceArgs
    """Where the domain is."""
    role: RoleArgs
    """Name, path and boundary of the roles."""
    repositories: list[str]
    """Repositories that are told of."""
    states: list[str]
    """States of a version that are told of."""
    owned: list[OwnedNameArgs]
    """Only packages with these names are told of; all, if there are none."""
    email: list[str]
    """Addresses; each gets a mail once and has to confirm."""
    https: list[str]
    """Endpoints; each has to confirm."""
    sqs: list[str]
    """ARNs of queues, whose policies let the topic in."""
    slack: list[SlackArgs]
    """At most one channel."""
    pipelines: list[str]
    """Names of CodePipeline pipelines of the account, started by each event."""


class PackageEvents(pulumi.ComponentResource):
    """Key, topic, subscriptions, rule, targets and dead-letter queue."""

    topic_arn: pulumi.Output[str]
    """ARN of the topic."""
    rule_arn: pulumi.Output[str]
    """ARN of the rule."""

    def __init__(self, name: str, args: PackageEventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("package-flow:index:PackageEvents", name, dict(args), opts)
        self._names = events.Names(registry(args["place"]), args["role"]["stack"], args["role"]["path"])
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._role(name, args)
        key = self._key(name)
        allowed = self._allow(name, args, role, key)
        topic = self._topic(name, key)
        rule = self._rule(name, args)
        self._targets(name, args, rule, topic, role, allowed)
        self._subscriptions(name, args, topic)
        for channel in args["slack"]:
            self._slack(name, args, channel, topic)
        self.topic_arn = topic.arn
        self.rule_arn = rule.arn
        self.register_outputs({"topicArn": self.topic_arn, "ruleArn": self.rule_arn})

    def _role(self, name: str, args: PackageEventsArgs) -> aws.iam.Role:
        return aws.iam.Role(
            name,
            name=self._names.role,
            path=args["role"]["path"],
            description="EventBridge tells of package versions",
            assume_role_policy=text(events.role_trust(self._names)),
            permissions_boundary=args["role"]["permissions_boundary"] or None,
            opts=self._child,
        )

    def _key(self, name: str) -> aws.kms.Key:
        key = aws.kms.Key(
            name,
            description=f"Messages on the topic {self._names.rule}",
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_WINDOW,
            policy=text(events.key(self._names)),
            tags={STACK_TAG: self._names.stack},
            opts=self._child,
        )
        aws.kms.Alias(name, name=self._names.key_alias, target_key_id=key.key_id, opts=self._child)
        return key

    def _allow(self, name: str, args: PackageEventsArgs, role: aws.iam.Role, key: aws.kms.Key) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            name,
            name="events",
            role=role.name,
            policy=key.arn.apply(lambda arn: text(events.role_policy(self._names, arn, args["pipelines"]))),
            opts=self._child,
        )

    def _topic(self, name: str, key: aws.kms.Key) -> aws.sns.Topic:
        return aws.sns.Topic(
            name,
            name=self._names.rule,
            kms_master_key_id=key.arn,
            # With the topic and not after it: a new topic's own policy lets the whole account publish.
            policy=text(events.topic(self._names)),
            opts=self._child,
        )

    def _rule(self, name: str, args: PackageEventsArgs) -> aws.cloudwatch.EventRule:
        owned = [parse(Format(one["format"]), one["name"]) for one in args["owned"]]
        matched = events.pattern(args["place"]["domain"], args["repositories"], args["states"], owned)
        return aws.cloudwatch.EventRule(
            name,
            name=self._names.rule,
            description=f"Package versions of the CodeArtifact domain {args['place']['domain']}",
            event_pattern=json.dumps(matched, separators=(",", ":")),
            opts=self._child,
        )

    def _dead_letters(self, name: str) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            name,
            name=self._names.dead_letters,
            message_retention_seconds=events.DEAD_LETTER_SECONDS,
            # SQS's own key: the policy of a customer key would have to name a source that not every sender of EventBridge gives.
            sqs_managed_sse_enabled=True,
            policy=text(events.dead_letters(self._names)),
            opts=self._child,
        )

    def _targets(
        self,
        name: str,
        args: PackageEventsArgs,
        rule: aws.cloudwatch.EventRule,
        topic: aws.sns.Topic,
        role: aws.iam.Role,
        allowed: aws.iam.RolePolicy,
    ) -> None:
        """After the role's rights (`allowed`): what matched before them would wait for another try."""
        dead_letters = self._dead_letters(name)
        retry = aws.cloudwatch.EventTargetRetryPolicyArgs(
            maximum_event_age_in_seconds=events.RETRY_SECONDS, maximum_retry_attempts=events.RETRIES
        )
        # Ids of their own: a provider that makes one up makes another after an interruption, and every message would come twice.
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
        for pipeline in args["pipelines"]:
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

    def _subscriptions(self, name: str, args: PackageEventsArgs, topic: aws.sns.Topic) -> None:
        protocols = {"email": args["email"], "https": args["https"], "sqs": args["sqs"]}
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

    def _slack(self, name: str, args: PackageEventsArgs, channel: SlackArgs, topic: aws.sns.Topic) -> None:
        role = aws.iam.Role(
            f"{name}-chat",
            name=self._names.chat_role,
            path=args["role"]["path"],
            description="The chat channel that shows package events; it may do nothing",
            assume_role_policy=text(events.chat_trust(self._names)),
            permissions_boundary=args["role"]["permissions_boundary"] or None,
            opts=self._child,
        )
        aws.chatbot.SlackChannelConfiguration(
            f"{name}-{channel['channel']}",
            configuration_name=self._names.rule,
            slack_team_id=channel["workspace"],
            slack_channel_id=channel["channel"],
            iam_role_arn=role.arn,
            sns_topic_arns=[topic.arn],
            guardrail_policy_arns=[events.chat_guardrail(args["place"]["partition"])],
            logging_level="ERROR",
            opts=self._child,
        )
