"""What AWS and GitHub may answer: a question that is not answered, or not as it should be, is one readable line. Each with its twin."""

from dataclasses import replace

import pytest

from lookups import LookupProblems
from tests.fuzzing import mutations
from tests.fuzzing.cloud import ERROR
from tests.fuzzing.inputs import Answer, written
from tests.fuzzing.oracle import faults
from tests.fuzzing.program import run

MADE = written(
    replace(
        mutations.minimal(),
        config=mutations.minimal().config
        | {"package-flow:developers": {"groups": ["Engineering"]}, "package-flow:builds": {"roles": ["ci"]}},
    )
)
FILE = "catalog/payments.yaml: repositories.payments-api"


def at(token: str) -> int:
    """Which question of GitHub's REST API comes after its limit and the list of repositories."""
    return 2 if token == "getRestApi" else 0


def told(*answers: Answer) -> list[str]:
    """The problems of a look-up; every one is readable and nothing was registered."""
    made = replace(MADE, answers=answers)
    outcome = run(made)
    assert faults(made, outcome) == []
    if outcome.error is None:
        return []
    assert isinstance(outcome.error, LookupProblems)
    return [line.removeprefix("  - ") for line in str(outcome.error).split("\n")[1:]]


def test_answers_as_they_should_be():
    assert told() == []


@pytest.mark.parametrize(
    ("token", "field", "bad", "good", "words"),
    [
        ("getRepository", "repoId", -1, 9001, f"{FILE}: the answer can't be used: the repository's id is '-1'"),
        ("getRepository", "defaultBranch", "", "main", f"{FILE}: has no default branch that a ruleset can name (none)"),
        ("getRepository", "defaultBranch", "~ALL", "~ALL".strip("~"), f"{FILE}: has no default branch that a ruleset can name ('~ALL')"),
        ("getRepository", "defaultBranch", "a*", "feature/ü", f"{FILE}: has no default branch that a ruleset can name ('a*')"),
        ("getRepository", "visibility", "secret", "private", f"{FILE}: the answer can't be used: the visibility is 'secret'"),
        ("getRepository", "visibility", None, "private", f"{FILE}: the answer can't be used: the visibility is missing"),
        ("getRepository", "fullName", "acme/\x1b[31m",
         "acme/payments-api", rf"{FILE}: 'acme/payments-api' is called 'acme/\x1b[31m' on GitHub"),
        ("getOrganization", "id", "12x", "12", "github:owner: acme: the answer can't be used: the organisation's id is '12x'"),
        ("getOrganization", "id", "\u0661", "1", "the organisation's id is '\u0661'"),
        ("getTeam", "id", "0", "7", "catalog/payments.yaml: GitHub team payments-leads: the answer can't be used: the team's id is '0'"),
        ("getCallerIdentity", "arn", "a:b", "arn:aws:iam::111122223333:root", "aws: the caller's account: the answer can't be used"),
        ("getCallerIdentity", "accountId", "", "999999999999", "the account is missing"),
        ("getPartition", "partition", "AWS", "aws-cn", "aws: the partition: the answer can't be used: the partition is 'AWS'"),
        ("getRole", "arn", "x", "arn:aws:iam::111122223333:role/ci",
         "package-flow:builds.roles: ci: the answer can't be used: the role's ARN is"),
        ("getRepositoryBranches", "branches", [{"protected": True}], [{"name": "feature/x", "protected": True}],
         f"{FILE}: the answer can't be used: the name of a branch is missing"),
        ("getRestApi", "body", "<html>", '{"default_workflow_permissions": "write"}', f"{FILE}: the answer can't be used: "
         "repos/acme/payments-api/actions/permissions/workflow has status '200' and is '<html>'"),
        ("getRestApi", "body", "{}", '{"default_workflow_permissions": "read"}', "the default permission of its workflows is missing"),
        ("getRestApi", "code", 500, 200, "has status '500'"),
        ("getInstances", "identityStoreIds", [], ["d-0123456789"], "there is no IAM Identity Center"),
        ("getInstances", "arns", ["x"], ["arn:aws:sso:::instance/ssoins-0123456789abcdef"], "the instance's ARN is 'x'"),
        ("getGroup", "groupId", "x", "a1b2c3d4-0000-0000-0000-000000000000",
         "package-flow:developers.groups: Engineering: the answer can't"),
    ],
)  # fmt: skip
def test_an_answer_that_can_not_be_used(token, field, bad, good, words):
    assert told(Answer(token, field, good, at(token))) == []
    lines = told(Answer(token, field, bad, at(token)))
    assert any(words in line for line in lines), lines


@pytest.mark.parametrize(
    "token",
    [
        "getCallerIdentity", "getPartition", "getOpenIdConnectProvider", "getRole", "getInstances", "getGroup", "getOrganization",
         "getTeam",
        "getRepository", "getActionsRepositoryOidcSubjectClaimCustomizationTemplate", "getActionsVariables", "readStackResourceOutputs",
        "getRepositoryBranches", "getRestApi",
    ],
)  # fmt: skip
def test_a_question_that_is_refused_is_told_with_the_words_of_who_refused(token):
    lines = told(Answer(token, ERROR, "403 Resource not accessible by integration\n<html>\n</html>", at(token)))
    assert len(lines) == 1
    assert "the question was refused: " in lines[0] and lines[0].endswith("403 Resource not accessible by integration <html> </html>")


@pytest.mark.parametrize("asked", range(2))
@pytest.mark.parametrize(
    ("field", "value"),
    [
        (ERROR, "500"),
        ("body", "<html>"),
        ("body", '[{"name": ["x"]}, 1, null]'),
        ("code", 500),
        ("headers", "x"),
        ("headers", '{"Link": 1}'),
    ],
)
def test_the_limit_and_the_list_only_save_requests(asked, field, value):
    """What can't be used of them is looked up alone."""
    assert told(Answer("getRestApi", field, value, asked)) == []


def test_every_refused_question_is_told():
    """And nothing else: what was not answered would look as if it were not there."""
    lines = told(Answer("getRepository", ERROR, "500", -1), Answer("getTeam", ERROR, "401"), Answer("getRepository", "archived", True))
    # Two of the catalog, the repository of the publishing workflow, the team.
    assert len(lines) == 4
    assert all("the question was refused" in line for line in lines)


def test_a_resource_without_its_outputs_is_passed_over():
    """One whose creation failed half-way."""
    kind = "aws:codeartifact/repository:Repository"
    assert told(Answer("readStackResourceOutputs", "outputs", {"urn": {"type": kind, "outputs": {"id": "x"}}})) == []
    (line,) = told(Answer("readStackResourceOutputs", "outputs", {"urn": {"type": kind, "outputs": {"repository": "gone"}}}))
    assert "'gone' is gone" in line


def test_a_repository_is_called_as_it_was_asked_for():
    """`fullName` says whether that is its name; another field of the answer does not name what is changed."""
    outcome = run(replace(MADE, answers=(Answer("getRepository", "name", "other", -1),)))
    assert {one.inputs["repository"] for one in outcome.registrations if one.type.startswith("github:")} == {"payments-api", "checkout-web"}
