"""Who may assume a role by GitHub's OIDC tokens.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
https://docs.github.com/en/actions/reference/security/oidc
"""

import re
from collections.abc import Iterator

from .documents import TRUST, Statement, allows, has_wildcard, many, meet, mentions, name, of, restrictions
from .model import Level, Resource, Rule

HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_ASSUME = "sts:AssumeRoleWithWebIdentity"
# repo:OWNER/..., or the immutable repo:OWNER@ID/...
_SUBJECT = re.compile(r"repo:(?P<owner>[^/@:]*)(?:@(?P<owner_id>[^/:]*))?/(?P<rest>.*)", re.DOTALL)
_ID = re.compile(r"[1-9][0-9]*")
# Claims that are ids: numbers that nobody else ever gets.
_ID_CLAIMS = ("repository_id", "enterprise_id")


def claim(claim: str) -> str:
    """The condition key of a claim."""
    return f"{HOST}:{claim}"


def ways_in(resource: Resource) -> Iterator[Statement]:
    """The statements of a role that let GitHub's tokens in."""
    for statement in of(resource, TRUST):
        principal = statement.get("Principal")
        federated = many(principal.get("Federated")) if isinstance(principal, dict) else []
        if allows(statement) and mentions(statement, _ASSUME) and any(meet(str(one), f"*{HOST}") for one in federated):
            yield statement


def names_nobody(subject: str) -> bool:
    """Whether no token can have this subject: it is a repository's and names none."""
    return subject.startswith("repo:") and "/" not in subject and not has_wildcard(subject)


def subjects(statement: Statement) -> list[str]:
    """The patterns of `sub`, without those that no token has; empty if `sub` is not restricted. Of several conditions, the first."""
    found = restrictions(statement, claim("sub"))
    return [value for value in found[0].values if not names_nobody(value)] if found else []


def shuts_everybody_out(statement: Statement) -> bool:
    """Whether its `sub` names nobody."""
    return any(all(names_nobody(value) for value in one.values) for one in restrictions(statement, claim("sub")))


def has_subject(statement: Statement) -> bool:
    """Whether `sub` is evaluated, by more than a lone wildcard."""
    return any(all(value.strip("*?") for value in one.values) for one in restrictions(statement, claim("sub")))


def has_audience(statement: Statement) -> bool:
    """Whether `aud` must be AWS's."""
    return any(one.literal and one.values == (AUDIENCE,) for one in restrictions(statement, claim("aud")))


def has_id(statement: Statement) -> bool:
    """Whether an id is evaluated: a claim that is one, or the owner's id in every subject."""
    by_claim = any(
        all(_ID.fullmatch(value) for value in one.values) for key in _ID_CLAIMS for one in restrictions(statement, claim(key)) if one.values
    )
    matches = [_SUBJECT.fullmatch(subject) for subject in subjects(statement)]
    by_subject = bool(matches) and all(match and _ID.fullmatch(match["owner_id"] or "") for match in matches)
    return by_claim or by_subject


def open_owners(statement: Statement) -> list[str]:
    """The subjects that name no organisation, or one that a wildcard may stretch to others (`repo:acme*/x`, `repo:*`)."""
    found = []
    for restriction in restrictions(statement, claim("sub")):
        wide = [value for value in restriction.wide if not _names_one_owner(value)]
        if not wide:
            return []
        found = found or wide
    return found


def _names_one_owner(subject: str) -> bool:
    match = _SUBJECT.fullmatch(subject)
    return bool(match and match["owner"] and not has_wildcard(match["owner"]) and not has_wildcard(match["owner_id"] or ""))


def admits_pull_requests(statement: Statement) -> list[str]:
    """The subjects that a job of a pull request may have (`repo:OWNER/NAME:pull_request`), also where `ref` would refuse it."""
    every = [[value for value in one.values if _may_be_pull_request(value)] for one in restrictions(statement, claim("sub"))]
    if not every:
        return ["any subject"]
    return every[0] if all(every) else []


def _may_be_pull_request(subject: str) -> bool:
    """GitHub writes a colon in a name as %3A, so this subject has two: a pattern with more of them is another one's."""
    return subject.count(":") <= 2 and meet(subject, "repo:*:pull_request")


def environments(statement: Statement) -> list[str]:
    """The environments that a job must be in, or may be in by its subject."""
    by_claim = [value for one in restrictions(statement, claim("environment")) for value in one.values]
    by_subject = [match[1] for subject in subjects(statement) if (match := re.search(r":environment:([^:]+)$", subject))]
    return list(dict.fromkeys([*by_claim, *by_subject]))


def repositories(statement: Statement) -> list[str]:
    """Names of the repositories that its subjects name; "*" where one names none."""
    return list(dict.fromkeys(repository(subject) for subject in subjects(statement)))


def repository(subject: str) -> str:
    """The name of the repository in a subject pattern; "*" if it names none."""
    match = _SUBJECT.fullmatch(subject)
    named = re.match(r"[^:@]+", match["rest"]) if match else None
    return named[0] if named and not has_wildcard(named[0]) and len(named[0]) < len(match["rest"] if match else "") else "*"


# --- rules ----------------------------------------------------------------------------------------------------------------------------


def repository_ids(statement: Statement) -> set[str]:
    """Ids one of which a token's repository must have; empty if the claim `repository_id` is not restricted to some."""
    found = [one for one in restrictions(statement, claim("repository_id")) if all(_ID.fullmatch(value) for value in one.values)]
    return set(found[0].values) if found else set()


def _missing_subject(resource: Resource) -> Iterator[str]:
    for one in ways_in(resource):
        if not has_subject(one):
            yield f"{name(one)} does not restrict `sub`: any repository on GitHub may assume the role"


def _missing_audience(resource: Resource) -> Iterator[str]:
    for one in ways_in(resource):
        if not has_audience(one):
            yield f"{name(one)} does not require the audience {AUDIENCE}: a token issued for another service is let in"


def _missing_id(resource: Resource) -> Iterator[str]:
    for one in ways_in(resource):
        if not has_id(one) and not shuts_everybody_out(one):
            yield f"{name(one)} trusts names alone: whoever gets the name after it was given up is let in"


def _wildcard_organization(resource: Resource) -> Iterator[str]:
    for one in ways_in(resource):
        if subjects := open_owners(one):
            yield f"{name(one)} trusts {', '.join(subjects)}, which is not one organisation"


_ROLE = tuple(TRUST)
RULES = (
    Rule(
        "trust-has-subject",
        "A role that GitHub's tokens may assume restricts `sub`.",
        f"Add a condition on `{HOST}:sub` that names the organisation (`repo:OWNER@OWNER_ID/...`)",
        Level.MANDATORY,
        _ROLE,
        _missing_subject,
    ),
    Rule(
        "trust-has-audience",
        "A role that GitHub's tokens may assume requires AWS's audience.",
        f"Add `StringEquals` on `{HOST}:aud` with `{AUDIENCE}` and nothing else",
        Level.MANDATORY,
        _ROLE,
        _missing_audience,
    ),
    Rule(
        "trust-has-id",
        "A role that GitHub's tokens may assume trusts ids, which GitHub never reuses, and not names alone.",
        f"Add `StringEquals` on `{HOST}:repository_id`, or trust immutable subjects only (`repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:...`)",
        Level.MANDATORY,
        _ROLE,
        _missing_id,
    ),
    Rule(
        "trust-names-one-organization",
        "A role that GitHub's tokens may assume trusts one organisation.",
        "Write the organisation out up to its slash, without `*` and `?` in it",
        Level.MANDATORY,
        _ROLE,
        _wildcard_organization,
    ),
)
