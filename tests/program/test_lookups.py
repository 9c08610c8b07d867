"""Lookups: what stands in the way, as a pure function; each problem with its good twin."""

from pathlib import Path

import pytest

from lookups import LookupProblems, Seen, State, _absent, problems, state_from
from plan.facts import SeenRepository
from policies.names import variables_of
from policies.trust import Owner
from settings import DomainSettings, Encryption, OidcProvider, Publisher, PublishingSettings, Sharing
from tests.program import samples

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = samples.settings()
API, WEB = "payments-api", "payments-web"
PREFIX = f"catalog/test/payments.yaml: repositories.{API}: "

WRITTEN_VARIABLES = variables_of(publishes=True, promotes=True)


def found(configured=SETTINGS, **changed) -> list[str]:
    return problems(configured, samples.seen(configured, **changed))


def with_api(**changed) -> list[str]:
    return found(repositories={API: samples.seen_repository(API, **changed)})


def promoting():
    return samples.settings(samples.team(repositories=(samples.repository(promotes=samples.promotes("leads")),)))


def test_nothing_stands_in_the_way():
    assert found() == []


# --- repositories ---------------------------------------------------------------------------------------------------------------------


def test_missing_or_not_visible():
    assert found(repositories={API: SeenRepository("")}) == [f"{PREFIX}'acme/{API}' does not exist or is not visible to this credential"]


@pytest.mark.parametrize("full_name", ["acme/payments-backend", "acme/Payments-API", "Acme/payments-api", "other/payments-api"])
def test_renamed_moved_or_another_case(full_name):
    """GitHub follows renames and ignores case; tokens and IAM do not."""
    (problem,) = with_api(full_name=full_name)
    assert problem.startswith(PREFIX) and f"'{full_name}'" in problem


def test_archived():
    (problem,) = with_api(archived=True)
    assert problem.startswith(f"{PREFIX}is archived")
    assert with_api(archived=False) == []


def test_a_customised_subject():
    (problem,) = with_api(default_subject=False)
    assert problem.startswith(PREFIX) and "subject template" in problem
    assert with_api(default_subject=True) == []


@pytest.mark.parametrize(
    ("plan", "visibility", "sound"),
    [
        ("free", "private", False),
        ("free", "public", True),
        ("team", "private", True),
        ("enterprise", "internal", True),
        ("free", "internal", False),
    ],
)
def test_private_on_a_plan_without_rulesets(plan, visibility, sound):
    repositories = {name: samples.seen_repository(name, visibility="public") for name in (API, WEB)}
    repositories[API] = samples.seen_repository(API, visibility=visibility)
    messages = found(plan=plan, repositories=repositories)
    assert (messages == []) is sound
    if not sound:
        (message,) = messages
        assert message.startswith(f"{PREFIX}is {visibility}, and plan 'free' has no rulesets")


@pytest.mark.parametrize(
    ("plan", "visibility", "sound"),
    [("team", "private", False), ("team", "public", True), ("enterprise", "private", True), ("team", "internal", False)],
)
def test_promotion_needs_reviewers(plan, visibility, sound):
    messages = found(promoting(), plan=plan, teams={"leads": 1}, repositories={API: samples.seen_repository(API, visibility=visibility)})
    assert (messages == []) is sound
    if not sound:
        (message,) = messages
        assert message.startswith(f"{PREFIX}promotes needs required reviewers") and "docs/operations.md, Promoting by hand" in message
        assert "\n## Promoting by hand\n" in (ROOT / "docs" / "operations.md").read_text()


def test_without_promotion_no_reviewers_are_needed():
    assert found(plan="team") == []


# --- variables ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["CODEARTIFACT_DOMAIN", "CODEARTIFACT_PUBLISH_ROLE_ARN", "CODEARTIFACT_READ_ROLE_ARN"])
def test_a_variable_that_others_made(variable):
    """Creating it would answer 409; the message has the id that `pulumi import` takes: REPOSITORY:VARIABLE."""
    (problem,) = with_api(variables=(variable,))
    assert problem.startswith(f"{PREFIX}has the Actions variable {variable}") and problem.endswith(
        f"import it with the id {API}:{variable}"
    )
    own = State(variables=frozenset({(API, variable)}))
    assert found(repositories={API: samples.seen_repository(API, variables=(variable,))}, state=own) == []
    another = State(variables=frozenset({(WEB, variable)}))
    assert len(found(repositories={API: samples.seen_repository(API, variables=(variable,))}, state=another)) == 1


def test_other_variables_are_nobodys_business():
    assert with_api(variables=("NODE_VERSION", "CODEARTIFACT_COLOUR")) == []


@pytest.mark.parametrize("variable", ["CODEARTIFACT_PUBLISH_ROLE_ARN", "CODEARTIFACT_PROMOTE_ROLE_ARN"])
def test_a_variable_that_this_repository_does_not_get_is_no_conflict(variable):
    """An installing repository gets no such variable: nothing would answer 409, and an import would find no resource to import into."""
    assert found(repositories={WEB: samples.seen_repository(WEB, variables=(variable,))}) == []


# --- organisation and teams -----------------------------------------------------------------------------------------------------------


def test_the_organisation():
    (missing,) = found(owner=None, plan="")
    assert missing.startswith("github:owner: organisation 'acme' does not exist or is not visible")
    (case,) = found(owner=Owner("Acme", 7000))
    assert "'Acme'" in case and case.startswith("github:owner")
    (plan,) = found(plan="")
    assert plan.startswith("github:owner: the plan of 'acme' is not visible to this credential")


def test_the_owner_of_the_workflow_in_another_case():
    """`job_workflow_ref` has the owner as GitHub spells it, and IAM compares case."""
    spelled = samples.settings(publishing=PublishingSettings(samples.WORKFLOW.replace("acme/", "ACME/")))
    assert found(spelled) == ["package-flow:publishing.workflow: 'ACME' is called 'acme' on GitHub; IAM compares case, so write that"]
    assert found(samples.settings(publishing=PublishingSettings(samples.WORKFLOW))) == []
    assert found(samples.settings(publishing=PublishingSettings(samples.WORKFLOW.replace("acme/", "other/")))) == []
    assert found(samples.settings(publishing=PublishingSettings(None))) == []
    # Spelled as github:owner is: told once.
    (told,) = found(owner=Owner("Acme", 7000))
    assert told.startswith("github:owner: ")


@pytest.mark.parametrize("allowed", [(), (samples.ACCOUNT,)])
def test_the_stacks_own_account_as_another(allowed):
    """A configuration that does not say its accounts can't know it."""

    def with_account(publisher: str, shared: str) -> list[str]:
        team = samples.team(publishers=(Publisher("444455556666", "ci"), Publisher(publisher, "ci-*")))
        return found(samples.settings(team, allowed_account_ids=allowed, sharing=Sharing("o-a1b2c3d4e5", ("444455556666", shared))))

    other, own = "777788889999", samples.ACCOUNT
    assert with_account(other, other) == []
    (problem,) = with_account(own, other)
    assert problem.startswith(f"catalog/test/payments.yaml: publishers.1.account: {own} is the stack's own account; name another one")
    assert with_account(other, own) == [f"package-flow:sharing.accounts: {own} is the stack's own account; name another one"]


def test_teams():
    managed = samples.settings(
        samples.team(release_managers=("managers",), repositories=(samples.repository(promotes=samples.promotes("leads")),))
    )
    assert found(managed, teams={"managers": 1, "leads": 2}) == []
    (problem,) = found(managed, teams={"managers": 1, "leads": None})
    assert problem.startswith("catalog/test/payments.yaml: GitHub team 'leads' does not exist in acme")
    assert len(found(managed, teams={})) == 2


def test_a_team_is_told_once_a_file():
    both = samples.settings(
        samples.team(release_managers=("leads",), repositories=(samples.repository(promotes=samples.promotes("leads")),))
    )
    assert len(found(both, teams={"leads": None})) == 1


# --- the provider ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "audiences", "own", "message"),
    [
        (OidcProvider.CREATE, None, False, None),
        (OidcProvider.CREATE, ("sts.amazonaws.com",), True, None),
        (OidcProvider.CREATE, ("sts.amazonaws.com",), False, "say existing"),
        (OidcProvider.EXISTING, ("sts.amazonaws.com",), False, None),
        (OidcProvider.EXISTING, ("other", "sts.amazonaws.com"), False, None),
        (OidcProvider.EXISTING, None, False, "say create"),
        (OidcProvider.EXISTING, ("other",), False, "add sts.amazonaws.com"),
        (OidcProvider.EXISTING, (), False, "add sts.amazonaws.com"),
    ],
)
def test_the_oidc_provider(wanted, audiences, own, message):
    messages = found(samples.settings(oidc_provider=wanted), oidc_audiences=audiences, state=State(oidc_provider=own))
    assert len(messages) == (message is not None)
    assert all(one.startswith("package-flow:githubOidcProvider: ") and message in one for one in messages)


# --- what was left out ----------------------------------------------------------------------------------------------------------------

URN = "urn:pulumi:test::package-flow::package-flow:index:Team$aws:codeartifact/repository:Repository::gone"


def test_a_protected_team_that_is_left_out_names_the_steps():
    (problem,) = found(state=State(codeartifact_repositories={"gone": URN, "payments": "urn:p", "shared": "urn:s", "npmjs": "urn:n"}))
    assert problem.startswith("catalog/test: 'gone' is gone")
    steps = [
        "take its repositories out",
        "pulumi up",
        "copy away",
        f"pulumi state unprotect '{URN}'",
        f"pulumi destroy --target '{URN}'",
        "remove the file",
    ]
    positions = [problem.index(step) for step in steps]
    assert positions == sorted(positions)


def test_an_unprotected_one_goes():
    open_domain = samples.settings(domain=DomainSettings("acme", Encryption.CUSTOMER, protect=False))
    assert found(open_domain, state=State(codeartifact_repositories={"gone": URN})) == []


def test_a_public_source_that_is_left_out_is_the_engines_affair():
    """Its protection refuses the change; a targeted destroy would take everything along that has it upstream."""
    assert found(samples.settings(public_sources=("npmjs",)), state=State(codeartifact_repositories={"pypi": "urn:pypi"})) == []


# --- the whole ------------------------------------------------------------------------------------------------------------------------


def test_one_error_has_them_all():
    everything = found(
        owner=Owner("Acme", 7000),
        oidc_audiences=("x",),
        repositories={
            API: samples.seen_repository(API, archived=True, default_subject=False, variables=("CODEARTIFACT_DOMAIN",)),
            WEB: SeenRepository(""),
        },
    )
    assert len(everything) == 6
    error = LookupProblems(everything)
    assert str(error).startswith("6 problems found at AWS and GitHub; nothing was changed\n")
    assert all(f"  - {one}" in str(error) for one in everything)
    assert str(LookupProblems(["one"])).startswith("1 problem found")


def test_state_from_a_stacks_resources():
    resources = {
        "urn:a": {
            "type": "github:index/actionsVariable:ActionsVariable",
            "outputs": {"repository": API, "variableName": "CODEARTIFACT_DOMAIN"},
        },
        "urn:b": {"type": "aws:codeartifact/repository:Repository", "outputs": {"repository": "payments"}},
        "urn:c": {"type": "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "outputs": {"arn": "x"}},
        "urn:d": {"type": "aws:codeartifact/repository:Repository", "outputs": {}},
        "urn:e": {"type": "package-flow:index:Team"},
    }
    assert state_from(resources) == State(frozenset({(API, "CODEARTIFACT_DOMAIN")}), {"payments": "urn:b"}, True)
    assert state_from({}) == State()


@pytest.mark.parametrize(
    ("message", "absent"),
    [
        ("couldn't find resource", True),
        ("NoSuchEntity: OpenIDConnect Provider not found", True),
        ("GET https://api.github.com/orgs/x/teams/y: 404 Not Found", True),
        ("Could not resolve to an Organization with the login of 'x'", True),
        ("AccessDenied: not authorized to perform iam:GetOpenIDConnectProvider", False),
        ("dial tcp: connection refused", False),
        ("403 Resource not accessible by integration", False),
    ],
)
def test_absent_is_not_the_same_as_refused(message, absent):
    assert _absent(Exception(message)) is absent


def test_seen_is_what_problems_needs():
    assert isinstance(samples.seen(SETTINGS), Seen)
