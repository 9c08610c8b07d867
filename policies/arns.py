"""ARNs of one registry, as plain strings: all their parts are known from configuration and lookups before anything is created.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodeartifact.html#awscodeartifact-resources-for-iam-policies
"""

from dataclasses import dataclass

GITHUB_OIDC_HOST = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Registry:
    """Where a CodeArtifact domain lives. `domain` is its name, `account` its 12-digit owner."""

    partition: str
    account: str
    region: str
    domain: str

    def _codeartifact(self, resource: str) -> str:
        return f"arn:{self.partition}:codeartifact:{self.region}:{self.account}:{resource}"

    @property
    def domain_arn(self) -> str:
        return self._codeartifact(f"domain/{self.domain}")

    def repository_arn(self, repository: str) -> str:
        return self._codeartifact(f"repository/{self.domain}/{repository}")

    def package_arn(self, repository: str, pattern: str = "*") -> str:
        """`pattern` is FORMAT/NAMESPACE/NAME. Package ARNs are not below the repository's ARN."""
        return self._codeartifact(f"package/{self.domain}/{repository}/{pattern}")

    def role_arn(self, path: str, name: str) -> str:
        """`path` starts and ends with a slash."""
        return f"arn:{self.partition}:iam::{self.account}:role{path}{name}"

    def policy_arn(self, path: str, name: str) -> str:
        """A managed policy of the account; `path` starts and ends with a slash."""
        return f"arn:{self.partition}:iam::{self.account}:policy{path}{name}"

    @property
    def account_root_arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:root"

    @property
    def github_oidc_provider_arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{GITHUB_OIDC_HOST}"


def principal_patterns(caller: str) -> list[str]:
    """ARN patterns that `aws:PrincipalArn` of a caller matches. `caller` is the ARN that STS returns for it.

    A session's ARN has the role's name and not its path, so the role is meant at any path of the account.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """
    partition, account, resource = caller.split(":")[1], caller.split(":")[4], caller.split(":")[5]
    kind, _, rest = resource.partition("/")
    if kind != "assumed-role":
        return [caller]
    name = rest.partition("/")[0]
    return [f"arn:{partition}:iam::{account}:role/{name}", f"arn:{partition}:iam::{account}:role/*/{name}"]
