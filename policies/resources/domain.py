"""The domain: who fetches a token, and what is denied to everybody."""

from collections.abc import Sequence

from policies.actions import CREATE_REPOSITORY, DESTRUCTIVE
from policies.arns import Registry
from policies.document import Statement, deny
from policies.resources.sharing import NOBODY, Sharing, share


def domain_policy(registry: Registry, program_roles: str, sharing: Sharing = NOBODY, deployers: Sequence[str] = ()) -> list[Statement]:
    """The domain: the program's own roles (`program_roles`, an ARN pattern) can never delete, dispose or unlist a version, whatever is
    attached to them later; nobody but `deployers` (ARN patterns; none = whoever IAM allows) creates repositories; those shared with may
    fetch a token. Reading is decided by each repository.

    CreateRepository has no resource type, but AWS evaluates it on the domain's policy and names it there:
    https://docs.aws.amazon.com/codeartifact/latest/ug/domain-policies.html
    """
    others = {"ArnNotLike": {"aws:PrincipalArn": list(deployers)}}
    return [
        deny("ProgramRolesNeverDelete", DESTRUCTIVE, "*", conditions={"ArnLike": {"aws:PrincipalArn": program_roles}}),
        *([deny("OnlyDeployersCreateRepositories", CREATE_REPOSITORY, "*", conditions=others)] if deployers else []),
        *share("Token", ("codeartifact:DescribeDomain", "codeartifact:GetAuthorizationToken"), registry, sharing),
    ]
