"""IAM Identity Center's stand-in through the SDK: permission sets, assignments, the roles they become, the portal, and who may what."""

import json
import re
from collections.abc import Generator

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.cloud import aws
from rehearsal.cloud.identity_center import app
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, REGION, Cloud, allow, policy, running_cloud

READ = policy(allow("iam:ListUsers"))
HOURS = "PT1H"
PREFIX = f"arn:aws:iam::{OTHER_ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{REGION}/AWSReservedSSO_"


@pytest.fixture(scope="module")
def cloud() -> Generator[Cloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture
def center(cloud) -> "Center":
    """An Identity Center with two groups, administered from ACCOUNT, and everything of it in the hands of that account's root user."""
    app.reset()
    return Center(cloud, REGION)


class Center:
    """Shortcuts of an administrator."""

    def __init__(self, cloud: Cloud, region: str, who: aws.Credentials | None = None) -> None:
        groups = {"Engineering": ["ann"], "Research": ["rob", "ann"]}
        seeded = cloud.control("POST", "identity-center/instances", {"account": ACCOUNT, "region": region, "groups": groups})
        self.cloud, self.region = cloud, region
        self.instance, self.store = seeded.json()["instance_arn"], seeded.json()["identity_store"]
        self.sso, self.identity_store = (self.client(service, who) for service in ("sso-admin", "identitystore"))
        self.at = {"InstanceArn": self.instance}

    def client(self, service: str, who: aws.Credentials | None = None):
        used = who or self.cloud.root
        return boto3.client(
            service,
            endpoint_url=self.cloud.url,
            region_name=self.region,
            aws_access_key_id=used.access_key_id,
            aws_secret_access_key=used.secret_access_key,
            aws_session_token=used.session_token,
            config=Config(retries={"max_attempts": 0}),
        )

    def group(self, name: str) -> str:
        named = {"UniqueAttribute": {"AttributePath": "DisplayName", "AttributeValue": name}}
        return self.identity_store.get_group_id(IdentityStoreId=self.store, AlternateIdentifier=named)["GroupId"]

    def permission_set(self, name: str = "readers", document: str = READ, **given) -> str:
        made = self.sso.create_permission_set(Name=name, **self.at, **given)["PermissionSet"]["PermissionSetArn"]
        self.sso.put_inline_policy_to_permission_set(PermissionSetArn=made, InlinePolicy=document, **self.at)
        return made

    def target(self, permission_set: str, group: str = "Engineering", account: str = OTHER_ACCOUNT) -> dict[str, str]:
        principal = {"PrincipalType": "GROUP", "PrincipalId": self.group(group)}
        return {**self.at, "PermissionSetArn": permission_set, "TargetId": account, "TargetType": "AWS_ACCOUNT", **principal}

    def assign(self, permission_set: str, group: str = "Engineering", account: str = OTHER_ACCOUNT) -> None:
        started = self.sso.create_account_assignment(**self.target(permission_set, group, account))["AccountAssignmentCreationStatus"]
        assert started["Status"] == "IN_PROGRESS"
        request = {"AccountAssignmentCreationRequestId": started["RequestId"]}
        done = self.sso.describe_account_assignment_creation_status(**self.at, **request)["AccountAssignmentCreationStatus"]
        assert done["Status"] == "SUCCEEDED"

    def unassign(self, permission_set: str, group: str = "Engineering") -> None:
        self.sso.delete_account_assignment(**self.target(permission_set, group))

    def provision(self, permission_set: str) -> None:
        self.sso.provision_permission_set(PermissionSetArn=permission_set, TargetType="ALL_PROVISIONED_ACCOUNTS", **self.at)

    def credentials(self, user: str, name: str, account: str = OTHER_ACCOUNT, **sign_in) -> aws.Credentials:
        asked = {"account": ACCOUNT, "region": self.region, "user": user, **sign_in}
        token = self.cloud.control("POST", "identity-center/sign-ins", asked).json()["access_token"]
        return self.fetch(token, name, account)

    def fetch(self, token: str, name: str, account: str = OTHER_ACCOUNT) -> aws.Credentials:
        unsigned = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
        portal = boto3.client("sso", endpoint_url=self.cloud.url, region_name=self.region, config=unsigned)
        made = portal.get_role_credentials(roleName=name, accountId=account, accessToken=token)["roleCredentials"]
        return aws.Credentials(made["accessKeyId"], made["secretAccessKey"], made["sessionToken"])

    def role(self, user: str, name: str, account: str = OTHER_ACCOUNT) -> str:
        """The ARN of the role that a user's session has, path included."""
        found = aws.principal_for_key(self.credentials(user, name, account).access_key_id)
        assert found is not None
        return found.role_arn


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


# --- the roles that permission sets become ------------------------------------------------------------------------------------------------


def test_an_assignment_makes_a_role_that_its_users_get(center):
    made = center.permission_set("readers", SessionDuration="PT2H")
    center.assign(made)
    assert re.fullmatch(re.escape(f"{PREFIX}readers_") + "[0-9a-f]{16}", center.role("ann", "readers"))
    who = center.client("sts", center.credentials("ann", "readers")).get_caller_identity()
    assert re.fullmatch(rf"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/AWSReservedSSO_readers_[0-9a-f]{{16}}/ann", who["Arn"])


def test_a_session_has_the_policys_rights_and_no_more(cloud, center):
    center.assign(center.permission_set())
    session = center.credentials("ann", "readers")
    assert "Users" in cloud.client("iam", session).list_users()
    with pytest.raises(ClientError, match="not authorized to perform: iam:ListRoles"):
        cloud.client("iam", session).list_roles()


def test_in_us_east_1_the_path_has_no_region(cloud):
    app.reset()
    center = Center(cloud, "us-east-1")
    center.assign(center.permission_set("virginia"))
    expected = f"arn:aws:iam::{OTHER_ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_virginia_"
    assert center.role("ann", "virginia").startswith(expected)


def test_a_role_that_is_made_again_has_another_end_and_the_old_sessions_no_rights(cloud, center):
    made = center.permission_set("again")
    center.assign(made)
    before, old = center.role("ann", "again"), center.credentials("ann", "again")
    center.unassign(made)
    assert aws.role(before) is None
    center.assign(made)
    assert center.role("ann", "again") != before
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("iam", old).list_users()


def test_the_role_stays_while_another_group_has_it(center):
    made = center.permission_set("two")
    center.assign(made)
    center.assign(made, "Research")
    before = center.role("rob", "two")
    center.unassign(made)
    assert center.role("rob", "two") == before


def test_a_change_counts_when_it_is_provisioned(cloud, center):
    made = center.permission_set("changing")
    center.assign(made)
    center.sso.put_inline_policy_to_permission_set(
        PermissionSetArn=made, InlinePolicy=policy(allow("iam:ListRoles")), InstanceArn=center.instance
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("iam", center.credentials("ann", "changing")).list_roles()
    center.provision(made)
    assert cloud.client("iam", center.credentials("ann", "changing")).list_roles()["Roles"]


# --- the portal -------------------------------------------------------------------------------------------------------------------------


def test_who_gets_credentials(center):
    center.assign(center.permission_set())
    assert center.credentials("ann", "readers")
    for user, name, account in (
        ("rob", "readers", OTHER_ACCOUNT),
        ("ann", "writers", OTHER_ACCOUNT),
        ("ann", "readers", ACCOUNT),
    ):
        with pytest.raises(ClientError) as refused:
            center.credentials(user, name, account)
        assert code(refused) == "ForbiddenException"


def test_a_sign_in_ends_and_is_nobodys_guess(cloud, center):
    center.assign(center.permission_set())
    with pytest.raises(ClientError) as refused:
        center.fetch("guessed", "readers")
    assert code(refused) == "UnauthorizedException"
    with pytest.raises(ClientError) as refused:
        center.credentials("ann", "readers", seconds=-1)
    assert code(refused) == "UnauthorizedException"
    unknown = cloud.control("POST", "identity-center/sign-ins", {"account": ACCOUNT, "region": REGION, "user": "nobody"})
    assert unknown.status_code == 400 and "nobody" in unknown.json()["message"]


def test_control_is_for_the_holder_of_the_key(cloud):
    assert cloud.control("POST", "identity-center/instances", {}, key="wrong").status_code == 403
    assert cloud.control("POST", "identity-center/nothing", {}).status_code == 404


# --- requests ---------------------------------------------------------------------------------------------------------------------------


def test_instances_are_of_an_account_and_a_region(cloud, center):
    assert center.sso.list_instances()["Instances"][0]["InstanceArn"] == center.instance
    stranger = cloud.role("stranger", allow("sso:*"), account=OTHER_ACCOUNT)
    assert center.client("sso-admin", stranger).list_instances()["Instances"] == []
    with pytest.raises(ClientError) as refused:
        center.client("sso-admin", stranger).list_permission_sets(InstanceArn=center.instance)
    assert code(refused) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Name": "a b"}, "regular expression pattern"),
        ({"Name": "a" * 33}, "length less than or equal to 32"),
        ({"Name": "short", "SessionDuration": "PT59M"}, "between 1 and 12 hours"),
        ({"Name": "long", "SessionDuration": "PT12H1S"}, "between 1 and 12 hours"),
        ({"Name": "days", "SessionDuration": "P1D"}, "between 1 and 12 hours"),
    ],
)
def test_permission_sets_that_aws_refuses(center, given, words):
    with pytest.raises(ClientError, match=words) as refused:
        center.sso.create_permission_set(**center.at, **given)
    assert code(refused) == "ValidationException"
    assert (
        center.sso.create_permission_set(Name="a" * 32, SessionDuration="PT12H", **center.at)["PermissionSet"]["SessionDuration"] == "PT12H"
    )


def test_policies_that_aws_refuses(center):
    made = center.permission_set()
    for document in (
        "{}",
        policy({"Effect": "Allow", "Action": "*"}),
        policy(*[allow("s3:GetObject", resource="arn:aws:s3:::x" * 20)] * 60),
    ):
        with pytest.raises(ClientError) as refused:
            center.sso.put_inline_policy_to_permission_set(PermissionSetArn=made, InlinePolicy=document, **center.at)
        assert code(refused) == "ValidationException"


def test_names_are_unique_and_what_is_assigned_stays(center):
    made = center.permission_set("one")
    for conflict in (
        lambda: center.permission_set("one"),
        lambda: (center.assign(made), center.assign(made)),
        lambda: center.sso.delete_permission_set(PermissionSetArn=made, **center.at),
    ):
        with pytest.raises(ClientError) as refused:
            conflict()
        assert code(refused) == "ConflictException"
    center.unassign(made)
    center.sso.delete_permission_set(PermissionSetArn=made, **center.at)
    assert center.sso.list_permission_sets(**center.at)["PermissionSets"] == []


def test_what_does_not_exist(center):
    missing = f"{center.instance.replace(':::instance/', ':::permissionSet/')}/ps-{'0' * 16}"
    for attempt in (
        lambda: center.group("Nobody"),
        lambda: center.sso.describe_permission_set(PermissionSetArn=missing, **center.at),
        lambda: center.unassign(center.permission_set()),
        lambda: center.identity_store.describe_group(IdentityStoreId=center.store, GroupId="0" * 8 + "-0000-0000-0000-" + "0" * 12),
    ):
        with pytest.raises(ClientError) as refused:
            attempt()
        assert code(refused) == "ResourceNotFoundException"


def test_what_it_does_not_do_it_says(center):
    made = center.permission_set()
    with pytest.raises(ClientError, match="not part of this local cloud") as refused:
        center.sso.attach_managed_policy_to_permission_set(PermissionSetArn=made, ManagedPolicyArn="arn:aws:iam::aws:policy/X", **center.at)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError, match="groups alone"):
        center.sso.create_account_assignment(**{**center.target(made), "PrincipalType": "USER"})


# --- rights -----------------------------------------------------------------------------------------------------------------------------

TAGGED = {"StringEquals": {"aws:ResourceTag/owner": "us"}}


def test_every_resource_of_a_call_counts(cloud, center):
    made = center.permission_set("counted")
    everything = ["arn:aws:sso:::instance/*", "arn:aws:sso:::permissionSet/*", f"arn:aws:sso:::account/{OTHER_ACCOUNT}"]
    target = center.target(made)
    for number, left_out in enumerate(everything):
        who = cloud.role(f"partly-{number}", allow("sso:CreateAccountAssignment", resource=[one for one in everything if one != left_out]))
        with pytest.raises(ClientError) as refused:
            center.client("sso-admin", who).create_account_assignment(**target)
        assert code(refused) == "AccessDeniedException"
    who = cloud.role("wholly", allow("sso:CreateAccountAssignment", resource=everything))
    assert center.client("sso-admin", who).create_account_assignment(**target)


def test_tags_tell_whose_a_permission_set_is(cloud, center):
    ours = center.permission_set("ours", Tags=[{"Key": "owner", "Value": "us"}])
    theirs = center.permission_set("theirs", Tags=[{"Key": "owner", "Value": "them"}])
    who = cloud.role(
        "tagged",
        allow("sso:*", resource="arn:aws:sso:::instance/*"),
        allow("sso:*", resource="arn:aws:sso:::permissionSet/*", Condition=TAGGED),
        allow(
            "sso:CreatePermissionSet", resource="arn:aws:sso:::permissionSet/*", Condition={"StringEquals": {"aws:RequestTag/owner": "us"}}
        ),
    )
    sso = center.client("sso-admin", who)
    sso.put_inline_policy_to_permission_set(PermissionSetArn=ours, InlinePolicy=READ, **center.at)
    sso.create_permission_set(Name="new", Tags=[{"Key": "owner", "Value": "us"}], **center.at)
    for attempt in (
        lambda: sso.put_inline_policy_to_permission_set(PermissionSetArn=theirs, InlinePolicy=READ, **center.at),
        lambda: sso.tag_resource(ResourceArn=theirs, Tags=[{"Key": "owner", "Value": "us"}], **center.at),
        lambda: sso.create_permission_set(Name="untagged", **center.at),
    ):
        with pytest.raises(ClientError) as refused:
            attempt()
        assert code(refused) == "AccessDeniedException"


def test_a_call_without_a_policy_or_a_signature_is_refused(cloud, center):
    with pytest.raises(ClientError) as refused:
        center.client("sso-admin", cloud.role("nobody")).list_instances()
    assert code(refused) == "AccessDeniedException"
    forged = aws.Credentials(cloud.root.access_key_id, "guessed")
    with pytest.raises(ClientError) as refused:
        center.client("sso-admin", forged).list_instances()
    assert code(refused) == "SignatureDoesNotMatch"


# --- reserved roles ---------------------------------------------------------------------------------------------------------------------


def test_iam_lets_nobody_change_a_reserved_role_or_make_one(cloud, center):
    center.assign(center.permission_set("kept"))
    name = center.role("ann", "kept").rpartition("/")[2]
    administrator = cloud.role("administrator", allow("*"), account=OTHER_ACCOUNT)
    iam = cloud.client("iam", administrator)
    assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name
    trust = policy({"Effect": "Allow", "Principal": {"AWS": OTHER_ACCOUNT}, "Action": "sts:AssumeRole"})
    for attempt in (
        lambda: iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=policy(allow("*"))),
        lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust),
        lambda: iam.delete_role(RoleName=name),
    ):
        with pytest.raises(ClientError) as refused:
            attempt()
        assert code(refused) == "UnmodifiableEntity"
    with pytest.raises(ClientError, match="reserved for AWS services"):
        iam.create_role(RoleName=f"{name}x", Path="/aws-reserved/sso.amazonaws.com/", AssumeRolePolicyDocument=trust)
    assert iam.create_role(RoleName=f"{name}x", Path="/reserved/", AssumeRolePolicyDocument=trust)


def test_nobody_but_identity_center_assumes_one(cloud, center):
    center.assign(center.permission_set("assumed"))
    arn = center.role("ann", "assumed")
    administrator = cloud.role("assumer", allow("*"), account=OTHER_ACCOUNT)
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("sts", administrator).assume_role(RoleArn=arn, RoleSessionName="somebody")


def test_what_a_provider_asks_for(center):
    """The calls that the AWS provider makes beside those above."""
    made = center.permission_set("asked", Description="Readers", Tags=[{"Key": "owner", "Value": "us"}])
    described = center.sso.describe_permission_set(PermissionSetArn=made, **center.at)["PermissionSet"]
    assert (described["Description"], described["SessionDuration"]) == ("Readers", HOURS)
    assert center.sso.list_tags_for_resource(ResourceArn=made, **center.at)["Tags"] == [{"Key": "owner", "Value": "us"}]
    center.sso.update_permission_set(PermissionSetArn=made, Description="All", SessionDuration="PT3H", **center.at)
    center.sso.untag_resource(ResourceArn=made, TagKeys=["owner"], **center.at)
    assert center.sso.describe_permission_set(PermissionSetArn=made, **center.at)["PermissionSet"]["SessionDuration"] == "PT3H"
    assert center.sso.list_tags_for_resource(ResourceArn=made, **center.at)["Tags"] == []
    inline = center.sso.get_inline_policy_for_permission_set(PermissionSetArn=made, **center.at)["InlinePolicy"]
    assert json.loads(inline) == json.loads(READ)
    center.assign(made)
    found = center.sso.list_account_assignments(PermissionSetArn=made, AccountId=OTHER_ACCOUNT, **center.at)["AccountAssignments"]
    assert [one["PrincipalId"] for one in found] == [center.group("Engineering")]
    center.sso.delete_inline_policy_from_permission_set(PermissionSetArn=made, **center.at)
    center.provision(made)
    assert center.sso.get_inline_policy_for_permission_set(PermissionSetArn=made, **center.at)["InlinePolicy"] == ""
