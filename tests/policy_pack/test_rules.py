"""Each rule lets its good examples pass and finds its bad ones, as functions and as the policies that the engine runs."""

from random import Random
from string import ascii_letters, digits

import pytest

from policy_pack.rules import actions, credentials, documents, registry, trust
from policy_pack.rules.model import UNKNOWN, Level, Options, Resource, Rule
from tests.policies.test_documents import TABLE
from tests.policy_pack import examples
from tests.policy_pack.examples import EXAMPLES, Example


def names(found) -> list[str]:
    return [one.rule.name for one in found]


def test_every_rule_has_an_example_and_is_named_once():
    named = [one.name for one in registry.RULES]
    assert len(named) == len(set(named))
    assert {one.rule for one in EXAMPLES} == set(named)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.rule}: {one.title}")
def test_a_rule_finds_what_it_is_for(example: Example):
    rule = registry.rule(example.rule)
    assert registry.check(example.good, rules=[rule]) == []
    found = registry.check(example.bad, rules=[rule])
    assert any(example.says in one.wrong for one in found), found
    assert {one.urn for one in found} <= {one.urn for one in example.bad}


@pytest.mark.parametrize("rule", registry.RULES, ids=lambda one: one.name)
def test_a_rule_says_how_to_mend(rule: Rule):
    assert rule.level in Level
    assert rule.description.endswith(".") and rule.mend and not rule.mend.endswith(".")
    assert all(
        message.message.endswith(rule.mend)
        for one in EXAMPLES
        if one.rule == rule.name
        for message in registry.check(one.bad, rules=[rule])
    )


def test_what_opens_a_door_is_mandatory():
    assert {one.name for one in registry.RULES if one.level is Level.ADVISORY} == {"package-actions-on-packages", "keys-rotate"}
    found = registry.check([*EXAMPLES[0].bad, examples.resource("aws:kms/key:Key", {})])
    assert {"keys-rotate"} < set(names(found))
    assert "keys-rotate" not in names(registry.mandatory(found))


def test_a_rule_needs_one_check():
    with pytest.raises(ValueError, match="either a check of one resource"):
        Rule("x", "X.", "y", Level.ADVISORY)
    with pytest.raises(ValueError, match="either a check of one resource"):
        Rule("x", "X.", "y", Level.ADVISORY, of_resource=lambda one: [])


# --- what is not known yet ------------------------------------------------------------------------------------------------------------


def test_what_a_preview_does_not_know_counts_as_given():
    assert registry.check([examples.resource("aws:sns/topic:Topic", {"kmsMasterKeyId": UNKNOWN})]) == []
    assert registry.check([examples.variable("READ_ROLE", UNKNOWN)]) == []


def test_an_unknown_policy_hides_nothing_else():
    """One policy that is not known yet keeps a rule from saying that all is well, and from nothing else."""
    pending = examples.resource("aws:iam/rolePolicy:RolePolicy", {"role": "prod-publish-payments-api", "policy": UNKNOWN})
    rule = registry.rule("trusted-refs-are-guarded")
    bad = [one for one in examples.writer() if "Ruleset" not in one.type]
    assert len(registry.check([*bad, pending], rules=[rule])) == 2
    assert registry.check([*examples.writer(), pending], rules=[rule]) == []


def test_what_a_provider_computes_is_no_policy():
    computed = examples.role(examples.BUILD, inlinePolicies=UNKNOWN, managedPolicyArns=UNKNOWN)
    assert registry.check([computed, examples.grants(examples.READ)]) == []


def test_a_managed_policy_of_the_stack_is_read():
    managed = {"name": "prod-read", "path": "/package-flow/", "policy": examples.document(examples.PUBLISH)}
    policy = examples.resource("aws:iam/policy:Policy", managed)
    arn = f"arn:aws:iam::{examples.ACCOUNT}:policy/package-flow/prod-read"
    attachment = {"role": "prod-publish-payments-api", "policyArn": arn}
    attached = examples.resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", attachment)
    rule = registry.rule("pull-requests-only-read")
    (found,) = registry.check([examples.role(examples.BUILD), policy, attached], rules=[rule])
    assert "codeartifact:PublishPackageVersion" in found.wrong


def test_what_belongs_to_a_role_that_is_not_in_the_stack():
    foreign = {"role": "codebuild-packages", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    attached = examples.resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", foreign)
    assert registry.check([*examples.writer(), attached, examples.grants(examples.TOKEN, role="codebuild-packages")]) == []


# --- who is let in by whom ------------------------------------------------------------------------------------------------------------

_OTHER = "arn:aws:iam::111122223333:oidc-provider/api.pulumi.com/oidc"


@pytest.mark.parametrize(
    ("path", "value"),
    [("Effect", "Deny"), ("Action", "sts:TagSession"), ("Principal/Federated", _OTHER), ("Principal", {"AWS": _OTHER})],
)
def test_what_does_not_let_githubs_tokens_in(path, value):
    bare = examples.changed(examples.WAY, "Condition", {})
    assert len(registry.check([examples.role(bare)], rules=trust.RULES)) == 3
    assert registry.check([examples.role(examples.changed(bare, path, value))], rules=trust.RULES) == []


def test_githubs_provider_beside_another():
    bare = examples.changed(examples.WAY, "Condition", {})
    both = examples.changed(bare, "Principal/Federated", [_OTHER, bare["Principal"]["Federated"]])
    assert len(registry.check([examples.role(both)], rules=trust.RULES)) == 3


def test_nobody_is_nobody():
    exact = examples.changed(examples.NOBODY, "Condition/StringLike", {})
    shut = examples.changed(exact, f"Condition/StringEquals/{examples.HOST}:sub", "repo:none")
    also = examples.changed(shut, "Condition/StringLike", {f"{examples.HOST}:sub": "repo:acme/payments-api:*"})
    for way in (examples.NOBODY, shut, also):
        assert registry.check(examples.writer(way), rules=[*trust.RULES, registry.rule("trusted-refs-are-guarded")]) == []


# --- options --------------------------------------------------------------------------------------------------------------------------


def test_which_stacks_are_production():
    rule, bad = registry.rule("production-is-protected"), examples.packages(domain=False)
    assert names(registry.check(bad, Options(("prod",)), [rule])) == ["production-is-protected"]
    assert registry.check(bad, Options(("live",)), [rule]) == []


def test_a_domain_without_repositories_may_go():
    sandbox = examples.resource("aws:codeartifact/domain:Domain", {"domain": "acme-sandbox"}, "sandbox", protect=False, parent="x")
    its_key = examples.resource("aws:kms/key:Key", {"enableKeyRotation": True}, "sandbox", protect=False, parent="x")
    assert registry.check([*examples.packages(), sandbox, its_key]) == []


def test_a_ruleset_needs_no_checks():
    bare = examples.changed(examples.RELEASE, "rules/requiredStatusChecks", examples.gone)
    assert registry.check(examples.writer(examples.WAY, examples.ruleset(bare), examples.ruleset(examples.CREATE))) == []


RANDOM = "aZ3kQ9vLxP0sT7yWbN5mC8dR2fH6jG4e"


@pytest.mark.parametrize(
    "value",
    [
        "payments",
        "arn:aws:iam::111122223333:role/package-flow/prod-publish-payments-api",
        "5f0c8a52-7d0e-4b0e-9d5e-3b1c6f1d2a77",
        "the-repository-of-the-team-that-makes-payments-2",
        RANDOM[:31],
        f"{RANDOM} and words",
        "aZkQvLxPsTyWbNmCdRfHjGeUiOaZkQvLxPsT",
        "0123456789" * 4,
        "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
    ],
)
def test_values_that_are_no_credentials(value):
    assert credentials.looks_like_credential("SETTING", value) is None
    assert credentials.looks_like_credential("SETTING", RANDOM)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        # Words joined by hyphens, and the same with one part that is none.
        ("platform-engineering-build-tools-v2", "platform-engineering-token-x7k2p9qm4z"),
        ("b2b-customer-onboarding-workflows", "b2b-customer-onboarding-w0rkfl0w5x7"),
        ("payments-and-billing-frontend-2024", "payments-and-billing-frontend-20247"),
        ("web3-blockchain-wallet-integration-sdk", "web3-blockchain-wallet-integration-sDk9"),
        ("PaymentsAndBillingFrontendService2024", "PaymentsAndBillingFrontend7Kq2024xZ9"),
        # Grouped, as tokens for typing are.
        ("customer_onboarding_and_billing_k8s", "x7k2-p9qm-4zab-c8de-1fgh-6jkl-5nrs-0tuv"),
        # Most parts are words.
        ("the-web3-and-the-b2b-customer-workflows", "q7-zx-k2-w9-vj-customer-workflows-b4-mf"),
        # Key ids: 16 in base 32, of which a name that begins so has no digit, or not 16.
        ("ASIAPACIFICPAYMENTSAPI", "ASIAPACIFICPAYM3NTSA"),
        ("ASIAPACIFICLOGISTICS", "ASIAPACIFICLOGISTIC7"),
        ("ASIAPACIFIC2024PLANS", "ASIAPACIFIC2724PLANS"),
        ("ASIAPACIFIC2PAYMENTSAPI", "ASIAPACIFIC2PAYMENTS"),
        ("EURASIAPACIFIC2PAYMENTS", "eurASIAPACIFIC2PAYMENTS"),
        ("SLOVAKIACUSTOMERPAYMENTS", "AKIACUSTOMERPAYMENTS"),
        # Forms are looked for before words are.
        ("xox-customer-onboarding-workflows-b2b", "xoxb-customer-onboarding-workflows-b2b"),
    ],
)
def test_names_of_words_are_no_credentials(name, secret):
    """A name, and what looks like it and is none."""
    assert credentials.looks_like_credential("CODEARTIFACT_REPOSITORY", name) is None
    assert credentials.looks_like_credential("CODEARTIFACT_REPOSITORY", secret)
    role = "arn:aws:iam::111122223333:role/package-flow/prod-publish-"
    assert credentials.looks_like_credential("CODEARTIFACT_PUBLISH_ROLE_ARN", role + name) is None


@pytest.mark.parametrize(
    "value",
    [
        "payments-and-billing-2024-eu.acme.example",
        "acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com",
        "https://b2b.acme.example/v2",
    ],
)
def test_hosts_are_no_credentials(value):
    assert credentials.looks_like_credential("SETTING", value) is None
    assert credentials.looks_like_credential("SETTING", f"https://user:hunter2@{value.removeprefix('https://')}")


@pytest.mark.parametrize("joined", ["", "-", "_"])
def test_random_text_is_no_name(joined):
    """Whatever is drawn, of the letters of base 62 and in groups of eight."""
    random = Random(7)
    for _ in range(2_000):
        groups = ["".join(random.choice(ascii_letters + digits) for _ in range(8)) for _ in range(4)]
        assert not credentials._is_a_name(joined.join(groups)), groups


def test_a_uuid_with_more_behind_it_may_be_one():
    assert credentials.looks_like_credential("SETTING", f"5f0c8a52-7d0e-4b0e-9d5e-3b1c6f1d2a77{RANDOM}")


# --- what the rules rest on -----------------------------------------------------------------------------------------------------------


def test_actions_are_aws_own():
    privileges = TABLE["codeartifact"]["privileges"]
    writing = {f"codeartifact:{name}" for name, one in privileges.items() if one["access_level"] not in ("Read", "List")}
    assert writing == actions.WRITES
    assert {f"codeartifact:{name}" for name in privileges} - writing == actions.READS
    assert {f"codeartifact:{name}" for name, one in privileges.items() if "package" in one["resource_types"]} == actions.ON_PACKAGES


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        ("a", "a", True), ("a", "b", False), ("*", "", True), ("a*", "ab", True), ("a*c", "ab", False), ("a*", "*b", True),
        ("a?c", "abc", True), ("a?c", "ac", False), ("a*b", "a*c", False), ("*x*", "*y*", True), ("", "", True), ("?", "*", True),
        ("ab*", "a", False),
    ],
)  # fmt: skip
def test_patterns_meet(one, other, met):
    assert documents.meet(one, other) is met
    assert documents.meet(other, one) is met


def test_a_list_of_one_object_is_that_object():
    """Providers return single blocks as lists of one."""
    props = {
        **examples.RELEASE,
        "conditions": [{"refName": [examples.RELEASE["conditions"]["refName"]]}],
        "rules": [examples.RELEASE["rules"]],
    }
    resource: Resource = examples.ruleset(props)
    assert resource.get("conditions", "refName", "includes") == examples.RELEASE["conditions"]["refName"]["includes"]
    assert registry.check(examples.writer(examples.WAY, resource, examples.ruleset(examples.CREATE))) == []
