"""SNS, SQS and EventBridge."""

import secrets

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, tag_changes, upper_tags
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs


class Topic(AwsHandler):
    token = "aws:sns/topic:Topic"
    create_only = frozenset({"name"})
    attributes = (("displayName", "DisplayName"), ("kmsMasterKeyId", "KmsMasterKeyId"), ("tracingConfig", "TracingConfig"))

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        attributes = given(**{theirs: inputs.text(ours) for ours, theirs in self.attributes})
        documents = given(Policy=inputs.document("policy"), DeliveryPolicy=inputs.document("deliveryPolicy"))
        return {"Name": inputs.name(), "Attributes": attributes | documents, "tags": self.tags(inputs, defaults)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        tags = upper_tags(wanted["tags"]) or None
        arn = cloud.call("sns", "create_topic", Name=wanted["Name"], Attributes=wanted["Attributes"], Tags=tags)["TopicArn"]
        with finishing(arn, {"arn": arn}):
            return Created(arn, {**self._described(cloud, arn), "tagsAll": wanted["tags"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        for name, value in wanted["Attributes"].items():
            cloud.call("sns", "set_topic_attributes", TopicArn=existing.id, AttributeName=name, AttributeValue=value)
        for ours, theirs in self.attributes:
            if existing.inputs.get(ours) and theirs not in wanted["Attributes"]:
                cloud.call("sns", "set_topic_attributes", TopicArn=existing.id, AttributeName=theirs, AttributeValue="")
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("sns", "untag_resource", ResourceArn=existing.id, TagKeys=remove)
        if add:
            cloud.call("sns", "tag_resource", ResourceArn=existing.id, Tags=upper_tags(add))
        return {**self._described(cloud, existing.id), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sns", "delete_topic", TopicArn=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            return self._described(cloud, id)
        return None

    def _described(self, cloud: Aws, arn: str) -> Params:
        found = cloud.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
        return given(
            arn=arn,
            name=arn.rpartition(":")[2],
            owner=found.get("Owner"),
            policy=found.get("Policy"),
            **{ours: found.get(theirs) for ours, theirs in self.attributes},
        )


class TopicSubscription(AwsHandler):
    token = "aws:sns/topicSubscription:TopicSubscription"
    create_only = frozenset({"endpoint", "protocol", "topic"})
    documents = (
        ("deliveryPolicy", "DeliveryPolicy"),
        ("filterPolicy", "FilterPolicy"),
        ("redrivePolicy", "RedrivePolicy"),
        ("replayPolicy", "ReplayPolicy"),
    )
    texts = (("filterPolicyScope", "FilterPolicyScope"), ("subscriptionRoleArn", "SubscriptionRoleArn"))

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        attributes = given(
            **{theirs: inputs.document(ours) for ours, theirs in self.documents},
            **{theirs: inputs.text(ours) for ours, theirs in self.texts},
            RawMessageDelivery="true" if inputs.flag("rawMessageDelivery") else None,
        )
        if inputs.flag("endpointAutoConfirms"):
            inputs.refuse("endpointAutoConfirms", "is not supported by the rehearsal: it would have to wait for the endpoint")
        return {
            "TopicArn": inputs.text("topic", required=True),
            "Protocol": inputs.text("protocol", required=True),
            "Endpoint": inputs.text("endpoint", required=True),
            "Attributes": attributes,
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        arn = cloud.call("sns", "subscribe", **wanted, ReturnSubscriptionArn=True)["SubscriptionArn"]
        with finishing(arn, {"arn": arn}):
            return Created(arn, self._described(cloud, arn))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        for ours, theirs in (*self.documents, *self.texts, ("rawMessageDelivery", "RawMessageDelivery")):
            value = wanted["Attributes"].get(theirs)
            if value is None and existing.inputs.get(ours):
                value = "false" if theirs == "RawMessageDelivery" else ""
            if value is not None:
                cloud.call("sns", "set_subscription_attributes", SubscriptionArn=existing.id, AttributeName=theirs, AttributeValue=value)
        return self._described(cloud, existing.id)

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sns", "unsubscribe", SubscriptionArn=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            found = cloud.call("sns", "get_subscription_attributes", SubscriptionArn=id)["Attributes"]
            place = {"topic": found["TopicArn"], "protocol": found["Protocol"], "endpoint": found["Endpoint"]}
            texts = {ours: found.get(theirs) for ours, theirs in self.documents}
            raw = True if found.get("RawMessageDelivery") == "true" else None
            return {**place, **texts, "rawMessageDelivery": raw, **self._outputs(id, found)}
        return None

    def _described(self, cloud: Aws, arn: str) -> Params:
        return self._outputs(arn, cloud.call("sns", "get_subscription_attributes", SubscriptionArn=arn)["Attributes"])

    @staticmethod
    def _outputs(arn: str, found: Params) -> Params:
        return given(arn=arn, ownerId=found.get("Owner")) | {
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated") == "true",
        }


# What a queue has if nobody said otherwise (the API reference of CreateQueue, SetQueueAttributes).
QUEUE_DEFAULTS = {
    "delaySeconds": 0,
    "kmsDataKeyReusePeriodSeconds": 300,
    "maxMessageSize": 1048576,
    "messageRetentionSeconds": 345600,
    "receiveWaitTimeSeconds": 0,
    "visibilityTimeoutSeconds": 30,
}


class Queue(AwsHandler):
    token = "aws:sqs/queue:Queue"
    create_only = frozenset({"name"})
    computed = frozenset({"policy"})  # or QueuePolicy's
    numbers = (
        ("delaySeconds", "DelaySeconds"),
        ("kmsDataKeyReusePeriodSeconds", "KmsDataKeyReusePeriodSeconds"),
        ("maxMessageSize", "MaximumMessageSize"),
        ("messageRetentionSeconds", "MessageRetentionPeriod"),
        ("receiveWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds"),
        ("visibilityTimeoutSeconds", "VisibilityTimeout"),
    )
    documents = (("policy", "Policy"), ("redrivePolicy", "RedrivePolicy"), ("redriveAllowPolicy", "RedriveAllowPolicy"))

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        managed = inputs.flag("sqsManagedSseEnabled")
        attributes = given(
            **{theirs: _digits(inputs.integer(ours)) for ours, theirs in self.numbers},
            **{theirs: inputs.document(ours) for ours, theirs in self.documents},
            KmsMasterKeyId=inputs.text("kmsMasterKeyId"),
            SqsManagedSseEnabled=None if managed is None else str(managed).lower(),
        )
        return {"QueueName": inputs.name(), "Attributes": attributes, "tags": self.tags(inputs, defaults)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        name, attributes, tags = wanted["QueueName"], wanted["Attributes"], wanted["tags"]
        url = cloud.call("sqs", "create_queue", QueueName=name, Attributes=attributes, tags=tags or None)["QueueUrl"]
        with finishing(url, {"url": url, "name": name}):
            return Created(url, {**self._described(cloud, url, name), "tagsAll": tags})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        cloud.call("sqs", "set_queue_attributes", QueueUrl=existing.id, Attributes=wanted["Attributes"])
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("sqs", "untag_queue", QueueUrl=existing.id, TagKeys=remove)
        if add:
            cloud.call("sqs", "tag_queue", QueueUrl=existing.id, Tags=add)
        return {**self._described(cloud, existing.id, existing["name"]), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("sqs", "delete_queue", QueueUrl=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        with absent_is_fine():
            found = cloud.call("sqs", "get_queue_attributes", QueueUrl=id, AttributeNames=["All"])["Attributes"]
            numbers = {ours: int(found[theirs]) for ours, theirs in self.numbers if theirs in found}
            set_by_somebody = {ours: None if QUEUE_DEFAULTS[ours] == value else value for ours, value in numbers.items()}
            documents = {ours: found.get(theirs) for ours, theirs in self.documents}
            return {"kmsMasterKeyId": None, **set_by_somebody, **documents, **self._outputs(id, id.rpartition("/")[2], found)}
        return None

    def _described(self, cloud: Aws, url: str, name: str) -> Params:
        return self._outputs(url, name, cloud.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"])

    @staticmethod
    def _outputs(url: str, name: str, found: Params) -> Params:
        return given(url=url, name=name, arn=found["QueueArn"], kmsMasterKeyId=found.get("KmsMasterKeyId"))


class EventRule(AwsHandler):
    token = "aws:cloudwatch/eventRule:EventRule"
    create_only = frozenset({"name", "eventBusName"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        enabled, state = inputs.flag("isEnabled"), inputs.text("state", choices=("ENABLED", "DISABLED"))
        pattern, schedule = inputs.document("eventPattern"), inputs.text("scheduleExpression")
        if not (pattern or schedule):
            inputs.refuse("eventPattern", "or scheduleExpression is required")
        return {
            "put": given(
                Name=inputs.name(),
                EventBusName=inputs.text("eventBusName"),
                EventPattern=pattern,
                ScheduleExpression=schedule,
                Description=inputs.text("description"),
                RoleArn=inputs.text("roleArn"),
                State=state or ("DISABLED" if enabled is False else "ENABLED"),
            ),
            "force": inputs.flag("forceDestroy") or False,
            "tags": self.tags(inputs, defaults),
        }

    def create(self, cloud: Aws, wanted: Params) -> Created:
        request = wanted["put"]
        cloud.call("events", "put_rule", **request, Tags=upper_tags(wanted["tags"]) or None)
        name, bus = request["Name"], request.get("EventBusName", "default")
        id = name if bus == "default" else f"{bus}/{name}"
        with finishing(id, {"name": name, "eventBusName": bus}):
            return Created(id, {**self._described(cloud, name, bus), "tagsAll": wanted["tags"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        cloud.call("events", "put_rule", **wanted["put"])
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("events", "untag_resource", ResourceARN=existing["arn"], TagKeys=remove)
        if add:
            cloud.call("events", "tag_resource", ResourceARN=existing["arn"], Tags=upper_tags(add))
        return {**self._described(cloud, existing["name"], existing["eventBusName"]), "tagsAll": wanted["tags"]}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        force = True if existing.inputs.get("forceDestroy") else None
        with absent_is_fine():
            cloud.call("events", "delete_rule", Name=existing["name"], EventBusName=existing["eventBusName"], Force=force)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        bus, _, name = id.rpartition("/")
        with absent_is_fine():
            found = cloud.call("events", "describe_rule", Name=name, EventBusName=bus or "default")
            texts = {"eventPattern": "EventPattern", "scheduleExpression": "ScheduleExpression", "description": "Description"}
            return {**{ours: found.get(theirs) for ours, theirs in texts.items()}, **self._outputs(found, bus or "default")}
        return None

    def _described(self, cloud: Aws, name: str, bus: str) -> Params:
        return self._outputs(cloud.call("events", "describe_rule", Name=name, EventBusName=bus), bus)

    @staticmethod
    def _outputs(found: Params, bus: str) -> Params:
        name = found["Name"]
        return {"name": name, "eventBusName": bus, "arn": found["Arn"], "state": found["State"], "isEnabled": found["State"] == "ENABLED"}


class EventTarget(AwsHandler):
    token = "aws:cloudwatch/eventTarget:EventTarget"
    create_only = frozenset({"rule", "eventBusName", "targetId"})

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        transformer, retry = inputs.object("inputTransformer"), inputs.object("retryPolicy")
        dead_letter, queue = inputs.object("deadLetterConfig"), inputs.object("sqsTarget")
        chosen = [key for key in ("input", "inputPath", "inputTransformer") if inputs.has(key)]
        if len(chosen) > 1:
            inputs.refuse(chosen[1], f"conflicts with {chosen[0]}")
        target = given(
            Id=inputs.text("targetId"),
            Arn=inputs.text("arn", required=True),
            RoleArn=inputs.text("roleArn"),
            Input=inputs.text("input"),
            InputPath=inputs.text("inputPath"),
            InputTransformer=transformer and _transformer(transformer),
            DeadLetterConfig=dead_letter and given(Arn=dead_letter.text("arn")),
            SqsParameters=queue and given(MessageGroupId=queue.text("messageGroupId")),
        )
        if retry:
            target["RetryPolicy"] = {
                key: value
                for key, value in (
                    ("MaximumEventAgeInSeconds", retry.integer("maximumEventAgeInSeconds")),
                    ("MaximumRetryAttempts", retry.integer("maximumRetryAttempts")),
                )
                if value is not None
            }
        return {"rule": inputs.text("rule", required=True), "bus": inputs.text("eventBusName") or "default", "target": target}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        target = {"Id": f"terraform-{secrets.token_hex(13)}", **wanted["target"]}
        self._put(cloud, wanted["rule"], wanted["bus"], target)
        return Created(f"{wanted['rule']}-{target['Id']}", {"targetId": target["Id"], "eventBusName": wanted["bus"]})

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        self._put(cloud, wanted["rule"], wanted["bus"], {"Id": existing["targetId"], **wanted["target"]})
        return {}

    def delete(self, cloud: Aws, existing: Existing) -> None:
        rule, bus, target = existing["rule"], existing["eventBusName"], existing["targetId"]
        with absent_is_fine():
            _check_entries(cloud.call("events", "remove_targets", Rule=rule, EventBusName=bus, Ids=[target]))

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        """By the id of an import: bus, rule and target."""
        bus, rule, target = id.split("/")
        with absent_is_fine():
            listed = cloud.call("events", "list_targets_by_rule", Rule=rule, EventBusName=bus)["Targets"]
            found = next((one for one in listed if one["Id"] == target), None)
            return found and {
                "rule": rule,
                "eventBusName": bus,
                "targetId": target,
                "arn": found["Arn"],
                "roleArn": found.get("RoleArn"),
                "input": found.get("Input"),
                "inputPath": found.get("InputPath"),
                "deadLetterConfig": {"arn": found["DeadLetterConfig"].get("Arn")} if "DeadLetterConfig" in found else None,
            }
        return None

    def import_id(self, existing: Existing) -> str:
        return f"{existing['eventBusName']}/{existing['rule']}/{existing['targetId']}"

    def imported(self, import_id: str) -> str:
        return "-".join(import_id.split("/")[1:])

    @staticmethod
    def _put(cloud: Aws, rule: str, bus: str, target: Params) -> None:
        _check_entries(cloud.call("events", "put_targets", Rule=rule, EventBusName=bus, Targets=[target]))


def _transformer(inputs: Inputs) -> Params:
    return given(InputPathsMap=inputs.mapping("inputPaths"), InputTemplate=inputs.text("inputTemplate", required=True))


def _check_entries(answer: Params) -> None:
    """PutTargets and RemoveTargets answer 200 and say inside what failed."""
    if answer.get("FailedEntryCount"):
        failed = answer["FailedEntries"][0]
        raise CloudError(f"events: {failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")


def _digits(value: int | None) -> str | None:
    return None if value is None else str(value)
