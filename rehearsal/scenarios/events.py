"""Package events: which versions are announced, and that only the stack's rule can announce them."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from policies.events import DETAIL_TYPE, SOURCE, Names
from policies.names import SHARED_REPOSITORY
from policies.owned_names import Format
from rehearsal import clients, packages
from rehearsal.packages import Package
from rehearsal.scenario import DENY, Denied, Scenario
from rehearsal.scenarios import promotion, publishing
from rehearsal.scenarios.read_access import administrator
from rehearsal.world import World
from settings import AnnouncedPackages, Events

# Seconds that a message may take; the local cloud delivers at once.
_PATIENCE = 5
_AT_ONCE = 10


class Inbox:
    """A queue that the stack subscribes: every message that came, however many scenarios look."""

    def __init__(self, world: World, arn: str) -> None:
        _, _, _, _, account, name = arn.split(":")
        self._sqs = world.client("sqs", administrator(world))
        self._url = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        self._messages: list[Mapping[str, Any]] = []
        self._lock = threading.Lock()

    def _drain(self) -> None:
        while received := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_AT_ONCE).get("Messages"):
            for message in received:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                self._messages.append(json.loads(message["Body"]))

    def find(self, **facts: str) -> Mapping[str, Any] | None:
        """The first message with all these facts, or None."""
        with self._lock:
            self._drain()
            return next((message for message in self._messages if facts.items() <= _facts_of(message).items()), None)

    def wait_for(self, **facts: str) -> str:
        """The title of that message. Raises RuntimeError if it does not come."""
        until = time.monotonic() + _PATIENCE
        while (found := self.find(**facts)) is None:
            if time.monotonic() > until:
                raise RuntimeError(f"no message with {facts} after {_PATIENCE} s")
            time.sleep(0.1)
        return found["content"]["title"]


def _facts_of(message: Mapping[str, Any]) -> Mapping[str, str]:
    """The facts in a message of the stack; none in any other message."""
    return message.get("metadata", {}).get("additionalContext", {})


def scenarios(world: World) -> list[Scenario]:
    """For a stack that subscribes a queue of its own account: messages of a publication and a promotion, and what sends none."""
    events = world.settings.events
    own = f":{world.place.region}:{world.place.account}:"
    arn = next((queue for queue in events.sqs if own in queue), None) if events else None
    if events is None or arn is None or "Published" not in events.states:
        return []
    inbox = Inbox(world, arn)
    published = _published(world, events, inbox, arn)
    return [*published, *_promoted(world, events, inbox, arn), *(_refused(world, events, inbox, published[0]) if published else [])]


def _facts(what: Package, repository: str) -> dict[str, str]:
    named = {"name" if key == "package" else key: value for key, value in what.coordinates.items()}
    return {**named, "version": what.version, "repository": repository, "state": "Published"}


def _published(world: World, events: Events, inbox: Inbox, queue: str) -> list[Scenario]:
    """What `publishing` publishes is announced, for each format that has a client here."""
    listed = []
    for format in packages.PUBLISH:
        publisher = publishing.by_client(world, format)
        if publisher and publisher.team.name in events.repositories:
            what = publishing.package(publisher, format)
            listed.append(
                Scenario(
                    f"{world.settings.stack} event rule: announce the publication of {publishing.named(world, what)}",
                    "the rule of the stack",
                    f"announce {what.name} in {publisher.team.own_repository}",
                    queue.rpartition(":")[2],
                    lambda what=what, team=publisher.team.own_repository: inbox.wait_for(**_facts(what, team)),
                    after=(publishing.published(publisher, format),),
                )
            )
    return listed


def _promoted(world: World, events: Events, inbox: Inbox, queue: str) -> list[Scenario]:
    if SHARED_REPOSITORY not in events.repositories:
        return []
    if (promoting := promotion.promoting(world)) is None:
        return []
    publisher, format = promoting
    what = publishing.package(publisher, format, "promoted")
    return [
        Scenario(
            f"{world.settings.stack} event rule: announce the promotion of {what.name}",
            "the rule of the stack",
            f"announce {what.name} in {world.settings.shared}",
            queue.rpartition(":")[2],
            lambda: inbox.wait_for(**_facts(what, world.settings.shared)),
            after=(promotion.promoted(publisher),),
        )
    ]


# --- what does not come through ---------------------------------------------------------------------------------------------------


def _refused(world: World, events: Events, inbox: Inbox, twin: Scenario) -> list[Scenario]:
    """Forged messages, and events that no message announces."""
    names = Names(world.registry, world.settings.stack, world.settings.iam.path)
    topic = names.rule

    def refused(name: str, who: str, action: str, attempt: Callable[[], str], after: tuple[str, ...] = ()) -> Scenario:
        return Scenario(name, who, action, topic, attempt, DENY, twin.name, after)

    def by_hand() -> str:
        sns = world.client("sns", administrator(world))
        return clients.call(sns.publish, TopicArn=names.topic_arn, Message="{}")["MessageId"]

    listed = [
        refused("administrator: publish a message to the topic", "an administrator of the account", "publish a message", by_hand),
        refused(
            "another event rule: announce a publication",
            "a rule of another author, without a role",
            "announce a publication",
            lambda: _another_rule(world, names, "sns:Publish", {}),
        ),
        refused(
            "another event rule with the stack's role: announce a publication",
            "a rule of another author, with the stack's role",
            "announce a publication",
            lambda: _another_rule(world, names, "sts:AssumeRole", {"RoleArn": names.role_arn}),
        ),
    ]
    return [*listed, *_public(world, events, inbox, refused)]


def _another_rule(world: World, names: Names, action: str, role: Mapping[str, str]) -> str:
    """An administrator's own rule with the stack's topic as its target.

    Whether EventBridge may do for it what the delivery takes (`action`) stands in the decision log.
    """
    events = world.client("events", administrator(world))
    name = f"{world.settings.stack}-foreign-{'with' if role else 'without'}-role"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["own.build"], "detail-type": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": names.topic_arn, **role}])
    before = world.control.get("decisions")["next"]
    entry = {"Source": "own.build", "DetailType": name, "Detail": json.dumps({"imitates": DETAIL_TYPE})}
    if events.put_events(Entries=[entry])["FailedEntryCount"]:
        raise RuntimeError("EventBridge rejected the event; expected it to accept it")
    decided = world.control.get(f"decisions?since={before}")["decisions"]
    decisions = [decision for decision in decided if (decision["principal"], decision["action"]) == ("events.amazonaws.com", action)]
    # The stack's own rule may deliver at the same time, and is let in.
    if refused := [decision for decision in decisions if not decision["allowed"]]:
        raise Denied(f"{action} on {refused[0]['resource']}: {refused[0]['reason']}")
    if not decisions:
        raise RuntimeError(f"no decision on {action} for EventBridge in the log; expected an attempt to deliver")
    return "announced"


def _public(world: World, events: Events, inbox: Inbox, refused: Callable[..., Scenario]) -> list[Scenario]:
    """CodeArtifact sends an event when shared keeps a public package; the rule does not match it."""
    public = world.public_package(Format.NPM)
    installers = [team.repositories[0].name for team in world.settings.teams if not team.has_repository and team.repositories]
    publishes = publishing.by_client(world, Format.NPM)
    if public is None or not installers or publishes is None or events.packages is not AnnouncedPackages.OWNED:
        return []
    installs = f"{installers[0]}: install public package {public.name} with npm"

    def announce() -> str:
        name = public.coordinates["package"]
        happened = [
            event
            for event in world.control.get("codeartifact/events")["events"]
            if (event["detail"]["repositoryName"], event["detail"]["packageName"]) == (world.settings.shared, name)
        ]
        if not happened or any(event["source"] != SOURCE for event in happened):
            raise RuntimeError(f"no event of {name} in {world.settings.shared}; expected one from CodeArtifact")
        if message := inbox.find(name=name):
            return message["content"]["title"]
        raise Denied(f"{len(happened)} events of {name} in {world.settings.shared} do not match the rule")

    return [
        refused(
            f"{world.settings.stack} event rule: announce public package {public.name}",
            "the rule of the stack",
            f"announce {public.name}",
            announce,
            (installs,),
        )
    ]
