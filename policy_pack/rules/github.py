"""Rulesets and variables of GitHub repositories.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .documents import many
from .model import UNKNOWN, Level, Resource, Rule

RULESETS = ("github:index/repositoryRuleset:RepositoryRuleset", "github:index/organizationRuleset:OrganizationRuleset")
_VARIABLES = (
    "github:index/actionsVariable:ActionsVariable",
    "github:index/actionsOrganizationVariable:ActionsOrganizationVariable",
    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
)
_SECRETS = (
    "github:index/actionsSecret:ActionsSecret",
    "github:index/actionsOrganizationSecret:ActionsOrganizationSecret",
    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
    "github:index/dependabotSecret:DependabotSecret",
    "github:index/dependabotOrganizationSecret:DependabotOrganizationSecret",
    "github:index/codespacesSecret:CodespacesSecret",
    "github:index/repositoryDeployKey:RepositoryDeployKey",
)


def rules_of(ruleset: Resource) -> Mapping[str, Any]:
    """The rules that a ruleset has: those that are switched on, or have settings."""
    given = ruleset.get("rules")
    rules = (given[0] if isinstance(given, list) and given else given) or {}
    return {name: one for name, one in rules.items() if one not in (None, False, [], {})}


def only_creation(ruleset: Resource) -> bool:
    """Whether it guards the creation of branches or tags and nothing else."""
    return set(rules_of(ruleset)) == {"creation"}


def actors(ruleset: Resource) -> list[Mapping[str, Any]]:
    """Who bypasses it."""
    return many(ruleset.get("bypassActors"))


def unnamed_actors(ruleset: Resource) -> list[str]:
    """Who bypasses it and should not: anybody, but for teams and Apps that may create branches or tags."""
    kinds = [str(one.get("actorType")) for one in actors(ruleset)]
    return [kind for kind in kinds if not (only_creation(ruleset) and kind in ("Team", "Integration"))]


def checks_from_anybody(ruleset: Resource) -> list[str]:
    """The required checks that any app or person with write access can report."""
    required = rules_of(ruleset).get("requiredStatusChecks")
    settings = required[0] if isinstance(required, list) else required
    return [str(one.get("context")) for one in many((settings or {}).get("requiredChecks")) if not one.get("integrationId")]


# --- what looks like a credential -----------------------------------------------------------------------------------------------------

_NAME = re.compile(r"(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASSPHRASE|CREDENTIALS?|PRIVATE_KEY|API_?KEY|ACCESS_KEY|AUTH)($|_)")
form_of_credential = re.compile(
    # AWS access keys, whose ids are in base 32. No capital in front (SLOVAKIA); behind ASIA, as names begin too, exactly 16 with a digit.
    r"(?<![A-Z])(?:AKIA[A-Z0-9]{16}|ASIA(?=[A-Z]*[2-7])[A-Z2-7]{16}(?![A-Z0-9]))"
    r"|gh[opsur]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{20,}"  # GitHub
    r"|npm_[A-Za-z0-9]{30,}|pypi-AgE[A-Za-z0-9_-]{30,}"  # package registries; a PyPI token is a macaroon, which begins so
    r"|pul-[0-9a-f]{40}|xox[abeprs]-[A-Za-z0-9-]{10,}"  # Pulumi, Slack
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."  # keys, JSON Web Tokens
    r"|://[^/\s:@]+:[^/\s@]+@"  # a URL with a password
)
_LONG = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# How the parts of a name are written: letters, also with a number before or behind (3d, v2, oauth2), between them (b2b, i18n), or a year.
_PART = re.compile(
    r"(?P<word>[A-Z]?[a-z]{3,20})|[A-Z]?[a-z]{1,2}|[A-Z]{1,20}|[0-9]{1,4}"
    r"|(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,20})[0-9]{1,4}|[0-9]{1,2}[a-z]{1,20}|[a-z]{1,2}[0-9]{1,2}[a-z]{1,2}"
)
_BETWEEN_PARTS = re.compile(r"[-_]|(?<=[a-z0-9])(?=[A-Z])")
# Numbers and words that switch something: what a setting such as TOKEN_DURATION has.
_SETTING = re.compile(r"[0-9]{1,12}|true|false|", re.IGNORECASE)
# Bits a character. Words and paths have less than 4; random text of 32 characters has more.
_RANDOM = 4.0


def _entropy(text: str) -> float:
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _is_a_name(value: str) -> bool:
    """Whether it is words: each part is written as names are, and most parts are words of three letters and more. A random part is none."""
    parts = [_PART.fullmatch(one) for one in _BETWEEN_PARTS.split(value)]
    words = sum(1 for one in parts if one and one["word"])
    return all(parts) and 2 * words > len(parts)


def _looks_random(value: str) -> bool:
    mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    known = _UUID.fullmatch(value) or not _LONG.fullmatch(value) or _is_a_name(value)
    return mixed and not known and _entropy(value) > _RANDOM


def looks_like_credential(name: str, value: str) -> str | None:
    """Why a variable looks like a credential; None if it does not."""
    if value == UNKNOWN or _SETTING.fullmatch(value):
        return None
    if form_of_credential.search(value):
        return "its value has the form of a credential"
    if _NAME.search(name.upper()):
        return "its name says so"
    return "its value looks random" if _looks_random(value) else None


# --- rules ----------------------------------------------------------------------------------------------------------------------------


def _bypass(ruleset: Resource) -> Iterator[str]:
    if kinds := unnamed_actors(ruleset):
        yield f"{', '.join(kinds)} may bypass the ruleset {ruleset.get('name')}, all of it"


def _unsigned_checks(ruleset: Resource) -> Iterator[str]:
    if checks := checks_from_anybody(ruleset):
        yield f"whoever may write to the repository can report the check {', '.join(checks)} as passed"


def _inactive(ruleset: Resource) -> Iterator[str]:
    if ruleset.get("enforcement") != "active":
        yield f"the ruleset {ruleset.get('name')} is not enforced ({ruleset.get('enforcement')})"


def _credentials(resource: Resource) -> Iterator[str]:
    name = str(resource.get("variableName") or "")
    given = resource.get("value")
    if why := looks_like_credential(name, "" if given is None else str(given)):
        yield f"the variable {name} looks like a credential ({why}), and everybody who reads the repository's logs can read it"


def _secrets(resource: Resource) -> Iterator[str]:
    yield "a long-lived credential would be written to a repository"


RULES = (
    Rule(
        "no-bypass",
        "Nobody bypasses a ruleset, but for teams that may create release branches.",
        "Leave `bypassActors` empty; put the creation of branches in a ruleset of its own and name teams there",
        Level.MANDATORY,
        RULESETS,
        _bypass,
    ),
    Rule(
        "checks-come-from-one-app",
        "A required check names the app that reports it.",
        "Give each required check an `integrationId` (GitHub Actions: 15368)",
        Level.MANDATORY,
        RULESETS,
        _unsigned_checks,
    ),
    Rule(
        "rulesets-are-enforced",
        "A ruleset is active.",
        "Set `enforcement` to `active`",
        Level.MANDATORY,
        RULESETS,
        _inactive,
    ),
    Rule(
        "no-credential-in-variables",
        "A variable holds no credential.",
        "Let the job fetch what it needs with its OIDC token; nothing has to be stored",
        Level.MANDATORY,
        _VARIABLES,
        _credentials,
    ),
    Rule(
        "no-stored-secret",
        "No secret and no deploy key is written to a repository.",
        "Let the job fetch what it needs with its OIDC token; nothing has to be stored",
        Level.MANDATORY,
        _SECRETS,
        _secrets,
    ),
)
