"""Policies of the domain, its repositories and its key: who is let in, and what is denied to everybody."""

import json

import pytest

from policies.document import text
from policies.names import promote_roles
from policies.owned_names import Format, parse
from policies.resources.domain import domain_policy
from policies.resources.key import domain_key_policy
from policies.resources.public_source import public_source_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import Sharing
from policies.resources.team_repository import team_repository_policy
from policies.roles.promote import promote_permissions
from policies.roles.publish import publish_permissions
from policies.roles.read import package_permissions, read_permissions
from tests.policies import iam
from tests.policies.iam import Caller
from tests.policies.samples import ORGANIZATION, OTHER_ACCOUNT, REGISTRY

OWN = REGISTRY.account
PATH = "/package-flow/"
PROMOTERS = REGISTRY.role_arn(PATH, promote_roles("prod"))
PROGRAM = REGISTRY.role_arn(PATH, "prod-*")
READER = Caller(REGISTRY.role_arn(PATH, "prod-read"), OWN, ORGANIZATION)
PROMOTER = Caller(REGISTRY.role_arn(PATH, "prod-promote-payments-api"), OWN, ORGANIZATION)
PUBLISHER = Caller(REGISTRY.role_arn(PATH, "prod-publish-payments-api"), OWN, ORGANIZATION)
ADMINISTRATOR = Caller(f"arn:aws:iam::{OWN}:role/Administrator", OWN, ORGANIZATION)
ROOT = Caller(REGISTRY.account_root_arn, OWN, ORGANIZATION)
MEMBER = Caller(f"arn:aws:iam::{OTHER_ACCOUNT}:role/build", OTHER_ACCOUNT, ORGANIZATION)
FOREIGNER = Caller("arn:aws:iam::999988887777:role/build", "999988887777", "o-zzzzzzzzzz")
HERMIT = Caller("arn:aws:iam::999988887777:role/build", "999988887777")

SHARING = Sharing(ORGANIZATION, accounts=[OTHER_ACCOUNT])
EVERYTHING = [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]
OWNED = [parse(Format.NPM, "@acme-payments/*")]
SHARED_REPOSITORY = REGISTRY.repository_arn("shared")
SHARED_PACKAGE = REGISTRY.package_arn("shared", "npm/acme-payments/client")
TEAM_REPOSITORY = REGISTRY.repository_arn("payments")
TEAM_PACKAGE = REGISTRY.package_arn("payments", "npm/acme-payments/client")


def may(caller, action, at, policy, identity=(), **context) -> bool:
    return iam.allowed(
        caller,
        f"codeartifact:{action}",
        at,
        owner=OWN,
        identity=identity,
        resource_policy=iam.document(text(policy)) if policy else [],
        context=context,
    )


# --- shared ---------------------------------------------------------------------------------------------------------------------------

SHARED = shared_repository_policy(REGISTRY, PROMOTERS, SHARING)


@pytest.mark.parametrize("caller", [ADMINISTRATOR, ROOT, PUBLISHER, PROMOTER, READER, MEMBER], ids=lambda caller: caller.arn)
def test_nobody_publishes_to_shared(caller):
    assert not may(caller, "PublishPackageVersion", SHARED_PACKAGE, SHARED, EVERYTHING)
    if caller.account == OWN:
        assert may(caller, "PublishPackageVersion", TEAM_PACKAGE, [], EVERYTHING), "the same right elsewhere"


DESTRUCTIVE = [
    "DeletePackage",
    "DeletePackageVersions",
    "DisposePackageVersions",
    "PutPackageOriginConfiguration",
    "UpdatePackageVersionsStatus",
]


@pytest.mark.parametrize("action", DESTRUCTIVE)
def test_nobody_removes_from_shared(action):
    assert not may(ADMINISTRATOR, action, SHARED_PACKAGE, SHARED, EVERYTHING)
    assert not may(PROMOTER, action, SHARED_PACKAGE, SHARED, EVERYTHING)
    assert may(ADMINISTRATOR, action, TEAM_PACKAGE, [], EVERYTHING)


@pytest.mark.parametrize(
    ("action", "at"),
    [("CopyPackageVersions", SHARED_PACKAGE), ("CopyPackageVersions", SHARED_REPOSITORY), ("PutPackageMetadata", SHARED_PACKAGE)],
)
def test_only_promotion_copies_to_shared_and_tags_there(action, at):
    assert may(PROMOTER, action, at, SHARED, EVERYTHING)
    for caller in (ADMINISTRATOR, ROOT, PUBLISHER, READER, MEMBER):
        assert not may(caller, action, at, SHARED, EVERYTHING)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{OWN}:role/prod-promote-payments-api",
        f"arn:aws:iam::{OWN}:role/other/prod-promote-payments-api",
        REGISTRY.role_arn(PATH, "dev-promote-payments-api"),
        REGISTRY.role_arn(PATH, "prod-promote"),
        f"arn:aws:iam::{OTHER_ACCOUNT}:role{PATH}prod-promote-payments-api",
        f"arn:aws:iam::{OWN}:user{PATH}prod-promote-payments-api",
    ],
)
@pytest.mark.parametrize("action", ["CopyPackageVersions", "PutPackageMetadata"])
def test_roles_that_only_look_like_promotion(action, arn):
    assert not may(Caller(arn, OWN), action, SHARED_PACKAGE, SHARED, EVERYTHING)


def test_a_caller_without_an_arn_does_not_copy():
    """A key that is absent must not slip past the Deny."""
    deny = next(one for one in iam.document(text(SHARED)) if one["Sid"] == "OnlyPromotionCopies")
    assert iam.conditions_hold(deny, {})


# --- public sources -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["PublishPackageVersion", "PutPackageMetadata", "CopyPackageVersions"])
def test_nothing_is_put_into_a_public_source_by_hand(action):
    package = REGISTRY.package_arn("npmjs", "npm//left-pad")
    for caller in (ADMINISTRATOR, PROMOTER, PUBLISHER):
        assert not may(caller, action, package, public_source_policy(), EVERYTHING)
    assert may(ADMINISTRATOR, "GetPackageVersionAsset", package, public_source_policy(), EVERYTHING)


# --- team repositories ----------------------------------------------------------------------------------------------------------------

OPEN = team_repository_policy(REGISTRY, [READER.arn], SHARING)
CLOSED = team_repository_policy(REGISTRY, [])
READS = [("ReadFromRepository", TEAM_REPOSITORY), ("GetPackageVersionAsset", TEAM_PACKAGE), ("ListPackages", TEAM_REPOSITORY)]


@pytest.mark.parametrize(("action", "at"), READS)
def test_the_read_role_is_let_in_by_the_repository(action, at):
    assert may(READER, action, at, OPEN)
    assert not may(READER, action, at, CLOSED)
    assert not may(PUBLISHER, action, at, OPEN), "a neighbour's publish role"


@pytest.mark.parametrize(("action", "at"), READS)
def test_sharing_does_not_let_in_principals_of_the_own_account(action, at):
    """`Principal: *` with the organisation would let in everybody of the own account, also one without any policy."""
    nobody = Caller(f"arn:aws:iam::{OWN}:role/no-policy", OWN, ORGANIZATION)
    assert not may(nobody, action, at, OPEN)
    assert may(nobody, action, at, OPEN, EVERYTHING)


@pytest.mark.parametrize(("action", "at"), READS)
def test_other_accounts_read_what_is_shared_with_them(action, at):
    reads = package_permissions(REGISTRY, ["payments"])
    by_organization = team_repository_policy(REGISTRY, [], Sharing(ORGANIZATION))
    by_account = team_repository_policy(REGISTRY, [], Sharing(accounts=[OTHER_ACCOUNT]))
    for policy in (OPEN, by_organization, by_account):
        assert may(MEMBER, action, at, policy, reads)
        assert not may(MEMBER, action, at, policy), "without rights in its own account"
        assert not may(FOREIGNER, action, at, policy, reads)
        assert not may(HERMIT, action, at, policy, reads)
    assert not may(MEMBER, action, at, CLOSED, reads)


@pytest.mark.parametrize("policy", [OPEN, CLOSED, team_repository_policy(REGISTRY, [READER.arn])])
@pytest.mark.parametrize(
    "action", ["PublishPackageVersion", "PutPackageMetadata", "CopyPackageVersions", "PutRepositoryPermissionsPolicy", *DESTRUCTIVE]
)
def test_a_team_repository_grants_no_writing(policy, action):
    for caller in (READER, MEMBER, PUBLISHER):
        assert not may(caller, action, TEAM_PACKAGE, policy)
    assert not may(MEMBER, action, TEAM_PACKAGE, policy, EVERYTHING)


def test_a_closed_team_repository_needs_no_policy():
    assert CLOSED == []


# --- the domain -----------------------------------------------------------------------------------------------------------------------

DOMAIN = domain_policy(REGISTRY, PROGRAM, SHARING)


@pytest.mark.parametrize("action", DESTRUCTIVE)
def test_roles_of_the_program_never_delete_whatever_is_attached_to_them(action):
    for caller in (PUBLISHER, PROMOTER, READER):
        assert not may(caller, action, TEAM_PACKAGE, DOMAIN, EVERYTHING)
        assert may(caller, "DescribePackage", TEAM_PACKAGE, DOMAIN, EVERYTHING)
    assert may(ADMINISTRATOR, action, TEAM_PACKAGE, DOMAIN, EVERYTHING)
    assert may(Caller(REGISTRY.role_arn(PATH, "dev-publish-x"), OWN), action, TEAM_PACKAGE, DOMAIN, EVERYTHING), "another stack's roles"


def test_who_may_fetch_a_token():
    token = [{"Sid": "Token", "Effect": "Allow", "Action": "codeartifact:GetAuthorizationToken", "Resource": REGISTRY.domain_arn}]
    at = REGISTRY.domain_arn
    assert may(MEMBER, "GetAuthorizationToken", at, DOMAIN, token)
    assert not may(MEMBER, "GetAuthorizationToken", at, DOMAIN)
    assert not may(FOREIGNER, "GetAuthorizationToken", at, DOMAIN, token)
    assert not may(Caller(f"arn:aws:iam::{OWN}:role/no-policy", OWN, ORGANIZATION), "GetAuthorizationToken", at, DOMAIN)
    assert not may(MEMBER, "GetAuthorizationToken", at, domain_policy(REGISTRY, PROGRAM), token)


@pytest.mark.parametrize(("action", "at"), READS)
def test_the_domain_opens_no_repository(action, at):
    assert not may(MEMBER, action, at, DOMAIN, EVERYTHING)
    assert not may(READER, action, at, DOMAIN)


# --- roles against resources ----------------------------------------------------------------------------------------------------------

PUBLISH_ROLE = publish_permissions(REGISTRY, 3600, "payments", OWNED, ["payments", "shared", "npmjs"])
MAVEN = parse(Format.MAVEN, "com.acme.payments:*")
PROMOTE_ROLE = promote_permissions(REGISTRY, 3600, "payments", [*OWNED, MAVEN])
READ_ROLE = read_permissions(REGISTRY, 3600, ["shared", "npmjs"])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (TEAM_PACKAGE, True),
        (REGISTRY.package_arn("payments", "npm/acme-identity/client"), False),
        (REGISTRY.package_arn("payments", "npm//acme-payments"), False),
        (REGISTRY.package_arn("payments", "pypi//acme-payments"), False),
        (REGISTRY.package_arn("identity", "npm/acme-payments/client"), False),
        (REGISTRY.package_arn("payments-2", "npm/acme-payments/client"), False),
        (SHARED_PACKAGE, False),
        (TEAM_PACKAGE.replace("/acme/", "/acme-dev/"), False),
        (TEAM_PACKAGE.replace("eu-west-1", "us-east-1"), False),
    ],
)
def test_what_the_publish_role_publishes(at, expected):
    for action in ("PublishPackageVersion", "PutPackageMetadata"):
        assert may(PUBLISHER, action, at, [], PUBLISH_ROLE) is expected
    assert not may(PROMOTER, "PublishPackageVersion", at, [], PROMOTE_ROLE)
    assert not may(READER, "PublishPackageVersion", at, [], READ_ROLE)


def test_what_the_promote_role_copies():
    assert may(PROMOTER, "CopyPackageVersions", SHARED_PACKAGE, SHARED, PROMOTE_ROLE)
    assert may(PROMOTER, "CopyPackageVersions", SHARED_REPOSITORY, SHARED, PROMOTE_ROLE)
    assert may(PROMOTER, "ReadFromRepository", TEAM_REPOSITORY, [], PROMOTE_ROLE)
    assert may(PROMOTER, "DescribePackageVersion", TEAM_PACKAGE, [], PROMOTE_ROLE)
    for at in (
        REGISTRY.package_arn("shared", "npm/acme-identity/client"),
        TEAM_PACKAGE,
        TEAM_REPOSITORY,
        REGISTRY.repository_arn("identity"),
    ):
        assert not may(PROMOTER, "CopyPackageVersions", at, SHARED if "shared" in at else [], PROMOTE_ROLE)
    assert not may(PUBLISHER, "CopyPackageVersions", SHARED_PACKAGE, SHARED, PUBLISH_ROLE)


def test_what_the_promote_role_tags():
    """npm's owned names in shared: elsewhere, and for Maven, the action writes more than a reviewer approved."""
    assert may(PROMOTER, "PutPackageMetadata", SHARED_PACKAGE, SHARED, PROMOTE_ROLE)
    assert may(PROMOTER, "GetAuthorizationToken", REGISTRY.domain_arn, [], PROMOTE_ROLE), "a tag is set with a token"
    for at in (
        REGISTRY.package_arn("shared", "npm/acme-identity/client"),
        REGISTRY.package_arn("shared", "maven/com.acme.payments/client"),
        REGISTRY.package_arn("payments", "maven/com.acme.payments/client"),
        TEAM_PACKAGE,
    ):
        assert not may(PROMOTER, "PutPackageMetadata", at, SHARED if "shared" in at else [], PROMOTE_ROLE)
    without = promote_permissions(REGISTRY, 3600, "payments", [MAVEN])
    for action, at in (("GetAuthorizationToken", REGISTRY.domain_arn), ("ReadFromRepository", SHARED_REPOSITORY)):
        assert not may(PROMOTER, action, at, [], without), "copying needs no token"


@pytest.mark.parametrize("role", [PUBLISH_ROLE, PROMOTE_ROLE, READ_ROLE])
@pytest.mark.parametrize("action", [*DESTRUCTIVE, "DeleteRepository", "DeleteDomain", "PutDomainPermissionsPolicy", "UpdateRepository"])
def test_no_role_destroys_or_administers(role, action):
    for at in (TEAM_PACKAGE, SHARED_PACKAGE, TEAM_REPOSITORY, REGISTRY.domain_arn):
        assert not may(PUBLISHER, action, at, [], role)


def test_what_the_read_role_reads_by_itself():
    assert may(READER, "ReadFromRepository", SHARED_REPOSITORY, [], READ_ROLE)
    assert may(READER, "GetPackageVersionAsset", SHARED_PACKAGE, [], READ_ROLE)
    assert not may(READER, "ReadFromRepository", TEAM_REPOSITORY, [], READ_ROLE)
    assert not may(READER, "GetPackageVersionAsset", TEAM_PACKAGE, [], READ_ROLE), "an asset past its repository"


@pytest.mark.parametrize(("seconds", "expected"), [("0", True), ("900", True), ("3600", True), ("3601", False), ("43200", False)])
@pytest.mark.parametrize("role", [READ_ROLE, PUBLISH_ROLE])
def test_a_token_is_capped(role, seconds, expected):
    context = {"sts:AWSServiceName": "codeartifact.amazonaws.com", "sts:DurationSeconds": seconds}

    def bearer(context):
        return iam.allowed(READER, "sts:GetServiceBearerToken", "*", owner=OWN, identity=role, context=context)

    assert bearer(context) is expected
    assert not bearer({"sts:AWSServiceName": "codeartifact.amazonaws.com"}), "no duration asked for"
    assert not bearer(context | {"sts:AWSServiceName": "other.amazonaws.com"})


# --- the key --------------------------------------------------------------------------------------------------------------------------


def test_the_key_is_the_accounts_and_codeartifacts():
    key = iam.document(text(domain_key_policy(REGISTRY)))
    assert {json.dumps(one["Principal"]) for one in key} == {json.dumps({"AWS": f"arn:aws:iam::{OWN}:root"})}
    use = next(one for one in key if one["Sid"] == "UsedThroughCodeArtifact")
    through = {"kms:CallerAccount": OWN, "kms:ViaService": "codeartifact.eu-west-1.amazonaws.com"}
    assert iam.conditions_hold(use, through)
    assert not iam.conditions_hold(use, through | {"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
    assert not iam.conditions_hold(use, through | {"kms:CallerAccount": OTHER_ACCOUNT})
