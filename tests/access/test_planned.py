"""The plan as the review reads it: it is what the program registers, and nothing of the SDK or the rehearsal is needed for it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access import matrix, page, planned, provisioned, review
from access.provisioned import Provisioned
from plan.facts import Facts, IdentityCenter, assumed
from plan.planning import plan
from policies.events import KEY_TO_COME
from policies.github_tokens import Owner
from settings.parsing import of_stack
from tests.access.stacks import ROOT, STACKS, provisioned_stack, resources
from tests.docs import shipped


def facts(stack: str) -> Facts:
    """As the program saw them when its resources were recorded."""
    usual = assumed(of_stack(ROOT, stack))
    inputs = [one.inputs["repository"] for one in shipped.recorded(stack).of("ConsumingRepository")]
    ids = {one["name"]: one["id"] for one in inputs}
    seen = {name: replace(one, id=ids[one.name]) for name, one in usual.repositories.items()}
    owner = Owner(inputs[0]["owner"], inputs[0]["owner_id"])
    return replace(usual, owner=owner, repositories=seen, identity_center=IdentityCenter(""))


def comparable(stack: Provisioned) -> dict[str, Any]:
    """As data, without when an object was created and the id of a key that a plan can't know."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items() if key != "created"}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return value.replace("key/1234", f"key/{KEY_TO_COME}") if isinstance(value, str) else value

    return plain(provisioned.dump(stack))


@pytest.mark.parametrize("stack", STACKS)
def test_the_plan_is_what_the_program_registers(stack: str) -> None:
    """The same stack by two ways: from the plan, and from the resources that were registered."""
    registered = comparable(provisioned.read(resources(stack)))
    assert len(registered["roles"]) > 5 and len(registered["consumers"]) > 5
    assert comparable(planned.read(plan(of_stack(ROOT, stack), facts(stack)))) == registered


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_lost_on_the_way_through_json(stack: str) -> None:
    one = provisioned_stack(stack)
    assert provisioned.load(json.loads(json.dumps(provisioned.dump(one)))) == one
    again = review.planned(ROOT, stack)
    assert comparable(again) == comparable(one)


def test_a_repository_is_what_the_stack_has_it_for_whatever_the_domain_calls_it() -> None:
    settings = replace(of_stack(ROOT, "dev"), shared="shared-packages", named_sources={"npmjs": "npm-store"})
    one = planned.read(plan(settings, facts("dev")))
    kinds = {each.name: each.kind for each in one.domains[0].repositories}
    assert (kinds["shared-packages"], kinds["npm-store"], kinds["pypi"], kinds["payments"]) == ("shared", "public", "public", "team")
    ordered = list(kinds)
    assert (ordered[0], ordered[-1]) == ("shared-packages", "pypi")
    built = matrix.build(one)
    shown = {each.repository: page._column_kind(built, each) for each in built.columns}
    assert (shown["shared-packages"], shown["npm-store"], shown["payments"]) == ("shared", "public", "team")
    assert provisioned.load(json.loads(json.dumps(provisioned.dump(one)))) == one


def imported(*command: str) -> set[str]:
    """The packages that a command imports."""
    ended = subprocess.run([sys.executable, "-X", "importtime", *command], cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip().split(".")[0] for line in ended.stderr.splitlines() if line.startswith("import time:")}


COMMANDS = [("-m", "access.planned", "--stack", "dev"), ("-m", "plan", "--stack", "dev"), ("-m", "access", "--help")]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[1])
def test_neither_the_sdk_nor_the_rehearsal_is_needed(command: tuple[str, ...]) -> None:
    found = imported(*command)
    assert "plan" in found or "access" in found
    assert not {one for one in found if one.startswith("pulumi") or one == "rehearsal"}


def test_a_wrong_stack_is_said_in_the_settings_words(tmp_path: Path) -> None:
    stack = tmp_path / "Pulumi.odd.yaml"
    stack.write_text((ROOT / "Pulumi.prod.yaml").read_text().replace("encryption: customer", "encryption: rot13"))
    with pytest.raises(review.Stopped, match="rot13") as stopped:
        review.planned(ROOT, "odd", stack)
    assert "Traceback" not in str(stopped.value)
