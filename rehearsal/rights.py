"""Which of the deployer's rights a stack's life used, by the cloud's decision log, and why the others are kept."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.document import Statement
from rehearsal.control import Control

# A rehearsal creates a stack and removes it again. Why a stack keeps what that does not use:
_CHANGES = "needed to change what is there: the rehearsal creates a stack and removes it"
_TAGS = "needed as soon as a stack sets aws:defaultTags"
_READS = "the real provider reads this back after each change and at every refresh"
_CLOUD_CONTROL = "the real provider reads the type's schema before it changes a resource of that type"
_CHAT = "a stack with events.slack"
_EVENTS = "a stack with events"
_PROVIDER = "a stack that creates GitHub's provider (githubOidcProvider: create)"


def _because(why: str, service: str, *actions: str) -> dict[str, str]:
    return {f"{service}:{action}": why for action in actions}


KEPT: dict[str, str] = {
    **_because(_CHANGES, "cloudformation", "UpdateResource"),
    **_because(_CHANGES, "codeartifact", "DisassociateExternalConnection", "UpdatePackageGroup", "UpdateRepository"),
    **_because(_CHANGES, "events", "ListTargetsByRule"),
    **_because(_CHANGES, "iam", "AddClientIDToOpenIDConnectProvider", "CreatePolicyVersion", "DeletePolicyVersion"),
    **_because(_CHANGES, "iam", "PutRolePermissionsBoundary", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription"),
    **_because(_CHANGES, "kms", "PutKeyPolicy", "UpdateAlias", "UpdateKeyDescription"),
    **_because(_CHANGES, "sns", "SetSubscriptionAttributes", "SetTopicAttributes"),
    **_because(_CHANGES, "sqs", "SetQueueAttributes"),
    **_because(_TAGS, "codeartifact", "TagResource", "UntagResource"),
    **_because(_TAGS, "events", "TagResource", "UntagResource"),
    **_because(_TAGS, "iam", "TagOpenIDConnectProvider", "TagPolicy", "TagRole"),
    **_because(_TAGS, "iam", "UntagOpenIDConnectProvider", "UntagPolicy", "UntagRole"),
    **_because(_TAGS, "kms", "UntagResource"),
    **_because(_TAGS, "sns", "TagResource", "UntagResource"),
    **_because(_TAGS, "sqs", "TagQueue", "UntagQueue"),
    **_because(_READS, "codeartifact", "GetDomainPermissionsPolicy", "GetRepositoryPermissionsPolicy"),
    **_because(_READS, "events", "ListTagsForResource"),
    **_because(_READS, "iam", "ListAttachedRolePolicies", "ListInstanceProfilesForRole", "ListRolePolicies"),
    **_because(_READS, "kms", "ListResourceTags"),
    **_because(_READS, "sns", "ListSubscriptionsByTopic", "ListTagsForResource"),
    **_because(_READS, "sqs", "ListQueueTags"),
    **_because(_CLOUD_CONTROL, "cloudformation", "DescribeType"),
    **_because(_CHAT, "chatbot", "CreateSlackChannelConfiguration", "DeleteSlackChannelConfiguration"),
    **_because(_CHAT, "chatbot", "DescribeSlackChannelConfigurations", "UpdateSlackChannelConfiguration"),
    **_because(_CHAT, "chatbot", "ListTagsForResource", "TagResource", "UntagResource"),
    **_because(_EVENTS, "events", "DeleteRule", "DescribeRule", "PutRule", "PutTargets", "RemoveTargets"),
    **_because(_EVENTS, "iam", "PassRole"),
    **_because(_EVENTS, "sns", "CreateTopic", "DeleteTopic", "GetSubscriptionAttributes", "GetTopicAttributes", "Subscribe", "Unsubscribe"),
    **_because(_EVENTS, "sns", "ListTopics"),
    **_because(_EVENTS, "sqs", "CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl"),
    **_because(_PROVIDER, "iam", "CreateOpenIDConnectProvider"),
}
# What one of the shipped stacks uses and another does not.
OF_SOME_STACKS = (_EVENTS, _PROVIDER)


@dataclass(frozen=True)
class Rights:
    """What a policy grants and what of it was used. Actions are compared whole: the deployer's policy has no wildcards."""

    granted: frozenset[str]
    used: frozenset[str]

    @property
    def unused(self) -> dict[str, str]:
        """Granted and not used, each with the reason why it is kept; "" if there is none."""
        return {action: KEPT.get(action, "") for action in sorted(self.granted - self.used)}

    @property
    def unexplained(self) -> list[str]:
        return [action for action, why in self.unused.items() if not why]

    def as_json(self) -> dict[str, Any]:
        """As in the report."""
        return {"used": sorted(self.used & self.granted), "unused": self.unused}


def lines(rights: Rights) -> list[str]:
    """For people: how many were used, and the others by the reason why they are kept."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for action, why in rights.unused.items():
        by_reason[why or "NO REASON GIVEN"].append(action)
    used = rights.used & rights.granted
    return [
        f"{len(used)} of the deployer's {len(rights.granted)} rights were used; kept besides:",
        *(f"  {why}: {', '.join(actions)}" for why, actions in sorted(by_reason.items())),
    ]


def granted(statements: Iterable[Statement]) -> frozenset[str]:
    """Actions that a policy allows. Raises ValueError for a wildcard, which makes used and unused indistinguishable."""
    actions = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    found = frozenset(action for each in actions for action in ([each] if isinstance(each, str) else each))
    if wildcards := sorted(action for action in found if "*" in action):
        raise ValueError(f"the deployer's policy: got wildcards in {', '.join(wildcards)}; expected whole actions; list each action")
    return found


class Watch:
    """Reads the decision log for one role, from where it last stopped."""

    def __init__(self, control: Control, role_name: str, policy: Iterable[Statement]) -> None:
        self._control, self._session, self._granted = control, f":assumed-role/{role_name}/", granted(policy)
        self._since = 0
        self._used: set[str] = set()

    def collect(self) -> None:
        """Note what the role has been allowed since."""
        self._used |= {
            decision["action"] for decision in self._decisions() if decision["allowed"] and self._session in decision["principal"]
        }

    def rights(self) -> Rights:
        """What the policy grants and what of it was used in what was collected."""
        return Rights(self._granted, frozenset(self._used))

    def skip(self) -> None:
        """Pass over what has happened since."""
        self._decisions()

    def _decisions(self) -> list[Mapping[str, Any]]:
        answer = self._control.get(f"decisions?since={self._since}")
        self._since = answer["next"]
        return answer["decisions"]
