"""What can be done in CodeArtifact, in five kinds: every action of the service, with the kind that a reviewer thinks in.

`essential` actions decide whether a kind is there in full; with only some of the others it is there in part.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html
"""

from dataclasses import dataclass
from enum import StrEnum

from evaluator.actions import RESOURCE_TYPES

BEARER = "sts:GetServiceBearerToken"
SERVICE_NAME = "codeartifact.amazonaws.com"
# Seconds that may be asked for: https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_GetAuthorizationToken.html
LONGEST_TOKEN, SHORTEST_TOKEN = 43_200, 900


class Kind(StrEnum):
    """Kinds of action, in the order in which people get them."""

    TOKEN = "token"
    READ = "read"
    PUBLISH = "publish"
    PROMOTE = "promote"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """Whether an action is about a whole domain or about one repository."""

    DOMAIN = "domain"
    REPOSITORY = "repository"


@dataclass(frozen=True)
class Action:
    """One action as policies spell it. `resource` is the type of its resource: domain, repository, package, package-group or "" for `*`."""

    name: str
    kind: Kind
    scope: Scope
    resource: str
    essential: bool

    @property
    def short(self) -> str:
        return self.name.partition(":")[2]


_ESSENTIAL = {"DescribeDomain", "ReadFromRepository", "PublishPackageVersion", "CopyPackageVersions"}
_PUBLISH = {"PublishPackageVersion", "PutPackageMetadata"}
_PROMOTE = {"CopyPackageVersions"}
_READS = ("Describe", "Get", "List", "Read")
# Having a repository as an upstream of one's own is a way of reading it.
_ALSO_READS = {"AssociateWithDownstreamRepository"}


def _kind(name: str) -> Kind:
    if name == "GetAuthorizationToken":
        return Kind.TOKEN
    if name in _PUBLISH:
        return Kind.PUBLISH
    if name in _PROMOTE:
        return Kind.PROMOTE
    return Kind.READ if name.startswith(_READS) or name in _ALSO_READS else Kind.ADMINISTER


def _scope(resource: str | None) -> Scope:
    return Scope.REPOSITORY if resource in ("repository", "package") else Scope.DOMAIN


def _action(name: str, resource: str | None) -> Action:
    return Action(f"codeartifact:{name}", _kind(name), _scope(resource), resource or "", name in _ESSENTIAL)


# Tags are on repositories, too; copying is also asked of the repository that is copied into.
_SECOND = [(name, "repository") for name in ("ListTagsForResource", "TagResource", "UntagResource", "CopyPackageVersions")]
ACTIONS = tuple(_action(name, resource) for name, resource in [*RESOURCE_TYPES.items(), *_SECOND])


def of(scope: Scope, kind: Kind) -> tuple[Action, ...]:
    """The actions of a kind, essential ones first."""
    return tuple(sorted((one for one in ACTIONS if one.scope is scope and one.kind is kind), key=lambda one: (not one.essential, one.name)))
