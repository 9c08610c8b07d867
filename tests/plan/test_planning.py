"""From settings and facts to the plan."""

import json
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan.declared import Protection
from plan.facts import assumed, widest
from plan.planning import _upstreams_first, plan
from policies import guards
from policies.branches import declare_tags
from policies.document import text
from policies.github_tokens import GitHubRepository, Subjects
from policies.names import variables_of
from policies.owned_names import Format
from policies.resources.domain import domain_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import NOBODY, Sharing
from policies.resources.team_repository import closed_policy, team_repository_policy
from policies.roles.promote import promote_permissions
from policies.roles.publish import publish_permissions, publish_trust
from policies.roles.read import catalog_read_trust
from settings import DomainSettings, Encryption, IamSettings, OidcProvider, PublishingSettings, Readers, ReadRole
from tests.program import samples

ROLES = f"arn:aws:iam::{samples.ACCOUNT}:role/package-flow/"


def planned(configured, **facts):
    return plan(configured, samples.facts(configured, **facts))


def first(configured, **facts):
    """The first repository of the catalog."""
    return planned(configured, **facts).consumers[0]


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
    order = [one.name for one in planned(configured).teams]
    assert sorted(order) == sorted(one.name for one in configured.teams)
    for one in configured.teams:
        assert all(order.index(upstream) < order.index(one.name) for upstream in one.upstreams)


def test_a_team_without_its_upstream_is_planned_all_the_same():
    """Of a catalog with problems the teams without any are judged: what they install from may have one."""
    configured = samples.settings(samples.team(upstreams=("identity",)))
    assert [one.name for one in planned(configured).teams] == ["payments"]


def test_orders_are_stable():
    configured = samples.settings(*(samples.team(f"team{number}") for number in (3, 1, 2)))
    orders = [[one.name for one in _upstreams_first(configured)] for _ in range(3)]
    assert all(one == other for one, other in pairwise(orders))


def test_a_plan_depends_on_nothing_else():
    configured = samples.settings()
    assert planned(configured) == planned(configured)
    assert plan(configured, assumed(configured)) == plan(configured, assumed(configured))


def test_ids_that_stand_in_for_real_ones_follow_from_names():
    """A repository that is added must not change the ids of others: the review is compared with another revision's."""
    one, more = samples.settings(), samples.settings(samples.team(), samples.team("identity"))
    before, after = assumed(one).repositories, assumed(more).repositories
    assert before == {name: after[name] for name in before}
    assert len({seen.id for seen in after.values()}) == len(after) == 4
    assert {name: seen.id for name, seen in widest(more).repositories.items()} == {name: seen.id for name, seen in after.items()}


# --- the domain -------------------------------------------------------------------------------------------------------------------------


def test_a_team_that_owns_nothing_has_no_repository():
    idle = samples.team("idle", owns=MappingProxyType({}), repositories=(samples.installing("idle-web", "idle"),))
    found = planned(samples.settings(samples.team(), idle))
    assert [one.name for one in found.teams] == ["payments"]
    (web,) = [one for one in found.consumers if one.name == "idle-web"]
    assert web.team_repository == "" and web.variables["CODEARTIFACT_REPOSITORY"] == "shared"


def test_the_registry():
    configured = samples.settings()
    registry, place = planned(configured).registry, samples.facts(configured).registry
    assert (place.partition, place.account, place.region, place.domain) == ("aws", samples.ACCOUNT, "eu-west-1", "acme")
    assert registry.place == place and registry.key and registry.protect is True
    assert [one.name for one in registry.public_sources] == ["npmjs", "pypi"]
    assert registry.shared.upstreams == ("npmjs", "pypi")
    sharing = Sharing("o-a1b2c3d4e5", ("444455556666",))
    assert registry.sharing == sharing
    assert registry.policy == text(domain_policy(place, f"{ROLES}test-*", sharing))
    assert registry.shared.policy == text(shared_repository_policy(place, f"{ROLES}test-promote-*", sharing))


@pytest.mark.parametrize(("setting", "has_key"), [(Encryption.CUSTOMER, True), (Encryption.AWS, False)])
def test_encryption(setting, has_key):
    registry = planned(samples.settings(domain=DomainSettings("acme", setting, protect=False), sharing=None)).registry
    assert (registry.key is not None) is has_key and registry.protect is False
    assert registry.sharing == NOBODY


def test_a_team():
    configured = samples.settings(samples.team("identity"), samples.team(upstreams=("identity",)))
    (_, team), place = planned(configured).teams, samples.facts(configured).registry
    assert team.upstreams == ("identity",) and team.repository.upstreams == ("identity", "shared")
    assert team.repository.policy == text(team_repository_policy(place, [f"{ROLES}test-read"], configured.sharing or NOBODY))
    assert [one.name for one in team.package_groups] == ["npm:@acme-payments/*"]
    assert json.loads(team.package_groups[0].desired_state)["Pattern"] == "/npm/acme-payments/*"


def test_a_closed_team_is_opened_to_nobody():
    found = planned(samples.settings(samples.team(readers=Readers.TEAM)))
    assert found.teams[0].repository.policy == "" and not found.teams[0].open_to_organization
    own = found.consumers[0].own_read_role
    assert own and own.name == "test-read-payments-api"
    assert found.consumers[0].variables["CODEARTIFACT_READ_ROLE_ARN"] == own.arn == f"{ROLES}test-read-payments-api"


def test_a_closed_team_keeps_a_policy_where_one_may_have_been_adopted():
    """The engine forgets an adopted policy that is no longer planned: whom it lets in would stay in."""
    configured = samples.settings(samples.team(readers=Readers.TEAM), adopted=frozenset({"anything"}))
    found = planned(configured)
    assert found.teams[0].repository.policy == text(closed_policy(samples.facts(configured).registry))
    assert planned(samples.settings(samples.team(), adopted=frozenset({"anything"}))).teams[0].repository.policy != ""


# --- GitHub -----------------------------------------------------------------------------------------------------------------------------


def test_oidc():
    configured = samples.settings(
        oidc_provider=OidcProvider.EXISTING, read_role=ReadRole.CATALOG, subjects=Subjects.IMMUTABLE, token_duration=900
    )
    facts = samples.facts(configured)
    oidc = plan(configured, facts).oidc
    assert oidc.creates_provider is False and oidc.provider_arn == facts.registry.github_oidc_provider_arn
    repositories = [GitHubRepository(facts.owner, one.name, facts.repositories[one.name].id) for one in configured.repositories]
    assert [one.name for one in repositories] == ["payments-api", "payments-web"]
    assert oidc.read_roles[0].trust == text(catalog_read_trust(facts.registry, facts.owner, repositories, {one.id for one in repositories}))
    assert '"sts:DurationSeconds":"900"' in oidc.read_roles[0].permissions
    assert (oidc.read_roles[0].name, oidc.read_roles[0].path, oidc.read_roles[0].boundary) == ("test-read", "/package-flow/", "")


def test_roles_carry_path_and_boundary():
    boundary = "arn:aws:iam::111122223333:policy/b"
    found = planned(samples.settings(samples.team(readers=Readers.TEAM), iam=IamSettings("/x/", boundary)))
    assert len(found.roles) == 4
    assert {(one.path, one.boundary) for one in found.roles} == {("/x/", boundary)}
    assert all(one.arn == f"arn:aws:iam::{samples.ACCOUNT}:role/x/{one.name}" for one in found.roles)
    assert ":role/x/test-promote-*" in found.registry.shared.policy


def test_an_installing_repository():
    web = planned(samples.settings()).consumers[1]
    assert web.name == "payments-web" and web.default_branch == "main" and web.team_repository == "payments"
    assert web.roles == () and web.publishing is None and web.promotion is None
    assert [(one.kind, one.refs, one.bypass_teams) for one in web.rulesets] == [("default", ("refs/heads/main",), ())]
    assert web.variables["CODEARTIFACT_READ_ROLE_ARN"] == f"{ROLES}test-read"


def publisher(**changed):
    return samples.settings(samples.team(repositories=(samples.repository(**changed),), release_managers=("managers",)))


def test_a_publishing_repository():
    one = first(
        publisher(
            release_branches=("main", "release/*"),
            accepted_branches=("release/1.0",),
            approvals=2,
            environment="packages",
            promotes=samples.promotes("leads"),
        ),
        trusted_before={"payments-api": ["main"]},
    )
    assert one.publishing and one.promotion
    assert one.publishing.accepted_branches == ("release/1.0",) and one.publishing.trusted_before == ("main",)
    assert [name.text for name in one.publishing.owned] == ["@acme-payments/*"]
    release, create = one.rulesets
    assert release.rules == guards.release_rules(2, ()) and release.bypass_teams == ()
    assert create.bypass_teams == (5002,) and create.refs == ("refs/heads/main", "refs/heads/release/*")
    assert one.publishing.environment and one.publishing.environment.name == "packages"
    assert one.publishing.environment.admins_cannot_bypass is True and one.publishing.environment.reviewer_teams == ()
    assert one.promotion.environment.reviewer_teams == (5001,)
    for environment in (one.publishing.environment, one.promotion.environment):
        assert environment.branches == ("main", "release/*")
    assert one.publishing.workflow == samples.WORKFLOW
    assert one.promotion.workflow == samples.WORKFLOW.replace("publish-package", "promote-package")


def test_its_roles_trust_what_its_guards_cover():
    """Trust, rulesets and environments come from one declaration of its branches."""
    configured = publisher(release_branches=("main", "release/*"), environment="packages", promotes=samples.promotes("leads"))
    facts, one = samples.facts(configured), first(configured)
    branches = configured.repositories[0].release_branches
    assert one.publishing and one.promotion and one.publishing.branches is branches
    ours = GitHubRepository(facts.owner, "payments-api", facts.repositories["payments-api"].id)
    expected = publish_trust(facts.registry, ours, branches, "packages", samples.WORKFLOW, Subjects.BOTH)
    assert one.publishing.role.trust == text(expected)
    assert set(one.rulesets[1].refs) == set(branches.ruleset_refs)
    assert one.promotion.role.permissions == text(promote_permissions(facts.registry, 3600, "payments", one.publishing.owned))


def test_release_tags_have_two_rulesets_of_their_own():
    tags = declare_tags(("v*",))
    repository = samples.repository(release_tags=tags, environment="packages", promotes=samples.promotes("leads"))
    configured = samples.settings(samples.team(repositories=(repository,), release_managers=("managers",), release_apps=(7,)))
    facts, one = samples.facts(configured), first(configured)
    fixed, created = [each for each in one.rulesets if each.target == "tag"]
    assert fixed.refs == created.refs == ("refs/tags/v*",)
    assert (fixed.rules, fixed.bypass_teams, fixed.bypass_apps) == ({"update": True, "deletion": True}, (), ())
    assert (created.rules, created.bypass_teams, created.bypass_apps) == ({"creation": True}, (facts.teams["managers"],), (7,))
    # A tag's commit has to be reviewed, a new branch's has not: an App creates no branches.
    assert [each.bypass_apps for each in one.rulesets if each.target == "branch"] == [(), ()]
    assert one.publishing and one.publishing.environment and one.promotion
    assert (one.publishing.environment.tags, one.promotion.environment.tags) == (("v*",), ())
    assert "refs/tags/v*" in one.publishing.role.trust and "refs/tags" not in one.promotion.role.trust
    alone = first(publisher(release_branches=(), release_tags=tags))
    assert [each.kind for each in alone.rulesets] == ["release", "release-tags", "create-tags"]


def test_the_state_knows_every_team_that_a_guard_names():
    one = first(publisher(environment="packages", protection=Protection(reviewers=("leads",))))
    assert set(one.teams) == {"managers", "leads"}


def test_a_repository_publishes_only_its_formats():
    owns = samples.owns({Format.NPM: ("@acme/*",), Format.PYPI: ("acme-*", "acme")})
    one = samples.repository(publishes=(Format.PYPI,))
    configured = samples.settings(samples.team(owns=owns, repositories=(one,)))
    found, place = first(configured), samples.facts(configured).registry
    assert found.publishing and [name.text for name in found.publishing.owned] == ["acme-*", "acme"]
    readable = ["payments", "shared", "npmjs", "pypi"]
    assert found.publishing.role.permissions == text(
        publish_permissions(place, 3600, "payments", configured.teams[0].owns[Format.PYPI], readable)
    )
    assert found.promotion is None


def test_any_workflow():
    one = first(
        samples.settings(
            samples.team(repositories=(samples.repository(promotes=samples.promotes("leads")),)), publishing=PublishingSettings(None)
        )
    )
    assert one.publishing and one.promotion and one.publishing.workflow is None and one.promotion.workflow is None
    assert not any("job_workflow_ref" in role.trust for role in one.roles)


@pytest.mark.parametrize(("plan_of_github", "expected"), [("enterprise", True), ("team", False)])
def test_the_admin_switch_follows_the_plan(plan_of_github, expected):
    one = first(publisher(environment="packages"), plan=plan_of_github)
    assert one.publishing and one.publishing.environment and one.publishing.environment.admins_cannot_bypass is expected


def test_names_are_githubs_not_the_catalogs():
    configured = samples.settings()
    seen = samples.seen_repository("payments-api", id=424242, default_branch="trunk")
    one = first(configured, repositories={"payments-api": seen, "payments-web": samples.seen_repository("payments-web")})
    assert one.repository == GitHubRepository(samples.facts(configured).owner, "payments-api", 424242)
    assert one.default_branch == "trunk" and one.rulesets[0].refs == ("refs/heads/trunk", "refs/heads/main")


@pytest.mark.parametrize(("publishes", "promotes"), [(False, False), (True, False), (True, True)])
def test_variables_are_those_that_the_look_up_keeps_free(publishes, promotes):
    repository = samples.repository(promotes=samples.promotes("leads") if promotes else None) if publishes else samples.installing()
    one = first(samples.settings(samples.team(repositories=(repository,))))
    assert tuple(one.variables) == variables_of(publishes, promotes)
    assert all(one.variables.values())
