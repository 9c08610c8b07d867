"""Other accounts: organisations and parts of them, what they may have as an upstream, and who of them publishes."""

import pytest

from policies.document import text
from policies.owned_names import Format, parse
from policies.resources.domain import domain_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import NOBODY, Sharing
from policies.resources.team_repository import Publishers, team_repository_policy
from tests.policies import iam
from tests.policies.iam import Caller
from tests.policies.samples import ORGANIZATION, OTHER_ACCOUNT, REGISTRY

EVERYTHING = [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]
UNIT = f"{ORGANIZATION}/r-ab12/ou-ab12-11111111/"
TEAM = REGISTRY.repository_arn("platform")
ROLES = "arn:aws:iam::111122223333:role/package-flow/prod-promote-*"


def caller(path: str = "", role: str = "ci-1", account: str = OTHER_ACCOUNT) -> Caller:
    return Caller(f"arn:aws:iam::{account}:role/{role}", account, path.partition("/")[0], path)


def may(who: Caller, action: str, at: str, policy: list, identity=EVERYTHING) -> bool:
    document = iam.document(text(policy)) if policy else []
    return iam.allowed(who, f"codeartifact:{action}", at, owner=REGISTRY.account, identity=identity, resource_policy=document)


# --- parts of an organisation -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "let_in"),
    [
        (UNIT, UNIT, True),
        (UNIT, f"{UNIT}ou-ab12-22222222/", False),
        (f"{UNIT}*", UNIT, True),
        (f"{UNIT}*", f"{UNIT}ou-ab12-22222222/", True),
        (f"{UNIT}*", f"{ORGANIZATION}/r-ab12/", False),
        (f"{UNIT}*", f"{ORGANIZATION}/r-ab12/ou-ab12-111111112/", False),
        (f"{UNIT}*", "o-zzzzzzzzzz/r-ab12/ou-ab12-11111111/", False),
        (f"{UNIT}*", "", False),
    ],
)
def test_a_path_is_a_unit_and_with_a_star_what_is_below(pattern, path, let_in):
    sharing = Sharing(organization_paths=[pattern])
    team, domain = team_repository_policy(REGISTRY, [], sharing), domain_policy(REGISTRY, ROLES, sharing)
    assert may(caller(path), "ReadFromRepository", TEAM, team) is let_in
    assert may(caller(path), "GetAuthorizationToken", REGISTRY.domain_arn, domain) is let_in


def test_a_path_lets_no_principal_of_the_own_account_in():
    own = caller(UNIT, account=REGISTRY.account)
    policy = team_repository_policy(REGISTRY, [], Sharing(organization_paths=[UNIT]))
    assert may(caller(UNIT), "ReadFromRepository", TEAM, policy)
    assert not may(own, "ReadFromRepository", TEAM, policy, [])


# --- upstreams --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sharing", [Sharing(ORGANIZATION), Sharing(organization_paths=[UNIT]), Sharing(accounts=[OTHER_ACCOUNT])])
def test_a_repository_is_an_upstream_of_others_only_where_asked(sharing):
    for downstream in (False, True):
        team = team_repository_policy(REGISTRY, [], sharing, downstream)
        shared = shared_repository_policy(REGISTRY, ROLES, sharing, downstream)
        for at, policy in ((TEAM, team), (REGISTRY.repository_arn("shared"), shared)):
            assert may(caller(UNIT), "AssociateWithDownstreamRepository", at, policy) is downstream
            assert may(caller(UNIT), "ReadFromRepository", at, policy)


def test_an_upstream_for_nobody():
    assert team_repository_policy(REGISTRY, [], NOBODY, downstream=True) == []


# --- publishing -------------------------------------------------------------------------------------------------------------------------

OWNED = [parse(Format.NPM, "@acme/eslint-config"), parse(Format.MAVEN, "com.acme.platform:*")]
PUBLISHERS = Publishers("platform", [f"arn:aws:iam::{OTHER_ACCOUNT}:role/ci-*"], [one.arn_pattern for one in OWNED])
POLICY = team_repository_policy(REGISTRY, [], NOBODY, publishers=PUBLISHERS)
OWN_PACKAGE = REGISTRY.package_arn("platform", "maven/com.acme.platform/core")


@pytest.mark.parametrize("action", ["PublishPackageVersion", "PutPackageMetadata"])
def test_named_roles_publish_what_the_team_owns(action):
    assert may(caller(), action, OWN_PACKAGE, POLICY)
    assert may(caller(), action, REGISTRY.package_arn("platform", "npm/acme/eslint-config"), POLICY)
    assert not may(caller(), action, OWN_PACKAGE, POLICY, []), "without rights in its own account"
    for other in (
        REGISTRY.package_arn("platform", "npm//left-pad"),
        REGISTRY.package_arn("platform", "maven/com.acme.platform.evil/core"),
        REGISTRY.package_arn("identity", "maven/com.acme.platform/core"),
    ):
        assert not may(caller(), action, other, POLICY), other
    for other in (caller(role="other-ci-1"), caller(role="ci"), caller(account="999988887777")):
        assert not may(other, action, OWN_PACKAGE, POLICY), other


def test_publishers_read_what_they_publish_to_and_change_nothing_else():
    assert may(caller(), "ReadFromRepository", TEAM, POLICY)
    assert not may(caller(role="other"), "ReadFromRepository", TEAM, POLICY)
    for action in ("DeletePackageVersions", "CopyPackageVersions", "PutRepositoryPermissionsPolicy", "UpdatePackageVersionsStatus"):
        assert not may(caller(), action, OWN_PACKAGE, POLICY), action


def test_publishers_of_several_accounts():
    roles = [f"arn:aws:iam::{OTHER_ACCOUNT}:role/ci-*", "arn:aws:iam::999988887777:role/build"]
    policy = team_repository_policy(REGISTRY, [], NOBODY, publishers=Publishers("platform", roles, PUBLISHERS.packages))
    assert may(caller(), "PublishPackageVersion", OWN_PACKAGE, policy)
    assert may(caller(role="build", account="999988887777"), "PublishPackageVersion", OWN_PACKAGE, policy)
    assert not may(caller(role="ci-1", account="999988887777"), "PublishPackageVersion", OWN_PACKAGE, policy), "the other account's pattern"
