"""The recorder: what it writes is what the program registers, at any revision and however large the catalog."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from access import review
from tests.access.stacks import ROOT, STACKS, recorded
from tests.components.recording import Recording
from tests.program.test_program import recorded as recorded_by_the_sdk

GITHUB = "github:"


def policies(resources: list[dict]) -> dict[str, dict]:
    """Inputs by URN of all that holds or attaches a policy."""
    return {one["urn"]: one["inputs"] for one in resources if not one["type"].startswith(GITHUB)}


@pytest.mark.parametrize("stack", STACKS)
def test_what_holds_a_policy_is_recorded_whole(stack: str) -> None:
    """GitHub's resources are left out, so nothing else may be missing or have other inputs; ids are others' than the tests'."""
    whole: Recording = recorded_by_the_sdk(stack)
    expected = {one.urn: set(one.inputs) for one in whole.registrations if not one.type.startswith(GITHUB)}
    assert {urn: set(inputs) for urn, inputs in policies(recorded(stack)["resources"]).items()} == expected
    assert set(recorded(stack)["outputs"]) == set(whole.outputs)


def test_ids_follow_from_names() -> None:
    """A repository that is added must not change the ids of others: the review is compared with another revision's."""
    ids = {
        one["name"]: one["inputs"]["repository"]["id"]
        for one in recorded("prod")["resources"]
        if one["type"].endswith("ConsumingRepository")
    }
    assert len(set(ids.values())) == len(ids) > 5
    again = review.record(ROOT, "prod")
    assert policies(again["resources"]) == policies(recorded("prod")["resources"])


def test_a_wrong_stack_is_said_in_the_programs_words(tmp_path: Path) -> None:
    stack = tmp_path / "Pulumi.odd.yaml"
    stack.write_text((ROOT / "Pulumi.prod.yaml").read_text().replace("encryption: customer", "encryption: rot13"))
    with pytest.raises(review.Stopped, match="rot13") as stopped:
        review.record(ROOT, "odd", stack)
    assert "Traceback" not in str(stopped.value)


def test_a_lookup_that_it_does_not_know_is_named(tmp_path: Path) -> None:
    """Another revision may look up something else: that must not pass for an answer."""
    (tmp_path / "Pulumi.yaml").write_text("name: odd\nconfig: {}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {aws:region: eu-west-1}\n")
    (tmp_path / "settings.py").write_text("def parse():\n    return None\n")
    (tmp_path / "__main__.py").write_text("import pulumi_aws as aws\naws.ec2.get_vpc(id='vpc-1')\n")
    with pytest.raises(review.Stopped, match="no answer to aws:ec2/getVpc:getVpc"):
        review.record(tmp_path, "dev")


def test_it_needs_nothing_of_this_project(tmp_path: Path) -> None:
    """Isolated from the folder that it lies in: a base revision must not import this revision's modules."""
    command = [sys.executable, "-I", str(ROOT / "access" / "recorder.py"), "--help"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert "from access" not in (ROOT / "access" / "recorder.py").read_text()
    assert json.dumps(recorded("dev"))
