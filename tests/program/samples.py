"""Settings and sights of a small fictional company, for tests to vary."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from lookups import Seen, State, WorkflowRepository
from plan.facts import Facts, SeenRepository
from policies.arns import Registry
from policies.branches import declare
from policies.github_tokens import Owner, Subjects
from policies.owned_names import Format, OwnedName, parse
from settings import (
    DomainSettings,
    Encryption,
    IamSettings,
    OidcProvider,
    Promotes,
    PublishingSettings,
    Readers,
    ReadRole,
    Repository,
    Settings,
    Sharing,
    Team,
)

ACCOUNT = "111122223333"
WORKFLOW = "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main"


def repository(name: str = "payments-api", team: str = "payments", **changed: Any) -> Repository:
    """A repository that publishes npm packages from main."""
    """`release_branches` as they are written."""
    usual = Repository(name, team, (Format.NPM,), declare(("main",)), (), 1, "", None)
    branches = {"release_branches": declare(changed.pop("release_branches"))} if "release_branches" in changed else {}
    return replace(usual, **changed, **branches)


def installing(name: str = "checkout-web", team: str = "payments", **changed: Any) -> Repository:
    return repository(name, team, publishes=(), release_branches=(), approvals=0, **changed)


def owns(names: Mapping[Format, Sequence[str]]) -> Mapping[Format, tuple[OwnedName, ...]]:
    """Owned names as they are written."""
    return MappingProxyType({format: tuple(parse(format, one) for one in listed) for format, listed in names.items()})


def team(name: str = "payments", **changed: Any) -> Team:
    """A team that owns an npm scope, with one repository that publishes and one that installs."""
    usual = Team(
        name,
        f"catalog/test/{name}.yaml",
        Readers.ORGANIZATION,
        (),
        owns({Format.NPM: (f"@acme-{name}/*",)}),
        (),
        (repository(f"{name}-api", name), installing(f"{name}-web", name)),
    )
    return replace(usual, **changed)


def settings(*teams: Team, **changed: Any) -> Settings:
    usual = Settings(
        project="package-flow",
        stack="test",
        region="eu-west-1",
        github_owner="acme",
        domain=DomainSettings("acme", Encryption.CUSTOMER, protect=True),
        public_sources=("npmjs", "pypi"),
        token_duration=3600,
        oidc_provider=OidcProvider.CREATE,
        read_role=ReadRole.ORGANIZATION,
        subjects=Subjects.BOTH,
        iam=IamSettings("/package-flow/", ""),
        publishing=PublishingSettings(WORKFLOW),
        sharing=Sharing("o-a1b2c3d4e5", ("444455556666",)),
        teams=teams or (team(),),
        catalog="catalog/test",
        allowed_account_ids=(ACCOUNT,),
    )
    return replace(usual, **changed)


def seen_repository(name: str, **changed: Any) -> SeenRepository:
    usual = SeenRepository(f"acme/{name}", name, 9000 + sum(name.encode()), "main", "private")
    return replace(usual, **changed)


def seen(configured: Settings, repositories: dict[str, SeenRepository] | None = None, **changed: Any) -> Seen:
    """What a credential sees where everything is as `configured` says, on an Enterprise plan."""
    usual = Seen(
        partition="aws",
        account=ACCOUNT,
        owner=Owner("acme", 7000),
        plan="enterprise",
        repositories={one.name: seen_repository(one.name) for one in configured.repositories} | (repositories or {}),
        teams={},
        oidc_audiences=None,
        state=State(),
        workflow=WorkflowRepository(configured.publishing.repository or "", 8000, "public"),
    )
    return replace(usual, **changed)


def facts(configured: Settings, **changed: Any) -> Facts:
    usual = Facts(
        registry=Registry("aws", ACCOUNT, configured.region, configured.domain.name),
        owner=Owner("acme", 7000),
        plan="enterprise",
        repositories={one.name: seen_repository(one.name) for one in configured.repositories},
        teams={"leads": 5001, "managers": 5002},
    )
    return replace(usual, **changed)


def promotes(*reviewers: str) -> Promotes:
    return Promotes(reviewers)
