"""The policy pack's rules, applied to the plan: what the pack would refuse is refused before anything is registered.

The pack knows nothing of this program and stays importable without it; here its functions are called with what will be registered.
"""

from collections.abc import Iterator

from plan.declared import Settings
from plan.parts import Plan
from plan.sizes import Document, Kind, documents
from policies.names import RoleKind, Variable, role_name
from policy_pack.rules import credentials, registry
from policy_pack.rules.keeping import is_production
from policy_pack.rules.model import Resource, Rule
from settings.problems import Problem, Words

_ROLE = "aws:iam/role:Role"
# The resource that a document becomes a property of.
_PLACES: dict[Kind, tuple[str, str]] = {
    Kind.TRUST: (_ROLE, "assumeRolePolicy"),
    Kind.INLINE: ("aws:iam/rolePolicy:RolePolicy", "policy"),
    Kind.MANAGED: ("aws:iam/policy:Policy", "policy"),
    Kind.DOMAIN: ("aws:codeartifact/domainPermissions:DomainPermissions", "policyDocument"),
    Kind.REPOSITORY: ("aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy", "policyDocument"),
}
# Rules of a whole stack that need no more of it than its roles with their policies.
_OF_ROLES = ("pull-requests-only-read",)
RULES: tuple[Rule, ...] = tuple(
    one for one in registry.RULES if one.name in _OF_ROLES or set(one.types) & {type for type, _ in _PLACES.values()}
)


def _resource(number: int, document: Document) -> Resource:
    type, key = _PLACES[document.kind]
    name = {"name": document.role} if type == _ROLE else {"role": document.role}
    return Resource(type, document.role, str(number), {**(name if document.role else {}), key: document.text})


def _documents(plan: Plan) -> Iterator[Problem]:
    every = list(documents(plan))
    for finding in registry.mandatory(registry.check([_resource(number, one) for number, one in enumerate(every)], rules=RULES)):
        one = every[int(finding.urn)]
        yield Problem(one.file, one.key, Words(f"{one.what} of which {finding.wrong}"), finding.rule.mend)


def _protection(settings: Settings) -> Iterator[Problem]:
    if is_production(settings.stack) and not settings.domain.protect:
        allowed = f"true in a stack named {settings.stack}; to delete something, lift its protection with pulumi state unprotect"
        yield Problem(f"Pulumi.{settings.stack}.yaml", f"{settings.project}:domain.protect", False, allowed)


def _variables(settings: Settings) -> Iterator[Problem]:
    """Values of the Actions variables that come from a file. `no-credential-in-variables` would refuse them once they are there."""
    stack_file, path = f"Pulumi.{settings.stack}.yaml", settings.iam.path
    yield from _variable(stack_file, f"{settings.project}:domain.name", Variable.DOMAIN, settings.domain.name, settings.domain.name)
    for team in settings.teams:
        if team.repositories:
            yield from _variable(team.file, "team", Variable.REPOSITORY, team.codeartifact_repository, team.name)
        for repository in team.repositories:
            # The roles that it may get; its own name is what differs in their ARNs.
            for variable, kind in ((Variable.READ_ROLE_ARN, RoleKind.READ), (Variable.PUBLISH_ROLE_ARN, RoleKind.PUBLISH)):
                arn = f"arn:aws:iam::{'9' * 12}:role{path}{role_name(settings.stack, kind, repository.name)}"
                yield from _variable(team.file, f"repositories.{repository.name}", variable, arn, repository.name)


def _variable(file: str, key: str, variable: Variable, value: str, name: str) -> Iterator[Problem]:
    if why := credentials.looks_like_credential(variable, value):
        allowed = f"a name that does not look like a credential ({why}), because everyone who reads a job's log sees it"
        yield Problem(file, key, name, allowed)


def broken(settings: Settings, plan: Plan) -> Iterator[Problem]:
    """What breaks a rule in settings, valid otherwise, and in their plan."""
    yield from _protection(settings)
    yield from _variables(settings)
    yield from _documents(plan)
