"""A new company's files, made of the fictional company's: stack files with their comments, a small catalog each, the bootstrap's files.

What only the fictional company has is left out, because a copied principal would be somebody else's: who it shares with, its Identity
Center, build roles, who hears of its packages, its sandbox, its teams. Pure.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

PROGRAM, BOOTSTRAP = "package-flow", "package-flow-bootstrap"
# Keys of a stack file that name principals, addresses or accounts of the fictional company.
LEFT_OUT = ("sharing", "developers", "builds", "events", "sandbox")
MAIN_STACKS = ("prod", "production")


@dataclass(frozen=True)
class Wanted:
    """A new company: its GitHub organisation, the domain's name, the region, the account of each stack, and its organization in Pulumi
    Cloud."""

    organization: str
    domain: str
    region: str
    accounts: Mapping[str, str]
    pulumi_organization: str

    @property
    def name(self) -> str:
        """As packages and files are named."""
        return self.organization.lower()

    def domain_of(self, stack: str) -> str:
        """The domain of a stack: an account holds each name once."""
        return self.domain if stack in MAIN_STACKS else f"{self.domain}-{stack}"

    def creates_provider(self, stack: str) -> bool:
        """Whether this stack makes GitHub's OIDC provider: an account holds one, which the main stack makes where it is."""
        beside = sorted((one for one, account in self.accounts.items() if account == self.accounts[stack]), key=self._order)
        return beside[0] == stack

    def bootstraps(self) -> dict[str, list[str]]:
        """Stacks by the name of the bootstrap that deploys them, one an account."""
        accounts = dict.fromkeys(self.accounts[one] for one in sorted(self.accounts, key=self._order))
        together = {account: [stack for stack in sorted(self.accounts) if self.accounts[stack] == account] for account in accounts}
        if len(together) == 1:
            return {self.name: next(iter(together.values()))}
        return {f"{self.name}-{'-'.join(stacks)}": stacks for stacks in together.values()}

    @staticmethod
    def _order(stack: str) -> tuple[bool, str]:
        return stack not in MAIN_STACKS, stack


def stack_file(example: str, stack: str, wanted: Wanted) -> str:
    """`Pulumi.STACK.yaml` of the company."""

    def change(config: CommentedMap) -> None:
        for key in LEFT_OUT:
            config.pop(f"{PROGRAM}:{key}", None)
        _place(config, stack, wanted)
        config[f"{PROGRAM}:domain"]["name"] = wanted.domain_of(stack)
        for format, there in config[f"{PROGRAM}:namespaces"].items():
            _fill(there, _namespaces(wanted.name)[format])
        _provider(config, wanted.creates_provider(stack))
        if publishing := config.get(f"{PROGRAM}:publishing"):
            publishing["workflow"] = f"{wanted.organization}/{publishing['workflow'].partition('/')[2]}"
        iam = config[f"{PROGRAM}:iam"]
        parts = iam["permissionsBoundary"].split(":")
        iam["permissionsBoundary"] = ":".join([*parts[:4], wanted.accounts[stack], *parts[5:]])

    main = stack in MAIN_STACKS
    header = f"Stack {stack} of {wanted.organization}" + ("." if main else ": the same program on a few pilot repositories.")
    return _changed(example, f"{header} All keys: docs/reference/stack-file.md.", change)


def bootstrap_file(example: str, stacks: list[str], wanted: Wanted) -> str:
    """`bootstrap/Pulumi.NAME.yaml` of the account that has these stacks."""

    def change(config: CommentedMap) -> None:
        _place(config, stacks[0], wanted)
        declared = config[f"{BOOTSTRAP}:stacks"]
        for name in [one for one in declared if one not in stacks]:
            declared.pop(name)
        for one in declared.values():
            one.pop("identityCenterPreviewRole", None)
        config[f"{BOOTSTRAP}:pulumiCloud"]["organization"] = wanted.pulumi_organization

    together = f"{'stack' if len(stacks) == 1 else 'stacks'} {' and '.join(stacks)}"
    return _changed(
        example, f"The account {wanted.accounts[stacks[0]]} of {wanted.organization}: {together}, by Pulumi Deployments.", change
    )


def team_file(stack: str, wanted: Wanted) -> str:
    """The first team of a stack's catalog. A GitHub repository belongs to one stack."""
    suffix = "" if stack in MAIN_STACKS else f"-{stack}"
    names = _namespaces(wanted.name)
    return f"""# yaml-language-server: $schema=../../schemas/catalog.json
# A first team: put your own in its place, a file a team (docs/reference/catalog.md). The repositories have to exist.
team: platform
owns:
  npm: ["{names["npm"][0]}"]
  pypi: ["{names["pypi"][0]}"]
repositories:
  platform-library{suffix}:
    publishes: [npm, pypi]
    release_branches: [main]
  platform-site{suffix}: {{}}
"""


def _namespaces(name: str) -> dict[str, list[str]]:
    return {
        "npm": [f"@{name}/*", f"@{name}-*/*"],
        "pypi": [f"{name}-*"],
        "maven": [f"com.{name}", f"com.{name}.*"],
        "cargo": [f"{name}-*"],
        "nuget": [f"{name}.*"],
        "generic": [f"{name}-*/*"],
    }


def _place(config: CommentedMap, stack: str, wanted: Wanted) -> None:
    config["aws:region"] = wanted.region
    _fill(config["aws:allowedAccountIds"], [Quoted(wanted.accounts[stack])])
    config["github:owner"] = wanted.organization


def _provider(config: CommentedMap, creates: bool) -> None:
    key = f"{PROGRAM}:githubOidcProvider"
    config[key] = "create" if creates else "existing"
    if creates:
        # The comment says who made it.
        config.ca.items.pop(key, None)


def _fill(there: CommentedSeq, values: list[str]) -> None:
    """In place, so that the list is written as it was."""
    there[:] = [Quoted(one) if one[:1] == "@" or "*" in one[:1] else one for one in values]


def _changed(example: str, header: str, change: Callable[[CommentedMap], None]) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 140
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(example)
    change(document["config"])
    # The example's first line says for editors which schema the file has.
    document.yaml_set_start_comment(f"{example.partition(chr(10))[0].removeprefix('# ')}\n{header}")
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()
