"""Rulesets and variables of GitHub repositories.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .credentials import looks_like_credential
from .documents import many
from .model import Level, Resource, Rule

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
        "Nobody bypasses a ruleset, except teams that may create release branches.",
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
