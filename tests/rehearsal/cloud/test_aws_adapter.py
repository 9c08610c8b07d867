"""The contract of the adapter: what the local AWS must refuse, and the twin that differs in one thing and is allowed.

These tests hold every internal of ministack that the adapter touches.
"""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from typing import Any

import botocore.session
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from rehearsal.cloud import aws
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, REGION, Cloud, allow, policy, running_cloud

SERVICES = ["iam", "sts", "kms", "sns", "sqs", "events", "secretsmanager"]
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
ALWAYS_ALLOWED = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
WITHOUT_SIGNATURE = {("sts", "AssumeRoleWithWebIdentity"), ("sts", "AssumeRoleWithSAML")}
COVERED = {"iam": 60, "sts": 2, "kms": 30, "sns": 15, "sqs": 15, "events": 15, "secretsmanager": 11}  # at least


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with running_cloud() as running:
        yield running


def outcome(call: Any, **parameters: Any) -> str:
    """ "ok", or the error code of a call."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "ok"


def example(shape: Any, depth: int = 0) -> Any:
    """A value with the required members of a shape, and with the members that name a resource."""
    if shape.type_name == "structure":
        wanted = {n for n in shape.members if n in shape.required_members or n.endswith(("Name", "Arn", "ARN", "Url", "KeyId"))}
        return {name: example(shape.members[name], depth + 1) for name in wanted} if depth < 4 else {}
    if shape.type_name == "list":
        return [example(shape.member, depth + 1)]
    if shape.type_name == "map":
        return {"key": example(shape.value, depth + 1)}
    simple = {"boolean": True, "integer": 1, "long": 1, "timestamp": 0, "blob": b"x" * 80, "float": 1.0, "double": 1.0}
    if shape.type_name in simple:
        return simple[shape.type_name]
    return shape.enum[0] if getattr(shape, "enum", None) else "x" * max(8, shape.metadata.get("min", 1))


def operations() -> list[tuple[str, str]]:
    models = {service: botocore.session.get_session().get_service_model(service) for service in SERVICES}
    return [(service, name) for service, model in models.items() for name in model.operation_names]


def _call_every_operation(cloud: Cloud, credentials: aws.Credentials) -> dict[tuple[str, str], str]:
    outcomes = {}
    for service in SERVICES:
        client = cloud.client(service, credentials, parameter_validation=False)
        for method, name in client.meta.method_to_api_mapping.items():
            model = client.meta.service_model.operation_model(name)
            outcomes[service, name] = outcome(getattr(client, method), **(example(model.input_shape) if model.input_shape else {}))
    return outcomes


@pytest.fixture(scope="module")
def of_nobody(cloud: Cloud) -> dict[tuple[str, str], str]:
    return _call_every_operation(cloud, cloud.user("nobody"))


@pytest.fixture(scope="module")
def of_administrator(cloud: Cloud) -> dict[tuple[str, str], str]:
    return _call_every_operation(cloud, cloud.user("administrator", allow("*")))


class TestEveryOperation:
    def test_a_caller_without_policy_is_refused_everywhere(self, of_nobody: dict[tuple[str, str], str]) -> None:
        assert set(of_nobody) == set(operations())
        let_in = {each for each, result in of_nobody.items() if result not in DENIED | {"NotImplemented"}}
        assert let_in == ALWAYS_ALLOWED | WITHOUT_SIGNATURE

    def test_a_call_without_signature_is_answered_to_nobody(self, of_nobody: dict[tuple[str, str], str]) -> None:
        assert {of_nobody[each] for each in WITHOUT_SIGNATURE} == {"InvalidIdentityToken", "MissingAuthenticationToken"}

    def test_what_is_refused_to_nobody_is_not_refused_to_an_administrator(
        self, of_nobody: dict[tuple[str, str], str], of_administrator: dict[tuple[str, str], str]
    ) -> None:
        refused = {each for each, result in of_nobody.items() if result in DENIED}
        assert {each for each in refused if of_administrator[each] in DENIED} == set()

    def test_the_services_are_covered(self, of_nobody: dict[tuple[str, str], str]) -> None:
        covered = {service: sum(of_nobody[s, n] in DENIED for s, n in of_nobody if s == service) for service in SERVICES}
        assert {service: covered[service] >= least for service, least in COVERED.items()} == dict.fromkeys(SERVICES, True)

    def test_a_service_that_is_not_part_of_the_cloud_says_so(self, cloud: Cloud) -> None:
        assert httpx.get(cloud.url, headers=signed(cloud, "s3", method="GET")).status_code == 501


def signed(
    cloud: Cloud,
    service: str,
    body: str = "",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/",
    credentials: aws.Credentials | None = None,
) -> dict[str, str]:
    """Headers of a request that is signed by hand."""
    used = credentials or cloud.root
    request = AWSRequest(method, f"{cloud.url}{path}", headers=headers or {}, data=body)
    SigV4Auth(Credentials(used.access_key_id, used.secret_access_key, used.session_token), service, REGION).add_auth(request)
    return dict(request.headers)


def known(credentials: aws.Credentials) -> aws.Principal:
    principal = aws.principal_for_key(credentials.access_key_id)
    assert principal
    return principal


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class TestAuthentication:
    def test_a_signature_is_needed(self, cloud: Cloud) -> None:
        body = "Action=ListRoles&Version=2010-05-08"
        assert httpx.post(cloud.url, content=body, headers=signed(cloud, "iam", body, FORM)).status_code == 200
        assert "MissingAuthenticationToken" in httpx.post(cloud.url, content=body, headers=FORM).text

    def test_the_body_is_signed(self, cloud: Cloud) -> None:
        headers = signed(cloud, "iam", "Action=ListRoles&Version=2010-05-08", FORM)
        answer = httpx.post(cloud.url, content="Action=ListUsers&Version=2010-05-08", headers=headers)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)

    def test_a_stated_hash_must_be_the_bodys(self, cloud: Cloud) -> None:
        body = "Action=ListRoles&Version=2010-05-08"
        headers = signed(cloud, "iam", body, {**FORM, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
        assert "SignatureDoesNotMatch" in httpx.post(cloud.url, content=body, headers=headers).text

    def test_the_secret_is_checked(self, cloud: Cloud) -> None:
        for credentials in (cloud.root, cloud.user("with-secret", allow("*")), cloud.role("with-secret", allow("*"))):
            assert outcome(cloud.client("iam", credentials).list_roles) == "ok"
            wrong = aws.Credentials(credentials.access_key_id, "wrong", credentials.session_token)
            assert outcome(cloud.client("iam", wrong).list_roles) == "SignatureDoesNotMatch"

    def test_a_sessions_token_is_checked(self, cloud: Cloud) -> None:
        session = cloud.role("with-token", allow("*"))
        for token in (None, "wrong"):
            stolen = aws.Credentials(session.access_key_id, session.secret_access_key, token)
            assert outcome(cloud.client("iam", stolen).list_roles) in {"InvalidClientTokenId", "InvalidToken"}

    @pytest.mark.parametrize("key", ["test", ACCOUNT, OTHER_ACCOUNT, "AKIAIOSFODNN7EXAMPLE"])
    def test_keys_that_nobody_was_given_are_unknown(self, cloud: Cloud, key: str) -> None:
        """ministack takes `test` and account ids for root."""
        client = cloud.client("sts", aws.Credentials(key, "test"))
        assert outcome(client.get_caller_identity) == "InvalidClientTokenId"

    def test_an_expired_session_is_refused_and_still_known(self, cloud: Cloud) -> None:
        lasting, expired = cloud.role("lasting", allow("*")), cloud.role("expired", allow("*"), seconds=-1)
        cloud.role("another")  # ministack forgets expired sessions when the next one starts
        assert outcome(cloud.client("iam", lasting).list_roles) == "ok"
        assert outcome(cloud.client("iam", expired).list_roles) in {"ExpiredToken", "ExpiredTokenException"}
        assert known(expired).role_arn == f"arn:aws:iam::{ACCOUNT}:role/expired"

    def test_a_call_can_not_name_two_actions(self, cloud: Cloud) -> None:
        """ministack would check the query string's action and serve the body's."""
        nobody = cloud.role("smuggler")
        for path, body in [("/?Action=GetCallerIdentity", "Action=CreateUser&UserName=eve"), ("/", "Action=ListRoles&Action=CreateUser")]:
            headers = signed(cloud, "iam", body, FORM, path=path, credentials=nobody)
            assert httpx.post(f"{cloud.url}{path}", content=body, headers=headers).status_code == 400
        body, headers = "{}", {"X-Amz-Target": "TrentService.ListKeys", "Content-Type": "application/x-amz-json-1.1"}
        headers = signed(cloud, "iam", body, headers, credentials=nobody)
        assert httpx.post(cloud.url, content=body, headers=headers).status_code == 400
        assert outcome(cloud.client("iam").get_user, UserName="eve") == "NoSuchEntity"

    def test_ministacks_own_endpoints_are_closed(self, cloud: Cloud) -> None:
        for path in ("/_ministack/reset", "/_ministack/health", "/_localstack/health", "/_aws/sqs/messages"):
            assert httpx.post(f"{cloud.url}{path}").status_code == 404

    def test_ministack_refuses_what_did_not_come_through_the_front(self, cloud: Cloud) -> None:
        refusal = aws._undecided()
        assert refusal and refusal.code == "AccessDenied"
        with aws.decided():
            assert aws._undecided() is None
        assert not aws._was_decided()

    def test_principal_for_key(self, cloud: Cloud) -> None:
        session = cloud.role("by-key", path="/package-flow/")
        principal = known(session)
        assert (principal.arn, principal.role_arn) == (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/by-key/test",
            f"arn:aws:iam::{ACCOUNT}:role/package-flow/by-key",
        )
        assert known(cloud.user("by-key")).arn == f"arn:aws:iam::{ACCOUNT}:user/by-key"
        assert known(cloud.root).kind == "Root"
        assert aws.principal_for_key("ASIAUNKNOWN") is None


class TestDecide:
    ARN = f"arn:aws:codeartifact:{REGION}:{ACCOUNT}:repository/acme/shared"
    ACTION = "codeartifact:ReadFromRepository"

    def decide(self, credentials: aws.Credentials, *documents: dict[str, Any], **options: Any) -> aws.iam.Decision:
        return aws.decide(known(credentials), self.ACTION, self.ARN, resource_policies=documents, **options)

    def test_identity_or_resource_at_home(self, cloud: Cloud) -> None:
        grant = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": self.ACTION, "Resource": "*"}}
        nobody, reader = cloud.role("decide-nobody"), cloud.role("decide-reader", allow(self.ACTION))
        assert not self.decide(nobody).allowed
        assert self.decide(nobody, grant).allowed
        assert self.decide(reader).allowed

    def test_a_deny_in_any_of_several_documents_wins_also_over_administrators_and_root(self, cloud: Cloud) -> None:
        domain = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
        repository = {"Statement": {"Effect": "Deny", "Principal": "*", "Action": self.ACTION, "Resource": "*", "Sid": "Closed"}}
        for credentials in (cloud.role("decide-administrator", allow("*")), cloud.root):
            assert self.decide(credentials, domain).allowed
            assert self.decide(credentials, domain, repository) == aws.iam.Decision(False, "explicit deny in a resource policy", "Closed")

    def test_root_of_another_account_needs_the_resources_consent(self, cloud: Cloud) -> None:
        stranger = aws.root_credentials(OTHER_ACCOUNT)
        consent = {"Statement": {"Effect": "Allow", "Principal": {"AWS": OTHER_ACCOUNT}, "Action": "*", "Resource": "*"}}
        assert not self.decide(stranger).allowed
        assert self.decide(stranger, consent).allowed

    def test_the_owner_can_be_stated(self, cloud: Cloud) -> None:
        reader = cloud.role("decide-owner", allow(self.ACTION))
        assert self.decide(reader, owner=ACCOUNT).allowed
        assert not self.decide(reader, owner=OTHER_ACCOUNT).allowed

    def test_context_reaches_the_conditions(self, cloud: Cloud) -> None:
        condition = {"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}
        capped = cloud.role("decide-capped", allow(self.ACTION, Condition=condition))
        assert self.decide(capped, context={"sts:DurationSeconds": "3600"}).allowed
        assert not self.decide(capped, context={"sts:DurationSeconds": "43200"}).allowed
        assert not self.decide(capped).allowed

    def test_organization(self, cloud: Cloud) -> None:
        grant = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        }
        member = cloud.role("member", allow("*"), account=OTHER_ACCOUNT)
        aws.create_account(OTHER_ACCOUNT, "o-foreign000")
        assert not self.decide(member, {"Statement": grant}).allowed
        aws.create_account(OTHER_ACCOUNT, "o-a1b2c3d4e5", ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"])
        assert self.decide(member, {"Statement": grant}).allowed
        paths = {**grant, "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}}}
        assert self.decide(member, {"Statement": paths}).allowed
        aws.create_account(OTHER_ACCOUNT)
        assert not self.decide(member, {"Statement": grant}).allowed

    def test_rights_are_those_of_the_moment(self, cloud: Cloud) -> None:
        reader = cloud.role("decide-changing", allow(self.ACTION))
        assert self.decide(reader).allowed
        cloud.client("iam").delete_role_policy(RoleName="decide-changing", PolicyName="rehearsal")
        assert not self.decide(reader).allowed

    def test_a_role_made_again_does_not_inherit_sessions(self, cloud: Cloud) -> None:
        old = cloud.role("again", allow(self.ACTION))
        client = cloud.client("iam")
        client.delete_role_policy(RoleName="again", PolicyName="rehearsal")
        client.delete_role(RoleName="again")
        new = cloud.role("again", allow(self.ACTION))
        assert self.decide(new).allowed
        assert not self.decide(old).allowed

    def test_every_decision_is_logged(self, cloud: Cloud) -> None:
        reader, before = cloud.role("decide-logged", allow(self.ACTION, Sid="Read")), len(aws.decisions)
        self.decide(reader)
        assert aws.decisions[before:] == [
            {
                "principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/decide-logged/test",
                "action": self.ACTION,
                "resource": self.ARN,
                "allowed": True,
                "reason": "allowed by an identity policy",
                "statement": "Read",
            }
        ]


class TestIdentityPolicies:
    def test_managed_and_inline_policies_count(self, cloud: Cloud) -> None:
        client, user = cloud.client("iam"), cloud.user("managed")
        listing = cloud.client("kms", user).list_keys
        assert outcome(listing) == "AccessDeniedException"
        arn = client.create_policy(PolicyName="list", PolicyDocument=policy(allow("kms:ListKeys")))["Policy"]["Arn"]
        client.attach_user_policy(UserName="managed", PolicyArn=arn)
        assert outcome(listing) == "ok"
        client.put_user_policy(UserName="managed", PolicyName="no", PolicyDocument=policy({**allow("kms:*"), "Effect": "Deny"}))
        assert outcome(listing) == "AccessDeniedException"

    def test_a_permissions_boundary_limits(self, cloud: Cloud) -> None:
        client, session = cloud.client("iam"), cloud.role("bounded", allow("*"))
        boundary = client.create_policy(PolicyName="boundary", PolicyDocument=policy(allow("kms:*")))["Policy"]["Arn"]
        assert outcome(cloud.client("iam", session).list_roles) == "ok"
        client.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
        assert outcome(cloud.client("iam", session).list_roles) == "AccessDenied"
        assert outcome(cloud.client("kms", session).list_keys) == "ok"

    def test_roles_are_checked_by_their_path(self, cloud: Cloud) -> None:
        deployer = cloud.role("deployer", allow("iam:*", resource=f"arn:aws:iam::{ACCOUNT}:role/package-flow/*"))
        client, trust = cloud.client("iam", deployer), policy(assume_by(ACCOUNT))
        document = policy(allow("*"))
        create = client.create_role
        assert outcome(create, RoleName="deployed", Path="/package-flow/", AssumeRolePolicyDocument=trust) == "ok"
        assert outcome(create, RoleName="deployed-2", Path="/", AssumeRolePolicyDocument=trust) == "AccessDenied"
        cloud.role("elsewhere")
        put = client.put_role_policy
        assert outcome(put, RoleName="deployed", PolicyName="p", PolicyDocument=document) == "ok"
        assert outcome(put, RoleName="elsewhere", PolicyName="p", PolicyDocument=document) == "AccessDenied"

    def test_the_boundary_of_a_role_is_a_condition_key(self, cloud: Cloud) -> None:
        admin = cloud.client("iam")
        boundary = admin.create_policy(PolicyName="deployed-boundary", PolicyDocument=policy(allow("kms:*")))["Policy"]["Arn"]
        condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        client = cloud.client("iam", cloud.role("bounded-deployer", allow("iam:CreateRole", "iam:PutRolePolicy", Condition=condition)))
        trust, document = policy(assume_by(ACCOUNT)), policy(allow("*"))
        without = {"RoleName": "unbounded-by-deployer", "AssumeRolePolicyDocument": trust}
        assert outcome(client.create_role, **without) == "AccessDenied"
        assert outcome(client.create_role, **{**without, "RoleName": "bounded-by-deployer"}, PermissionsBoundary=boundary) == "ok"
        cloud.role("unbounded-by-deployer")
        put = {"PolicyName": "p", "PolicyDocument": document}
        assert outcome(client.put_role_policy, RoleName="bounded-by-deployer", **put) == "ok"
        assert outcome(client.put_role_policy, RoleName="unbounded-by-deployer", **put) == "AccessDenied"

    def test_a_provider_is_checked_by_its_arn(self, cloud: Cloud) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example"
        client = cloud.client("iam", cloud.role("provider-maker", allow("iam:*OpenIDConnectProvider", resource=arn)))
        create = client.create_open_id_connect_provider
        assert outcome(create, Url="https://other.example", ClientIDList=["a"]) == "AccessDenied"
        assert outcome(create, Url="https://id.example", ClientIDList=["a"]) == "ok"
        assert outcome(client.get_open_id_connect_provider, OpenIDConnectProviderArn=arn) == "ok"

    def test_passing_a_role_to_eventbridge_is_checked(self, cloud: Cloud) -> None:
        cloud.role("passed")
        role = f"arn:aws:iam::{ACCOUNT}:role/passed"
        target = {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue", "RoleArn": role}
        cloud.client("events").put_rule(Name="passing", EventPattern='{"source": ["aws.codeartifact"]}')
        rights = [allow("events:*"), allow("iam:PassRole", resource=role)]
        passer, other = cloud.role("passer", *rights), cloud.role("no-passer", *rights[:1])
        assert outcome(cloud.client("events", other).put_targets, Rule="passing", Targets=[target]) == "AccessDeniedException"
        assert outcome(cloud.client("events", passer).put_targets, Rule="passing", Targets=[target]) == "ok"
        condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
        elsewhere = cloud.role("passer-elsewhere", allow("events:*"), allow("iam:PassRole", Condition=condition))
        assert outcome(cloud.client("events", elsewhere).put_targets, Rule="passing", Targets=[target]) == "AccessDeniedException"

    def test_making_with_tags_needs_the_right_to_tag(self, cloud: Cloud) -> None:
        makers = {
            "iam": ("create_policy", {"PolicyName": "tagged", "PolicyDocument": policy(allow("*"))}, "iam:TagPolicy"),
            "kms": ("create_key", {}, "kms:TagResource"),
            "sns": ("create_topic", {"Name": "tagged-by-maker"}, "sns:TagResource"),
            "sqs": ("create_queue", {"QueueName": "tagged"}, "sqs:TagQueue"),
            "events": ("put_rule", {"Name": "tagged", "ScheduleExpression": "rate(1 day)"}, "events:TagResource"),
        }
        key = {"kms": ("TagKey", "TagValue")}
        for service, (method, arguments, action) in makers.items():
            name, value = key.get(service, ("Key", "Value"))
            tags = {"tags": {"team": "payments"}} if service == "sqs" else {"Tags": [{name: "team", value: "payments"}]}
            maker, other = cloud.role(f"maker-{service}", allow(f"{service}:*")), cloud.role(f"no-tagger-{service}", allow(f"{service}:*"))
            forbid = policy({**allow(action), "Effect": "Deny"})
            cloud.client("iam").put_role_policy(RoleName=f"no-tagger-{service}", PolicyName="no", PolicyDocument=forbid)
            assert outcome(getattr(cloud.client(service, other), method), **arguments, **tags) in DENIED, service
            assert outcome(getattr(cloud.client(service, maker), method), **arguments, **tags) == "ok", service

    def test_tags_of_request_resource_and_principal(self, cloud: Cloud) -> None:
        condition = {"StringEquals": {"aws:RequestTag/team": "payments"}}
        tagger = cloud.client("sns", cloud.role("tagger", allow("sns:*", Condition=condition)))
        assert outcome(tagger.create_topic, Name="tagged", Tags=[{"Key": "team", "Value": "payments"}]) == "ok"
        assert outcome(tagger.create_topic, Name="tagged-2", Tags=[{"Key": "team", "Value": "other"}]) == "AuthorizationError"
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:tagged"
        for value, expected in (("payments", "ok"), ("other", "AuthorizationError")):
            owner = cloud.role(f"owner-{value}", allow("sns:*", Condition={"StringEquals": {"aws:ResourceTag/team": value}}))
            assert outcome(cloud.client("sns", owner).get_topic_attributes, TopicArn=arn) == expected
        tenant = allow("sns:*", Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}})
        session = cloud.role("tenant", tenant)
        assert outcome(cloud.client("sns", session).get_topic_attributes, TopicArn=arn) == "AuthorizationError"
        cloud.client("iam").tag_role(RoleName="tenant", Tags=[{"Key": "team", "Value": "payments"}])
        assert outcome(cloud.client("sns", session).get_topic_attributes, TopicArn=arn) == "ok"


def assume_by(*principals: str, **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": list(principals)}, **elements}


@pytest.fixture(scope="module")
def topic(cloud: Cloud) -> str:
    return cloud.client("sns").create_topic(Name="guarded")["TopicArn"]


class TestResourcePolicies:
    def publish(self, cloud: Cloud, credentials: aws.Credentials | None, topic: str, *statements: dict[str, Any]) -> str:
        cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(*statements))
        return outcome(cloud.client("sns", credentials).publish, TopicArn=topic, Message="m")

    def test_a_deny_binds_root(self, cloud: Cloud, topic: str) -> None:
        deny = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
        assert self.publish(cloud, None, topic, {**deny, "Action": "sns:Subscribe"}) == "ok"
        assert self.publish(cloud, None, topic, deny) == "AuthorizationError"

    def test_principal_arn_is_the_roles(self, cloud: Cloud, topic: str) -> None:
        publisher = cloud.role("topic-publisher", allow("sns:Publish"), path="/package-flow/")
        role = f"arn:aws:iam::{ACCOUNT}:role/package-flow/topic-publisher"
        deny = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
        but_role = {**deny, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}}}
        but_session = {**deny, "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/*"}}}
        assert self.publish(cloud, publisher, topic, but_role) == "ok"
        assert self.publish(cloud, publisher, topic, but_session) == "AuthorizationError"

    def test_another_account_needs_both(self, cloud: Cloud, topic: str) -> None:
        grant = {"Effect": "Allow", "Principal": {"AWS": OTHER_ACCOUNT}, "Action": "sns:Publish", "Resource": topic}
        publisher = cloud.role("foreign-publisher", allow("sns:Publish"), account=OTHER_ACCOUNT)
        nobody = cloud.role("foreign-nobody", account=OTHER_ACCOUNT)
        assert self.publish(cloud, publisher, topic, grant) == "ok"
        assert self.publish(cloud, nobody, topic, grant) == "AuthorizationError"
        assert self.publish(cloud, publisher, topic, {**grant, "Principal": {"AWS": ACCOUNT}}) == "AuthorizationError"

    def test_a_key_policy_must_allow(self, cloud: Cloud) -> None:
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
        only_root_user = {**root, "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}
        user = cloud.client("kms", cloud.role("key-user", allow("kms:*")))
        for statement, expected in ((root, "ok"), (only_root_user, "AccessDeniedException")):
            key = cloud.client("kms").create_key(Policy=policy(statement))["KeyMetadata"]["Arn"]
            assert outcome(user.describe_key, KeyId=key) == expected
            assert outcome(cloud.client("kms").describe_key, KeyId=key) == "ok"

    def test_a_key_is_checked_by_its_arn_whatever_names_it(self, cloud: Cloud) -> None:
        client = cloud.client("kms")
        key = client.create_key()["KeyMetadata"]
        client.create_alias(AliasName="alias/named", TargetKeyId=key["KeyId"])
        user = cloud.client("kms", cloud.role("alias-user", allow("kms:DescribeKey", resource=key["Arn"])))
        other = cloud.client("kms", cloud.role("alias-other", allow("kms:DescribeKey", resource=f"{key['Arn']}0")))
        for name in (key["KeyId"], key["Arn"], "alias/named"):
            assert outcome(user.describe_key, KeyId=name) == "ok"
            assert outcome(other.describe_key, KeyId=name) == "AccessDeniedException"

    def test_a_queue_in_another_account(self, cloud: Cloud) -> None:
        url = cloud.client("sqs").create_queue(QueueName="shared-queue")["QueueUrl"]
        sender = cloud.client("sqs", cloud.role("foreign-sender", allow("sqs:*"), account=OTHER_ACCOUNT))
        assert outcome(sender.send_message, QueueUrl=url, MessageBody="m") == "AccessDenied"
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:shared-queue"
        grant = {"Effect": "Allow", "Principal": {"AWS": OTHER_ACCOUNT}, "Action": "sqs:SendMessage", "Resource": arn}
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(grant)})
        assert outcome(sender.send_message, QueueUrl=url, MessageBody="m") == "ok"


class TestAssumeRole:
    def assume(self, cloud: Cloud, credentials: aws.Credentials | None, name: str, account: str = ACCOUNT, **extra: Any) -> str:
        arn = f"arn:aws:iam::{account}:role/{name}"
        return outcome(cloud.client("sts", credentials).assume_role, RoleArn=arn, RoleSessionName="session", **extra)

    def make(self, name: str, *statements: dict[str, Any], account: str = ACCOUNT) -> None:
        aws.create_role(account, name, "/", None, {"Version": "2012-10-17", "Statement": list(statements)})

    def test_trust_in_the_account_delegates(self, cloud: Cloud) -> None:
        self.make("delegated", assume_by(ACCOUNT))
        assert self.assume(cloud, cloud.role("assumer", allow("sts:AssumeRole")), "delegated") == "ok"
        assert self.assume(cloud, cloud.role("not-assumer"), "delegated") == "AccessDenied"

    def test_trust_in_a_role_is_enough_in_its_account(self, cloud: Cloud) -> None:
        named, other = cloud.role("trusted"), cloud.role("not-trusted", allow("sts:AssumeRole"))
        self.make("trusting", assume_by(f"arn:aws:iam::{ACCOUNT}:role/trusted"))
        assert self.assume(cloud, named, "trusting") == "ok"
        assert self.assume(cloud, other, "trusting") == "AccessDenied"

    def test_another_accounts_role_needs_both(self, cloud: Cloud) -> None:
        self.make("open-to-us", assume_by(ACCOUNT), account=OTHER_ACCOUNT)
        self.make("closed-to-us", assume_by(OTHER_ACCOUNT), account=OTHER_ACCOUNT)
        assumer = cloud.role("cross-assumer", allow("sts:AssumeRole"))
        assert self.assume(cloud, assumer, "open-to-us", OTHER_ACCOUNT) == "ok"
        assert self.assume(cloud, assumer, "closed-to-us", OTHER_ACCOUNT) == "AccessDenied"
        assert self.assume(cloud, cloud.role("cross-nobody"), "open-to-us", OTHER_ACCOUNT) == "AccessDenied"

    def test_conditions_and_denies(self, cloud: Cloud) -> None:
        self.make("external", assume_by(ACCOUNT, Condition={"StringEquals": {"sts:ExternalId": "agreed"}}))
        assert self.assume(cloud, None, "external", ExternalId="agreed") == "ok"
        assert self.assume(cloud, None, "external", ExternalId="other") == "AccessDenied"
        assert self.assume(cloud, None, "external") == "AccessDenied"
        self.make("denying", assume_by(ACCOUNT), {**assume_by("*"), "Effect": "Deny"})
        assert self.assume(cloud, None, "denying") == "AccessDenied"

    def test_the_path_is_part_of_the_arn(self, cloud: Cloud) -> None:
        aws.create_role(ACCOUNT, "with-path", "/package-flow/", None)
        assert self.assume(cloud, None, "package-flow/with-path") == "ok"
        assert self.assume(cloud, None, "with-path") == "AccessDenied"

    def test_tagging_a_session_is_an_action_of_its_own(self, cloud: Cloud) -> None:
        self.make("tags-refused", assume_by(ACCOUNT))
        self.make("tags-allowed", {**assume_by(ACCOUNT), "Action": ["sts:AssumeRole", "sts:TagSession"]})
        tags = [{"Key": "team", "Value": "payments"}]
        assert self.assume(cloud, None, "tags-allowed", Tags=tags) == "ok"
        assert self.assume(cloud, None, "tags-refused", Tags=tags) == "AccessDenied"

    def test_durations(self, cloud: Cloud) -> None:
        self.make("one-hour", assume_by(ACCOUNT))
        user, session = cloud.user("for-hours", allow("sts:AssumeRole")), cloud.role("chain", allow("sts:AssumeRole"))
        assert self.assume(cloud, user, "one-hour", DurationSeconds=3600) == "ok"
        assert self.assume(cloud, user, "one-hour", DurationSeconds=3601) == "ValidationError"
        cloud.client("iam").update_role(RoleName="one-hour", MaxSessionDuration=7200)
        assert self.assume(cloud, user, "one-hour", DurationSeconds=7200) == "ok"
        assert self.assume(cloud, session, "one-hour", DurationSeconds=7200) == "ValidationError"


def filler(size: int) -> dict[str, Any]:
    """A policy whose compact form has exactly this many characters."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:::"}]}
    missing = size - len(json.dumps(document, separators=(",", ":")))
    document["Statement"][0]["Resource"] += "x" * missing
    return document


class TestWhatIamRefusesToStore:
    GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    CLAIM = "token.actions.githubusercontent.com:"

    def trust(self, **condition: Any) -> str:
        statement = {"Effect": "Allow", "Principal": {"Federated": self.GITHUB}, "Action": "sts:AssumeRoleWithWebIdentity"}
        return policy({**statement, "Condition": condition})

    def create(self, cloud: Cloud, name: str, document: str) -> str:
        return outcome(cloud.client("iam").create_role, RoleName=name, AssumeRolePolicyDocument=document)

    def test_trust_in_github_must_evaluate_the_subject(self, cloud: Cloud) -> None:
        audience = {self.CLAIM + "aud": "sts.amazonaws.com"}
        subject = {self.CLAIM + "sub": "repo:acme/payments-api:*"}
        refused = [
            {"StringEquals": audience},
            {"StringEquals": audience, "StringLike": {self.CLAIM + "sub": "*"}},
            {"StringEquals": audience, "StringLikeIfExists": subject},
            {"StringEquals": audience, "ForAllValues:StringLike": subject},
            {"StringEquals": audience, "StringNotLike": subject},
            {"StringEquals": {**audience, self.CLAIM + "repository_id": "1"}},
        ]
        for number, condition in enumerate(refused):
            assert self.create(cloud, f"refused-{number}", self.trust(**condition)) == "MalformedPolicyDocument"
        good = self.trust(StringEquals=audience, StringLike=subject)
        assert self.create(cloud, "with-subject", good) == "ok"
        update = cloud.client("iam").update_assume_role_policy
        assert outcome(update, RoleName="with-subject", PolicyDocument=good) == "ok"
        assert outcome(update, RoleName="with-subject", PolicyDocument=self.trust(StringEquals=audience)) == "MalformedPolicyDocument"

    def test_every_statement_is_looked_at(self, cloud: Cloud) -> None:
        subject = {"StringEquals": {self.CLAIM + "sub": "repo:acme/a:ref:refs/heads/main"}}
        good, bad = json.loads(self.trust(**subject))["Statement"], json.loads(self.trust())["Statement"]
        assert self.create(cloud, "one-bad", policy(*good, *bad)) == "MalformedPolicyDocument"
        assert self.create(cloud, "both-good", policy(*good, *good)) == "ok"

    def test_trust_policy_size(self, cloud: Cloud) -> None:
        def of_size(size: int) -> str:
            statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
            document = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": {"StringEquals": {"sts:ExternalId": ""}}}]}
            missing = size - len(json.dumps(document, separators=(",", ":")))
            document["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = "x" * missing
            return json.dumps(document, indent=2)  # white space between elements does not count

        assert self.create(cloud, "trust-2048", of_size(2048)) == "ok"
        assert self.create(cloud, "trust-2049", of_size(2049)) == "LimitExceeded"
        assert cloud.control("POST", "quotas", {"account": ACCOUNT, "trust_policy": 2100}).status_code == 200
        assert self.create(cloud, "trust-2100", of_size(2100)) == "ok"
        assert self.create(cloud, "trust-2101", of_size(2101)) == "LimitExceeded"
        cloud.control("POST", "quotas", {"account": ACCOUNT, "trust_policy": 2048})

    def test_inline_policies_count_together(self, cloud: Cloud) -> None:
        cloud.role("inline")
        client = cloud.client("iam")

        def put(name: str, size: int) -> str:
            return outcome(client.put_role_policy, RoleName="inline", PolicyName=name, PolicyDocument=json.dumps(filler(size)))

        assert put("a", 10_000) == "ok"
        assert put("b", 241) == "LimitExceeded"
        assert put("b", 240) == "ok"
        assert put("a", 10_001) == "LimitExceeded"
        assert put("a", 9_999) == "ok"  # replacing does not count the replaced one

    def test_managed_policy_size(self, cloud: Cloud) -> None:
        create = cloud.client("iam").create_policy
        assert outcome(create, PolicyName="m-6145", PolicyDocument=json.dumps(filler(6_145))) == "LimitExceeded"
        arn = create(PolicyName="m-6144", PolicyDocument=json.dumps(filler(6_144), indent=4))["Policy"]["Arn"]
        version = cloud.client("iam").create_policy_version
        assert outcome(version, PolicyArn=arn, PolicyDocument=json.dumps(filler(6_145))) == "LimitExceeded"

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("element", {"Efect": "Allow"}),
            ("action", {"Action": "publish"}),
            ("resource", {"Resource": "releases"}),
            ("principal", {"Principal": "*"}),
            ("two-actions", {"NotAction": "sns:*"}),
            ("operator", {"Condition": {"StringResembles": {"a:b": "c"}}}),
            ("condition", {"Condition": {"StringEquals": "c"}}),
        ],
    )
    def test_malformed_documents(self, cloud: Cloud, name: str, change: dict[str, Any]) -> None:
        aws.create_role(ACCOUNT, name := f"malformed-{name}", "/", None)
        put, good = cloud.client("iam").put_role_policy, allow("sns:Publish")
        arguments = {"RoleName": name, "PolicyName": "p"}
        assert outcome(put, **arguments, PolicyDocument=policy({**good, **change})) == "MalformedPolicyDocument"
        assert outcome(put, **arguments, PolicyDocument=policy(good)) == "ok"

    def test_trust_in_a_principal_that_does_not_exist(self, cloud: Cloud) -> None:
        cloud.role("existing", path="/people/")
        good = f"arn:aws:iam::{ACCOUNT}:role/people/existing"
        assert self.create(cloud, "trusts-existing", policy(assume_by(good))) == "ok"
        for number, bad in enumerate((f"arn:aws:iam::{ACCOUNT}:role/existing", f"arn:aws:iam::{ACCOUNT}:role/*")):
            assert self.create(cloud, f"trusts-missing-{number}", policy(assume_by(bad))) == "MalformedPolicyDocument"

    def test_attaching_a_policy_that_does_not_exist(self, cloud: Cloud) -> None:
        cloud.role("attaching")
        attach = cloud.client("iam").attach_role_policy
        assert outcome(attach, RoleName="attaching", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess") == "ok"
        assert outcome(attach, RoleName="attaching", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/missing") == "NoSuchEntity"


DETAIL = {"repositoryName": "shared", "packageName": "client"}


class TestEvents:
    @pytest.fixture
    def queue(self, cloud: Cloud, request: pytest.FixtureRequest) -> tuple[str, str]:
        name = re.sub(r"\W", "-", request.node.name)
        url = cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def messages(self, cloud: Cloud, url: str) -> list[dict[str, Any]]:
        received = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(each["Body"]) for each in received]

    def emit(self, repository: str) -> None:
        detail = {**DETAIL, "repositoryName": repository}
        aws.emit_event(ACCOUNT, REGION, "aws.codeartifact", "CodeArtifact Package Version State Change", detail)

    def rule(self, cloud: Cloud, name: str, target: str, **extra: Any) -> str:
        pattern = {"source": ["aws.codeartifact"], "detail": {"repositoryName": ["shared"]}}
        rule = cloud.client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        cloud.client("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": target, **extra}])
        return rule

    def let_in(self, cloud: Cloud, url: str, arn: str, rule: str) -> None:
        grant = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        document = policy({**grant, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}})
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})

    def test_a_services_event_reaches_the_rules_target(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        url, arn = queue
        self.let_in(cloud, url, arn, self.rule(cloud, "to-queue", arn))
        self.emit("other")
        self.emit("shared")
        (message,) = self.messages(cloud, url)
        assert (message["source"], message["account"], message["detail"]) == ("aws.codeartifact", ACCOUNT, DETAIL)

    def test_a_queue_takes_only_the_rules_events_that_its_policy_names(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        url, arn = queue
        rule = self.rule(cloud, "named-rule", arn)
        for named, expected in ((f"{rule}-other", 0), (rule, 1)):
            self.let_in(cloud, url, arn, named)
            self.emit("shared")
            assert len(self.messages(cloud, url)) == expected

    def test_what_can_not_be_delivered_goes_to_the_dead_letter_queue(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        url, arn = queue
        topic = cloud.client("sns").create_topic(Name="without-policy")["TopicArn"]
        rule = self.rule(cloud, "with-dead-letters", topic, DeadLetterConfig={"Arn": arn})
        self.emit("shared")
        assert self.messages(cloud, url) == []
        self.let_in(cloud, url, arn, rule)
        self.emit("shared")
        assert [message["detail"] for message in self.messages(cloud, url)] == [DETAIL]

    def test_an_encrypted_queue_needs_its_keys_consent(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        url, arn = queue
        root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
        service = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}
        key = cloud.client("kms").create_key(Policy=policy(root))["KeyMetadata"]["KeyId"]
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})
        self.let_in(cloud, url, arn, self.rule(cloud, "to-encrypted", arn))
        self.emit("shared")
        assert self.messages(cloud, url) == []
        document = policy(root, {**service, "Resource": "*"})
        cloud.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document)
        self.emit("shared")
        assert len(self.messages(cloud, url)) == 1

    def topic_for(self, cloud: Cloud, queue: tuple[str, str], name: str, *statements: dict[str, Any], **attributes: str) -> str:
        """A topic with this policy, to which a queue is subscribed."""
        url, arn = queue
        topic = cloud.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
        document = policy(*({"Principal": "*", "Resource": topic, "Action": "sns:Publish", **each} for each in statements))
        cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
        cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        grant = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(grant)})
        return topic

    def test_a_topics_policy_is_given_no_source(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        """AWS: "You can't use Condition blocks in Amazon SNS topic policies for EventBridge"."""
        let_in = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
        rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/without-a-source"
        conditioned = {**let_in, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}
        for statement, expected in ((conditioned, 0), (let_in, 1)):
            topic = self.topic_for(cloud, queue, "by-the-service", statement)
            self.rule(cloud, "without-a-source", topic)
            self.emit("shared")
            assert len(self.messages(cloud, queue[0])) == expected

    def test_a_rule_delivers_with_its_role(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        """The role's trust names the rule, the topic's policy and its key's name the role."""
        rule, role = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/with-a-role", f"arn:aws:iam::{ACCOUNT}:role/told/telling"
        trusted = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = policy({**trusted, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}})
        cloud.client("iam").create_role(RoleName="telling", Path="/told/", AssumeRolePolicyDocument=trust)
        cloud.client("iam").put_role_policy(RoleName="telling", PolicyName="p", PolicyDocument=policy(allow("sns:Publish")))
        root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:Describe*", "Resource": "*"}
        use = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
        keys = [cloud.client("kms").create_key(Policy=policy(*each))["KeyMetadata"]["KeyId"] for each in ((root,), (root, use))]
        nobody_else = {"Effect": "Deny", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}}}
        topic = self.topic_for(cloud, queue, "by-a-role", nobody_else)
        for name, key, expected in (("with-a-role", keys[0], 0), ("with-anothers-role", keys[1], 0), ("with-a-role", keys[1], 1)):
            cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
            self.rule(cloud, name, topic, RoleArn=role)
            self.emit("shared")
            assert len(self.messages(cloud, queue[0])) == expected, (name, key)
            cloud.client("events").remove_targets(Rule=name, Ids=["1"])

    def test_a_pipeline_is_started_with_a_role(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        """The local cloud has no pipelines: whether one would have been started stands in the decision log."""
        pipeline = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:release"
        start = allow("codepipeline:StartPipelineExecution", resource=pipeline)
        trusted = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
        cloud.client("iam").create_role(RoleName="starting", AssumeRolePolicyDocument=policy(trusted))
        url, arn = queue
        role = f"arn:aws:iam::{ACCOUNT}:role/starting"
        rule = self.rule(cloud, "starts-a-pipeline", pipeline, RoleArn=role, DeadLetterConfig={"Arn": arn})
        self.let_in(cloud, url, arn, rule)
        for document, expected in ((allow("sns:Publish"), False), (start, True)):
            cloud.client("iam").put_role_policy(RoleName="starting", PolicyName="p", PolicyDocument=policy(document))
            self.emit("shared")
            decided = [each["allowed"] for each in aws.decisions if each["action"] == "codepipeline:StartPipelineExecution"]
            assert decided[-1] is expected
            assert len(self.messages(cloud, url)) == (not expected), "what could not be delivered is a dead letter"

    def test_a_queue_takes_a_topics_messages_only_if_its_policy_says_so(self, cloud: Cloud, queue: tuple[str, str]) -> None:
        url, arn = queue
        topic = cloud.client("sns").create_topic(Name="to-queue")["TopicArn"]
        cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        grant = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        for source, expected in ((f"{topic}-other", []), (topic, ["published"])):
            condition = {"ArnEquals": {"aws:SourceArn": source}}
            document = policy({**grant, "Condition": condition})
            cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
            cloud.client("sns").publish(TopicArn=topic, Message="published")
            assert [each["Message"] for each in self.messages(cloud, url)] == expected
            delivery = aws.decisions[-2]  # the last is the receiver's own
            assert (delivery["principal"], delivery["resource"], delivery["allowed"]) == ("sns.amazonaws.com", arn, bool(expected))

    def test_http_subscribers_confirm_by_the_link_and_are_on_this_machine(self, cloud: Cloud) -> None:
        received: list[dict[str, Any]] = []

        class Subscriber(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

        with HTTPServer(("127.0.0.1", 0), Subscriber) as server:
            server.timeout = 10
            topic = cloud.client("sns").create_topic(Name="to-http")["TopicArn"]
            endpoint = f"http://127.0.0.1:{server.server_port}/"
            cloud.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
            server.handle_request()
            token = received[0]["Token"]
            link = f"{cloud.url}/?Action=ConfirmSubscription&TopicArn={topic}&Token="
            assert (httpx.get(f"{link}wrong").status_code, httpx.get(f"{link}{token}").status_code) == (400, 200)
            cloud.client("sns").publish(TopicArn=topic, Message="hello")
            server.handle_request()
            assert received[1]["Message"] == "hello"
        with pytest.raises(ConnectionRefusedError, match=r"does not call https://hooks\.acme\.example"):
            import_module("ministack.services.sns")._http_post_sync("https://hooks.acme.example/", "{}", "Notification")

    def test_callers_can_not_pretend_to_be_a_service(self, cloud: Cloud) -> None:
        entry = {"Source": "aws.codeartifact", "DetailType": "x", "Detail": "{}"}
        assert cloud.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 1
        assert cloud.client("events").put_events(Entries=[{**entry, "Source": "acme.build"}])["FailedEntryCount"] == 0
