"""The matrix of the shipped stacks: who gets what, and that nothing is lost on the way to a thousand repositories."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from access import actions, compare, matrix, principals, provisioned, tokens
from access.actions import Kind, Scope
from access.compare import How
from access.matrix import Cell, Matrix, Row
from access.provisioned import Document, Provisioned, Role
from access.words import role_name
from evaluator.actions import RESOURCE_TYPES
from policies.names import PUBLIC_SOURCES
from rehearsal.cloud import sts
from rehearsal.cloud.github import oidc
from tests.access.stacks import STACKS, provisioned_stack, resources

DOWNSTREAM = "AssociateWithDownstreamRepository"
WRITES = (Kind.PUBLISH, Kind.PROMOTE, Kind.ADMINISTER)


@pytest.fixture(scope="module", params=STACKS)
def reviewed(request: pytest.FixtureRequest) -> Matrix:
    return matrix.build(provisioned_stack(request.param))


@pytest.fixture(scope="module")
def prod() -> Matrix:
    return matrix.build(provisioned_stack("prod"))


def cell(one: Matrix, row: Row, place: str, kind: Kind) -> list[Cell]:
    number = next(number for number, column in enumerate(one.columns) if column.label == place)
    return [rights[number, kind] for _, rights in one.rights_of(row)]


def may(one: Matrix, row: Row, place: str, kind: Kind) -> bool:
    return any(each.state for each in cell(one, row, place, kind))


def row(one: Matrix, group: str, key: str) -> Row:
    return next(each for each in one.rows if (each.group, each.key) == (group, key))


def writes(one: Matrix, each: Row) -> set[tuple[str, Kind]]:
    return {(column.label, kind) for column in one.columns for kind in WRITES if column.repository and may(one, each, column.label, kind)}


# --- who -----------------------------------------------------------------------------------------------------------------------------


def test_only_release_branches_write_and_only_to_their_teams_repository(reviewed: Matrix) -> None:
    consumers = {one.name: one for one in reviewed.stack.consumers}
    jobs = [each for each in reviewed.rows if each.attempt]
    found = {(each.group, each.key): writes(reviewed, each) for each in jobs if writes(reviewed, each)}
    expected = {}
    for one in consumers.values():
        for branch in one.release_branches:
            expected[one.name, f"release:{branch}:publish"] = {(one.team_repository, Kind.PUBLISH)}
            if one.promotes:
                # npm's tags, which all of these publish.
                expected[one.name, f"release:{branch}:promote"] = {("shared", Kind.PROMOTE), ("shared", Kind.PUBLISH)}
        # A tag publishes and promotes nothing.
        expected |= {(one.name, f"release-tag:{tag}:publish"): {(one.team_repository, Kind.PUBLISH)} for tag in one.release_tags}
    assert found == expected
    # Of publishing to shared, a promotion may set npm's tags and nothing else.
    for each in (each for each in jobs if each.key.endswith(":promote")):
        for one in cell(reviewed, each, "shared", Kind.PUBLISH):
            assert (one.state, one.actions) in ((0, ()), (1, ("PutPackageMetadata",))), each


def test_everybody_of_the_organisation_reads_and_nobody_else(reviewed: Matrix) -> None:
    """A team that keeps its packages to its own is read by its own jobs alone."""
    outside = {"fork", "fork-pull-request", "other-organisation", "strangers", "recycled-organisation", "organisation-name", "audience"}
    own = {one.name: one.team_repository for one in reviewed.stack.consumers}
    for each in reviewed.rows:
        if each.attempt:
            assert may(reviewed, each, "shared", Kind.READ) is (each.key not in outside), (each.group, each.key)
            in_team = own.get(each.group) == "research" and each.key not in {*outside, "recycled-name"}
            assert may(reviewed, each, "research", Kind.READ) is in_team, (each.group, each.key)


def test_a_recycled_name_gets_no_more_than_any_repository_of_the_organisation(reviewed: Matrix) -> None:
    anybody = row(reviewed, "(in no catalog)", "organisation-immutable")
    for each in reviewed.rows:
        if each.key == "recycled-name":
            assert each.roles == anybody.roles


def test_the_token_lasts_as_long_as_the_stack_says(reviewed: Matrix) -> None:
    domain = reviewed.columns[0].domain
    for each in reviewed.rows:
        # Dependabot may assume the builds' role, too.
        lengths = ("3,600", "43,200") if each.key == "dependabot" else ("3,600",)
        found = [one for one in cell(reviewed, each, domain, Kind.TOKEN) if one.state] if each.attempt else []
        assert all(one.names in [(f"for at most {length} seconds",) for length in lengths] for one in found)
        assert {one.names for one in found} == {(f"for at most {length} seconds",) for length in lengths} or not found


def test_others_at_aws(prod: Matrix) -> None:
    def summary(key: str) -> set[tuple[str, Kind]]:
        return writes(prod, row(prod, "(AWS)", key))

    for key in (
        "developer:prod-developers",
        "AWS build role:codebuild-packages",
        "no-policy",
        "account:999900001111",
        "account:444455556666",
    ):
        assert summary(key) == set(), key
    assert summary("account:444455556666:ci-*") == {("platform", Kind.PUBLISH)}
    assert may(prod, row(prod, "(AWS)", "developer:prod-developers-research"), "research", Kind.READ)
    assert not may(prod, row(prod, "(AWS)", "developer:prod-developers"), "research", Kind.READ)
    assert not may(prod, row(prod, "(AWS)", "no-policy"), "shared", Kind.READ)


def test_an_administrator_meets_the_denies_and_the_package_groups(prod: Matrix) -> None:
    administrator = row(prod, "(AWS)", "administrator")
    assert not may(prod, administrator, "shared", Kind.PUBLISH) and not may(prod, administrator, "shared", Kind.PROMOTE)
    assert not any(
        may(prod, administrator, source, Kind.PUBLISH) for source in PUBLIC_SOURCES if source in prod.stack.owned or source == "npmjs"
    )
    (publish,) = cell(prod, administrator, "identity", Kind.PUBLISH)
    assert publish.state == 2
    # Nothing of another team's names can be put there, whatever rights one has.
    assert not any("payments" in name for name in publish.names)


def test_package_groups_decide_past_what_policies_allow() -> None:
    """Without its group, a team's name can be published to another team's repository by who may publish everything."""
    stack = provisioned_stack("prod")
    (main,) = stack.domains
    repositories = tuple(
        replace(one, owns=(*one.owns, *(name for other in main.repositories if other.name == "payments" for name in other.owns)))
        if one.name == "identity"
        else one
        for one in main.repositories
    )
    tried = replace(stack, domains=(replace(main, repositories=repositories),))
    freed = replace(tried, domains=(replace(tried.domains[0], groups=tuple(one for one in main.groups if "payments" not in one.pattern)),))

    def names(one: Provisioned) -> set[str]:
        built = matrix.build(one)
        (publish,) = cell(built, row(built, "(AWS)", "administrator"), "identity", Kind.PUBLISH)
        return {name for name in publish.names if "payments" in name}

    assert names(tried) == set()
    assert len(names(freed)) == 2


# --- nothing is left out ---------------------------------------------------------------------------------------------------------------


def test_every_action_has_a_kind() -> None:
    assert {one.short for one in actions.ACTIONS} == set(RESOURCE_TYPES)
    kinds = {one.short: one.kind for one in actions.ACTIONS}
    assert {name for name, kind in kinds.items() if kind in (Kind.PUBLISH, Kind.PROMOTE)} == {
        "PublishPackageVersion",
        "PutPackageMetadata",
        "CopyPackageVersions",
    }
    assert all(
        kinds[name] is Kind.ADMINISTER
        for name in kinds
        if name.startswith(("Put", "Delete", "Dispose", "Update", "Create")) and name != "PutPackageMetadata"
    )


def test_every_cell_is_there(reviewed: Matrix) -> None:
    for rights in reviewed.rights:
        for number, column in enumerate(reviewed.columns):
            scope = Scope.REPOSITORY if column.repository else Scope.DOMAIN
            for kind in Kind:
                there = (number, kind) in rights
                assert there is bool(actions.of(scope, kind)), (column, kind)
                assert not there or rights[number, kind].findings


def test_every_finding_names_the_statement_that_decides(reviewed: Matrix) -> None:
    """An allowed finding has the statement, and the statement's own words do speak about one of the actions."""
    sources = reviewed.statements.sources
    for rights in reviewed.rights:
        for one in rights.values():
            for finding in one.findings:
                if finding.allowed and finding.actions != ("ReadFromRepository",):
                    assert finding.statement >= 0, finding
                if finding.statement >= 0:
                    effect = sources[finding.statement].statement["Effect"]
                    assert effect == ("Allow" if finding.allowed or "package group" in finding.reason else "Deny"), finding


def test_deciding_alike_things_once_changes_nothing(reviewed: Matrix) -> None:
    """The whole matrix again, with every single question put to the evaluator."""
    thorough = matrix.build(reviewed.stack, thorough=True)
    assert len(thorough.evaluations) > 5 * len(reviewed.evaluations)
    assert thorough.rights == reviewed.rights
    assert thorough.rows == reviewed.rows


@pytest.mark.parametrize("named_by", ["principal", "condition"])
def test_sessions_that_a_policy_names_are_not_taken_for_alike(prod: Matrix, named_by: str) -> None:
    """One publish role gets more by a repository's policy: it must not be decided together with the others."""
    role = next(one for one in prod.stack.roles if one.name == "prod-publish-payments-sdk")
    grant: dict[str, Any] = {"Effect": "Allow", "Action": "codeartifact:AssociateWithDownstreamRepository", "Resource": "*"}
    if named_by == "principal":
        grant["Principal"] = {"AWS": role.arn}
    else:
        grant |= {"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": role.arn}}}
    changed = matrix.build(_with_policy(prod.stack, "identity", grant))
    number = next(number for number, column in enumerate(changed.columns) if column.label == "identity")
    gets = {one.name for one in prod.stack.roles if DOWNSTREAM in changed.rights[changed.class_of[one.arn]][number, Kind.READ].actions}
    assert gets == {role.name}


def _with_policy(stack: Provisioned, repository: str, statement: dict[str, Any]) -> Provisioned:
    (main,) = stack.domains

    def changed(one: provisioned.Repository) -> provisioned.Repository:
        if one.name != repository or one.policy is None:
            return one
        content = json.loads(one.policy.text)
        return replace(one, policy=Document(one.policy.where, json.dumps({**content, "Statement": [*content["Statement"], statement]})))

    return replace(stack, domains=(replace(main, repositories=tuple(map(changed, main.repositories))),))


# --- tokens ------------------------------------------------------------------------------------------------------------------------------


def test_claims_are_condition_keys_of_sts(reviewed: Matrix) -> None:
    known = set(sts.GITHUB_CLAIMS)
    for each in reviewed.rows:
        if each.attempt:
            for token in each.attempt.tokens:
                assert set(tokens.claims(each.attempt.identity, token)) <= known


@pytest.mark.parametrize("immutable", [True, False])
def test_subjects_are_the_stand_ins(reviewed: Matrix, immutable: bool) -> None:
    """The same `sub` as the GitHub stand-in signs for a job like it."""
    form = "immutable" if immutable else "name"
    compared = 0
    for each in reviewed.rows:
        for token in each.attempt.tokens if each.attempt else ():
            if each.attempt is None or token.form != form:
                continue
            one = each.attempt.identity
            owner = SimpleNamespace(login=one.owner, id=one.owner_id)
            repository = SimpleNamespace(
                owner=owner,
                name=one.name,
                id=one.id,
                full_name=f"{one.owner}/{one.name}",
                immutable_subject=immutable,
            )
            event = "pull_request" if token.context == "pull_request" else "push"
            run: Any = SimpleNamespace(repository=repository, environment=token.environment, event=event, ref=token.ref)
            assert oidc.subject(run) == tokens.claims(one, token)["sub"]
            compared += 1
    assert compared > 100


def test_a_default_branch_that_does_not_publish_tries_too(prod: Matrix) -> None:
    """Events like workflow_run have its ref, in a repository that publishes from other branches, too."""
    one = next(each for each in prod.stack.consumers if each.name == "jvm-commons")
    keys = [each.key for each in tokens.attempts(one, tokens.trusted_workflows([one]))]
    elsewhere = replace(one, release_branches=("release/*",))
    more = [each.key for each in tokens.attempts(elsewhere, tokens.trusted_workflows([one]))]
    assert "default-branch" not in keys and {"default-branch", "environment"} <= set(more)


def test_a_pull_request_tries_every_environment_that_roles_trust(prod: Matrix) -> None:
    """In an environment its subject is the environment's, which the trust policy accepts: the ref alone keeps it out."""
    refused = next(
        each for each in row(prod, "payments-sdk", "pull-request").entries if role_name(each.role) == "prod-publish-payments-sdk"
    )
    assert not refused.allowed and [keys for _, keys in refused.unmet] == [("ref",)]


# --- a changed word is a changed cell ----------------------------------------------------------------------------------------------------


def strings(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The path of every string in a document."""
    if isinstance(value, str):
        yield path
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from strings(each, (*path, key))


def changed_at(value: Any, path: tuple, word: str) -> Any:
    if not path:
        return word
    if isinstance(value, dict):
        return {key: changed_at(each, path[1:], word) if key == path[0] else each for key, each in value.items()}
    return [changed_at(each, path[1:], word) if number == path[0] else each for number, each in enumerate(value)]


def at(value: Any, path: tuple) -> Any:
    return at(value[path[0]], path[1:]) if path else value


def only(stack: Provisioned, role: Role) -> Provisioned:
    """A stack of one role and the repositories that it may be about, so that it is computed in a moment."""
    about = [one for one in stack.consumers if str(one.id) in role.trust.text] or list(stack.consumers[:2])
    return replace(stack, roles=(role,), attached=(), consumers=tuple(about[:2]))


def with_trust(stack: Provisioned, document: Any) -> Provisioned:
    (role,) = stack.roles
    return replace(stack, roles=(replace(role, trust=Document(role.trust.where, json.dumps(document))),))


def github_roles(stack: Provisioned) -> list[Role]:
    return [one for one in stack.roles if "WebIdentity" in one.trust.text]


@pytest.mark.slow("a condition less, of each claim, is tested below")
@pytest.mark.parametrize("name", ["prod", "dev"])
def test_every_changed_word_of_a_trust_policy_is_a_changed_cell(name: str) -> None:
    """Every value of every trust policy, one after the other, with one more letter."""
    stack, mutants = provisioned_stack(name), 0
    for role in github_roles(stack):
        alone = only(stack, role)
        before, document = matrix.build(alone), json.loads(role.trust.text)
        for path in strings(document):
            if path[0] == "Version" or path[-1] in ("Sid", "Effect"):
                continue
            mutant = with_trust(alone, changed_at(document, path, f"{at(document, path)}x"))
            found = compare.compare("before", before, matrix.build(mutant)).changes
            assert found, (role.name, path)
            mutants += 1
    assert mutants > 60


def small() -> Provisioned:
    """A stack of one repository with its roles, and of one place of each sort, so that it is computed in a moment."""
    stack = provisioned_stack("dev")
    (consumer,) = (one for one in stack.consumers if one.name == "identity-api-pilot")
    roles = tuple(one for one in stack.roles if one.name in ("dev-read", f"dev-publish-{consumer.name}", f"dev-promote-{consumer.name}"))
    domain = stack.domains[0]
    places = tuple(one for one in domain.repositories if one.name in ("identity", "shared", "npmjs"))
    return replace(stack, consumers=(consumer,), roles=roles, domains=(replace(domain, repositories=places),))


def mutants(document: Document) -> Iterator[tuple[tuple, Document]]:
    """Each string of a policy with one more letter, but for those that say nothing about who may do what."""
    content = json.loads(document.text)
    for path in strings(content):
        if path[0] != "Version" and path[-1] not in ("Sid", "Effect"):
            yield path, Document(document.where, json.dumps(changed_at(content, path, f"{at(content, path)}x")))


def with_another(stack: Provisioned, old: Document, new: Document) -> Provisioned:
    """A stack with another document in one place, wherever that is."""

    def put(one: Document | None) -> Document | None:
        return new if one == old else one

    (domain,) = stack.domains
    repositories = tuple(replace(one, policy=put(one.policy)) for one in domain.repositories)
    roles = tuple(replace(one, identity=tuple(new if each == old else each for each in one.identity)) for one in stack.roles)
    return replace(stack, roles=roles, domains=(replace(domain, policy=put(domain.policy), repositories=repositories),))


@pytest.mark.slow("test_command.py changes one word of each kind of policy")
def test_every_changed_word_of_another_policy_is_a_changed_cell() -> None:
    """The same of the policies of domain and repositories, and of the roles' identity policies."""
    stack = small()
    before, tried = matrix.build(stack), 0
    documents = [*provisioned.resource_policies(stack.domains), *(each for role in stack.roles for each in role.identity)]
    assert len(documents) == 7
    for document in documents:
        for path, mutant in mutants(document):
            comparison = compare.compare("before", before, matrix.build(with_another(stack, document, mutant)))
            assert comparison.changes, (document.where, path)
            assert [one.where for one in comparison.wordings] == [document.where]
            tried += 1
    assert tried > 100


def test_another_account_is_let_in_by_a_statement_of_this_one(reviewed: Matrix) -> None:
    """A cell of somebody from elsewhere names the statement of the resource's policy, not what is assumed of their own."""
    inside = [each for each in reviewed.rows if each.session and each.session.caller.account != reviewed.stack.account]
    cells = [cell for each in inside for _, rights in reviewed.rights_of(each) for (_, kind), cell in rights.items() if kind is Kind.READ]
    found = [one for cell in cells for one in cell.findings if one.allowed]
    assert found
    for one in found:
        assert one.reason == matrix.FROM_ELSEWHERE
        assert reviewed.statements.sources[one.statement].where.startswith("policy of ")


def test_an_organisation_that_is_exchanged_is_another_principal(prod: Matrix) -> None:
    text = json.dumps(provisioned.dump(prod.stack)).replace("o-a1b2c3d4e5", "o-somebodyelse")
    comparison = compare.compare("before", prod, matrix.build(provisioned.load(json.loads(text))))
    assert comparison.new == ("account in o-somebodyelse",)
    assert comparison.gone == ("account in o-a1b2c3d4e5",)
    assert {one.label for one in comparison.of(How.GRANTED)} == {"account in o-somebodyelse"}


def loosened(document: dict[str, Any], key: str) -> dict[str, Any]:
    """A trust policy without its conditions on a claim."""
    found = json.loads(json.dumps(document))
    for one in found["Statement"]:
        for keys in one["Condition"].values():
            keys.pop(f"token.actions.githubusercontent.com:{key}", None)
        one["Condition"] = {operator: keys for operator, keys in one["Condition"].items() if keys}
    return found


@pytest.mark.parametrize(
    ("claim", "kind", "gets_in"),
    [
        ("aud", "publish", "audience"),
        ("repository_id", "publish", "recycled-name"),
        ("job_workflow_ref", "publish", "release:main:own-workflow"),
        ("job_workflow_ref", "promote", "release:main:own-workflow"),
        ("repository_id", "promote", "recycled-name"),
        ("ref", "promote", "other-branch"),
        ("ref", "promote", "tag"),
    ],
)
def test_a_condition_less_is_a_grant(claim: str, kind: str, gets_in: str) -> None:
    """Each condition holds somebody off, who is named where it is gone."""
    stack = provisioned_stack("prod")
    role = next(one for one in stack.roles if one.name == f"prod-{kind}-payments-api")
    alone = only(stack, role)
    after = matrix.build(with_trust(alone, loosened(json.loads(role.trust.text), claim)))
    comparison = compare.compare("before", matrix.build(alone), after)
    granted = {one.key[1] for one in comparison.of(How.GRANTED) if one.kind.value == kind}
    assert gets_in in granted
    assert not comparison.of(How.TAKEN)
    assert role_name(role.arn) in {role_name(one) for one in row(after, "payments-api", gets_in).roles}


def test_a_pattern_without_its_exclusion_lets_deeper_branches_in() -> None:
    stack = provisioned_stack("prod")
    role = next(one for one in stack.roles if one.name == "prod-publish-payments-api")
    document = json.loads(role.trust.text)
    for one in document["Statement"]:
        one["Condition"].pop("StringNotLike", None)
    alone = only(stack, role)
    after = matrix.build(with_trust(alone, document))
    granted = {one.key[1] for one in compare.compare("before", matrix.build(alone), after).of(How.GRANTED) if one.kind is Kind.PUBLISH}
    assert granted == {"below:release/*"}


# --- reading what is there ---------------------------------------------------------------------------------------------------------------


def test_an_export_of_the_stack_gives_the_same() -> None:
    """`pulumi stack export`: the same resources in the engine's form."""
    content = resources("prod")
    stack = {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:prod::package-flow::pulumi:pulumi:Stack::x", "outputs": content["outputs"]}
    exported = {"version": 3, "deployment": {"resources": [stack, *({**one, "outputs": {}} for one in content["resources"])]}}
    again = matrix.build(provisioned.read(exported))
    listed = matrix.build(provisioned.read(content))
    assert (again.rows, again.rights) == (listed.rows, listed.rights)


@pytest.mark.parametrize("content", [{}, {"resources": []}, {"resources": [{"type": "aws:s3:Bucket", "urn": "a::b::c::d", "inputs": {}}]}])
def test_resources_of_something_else_are_refused(content: dict) -> None:
    with pytest.raises(provisioned.Unreadable):
        provisioned.read(content)


def test_a_principal_that_only_a_policy_names_is_taken_at_its_worst(prod: Matrix) -> None:
    """Whoever a resource policy singles out is a row of its own."""
    named = {pattern for pattern in provisioned.named_principals(prod.stack.domains) if "*" not in pattern}
    shown = {one.caller.role_arn for one in [*principals.others(prod.stack), *principals.of_roles(prod.stack).values()]}
    assert named <= shown
