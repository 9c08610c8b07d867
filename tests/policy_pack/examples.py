"""For each rule examples that differ in one thing: what it lets pass, what it finds, and words of what it then says."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from policy_pack.rules.model import Resource

ACCOUNT = "111122223333"
HOST = "token.actions.githubusercontent.com"
STACK = "prod"
CODEARTIFACT = f"arn:aws:codeartifact:eu-west-1:{ACCOUNT}"
PAYMENTS = f"{CODEARTIFACT}:package/acme/payments/npm/acme-payments/*"
SHARED = f"{CODEARTIFACT}:package/acme/shared/npm/acme-payments/*"
COMPONENT = f"urn:pulumi:{STACK}::package-flow::package-flow:index:PackageRegistry::acme"
_MISSING = object()


@dataclass(frozen=True)
class Example:
    """`good` breaks no rule, `bad` breaks the one it is for; `says` is part of the message."""

    rule: str
    title: str
    good: Sequence[Resource]
    bad: Sequence[Resource]
    says: str


def resource(kind: str, props: Mapping[str, Any], name: str = "one", *, protect: bool = True, parent: str = COMPONENT) -> Resource:
    urn = f"urn:pulumi:{STACK}::package-flow::{kind}::{name}"
    return Resource(kind, name, urn, dict(props), protect, parent)


def changed(data: Any, path: str, value: Any) -> Any:
    """A copy in which the value at a path (`a/0/b`) is another; `gone` takes it away."""
    copy = deepcopy(data)
    *outer, last = path.split("/")
    place = copy
    for key in outer:
        place = place[int(key) if key.isdigit() else key]
    if value is gone:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return copy


gone = _MISSING


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# --- trust ----------------------------------------------------------------------------------------------------------------------------

WAY: dict[str, Any] = {
    "Sid": "Release",
    "Effect": "Allow",
    "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
        "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:repository_id": "9003"},
        "StringLike": {
            f"{HOST}:sub": ["repo:acme@7000/payments-api@9003:ref:refs/heads/main", "repo:acme/payments-api:ref:refs/heads/main"],
            f"{HOST}:ref": "refs/heads/main",
        },
    },
}
AUD, ID, SUB, REF = (f"Condition/{operator}/{HOST}:{name}" for operator, name in (
    ("StringEquals", "aud"), ("StringEquals", "repository_id"), ("StringLike", "sub"), ("StringLike", "ref")
))  # fmt: skip


def role(*ways: Mapping[str, Any], name: str = "prod-publish-payments-api", **props: Any) -> Resource:
    return resource("aws:iam/role:Role", {"name": name, "path": "/package-flow/", "assumeRolePolicy": document(*ways), **props}, name)


def grants(*statements: Mapping[str, Any], role: str = "prod-publish-payments-api") -> Resource:
    return resource("aws:iam/rolePolicy:RolePolicy", {"name": "rights", "role": role, "policy": document(*statements)}, f"{role}-rights")


def allow(actions: str | list[str], on: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Sid": "One", "Effect": "Allow", "Action": actions, "Resource": on, **more}


PUBLISH = allow(["codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"], PAYMENTS)


def trusted(rule: str, title: str, path: str, value: Any, says: str, base: Mapping[str, Any] = WAY) -> Example:
    return Example(rule, title, [role(base)], [role(changed(base, path, value))], says)


IMMUTABLE = changed(changed(WAY, SUB, "repo:acme@7000/payments-api@9003:ref:refs/heads/main"), ID, gone)
TRUST = [
    trusted("trust-has-subject", "no sub", SUB, gone, "does not restrict `sub`"),
    trusted("trust-has-subject", "any sub", SUB, "*", "does not restrict `sub`"),
    Example(
        "trust-has-subject",
        "a sub that may be absent",
        [role(WAY)],
        [role(changed(changed(WAY, SUB, gone), "Condition/StringLikeIfExists", {f"{HOST}:sub": "repo:acme@7000/*"}))],
        "does not restrict `sub`",
    ),
    trusted("trust-has-audience", "no aud", AUD, gone, "audience sts.amazonaws.com"),
    trusted("trust-has-audience", "two audiences", AUD, ["sts.amazonaws.com", "https://github.com/acme"], "audience sts.amazonaws.com"),
    Example(
        "trust-has-audience",
        "aud for all values, true where there is none",
        [role(WAY)],
        [role(changed(changed(WAY, AUD, gone), "Condition/ForAllValues:StringEquals", {f"{HOST}:aud": "sts.amazonaws.com"}))],
        "audience sts.amazonaws.com",
    ),
    trusted("trust-has-id", "names alone", ID, gone, "trusts names alone"),
    trusted("trust-has-id", "a pattern for an id", ID, "9*", "trusts names alone"),
    trusted("trust-has-id", "a subject without the owner's id", SUB, "repo:acme/payments-api:*", "trusts names alone", IMMUTABLE),
    trusted("trust-has-id", "an owner's id with a wildcard", SUB, "repo:acme@7*/payments-api:*", "trusts names alone", IMMUTABLE),
    trusted("trust-names-one-organization", "any organisation", SUB, "repo:*", "repo:*, which is not one organisation"),
    trusted("trust-names-one-organization", "organisations that begin alike", SUB, "repo:acme*/payments-api:*", "not one organisation"),
    trusted("trust-names-one-organization", "one good and one bad subject", SUB, ["repo:acme/x:*", "repo:*/x:*"], "repo:*/x:*, which"),
]  # fmt: skip

# --- guarded refs ---------------------------------------------------------------------------------------------------------------------

RELEASE: dict[str, Any] = {
    "name": "package-flow-release",
    "repository": "payments-api",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"refName": {"includes": ["refs/heads/main", "refs/heads/release/*"], "excludes": []}},
    "rules": {
        "deletion": True,
        "nonFastForward": True,
        "pullRequest": {"requiredApprovingReviewCount": 1, "dismissStaleReviewsOnPush": True, "requireLastPushApproval": True},
        "requiredStatusChecks": {"requiredChecks": [{"context": "test", "integrationId": 15368}]},
    },
    "bypassActors": [],
}
CREATE: dict[str, Any] = {
    **RELEASE,
    "name": "package-flow-create",
    "rules": {"creation": True},
    "bypassActors": [{"actorId": 3000, "actorType": "Team", "bypassMode": "always"}],
}


def ruleset(props: Mapping[str, Any]) -> Resource:
    return resource("github:index/repositoryRuleset:RepositoryRuleset", props, f"{props['repository']}-{props['name']}")


def environment(**policy: bool) -> Resource:
    props = {"repository": "payments-api", "environment": "release", "deploymentBranchPolicy": policy}
    return resource("github:index/repositoryEnvironment:RepositoryEnvironment", props, "payments-api/release")


def group(
    pattern: str = "/npm/acme-payments/*", mode: str = "ALLOW_SPECIFIC_REPOSITORIES", repositories: Sequence[str] = ("payments", "shared")
):
    publish = {"RestrictionMode": mode, "Repositories": list(repositories)}
    state = {"DomainName": "acme", "Pattern": pattern, "OriginConfiguration": {"Restrictions": {"Publish": publish}}}
    props = {"typeName": "AWS::CodeArtifact::PackageGroup", "desiredState": json.dumps(state)}
    return resource("aws:cloudcontrol/resource:Resource", props, pattern)


def writer(way: Mapping[str, Any] = WAY, *guards: Resource, rights: Mapping[str, Any] = PUBLISH) -> list[Resource]:
    """A role that publishes, with what guards it."""
    return [role(way), grants(rights), group(), *(guards or (ruleset(RELEASE), ruleset(CREATE)))]


def release(path: str, value: Any) -> list[Resource]:
    return writer(WAY, ruleset(changed(RELEASE, path, value)), ruleset(CREATE))


PATTERN = changed(WAY, f"Condition/StringLike/{HOST}:ref", "refs/heads/release/*")
ONE_LEVEL = changed(PATTERN, "Condition/StringNotLike", {f"{HOST}:ref": "refs/heads/release/*/*"})
IN_ENVIRONMENT = changed(
    changed(WAY, SUB, "repo:acme/payments-api:environment:release"), f"Condition/StringEquals/{HOST}:environment", "release"
)
_LISTED = environment(protectedBranches=False, customBranchPolicies=True)
_GUARDS = (ruleset(RELEASE), ruleset(CREATE))
READ = allow("codeartifact:ReadFromRepository", f"{CODEARTIFACT}:repository/acme/shared")
BUILD = changed(WAY, SUB, "repo:acme@7000/payments-api@9003:*")
GUARDING = [
    Example(
        "pull-requests-only-read", "a role that writes", writer(BUILD, *_GUARDS, rights=READ), writer(BUILD), "lets pull requests in"
    ),
    Example(
        "pull-requests-only-read", "the subject itself", writer(),
        writer(changed(WAY, SUB, "repo:acme/payments-api:pull_request")), "repo:acme/payments-api:pull_request",
    ),
    Example("pull-requests-only-read", "a managed policy of unknown content", [role(BUILD), grants(READ)],
            [role(BUILD, managedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"]), grants(READ)], "policy/PowerUserAccess"),
    Example("trusted-refs-are-guarded", "no ruleset at all", writer(), [role(WAY), grants(PUBLISH), group()],
            "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "no ruleset for creation", writer(), writer(WAY, ruleset(RELEASE)),
            "whose creation no ruleset guards"),
    Example("trusted-refs-are-guarded", "no ruleset for changes", writer(), writer(WAY, ruleset(CREATE)),
            "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "no approval", writer(),
            release("rules/pullRequest/requiredApprovingReviewCount", 0), "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "rewriting allowed", writer(), release("rules/nonFastForward", False), "whose changes no ruleset"),
    Example("trusted-refs-are-guarded", "evaluated only", writer(), release("enforcement", "evaluate"), "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "another repository's", writer(), release("repository", "checkout-web"),
            "whose changes no ruleset"),
    Example("trusted-refs-are-guarded", "tags", writer(), release("target", "tag"), "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "a branch left out", writer(),
            release("conditions/refName/excludes", ["refs/heads/main"]), "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "the default branch, whichever it is", writer(),
            release("conditions/refName/includes", ["~DEFAULT_BRANCH"]), "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "any ref", writer(), writer(changed(WAY, REF, gone)), "does not restrict `ref`"),
    Example("trusted-refs-are-guarded", "a tag", writer(), writer(changed(WAY, REF, "refs/tags/main")), "which is not a branch"),
    Example("trusted-refs-are-guarded", "deeper branches", writer(ONE_LEVEL), writer(PATTERN), "also fits deeper branches"),
    Example("trusted-refs-are-guarded", "another pattern than the rulesets'", writer(ONE_LEVEL),
            writer(changed(ONE_LEVEL, REF, "refs/heads/release-*")), "whose changes no ruleset guards"),
    Example("trusted-refs-are-guarded", "any repository", writer(),
            writer(changed(WAY, SUB, "repo:acme@7000/*:ref:refs/heads/main")), "names no repository"),
    Example("environments-list-branches", "protected branches", writer(IN_ENVIRONMENT, *_GUARDS, _LISTED),
            writer(IN_ENVIRONMENT, *_GUARDS, environment(protectedBranches=True, customBranchPolicies=False)),
            "does not list its branches"),
    Example("environments-list-branches", "all branches", writer(IN_ENVIRONMENT, *_GUARDS, _LISTED),
            writer(IN_ENVIRONMENT, *_GUARDS, environment()), "does not list its branches"),
    Example("environments-list-branches", "an environment that is not there", writer(IN_ENVIRONMENT, *_GUARDS, _LISTED),
            writer(IN_ENVIRONMENT), "which the stack does not make"),
]  # fmt: skip

# --- owned names and shared -----------------------------------------------------------------------------------------------------------


def publishing(on: str | list[str], owned: Resource | None = None) -> list[Resource]:
    return [*writer(rights=allow("codeartifact:PublishPackageVersion", on))[:2], owned or group(), *_GUARDS]


def named(pattern: str) -> str:
    return f"{CODEARTIFACT}:package/acme/{pattern}"


SHARED_POLICY = [
    {"Sid": "NobodyPublishes", "Effect": "Deny", "Principal": "*", "Resource": "*",
     "Action": ["codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"]},
    {"Sid": "OnlyPromotionCopies", "Effect": "Deny", "Principal": "*", "Resource": "*", "Action": "codeartifact:CopyPackageVersions",
     "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/package-flow/prod-promote-*"}}},
]  # fmt: skip


def shared(*statements: Mapping[str, Any]) -> list[Resource]:
    where = {"domain": "acme", "repository": "shared"}
    made = resource("aws:codeartifact/repository:Repository", where, "shared")
    if not statements:
        return [made]
    policy = {**where, "policyDocument": document(*statements)}
    return [made, resource("aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy", policy, "shared")]


def shared_with(path: str, value: Any) -> list[Resource]:
    return shared(*changed(SHARED_POLICY, path, value))


COPY = allow("codeartifact:CopyPackageVersions", [f"{CODEARTIFACT}:repository/acme/shared", SHARED])
_PROMOTION = [*writer(IN_ENVIRONMENT, *_GUARDS, _LISTED, rights=COPY)]
OWNING = [
    Example("publishes-owned-names", "no package group", publishing(PAYMENTS), [*publishing(PAYMENTS)[:2], *_GUARDS],
            "which no team owns there"),
    Example("publishes-owned-names", "another scope", publishing(PAYMENTS), publishing(named("payments/npm/acme-other/*")), "no team owns"),
    Example("publishes-owned-names", "a scope that begins alike", publishing(PAYMENTS), publishing(named("payments/npm/acme-payments*")),
            "no team"),
    Example("publishes-owned-names", "any name", publishing(PAYMENTS), publishing(named("payments/*")), "which no team owns there"),
    Example("publishes-owned-names", "any repository", publishing(PAYMENTS), publishing(named("*/npm/acme-payments/*")),
            "no team owns there"),
    Example("publishes-owned-names", "everything", publishing(PAYMENTS), publishing("*"), "may publish *,"),
    Example("publishes-owned-names", "another team's repository", publishing(PAYMENTS),
            publishing(named("identity/npm/acme-payments/*")), "no team owns there"),
    Example("publishes-owned-names", "one good and one bad name", publishing(PAYMENTS),
            publishing([PAYMENTS, named("payments/pypi//acme-*")]), "payments/pypi//acme-*, which"),
    Example("publishes-owned-names", "a group that anybody may publish to", publishing(PAYMENTS),
            publishing(PAYMENTS, group(mode="ALLOW")), "no team owns there"),
    Example("publishes-owned-names", "more than the one name of a group",
            publishing(named("payments/npm//acme-pay"), group("/npm//acme-pay$")),
            publishing(named("payments/npm//acme-pay*"), group("/npm//acme-pay$")), "no team owns there"),
    Example("shared-by-promotion", "publishing to shared", publishing(PAYMENTS), publishing(SHARED), "may write to shared"),
    Example("shared-by-promotion", "publishing everywhere", publishing(PAYMENTS), publishing(named("*/npm/acme-payments/*")),
            "may write to shared"),
    Example("shared-by-promotion", "copying from outside an environment", _PROMOTION, writer(rights=COPY), "other than by promotion"),
    Example("shared-by-promotion", "promotion that may delete", _PROMOTION,
            writer(IN_ENVIRONMENT, *_GUARDS, _LISTED,
            rights=changed(COPY, "Action", ["codeartifact:CopyPackageVersions", "codeartifact:Delete*"])),
            "codeartifact:DeletePackageVersions"),
    Example("shared-by-promotion", "no policy", shared(*SHARED_POLICY), shared(), "does not keep everybody but promotion from"),
    Example("shared-by-promotion", "publishing not denied", shared(*SHARED_POLICY), shared(SHARED_POLICY[1]),
            "codeartifact:PutPackageMetadata"),
    Example("shared-by-promotion", "publishing denied to some", shared(*SHARED_POLICY),
            shared_with("0/Principal", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), "codeartifact:PublishPackageVersion"),
    Example("shared-by-promotion", "copying denied to nobody", shared(*SHARED_POLICY), shared_with(
        "1/Condition", {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}), "codeartifact:CopyPackageVersions"),
    Example("shared-by-promotion", "somebody let in", shared(*SHARED_POLICY),
            shared(*SHARED_POLICY, {**COPY, "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}), "lets others write"),
]  # fmt: skip

# --- permissions and exposure ---------------------------------------------------------------------------------------------------------

TOKEN = allow("sts:GetServiceBearerToken", "*", Condition={
    "StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}, "NumericLessThanEquals": {"sts:DurationSeconds": "3600"},
})  # fmt: skip


def token(path: str, value: Any) -> Example:
    says = "for any service" if "AWSServiceName" in path else "without a cap"
    return Example("tokens-are-capped", path, [grants(TOKEN)], [grants(changed(TOKEN, path, value))], says)


def acting(actions: str | list[str], good: str | list[str], bad: str | list[str], says: str) -> Example:
    good, bad = ([f"{CODEARTIFACT}:{one}" for one in ([on] if isinstance(on, str) else on)] for on in (good, bad))
    title = f"{actions} on {bad}"
    return Example("package-actions-on-packages", title, [grants(allow(actions, good))], [grants(allow(actions, bad))], says)


READER = {
    "Sid": "Read", "Effect": "Allow", "Action": "codeartifact:ReadFromRepository", "Resource": "*", "Principal": "*",
    "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/package-flow/prod-read"}},
}  # fmt: skip
RULE_ROLE = {
    "Sid": "Rule", "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"},
    "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/prod-package-versions"}},
}  # fmt: skip


def attached(
    statement: Mapping[str, Any], kind: str = "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy"
) -> Resource:
    place = "policyDocument" if "codeartifact" in kind else "policy"
    encrypted = {"kmsMasterKeyId": "alias/one", "enableKeyRotation": True}
    return resource(kind, {"domain": "acme", "repository": "payments", place: document(statement), **encrypted})


def public(title: str, path: str, value: Any, base: Mapping[str, Any] = READER) -> Example:
    return Example("no-public-principal", title, [attached(base)], [attached(changed(base, path, value))], "lets everybody in")


_PRINCIPAL = "Condition/ArnLike/aws:PrincipalArn"
PERMISSIONS = [
    token("Condition/NumericLessThanEquals", gone),
    token("Condition/NumericLessThanEquals/sts:DurationSeconds", "86400"),
    token("Condition/StringEquals/sts:AWSServiceName", gone),
    token("Condition/StringEquals/sts:AWSServiceName", ["codeartifact.amazonaws.com", "codecatalyst.amazonaws.com"]),
    Example("tokens-are-capped", "within a wildcard", [grants(allow("sts:GetCallerIdentity", "*"))], [grants(allow("sts:Get*", "*"))],
            "without a cap"),
    Example("tokens-are-capped", "within NotAction", [grants(READ)],
            [grants({"Sid": "N", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})], "without a cap"),
    acting("codeartifact:PublishPackageVersion", "package/acme/payments/*", "repository/acme/payments", "has no effect"),
    acting("codeartifact:Publish*", "package/acme/payments/*", "repository/acme/payments/*", "has no effect"),
    acting("codeartifact:CopyPackageVersions", ["repository/acme/shared", "package/acme/shared/*"], "package/acme/shared/*",
            "asks for the repository"),
    public("no condition", "Condition", gone),
    public("any role of any account", _PRINCIPAL, "arn:aws:iam::*:role/prod-read"),
    public("one good and one open ARN", _PRINCIPAL, [f"arn:aws:iam::{ACCOUNT}:role/x", "*"]),
    public("everybody but one", "Condition", {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x"}}),
    public("a condition on something else", "Condition", {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
    public("an organisation with a wildcard", "Condition", {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
           changed(READER, "Condition", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
    public("for all values", "Condition", {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
           changed(READER, "Condition", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}})),
    Example("no-public-principal", "as an AWS principal", [attached(changed(READER, "Principal", {"AWS": "*"}))],
            [attached(changed(changed(READER, "Principal", {"AWS": "*"}), "Condition", gone))], "lets everybody in"),
    Example("no-public-principal", "everybody but somebody",
            [attached({**RULE_ROLE, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})],
            [attached({"Sid": "N", "Effect": "Allow", "Action": "*", "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})],
            "lets everybody in"),
    Example("no-public-principal", "a queue", [attached(READER, "aws:sqs/queue:Queue")],
            [attached(changed(READER, "Condition", gone), "aws:sqs/queue:Queue")], "lets everybody in"),
    Example("services-act-for-us", "any rule of any account", [role(RULE_ROLE)], [role(changed(RULE_ROLE, "Condition", gone))],
            "events.amazonaws.com"),
    Example("services-act-for-us", "a source in any account", [role(RULE_ROLE)],
            [role(changed(RULE_ROLE, "Condition/ArnEquals/aws:SourceArn", "arn:aws:events:eu-west-1:*:rule/x"))], "events.amazonaws.com"),
]  # fmt: skip

# --- GitHub ---------------------------------------------------------------------------------------------------------------------------


def variable(name: str, value: str) -> Resource:
    props = {"repository": "payments-api", "variableName": name, "value": value}
    return resource("github:index/actionsVariable:ActionsVariable", props, name)


def leaking(name: str, value: str, says: str, *, instead: tuple[str, str] = ("CODEARTIFACT_DOMAIN", "acme")) -> Example:
    return Example("no-credential-in-variables", f"{name}={value[:12]}", [variable(*instead)], [variable(name, value)], says)


def rules(rule: str, title: str, base: Mapping[str, Any], path: str, value: Any, says: str) -> Example:
    return Example(rule, title, [ruleset(base)], [ruleset(changed(base, path, value))], says)


_ADMIN = [{"actorId": 5, "actorType": "RepositoryRole", "bypassMode": "always"}]
_CHECKS = "rules/requiredStatusChecks/requiredChecks"
GITHUB = [
    rules("no-bypass", "a team bypasses reviews", RELEASE, "bypassActors", CREATE["bypassActors"],
            "Team may bypass the ruleset package-flow-release"),
    rules("no-bypass", "administrators bypass reviews", RELEASE, "bypassActors", _ADMIN, "RepositoryRole may bypass"),
    rules("no-bypass", "administrators create branches", CREATE, "bypassActors", _ADMIN, "RepositoryRole may bypass"),
    rules("no-bypass", "reviews beside creation", CREATE, "rules/deletion", True, "Team may bypass the ruleset package-flow-create"),
    rules("checks-come-from-one-app", "no app", RELEASE, _CHECKS, [{"context": "test"}], "can report the check test"),
    rules("checks-come-from-one-app", "one of two", RELEASE, _CHECKS, [{"context": "a", "integrationId": 15368}, {"context": "b"}],
            "the check b as"),
    rules("rulesets-are-enforced", "disabled", RELEASE, "enforcement", "disabled", "is not enforced (disabled)"),
    leaking("NPM_TOKEN", "abc-def", "its name says so", instead=("TOKEN_DURATION", "3600")),
    leaking("CODEARTIFACT_AUTH_TOKEN", "x", "its name says so"),
    leaking("DEPLOY", "ghp_" + "a1B2" * 9, "the form of a credential"),
    leaking("AWS_ID", "AKIA" + "ABCD1234" * 2, "the form of a credential"),
    leaking("REGISTRY", "https://user:hunter2@registry.example/", "the form of a credential",
    instead=("REGISTRY", "https://registry.example/")),
    leaking("SESSION", "aZ3kQ9vLxP0sT7yWbN5mC8dR2fH6jG4e", "its value looks random"),
    Example("no-stored-secret", "an Actions secret", [variable("CODEARTIFACT_DOMAIN", "acme")],
            [resource("github:index/actionsSecret:ActionsSecret", {"repository": "payments-api", "secretName": "X"})],
            "long-lived credential"),
]  # fmt: skip

# --- keeping --------------------------------------------------------------------------------------------------------------------------

_TOPIC, _QUEUE, _KEY = "aws:sns/topic:Topic", "aws:sqs/queue:Queue", "aws:kms/key:Key"


def packages(**protected: bool) -> list[Resource]:
    """A domain with its key and a repository."""

    def kept(kind: str) -> bool:
        return protected.get(kind, True)

    return [
        resource(_KEY, {"enableKeyRotation": True}, "acme", protect=kept("key")),
        resource("aws:codeartifact/domain:Domain", {"domain": "acme"}, "acme", protect=kept("domain")),
        resource("aws:codeartifact/repository:Repository", {"domain": "acme", "repository": "payments"}, "payments",
        protect=kept("repository")),
    ]  # fmt: skip


KEEPING = [
    Example("topics-are-encrypted", "no key", [resource(_TOPIC, {"kmsMasterKeyId": "alias/x"})], [resource(_TOPIC, {})],
            "stored unencrypted"),
    Example("queues-are-encrypted", "no key", [resource(_QUEUE, {"kmsMasterKeyId": "alias/x"})], [resource(_QUEUE, {})],
            "stored unencrypted"),
    Example("queues-are-encrypted", "SQS's own key", [resource(_QUEUE, {"sqsManagedSseEnabled": True})],
            [resource(_QUEUE, {"sqsManagedSseEnabled": False})], "stored unencrypted"),
    Example("keys-rotate", "no rotation", [resource(_KEY, {"enableKeyRotation": True})], [resource(_KEY, {})], "never rotated"),
    Example("keys-rotate", "a key that can't rotate", [resource(_KEY, {"customerMasterKeySpec": "HMAC_256"})],
            [resource(_KEY, {"customerMasterKeySpec": "SYMMETRIC_DEFAULT"})], "never rotated"),
    *(Example("production-is-protected", kind, packages(), packages(**{kind: False}), f"{kind} ") for kind in ("key", "domain",
            "repository")),
]  # fmt: skip

EXAMPLES = [*TRUST, *GUARDING, *OWNING, *PERMISSIONS, *GITHUB, *KEEPING]
