"""What an identity may do by its own policy."""

from collections.abc import Iterable, Iterator

from .actions import BEARER_TOKEN, COPY, ON_PACKAGES, WRITES
from .documents import IDENTITY, Statement, allows, conditions, many, may_be, meet, mentions, name, of, resources, restrictions
from .model import Level, Resource, Rule

SERVICE = "codeartifact.amazonaws.com"
# Seconds; CodeArtifact's own longest token.
_LONGEST_TOKEN = 43_200


def granted(statement: Statement, actions: Iterable[str]) -> list[str]:
    """Which of these actions an Allow grants, whatever it grants them on."""
    return [action for action in sorted(actions) if mentions(statement, action)] if allows(statement) else []


def writes(statement: Statement) -> list[str]:
    """What an Allow grants that is not known to be reading: actions of CodeArtifact that write, and whatever belongs to other services."""
    if not allows(statement):
        return []
    others = [
        pattern
        for pattern in many(statement.get("Action"))
        if not meet(pattern.lower(), "codeartifact:*") and pattern.lower() != BEARER_TOKEN.lower()
    ]
    return [*granted(statement, WRITES), *others, *(["NotAction"] if "NotAction" in statement else [])]


def _on(statement: Statement, kind: str) -> bool:
    return any(may_be(one, kind) for one in resources(statement))


def in_vain(statement: Statement) -> list[str]:
    """Package actions that an Allow grants on repository ARNs alone."""
    return granted(statement, ON_PACKAGES) if _on(statement, "repository") and not _on(statement, "package") else []


def half_granted(statement: Statement) -> bool:
    """Whether copying is granted on packages but not on their repository, and AWS requires both."""
    return bool(granted(statement, [COPY])) and _on(statement, "package") and not _on(statement, "repository")


def has_service_name(statement: Statement) -> bool:
    """Whether a bearer token is for CodeArtifact only."""
    return any(one.literal and one.values == (SERVICE,) for one in restrictions(statement, "sts:AWSServiceName"))


def has_cap(statement: Statement) -> bool:
    """Whether a bearer token's life is capped, at CodeArtifact's own longest or below."""
    caps = [given for operator, key, given in conditions(statement) if (operator, key) == ("NumericLessThanEquals", "sts:durationseconds")]
    return any(given and all(one.isdigit() and int(one) <= _LONGEST_TOKEN for one in given) for given in caps)


# --- rules ----------------------------------------------------------------------------------------------------------------------------


def _package_actions_in_vain(resource: Resource) -> Iterator[str]:
    for one in of(resource, IDENTITY):
        if actions := in_vain(one):
            yield f"{name(one)} grants {', '.join(actions)} on repository ARNs, where it has no effect"
        if half_granted(one):
            yield f"{name(one)} grants {COPY} on packages only, and AWS requires the repository, too"


def _uncapped_tokens(resource: Resource) -> Iterator[str]:
    for one in of(resource, IDENTITY):
        if not granted(one, [BEARER_TOKEN]):
            continue
        if not has_service_name(one):
            yield f"{name(one)} grants {BEARER_TOKEN} for any service"
        if not has_cap(one):
            hours = _LONGEST_TOKEN // 3600
            yield f"{name(one)} grants {BEARER_TOKEN} without a cap: a token lasts {hours} hours, whatever the session does"


_POLICIES = tuple(IDENTITY)
RULES = (
    Rule(
        "package-actions-on-packages",
        "Actions on packages are granted on package ARNs, which are not below the repository's ARN.",
        "Name `package/DOMAIN/REPOSITORY/FORMAT/NAMESPACE/NAME` (for copies the repository's ARN as well)",
        Level.ADVISORY,
        _POLICIES,
        _package_actions_in_vain,
    ),
    Rule(
        "tokens-are-capped",
        "A bearer token is for CodeArtifact, and its lifetime has a cap.",
        f"Add `StringEquals` on `sts:AWSServiceName` with `{SERVICE}`, and `NumericLessThanEquals` on `sts:DurationSeconds`",
        Level.MANDATORY,
        _POLICIES,
        _uncapped_tokens,
    ),
)
