"""The sandbox: a domain in which developers do as they like, and which no build of this program reads.

Upstreams and copies never leave a domain, so nothing of the sandbox reaches the main one that way; the Deny below shuts the remaining door,
a role of the program that gets further rights. https://docs.aws.amazon.com/codeartifact/latest/ug/domain-policies.html
"""

from collections.abc import Sequence

from policies.actions import COPY, CREATE_REPOSITORY, DESTRUCTIVE, PACKAGE_READ, PUBLISH, REPOSITORY_READ
from policies.document import Statement, deny, statement

# Everything but policies and tags: who may come in is decided by this document, and nobody shares the sandbox with others.
EXPERIMENT = (
    "codeartifact:AssociateExternalConnection",
    "codeartifact:AssociateWithDownstreamRepository",
    COPY,
    CREATE_REPOSITORY,
    "codeartifact:DeleteRepository",
    "codeartifact:DescribeDomain",
    "codeartifact:DisassociateExternalConnection",
    "codeartifact:GetAuthorizationToken",
    "codeartifact:ListRepositoriesInDomain",
    "codeartifact:UpdateRepository",
    *DESTRUCTIVE,
    *PACKAGE_READ,
    *PUBLISH,
    *REPOSITORY_READ,
)


def sandbox_policy(program_roles: str, developers: Sequence[str]) -> list[Statement]:
    """The sandbox's domain policy: `developers` (ARN patterns of roles) may experiment; the program's own roles (a pattern) stay out."""
    return [
        deny("ProgramRolesStayOut", "codeartifact:*", "*", conditions={"ArnLike": {"aws:PrincipalArn": program_roles}}),
        statement("DevelopersExperiment", EXPERIMENT, "*", principal="*", conditions={"ArnLike": {"aws:PrincipalArn": list(developers)}}),
    ]
