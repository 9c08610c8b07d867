"""Names of what the program creates in AWS and GitHub."""

import hashlib
from enum import StrEnum

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: role names
ROLE_NAME_MAX = 64
_HASH_LENGTH = 8

SHARED_REPOSITORY = "shared"
PROMOTE_ENVIRONMENT = "promote"
# In which the publishing workflow fetches private dependencies, with a token that no publish role may take.
PRIVATE_DEPENDENCIES_ENVIRONMENT = "private-dependencies"
# Permission sets and keys have ARNs that nobody knows beforehand: this tag says which stack one belongs to.
STACK_TAG = "package-flow:stack"

# One repository per public registry: its name, its external connection and its package format.
# https://docs.aws.amazon.com/codeartifact/latest/ug/external-connection.html#supported-public-repositories
PUBLIC_SOURCES: dict[str, tuple[str, str]] = {
    "npmjs": ("public:npmjs", "npm"),
    "pypi": ("public:pypi", "pypi"),
    "maven-central": ("public:maven-central", "maven"),
    "maven-googleandroid": ("public:maven-googleandroid", "maven"),
    "maven-gradleplugins": ("public:maven-gradleplugins", "maven"),
    "maven-commonsware": ("public:maven-commonsware", "maven"),
    "maven-clojars": ("public:maven-clojars", "maven"),
    "nuget-org": ("public:nuget-org", "nuget"),
    "ruby-gems-org": ("public:ruby-gems-org", "ruby"),
    "crates-io": ("public:crates-io", "cargo"),
}


class RoleKind(StrEnum):
    """What a role is for; part of its name."""

    READ = "read"
    PUBLISH = "publish"
    PROMOTE = "promote"
    DEPENDABOT = "dependabot"


# A role's name is cut behind STACK-KIND-, never inside it: resource policies and the deployer's name roles by that.
STACK_NAME_MAX = ROLE_NAME_MAX - max(len(f"-{kind}-") for kind in RoleKind) - _HASH_LENGTH - 1


def cut(name: str, limit: int) -> str:
    """`name` if it fits, else its start and a hash of the whole, so that two long names never become one.

    Raises ValueError if limit < 10.
    """
    if limit < _HASH_LENGTH + 2:
        raise ValueError(f"a limit of {limit} leaves no room for a name and its hash")
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{name[: limit - _HASH_LENGTH - 1]}-{digest}"


def role_name(stack: str, kind: RoleKind, repository: str = "") -> str:
    """STACK-KIND or STACK-KIND-REPOSITORY, at most 64 characters. The stack in front lets two stacks share an account."""
    return cut("-".join(part for part in (stack, kind, repository) if part), ROLE_NAME_MAX)


def read_role_name(stack: str, number: int = 1) -> str:
    """The read role of builds; a large catalog needs a second one, and more. A plus sign stands in no repository's name."""
    return numbered(f"{stack}-{RoleKind.READ}", number)


def numbered(name: str, number: int) -> str:
    """A name of the read role of that number, in AWS or in the state: the first has none, so that it stays when others come."""
    return f"{name}+{number}" if number > 1 else name


def further_read_roles(stack: str) -> str:
    """The pattern that the names of a stack's further read roles, and of no other role, match."""
    return f"{stack}-{RoleKind.READ}+*"


def read_policy_name(stack: str) -> str:
    """The managed policy of builds on AWS."""
    return f"{stack}-{RoleKind.READ}"


def promote_roles(stack: str) -> str:
    """The pattern that the names of a stack's promote roles, and of no other of its roles, match."""
    return f"{stack}-{RoleKind.PROMOTE}-*"


def dependabot_roles(stack: str) -> str:
    """The same of its Dependabot roles."""
    return f"{stack}-{RoleKind.DEPENDABOT}-*"


class Variable(StrEnum):
    """The Actions variables of consuming repositories: what is written and what is looked up."""

    DOMAIN = "CODEARTIFACT_DOMAIN"
    DOMAIN_OWNER = "CODEARTIFACT_DOMAIN_OWNER"
    REGION = "CODEARTIFACT_REGION"
    REPOSITORY = "CODEARTIFACT_REPOSITORY"
    READ_ROLE_ARN = "CODEARTIFACT_READ_ROLE_ARN"
    PUBLISH_ROLE_ARN = "CODEARTIFACT_PUBLISH_ROLE_ARN"
    PROMOTE_ROLE_ARN = "CODEARTIFACT_PROMOTE_ROLE_ARN"


# What each holds, for the reference.
VARIABLES = {
    Variable.DOMAIN: "the domain's name",
    Variable.DOMAIN_OWNER: "the account that owns the domain",
    Variable.REGION: "the domain's region",
    Variable.REPOSITORY: "the team's CodeArtifact repository, or `shared`",
    Variable.READ_ROLE_ARN: "the ARN of the role that builds assume",
    Variable.PUBLISH_ROLE_ARN: "the ARN of the repository's publish role, if it publishes",
    Variable.PROMOTE_ROLE_ARN: "the ARN of its promote role, if it promotes",
}


def variables_of(publishes: bool, promotes: bool) -> tuple[Variable, ...]:
    """The variables that a consuming repository gets, and that nobody else may have set there."""
    has_role = {Variable.PUBLISH_ROLE_ARN: publishes, Variable.PROMOTE_ROLE_ARN: promotes}
    return tuple(one for one in Variable if has_role.get(one, True))
