"""What is published is owned by who publishes it, and what everybody reads comes by promotion alone."""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import trust
from .actions import COPY, ON_PACKAGES, PUBLISH, PUBLISH_VERSION, PUT_METADATA, WRITES
from .documents import ATTACHED, Statement, conditions, has_wildcard, may_be, meet, mentions, name, of, resources, restrictions
from .model import UNKNOWN, Level, NotYetKnown, Options, Resource, Rule
from .permissions import granted
from .roles import Role, roles, wait_for

SHARED = "shared"
# A promotion copies a version, and sets npm's tags.
_PROMOTING = (COPY, PUT_METADATA)
_GROUP, _GROUP_TYPE = "aws:cloudcontrol/resource:Resource", "AWS::CodeArtifact::PackageGroup"
_REPOSITORY = "aws:codeartifact/repository:Repository"
_ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
_REPOSITORY_POLICY = "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy"
# All written out but the end of the last part: package/DOMAIN/REPOSITORY/FORMAT/NAMESPACE/NAME
_PACKAGE = re.compile(
    r"arn:[^:*?]+:codeartifact:[^:*?]+:[0-9]{12}:package/[^/*?]+/(?P<repository>[^/*?]+)/(?P<name>[^/*?]+/[^/*?]*/[^/?]+)"
)
# Roles of one account whose names begin alike.
_ROLES = re.compile(r"arn:[^:*?]+:iam::[0-9]{12}:role/[^*?]*[^*?/]\*?")


# --- owned names ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ownership:
    """A package group that is published to these repositories only. `start` is what FORMAT/NAMESPACE/NAME of its packages begin with,
    `end` how its pattern ends: `$` one package, `*` every name that starts so, `~` every name that starts with these words.

    https://docs.aws.amazon.com/codeartifact/latest/ug/package-group-definition-syntax-matching-behavior.html
    """

    start: str
    end: str
    repositories: tuple[str, ...]

    def holds(self, pattern: str, repository: str) -> bool:
        """Whether all that a pattern FORMAT/NAMESPACE/NAME fits is in the group, and the group is published to `repository`."""
        literal = pattern.partition("*")[0]
        beyond = literal[len(self.start) :]
        same = pattern == self.start
        longer = literal.startswith(self.start) and (self.end == "*" or (self.end == "~" and beyond != "" and not beyond[0].isalnum()))
        return repository in self.repositories and (same or longer)


def ownership(state: Mapping[str, Any]) -> Ownership | None:
    """What a package group's desired state says about publishing; None if it does not name repositories."""
    pattern = str(state.get("Pattern", ""))
    publish = _at(state, "OriginConfiguration", "Restrictions", "Publish")
    if publish.get("RestrictionMode") != "ALLOW_SPECIFIC_REPOSITORIES" or not pattern.strip("/*"):
        return None
    return Ownership(pattern[1:-1], pattern[-1], tuple(publish.get("Repositories") or ()))


def _at(data: Any, *path: str) -> Mapping[str, Any]:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def ownerships(resources: Sequence[Resource]) -> list[Ownership]:
    """The owned names of a stack. Raises NotYetKnown."""
    groups = [one for one in resources if one.type == _GROUP and one.get("typeName") == _GROUP_TYPE]
    for one in groups:
        if one.get("desiredState") == UNKNOWN:
            raise NotYetKnown(one.name, "desiredState")
    found = [ownership(json.loads(one.get("desiredState") or "{}")) for one in groups]
    return [one for one in found if one]


def outside_owned_names(statement: Statement, owned: Sequence[Ownership]) -> list[str]:
    """The packages that an Allow lets somebody publish or copy to, and that are not within one owned name of one repository.

    Repository ARNs are left out: publishing is not granted on them, and copying requires them besides.
    """
    if not granted(statement, [*PUBLISH, COPY]):
        return []
    matches = {arn: _PACKAGE.fullmatch(arn) for arn in resources(statement) if may_be(arn, "package")}
    return [arn for arn, match in matches.items() if not match or not any(one.holds(match["name"], match["repository"]) for one in owned)]


def _foreign_names(resources: Sequence[Resource], options: Options) -> Iterator[tuple[str, str]]:
    judged, owned = roles(resources), ownerships(resources)
    for role in judged:
        for statement in role.statements:
            if outside := outside_owned_names(statement, owned):
                yield f"{name(statement)} of role {role.name} may publish {', '.join(outside)}, which no team owns there", role.resource.urn
    wait_for(judged)


# --- shared ---------------------------------------------------------------------------------------------------------------------------


def may_be_in(arn: str, repository: str) -> bool:
    """Whether a resource pattern may fit this repository or a package in it. Names of domains and repositories have no slash."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return has_wildcard(arn)
    kind, _, rest = parts[5].partition("/")
    domain, _, rest = rest.partition("/")
    if has_wildcard(kind):
        return True
    return kind in ("package", "repository") and (has_wildcard(domain) or meet(rest, repository) or meet(rest, f"{repository}/*"))


def writes_to(repository: str, statement: Statement) -> list[str]:
    """The actions on packages that write, and that an Allow grants in this repository."""
    return granted(statement, WRITES & ON_PACKAGES) if any(may_be_in(one, repository) for one in resources(statement)) else []


def is_promotion(role: Role, reviewed: Container[tuple[str, str]]) -> bool:
    """Whether everybody who gets in comes from an environment with reviewers. `reviewed`: repositories and their environments."""
    return bool(role.ways_in) and all(
        restrictions(way, trust.claim("environment"))
        and all((repository, one) in reviewed for repository in trust.repositories(way) for one in trust.environments(way))
        for way in role.ways_in
    )


def reviewed_environments(resources: Sequence[Resource]) -> set[tuple[str, str]]:
    """The environments of a stack that have reviewers, by repository and name."""
    return {
        (str(one.get("repository")), str(one.get("environment"))) for one in resources if one.type == _ENVIRONMENT and one.get("reviewers")
    }


def keeps_everybody_out(statements: Sequence[Statement], action: str, *, but_roles: bool = False) -> bool:
    """Whether a Deny keeps everybody from an action on everything; `but_roles`: all but roles whose names begin alike."""
    denials = [one for one in statements if one.get("Effect") == "Deny" and mentions(one, action) and "*" in resources(one)]
    return any(_for_everybody(one, but_roles) for one in denials if one.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]}))


def _for_everybody(denial: Statement, but_roles: bool) -> bool:
    found = list(conditions(denial))
    if not found or not but_roles:
        return not found
    operator, key, values = found[0]
    of_roles = operator in ("ArnNotLike", "ArnNotEquals") and key == "aws:principalarn"
    return len(found) == 1 and of_roles and all(_ROLES.fullmatch(value) for value in values)


def _called(resources: Sequence[Resource]) -> str:
    """What the domain calls the shared repository, which a stack always calls so."""
    names = [one.get("repository") for one in resources if one.type == _REPOSITORY and one.name == SHARED]
    return next((name for name in names if isinstance(name, str)), SHARED)


def _shared(resources: Sequence[Resource], options: Options) -> Iterator[tuple[str, str]]:
    judged, reviewed, called = roles(resources), reviewed_environments(resources), _called(resources)
    for role in judged:
        written = dict.fromkeys(action for one in role.statements for action in writes_to(called, one))
        if wrong := [action for action in written if action not in _PROMOTING or not is_promotion(role, reviewed)]:
            yield f"role {role.name} may write to {SHARED} ({', '.join(wrong)}), other than by promotion", role.resource.urn
    for one in resources:
        if one.type == _REPOSITORY and one.get("repository") == called:
            yield from _policy_of_shared(one, resources)
    wait_for(judged)


def _policy_of_shared(shared: Resource, resources: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    policies = [one for one in resources if one.type == _REPOSITORY_POLICY and one.get("repository") == shared.get("repository")]
    found = [one for policy in policies for one in of(policy, ATTACHED)]
    missing = [] if keeps_everybody_out(found, PUBLISH_VERSION) else [PUBLISH_VERSION]
    missing += [action for action in _PROMOTING if not keeps_everybody_out(found, action, but_roles=True)]
    where = (policies or [shared])[0].urn
    if missing:
        yield f"the policy of {SHARED} does not keep everybody but promotion from {', '.join(missing)}", where
    if let_in := dict.fromkeys(action for one in found for action in granted(one, WRITES & ON_PACKAGES)):
        yield f"the policy of {SHARED} lets others write ({', '.join(let_in)})", where


RULES = (
    Rule(
        "publishes-owned-names",
        "A role publishes and copies only names that a team owns, and only where the team owns them.",
        "Grant it on `package/DOMAIN/REPOSITORY/FORMAT/NAMESPACE/NAME` within a package group that is published to that repository",
        Level.MANDATORY,
        of_stack=_foreign_names,
    ),
    Rule(
        "shared-by-promotion",
        "Only promotion writes to shared.",
        "Deny publishing to everybody, copying and tags to all but promote roles; grant these where reviewed environments are trusted",
        Level.MANDATORY,
        of_stack=_shared,
    ),
)
