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
    given = {"name": name, "path": "/package-flow/", "assumeRolePolicy": document(*ways), **props}
    return resource("aws:iam/role:Role", given, "payments-api-publish")


def grants(*statements: Mapping[str, Any], role: str = "prod-publish-payments-api") -> Resource:
    return resource("aws:iam/rolePolicy:RolePolicy", {"name": "rights", "role": role, "policy": document(*statements)}, f"{role}-rights")


def allow(actions: str | list[str], on: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Sid": "One", "Effect": "Allow", "Action": actions, "Resource": on, **more}


PUBLISH = allow(["codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"], PAYMENTS)


def trusted(rule: str, title: str, path: str, value: Any, says: str, base: Mapping[str, Any] = WAY) -> Example:
    return Example(rule, title, [role(base)], [role(changed(base, path, value))], says)


IMMUTABLE = changed(changed(WAY, SUB, "repo:acme@7000/payments-api@9003:ref:refs/heads/main"), ID, gone)
NOBODY = changed(changed(WAY, SUB, "repo:none"), ID, gone)
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
    trusted("trust-has-subject", "one good and one open sub", SUB, ["repo:acme@7000/payments-api@9003:*", "*"], "does not restrict `sub`"),
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
    trusted("trust-has-id", "one id and one pattern", ID, ["9003", "9*"], "trusts names alone"),
    trusted("trust-has-id", "somebody beside nobody", SUB, ["repo:none", "repo:acme/payments-api:*"], "trusts names alone", NOBODY),
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


def of_organization(props: Mapping[str, Any], *ids: int) -> Resource:
    """The same of an organisation, for these repositories."""
    given = {key: value for key, value in props.items() if key != "repository"}
    given["conditions"] = {**props["conditions"], "repositoryIds": list(ids)}
    return resource("github:index/organizationRuleset:OrganizationRuleset", given, props["name"])


def environment(reviewers: Sequence[Any] = ({"teams": [3000]},), **policy: bool) -> Resource:
    props = {
        "repository": "payments-api",
        "environment": "release",
        "deploymentBranchPolicy": policy,
        "reviewers": list(reviewers),
    }
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
TOKEN = allow("sts:GetServiceBearerToken", "*", Condition={
    "StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}, "NumericLessThanEquals": {"sts:DurationSeconds": "3600"},
})  # fmt: skip
BUILD = changed(WAY, SUB, "repo:acme@7000/payments-api@9003:*")
WORKFLOW_REF = f"Condition/StringEquals/{HOST}:job_workflow_ref"
TAGGED = changed(
    changed(changed(WAY, REF, "refs/tags/v*"), "Condition/StringNotLike", {f"{HOST}:ref": "refs/tags/v*/*"}),
    WORKFLOW_REF,
    "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main",
)
_TAGS = {"name": "tags", "target": "tag", "conditions": {"refName": {"includes": ["refs/tags/v*"], "excludes": []}}}
_FIXED = {**RELEASE, **_TAGS, "rules": {"update": True, "deletion": True}}
_CREATED = {**CREATE, **_TAGS, "name": "create-tags"}
FIXED_TAGS, CREATE_TAGS = ruleset(_FIXED), ruleset(_CREATED)
MOVED_BY_SOME = ruleset({**_FIXED, "bypassActors": CREATE["bypassActors"]})
OF_BRANCHES = tuple(ruleset({**one, "target": "branch"}) for one in (_FIXED, _CREATED))
_CHANGES, _CREATION = "whose changes no ruleset guards", "whose creation no ruleset guards"
_OPEN = environment(protectedBranches=True, customBranchPolicies=False)
_NAME, _EXACT = "repo:acme/payments-api", "Condition/StringEqualsIgnoreCase"
_BOTH_SUBJECTS = changed(changed(WAY, SUB, f"{_NAME}:*"), _EXACT, {f"{HOST}:sub": f"{_NAME}:ref:refs/heads/main"})
_ELSE = allow("s3:PutObject", "*")
_WITHIN, _WITHIN_READ = ({"name": "rights", "policy": document(rights)} for rights in (PUBLISH, READ))
_ELSEWHERE = changed(PATTERN, "Condition/StringNotLike", {f"{HOST}:environment": "refs/heads/release/*/*"})
_IN_FOLDERS = changed(changed(ONE_LEVEL, REF, "refs/heads/*/*"), f"Condition/StringNotLike/{HOST}:ref", "refs/heads/*/*/*")
_ONE_RELEASE, _DEEPER_RELEASE = (changed(WAY, REF, f"refs/heads/release/{name}") for name in ("1.0", "1/0"))
_FOLDERS = "conditions/refName/includes", ["refs/heads/*/*"]
_FOLDER_GUARDS = (ruleset(changed(RELEASE, *_FOLDERS)), ruleset(changed(CREATE, *_FOLDERS)))
_POWER = "arn:aws:iam::aws:policy/PowerUserAccess"


def builds(title: str, good: Sequence[Resource], bad: Sequence[Resource], says: str) -> Example:
    return Example("pull-requests-only-read", title, good, bad, says)


def refs(title: str, bad: Sequence[Resource], says: str = _CHANGES, *, good: Mapping[str, Any] = WAY) -> Example:
    return Example("trusted-refs-are-guarded", title, writer(good), bad, says)


def organization(title: str, bad: Sequence[Resource], way: Mapping[str, Any] = WAY, says: str = _CHANGES) -> Example:
    """Guarded by the organisation's rulesets."""
    guards = (of_organization(RELEASE, 9002, 9003), of_organization(CREATE, 9003))
    return Example("trusted-refs-are-guarded", f"the organisation's, {title}", writer(WAY, *guards), writer(way, *(bad or guards)), says)


def tags(title: str, says: str, *guards: Resource, bad: Mapping[str, Any] | None = None) -> Example:
    return Example("trusted-refs-are-guarded", title, writer(TAGGED, FIXED_TAGS, CREATE_TAGS), writer(bad or TAGGED, *guards), says)


def jobs(title: str, says: str, *made: Resource) -> Example:
    listed = writer(IN_ENVIRONMENT, *_GUARDS, _LISTED)
    return Example("environments-list-branches", title, listed, writer(IN_ENVIRONMENT, *_GUARDS, *made), says)


GUARDING = [
    builds("a role that writes", writer(BUILD, *_GUARDS, rights=READ), writer(BUILD), "lets pull requests in"),
    builds("the subject itself", writer(), writer(changed(WAY, SUB, "repo:acme/payments-api:pull_request")), "payments-api:pull_request"),
    builds("a foreign policy", [role(BUILD), grants(READ)], [role(BUILD, managedPolicyArns=[_POWER]), grants(READ)], "PowerUserAccess"),
    builds("a build that fetches a token", [role(BUILD), grants(READ, TOKEN)], [role(BUILD), grants(READ, _ELSE)], "s3:PutObject"),
    builds("one of two conditions", writer(_BOTH_SUBJECTS), writer(changed(_BOTH_SUBJECTS, _EXACT, gone)), "lets pull requests in"),
    builds("another event", writer(changed(WAY, SUB, f"{_NAME}:merge_group")), writer(changed(WAY, SUB, f"{_NAME}:*")), f"({_NAME}:*)"),
    builds("a policy within the role", [role(BUILD, inlinePolicies=[_WITHIN_READ])], [role(BUILD, inlinePolicies=[_WITHIN])], "lets pull"),
    refs("no ruleset at all", [role(WAY), grants(PUBLISH), group()]),
    refs("no ruleset for changes", writer(WAY, ruleset(CREATE))),
    refs("no ruleset for creation", writer(WAY, ruleset(RELEASE)), _CREATION),
    refs("no approval", release("rules/pullRequest/requiredApprovingReviewCount", 0)),
    refs("rewriting allowed", release("rules/nonFastForward", False)),
    refs("evaluated only", release("enforcement", "evaluate")),
    refs("another repository's", release("repository", "checkout-web")),
    refs("tags", release("target", "tag")),
    refs("a branch left out", release("conditions/refName/excludes", ["refs/heads/main"])),
    refs("the default branch, whichever it is", release("conditions/refName/includes", ["~DEFAULT_BRANCH"])),
    refs("any ref", writer(changed(WAY, REF, gone)), "does not restrict `ref`"),
    organization("for another repository", [of_organization(RELEASE, 9002), of_organization(CREATE, 9003)]),
    organization("for other repositories than may create", [of_organization(RELEASE, 9003), of_organization(CREATE, 9002)], says=_CREATION),
    organization("for none", [of_organization(RELEASE), of_organization(CREATE, 9003)]),
    organization("and a trust policy without the repository's id", [], changed(WAY, ID, gone)),
    organization("and a trust policy with a second id", [], changed(WAY, ID, ["9003", "9004"])),
    refs("a tag", writer(changed(WAY, REF, "refs/tags/main")), "role prod-publish-payments-api trusts refs/tags/main"),
    tags("a tag that may be moved", "keeps from being moved or deleted", CREATE_TAGS),
    tags("a tag that some may move", "keeps from being moved or deleted", MOVED_BY_SOME, CREATE_TAGS),
    tags("a tag that anybody creates", "whose creation no ruleset guards", FIXED_TAGS),
    tags("a tag and any workflow", "and any workflow", FIXED_TAGS, CREATE_TAGS, bad=changed(TAGGED, WORKFLOW_REF, gone)),
    tags("rulesets of branches of that name", "keeps from being moved or deleted", *OF_BRANCHES),
    tags("deeper tags", "also fits deeper names", FIXED_TAGS, CREATE_TAGS, bad=changed(TAGGED, "Condition/StringNotLike", gone)),
    refs("deeper branches", writer(PATTERN), "also fits deeper names", good=ONE_LEVEL),
    refs("another pattern than the rulesets'", writer(changed(ONE_LEVEL, REF, "refs/heads/release-*")), good=ONE_LEVEL),
    refs("an exclusion of something else", writer(_ELSEWHERE), "also fits deeper names", good=ONE_LEVEL),
    refs("a wildcard in the middle", writer(_IN_FOLDERS, *_FOLDER_GUARDS), "also fits deeper names", good=ONE_LEVEL),
    refs("a branch deeper than the pattern", writer(_DEEPER_RELEASE), good=_ONE_RELEASE),
    refs("a branch that begins alike", writer(changed(WAY, REF, "refs/heads/main-evil"))),
    refs("repositories that begin alike", writer(changed(WAY, SUB, "repo:acme@7000/pay*:ref:refs/heads/main")), "names no repository"),
    refs("any repository", writer(changed(WAY, SUB, "repo:acme@7000/*:ref:refs/heads/main")), "names no repository"),
    jobs("protected branches", "does not list its branches", _OPEN),
    jobs("all branches", "does not list its branches", environment()),
    jobs("an environment that is not there", "which the stack does not create"),
]

# --- owned names and shared -----------------------------------------------------------------------------------------------------------


def publishing(on: str | list[str], owned: Resource | None = None) -> list[Resource]:
    return [*writer(rights=allow("codeartifact:PublishPackageVersion", on))[:2], owned or group(), *_GUARDS]


def named(pattern: str) -> str:
    return f"{CODEARTIFACT}:package/acme/{pattern}"


SHARED_POLICY = [
    {"Sid": "NobodyPublishes", "Effect": "Deny", "Principal": "*", "Resource": "*",
     "Action": "codeartifact:PublishPackageVersion"},
    {"Sid": "OnlyPromotionCopies", "Effect": "Deny", "Principal": "*", "Resource": "*",
     "Action": ["codeartifact:CopyPackageVersions", "codeartifact:PutPackageMetadata"],
     "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/package-flow/prod-promote-*"}}},
]  # fmt: skip


def shared(*statements: Mapping[str, Any], called: str = "shared") -> list[Resource]:
    where = {"domain": "acme", "repository": called}
    made = resource("aws:codeartifact/repository:Repository", where, "shared")
    if not statements:
        return [made]
    policy = {**where, "policyDocument": document(*statements)}
    return [made, resource("aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy", policy, "shared")]


def shared_with(path: str, value: Any) -> list[Resource]:
    return shared(*changed(SHARED_POLICY, path, value))


COPY = allow("codeartifact:CopyPackageVersions", [f"{CODEARTIFACT}:repository/acme/shared", SHARED])
COPYING = "codeartifact:CopyPackageVersions"
_COPIERS = "1/Condition/ArnNotLike/aws:PrincipalArn"


def promoting(rights: Mapping[str, Any], made: Resource = _LISTED) -> list[Resource]:
    return writer(IN_ENVIRONMENT, *_GUARDS, made, rights=rights)


_PROMOTION = promoting(COPY)
_TAGS = promoting(allow("codeartifact:PutPackageMetadata", SHARED))
_ONE, _ONE_PACKAGE = group("/npm//acme-pay$"), named("payments/npm//acme-pay")
_ACCOUNT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
_NO_GROUP = Resource(group().type, "x", "urn:x", {**group().props, "typeName": "AWS::CodeArtifact::Repository"})
_TWO_ENVIRONMENTS = changed(IN_ENVIRONMENT, f"Condition/StringEquals/{HOST}:environment", ["release", "other"])
_PROMOTERS = SHARED_POLICY[1]["Condition"]
_ROLES = f"arn:aws:iam::{ACCOUNT}:role/package-flow/prod-promote-*"
_OTHERS_POLICY = {"repository": "payments", "policyDocument": document(SHARED_POLICY[0])}
_OTHERS = resource("aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy", _OTHERS_POLICY, "payments")
_UNREVIEWED = environment(reviewers=(), protectedBranches=False, customBranchPolicies=True)
_IN_WORDS = group("/npm//acme-payments~")
_WORDS, _OTHER_WORDS = named("payments/npm//acme-payments-*"), named("payments/npm//acme-paymentsx*")
_TAGGING = ["codeartifact:CopyPackageVersions", "codeartifact:PutPackageMetadata"]
_MORE = ["codeartifact:CopyPackageVersions", "codeartifact:Delete*"]


def owned(title: str, bad: Sequence[Resource], says: str = "no team owns there", *, good: Sequence[Resource] | None = None) -> Example:
    return Example("publishes-owned-names", title, good or publishing(PAYMENTS), bad, says)


def reached(title: str, good: Sequence[Resource], bad: Sequence[Resource], says: str) -> Example:
    return Example("shared-by-promotion", title, good, bad, says)


def kept(title: str, bad: Sequence[Resource], says: str) -> Example:
    return reached(title, shared(*SHARED_POLICY), bad, says)


OWNING = [
    owned("no package group", [*publishing(PAYMENTS)[:2], *_GUARDS]),
    owned("another scope", publishing(named("payments/npm/acme-other/*"))),
    owned("a scope that begins alike", publishing(named("payments/npm/acme-payments*"))),
    owned("any name", publishing(named("payments/*"))),
    owned("any repository", publishing(named("*/npm/acme-payments/*"))),
    owned("everything", publishing("*"), "may publish *,"),
    owned("another team's repository", publishing(named("identity/npm/acme-payments/*"))),
    owned("one good and one bad name", publishing([PAYMENTS, named("payments/pypi//acme-*")]), "payments/pypi//acme-*, which"),
    owned("a resource that is no package group", publishing(PAYMENTS, _NO_GROUP)),
    owned("more behind the name", publishing(named("payments/npm/acme-payments/*/x"))),
    owned("a group that anybody may publish to", publishing(PAYMENTS, group(mode="ALLOW"))),
    owned("more than one name", publishing(named("payments/npm//acme-pay*"), _ONE), good=publishing(_ONE_PACKAGE, _ONE)),
    owned("words that begin alike", publishing(_OTHER_WORDS, _IN_WORDS), good=publishing(_WORDS, _IN_WORDS)),
    reached("publishing to shared", publishing(PAYMENTS), publishing(SHARED), "may write to shared"),
    reached("publishing everywhere", publishing(PAYMENTS), publishing(named("*/npm/acme-payments/*")), "may write to shared"),
    reached("publishing to shared as well", publishing(PAYMENTS), publishing([PAYMENTS, SHARED]), "may write to shared"),
    reached("everything of CodeArtifact", publishing(PAYMENTS), publishing(f"{CODEARTIFACT}:*"), "may write to shared"),
    reached("every package", publishing(PAYMENTS), publishing(f"{CODEARTIFACT}:package/*"), "may write to shared"),
    reached("copying from elsewhere as well", _PROMOTION, [role(IN_ENVIRONMENT, WAY), *_PROMOTION[1:]], "other than by promotion"),
    reached("copying from two environments", _PROMOTION, [role(_TWO_ENVIRONMENTS), *_PROMOTION[1:]], "other than by promotion"),
    reached("copying from outside an environment", _PROMOTION, writer(rights=COPY), "other than by promotion"),
    reached("copying that nobody approves", _PROMOTION, promoting(COPY, _UNREVIEWED), "other than by promotion"),
    reached("promotion that may delete", _PROMOTION, promoting(changed(COPY, "Action", _MORE)), "codeartifact:DeletePackageVersions"),
    kept("no policy", shared(), "does not keep everybody but promotion from"),
    reached(
        "publishing to shared by another name",
        [*publishing(PAYMENTS), *shared(*SHARED_POLICY, called="packages")],
        [*publishing(named("packages/npm/acme-payments/*")), *shared(*SHARED_POLICY, called="packages")],
        "may write to shared",
    ),
    reached(
        "shared by another name without a policy",
        shared(*SHARED_POLICY, called="packages"),
        shared(called="packages"),
        "does not keep everybody but promotion from",
    ),
    kept("publishing not denied", shared(SHARED_POLICY[1]), "codeartifact:PublishPackageVersion"),
    kept("tags denied to nobody", shared_with("1/Action", COPYING), "codeartifact:PutPackageMetadata"),
    reached("tags that nobody approves", _TAGS, promoting(allow(_TAGGING[1], SHARED), _UNREVIEWED), "codeartifact:PutPackageMetadata"),
    kept("publishing denied to some", shared_with("0/Principal", _ACCOUNT), "codeartifact:PublishPackageVersion"),
    kept("publishing denied at times", shared_with("0/Condition", {"Bool": {"aws:SecureTransport": "false"}}), "PublishPackageVersion"),
    kept("publishing denied to all but promotion", shared_with("0/Condition", _PROMOTERS), "codeartifact:PublishPackageVersion"),
    kept("publishing denied in another repository", [*shared(SHARED_POLICY[1]), _OTHERS], "codeartifact:PublishPackageVersion"),
    kept("copying denied to promotion alone", shared_with("1/Condition", {"ArnLike": {"aws:PrincipalArn": _ROLES}}), COPYING),
    kept("copying denied by source", shared_with("1/Condition", {"ArnNotLike": {"aws:SourceArn": _ROLES}}), COPYING),
    kept("copying denied to fewer", shared_with(_COPIERS, [_ROLES, "*"]), COPYING),
    kept("copying denied to roles that begin and end alike", shared_with(_COPIERS, f"{_ROLES}-*"), COPYING),
    kept("copying denied to nobody", shared_with(_COPIERS, f"arn:aws:iam::{ACCOUNT}:role/*"), "codeartifact:CopyPackageVersions"),
    kept("somebody let in", shared(*SHARED_POLICY, {**COPY, "Resource": "*", "Principal": _ACCOUNT}), "lets others write"),
]

# --- permissions and exposure ---------------------------------------------------------------------------------------------------------


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
RULE_ROLE: dict[str, Any] = {
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
_BY_AWS = changed(READER, "Principal", {"AWS": "*"})
_QUEUE, _TOPIC, _KEY = "aws:sqs/queue:Queue", "aws:sns/topic:Topic", "aws:kms/key:Key"
_CAP = "Condition/NumericLessThanEquals/sts:DurationSeconds"
_SOURCE = "Condition/ArnEquals/aws:SourceArn"
_COPYING = ["repository/acme/shared", "package/acme/shared/*"]
_ALL_BUT_IAM = {"Sid": "Most", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
_ALL_BUT_ROOT = {"Sid": "Most", "Effect": "Allow", "Action": "sns:*", "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
_IN_ORGANIZATION = changed(READER, "Condition", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})
_IN_ACCOUNT = changed(READER, "Condition", {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
_IN_UNITS = changed(READER, "Condition", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}})


def capped(title: str, good: Mapping[str, Any], bad: Mapping[str, Any]) -> Example:
    return Example("tokens-are-capped", title, [grants(good)], [grants(bad)], "without a cap")


def opened(title: str, good: Mapping[str, Any], bad: Mapping[str, Any], *kind: str) -> Example:
    return Example("no-public-principal", title, [attached(good, *kind)], [attached(bad, *kind)], "lets everybody in")


def deputy(title: str, path: str, value: Any) -> Example:
    return Example("services-act-for-us", title, [role(RULE_ROLE)], [role(changed(RULE_ROLE, path, value))], "events.amazonaws.com")


PERMISSIONS = [
    token("Condition/NumericLessThanEquals", gone),
    token("Condition/NumericLessThanEquals/sts:DurationSeconds", "86400"),
    token("Condition/NumericLessThanEquals/sts:DurationSeconds", ["3600", "86400"]),
    capped("longer than the longest", changed(TOKEN, _CAP, "43200"), changed(TOKEN, _CAP, "43201")),
    token("Condition/StringEquals/sts:AWSServiceName", gone),
    token("Condition/StringEquals/sts:AWSServiceName", ["codeartifact.amazonaws.com", "codecatalyst.amazonaws.com"]),
    capped("within a wildcard", allow("sts:GetCallerIdentity", "*"), allow("sts:Get*", "*")),
    capped("within NotAction", READ, _ALL_BUT_IAM),
    capped("within NotAction of several", changed(_ALL_BUT_IAM, "NotAction", ["iam:*", "sts:*"]), _ALL_BUT_IAM),
    acting("codeartifact:PublishPackageVersion", "package/acme/payments/*", "repository/acme/payments", "has no effect"),
    acting("codeartifact:Publish*", "package/acme/payments/*", "repository/acme/payments/*", "has no effect"),
    acting("codeartifact:PublishPackageVersion", ["repository/acme/x", "package/acme/x/*"], "repository/acme/x", "has no effect"),
    acting("codeartifact:PublishPackageVersion", "package/acme/x/*", ["repository/acme/x", "domain/acme"], "has no effect"),
    acting("codeartifact:CopyPackageVersions", _COPYING, "package/acme/shared/*", "requires the repository"),
    public("no condition", "Condition", gone),
    public("any role of any account", _PRINCIPAL, "arn:aws:iam::*:role/prod-read"),
    public("one good and one open ARN", _PRINCIPAL, [f"arn:aws:iam::{ACCOUNT}:role/x", "*"]),
    public("everybody but one", "Condition", {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x"}}),
    public("a condition on something else", "Condition", {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
    public("any organisation", "Condition", {"StringLike": {"aws:PrincipalOrgID": "o-*"}}, _IN_ORGANIZATION),
    public("for all values", "Condition", {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}, _IN_UNITS),
    public("an account and more", "Condition", {"StringLike": {"aws:PrincipalAccount": f"{ACCOUNT}*"}}, _IN_ACCOUNT),
    opened("as an AWS principal", _BY_AWS, changed(_BY_AWS, "Condition", gone)),
    opened("everybody but somebody", {**_ALL_BUT_ROOT, "Effect": "Deny"}, _ALL_BUT_ROOT),
    opened("a queue", READER, changed(READER, "Condition", gone), _QUEUE),
    deputy("any rule of any account", "Condition", gone),
    deputy("one good and one open source", _SOURCE, [RULE_ROLE["Condition"]["ArnEquals"]["aws:SourceArn"], "*"]),
    deputy("an account and more", "Condition", {"StringLike": {"aws:SourceAccount": f"{ACCOUNT}*"}}),
    deputy("a source in any account", _SOURCE, "arn:aws:events:eu-west-1:*:rule/x"),
]

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
_TWO_CHECKS = [{"context": "a", "integrationId": 15368}, {"context": "b"}]
_TEAM = CREATE["bypassActors"]
_PLAIN, _WITH_PASSWORD = "https://registry.example/", "https://user:hunter2@registry.example/"
_SECRET = resource("github:index/actionsSecret:ActionsSecret", {"repository": "payments-api", "secretName": "X"})
GITHUB = [
    rules("no-bypass", "a team bypasses reviews", RELEASE, "bypassActors", _TEAM, "Team may bypass the ruleset package-flow-release"),
    rules("no-bypass", "administrators bypass reviews", RELEASE, "bypassActors", _ADMIN, "RepositoryRole may bypass"),
    rules("no-bypass", "administrators create branches", CREATE, "bypassActors", _ADMIN, "RepositoryRole may bypass"),
    rules("no-bypass", "reviews beside creation", CREATE, "rules/deletion", True, "Team may bypass the ruleset package-flow-create"),
    rules("checks-come-from-one-app", "no app", RELEASE, _CHECKS, [{"context": "test"}], "can report the check test"),
    rules("checks-come-from-one-app", "one of two", RELEASE, _CHECKS, _TWO_CHECKS, "can report the check b as"),
    rules("rulesets-are-enforced", "disabled", RELEASE, "enforcement", "disabled", "is not enforced (disabled)"),
    leaking("NPM_TOKEN", "abc-def", "its name says so", instead=("TOKEN_DURATION", "3600")),
    leaking("CODEARTIFACT_AUTH_TOKEN", "x", "its name says so"),
    leaking("DEPLOY", "ghp_" + "a1B2" * 9, "the form of a credential"),
    leaking("AWS_ID", "AKIA" + "ABCD1234" * 2, "the form of a credential"),
    leaking("REGISTRY", _WITH_PASSWORD, "the form of a credential", instead=("REGISTRY", _PLAIN)),
    leaking("SESSION_ID", "ASIAPACIFICPAYM3NTSA", "the form of a credential", instead=("REPOSITORY", "ASIAPACIFICPAYMENTSAPI")),
    leaking("PART", "tools-x7k2p9qm4z8w1v5n3c6b0a-build", "looks random", instead=("PART", "platform-engineering-build-tools-v2")),
    leaking("SESSION", "aZ3kQ9vLxP0sT7yWbN5mC8dR2fH6jG4e", "its value looks random"),
    Example("no-stored-secret", "an Actions secret", [variable("CODEARTIFACT_DOMAIN", "acme")], [_SECRET], "long-lived credential"),
]

# --- keeping --------------------------------------------------------------------------------------------------------------------------


def packages(**protected: bool) -> list[Resource]:
    """A domain with its key and a repository."""
    repository = {"domain": "acme", "repository": "payments"}
    return [
        resource(_KEY, {"enableKeyRotation": True}, "acme", protect=protected.get("key", True)),
        resource("aws:codeartifact/domain:Domain", {"domain": "acme"}, "acme", protect=protected.get("domain", True)),
        resource("aws:codeartifact/repository:Repository", repository, "payments", protect=protected.get("repository", True)),
    ]


def stored(rule: str, kind: str, good: Mapping[str, Any], bad: Mapping[str, Any], says: str = "stored unencrypted") -> Example:
    return Example(rule, f"{good} and {bad}", [resource(kind, good)], [resource(kind, bad)], says)


def protected(kind: str) -> Example:
    return Example("production-is-protected", kind, packages(), packages(**{kind: False}), f"{kind} ")


KEEPING = [
    stored("topics-are-encrypted", _TOPIC, {"kmsMasterKeyId": "alias/x"}, {}),
    stored("queues-are-encrypted", _QUEUE, {"kmsMasterKeyId": "alias/x"}, {}),
    stored("queues-are-encrypted", _QUEUE, {"sqsManagedSseEnabled": True}, {"sqsManagedSseEnabled": False}),
    stored("keys-rotate", _KEY, {"enableKeyRotation": True}, {}, "never rotated"),
    stored("keys-rotate", _KEY, {"customerMasterKeySpec": "HMAC_256"}, {"customerMasterKeySpec": "SYMMETRIC_DEFAULT"}, "never rotated"),
    protected("key"),
    protected("domain"),
    protected("repository"),
]

EXAMPLES = [*TRUST, *GUARDING, *OWNING, *PERMISSIONS, *GITHUB, *KEEPING]
