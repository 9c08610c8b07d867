"""What may be there before a stack comes, and the line that says so before anything is made. The numbers are the situations' own."""

import json
import logging
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pulumi import RunError

import lookups
from adopt.importing import give_back, record
from adopt.page import page
from adopt.program import Found
from adopt.program import look as look_program
from existing import noted
from existing.compare import policies
from existing.table import LOOKED_FOR, NOT_LOOKED_FOR
from existing.there import There
from leftovers import Known
from lookups import Adoption, LookupProblems
from plan import sizes
from plan.facts import WorkflowPermissions, assumed, widest
from plan.parts import Ruleset
from plan.planning import plan
from policies.arns import Registry
from policies.github_tokens import Subjects
from policies.names import RoleKind, role_name
from settings import ReadRole
from tests.components.recording import ACCOUNT, ProviderError
from tests.components.recording import record as record_program
from tests.program import samples
from tests.program.fake import ROOT, Cloud, stack_config
from tests.program.test_program import AUDIENCES, parsed, run, state_of

STACK, API = "dev", "payments-api-pilot"
SETTINGS = parsed(STACK)
PLANNED = plan(SETTINGS, assumed(SETTINGS))
PLACE = Registry("aws", ACCOUNT, SETTINGS.region, SETTINGS.domain.name)
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
LETS_IN = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:role/ci"}, "Action": "codeartifact:*", "Resource": "*"}]}


def cloud(**more: Any) -> Cloud:
    return Cloud(audiences=AUDIENCES[STACK], **more)


def with_domain(key: str = KEY, **repositories: Any) -> Cloud:
    there = cloud()
    there.managed_keys.add(KEY)
    there.existing[PLACE.domain_arn] = {"EncryptionKey": key}
    for name, properties in repositories.items():
        there.existing[PLACE.repository_arn(name.replace("_", "-"))] = properties
    return there


def lines(there: Cloud, **config: str) -> list[str]:
    """What the program says instead of making anything."""
    with pytest.raises(LookupProblems) as error:
        run(STACK, there, preview=False, **config)
    return list(error.value.problems)


def line(there: Cloud, *words: str, **config: str) -> str:
    """The one line that has these words."""
    (found,) = [one for one in lines(there, **config) if all(word in one for word in words)]
    return found


def encrypted(word: str) -> dict[str, str]:
    return {"package-flow:domain": json.dumps({"name": SETTINGS.domain.name, "encryption": word, "protect": False})}


def test_1_a_domain_with_repositories():
    there = with_domain(shared={}, npmjs={"ExternalConnections": ["public:npmjs"]})
    said = lines(there, **encrypted("aws"))
    assert [one.split(" is there already")[0].partition(": the ")[2] for one in said] == [
        f"CodeArtifact domain {SETTINGS.domain.name}",
        "repository npmjs",
        "repository shared",
    ]
    adopt = f"adopt it: make adopt STACK={STACK} (import id arn:aws:codeartifact:"
    assert all(adopt in one and "or rename: package-flow:" in one for one in said)


def test_2_a_domain_with_a_customers_key():
    theirs = "arn:aws:kms:eu-west-1:111122223333:key/theirs"
    there = with_domain(theirs)
    for word in ("customer", "aws"):
        assert "write encryption: arn:aws:kms:eu-west-1:111122223333:key/theirs" in line(
            there, "the CodeArtifact domain", **encrypted(word)
        )
    assert "adopt it" in line(there, "the CodeArtifact domain", **encrypted(theirs))


def test_3_a_domain_with_the_aws_managed_key():
    assert "got customer; expected aws, which encrypts it and can't be changed" in line(with_domain(), "domain", **encrypted("customer"))
    assert "adopt it" in line(with_domain(), "the CodeArtifact domain", **encrypted("aws"))


def test_4_policies_that_let_others_in():
    there = with_domain(shared={"PermissionsPolicyDocument": LETS_IN})
    assert "adopt it" in line(there, "the policy of the repository shared", **encrypted("aws"))
    said = policies(LETS_IN, PLANNED.registry.shared.policy)
    assert said[0].startswith("policy: removes {") and said[0].endswith("(arn:aws:iam::1:role/ci publishes by it, and no longer can)")
    assert sum(one.startswith("policy: adds") for one in said) == len(json.loads(PLANNED.registry.shared.policy)["Statement"])
    assert policies(PLANNED.registry.shared.policy, PLANNED.registry.shared.policy) == []


def test_5_upstreams_in_another_order():
    there = with_domain(shared={"Upstreams": ["pypi", "npmjs", "more"]})
    wanted = ", ".join(PLANNED.registry.shared.upstreams)
    (shared,) = [one for one in seen_by(there) if one.identity == ("shared",) and one.type.endswith(":Repository")]
    assert f"upstreams: pypi, npmjs, more becomes {wanted}" in shared.changes


def seen_by(there: Cloud) -> list[There]:
    """What the table finds, as the look-ups ask it."""
    found = Found()
    config = stack_config(STACK) | encrypted("aws")
    record_program(lambda: look_program(found), invoke=there, config=config, stack=STACK, preview=True)
    assert found.adoption is not None
    return list(found.adoption.there)


def test_looking_is_a_previews():
    with pytest.raises(RunError, match="expected a preview, because this only looks"):
        record_program(lambda: look_program(Found()), invoke=cloud(), config=stack_config(STACK), stack=STACK)


def test_6_a_public_source_under_another_name():
    there = with_domain(shared={"Upstreams": ["npm-store"]}, npm_store={"ExternalConnections": ["public:npmjs"]})
    assert "write publicSources: {npmjs: npm-store}" in line(there, "the repository npm-store", **encrypted("aws"))
    named = {"package-flow:publicSources": '{"npmjs": "npm-store", "pypi": "pypi"}', **encrypted("aws")}
    assert "adopt it" in line(there, "the repository npm-store", **named)


def role(**more: Any) -> dict[str, Any]:
    name = role_name(STACK, RoleKind.READ)
    usual = {"arn": PLACE.role_arn(SETTINGS.iam.path, name), "path": SETTINGS.iam.path, "description": "", "permissionsBoundary": ""}
    return {**usual, "maxSessionDuration": 3600, "assumeRolePolicy": '{"Statement": []}', **more}


def test_7_a_role_and_a_policy():
    there, name = cloud(), role_name(STACK, RoleKind.READ)
    there.roles[name] = role()
    there.policies[PLACE.policy_arn(SETTINGS.iam.path, name)] = '{"Statement": []}'
    said = lines(there)
    assert [one for one in said if f"the role {name} is there already" in one and "adopt it" in one]
    assert [one for one in said if f"the policy {name} is there already" in one and "adopt it" in one]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"arn": PLACE.role_arn("/other/", role_name(STACK, RoleKind.READ))}, "no role changes its path"),
        ({"attached": ["AdministratorAccess"]}, "it would keep its policies AdministratorAccess"),
        ({"policies": ["inline"]}, "it would keep its policies inline"),
    ],
)
def test_7_a_role_that_would_keep_more_than_this_stack_gives_it(more, words):
    there = cloud()
    there.roles[role_name(STACK, RoleKind.READ)] = role(**more)
    said = line(there, "the role dev-read is there already")
    assert words in said and "adopt it" not in said


def test_8_and_9_the_oidc_provider():
    existing = {"package-flow:githubOidcProvider": "existing"}
    assert run(STACK, Cloud(audiences=["sts.amazonaws.com"]), preview=False, **existing).registrations
    (said,) = lines(Cloud(audiences=["other"]), **{"package-flow:githubOidcProvider": "existing"})
    assert "the account's provider has these audiences: other; add sts.amazonaws.com" in said


def as_on_github(one: Ruleset) -> dict[str, Any]:
    """A ruleset that does what the planned one does, as GitHub describes it."""
    rules = []
    for kind, value in one.rules.items():
        parameters = dict(value) if isinstance(value, dict) else {}
        if "required_checks" in parameters:
            parameters["required_status_checks"] = parameters.pop("required_checks")
        rules.append({"type": kind, **({"parameters": parameters} if parameters else {})})
    conditions = {"ref_name": {"include": list(one.refs), "exclude": []}}
    return {"target": one.target, "enforcement": "active", "conditions": conditions, "rules": rules, "bypass_actors": []}


def test_10_and_11_rulesets():
    (one,) = [each for each in PLANNED.consumers if each.name == API]
    there, path = cloud(), f"repos/acme/{API}/rulesets?per_page=100"
    there.rest[path] = [{"id": 1, "name": "package-flow-release"}, {"id": 2, "name": "the company's"}]
    assert run(STACK, there).registrations, "rulesets of other names stay and are added to"
    name = next(each.name for each in one.rulesets if each.kind == "release")
    there.rest[path].append({"id": 3, "name": name})
    assert "delete or rename it on GitHub" in line(there, f"the ruleset {name} is there already")
    # What says exactly what its name stands for is adopted; whom it lets past has to be seen.
    planned = next(each for each in one.rulesets if each.kind == "release")
    own = f"repos/acme/{API}/rulesets/3"
    there.rest[own] = as_on_github(planned)
    assert f"adopt it: make adopt STACK={STACK} (import id {API}:3)" in line(there, f"the ruleset {name}")
    for other in ({"bypass_actors": [{"actor_id": 1, "actor_type": "Team", "bypass_mode": "always"}]}, {"enforcement": "disabled"}):
        there.rest[own] = as_on_github(planned) | other
        assert "delete or rename it on GitHub" in line(there, f"the ruleset {name}")


def warned(caplog: pytest.LogCaptureFixture, there: Cloud) -> list[str]:
    """What the program says of the repository and does all the same."""
    caplog.set_level(logging.WARNING, "pulumi")
    caplog.clear()
    assert run(STACK, there).registrations
    return [one.message for one in caplog.records if one.message.startswith(f"catalog/dev/payments.yaml: repositories.{API}: ")]


def rules(*listed: dict[str, Any], branch: str = "main") -> dict[str, Any]:
    """GitHub's answer of the rules of a branch."""
    return {f"repos/acme/{API}/rules/branches/{branch}?per_page=100": list(listed)}


def rule(kind: str, source: str = "Organization") -> dict[str, Any]:
    return {"type": kind, "ruleset_source_type": source, "ruleset_source": "acme", "ruleset_id": 4711}


def test_11_and_12_rulesets_of_others_that_hold_for_the_same_branches(caplog):
    there = cloud()
    listed = f"repos/acme/{API}/rulesets?per_page=100"
    holding = {listed: [{"id": 4711, "name": "the company's", "source_type": "Organization"}]}
    there.rest = (
        holding | rules(rule("required_signatures"), rule("deletion")) | rules(rule("creation", "Repository"), branch="release%2Fx")
    )
    assert [one.partition(f"{API}: ")[2] for one in warned(caplog, there)] == [
        "the organisation's ruleset 4711 holds for main besides this stack's: required_signatures, which refuses commits without a "
        "verified signature; deletion",
        "the repository's ruleset 4711 holds for release/* besides this stack's: creation, which lets its own bypass list alone create "
        "the branch, whoever the release managers are",
    ]
    there.rest = {key: one for key, one in there.rest.items() if key != listed}
    assert warned(caplog, there) == warned(caplog, cloud()) == [], "where no ruleset holds, no rule does"


OTHER = next(one.name for one in PLANNED.consumers if one.publishing and one.name != API)


@pytest.mark.parametrize(("source", "ids", "asked"), [("Organization", (1, 1), 1), ("Organization", (1, 2), 2), ("Repository", (1, 1), 2)])
def test_11_rules_of_the_same_rulesets_are_the_same(source, ids, asked):
    """Of the organisation; a repository's own holds there alone."""
    there = cloud()
    for name, id in zip((API, OTHER), ids, strict=True):
        there.rest[f"repos/acme/{name}/rulesets?per_page=100"] = [{"id": id, "name": "x", "source_type": source}]
    endpoints = [arguments.get("endpoint", "") for _, arguments in run(STACK, there).invokes]
    assert len([one for one in endpoints if "/rules/branches/main?" in one]) == asked


def test_10_a_ruleset_of_the_organisation_has_a_name_of_its_own():
    """Names are unique among a repository's own."""
    (one,) = [each for each in PLANNED.consumers if each.name == API]
    there = cloud()
    entry = {"id": 3, "name": one.rulesets[0].name, "source_type": "Organization"}
    there.rest[f"repos/acme/{API}/rulesets?per_page=100"] = [entry]
    assert run(STACK, there).registrations
    there.rest[f"repos/acme/{API}/rulesets?per_page=100"] = [entry | {"source_type": "Repository"}]
    assert "is there already" in line(there, f"the ruleset {one.rulesets[0].name}")


TEAM = {"type": "Team", "reviewer": {"id": 1, "slug": "leads"}}
TIMER, REVIEWERS = (
    {"type": "wait_timer", "wait_timer": 30},
    {"type": "required_reviewers", "prevent_self_review": True, "reviewers": [TEAM]},
)
CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


@pytest.mark.parametrize("policy", [CUSTOM, None])
def test_13_and_14_an_environment_that_is_protected(policy):
    there = cloud()
    there.rest[f"repos/acme/{API}/environments/packages"] = {"protection_rules": [TIMER, REVIEWERS], "deployment_branch_policy": policy}
    said = line(there, "has the environment packages already")
    assert "a wait timer of 30 minutes, required reviewers (1), no self-review" in said and "import it with the id" in said


@pytest.mark.parametrize(("total", "asked"), [(1, 0), (101, 2)])
def test_13_several_environments_are_looked_up_by_one_list(total, asked, monkeypatch):
    """GitHub's names of them know no case. What a list leaves out is looked up alone."""
    answers = {
        "repos/acme/x/environments?per_page=100": {"total_count": total, "environments": [{"name": "Packages"}] if total == 1 else []},
        "repos/acme/x/environments/PACKAGES": {"name": "alone"},
    }
    endpoints: list[str] = []
    monkeypatch.setattr(lookups, "_see_rest", lambda endpoint: (endpoints.append(endpoint), answers.get(endpoint))[1])
    found = lookups.see_environments("acme/x", ["PACKAGES", "promote"])
    assert found == {"PACKAGES": {"name": "alone" if asked else "Packages"}}
    assert len(endpoints) == 1 + asked


def test_16_workflow_permissions_are_shown_and_given_back():
    recorded = record([], {API: WorkflowPermissions("write", True)}, {})
    assert give_back("acme", recorded) == [
        f"gh api -X PUT repos/acme/{API}/actions/permissions/workflow -f default_workflow_permissions=write "
        "-F can_approve_pull_request_reviews=true"
    ]
    later = record([], {API: WorkflowPermissions("read", False)}, recorded)
    assert later == recorded, "what was there first is what is given back"


DOMAIN_VARIABLE = {"name": "CODEARTIFACT_DOMAIN", "value": "former"}


def test_17_an_actions_variable():
    class Set(Cloud):
        def _variables(self, fullName: str):
            found = [DOMAIN_VARIABLE] if fullName.endswith(API) else []
            return super()._variables(fullName) | {"variables": found}

    (said,) = lines(Set(audiences=AUDIENCES[STACK]))
    assert f"import it with the id {API}:CODEARTIFACT_DOMAIN" in said


VARIABLES = f"repos/acme/{API}/actions/organization-variables?per_page=30&page="


def test_18_the_same_variable_of_the_organisation(caplog):
    there = cloud()
    others = [{"name": f"OTHER_{number}", "value": "x"} for number in range(30)]
    there.rest = {f"{VARIABLES}1": {"total_count": 31, "variables": others}, f"{VARIABLES}2": {"variables": [DOMAIN_VARIABLE]}}
    (said,) = warned(caplog, there)
    assert f"shadow the organisation's of the same names: CODEARTIFACT_DOMAIN (former there, {SETTINGS.domain.name} here)" in said
    there.rest = {f"{VARIABLES}1": {"total_count": 30, "variables": others}}
    assert warned(caplog, there) == []


@pytest.mark.parametrize("speaks", [False, True])
def test_18_of_hundreds_of_new_repositories_one_of_a_visibility_is_asked(speaks):
    def asked(endpoint: str):
        name = endpoint.split("/")[2]
        names.append(name)
        return {"variables": [DOMAIN_VARIABLE] if speaks and name == "r000" else []}

    names: list[str] = []
    repositories = tuple(samples.installing(f"r{number:03}") for number in range(150))
    settings = samples.settings(samples.team(repositories=repositories))
    planned = plan(settings, widest(settings))
    visibilities = {one.name: "public" if number in (120, 121) else "private" for number, one in enumerate(repositories)}
    said = list(noted.notes(planned, Known(), SimpleNamespace(rest=asked), visibilities))  # ty: ignore[invalid-argument-type]
    assert [one for one in said if "shadow" in one] == (said if speaks else [])
    # Each of a hundred; then the first of another visibility, and all where one had something to say.
    assert len(names) == (149 if speaks else 101)
    assert ("r121" not in names) and ("r120" in names)


def test_19_branches_that_match_a_release_pattern():
    there = cloud()
    there.branches = ["main", "release/evil"]
    (said,) = lines(there)
    assert "would let the branch 'release/evil' publish" in said and "name it in accepted_branches" in said


@pytest.fixture
def by_tag(tmp_path: Path) -> dict[str, str]:
    """The configuration of the same catalog, in which the repository will release by tags."""
    folder = tmp_path / "catalog"
    shutil.copytree(ROOT / SETTINGS.catalog, folder)
    team = yaml.safe_load((folder / "payments.yaml").read_text())
    team["repositories"][API]["release_tags"] = ["v*"]
    (folder / "payments.yaml").write_text(yaml.safe_dump(team))
    return {"package-flow:catalog": str(folder)}


def test_20_tags_from_before_the_repository_releases_by_tag(by_tag, caplog):
    there, path = cloud(), f"repos/acme/{API}/git/matching-refs/tags/v"
    there.rest[path] = [{"ref": f"refs/tags/{name}"} for name in ("v1.0.0", "v1.1.0", "v1/old")]
    caplog.set_level(logging.WARNING, "pulumi")
    first = run(STACK, there, **by_tag)
    (said,) = [one.message for one in caplog.records if "release_tags" in one.message]
    assert f"repositories.{API}: release_tags: v1.0.0, v1.1.0 are there already, and not published by this" in said
    # Of a stack that has the guards of these tags, they are no news: it has published since.
    caplog.clear()
    there.resources = state_of(first)
    run(STACK, there, **by_tag)
    assert [one for one in caplog.records if "release_tags" in one.message] == []
    there.resources, there.rest[path] = {}, []
    run(STACK, there, **by_tag)
    assert [one for one in caplog.records if "release_tags" in one.message] == []


@pytest.mark.parametrize("preview", [True, False])
def test_20_a_preview_that_may_not_list_tags_says_so(by_tag, preview, caplog):
    class Weak(Cloud):
        def _rest(self, endpoint: str):
            if "/git/matching-refs/" in endpoint:
                raise ProviderError(f"GET https://api.github.com/{endpoint}: 403 Resource not accessible by integration []")
            return super()._rest(endpoint)

    there = Weak(audiences=AUDIENCES[STACK])
    caplog.set_level(logging.WARNING, "pulumi")
    if preview:
        assert run(STACK, there, preview=True, **by_tag).registrations
        assert [one for one in caplog.records if "release_tags: this credential can't list its tags" in one.message]
    else:
        assert "403 Resource not accessible" in line(there, "what holds there already", **by_tag)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"archived": True}, "is archived"),
        ({"fullName": f"acme/{API.upper()}"}, "write that name"),
        ({"fullName": f"elsewhere/{API}"}, f"is called 'elsewhere/{API}' on GitHub"),
    ],
)
def test_21_and_22_archived_in_other_case_or_transferred(answer, words):
    class Otherwise(Cloud):
        def _repository(self, fullName: str):
            return super()._repository(fullName) | (answer if fullName == f"acme/{API}" else {})

    assert words in line(Otherwise(audiences=AUDIENCES[STACK]), f"repositories.{API}")


def test_23_a_fork_is_said_to_be_one(caplog):
    class Forked(Cloud):
        def _repository(self, fullName: str):
            return super()._repository(fullName) | {"fork": fullName == f"acme/{API}"}

    caplog.set_level(logging.WARNING, "pulumi")
    assert run(STACK, Forked(audiences=AUDIENCES[STACK])).registrations
    assert [one.message for one in caplog.records if f"repositories.{API}: is a fork" in one.message]


def promoting(there: Cloud) -> list[str]:
    """What is said of repositories that promote."""
    try:
        run(STACK, there, preview=False)
    except LookupProblems as error:
        return [one for one in error.problems if "promotes" in one]
    return []


def test_24_a_private_repository_that_promotes_on_the_team_plan():
    """The page's commands are run by tests/workflows/test_promoting.py."""

    class Public(Cloud):
        def _repository(self, fullName: str):
            return super()._repository(fullName) | {"visibility": "public"}

    (said,) = promoting(cloud(plan="team"))
    assert "plan 'team' does not have for a private repository; leave promotes out and let an administrator promote by hand" in said
    assert promoting(cloud(plan="enterprise")) == promoting(Public(audiences=AUDIENCES[STACK], plan="team")) == []


@pytest.mark.parametrize("subjects", Subjects)
@pytest.mark.parametrize("read_role", ReadRole)
def test_25_name_only_subjects_of_180_repositories(read_role: ReadRole, subjects: Subjects):
    """They fit: there are as many read roles as it takes, and nobody has to opt in to anything."""
    many = tuple(samples.installing(f"service-{number:03}") for number in range(180))
    settings = samples.settings(samples.team(repositories=many), read_role=read_role, subjects=subjects)
    planned = plan(settings, widest(settings))
    assert sizes.check(planned) == []
    one = subjects is Subjects.IMMUTABLE and read_role is ReadRole.ORGANIZATION
    assert (len(planned.oidc.read_roles) == 1) is one


def test_26_topic_queue_alias_and_permission_set():
    stack = "prod"
    configured = parsed(stack)
    planned = plan(configured, assumed(configured))
    assert planned.events and planned.developers and planned.registry.key
    there = Cloud(audiences=AUDIENCES[stack])
    there.topics, there.queues = {planned.events.names.rule}, {planned.events.names.dead_letters}
    there.aliases = {planned.registry.key.alias: "0123"}
    there.permission_sets = {planned.developers.permission_sets[0].name}
    with pytest.raises(LookupProblems) as error:
        run(stack, there)
    for words in (f"the SNS topic {planned.events.names.rule}", "the SQS queue", planned.registry.key.alias, "the permission set prod-"):
        assert len([one for one in error.value.problems if words in one and "is there already" in one]) == 1, words
    for one in error.value.problems:
        assert re.search(r"adopt it: |: delete it, or leave it and |aws kms delete-alias", one) and "or rename: " in one, one


def test_27_a_package_group():
    (first, *_) = [group for team in PLANNED.teams for group in team.package_groups]
    there = with_domain()
    there.existing[PLACE.package_group_arn(first.owned.group_pattern)] = {"Pattern": first.owned.group_pattern}
    said = line(there, f"the package group {first.owned.group_pattern} is there already", **encrypted("aws"))
    assert "aws codeartifact delete-package-group" in said and "it holds no packages" in said.lower()
    # It keeps nobody from importing the rest, and goes last: until it is made again, its names are anybody's.
    (group,) = [one for one in seen_by(there) if one.type.endswith(":Resource")]
    assert not group.in_the_way and not group.adoptable
    written = page(STACK, Found(adoption=Adoption(None, tuple(seen_by(there)), (), (), {})), None)
    after = written.partition("## Next")[2]
    assert after.index("pulumi import") < after.index(group.removal) < after.index("pulumi preview")


def test_28_packages_of_owned_names_elsewhere():
    written = page(STACK, Found(adoption=Adoption(None, (), (), (), {})), PLANNED)
    for team in PLANNED.teams:
        for one in team.owns:
            (said,) = [each for each in written.splitlines() if each.startswith(f"- {one.format}:{one.text} is {team.name}'s")]
            assert "aws codeartifact list-packages" in said and f"--format {one.format}" in said


def test_30_another_stack_in_the_account():
    other = plan(parsed("prod"), assumed(parsed("prod")))
    assert not {one.name for one in PLANNED.roles} & {one.name for one in other.roles}
    assert PLANNED.builds.policy.name != other.builds.policy.name


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_type_is_looked_for_or_there_is_a_reason_why_not(stack):
    registered = {one.type for one in run(stack).registrations if not one.type.startswith(("pulumi:", "package-flow:"))}
    assert registered <= {*LOOKED_FOR, *NOT_LOOKED_FOR}
    assert not {*LOOKED_FOR} & {*NOT_LOOKED_FOR} and all(NOT_LOOKED_FOR.values())


def test_what_can_not_be_adopted_says_only_what_else_to_do():
    blocked = There("t", ("x",), "a thing", "file: key", "id", blocked="take it off", rename="key")
    assert blocked.problem("dev") == "file: key: a thing is there already and not in this stack's state; take it off; or rename: key"
    assert not blocked.adoptable
