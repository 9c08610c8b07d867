"""Who may assume which role: claim sets, each refusal beside the admitted twin that differs in one claim."""

import json

import pytest

from access import tokens
from access.attempts import REFUSED, Needs, Place
from policies.branches import declare
from policies.document import text
from policies.github_tokens import GitHubRepository, Owner, Subjects, trusted_branches
from policies.roles.promote import promote_trust
from policies.roles.publish import publish_trust
from policies.roles.read import catalog_read_trust, nobody_trust, organization_read_trust, repository_read_trust
from tests.policies import iam
from tests.policies.samples import NEIGHBOUR, OWNER, PROMOTION, REGISTRY, REPOSITORY, WORKFLOW

PROVIDER = REGISTRY.github_oidc_provider_arn
BRANCHES = declare(("main", "release/*"))
EVIL_WORKFLOW = "acme/payments-api/.github/workflows/ci.yml@refs/heads/main"

RELEASE = {
    "sub": "repo:acme/payments-api:ref:refs/heads/main",
    "aud": "sts.amazonaws.com",
    "repository": "acme/payments-api",
    "repository_id": "9001",
    "ref": "refs/heads/main",
    "job_workflow_ref": WORKFLOW,
}
IMMUTABLE_RELEASE = RELEASE | {"sub": "repo:acme@7000/payments-api@9001:ref:refs/heads/main"}
DEPLOYMENT = RELEASE | {"sub": "repo:acme/payments-api:environment:packages", "environment": "packages"}
PROMOTED = RELEASE | {"sub": "repo:acme/payments-api:environment:promote", "environment": "promote", "job_workflow_ref": PROMOTION}


def admits(statements, claims) -> bool:
    return iam.admits(iam.document(text(statements)), claims, PROVIDER)


def publish(environment: str = "", workflow: str | None = WORKFLOW, forms: Subjects = Subjects.BOTH):
    return publish_trust(REGISTRY, REPOSITORY, BRANCHES, environment, workflow, forms)


def without(claims, name):
    return {claim: value for claim, value in claims.items() if claim != name}


# What no job's token has, beside access/attempts.py: what differs from an admitted claim set, and how (None = the claim is missing).
PUBLISH_REFUSALS = {
    "another repository's id (a recycled name)": {"repository_id": "9002"},
    "no repository id": {"repository_id": None},
    "an unreviewed branch": {"ref": "refs/heads/feature"},
    "no ref": {"ref": None},
    "a pull request's subject alone": {"sub": "repo:acme/payments-api:pull_request"},
    "no subject": {"sub": None},
    "no audience": {"aud": None},
    "the promotion workflow": {"job_workflow_ref": PROMOTION},
    "no workflow": {"job_workflow_ref": None},
    "another organisation whose name goes on": {"sub": "repo:acme-evil/payments-api:ref:refs/heads/main"},
    "another case": {"sub": "repo:Acme/payments-api:ref:refs/heads/main"},
    "a recycled organisation, immutable form": {"sub": "repo:acme@7001/payments-api@9001:ref:refs/heads/main"},
    "a recycled repository, immutable form": {"sub": "repo:acme@7000/payments-api@9002:ref:refs/heads/main"},
}


@pytest.mark.parametrize("claims", [RELEASE, IMMUTABLE_RELEASE], ids=["name-only", "immutable"])
@pytest.mark.parametrize("branch", ["main", "release/1"])
def test_the_release_workflow_publishes(claims, branch):
    assert admits(publish(), claims | {"ref": f"refs/heads/{branch}", "sub": claims["sub"].replace("main", branch)})


@pytest.mark.parametrize("changed", PUBLISH_REFUSALS.values(), ids=PUBLISH_REFUSALS.keys())
def test_nothing_else_publishes(changed):
    assert admits(publish(), RELEASE)
    assert not admits(publish(), {name: value for name, value in (RELEASE | changed).items() if value is not None})


JOB = tokens.Identity("acme", 7000, REPOSITORY.name, REPOSITORY.id)


@pytest.mark.parametrize("form", tokens.FORMS)
@pytest.mark.parametrize("attempt", [one for one in REFUSED if not one.signature], ids=lambda one: one.key)
def test_no_other_job_publishes(attempt, form):
    """Every attempt of the table, which the rehearsal makes, too."""
    environment = "packages" if attempt.needs is Needs.ENVIRONMENT else ""
    release = "release/1.0" if attempt.needs is Needs.PATTERN else "main"
    made = attempt.at(Place("acme", REPOSITORY.name, release, "release/*", environment, NEIGHBOUR.name))
    publishing = tokens.Token(form, f"refs/heads/{release}", WORKFLOW, environment)
    assert admits(publish(environment), tokens.claims(JOB, publishing))
    assert not admits(publish(environment), tokens.claims(*tokens.tried(made, JOB, publishing)))


@pytest.mark.parametrize("claim", ["sub", "aud", "repository_id", "ref", "job_workflow_ref", "environment"])
def test_every_claim_is_needed_where_an_environment_is_declared(claim):
    assert admits(publish("packages"), DEPLOYMENT)
    assert not admits(publish("packages"), without(DEPLOYMENT, claim))
    assert not admits(publish("packages"), DEPLOYMENT | {claim: "something else"})


def test_with_an_environment_the_ref_still_counts():
    assert not admits(publish("packages"), RELEASE)
    assert not admits(publish("packages"), DEPLOYMENT | {"ref": "refs/heads/feature"})
    assert not admits(publish("packages"), DEPLOYMENT | {"ref": "refs/heads/release/a/b"})
    assert admits(publish("packages"), DEPLOYMENT | {"ref": "refs/heads/release/1"})


def test_any_workflow_only_where_the_stack_says_so():
    other = RELEASE | {"job_workflow_ref": EVIL_WORKFLOW}
    assert admits(publish(workflow=None), other)
    assert not admits(publish(), other)
    assert not admits(publish(workflow=None), other | {"ref": "refs/heads/feature", "sub": "repo:acme/payments-api:ref:refs/heads/feature"})


def test_immutable_subjects_alone():
    assert admits(publish(forms=Subjects.IMMUTABLE), IMMUTABLE_RELEASE)
    assert not admits(publish(forms=Subjects.IMMUTABLE), RELEASE)


@pytest.mark.parametrize("claim", ["sub", "aud", "repository_id", "ref", "job_workflow_ref", "environment"])
def test_every_claim_of_a_promotion_is_needed(claim):
    role = promote_trust(REGISTRY, REPOSITORY, BRANCHES, PROMOTION, Subjects.BOTH)
    assert admits(role, PROMOTED)
    assert admits(role, PROMOTED | {"sub": "repo:acme@7000/payments-api@9001:environment:promote"})
    assert not admits(role, without(PROMOTED, claim))
    assert not admits(role, PROMOTED | {claim: "something else"})


def test_promotion_and_publishing_do_not_stand_in_for_each_other():
    role = promote_trust(REGISTRY, REPOSITORY, BRANCHES, PROMOTION, Subjects.BOTH)
    assert not admits(role, RELEASE)
    assert not admits(role, DEPLOYMENT | {"job_workflow_ref": PROMOTION})
    assert not admits(role, PROMOTED | {"job_workflow_ref": WORKFLOW})
    assert not admits(publish(), PROMOTED)
    assert not admits(publish("packages"), PROMOTED | {"job_workflow_ref": WORKFLOW})


# --- reading --------------------------------------------------------------------------------------------------------------------------

PULL_REQUEST = {
    "sub": "repo:acme/payments-api:pull_request",
    "aud": "sts.amazonaws.com",
    "repository_id": "9001",
    "ref": "refs/pull/1/merge",
}
IMMUTABLE_PULL_REQUEST = PULL_REQUEST | {"sub": "repo:acme@7000/payments-api@9001:pull_request"}
STRANGER = PULL_REQUEST | {"sub": "repo:acme@7000/stranger@9999:pull_request", "repository_id": "9999"}
STRANGER_BY_NAME = STRANGER | {"sub": "repo:acme/stranger:pull_request"}
STRICT = {Subjects.BOTH: (), Subjects.IMMUTABLE: (REPOSITORY.id, NEIGHBOUR.id)}
EVERY_READER = {
    "organization": lambda forms: organization_read_trust(REGISTRY, OWNER, [REPOSITORY, NEIGHBOUR], STRICT[forms]),
    "catalog": lambda forms: catalog_read_trust(REGISTRY, OWNER, [REPOSITORY, NEIGHBOUR], STRICT[forms]),
    "one repository": lambda forms: repository_read_trust(REGISTRY, REPOSITORY, forms),
}
READ_REFUSALS = {
    "a recycled name": (PULL_REQUEST, {"repository_id": "9999"}),
    "no repository id": (PULL_REQUEST, {"repository_id": None}),
    "another organisation": (PULL_REQUEST, {"sub": "repo:evil/payments-api:pull_request"}),
    "another organisation, one that starts the same": (PULL_REQUEST, {"sub": "repo:acme-evil/payments-api:pull_request"}),
    "a recycled organisation": (IMMUTABLE_PULL_REQUEST, {"sub": "repo:acme@7001/payments-api@9001:pull_request"}),
    "an id that starts the same": (IMMUTABLE_PULL_REQUEST, {"sub": "repo:acme@70001/payments-api@9001:pull_request"}),
    "another audience": (PULL_REQUEST, {"aud": "sigstore"}),
    "no audience": (PULL_REQUEST, {"aud": None}),
    "no subject": (PULL_REQUEST, {"sub": None}),
}


@pytest.mark.parametrize("reader", EVERY_READER)
@pytest.mark.parametrize(("right", "changed"), READ_REFUSALS.values(), ids=READ_REFUSALS.keys())
def test_who_may_not_read(reader, right, changed):
    role = EVERY_READER[reader](Subjects.BOTH)
    assert admits(role, right)
    assert not admits(role, {name: value for name, value in (right | changed).items() if value is not None})


@pytest.mark.parametrize("reader", EVERY_READER)
def test_immutable_subjects_alone_may_read(reader):
    assert admits(EVERY_READER[reader](Subjects.IMMUTABLE), IMMUTABLE_PULL_REQUEST)
    assert not admits(EVERY_READER[reader](Subjects.IMMUTABLE), PULL_REQUEST)


def test_a_repository_outside_the_catalog():
    """Its immutable subject proves that it is the organisation's; its name proves nothing."""
    organization, catalog, one = (EVERY_READER[reader](Subjects.BOTH) for reader in ("organization", "catalog", "one repository"))
    assert admits(organization, STRANGER)
    assert not admits(organization, STRANGER_BY_NAME)
    assert not admits(catalog, STRANGER) and not admits(catalog, STRANGER_BY_NAME)
    assert admits(catalog, PULL_REQUEST) and admits(catalog, IMMUTABLE_PULL_REQUEST)
    assert not admits(one, STRANGER) and not admits(one, STRANGER_BY_NAME)


def test_one_repository_is_not_its_neighbour():
    neighbour = {"sub": "repo:acme/checkout-web:pull_request", "repository_id": "9002"}
    assert admits(EVERY_READER["catalog"](Subjects.BOTH), PULL_REQUEST | neighbour)
    assert not admits(EVERY_READER["one repository"](Subjects.BOTH), PULL_REQUEST | neighbour)
    assert not admits(EVERY_READER["one repository"](Subjects.BOTH), PULL_REQUEST | {"sub": "repo:acme/payments-api-2:pull_request"})


@pytest.mark.parametrize("claims", [PULL_REQUEST, IMMUTABLE_PULL_REQUEST, STRANGER, RELEASE, {"sub": "repo:none:ref:refs/heads/main"}])
def test_nobody_is_let_in_without_repositories(claims):
    given = claims | {"aud": "sts.amazonaws.com"}
    assert not admits(nobody_trust(REGISTRY), given)
    assert not admits(catalog_read_trust(REGISTRY, OWNER, []), given)


def test_without_repositories_the_organisation_reads_by_immutable_subject():
    role = organization_read_trust(REGISTRY, OWNER, [])
    assert admits(role, IMMUTABLE_PULL_REQUEST)
    assert not admits(role, PULL_REQUEST)


def test_another_issuer_is_another_provider():
    role = iam.document(text(publish()))
    assert iam.admits(role, RELEASE, PROVIDER)
    assert not iam.admits(role, RELEASE, PROVIDER.replace("token.actions.githubusercontent.com", "oidc.example"))


ALL_DOCUMENTS = [
    publish(),
    publish("packages"),
    publish(workflow=None),
    publish_trust(REGISTRY, REPOSITORY, declare(("release/*", "release/a/b")), "", WORKFLOW, Subjects.BOTH),
    promote_trust(REGISTRY, REPOSITORY, BRANCHES, PROMOTION, Subjects.BOTH),
    *(reader(forms) for reader in EVERY_READER.values() for forms in Subjects),
    nobody_trust(REGISTRY),
]


@pytest.mark.parametrize("statements", ALL_DOCUMENTS)
def test_every_statement_evaluates_audience_and_subject_and_an_id(statements):
    for one in iam.document(text(statements)):
        claims = {key.partition(":")[2] for operator in one["Condition"].values() for key in operator}
        assert {"aud", "sub"} <= claims
        assert not any(operator.startswith("ForAllValues") or operator.endswith("IfExists") for operator in one["Condition"])
        subjects = [sub for operator in one["Condition"].values() for sub in iam.many(operator.get(f"{iam.HOST}:sub", []))]
        assert "repository_id" in claims or all("@7000/" in sub for sub in subjects) or subjects == ["repo:none"]


def test_ids_and_names_come_from_the_repository():
    other = GitHubRepository(Owner("umbrella", 1), "api", 2)
    role = publish_trust(REGISTRY, other, declare(("main",)), "", None, Subjects.BOTH)
    right = {"sub": "repo:umbrella@1/api@2:ref:refs/heads/main", "aud": "sts.amazonaws.com", "repository_id": "2", "ref": "refs/heads/main"}
    assert admits(role, right)
    assert not admits(role, RELEASE)


# --- what a trust policy of ours says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ["", "packages"])
@pytest.mark.parametrize("declared", [("main",), BRANCHES.names, ("a/*", "a/b/c")])
def test_the_branches_that_a_policy_admits(declared, environment):
    """As sent, and as AWS may give it back: a list of one as the value itself, or the other way round, white space, another order."""
    made = publish_trust(REGISTRY, REPOSITORY, declare(declared), environment, WORKFLOW, Subjects.BOTH)
    promotes = promote_trust(REGISTRY, NEIGHBOUR, declare(("main",)), None, Subjects.BOTH)
    assert trusted_branches(text(made)) == {REPOSITORY.id: set(declared)}
    assert trusted_branches(text([*made, *promotes])) == {REPOSITORY.id: set(declared), NEIGHBOUR.id: {"main"}}
    document = json.loads(text(made))
    for one in document["Statement"]:
        for keys in one["Condition"].values():
            keys.update({key: [value] if isinstance(value, str) else value for key, value in keys.items()})
    assert trusted_branches(json.dumps(document, indent=2, sort_keys=True)) == {REPOSITORY.id: set(declared)}


@pytest.mark.parametrize("document", ["", "None", "[]", "{}", '{"Statement": [3]}', '{"Statement": [{"Condition": {"StringLike": 3}}]}'])
def test_what_is_no_such_policy_admits_no_branch(document):
    assert trusted_branches(document) == {}


def test_a_role_that_reads_admits_no_release_branch():
    assert trusted_branches(text(repository_read_trust(REGISTRY, REPOSITORY, Subjects.BOTH))) == {}
