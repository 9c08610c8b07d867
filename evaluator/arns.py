"""ARNs of CodeArtifact's resources, as the service authorization reference writes them."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

ARN = re.compile(r"arn:(?P<partition>[a-z-]+):codeartifact:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<kind>[a-z-]+)/(?P<rest>\S+)")


def partition_of(region: str) -> str:
    """The partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass(frozen=True)
class Arns:
    """Builds the ARNs of one region."""

    region: str

    def _arn(self, owner: str, rest: str) -> str:
        return f"arn:{partition_of(self.region)}:codeartifact:{self.region}:{owner}:{rest}"

    def domain(self, owner: str, domain: str) -> str:
        return self._arn(owner, f"domain/{domain}")

    def repository(self, owner: str, domain: str, repository: str) -> str:
        return self._arn(owner, f"repository/{domain}/{repository}")

    def package(self, owner: str, domain: str, repository: str, format: str, namespace: str, name: str) -> str:
        """Without a namespace its segment is empty."""
        return self._arn(owner, f"package/{domain}/{repository}/{format}/{namespace}/{name}")

    def package_group(self, owner: str, domain: str, pattern: str) -> str:
        """The pattern is percent-encoded in lower case, its slashes are kept: `/npm/*` is `.../npm/%2a`.

        Source: the tests of AWS's published CloudFormation handler of AWS::CodeArtifact::PackageGroup.
        """
        encoded = re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quote(pattern, safe="/~"))
        return self._arn(owner, f"package-group/{domain}{encoded}")


@dataclass(frozen=True)
class ParsedArn:
    """What an ARN names; `name` is the repository, or the package group's pattern."""

    owner: str
    region: str
    kind: str
    domain: str
    name: str


def parse(arn: str) -> ParsedArn | None:
    """A domain's, repository's or package group's ARN in parts; None if it is none of these."""
    match = ARN.fullmatch(arn)
    if match is None:
        return None
    domain, slash, name = match["rest"].partition("/")
    if match["kind"] == "domain" and not slash:
        return ParsedArn(match["account"], match["region"], "domain", domain, "")
    if match["kind"] == "repository" and slash and "/" not in name:
        return ParsedArn(match["account"], match["region"], "repository", domain, name)
    if match["kind"] == "package-group" and slash:
        return ParsedArn(match["account"], match["region"], "package-group", domain, "/" + unquote(name))
    return None
