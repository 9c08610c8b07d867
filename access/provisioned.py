"""What a stack provisions, as far as access goes: roles, domains, repositories, package groups, permission sets, consuming repositories.

Read from a plan (access.planned) or, here, from a list of resources: what `python -m rehearsal --json` writes, or `pulumi stack export`.
Nothing here knows how the program words its policies.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from evaluator.package_groups import Coordinates, PackageGroup, root_group
from policies import owned_names
from policies.arns import Registry
from policies.names import PUBLIC_SOURCES, SHARED_REPOSITORY
from policies.owned_names import Format

_EXAMPLE = "example"
_MODES = {"Publish": "PUBLISH", "ExternalUpstream": "EXTERNAL_UPSTREAM", "InternalUpstream": "INTERNAL_UPSTREAM"}


class Unreadable(ValueError):
    """The resources are not those of a stack of this program; the message says what is missing."""


@dataclass(frozen=True)
class Document:
    """A policy document and where it stands, in words."""

    where: str
    text: str

    @property
    def statements(self) -> list[dict[str, Any]]:
        """Its statements, as they are written."""
        found = json.loads(self.text)["Statement"]
        return found if isinstance(found, list) else [found]


@dataclass(frozen=True)
class Role:
    """An IAM role of the stack."""

    name: str
    arn: str
    trust: Document
    identity: tuple[Document, ...]
    boundary: str = ""


@dataclass(frozen=True)
class Attached:
    """What a principal gets that the stack does not make: a role of a permission set, a build role. `arn` is one that it may have."""

    kind: str
    name: str
    arn: str
    identity: tuple[Document, ...]


@dataclass(frozen=True)
class OwnedName:
    """A name that a team owns: as the catalog has it, and a package that has it."""

    text: str
    example: Coordinates


@dataclass(frozen=True)
class Repository:
    """A CodeArtifact repository. `kind` is shared, public or team, whatever the domain calls it."""

    name: str
    policy: Document | None = None
    owns: tuple[OwnedName, ...] = ()
    kind: str = "team"


@dataclass(frozen=True)
class Domain:
    """A CodeArtifact domain."""

    name: str
    policy: Document | None
    repositories: tuple[Repository, ...]
    groups: tuple[PackageGroup, ...] = field(default_factory=lambda: (root_group(),))


@dataclass(frozen=True)
class Consumer:
    """A GitHub repository of the catalog. `workflow` and `promotion_workflow` are "" where any may publish or promote."""

    owner: str
    owner_id: int
    name: str
    id: int
    default_branch: str
    team_repository: str
    release_branches: tuple[str, ...]
    environment: str
    workflow: str
    promotes: bool
    promotion_workflow: str
    release_tags: tuple[str, ...] = ()
    dependabot: bool = False

    @property
    def publishes(self) -> bool:
        return bool(self.release_branches or self.release_tags)


@dataclass(frozen=True)
class Provisioned:
    """A stack, with its team stacks. The first domain is the registry, a second one the sandbox."""

    stack: str
    partition: str
    account: str
    region: str
    provider_arn: str
    roles: tuple[Role, ...]
    attached: tuple[Attached, ...]
    domains: tuple[Domain, ...]
    consumers: tuple[Consumer, ...]
    team_stacks: tuple[str, ...] = ()

    @property
    def owned(self) -> tuple[OwnedName, ...]:
        """Every owned name, in the order of the repositories."""
        return tuple(name for domain in self.domains for repository in domain.repositories for name in repository.owns)


Resources = Sequence[Mapping[str, Any]]


def read(recorded: Mapping[str, Any]) -> Provisioned:
    """A stack from its resources. Raises Unreadable."""
    resources, outputs = _resources(recorded)
    domains = tuple(_domain(resources, one) for one in _of(resources, "codeartifact/domain:Domain"))
    place = _place(resources)
    if not domains:
        raise Unreadable("there is no CodeArtifact domain among the resources")
    stacks = list(dict.fromkeys(one["urn"].split("::")[0].rpartition(":")[2] for one in resources))
    return in_order(
        Provisioned(
            stack=stacks[0],
            partition=place.partition,
            account=place.account,
            region=place.region,
            provider_arn=place.github_oidc_provider_arn,
            roles=tuple(_roles(resources, place)),
            attached=(*_permission_sets(resources, outputs, place), *_build_roles(resources, domains, place)),
            domains=tuple(sorted(domains, key=lambda one: one.name != place.domain)),
            consumers=tuple(_consumer(one["inputs"]) for one in _of(resources, "ConsumingRepository")),
            team_stacks=tuple(sorted(stacks[1:])),
        )
    )


def in_order(stack: Provisioned) -> Provisioned:
    """Sorted: the order of registrations says nothing, and the review is compared line by line."""
    return replace(
        stack,
        roles=tuple(sorted(stack.roles, key=lambda one: one.name)),
        attached=tuple(sorted(stack.attached, key=lambda one: (one.kind != "developer", one.name))),
        domains=tuple(_sorted(one) for one in stack.domains),
        consumers=tuple(sorted(stack.consumers, key=lambda one: one.name)),
    )


def _sorted(domain: Domain) -> Domain:
    """A domain without repositories is for others to create them in: one stands for all of them."""
    return replace(
        domain,
        repositories=tuple(sorted(domain.repositories, key=_order)) or (Repository("(any)"),),
        groups=tuple(sorted(domain.groups, key=lambda one: one.pattern)),
    )


def dump(stack: Provisioned) -> dict[str, Any]:
    """A stack as data that JSON has."""
    return asdict(stack)


def load(data: Mapping[str, Any]) -> Provisioned:
    """A stack from what `dump` gives, also by way of JSON."""

    def document(stored: Mapping[str, str] | None) -> Document | None:
        return Document(**stored) if stored else None

    def documents(listed: Iterable[Mapping[str, str]]) -> tuple[Document, ...]:
        return tuple(Document(**one) for one in listed)

    def repository(stored: Mapping[str, Any]) -> Repository:
        owns = tuple(OwnedName(name["text"], Coordinates(*name["example"])) for name in stored["owns"])
        # A version that did not say what it is knew usual names alone.
        return Repository(stored["name"], document(stored["policy"]), owns, stored.get("kind") or repository_kind(stored["name"]))

    def domain(stored: Mapping[str, Any]) -> Domain:
        groups = tuple(PackageGroup(**group) for group in stored["groups"])
        return Domain(stored["name"], document(stored["policy"]), tuple(repository(each) for each in stored["repositories"]), groups)

    def role(stored: Mapping[str, Any]) -> Role:
        return Role(stored["name"], stored["arn"], Document(**stored["trust"]), documents(stored["identity"]), stored["boundary"])

    def attached(stored: Mapping[str, Any]) -> Attached:
        return Attached(stored["kind"], stored["name"], stored["arn"], documents(stored["identity"]))

    def consumer(stored: Mapping[str, Any]) -> Consumer:
        refs = {key: tuple(stored.get(key, ())) for key in ("release_branches", "release_tags")}
        return replace(Consumer(**stored), **refs)

    return Provisioned(
        stack=data["stack"],
        partition=data["partition"],
        account=data["account"],
        region=data["region"],
        provider_arn=data["provider_arn"],
        roles=tuple(role(one) for one in data["roles"]),
        attached=tuple(attached(one) for one in data["attached"]),
        domains=tuple(domain(one) for one in data["domains"]),
        consumers=tuple(consumer(one) for one in data["consumers"]),
        team_stacks=tuple(data.get("team_stacks", ())),
    )


def _resources(recorded: Mapping[str, Any]) -> tuple[Resources, Mapping[str, Any]]:
    """The resources and outputs of a recording, or of an export of the stack."""
    if "deployment" in recorded:
        resources = [one for one in recorded["deployment"].get("resources", []) if "inputs" in one]
        stack = [one for one in recorded["deployment"].get("resources", []) if one["type"] == "pulumi:pulumi:Stack"]
        return resources, stack[0].get("outputs", {}) if stack else {}
    if not recorded.get("resources"):
        raise Unreadable("there are no resources")
    return recorded["resources"], recorded.get("outputs") or {}


def _of(resources: Resources, type_: str) -> list[Mapping[str, Any]]:
    return [one for one in resources if one["type"].endswith(type_)]


def _place(resources: Resources) -> Registry:
    registries = _of(resources, "index:PackageRegistry")
    if not registries:
        raise Unreadable("there is no PackageRegistry among the resources")
    return Registry(**registries[0]["inputs"]["place"])


def _consumer(inputs: Mapping[str, Any]) -> Consumer:
    one, publishing = inputs["repository"], inputs.get("publishing") or {}
    promotion = publishing.get("promotion")
    return Consumer(
        owner=one["owner"],
        owner_id=int(one["owner_id"]),
        name=one["name"],
        id=int(one["id"]),
        default_branch=inputs["default_branch"],
        team_repository=inputs.get("team_repository") or "",
        release_branches=tuple(publishing.get("release_branches", ())),
        release_tags=tuple(publishing.get("release_tags", ())),
        environment=publishing.get("environment") or "",
        workflow=publishing.get("workflow") or "",
        promotes=promotion is not None,
        promotion_workflow=(promotion or {}).get("workflow") or "",
        dependabot=bool(inputs.get("dependabot")),
    )


def _roles(resources: Resources, place: Registry) -> Iterable[Role]:
    inline: dict[str, list[str]] = {}
    for one in _of(resources, "iam/rolePolicy:RolePolicy"):
        inline.setdefault(one["inputs"]["role"], []).append(one["inputs"]["policy"])
    managed = _attachments(resources, place)
    for one in _of(resources, "iam/role:Role"):
        inputs, name = one["inputs"], one["inputs"]["name"]
        yield Role(
            name=name,
            arn=place.role_arn(inputs.get("path", "/"), name),
            trust=Document(f"trust policy of role {name}", inputs["assumeRolePolicy"]),
            identity=tuple(Document(f"identity policy of role {name}", each) for each in [*inline.get(name, ()), *managed.get(name, ())]),
            boundary=inputs.get("permissionsBoundary") or "",
        )


def _attachments(resources: Resources, place: Registry) -> dict[str, list[str]]:
    """Documents of the managed policies that are attached to each role, by the role's name."""
    policies = [one["inputs"] for one in _of(resources, "iam/policy:Policy")]
    documents = {place.policy_arn(one.get("path", "/"), one["name"]): one["policy"] for one in policies}
    attached: dict[str, list[str]] = {}
    for one in _of(resources, "RolePolicyAttachment"):
        if one["inputs"]["policyArn"] in documents:
            attached.setdefault(one["inputs"]["role"], []).append(documents[one["inputs"]["policyArn"]])
    return attached


def _build_roles(resources: Resources, domains: Sequence[Domain], place: Registry) -> Iterable[Attached]:
    own = {one["inputs"]["name"] for one in _of(resources, "iam/role:Role")}
    for name, documents in _attachments(resources, place).items():
        if name not in own:
            arn = _named_in(domains, f"/{name}") or place.role_arn("/", name)
            yield Attached("AWS build role", name, arn, tuple(Document(f"managed policy attached to {name}", each) for each in documents))


def _named_in(domains: Sequence[Domain], ending: str) -> str:
    """The ARN that a resource policy names a role by: the stack's resources hold its name without its path."""
    return next((value for value in named_principals(domains) if value.endswith(ending) and "*" not in value), "")


def named_principals(domains: Iterable[Domain]) -> list[str]:
    """Every ARN, or pattern of one, that a condition on aws:PrincipalArn of a resource policy names; each once, in order."""
    found: dict[str, None] = {}
    for document in resource_policies(domains):
        for statement in document.statements:
            for keys in (statement.get("Condition") or {}).values():
                for key, values in keys.items():
                    if key.lower() == "aws:principalarn":
                        found.update(dict.fromkeys([values] if isinstance(values, str) else values))
    return list(found)


def resource_policies(domains: Iterable[Domain]) -> list[Document]:
    """The policies of domains and repositories."""
    return [each.policy for domain in domains for each in (domain, *domain.repositories) if each.policy]


def _permission_sets(resources: Resources, outputs: Mapping[str, Any], place: Registry) -> Iterable[Attached]:
    sets = {_logical_name(one): one["inputs"] for one in _of(resources, "PermissionSet")}
    for one in _of(resources, "PermissionSetInlinePolicy"):
        permission_set = sets.get(_logical_name(one))  # its ARN is only known once it is created
        if permission_set is None:
            raise Unreadable(f"{one['urn']} is not called as its permission set")
        yield _developer(permission_set["name"], one["inputs"]["inlinePolicy"], permission_set.get("region", ""), place)
    ordered = outputs.get("developers") or {}
    if "policy" in ordered:  # permission sets that others make, as the stack's outputs ask for them
        for each in (ordered, *(ordered.get("teams") or {}).values()):
            yield _developer(each["permissionSetName"], ordered["policy"], place.region, place)


def _logical_name(resource: Mapping[str, Any]) -> str:
    return resource["urn"].rpartition("::")[2]


def permission_set_role(name: str, region: str, place: Registry) -> str:
    """A role of a permission set. IAM Identity Center ends its name at random; the path holds its region, unless that is us-east-1."""
    path = f"/aws-reserved/sso.amazonaws.com/{'' if region == 'us-east-1' else f'{region}/'}"
    return place.role_arn(path, f"AWSReservedSSO_{name}_0123456789abcdef")


def _developer(name: str, policy: str, region: str, place: Registry) -> Attached:
    role = permission_set_role(name, region, place)
    return Attached("developer", name, role, (Document(f"inline policy of permission set {name}", policy),))


def _domain(resources: Resources, resource: Mapping[str, Any]) -> Domain:
    name = resource["inputs"]["domain"]
    policies = {one["inputs"]["domain"]: one["inputs"]["policyDocument"] for one in _of(resources, "DomainPermissions")}
    own = {
        one["inputs"]["repository"]: one["inputs"]["policyDocument"]
        for one in _of(resources, "RepositoryPermissionsPolicy")
        if one["inputs"]["domain"] == name
    }
    created = [one for one in _of(resources, "codeartifact/repository:Repository") if one["inputs"]["domain"] == name]
    owns = {_logical_name(one): one["inputs"].get("owns", ()) for one in _of(resources, "index:Team")}
    # In the stack a team's repository is called as the team, whatever the domain calls it.
    named = [(one["inputs"]["repository"], _logical_name(one)) for one in created]
    repositories = [_repository(one, own.get(one), owns.get(key, ()), repository_kind(key)) for one, key in named]
    return Domain(
        name=name,
        policy=Document(f"policy of domain {name}", policies[name]) if name in policies else None,
        repositories=tuple(repositories),
        groups=(root_group(), *_groups(resources, name)),
    )


def _order(repository: Repository) -> tuple[int, str]:
    """Shared, teams' by name, public sources."""
    return ("shared", "team", "public").index(repository.kind), repository.name


def repository_kind(name: str) -> str:
    """What a repository is, by its name in the stack, where shared and the public sources have names of their own."""
    return "shared" if name == SHARED_REPOSITORY else "public" if name in PUBLIC_SOURCES else "team"


def _repository(name: str, policy: str | None, owns: Iterable[Mapping[str, str]], kind: str) -> Repository:
    document = Document(f"policy of repository {name}", policy) if policy else None
    owned = (owned_names.parse(Format(one["format"]), one["name"]) for one in owns)
    return Repository(name, document, tuple(owned_name(one) for one in owned), kind)


def owned_name(owned: owned_names.OwnedName) -> OwnedName:
    """A name that a team owns, with a package that has it."""
    example = Coordinates(owned.format.value, owned.namespace, owned.name + (_EXAMPLE if owned.open_ended else ""))
    return OwnedName(f"{owned.format} {owned.text}", example)


def _groups(resources: Resources, domain: str) -> Iterable[PackageGroup]:
    for one in _of(resources, "cloudcontrol/resource:Resource"):
        desired = json.loads(one["inputs"]["desiredState"])
        if one["inputs"]["typeName"] == "AWS::CodeArtifact::PackageGroup" and desired["DomainName"] == domain:
            yield group(desired)


def group(desired: Mapping[str, Any]) -> PackageGroup:
    """A package group from its desired state, as AWS Cloud Control takes it."""
    found = PackageGroup(desired["Pattern"])
    for word, restriction in desired.get("OriginConfiguration", {}).get("Restrictions", {}).items():
        found.modes[_MODES[word]] = restriction["RestrictionMode"]
        found.allowed[_MODES[word]] = list(restriction.get("Repositories", ()))
    return found
