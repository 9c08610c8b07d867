"""Where the two evaluators are known to differ on generated policies, and why.

A difference counts as known if taking it out of the question makes them agree.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from evaluator.iam import Policies, evaluate
from tests.access.second_opinion import Question, ask, differ


def _with_documents(question: Question, change: Callable[[dict], dict]) -> Question:
    def changed(texts) -> list[str]:
        return [json.dumps(change(json.loads(text))) for text in texts]

    old = question.policies
    limits = [changed(one) for one in old.limits]
    policies = Policies(changed(old.identity or ()), limits, changed(old.resource), old.owner)
    return Question(question.request, policies, evaluate(question.request, policies).allowed)


def _statements(document: dict, change: Callable[[dict], dict]) -> dict:
    return {**document, "Statement": [change(one) for one in document["Statement"]]}


def without_boundary(question: Question) -> Question:
    """A resource policy's Allow for everybody (`*`) reaches a role past its boundary's silence for the second; the first is stricter."""
    policies = replace(question.policies, limits=[])
    return Question(question.request, policies, evaluate(question.request, policies).allowed)


def in_the_new_version(question: Question) -> Question:
    """Documents of version 2008-10-17 have no variables: the first reads `${...}` there as it is written, the second fills it in."""
    return _with_documents(question, lambda document: {**document, "Version": "2012-10-17"})


def with_values(question: Question) -> Question:
    """A variable without a value: for AWS it "might cause the entire statement to be invalid"; for the first a value like no other."""
    request = replace(question.request, context={"aws:PrincipalTag/team": "payments", **question.request.context})
    return Question(request, question.policies, evaluate(request, question.policies).allowed)


def with_the_whole_chain(question: Question) -> Question:
    """`NotPrincipal` leaves out whom it lists with account, role and session, as AWS says; for the second the account is enough."""
    caller = question.request.caller
    chain = [f"arn:aws:iam::{caller.account}:root", str(caller.role_arn), caller.arn]

    def spelt_out(statement: dict) -> dict:
        named = statement.get("NotPrincipal", {}).get("AWS", [])
        return {**statement, "NotPrincipal": {"AWS": chain}} if chain[0] in named else statement

    return _with_documents(question, lambda document: _statements(document, spelt_out))


DIFFERENCES = (without_boundary, in_the_new_version, with_values, with_the_whole_chain)


def applying(question: Question) -> list[Callable[[Question], Question]]:
    """The differences that a question could meet."""
    policies = question.policies
    texts = [*(policies.identity or ()), *policies.resource, *(text for one in policies.limits for text in one)]
    has_variable = any("${aws:PrincipalTag/team}" in str(text) for text in texts)
    found: list[Callable[[Question], Question]] = [without_boundary] if policies.limits else []
    found += [in_the_new_version] if has_variable and any("2008-10-17" in str(text) for text in texts) else []
    found += [with_values] if has_variable and "aws:PrincipalTag/team" not in question.request.context else []
    found += [with_the_whole_chain] if any("NotPrincipal" in str(text) for text in texts) else []
    return found


def explained(questions: Sequence[Question], folder: Path) -> dict[int, str]:
    """The differences that account for each question on which the two differ, by its number: the fewest that make them agree."""
    answers = ask(questions, folder)
    open_ones = [number for number, (one, answer) in enumerate(zip(questions, answers, strict=True)) if differ(one, answer)]
    found: dict[int, str] = {}
    for several in (False, True):
        tried = [
            (number, names, simpler)
            for number in open_ones
            if number not in found
            for names, simpler in _simpler(questions[number], several)
        ]
        for (number, names, simpler), answer in zip(tried, ask([one for _, _, one in tried], folder), strict=True):
            if number not in found and not differ(simpler, answer):
                found[number] = names
    return {number: found.get(number, "") for number in open_ones}


def _simpler(question: Question, several: bool) -> list[tuple[str, Question]]:
    possible = applying(question)
    if not several:
        return [(getattr(one, "__name__", ""), one(question)) for one in possible]
    everything = question
    for one in possible:
        everything = one(everything)
    return [("several", everything)] if len(possible) > 1 else []
