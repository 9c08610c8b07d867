"""From settings and facts to arguments."""

from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wiring
from components.github_oidc import ProviderOrigin, ReadersOfShared, SubjectForms
from components.registry import KeyOwner
from policies.owned_names import Format
from policies.trust import Subjects
from settings import DomainSettings, Encryption, IamSettings, OidcProvider, PublishingSettings, Readers, ReadRole
from tests.components.samples import NOBODY
from tests.program import samples


@st.composite
def acyclic(draw):
    """Teams in any order whose upstreams point to teams that come earlier in another order."""
    count = draw(st.integers(1, 6))
    teams = [
        samples.team(f"team{number}", upstreams=tuple(f"team{other}" for other in range(number) if draw(st.booleans())))
        for number in range(count)
    ]
    return samples.settings(*draw(st.permutations(teams)))


@given(acyclic())
def test_upstreams_come_first(configured):
    order = [one.name for one in wiring.upstreams_first(configured)]
    assert sorted(order) == sorted(one.name for one in configured.teams)
    for one in configured.teams:
        assert all(order.index(upstream) < order.index(one.name) for upstream in one.upstreams)


def test_a_team_that_owns_nothing_has_no_repository():
    idle = samples.team("idle", owns=MappingProxyType({}))
    configured = samples.settings(samples.team(), idle)
    assert [one.name for one in wiring.upstreams_first(configured)] == ["payments"]
    args = wiring.consumer(configured, samples.facts(configured), idle, samples.installing("idle-web", "idle"), "shared", "arn")
    assert args["team_repository"] == ""


def test_the_registry():
    configured = samples.settings()
    args = wiring.package_registry(configured, samples.facts(configured))
    assert args["place"] == {"partition": "aws", "account": samples.ACCOUNT, "region": "eu-west-1", "domain": "acme"}
    assert args["encryption"] is KeyOwner.CUSTOMER and args["protect"] is True
    assert args["public_sources"] == ["npmjs", "pypi"]
    assert args["promote_roles"] == f"arn:aws:iam::{samples.ACCOUNT}:role/package-flow/test-promote-*"
    assert args["program_roles"] == f"arn:aws:iam::{samples.ACCOUNT}:role/package-flow/test-*"
    assert args["sharing"] == NOBODY | {"organization_id": "o-a1b2c3d4e5", "accounts": ["444455556666"]}


@pytest.mark.parametrize(("setting", "value"), [(Encryption.CUSTOMER, KeyOwner.CUSTOMER), (Encryption.AWS, KeyOwner.AWS)])
def test_encryption(setting, value):
    configured = samples.settings(domain=DomainSettings("acme", setting, protect=False), sharing=None)
    args = wiring.package_registry(configured, samples.facts(configured))
    assert args["encryption"] is value and args["protect"] is False
    assert args["sharing"] == NOBODY


def test_words_of_settings_and_components_are_the_same():
    """Components can be packaged without the program, so each has its own enums."""
    for ours, theirs in (
        (Encryption, KeyOwner),
        (OidcProvider, ProviderOrigin),
        (ReadRole, ReadersOfShared),
        (Subjects, SubjectForms),
    ):
        assert [one.value for one in ours] == [one.value for one in theirs]


def test_oidc():
    configured = samples.settings(
        oidc_provider=OidcProvider.EXISTING, read_role=ReadRole.CATALOG, subjects=Subjects.IMMUTABLE, token_duration=900
    )
    args = wiring.github_oidc(configured, samples.facts(configured))
    assert (args["provider"], args["readers"], args["subjects"]) == (
        ProviderOrigin.EXISTING,
        ReadersOfShared.CATALOG,
        SubjectForms.IMMUTABLE,
    )
    assert args["token_duration"] == 900 and (args["owner"], args["owner_id"]) == ("acme", 7000)
    assert [one["name"] for one in args["repositories"]] == ["payments-api", "payments-web"]
    assert args["role"] == {"stack": "test", "path": "/package-flow/", "permissions_boundary": ""}


def test_roles_carry_path_and_boundary():
    configured = samples.settings(iam=IamSettings("/x/", "arn:aws:iam::111122223333:policy/b"))
    facts = samples.facts(configured)
    args = wiring.consumer(configured, facts, configured.teams[0], configured.repositories[0], "payments", "arn")
    assert args["role"] == {"stack": "test", "path": "/x/", "permissions_boundary": "arn:aws:iam::111122223333:policy/b"}
    assert wiring.package_registry(configured, facts)["promote_roles"].endswith(":role/x/test-promote-*")


def test_a_team():
    configured = samples.settings(samples.team("identity"), samples.team(upstreams=("identity",)))
    args = wiring.team(configured, samples.facts(configured), configured.team("payments"), "domain", ["identity"], "shared")
    assert args["upstreams"] == ["identity", "shared"] and args["shared"] == "shared" and args["domain"] == "domain"
    assert args["readers"] == [f"arn:aws:iam::{samples.ACCOUNT}:role/package-flow/test-read"]
    assert args["owns"] == [{"format": "npm", "name": "@acme-payments/*"}]
    assert args["sharing"]["accounts"] == ["444455556666"]


def test_a_closed_team_is_opened_to_nobody():
    configured = samples.settings(samples.team(readers=Readers.TEAM))
    facts = samples.facts(configured)
    args = wiring.team(configured, facts, configured.teams[0], "domain", [], "shared")
    assert args["readers"] == [] and args["sharing"] == NOBODY
    assert wiring.consumer(configured, facts, configured.teams[0], configured.repositories[0], "payments", "arn")["own_read_role"] is True


def test_an_installing_repository():
    configured = samples.settings()
    args = wiring.consumer(configured, samples.facts(configured), configured.teams[0], configured.repositories[1], "payments", "arn")
    assert "publishing" not in args and args["own_read_role"] is False and args["read_role_arn"] == "arn"
    assert args["repository"]["name"] == "payments-web" and args["default_branch"] == "main"


def publishing(configured, facts=None):
    return wiring.consumer(
        configured, facts or samples.facts(configured), configured.teams[0], configured.repositories[0], "payments", "arn"
    )["publishing"]


def test_a_publishing_repository():
    one = samples.repository(
        release_branches=("main", "release/*"),
        accepted_branches=("release/1.0",),
        approvals=2,
        environment="packages",
        promotes=samples.promotes("leads"),
    )
    args = publishing(samples.settings(samples.team(repositories=(one,), release_managers=("managers",))))
    assert args == {
        "owns": [{"format": "npm", "name": "@acme-payments/*"}],
        "release_branches": ["main", "release/*"],
        "accepted_branches": ["release/1.0"],
        "create_teams": [5002],
        "environment": "packages",
        "admins_cannot_bypass": True,
        "workflow": samples.WORKFLOW,
        "promotion": {"reviewer_teams": [5001], "workflow": samples.WORKFLOW.replace("publish-package", "promote-package")},
    }


def test_a_repository_publishes_only_its_formats():
    owns = MappingProxyType({Format.NPM: ("@acme/*",), Format.PYPI: ("acme-*", "acme")})
    one = samples.repository(publishes=(Format.PYPI,))
    args = publishing(samples.settings(samples.team(owns=owns, repositories=(one,))))
    assert args["owns"] == [{"format": "pypi", "name": "acme-*"}, {"format": "pypi", "name": "acme"}]
    assert "promotion" not in args


def test_any_workflow():
    args = publishing(
        samples.settings(
            samples.team(repositories=(samples.repository(promotes=samples.promotes("leads")),)), publishing=PublishingSettings(None)
        )
    )
    assert args["workflow"] == "" and args["promotion"]["workflow"] == ""


@pytest.mark.parametrize(("plan", "expected"), [("enterprise", True), ("team", False)])
def test_the_admin_switch_follows_the_plan(plan, expected):
    configured = samples.settings()
    assert publishing(configured, samples.facts(configured, plan=plan))["admins_cannot_bypass"] is expected


def test_names_are_githubs_not_the_catalogs():
    configured = samples.settings()
    seen = samples.seen_repository("payments-api", id=424242, default_branch="trunk")
    facts = samples.facts(configured, repositories={"payments-api": seen, "payments-web": samples.seen_repository("payments-web")})
    args = wiring.consumer(configured, facts, configured.teams[0], configured.repositories[0], "payments", "arn")
    assert args["repository"] == {"owner": "acme", "owner_id": 7000, "name": "payments-api", "id": 424242}
    assert args["default_branch"] == "trunk"


def test_orders_are_stable():
    configured = samples.settings(*(samples.team(f"team{number}") for number in (3, 1, 2)))
    orders = [[one.name for one in wiring.upstreams_first(configured)] for _ in range(3)]
    assert all(one == other for one, other in pairwise(orders))
