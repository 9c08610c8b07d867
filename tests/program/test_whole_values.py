"""Values on their whole way, from the files of a company to what is registered: more than one, and other than the default."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.fuzzing import mutations
from tests.fuzzing.inputs import Answer, written
from tests.fuzzing.program import Outcome, run

LEADS, DIRECTORS = "payments-leads", "directors"


def company(subjects: str = "both", approvals: int = 1, reviewers: tuple[str, ...] = (LEADS,)) -> Outcome:
    """A team whose one publishing repository promotes, and that keeps to itself what it reads."""
    made = mutations.minimal()
    payments: dict[str, Any] = dict(made.teams["payments"]) | {"readers": "team"}
    api = payments["repositories"]["payments-api"] | {"approvals": approvals, "promotes": {"reviewers": list(reviewers)}}
    payments["repositories"] = payments["repositories"] | {"payments-api": api}
    config = made.config | {"package-flow:subjects": subjects}
    return run(written(replace(made, config=config, teams={"payments": payments})))


def of(outcome: Outcome, type: str) -> list[dict]:
    assert outcome.error is None, outcome.trace
    return [one.inputs for one in outcome.registrations if one.type.rpartition(":")[2] == type]


def trusted_subjects(outcome: Outcome) -> list[tuple[str, str]]:
    """Each role with each `sub` that it trusts."""
    found = []
    for role in of(outcome, "Role"):
        for statement in json.loads(role["assumeRolePolicy"])["Statement"]:
            for keys in statement["Condition"].values():
                values = keys.get("token.actions.githubusercontent.com:sub", [])
                found += [(role["name"], one) for one in ([values] if isinstance(values, str) else values)]
    return found


@pytest.mark.parametrize(("subjects", "name_only"), [("immutable", False), ("both", True)])
def test_the_forms_of_subjects_are_those_of_the_stack_in_every_role(subjects, name_only):
    trusted = trusted_subjects(company(subjects))
    kinds = {"read", "publish", "promote"}
    by_name = {role.split("-")[1] for role, sub in trusted if sub.startswith("repo:acme/")}
    assert {role.split("-")[1] for role, sub in trusted if sub.startswith("repo:acme@")} == kinds
    assert by_name == (kinds if name_only else set())


@pytest.mark.parametrize("approvals", [1, 2, 6])
def test_as_many_approvals_as_the_catalog_says(approvals):
    (release,) = [one for one in of(company(approvals=approvals), "RepositoryRuleset") if one["name"].startswith("package-flow-release-")]
    assert release["rules"]["pullRequest"]["requiredApprovingReviewCount"] == approvals


@pytest.mark.parametrize("reviewers", [(LEADS,), (LEADS, DIRECTORS), (DIRECTORS, "security", LEADS)])
def test_every_reviewer_of_a_promotion(reviewers):
    outcome = company(reviewers=reviewers)
    (promote,) = [one for one in of(outcome, "RepositoryEnvironment") if one["environment"] == "promote"]
    asked = [arguments["slug"] for token, arguments in outcome.invokes if token.endswith(":getTeam")]
    # Ids follow from the order in which the program asks.
    ids = {slug: 5001 + number for number, slug in enumerate(dict.fromkeys(asked))}
    assert promote["reviewers"] == [{"teams": [ids[slug] for slug in reviewers]}]


@pytest.mark.parametrize("use_default", [None, False])
def test_a_subject_template_that_is_not_said_to_be_the_default(use_default):
    """Nothing but a plain yes will do: a template replaces the whole `sub`."""
    token = "getActionsRepositoryOidcSubjectClaimCustomizationTemplate"
    made = written(mutations.minimal())
    refused = run(replace(made, answers=(Answer(token, "useDefault", use_default),)))
    assert refused.registrations == ()
    words = str(refused.error)
    assert "subject template" in words and "repositories.payments-api: " in words and words.startswith("1 problem")
    assert run(replace(made, answers=(Answer(token, "useDefault", True),))).error is None


def test_a_renamed_repository_is_known_by_its_former_name_too():
    """The engine puts the alias in front of the names of the children, which all begin with the component's."""
    made = mutations.minimal()
    payments: dict[str, Any] = dict(made.teams["payments"])
    payments["repositories"] = {"payments-api": payments["repositories"]["payments-api"] | {"renamed_from": "old"}, "checkout-web": {}}
    registrations = run(written(replace(made, teams={"payments": payments}))).registrations
    components = {one.name: one.options.get("aliases") for one in registrations if one.type.endswith(":ConsumingRepository")}
    assert components.pop("payments-api") and components == {"checkout-web": None}
    of_it = [one for one in registrations if one.parent.endswith("ConsumingRepository::payments-api")]
    assert len(of_it) > 5 and all(one.name.startswith("payments-api") for one in of_it)
    urns = json.dumps([one.options.get("aliases") for one in registrations if one.name == "payments-api"])
    assert "old" in urns
