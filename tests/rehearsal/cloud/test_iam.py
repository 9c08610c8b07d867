"""The policy evaluator against what AWS documents; every refusal has an allowed twin that differs in one thing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator import iam

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/package-flow/publisher"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/publisher/job"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:releases"

ROLE_SESSION = iam.Caller("AssumedRole", SESSION, ACCOUNT, ROLE)
ANN = iam.Caller("User", USER, ACCOUNT)
ROOT_USER = iam.Caller("Root", ROOT, ACCOUNT)
STRANGER = iam.Caller("User", f"arn:aws:iam::{OTHER}:user/eve", OTHER)
TOKEN = iam.Caller("WebIdentity", PROVIDER, ACCOUNT)
SNS = iam.Caller("Service", "sns.amazonaws.com", "")

ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def document(*statements, version="2012-10-17"):
    return {"Version": version, "Statement": list(statements)}


def evaluate(caller=ROLE_SESSION, identity=(ALLOW_ALL,), resource=(), context=None, action="sns:Publish", arn=TOPIC, **options):
    policies = iam.Policies(
        identity=None if identity is None else ([document(*identity)] if identity else []),
        resource=[document(*resource)] if resource else [],
        **options,
    )
    return iam.evaluate(iam.Request(caller, action, arn, context or {}), policies)


def allowed(*args, **options):
    return evaluate(*args, **options).allowed


class TestCombination:
    def test_no_policy_allows_nothing(self):
        assert not allowed(identity=())
        assert allowed(identity=(ALLOW_ALL,))

    def test_explicit_deny_wins_over_allow_in_any_layer(self):
        assert not allowed(identity=(ALLOW_ALL, DENY_ALL))
        assert not allowed(limits=[[document(ALLOW_ALL, DENY_ALL)]])
        assert not allowed(resource=({**DENY_ALL, "Principal": "*"},))
        assert allowed(resource=({**DENY_ALL, "Principal": {"AWS": OTHER}},))

    def test_a_limit_that_is_silent_takes_away(self):
        assert not allowed(limits=[[document({**ALLOW_ALL, "Action": "sqs:*"})]])
        assert not allowed(limits=[[]])
        assert allowed(limits=[[document({**ALLOW_ALL, "Action": "sns:*"})]])

    def test_in_one_account_either_policy_is_enough(self):
        assert allowed(identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": ROLE}},))
        assert allowed(identity=(), resource=({**ALLOW_ALL, "Principal": "*"},))
        assert not allowed(identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": ROLE.replace("publisher", "reader")}},))

    @pytest.mark.parametrize("principal", [ROOT, ACCOUNT])
    def test_naming_the_account_delegates_to_identity_policies(self, principal):
        grant = ({**ALLOW_ALL, "Principal": {"AWS": principal}},)
        assert not allowed(identity=(), resource=grant)
        assert allowed(resource=grant)

    def test_another_account_needs_both(self):
        grant = ({**ALLOW_ALL, "Principal": {"AWS": OTHER}},)
        assert not allowed(STRANGER, owner=ACCOUNT)
        assert not allowed(STRANGER, identity=(), resource=grant, owner=ACCOUNT)
        assert allowed(STRANGER, resource=grant, owner=ACCOUNT)

    def test_a_required_resource_policy_must_allow_at_home_too(self):
        assert not allowed(resource_required=True)
        assert not allowed(identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": ROOT}},), resource_required=True)
        assert allowed(resource=({**ALLOW_ALL, "Principal": {"AWS": ROOT}},), resource_required=True)
        assert allowed(identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": ROLE}},), resource_required=True)

    def test_root_needs_no_allow_but_obeys_a_resource_policys_deny(self):
        assert allowed(ROOT_USER, identity=None)
        assert not allowed(ROOT_USER, identity=None, resource=({**DENY_ALL, "Principal": "*"},))

    def test_a_boundary_narrows_what_a_resource_policy_gives_to_a_role_but_not_to_its_session(self):
        boundary = {"limits": [[document({**ALLOW_ALL, "Action": "sqs:*"})]]}
        assert not allowed(identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": ROLE}},), **boundary)
        assert not allowed(identity=(), resource=({**ALLOW_ALL, "Principal": "*"},), **boundary)
        assert allowed(identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": SESSION}},), **boundary)

    def test_the_decision_names_the_statement(self):
        decision = evaluate(resource=({**DENY_ALL, "Principal": "*", "Sid": "Frozen"},))
        assert (decision.allowed, decision.statement) == (False, "Frozen")
        assert evaluate(identity=({**ALLOW_ALL, "Action": "sqs:*"}, ALLOW_ALL)).statement == "statement 2"


class TestPrincipals:
    @pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": [OTHER, ROLE]}, {"AWS": SESSION}])
    def test_forms_that_name_a_session(self, principal):
        assert allowed(identity=(), resource=({**ALLOW_ALL, "Principal": principal},))

    @pytest.mark.parametrize(
        "principal",
        [
            {"AWS": ROLE.replace("/package-flow/", "/")},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:role/package-flow/*"},
            {"AWS": SESSION.replace("/job", "/other")},
            {"AWS": ROLE.replace(ACCOUNT, OTHER)},
            {"Service": "*"},
            {"Federated": SESSION},
            {"CanonicalUser": "*"},
        ],
    )
    def test_forms_that_do_not(self, principal):
        assert not allowed(identity=(), resource=({**ALLOW_ALL, "Principal": principal},))

    def test_a_role_arn_does_not_name_a_user_of_that_name(self):
        grant = ({**ALLOW_ALL, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/ann"}},)
        assert not allowed(ANN, identity=(), resource=grant)
        assert allowed(ANN, identity=(), resource=({**ALLOW_ALL, "Principal": {"AWS": USER}},))

    def test_a_token_is_let_in_by_its_provider_only(self):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": PROVIDER}}
        call = {"caller": TOKEN, "identity": (), "action": "sts:AssumeRoleWithWebIdentity", "arn": ROLE}
        assert allowed(resource=(trust,), **call)
        for principal in ("*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"Federated": PROVIDER.replace(ACCOUNT, OTHER)}):
            assert not allowed(resource=({**trust, "Principal": principal},), **call)
        assert not allowed(resource=(trust, {**trust, "Effect": "Deny", "Principal": "*"}), **call)

    def test_a_service_is_let_in_by_its_name(self):
        grant = {**ALLOW_ALL, "Principal": {"Service": "sns.amazonaws.com"}}
        assert allowed(SNS, identity=(), resource=(grant,))
        assert not allowed(SNS, identity=(), resource=({**grant, "Principal": {"Service": "events.amazonaws.com"}},))
        assert not allowed(SNS, identity=(), resource=({**grant, "Principal": {"AWS": ACCOUNT}},))
        assert not allowed(identity=(), resource=(grant,))

    def test_not_principal_excepts_only_the_whole_chain(self):
        deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        assert not allowed(resource=({**deny, "NotPrincipal": {"AWS": [ROLE, SESSION]}},))
        assert not allowed(resource=({**deny, "NotPrincipal": {"AWS": [ROOT, ROLE]}},))
        assert allowed(resource=({**deny, "NotPrincipal": {"AWS": [ROOT, ROLE, SESSION]}},))
        assert allowed(ANN, resource=({**deny, "NotPrincipal": {"AWS": [ACCOUNT, USER]}},))
        assert not allowed(ANN, resource=({**deny, "NotPrincipal": {"AWS": [ACCOUNT, ROLE]}},))

    def test_allow_with_not_principal_grants_nothing(self):
        assert not allowed(identity=(), resource=({**ALLOW_ALL, "NotPrincipal": {"AWS": OTHER}},))

    def test_a_resource_statement_without_principal_is_unreadable(self):
        assert not allowed(identity=(), resource=(ALLOW_ALL,))
        assert not allowed(resource=(DENY_ALL,))


class TestActionsAndResources:
    @pytest.mark.parametrize("action", ["sns:Publish", "SNS:publish", "sns:Pub*", "sns:Publis?", "*", "sns:*"])
    def test_actions_that_match(self, action):
        assert allowed(identity=({**ALLOW_ALL, "Action": action},))

    @pytest.mark.parametrize("action", ["sns:Publis", "sns:Publish?", "sqs:*", "sns:PublishBatch"])
    def test_actions_that_do_not(self, action):
        assert not allowed(identity=({**ALLOW_ALL, "Action": action},))

    def test_not_action_and_not_resource(self):
        assert allowed(identity=({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},))
        assert not allowed(identity=({"Effect": "Allow", "NotAction": "sns:*", "Resource": "*"},))
        assert allowed(identity=({"Effect": "Allow", "Action": "*", "NotResource": f"{TOPIC}-other"},))
        assert not allowed(identity=({"Effect": "Allow", "Action": "*", "NotResource": TOPIC},))

    @pytest.mark.parametrize(
        ("pattern", "matches"),
        [
            (TOPIC, True),
            (TOPIC.upper(), False),
            (f"arn:aws:sns:*:{ACCOUNT}:releases", True),
            (f"arn:aws:sns:eu-west-1:{ACCOUNT}:*", True),
            ("arn:aws:sns:*", True),
            ("arn:aws:sns:eu-w*1:releases", False),  # a `*` inside a segment stays there
            (f"arn:aws:sns:eu-w*1:{ACCOUNT}:releases", True),
            (f"arn:aws:sns:eu-west-?:{ACCOUNT}:releases", True),
            (f"arn:aws:sns:eu-west-1?{ACCOUNT}:releases", False),
        ],
    )
    def test_resource_patterns(self, pattern, matches):
        assert allowed(identity=({**ALLOW_ALL, "Resource": pattern},)) is matches

    def test_star_crosses_slashes(self):
        package = f"arn:aws:codeartifact:eu-west-1:{ACCOUNT}:package/acme/payments/npm/acme/client"
        repository = f"arn:aws:codeartifact:eu-west-1:{ACCOUNT}:repository/acme/payments"
        grant = {**ALLOW_ALL, "Resource": f"arn:aws:codeartifact:eu-west-1:{ACCOUNT}:package/acme/*/client"}
        assert allowed(identity=(grant,), arn=package)
        assert not allowed(identity=(grant,), arn=repository)

    @pytest.mark.parametrize("missing", ["Action", "Resource"])
    def test_a_statement_without_action_or_resource_grants_nothing_and_denies(self, missing):
        def without(statement):
            return {name: value for name, value in statement.items() if name != missing}

        assert not allowed(identity=(without(ALLOW_ALL),))
        assert not allowed(identity=(ALLOW_ALL, without(DENY_ALL)))


CONDITIONS = [  # operator, expected, actual (None: the key is missing), holds
    ("StringEquals", "refs/heads/main", "refs/heads/main", True),
    ("StringEquals", "refs/heads/main", "refs/heads/Main", False),
    ("StringEquals", "refs/heads/main", "refs/heads/main\n", False),
    ("StringEquals", "refs/heads/*", "refs/heads/main", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "a", None, False),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", "a", None, True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringEqualsIgnoreCase", "MAIN", "main", True),
    ("StringNotEqualsIgnoreCase", "MAIN", "main", False),
    ("StringLike", "refs/heads/release/*", "refs/heads/release/a/b", True),
    ("StringLike", "refs/heads/release/*", "refs/heads/released", False),
    ("StringLike", "refs/heads/release/*", "REFS/heads/release/1", False),
    ("StringLike", "*", "a\nb", True),
    ("StringLike", "v?", "v1", True),
    ("StringLike", "*", None, False),
    ("StringNotLike", "refs/heads/release/*/*", "refs/heads/release/1", True),
    ("StringNotLike", "refs/heads/release/*/*", "refs/heads/release/1/2", False),
    ("StringNotLike", "*", None, True),
    ("ArnLike", "arn:aws:iam::*:role/aws-reserved/*", "arn:aws:iam::111122223333:role/aws-reserved/sso/x", True),
    ("ArnLike", "arn:aws:iam::1111*:role/x", "arn:aws:iam::111122223333:role/x", True),
    ("ArnLike", "arn:aws:iam:*:role/x", "arn:aws:iam::111122223333:role/x", False),
    ("ArnEquals", "arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x", True),
    ("ArnLike", "arn:aws:iam::111122223333:role/x", None, False),
    ("ArnNotLike", "arn:aws:iam::111122223333:role/x", None, True),
    ("ArnNotEquals", "arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/x", False),
    ("NumericLessThanEquals", "3600", "3600", True),
    ("NumericLessThanEquals", 3600, "3601", False),
    ("NumericLessThanEquals", "3600", None, False),
    ("NumericLessThanEquals", "3600", "an hour", False),
    ("NumericNotEquals", "1", None, True),
    ("NumericGreaterThan", "1", "2", True),
    ("DateLessThan", "2030-01-01T00:00:00Z", "2026-11-22T08:00:00+00:00", True),
    ("DateGreaterThan", "2030-01-01T00:00:00Z", "2026-11-22T08:00:00+00:00", False),
    ("DateLessThan", "1893456000", "2026-11-22T08:00:00Z", True),
    ("Bool", "true", "true", True),
    ("Bool", True, "true", True),
    ("Bool", "false", "true", False),
    ("Bool", "false", None, False),
    ("BoolIfExists", "false", None, True),
    ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
    ("IpAddress", "10.0.0.0/8", "11.1.2.3", False),
    ("NotIpAddress", "10.0.0.0/8", None, True),
    ("Null", "true", None, True),
    ("Null", "true", "x", False),
    ("Null", "false", "x", True),
    ("Null", False, None, False),
    ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
    ("ForAnyValue:StringEquals", ["a"], ["b", "c"], False),
    ("ForAnyValue:StringEquals", ["a"], None, False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringEqualsIfExists", ["a"], None, True),
    ("ForAllValues:StringEquals", ["a", "b"], ["b", "a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["b", "c"], False),
    ("ForAllValues:StringEquals", ["a"], None, True),
    ("ForAllValues:StringEquals", ["a"], [], True),
    ("ForAllValues:StringNotLike", ["x*"], ["a", "xy"], False),
    ("ForAllValues:StringEquals", ["a"], "a", True),
    ("StringEquals", "a", ["a"], True),
    ("StringEquals", "a", ["a", "b"], False),  # undefined by AWS
    ("StringNotEquals", "c", ["a", "b"], False),  # undefined by AWS
    ("StringResembles", "a", "a", False),
    ("ForSomeValues:StringEquals", "a", ["a"], False),
]


@pytest.mark.parametrize(("operator", "expected", "actual", "holds"), CONDITIONS)
class TestConditions:
    def test_in_an_allow(self, operator, expected, actual, holds):
        context = {} if actual is None else {"Example:Key": actual}
        statement = {**ALLOW_ALL, "Condition": {operator: {"example:key": expected}}}
        assert allowed(identity=(statement,), context=context) is holds

    def test_in_a_deny(self, operator, expected, actual, holds):
        """As in an Allow, except where AWS would not have stored the statement or does not define it: then it denies."""
        several = isinstance(actual, list) and len(actual) > 1 and "Value" not in operator
        unreadable = several or operator in ("StringResembles", "ForSomeValues:StringEquals") or actual == "an hour"
        context = {} if actual is None else {"example:key": actual}
        statement = {**DENY_ALL, "Condition": {operator: {"example:KEY": expected}}}
        assert allowed(identity=(ALLOW_ALL, statement), context=context) is not (holds or unreadable)


class TestContext:
    def test_all_keys_and_operators_must_hold(self):
        condition = {"StringEquals": {"a:one": "1", "a:two": "2"}, "StringLike": {"a:three": "3*"}}
        statement = {**ALLOW_ALL, "Condition": condition}
        assert allowed(identity=(statement,), context={"a:one": "1", "a:two": "2", "a:three": "33"})
        assert not allowed(identity=(statement,), context={"a:one": "1", "a:two": "2", "a:three": "4"})
        assert not allowed(identity=(statement,), context={"a:one": "1", "a:three": "33"})

    def test_principal_arn_is_the_roles_with_its_path(self):
        def deny_but(arn):
            return {**DENY_ALL, "Principal": "*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn}}}

        assert allowed(resource=(deny_but(ROLE),))
        assert not allowed(resource=(deny_but(SESSION),))
        assert not allowed(resource=(deny_but(ROLE.replace("/package-flow/", "/")),))

    def test_principal_account_and_type(self):
        statement = {**ALLOW_ALL, "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:PrincipalType": "AssumedRole"}}}
        assert allowed(identity=(statement,))
        assert not allowed(ANN, identity=(statement,))

    def test_a_condition_that_is_no_object_is_unreadable(self):
        assert not allowed(identity=({**ALLOW_ALL, "Condition": {"StringEquals": "a"}},))
        assert not allowed(identity=(ALLOW_ALL, {**DENY_ALL, "Condition": ["a"]}))


class TestVariables:
    OWN = f"arn:aws:sns:eu-west-1:{ACCOUNT}:${{aws:PrincipalTag/team}}"

    def test_in_a_resource(self):
        assert allowed(identity=({**ALLOW_ALL, "Resource": self.OWN},), context={"aws:PrincipalTag/team": "releases"})
        assert not allowed(identity=({**ALLOW_ALL, "Resource": self.OWN},), context={"aws:PrincipalTag/team": "other"})

    def test_a_value_is_never_a_wildcard(self):
        assert not allowed(identity=({**ALLOW_ALL, "Resource": self.OWN},), context={"aws:PrincipalTag/team": "*"})

    def test_without_a_value_nothing_matches_unless_there_is_a_default(self):
        assert not allowed(identity=({**ALLOW_ALL, "Resource": self.OWN},))
        default = self.OWN.replace("}", ", 'releases'}")
        assert allowed(identity=({**ALLOW_ALL, "Resource": default},))

    def test_in_a_condition(self):
        condition = {"StringEquals": {"a:owner": "${aws:PrincipalAccount}"}}
        assert allowed(identity=({**ALLOW_ALL, "Condition": condition},), context={"a:owner": ACCOUNT})
        assert not allowed(identity=({**ALLOW_ALL, "Condition": condition},), context={"a:owner": OTHER})

    def test_a_deny_with_a_variable_denies(self):
        deny = {**DENY_ALL, "Condition": {"StringNotEquals": {"a:owner": "${aws:PrincipalAccount}"}}}
        assert not allowed(identity=(ALLOW_ALL, deny), context={"a:owner": OTHER})
        assert allowed(identity=(ALLOW_ALL, deny), context={"a:owner": ACCOUNT})

    @pytest.mark.parametrize(("text", "value", "holds"), [("a${*}c", "a*c", True), ("a${*}c", "abc", False), ("a${?}", "a?", True)])
    def test_literal_wildcards(self, text, value, holds):
        statement = {**ALLOW_ALL, "Condition": {"StringLike": {"a:key": text}}}
        assert allowed(identity=(statement,), context={"a:key": value}) is holds

    def test_the_older_version_has_none(self):
        statement = {**ALLOW_ALL, "Condition": {"StringEquals": {"a:owner": "${aws:PrincipalAccount}"}}}
        old = iam.Policies(identity=[document(statement, version="2008-10-17")])
        request = iam.Request(ROLE_SESSION, "sns:Publish", TOPIC, {"a:owner": ACCOUNT})
        assert not iam.evaluate(request, old).allowed
        literal = iam.Request(ROLE_SESSION, "sns:Publish", TOPIC, {"a:owner": "${aws:PrincipalAccount}"})
        assert iam.evaluate(literal, old).allowed


def test_documents_may_be_text_and_hold_a_single_statement():
    assert iam.evaluate(iam.Request(ANN, "a:B", "*"), iam.Policies([json.dumps({"Statement": ALLOW_ALL})])).allowed


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"Statement": []}', '{"Statement": [{"Action": "*"}]}', '{"Statement": ["x"]}'])
def test_what_is_no_policy_is_an_error(text):
    with pytest.raises(iam.UnreadablePolicyError):
        iam.evaluate(iam.Request(ANN, "a:B", "*"), iam.Policies([text]))


STATEMENTS = st.builds(
    lambda effect, action, resource, operator, value: {
        "Effect": effect,
        "Action": action,
        "Resource": resource,
        "Condition": {operator: {"a:key": value}},
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["sns:Publish", "sns:*", "sqs:*"]),
    st.sampled_from([TOPIC, "*", "arn:aws:sns:*"]),
    st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "Null", "ForAllValues:StringLike", "Unknown"]),
    st.sampled_from(["x", "y", "*", "true"]),
)


@given(st.lists(STATEMENTS, min_size=1, max_size=6), st.sampled_from([None, "x", "y"]))
def test_one_more_deny_never_allows_and_one_more_allow_never_refuses(statements, value):
    context = {} if value is None else {"a:key": value}
    before = allowed(identity=tuple(statements), context=context)
    assert not (allowed(identity=(*statements, DENY_ALL), context=context))
    assert allowed(identity=(*statements, ALLOW_ALL), context=context) >= before


@given(st.lists(STATEMENTS, min_size=1, max_size=6), st.lists(STATEMENTS, min_size=1, max_size=3))
def test_a_limit_only_takes_away(statements, limit):
    narrowed = allowed(identity=tuple(statements), limits=[[document(*limit)]])
    assert narrowed <= allowed(identity=tuple(statements))
