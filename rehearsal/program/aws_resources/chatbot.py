"""AWS Chatbot: the configuration of a Slack channel."""

from rehearsal.program.aws_resources.common import AwsHandler, Params, given, tag_changes, tags_seen
from rehearsal.program.clouds import Aws
from rehearsal.program.handlers import CloudError, Created, Defaults, Existing, absent_is_fine, finishing
from rehearsal.program.inputs import Inputs

LEVELS = ("ERROR", "INFO", "NONE")
# Input: member of the API.
TEXTS = {
    "configurationName": "ConfigurationName",
    "iamRoleArn": "IamRoleArn",
    "loggingLevel": "LoggingLevel",
    "slackChannelId": "SlackChannelId",
    "slackTeamId": "SlackTeamId",
}
LISTS = {"guardrailPolicyArns": "GuardrailPolicyArns", "snsTopicArns": "SnsTopicArns"}


class SlackChannelConfiguration(AwsHandler):
    """The provider replaces none, and the API changes neither name nor workspace: a change of those fails."""

    token = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
    computed = frozenset(LISTS)

    def read(self, inputs: Inputs, defaults: Defaults) -> Params:
        texts = {ours: inputs.text(ours, choices=LEVELS) if ours == "loggingLevel" else inputs.text(ours, required=True) for ours in TEXTS}
        request = {
            **{TEXTS[ours]: text for ours, text in texts.items() if text is not None},
            **{theirs: inputs.texts(ours) for ours, theirs in LISTS.items() if inputs.has(ours)},
            "LoggingLevel": texts["loggingLevel"] or "NONE",
            "UserAuthorizationRequired": inputs.flag("userAuthorizationRequired") or False,
        }
        return {"request": request, "tags": self.tags(inputs, defaults)}

    def create(self, cloud: Aws, wanted: Params) -> Created:
        request = {**wanted["request"], "Tags": _tags(wanted["tags"]) or None}
        arn = cloud.call("chatbot", "create_slack_channel_configuration", **request)["ChannelConfiguration"]["ChatConfigurationArn"]
        with finishing(arn, {"chatConfigurationArn": arn}):
            return Created(arn, self._described(cloud, arn, wanted["tags"]))

    def update(self, cloud: Aws, existing: Existing, wanted: Params) -> Params:
        request = dict(wanted["request"])
        for key in ("configurationName", "slackTeamId"):
            if request.pop(TEXTS[key]) != existing[key]:
                raise CloudError(f"{self.token}: {key} can't be changed: AWS's API takes no other for a configuration that is there")
        cloud.call("chatbot", "update_slack_channel_configuration", ChatConfigurationArn=existing.id, **request)
        add, remove = tag_changes(existing, wanted["tags"])
        if remove:
            cloud.call("chatbot", "untag_resource", ResourceARN=existing.id, TagKeys=remove)
        if add:
            cloud.call("chatbot", "tag_resource", ResourceARN=existing.id, Tags=_tags(add))
        return self._described(cloud, existing.id, wanted["tags"])

    def delete(self, cloud: Aws, existing: Existing) -> None:
        with absent_is_fine():
            cloud.call("chatbot", "delete_slack_channel_configuration", ChatConfigurationArn=existing.id)
            cloud.call("chatbot", "describe_slack_channel_configurations", ChatConfigurationArn=existing.id)

    def look_up(self, cloud: Aws, id: str) -> Params | None:
        found = self._found(cloud, id)
        if found is None:
            return None
        seen = {ours: found.get(theirs) for ours, theirs in {**TEXTS, **LISTS}.items()}
        tags = tags_seen(cloud, found.get("Tags", []), "TagKey", "TagValue")
        return {**seen, "userAuthorizationRequired": found.get("UserAuthorizationRequired"), **tags, **_outputs(found)}

    @staticmethod
    def _found(cloud: Aws, arn: str) -> Params | None:
        listed = cloud.call("chatbot", "describe_slack_channel_configurations", ChatConfigurationArn=arn)["SlackChannelConfigurations"]
        return next(iter(listed), None)

    def _described(self, cloud: Aws, arn: str, tags: Params) -> Params:
        return {**_outputs(self._found(cloud, arn) or {}), "tagsAll": tags}


def _outputs(found: Params) -> Params:
    return given(
        chatConfigurationArn=found.get("ChatConfigurationArn"),
        slackChannelName=found.get("SlackChannelName"),
        slackTeamName=found.get("SlackTeamName"),
        guardrailPolicyArns=found.get("GuardrailPolicyArns"),
        snsTopicArns=found.get("SnsTopicArns"),
    )


def _tags(tags: Params) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
