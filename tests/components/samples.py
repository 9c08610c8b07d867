"""Parts of the plan of a small company, for tests to vary."""

from collections.abc import Mapping
from typing import Any

from plan import parts
from plan.declared import (
    AnnouncedPackages,
    DeveloperMode,
    Developers,
    DomainSettings,
    Encryption,
    Events,
    IamSettings,
    PublishingSettings,
    Readers,
    Slack,
)
from plan.declared import Sandbox as SandboxSettings
from plan.facts import IdentityCenter, SeenRepository
from plan.parts import Plan
from plan.planning import plan
from policies.owned_names import Format
from tests.program import samples as company

ACCOUNT = company.ACCOUNT
ROLES = f"arn:aws:iam::{ACCOUNT}:role/package-flow/"
READ_ROLE = f"{ROLES}test-read"
WORKFLOW = company.WORKFLOW
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
ENGINEERING, RESEARCH = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
# The ids that the tests of policies have.
IDS = {"payments-api": 9001}
OWNS = company.owns({Format.NPM: ("@acme-payments/*",), Format.MAVEN: ("com.acme.payments:*",)})


def planned(
    *teams: Any,
    seen: Mapping[str, SeenRepository] | None = None,
    github_plan: str = "enterprise",
    before: tuple[str, ...] = ("main", "release/*"),
    **changed: Any,
) -> Plan:
    """The plan of these teams; nobody is shared with unless `sharing` says so."""
    settings = company.settings(*teams, **{"sharing": None, **changed})
    repositories = {one.name: company.seen_repository(one.name, id=IDS.get(one.name, 9002)) for one in settings.repositories}
    facts = company.facts(
        settings,
        repositories=repositories | dict(seen or {}),
        identity_center=IdentityCenter(INSTANCE, {"Engineering": ENGINEERING, "Research": RESEARCH}),
        plan=github_plan,
        trusted_before={one.name: list(before) for one in settings.repositories},
        caller=f"arn:aws:iam::{ACCOUNT}:role/deployer",
    )
    return plan(settings, facts)


def iam(boundary: str = "", deployers: tuple[str, ...] = ()) -> IamSettings:
    return IamSettings("/package-flow/", boundary, deployers)


def registry(encryption: Encryption = Encryption.CUSTOMER, protect: bool = True, **changed: Any) -> parts.PackageRegistry:
    return planned(domain=DomainSettings("acme", encryption, protect), **changed).registry


def oidc(*teams: Any, **changed: Any) -> parts.GitHubOidc:
    return planned(*teams, **changed).oidc


def team(protect: bool = True, sharing: Any = None, **changed: Any) -> parts.TeamRepository:
    """Team payments, which installs from identity unless only the team reads it."""
    changed = {"owns": OWNS, "upstreams": ("identity",), "repositories": (), **changed}
    domain = DomainSettings("acme", Encryption.CUSTOMER, protect)
    _, payments = planned(company.team("identity"), company.team(**changed), domain=domain, sharing=sharing).teams
    return payments


def consumer(
    name: str = "payments-api",
    *,
    publishes: bool = False,
    closed: bool = False,
    boundary: str = "",
    default_branch: str = "main",
    managers: tuple[str, ...] = ("managers",),
    workflow: str | None = WORKFLOW,
    github_plan: str = "enterprise",
    before: tuple[str, ...] = ("main", "release/*"),
    **changed: Any,
) -> parts.ConsumingRepository:
    """A repository of team payments that installs, or publishes from main and release/*; `before` are those that publish already.

    `closed`: only the team reads its packages.
    """
    if publishes:
        one = company.repository(name, release_branches=("main", "release/*"), **changed)
    else:
        approvals = changed.pop("approvals", 0)
        one = company.repository(name, publishes=(), release_branches=(), approvals=approvals, **changed)
    payments = company.team(
        owns=OWNS, readers=Readers.TEAM if closed else Readers.ORGANIZATION, repositories=(one,), release_managers=managers
    )
    seen = {name: company.seen_repository(name, id=IDS["payments-api"], default_branch=default_branch)}
    publishing = PublishingSettings(workflow)
    return planned(payments, seen=seen, iam=iam(boundary), publishing=publishing, github_plan=github_plan, before=before).consumers[0]


def builds(*roles: str) -> parts.BuildAccess:
    return planned(build_roles=roles).builds


def developers(session: int = 28_800, role_arn: str = "") -> tuple[Developers, parts.DeveloperAccess]:
    """Everybody's permission set, and that of team research."""
    declared = Developers(("Engineering",), DeveloperMode.IDENTITY_CENTER, "us-east-1", role_arn, session)
    research = company.team("research", readers=Readers.TEAM, developer_groups=("Research",))
    access = planned(company.team(), research, developers=declared).developers
    assert access
    return declared, access


def events(boundary: str = "", slack: Slack | None = None, pipelines: tuple[str, ...] = (), queue: str = "") -> parts.PackageEvents:
    announced = Events(
        repositories=("shared", "payments"),
        packages=AnnouncedPackages.OWNED,
        states=("Published",),
        email=("platform@acme.example",),
        https=("https://hooks.acme.example/packages",),
        sqs=(queue,) if queue else (),
        slack=slack,
        pipelines=pipelines,
    )
    one = planned(events=announced, iam=iam(boundary)).events
    assert one
    return one


def sandbox(*roles: str) -> parts.Sandbox:
    one = planned(sandbox=SandboxSettings("acme-sandbox", roles)).sandbox
    assert one
    return one
