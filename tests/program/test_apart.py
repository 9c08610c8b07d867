"""Plain invokes in a thread of their own: the program's event loop keeps nothing of them."""

import asyncio
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_github as github
import pytest

from existing import apart
from tests.components.recording import record
from tests.program.fake import Cloud

INVOKES = 50


def left_behind(ask: Any) -> int:
    """How many handles more there are in the loop after as many invokes."""
    found = []

    def program() -> None:
        ready = asyncio.get_event_loop()._ready  # ty: ignore[missing-attribute]
        before = len(ready)
        for _ in range(INVOKES):
            assert ask(github.get_team, slug="leads", summary_only=True).slug == "leads"
        found.append(len(ready) - before)

    record(program, invoke=Cloud(audiences=None))
    return found[0]


def test_no_handles_are_left_behind():
    """Where the SDK no longer leaves any either, existing/apart.py can go."""
    assert left_behind(lambda function, **arguments: function(**arguments)) >= INVOKES
    assert left_behind(apart.call) == 0


def test_settings_and_errors_are_the_programs():
    def program() -> None:
        assert apart.call(pulumi.get_stack) == "test"
        with pytest.raises(Exception, match="couldn't find resource"):
            apart.call(aws.iam.get_role, name="none")

    recording = record(program, invoke=Cloud(audiences=None), preview=True)
    assert [token for token, _ in recording.invokes] == ["aws:iam/getRole:getRole"]


def test_what_a_provider_of_the_program_is_asked_stays_in_its_loop():
    """Whose URN and id are futures of that loop."""

    def program() -> None:
        provider = aws.Provider("elsewhere", region="eu-central-1")
        there = pulumi.InvokeOptions(provider=provider)
        assert apart.call(aws.get_caller_identity, opts=there).account_id == apart.call(aws.get_caller_identity).account_id

    record(program, invoke=Cloud(audiences=None))
