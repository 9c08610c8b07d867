"""Lookups: what stands in the way, as a pure function; each problem with its good twin."""

from dataclasses import replace
from pathlib import Path

import pytest

from leftovers import REPOSITORY_TYPE, VARIABLE_TYPE, Known, key
from lookups import LookupProblems, Seen, State, WorkflowRepository, _absent, _protections, notes, problems, state_from
from plan.facts import SeenRepository, WorkflowPermissions
from policies.branches import declare
from policies.document import text
from policies.github_tokens import GitHubRepository, Owner, Subjects
from policies.names import variables_of
from policies.roles.publish import publish_trust
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


# --- the domain -----------------------------------------------------------------------------------------------------------------------

DOMAIN = "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme"


@pytest.mark.parametrize(
    ("state", "protect", "refused"),
    [
        (State(domain=DOMAIN, own_key=True), True, ""),
        (State(), True, ""),
        (State(own_key=True), True, ""),  # an interrupted run came as far as the key
        (State(domain=DOMAIN.replace("/acme", "/other"), own_key=True), False, ""),
        (State(domain=DOMAIN.replace("/acme", "/other"), own_key=True), True, f"domain.name: got {DOMAIN}; expected {DOMAIN[:-4]}other: "),
        (State(domain=DOMAIN.replace("west-1", "north-1"), own_key=True), True, "expected arn:aws:codeartifact:eu-north-1:"),
        (State(domain=DOMAIN), True, "domain.encryption: got customer; expected aws: "),
    ],
)
def test_a_protected_domain_is_never_replaced(state, protect, refused):
    configured = samples.settings()
    messages = found(replace(configured, domain=replace(configured.domain, protect=protect)), state=state)
    assert len(messages) == bool(refused)
    assert all(refused in one and "create a new stack" in one for one in messages)


def test_the_domain_in_a_state():
    """The sandbox has a domain too, and events have a key."""
    made = {
        "urn::package-flow:index:Sandbox$aws:codeartifact/domain:Domain::s": ("aws:codeartifact/domain:Domain", {"arn": "x"}),
        "urn::package-flow:index:PackageRegistry$aws:codeartifact/domain:Domain::acme": ("aws:codeartifact/domain:Domain", {"arn": DOMAIN}),
        "urn::package-flow:index:PackageEvents$aws:kms/key:Key::e": ("aws:kms/key:Key", {}),
    }
    state = state_from({urn: {"type": type, "outputs": outputs} for urn, (type, outputs) in made.items()})
    assert (state.domain, state.own_key) == (DOMAIN, False)
    key = {"urn::package-flow:index:PackageRegistry$aws:kms/key:Key::acme": {"type": "aws:kms/key:Key", "outputs": {}}}
    assert state_from(key) == State(own_key=True, known=Known(made=frozenset({"aws:kms/key:Key|acme"})))


# --- branches that are there already --------------------------------------------------------------------------------------------------


def with_branches(*there: str, declared=("main", "release/*"), accepted=(), trusted=(), default="main") -> list[str]:
    configured = samples.settings(samples.team(repositories=(samples.repository(release_branches=declared, accepted_branches=accepted),)))
    one = samples.seen_repository(API, branches=there, default_branch=default)
    return found(configured, repositories={API: one}, state=State(trusted={one.id: frozenset(trusted)}))


def test_a_branch_that_nobody_had_to_review():
    """Pushed before release/* was declared. Each is told, with both ways out."""
    evil = (
        f"{PREFIX}release_branches would let the branch 'release/evil' publish, which is there already and which nobody had to review; "
        "look at it and name it in accepted_branches, or delete it on GitHub"
    )
    assert with_branches("main", "release/evil") == [evil]
    assert with_branches("main", "release/evil", "release/1.0") == [evil.replace("release/evil", "release/1.0"), evil]
    assert with_branches("main", "release/evil", accepted=("release/evil",)) == []
    assert with_branches("main", "release-evil", "release/evil/x") == []


def test_only_of_what_is_newly_trusted():
    assert with_branches("main", "release/evil", trusted=("main", "release/*")) == []
    assert len(with_branches("main", "release/evil", trusted=("main",))) == 1
    another = State(trusted={1: frozenset(("main", "release/*"))})
    configured = samples.settings(samples.team(repositories=(samples.repository(release_branches=("release/*",)),)))
    assert len(found(configured, repositories={API: samples.seen_repository(API, branches=("release/evil",))}, state=another)) == 1


def test_the_default_branch_is_what_the_company_runs():
    assert with_branches("main") == []
    assert len(with_branches("main", default="trunk")) == 1


def test_nothing_is_accepted_before_it_is_there():
    """Who makes it between the review of the catalog and the guards would publish from it."""
    (problem,) = with_branches("main", accepted=("release/1.0",))
    assert problem.startswith(f"{PREFIX}accepted_branches names 'release/1.0', which is not there")
    assert with_branches("main", "release/1.0", accepted=("release/1.0",)) == []
    assert with_branches("main", accepted=("release/1.0",), trusted=("main", "release/*")) == []


def test_a_preview_that_may_not_list_branches_says_so():
    one = samples.seen_repository(API, branches=None)
    configured = samples.settings(samples.team(repositories=(samples.repository(accepted_branches=("main",)),)))
    seen = samples.seen(configured, repositories={API: one})
    assert problems(configured, seen) == []
    (note,) = notes(configured, seen)
    assert note.startswith(f"{PREFIX}its branches were not looked at") and "pulumi up looks at them first" in note


# --- renamed, deleted, made anew ------------------------------------------------------------------------------------------------------

ID = samples.seen_repository(API).id
RENAMING = "docs/operations.md, Renaming a repository"


def renamed_from(name: str, state: State, **changed) -> list[str]:
    configured = samples.settings(samples.team(repositories=(samples.repository(renamed_from=name),)))
    return found(configured, repositories={API: samples.seen_repository(API, **changed)}, state=state)


def test_a_repository_that_was_renamed_on_github_alone():
    known = State(repository_ids={API: ID})
    (problem,) = renamed_from("", known, full_name="acme/payments-backend")
    assert problem.endswith(f"write that name, with renamed_from: {API} in it ({RENAMING})")
    (problem,) = renamed_from("", known, full_name="acme/Payments-API")
    assert "two renames" in problem and "renamed_from" not in problem
    # Nothing of it in the state: there is nothing to carry along.
    for state, full_name in ((State(), "acme/payments-backend"), (known, "other/payments-api")):
        (problem,) = renamed_from("", state, full_name=full_name)
        assert problem.endswith("on GitHub; write that name")


def test_a_renamed_repository_carries_along_what_it_had():
    """Told by id. Without the key the deletions of the old name would reach the renamed repository."""
    known = State(repository_ids={"payments-old": ID}, variables=frozenset({("payments-old", "CODEARTIFACT_DOMAIN")}))
    (problem,) = renamed_from("", known, variables={})
    assert problem.startswith(f"{PREFIX}is the repository that this stack knows as 'payments-old'")
    assert "write renamed_from: payments-old here" in problem and "import" not in problem
    assert len(renamed_from("", known, variables={"CODEARTIFACT_DOMAIN": "x"})) == 1, "and nothing about variables of others"
    assert renamed_from("payments-old", known, variables={"CODEARTIFACT_DOMAIN": "x"}) == []
    assert len(renamed_from("payments-older", known)) == 1
    # Half-way: some of it has the new name already.
    halfway = State(repository_ids={"payments-old": ID, API: ID})
    assert renamed_from("payments-old", halfway) == []
    assert len(renamed_from("", halfway)) == 1


@pytest.mark.parametrize(("former", "name"), [("", API), ("payments-old", API), ("payments-old", "payments-old")])
def test_another_repository_under_a_name_that_the_stack_knows(former, name):
    """Its rulesets are not there, and the state would say that they are."""
    (problem,) = renamed_from(former, State(repository_ids={name: 1}))
    assert problem.startswith(f"{PREFIX}got repository {ID} on GitHub; expected 1, which this stack knows as '{name}'")
    assert "docs/operations.md, A name that another repository has" in problem
    assert renamed_from(former, State(repository_ids={name: ID})) == []


def test_a_repository_that_left_the_catalog_and_whose_name_another_one_has():
    known = State(repository_ids={"gone": 1})
    (problem,) = found(state=known, departed={"gone": 2})
    assert problem.startswith("catalog/test: 'gone' is gone, and on GitHub that name is repository 2 now") and "repository 1." in problem
    assert found(state=known, departed={"gone": 1}) == []
    assert found(state=known, departed={"gone": 0}) == []


# --- environments and workflow permissions that are there already -----------------------------------------------------------------------


CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


def test_an_environment_that_is_not_as_planned():
    configured = samples.settings(
        samples.team(repositories=(samples.repository(environment="packages", promotes=samples.promotes("leads")),))
    )

    def there(**environments) -> list[str]:
        return found(configured, teams={"leads": 1}, repositories={API: samples.seen_repository(API, environments=environments)})

    (problem,) = there(packages={"protection_rules": [{"type": "wait_timer", "wait_timer": 30}], "deployment_branch_policy": CUSTOM})
    assert problem == (
        f"{PREFIX}has the environment packages already, which is not in this stack's state, with a wait timer of 30 minutes, deployment "
        "branches; it would lose what this stack does not ask for, and go with its secrets when this stack goes. Name another one, or "
        "delete it there; it may be what an interrupted run of this stack left (docs/faults.md): then import it with the id "
        f"{API}:packages"
    )
    (problem,) = there(promote={})
    assert "with no protection" in problem and "Delete it there, or take promotes out" in problem
    assert there() == []


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, ()),
        ({"protection_rules": [], "deployment_branch_policy": None}, ()),
        (
            {
                "protection_rules": [
                    {"type": "wait_timer", "wait_timer": 30},
                    {"type": "required_reviewers", "prevent_self_review": True, "reviewers": [{}, {}]},
                    {"type": "branch_policy"},
                    {"type": "custom"},
                ],
                "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
            },
            ("a wait timer of 30 minutes", "required reviewers (2)", "no self-review", "the rule custom", "deployment branches"),
        ),
        ({"protection_rules": [{"type": "required_reviewers", "reviewers": [{}]}]}, ("required reviewers (1)",)),
        ({"protection_rules": ["x", None]}, ("the rule None", "the rule None")),
    ],
)
def test_what_protects_an_environment(environment, words):
    assert _protections(environment) == words


@pytest.mark.parametrize(
    ("default", "approves", "noted"), [("read", False, False), ("write", False, True), ("read", True, True), ("write", True, True)]
)
def test_workflow_permissions_that_become_stricter_are_noted(default, approves, noted):
    seen = samples.seen(SETTINGS, {API: samples.seen_repository(API, workflow_permissions=WorkflowPermissions(default, approves))})
    assert problems(SETTINGS, seen) == []
    told = notes(SETTINGS, seen)
    assert len(told) == noted
    if noted:
        back = f"repos/acme/{API}/actions/permissions/workflow -f default_workflow_permissions={default}"
        assert back in told[0] and told[0].endswith(f"can_approve_pull_request_reviews={str(approves).lower()}")


def test_nothing_is_noted_of_what_this_stack_has_set():
    assert notes(SETTINGS, samples.seen(SETTINGS)) == []


# --- who may call the workflows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("called", "callers"),
    [("public", {"public", "internal", "private"}), ("internal", {"internal", "private"}), ("private", {"private"}), ("", {"private"})],
)
def test_who_may_call_the_workflows_by_visibility(called, callers):
    """An installing repository uses the login action, for which the same holds."""
    configured = samples.settings(publishing=PublishingSettings(samples.WORKFLOW, 8000))
    workflow = WorkflowRepository("acme/package-flow" if called else "", 8000, called)
    for name in (API, WEB):
        for visibility in ("public", "internal", "private"):
            one = samples.seen_repository(name, visibility=visibility)
            told = found(configured, repositories={name: one}, workflow=workflow)
            assert (told == []) == (visibility in callers), (name, visibility)
            for problem in told:
                assert f"repositories.{name}: is {visibility}, and GitHub lets it use" in problem and "acme/package-flow is" in problem


def test_any_workflow_is_nobodys_to_call():
    one = samples.seen_repository(API, visibility="public")
    assert found(samples.settings(publishing=PublishingSettings(None)), repositories={API: one}, workflow=WorkflowRepository("")) == []


# --- variables ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["CODEARTIFACT_DOMAIN", "CODEARTIFACT_PUBLISH_ROLE_ARN", "CODEARTIFACT_READ_ROLE_ARN"])
def test_a_variable_with_another_value(variable):
    """Creating it would answer 409; the message has the id that `pulumi import` takes: REPOSITORY:VARIABLE."""
    (problem,) = with_api(variables={variable: "x"})
    assert problem.startswith(f"{PREFIX}has the Actions variable {variable}") and problem.endswith(
        f"import it with the id {API}:{variable}"
    )
    own = State(variables=frozenset({(API, variable)}))
    assert found(repositories={API: samples.seen_repository(API, variables={variable: "x"})}, state=own) == []
    another = State(variables=frozenset({(WEB, variable)}))
    assert len(found(repositories={API: samples.seen_repository(API, variables={variable: "x"})}, state=another)) == 1


def test_other_variables_are_nobodys_business():
    assert with_api(variables={"NODE_VERSION": "22", "CODEARTIFACT_COLOUR": "red"}) == []


@pytest.mark.parametrize("variable", ["CODEARTIFACT_PUBLISH_ROLE_ARN", "CODEARTIFACT_PROMOTE_ROLE_ARN"])
def test_a_variable_that_this_repository_does_not_get_is_no_conflict(variable):
    """An installing repository gets no such variable: nothing would answer 409, and an import would find no resource to import into."""
    assert found(repositories={WEB: samples.seen_repository(WEB, variables={variable: "x"})}) == []


# --- organisation and teams -----------------------------------------------------------------------------------------------------------


def test_the_organisation():
    (missing,) = found(owner=None, plan="")
    assert missing.startswith("github:owner: organisation 'acme' does not exist or is not visible")
    (case,) = found(owner=Owner("Acme", 7000))
    assert "'Acme'" in case and case.startswith("github:owner")
    (plan,) = found(plan="")
    assert plan.startswith("github:owner: the plan of 'acme' is not visible to this credential")


TRUSTED = "package-flow:publishing.workflow: "


def of_workflow(full_name: str, workflow: str | None = samples.WORKFLOW, id: int = 0, **seen) -> list[str]:
    configured = samples.settings(publishing=PublishingSettings(workflow, id))
    return found(configured, workflow=WorkflowRepository(full_name, seen.get("id", 8000), seen.get("visibility", "public")))


@pytest.mark.parametrize(
    ("full_name", "words"),
    [
        ("", "got acme/package-flow, which does not exist or is not visible to this credential"),
        ("acme/registry", "'acme/package-flow' is called 'acme/registry' on GitHub: it was renamed, and whoever creates a repository of"),
        ("other/package-flow", "it was renamed"),
        ("acme/Package-Flow", "'acme/package-flow' is called 'acme/Package-Flow' on GitHub; IAM compares case, so write that"),
        ("ACME/package-flow", "IAM compares case"),
    ],
)
def test_the_repository_of_the_workflow_is_the_one_that_is_meant(full_name, words):
    """A token names it by name alone: where nobody has that name, whoever takes it publishes; in another case nobody can publish."""
    (problem,) = of_workflow(full_name)
    assert problem.startswith(TRUSTED) and words in problem
    assert of_workflow("acme/package-flow") == []
    assert of_workflow(full_name, None) == [], "any workflow"


def test_the_repository_of_the_workflow_in_another_case_in_the_stack_file():
    spelled = samples.WORKFLOW.replace("acme/", "ACME/")
    assert of_workflow("acme/package-flow", spelled) == [
        f"{TRUSTED}'ACME/package-flow' is called 'acme/package-flow' on GitHub; IAM compares case, so write that"
    ]
    elsewhere = samples.WORKFLOW.replace("acme/", "contoso/")
    assert of_workflow("contoso/package-flow", elsewhere) == []
    # Spelled as github:owner is: told once.
    (told,) = found(owner=Owner("Acme", 7000), workflow=WorkflowRepository("Acme/package-flow", 8000, "public"))
    assert told.startswith("github:owner: ")


def test_the_id_of_the_workflows_repository():
    """A name that was given up and taken by another repository; and one that this credential does not see."""
    (problem,) = of_workflow("acme/package-flow", id=8001)
    assert problem.startswith("package-flow:publishing.repositoryId: got repository 8000 on GitHub") and "expected 8001" in problem
    assert of_workflow("acme/package-flow", id=8000) == []
    assert of_workflow("", id=8000) == []
    configured = samples.settings(publishing=PublishingSettings(samples.WORKFLOW, 8000))
    (note,) = notes(configured, samples.seen(configured, workflow=WorkflowRepository("")))
    assert note.startswith(f"{TRUSTED}acme/package-flow was not looked at") and "the bootstrap compares" in note
    assert notes(configured, samples.seen(configured)) == []


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


def test_another_team_under_a_slug_that_the_stack_knows():
    """Every member of an organisation may create a team; a slug that is free must not make its new owner a release manager."""
    managed = samples.settings(samples.team(release_managers=("managers",)))
    known = State(teams={"managers": 1, "others": 2})
    (problem,) = found(managed, teams={"managers": 3}, state=known)
    assert problem.startswith("catalog/test/payments.yaml: got team 3 on GitHub under the name 'managers'; expected 1, which this stack")
    assert found(managed, teams={"managers": 1}, state=known) == []
    assert found(managed, teams={"managers": 3}, state=replace(known, teams={"others": 2})) == []


def test_the_teams_in_a_state():
    def component(name: str, outputs) -> dict[str, dict]:
        type = "package-flow:index:ConsumingRepository"
        return {f"urn::{type}::{name}": {"type": type, "outputs": outputs}}

    made = {
        **component("a", {"teams": {"leads": 1.0}}),
        **component("b", {"teams": {"managers": 2}}),
        **component("c", {}),
        **component("d", None),
    }
    assert state_from(made).teams == {"leads": 1, "managers": 2}


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
            API: samples.seen_repository(API, archived=True, default_subject=False, variables={"CODEARTIFACT_DOMAIN": "x"}),
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
        "urn:pulumi:test::package-flow::package-flow:index:Team::payments": {"type": "package-flow:index:Team"},
    }
    state = state_from(resources)
    made = state.known.made
    assert {
        key(VARIABLE_TYPE, API, "CODEARTIFACT_DOMAIN"),
        key(REPOSITORY_TYPE, "payments"),
    } <= made
    known = Known(components=frozenset({("Team", "payments")}), repositories=frozenset({"payments"}), made=made)
    assert state == State(frozenset({(API, "CODEARTIFACT_DOMAIN")}), {"payments": "urn:b"}, True, known=known)
    publish = publish_trust(
        samples.facts(SETTINGS).registry,
        GitHubRepository(Owner("acme", 7000), API, 9001),
        declare(("main", "release/*")),
        "",
        None,
        Subjects.BOTH,
    )
    of_github = {
        "urn:f": {
            "type": "github:index/actionsVariable:ActionsVariable",
            "outputs": {"repository": API, "variableName": "A", "repositoryId": 9001.0},
        },
        "urn:g": {
            "type": "github:index/repositoryEnvironment:RepositoryEnvironment",
            "outputs": {"repository": WEB, "environment": "packages", "repositoryId": 9002},
        },
        "urn:h": {"type": "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", "outputs": {"repository": API}},
        "urn:i": {"type": "aws:iam/role:Role", "outputs": {"assumeRolePolicy": text(publish)}},
        "urn:j": {"type": "aws:iam/role:Role", "outputs": {}},
    }
    assert replace(state_from(of_github), known=Known()) == State(
        variables=frozenset({(API, "A")}),
        repository_ids={API: 9001, WEB: 9002},
        environments=frozenset({(WEB, "packages")}),
        permissions=frozenset({API}),
    )
    assert state_from(of_github | guarded(["main", "release/*"])).trusted == {9001: frozenset({"main", "release/*"})}
    assert state_from({}) == State()


# --- what was trusted before: by roles, behind guards -----------------------------------------------------------------------------------

REVIEWED = {"pullRequest": {"requiredApprovingReviewCount": 1}, "deletion": True}


def ruleset(names, rules, repository=API, **changed) -> dict:
    refs = {"includes": [f"refs/heads/{one}" for one in names], "excludes": []}
    usual = {"repository": repository, "target": "branch", "enforcement": "active", "conditions": {"refName": refs}, "rules": rules}
    return {"type": "github:index/repositoryRuleset:RepositoryRuleset", "outputs": {**usual, **changed}}


def guarded(release, create=None, **changed) -> dict[str, dict]:
    """The two rulesets of a repository, the first one changed."""
    names = release if create is None else create
    return {
        "urn:release": ruleset(release, **{"rules": REVIEWED, **changed}),
        "urn:create": ruleset(names, {"creation": True}, bypassActors=[{}]),
    }


def trusting(names=("main", "release/*"), repository=API) -> dict[str, dict]:
    """The role and a variable of a repository that publishes from these branches."""
    github = GitHubRepository(Owner("acme", 7000), repository, ID)
    trust = text(publish_trust(samples.facts(SETTINGS).registry, github, declare(names), "", None, Subjects.BOTH))
    variable = {"repository": repository, "variableName": "A", "repositoryId": ID}
    return {
        "urn:role": {"type": "aws:iam/role:Role", "outputs": {"assumeRolePolicy": trust}},
        "urn:variable": {"type": "github:index/actionsVariable:ActionsVariable", "outputs": variable},
    }


BOTH = ["main", "release/*"]


@pytest.mark.parametrize(
    ("rulesets", "trusted"),
    [
        (guarded(BOTH), {"main", "release/*"}),
        # A run that narrowed the guards and ended before the roles followed.
        (guarded(["main"]), {"main"}),
        (guarded(BOTH, ["main"]), {"main"}),
        (guarded(["main"], BOTH), {"main"}),
        (guarded(BOTH, []), set()),
        ({}, set()),
        # Rulesets add up.
        (guarded(["main"]) | {"urn:2": ruleset(["release/*"], REVIEWED | {"creation": True})}, {"main", "release/*"}),
        # What guards nothing, or another repository.
        (guarded(BOTH, repository=WEB), set()),
        (guarded(BOTH, enforcement="evaluate"), set()),
        (guarded(BOTH, target="tag"), set()),
        (guarded(BOTH, bypassActors=[{"actorId": 1}]), set()),
        (guarded(BOTH, conditions={"refName": {"includes": ["refs/heads/release/*"], "excludes": ["refs/heads/release/x"]}}), set()),
        (guarded(BOTH, rules={"pullRequest": {"requiredApprovingReviewCount": 0}}), set()),
        (guarded(BOTH, rules={"deletion": True}), set()),
        *((guarded(BOTH, **{key: broken}), set()) for key in ("conditions", "rules") for broken in (None, "x", {}, {"refName": []})),
    ],
)
def test_trusted_before_is_what_roles_admit_and_rulesets_guard(rulesets, trusted):
    state = state_from(trusting() | rulesets)
    assert state.trusted_before(ID) == sorted(trusted)
    configured = samples.settings(samples.team(repositories=(samples.repository(release_branches=tuple(BOTH)),)))
    there = {API: samples.seen_repository(API, branches=("main", "release/evil"))}
    evil = [one for one in found(configured, repositories=there, state=state) if "'release/evil'" in one]
    assert bool(evil) is ("release/*" not in trusted)


def test_a_branch_is_guarded_by_the_pattern_that_holds_it():
    assert state_from(trusting(("release/1.0",)) | guarded(["release/*"])).trusted_before(ID) == ["release/1.0"]
    assert state_from(trusting(("release/*",)) | guarded(["release/1.0"])).trusted_before(ID) == []


def test_guards_of_a_repository_under_its_former_name():
    """Rulesets have no id in the state; the variables beside them say whose name it was."""
    former = trusting(repository="payments-old") | guarded(BOTH, repository="payments-old")
    former["urn:create"]["outputs"]["repository"] = "payments-old"
    assert state_from(former).trusted_before(ID) == BOTH


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
        # What was asked for may hold any number and word.
        *(
            (f"GET https://api.github.com/repos/acme/{name}: {said} []", said.startswith("404 "))
            for name in (API, "http-404-page", "404", "not-found", "couldnt-find-404", "403", "NoSuchEntity")
            for said in ("404 Not Found", "403 Resource not accessible by integration", "401 Bad credentials", "502 Server Error", "404x")
        ),
        *(
            (f"operation error IAM: GetRole, https response error StatusCode: {status}, RequestID: 3f404a1c-404, {code}: {words}", absent)
            for status, code, words, absent in (
                (404, "NoSuchEntityException", "The role with name build cannot be found.", True),
                (404, "api error NoSuchEntity", "The role with name AccessDeniedForAll cannot be found.", True),
                (400, "ResourceNotFoundException", "GROUP not found.", True),
                (
                    403,
                    "api error AccessDenied",
                    "User: arn:aws:sts::140412345678:assumed-role/x is not authorized to perform: iam:GetRole",
                    False,
                ),
                (403, "api error AccessDenied", "NoSuchEntity: not found, couldn't find resource", False),
                (400, "AccessDeniedException", "role not found", False),
                (404, "api error UnknownOperationException", "404 page not found", False),
                (503, "api error NoSuchEntity", "not found", False),
            )
        ),
        ("identitystore GetGroupId: ResourceNotFoundException: GROUP not found", True),
        ("reading IAM Role (couldn't find resource): AccessDenied: no", False),
        ("reading IAM Role (build): couldn't find resource", True),
        ("GET https://proxy.acme.example/: 407 host not found (404)", False),
        ("dial tcp: lookup api.github.com: host not found", False),
        ("Could not resolve host: api.github.com", False),
    ],
)
def test_absent_is_not_the_same_as_refused(message, absent):
    assert _absent(Exception(message)) is absent


def test_seen_is_what_problems_needs():
    assert isinstance(samples.seen(SETTINGS), Seen)
