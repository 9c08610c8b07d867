"""Encryption, rotation and protection of what holds packages and messages about them."""

from collections.abc import Iterator, Sequence

from .model import Level, Options, Resource, Rule

TOPIC, QUEUE, KEY = "aws:sns/topic:Topic", "aws:sqs/queue:Queue", "aws:kms/key:Key"
DOMAIN, REPOSITORY = "aws:codeartifact/domain:Domain", "aws:codeartifact/repository:Repository"


def rotates(key: Resource) -> bool:
    """Whether a key rotates, or is of a kind that can't (KMS rotates symmetric encryption keys only)."""
    symmetric = key.get("customerMasterKeySpec") in (None, "SYMMETRIC_DEFAULT") and key.get("keyUsage") in (None, "ENCRYPT_DECRYPT")
    return bool(key.get("enableKeyRotation")) or not symmetric


def is_production(stack: str, options: Options | None = None) -> bool:
    """Whether the packages of a stack must be protected."""
    return stack in (options or Options()).production_stacks


def _unencrypted_topic(topic: Resource) -> Iterator[str]:
    if not topic.get("kmsMasterKeyId"):
        yield "messages on the topic are stored unencrypted"


def _unencrypted_queue(queue: Resource) -> Iterator[str]:
    if not queue.get("kmsMasterKeyId") and not queue.get("sqsManagedSseEnabled"):
        yield "messages in the queue are stored unencrypted, or as whoever created the queue chose"


def _without_rotation(key: Resource) -> Iterator[str]:
    if not rotates(key):
        yield "the key is never rotated"


def _unprotected(resources: Sequence[Resource], options: Options) -> Iterator[tuple[str, str]]:
    """A domain of which the stack creates repositories holds packages; one without (a sandbox) is there to be thrown away."""
    production = [one for one in resources if is_production(one.stack, options)]
    holding = {one.get("domain") for one in production if one.type == REPOSITORY}
    domains = [one for one in production if one.type == DOMAIN and one.get("domain") in holding]
    beside = {one.parent for one in domains if one.parent}
    for one in production:
        belongs = one in domains or one.type == REPOSITORY or (one.type == KEY and one.parent in beside)
        if belongs and not one.protect:
            kind = one.type.rpartition(":")[2].lower()
            yield f"{kind} {one.name} of production stack {one.stack} can be deleted by mistake, and its packages with it", one.urn


RULES = (
    Rule(
        "topics-are-encrypted",
        "A topic is encrypted.",
        "Set `kmsMasterKeyId`",
        Level.MANDATORY,
        (TOPIC,),
        _unencrypted_topic,
    ),
    Rule(
        "queues-are-encrypted",
        "A queue is encrypted, and its settings say how.",
        "Set `sqsManagedSseEnabled`, or `kmsMasterKeyId`",
        Level.MANDATORY,
        (QUEUE,),
        _unencrypted_queue,
    ),
    Rule(
        "keys-rotate",
        "A key is rotated every year.",
        "Set `enableKeyRotation`",
        Level.ADVISORY,
        (KEY,),
        _without_rotation,
    ),
    Rule(
        "production-is-protected",
        "In production the domain, its key and its repositories are protected from deletion.",
        "Set `protect: true` in the stack's `package-flow:domain`",
        Level.MANDATORY,
        of_stack=_unprotected,
    ),
)
