"""Bad input: each value with a good twin that stands in the same place, so that nothing else can be the reason."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.settings.builders import ABSENT, CONFIG, STACK_FILE, changed, problems


class Case(NamedTuple):
    """`bad` at `at` is one problem, told at `key` of `file` with these words in it; `good` in the same place is none."""

    at: tuple[Any, ...]
    bad: Any
    good: Any
    key: str
    words: str

    @property
    def file(self) -> str:
        return STACK_FILE if self.at[0] == CONFIG else f"catalog/{self.at[0]}.yaml"


def stack(key: str, bad: Any, good: Any, words: str, where: str | None = None) -> Case:
    """A key of the stack file; dots go into objects."""
    name, *inner = key.split(".")
    return Case((CONFIG, name, *inner), bad, good, where or key, words)


API = ("payments", "repositories", "payments-api")
WEB = ("payments", "repositories", "checkout-web")
API_KEY, WEB_KEY = "repositories.payments-api", "repositories.checkout-web"
WORKFLOW = "acme/package-flow/.github/workflows/publish-package.yml@refs/heads/main"
OTHER = "444455556666"
SHARED, DEVELOPERS = "package-flow:sharing", "package-flow:developers"
PATH = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"
SETS = "arn:aws:iam::222233334444:role/permission-sets"
KEY = "arn:aws:kms:"
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"

STACK_VALUES = [
    # names that AWS refuses
    stack("package-flow:domain.name", "Acme", "acme", "got 'Acme', allowed: 2 to 50 lower-case letters"),
    stack("package-flow:domain.name", "a", "ab", "2 to 50"),
    stack("package-flow:domain.name", "a" * 51, "a" * 50, "2 to 50"),
    stack("package-flow:domain.name", "acme-", "acme-1", "the last no hyphen"),
    stack("package-flow:domain.name", "1acme", "acme1", "the first a letter"),
    stack("package-flow:domain.name", "acme\n", "acme", r"'acme\n'"),
    stack("package-flow:domain.name", ABSENT, "acme", "got nothing"),
    stack("package-flow:domain", ABSENT, {"name": "acme"}, "got nothing", "package-flow:domain.name"),
    stack("package-flow:domain", "acme", {"name": "acme"}, "a mapping"),
    stack("package-flow:domain.encryption", "kms", "aws", "customer, aws"),
    stack("package-flow:domain.encryption", f"{KEY}us-east-1:{OTHER}:key/a", f"{KEY}eu-west-1:{OTHER}:key/a", "a key of eu-west-1"),
    stack("package-flow:domain.protect", "true", True, "without quotes"),
    stack("package-flow:domain.protect", 1, False, "true or false"),
    stack("aws:region", "eu-west", "eu-west-1", "an AWS region with CodeArtifact: ap-northeast-1, "),
    stack("aws:region", "eu-west-*", "eu-south-1", "an AWS region"),
    stack("aws:region", "us-west-1", "us-west-2", "ap-southeast-2, eu-central-1, eu-north-1, eu-south-1"),
    stack("aws:region", "ca-central-1", "eu-central-1", "an AWS region with CodeArtifact"),
    stack("aws:region", "us-gov-west-1", "us-west-2", "; AWS GovCloud (US) has no CodeArtifact"),
    stack("aws:region", "cn-north-1", "eu-north-1", "; AWS China has no CodeArtifact"),
    stack("aws:region", 1, "eu-west-1", "which YAML reads as a number"),
    stack("aws:region", ABSENT, "eu-west-1", "got nothing"),
    stack(
        "aws:allowedAccountIds",
        [111122223333],
        ["111122223333"],
        "got 111122223333, which YAML reads as a number",
        "aws:allowedAccountIds.0",
    ),
    stack("aws:allowedAccountIds", ["11112222333"], ["111122223333"], "12 digits", "aws:allowedAccountIds.0"),
    stack("aws:allowedAccountIds", "111122223333", ["111122223333"], "a list"),
    stack("aws:allowedAccountIds", ["111122223333"] * 2, ["111122223333", "444455556666"], "each entry once"),
    stack("github:owner", "acme/package-flow", "acme", "a GitHub organisation"),
    stack("github:owner", "acme--corp", "acme-corp", "single hyphens"),
    stack("github:owner", "a" * 40, "a" * 39, "1 to 39"),
    stack("github:owner", ABSENT, "acme", "got nothing"),
    # the project's own keys
    stack("package-flow:catalog", ABSENT, "catalog", "got nothing"),
    stack("package-flow:catalog", "nowhere", "catalog", "nowhere, which does not exist"),
    stack("package-flow:publicSources", ["npm"], ["npmjs"], "(did you mean npmjs?)", "package-flow:publicSources.0"),
    stack("package-flow:publicSources", ["pypi", "pypi"], ["pypi", "npmjs"], "'pypi' 2 times"),
    stack("package-flow:tokenDuration", 899, 900, "got 899, allowed: 900 to 43200"),
    stack("package-flow:tokenDuration", 43_201, 43_200, "900 to 43200"),
    stack("package-flow:tokenDuration", 3600.5, 3600, "900 to 43200"),
    stack("package-flow:tokenDuration", True, 3600, "which YAML reads as a boolean"),
    stack("package-flow:githubOidcProvider", "adopt", "existing", "create, existing"),
    stack("package-flow:readRole", "organisation", "organization", "(did you mean organization?)"),
    stack("package-flow:subjects", "name", "both", "both, immutable"),
    stack("package-flow:iam.path", "package-flow/", "/package-flow/", "names between slashes"),
    stack("package-flow:iam.path", "/package-flow", "/", "names between slashes"),
    stack("package-flow:iam.path", "/a*/", "/a/", "names between slashes"),
    stack("package-flow:iam.path", "/aws-reserved/", "/reserved/", "not /aws-"),
    stack("package-flow:iam.path", f"/{'a' * 511}/", f"/{'a' * 510}/", "at most 512"),
    stack("package-flow:iam.permissionsBoundary", "boundary", BOUNDARY, "the ARN of a managed policy"),
    stack("package-flow:iam.permissionsBoundary", BOUNDARY.replace("1111", "9999"), BOUNDARY, "the stack's own account (111122223333)"),
    stack("package-flow:iam.permissionsBoundary", BOUNDARY.replace("policy/", "role/"), BOUNDARY.replace("111122223333", "aws"), "policy"),
    stack("package-flow:publishing.workflow", WORKFLOW.split("@")[0], WORKFLOW, "@refs/heads/BRANCH"),
    stack("package-flow:publishing.workflow", WORKFLOW + "*", WORKFLOW, "@refs/heads/BRANCH"),
    stack("package-flow:publishing.workflow", "*", "any", "or any"),
    stack("package-flow:publishing.repositoryId", 0, 9000, "got 0, allowed: a number from 1"),
    stack("package-flow:publishing.repositoryId", "9000", 9000, "without quotes"),
    stack(
        "package-flow:publishing",
        {"workflow": "any", "repositoryId": 9000},
        {"workflow": WORKFLOW, "repositoryId": 9000},
        "nothing with workflow: any",
        "package-flow:publishing.repositoryId",
    ),
    stack("package-flow:publishing.workflow", f"{WORKFLOW.split('@')[0]}@{'0f' * 20}", WORKFLOW, "which a commit id would not pin"),
    *(
        stack("package-flow:publishing.workflow", WORKFLOW.replace(*bad), WORKFLOW.replace(*good), "as GitHub and git take it")
        for bad, good in (
            (("/package-flow/", "/../"), ("/package-flow/", "/..a/")),
            (("/package-flow/", "/./"), ("/package-flow/", "/.github/")),
            (("/package-flow/", "/flow.git/"), ("/package-flow/", "/flow.gitx/")),
            (("acme/", "-acme/"), ("acme/", "a-cme/")),
            (("acme/", "ac--me/"), ("acme/", "ac-me/")),
            (("acme/", f"{'a' * 40}/"), ("acme/", f"{'a' * 39}/")),
            (("heads/main", "heads/a..b"), ("heads/main", "heads/a.b")),
            (("heads/main", "heads/.main"), ("heads/main", "heads/main.1")),
            (("heads/main", "heads/release/.1"), ("heads/main", "heads/release/1")),
            (("heads/main", "tags/v1."), ("heads/main", "tags/v1.0")),
            (("heads/main", "heads/a.lock"), ("heads/main", "heads/a.locks")),
            (("heads/main", "heads/a.lock/b"), ("heads/main", "heads/a.locks/b")),
            (("heads/main", "heads/-main"), ("heads/main", "heads/main-/-1")),
            (("heads/main", "heads/a//b"), ("heads/main", "heads/a/b")),
        )
    ),
    stack(
        "package-flow:publishing.workflow", WORKFLOW.replace("refs/heads/main", "main"), WORKFLOW.replace("heads/main", "tags/v1"), "@refs/"
    ),
    stack("package-flow:publishing.workflow", WORKFLOW.replace("publish-", "promote-"), WORKFLOW, "another file"),
    stack("package-flow:sharing.organizationId", "o-short", "o-a1b2c3d4e5", "10 to 32"),
    stack("package-flow:sharing.organizationId", "o-" + "a" * 33, "o-" + "a" * 32, "10 to 32"),
    stack("package-flow:sharing.accounts", [444455556666], ["444455556666"], "in quotes", "package-flow:sharing.accounts.0"),
    # 037777777777 without quotes is an octal number to YAML
    stack("package-flow:sharing.accounts", [0o37777777777], ["037777777777"], "12 digits", "package-flow:sharing.accounts.0"),
    stack("package-flow:sharing.accounts", ["111122223333"], ["444455556666"], "the stack's own", "package-flow:sharing.accounts.0"),
    stack("package-flow:sharing.organizationPaths", [PATH[:-1]], [PATH], "a path of an AWS organisation", f"{SHARED}.organizationPaths.0"),
    stack("package-flow:sharing.organizationPaths", [f"{PATH}**"], [f"{PATH}*"], "with * at the end", f"{SHARED}.organizationPaths.0"),
    stack(
        "package-flow:sharing.organizationPaths", ["o-a1b2c3d4e5/*"], ["o-a1b2c3d4e5/r-ab12/*"], "a path", f"{SHARED}.organizationPaths.0"
    ),
    stack(
        SHARED,
        {"organizationId": "o-a1b2c3d4e5", "organizationPaths": [PATH]},
        {"organizationPaths": [PATH]},
        "admits the whole organisation",
        f"{SHARED}.organizationPaths",
    ),
    stack(
        SHARED, {"downstream": ["shared"]}, {"downstream": ["shared"], "accounts": [OTHER]}, "nobody is shared with", f"{SHARED}.downstream"
    ),
    stack(
        SHARED,
        {"downstream": ["research"], "accounts": [OTHER]},
        {"downstream": ["identity"], "accounts": [OTHER]},
        "a repository that is open to the organisation: shared, identity, payments",
        f"{SHARED}.downstream.0",
    ),
    # developers and builds
    stack(
        DEVELOPERS, {"region": "eu-west-1"}, {"groups": ["Engineering"]}, "got nothing, allowed: at least one group", f"{DEVELOPERS}.groups"
    ),
    stack(DEVELOPERS, {"groups": [7]}, {"groups": ["7"]}, "put it in quotes", f"{DEVELOPERS}.groups.0"),
    stack(DEVELOPERS, {"groups": [" "]}, {"groups": ["a b"]}, "display name", f"{DEVELOPERS}.groups.0"),
    *(
        stack(DEVELOPERS, {"groups": ["a"], key: bad}, {"groups": ["a"], key: good}, words, f"{DEVELOPERS}.{key}")
        for key, bad, good, words in (
            ("mode", "sso", "policy", "identityCenter, policy"),
            ("region", "europe", "eu-west-1", "an AWS region"),
            ("region", "us-gov-west-1", "us-west-1", "AWS GovCloud (US) is a partition of its own"),
            ("roleArn", "role/sets", SETS, "the ARN of a role"),
            ("roleArn", f"{SETS}*", SETS, "the ARN of a role"),
            ("sessionDuration", 3599, 3600, "3600 to 43200"),
            ("sessionDuration", 43_201, 43_200, "3600 to 43200"),
        )
    ),
    *(
        stack(DEVELOPERS, {"groups": ["a"], "mode": "policy", key: bad}, {"groups": ["a"], key: bad}, "mode: policy", f"{DEVELOPERS}.{key}")
        for key, bad in (("region", "eu-west-1"), ("roleArn", SETS))
    ),
    stack("package-flow:builds.roles", ["build/*"], ["build/ci"], "a role's name, after its path", "package-flow:builds.roles.0"),
    stack("package-flow:builds.roles", ["/build"], ["build"], "a role's name", "package-flow:builds.roles.0"),
    *(
        stack("package-flow:builds.roles", [bad], [good], "this stack's own (package-flow/test-...)", "package-flow:builds.roles.0")
        for bad, good in (
            ("package-flow/test-publish-identity-api", "package-flow/testing"),
            ("package-flow/test-read", "test-read"),
            ("package-flow/Test-Promote-x", "package-flow/prod-promote-x"),
        )
    ),
    stack("package-flow:builds.roles", ["a" * 65], ["a" * 64], "a role's name", "package-flow:builds.roles.0"),
    # unknown keys
    stack("package-flow:domian", {"name": "acme"}, ABSENT, "got an unknown key, allowed: one of 19 (did you mean domain?)"),
    stack("package-flow:token_duration", 3600, ABSENT, "(did you mean tokenDuration?)"),
    stack("package-flow:domain.encrypt", "aws", ABSENT, "(did you mean encryption?)"),
    stack("package-flow:iam.permissions_boundary", "", ABSENT, "(did you mean permissionsBoundary?)"),
    stack("package-flow:sharing.organizationID", "o-a1b2c3d4e5", ABSENT, "(did you mean organizationId?)"),
    stack("package-flo:subjects", "both", ABSENT, "(did you mean package-flow:subjects?)"),
    stack("subjects", "both", ABSENT, "(did you mean package-flow:subjects?)"),
    stack("aws:allowedAccountId", ["111122223333"], ABSENT, "(did you mean allowedAccountIds?)"),
    stack("github:ower", "acme", ABSENT, "(did you mean owner?)"),
    stack("package-flow:organizationVariables", {}, ABSENT, "not available yet"),
    Case((CONFIG, 7), "seven", ABSENT, "7", "got 7, which YAML reads as a number, allowed: text as a key, such as aws:region"),
    # credentials
    stack("github:token", "value-of-a-token", ABSENT, "credentials in the environment"),
    stack("aws:secretKey", "value-of-a-key", ABSENT, "credentials in the environment"),
]

TEAM_VALUES = [
    Case(("payments", "team"), ABSENT, "payments", "team", "got nothing, allowed: payments"),
    Case(("payments", "team"), "payment", "payments", "team", "payments, or the file renamed to payment.yaml"),
    Case(("payments", "team"), False, "payments", "team", "got false, which YAML reads as a boolean"),
    Case(("payments", "readers"), "everybody", "organization", "readers", "organization, team"),
    # who reads and publishes besides the team's own repositories
    Case(("research", "developer_groups"), ["Research"], [], "developer_groups", "add package-flow:developers to Pulumi.test.yaml"),
    Case(("research", "build_roles"), ["codebuild"], [], "build_roles.0", "a role of package-flow:builds.roles in Pulumi.test.yaml"),
    Case(("research", "build_roles"), ["build/*"], [], "build_roles.0", "a role's name"),
    Case(("payments", "publishers"), ["ci"], [], "publishers.0", "a mapping"),
    Case(("payments", "publishers"), [{"account": 444455556666, "role": "ci"}], [], "publishers.0.account", "in quotes"),
    Case(("payments", "publishers"), [{"account": OTHER, "role": "ci"}], [], "publishers.0.account", "an account shared with"),
    Case(("payments", "repos"), {}, ABSENT, "repos", "(did you mean repository?)"),
    Case(("payments", "repositories"), ["payments-api"], {}, "repositories", "a mapping"),
    Case(("payments", "release_managers"), "payments-leads", ["payments-leads"], "release_managers", "a list"),
    Case(("payments", "release_managers"), ["Payments Leads"], ["payments-leads"], "release_managers.0", "slug"),
    Case(("payments", "release_managers"), ["a", "a"], ["a", "b"], "release_managers", "each entry once"),
    # upstreams
    Case(("payments", "upstreams"), ["identty"], ["identity"], "upstreams.0", "(did you mean identity?)"),
    Case(("payments", "upstreams"), ["payments"], ["identity"], "upstreams.0", "not its own upstream"),
    Case(("payments", "upstreams"), ["shared"], ["identity"], "upstreams.0", "always come last"),
    Case(("payments", "upstreams"), ["npmjs"], ["identity"], "upstreams.0", "always come last"),
    Case(("payments", "upstreams"), ["storefront"], ["identity"], "upstreams.0", "catalog/storefront.yaml owns none"),
    Case(("payments", "upstreams"), ["research"], ["identity"], "upstreams.0", "catalog/research.yaml says readers: team"),
    Case(("payments", "upstreams"), ["identity", "identity"], ["identity"], "upstreams", "each entry once"),
    Case(("research", "upstreams"), ["identity"], [], "upstreams", "none with readers: team"),
    Case(("storefront", "upstreams"), ["identity"], [], "upstreams", "it has no repository and uses shared"),
    Case(("identity", "upstreams"), ["payments"], [], "upstreams", "got identity -> payments -> identity, allowed: no cycle"),
    Case(("storefront", "readers"), "team", "organization", "readers", "owns nothing"),
    # owned names
    Case(("identity", "owns"), {"nugget": ["Acme"]}, {"npm": ["acme"]}, "owns.nugget", "npm, pypi, maven"),
    Case(
        ("identity", "owns"),
        {"swift": ["acme"]},
        {"npm": ["acme"]},
        "owns.swift",
        "swift packages can be installed, not owned or published",
    ),
    Case((*API, "publishes"), ["ruby"], ["npm"], f"{API_KEY}.publishes.0", "CodeArtifact has no documented names"),
    Case(("identity", "owns", "npm"), [], ["@acme-identity/*"], "owns.npm", "leave npm out"),
    Case(("identity", "owns", "npm"), "@acme-identity/*", ["@acme-identity/*"], "owns.npm", "a list"),
    Case(("identity", "owns", "npm"), ["*"], ["acme-*"], "owns.npm.0", "got '*', allowed: @scope/*, @scope/name, @scope/prefix-*, name"),
    Case(("identity", "owns", "npm"), ["@acme-identity/*-api"], ["@acme-identity/api"], "owns.npm.0", "@scope/*"),
    Case(("identity", "owns", "npm"), ["@Acme/api"], ["@acme/api"], "owns.npm.0", "lower case"),
    Case(
        ("identity", "owns", "npm"),
        [1.1],
        ["v1.1"],
        "owns.npm.0",
        "got 1.1, which YAML reads as a number, allowed: text (put it in quotes)",
    ),
    Case(("identity", "owns", "pypi"), ["Acme_Identity"], ["acme-identity"], "owns.pypi.0", "PEP 503"),
    Case(("identity", "owns", "maven"), ["com.acme"], ["com.acme:*"], "owns.maven.0", "group:artifact (did you mean com.acme:*?)"),
    Case(("identity", "owns", "npm"), ["acme", "acme"], ["acme", "acme-1"], "owns.npm", "each entry once"),
    # two teams, one name
    Case(
        ("research", "owns", "npm"), ["@acme-identity/*"], ["@acme/*"], "owns.npm.0", "names that identity does not own: @acme-identity/*"
    ),
    Case(("research", "owns", "npm"), ["@acme-identity/api"], ["@acme/api"], "owns.npm.0", "(catalog/identity.yaml, owns.npm.0)"),
    Case(("research", "owns", "pypi"), ["acme-payments-1"], ["acme-payment-1"], "owns.pypi.0", "acme-payments-* (catalog/payments.yaml"),
    Case(("research", "owns", "pypi"), ["acme-*"], ["acmes-*"], "owns.pypi.0", "names that payments does not own"),
    Case(("research", "owns", "pypi"), ["acme-payments-x-*"], ["acme-pay-*"], "owns.pypi.0", "names that payments does not own"),
    Case(("research", "owns", "npm"), ["@acme-identity/a-*"], ["@acme/a-*"], "owns.npm.0", "names that identity does not own"),
    # repositories
    Case((*API, "publish"), ["npm"], ABSENT, f"{API_KEY}.publish", "(did you mean publishes?)"),
    Case((*API, "publishes"), ["nmp"], ["npm"], f"{API_KEY}.publishes.0", "(did you mean npm?)"),
    Case((*API, "publishes"), ["npm", "npm"], ["npm", "pypi"], f"{API_KEY}.publishes", "each entry once"),
    Case((*API, "publishes"), ["maven"], ["npm"], f"{API_KEY}.publishes.0", "formats that the team owns names of; add owns: maven"),
    Case((*API, "release_branches"), ABSENT, ["main"], f"{API_KEY}.release_branches", "got nothing, allowed: at least one branch"),
    Case((*API, "release_branches"), [], ["main"], f"{API_KEY}.release_branches", "at least one branch"),
    Case((*API, "release_branches"), "main", ["main"], f"{API_KEY}.release_branches", "a list"),
    Case((*API, "release_branches"), ["*"], ["main"], f"{API_KEY}.release_branches.0", "/*"),
    Case((*API, "release_branches"), ["release*"], ["release/*"], f"{API_KEY}.release_branches.0", "/*"),
    Case((*API, "release_branches"), ["release/**"], ["release/*"], f"{API_KEY}.release_branches.0", "/*"),
    Case((*API, "release_branches"), ["*/main"], ["a/main"], f"{API_KEY}.release_branches.0", "/*"),
    Case((*API, "release_branches"), ["release/?"], ["release/1"], f"{API_KEY}.release_branches.0", "/*"),
    Case((*API, "release_branches"), ["a b"], ["a-b"], f"{API_KEY}.release_branches.0", "only A-Z"),
    Case((*API, "release_branches"), ["a..b"], ["a.b"], f"{API_KEY}.release_branches.0", "git refuses"),
    Case((*API, "release_branches"), ["a.lock"], ["a.locks"], f"{API_KEY}.release_branches.0", "git refuses"),
    Case((*API, "release_branches"), ["/main"], ["main"], f"{API_KEY}.release_branches.0", "git refuses"),
    Case((*API, "release_branches"), ["-main"], ["main-"], f"{API_KEY}.release_branches.0", "hyphen"),
    Case((*API, "release_branches"), ["refs/heads/main"], ["main"], f"{API_KEY}.release_branches.0", "without refs/heads/"),
    Case((*API, "release_branches"), [True], ["on"], f"{API_KEY}.release_branches.0", "which YAML reads as a boolean"),
    Case((*API, "release_branches"), [1.10], ["1.10"], f"{API_KEY}.release_branches.0", "put it in quotes"),
    Case((*API, "release_branches"), ["main", "main"], ["main"], f"{API_KEY}.release_branches", "each entry once"),
    Case((*API, "required_checks"), [""], ["test"], f"{API_KEY}.required_checks.0", "the name of a check"),
    Case((*API, "required_checks"), ["a\nb"], ["a b"], f"{API_KEY}.required_checks.0", "on one line"),
    Case((*API, "required_checks"), "test", ["test"], f"{API_KEY}.required_checks", "a list"),
    Case((*API, "approvals"), 0, 1, f"{API_KEY}.approvals", "got 0, allowed: 1 to 10 (a publishing repository needs a review)"),
    Case((*API, "approvals"), 11, 10, f"{API_KEY}.approvals", "got 11, allowed: 0 to 10"),
    Case((*API, "approvals"), "1", 1, f"{API_KEY}.approvals", "without quotes"),
    Case((*API, "approvals"), True, 1, f"{API_KEY}.approvals", "got true, which YAML reads as a boolean"),
    Case((*API, "approvals"), None, 1, f"{API_KEY}.approvals", "got nothing"),
    Case((*API, "environment"), "promote", "promotion", f"{API_KEY}.environment", "the environment of promotions"),
    Case((*API, "environment"), "Promote", "Promoted", f"{API_KEY}.environment", "the environment of promotions"),
    Case((*API, "environment"), "private-dependencies", "private-dependency", f"{API_KEY}.environment", "publishing workflow's own job"),
    Case((*API, "environment"), "Private-Dependencies", "dependencies", f"{API_KEY}.environment", "publishing workflow's own job"),
    Case((*API, "environment"), ".", ".a", f"{API_KEY}.environment", "not . or .."),
    Case((*API, "environment"), "..", "...", f"{API_KEY}.environment", "not . or .."),
    Case((*API, "environment"), "pro:d", "prod", f"{API_KEY}.environment", "the name of a GitHub environment"),
    Case((*API, "promotes"), {"reviewers": []}, {"reviewers": ["leads"]}, f"{API_KEY}.promotes.reviewers", "at least one GitHub team"),
    Case(
        (*API, "promotes", "reviewers"), list("abcdefg"), list("abcdef"), f"{API_KEY}.promotes.reviewers", "got 7 teams, allowed: at most 6"
    ),
    Case((*API, "promotes", "reviewer"), ["leads"], ABSENT, f"{API_KEY}.promotes.reviewer", "(did you mean reviewers?)"),
    Case((*API, "promotes"), True, {}, f"{API_KEY}.promotes", "a mapping"),
    Case(("payments", "repositories", "acme/api"), {}, ABSENT, "repositories.acme/api", "without its owner"),
    Case(("payments", "repositories", ".."), {}, ABSENT, "repositories...", "a GitHub repository"),
    Case(WEB, [], None, WEB_KEY, "got [], allowed: a mapping (key: value lines, or {})"),
    # release tags
    Case((*API, "release_tags"), "v*", ["v*"], f"{API_KEY}.release_tags", "a list"),
    Case((*API, "release_tags"), ["v**"], ["v*"], f"{API_KEY}.release_tags.0", "a tag, or the beginning of tags and * at the end"),
    Case((*API, "release_tags"), ["refs/tags/v*"], ["v*"], f"{API_KEY}.release_tags.0", "without refs/tags/"),
    Case((*API, "release_tags"), ["v1..*"], ["v1.*"], f"{API_KEY}.release_tags.0", "git refuses"),
    Case((*API, "release_tags"), ["v*", "v*"], ["v*", "ui-v*"], f"{API_KEY}.release_tags", "each entry once"),
    Case(("payments", "release_apps"), ["12"], [12], "release_apps.0", "a GitHub App's id"),
    Case(("payments", "release_apps"), [15368], [15369], "release_apps.0", "not that of GitHub Actions"),
    Case(("payments", "release_apps"), [0], [1], "release_apps.0", "a GitHub App's id"),
    # what only a publishing repository has
    Case((*WEB, "release_tags"), ["v*"], [], f"{WEB_KEY}.release_tags", "checkout-web publishes nothing"),
    Case((*WEB, "release_branches"), ["main"], [], f"{WEB_KEY}.release_branches", "add publishes: [npm] (or another format), or remove"),
    Case((*WEB, "environment"), "prod", "", f"{WEB_KEY}.environment", "checkout-web publishes nothing"),
    Case((*WEB, "promotes"), {"reviewers": ["leads"]}, {}, f"{WEB_KEY}.promotes", "checkout-web publishes nothing"),
]


def _name(case: Case) -> str:
    return f"{'.'.join(map(str, case.at))}={'absent' if case.bad is ABSENT else str(case.bad)[:40]}"


def _without_absent(case: Case, value: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """A value to set; taking away what the good configuration does not have is no change."""
    base = changed()
    for key in case.at:
        if not isinstance(base, dict) or key not in base:
            return [] if value is ABSENT else [(case.at, value)]
        base = base[key]
    return [(case.at, value)]


@pytest.mark.parametrize("case", [*STACK_VALUES, *TEAM_VALUES], ids=_name)
def test_a_bad_value_is_refused_and_its_good_twin_is_not(case: Case, tmp_path: Path) -> None:
    found = problems(tmp_path, changed(*_without_absent(case, case.bad)))
    assert [(one.file, one.key) for one in found] == [(case.file, case.key)]
    assert case.words in str(found[0])
    assert not problems(tmp_path, changed(*_without_absent(case, case.good)))
