"""A scenario's name says who attempts what, and leaves the outcome to `expected`: `<who>: <verb> ...`, the verb in its base form."""

import re

import pytest

from rehearsal.scenario import Scenario, check
from tests.rehearsal.offline import scenarios

STACKS = ("prod", "dev")
# A verb that is missing here is one more line; a third person ("publishes"), a passive ("is promoted") or a bare noun never belongs here.
VERBS = {
    "announce", "assume", "attach", "build", "change", "check", "copy", "create", "delete", "deploy", "describe", "dispose", "edit",
    "install", "merge", "move", "open", "overwrite", "preview", "promote", "publish", "push", "put", "read", "remove", "replace", "request",
    "rewrite", "run", "schedule", "set", "sign", "tag", "update", "upload", "write",
}  # fmt: skip
_NAME = re.compile(r"[^:]+: (?P<verb>[a-z]+)( .+)?")
# Words of an outcome, or of nobody's language.
_OUTCOME = re.compile(r"\b(cannot|can't|may|must|never|nobody|allowed|denied|refused|told|made|asks|somebody)\b")


@pytest.mark.parametrize("stack", STACKS)
def test_a_name_says_who_attempts_what(stack: str) -> None:
    names = list(scenarios(stack))
    assert len(names) > 200
    assert [name for name in names if not (found := _NAME.fullmatch(name)) or found["verb"] not in VERBS] == []


@pytest.mark.parametrize("stack", STACKS)
def test_a_name_a_principal_and_an_action_leave_the_outcome_out(stack: str) -> None:
    texts = {text for one in scenarios(stack).values() for text in (one.name, one.principal, one.action)}
    assert [text for text in sorted(texts) if _OUTCOME.search(text)] == []


def test_a_verb_of_no_scenario_is_not_listed() -> None:
    used = {found["verb"] for stack in STACKS for name in scenarios(stack) if (found := _NAME.fullmatch(name))}
    assert used >= VERBS - {"move"}  # of stacks that trust a tag


@pytest.mark.parametrize("name", ["a writer pushes straight to main", "identity-api:", "identity-api: ", ": push to main"])
def test_a_name_without_who_or_attempt_is_refused(name: str) -> None:
    def scenario(name: str) -> Scenario:
        return Scenario(name, "a writer", "push", "main", lambda: "done")

    assert check([scenario("identity-api: push to main")])
    with pytest.raises(ValueError, match="expected '<who>: <attempt>'"):
        check([scenario(name)])
