"""Who may exchange a token for a role's session; every refusal has an allowed twin that differs in one thing."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from rehearsal.cloud import aws, sts
from rehearsal.cloud.github import oidc
from tests.rehearsal.cloud.in_process import ACCOUNT, OTHER_ACCOUNT, Cloud, allow, policy, running_cloud

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
GITHUB = "token.actions.githubusercontent.com:"
SUBJECT = "repo:acme/payments-api:ref:refs/heads/main"
AUDIENCE = "sts.amazonaws.com"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
TRUST: dict[str, Any] = {"aud": AUDIENCE, "sub": SUBJECT, "repository_id": "1001", "ref": "refs/heads/main"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    sts.register_issuer(sts.GITHUB, {"key-1": KEY.public_key()})
    sts.register_issuer("https://api.example.com/oidc", {"key-1": KEY.public_key()})
    with running_cloud() as running:
        for url in (sts.GITHUB, "https://api.example.com/oidc"):
            running.client("iam").create_open_id_connect_provider(Url=url, ClientIDList=[AUDIENCE])
        yield running
    sts.forget_issuers()


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a job on main; None leaves a claim out, a function gets the time at which the token is written."""
    now = int(time.time())
    job = {
        "iss": sts.GITHUB,
        "aud": AUDIENCE,
        "sub": SUBJECT,
        "iat": now,
        "nbf": now - 60,
        "exp": now + 300,
        "repository": "acme/payments-api",
        "repository_id": "1001",
        "repository_owner_id": "77",
        "ref": "refs/heads/main",
        "workflow": "release",
        "job_workflow_ref": "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main",
        "actor": "ann",
        "actor_id": "501",
        "enterprise_id": "9",
        "event_name": "push",
    }
    changed = {name: value(now) if callable(value) else value for name, value in changes.items()}
    return {name: value for name, value in {**job, **changed}.items() if value is not None}


def token(key: Any = KEY, algorithm: str = "RS256", headers: dict[str, str] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers or {"kid": "key-1"})


def statement(operator: str = "StringEquals", provider: str = PROVIDER, effect: str = "Allow", **conditions: Any) -> dict[str, Any]:
    keys = {GITHUB + name: value for name, value in conditions.items()}
    elements = {"Effect": effect, "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    return {**elements, "Condition": {operator: keys}} if keys else elements


def trusting(name: str, *statements: dict[str, Any], path: str = "/package-flow/", account: str = ACCOUNT) -> str:
    """A role with this trust policy (stored as it is), by default for the job on main."""
    arn = aws.create_role(account, name, path, None)
    role = aws.role(arn)
    assert role
    role["AssumeRolePolicyDocument"] = policy(*(statements or (statement(**TRUST),)))
    return arn


def assume(role_arn: str, web_token: str, **parameters: str) -> str:
    """ "ok", or the error code."""
    try:
        sts.assume_role_with_web_identity({"RoleArn": role_arn, "RoleSessionName": "job", "WebIdentityToken": web_token, **parameters})
    except sts.StsError as error:
        return error.code
    return "ok"


@pytest.fixture(scope="module")
def role_arn(cloud: Cloud) -> str:
    return trusting("for-main")


class TestToken:
    def test_a_jobs_token_is_exchanged(self, cloud: Cloud, role_arn: str) -> None:
        assert assume(role_arn, token()) == "ok"

    @pytest.mark.parametrize(
        ("forged", "code"),
        [
            ({"key": OTHER_KEY}, "InvalidIdentityToken"),
            ({"key": None, "algorithm": "none"}, "InvalidIdentityToken"),
            ({"headers": {"kid": "key-2"}}, "InvalidIdentityToken"),
            ({"key": "x" * 64, "algorithm": "HS256"}, "InvalidIdentityToken"),
            ({"iss": "https://token.actions.githubusercontent.com.example"}, "InvalidIdentityToken"),
            ({"exp": lambda now: now - 1}, "ExpiredTokenException"),
            ({"nbf": lambda now: now + 600}, "InvalidIdentityToken"),
            ({"iat": lambda now: now + 600}, "InvalidIdentityToken"),
            ({"exp": None}, "InvalidIdentityToken"),
            ({"iat": None}, "InvalidIdentityToken"),
            ({"sub": None}, "InvalidIdentityToken"),
            ({"aud": None}, "InvalidIdentityToken"),
            ({"aud": "https://github.com/acme"}, "InvalidIdentityToken"),
            ({"azp": "somebody"}, "InvalidIdentityToken"),
            ({"https://aws.amazon.com/tags": {}}, "InvalidIdentityToken"),
        ],
    )
    def test_a_token_that_is_not_good(self, cloud: Cloud, role_arn: str, forged: dict[str, Any], code: str) -> None:
        assert assume(role_arn, token(**forged)) == code
        assert assume(role_arn, token()) == "ok"

    @pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30."])
    def test_text_that_is_no_token(self, cloud: Cloud, role_arn: str, text: str) -> None:
        assert assume(role_arn, text) in {"InvalidIdentityToken", "ValidationError"}

    def test_a_changed_payload_is_noticed(self, cloud: Cloud, role_arn: str) -> None:
        header, _, signature = token(repository_id="2002").split(".")
        assert assume(role_arn, ".".join([header, token().split(".")[1], signature])) == "InvalidIdentityToken"


def test_github_is_known_by_the_stand_ins_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sts, "_issuers", {})
    assert oidc.ISSUER == sts.GITHUB
    assert list(sts.verification_keys(oidc.ISSUER)) == list(oidc.public_keys())
    forged = oidc.forge({"aud": AUDIENCE, "sub": SUBJECT}, "RS256")
    with pytest.raises(sts.StsError, match="Signature verification failed"):
        sts.verify(forged)


class TestProvider:
    def test_the_account_must_have_the_provider(self, cloud: Cloud) -> None:
        provider = PROVIDER.replace(ACCOUNT, OTHER_ACCOUNT)
        role_arn = trusting("no-provider", statement(provider=provider, **TRUST), account=OTHER_ACCOUNT)
        assert assume(role_arn, token()) == "InvalidIdentityToken"
        cloud.client("iam", aws.root_credentials(OTHER_ACCOUNT)).create_open_id_connect_provider(Url=sts.GITHUB, ClientIDList=[AUDIENCE])
        assert assume(role_arn, token()) == "ok"

    def test_the_provider_must_know_the_audience(self, cloud: Cloud) -> None:
        both: dict[str, Any] = {**TRUST, "aud": [AUDIENCE, "other"]}
        role_arn = trusting("audience", statement(**both))
        assert assume(role_arn, token()) == "ok"
        assert assume(role_arn, token(aud="other")) == "InvalidIdentityToken"

    def test_the_role_must_trust_this_provider(self, cloud: Cloud) -> None:
        other = PROVIDER.replace("token.actions.githubusercontent.com", "api.example.com/oidc")
        assert assume(trusting("this-provider"), token()) == "ok"
        assert assume(trusting("other-provider", statement(provider=other, **TRUST)), token()) == "AccessDenied"
        assert (
            assume(trusting("other-account", statement(provider=PROVIDER.replace(ACCOUNT, OTHER_ACCOUNT), **TRUST)), token())
            == "AccessDenied"
        )

    def test_another_issuer_has_its_own_keys_and_claims(self, cloud: Cloud) -> None:
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/api.example.com/oidc"
        host = "api.example.com/oidc:"

        def trust(**keys: str) -> dict[str, Any]:
            return {**statement(provider=provider), "Condition": {"StringEquals": {host + name: value for name, value in keys.items()}}}

        given = token(iss="https://api.example.com/oidc", sub="pulumi:deploy:org:acme")
        assert assume(trusting("issuer", trust(aud=AUDIENCE, sub="pulumi:deploy:org:acme")), given) == "ok"
        assert assume(trusting("issuer-sub", trust(aud=AUDIENCE, sub="pulumi:deploy:org:other")), given) == "AccessDenied"
        assert assume(trusting("issuer-claim", trust(aud=AUDIENCE, repository_id="1001")), given) == "AccessDenied"


class TestTrustPolicy:
    @pytest.mark.parametrize(
        "change",
        [
            {"sub": SUBJECT.replace("main", "other")},
            {"sub": SUBJECT.replace("acme", "Acme")},
            {"sub": "repo:acme/payments-api:pull_request"},
            {"repository_id": "2002"},
            {"repository_id": None},
            {"ref": "refs/heads/main2"},
            {"ref": "refs/heads/Main"},
            {"ref": None},
        ],
    )
    def test_each_condition_must_hold(self, cloud: Cloud, role_arn: str, change: dict[str, Any]) -> None:
        assert assume(role_arn, token()) == "ok"
        assert assume(role_arn, token(**change)) == "AccessDenied"

    @pytest.mark.parametrize("name", [name for name in sts.GITHUB_CLAIMS if name not in ("sub", "aud")])
    def test_every_key_that_aws_knows(self, cloud: Cloud, name: str) -> None:
        value = claims(environment="release")[name]
        conditions = {"aud": AUDIENCE, "sub": SUBJECT, name: value}
        arn = trusting(f"knows-{name}", statement(**conditions))
        for given, expected in ((value, "ok"), (f"{value}x", "AccessDenied"), (None, "AccessDenied")):
            job: dict[str, Any] = {"environment": "release", name: given}
            assert assume(arn, token(**job)) == expected

    @pytest.mark.parametrize("name", ["event_name", "repository_owner_id", "runner_environment", "iss"])
    def test_keys_that_aws_does_not_know_are_in_no_token(self, cloud: Cloud, name: str) -> None:
        value = claims(runner_environment="github-hosted")[name]
        given = token(runner_environment="github-hosted")
        arn = trusting(f"unknown-{name}", statement(**TRUST, **{name: value}))
        assert assume(arn, given) == "AccessDenied"
        negated = {
            **statement(**TRUST),
            "Condition": {"StringEquals": {f"{GITHUB}sub": SUBJECT}, "StringNotEquals": {GITHUB + name: value}},
        }
        assert assume(trusting(f"unknown-not-{name}", negated), given) == "ok"

    def test_a_pattern_with_its_exception_is_githubs_pattern(self, cloud: Cloud) -> None:
        conditions = {
            "StringEquals": {f"{GITHUB}aud": AUDIENCE, f"{GITHUB}repository_id": "1001"},
            "StringLike": {f"{GITHUB}sub": "repo:acme/payments-api:*", f"{GITHUB}ref": "refs/heads/release/*"},
            "StringNotLike": {f"{GITHUB}ref": "refs/heads/release/*/*"},
        }
        arn = trusting("release-pattern", {**statement(), "Condition": conditions})
        for branch, expected in {
            "release/1": "ok",
            "release/a/b": "AccessDenied",
            "released": "AccessDenied",
            "release": "AccessDenied",
        }.items():
            job: dict[str, Any] = {"ref": f"refs/heads/{branch}", "sub": f"repo:acme/payments-api:ref:refs/heads/{branch}"}
            assert assume(arn, token(**job)) == expected, branch

    def test_statements_are_alternatives(self, cloud: Cloud) -> None:
        immutable = "repo:acme@77/payments-api@1001:ref:refs/heads/main"
        arn = trusting("both-forms", statement(**TRUST), statement(**{**TRUST, "sub": immutable}))
        assert assume(arn, token()) == "ok"
        assert assume(arn, token(sub=immutable)) == "ok"
        assert assume(arn, token(sub=immutable.replace("1001", "2002"))) == "AccessDenied"

    def test_a_deny_wins(self, cloud: Cloud) -> None:
        arn = trusting("denied", statement(**TRUST), statement(effect="Deny", actor="mallory"))
        assert assume(arn, token()) == "ok"
        assert assume(arn, token(actor="mallory")) == "AccessDenied"

    def test_trust_of_another_action_is_none(self, cloud: Cloud) -> None:
        assert assume(trusting("any-action", {**statement(**TRUST), "Action": "sts:*"}), token()) == "ok"
        assert assume(trusting("other-action", {**statement(**TRUST), "Action": "sts:AssumeRole"}), token()) == "AccessDenied"

    def test_several_audiences(self, cloud: Cloud) -> None:
        single, any_value = statement(**TRUST), statement("ForAnyValue:StringEquals", **TRUST)
        assert assume(trusting("one-audience", single), token(aud=[AUDIENCE])) == "ok"
        assert assume(trusting("two-audiences", single), token(aud=[AUDIENCE, "other"])) == "AccessDenied"
        assert assume(trusting("any-audience", any_value), token(aud=[AUDIENCE, "other"])) == "ok"
        assert assume(trusting("no-audience", any_value), token(aud=["other", "another"])) == "InvalidIdentityToken"

    def test_a_role_that_does_not_exist_is_answered_like_one_that_does_not_trust(self, cloud: Cloud) -> None:
        arn = trusting("with-path")
        assert assume(arn, token()) == "ok"
        assert assume(arn.replace("/package-flow/", "/"), token()) == "AccessDenied"
        assert assume(arn.replace("with-path", "without"), token()) == "AccessDenied"

    def test_the_decision_is_logged_with_the_claims(self, cloud: Cloud) -> None:
        arn = trusting("logged", {**statement(**TRUST), "Sid": "Main"})
        changes: list[tuple[dict[str, Any], bool]] = [({}, True), ({"repository_id": "2002"}, False)]
        for change, allowed in changes:
            before = len(aws.decisions)
            assume(arn, token(**change))
            (entry,) = aws.decisions[before:]
            assert (entry["action"], entry["resource"], entry["allowed"]) == (sts.ACTION, arn, allowed)
            assert entry["statement"] == ("Main" if allowed else "")
            known = {name: value for name, value in claims(**change).items() if name in sts.GITHUB_CLAIMS}
            assert entry["claims"] == known


class TestSession:
    def exchange(self, cloud: Cloud, role_arn: str, **extra: Any) -> Any:
        client = cloud.client("sts", signature_version=UNSIGNED)
        return client.assume_role_with_web_identity(RoleArn=role_arn, RoleSessionName="job", WebIdentityToken=token(), **extra)

    def credentials(self, answer: Any) -> aws.Credentials:
        given = answer["Credentials"]
        return aws.Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def test_the_answer(self, cloud: Cloud) -> None:
        answer = self.exchange(cloud, trusting("answered"))
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/answered/job"
        assert (answer["AssumedRoleUser"]["Arn"], answer["Provider"]) == (arn, PROVIDER)
        assert (answer["SubjectFromWebIdentityToken"], answer["Audience"]) == (SUBJECT, AUDIENCE)
        assert answer["Credentials"]["Expiration"].timestamp() == pytest.approx(time.time() + 3600, abs=60)
        identity = cloud.client("sts", self.credentials(answer)).get_caller_identity()
        assert (identity["Arn"], identity["UserId"]) == (arn, answer["AssumedRoleUser"]["AssumedRoleId"])

    def test_the_errors_have_awss_form(self, cloud: Cloud) -> None:
        with pytest.raises(ClientError) as refused:
            self.exchange(cloud, trusting("errors", statement(**{**TRUST, "repository_id": "2002"})))
        error = refused.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDenied", 403)
        assert error["Error"]["Message"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"

    def test_the_session_has_the_roles_rights_and_no_claims(self, cloud: Cloud) -> None:
        arn = trusting("rights")
        put = cloud.client("iam").put_role_policy
        session = cloud.client("kms", self.credentials(self.exchange(cloud, arn)))
        for condition, allowed in (({}, True), ({"StringEquals": {f"{GITHUB}repository_id": "1001"}}, False)):
            put(RoleName="rights", PolicyName="p", PolicyDocument=policy(allow("kms:ListKeys", Condition=condition)))
            if allowed:
                session.list_keys()
            else:
                with pytest.raises(ClientError, match="not authorized"):
                    session.list_keys()

    def test_a_session_is_not_narrowed(self, cloud: Cloud) -> None:
        arn, assumer = trusting("narrowed"), cloud.client("sts", cloud.role("narrower", allow("sts:AssumeRole")))
        for narrowed in ({"Policy": policy(allow("kms:*"))}, {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}):
            with pytest.raises(ClientError, match="NotImplemented"):
                self.exchange(cloud, arn, **narrowed)
            with pytest.raises(ClientError, match="NotImplemented"):
                assumer.assume_role(RoleArn=arn, RoleSessionName="narrow", **narrowed)
        self.exchange(cloud, arn)

    @pytest.mark.parametrize(
        ("seconds", "result"),
        [("900", "ok"), ("3600", "ok"), ("899", "ValidationError"), ("3601", "ValidationError"), ("x", "ValidationError")],
    )
    def test_durations(self, cloud: Cloud, seconds: str, result: str) -> None:
        assert assume(trusting(f"lasting-{seconds}"), token(), DurationSeconds=seconds) == result

    def test_the_roles_maximum_counts(self, cloud: Cloud) -> None:
        arn = trusting("lasting")
        cloud.client("iam").update_role(RoleName="lasting", MaxSessionDuration=7200)
        assert assume(arn, token(), DurationSeconds="7200") == "ok"
        assert assume(arn, token(), DurationSeconds="7201") == "ValidationError"

    @pytest.mark.parametrize(
        ("name", "result"), [("job-1", "ok"), ("a", "ValidationError"), ("a b", "ValidationError"), ("x" * 65, "ValidationError")]
    )
    def test_session_names(self, cloud: Cloud, name: str, result: str) -> None:
        assert assume(trusting(f"named-{len(name)}-{result}"), token(), RoleSessionName=name) == result

    @pytest.mark.parametrize("missing", ["RoleArn", "RoleSessionName", "WebIdentityToken"])
    def test_required_parameters(self, cloud: Cloud, missing: str) -> None:
        complete = {"RoleArn": trusting(f"requires-{missing}"), "RoleSessionName": "job", "WebIdentityToken": token()}
        assert b"<AccessKeyId>" in sts.assume_role_with_web_identity(complete)
        with pytest.raises(sts.StsError, match="must not be null"):
            sts.assume_role_with_web_identity({name: value for name, value in complete.items() if name != missing})
